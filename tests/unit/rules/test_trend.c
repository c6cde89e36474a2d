/* SPDX-License-Identifier: MIT */
#include "rules/trend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define TODAY 20000
#define SERIES 1000
#define YEAR 365
#define LIMIT 14
#define N(a) (sizeof(a) / sizeof *(a))

/* ---- series with a known answer ---- */

static uint64_t seed;
static double uniform(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (double)(seed >> 11) / 9007199254740992.0;
}
static double between(double low, double high)
{
    return low + uniform() * (high - low);
}
/* Of standard deviation 1; the sum of twelve is close enough to Gauss. */
static double normal(void)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += uniform();
    return sum;
}

struct series {
    struct trend_day day[YEAR];
    size_t n;
    int64_t allotted;
};

static void add(struct series *s, double demand)
{
    s->day[s->n] = (struct trend_day){TODAY + (int64_t)s->n, demand > 0 ? (int64_t)(demand + 0.5) : 0};
    s->n++;
}

/* The forecast on day `n` of the series. */
static struct forecast forecast_at(const struct series *s, size_t n)
{
    struct trend t;
    size_t from = n > TREND_DAYS ? n - TREND_DAYS : 0;
    trend_of(s->day + from, n - from, TODAY + (int64_t)n, &t);
    return trend_forecast(&t, s->allotted);
}

static bool alerts(const struct forecast *f)
{
    return f->state == TREND_FIRM && f->likely != NUMBER_UNKNOWN && f->likely <= LIMIT;
}

static void growth_is_foreseen_a_week_ahead_and_the_end_is_within_the_range(void **state)
{
    int alerted = 0, ahead = 0, within = 0;
    (void)state;
    for (uint64_t k = 1; k <= SERIES; k++) {
        struct series s = {.n = 0};
        seed = UINT64_C(0x9E3779B97F4A7C15) * k;
        s.allotted = (int64_t)between(50, 20000);
        double first = (double)s.allotted * between(0.3, 0.8), end = between(60, 200);
        for (size_t day = 0; (double)day < end; day++) {
            double left = end - (double)day;
            struct forecast f = {.state = TREND_UNKNOWN};
            if (left < 60)
                f = forecast_at(&s, day);
            if (alerts(&f)) {
                alerted++;
                ahead += left >= 7;
                within += (double)f.early <= left + 1 && (f.late == NUMBER_UNKNOWN || (double)f.late >= left - 1);
                break;
            }
            add(&s, (first + ((double)s.allotted - first) * (double)day / end) * (1 + 0.05 * normal()));
        }
    }
    print_message("of %d linear series with 5 %% noise %d alert, %d of them 7 days ahead or more; the end is "
                  "within the range of %d\n",
                  SERIES, alerted, ahead, within);
    assert_true(ahead >= SERIES * 95 / 100);
    assert_true(within >= alerted * 95 / 100);
}

enum shape { FLAT, WEEKLY, STEP, SHAPES };
static double demand_of(enum shape shape, double base, double swing, size_t day, size_t step)
{
    switch (shape) {
    case WEEKLY:
        return base * (1 + (day % 7 < 5 ? swing : -swing));
    case STEP:
        return base * (day < step ? 0.7 : 1);
    default:
        return base;
    }
}

static void what_does_not_grow_raises_no_alert(void **state)
{
    static const struct {
        const char *name;
        int at_most;
    } SHAPE[SHAPES] = {{"flat", 10}, {"weekly", 10}, {"of one step", 25}};
    (void)state;
    for (enum shape shape = FLAT; shape < SHAPES; shape++) {
        int wrong = 0;
        for (uint64_t k = 1; k <= SERIES; k++) {
            struct series s = {.n = 0};
            bool alerted = false;
            seed = UINT64_C(0xD1B54A32D192ED03) * k + shape;
            s.allotted = (int64_t)between(25, 20000);
            /* 50 to 97 % are used, and neither noise nor the week reach the units that there are. */
            double base = (double)s.allotted * between(0.5, 0.97), room = (double)s.allotted / base - 1;
            double noise = between(0, room < 0.15 ? room / 3 : 0.05), swing = between(0, room / 2);
            size_t step = (size_t)between(60, 260);
            for (size_t day = 0; day < YEAR; day++) {
                struct forecast f = {.state = TREND_UNKNOWN};
                if (day % 5 == 0)
                    f = forecast_at(&s, day);
                alerted |= alerts(&f);
                add(&s, demand_of(shape, base, swing, day, step) * (1 + noise * normal()));
            }
            wrong += alerted;
        }
        print_message("of %d series %s, a year each, %d raise a false alert\n", SERIES, SHAPE[shape].name, wrong);
        if (wrong > SHAPE[shape].at_most)
            fail_msg("series %s raise %d false alerts", SHAPE[shape].name, wrong);
    }
}

