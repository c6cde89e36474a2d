/* SPDX-License-Identifier: MIT */
/* Hours of a route: parsing, printing, time zones. */
#include "alerts/hours.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MONDAY (UINT64_C(1795392000) * USEC_PER_SEC) /* 2026-11-23T00:00:00Z */

/* "Wed 07:00" of that week. */
static usec_t when(const char *text)
{
    static const char DAYS[] = "MonTueWedThuFriSatSun";
    unsigned hour, minute;
    char day[4];
    assert_int_equal(sscanf(text, "%3s %u:%u", day, &hour, &minute), 3);
    usec_t days = (usec_t)(strstr(DAYS, day) - DAYS) / 3;
    return MONDAY + days * USEC_PER_DAY + (hour * 60 + minute) * USEC_PER_MINUTE;
}

static struct hours parsed(const char *text)
{
    struct hours h = {0};
    struct failure why;
    if (hours_parse(text, &h, &why) < 0)
        fail_msg("%s", why.text);
    return h;
}

static void hours_are_open_from_their_first_minute_to_before_their_last(void **state)
{
    static const struct {
        const char *hours, *at;
        bool want;
    } CASES[] = {
        {"Mon-Fri 07:00-19:00", "Mon 06:59", false},
        {"Mon-Fri 07:00-19:00", "Mon 07:00", true},
        {"Mon-Fri 07:00-19:00", "Fri 18:59", true},
        {"Mon-Fri 07:00-19:00", "Fri 19:00", false},
        {"Mon-Fri 07:00-19:00", "Sat 12:00", false},
        {"Mon-Fri 07:00-19:00", "Sun 12:00", false},
        {"Wed 00:00-24:00", "Tue 23:59", false},
        {"Wed 00:00-24:00", "Wed 00:00", true},
        {"Wed 00:00-24:00", "Wed 23:59", true},
        {"Wed 00:00-24:00", "Thu 00:00", false},
        {"Mon-Thu,Sat 08:00-12:00,13:00-17:00", "Thu 12:30", false},
        {"Mon-Thu,Sat 08:00-12:00,13:00-17:00", "Thu 13:00", true},
        {"Mon-Thu,Sat 08:00-12:00,13:00-17:00", "Fri 09:00", false},
        {"Mon-Thu,Sat 08:00-12:00,13:00-17:00", "Sat 09:00", true},
        /* a night belongs to the day on which it begins */
        {"Fri 22:00-06:00", "Fri 05:59", false},
        {"Fri 22:00-06:00", "Fri 22:00", true},
        {"Fri 22:00-06:00", "Sat 05:59", true},
        {"Fri 22:00-06:00", "Sat 06:00", false},
        {"Fri 22:00-06:00", "Sat 22:00", false},
        {"Sun 22:00-06:00", "Mon 05:59", true},
        {"Sun 22:00-00:00", "Sun 23:59", true},
        {"Sun 22:00-00:00", "Mon 00:00", false},
        {"Mon 12:00-11:59", "Tue 11:58", true},
        {"Mon 12:00-11:59", "Tue 11:59", false},
        /* days over Sunday */
        {"Sat-Mon 09:00-10:00", "Sat 09:30", true},
        {"Sat-Mon 09:00-10:00", "Sun 09:30", true},
        {"Sat-Mon 09:00-10:00", "Mon 09:30", true},
        {"Sat-Mon 09:00-10:00", "Tue 09:30", false},
        {"Sat-Mon 09:00-10:00", "Fri 09:30", false},
        {"Mon-Sun 09:00-10:00", "Thu 09:30", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct hours h = parsed(CASES[i].hours);
        if (hours_open(&h, when(CASES[i].at), 0) != CASES[i].want)
            fail_msg("%s at %s", CASES[i].hours, CASES[i].at);
    }
}

static void hours_are_local(void **state)
{
    const struct hours h = parsed("Mon 07:00-19:00");
    (void)state;
    assert_true(hours_open(&h, when("Mon 05:00"), 2 * 3600));
    assert_false(hours_open(&h, when("Mon 05:00"), 3600));
    assert_true(hours_open(&h, when("Sun 20:00"), 11 * 3600));
    assert_true(hours_open(&h, when("Tue 02:00"), -8 * 3600));
    assert_false(hours_open(&h, 0, -12 * 3600)); /* a Wednesday before 1970 */
    const struct hours wednesday = parsed("Wed 12:00-13:00");
    assert_true(hours_open(&wednesday, 0, -12 * 3600));
}

static void without_hours_it_is_always_open(void **state)
{
    const struct hours none = {0};
    (void)state;
    for (usec_t at = MONDAY; at < MONDAY + 7 * USEC_PER_DAY; at += 13 * USEC_PER_MINUTE)
        assert_true(hours_open(&none, at, 3600));
}

/* The whole week, minute by minute: what is printed means what was read. */
static void what_is_printed_means_the_same(void **state)
{
    static const struct {
        const char *text, *want; /* NULL: as it was */
    } CASES[] = {
        {"Mon-Fri 07:00-19:00", NULL},
        {"Mon 00:00-24:00", NULL},
        {"Mon-Sun 00:00-24:00", NULL},
        {"Sat-Mon 22:00-06:00", "Mon,Sat-Sun 22:00-06:00"},
        {"Tue,Mon,Wed,Fri 08:00-12:00,13:00-17:30", "Mon-Wed,Fri 08:00-12:00,13:00-17:30"},
        {"Mon,Wed,Fri,Sun 00:00-01:00,02:00-03:00,04:00-05:00,06:00-07:00,08:00-09:00,10:00-11:00,"
         "12:00-13:00,14:00-15:00",
         NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        char buf[HOURS_TEXT];
        const struct hours h = parsed(CASES[i].text);
        const char *want = CASES[i].want ? CASES[i].want : CASES[i].text;
        assert_string_equal(hours_print(&h, buf), want);
        const struct hours back = parsed(buf);
        for (usec_t at = MONDAY; at < MONDAY + 7 * USEC_PER_DAY; at += USEC_PER_MINUTE)
            if (hours_open(&h, at, 0) != hours_open(&back, at, 0))
                fail_msg("%s and %s", CASES[i].text, buf);
    }
}

static void invalid_hours_are_refused_with_an_example(void **state)
{
    static const char *const CASES[] = {
        "",
        " ",
        "Mon",
        "Mon ",
        "07:00-19:00",
        "Mon-Fri",
        "Mon-Fri 7:00-19:00",
        "Mon-Fri 07-19",
        "Mon-Fri 07:00",
        "Mon-Fri 07:00-",
        "Mon-Fri 07:00-19:00 ",
        "Mon-Fri  07:00-19:00",
        "Mon-Fri 07:00-19:00,",
        "Mon-Fri, 07:00-19:00",
        "Mon- 07:00-19:00",
        "Monday 07:00-19:00",
        "mon 07:00-19:00",
        "Mon-Fri-Sun 07:00-19:00",
        "Mon 24:00-25:00",
        "Mon 07:60-19:00",
        "Mon 24:00-06:00",
        "Mon 07:00-24:01",
        "Mon 07:00-07:00",
        "Mon 00:00-00:00",
        "Mon 07:00-19:00;Tue 07:00-19:00",
        ("Mon 00:00-01:00,02:00-03:00,04:00-05:00,06:00-07:00,08:00-09:00,10:00-11:00,12:00-13:00,"
         "14:00-15:00,16:00-17:00"), /* one too many */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct hours h = {.days = 1};
        struct failure why;
        if (hours_parse(CASES[i], &h, &why) != -EINVAL || h.days != 1)
            fail_msg("\"%s\" is taken", CASES[i]);
        if (!strstr(why.text, "; write such as \"Mon-Fri 07:00-19:00\""))
            fail_msg("\"%s\": no example in: %s", CASES[i], why.text);
    }
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(hours_are_open_from_their_first_minute_to_before_their_last),
        cmocka_unit_test(hours_are_local),
        cmocka_unit_test(without_hours_it_is_always_open),
        cmocka_unit_test(what_is_printed_means_the_same),
        cmocka_unit_test(invalid_hours_are_refused_with_an_example),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
