/* SPDX-License-Identifier: MIT */
/* alerts/silenced.c: follows whether alerts are silenced, and what they were when that began. */
#include "alerts/plan.h"

const struct silence *alerts_silence(const struct plan_context *ctx, const struct alert *a)
{
    return alert_state_is_up(a->state)
               ? silences_first(silences_find(&ctx->silences, a, &ctx->now),
                                silences_find(&ctx->maintenance, a, &ctx->now), &ctx->now)
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

const struct silence *plan_acknowledgement(const struct plan *p, const struct alert *a)
{
    const struct silences *all = &p->ctx->silences;
    if (p->acknowledgement)
        return p->acknowledgement;
    for (size_t i = 0; i < all->n; i++)
        if (silence_acknowledges(&all->silence[i], a, &p->ctx->now) && !silence_is_over(&all->silence[i], &p->ctx->now))
            return &all->silence[i];
    return NULL;
}

void plan_silence(struct plan *p, const struct alert *before, struct alert *a, const struct silence *by)
{
    bool renewed = silence_begin_at(by, &p->ctx->now) > a->silenced.at;
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
    if (by && !by->hold && alert_is_worse(a, s)) {
        a->silenced.at = 0;
        a->silenced.broken_at = p->ctx->now.at;
    }
    return a->silenced.at != 0;
}
