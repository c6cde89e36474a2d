/* SPDX-License-Identifier: MIT */
#include "fixture.h"
#include "store/history.h"

#define MINUTE USEC_PER_MINUTE /* T0 is 01:02:03 */
#define DAYS(n) ((n)*USEC_PER_DAY)
#define UNKNOWN (-1)

struct points {
    struct history_point *point;
    size_t n;
};
static void points_clear_at(struct points *p)
{
    free(p->point);
}
#define POINTS __attribute__((cleanup(points_clear_at))) struct points

static void poll(struct store *s, usec_t since_start, int64_t consumed, int64_t allotted, int64_t waiting)
{
    struct allotment a = {.id = (char[]){"pool"},
                          .units_known = true,
                          .allotted = allotted,
                          .consumed = consumed,
                          .waiting = {.section = waiting < 0 ? SECTION_UNKNOWN : SECTION_COMPLETE,
                                      .count = waiting < 0 ? 0 : waiting}};
    struct snapshot snapshot = {.tenant_id = (char[]){TENANT},
                                .allotments = SECTION_COMPLETE,
                                .allotment = &a,
                                .n_allotments = 1,
                                .taken = at(since_start)};
    struct commit c = {.snapshot = &snapshot, .tenant_id = TENANT, .now = at(since_start)};
    struct failure f = {0};
    ok(store_commit(s, &c, 1, &f), &f);
}

static struct points read_points(struct store *s, usec_t from_at, usec_t to_at, enum history_resolution how)
{
    struct failure f = {0};
    struct points p;
    ok(store_history(s, TENANT, "pool", from_at, to_at, how, &p.point, &p.n, &f), &f);
    return p;
}

static void expect(const struct points *p, size_t i, usec_t at_, int64_t min, int64_t max, int64_t last,
                   int64_t allotted, int64_t waiting)
{
    assert_true(i < p->n);
    const struct history_point *one = &p->point[i];
    assert_int_equal(one->at, at_);
    assert_int_equal(one->min, min);
    assert_int_equal(one->max, max);
    assert_int_equal(one->last, last);
    assert_int_equal(one->allotted, allotted);
    assert_int_equal(one->waiting, waiting == UNKNOWN ? NUMBER_UNKNOWN : waiting);
}

#define HOUR_AT (T0 / USEC_PER_HOUR * USEC_PER_HOUR)
#define DAY_AT (T0 / USEC_PER_DAY * USEC_PER_DAY)

static void put_three_hours(struct store *s)
{
    poll(s, 0, 90, 100, 0);
    poll(s, 5 * MINUTE, 95, 100, 3);
    poll(s, 10 * MINUTE, 88, 100, UNKNOWN);
    poll(s, 15 * MINUTE, 91, 120, 1);
    poll(s, 60 * MINUTE, 91, 120, UNKNOWN); /* a new hour */
    poll(s, 24 * 60 * MINUTE, 85, 120, 0);
}

static void each_resolution_gives_the_same_numbers(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    put_three_hours(s);
    POINTS raw = read_points(s, 0, T0 + DAYS(2), HISTORY_RAW);
    POINTS hours = read_points(s, 0, T0 + DAYS(2), HISTORY_HOUR);
    POINTS days = read_points(s, 0, T0 + DAYS(2), HISTORY_DAY);
    assert_int_equal(raw.n, 6);
    expect(&raw, 0, T0, 90, 90, 90, 100, 0);
    expect(&raw, 1, T0 + 5 * MINUTE, 95, 95, 95, 100, 3);
    expect(&raw, 2, T0 + 10 * MINUTE, 88, 88, 88, 100, UNKNOWN);
    expect(&raw, 3, T0 + 15 * MINUTE, 91, 91, 91, 120, 1);
    expect(&raw, 4, T0 + 60 * MINUTE, 91, 91, 91, 120, UNKNOWN);
    assert_int_equal(hours.n, 3);
    expect(&hours, 0, HOUR_AT, 88, 95, 91, 120, 3);
    expect(&hours, 1, HOUR_AT + USEC_PER_HOUR, 91, 91, 91, 120, UNKNOWN);
    expect(&hours, 2, HOUR_AT + DAYS(1), 85, 85, 85, 120, 0);
    assert_int_equal(days.n, 2);
    expect(&days, 0, DAY_AT, 88, 95, 91, 120, 3);
    expect(&days, 1, DAY_AT + DAYS(1), 85, 85, 85, 120, 0);
}

