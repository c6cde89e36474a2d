/* SPDX-License-Identifier: MIT */
/* deliver/cut.c: cuts strings to a size, measured as the serializer writes them. */
#include "deliver/cut.h"

#include "base/text.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ELLIPSIS "..."

/* The most bytes that a code point or an invalid sequence becomes: see put_quoted() in json/write.c. */
static size_t point_cost(const char *s, size_t len, size_t *ret_used)
{
    uint32_t c;
    int n = text_decode(s, len, &c);
    *ret_used = (size_t)(n < 0 ? -n : n);
    if (n < 0)
        return 3; /* U+FFFD */
    if (c == '\n')
        return 2;
    if (text_is_unsafe(c)) /* "\\u{1b}" */
        return (size_t)snprintf(NULL, 0, "\\\\u{%x}", (unsigned)c);
    return c == '"' || c == '\\' ? 2 : (size_t)n;
}

/* Bytes of `s` whose cost is at most `max`. */
static size_t affordable(const char *s, size_t len, size_t max)
{
    size_t at = 0, cost = 0, used = 0;
    while (at < len) {
        cost += point_cost(s + at, len - at, &used);
        if (cost > max)
            break;
        at += used;
    }
    return at;
}

size_t json_cost(const char *s)
{
    size_t len = strlen(s), at = 0, cost = 0, used = 0;
    for (; at < len; at += used)
        cost += point_cost(s + at, len - at, &used);
    return cost;
}

void json_put_cut(struct json_writer *w, const char *key, const char *s, size_t max)
{
    if (!s || max == 0 || json_cost(s) <= max) {
        json_put_string(w, key, max == 0 ? NULL : s);
        return;
    }
    char cut[CUT_MAX + sizeof ELLIPSIS];
    assert(max <= CUT_MAX);
    size_t room = max > sizeof ELLIPSIS ? max - (sizeof ELLIPSIS - 1) : 0;
    size_t len = affordable(s, strlen(s), room);
    memcpy(cut, s, len);
    memcpy(cut + len, ELLIPSIS, sizeof ELLIPSIS);
    json_put_string(w, key, cut);
}

void json_put_whole(struct json_writer *w, const char *key, const char *s, size_t max)
{
    json_put_string(w, key, s && json_cost(s) <= max ? s : NULL);
}
