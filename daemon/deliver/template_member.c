/* SPDX-License-Identifier: MIT */
/* deliver/template_member.c: finds a member in JSON that our own writer made: without white space,
 * and valid. */
#include "deliver/template.h"

#include <string.h>

static const char *skip_string(const char *at)
{
    for (at++; *at && *at != '"'; at++)
        at += *at == '\\' && at[1];
    return at + (*at == '"');
}

static const char *skip_value(const char *at)
{
    size_t depth = 0;
    do {
        if (*at == '"') {
            at = skip_string(at);
            continue;
        }
        if (depth == 0 && *at != '{' && *at != '[')
            return at + strcspn(at, ",]}");
        depth += *at == '{' || *at == '[';
        depth -= *at == '}' || *at == ']';
        at++;
    } while (*at && depth > 0);
    return at;
}

/* The value behind this name; NULL: the object has no such member, or it is no object. */
static const char *find(const char *object, const char *name, size_t len)
{
    const char *at = object;
    while (*at == (at == object ? '{' : ',') && at[1] == '"') {
        const char *key = at + 1, *end = skip_string(key);
        if (*end != ':')
            return NULL;
        if ((size_t)(end - key) == len + 2 && memcmp(key + 1, name, len) == 0)
            return end + 1;
        at = skip_value(end + 1);
    }
    return NULL;
}

const char *template_member(const char *values, const char *path, size_t path_len, size_t *ret_len)
{
    const char *at = values, *end = path + path_len;
    while (at) {
        const char *dot = memchr(path, '.', (size_t)(end - path));
        at = find(at, path, (size_t)((dot ? dot : end) - path));
        if (!dot)
            break;
        path = dot + 1;
    }
    if (at)
        *ret_len = (size_t)(skip_value(at) - at);
    return at;
}
