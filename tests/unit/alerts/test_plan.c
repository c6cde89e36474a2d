/* SPDX-License-Identifier: MIT */
/* Which planned changes are written to the store. */
#include "fixtures/observations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE USEC_PER_MINUTE

static int setup(void **state)
{
    static struct engine_fixture d;
    engine_open(&d);
    *state = &d;
    return 0;
}
static int teardown(void **state)
{
    engine_close(*state);
    return 0;
}

static void a_poll_that_brings_nothing_new_writes_nothing(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 100), A_POOL(.id = "fine", .allotted = 100));
    assert_int_equal(d->n_written, 1);
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 100), A_POOL(.id = "fine", .allotted = 100));
    assert_int_equal(d->n_written, 0);
    assert_true(changes_empty(d->last));
}

static void numbers_that_change_under_an_open_alert_are_kept(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 95));
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 96));
    assert_int_equal(d->n_written, 1);
    assert_int_equal(engine_alert(d, KIND_CAPACITY, "pool-a")->context->consumed, 96);
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 96, .name = "CSP pool"));
    assert_int_equal(d->n_written, 1);
}

static void numbers_of_an_outage_that_change_are_kept(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_SERVICE(.level = LEVEL_CRITICAL, .value = 200, .read = 1, .since_at = T0));
    (void)POLL(d, A_SERVICE(.level = LEVEL_CRITICAL, .value = 200, .read = 1, .since_at = T0));
    assert_int_equal(d->n_written, 0);
    (void)POLL(d, A_SERVICE(.level = LEVEL_CRITICAL, .value = 200, .read = 2, .since_at = T0));
    assert_int_equal(d->n_written, 1);
    (void)POLL(d, A_SERVICE(.level = LEVEL_CRITICAL, .value = 200, .read = 2, .since_at = T0 + MINUTE));
    assert_int_equal(d->n_written, 1);
}

static void unchanged_numbers_are_rewritten_now_and_then(void **state)
{
    struct engine_fixture *d = *state;
    size_t written = 0;
    for (int i = 0; i < 24; i++) { /* two hours of polls, five minutes apart */
        (void)POLL(d, A_POOL(.allotted = 100, .consumed = 95));
        written += d->n_written;
        assert_true(d->now.at - engine_alert(d, KIND_CAPACITY, "pool-a")->context->observed_at <
                    d->outage_tolerance / 4);
        engine_pass(d, 5 * MINUTE);
    }
    assert_int_equal(written, 8);
}

static void timers_are_written_down_while_they_run(void **state)
{
    struct engine_fixture *d = *state;
    for (int i = 0; i < 3; i++) {
        assert_string_equal(
            POLL(d, A_POOL(.allotted = 100, .consumed = 95, .hold_for = 15 * MINUTE)), "");
        assert_int_equal(d->n_written, 1);
        engine_restart(d, 5 * MINUTE, false);
    }
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 95, .hold_for = 15 * MINUTE)),
                        "firing warning usage");
    assert_int_equal(engine_notification(d, 0)->started_at, T0);
}

static void what_stays_unknown_is_written_once(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 95, .min_samples = 2));
    (void)POLL(d, A_POOL(.allotted = HIDDEN, .waiting = HIDDEN));
    assert_int_equal(d->n_written, 1); /* the timer stops */
    (void)POLL(d, A_POOL(.allotted = HIDDEN, .waiting = HIDDEN));
    assert_int_equal(d->n_written, 0);
}

static void a_suspicion_after_a_long_gap_dates_from_after_it(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 95, .min_samples = 2));
    engine_restart(d, 3 * USEC_PER_DAY, true);
    usec_t again_at = d->now.at;
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 95, .min_samples = 2)), "");
    engine_pass(d, MINUTE);
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 95, .min_samples = 2)),
                        "firing warning usage");
    assert_int_equal(engine_notification(d, 0)->started_at, again_at);
}

static void a_restart_alone_says_nothing(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 100, .waiting = 3));
    engine_restart(d, MINUTE, false);
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 100, .waiting = 3)), "");
    engine_restart(d, HOURS(20), true);
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 100, .waiting = 3)), "");
    assert_string_equal(engine_remind(d), "");
}

static void the_sequence_survives_the_end_of_an_episode(void **state)
{
    struct engine_fixture *d = *state;
    for (uint64_t i = 1; i <= 3; i++) {
        (void)POLL(d, A_POOL(.allotted = 100, .consumed = 95));
        assert_int_equal(engine_notification(d, 0)->episode, i);
        assert_int_equal(engine_notification(d, 0)->seq, 2 * i - 1);
        (void)POLL(d, A_POOL(.allotted = 100));
        assert_int_equal(engine_notification(d, 0)->seq, 2 * i);
        engine_restart(d, MINUTE, false);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        TEST(a_poll_that_brings_nothing_new_writes_nothing),
        TEST(numbers_that_change_under_an_open_alert_are_kept),
        TEST(numbers_of_an_outage_that_change_are_kept),
        TEST(unchanged_numbers_are_rewritten_now_and_then),
        TEST(timers_are_written_down_while_they_run),
        TEST(what_stays_unknown_is_written_once),
        TEST(a_suspicion_after_a_long_gap_dates_from_after_it),
        TEST(a_restart_alone_says_nothing),
        TEST(the_sequence_survives_the_end_of_an_episode),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
