/* SPDX-License-Identifier: MIT */
/* rules/subscriptions.c: evaluates the state and the next date of subscriptions: one observation
 * for each, with the pools that it backs.
 *
 * A raised level clears only when the subscription is active again. Subscriptions that were unused
 * and not in force when first seen are ignored: most tenants list such leftovers for years. */
#include "base/text.h"
#include "rules/internal.h"
#include <errno.h>
#include <string.h>

#define POOLS_NAMED_MAX 8

/* What the pools say about one subscription id. */
struct subscription_case {
    const char *id;
    const struct subscription *first;
    enum subscription_state state; /* the worst; UNKNOWN if a pool has an unknown one */
    int32_t next_date;             /* the earliest; DATE_UNKNOWN */
    const struct backing *backing;
    size_t n;
    bool used;                  /* one of its pools has consumed units */
    bool use_known;             /* the units of all its pools are known */
    bool use_unclear;           /* the units may belong to another subscription of unknown state */
    int64_t allotted, consumed; /* of all its pools; NUMBER_UNKNOWN */
};

static int compare_backings(const void *a, const void *b)
{
    const struct backing *x = a, *y = b;
    int r = strcmp(x->s->id, y->s->id);
    return r ? r : (x->at > y->at) - (x->at < y->at);
}

/* A pool of the subscribedSkus fallback has all subscriptions ever ordered for the SKU; its
 * consumed units belong to those in force. */
static void add_use(const struct snapshot *s, const struct allotment *a,
                    struct subscription_case *v)
{
    bool in_force = false, unknown = false;
    if (!a->units_known || a->consumed == 0)
        return;
    for (size_t i = 0; i < a->n_subscriptions && s->source == SOURCE_SUBSCRIBED_SKUS; i++) {
        enum subscription_state state = a->subscriptions[i].state;
        in_force |= state == SUBSCRIPTION_ACTIVE || state == SUBSCRIPTION_WARNING;
        unknown |= state == SUBSCRIPTION_UNKNOWN;
    }
    v->used |= !in_force && !unknown;
    v->use_unclear |= !in_force && unknown;
}

static struct subscription_case case_of(const struct snapshot *s, const struct backing *b, size_t n)
{
    struct subscription_case v = {.id = b->s->id,
                                  .first = b->s,
                                  .state = b->s->state,
                                  .next_date = DATE_UNKNOWN,
                                  .backing = b,
                                  .n = n,
                                  .use_known = true};
    for (size_t i = 0; i < n; i++) {
        const struct allotment *a = &s->allotment[b[i].at];
        enum subscription_state state = b[i].s->state;
        if (state == SUBSCRIPTION_UNKNOWN || v.state == SUBSCRIPTION_UNKNOWN)
            v.state = SUBSCRIPTION_UNKNOWN;
        else if (state > v.state)
            v.state = state;
        int32_t date = b[i].s->next_lifecycle_date;
        if (date != DATE_UNKNOWN && (v.next_date == DATE_UNKNOWN || date < v.next_date))
            v.next_date = date;
        if (!a->units_known || __builtin_add_overflow(v.allotted, a->allotted, &v.allotted) ||
            __builtin_add_overflow(v.consumed, a->consumed, &v.consumed))
            v.use_known = false;
        add_use(s, a, &v);
    }
    if (!v.use_known)
        v.allotted = v.consumed = NUMBER_UNKNOWN;
    return v;
}

static bool has_ended(enum subscription_state state)
{
    return state >= SUBSCRIPTION_SUSPENDED;
}

/* Whether its end raises an alert: it was in force while monitored, or is used. */
static bool is_watched(const struct subscription_case *v, const struct known_subscription *past)
{
    return (past && past->seen_active) || v->state == SUBSCRIPTION_ACTIVE ||
           v->state == SUBSCRIPTION_WARNING || (has_ended(v->state) && v->used);
}

/* A subscription whose date moves forward while it is active renews by itself; one that enters the
 * grace period (warning) does not. */
static bool renews(const struct subscription_case *v, const struct known_subscription *past)
{
    bool moved = past && past->state == SUBSCRIPTION_ACTIVE && v->state == SUBSCRIPTION_ACTIVE &&
                 past->next_lifecycle_date != DATE_UNKNOWN && v->next_date > past->next_lifecycle_date;
    return moved || (past && past->renews && v->state <= SUBSCRIPTION_ACTIVE);
}

/* A past date of an active subscription is only a warning: Microsoft often updates the date days
 * after the renewal. */
static enum level manual_level(const struct threshold *t, int64_t days)
{
    return days < 0 ? level_enabled(t, LEVEL_WARNING) : level_at_most(t, days);
}

