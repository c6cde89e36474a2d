/* SPDX-License-Identifier: MIT */
/* rules/sku_pools.c: evaluates the pools of one SKU, and fills in the observations of pools and
 * SKUs. */
#include "rules/sku_pools.h"
#include <errno.h>
#include <string.h>

void sku_clear(struct sku *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->pool[i].name);
    free(s->pool);
    free(s->drop);
    *s = (struct sku){0};
}

static struct capacity capacity_of(const struct allotment *a)
{
    return (struct capacity){.units_known = a->units_known,
                             .allotted = a->allotted,
                             .consumed = a->consumed,
                             .waiting = a->waiting};
}

static bool trial_is_known(const struct allotment *a)
{
    for (size_t i = 0; i < a->n_subscriptions; i++)
        if (!a->subscriptions[i].tags_text)
            return false;
    return a->subscriptions_known;
}

static bool is_silent(const struct tenant_evaluation *e, const struct group *g, const struct allotment *a,
                      enum ignore ignore)
{
    /* If the source does not say whether the pool is a trial, its last known state stays. */
    const struct known_pool *past = trial_is_known(a) ? NULL : memory_pool(e->before, a->id);
    bool costs_nothing = g->free || (past ? past->silent : allotment_is_trial(a));
    return ignore == IGNORE_ALERTS || (costs_nothing && !e->ctx->options->watch_free_skus);
}

bool allotment_has_ended(const struct allotment *a)
{
    if (!a->subscriptions_known || a->n_subscriptions == 0)
        return false;
    for (size_t i = 0; i < a->n_subscriptions; i++)
        if (a->subscriptions[i].state <= SUBSCRIPTION_WARNING)
            return false;
    return true;
}

int sku_load(const struct tenant_evaluation *e, const struct groups *g, const struct group *group,
             const struct presences *presences, struct sku *ret)
{
    const struct rule_options *o = e->ctx->options;
    ret->group = group;
    ret->pool = calloc(group->n, sizeof *ret->pool);
    ret->drop = calloc(group->n, sizeof *ret->drop);
    if (!ret->pool || !ret->drop)
        return -ENOMEM;
    drops_follow(e, g, group, presences, ret->drop);
    for (size_t i = 0; i < group->n; i++) {
        struct pool_case *p = &ret->pool[i];
        p->a = groups_allotment(g, group, i);
        p->capacity = capacity_of(p->a);
        p->ignore = rules_for(o, e->ctx->tenant, p->a->sku_id, p->a->sku_part_number,
                              o->scope == SCOPE_SKU ? NULL : p->a->id, p->threshold);
        p->silent = is_silent(e, group, p->a, p->ignore);
        g->silent[g->order[group->first + i]] = p->silent;
        g->ignored[g->order[group->first + i]] = p->ignore == IGNORE_ALL;
        struct known_pool *known = memory_pool(e->after, p->a->id);
        if (known)
            known->silent = p->silent;
        if (known && o->scope != SCOPE_SKU) {
            demand_follow(e, (const char *[]){p->a->id}, 1, known);
            p->capacity.trend = &known->trend;
        }
        capacity_judge(&p->capacity, p->threshold, judging_now(e), p->finding);
        if (o->scope != SCOPE_SKU)
            drop_judge(e, &p->threshold[RULE_CAPACITY_DROP], &p->capacity, p->a->id, &ret->drop[i],
                       1, &p->drop, &p->reference);
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

/* The units before a drop that raises or keeps a level; else NUMBER_UNKNOWN. */
static int64_t open_reference(const struct observation *s)
{
    const struct finding *drop = observation_finding(s, RULE_CAPACITY_DROP);
    return drop && drop->keep > LEVEL_NONE ? s->context->reference : NUMBER_UNKNOWN;
}

void capacity_set_forecast(struct alert_context *f, const struct capacity *c)
{
    if (!c->trend || !c->units_known)
        return;
    const struct forecast of = trend_forecast(c->trend, c->allotted);
    f->forecast_early = of.early;
    f->forecast_likely = of.likely;
    f->forecast_late = of.late;
}

void capacity_set_numbers(struct observation *s, const struct capacity *c,
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
        if (f->forecast_early == NUMBER_UNKNOWN)
            capacity_set_forecast(f, c);
        f->units_to_unblock = units_to_unblock(c->allotted, c->consumed, f->waiting);
        /* No advice to buy if the subscription has ended or the waiting members are unknown: the
         * order might not resolve the alert. */
        if (!s->subscription_explains && c->waiting.section != SECTION_UNKNOWN)
            f->units_to_buy = units_to_buy(c->allotted, c->consumed, f->waiting, open_reference(s),
                                           c->trend, t, &f->ends_below_bp);
    }
}

/* Those not in force first: the context may not have room for all, and these matter more. */
int capacity_add_subscriptions(struct alert_context *f, const struct allotment *a)
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

void capacity_add_findings(struct observation *s, const struct finding f[static CAPACITY_FINDINGS],
                           const struct finding *drop)
{
    memcpy(s->finding, f, CAPACITY_FINDINGS * sizeof *f);
    s->n_findings = CAPACITY_FINDINGS;
    s->finding[s->n_findings++] = *drop;
}

int sku_remember(struct tenant_evaluation *e, const struct sku *sku)
{
    int r = 0;
    for (size_t i = 0; r >= 0 && i < sku->n; i++)
        r = drop_remember(e, &sku->drop[i]);
    return r;
}
