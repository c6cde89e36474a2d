/* SPDX-License-Identifier: MIT */
/* rules/pools.c: makes the capacity observations of the pools, or with scope = "sku" (sku_scope.c)
 * of the SKUs. */
#include "base/text.h"
#include "rules/sku_pools.h"
#include <errno.h>
#include <string.h>

/* Keeps usage and remaining from raising a level, because the siblings have free units. Returns
 * whether they would raise or keep one. */
static bool relax(struct observation *s)
{
    bool relaxed = false;
    for (size_t i = 0; i < s->n_findings; i++) {
        struct finding *f = &s->finding[i];
        if ((f->rule != RULE_USAGE && f->rule != RULE_REMAINING) || f->state != FINDING_KNOWN)
            continue;
        relaxed |= f->keep > LEVEL_NONE;
        f->raise = f->keep = LEVEL_NONE;
    }
    return relaxed;
}

/* While the siblings are enough, the units of all of them have to run out. */
static void relax_forecast(struct observation *s, const struct pool_case *p, int64_t siblings_free)
{
    struct capacity c = p->capacity;
    if (__builtin_add_overflow(c.allotted, siblings_free, &c.allotted))
        c.allotted = INT64_MAX;
    for (size_t i = 0; i < s->n_findings; i++)
        if (s->finding[i].rule == RULE_FORECAST)
            forecast_judge(&c, &p->threshold[RULE_FORECAST], &s->finding[i]);
    capacity_set_forecast(s->context, &c);
}

/* The memory has the last value of `quiet`, for its hysteresis. */
static void judge_quiet(const struct tenant_evaluation *e, const struct sku *sku, const struct pool_case *p,
                        const struct known_pool *past, struct observation *s)
{
    bool quiet =
        e->ctx->options->scope == SCOPE_AUTO &&
        siblings_quiet(&sku->siblings, p->a, &p->capacity, p->threshold, past && past->quiet);
    struct known_pool *known = memory_pool(e->after, p->a->id);
    if (known)
        known->quiet = quiet;
    if (!quiet)
        return;
    bool relaxed = relax(s);
    int64_t others = siblings_free(&sku->siblings, p->a, &p->capacity);
    if (relaxed)
        s->context->siblings_free = others;
    relax_forecast(s, p, others);
}

static int pool_observation(struct tenant_evaluation *e, const struct groups *g, const struct sku *sku,
                            const struct pool_case *p, const struct presences *presences)
{
    size_t at = (size_t)(p->a - g->snapshot->allotment);
    if (p->ignore == IGNORE_ALL)
        return 0;
    struct observation *s = judging_observation(e, KIND_CAPACITY, strdup(p->a->id));
    if (!s)
        return -ENOMEM;
    g->observation[at] = e->observations->n;
    s->silent = p->silent;
    s->subscription_explains = allotment_has_ended(p->a);
    capacity_add_findings(s, p->finding, &p->drop);
    s->context->reference = p->reference;
    judge_quiet(e, sku, p, presences->replaced[at] ? presences->replaced[at] : presences->past[at],
                s);
    if (presences->past[at] && presences->past[at]->gone)
        gone_judge(p->threshold, false, presences->past[at]->consumed, &s->finding[s->n_findings++]);
    int r = 0;
    if (presences->replaced[at])
        r = text_copy(presences->replaced[at]->id, &s->replaces);
    if (r >= 0)
        r = context_set_sku(s->context, e->ctx->options, p->a->sku_id, p->a->sku_part_number);
    if (r >= 0)
        r = text_copy(p->a->id, &s->context->allotment_id);
    if (r >= 0)
        r = text_copy(p->name, &s->context->allotment_name);
    if (r >= 0)
        r = capacity_add_subscriptions(s->context, p->a);
    capacity_set_numbers(s, &p->capacity, p->threshold);
    const struct sibling_room most = siblings_most(&sku->siblings, (size_t)(p - sku->pool), p->a);
    if (r >= 0 && most.free > 0) {
        s->context->sibling_free = most.free;
        r = text_copy(sku->pool[most.at].name, &s->context->sibling_name);
    }
    return r;
}

