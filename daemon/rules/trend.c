/* SPDX-License-Identifier: MIT */
/* rules/trend.c: Theil-Sen slopes of demand, and when they reach the allotted units. */
#include "rules/trend.h"

#include <stdlib.h>

#define SCALE 1000
#define WEEK 7
#define WEEKS (TREND_DAYS / WEEK)
#define PAIRS_MAX (WEEK * WEEKS * (WEEKS - 1) / 2)
#define DEMAND_MAX ((int64_t)1 << 40) /* of a day: sums and products below stay far from overflow */

/* What a trend needs to count as firm. */
#define DAYS_MIN 21       /* with values: each weekday three times */
#define LEVEL_DAYS_MIN 3  /* of the last week */
#define RISE_MIN 3        /* units within the window: one department of two people is no trend */
#define RISE_MIN_OF 50    /* and a 50th of the level */
#define FIT_SIGMAS 2      /* S of Mann and Kendall beyond so many standard deviations */
#define STEADY_OF 8       /* the second third of the window is above the first by an eighth of the whole rise, and
                           * the last above the second */
#define FLOOR_OF 2        /* demand is at least half of the allotted units: else a doubling would be predicted */

/* One slot for each day of the window. */
struct window {
    int64_t demand[TREND_DAYS]; /* scaled; -1: not known */
    size_t n;                   /* known ones */
};

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t root(int64_t value)
{
    int64_t r = 0;
    while ((r + 1) * (r + 1) <= value)
        r++;
    return r;
}

static void fill(const struct trend_day *day, size_t n, int64_t today, struct window *ret)
{
    int64_t first = today - TREND_DAYS;
    for (size_t i = 0; i < TREND_DAYS; i++)
        ret->demand[i] = -1;
    for (size_t i = 0; i < n; i++) {
        bool inside = day[i].day >= first && day[i].day < today;
        if (!inside || day[i].demand < 0 || day[i].demand > DEMAND_MAX)
            continue;
        int64_t *slot = &ret->demand[day[i].day - first];
        ret->n += *slot < 0;
        *slot = day[i].demand * SCALE;
    }
}

/* ---- slope ---- */

struct slopes {
    int64_t slope[PAIRS_MAX]; /* ascending */
    size_t n;
    int64_t s;         /* rising pairs minus falling ones */
    int64_t deviation; /* standard deviation of s if there is no trend */
};

/* The variance of S is that of the seasonal test of Hirsch and Slack: a sum over the weekdays. */
static void compare_days(const struct window *w, struct slopes *ret)
{
    int64_t variance = 0;
    *ret = (struct slopes){0};
    for (size_t weekday = 0; weekday < WEEK; weekday++) {
        int64_t n = 0;
        for (size_t j = weekday; j < TREND_DAYS; j += WEEK) {
            n += w->demand[j] >= 0;
            for (size_t i = weekday; i < j && w->demand[j] >= 0; i += WEEK) {
                if (w->demand[i] < 0)
                    continue;
                int64_t rise = w->demand[j] - w->demand[i];
                ret->slope[ret->n++] = rise / (int64_t)(j - i);
                ret->s += (rise > 0) - (rise < 0);
            }
        }
        variance += n * (n - 1) * (2 * n + 5);
    }
    ret->deviation = root(variance / 18);
    qsort(ret->slope, ret->n, sizeof *ret->slope, compare);
}

/* Ranks of the 5 % and 95 % bounds (Sen 1968): half of 1.645 standard deviations from the middle. */
static void bound_slope(const struct slopes *s, struct trend *ret)
{
    int64_t last = (int64_t)s->n - 1, away = s->deviation * 1645 / 2000;
    int64_t low = last / 2 - away, high = (last + 1) / 2 + away;
    ret->slope[TREND_LOW] = s->slope[low > 0 ? low : 0];
    ret->slope[TREND_LIKELY] = (s->slope[last / 2] + s->slope[(last + 1) / 2]) / 2;
    ret->slope[TREND_HIGH] = s->slope[high < last ? high : last];
}

/* ---- level ---- */

