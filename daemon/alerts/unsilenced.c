/* SPDX-License-Identifier: MIT */
/* alerts/unsilenced.c: plans what is due when alerts are no longer silenced, and acknowledgements. */
#include "alerts/plan.h"

#define SINGLES_MAX 3 /* so many alerts are notified one by one; more of them share digests */

static bool is_unsilenced(const struct plan *p, const struct alert *a)
{
    return a->silenced.at && a->state != ALERT_RECOVERING && !alerts_silence(p->ctx, a);
}

static int take_unsilenced(struct plan *p)
{
    const struct alert *a;
    struct work *unused;
    size_t cursor = 0;
    int r = 0;
    while (r >= 0 && (a = registry_next(p->registry, &cursor)))
        if (is_unsilenced(p, a))
            r = plan_take(p, a, &unused);
    return r;
}

static int add_line(struct plan *p, struct alert *a)
{
    struct reach reach = plan_reach(p, a, a->rule, a->level);
    int r = plan_defer_alert(p, a, reach.later);
    if (r >= 0)
        r = plan_line(p, a, reach.now, plan_is_old(p, a));
    if (r >= 0)
        alert_record_notification(a, EVENT_FIRING, p->ctx->options, p->ctx->now.at);
    return r;
}

int alerts_plan_unsilenced(const struct plan_context *ctx, const struct alert_registry *registry,
                           struct changes **ret, struct failure *ret_failure)
{
    static const char REASON[] = "unsilenced";
    CLEANUP(plan_clear) struct plan p = {0};
    size_t n = 0;
    int r = plan_begin(&p, ctx, registry);
    if (r >= 0)
        r = take_unsilenced(&p);
    for (size_t i = 0; i < p.n_work; i++)
        n += alert_unsilenced_event(p.work[i].after) != NO_EVENT;
    for (size_t i = 0; r >= 0 && i < p.n_work; i++) {
        struct alert *a = p.work[i].after;
        int type = alert_unsilenced_event(a);
        a->silenced.at = 0;
        if (type == EVENT_DEESCALATED || (type != NO_EVENT && n <= SINGLES_MAX))
            r = plan_notify(&p, a, (enum event_type)type, NULL, REASON);
        else if (type != NO_EVENT)
            r = add_line(&p, a);
    }
    if (r >= 0)
        r = plan_digest(&p, REASON);
    return plan_finish(&p, r, ret, ret_failure);
}

int alerts_plan_acknowledged(const struct plan_context *ctx, const struct alert_registry *registry,
                             const struct alert *a, const struct silence *by, struct changes **ret,
                             struct failure *ret_failure)
{
    CLEANUP(plan_clear) struct plan p = {0};
    struct work *w;
    int r = plan_begin(&p, ctx, registry);
    if (r >= 0)
        r = plan_take(&p, a, &w);
    if (r >= 0) {
        p.acknowledgement = by;
        plan_silence(&p, a, w->after, by);
        r = plan_notify_set(&p, w->after, EVENT_ACKNOWLEDGED, 0, NULL);
    }
    return plan_finish(&p, r, ret, ret_failure);
}
