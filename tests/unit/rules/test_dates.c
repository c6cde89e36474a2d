/* SPDX-License-Identifier: MIT */
/* Days that begin at dates_at of a time zone, over changes of the clock. */
#include "base/date.h"
#include "rules/dates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int32_t offset_in(const void *zone, usec_t at)
{
    struct zone z;
    assert_int_equal(clock_zone(zone, at, &z), 0);
    return z.offset;
}

static usec_t instant(const char *text)
{
    usec_t at = 0;
    assert_int_equal(rfc3339_parse(text, &at), 0);
    return at;
}

static struct calendar in(const char *zone, unsigned hour, unsigned minute)
{
    return (struct calendar){.begins = hour * USEC_PER_HOUR + minute * USEC_PER_MINUTE,
                             .utc_offset = offset_in,
                             .userdata = zone};
}

static int64_t day(const char *date)
{
    int32_t d = 0;
    assert_int_equal(date_parse(date, &d), 0);
    return d;
}

/* Berlin: 2026-10-25 02:00..03:00 comes twice, until 01:00Z; 2027-03-28 02:00..03:00 is skipped, at 01:00Z. */
static const struct {
    const char *why, *zone;
    unsigned hour, minute;
    const char *at, *day;
    bool waits;
    const char *next;
} CASES[] = {
    {"in the night", "Europe/Berlin", 9, 0, "2026-11-22T02:00:00Z", "2026-11-21", true, "2026-11-22T08:00:00Z"},
    {"a second before", "Europe/Berlin", 9, 0, "2026-11-22T07:59:59Z", "2026-11-21", true, "2026-11-22T08:00:00Z"},
    {"the hour itself", "Europe/Berlin", 9, 0, "2026-11-22T08:00:00Z", "2026-11-22", false, "2026-11-22T08:00:00Z"},
    {"in the evening", "Europe/Berlin", 9, 0, "2026-11-22T20:00:00Z", "2026-11-22", false, "2026-11-23T08:00:00Z"},
    {"in summer", "Europe/Berlin", 9, 0, "2026-07-22T07:00:00Z", "2026-07-22", false, "2026-07-22T07:00:00Z"},
    {"far east", "Pacific/Kiritimati", 9, 0, "2026-11-21T19:00:00Z", "2026-11-22", false, "2026-11-21T19:00:00Z"},
    {"far west", "Pacific/Pago_Pago", 9, 0, "2026-11-22T19:00:00Z", "2026-11-21", true, "2026-11-22T20:00:00Z"},
    {"from midnight on", "Europe/Berlin", 0, 0, "2026-11-21T23:00:00Z", "2026-11-22", false, "2026-11-21T23:00:00Z"},
    /* the clock is put back between */
    {"the day before", "Europe/Berlin", 9, 0, "2026-10-24T07:00:00Z", "2026-10-24", false, "2026-10-24T07:00:00Z"},
    {"25 hours later", "Europe/Berlin", 9, 0, "2026-10-24T07:00:01Z", "2026-10-24", false, "2026-10-25T08:00:00Z"},
    {"02:30 the first time", "Europe/Berlin", 2, 30, "2026-10-25T00:30:00Z", "2026-10-25", false, "2026-10-25T00:30:00Z"},
    {"02:15 the second time", "Europe/Berlin", 2, 30, "2026-10-25T01:15:00Z", "2026-10-25", false, "2026-10-26T01:30:00Z"},
    {"02:30 the second time", "Europe/Berlin", 2, 30, "2026-10-25T01:30:00Z", "2026-10-25", false, "2026-10-26T01:30:00Z"},
    {"03:00 comes once", "Europe/Berlin", 3, 0, "2026-10-25T01:30:00Z", "2026-10-24", true, "2026-10-25T02:00:00Z"},
    {"no wait is longer than a day", "Europe/Berlin", 23, 59, "2026-10-25T22:00:00Z", "2026-10-24", false,
     "2026-10-25T22:59:00Z"},
    /* the clock is put forward */
    {"02:30 does not exist: 01:59", "Europe/Berlin", 2, 30, "2027-03-28T00:59:59Z", "2027-03-27", true,
     "2027-03-28T01:30:00Z"},
    {"02:30 does not exist: 03:30", "Europe/Berlin", 2, 30, "2027-03-28T01:30:00Z", "2027-03-28", false,
     "2027-03-28T01:30:00Z"},
    {"23 hours later", "Europe/Berlin", 9, 0, "2027-03-27T08:00:01Z", "2027-03-27", false, "2027-03-28T07:00:00Z"},
    /* midnight itself comes twice, or is skipped */
    {"midnight comes twice", "America/Havana", 0, 0, "2026-11-01T05:30:00Z", "2026-11-01", false,
     "2026-11-02T05:00:00Z"},
    {"midnight is skipped", "America/Havana", 0, 0, "2027-03-14T05:00:00Z", "2027-03-14", false,
     "2027-03-14T05:00:00Z"},
};