/* `days`: to the next date, negative once it has passed; the value is 0 then. */
static void judge_state(const struct subscription_case *v, const struct known_subscription *past,
                        const struct threshold *t, int64_t days, struct finding *f)
{
    enum level level = LEVEL_NONE;
    bool by_hand = t->manual_renewal && !renews(v, past);
    int64_t left = days == NUMBER_UNKNOWN || days > 0 ? days : 0;
    switch (v->state) {
    case SUBSCRIPTION_UNKNOWN:
        return;
    case SUBSCRIPTION_ACTIVE:
        if (by_hand && days == NUMBER_UNKNOWN)
            return;
        if (by_hand)
            level = manual_level(t, days);
        finding_set(f, left, level, level);
        return;
    case SUBSCRIPTION_WARNING: {
        const struct limit *critical = &t->limit[LEVEL_CRITICAL];
        bool near = critical->on && days != NUMBER_UNKNOWN && days <= critical->value;
        level = level_enabled(t, near ? LEVEL_CRITICAL : LEVEL_WARNING);
        break;
    }
    case SUBSCRIPTION_SUSPENDED:
    case SUBSCRIPTION_LOCKED_OUT:
    case SUBSCRIPTION_DELETED:
        if (!is_watched(v, past) && v->use_known && !v->use_unclear)
            finding_not_applicable(f);
        if (!is_watched(v, past))
            return; /* unknown: it may be in use */
        level = level_enabled(t, LEVEL_CRITICAL);
        break;
    }
    finding_set(f, left, level, LEVEL_CRITICAL);
}

/* The pools it backs: "Microsoft 365 E5 (pool 2 of 3), Visio Plan 2". */
static int name_pools(const struct tenant_evaluation *e, const struct groups *g,
                      const struct subscription_case *v, char **ret)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(4096);
    for (size_t i = 0; i < v->n && i < POOLS_NAMED_MAX; i++) {
        const struct allotment *a = &g->snapshot->allotment[v->backing[i].at];
        const char *key = a->sku_id ? a->sku_id : a->sku_part_number;
        const struct group *group = groups_find(g, key);
        const char *name = pool_configured_name(e->ctx->options, a->id);
        if (!name && group)
            name = group->name ? group->name : group->part_number;
        text_addf(&t, "%s%.200s", i ? ", " : "", name ? name : key ? key : a->id);
    }
    if (v->n > POOLS_NAMED_MAX)
        text_addf(&t, " and %zu more", v->n - POOLS_NAMED_MAX);
    *ret = text_take(&t);
    return *ret ? 0 : -ENOMEM;
}

static int fill_context(const struct tenant_evaluation *e, const struct groups *g,
                        const struct subscription_case *v, struct alert_context *f)
{
    const struct allotment *a = &g->snapshot->allotment[v->backing[0].at];
    struct subscription shown = *v->first;
    shown.next_lifecycle_date = v->next_date;
    bool shared = v->n == 1 && a->n_subscriptions > 1;
    bool own = shared && v->first->licenses > 0; /* the units in use per subscription are unknown */
    f->allotted = own ? v->first->licenses : v->allotted;
    f->consumed = own ? NUMBER_UNKNOWN : v->consumed;
    int r = context_add_subscription(f, &shown);
    if (r >= 0)
        r = context_set_sku(f, e->ctx->options, a->sku_id, a->sku_part_number);
    if (r >= 0)
        r = name_pools(e, g, v, &f->allotment_name);
    if (r >= 0 && v->n == 1)
        r = text_copy(a->id, &f->allotment_id);
    return r;
}

static int judge_present(struct tenant_evaluation *e, const struct groups *g,
                         const struct subscription_case *v, const struct known_subscription *past)
{
    const struct allotment *a = &g->snapshot->allotment[v->backing[0].at];
    struct threshold t[RULE_COUNT_];
    enum ignore ignore = rules_for(e->ctx->options, e->ctx->tenant, a->sku_id, a->sku_part_number,
                                   v->n == 1 ? a->id : NULL, t);
    /* The subscription is ignored, or silent, if all of its pools are. */
    bool ignored = true, silent = true;
    for (size_t i = 0; i < v->n; i++) {
        ignored &= g->ignored[v->backing[i].at];
        silent &= g->silent[v->backing[i].at] || g->ignored[v->backing[i].at];
    }
    if (ignored)
        return 0;
    struct observation *s = judging_observation(e, KIND_SUBSCRIPTION, strdup(v->id));
    if (!s)
        return -ENOMEM;
    s->silent =
        silent || ignore == IGNORE_ALERTS || (v->first->trial && !e->ctx->options->watch_free_skus);
    s->n_findings = 1;
    finding_init(&s->finding[0], RULE_SUBSCRIPTION, &t[RULE_SUBSCRIPTION]);
    int64_t days = v->next_date == DATE_UNKNOWN ? NUMBER_UNKNOWN : v->next_date - e->today;
    judge_state(v, past, &t[RULE_SUBSCRIPTION], days, &s->finding[0]);
    s->finding[0].waits = e->waits && !has_ended(v->state);
    return fill_context(e, g, v, s->context);
}

