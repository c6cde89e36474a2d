/* SPDX-License-Identifier: MIT */
/* status/target.c: parses the target of an HTTP request. */
#include "status/target.h"

#include "base/text.h"
#include <errno.h>
#include <string.h>

static int bad(struct failure *f, const char *what)
{
    return failure_set(f, FAILURE_REQUEST, EBADMSG, "%s", what);
}

static int hex(char c)
{
    char lower = (char)(c | 0x20);
    return c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* In place: the result is never longer. */
static int decode(char *s, struct failure *f)
{
    char *to = s;
    for (const char *from = s; *from; from++) {
        char c = *from;
        if (c == '%') {
            int high = hex(from[1]), low = high < 0 ? -1 : hex(from[2]);
            if (low < 0)
                return bad(f, "the path or a parameter has a broken % escape");
            c = (char)(high << 4 | low);
            from += 2;
        }
        if ((unsigned char)c < 0x20 || c == 0x7f)
            return bad(f, "the path or a parameter has a control character");
        *to++ = c;
    }
    *to = '\0';
    return text_is_utf8(s, (size_t)(to - s)) ? 0 : bad(f, "the path or a parameter is not UTF-8");
}

static int add_segment(struct target *t, char *s, struct failure *f)
{
    int r = decode(s, f);
    if (r < 0)
        return r;
    if (!*s || strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
        return bad(f, "the path has an empty part, \".\" or \"..\"");
    if (t->n_segments == TARGET_SEGMENTS_MAX)
        return bad(f, "the path has too many parts");
    t->segment[t->n_segments++] = s;
    return 0;
}

static int add_param(struct target *t, char *s, struct failure *f)
{
    char *value = strchrnul(s, '=');
    if (*value)
        *value++ = '\0';
    int r = decode(s, f);
    if (r >= 0)
        r = decode(value, f);
    if (r < 0)
        return r;
    if (!*s || target_param(t, s))
        return bad(f, "a parameter has no name or is given twice");
    if (t->n_params == TARGET_PARAMS_MAX)
        return bad(f, "there are too many parameters");
    t->param[t->n_params++] = (struct target_param){s, value};
    return 0;
}

/* Splits before it decodes: an escaped separator is part of a name. */
static int each_part(struct target *t, char *s, char separator,
                     int (*add)(struct target *t, char *s, struct failure *f), struct failure *f)
{
    int r = 0;
    for (char *next; r >= 0 && s; s = next) {
        next = strchr(s, separator);
        if (next)
            *next++ = '\0';
        r = add(t, s, f);
    }
    return r;
}

int target_parse(const char *raw, struct target *ret, struct failure *ret_failure)
{
    size_t len = strnlen(raw, TARGET_MAX + 1);
    if (len > TARGET_MAX)
        return failure_set(ret_failure, FAILURE_REQUEST, E2BIG, "the path is longer than %d bytes", TARGET_MAX);
    ret->n_segments = ret->n_params = 0;
    memcpy(ret->text, raw, len + 1);
    if (ret->text[0] != '/')
        return bad(ret_failure, "the path does not begin with \"/\"");
    char *query = strchr(ret->text, '?');
    if (query)
        *query++ = '\0';
    int r = ret->text[1] ? each_part(ret, ret->text + 1, '/', add_segment, ret_failure) : 0;
    if (r >= 0 && query && *query)
        r = each_part(ret, query, '&', add_param, ret_failure);
    return r;
}

const char *target_param(const struct target *t, const char *name)
{
    for (size_t i = 0; i < t->n_params; i++)
        if (strcmp(t->param[i].name, name) == 0)
            return t->param[i].value;
    return NULL;
}
