/* SPDX-License-Identifier: MIT */
/* rules/sku_scope.c: makes the capacity observations with scope = "sku": one per SKU, on the sum of
 * its pools. */
#include "base/text.h"
#include "rules/sku_pools.h"
#include <errno.h>
#include <string.h>

/* The remembered pools of one SKU that are not in the list. */
struct missing {
    const struct tenant_memory *before;
    const struct presences *presences;
    const size_t *index; /* into before->pool */
    size_t n;
};

static void add_capacity(struct capacity *sum, const struct capacity *c)
{
    if (!c->units_known || __builtin_add_overflow(sum->allotted, c->allotted, &sum->allotted) ||
        __builtin_add_overflow(sum->consumed, c->consumed, &sum->consumed))
        sum->units_known = false;
    if (sum->waiting.section == SECTION_UNKNOWN || c->waiting.section != SECTION_COMPLETE) {
        if (sum->waiting.section != SECTION_UNKNOWN)
            sum->waiting = (struct waiting){.section = c->waiting.section};
        return;
    }
    sum->waiting.count += c->waiting.count;
    usec_t oldest = c->waiting.oldest_at;
    if (oldest && (!sum->waiting.oldest_at || oldest < sum->waiting.oldest_at))
        sum->waiting.oldest_at = oldest;
}

/* The first pool remembers the trend of the SKU. Without one of its pools, the sum is unknown. */
static int follow_demand(const struct tenant_evaluation *e, const struct sku *sku, struct capacity *sum)
{
    struct known_pool *first = sku->n > 0 ? memory_pool(e->after, sku->pool[0].a->id) : NULL;
    CLEANUP(free) const char **id = calloc(sku->n + 1, sizeof *id);
    if (!id)
        return -ENOMEM;
    for (size_t i = 0; i < sku->n; i++)
        id[i] = sku->pool[i].a->id;
    if (first) {
        demand_follow(e, id, sku->n, first);
        sum->trend = &first->trend;
    }
    return 0;
}

static int sku_context(struct tenant_evaluation *e, const struct sku *sku, struct observation *s)
{
    int r = 0;
    s->subscription_explains = sku->n > 0;
    for (size_t i = 0; r >= 0 && i < sku->n; i++) {
        s->subscription_explains &= allotment_has_ended(sku->pool[i].a);
        r = capacity_add_subscriptions(s->context, sku->pool[i].a);
    }
    if (r >= 0 && sku->n > 0)
        r = context_set_sku(s->context, e->ctx->options, sku->group->sku_id,
                            sku->group->part_number);
    if (r >= 0 && sku->n > 0 && e->snapshot->source == SOURCE_SUBSCRIBED_SKUS)
        r = text_copy(sku->pool[0].a->id, &s->context->allotment_id); /* a pool is a SKU there */
    return r;
}

/* Adds allotment_gone if a pool of the SKU is gone, or one that was gone is back. */
static void sku_add_gone(struct observation *s, const struct threshold t[static RULE_COUNT_],
                         const struct groups *g, const struct sku *sku,
                         const struct presences *presences, const struct missing *m)
{
    bool gone = false, back = false;
    int64_t consumed = 0;
    for (size_t i = 0; i < m->n; i++) {
        const struct known_pool *k = &m->before->pool[m->index[i]];
        if (presences->known[m->index[i]] != PRESENCE_GONE)
            continue;
        gone = true;
        if (k->consumed != NUMBER_UNKNOWN)
            consumed += k->consumed;
    }
    for (size_t i = 0; i < sku->n; i++) {
        const struct known_pool *past = presences->past[sku->pool[i].a - g->snapshot->allotment];
        back |= past && past->gone;
    }
    if (gone || back)
        gone_judge(t, gone, consumed, &s->finding[s->n_findings++]);
}

