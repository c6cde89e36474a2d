/* SPDX-License-Identifier: MIT */
/* alerts/deferred.c: plans digests of deferred alerts when the hours of a route begin. */
#include "alerts/plan.h"

#include <string.h>

/* Receivers with a deferral of the present episode. `deferred`: rows of one alert. *ret_unnotified: the
 * episode has such a row, and no receiver has been notified of it. */
static receiver_set waiting(const struct plan *p, const struct alert *a,
                            const struct deferred *deferred, size_t n, bool *ret_unnotified)
{
    receiver_set set = 0;
    for (size_t i = 0; i < n; i++) {
        int at = receiver_index(p->ctx->routes, deferred[i].receiver);
        if (deferred[i].episode != a->episode)
            continue;
        *ret_unnotified = !deferred[i].notified; /* equal in all rows of an episode */
        if (at >= 0)
            set |= (receiver_set)1 << at;
    }
    return set;
}

static size_t count(receiver_set set)
{
    return (size_t)__builtin_popcountll(set);
}

/* After a reload or a level change the alert may match other receivers. Its old deferrals are then
 * dropped, and if no receiver was notified, the receivers that match now take their place. `first`:
 * only alerts for the first digest, or only the others. */
static int release(struct plan *p, const struct deferred *deferred, size_t n, bool first)
{
    const struct alert *a = registry_by_id(p->registry, deferred->alert_id);
    if (first != (a && p->ctx->first_digest == FIRST_DUE && alert_is_baseline(a)))
        return 0;
    struct deferral stay = {.episode = deferred->episode, .only = true};
    struct reach reach = {0};
    receiver_set before = 0, set = 0;
    bool unnotified = false;
    memcpy(stay.alert_id, deferred->alert_id, sizeof stay.alert_id);
    if (a && alert_state_is_up(a->state) && a->context) {
        reach = plan_reach(p, a, a->rule, a->level);
        stay.episode = a->episode;
        set = before = waiting(p, a, deferred, n, &unnotified);
        if (unnotified && !(set & (reach.now | reach.later)))
            set = reach.now | reach.later;
        bool early = p->ctx->first_digest == FIRST_WAITS && alert_is_baseline(a);
        if (early || a->silenced.at || alerts_silence(p->ctx, a))
            reach = (struct reach){.later = reach.now | reach.later};
        stay.to = set & reach.later;
    }
    /* Rows are unique in the store, so equal counts mean that nothing changes. */
    int r = stay.to == before && count(before) == n ? 0 : plan_defer(p, &stay);
    if (r < 0 || !(set & reach.now))
        return r;
    struct work *w;
    r = plan_take(p, a, &w);
    return r < 0 ? r : plan_line(p, w->after, set & reach.now, plan_is_old(p, a));
}

static int release_all(struct plan *p, const struct deferred *deferred, size_t n_deferred, bool first)
{
    int r = 0;
    for (size_t i = 0, n; r >= 0 && i < n_deferred; i += n) {
        n = 1;
        while (i + n < n_deferred && strcmp(deferred[i + n].alert_id, deferred[i].alert_id) == 0)
            n++;
        r = release(p, &deferred[i], n, first);
    }
    if (r >= 0)
        r = plan_digest(p, first ? "first_run" : "held");
    plan_clear_lines(p);
    return r;
}

int alerts_plan_deferred(const struct plan_context *ctx, const struct alert_registry *registry,
                         const struct deferred *deferred, size_t n_deferred, struct changes **ret,
                         struct failure *ret_failure)
{
    CLEANUP(plan_clear) struct plan p = {0};
    int r = plan_begin(&p, ctx, registry);
    if (r >= 0)
        r = release_all(&p, deferred, n_deferred, true);
    if (r >= 0)
        r = release_all(&p, deferred, n_deferred, false);
    return plan_finish(&p, r, ret, ret_failure);
}
