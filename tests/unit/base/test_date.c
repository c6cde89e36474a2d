/* SPDX-License-Identifier: MIT */
/* tests/unit/base/test_date.c: durations, RFC 3339, days and HTTP dates. */
#include "base/date.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void durations_are_a_number_and_a_unit(void **state)
{
    static const struct {
        const char *text;
        int want;
        usec_t duration;
    } CASES[] = {
        {"15m", 0, 15 * USEC_PER_MINUTE},
        {"0s", 0, 0},
        {"1s", 0, USEC_PER_SEC},
        {"36h", 0, 36 * USEC_PER_HOUR},
        {"2d", 0, 2 * USEC_PER_DAY},
        {"1w", 0, 7 * USEC_PER_DAY},
        {"36525d", 0, 36525 * USEC_PER_DAY},
        {"36526d", -ERANGE, 0},
        {"99999999999999999999999w", -ERANGE, 0},
        {"18446744073709551616s", -ERANGE, 0}, /* 2^64 must not come round to 0 */
        {"18446744073709551617s", -ERANGE, 0},
        {"18446744073709551620s", -ERANGE, 0},
        {"30500568904943w", -ERANGE, 0}, /* fits, but not in microseconds */
        {"", -EINVAL, 0},
        {"m", -EINVAL, 0},
        {"15", -EINVAL, 0},
        {"15 m", -EINVAL, 0},
        {" 15m", -EINVAL, 0},
        {"-1m", -EINVAL, 0},
        {"+1m", -EINVAL, 0},
        {"1.5h", -EINVAL, 0},
        {"1h30m", -EINVAL, 0},
        {"1M", -EINVAL, 0},
        {"1y", -EINVAL, 0},
        {NULL, -EINVAL, 0},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        usec_t got = 0;
        struct failure f = {0};
        int r = duration_parse(CASES[i].text, &got, &f);
        if (r != CASES[i].want || got != CASES[i].duration)
            fail_msg("\"%s\": %d, %ju", CASES[i].text ? CASES[i].text : "NULL", r, (uintmax_t)got);
        if (r < 0) {
            assert_int_equal(f.kind, FAILURE_CONFIG);
            assert_non_null(strstr(f.text, r == -EINVAL ? "15m" : "100 years"));
        }
    }
}