/* No pool lists the subscription, or the list is unknown: its alert stays as it is. Silent, because
 * an unknown finding must not notify. */
static int judge_absent(struct tenant_evaluation *e, const struct known_subscription *past)
{
    struct threshold t[RULE_COUNT_];
    (void)rules_for(e->ctx->options, e->ctx->tenant, NULL, NULL, NULL, t);
    struct observation *s = judging_observation(e, KIND_SUBSCRIPTION, strdup(past->id));
    if (!s)
        return -ENOMEM;
    s->silent = true;
    s->n_findings = 1;
    finding_init(&s->finding[0], RULE_SUBSCRIPTION, &t[RULE_SUBSCRIPTION]);
    const struct subscription shown = {.id = past->id,
                                       .start_date = DATE_UNKNOWN,
                                       .next_lifecycle_date = past->next_lifecycle_date};
    return context_add_subscription(s->context, &shown);
}

static int remember(struct tenant_evaluation *e, const char *id, const struct known_subscription *k)
{
    struct known_subscription *dst = &e->after->subscription[e->after->n_subscriptions];
    *dst = *k;
    dst->id = strdup(id);
    if (!dst->id)
        return -ENOMEM;
    e->after->n_subscriptions++;
    return 0;
}

static int add_present(struct tenant_evaluation *e, const struct groups *g,
                        const struct subscription_case *v, const struct known_subscription *past)
{
    int r = judge_present(e, g, v, past);
    struct known_subscription k = {
        .state = v->state, .seen_active = is_watched(v, past), .renews = renews(v, past),
        .next_lifecycle_date = v->next_date,
        .unused_told = past ? past->unused_told : 0,
        .unused_day = past ? past->unused_day : 0};
    if (r >= 0 && v->state == SUBSCRIPTION_ACTIVE && !v->first->trial)
        r = unused_judge(e, g, v->backing, v->n, v->next_date, &k);
    return r < 0 ? r : remember(e, v->id, &k);
}

/* `list_whole`: the subscriptions of every pool are known, so this one is absent. */
static int add_absent(struct tenant_evaluation *e, const struct known_subscription *past, bool list_whole)
{
    const struct instant *now = &e->snapshot->taken;
    struct known_subscription k = *past;
    if (list_whole && k.absent_since.boot == 0)
        k.absent_since = *now;
    if (list_whole && instant_since(&k.absent_since, now) >= MEMORY_RETENTION)
        return 0;
    int r = judge_absent(e, past);
    return r < 0 ? r : remember(e, past->id, &k);
}

static size_t collect(const struct tenant_evaluation *e, struct backing *ret)
{
    const struct snapshot *s = e->snapshot;
    size_t n = 0;
    for (size_t i = 0; e->list_known && i < s->n_allotments; i++)
        for (size_t k = 0; k < s->allotment[i].n_subscriptions; k++) {
            if (ret)
                ret[n] = (struct backing){.s = &s->allotment[i].subscriptions[k], .at = i};
            n++;
        }
    return n;
}

int subscriptions_judge(struct tenant_evaluation *e, const struct groups *g)
{
    const struct tenant_memory *m = e->before;
    size_t n = collect(e, NULL), i = 0, k = 0;
    bool list_whole = e->list_known && !e->after->emptied;
    for (size_t a = 0; list_whole && a < e->snapshot->n_allotments; a++)
        list_whole = e->snapshot->allotment[a].subscriptions_known;
    if (n + m->n_subscriptions == 0)
        return 0;
    CLEANUP(free) struct backing *b = calloc(n + 1, sizeof *b);
    e->after->subscription = calloc(n + m->n_subscriptions, sizeof *e->after->subscription);
    if (!b || !e->after->subscription)
        return -ENOMEM;
    (void)collect(e, b);
    qsort(b, n, sizeof *b, compare_backings);
    while (i < n || k < m->n_subscriptions) {
        int order = i == n                    ? 1
                    : k == m->n_subscriptions ? -1
                                              : strcmp(b[i].s->id, m->subscription[k].id);
        int r;
        if (order <= 0) {
            size_t run = 1;
            while (i + run < n && strcmp(b[i].s->id, b[i + run].s->id) == 0)
                run++;
            const struct subscription_case v = case_of(e->snapshot, &b[i], run);
            r = add_present(e, g, &v, order == 0 ? &m->subscription[k] : NULL);
            i += run;
        } else {
            r = add_absent(e, &m->subscription[k], list_whole);
        }
        k += order >= 0;
        if (r < 0)
            return r;
    }
    return 0;
}