static void the_begin_of_the_range_counts_and_its_end_does_not(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    put_three_hours(s);
    POINTS raw = read_points(s, T0 + 5 * MINUTE, T0 + 15 * MINUTE, HISTORY_RAW);
    assert_int_equal(raw.n, 2);
    expect(&raw, 0, T0 + 5 * MINUTE, 95, 95, 95, 100, 3);
    POINTS hours = read_points(s, HOUR_AT + 1, HOUR_AT + DAYS(1), HISTORY_HOUR);
    assert_int_equal(hours.n, 1);
    expect(&hours, 0, HOUR_AT + USEC_PER_HOUR, 91, 91, 91, 120, UNKNOWN);
    POINTS days = read_points(s, DAY_AT + DAYS(1), DAY_AT + DAYS(1) + 1, HISTORY_DAY);
    assert_int_equal(days.n, 1);
    POINTS none = read_points(s, DAY_AT + DAYS(3), UINT64_MAX, HISTORY_DAY);
    assert_int_equal(none.n, 0);
    assert_null(none.point);
}

static void an_unknown_pool_has_no_history(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    struct failure f = {0};
    POINTS p = {NULL, 7};
    put_three_hours(s);
    ok(store_history(s, "other", "pool", 0, UINT64_MAX, HISTORY_DAY, &p.point, &p.n, &f), &f);
    assert_int_equal(p.n, 0);
}

/* 90 changes within the hour are kept as they were; of more, the least and the most remain. */
static void polls_of_every_second_have_a_bound(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    for (usec_t i = 0; i < 300; i++)
        poll(s, i * USEC_PER_SEC, (int64_t)(10000 + i), 100000, 0);
    POINTS raw = read_points(s, 0, UINT64_MAX, HISTORY_RAW);
    POINTS hours = read_points(s, 0, UINT64_MAX, HISTORY_HOUR);
    assert_true(raw.n >= 90 && raw.n <= 200);
    expect(&hours, 0, HOUR_AT, 10000, 10299, 10299, 100000, 0);
    assert_true(ask(*state, "SELECT max(length(detail)) FROM hour") <= 1250);
}

static void a_clock_that_is_set_back_leaves_ascending_times(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    poll(s, 10 * MINUTE, 1, 100, 0);
    poll(s, 5 * MINUTE, 2, 100, 0);
    poll(s, 15 * MINUTE, 3, 100, 0);
    POINTS raw = read_points(s, 0, UINT64_MAX, HISTORY_RAW);
    assert_int_equal(raw.n, 2);
    expect(&raw, 1, T0 + 15 * MINUTE, 3, 3, 3, 100, 0);
}

static void damaged_detail_is_left_out(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    put_three_hours(s);
    (void)ask(*state, "UPDATE hour SET detail = x'ffffffffffffffffffffff' WHERE least = 88");
    POINTS raw = read_points(s, 0, UINT64_MAX, HISTORY_RAW);
    assert_int_equal(raw.n, 2);
}

static void samples_of_version_9_become_hours_and_days(void **state)
{
    load_dump(*state, "schema_9.sql");
    CLEANUP(store_close) struct store *s = open_in(*state);
    POINTS raw = read_points(s, 0, UINT64_MAX, HISTORY_RAW);
    struct failure f = {0};
    POINTS hours, days;
    ok(store_history(s, TENANT, "a", 0, UINT64_MAX, HISTORY_HOUR, &hours.point, &hours.n, &f), &f);
    ok(store_history(s, TENANT, "a", 0, UINT64_MAX, HISTORY_DAY, &days.point, &days.n, &f), &f);
    assert_int_equal(raw.n, 0);
    assert_int_equal(hours.n, 3);
    expect(&hours, 0, HOUR_AT, 90, 95, 91, 100, 3);
    expect(&hours, 1, HOUR_AT + USEC_PER_HOUR, 91, 91, 91, 100, 1);
    assert_int_equal(days.n, 2);
    expect(&days, 0, DAY_AT, 90, 95, 91, 100, 3);
    expect(&days, 1, DAY_AT + DAYS(1), 93, 93, 93, 100, UNKNOWN);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dir_make, dir_remove)
    const struct CMUnitTest tests[] = {
        TEST(each_resolution_gives_the_same_numbers),
        TEST(the_begin_of_the_range_counts_and_its_end_does_not),
        TEST(an_unknown_pool_has_no_history),
        TEST(polls_of_every_second_have_a_bound),
        TEST(a_clock_that_is_set_back_leaves_ascending_times),
        TEST(damaged_detail_is_left_out),
        TEST(samples_of_version_9_become_hours_and_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
