/* SPDX-License-Identifier: MIT */
/* deliver/markup.c: escapes and cuts text for chats. */
#include "deliver/markup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES (64 * 1024) /* more than any limit of a vendor */
#define DOTS "..."

/* Bytes of the character at `at`. */
static size_t length_at(const char *at)
{
    size_t len = 1;
    while (((unsigned char)at[len] & 0xC0) == 0x80)
        len++;
    return len;
}

/* Characters beyond U+FFFF are surrogate pairs in UTF-16, and have four bytes in UTF-8. */
static size_t units_at(const char *at)
{
    return (unsigned char)*at >= 0xF0 ? 2 : 1;
}

size_t markup_units(const char *s)
{
    size_t n = 0;
    for (; *s; s += length_at(s))
        n += units_at(s);
    return n;
}

char *markup_text(markup_escape *escape, const char *s, size_t max)
{
    struct text t = TEXT_INIT(TEXT_BYTES);
    size_t used = 0, kept = 0; /* units so far; bytes behind which the dots still fit */
    while (*s) {
        const char *instead = escape && (unsigned char)*s < 0x80 ? escape(s) : NULL;
        size_t units = instead ? strlen(instead) : units_at(s), len = length_at(s);
        if (used + units > max) {
            char *cut = t.error ? NULL : text_printf("%.*s" DOTS, (int)kept, t.len ? t.data : "");
            text_free(&t);
            return cut;
        }
        if (instead)
            text_add(&t, instead);
        else
            text_add_bytes(&t, s, len);
        used += units;
        s += len;
        if (used + strlen(DOTS) <= max)
            kept = t.len;
    }
    return text_take(&t);
}

static size_t sum_capped(const size_t *units, size_t n, size_t cap)
{
    size_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += units[i] < cap ? units[i] : cap;
    return sum;
}

/* The most that each of them may have so that all fit: short ones leave room to long ones. */
static size_t fair_cap(const size_t *units, size_t n, size_t room)
{
    size_t low = n > 0 ? room / n : 0, high = room;
    while (low < high) {
        size_t cap = low + (high - low + 1) / 2;
        if (sum_capped(units, n, cap) <= room)
            low = cap;
        else
            high = cap - 1;
    }
    return low;
}

#define LINE_FRAME(o, i) (markup_units((o)->line[i].icon) + strlen(" \n"))

/* The most units that a title of a line may have. -ENOMEM. */
static int find_cap(markup_escape *escape, const struct outline *o, size_t max, size_t *ret)
{
    CLEANUP(free) size_t *units = calloc(o->n_lines ? o->n_lines : 1, sizeof *units);
    if (!units)
        return -ENOMEM;
    for (size_t i = 0; i < o->n_lines; i++)
        max -= LINE_FRAME(o, i) < max ? LINE_FRAME(o, i) : max;
    for (size_t i = 0; i < o->n_lines; i++) {
        CLEANUP(free) char *whole = markup_text(escape, o->line[i].title, max);
        if (!whole)
            return -ENOMEM;
        units[i] = markup_units(whole);
    }
    *ret = fair_cap(units, o->n_lines, max);
    return 0;
}

char *markup_lines(markup_escape *escape, const struct outline *o, size_t max)
{
    struct text t = TEXT_INIT(TEXT_BYTES);
    size_t cap;
    if (find_cap(escape, o, max, &cap) < 0)
        return NULL;
    for (size_t i = 0; i < o->n_lines; i++) {
        CLEANUP(free) char *title = markup_text(escape, o->line[i].title, cap);
        if (!title) {
            text_free(&t);
            return NULL;
        }
        text_addf(&t, "%s%s %s", i > 0 ? "\n" : "", o->line[i].icon, title);
    }
    return text_take(&t);
}

char *markup_headline(markup_escape *escape, const struct outline *o, size_t max)
{
    size_t frame = markup_units(o->icon) + strlen(" : ") + markup_units(o->state);
    CLEANUP(free) char *title = markup_text(escape, o->title, max - frame);
    return title ? text_printf("%s %s: %s", o->icon, o->state, title) : NULL;
}

const char *markup_id(const struct outline *o, char buf[static MARKUP_ID_MAX])
{
    const char *what = !o->alert_id[0] ? "" : o->n_lines > 0 ? "digest " : "alert ";
    (void)snprintf(buf, MARKUP_ID_MAX, "%s%s", what, o->alert_id);
    return buf;
}

void markup_put_own(struct markup *m, const char *key, char *s)
{
    if (!s)
        json_write_oom(m->w);
    json_put_string(m->w, key, s);
    free(s);
}

void markup_put(struct markup *m, const char *key, const char *s, size_t max)
{
    markup_put_own(m, key, markup_text(m->escape, s, max));
}
