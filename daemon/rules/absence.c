/* SPDX-License-Identifier: MIT */
/* rules/absence.c: classifies known pools that a list does not contain: missing, gone, replaced,
 * unknown; and updates the memory of pools.
 *
 * An empty list after one with pools counts as unknown, because a revoked permission has the same
 * effect. So does a list whose consumption falls to 0 in all pools at once, for a day. Pools of
 * another source are always unknown: the list cannot contain them. */
#include "base/text.h"
#include "rules/internal.h"
#include <errno.h>
#include <string.h>

/* A pool is gone after this many lists without it in a row, and options.absence. */
#define ABSENT_POLLS 2

int presences_new(const struct tenant_evaluation *e, struct presences *ret)
{
    ret->known = calloc(e->before->n_pools + 1, sizeof *ret->known);
    ret->past = calloc(e->snapshot->n_allotments + 1, sizeof(void *));
    ret->replaced = calloc(e->snapshot->n_allotments + 1, sizeof(void *));
    return ret->known && ret->past && ret->replaced ? 0 : -ENOMEM;
}

void presences_clear(struct presences *f)
{
    free(f->known);
    free(f->past);
    free(f->replaced);
    *f = (struct presences){0};
}

static struct instant since_or(struct instant since, struct instant now)
{
    return since.boot ? since : now;
}

/* Finds the known pools in the list; both are in id order. */
static void match_listed(const struct tenant_evaluation *e, struct presences *f)
{
    const struct tenant_memory *m = e->before;
    const struct snapshot *s = e->snapshot;
    size_t k = 0, i = 0;
    while (k < m->n_pools && i < s->n_allotments) {
        int order = strcmp(m->pool[k].id, s->allotment[i].id);
        if (order == 0) {
            f->known[k] = PRESENCE_PRESENT;
            f->past[i] = &m->pool[k];
        }
        k += order <= 0;
        i += order >= 0;
    }
}

/* The sorted SKUs of the list, in which pools of another source are looked up. */
struct listed {
    const char **key;
    size_t n;
};

static int listed_new(const struct snapshot *s, struct listed *ret)
{
    ret->key = calloc(s->n_allotments + 1, sizeof *ret->key);
    if (!ret->key)
        return -ENOMEM;
    for (size_t i = 0; i < s->n_allotments; i++)
        if (allotment_key(&s->allotment[i]))
            ret->key[ret->n++] = allotment_key(&s->allotment[i]);
    qsort(ret->key, ret->n, sizeof *ret->key, key_compare_elements);
    return 0;
}

/* Whether a pool of its SKU is in the list. */
static bool sku_is_listed(const struct listed *l, const struct known_pool *p)
{
    const char *key = known_pool_key(p);
    return key && bsearch(&key, l->key, l->n, sizeof *l->key, key_compare_elements);
}

static enum presence presence_of_missing(const struct tenant_evaluation *e, const struct listed *l,
                                         const struct known_pool *p)
{
    const struct instant *now = &e->snapshot->taken;
    struct instant since = since_or(p->absent_since, *now);
    usec_t absent = instant_since(&since, now);
    if (!pool_id_is_of(p->id, e->snapshot->source))
        return absent >= MEMORY_RETENTION && !sku_is_listed(l, p) ? PRESENCE_FORGOTTEN
                                                             : PRESENCE_UNKNOWN;
    if (p->gone)
        return absent >= MEMORY_RETENTION ? PRESENCE_FORGOTTEN : PRESENCE_GONE;
    if (p->absent_polls + 1 >= ABSENT_POLLS && absent >= e->ctx->options->absence)
        return PRESENCE_GONE;
    return PRESENCE_MISSING;
}

static int classify_missing(const struct tenant_evaluation *e, struct presences *f)
{
    const struct tenant_memory *m = e->before;
    struct listed l = {0};
    int r = 0;
    for (size_t k = 0; r >= 0 && !l.key && k < m->n_pools; k++) /* only after a change of source */
        if (!pool_id_is_of(m->pool[k].id, e->snapshot->source))
            r = listed_new(e->snapshot, &l);
    for (size_t k = 0; r >= 0 && k < m->n_pools; k++)
        if (f->known[k] != PRESENCE_PRESENT)
            f->known[k] = presence_of_missing(e, &l, &m->pool[k]);
    free(l.key);
    return r;
}

/* A SKU, and an index into the memory or the list. */
struct candidate {
    const char *sku_id;
    size_t at;
};

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    int r = key_compare(x->sku_id, y->sku_id);
    return r ? r : (x->at > y->at) - (x->at < y->at);
}

