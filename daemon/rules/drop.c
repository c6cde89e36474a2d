/* SPDX-License-Identifier: MIT */
/* rules/drop.c: evaluates losses of capacity: a pool has fewer units than within the last day.
 *
 * The history of a pool is the few higher numbers it had (peaks), so a pool that does not change
 * needs no memory. Units that another pool of the SKU gains in the same poll count as moved, not
 * lost, as happens with renewals and new agreements. */
#include "base/array.h"
#include "rules/internal.h"
#include <errno.h>
#include <string.h>

#define PEAK_KEPT USEC_PER_DAY
#define NEW_NORMAL_AFTER (7 * USEC_PER_DAY)

static const struct known_drop NO_DROP = {.reference = NUMBER_UNKNOWN};

/* ---- peaks ---- */

static int compare_ids(const void *a, const void *b)
{
    return strcmp(((const struct known_drop *)a)->id, ((const struct known_drop *)b)->id);
}

static const struct known_drop *known(const struct tenant_memory *m, const char *id)
{
    const struct known_drop key = {.id = (char *)(uintptr_t)id};
    const struct known_drop *found =
        m->n_drops ? bsearch(&key, m->drop, m->n_drops, sizeof *m->drop, compare_ids) : NULL;
    return found ? found : &NO_DROP;
}

/* Removes peaks that are not above the present number, and closes a recovered drop. */
static void remove_reached(struct known_drop *d, int64_t allotted)
{
    size_t n = 0;
    while (n < d->n_peaks && d->peak[n].allotted > allotted)
        n++;
    d->n_peaks = n;
    if (d->reference != NUMBER_UNKNOWN && allotted >= d->reference)
        d->reference = NUMBER_UNKNOWN;
}

static void expire(struct known_drop *d, const struct instant *now)
{
    size_t old = 0;
    while (old < d->n_peaks && instant_since(&d->peak[old].left, now) > PEAK_KEPT)
        old++;
    d->n_peaks -= old;
    memmove(d->peak, d->peak + old, d->n_peaks * sizeof *d->peak);
}

/* `moved` of its units are in another pool now, so its history shrinks by them. */
static void move_away(struct known_drop *d, int64_t moved)
{
    for (size_t i = 0; i < d->n_peaks; i++)
        d->peak[i].allotted -= moved;
    if (d->reference != NUMBER_UNKNOWN)
        d->reference -= moved;
}

static void add_peak(struct known_drop *d, int64_t allotted, const struct instant *now)
{
    if (d->reference != NUMBER_UNKNOWN)
        d->since = *now;
    if (d->n_peaks == PEAKS_MAX) /* keep the highest, and replace the lowest by the latest */
        d->n_peaks--;
    d->peak[d->n_peaks++] = (struct peak){.allotted = allotted, .left = *now};
}

/* The remembered pool: this one or the one it replaces; NULL: it is new. */
static const struct known_pool *past_of(const struct groups *g, const struct group *of, size_t i,
                                        const struct presences *presences)
{
    size_t at = g->order[of->first + i];
    return presences->past[at] ? presences->past[at] : presences->replaced[at];
}

static int64_t gained(const struct allotment *a, const struct known_pool *past)
{
    if (!a->units_known || (past && past->allotted == NUMBER_UNKNOWN))
        return 0;
    int64_t before = past ? past->allotted : 0;
    return a->allotted - before; /* no overflow: both are Int32 */
}

void drops_follow(const struct tenant_evaluation *e, const struct groups *g, const struct group *of,
                  const struct presences *presences, struct known_drop *ret)
{
    const struct instant *now = &e->snapshot->taken;
    int64_t gains = 0;
    for (size_t i = 0; i < of->n; i++) {
        int64_t n = gained(groups_allotment(g, of, i), past_of(g, of, i, presences));
        gains += n > 0 ? n : 0;
    }
    for (size_t i = 0; i < of->n; i++) {
        const struct allotment *a = groups_allotment(g, of, i);
        const struct known_pool *past = past_of(g, of, i, presences);
        struct known_drop *d = &ret[i];
        *d = past ? *known(e->before, past->id) : NO_DROP;
        d->id = a->id;
        d->allotted = a->units_known ? a->allotted : NUMBER_UNKNOWN;
        expire(d, now);
        if (!a->units_known)
            continue;
        int64_t lost = -gained(a, past);
        if (lost > 0) {
            int64_t moved = lost < gains ? lost : gains;
            gains -= moved;
            move_away(d, moved);
            if (moved < lost)
                add_peak(d, past->allotted - moved, now);
        }
        remove_reached(d, a->allotted);
    }
}

/* ---- the finding ---- */

void drop_unknown(const struct threshold *t, struct finding *ret)
{
    finding_init(ret, RULE_CAPACITY_DROP, t);
    /* Critical has the same limit: the level depends on the effect of the loss, not on its size. */
    ret->threshold[LEVEL_CRITICAL] = ret->threshold[LEVEL_WARNING];
    if (!t->limit[LEVEL_WARNING].on)
        finding_not_applicable(ret);
}

