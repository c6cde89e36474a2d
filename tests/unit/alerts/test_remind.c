/* SPDX-License-Identifier: MIT */
/* Reminders, clock jumps, and alerts of removed rules. */
#include "fixtures/observations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define YEARS_10 (INT64_C(3652) * 24 * 3600 * 1000000)

static struct receiver_traits RECEIVERS[] = {{.name = (char *)"chat", .wants_reminders = true},
                                             {.name = (char *)"pager", .pager = true}};

static int setup(void **state)
{
    static struct engine_fixture d;
    engine_open(&d);
    d.routes.receiver = RECEIVERS;
    d.routes.n_receivers = 2;
    d.options.repeat.every[LEVEL_WARNING] = USEC_PER_DAY;
    d.options.repeat.every[LEVEL_CRITICAL] = HOURS(4);
    d.options.repeat.growth = 2;
    d.options.repeat.cap = 7 * USEC_PER_DAY;
    *state = &d;
    return 0;
}
static int teardown(void **state)
{
    engine_close(*state);
    return 0;
}

static struct observation critical(void)
{
    return A_POOL(.allotted = 100, .consumed = 101);
}
static struct observation warning(void) /* people wait */
{
    return A_POOL(.allotted = 100, .consumed = 100, .waiting = 2);
}
static const struct alert *it(const struct engine_fixture *d)
{
    return engine_alert(d, KIND_CAPACITY, "pool-a");
}

static struct observation unread(const char *section)
{
    return A_POLL(.level = LEVEL_WARNING, .cause = CAUSE_PERMISSION, .section = section);
}

static void section_named_by_a_reminder_counts_as_notified(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(POLL(d, unread(NULL)), "firing warning poll");
    assert_string_equal(POLL(d, unread("assignment_errors")), "");
    engine_pass(d, USEC_PER_DAY);
    assert_string_equal(engine_remind(d), "reminder warning poll");
    assert_string_equal(POLL(d, unread(NULL)), "updated warning poll");
}

static void reminder_intervals_grow(void **state)
{
    static const unsigned HOURS_AFTER[] = {4, 8, 16, 32, 64, 128, 168, 168};
    struct engine_fixture *d = *state;
    (void)POLL(d, critical());
    for (size_t i = 0; i < sizeof HOURS_AFTER / sizeof *HOURS_AFTER; i++) {
        engine_pass(d, HOURS(HOURS_AFTER[i]) - 1);
        assert_string_equal(engine_remind(d), "");
        engine_pass(d, 1);
        assert_string_equal(engine_remind(d), "reminder critical remaining");
        assert_string_equal(engine_remind(d), "");
    }
    assert_int_equal(engine_alert(d, KIND_CAPACITY, "pool-a")->seq, 9);
}

static void a_message_about_the_alert_puts_off_its_reminder(void **state)
{
    struct engine_fixture *d = *state;
    struct observation few = A_POOL(.allotted = 100, .consumed = 100, .waiting = 30),
                       many = A_POOL(.allotted = 100, .consumed = 100, .waiting = 90);
    assert_string_equal(engine_poll(d, &few, 1), "firing critical waiting");
    engine_pass(d, it(d)->reminder_at - d->now.at - USEC_PER_MINUTE);
    assert_string_equal(engine_poll(d, &many, 1), "updated critical waiting");
    engine_pass(d, USEC_PER_MINUTE);
    assert_string_equal(engine_remind(d), "");
    engine_pass(d, it(d)->reminder_at - d->now.at);
    assert_string_equal(engine_remind(d), "reminder critical waiting");
}

static void pagers_are_not_reminded(void **state)
{
    struct engine_fixture *d = *state;
    static char *to_pager[] = {(char *)"pager"};
    struct route only_pager = {.to = to_pager, .n_to = 1};
    (void)POLL(d, critical());
    engine_pass(d, HOURS(4));
    (void)engine_remind(d);
    assert_int_equal(d->last->event[0].to, 1);
    d->routes.route = &only_pager;
    d->routes.n_routes = 1;
    engine_pass(d, HOURS(8));
    assert_string_equal(engine_remind(d), "");
    assert_true(it(d)->reminder_at > d->now.at); /* and nobody asks again every minute */
}

