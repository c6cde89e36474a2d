/* SPDX-License-Identifier: MIT */
/* alerts/reminder_hour.c: lets the reminders of a date come at the hour of dates_at. */
#include "alerts/plan.h"

static bool keeps_to_an_hour(const struct plan *p, const struct alert *a)
{
    return p->ctx->calendar && a->context && rule_awaits_date(a->rule, a->context);
}

/* So much earlier than it is due, so that the reminder of a message some minutes after the hour, or of one
 * before the clock was put forward, does not wait for another day. */
#define EARLY (2 * USEC_PER_HOUR)

/* Half an interval stays between a message and the reminder after it. */
void plan_move_reminder(const struct plan *p, struct alert *a)
{
    usec_t now = p->ctx->now.at;
    if (a->reminder_at == 0 || a->reminder_at == USEC_INFINITY || !keeps_to_an_hour(p, a))
        return;
    const char *tenant_id = a->context->tenant_id ? a->context->tenant_id : "";
    const struct calendar dates = p->ctx->calendar(p->ctx->calendar_userdata, tenant_id);
    usec_t from = now + reminder_interval(a, p->ctx->options) / 2;
    if (a->reminder_at > from + EARLY)
        from = a->reminder_at - EARLY;
    a->reminder_at = calendar_next(&dates, from);
}

usec_t plan_longest_wait(const struct plan *p, const struct alert *a)
{
    usec_t interval = reminder_interval(a, p->ctx->options);
    return keeps_to_an_hour(p, a) && interval < USEC_INFINITY - USEC_PER_DAY ? interval + USEC_PER_DAY : interval;
}