/* Pools that are missing for the first time; by SKU, then by id. */
static size_t list_missing(const struct tenant_evaluation *e, const struct presences *f, struct candidate *ret)
{
    const struct tenant_memory *m = e->before;
    size_t n = 0;
    for (size_t k = 0; k < m->n_pools; k++)
        if (f->known[k] == PRESENCE_MISSING && m->pool[k].absent_polls == 0 && m->pool[k].sku_id)
            ret[n++] = (struct candidate){m->pool[k].sku_id, k};
    qsort(ret, n, sizeof *ret, compare_candidates);
    return n;
}

/* Pools that are listed for the first time; by SKU, then by id. */
static size_t list_new(const struct tenant_evaluation *e, const struct presences *f, struct candidate *ret)
{
    const struct snapshot *s = e->snapshot;
    size_t n = 0;
    for (size_t i = 0; i < s->n_allotments; i++)
        if (!f->past[i] && s->allotment[i].sku_id)
            ret[n++] = (struct candidate){s->allotment[i].sku_id, i};
    qsort(ret, n, sizeof *ret, compare_candidates);
    return n;
}

/* A pool that disappears in the poll in which another of its SKU appears has a new id, as after a
 * renewal or a move to another agreement. Pairs them one to one, both in id order. */
static int pair_replacements(const struct tenant_evaluation *e, struct presences *f)
{
    CLEANUP(free) struct candidate *old = calloc(e->before->n_pools + 1, sizeof *old);
    CLEANUP(free) struct candidate *new = calloc(e->snapshot->n_allotments + 1, sizeof *new);
    if (!old || !new)
        return -ENOMEM;
    size_t n_old = list_missing(e, f, old), n_new = list_new(e, f, new);
    for (size_t k = 0, i = 0; k < n_old && i < n_new;) {
        int order = key_compare(old[k].sku_id, new[i].sku_id);
        if (order == 0) {
            f->replaced[new[i].at] = &e->before->pool[old[k].at];
            f->known[old[k].at] = PRESENCE_REPLACED;
        }
        k += order <= 0;
        i += order >= 0;
    }
    return 0;
}

/* More than half of the pools that should be listed are not. */
static bool mostly_missing(const struct tenant_evaluation *e, const struct presences *f)
{
    size_t expected = 0, missing = 0;
    for (size_t k = 0; k < e->before->n_pools; k++) {
        if (e->before->pool[k].gone || !pool_id_is_of(e->before->pool[k].id, e->snapshot->source))
            continue;
        expected++;
        missing += f->known[k] == PRESENCE_MISSING || f->known[k] == PRESENCE_GONE;
    }
    return missing * 2 > expected;
}

static int remember_present(const struct tenant_evaluation *e, const struct allotment *a,
                            const struct known_pool *past, const struct known_pool *replaced,
                            struct known_pool *dst)
{
    const struct known_pool p = {
        .id = a->id,
        .sku_id = a->sku_id,
        .sku_part_number = a->sku_part_number,
        .allotted = a->units_known ? a->allotted
                    : past         ? past->allotted
                                   : NUMBER_UNKNOWN,
        .consumed = a->units_known ? a->consumed
                    : past         ? past->consumed
                                   : NUMBER_UNKNOWN,
        .first_seen_at = past       ? past->first_seen_at
                         : replaced ? replaced->first_seen_at
                                    : e->snapshot->taken.at,
        .trend = past ? past->trend : (struct trend){0},
    };
    return known_pool_copy(&p, dst);
}

static int remember_absent(const struct tenant_evaluation *e, const struct known_pool *past,
                           enum presence presence, struct known_pool *dst)
{
    int r = known_pool_copy(past, dst);
    if (r < 0 || !e->list_known || e->after->emptied)
        return r;
    dst->absent_since = since_or(past->absent_since, e->snapshot->taken);
    if (presence == PRESENCE_MISSING || presence == PRESENCE_GONE)
        dst->absent_polls += dst->absent_polls < UINT32_MAX;
    dst->gone = presence == PRESENCE_GONE;
    return 0;
}

bool presence_is_remembered(enum presence presence)
{
    return presence == PRESENCE_UNKNOWN || presence == PRESENCE_MISSING ||
           presence == PRESENCE_GONE;
}

