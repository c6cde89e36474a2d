/* SPDX-License-Identifier: MIT */
/* deliver/links.c: checks and fills the links that messages carry. */
#include "deliver/links.h"

#include "base/text.h"
#include "http/url.h"
#include "json/json.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *value_alert_id(const struct notification *n)
{
    return n->alert_id;
}
static const char *value_rule(const struct notification *n)
{
    return rule_name(n->rule);
}
static const char *value_tenant(const struct notification *n)
{
    return n->context->tenant_name;
}
static const char *value_sku(const struct notification *n)
{
    return n->context->sku_part_number ? n->context->sku_part_number : n->context->sku_id;
}

static const struct placeholder {
    const char *name;
    const char *(*value)(const struct notification *n);
} PLACEHOLDERS[] = {
    {"alert_id", value_alert_id},
    {"rule", value_rule},
    {"tenant", value_tenant},
    {"sku", value_sku},
};

/* The placeholder that begins at '{', and its length with both braces; NULL: unknown or open. */
static const struct placeholder *placeholder_at(const char *s, size_t *ret_len)
{
    size_t len = strcspn(s + 1, "}");
    if (s[1 + len] != '}')
        return NULL;
    *ret_len = len + 2;
    for (size_t i = 0; i < N_ELEMENTS(PLACEHOLDERS); i++)
        if (strlen(PLACEHOLDERS[i].name) == len && memcmp(PLACEHOLDERS[i].name, s + 1, len) == 0)
            return &PLACEHOLDERS[i];
    return NULL;
}

/* `n` NULL: placeholders become nothing. */
static int fill(const char *text, const struct notification *n, char **ret)
{
    struct text t = TEXT_INIT(URL_MAX);
    while (*text) {
        size_t plain = strcspn(text, "{"), len;
        text_add_bytes(&t, text, plain);
        text += plain;
        const struct placeholder *p = *text ? placeholder_at(text, &len) : NULL;
        if (!p) { /* the end; link_check() has passed the rest */
            text_add(&t, text);
            break;
        }
        const char *value = n ? p->value(n) : NULL;
        text_add_encoded(&t, value ? value : "");
        text += len;
    }
    char *filled = text_take(&t);
    if (!filled)
        return -ENOMEM;
    *ret = filled;
    return 0;
}

int link_check(const char *text, struct failure *ret_failure)
{
    CLEANUP(free) char *filled = NULL;
    struct origin origin;
    size_t len;
    if (!*text)
        return 0;
    for (const char *at = text; (at = strchr(at, '{')); at += len)
        if (!placeholder_at(at, &len))
            return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "%s",
                               "an unknown or unclosed placeholder; write {alert_id}, {rule}, {tenant} "
                               "or {sku}");
    if (fill(text, NULL, &filled) < 0)
        return failure_oom(ret_failure);
    return origin_parse(filled, true, &origin, ret_failure);
}

int link_fill(const char *text, const struct notification *n, char **ret)
{
    *ret = NULL;
    if (!text || !*text || ((!n || !n->context) && strchr(text, '{')) ||
        (n && !n->alert_id[0] && strstr(text, "{alert_id}")))
        return 0;
    return fill(text, n, ret);
}

void links_put(struct json_writer *w, const struct links *links, const struct notification *n,
               size_t max)
{
    const struct {
        const char *name, *text;
    } LINKS[] = {{"status_url", links ? links->status_url : NULL},
                 {"runbook_url", links ? links->runbook_url : NULL},
                 {"silence_url", links ? links->silence_url : NULL}};
    bool any = false;
    for (size_t i = 0; i < N_ELEMENTS(LINKS); i++)
        any |= LINKS[i].text && *LINKS[i].text;
    if (!any) {
        json_put_null(w, "links");
        return;
    }
    json_open_object(w, "links");
    for (size_t i = 0; i < N_ELEMENTS(LINKS); i++) {
        CLEANUP(free) char *url = NULL;
        if (link_fill(LINKS[i].text, n, &url) < 0)
            json_write_oom(w);
        json_put_string(w, LINKS[i].name, url && strlen(url) <= max ? url : NULL);
    }
    json_close_object(w);
}
