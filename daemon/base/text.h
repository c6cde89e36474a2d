/* SPDX-License-Identifier: MIT */
/* base/text.h: bounded strings, cleaning of foreign text, globs. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>

/* A growing string with a maximum length. After the first failure (out of memory, or too long) it is
 * empty and stays failed: check once, at the end. */
struct text {
    char *data; /* NUL-terminated once anything was added; NULL before */
    size_t len, size, max;
    int error; /* 0, -ENOMEM or -E2BIG */
};
#define TEXT_INIT(ceiling) ((struct text){.max = (ceiling)})
void text_add(struct text *t, const char *s);
void text_add_bytes(struct text *t, const void *bytes, size_t len);
void text_addf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_vaddf(struct text *t, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void text_free(struct text *t); /* resets to empty; keeps max */
static inline void text_free_at(struct text *t) { text_free(t); } /* CLEANUP(text_free) struct text t */
/* Percent-encodes everything but the unreserved characters (RFC 3986, 2.3): for an opaque part of a URL. */
void text_add_encoded(struct text *t, const char *s);
/* The string, which the caller frees ("" if nothing was added); NULL if the text has failed. */
char *text_take(struct text *t);

/* printf into new memory; NULL: out of memory. */
char *text_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* strdup; NULL yields NULL. -ENOMEM: *ret is unchanged. */
int text_copy(const char *s, char **ret);
bool text_equal(const char *a, const char *b);        /* NULL equals NULL only */
bool text_equal_nocase(const char *a, const char *b); /* ASCII; for GUIDs and codes */

/* Makes foreign text safe for one line of output: UTF-8 checked (bad bytes ->
 * U+FFFD); C0, C1, DEL, U+2028/2029, bidi controls and zero-width characters -> \u{..}; cut on a
 * boundary so that at most `size` - 1 bytes are written, with "..." if anything was cut.
 * Always NUL-terminates; returns dst. */
char *text_clean(char *dst, size_t size, const char *src, size_t len);
#define TEXT_CLEAN_MAX 257
bool text_is_unsafe(uint32_t c); /* what text_clean() escapes */
/* The code point at `bytes` and its length, 1 to 4; -n if the first n bytes (1 to 3) are no
 * well-formed UTF-8. `len` is not 0. */
int text_decode(const void *bytes, size_t len, uint32_t *ret);
/* True if all of it is well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF). */
bool text_is_utf8(const void *bytes, size_t len);
/* Length of the UTF-8 byte order mark at the start, which some editors write; 0: none. */
size_t text_bom(const void *bytes, size_t len);
/* UTF-16, with a byte order mark or by its NUL bytes: what Windows calls "Unicode". */
bool text_is_utf16(const void *bytes, size_t len);
/* Number of bytes, at most `max`, at which `s` can be cut without splitting a code point. */
size_t text_cut(const char *s, size_t len, size_t max);

/* '*' any run, '?' one character, nothing else is special; ASCII case is ignored. NULL text matches
 * only "*". Time: at most the product of both lengths. */
bool text_glob(const char *glob, const char *text);
/* The entry of `words` with the smallest edit distance to `word`, if it is at most 3 and less than
 * half the word's length; else NULL. For "did you mean". */
const char *text_nearest(const char *word, const char *const *words, size_t n_words);
