/* SPDX-License-Identifier: MIT */
/* rules/pools.c: the capacity observation of every pool, or of every SKU under scope = "sku". */
#include "base/text.h"
#include "rules/internal.h"
#include <errno.h>
#include <string.h>

/* What is worked out for one pool while its SKU is at hand. */
struct pool_case {
    const struct allotment *a;
    struct threshold threshold[RULE_COUNT_];
    enum ignore ignore;
    struct capacity capacity;
    struct finding finding[CAPACITY_FINDINGS], drop;
    int64_t reference; /* of the drop; NUMBER_UNKNOWN */
    char *name; /* NULL if it needs none */
    bool silent;
};
/* The pools of one SKU. */
struct sku {
    const struct group *group;
    struct pool_case *pool;
    size_t n;
    struct known_drop *drop; /* one a pool */
    struct siblings siblings;
};

static void sku_clear(struct sku *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->pool[i].name);
    free(s->pool);
    free(s->drop);
    *s = (struct sku){0};
}
static inline void sku_clear_at(struct sku *s)
{
    sku_clear(s);
}

/* ---- what a pool is ---- */

static struct capacity capacity_of(const struct allotment *a)
{
    return (struct capacity){.units_known = a->units_known,
                             .allotted = a->allotted,
                             .consumed = a->consumed,
                             .waiting = a->waiting};
}

static bool says_trial(const struct allotment *a)
{
    for (size_t i = 0; i < a->n_subscriptions; i++)
        if (!a->subscriptions[i].tags_text)
            return false;
    return a->subscriptions_known;
}

static bool is_silent(const struct judging *j, const struct group *g, const struct allotment *a,
                      enum ignore ignore)
{
    /* Where the source does not say whether a pool is a trial, it stays what it was. */
    const struct known_pool *past = says_trial(a) ? NULL : memory_pool(j->before, a->id);
    bool costs_nothing = g->free || (past ? past->silent : allotment_is_trial(a));
    return ignore == IGNORE_ALERTS || (costs_nothing && !j->ctx->options->watch_free_skus);
}

/* Nothing that backs the pool is in force any more: that is the subscription's alert to tell. */
static bool subscriptions_explain(const struct allotment *a)
{
    if (!a->subscriptions_known || a->n_subscriptions == 0)
        return false;
    for (size_t i = 0; i < a->n_subscriptions; i++)
        if (a->subscriptions[i].state <= SUBSCRIPTION_WARNING)
            return false;
    return true;
}

static int sku_load(const struct judging *j, const struct groups *g, const struct group *group,
                    const struct presences *presences, struct sku *ret)
{
    const struct rule_options *o = j->ctx->options;
    ret->group = group;
    ret->pool = calloc(group->n, sizeof *ret->pool);
    ret->drop = calloc(group->n, sizeof *ret->drop);
    if (!ret->pool || !ret->drop)
        return -ENOMEM;
    drops_follow(j, g, group, presences, ret->drop);
    for (size_t i = 0; i < group->n; i++) {
        struct pool_case *p = &ret->pool[i];
        p->a = groups_allotment(g, group, i);
        p->capacity = capacity_of(p->a);
        p->ignore = rules_for(o, j->ctx->tenant, p->a->sku_id, p->a->sku_part_number,
                              o->scope == SCOPE_SKU ? NULL : p->a->id, p->threshold);
        p->silent = is_silent(j, group, p->a, p->ignore);
        g->silent[g->order[group->first + i]] = p->silent;
        g->ignored[g->order[group->first + i]] = p->ignore == IGNORE_ALL;
        struct known_pool *known = memory_pool(j->after, p->a->id);
        if (known)
            known->silent = p->silent;
        capacity_judge(&p->capacity, p->threshold, judging_now(j), p->finding);
        if (o->scope != SCOPE_SKU)
            drop_judge(j, &p->threshold[RULE_CAPACITY_DROP], &p->capacity, &ret->drop[i], 1,
                       &p->drop, &p->reference);
        ret->n = i + 1;
        int r = pool_name(o, g, group, i, &p->name);
        if (r < 0)
            return r;
        if (p->ignore != IGNORE_ALL)
            siblings_add(&ret->siblings, i, p->a, &p->capacity);
    }
    return 0;
}

/* ---- observations ---- */

