/* SPDX-License-Identifier: MIT */
/* How many licences to order. */
#include "base/cleanup.h"
#include "rules/judge.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void what_unblocks_is_who_waits_beyond_the_free_ones_plus_what_is_overdrawn(void **state)
{
    static const struct {
        const char *why;
        int64_t allotted, consumed, waiting, want;
    } CASES[] = {
        {"full, 26 waiting", 1000, 1000, 26, 26},
        {"waiting although units are free", 1000, 990, 4, 0},
        {"more wait than are free", 1000, 990, 14, 4},
        {"overdrawn", 50, 57, 0, 7},
        {"overdrawn and waiting", 50, 57, 3, 10},
        {"room and nobody waiting", 100, 10, 0, 0},
        {"nobody knows who waits", 50, 57, FACT_UNKNOWN, 7},
        {"a pool of nothing", 0, 3, 2, 5},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        if (units_to_unblock(CASES[i].allotted, CASES[i].consumed, CASES[i].waiting) !=
            CASES[i].want)
            fail_msg("%s", CASES[i].why);
}

static void what_to_buy_is_the_least_that_is_below_every_warning(void **state)
{
    static const struct limit OFF = {0};
    static const struct {
        const char *why;
        int64_t allotted, consumed, waiting, usage_bp, remaining; /* -1: off */
        int64_t want;
    } CASES[] = {
        {"the example of the message format", 1000, 1000, 26, 9000, 0, 141},
        {"exactly at the share is not below it", 100, 90, 0, 9000, 0, 1},
        {"one below the share is enough", 100, 89, 0, 9000, 0, 0},
        {"the reserve asks for more than the share", 1000, 880, 0, 9000, 200, 81},
        {"nothing needed", 1000, 1, 0, 9000, 0, 0},
        {"share off", 10, 10, 2, -1, 0, 3},
        {"both off", 10, 10, 2, -1, -1, 0},
        {"a share above all", 100, 130, 0, 12000, -1, 9},
        {"waiting unknown", 100, 90, FACT_UNKNOWN, 9000, 0, 1},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct limit usage = {.on = true, .value = CASES[i].usage_bp};
        struct limit remaining = {.on = true, .value = CASES[i].remaining};
        int64_t got = units_to_buy(CASES[i].allotted, CASES[i].consumed, CASES[i].waiting,
                                   CASES[i].usage_bp < 0 ? &OFF : &usage,
                                   CASES[i].remaining < 0 ? &OFF : &remaining);
        if (got != CASES[i].want)
            fail_msg("%s: %lld", CASES[i].why, (long long)got);
    }
}

static void the_order_fulfils_the_two_conditions_and_one_less_does_not(void **state)
{
    (void)state;
    for (int64_t allotted = 0; allotted < 60; allotted += 7)
        for (int64_t consumed = 0; consumed < 90; consumed += 3)
            for (int64_t waiting = 0; waiting < 20; waiting += 6)
                for (int64_t bp = 1000; bp <= 13000; bp += 1700) {
                    struct limit usage = {.on = true, .value = bp};
                    struct limit remaining = {.on = true, .value = 4};
                    int64_t n = units_to_buy(allotted, consumed, waiting, &usage, &remaining);
                    int64_t need = consumed + waiting;
                    for (int64_t m = n > 0 ? n - 1 : n; m <= n; m++) {
                        bool fine = need * 10000 < bp * (allotted + m) && allotted + m - need > 4;
                        assert_int_equal(fine, m == n);
                    }
                }
}

static void absurd_numbers_saturate(void **state)
{
    struct limit usage = {.on = true, .value = 1}, remaining = {.on = true, .value = INT64_MAX};
    (void)state;
    assert_true(units_to_buy(0, INT64_MAX, INT64_MAX, &usage, &remaining) > 0);
    assert_true(units_to_unblock(0, INT64_MAX, INT64_MAX) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_unblocks_is_who_waits_beyond_the_free_ones_plus_what_is_overdrawn),
        cmocka_unit_test(what_to_buy_is_the_least_that_is_below_every_warning),
        cmocka_unit_test(the_order_fulfils_the_two_conditions_and_one_less_does_not),
        cmocka_unit_test(absurd_numbers_saturate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