/* ---- single answers ---- */

static struct forecast forecast_of(int64_t (*demand)(int64_t day), size_t days, int64_t allotted)
{
    struct series s = {.allotted = allotted};
    for (size_t i = 0; i < days; i++)
        add(&s, (double)demand((int64_t)i));
    return forecast_at(&s, days);
}

static int64_t rising(int64_t day) { return 500 + 5 * day; }
static int64_t falling(int64_t day) { return 900 - 5 * day; }
static int64_t constant(int64_t day) { return day * 0 + 900; }
static int64_t once(int64_t day) { return day < 40 ? 700 : 900; }
static int64_t twice(int64_t day) { return day < 15 ? 700 : day < 45 ? 800 : 900; }
static int64_t with_odd_days(int64_t day) { return day % 9 == 4 ? 0 : rising(day); }
static int64_t slow(int64_t day) { return 900 + day / 20; }

static void forecasts_of_plain_series(void **state)
{
    static const struct {
        const char *why;
        int64_t (*demand)(int64_t day);
        size_t days;
        int64_t allotted;
        enum trend_state state;
        int64_t likely;
    } CASES[] = {
        {"20 days are too few", rising, 20, 1000, TREND_UNKNOWN, NUMBER_UNKNOWN},
        {"21 are enough", rising, 21, 1000, TREND_FIRM, 79},
        {"five a day, 220 left", rising, 56, 1000, TREND_FIRM, 44},
        {"it has run out", rising, 56, 780, TREND_FIRM, 0},
        {"more was bought", rising, 56, 1100, TREND_FIRM, 64},
        {"three years are the last that is predicted", rising, 56, 100000, TREND_WEAK, NUMBER_UNKNOWN},
        {"half of the units are free", rising, 56, 1600, TREND_WEAK, 164},
        {"it falls", falling, 56, 1000, TREND_NONE, NUMBER_UNKNOWN},
        {"nothing changes", constant, 56, 1000, TREND_NONE, NUMBER_UNKNOWN},
        {"one step", once, 56, 1000, TREND_NONE, NUMBER_UNKNOWN},
        {"odd days do not count", with_odd_days, 56, 1000, TREND_FIRM, 44},
        {"two units in eight weeks", slow, 56, 1000, TREND_WEAK, NUMBER_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < N(CASES); i++) {
        struct forecast f = forecast_of(CASES[i].demand, CASES[i].days, CASES[i].allotted);
        if (f.state != CASES[i].state || f.likely != CASES[i].likely)
            fail_msg("%s: state %d, %lld days", CASES[i].why, f.state, (long long)f.likely);
    }
    assert_int_equal(forecast_of(twice, 56, 1000).state, TREND_FIRM);
}

static void days_that_are_missing_old_or_absurd_do_not_count(void **state)
{
    struct series s = {.allotted = 1000};
    struct trend t;
    (void)state;
    for (int64_t i = 0; i < 56; i++)
        if (i % 3)
            s.day[s.n++] = (struct trend_day){TODAY + i, rising(i)};
    trend_of(s.day, s.n, TODAY + 56, &t);
    assert_int_equal(t.state, TREND_FIRM);
    assert_int_equal(trend_forecast(&t, 1000).likely, 44);
    trend_of(s.day, s.n, TODAY + 60, &t); /* two of the last week are left */
    assert_int_equal(t.state, TREND_UNKNOWN);
    trend_of(s.day, s.n, TODAY + 200, &t);
    assert_int_equal(t.state, TREND_UNKNOWN);
    for (size_t i = 0; i < s.n; i++)
        s.day[i].demand = i % 2 ? INT64_MAX : -1;
    trend_of(s.day, s.n, TODAY + 56, &t);
    assert_int_equal(t.state, TREND_UNKNOWN);
    assert_int_equal(trend_forecast(&t, 1000).likely, NUMBER_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(growth_is_foreseen_a_week_ahead_and_the_end_is_within_the_range),
        cmocka_unit_test(what_does_not_grow_raises_no_alert),
        cmocka_unit_test(forecasts_of_plain_series),
        cmocka_unit_test(days_that_are_missing_old_or_absurd_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