static void overdue_reminders_collapse_into_one(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, critical());
    engine_restart(d, 30 * USEC_PER_DAY, true);
    assert_string_equal(engine_remind(d), "reminder critical remaining");
    assert_string_equal(engine_remind(d), "");
    assert_int_equal(it(d)->reminder_at, d->now.at + HOURS(8));
    assert_non_null(strstr(engine_alert(d, KIND_CAPACITY, "pool-a")->subject, "pool-a"));
}

static void a_reminder_says_that_its_numbers_are_old(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, critical());
    usec_t seen_at = d->now.at;
    engine_pass(d, HOURS(4));
    (void)engine_remind(d);
    assert_int_equal(engine_notification(d, 0)->stale_since_at, seen_at);
    (void)POLL(d, critical());
    engine_pass(d, HOURS(8));
    (void)POLL(d, critical());
    (void)engine_remind(d);
    assert_int_equal(engine_notification(d, 0)->stale_since_at, 0);
}

static void getting_worse_starts_them_over_and_recovering_holds_them_back(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, warning());
    assert_int_equal(it(d)->reminder_at, d->now.at + USEC_PER_DAY);
    engine_pass(d, USEC_PER_DAY);
    (void)engine_remind(d);
    assert_int_equal(it(d)->reminders, 1);
    (void)POLL(d, critical());
    assert_int_equal(it(d)->reminders, 0);
    assert_int_equal(it(d)->reminder_at, d->now.at + HOURS(4));
    (void)POLL(d, A_POOL(.allotted = 300, .consumed = 101, .keep_firing_for = 30 * USEC_PER_DAY));
    engine_pass(d, HOURS(5));
    assert_string_equal(engine_remind(d), "");
    (void)POLL(d, critical());
    assert_string_equal(engine_remind(d), "reminder critical remaining");
    (void)POLL(d, A_POOL(.allotted = 300, .consumed = 101));
    assert_int_equal(it(d)->reminder_at, 0);
}

static void planning_warnings_have_no_reminders(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 100)), "firing warning usage");
    engine_pass(d, 30 * USEC_PER_DAY);
    assert_string_equal(engine_remind(d), "");
    assert_string_equal(POLL(d, warning()), "updated warning waiting");
    engine_pass(d, USEC_PER_DAY);
    assert_string_equal(engine_remind(d), "reminder warning waiting");
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 100));
    engine_pass(d, 30 * USEC_PER_DAY);
    assert_string_equal(engine_remind(d), "");
}

static void errors_are_told_again_when_they_double_and_not_because_time_passes(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, SOME_ERRORS(.subject = "e", .code = "X", .level = LEVEL_WARNING, .value = 6));
    engine_pass(d, 30 * USEC_PER_DAY);
    assert_string_equal(engine_remind(d), "");
}

static void an_interval_that_is_off_or_comes_back_is_followed(void **state)
{
    struct engine_fixture *d = *state;
    d->options.repeat.every[LEVEL_CRITICAL] = 0;
    (void)POLL(d, critical());
    assert_int_equal(it(d)->reminder_at, 0);
    d->options.repeat.every[LEVEL_CRITICAL] = HOURS(1);
    (void)POLL(d, critical());
    assert_int_equal(it(d)->reminder_at, d->now.at + HOURS(1));
    d->options.repeat.every[LEVEL_CRITICAL] = 0;
    engine_pass(d, HOURS(1));
    assert_string_equal(engine_remind(d), "");
    assert_int_equal(it(d)->reminder_at, 0);
}

static void clock_jump_sends_no_reminders(void **state)
{
    static const int64_t JUMPS[] = {YEARS_10, -YEARS_10, 6000000, -6000000};
    struct engine_fixture *d = *state;
    for (size_t i = 0; i < sizeof JUMPS / sizeof *JUMPS; i++) {
        (void)POLL(d, critical(), A_POOL(.id = "pool-b", .allotted = 100, .consumed = 100));
        engine_pass(d, HOURS(1));
        engine_jump(d, JUMPS[i]);
        assert_string_equal(engine_remind(d), "");
        assert_int_equal(it(d)->reminder_at, d->now.at + HOURS(3));
        engine_pass(d, HOURS(1));
        assert_string_equal(engine_remind(d), "");
        engine_jump(d, -JUMPS[i]);
        /* this time a poll is the first to notification, and it speaks of another pool only */
        d->incomplete_list = true;
        assert_string_equal(POLL(d, A_POOL(.id = "pool-b", .allotted = 100, .consumed = 100)), "");
        d->incomplete_list = false;
        assert_int_equal(it(d)->reminder_at, d->now.at + HOURS(2));
        assert_string_equal(engine_remind(d), "");
        engine_pass(d, HOURS(2));
        assert_string_equal(engine_remind(d), "reminder critical remaining");
        (void)POLL(d, A_POOL(.allotted = 300), A_POOL(.id = "pool-b", .allotted = 300));
    }
}