/* Either the listed pools (`sku`) or the missing ones (`m`) may be none, but not both. */
static int sku_observation(struct tenant_evaluation *e, const struct groups *g, const struct sku *sku,
                           const struct presences *presences, const struct missing *m)
{
    const struct rule_options *o = e->ctx->options;
    const struct known_pool *k = m->n > 0 ? &m->before->pool[m->index[0]] : NULL;
    struct threshold t[RULE_COUNT_];
    struct finding f[CAPACITY_FINDINGS], drop;
    bool here = sku->n > 0;
    const char *sku_id = here ? sku->group->sku_id : k->sku_id;
    const char *part = here ? sku->group->part_number : k->sku_part_number;
    const char *key = here ? sku->group->key : known_pool_key(k);
    if (!key)
        key = here ? sku->pool[0].a->id : k->id; /* without a SKU each pool is on its own */
    enum ignore ignore = rules_for(o, e->ctx->tenant, sku_id, part, NULL, t);
    if (ignore == IGNORE_ALL)
        return 0;

    struct capacity sum = {.units_known = here,
                           .waiting = {.section = here ? SECTION_COMPLETE : SECTION_UNKNOWN}};
    bool silent = true, incomplete = false;
    for (size_t i = 0; i < sku->n; i++) {
        add_capacity(&sum, &sku->pool[i].capacity);
        silent &= sku->pool[i].silent;
    }
    for (size_t i = 0; i < m->n; i++) {
        incomplete |= presences->known[m->index[i]] == PRESENCE_MISSING;
        silent &= here || m->before->pool[m->index[i]].silent;
    }
    /* The sum is unknown while a pool is missing that is not confirmed to be gone. */
    if (incomplete)
        sum = (struct capacity){.waiting = {.section = SECTION_UNKNOWN}};

    struct observation *s = judging_observation(e, KIND_CAPACITY, lower_case(strdup(key)));
    if (!s || follow_demand(e, sku, &sum) < 0)
        return -ENOMEM;
    s->silent = silent || ignore == IGNORE_ALERTS;
    capacity_judge(&sum, t, judging_now(e), f);
    drop_judge(e, &t[RULE_CAPACITY_DROP], &sum, s->subject, sku->drop, sku->n, &drop,
               &s->context->reference);
    capacity_add_findings(s, f, &drop);
    sku_add_gone(s, t, g, sku, presences, m);
    int r = here ? sku_context(e, sku, s) : context_set_sku(s->context, o, sku_id, part);
    capacity_set_numbers(s, &sum, t);
    return r;
}

static int compare_missing(const void *a, const void *b, void *memory)
{
    const struct tenant_memory *m = memory;
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    int r = key_compare(known_pool_key(&m->pool[x]), known_pool_key(&m->pool[y]));
    return r ? r : (x > y) - (x < y);
}

/* Merges the groups and the missing pools, both in the order of their keys. */
int skus_judge(struct tenant_evaluation *e, const struct groups *g, const struct presences *presences)
{
    const struct tenant_memory *before = e->before;
    CLEANUP(free) size_t *index = calloc(before->n_pools + 1, sizeof *index);
    size_t n = 0, m = 0, i = 0;
    if (!index)
        return -ENOMEM;
    for (size_t k = 0; k < before->n_pools; k++)
        if (presence_is_remembered(presences->known[k]))
            index[n++] = k;
    if (n > 0)
        qsort_r(index, n, sizeof *index, compare_missing, (void *)before);
    while (i < g->n || m < n) {
        CLEANUP(sku_clear) struct sku sku = {0};
        const char *missing_key = m < n ? known_pool_key(&before->pool[index[m]]) : NULL;
        int order = m == n ? -1 : i == g->n ? 1 : key_compare(g->group[i].key, missing_key);
        size_t run = 0;
        if (order >= 0) {
            run = 1;
            while (missing_key && m + run < n &&
                   key_compare(missing_key, known_pool_key(&before->pool[index[m + run]])) == 0)
                run++;
        }
        if (order == 0 && !missing_key)
            order = 1; /* pools without a SKU are never merged */
        int r = order <= 0 ? sku_load(e, g, &g->group[i], presences, &sku) : 0;
        const struct missing missing = {before, presences, index + m, run};
        if (r >= 0)
            r = sku_observation(e, g, &sku, presences, &missing);
        if (r >= 0)
            r = sku_remember(e, &sku);
        if (r < 0)
            return r;
        i += order <= 0;
        m += run;
    }
    return 0;
}