/* The days of the last week, moved to today by the slope: their middle, and their range. */
static bool bound_level(const struct window *w, struct trend *ret)
{
    int64_t level[WEEK];
    size_t n = 0;
    for (size_t i = TREND_DAYS - WEEK; i < TREND_DAYS; i++)
        if (w->demand[i] >= 0)
            level[n++] = w->demand[i] + ret->slope[TREND_LIKELY] * (int64_t)(TREND_DAYS - i);
    if (n < LEVEL_DAYS_MIN)
        return false;
    qsort(level, n, sizeof *level, compare);
    ret->level[TREND_LOW] = level[0];
    ret->level[TREND_LIKELY] = (level[(n - 1) / 2] + level[n / 2]) / 2;
    ret->level[TREND_HIGH] = level[n - 1];
    return true;
}

/* ---- is it a trend? ---- */

static int64_t median_between(const struct window *w, size_t from, size_t to)
{
    int64_t value[TREND_DAYS];
    size_t n = 0;
    for (size_t i = from; i < to; i++)
        if (w->demand[i] >= 0)
            value[n++] = w->demand[i];
    if (n == 0)
        return -1;
    qsort(value, n, sizeof *value, compare);
    return value[n / 2]; /* a day's: the mean of two would be half a step high */
}

/* A single step rises between two thirds of the window only. */
static bool is_steady(const struct window *w, size_t first)
{
    size_t third = (TREND_DAYS - first) / 3;
    int64_t a = median_between(w, first, first + third),
            b = median_between(w, first + third, TREND_DAYS - third),
            c = median_between(w, TREND_DAYS - third, TREND_DAYS);
    return a >= 0 && b >= 0 && c >= 0 && (b - a) * STEADY_OF >= c - a && (c - b) * STEADY_OF >= c - a;
}

static enum trend_state state_of(const struct window *w, const struct slopes *s, const struct trend *t)
{
    size_t first = 0;
    while (w->demand[first] < 0)
        first++;
    int64_t rise = t->slope[TREND_LIKELY] * (int64_t)(TREND_DAYS - first);
    if (t->slope[TREND_LIKELY] <= 0)
        return TREND_NONE;
    bool firm = rise >= RISE_MIN * SCALE && rise >= t->level[TREND_LIKELY] / RISE_MIN_OF &&
                s->s > FIT_SIGMAS * s->deviation && is_steady(w, first);
    return firm ? TREND_FIRM : TREND_WEAK;
}

void trend_of(const struct trend_day *day, size_t n, int64_t today, struct trend *ret)
{
    struct window w = {.n = 0};
    struct slopes s;
    *ret = (struct trend){.day = today};
    fill(day, n, today, &w);
    if (w.n < DAYS_MIN)
        return;
    compare_days(&w, &s);
    if (s.n == 0)
        return;
    bound_slope(&s, ret);
    if (bound_level(&w, ret))
        ret->state = state_of(&w, &s, ret);
}

/* ---- forecast ---- */

static int64_t days_until(const struct trend *t, enum trend_bound b, int64_t allotted)
{
    int64_t left = allotted - t->level[b];
    if (left <= 0)
        return 0;
    if (t->slope[b] <= 0)
        return NUMBER_UNKNOWN;
    int64_t until = left / t->slope[b] + (left % t->slope[b] != 0);
    return until <= FORECAST_DAYS_MAX ? until : NUMBER_UNKNOWN;
}

struct forecast trend_forecast(const struct trend *t, int64_t allotted)
{
    struct forecast f = {t->state, NUMBER_UNKNOWN, NUMBER_UNKNOWN, NUMBER_UNKNOWN};
    if (t->state < TREND_WEAK || allotted < 0)
        return f;
    if (allotted > DEMAND_MAX * 2)
        allotted = DEMAND_MAX * 2;
    allotted *= SCALE;
    if (t->level[TREND_LIKELY] < allotted / FLOOR_OF)
        f.state = TREND_WEAK;
    f.early = days_until(t, TREND_HIGH, allotted);
    f.likely = days_until(t, TREND_LIKELY, allotted);
    f.late = days_until(t, TREND_LOW, allotted);
    return f;
}
