/* SPDX-License-Identifier: MIT */
/* rules/dates.c: computes on which day of a tenant a moment lies. */
#include "rules/dates.h"
#include "model/subscription.h"

#define DAY_SECONDS INT64_C(86400)

static int64_t offset_at(const struct calendar *c, int64_t seconds)
{
    usec_t at = seconds > 0 ? (usec_t)seconds * USEC_PER_SEC : 0;
    return c->utc_offset ? c->utc_offset(c->userdata, at) : c->offset;
}

/* In seconds since 1970. The offsets a day before and after are those before and after a change of the
 * clock, if there is one: changes are weeks apart. */
static int64_t begin_of(const struct calendar *c, int64_t day)
{
    int64_t local = day * DAY_SECONDS + (int64_t)(c->begins / USEC_PER_SEC);
    int64_t before = offset_at(c, local - DAY_SECONDS), after = offset_at(c, local + DAY_SECONDS);
    int64_t first = local - before, second = local - after;
    bool changed = offset_at(c, first) != before;
    return changed && offset_at(c, second) == after ? second : first;
}

static int64_t day_at(const struct calendar *c, int64_t now)
{
    int64_t local = now + offset_at(c, now);
    int64_t day = local / DAY_SECONDS - (local % DAY_SECONDS < 0) + 1; /* clocks put back at midnight */
    while (begin_of(c, day) > now)
        day--;
    return day;
}

int64_t calendar_day(const struct calendar *c, usec_t at)
{
    return day_at(c, (int64_t)(at / USEC_PER_SEC));
}

bool calendar_waits(const struct calendar *c, usec_t at)
{
    int64_t now = (int64_t)(at / USEC_PER_SEC);
    struct calendar dates = *c;
    dates.begins = 0;
    int64_t date = day_at(&dates, now);
    return date > day_at(c, now) && now - begin_of(&dates, date) < DAY_SECONDS;
}

usec_t calendar_next(const struct calendar *c, usec_t at)
{
    int64_t now = (int64_t)((at + USEC_PER_SEC - 1) / USEC_PER_SEC), day = day_at(c, now);
    int64_t begin = begin_of(c, day);
    return (usec_t)(begin == now ? begin : begin_of(c, day + 1)) * USEC_PER_SEC;
}

bool rule_awaits_date(enum rule rule, const struct alert_context *f)
{
    enum subscription_state state = SUBSCRIPTION_UNKNOWN;
    switch (rule_row(rule)->date) {
    case DATE_NONE:
        break;
    case DATE_OF_SUBSCRIPTION:
        if (f->n_subscriptions > 0)
            state = subscription_state_parse(f->subscription[0].state);
        return state == SUBSCRIPTION_ACTIVE || state == SUBSCRIPTION_WARNING;
    case DATE_WITHOUT_CAUSE:
        return f->cause == CAUSE_NONE;
    }
    return false;
}
