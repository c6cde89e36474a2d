/* SPDX-License-Identifier: MIT */
/* tests/unit/base/test_clock.c: instants across boots, and offsets of zones. */
#include "base/clock.h"

#include "base/cleanup.h"
#include "base/date.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void now_has_both_clocks_and_a_boot(void **state)
{
    (void)state;
    struct timespec wall, boot;
    struct instant first = clock_now(), second = clock_now();
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &wall), 0);
    assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &boot), 0);
    assert_true(first.boot != 0);
    assert_true(first.boot == second.boot);
    assert_true(second.mono >= first.mono);
    assert_in_range(first.at / USEC_PER_SEC, wall.tv_sec - 60, wall.tv_sec + 60);
    assert_in_range(first.mono / USEC_PER_SEC, boot.tv_sec - 60, boot.tv_sec + 1);
}

static void what_it_slept_it_slept_since_it_booted(void **state)
{
    (void)state;
    assert_true(clock_asleep() <= clock_now().mono);
    assert_false(clock_slept(clock_asleep()));
}

static void gaps_follow_boot_time_within_a_boot_and_the_wall_across(void **state)
{
    static const struct {
        const char *why;
        struct instant then, now;
        usec_t want;
    } CASES[] = {
        {"same boot: the wall may say what it likes", {1000, 500, 7}, {10, 800, 7}, 300},
        {"same boot, out of order", {1000, 500, 7}, {2000, 400, 7}, 0},
        {"another boot: the wall", {1000, 500, 7}, {1800, 3, 8}, 800},
        {"another boot, wall set back", {1000, 500, 7}, {900, 3, 8}, 0},
        {"another boot, years later", {0, 5, 7}, {900 * USEC_PER_DAY, 3, 8}, 30 * USEC_PER_DAY},
        {"never", {1000, 500, 0}, {1800, 600, 8}, 0},
        {"no now", {1000, 500, 7}, {1800, 600, 0}, 0},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        if (instant_since(&CASES[i].then, &CASES[i].now) != CASES[i].want)
            fail_msg("%s", CASES[i].why);
}

static void only_a_wall_clock_that_was_set_within_a_boot_has_jumped(void **state)
{
    (void)state;
#define S USEC_PER_SEC
    static const struct {
        struct instant then, now;
        int64_t want;
    } CASES[] = {
        {{1000 * S, 10 * S, 7}, {1060 * S, 70 * S, 7}, 0},
        {{1000 * S, 10 * S, 7}, {1065 * S, 70 * S, 7}, 0}, /* 5 s is drift */
        {{1000 * S, 10 * S, 7}, {1066 * S, 70 * S, 7}, 6 * (int64_t)S},
        {{1000 * S, 10 * S, 7}, {400 * S, 10 * S, 7}, -600 * (int64_t)S},
        {{1000 * S, 10 * S, 7}, {9000 * S, 70 * S, 8}, 0},
        {{0, 0, 0}, {9000 * S, 70 * S, 0}, 0},
    };
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        if (clock_jump(&CASES[i].then, &CASES[i].now) != CASES[i].want)
            fail_msg("case %zu", i);
#undef S
}

static void zones_shift_with_the_season(void **state)
{
    static const struct {
        const char *zone, *at;
        int32_t want;
        const char *name;
    } CASES[] = {
        {"Europe/Berlin", "2026-01-15T12:00:00Z", 3600, "CET"},
        {"Europe/Berlin", "2026-07-15T12:00:00Z", 7200, "CEST"},
        {"UTC", "2026-07-15T12:00:00Z", 0, "UTC"},
        {"America/New_York", "2026-01-15T12:00:00Z", -18000, "EST"},
        {"Asia/Kolkata", "2026-01-15T12:00:00Z", 19800, "IST"},
        {NULL, "2026-01-15T12:00:00Z", 0, "UTC"},
        {"", "2026-01-15T12:00:00Z", 3600, "CET"} /* TZ, see main */,
        {"Europe/Berlin", "2045-07-15T12:00:00Z", 7200, "CEST"}, /* beyond the tables, by the rule */
        {"Europe/Berlin", "2026-03-29T00:59:59Z", 3600, "CET"},
        {"Europe/Berlin", "2026-03-29T01:00:00Z", 7200, "CEST"},
        {"Etc/GMT+8", "2026-03-29T01:00:00Z", -28800, ""},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        usec_t at;
        struct zone got = {.offset = 1};
        assert_int_equal(rfc3339_parse(CASES[i].at, &at), 0);
        int r = clock_zone(CASES[i].zone, at, &got);
        if (r != 0 || got.offset != CASES[i].want || strcmp(got.name, CASES[i].name) != 0)
            fail_msg("%s at %s: %d, %d %s", CASES[i].zone, CASES[i].at, r, got.offset, got.name);
    }
}

static void what_is_no_zone_is_refused_and_changes_nothing(void **state)
{
    static const char *const CASES[] = {
        "Europe/Atlantis",
        "Europe",
        "/usr/share/zoneinfo/Europe/Berlin",
        "../zoneinfo/Europe/Berlin",
        "Europe/../Europe/Berlin",
        "zone.tab",
        "tzdata.zi",
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "Europe/Berlin\n",
        "Europe/Berlin_which_is_much_longer_than_any_name_in_the_whole_database",
    };
    (void)state;
    struct zone got;
    assert_int_equal(clock_zone("Asia/Tokyo", 0, &got), 0);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct zone kept = {.offset = 42};
        /* Twice: a name must not be believed because it was tried before. */
        for (int round = 0; round < 2; round++)
            if (clock_zone(CASES[i], 0, &kept) != -ENOENT || kept.offset != 42)
                fail_msg("\"%s\" is taken", CASES[i]);
    }
    assert_int_equal(clock_zone("Asia/Tokyo", 0, &got), 0);
    assert_int_equal(got.offset, 32400);
}

static void the_environment_does_not_move_once_a_zone_is_in_it(void **state)
{
    (void)state;
    struct zone got;
    assert_int_equal(clock_zone("Asia/Tokyo", 0, &got), 0);
    char **before = environ, *tz = getenv("TZ");
    assert_non_null(tz);
    assert_int_equal(clock_zone("Europe/Berlin", 0, &got), 0);
    assert_ptr_equal(environ, before);
    assert_ptr_equal(getenv("TZ"), tz);
    assert_string_equal(tz, ":/usr/share/zoneinfo/Europe/Berlin");
}

int main(void)
{
    if (setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1) != 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(now_has_both_clocks_and_a_boot),
        cmocka_unit_test(what_it_slept_it_slept_since_it_booted),
        cmocka_unit_test(gaps_follow_boot_time_within_a_boot_and_the_wall_across),
        cmocka_unit_test(only_a_wall_clock_that_was_set_within_a_boot_has_jumped),
        cmocka_unit_test(zones_shift_with_the_season),
        cmocka_unit_test(what_is_no_zone_is_refused_and_changes_nothing),
        cmocka_unit_test(the_environment_does_not_move_once_a_zone_is_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
