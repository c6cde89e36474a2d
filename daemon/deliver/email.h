/* SPDX-License-Identifier: MIT */
/* deliver/email.h: what the receiver types email and graph_mail share. For this room only. */
#pragma once
#include "deliver/mime.h"
#include "deliver/outline.h"

#define EMAIL_TO_HELP                                                                             \
    "Addresses of the recipients, at most 20; {labels.NAME} is the address in that label of the " \
    "tenant."

struct email_envelope {
    const char *from, *to[MAIL_TO_MAX]; /* checked addresses; borrowed */
    size_t n_to;
};
/* email_to.c: `to` of the configuration. What belongs to no single customer goes to its fixed
 * addresses; without any, to the sender. */
void email_to_find(char *const *to, size_t n_to, const char *from, const struct message *m,
                   struct email_envelope *ret);
int email_to_check(char *const *to, size_t n_to, struct failure *ret_failure); /* kind CONFIG */
bool email_to_has_label(char *const *to, size_t n_to); /* the tenant decides who gets a message */
/* The labels in `to` must be addresses. `receiver`: its name. kind CONFIG */
int email_to_check_tenant(const char *receiver, char *const *to, size_t n_to,
                          const struct tenant_identity *tenant, struct failure *ret_failure);
/* email_text.c: the parts of a mail. The subject is NULL without memory. */
char *email_subject(const struct outline *o);
void email_write_html(struct text *t, const struct message *m, const struct outline *o);
/* The bytes of the mail. -ENOMEM */
int email_write(const struct message *m, const struct links *links, const struct email_envelope *e,
                char **ret, size_t *ret_len);
