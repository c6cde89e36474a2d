/* SPDX-License-Identifier: MIT */
/* deliver/markup.h: foreign text in the markup of a chat: escaped, and cut so that neither a
 * character nor an escape is split. Pure.
 *
 * Lengths are UTF-16 units after escaping: no vendor counts more than these for one character. All
 * texts are clean, as those of an outline are. */
#pragma once
#include "deliver/outline.h"
#include "json/json.h"

/* What stands for the ASCII character at `at`, in ASCII; NULL: itself. */
typedef const char *markup_escape(const char *at);

/* `s` escaped, or its beginning and "..." if that has more than `max` units; new memory, NULL:
 * none. `escape` may be NULL. `max` is at least 4. */
char *markup_text(markup_escape *escape, const char *s, size_t max);
/* The alerts of a digest, each in a line with its icon, in at most `max` units; "" if there are
 * none. `max` is at least 20 for each line. */
char *markup_lines(markup_escape *escape, const struct outline *o, size_t max);
/* "CRITICAL: TITLE" behind its icon: the first line of a message. */
char *markup_headline(markup_escape *escape, const struct outline *o, size_t max);
/* "alert ID" or "digest ID"; "" for a test message. Returns buf. */
#define MARKUP_ID_MAX 64
const char *markup_id(const struct outline *o, char buf[static MARKUP_ID_MAX]);
size_t markup_units(const char *s);

/* Writes texts as members. A lack of memory becomes an error of the writer. */
struct markup {
    struct json_writer *w; /* borrowed */
    markup_escape *escape;
};
/* Takes `s`, which is text of ours or escaped already; NULL: there was no memory for it. */
void markup_put_own(struct markup *m, const char *key, char *s);
/* Escapes and cuts. */
void markup_put(struct markup *m, const char *key, const char *s, size_t max);
