/* SPDX-License-Identifier: MIT */
/* config/check_maintenance.c: checks that concern several keys of a maintenance window. */
#include "config/load.h"

#include "base/text.h"

static bool match_empty(const struct match *m)
{
    return !m->tenant && !m->sku && !m->allotment && !m->rule && !m->severity && m->n_labels == 0;
}

static void check_times(struct load *l, const struct silence *s, struct conf_where where)
{
    bool weekly = s->weekly.n_ranges > 0, from = s->start_at > 0, until = s->end_at > 0;
    if (walk_wrong(&l->walk, &s->weekly) || walk_wrong(&l->walk, &s->start_at) ||
        walk_wrong(&l->walk, &s->end_at))
        return;
    if (weekly ? from || until : !from || !until)
        walk_problem(&l->walk, where, "maintenance: its times are missing or contradict each other; write either weekly, or both from "
                     "and until");
    else if (!weekly && s->end_at <= s->start_at)
        walk_problem(&l->walk, walk_where(&l->walk, MARK_VALUE, &s->end_at, where),
                     "maintenance.until: this is not after from; swap the two");
    else if (!weekly && s->end_at - s->start_at > SILENCE_LONGEST)
        walk_problem(&l->walk, walk_where(&l->walk, MARK_VALUE, &s->end_at, where),
                     "maintenance.until: this is more than a year after from; write an earlier end, or "
                     "ignore = \"alerts\" in overrides");
    else if (!weekly && s->zone && *s->zone)
        walk_problem(&l->walk, walk_where(&l->walk, MARK_VALUE, &s->zone, where),
                     "maintenance.timezone: this has no effect, because from and until carry their "
                     "offset; remove it");
}

void check_maintenance(struct load *l)
{
    const struct options *o = l->options;
    for (size_t i = 0; i < o->n_maintenance; i++) {
        const struct silence *s = &o->maintenance[i];
        struct conf_where where = walk_where(&l->walk, MARK_ELEMENT, s, l->top);
        for (size_t k = 0; k < i; k++)
            if (s->id && text_equal(s->id, o->maintenance[k].id))
                walk_problem(&l->walk, walk_where(&l->walk, MARK_VALUE, &s->id, where),
                             "maintenance.name: \"%s\" is used twice; choose another name", s->id);
        check_times(l, s, where);
        if (match_empty(&s->match) && walk_is_set(&l->walk, &s->match) && !walk_wrong(&l->walk, &s->match))
            walk_problem(&l->walk, walk_where(&l->walk, MARK_GROUP, &s->match, where),
                         "maintenance.match: this names nothing; name a tenant, sku, allotment, rule, severity "
                         "or labels");
        check_match(l, &s->match, "maintenance", where);
        check_info_silence(l, &s->match, where);
    }
}