static void durations_print_as_the_shortest_exact_text(void **state)
{
    static const struct {
        usec_t duration;
        const char *exact, *human;
    } CASES[] = {
        {0, "0s", "0 s"},
        {999999, "0s", "0 s"},
        {USEC_PER_SEC, "1s", "1 s"},
        {59 * USEC_PER_SEC, "59s", "59 s"},
        {60 * USEC_PER_SEC, "1m", "1 min"},
        {90 * USEC_PER_SEC, "90s", "1 min 30 s"},
        {900 * USEC_PER_SEC, "15m", "15 min"},
        {36 * USEC_PER_HOUR, "36h", "1 d 12 h"},
        {51 * USEC_PER_HOUR + 59 * USEC_PER_MINUTE, "3119m", "2 d 3 h"},
        {USEC_PER_DAY + 59 * USEC_PER_MINUTE, "1499m", "1 d"},
        {14 * USEC_PER_DAY, "2w", "14 d"},
        {UINT64_MAX, "18446744073709s", "213503982 d 8 h"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char buf[DURATION_MAX];
        assert_string_equal(duration_print(CASES[i].duration, buf), CASES[i].exact);
        assert_string_equal(duration_human(CASES[i].duration, buf), CASES[i].human);
    }
}

static void rfc3339_is_read_as_graph_writes_it(void **state)
{
    static const struct {
        const char *text;
        usec_t at;
    } CASES[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-22T01:02:03Z", 1795309323 * USEC_PER_SEC},
        {"2026-11-22T01:02:03.5Z", 1795309323 * USEC_PER_SEC + 500000},
        {"2026-11-22T01:02:03.1234567Z", 1795309323 * USEC_PER_SEC + 123456},
        {"2026-11-22T01:02:03.123456789Z", 1795309323 * USEC_PER_SEC + 123456},
        {"2026-11-22T02:02:03+01:00", 1795309323 * USEC_PER_SEC},
        {"2026-11-21T17:02:03-08:00", 1795309323 * USEC_PER_SEC},
        {"2026-11-23T01:01:03+23:59", 1795309323 * USEC_PER_SEC},
        {"2026-11-22T01:02:03-00:00", 1795309323 * USEC_PER_SEC},
        {"2024-02-29T00:00:00Z", 1709164800 * USEC_PER_SEC},
        {"2000-02-29T00:00:00Z", 951782400 * USEC_PER_SEC},
        {"2016-12-31T23:59:60Z", 1483228799 * USEC_PER_SEC},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        usec_t got = 1;
        if (rfc3339_parse(CASES[i].text, &got) != 0 || got != CASES[i].at)
            fail_msg("\"%s\" gives %ju", CASES[i].text, (uintmax_t)got);
    }
}

static void what_is_no_rfc3339_is_refused(void **state)
{
    static const char *const CASES[] = {
        "",
        "2026-11-22",
        "2026-11-22T01:02:03",
        "2026-11-22 01:02:03Z",
        "2026-11-22T01:02:03.Z",
        "2026-11-22T01:02:03.1234567890Z",
        "2026-11-22T01:02:03+0100",
        "2026-11-22T01:02:03+24:00",
        "2026-11-22T01:02:03+01:60",
        "2026-11-22T24:00:00Z",
        "2026-11-22T01:60:00Z",
        "2026-11-22T01:02:61Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-11-31T00:00:00Z",
        "2026-11-00T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "0001-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "+026-11-22T01:02:03Z",
        "2026-11-22T01:02:03Zx",
        "2026-11-22T1:02:03Z",
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        usec_t got = 42;
        if (rfc3339_parse(CASES[i], &got) != -EINVAL || got != 42)
            fail_msg("\"%s\" is taken", CASES[i]);
    }
    assert_int_equal(rfc3339_parse(NULL, &(usec_t){0}), -EINVAL);
}

/* What is stored as JSON must come back. */
static void an_instant_that_cannot_be_stored_is_refused(void **state)
{
    usec_t at = 42;
    int32_t day;
    (void)state;
    assert_int_equal(rfc3339_parse("2255-06-05T23:47:34.740991Z", &at), 0);
    assert_int_equal(at, INSTANT_LAST);
    assert_int_equal(rfc3339_parse("2255-06-05T23:47:34.740992Z", &at), -ERANGE);
    assert_int_equal(rfc3339_parse("9999-12-31T23:59:59Z", &at), -ERANGE);
    assert_int_equal(at, INSTANT_LAST);
    assert_int_equal(date_parse("9999-12-31T23:59:59Z", &day), 0);
}

/* Every day of four centuries and more, against libc's calendar. */
static void the_calendar_agrees_with_libc(void **state)
{
    (void)state;
    for (int32_t day = 0; day < 2932897; day += day < 160000 ? 1 : 97) { /* to 9999-12-31 */
        time_t seconds = (time_t)day * 86400 + day % 86400;
        struct tm tm;
        char want[RFC3339_MAX], got[RFC3339_MAX];
        assert_non_null(gmtime_r(&seconds, &tm));
        (void)strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%SZ", &tm);
        assert_string_equal(rfc3339_print((usec_t)seconds * USEC_PER_SEC + 999999, got), want);
        usec_t at;
        bool kept = (usec_t)seconds * USEC_PER_SEC <= INSTANT_LAST;
        assert_int_equal(rfc3339_parse(want, &at), kept ? 0 : -ERANGE);
        if (kept)
            assert_int_equal(at, (usec_t)seconds * USEC_PER_SEC);
        int32_t back;
        assert_int_equal(date_parse(date_print((int32_t)(seconds / 86400), got), &back), 0);
        assert_int_equal(back, seconds / 86400);
    }
}

static void the_last_instant_there_is_still_prints(void **state)
{
    (void)state;
    char buf[RFC3339_MAX];
    assert_string_equal(rfc3339_print(UINT64_MAX, buf), "586524-01-19T08:01:49Z");
    assert_string_equal(date_print(-1, buf), "1969-12-31");
    assert_string_equal(date_print(INT32_MAX, buf), "5881580-07-11");
}

static void dates_stand_alone_or_before_a_time(void **state)
{
    static const struct {
        const char *text;
        int want;
        int32_t day;
    } CASES[] = {
        {"1970-01-02", 0, 1},
        {"2027-03-01", 0, 20878},
        {"2027-03-01T23:00:00-02:00", 0, 20879},
        {"2027-03-01T00:30:00Z", 0, 20878},
        {"2027-03-01x", -EINVAL, 0},
        {"2027-03-01T", -EINVAL, 0},
        {"2027-3-1", -EINVAL, 0},
        {"2027-02-29", -EINVAL, 0},
        {"auto", -EINVAL, 0},
        {NULL, -EINVAL, 0},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        int32_t got = 0;
        int r = date_parse(CASES[i].text, &got);
        if (r != CASES[i].want || got != CASES[i].day)
            fail_msg("case %zu: %d, day %d", i, r, got);
    }
}

static const struct zone UTC = {0}, CET = {3600, "CET"}, WEST = {-3600, ""};

static void people_read_the_hour_today_and_the_date_otherwise(void **state)
{
    (void)state;
    char buf[CLOCK_HUMAN_MAX];
    usec_t now, at;
    assert_int_equal(rfc3339_parse("2026-11-22T00:30:00Z", &now), 0);
    assert_int_equal(rfc3339_parse("2026-11-21T23:15:00Z", &at), 0);
    assert_string_equal(clock_human(at, now, &UTC, buf), "2026-11-21 23:15 UTC");
    assert_string_equal(clock_human(at, now, &CET, buf), "00:15 CET");
    assert_string_equal(clock_human(at, now, &WEST, buf), "22:15 UTC-01:00");
    assert_string_equal(clock_human(0, now, &WEST, buf), "1969-12-31 23:00 UTC-01:00");
}

static void http_dates_come_in_three_forms(void **state)
{
    static const struct {
        const char *text;
        int want;
        uint64_t seconds;
    } CASES[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 0, 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 0, 784111777},
        {"Sun Nov  6 08:49:37 1994", 0, 784111777},
        {"Wed Nov 16 08:49:37 1994", 0, 784975777},
        {"Wednesday, 01-Jan-70 00:00:00 GMT", 0, 0},
        {"Friday, 01-Jan-69 00:00:00 GMT", 0, 3124224000},
        {"Sun, 29 Feb 2032 23:59:60 GMT", 0, 1961711999},
        {"Sun, 06 Nov 1994 08:49:37", -EINVAL, 0},
        {"Sun, 06 Nov 1994 08:49:37 UTC", -EINVAL, 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT ", -EINVAL, 0},
        {"Sun, 6 Nov 1994 08:49:37 GMT", -EINVAL, 0},
        {"Sun, 31 Nov 1994 08:49:37 GMT", -EINVAL, 0},
        {"Sun, 06 nov 1994 08:49:37 GMT", -EINVAL, 0},
        {"Sunday, 06 Nov 1994 08:49:37 GMT", -EINVAL, 0},
        {"Sunday Nov  6 08:49:37 1994", -EINVAL, 0},
        {"Sun, 06 Nov 1969 08:49:37 GMT", -EINVAL, 0},
        {"Xxx, 06 Nov 1994 08:49:37 GMT", -EINVAL, 0},
        {"120", -EINVAL, 0},
        {"", -EINVAL, 0},
        {NULL, -EINVAL, 0},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        usec_t got = 0;
        int r = http_date_parse(CASES[i].text, &got);
        if (r != CASES[i].want || got != CASES[i].seconds * USEC_PER_SEC)
            fail_msg("case %zu: %d, %ju", i, r, (uintmax_t)got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_a_number_and_a_unit),
        cmocka_unit_test(durations_print_as_the_shortest_exact_text),
        cmocka_unit_test(rfc3339_is_read_as_graph_writes_it),
        cmocka_unit_test(what_is_no_rfc3339_is_refused),
        cmocka_unit_test(an_instant_that_cannot_be_stored_is_refused),
        cmocka_unit_test(the_calendar_agrees_with_libc),
        cmocka_unit_test(the_last_instant_there_is_still_prints),
        cmocka_unit_test(dates_stand_alone_or_before_a_time),
        cmocka_unit_test(people_read_the_hour_today_and_the_date_otherwise),
        cmocka_unit_test(http_dates_come_in_three_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
