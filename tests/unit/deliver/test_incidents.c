/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_incidents.c: how many new incidents a pager gets in a period. */
#include "deliver/incidents.h"

#include "unit/deliver/some.h"

#define MINUTE USEC_PER_MINUTE

static void at_most_so_many_are_opened_in_any_period(void **state)
{
    static const struct {
        const char *why;
        usec_t opened[5]; /* minutes; 0 ends */
        usec_t now, wait;
    } CASES[] = {
        {"none yet", {0}, 50, 0},
        {"fewer than the maximum", {50, 51}, 52, 0},
        {"the maximum: until the oldest is out of the period", {50, 51, 53}, 54, 6},
        {"the oldest is out", {50, 51, 53}, 60, 0},
        {"older ones do not count", {10, 50, 51, 53}, 55, 5},
        {"the period moves on", {50, 51, 53, 60}, 60, 1},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        usec_t ring[3] = {0};
        struct incidents r = {.at_mono = ring, .max = 3};
        for (size_t k = 0; CASES[i].opened[k]; k++)
            incidents_add(&r, CASES[i].opened[k] * MINUTE);
        if (incidents_wait(&r, 10 * MINUTE, CASES[i].now * MINUTE) != CASES[i].wait * MINUTE)
            fail_msg("%s", CASES[i].why);
    }
}

static void without_a_maximum_nothing_waits(void **state)
{
    struct incidents none = {0};
    (void)state;
    incidents_add(&none, MINUTE);
    assert_int_equal(incidents_wait(&none, 10 * MINUTE, MINUTE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_most_so_many_are_opened_in_any_period),
        cmocka_unit_test(without_a_maximum_nothing_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