static void days_begin_at_the_hour_of_the_zone(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        const struct calendar c = in(CASES[i].zone, CASES[i].hour, CASES[i].minute);
        usec_t at = instant(CASES[i].at);
        char next[RFC3339_MAX], today[RFC3339_MAX];
        int32_t n = (int32_t)calendar_day(&c, at);
        (void)rfc3339_print(calendar_next(&c, at), next);
        if (n != day(CASES[i].day) || calendar_waits(&c, at) != CASES[i].waits || strcmp(next, CASES[i].next) != 0)
            fail_msg("%s: %s, %swaits, next %s", CASES[i].why, date_print(n, today),
                     calendar_waits(&c, at) ? "" : "does not ", next);
    }
}

/* Over two changes of the clock, at hours that are skipped and doubled. */
static void no_day_is_skipped_or_begins_twice(void **state)
{
    static const char *const ZONES[] = {"Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "UTC"};
    (void)state;
    for (size_t z = 0; z < N_ELEMENTS(ZONES); z++)
        for (unsigned hour = 0; hour < 24; hour++) {
            const struct calendar c = in(ZONES[z], hour, 30);
            usec_t at = instant("2026-10-01T00:00:00Z"), end = instant("2027-04-20T00:00:00Z"), waited = 0;
            int64_t before = calendar_day(&c, at);
            for (; at < end; at += 30 * USEC_PER_MINUTE) {
                int64_t now = calendar_day(&c, at);
                if (now < before || now > before + 1)
                    fail_msg("%s %02u:30: day %d after %d", ZONES[z], hour, (int)now, (int)before);
                waited = calendar_waits(&c, at) ? waited + 30 * USEC_PER_MINUTE : 0;
                if (waited > USEC_PER_DAY)
                    fail_msg("%s %02u:30: waits for more than a day", ZONES[z], hour);
                before = now;
            }
        }
}

static void what_has_happened_awaits_no_date(void **state)
{
    static const struct {
        enum rule rule;
        const char *subscription;
        enum cause cause;
        bool awaits;
    } ALERTS[] = {
        {RULE_SUBSCRIPTION, "active", CAUSE_NONE, true},
        {RULE_SUBSCRIPTION, "warning", CAUSE_NONE, true},
        {RULE_SUBSCRIPTION, "suspended", CAUSE_NONE, false},
        {RULE_SUBSCRIPTION, "lockedOut", CAUSE_NONE, false},
        {RULE_SUBSCRIPTION, NULL, CAUSE_NONE, false},
        {RULE_CREDENTIAL, NULL, CAUSE_NONE, true},
        {RULE_CREDENTIAL, NULL, CAUSE_ENDED, false},
        {RULE_CREDENTIAL, NULL, CAUSE_REFUSED, false},
        {RULE_USAGE, "active", CAUSE_NONE, false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(ALERTS); i++) {
        struct context_subscription s = {.state = (char *)(uintptr_t)ALERTS[i].subscription};
        const struct alert_context f = {
            .subscription = &s, .n_subscriptions = s.state ? 1 : 0, .cause = ALERTS[i].cause};
        if (rule_awaits_date(ALERTS[i].rule, &f) != ALERTS[i].awaits)
            fail_msg("case %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_begin_at_the_hour_of_the_zone),
        cmocka_unit_test(no_day_is_skipped_or_begins_twice),
        cmocka_unit_test(what_has_happened_awaits_no_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
