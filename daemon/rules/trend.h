/* SPDX-License-Identifier: MIT */
/* rules/trend.h: when does a pool run out, if demand goes on as in the last weeks?
 *
 * Pure. Demand is consumed units plus waiting members: a full pool cannot consume more, but more wait. A day
 * counts with its highest demand.
 *
 * The slope is that of Theil and Sen, the median of the slopes of pairs of days: a quarter of the days may be
 * wrong without effect. Only days that are whole weeks apart are compared, so that a weekly cycle cancels.
 *
 * The window is eight weeks: long enough to tell a slope of half a percent a day from noise of five percent
 * (test_trend.c), short enough to follow a new trend within a month; and it bounds the pairs to 196. */
#pragma once
#include "rules/context.h"

#define TREND_DAYS 56

struct trend_day {
    int64_t day;    /* since 1970 */
    int64_t demand; /* units */
};
enum trend_state {
    TREND_UNKNOWN, /* too little history */
    TREND_NONE,    /* demand does not rise */
    TREND_WEAK,    /* it rises, but too little, too irregularly or in one step: proves nothing */
    TREND_FIRM,
};
enum trend_bound { TREND_LOW, TREND_LIKELY, TREND_HIGH, TREND_BOUNDS };
struct trend {
    int64_t day; /* that it was computed on, from the days before; 0: never */
    enum trend_state state;
    int64_t slope[TREND_BOUNDS]; /* thousandths of a unit a day; 90 % confidence */
    int64_t level[TREND_BOUNDS]; /* thousandths of a unit of demand on `day` */
};
/* `day`: ascending, without those of which nothing is known; days that are not among the last TREND_DAYS
 * before `today` are ignored. */
void trend_of(const struct trend_day *day, size_t n, int64_t today, struct trend *ret);

#define FORECAST_DAYS_MAX 1095 /* later is not predicted */
/* Days from t->day until demand reaches `allotted` units; 0: it has. NUMBER_UNKNOWN: not within
 * FORECAST_DAYS_MAX. `early` <= `likely` <= `late`; a NUMBER_UNKNOWN is the latest. */
struct forecast {
    enum trend_state state; /* as of the trend; at most WEAK if the pool is less than half full */
    int64_t early, likely, late;
};
struct forecast trend_forecast(const struct trend *t, int64_t allotted);
