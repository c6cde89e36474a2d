/* SPDX-License-Identifier: MIT */
/* base/text.c: growing strings, comparison, globs and spelling suggestions. */
#include "base/text.h"

#include "base/alloc.h"
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FIRST_SIZE 64

/* Uses the allocator that wipes: texts contain request bodies and bearer tokens. */
static void text_fail(struct text *t, int error)
{
    text_free(t);
    t->error = error;
}

/* Makes room for `more` bytes and a NUL; false if the text has failed. */
static bool text_reserve(struct text *t, size_t more)
{
    if (t->error)
        return false;
    assert(t->max < SIZE_MAX);
    if (more > t->max - t->len) {
        text_fail(t, -E2BIG);
        return false;
    }
    size_t need = t->len + more + 1; /* <= max + 1, so it cannot overflow */
    if (need <= t->size)
        return true;
    size_t size = t->size < FIRST_SIZE ? FIRST_SIZE : t->size;
    while (size < need)
        size = size > SIZE_MAX / 2 ? need : size * 2;
    if (size > t->max + 1)
        size = t->max + 1;
    char *data = alloc_resize(t->data, size);
    if (!data) {
        text_fail(t, -ENOMEM);
        return false;
    }
    t->data = data;
    t->size = size;
    return true;
}

void text_add_bytes(struct text *t, const void *bytes, size_t len)
{
    if (!text_reserve(t, len))
        return;
    if (len)
        memcpy(t->data + t->len, bytes, len);
    t->len += len;
    t->data[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
    text_add_bytes(t, s, strlen(s));
}

void text_addf(struct text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    text_vaddf(t, fmt, ap);
    va_end(ap);
}

void text_add_encoded(struct text *t, const char *s)
{
    for (const unsigned char *c = (const unsigned char *)s; *c; c++) {
        bool unreserved = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                          (*c >= '0' && *c <= '9') || strchr("-._~", *c);
        text_addf(t, unreserved ? "%c" : "%%%02X", *c);
    }
}

/* Prints into the free space; if that is too small, grows it and prints again. */
void text_vaddf(struct text *t, const char *fmt, va_list ap)
{
    if (!text_reserve(t, 0))
        return;
    va_list again;
    va_copy(again, ap);
    size_t room = t->size - t->len;
    int n = vsnprintf(t->data + t->len, room, fmt, ap);
    if (n < 0) {
        text_fail(t, errno == ENOMEM ? -ENOMEM : -EINVAL);
    } else if ((size_t)n < room) {
        t->len += (size_t)n;
    } else if (text_reserve(t, (size_t)n)) {
        (void)vsnprintf(t->data + t->len, (size_t)n + 1, fmt, again);
        t->len += (size_t)n;
    }
    va_end(again);
}

void text_free(struct text *t)
{
    alloc_release(t->data);
    *t = TEXT_INIT(t->max);
}

char *text_take(struct text *t)
{
    if (!text_reserve(t, 0))
        return NULL;
    t->data[t->len] = '\0';
    char *data = t->data;
    *t = TEXT_INIT(t->max);
    return data;
}

/* ---- plain strings ---- */

char *text_printf(const char *fmt, ...)
{
    struct text t = TEXT_INIT(SIZE_MAX - 1);
    va_list ap;
    va_start(ap, fmt);
    text_vaddf(&t, fmt, ap);
    va_end(ap);
    return text_take(&t);
}

int text_copy(const char *s, char **ret)
{
    char *copy = NULL;
    if (s) {
        copy = alloc_strdup(s);
        if (!copy)
            return -ENOMEM;
    }
    *ret = copy;
    return 0;
}

bool text_equal(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* ASCII only: strcasecmp() and tolower() depend on the locale. */
static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool text_equal_nocase(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    if (strcmp(a, b) == 0) /* the common case, and ten times faster */
        return true;
    while (*a && lower(*a) == lower(*b))
        a++, b++;
    return *a == *b;
}

/* ---- globs ---- */

/* The position after the character at s, which is not the NUL; an invalid byte counts as one. */
static const char *after(const char *s)
{
    uint32_t c;
    int n = text_decode(s, strnlen(s, 4), &c);
    return s + (n < 0 ? 1 : n);
}

/* Backtracks to the last '*' only, which suffices: the shortest match of an earlier one is never worse.
 * So the cost is at most the product of both lengths. */
bool text_glob(const char *glob, const char *text)
{
    if (!text)
        return strcmp(glob, "*") == 0;
    const char *star = NULL, *resume = NULL;
    while (*text) {
        if (*glob == '*') {
            star = ++glob;
            resume = text;
        } else if (*glob == '?') {
            glob++;
            text = after(text);
        } else if (*glob && lower(*glob) == lower(*text)) {
            glob++;
            text++;
        } else if (star) {
            glob = star;
            text = resume = after(resume);
        } else {
            return false;
        }
    }
    while (*glob == '*')
        glob++;
    return !*glob;
}

/* ---- "did you mean" ---- */

#define WORD_MAX 64
#define DISTANCE_MAX 3

/* Levenshtein distance, case-insensitive, one row at a time. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t row[WORD_MAX + 1];
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t best = diagonal + (lower(a[i - 1]) != lower(b[j - 1]));
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b_len];
}

const char *text_nearest(const char *word, const char *const *words, size_t n_words)
{
    size_t len = strlen(word), best = DISTANCE_MAX + 1;
    const char *nearest = NULL;
    if (len > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < n_words; i++) {
        size_t other = strlen(words[i]);
        if (other > WORD_MAX || other > len + DISTANCE_MAX || len > other + DISTANCE_MAX)
            continue;
        size_t d = distance(word, len, words[i], other);
        if (d < best && 2 * d < len) {
            best = d;
            nearest = words[i];
        }
    }
    return nearest;
}
