/* SPDX-License-Identifier: MIT */
/* The use of a pool over some days. */
#include "runtime/pool_past.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DAY(n) ((usec_t)(20000 + (n)) * USEC_PER_DAY)
#define NOW (DAY(3) + 9 * USEC_PER_HOUR)

static struct history_point a_day(int n, int64_t max, int64_t allotted, int64_t waiting)
{
    return (struct history_point){
        .at = DAY(n), .min = 1, .max = max, .last = 2, .allotted = allotted, .waiting = waiting};
}

static void peak_and_least_capacity_of_all_days_count(void **state)
{
    const struct history_point days[] = {a_day(0, 200, 300, 0), a_day(1, 260, 300, NUMBER_UNKNOWN),
                                         a_day(2, 255, 290, 9), a_day(3, 1, 400, 0)};
    struct pool_past past;
    (void)state;
    assert_true(pool_past_of(days, 4, DAY(0), NOW, &past));
    assert_int_equal(past.most_used, 264);
    assert_int_equal(past.least_allotted, 290);
}

static void a_day_without_a_poll_is_unknown(void **state)
{
    const struct history_point days[] = {a_day(0, 1, 9, 0), a_day(1, 1, 9, 0), a_day(2, 1, 9, 0), a_day(3, 1, 9, 0)};
    const struct history_point gap[] = {days[0], days[2], days[3]};
    struct pool_past past;
    (void)state;
    assert_true(pool_past_of(days, 4, DAY(0), NOW, &past));
    assert_true(pool_past_of(days, 3, DAY(0), NOW, &past)); /* the first poll of today is not stored yet */
    assert_false(pool_past_of(days, 2, DAY(0), NOW, &past));
    assert_false(pool_past_of(days + 1, 3, DAY(0), NOW, &past)); /* the pool is newer */
    assert_false(pool_past_of(gap, 3, DAY(0), NOW, &past));
    assert_false(pool_past_of(NULL, 0, DAY(3), NOW, &past));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peak_and_least_capacity_of_all_days_count),
        cmocka_unit_test(a_day_without_a_poll_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
