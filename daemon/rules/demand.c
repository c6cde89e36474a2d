/* SPDX-License-Identifier: MIT */
/* rules/demand.c: keeps the trend of the demand of a pool, or of the pools of a SKU. */
#include "rules/internal.h"

#define DAY_S (24 * 60 * 60)

/* Adds the days of another pool to those that all pools before it have. */
static size_t merge(struct trend_day *sum, size_t n, const struct trend_day *other, size_t n_other)
{
    size_t kept = 0, k = 0;
    for (size_t i = 0; i < n; i++) {
        while (k < n_other && other[k].day < sum[i].day)
            k++;
        int64_t demand;
        if (k < n_other && other[k].day == sum[i].day &&
            !__builtin_add_overflow(sum[i].demand, other[k].demand, &demand))
            sum[kept++] = (struct trend_day){sum[i].day, demand};
    }
    return kept;
}

void demand_follow(const struct tenant_evaluation *e, const char *const *allotment_id, size_t n,
                   struct known_pool *p)
{
    const struct judge_context *ctx = e->ctx;
    int64_t today = (int64_t)(e->snapshot->taken.at / USEC_PER_SEC) / DAY_S;
    struct trend_day sum[TREND_DAYS] = {{.day = 0}}, one[TREND_DAYS];
    size_t n_days = 0;
    if (!ctx->past_demand || p->trend.day == today)
        return;
    for (size_t i = 0; i < n; i++) {
        size_t n_one = ctx->past_demand(ctx->userdata, allotment_id[i], today, i ? one : sum);
        n_days = i ? merge(sum, n_days, one, n_one) : n_one;
    }
    trend_of(sum, n_days, today, &p->trend);
    if (n_days == 0) /* it may only not have been read: the next poll tries again */
        p->trend.day = 0;
}
