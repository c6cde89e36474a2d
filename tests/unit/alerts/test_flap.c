/* SPDX-License-Identifier: MIT */
/* Alerts that fire and resolve again and again. */
#include "fixtures/observations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
    static struct engine_fixture d;
    engine_open(&d);
    d.options.flap = (struct flap_options){.pairs = 4, .within = HOURS(24), .quiet = HOURS(6)};
    *state = &d;
    return 0;
}
static int teardown(void **state)
{
    engine_close(*state);
    return 0;
}

#define CLEAR A_POOL(.allotted = 100, .consumed = 1)
#define WARNING A_POOL(.allotted = 100, .consumed = 95)
#define CRITICAL A_POOL(.allotted = 100, .consumed = 101)
#define WAITING(n) A_POOL(.allotted = 100, .consumed = 100, .waiting = (n))
#define DROPPED A_POOL(.allotted = 80, .consumed = 75, .reference = 100)
#define UNKNOWN A_POOL(.allotted = HIDDEN, .consumed = HIDDEN, .waiting = HIDDEN)

static const char *poll(struct engine_fixture *d, usec_t after, struct observation s)
{
    engine_pass(d, after);
    return POLL(d, s);
}

/* n times firing and resolved, `each` apart. */
static void pairs(struct engine_fixture *d, unsigned n, usec_t each)
{
    for (unsigned i = 0; i < n; i++) {
        assert_string_equal(poll(d, each / 2, WARNING), "firing warning usage");
        assert_string_equal(poll(d, each / 2, CLEAR), "resolved warning usage");
    }
}

static const struct alert *it(const struct engine_fixture *d)
{
    return engine_alert(d, KIND_CAPACITY, "pool-a");
}

static void fifth_firing_within_a_day_is_one_message_about_flapping(void **state)
{
    struct engine_fixture *d = *state;
    pairs(d, 4, HOURS(2));
    assert_string_equal(poll(d, HOURS(1), WARNING), "updated warning usage");
    const struct notification *n = engine_notification(d, 0);
    assert_string_equal(n->reason, "flapping");
    assert_non_null(strstr(n->title, "flapping: "));
    assert_non_null(strstr(n->description, "fires and resolves again and again"));
    uint32_t episode = n->episode;
    for (int i = 0; i < 5; i++) {
        assert_string_equal(poll(d, HOURS(1), CLEAR), "");
        assert_string_equal(poll(d, HOURS(1), WARNING), "");
    }
    assert_int_equal(it(d)->episode, episode);
    assert_int_equal(it(d)->notified, LEVEL_WARNING);
}

static void ends_that_are_older_do_not_count(void **state)
{
    struct engine_fixture *d = *state;
    pairs(d, 12, HOURS(9));
}

static void end_is_notified_after_the_quiet_time(void **state)
{
    struct engine_fixture *d = *state;
    pairs(d, 4, HOURS(1));
    (void)poll(d, MINUTES(5), WARNING);
    assert_string_equal(poll(d, MINUTES(5), CLEAR), "");
    assert_string_equal(poll(d, HOURS(5), CLEAR), "");
    assert_string_equal(poll(d, HOURS(1), CLEAR), "resolved warning usage");
    assert_int_equal(engine_notification(d, 0)->episode, 5);
    pairs(d, 1, HOURS(1)); /* they are counted anew */
}

static void alert_that_stays_says_no_more_and_ends_as_usual(void **state)
{
    struct engine_fixture *d = *state;
    pairs(d, 4, HOURS(1));
    (void)poll(d, MINUTES(5), WARNING);
    assert_string_equal(poll(d, HOURS(6), WARNING), "");
    assert_false(it(d)->flap.on);
    assert_string_equal(poll(d, MINUTES(5), CLEAR), "resolved warning usage");
}

static void higher_severity_is_notified_while_it_flaps(void **state)
{
    struct engine_fixture *d = *state;
    pairs(d, 4, HOURS(1));
    (void)poll(d, MINUTES(5), WARNING);
    assert_string_equal(poll(d, MINUTES(5), CLEAR), "");
    assert_string_equal(poll(d, MINUTES(5), CRITICAL), "escalated critical remaining");
    assert_string_equal(poll(d, MINUTES(5), WARNING), "");
}

