/* SPDX-License-Identifier: MIT */
/* deliver/email_to.c: who gets a mail: fixed addresses, and those in labels of
 * the tenant. */
#include "deliver/email.h"

#include <errno.h>
#include <string.h>

#define LABEL_BEGIN "{labels."

/* The name in "{labels.NAME}"; false if `s` is no such text. */
static bool label_of(const char *s, const char **ret, size_t *ret_len)
{
    size_t lead = strlen(LABEL_BEGIN), len = strlen(s);
    if (len < lead + 2 || strncmp(s, LABEL_BEGIN, lead) != 0 || s[len - 1] != '}')
        return false;
    *ret = s + lead;
    *ret_len = len - lead - 1;
    return true;
}

static const char *value_of(const struct label *label, size_t n, const char *name, size_t len)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(label[i].key) == len && memcmp(label[i].key, name, len) == 0)
            return label[i].value;
    return NULL;
}

int email_to_check(char *const *to, size_t n_to, struct failure *ret_failure)
{
    const char *name;
    size_t len;
    if (n_to == 0 || n_to > MAIL_TO_MAX)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "to holds %zu addresses; write 1 to %d of them", n_to, MAIL_TO_MAX);
    for (size_t i = 0; i < n_to; i++) {
        int r = label_of(to[i], &name, &len) ? 0 : mail_address_check(to[i], ret_failure);
        if (r < 0)
            return failure_prefix(ret_failure, r, "to, entry %zu", i + 1);
    }
    return 0;
}

bool email_to_has_label(char *const *to, size_t n_to)
{
    const char *name;
    size_t len;
    for (size_t i = 0; i < n_to; i++)
        if (label_of(to[i], &name, &len))
            return true;
    return false;
}

int email_to_check_tenant(const char *receiver, char *const *to, size_t n_to,
                          const struct tenant_identity *tenant, struct failure *ret_failure)
{
    const char *name;
    size_t len;
    for (size_t i = 0; i < n_to; i++) {
        if (!label_of(to[i], &name, &len))
            continue;
        const char *value = value_of(tenant->label, tenant->n_labels, name, len);
        if (!value || mail_address_check(value, NULL) < 0)
            return failure_set(
                ret_failure, FAILURE_CONFIG, EINVAL,
                "%s needs the label %.*s with a mail address, because %s is in to of "
                "receiver \"%s\"; add labels = { %.*s = \"team@example.com\"; }",
                tenant->name, (int)len, name, to[i], receiver, (int)len, name);
    }
    return 0;
}

/* ---- of one message ---- */

static const char *label_in(const struct notification *n, const char *name, size_t len)
{
    const char *value =
        n->context ? value_of(n->context->label, n->context->n_labels, name, len) : NULL;
    return value && mail_address_check(value, NULL) >= 0 ? value : NULL;
}

/* The address that all alerts of the message agree on: nobody gets what belongs to another
 * customer. */
static const char *label_for(const struct message *m, const char *name, size_t len)
{
    if (m->notification)
        return label_in(m->notification, name, len);
    const char *all = NULL;
    for (size_t i = 0; i < m->digest->n_notifications; i++) {
        const char *value = label_in(m->digest->notification[i], name, len);
        if (!value || (all && strcmp(all, value) != 0))
            return NULL;
        all = value;
    }
    return all;
}

static void add_address(struct email_envelope *e, const char *address)
{
    for (size_t i = 0; i < e->n_to; i++)
        if (strcmp(e->to[i], address) == 0)
            return;
    e->to[e->n_to++] = address;
}

void email_to_find(char *const *to, size_t n_to, const char *from, const struct message *m,
                   struct email_envelope *ret)
{
    *ret = (struct email_envelope){.from = from ? from : ""};
    for (size_t i = 0; i < n_to; i++) {
        const char *name, *address = to[i];
        size_t len;
        if (label_of(to[i], &name, &len))
            address = label_for(m, name, len);
        if (address)
            add_address(ret, address);
    }
    if (ret->n_to == 0)
        add_address(ret, ret->from);
}
