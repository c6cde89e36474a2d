/* SPDX-License-Identifier: MIT */
/* How long to wait, at given clocks and dice. */
#include "base/cleanup.h"
#include "http/retry.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Sun, 22 Nov 2026 01:00:00 GMT */
#define NOW_AT (UINT64_C(1795309200) * USEC_PER_SEC)

static void retry_after_is_seconds_or_a_date_within_bounds(void **state)
{
    static const struct {
        const char *value;
        int r;
        usec_t want;
        bool clamped;
    } CASES[] = {
        {"1", 0, 1 * USEC_PER_SEC, false},
        {"120", 0, 120 * USEC_PER_SEC, false},
        {" 7\t", 0, 7 * USEC_PER_SEC, false},
        {"007", 0, 7 * USEC_PER_SEC, false},
        {"3600", 0, USEC_PER_HOUR, false},
        {"3601", 0, USEC_PER_HOUR, true},
        {"0", 0, USEC_PER_SEC, true},
        {"99999999999999999999999999999999999", 0, USEC_PER_HOUR, true},
        {"Sun, 22 Nov 2026 01:00:30 GMT", 0, 30 * USEC_PER_SEC, false},
        {"Sun, 22 Nov 2026 00:00:30 GMT", 0, USEC_PER_SEC, true},
        {"Mon, 22 Nov 2027 01:00:00 GMT", 0, USEC_PER_HOUR, true},
        {"", -EINVAL, 0, false},
        {" ", -EINVAL, 0, false},
        {"-1", -EINVAL, 0, false},
        {"+1", -EINVAL, 0, false},
        {"1.5", -EINVAL, 0, false},
        {"1e3", -EINVAL, 0, false},
        {"0x10", -EINVAL, 0, false},
        {"5 s", -EINVAL, 0, false},
        {"soon", -EINVAL, 0, false},
        {"2026-11-22T01:00:30Z", -EINVAL, 0, false},
        {"Sun, 22 Nov 2026 01:00:30 GMT and much more text than any date has, really", -EINVAL, 0,
         false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        usec_t got = 0;
        bool clamped = false;
        int r = retry_after_parse(CASES[i].value, NOW_AT, &got, &clamped);
        if (r != CASES[i].r || got != CASES[i].want || clamped != CASES[i].clamped)
            fail_msg("'%s': %d, %llu us, %d", CASES[i].value, r, (unsigned long long)got, clamped);
    }
}

static void backoff_doubles_up_to_its_cap_and_keeps_at_least_half(void **state)
{
    static const struct {
        unsigned n;
        uint32_t dice;
        usec_t least, most;
    } CASES[] = {
        {0, 0, 2 * USEC_PER_SEC, 2 * USEC_PER_SEC},
        {0, UINT32_MAX, USEC_PER_SEC, USEC_PER_SEC + 1},
        {1, 0, 4 * USEC_PER_SEC, 4 * USEC_PER_SEC},
        {4, 0, 32 * USEC_PER_SEC, 32 * USEC_PER_SEC},
        {8, 0, 300 * USEC_PER_SEC, 300 * USEC_PER_SEC},
        {8, UINT32_MAX, 150 * USEC_PER_SEC, 150 * USEC_PER_SEC + 1},
        {UINT32_MAX, 0, 300 * USEC_PER_SEC, 300 * USEC_PER_SEC},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        usec_t got = retry_backoff(CASES[i].n, 2 * USEC_PER_SEC, 300 * USEC_PER_SEC, CASES[i].dice);
        if (got < CASES[i].least || got > CASES[i].most)
            fail_msg("case %zu: %llu us", i, (unsigned long long)got);
    }
    assert_int_equal(retry_backoff(70, USEC_PER_DAY, USEC_INFINITY, 0), USEC_INFINITY);
    assert_int_equal(retry_backoff(UINT32_MAX, 0, USEC_INFINITY, 0), 0);
}

static void deliveries_wait_longer_each_time_within_a_fifth(void **state)
{
    static const usec_t WANT[] = {0, 5, 30, 120, 300, 900, 900, 900};
    (void)state;
    for (unsigned n = 0; n < N_ELEMENTS(WANT); n++) {
        usec_t middle = WANT[n] * USEC_PER_SEC;
        assert_int_equal(retry_delivery_delay(n, 0), middle - middle / 5);
        assert_in_range(retry_delivery_delay(n, UINT32_MAX), middle + middle / 5 - (middle > 0),
                        middle + middle / 5);
    }
    assert_int_equal(retry_delivery_delay(UINT32_MAX, 0), 720 * USEC_PER_SEC);
}

static void load_is_a_share_of_a_limit(void **state)
{
    static const struct {
        const char *value;
        unsigned want;
    } CASES[] = {
        {"0.8", 80},  {"0.85", 85}, {"0.999", 99}, {"1.0", 100}, {"1", 100},   {"1.8", 180}, {".9", 90},
        {"10", 1000}, {"", 0},      {"0", 0},      {"80", 0},    {"10.01", 0}, {"-1", 0},    {"+1", 0},
        {"1e3", 0},   {"nan", 0},   {"0,9", 0},    {"80%", 0},   {"1.8.1", 0}, {"0.9 ", 0},
        {"99999999999999999999999999999999", 0},
        {"0.80000000000000000000000000000000000000000000000", 80},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        if (retry_load_parse(CASES[i].value) != CASES[i].want)
            fail_msg("\"%s\": %u", CASES[i].value, retry_load_parse(CASES[i].value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_after_is_seconds_or_a_date_within_bounds),
        cmocka_unit_test(load_is_a_share_of_a_limit),
        cmocka_unit_test(backoff_doubles_up_to_its_cap_and_keeps_at_least_half),
        cmocka_unit_test(deliveries_wait_longer_each_time_within_a_fifth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
