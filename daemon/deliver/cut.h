/* SPDX-License-Identifier: MIT */
/* deliver/cut.h: limits of what one message holds, and strings cut to them. Pure. */
#pragma once
#include "json/json.h"

/* Limits of one rendering, in bytes of the JSON text (escapes counted). A NULL pointer to this means
 * no limits, as for the store. */
struct cut {
    size_t title, text; /* text: summary, description, next step; 0 leaves them out (null) */
    size_t name;        /* names for people, labels, codes */
    size_t id;          /* ids are never cut: a longer one becomes null */
    size_t subscriptions, labels; /* how many of them */
    size_t link;        /* a longer one becomes null */
};

/* Bytes that the writer needs for `s` without its quotes. */
size_t json_cost(const char *s);
/* `s`, or its beginning and "..." so that its cost is at most `max` (up to CUT_MAX, or SIZE_MAX for
 * no limit); max 0 and s NULL give null. Does not allocate. */
#define CUT_MAX 4096
void json_put_cut(struct json_writer *w, const char *key, const char *s, size_t max);
/* `s` whole, or null if its cost is beyond `max`. */
void json_put_whole(struct json_writer *w, const char *key, const char *s, size_t max);
