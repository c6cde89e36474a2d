/* SPDX-License-Identifier: MIT */
/* alerts/silenced.c: follows whether alerts are silenced, and plans what is due when they no longer are. */
#include "alerts/plan.h"

#include "alerts/silence.h"

#define SINGLES_MAX 3 /* so many alerts are notified one by one; more of them share digests */

const struct silence *alerts_silence(const struct plan_context *ctx, const struct alert *a)
{
    return alert_state_is_up(a->state)
               ? silences_first(silences_find(&ctx->silences, a, &ctx->now),
                                silences_find(&ctx->maintenance, a, &ctx->now))
               : NULL;
}

static struct silenced state_of(const struct alert *a, usec_t now_at)
{
    return (struct silenced){
        .at = now_at,
        .broken_at = a->silenced.broken_at,
        .level = a->level,
        .rule = a->rule,
        .value = a->value,
        .waiting = a->context->waiting > 0 && !alert_rule_pending(a, RULE_WAITING) ? a->context->waiting : 0,
    };
}

void plan_silence(struct plan *p, const struct alert *before, struct alert *a, const struct silence *by)
{
    bool renewed = by->start_at > a->silenced.at;
    if (a->silenced.at && !renewed)
        return;
    /* The silence may have begun before this evaluation, so the alert is compared with its state then. */
    a->silenced = state_of(before && alert_state_is_up(before->state) && before->context ? before : a,
                           p->ctx->now.at);
}

bool plan_follow_silence(struct plan *p, const struct alert *before, struct alert *a,
                         const struct observation *s, bool muted)
{
    const struct silence *by = alerts_silence(p->ctx, a);
    if (muted) { /* the end of the silence changes nothing */
        a->silenced.at = 0;
        return by;
    }
    if (by)
        plan_silence(p, before, a, by);
    if (a->silenced.at && !(by && by->hold) && alert_is_worse(a, s)) {
        a->silenced.at = 0;
        a->silenced.broken_at = p->ctx->now.at;
    }
    return a->silenced.at != 0;
}

/* ---- afterwards ---- */

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
    if (r >= 0)
        plan_silence(&p, a, w->after, by);
    return plan_finish(&p, r, ret, ret_failure);
}
