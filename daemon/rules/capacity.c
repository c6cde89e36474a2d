/* SPDX-License-Identifier: MIT */
/* rules/capacity.c: evaluates usage, remaining, waiting, waiting_age and forecast of a pool, and
 * allotment_gone. */
#include "rules/internal.h"

enum { AT_WAITING_AGE, AT_WAITING, AT_USAGE, AT_REMAINING, AT_FORECAST };

/* consumed * 10000 >= bp * allotted, in 128 bits: sums over a SKU times shares up to 1000 % may
 * overflow 64 bits. */
static bool share_at_least(int64_t consumed, int64_t allotted, int64_t bp)
{
    __extension__ typedef __int128 wide;
    return (wide)consumed * 10000 >= (wide)bp * allotted;
}

/* The limit minus the margin, but at least 1, so that an unused pool clears even with a margin as
 * wide as the limit. */
static int64_t usage_limit(const struct limit *limit, int64_t margin_bp)
{
    return limit->value > margin_bp + 1 ? limit->value - margin_bp : 1;
}

int64_t usage_clears_below(const struct threshold *t)
{
    int64_t below = NUMBER_UNKNOWN;
    for (int l = LEVEL_CRITICAL; l > LEVEL_NONE && !t->off; l--) {
        int64_t limit = usage_limit(&t->limit[l], t->clear_margin_bp);
        if (t->limit[l].on && (below == NUMBER_UNKNOWN || limit < below))
            below = limit;
    }
    return below;
}

static enum level usage_level(const struct capacity *c, const struct threshold *t,
                              int64_t margin_bp)
{
    for (int l = LEVEL_CRITICAL; l > LEVEL_NONE; l--)
        if (t->limit[l].on &&
            share_at_least(c->consumed, c->allotted, usage_limit(&t->limit[l], margin_bp)))
            return (enum level)l;
    return LEVEL_NONE;
}

/* Hysteresis of remaining: a warning clears only when the margin of usage, rounded up to whole
 * units, is left beyond the limit. Without it, a licence that moves between users of a full small
 * pool would resolve and fire the alert each time. Critical has no margin: an excess ends when the
 * missing units are bought. */
static enum level remaining_kept(const struct capacity *c, const struct threshold t[static RULE_COUNT_],
                                 int64_t left)
{
    __extension__ typedef __int128 wide;
    wide margin = ((wide)c->allotted * t[RULE_USAGE].clear_margin_bp + 9999) / 10000;
    const struct limit *warning = &t[RULE_REMAINING].limit[LEVEL_WARNING];
    bool near = warning->on && c->consumed > 0 && left - margin <= warning->value;
    return near ? LEVEL_WARNING : LEVEL_NONE;
}

static int64_t share_bp(const struct capacity *c)
{
    int64_t scaled;
    if (__builtin_mul_overflow(c->consumed, (int64_t)10000, &scaled))
        return INT64_MAX / 10000; /* above any limit that can be configured */
    return scaled / c->allotted;
}

/* A pool with 0 allotted units. If units are consumed or members wait, it has the worst level that
 * is on. Its usage is undefined (division by 0); the value is 100 %, or the limit of that level if
 * it is higher, so that the value does not contradict the level. Otherwise neither rule applies. */
static void judge_empty_pool(const struct capacity *c, const struct threshold t[static RULE_COUNT_],
                             struct finding *usage, struct finding *remaining)
{
    if (c->consumed == 0 && c->waiting.section == SECTION_UNKNOWN)
        return;
    bool waits = c->waiting.section == SECTION_COMPLETE && c->waiting.count > 0;
    if (c->consumed == 0 && !waits) {
        finding_not_applicable(usage);
        finding_not_applicable(remaining);
        return;
    }
    enum level level = level_enabled(&t[RULE_USAGE], LEVEL_CRITICAL);
    int64_t limit = t[RULE_USAGE].limit[level].value;
    finding_set(usage, level > LEVEL_NONE && limit > 10000 ? limit : 10000, level, level);
    level = level_enabled(&t[RULE_REMAINING], LEVEL_CRITICAL);
    limit = t[RULE_REMAINING].limit[level].value;
    finding_set(remaining, level > LEVEL_NONE && limit < -c->consumed ? limit : -c->consumed, level,
                level);
}

bool usage_is_exempt(const struct threshold *usage, int64_t allotted)
{
    return allotted < usage->min_units;
}

