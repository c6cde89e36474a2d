/* SPDX-License-Identifier: MIT */
/* config/walk_mark.c: remembers the line of each value, and reports problems there. */
#include "config/walk_internal.h"

#include "base/array.h"
#include <stdarg.h>
#include <string.h>

const char *walk_join(char buf[static WALK_PATH_MAX], const char *path, const char *name)
{
    (void)snprintf(buf, WALK_PATH_MAX, "%s%s%s", path, *path ? "." : "", name);
    return buf;
}

struct conf_where walk_here(const struct walk *w, const config_setting_t *s)
{
    return (struct conf_where){w->source, (int)config_setting_source_line(s)};
}

void walk_problem(struct walk *w, struct conf_where where, const char *fmt, ...)
{
    if (w->quiet)
        return;
    va_list ap;
    va_start(ap, fmt);
    CLEANUP(free) char *given = NULL;
    if (vasprintf(&given, fmt, ap) < 0) {
        given = NULL;
        w->oom = true;
    } else {
        report_add(w->report, w->gravity, where, "%s", given);
    }
    va_end(ap);
}

const char *walk_advice(struct walk *w, const struct failure *f, const char *otherwise)
{
    w->local = w->local || f->kind == FAILURE_LOCAL;
    return strstr(f->text, "; ")     ? ""
           : f->kind == FAILURE_LOCAL ? "; out of resources, or an I/O error; not a fault of the configuration: try again"
                                      : otherwise;
}

void walk_mark_add(struct walk *w, const void *at, enum walk_kind kind, struct conf_where where)
{
    if (array_room(&w->mark, w->n_marks, sizeof *w->mark) < 0) {
        w->oom = true;
        return;
    }
    w->mark[w->n_marks++] = (struct walk_mark){.at = at, .kind = kind, .where = where};
}

/* From the end: lookups are mostly for recent marks. */
static struct walk_mark *find(const struct walk *w, enum walk_kind kind, const void *at)
{
    for (size_t i = w->n_marks; i-- > 0;)
        if (w->mark[i].at == at && w->mark[i].kind == kind)
            return &w->mark[i];
    return NULL;
}

static struct walk_mark *find_set(const struct walk *w, const void *at)
{
    struct walk_mark *m = find(w, MARK_VALUE, at);
    return m ? m : find(w, MARK_GROUP, at);
}

bool walk_is_set(const struct walk *w, const void *at)
{
    return find_set(w, at) != NULL;
}

bool walk_wrong(const struct walk *w, const void *at)
{
    const struct walk_mark *m = find_set(w, at);
    return m && m->wrong;
}

void walk_mark_wrong(struct walk *w, const void *at)
{
    struct walk_mark *m = find_set(w, at);
    if (m)
        m->wrong = true;
}

struct conf_where walk_where(const struct walk *w, enum walk_kind kind, const void *at,
                             struct conf_where otherwise)
{
    const struct walk_mark *m = find(w, kind, at);
    return m ? m->where : otherwise;
}

void conf_walk_clear(struct walk *w)
{
    free(w->mark);
    w->mark = NULL;
    w->n_marks = 0;
}