/* What a drop that raises or keeps a level is measured against; else NUMBER_UNKNOWN. */
static int64_t reference_up(const struct observation *s)
{
    for (size_t i = 0; i < s->n_findings; i++)
        if (s->finding[i].rule == RULE_CAPACITY_DROP && s->finding[i].keep > LEVEL_NONE)
            return s->context->reference;
    return NUMBER_UNKNOWN;
}

static void set_numbers(struct observation *s, const struct capacity *c,
                        const struct threshold t[static RULE_COUNT_])
{
    struct alert_context *f = s->context;
    bool waiting_known = c->waiting.section == SECTION_COMPLETE;
    if (waiting_known) {
        f->waiting = c->waiting.count;
        f->oldest_at = c->waiting.oldest_at;
    }
    if (c->units_known) {
        f->allotted = c->allotted;
        f->consumed = c->consumed;
        f->units_to_unblock = units_to_unblock(c->allotted, c->consumed, f->waiting);
        /* Units that are bought for a dead subscription, or for members who cannot be counted, may
         * end nothing. */
        if (!s->subscription_explains && c->waiting.section != SECTION_UNKNOWN)
            f->units_to_buy = units_to_buy(c->allotted, c->consumed, f->waiting, reference_up(s), t,
                                           &f->ends_below_bp);
    }
}

/* Those that are not in force first: if not all fit, these are the ones to name. */
static int add_subscriptions(struct alert_context *f, const struct allotment *a)
{
    for (int in_force = 0; in_force <= 1; in_force++)
        for (size_t i = 0; i < a->n_subscriptions; i++) {
            const struct subscription *sub = &a->subscriptions[i];
            if ((sub->state == SUBSCRIPTION_ACTIVE) != (in_force == 1))
                continue;
            int r = context_add_subscription(f, sub);
            if (r < 0)
                return r;
        }
    return 0;
}

static void add_findings(struct observation *s, const struct finding f[static CAPACITY_FINDINGS],
                         const struct finding *drop)
{
    memcpy(s->finding, f, CAPACITY_FINDINGS * sizeof *f);
    s->n_findings = CAPACITY_FINDINGS;
    s->finding[s->n_findings++] = *drop;
}

static void add_gone(struct observation *s, const struct threshold t[static RULE_COUNT_], bool gone,
                     int64_t last_consumed)
{
    gone_judge(t, gone, last_consumed, &s->finding[s->n_findings++]);
}

/* Its siblings have room: usage and remaining raise nothing, and say what would have been raised. */
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

/* Memory carries quiet from poll to poll: between its two ends it stays as it was. */
static void judge_quiet(const struct judging *j, const struct sku *sku, const struct pool_case *p,
                        const struct known_pool *past, struct observation *s)
{
    bool quiet = j->ctx->options->scope == SCOPE_AUTO &&
                 siblings_quiet(&sku->siblings, p->a, &p->capacity, p->threshold,
                                past && past->quiet);
    struct known_pool *known = memory_pool(j->after, p->a->id);
    if (known)
        known->quiet = quiet;
    if (quiet && relax(s))
        s->context->siblings_free = siblings_free(&sku->siblings, p->a, &p->capacity);
}

static int pool_observation(struct judging *j, const struct groups *g, const struct sku *sku,
                            const struct pool_case *p, const struct presences *presences)
{
    size_t at = (size_t)(p->a - g->snapshot->allotment);
    if (p->ignore == IGNORE_ALL)
        return 0;
    struct observation *s = judging_observation(j, KIND_CAPACITY, strdup(p->a->id));
    if (!s)
        return -ENOMEM;
    g->observation[at] = j->observations->n;
    s->silent = p->silent;
    s->subscription_explains = subscriptions_explain(p->a);
    add_findings(s, p->finding, &p->drop);
    s->context->reference = p->reference;
    judge_quiet(j, sku, p, presences->replaced[at] ? presences->replaced[at] : presences->past[at],
                s);
    if (presences->past[at] && presences->past[at]->gone)
        add_gone(s, p->threshold, false, presences->past[at]->consumed);
    int r = 0;
    if (presences->replaced[at])
        r = text_copy(presences->replaced[at]->id, &s->replaces);
    if (r >= 0)
        r = context_set_sku(s->context, j->ctx->options, p->a->sku_id, p->a->sku_part_number);
    if (r >= 0)
        r = text_copy(p->a->id, &s->context->allotment_id);
    if (r >= 0)
        r = text_copy(p->name, &s->context->allotment_name);
    if (r >= 0)
        r = add_subscriptions(s->context, p->a);
    set_numbers(s, &p->capacity, p->threshold);
    const struct sibling_room most =
        siblings_most(&sku->siblings, (size_t)(p - sku->pool), p->a);
    if (r >= 0 && most.free > 0) {
        s->context->sibling_free = most.free;
        r = text_copy(sku->pool[most.at].name, &s->context->sibling_name);
    }
    return r;
}

