/* SPDX-License-Identifier: MIT */
/* rules/unused.c: reports paid units that nobody used for `idle`, so that fewer are renewed at the next date
 * of their subscription.
 *
 * A number too high would take units away that are needed, so what is unknown reports nothing: a pool without
 * a history of all that time, unknown waiting members, or other subscriptions whose units may go away. */
#include "base/text.h"
#include "rules/internal.h"
#include <errno.h>
#include <string.h>

/* The pool of the subscription with the fewest unused units. */
struct idle_pool {
    const struct backing *backing;
    int64_t units, most_used;
};

static bool is_shared(const struct allotment *a, const struct subscription *s)
{
    return a->n_subscriptions > 1 && s->licenses > 0;
}

/* The units of a pool are not assigned to its subscriptions, so only the one whose date comes first is
 * examined: two of them must not both be cut by the same units. */
static bool comes_first(const struct allotment *a, const struct subscription *s)
{
    for (size_t i = 0; i < a->n_subscriptions; i++) {
        const struct subscription *other = &a->subscriptions[i];
        if (other->state == SUBSCRIPTION_UNKNOWN || other->state == SUBSCRIPTION_WARNING ||
            (other->state == SUBSCRIPTION_ACTIVE && other->trial))
            return false;
        if (other->state != SUBSCRIPTION_ACTIVE || other->next_lifecycle_date == DATE_UNKNOWN)
            continue;
        int32_t later = other->next_lifecycle_date - s->next_lifecycle_date;
        if (later < 0 || (later == 0 && strcmp(other->id, s->id) < 0))
            return false;
    }
    return true;
}

/* 0: none, or it is unknown. */
static int64_t unused_units(const struct tenant_evaluation *e, const struct allotment *a,
                            const struct subscription *s, usec_t from_at, int64_t *ret_most)
{
    struct pool_past past;
    if (!a->units_known || !a->subscriptions_known || a->waiting.section == SECTION_UNKNOWN ||
        !comes_first(a, s) || !e->ctx->pool_past(e->ctx->userdata, a->id, from_at, &past))
        return 0;
    int64_t now = a->consumed + (a->waiting.section == SECTION_COMPLETE ? a->waiting.count : 0);
    int64_t least = past.least_allotted < a->allotted ? past.least_allotted : a->allotted;
    *ret_most = past.most_used > now ? past.most_used : now;
    int64_t unused = least > *ret_most ? least - *ret_most : 0;
    return is_shared(a, s) && unused > s->licenses ? s->licenses : unused;
}

static bool limits_of(const struct tenant_evaluation *e, const struct groups *g, const struct allotment *a,
                      struct threshold *ret)
{
    const struct rule_options *o = e->ctx->options;
    const struct group *of = groups_find(g, allotment_key(a));
    struct threshold t[RULE_COUNT_];
    enum ignore ignore = rules_for(o, e->ctx->tenant, a->sku_id, a->sku_part_number,
                                   o->scope == SCOPE_SKU ? NULL : a->id, t);
    *ret = t[RULE_UNUSED];
    return of && !of->free && ignore == IGNORE_NOTHING && !ret->off && ret->info;
}

static int report(struct tenant_evaluation *e, const struct groups *g, const struct idle_pool *pool,
                  usec_t from_at)
{
    const struct subscription *s = pool->backing->s;
    const struct allotment *a = &g->snapshot->allotment[pool->backing->at];
    const struct group *of = groups_find(g, allotment_key(a));
    struct info *info = judging_info(e, KIND_UNUSED, RULE_UNUSED, pool->units);
    if (!info)
        return -ENOMEM;
    struct alert_context *f = info->context;
    f->allotted = is_shared(a, s) ? s->licenses : a->allotted;
    f->consumed = is_shared(a, s) ? NUMBER_UNKNOWN : a->consumed;
    f->reference = pool->most_used;
    f->unused_since_at = from_at;
    int r = context_set_sku(f, e->ctx->options, a->sku_id, a->sku_part_number);
    if (r >= 0)
        r = text_copy(a->id, &f->allotment_id);
    for (size_t i = 0; r >= 0 && i < of->n; i++)
        if (groups_allotment(g, of, i) == a)
            r = pool_name(e->ctx->options, g, of, i, &f->allotment_name);
    return r < 0 ? r : context_add_subscription(f, s);
}

int unused_judge(struct tenant_evaluation *e, const struct groups *g, const struct backing *backing, size_t n,
                 int32_t date, struct known_subscription *k)
{
    struct threshold first, t;
    usec_t now = judging_now(e);
    /* Once a day: it reads the history of the pool. */
    if (!e->ctx->pool_past || e->waits || date == DATE_UNKNOWN || date <= e->today || k->unused_told == date ||
        k->unused_day == e->today || !limits_of(e, g, &g->snapshot->allotment[backing[0].at], &first))
        return 0;
    if ((usec_t)(date - e->today) * USEC_PER_DAY > first.before || now < first.idle)
        return 0;
    k->unused_day = e->today;
    struct idle_pool least = {.units = INT64_MAX};
    for (size_t i = 0; i < n && least.units > 0; i++) {
        const struct allotment *a = &g->snapshot->allotment[backing[i].at];
        int64_t most = 0;
        int64_t units = limits_of(e, g, a, &t) ? unused_units(e, a, backing[i].s, now - first.idle, &most) : 0;
        if (units < least.units)
            least = (struct idle_pool){&backing[i], units, most};
    }
    if (least.units == 0)
        return 0;
    k->unused_told = date;
    return report(e, g, &least, now - first.idle);
}
