/* SPDX-License-Identifier: MIT */
/* Evaluates the last poll again after a reload. */
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
    *state = &d;
    return 0;
}
static int teardown(void **state)
{
    engine_close(*state);
    return 0;
}

#define FULL(...) A_POOL(.allotted = 100, .consumed = 95, .min_samples = 3, __VA_ARGS__)
#define FINE(...) A_POOL(.allotted = 100, .consumed = 5, .min_samples = 3, __VA_ARGS__)

/* The observation by the new options. */
#define AGAIN(d, ...)                              \
    __extension__({                                \
        (d)->again = (d)->incomplete_list = true;  \
        (void)POLL(d, __VA_ARGS__);                \
        (d)->again = (d)->incomplete_list = false; \
        (const char *)(d)->notified;               \
    })

static void repeated_evaluation_needs_one_poll(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(POLL(d, FINE()), "");
    assert_string_equal(AGAIN(d, FULL()), "firing warning usage");
    assert_string_equal(AGAIN(d, FINE()), "resolved warning usage");
}

static void repeated_evaluation_adds_no_time(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(POLL(d, FULL(.hold_for = MINUTES(10))), "");
    engine_pass(d, MINUTES(20));
    assert_string_equal(AGAIN(d, FULL(.hold_for = MINUTES(10))), "");
    const struct latch *l = &engine_alert(d, KIND_CAPACITY, "pool-a")->latch[RULE_USAGE][0];
    assert_int_equal(l->observations, 1);
    assert_int_equal(l->elapsed, 0);
    assert_string_equal(POLL(d, FULL(.hold_for = MINUTES(10))), "");
    assert_string_equal(POLL(d, FULL(.hold_for = MINUTES(10))), "firing warning usage"); /* held since the first */
    assert_string_equal(AGAIN(d, FINE(.keep_firing_for = MINUTES(10))), "");
    engine_pass(d, MINUTES(20));
    assert_string_equal(AGAIN(d, FINE(.keep_firing_for = MINUTES(10))), "");
    (void)POLL(d, FINE(.keep_firing_for = MINUTES(10)));
    assert_string_equal(POLL(d, FINE(.keep_firing_for = MINUTES(10))), "resolved warning usage");
}

static void a_shorter_time_counts_what_was_held_already(void **state)
{
    struct engine_fixture *d = *state;
    for (int i = 0; i < 3; i++, engine_pass(d, MINUTES(5)))
        assert_string_equal(POLL(d, FULL(.hold_for = HOURS(1))), "");
    assert_string_equal(AGAIN(d, FULL(.hold_for = MINUTES(15))), "");
    assert_string_equal(AGAIN(d, FULL(.hold_for = MINUTES(10))), "firing warning usage");
}

static void repeated_evaluation_lowers_and_raises(void **state)
{
    struct engine_fixture *d = *state;
    (void)AGAIN(d, A_POOL(.allotted = 100, .consumed = 101, .min_samples = 3));
    assert_string_equal(AGAIN(d, A_POOL(.allotted = 100, .consumed = 101, .no_remaining = true, .min_samples = 3)),
                        "deescalated warning usage");
    assert_string_equal(AGAIN(d, A_POOL(.allotted = 100, .consumed = 101, .min_samples = 3)),
                        "escalated critical remaining");
}

static void unknown_finding_neither_clears_nor_stops_timers(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, FULL(.hold_for = MINUTES(10)));
    (void)AGAIN(d, A_POOL(.allotted = HIDDEN, .consumed = HIDDEN, .hold_for = MINUTES(10)));
    assert_int_not_equal(engine_alert(d, KIND_CAPACITY, "pool-a")->latch[RULE_USAGE][0].last.boot,
                         0);
    (void)AGAIN(d, FULL());
    assert_string_equal(AGAIN(d, FINE(.waiting = HIDDEN)), "");
    assert_int_equal(engine_alert(d, KIND_CAPACITY, "pool-a")->state, ALERT_FIRING);
}

static void ended_subscription_still_explains_its_pool(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_SUBSCRIPTION(.subject = "s", .state = "suspended", .level = LEVEL_CRITICAL),
               FULL(.explained = true, .subscription = "s"));
    assert_string_equal(AGAIN(d, FULL(.explained = true, .subscription = "s")), "");
    assert_string_equal(AGAIN(d, FULL(.waiting = 3)), "firing warning waiting");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        TEST(repeated_evaluation_needs_one_poll),
        TEST(repeated_evaluation_adds_no_time),
        TEST(a_shorter_time_counts_what_was_held_already),
        TEST(repeated_evaluation_lowers_and_raises),
        TEST(unknown_finding_neither_clears_nor_stops_timers),
        TEST(ended_subscription_still_explains_its_pool),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
