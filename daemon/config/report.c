/* SPDX-License-Identifier: MIT */
/* config/report.c: keeps the problems of a run and sorts them by file and line. */
#include "config/report.h"

#include "base/array.h"
#include "base/text.h"
#include "config/source.h"
#include <errno.h>
#include <stdarg.h>

#define PROBLEM_MAX 1024

void report_add(struct report *r, enum conf_gravity gravity, struct conf_where where,
                const char *fmt, ...)
{
    r->n_seen += gravity != CONF_WARNING;
    if (r->n == REPORT_MAX) {
        /* A problem that is not kept still decides whether the start is refused. */
        r->full = true;
        if (gravity > r->entry[r->n - 1].gravity)
            r->entry[r->n - 1].gravity = gravity;
        return;
    }
    char line[PROBLEM_MAX];
    va_list ap;
    va_start(ap, fmt);
    CLEANUP(free) char *given = NULL;
    int len = vasprintf(&given, fmt, ap);
    va_end(ap);
    if (len < 0) {
        given = NULL;
        r->oom = true;
        return;
    }
    text_clean(line, sizeof line, given, (size_t)len);
    char *text = text_printf("%s:%d: %s", source_path(where.source), where.line, line);
    if (!text || array_room(&r->entry, r->n, sizeof *r->entry) < 0) {
        free(text);
        r->oom = true;
        return;
    }
    r->entry[r->n++] = (struct report_entry){text, gravity, where};
}

void report_raise(struct report *r, enum conf_gravity from, enum conf_gravity to)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->entry[i].gravity == from)
            r->entry[i].gravity = to;
}

const char *report_first(const struct report *r, size_t from)
{
    while (from < r->n && r->entry[from].gravity == CONF_WARNING)
        from++;
    return from < r->n ? r->entry[from].text : NULL;
}

bool report_has(const struct report *r, enum conf_gravity gravity)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->entry[i].gravity == gravity)
            return true;
    return false;
}

static bool before(const struct report_entry *a, const struct report_entry *b)
{
    unsigned x = source_order(a->where.source), y = source_order(b->where.source);
    return x != y ? x < y : a->where.line < b->where.line;
}

/* Insertion keeps the order of problems in one line, and the entries are almost sorted already. */
static void sort(struct report *r)
{
    for (size_t i = 1; i < r->n; i++) {
        struct report_entry moved = r->entry[i];
        size_t j = i;
        for (; j > 0 && before(&moved, &r->entry[j - 1]); j--)
            r->entry[j] = r->entry[j - 1];
        r->entry[j] = moved;
    }
}

int report_finish(struct report *r, struct problems *ret)
{
    size_t n = r->n + r->full;
    struct problem *list = calloc(n ? n : 1, sizeof *list);
    char *more = NULL;
    if (r->full)
        more = text_printf("%s:1: there are more than %d problems; the others are left out here",
                           source_path(r->entry[0].where.source), REPORT_MAX);
    if (r->oom || !list || (r->full && !more)) {
        free(list);
        free(more);
        return -ENOMEM;
    }
    sort(r);
    for (size_t i = 0; i < r->n; i++)
        list[i] = (struct problem){.text = TAKE(r->entry[i].text),
                                   .fatal = r->entry[i].gravity == CONF_FATAL,
                                   .warning = r->entry[i].gravity == CONF_WARNING};
    if (more)
        list[r->n] = (struct problem){.text = more, .warning = true};
    *ret = (struct problems){list, n};
    report_clear(r);
    return 0;
}

void report_clear(struct report *r)
{
    for (size_t i = 0; i < r->n; i++)
        free(r->entry[i].text);
    free(r->entry);
    *r = (struct report){0};
}

void problems_free(struct problems *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->problem[i].text);
    free(p->problem);
    *p = (struct problems){0};
}
