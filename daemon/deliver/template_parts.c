/* SPDX-License-Identifier: MIT */
/* deliver/template_parts.c: literal text and placeholders of a template, and rules for words. */
#include "deliver/template_parts.h"

#include "base/ascii.h"
#include <stdlib.h>
#include <string.h>

/* {{PATH}} or {{PATH:MAX}} */
static void read_placeholder(const char *at, struct template_part *p)
{
    const char *path = at + 2;
    size_t len = strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
    const char *end = path + len;
    if (*end == ':' && ascii_is_digit(end[1])) {
        char *rest;
        unsigned long max = strtoul(end + 1, &rest, 10);
        if (max < TEMPLATE_CUT_MIN || max > TEMPLATE_CUT_MAX)
            return;
        p->max = max;
        end = rest;
    }
    if (len == 0 || strncmp(end, "}}", 2) != 0)
        return;
    *p = (struct template_part){PART_PLACEHOLDER,       path,   len,
                                (size_t)(end + 2 - at), p->max, p->in_string};
}

bool template_next(struct template_cursor *c, struct template_part *ret)
{
    const char *at = c->at;
    if (!*at)
        return false;
    *ret = (struct template_part){PART_BROKEN, at, 0, 2, 0, c->in_string};
    if (strncmp(at, "{{", 2) == 0) {
        read_placeholder(at, ret);
        c->at += ret->whole;
        return true;
    }
    while (*at && strncmp(at, "{{", 2) != 0) {
        bool escape = c->in_string && *at == '\\' && at[1];
        if (*at == '"')
            c->in_string = !c->in_string;
        at += escape ? 2 : 1;
    }
    *ret = (struct template_part){PART_LITERAL,         c->at, (size_t)(at - c->at),
                                  (size_t)(at - c->at), 0,     false};
    c->at = at;
    return true;
}

const char *template_last_name(const struct template_part *p, size_t *ret_len)
{
    const char *name = p->at, *end = p->at + p->len;
    for (const char *dot; (dot = memchr(name, '.', (size_t)(end - name)));)
        name = dot + 1;
    *ret_len = (size_t)(end - name);
    return name;
}

bool template_word_split(const char *rule, struct template_word *ret)
{
    const char *dot = strchr(rule, '.'), *equal = strchr(rule, '=');
    if (!dot || !equal || dot > equal)
        return false;
    const char *end = equal;
    while (end > dot + 1 && end[-1] == ' ')
        end--;
    *ret = (struct template_word){rule, dot + 1, equal + 1 + strspn(equal + 1, " "),
                                  (size_t)(dot - rule), (size_t)(end - dot - 1)};
    return ret->name_len > 0 && ret->word_len > 0;
}