static void members_that_wait_again_are_worse_only_than_the_last_message_while_it_flaps(void **state)
{
    struct engine_fixture *d = *state;
    pairs(d, 4, HOURS(1));
    (void)poll(d, MINUTES(5), WARNING);
    (void)poll(d, MINUTES(5), CLEAR);
    assert_string_equal(poll(d, MINUTES(5), WAITING(2)), "updated warning waiting");
    for (int i = 0; i < 5; i++) {
        assert_string_equal(poll(d, MINUTES(5), CLEAR), "");
        assert_string_equal(poll(d, MINUTES(5), WAITING(2)), "");
        assert_string_equal(poll(d, MINUTES(5), WAITING(0)), "");
        assert_string_equal(poll(d, MINUTES(5), WAITING(3)), "");
    }
    assert_string_equal(poll(d, MINUTES(5), CLEAR), "");
    assert_string_equal(poll(d, MINUTES(5), WAITING(4)), "updated warning waiting");
    assert_string_equal(poll(d, MINUTES(5), CLEAR), "");
    assert_string_equal(poll(d, MINUTES(5), WAITING(4)), "");
}

static void cause_that_comes_and_goes_waits_for_the_quiet_time(void **state)
{
    struct engine_fixture *d = *state;
    pairs(d, 4, HOURS(1));
    assert_string_equal(poll(d, MINUTES(5), DROPPED), "updated warning usage");
    for (int i = 0; i < 5; i++) {
        assert_string_equal(poll(d, MINUTES(5), WARNING), "");
        assert_string_equal(poll(d, MINUTES(5), DROPPED), "");
    }
    assert_string_equal(poll(d, MINUTES(5), WARNING), "");
    assert_string_equal(poll(d, HOURS(6), WARNING), "updated warning usage");
    assert_string_equal(engine_notification(d, 0)->reason, "restored");
}

static void flapping_survives_a_restart(void **state)
{
    struct engine_fixture *d = *state;
    pairs(d, 4, HOURS(1));
    engine_restart(d, HOURS(1), true);
    assert_string_equal(poll(d, MINUTES(5), WARNING), "updated warning usage");
    engine_restart(d, HOURS(1), true);
    assert_string_equal(poll(d, MINUTES(5), CLEAR), "");
    engine_restart(d, HOURS(6), true);
    assert_string_equal(poll(d, MINUTES(5), CLEAR), "resolved warning usage");
}

static void unknown_data_and_clock_jumps_end_no_flapping(void **state)
{
    struct engine_fixture *d = *state;
    pairs(d, 4, HOURS(1));
    (void)poll(d, MINUTES(5), WARNING);
    assert_string_equal(poll(d, MINUTES(5), CLEAR), "");
    engine_jump(d, 10 * 365 * (int64_t)USEC_PER_DAY);
    assert_string_equal(POLL(d, CLEAR), "");
    assert_string_equal(poll(d, HOURS(7), UNKNOWN), "");
    assert_string_equal(poll(d, MINUTES(5), CLEAR), "resolved warning usage");
}

static void alert_that_ends_otherwise_ends_at_once(void **state)
{
    struct engine_fixture *d = *state;
    pairs(d, 4, HOURS(1));
    (void)poll(d, MINUTES(5), WARNING);
    assert_string_equal(poll(d, MINUTES(5), A_POOL(.allotted = 100, .consumed = 95, .no_usage = true)),
                        "resolved warning usage");
    assert_string_equal(engine_notification(d, 0)->reason, "rule_removed");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fifth_firing_within_a_day_is_one_message_about_flapping),
        TEST(ends_that_are_older_do_not_count),
        TEST(end_is_notified_after_the_quiet_time),
        TEST(alert_that_stays_says_no_more_and_ends_as_usual),
        TEST(higher_severity_is_notified_while_it_flaps),
        TEST(members_that_wait_again_are_worse_only_than_the_last_message_while_it_flaps),
        TEST(cause_that_comes_and_goes_waits_for_the_quiet_time),
        TEST(flapping_survives_a_restart),
        TEST(unknown_data_and_clock_jumps_end_no_flapping),
        TEST(alert_that_ends_otherwise_ends_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
