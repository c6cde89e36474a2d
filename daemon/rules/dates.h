/* SPDX-License-Identifier: MIT */
/* rules/dates.h: the days of a tenant, for rules about dates. Pure.
 *
 * A day begins at `begins` (dates_at) of the tenant's time zone, and has the number of the local date since
 * 1970. Where daylight saving shows that time twice, the first one counts; where it skips it, the day begins
 * as much later as the clock was put forward. So days neither end early nor begin twice. */
#pragma once
#include "rules/context.h"

struct calendar {
    usec_t begins; /* of a day, after local midnight; less than a day */
    int32_t (*utc_offset)(const void *userdata, usec_t at); /* seconds east of UTC; NULL: always `offset` */
    const void *userdata;
    int32_t offset;
};
/* The number of the day that has begun last; negative before 1970. Never decreases with `at`. */
int64_t calendar_day(const struct calendar *c, usec_t at);
/* The local date is a new one, but its day has not begun: what a date causes is not notified yet. At most
 * 24 hours. */
bool calendar_waits(const struct calendar *c, usec_t at);
/* The begin of the first day that begins at or after `at`. */
usec_t calendar_next(const struct calendar *c, usec_t at);

/* Whether an alert of this rule with this context is about a date that is near, and not about something
 * that has happened, such as a suspended subscription or an expired credential. */
bool rule_awaits_date(enum rule rule, const struct alert_context *f);
