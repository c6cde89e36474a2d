/* SPDX-License-Identifier: MIT */
/* rules/inventory.c: reports what a tenant has gained since the last complete list: a new SKU or pool, a
 * trial, more units.
 *
 * Each poll is compared with the memory that the same commit replaces, so a change is reported once, over
 * restarts too. A first list, one of another source and one after an unknown past have nothing to be
 * compared with. */
#include "base/text.h"
#include "rules/sku_pools.h"
#include <errno.h>
#include <string.h>

static bool is_comparable(const struct tenant_evaluation *e)
{
    return e->list_known && e->before->source == e->snapshot->source;
}

static int compare_id(const void *id, const void *subscription)
{
    return strcmp(id, ((const struct known_subscription *)subscription)->id);
}

static bool has_new_trial(const struct tenant_memory *m, const struct allotment *a)
{
    for (size_t i = 0; i < a->n_subscriptions; i++) {
        const struct subscription *s = &a->subscriptions[i];
        if (s->trial && s->state == SUBSCRIPTION_ACTIVE &&
            (m->n_subscriptions == 0 || !bsearch(s->id, m->subscription, m->n_subscriptions,
                                                 sizeof *m->subscription, compare_id)))
            return true;
    }
    return false;
}

/* Units that return within a day, or before a drop is over, are not a gain. */
static bool has_grown(const struct tenant_memory *m, const struct allotment *a,
                      const struct known_pool *past)
{
    int64_t former = drop_former(m, past->id);
    return a->units_known && past->allotted != NUMBER_UNKNOWN && a->allotted > past->allotted &&
           (former == NUMBER_UNKNOWN || a->allotted > former);
}

/* CAUSE_NONE: nothing to report. A pool that replaces another is not new. */
static enum cause change_of(const struct tenant_evaluation *e, const struct presences *presences,
                            size_t at, bool sku_known)
{
    const struct allotment *a = &e->snapshot->allotment[at];
    const struct known_pool *past = presences->past[at];
    if (presences->replaced[at] || (past && !has_grown(e->before, a, past)))
        return CAUSE_NONE;
    if (past)
        return has_new_trial(e->before, a) ? CAUSE_TRIAL_BEGAN : CAUSE_CAPACITY_ROSE;
    if (allotment_is_trial(a) && has_new_trial(e->before, a))
        return CAUSE_TRIAL_BEGAN;
    return sku_known ? CAUSE_POOL_NEW : CAUSE_SKU_NEW;
}

static bool is_on(const struct tenant_evaluation *e, const struct group *of, const struct allotment *a)
{
    const struct rule_options *o = e->ctx->options;
    struct threshold t[RULE_COUNT_];
    enum ignore ignore = rules_for(o, e->ctx->tenant, a->sku_id, a->sku_part_number,
                                   o->scope == SCOPE_SKU ? NULL : a->id, t);
    return ignore == IGNORE_NOTHING && !t[RULE_INVENTORY].off && t[RULE_INVENTORY].info &&
           (!of->free || o->watch_free_skus);
}

static int report(struct tenant_evaluation *e, const struct groups *g, const struct group *of, size_t i,
                  const struct known_pool *past, enum cause change)
{
    const struct allotment *a = groups_allotment(g, of, i);
    const struct rule_options *o = e->ctx->options;
    int64_t value = !a->units_known ? NUMBER_UNKNOWN
                    : past          ? a->allotted - past->allotted
                                    : a->allotted;
    struct info *info = judging_info(e, KIND_INVENTORY, RULE_INVENTORY, value);
    if (!info)
        return -ENOMEM;
    struct alert_context *f = info->context;
    f->cause = change;
    f->reference = past ? past->allotted : NUMBER_UNKNOWN;
    f->allotted = a->units_known ? a->allotted : NUMBER_UNKNOWN;
    f->consumed = a->units_known ? a->consumed : NUMBER_UNKNOWN;
    int r = context_set_sku(f, o, a->sku_id, a->sku_part_number);
    if (r >= 0)
        r = text_copy(a->id, &f->allotment_id);
    if (r >= 0)
        r = pool_name(o, g, of, i, &f->allotment_name);
    return r < 0 ? r : capacity_add_subscriptions(f, a);
}

/* One pool stands for a new SKU; its other pools are new pools. */
static int judge_group(struct tenant_evaluation *e, struct groups *g, const struct group *of,
                       const struct presences *presences)
{
    int sku_known = 1;
    for (size_t i = 0; i < of->n && sku_known == 1; i++)
        if (!presences->past[g->order[of->first + i]])
            sku_known = groups_was_known(g, of);
    for (size_t i = 0; sku_known >= 0 && i < of->n; i++) {
        size_t at = g->order[of->first + i];
        enum cause change = change_of(e, presences, at, sku_known > 0);
        if (change == CAUSE_NONE || !is_on(e, of, groups_allotment(g, of, i)))
            continue;
        int r = report(e, g, of, i, presences->past[at], change);
        if (r < 0)
            return r;
        sku_known = 1;
    }
    return sku_known < 0 ? sku_known : 0;
}

int inventory_judge(struct tenant_evaluation *e, struct groups *g, const struct presences *presences)
{
    int r = 0;
    for (size_t i = 0; is_comparable(e) && r >= 0 && i < g->n; i++)
        r = judge_group(e, g, &g->group[i], presences);
    return r;
}