static int remember(const struct tenant_evaluation *e, const struct presences *f)
{
    const struct tenant_memory *m = e->before;
    const struct snapshot *s = e->snapshot;
    size_t n = e->list_known ? s->n_allotments : 0;
    for (size_t k = 0; k < m->n_pools; k++)
        n += presence_is_remembered(f->known[k]);
    if (n == 0)
        return 0;
    e->after->pool = calloc(n, sizeof *e->after->pool);
    if (!e->after->pool)
        return -ENOMEM;
    size_t i = e->list_known ? 0 : s->n_allotments, k = 0;
    int r = 0;
    while (r >= 0 && (i < s->n_allotments || k < m->n_pools)) {
        struct known_pool *dst = &e->after->pool[e->after->n_pools];
        bool present = k == m->n_pools ||
                       (i < s->n_allotments && strcmp(s->allotment[i].id, m->pool[k].id) <= 0);
        if (present) {
            r = remember_present(e, &s->allotment[i], f->past[i], f->replaced[i], dst);
            i++;
            e->after->n_pools += r >= 0;
        } else {
            if (presence_is_remembered(f->known[k])) {
                r = remember_absent(e, &m->pool[k], f->known[k], dst);
                e->after->n_pools += r >= 0;
            }
            k++;
        }
    }
    return r;
}

/* ---- consumption that falls to 0 everywhere ---- */

/* The last complete list had consumed units in this pool. */
static bool was_in_use(const struct tenant_memory *m, const struct known_pool *p)
{
    return p && p->consumed > 0 && !p->absent_since.boot && pool_id_is_of(p->id, m->source);
}

static bool shows_use(const struct snapshot *s)
{
    for (size_t i = 0; i < s->n_allotments; i++)
        if (s->allotment[i].units_known && s->allotment[i].consumed > 0)
            return true;
    return false;
}

/* Counts pools that had units in use before, under this or a former id. */
static size_t count_dropped_to_zero(const struct tenant_evaluation *e, const struct presences *f)
{
    const struct tenant_memory *m = e->before;
    const struct snapshot *s = e->snapshot;
    size_t n = 0;
    for (size_t i = 0; i < s->n_allotments; i++)
        n += s->allotment[i].units_known &&
             (was_in_use(m, f->past[i]) || was_in_use(m, f->replaced[i]));
    for (size_t k = 0; k < m->n_pools; k++) /* another source has other ids */
        n += m->source != s->source && was_in_use(m, &m->pool[k]);
    return n;
}

/* Updates after->zero_since. Returns whether the list counts as unknown because consumption fell to
 * 0 in all pools. The rest of such a list is not trustworthy either. */
static bool update_zero_since(struct tenant_evaluation *e, const struct presences *f)
{
    struct instant since = e->before->zero_since;
    e->after->zero_since = (struct instant){0};
    if (shows_use(e->snapshot))
        return false;
    bool begins = !since.boot && count_dropped_to_zero(e, f) >= ZERO_POOLS;
    if (begins)
        since = e->snapshot->taken;
    if (!since.boot || instant_since(&since, &e->snapshot->taken) >= ZERO_UNKNOWN_MAX)
        return false;
    e->after->zero_since = since;
    return true;
}

static void set_all_unknown(const struct tenant_evaluation *e, struct presences *f)
{
    for (size_t k = 0; k < e->before->n_pools; k++)
        f->known[k] = PRESENCE_UNKNOWN;
    memset(f->past, 0, e->snapshot->n_allotments * sizeof *f->past);
    memset(f->replaced, 0, e->snapshot->n_allotments * sizeof *f->replaced);
}

int absence_classify(struct tenant_evaluation *e, struct presences *ret)
{
    const struct tenant_memory *m = e->before;
    const struct snapshot *s = e->snapshot;
    if (presences_new(e, ret) < 0)
        return -ENOMEM;
    set_all_unknown(e, ret);
    e->after->source = m->source;
    e->after->emptied = m->emptied;
    e->after->mass_absence = m->mass_absence;
    e->after->zero_since = m->zero_since;
    if (!e->list_known)
        return remember(e, ret);
    e->after->emptied = s->n_allotments == 0 && m->n_pools > 0;
    if (e->after->emptied)
        return remember(e, ret);

    match_listed(e, ret);
    if (classify_missing(e, ret) < 0 || pair_replacements(e, ret) < 0)
        return -ENOMEM;
    if (update_zero_since(e, ret)) {
        e->list_known = false;
        set_all_unknown(e, ret);
        return remember(e, ret);
    }
    e->after->source = s->source;
    e->after->mass_absence = mostly_missing(e, ret);
    return remember(e, ret);
}