/* A pool that is not in the list, or whose list is not known. */
static int absent_observation(struct judging *j, const struct groups *g, const struct known_pool *k,
                              enum presence presence)
{
    const struct rule_options *o = j->ctx->options;
    struct threshold t[RULE_COUNT_];
    static const struct capacity NOTHING = {.waiting = {.section = SECTION_UNKNOWN}};
    struct finding f[CAPACITY_FINDINGS], drop;
    enum ignore ignore = rules_for(o, j->ctx->tenant, k->sku_id, k->sku_part_number, k->id, t);
    if (ignore == IGNORE_ALL)
        return 0;
    struct observation *s = judging_observation(j, KIND_CAPACITY, strdup(k->id));
    if (!s)
        return -ENOMEM;
    s->silent = k->silent || ignore == IGNORE_ALERTS ||
                (product_is_free(k->sku_id, k->sku_part_number) && !o->watch_free_skus);
    capacity_judge(&NOTHING, t, judging_now(j), f);
    drop_unknown(&t[RULE_CAPACITY_DROP], &drop);
    add_findings(s, f, &drop);
    if (presence == PRESENCE_GONE)
        add_gone(s, t, true, k->consumed);
    if (presence == PRESENCE_UNKNOWN)
        former_judge(j, g, k, t, s);
    s->context->allotted = k->allotted;
    s->context->consumed = k->consumed;
    int r = context_set_sku(s->context, o, k->sku_id, k->sku_part_number);
    if (r >= 0)
        r = text_copy(k->id, &s->context->allotment_id);
    if (r >= 0)
        r = text_copy(pool_configured_name(o, k->id), &s->context->allotment_name);
    return r;
}

/* ---- scope = "sku": the sum of its pools ---- */

/* The known pools of one SKU that are not in the list. */
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

static int sku_context(struct judging *j, const struct sku *sku, struct observation *s)
{
    int r = 0;
    s->subscription_explains = sku->n > 0;
    for (size_t i = 0; r >= 0 && i < sku->n; i++) {
        s->subscription_explains &= subscriptions_explain(sku->pool[i].a);
        r = add_subscriptions(s->context, sku->pool[i].a);
    }
    if (r >= 0 && sku->n > 0)
        r = context_set_sku(s->context, j->ctx->options, sku->group->sku_id,
                            sku->group->part_number);
    if (r >= 0 && sku->n > 0 && j->snapshot->source == SOURCE_SUBSCRIBED_SKUS)
        r = text_copy(sku->pool[0].a->id, &s->context->allotment_id); /* it is the SKU itself */
    return r;
}

/* Whether its missing pools were confirmed to be gone, or one that was is back; else nothing. */
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
        add_gone(s, t, gone, consumed);
}

/* `sku` may have no pools (all of them are missing), `m` may be empty; not both. */
static int sku_observation(struct judging *j, const struct groups *g, const struct sku *sku,
                           const struct presences *presences, const struct missing *m)
{
    const struct rule_options *o = j->ctx->options;
    const struct known_pool *k = m->n > 0 ? &m->before->pool[m->index[0]] : NULL;
    struct threshold t[RULE_COUNT_];
    struct finding f[CAPACITY_FINDINGS], drop;
    bool here = sku->n > 0;
    const char *sku_id = here ? sku->group->sku_id : k->sku_id;
    const char *part = here ? sku->group->part_number : k->sku_part_number;
    const char *key = here ? sku->group->key : known_pool_key(k);
    if (!key)
        key = here ? sku->pool[0].a->id : k->id; /* no SKU at all: on its own */
    enum ignore ignore = rules_for(o, j->ctx->tenant, sku_id, part, NULL, t);
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
    /* A pool that may come back in a minute makes the sum a guess. */
    if (incomplete)
        sum = (struct capacity){.waiting = {.section = SECTION_UNKNOWN}};

    struct observation *s = judging_observation(j, KIND_CAPACITY, lower_case(key));
    if (!s)
        return -ENOMEM;
    s->silent = silent || ignore == IGNORE_ALERTS;
    capacity_judge(&sum, t, judging_now(j), f);
    drop_judge(j, &t[RULE_CAPACITY_DROP], &sum, sku->drop, sku->n, &drop, &s->context->reference);
    add_findings(s, f, &drop);
    sku_add_gone(s, t, g, sku, presences, m);
    int r = here ? sku_context(j, sku, s) : context_set_sku(s->context, o, sku_id, part);
    set_numbers(s, &sum, t);
    return r;
}

