/* SPDX-License-Identifier: MIT */
/* runtime/pool_past.c: the peak of use of a pool, from the days of its history. */
#include "runtime/pool_past.h"

#include "base/log.h"
#include "runtime/app.h"
#include "runtime/tenant.h"

bool pool_past_of(const struct history_point *day, size_t n, usec_t from_at, usec_t now_at, struct pool_past *ret)
{
    struct pool_past past = {.least_allotted = INT64_MAX};
    usec_t next = from_at;
    for (size_t i = 0; i < n; i++) {
        if (day[i].at != next)
            return false;
        int64_t used = day[i].max + (day[i].waiting != NUMBER_UNKNOWN ? day[i].waiting : 0);
        past.most_used = used > past.most_used ? used : past.most_used;
        past.least_allotted = day[i].allotted < past.least_allotted ? day[i].allotted : past.least_allotted;
        next += USEC_PER_DAY;
    }
    if (n == 0 || next + USEC_PER_DAY <= now_at)
        return false; /* only today's first sample may still be missing */
    *ret = past;
    return true;
}

bool tenant_pool_past(const void *tenant, const char *allotment_id, usec_t from_at, struct pool_past *ret)
{
    const struct tenant *t = tenant;
    struct failure why = {0};
    CLEANUP(free) struct history_point *day = NULL;
    size_t n = 0;
    from_at -= from_at % USEC_PER_DAY;
    if (!t->app->store)
        return false;
    int r = store_history(t->app->store, t->options->identity.tenant_id, allotment_id, from_at, USEC_INFINITY,
                          HISTORY_DAY, &day, &n, &why);
    if (r < 0)
        log_failure(LOG_WARNING, &why, t->options->identity.name, "unused units are not reported");
    return r >= 0 && pool_past_of(day, n, from_at, clock_now().at, ret);
}
