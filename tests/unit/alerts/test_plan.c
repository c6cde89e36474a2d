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

static void poll_without_changes_writes_nothing(void **state)
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

static void running_timers_are_stored(void **state)
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

static void lasting_unknown_state_is_stored_once(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 95, .min_samples = 2));
    (void)POLL(d, A_POOL(.allotted = HIDDEN, .waiting = HIDDEN));
    assert_int_equal(d->n_written, 1); /* the timer stops */
    (void)POLL(d, A_POOL(.allotted = HIDDEN, .waiting = HIDDEN));
    assert_int_equal(d->n_written, 0);
}

static void pending_alert_restarts_after_a_long_gap(void **state)
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

static void restart_sends_nothing(void **state)
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
        TEST(poll_without_changes_writes_nothing),
        TEST(numbers_that_change_under_an_open_alert_are_kept),
        TEST(numbers_of_an_outage_that_change_are_kept),
        TEST(unchanged_numbers_are_rewritten_now_and_then),
        TEST(running_timers_are_stored),
        TEST(lasting_unknown_state_is_stored_once),
        TEST(pending_alert_restarts_after_a_long_gap),
        TEST(restart_sends_nothing),
        TEST(the_sequence_survives_the_end_of_an_episode),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