/* The observation of a pool that is not in the list, or whose list is unknown. */
static int absent_observation(struct tenant_evaluation *e, const struct groups *g, const struct known_pool *k,
                              enum presence presence)
{
    const struct rule_options *o = e->ctx->options;
    struct threshold t[RULE_COUNT_];
    static const struct capacity NO_CAPACITY = {.waiting = {.section = SECTION_UNKNOWN}};
    struct finding f[CAPACITY_FINDINGS], drop;
    enum ignore ignore = rules_for(o, e->ctx->tenant, k->sku_id, k->sku_part_number, k->id, t);
    if (ignore == IGNORE_ALL)
        return 0;
    struct observation *s = judging_observation(e, KIND_CAPACITY, strdup(k->id));
    if (!s)
        return -ENOMEM;
    s->silent = k->silent || ignore == IGNORE_ALERTS ||
                (product_is_free(k->sku_id, k->sku_part_number) && !o->watch_free_skus);
    capacity_judge(&NO_CAPACITY, t, judging_now(e), f);
    drop_unknown(&t[RULE_CAPACITY_DROP], &drop);
    capacity_add_findings(s, f, &drop);
    if (presence == PRESENCE_GONE)
        gone_judge(t, true, k->consumed, &s->finding[s->n_findings++]);
    if (presence == PRESENCE_UNKNOWN)
        former_judge(e, g, k, t, s);
    s->context->allotted = k->allotted;
    s->context->consumed = k->consumed;
    int r = context_set_sku(s->context, o, k->sku_id, k->sku_part_number);
    if (r >= 0)
        r = text_copy(k->id, &s->context->allotment_id);
    if (r >= 0)
        r = text_copy(pool_configured_name(o, k->id), &s->context->allotment_name);
    return r;
}

/* ---- pools of a SKU ---- */

/* The sorted SKUs of pools that are missing, but not confirmed to be gone. */
static int missing_keys(const struct tenant_evaluation *e, const struct presences *presences,
                        const char ***ret, size_t *ret_n)
{
    const struct tenant_memory *before = e->before;
    const char **key = calloc(before->n_pools + 1, sizeof *key);
    size_t n = 0;
    if (!key)
        return -ENOMEM;
    for (size_t k = 0; k < before->n_pools; k++) {
        const struct known_pool *p = &before->pool[k];
        struct threshold t[RULE_COUNT_];
        if (presences->known[k] == PRESENCE_MISSING && known_pool_key(p) &&
            rules_for(e->ctx->options, e->ctx->tenant, p->sku_id, p->sku_part_number, p->id, t) !=
                IGNORE_ALL)
            key[n++] = known_pool_key(p);
    }
    qsort(key, n, sizeof *key, key_compare_elements);
    *ret = key;
    *ret_n = n;
    return 0;
}

static int pools_of_skus(struct tenant_evaluation *e, const struct groups *g,
                         const struct presences *presences)
{
    CLEANUP(free) const char **missing = NULL;
    size_t n_missing = 0;
    int r = missing_keys(e, presences, &missing, &n_missing);
    for (size_t i = 0; r >= 0 && i < g->n; i++) {
        CLEANUP(sku_clear) struct sku sku = {0};
        r = sku_load(e, g, &g->group[i], presences, &sku);
        sku.siblings.missing = g->group[i].key && bsearch(&g->group[i].key, missing, n_missing,
                                                          sizeof *missing, key_compare_elements);
        for (size_t k = 0; r >= 0 && k < sku.n; k++)
            r = pool_observation(e, g, &sku, &sku.pool[k], presences);
        if (r >= 0)
            r = sku_remember(e, &sku);
    }
    return r;
}

int pools_judge(struct tenant_evaluation *e, const struct groups *g, const struct presences *presences)
{
    if (e->ctx->options->scope == SCOPE_SKU)
        return skus_judge(e, g, presences);
    int r = pools_of_skus(e, g, presences);
    for (size_t k = 0; r >= 0 && k < e->before->n_pools; k++)
        if (presence_is_remembered(presences->known[k]))
            r = absent_observation(e, g, &e->before->pool[k], presences->known[k]);
    return r;
}