static int sku_remember(struct judging *j, const struct sku *sku)
{
    int r = 0;
    for (size_t i = 0; r >= 0 && i < sku->n; i++)
        r = drop_remember(j, &sku->drop[i]);
    return r;
}

static int compare_missing(const void *a, const void *b, void *memory)
{
    const struct tenant_memory *m = memory;
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    int r = key_compare(known_pool_key(&m->pool[x]), known_pool_key(&m->pool[y]));
    return r ? r : (x > y) - (x < y);
}

/* Groups and missing pools, both in the order of their keys, walked together. */
static int skus_judge(struct judging *j, const struct groups *g, const struct presences *presences)
{
    const struct tenant_memory *before = j->before;
    CLEANUP(free) size_t *index = calloc(before->n_pools + 1, sizeof *index);
    size_t n = 0, m = 0, i = 0;
    if (!index)
        return -ENOMEM;
    for (size_t k = 0; k < before->n_pools; k++)
        if (presences->known[k] == PRESENCE_UNKNOWN || presences->known[k] == PRESENCE_MISSING ||
            presences->known[k] == PRESENCE_GONE)
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
            order = 1; /* two pools without any SKU have nothing in common */
        int r = order <= 0 ? sku_load(j, g, &g->group[i], presences, &sku) : 0;
        const struct missing missing = {before, presences, index + m, run};
        if (r >= 0)
            r = sku_observation(j, g, &sku, presences, &missing);
        if (r >= 0)
            r = sku_remember(j, &sku);
        if (r < 0)
            return r;
        i += order <= 0;
        m += run;
    }
    return 0;
}

/* ---- the other scopes: pool by pool ---- */

static int compare_keys(const void *a, const void *b)
{
    return key_compare(*(const char *const *)a, *(const char *const *)b);
}

/* The SKUs of pools that may come back in a minute, in order. */
static int missing_keys(const struct judging *j, const struct presences *presences,
                        const char ***ret, size_t *ret_n)
{
    const struct tenant_memory *before = j->before;
    const char **key = calloc(before->n_pools + 1, sizeof *key);
    size_t n = 0;
    if (!key)
        return -ENOMEM;
    for (size_t k = 0; k < before->n_pools; k++) {
        const struct known_pool *p = &before->pool[k];
        struct threshold t[RULE_COUNT_];
        if (presences->known[k] == PRESENCE_MISSING && known_pool_key(p) &&
            rules_for(j->ctx->options, j->ctx->tenant, p->sku_id, p->sku_part_number, p->id, t) !=
                IGNORE_ALL)
            key[n++] = known_pool_key(p);
    }
    qsort(key, n, sizeof *key, compare_keys);
    *ret = key;
    *ret_n = n;
    return 0;
}

static int pools_of_skus(struct judging *j, const struct groups *g,
                         const struct presences *presences)
{
    CLEANUP(free) const char **missing = NULL;
    size_t n_missing = 0;
    int r = missing_keys(j, presences, &missing, &n_missing);
    for (size_t i = 0; r >= 0 && i < g->n; i++) {
        CLEANUP(sku_clear) struct sku sku = {0};
        r = sku_load(j, g, &g->group[i], presences, &sku);
        sku.siblings.missing =
            g->group[i].key &&
            bsearch(&g->group[i].key, missing, n_missing, sizeof *missing, compare_keys);
        for (size_t k = 0; r >= 0 && k < sku.n; k++)
            r = pool_observation(j, g, &sku, &sku.pool[k], presences);
        if (r >= 0)
            r = sku_remember(j, &sku);
    }
    return r;
}

int pools_judge(struct judging *j, const struct groups *g, const struct presences *presences)
{
    if (j->ctx->options->scope == SCOPE_SKU)
        return skus_judge(j, g, presences);
    int r = pools_of_skus(j, g, presences);
    for (size_t k = 0; r >= 0 && k < j->before->n_pools; k++) {
        enum presence presence = presences->known[k];
        if (presence == PRESENCE_UNKNOWN || presence == PRESENCE_MISSING ||
            presence == PRESENCE_GONE)
            r = absent_observation(j, g, &j->before->pool[k], presence);
    }
    return r;
}
