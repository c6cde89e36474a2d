/* SPDX-License-Identifier: MIT */
/* What a date causes is notified, and reminded of, at the hour of dates_at. */
#include "base/cleanup.h"
#include "base/date.h"
#include "fixtures/observations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct receiver_traits RECEIVERS[] = {{.name = (char *)"chat", .wants_reminders = true}};

static int32_t berlin(const void *userdata, usec_t at)
{
    struct zone zone;
    (void)userdata;
    assert_int_equal(clock_zone("Europe/Berlin", at, &zone), 0);
    return zone.offset;
}

static int setup(void **state)
{
    static const struct calendar DATES = {.begins = HOURS(9), .utc_offset = berlin};
    static struct engine_fixture d;
    engine_open(&d);
    d.routes.receiver = RECEIVERS;
    d.routes.n_receivers = 1;
    d.options.repeat.every[LEVEL_WARNING] = USEC_PER_DAY;
    d.options.repeat.every[LEVEL_CRITICAL] = HOURS(4);
    d.options.repeat.growth = 1;
    d.calendar = &DATES;
    *state = &d;
    return 0;
}

static int teardown(void **state)
{
    engine_close(*state);
    return 0;
}

#define SUB(level_, ...) A_SUBSCRIPTION(.subject = "s-1", .level = (level_), .keep = (level_), .value = 5, __VA_ARGS__)

static void date_fires_and_escalates_when_the_day_begins(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(POLL(d, SUB(LEVEL_WARNING, .waits = true)), "");
    assert_null(engine_alert(d, KIND_SUBSCRIPTION, "s-1"));
    assert_string_equal(POLL(d, SUB(LEVEL_WARNING)), "firing warning subscription");
    engine_pass(d, HOURS(18));
    assert_string_equal(POLL(d, SUB(LEVEL_CRITICAL, .waits = true)), "");
    assert_int_equal(engine_alert(d, KIND_SUBSCRIPTION, "s-1")->state, ALERT_FIRING);
    assert_string_equal(POLL(d, SUB(LEVEL_CRITICAL)), "escalated critical subscription");
    assert_string_equal(POLL(d, SUB(LEVEL_CRITICAL, .waits = true)), "");
    assert_string_equal(POLL(d, SUB(LEVEL_NONE)), "resolved critical subscription");
}

static void what_was_counted_before_midnight_still_counts_at_the_hour(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(POLL(d, SUB(LEVEL_WARNING, .min_samples = 2)), "");
    assert_string_equal(POLL(d, SUB(LEVEL_WARNING, .min_samples = 2, .waits = true)), "");
    assert_string_equal(POLL(d, SUB(LEVEL_WARNING, .min_samples = 2)), "firing warning subscription");
}

static void first_poll_and_a_loss_of_state_do_not_wait(void **state)
{
    struct engine_fixture *d = *state;
    d->first_run = true;
    assert_string_equal(POLL(d, SUB(LEVEL_WARNING, .waits = true)), "digest 1");
    d->first_run = false;
    d->state_lost = true;
    assert_string_equal(
        POLL(d, SUB(LEVEL_WARNING), A_SUBSCRIPTION(.subject = "s-2", .level = LEVEL_CRITICAL, .waits = true)),
        "firing critical subscription");
}

static void credential_updates_wait_for_the_hour(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_CREDENTIAL(.subject = "c", .level = LEVEL_WARNING, .value = 15));
    assert_string_equal(POLL(d, A_CREDENTIAL(.subject = "c", .level = LEVEL_WARNING, .value = 14, .waits = true)),
                        "");
    assert_string_equal(POLL(d, A_CREDENTIAL(.subject = "c", .level = LEVEL_WARNING, .value = 14)),
                        "updated warning credential");
}

static usec_t at(const char *text)
{
    usec_t t = 0;
    assert_int_equal(rfc3339_parse(text, &t), 0);
    return t;
}

/* In Berlin it is 09:00 at 07:00Z in summer and at 08:00Z in winter; the clock is put back on 2026-10-25. */
static void reminders_come_at_the_hour(void **state)
{
    static const struct {
        const char *why, *state;
        enum level level;
        const char *told, *reminded;
    } CASES[] = {
        {"a few minutes after it", "warning", LEVEL_WARNING, "2026-11-22T08:03:00Z", "2026-11-23T08:00:00Z"},
        {"in the evening", "warning", LEVEL_WARNING, "2026-11-22T19:00:00Z", "2026-11-24T08:00:00Z"},
        {"over the change of the clock", "warning", LEVEL_WARNING, "2026-10-24T07:00:00Z", "2026-10-25T08:00:00Z"},
        {"when it is put forward", "warning", LEVEL_WARNING, "2027-03-27T08:03:00Z", "2027-03-28T07:00:00Z"},
        {"after it", "warning", LEVEL_WARNING, "2026-10-25T08:00:00Z", "2026-10-26T08:00:00Z"},
        {"shorter intervals, too", "active", LEVEL_CRITICAL, "2026-11-22T08:03:00Z", "2026-11-23T08:00:00Z"},
        {"but not of what has happened", "suspended", LEVEL_CRITICAL, "2026-11-22T08:03:00Z",
         "2026-11-22T12:03:00Z"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct engine_fixture *d;
        (void)setup((void **)&d);
        d->now.at = at(CASES[i].told);
        (void)POLL(d, SUB(CASES[i].level, .state = CASES[i].state));
        char due[RFC3339_MAX];
        usec_t reminder_at = engine_alert(d, KIND_SUBSCRIPTION, "s-1")->reminder_at;
        if (strcmp(rfc3339_print(reminder_at, due), CASES[i].reminded) != 0)
            fail_msg("%s: %s", CASES[i].why, due);
        engine_pass(d, reminder_at - d->now.at - 1);
        assert_string_equal(engine_remind(d), "");
        assert_int_equal(d->n_written, 0); /* it is not planned anew each minute */
        engine_pass(d, 1);
        if (strncmp(engine_remind(d), "reminder", 8) != 0)
            fail_msg("%s: no reminder", CASES[i].why);
        engine_close(d);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(date_fires_and_escalates_when_the_day_begins),
        TEST(what_was_counted_before_midnight_still_counts_at_the_hour),
        TEST(first_poll_and_a_loss_of_state_do_not_wait),
        TEST(credential_updates_wait_for_the_hour),
        cmocka_unit_test(reminders_come_at_the_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