static int64_t reference_of(const struct known_drop *d)
{
    return d->reference != NUMBER_UNKNOWN ? d->reference
           : d->n_peaks > 0               ? d->peak[0].allotted
                                          : NUMBER_UNKNOWN;
}

int64_t drop_former(const struct tenant_memory *before, const char *id)
{
    return reference_of(known(before, id));
}

static bool is_breach(const struct threshold *t, int64_t reference, int64_t lost)
{
    __extension__ typedef __int128 wide;
    return lost > 0 && lost >= t->min_units &&
           (wide)lost * 10000 >= (wide)reference * t->limit[LEVEL_WARNING].value;
}

/* Opens a drop on a breach; closes it as the new normal after NEW_NORMAL_AFTER without a further
 * loss, or when it was acknowledged. */
static void settle(const struct tenant_evaluation *e, const char *subject, struct known_drop *drop,
                   size_t n, bool breach, struct finding *f)
{
    const struct instant *now = &e->snapshot->taken;
    bool lasts = false, any = false;
    const struct instant *newest = NULL;
    for (size_t i = 0; i < n; i++) {
        any |= drop[i].reference != NUMBER_UNKNOWN;
        lasts |= drop[i].reference != NUMBER_UNKNOWN &&
                 instant_since(&drop[i].since, now) < NEW_NORMAL_AFTER;
        if (!newest || drop[i].since.at > newest->at)
            newest = &drop[i].since;
    }
    if (any && e->ctx->drop_acknowledged &&
        e->ctx->drop_acknowledged(e->ctx->userdata, subject, newest))
        lasts = false;
    for (size_t i = 0; i < n; i++) {
        struct known_drop *d = &drop[i];
        if (any && !lasts) {
            d->reference = NUMBER_UNKNOWN;
            d->n_peaks = 0;
        } else if (breach && d->reference == NUMBER_UNKNOWN && d->n_peaks > 0) {
            d->reference = d->peak[0].allotted;
            d->since = *now;
        }
    }
    f->accepted = any && !lasts;
}

void drop_judge(const struct tenant_evaluation *e, const struct threshold *t, const struct capacity *c,
                const char *subject, struct known_drop *drop, size_t n, struct finding *ret, int64_t *ret_reference)
{
    int64_t reference = c->allotted;
    bool open = false;
    drop_unknown(t, ret);
    *ret_reference = NUMBER_UNKNOWN;
    for (size_t i = 0; ret->state == FINDING_NOT_APPLICABLE && i < n; i++)
        drop[i].reference = NUMBER_UNKNOWN;
    if (!c->units_known || ret->state == FINDING_NOT_APPLICABLE)
        return;
    for (size_t i = 0; i < n; i++) {
        int64_t of = reference_of(&drop[i]);
        open |= drop[i].reference != NUMBER_UNKNOWN;
        /* The present units are in the sum already; add the difference, which is positive. */
        if (of != NUMBER_UNKNOWN)
            reference += of - drop[i].allotted;
    }
    int64_t lost = reference - c->allotted;
    bool breach = is_breach(t, reference, lost);
    settle(e, subject, drop, n, breach, ret);
    enum level harm = c->consumed > c->allotted ? LEVEL_CRITICAL : LEVEL_WARNING;
    enum level raise = breach && !ret->accepted ? harm : LEVEL_NONE;
    enum level keep = open && !ret->accepted ? LEVEL_WARNING : LEVEL_NONE;
    finding_set(ret, lost > 0 ? lost * 10000 / reference : 0, raise, keep > raise ? keep : raise);
    if (keep > LEVEL_NONE || raise > LEVEL_NONE || ret->accepted)
        *ret_reference = reference;
}

/* ---- memory ---- */

int drop_remember(struct tenant_evaluation *e, const struct known_drop *d)
{
    struct tenant_memory *m = e->after;
    if (d->reference == NUMBER_UNKNOWN && d->n_peaks == 0)
        return 0;
    if (array_room(&m->drop, m->n_drops, sizeof *m->drop) < 0)
        return -ENOMEM;
    m->drop[m->n_drops] = *d;
    m->drop[m->n_drops].id = strdup(d->id);
    if (!m->drop[m->n_drops].id)
        return -ENOMEM;
    m->n_drops++;
    return 0;
}

int drops_carry(struct tenant_evaluation *e)
{
    for (size_t i = 0; i < e->before->n_drops; i++) {
        const struct known_drop *d = &e->before->drop[i];
        bool shown = e->list_known && snapshot_find(e->snapshot, d->id);
        if (shown || !memory_pool(e->after, d->id))
            continue;
        int r = drop_remember(e, d);
        if (r < 0)
            return r;
    }
    if (e->after->n_drops > 0)
        qsort(e->after->drop, e->after->n_drops, sizeof *e->after->drop, compare_ids);
    return 0;
}
