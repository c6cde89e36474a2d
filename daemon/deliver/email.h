/* SPDX-License-Identifier: MIT */
/* deliver/email.h: what the files of the receiver type email share. For this room only. */
#pragma once
#include "deliver/mime.h"
#include "deliver/receiver.h"

struct email_envelope {
    const char *from, *to[MAIL_TO_MAX]; /* checked addresses; borrowed */
    size_t n_to;
};
/* email_text.c: the bytes of the mail. -ENOMEM */
int email_write(const struct message *m, const struct links *links, const struct email_envelope *e,
                char **ret, size_t *ret_len);