static void judge_units(const struct capacity *c, const struct threshold t[static RULE_COUNT_],
                        struct finding *usage, struct finding *remaining)
{
    if (!c->units_known)
        return;
    if (c->allotted == 0) {
        judge_empty_pool(c, t, usage, remaining);
        return;
    }
    if (usage_is_exempt(&t[RULE_USAGE], c->allotted))
        finding_not_applicable(usage);
    enum level raise = usage_level(c, &t[RULE_USAGE], 0);
    enum level keep = usage_level(c, &t[RULE_USAGE], t[RULE_USAGE].clear_margin_bp);
    finding_set(usage, share_bp(c), raise, keep > raise ? keep : raise);
    int64_t left = c->allotted - c->consumed;
    raise = level_at_most(&t[RULE_REMAINING], left);
    keep = remaining_kept(c, t, left);
    finding_set(remaining, left, raise, keep > raise ? keep : raise);
}

static void judge_waiting(const struct capacity *c, const struct threshold t[static RULE_COUNT_],
                          usec_t now_at, struct finding *waiting, struct finding *age)
{
    const struct waiting *w = &c->waiting;
    waiting->not_offered = age->not_offered = w->section == SECTION_NOT_OFFERED;
    if (w->section != SECTION_COMPLETE)
        return;
    enum level level = level_at_least(&t[RULE_WAITING], w->count);
    finding_set(waiting, w->count, level, level);
    if (w->count > 0 && w->oldest_at == 0)
        return; /* members wait, but their times are unknown */
    /* 0 if nobody waits, and for times in the future, which come from a clock ahead of now_at. */
    int64_t seconds = 0;
    if (w->count > 0 && w->oldest_at < now_at)
        seconds = (int64_t)((now_at - w->oldest_at) / USEC_PER_SEC);
    level = w->count > 0 ? level_at_least(&t[RULE_WAITING_AGE], seconds) : LEVEL_NONE;
    finding_set(age, seconds, level, level);
}

/* A raised level is kept until the day is a quarter further away, and while the trend is there at all: its
 * bounds move a little each day. Too little history is unknown. */
void forecast_judge(const struct capacity *c, const struct threshold *t, struct finding *ret)
{
    finding_init(ret, RULE_FORECAST, t);
    if (!c->units_known || !c->trend || c->trend->state == TREND_UNKNOWN)
        return;
    const struct forecast f = trend_forecast(c->trend, c->allotted);
    int64_t days = f.likely == NUMBER_UNKNOWN ? FORECAST_DAYS_MAX : f.likely;
    bool ends = f.likely != NUMBER_UNKNOWN;
    enum level raise = ends && f.state == TREND_FIRM ? level_at_most(t, days) : LEVEL_NONE;
    enum level keep = ends ? level_at_most(t, days - days / 5) : LEVEL_NONE;
    finding_set(ret, days, raise, keep > raise ? keep : raise);
}

void capacity_judge(const struct capacity *c, const struct threshold t[static RULE_COUNT_],
                    usec_t now_at, struct finding ret[static CAPACITY_FINDINGS])
{
    finding_init(&ret[AT_WAITING_AGE], RULE_WAITING_AGE, &t[RULE_WAITING_AGE]);
    finding_init(&ret[AT_WAITING], RULE_WAITING, &t[RULE_WAITING]);
    finding_init(&ret[AT_USAGE], RULE_USAGE, &t[RULE_USAGE]);
    finding_init(&ret[AT_REMAINING], RULE_REMAINING, &t[RULE_REMAINING]);
    judge_units(c, t, &ret[AT_USAGE], &ret[AT_REMAINING]);
    judge_waiting(c, t, now_at, &ret[AT_WAITING], &ret[AT_WAITING_AGE]);
    forecast_judge(c, &t[RULE_FORECAST], &ret[AT_FORECAST]);
}

bool capacity_relaxed(const struct finding f[static CAPACITY_FINDINGS])
{
    return f[AT_USAGE].state != FINDING_UNKNOWN && f[AT_USAGE].keep == LEVEL_NONE &&
           f[AT_REMAINING].state != FINDING_UNKNOWN && f[AT_REMAINING].keep == LEVEL_NONE;
}

bool capacity_raised(const struct finding f[static CAPACITY_FINDINGS])
{
    return f[AT_USAGE].raise > LEVEL_NONE || f[AT_REMAINING].raise > LEVEL_NONE;
}

void gone_judge(const struct threshold t[static RULE_COUNT_], bool gone, int64_t last_consumed,
                struct finding *ret)
{
    finding_init(ret, RULE_ALLOTMENT_GONE, &t[RULE_ALLOTMENT_GONE]);
    /* No hold times: alerts.absence has passed already, and one list that has the pool proves its
     * return. */
    ret->hold_for = ret->keep_firing_for = 0;
    ret->min_samples = 1;
    for (int l = 0; l < LEVEL_COUNT_; l++)
        ret->threshold[l] = NUMBER_UNKNOWN;
    enum level level = !gone ? LEVEL_NONE : last_consumed > 0 ? LEVEL_CRITICAL : LEVEL_WARNING;
    finding_set(ret, last_consumed, level, level);
}
