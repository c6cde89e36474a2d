/* SPDX-License-Identifier: MIT */
/* alerts/remind.c: plans reminders, and ends alerts that a reload removed. */
#include "alerts/plan.h"

#include "base/clock.h"

/* A due time more than one interval ahead, or before this program existed, was set by a wrong clock.
 * After a boot without a battery-backed clock all alerts would be overdue at once. */
static bool planned_by_wrong_clock(usec_t reminder_at, usec_t now, usec_t interval)
{
    return reminder_at > now ? reminder_at - now > interval
                             : !clock_is_set(reminder_at) && clock_is_set(now);
}

/* Sends one reminder, however many were missed, and schedules the next from now. Recovering alerts
 * get none. */
static int remind(struct plan *p, struct alert *a)
{
    const struct alert_options *o = p->ctx->options;
    usec_t now = p->ctx->now.at, interval = reminder_interval(a, o);
    if (interval == 0) {
        a->reminder_at = 0;
        return 0;
    }
    if (planned_by_wrong_clock(a->reminder_at, now, plan_longest_wait(p, a))) {
        a->reminder_at = now + interval;
        return 0;
    }
    if (a->reminder_at > now)
        return 0;
    if (a->state != ALERT_FIRING || !a->context || a->silenced.at || alerts_silence(p->ctx, a))
        return 0;
    int r = plan_notify(p, a, EVENT_REMINDER, NULL, NULL);
    if (r < 0)
        return r;
    a->reminders++;
    a->reminder_at = now + reminder_interval(a, o);
    return 0;
}

static bool needs_look(const struct plan *p, const struct alert *a)
{
    if (a->reminder_at == 0 || a->notified == LEVEL_NONE)
        return plan_moves_times(p, a);
    usec_t now = p->ctx->now.at;
    return p->jump || a->reminder_at <= now ||
           a->reminder_at - now > plan_longest_wait(p, a);
}

int alerts_plan_reminders(const struct plan_context *ctx, const struct alert_registry *registry,
                          struct changes **ret, struct failure *ret_failure)
{
    CLEANUP(plan_clear) struct plan p = {0};
    const struct alert *a;
    size_t cursor = 0;
    int r = plan_begin(&p, ctx, registry);
    while (r >= 0 && (a = registry_next(registry, &cursor))) {
        struct work *w;
        if (!needs_look(&p, a))
            continue;
        r = plan_take(&p, a, &w);
        if (r >= 0 && w->after->reminder_at && w->after->notified > LEVEL_NONE)
            r = remind(&p, w->after);
    }
    return plan_finish(&p, r, ret, ret_failure);
}

int alerts_plan_removed(const struct plan_context *ctx, const struct alert_registry *registry,
                        bool (*keep)(const struct alert *a, void *userdata), void *userdata,
                        struct changes **ret, struct failure *ret_failure)
{
    CLEANUP(plan_clear) struct plan p = {0};
    const struct alert *a;
    size_t cursor = 0;
    int r = plan_begin(&p, ctx, registry);
    while (r >= 0 && (a = registry_next(registry, &cursor))) {
        struct work *w;
        bool stays = keep(a, userdata);
        if (stays && !plan_moves_times(&p, a))
            continue;
        r = plan_take(&p, a, &w);
        if (r < 0 || stays)
            continue;
        w->gone = true;
        if (a->notified > LEVEL_NONE && a->context)
            r = plan_notify(&p, w->after, EVENT_RESOLVED, NULL, "rule_removed");
    }
    return plan_finish(&p, r, ret, ret_failure);
}