static void reminder_planned_by_a_wrong_clock_is_moved_closer(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, critical());
    engine_restart(d, 0, true); /* the new process has not seen the clock before the jump */
    engine_jump(d, -YEARS_10);
    assert_string_equal(engine_remind(d), "");
    assert_int_equal(it(d)->reminder_at, d->now.at + HOURS(4));
}

static void what_fired_in_1970_is_reminded_of_an_interval_after_the_clock_was_set(void **state)
{
    struct engine_fixture *d = *state;
    int64_t to_1970 = -(int64_t)(d->now.at - USEC_PER_DAY);
    engine_jump(d, to_1970);
    (void)POLL(d, critical(), A_POOL(.id = "pool-b", .allotted = 100, .consumed = 101));
    engine_restart(d, HOURS(1), true); /* another boot, whose clock is right from the start */
    d->now.at += (usec_t)-to_1970;
    assert_string_equal(engine_remind(d), "");
    assert_int_equal(it(d)->reminder_at, d->now.at + HOURS(4));
    engine_pass(d, HOURS(4));
    assert_string_equal(engine_remind(d),
                        "reminder critical remaining; reminder critical remaining");
}

static void durations_in_messages_do_not_follow_the_wall_clock(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, critical());
    engine_pass(d, HOURS(2));
    engine_jump(d, YEARS_10);
    (void)POLL(d, A_POOL(.allotted = 300));
    assert_non_null(strstr(engine_notification(d, 0)->title, "resolved after 2 h:"));
}

/* ---- removed at a reload ---- */

static bool keep_nothing(const struct alert *a, void *userdata)
{
    (void)a, (void)userdata;
    return false;
}
static bool keep_pool_b(const struct alert *a, void *userdata)
{
    (void)userdata;
    return strcmp(a->subject, "pool-b") == 0;
}

static void removed_configuration_resolves_with_a_reason(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, critical(), A_POOL(.id = "pool-b", .allotted = 100, .consumed = 100),
               A_POOL(.id = "pool-c", .allotted = 100, .consumed = 100, .silent = true));
    assert_string_equal(engine_keep(d, keep_pool_b), "resolved critical remaining");
    assert_string_equal(engine_notification(d, 0)->reason, "rule_removed");
    assert_null(it(d));
    assert_null(engine_alert(d, KIND_CAPACITY, "pool-c"));
    assert_non_null(engine_alert(d, KIND_CAPACITY, "pool-b"));
    assert_string_equal(engine_keep(d, keep_nothing), "resolved warning usage");
    assert_int_equal(registry_count_tenant(d->registry, TENANT), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        TEST(section_named_by_a_reminder_counts_as_notified),
        TEST(section_named_by_a_reminder_counts_as_notified),
        TEST(reminder_intervals_grow),
        TEST(a_message_about_the_alert_puts_off_its_reminder),
        TEST(pagers_are_not_reminded),
        TEST(overdue_reminders_collapse_into_one),
        TEST(what_fired_in_1970_is_reminded_of_an_interval_after_the_clock_was_set),
        TEST(a_reminder_says_that_its_numbers_are_old),
        TEST(planning_warnings_have_no_reminders),
        TEST(errors_are_told_again_when_they_double_and_not_because_time_passes),
        TEST(getting_worse_starts_them_over_and_recovering_holds_them_back),
        TEST(an_interval_that_is_off_or_comes_back_is_followed),
        TEST(clock_jump_sends_no_reminders),
        TEST(reminder_planned_by_a_wrong_clock_is_moved_closer),
        TEST(durations_in_messages_do_not_follow_the_wall_clock),
        TEST(removed_configuration_resolves_with_a_reason),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
