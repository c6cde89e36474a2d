/* SPDX-License-Identifier: MIT */
/* How much at once: the arithmetic, without a service. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "graph/pace.h"

#include "base/cleanup.h"

#define QUIET 0

static void answers(struct pace *p, unsigned n, unsigned percent)
{
    for (unsigned i = 0; i < n; i++)
        (void)pace_answered(p, percent);
}

static void load_report_reduces_the_limit_at_once(void **state)
{
    static const struct {
        unsigned most, percent, want;
    } CASES[] = {
        {6, 0, 6},  {6, 79, 6},   {6, 80, 3}, {6, 99, 3}, {6, 100, 1}, {6, 180, 1},
        {7, 80, 4}, {64, 85, 32}, {2, 80, 1}, {1, 80, 1}, {1, 180, 1},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct pace p;
        pace_init(&p, CASES[i].most);
        bool slowed = pace_answered(&p, CASES[i].percent);
        if (p.limit != CASES[i].want || slowed != (CASES[i].want < CASES[i].most))
            fail_msg("%u at %u %%: %u", CASES[i].most, CASES[i].percent, p.limit);
        if (pace_answered(&p, CASES[i].percent) || p.limit != CASES[i].want)
            fail_msg("%u at %u %%, said again: %u", CASES[i].most, CASES[i].percent, p.limit);
    }
}

static void limit_rises_step_by_step_without_load_reports(void **state)
{
    struct pace p;
    (void)state;
    pace_init(&p, 4);
    pace_throttled(&p, 5);
    assert_int_equal(p.limit, 1);
    assert_int_equal(p.not_before_mono, 5);
    answers(&p, PACE_STEP - 1, QUIET);
    assert_int_equal(p.limit, 1);
    answers(&p, 1, 80); /* begins anew */
    answers(&p, PACE_STEP - 1, QUIET);
    assert_int_equal(p.limit, 1);
    answers(&p, 1, QUIET);
    assert_int_equal(p.limit, 2);
    answers(&p, 10 * PACE_STEP, 90); /* half of 4: no slower, and no faster */
    assert_int_equal(p.limit, 2);
    answers(&p, 2 * PACE_STEP, QUIET);
    assert_int_equal(p.limit, 4);
    answers(&p, 10 * PACE_STEP, QUIET);
    assert_int_equal(p.limit, 4);
}

static void a_shorter_pause_does_not_end_a_longer_one(void **state)
{
    struct pace p;
    (void)state;
    pace_init(&p, 4);
    pace_throttled(&p, 900);
    pace_throttled(&p, 100);
    assert_int_equal(p.not_before_mono, 900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(load_report_reduces_the_limit_at_once),
        cmocka_unit_test(limit_rises_step_by_step_without_load_reports),
        cmocka_unit_test(a_shorter_pause_does_not_end_a_longer_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
