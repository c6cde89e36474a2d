/* SPDX-License-Identifier: MIT */
/* Findings step the latches; the latches determine the state of the alert. */
#include "alerts/evaluate.h"
#include "fixtures/observations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define OFF NUMBER_UNKNOWN

static void each_level_has_its_own_latch_input(void **state)
{
    static const struct {
        const char *why;
        struct finding f;
        enum latch_input warning, critical;
    } CASES[] = {
        {"not known",
         {.rule = RULE_USAGE, .state = FINDING_UNKNOWN, .threshold = {OFF, OFF, OFF}},
         LATCH_UNKNOWN,
         LATCH_UNKNOWN},
        {"below all",
         {.rule = RULE_USAGE, .state = FINDING_KNOWN, .threshold = {OFF, 90, 95}},
         LATCH_CLEAR,
         LATCH_CLEAR},
        {"warning",
         {.rule = RULE_USAGE,
          .state = FINDING_KNOWN,
          .threshold = {OFF, 90, 95},
          .raise = LEVEL_WARNING,
          .keep = LEVEL_WARNING},
         LATCH_BREACH,
         LATCH_CLEAR},
        {"warning, in the band of critical",
         {.rule = RULE_USAGE,
          .state = FINDING_KNOWN,
          .threshold = {OFF, 90, 95},
          .raise = LEVEL_WARNING,
          .keep = LEVEL_CRITICAL},
         LATCH_BREACH,
         LATCH_BAND},
        {"critical",
         {.rule = RULE_USAGE,
          .state = FINDING_KNOWN,
          .threshold = {OFF, 90, 95},
          .raise = LEVEL_CRITICAL,
          .keep = LEVEL_CRITICAL},
         LATCH_BREACH,
         LATCH_BREACH},
        {"critical, and no warning is wanted",
         {.rule = RULE_WAITING,
          .state = FINDING_KNOWN,
          .threshold = {OFF, OFF, 25},
          .raise = LEVEL_CRITICAL,
          .keep = LEVEL_CRITICAL},
         LATCH_REMOVED,
         LATCH_BREACH},
        {"does not apply, but is on",
         {.rule = RULE_USAGE, .state = FINDING_NOT_APPLICABLE, .threshold = {OFF, 90, OFF}},
         LATCH_CLEAR,
         LATCH_REMOVED},
        {"off",
         {.rule = RULE_POLL, .state = FINDING_NOT_APPLICABLE, .threshold = {OFF, OFF, OFF}},
         LATCH_REMOVED,
         LATCH_REMOVED},
        {"a state has a level without a number",
         {.rule = RULE_SUBSCRIPTION,
          .state = FINDING_KNOWN,
          .threshold = {OFF, OFF, OFF},
          .raise = LEVEL_CRITICAL,
          .keep = LEVEL_CRITICAL},
         LATCH_BREACH,
         LATCH_BREACH},
        {"and clears without one",
         {.rule = RULE_ALLOTMENT_GONE, .state = FINDING_KNOWN, .threshold = {OFF, OFF, OFF}},
         LATCH_CLEAR,
         LATCH_CLEAR},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        if (finding_input(&CASES[i].f, LEVEL_WARNING) != CASES[i].warning ||
            finding_input(&CASES[i].f, LEVEL_CRITICAL) != CASES[i].critical)
            fail_msg("%s", CASES[i].why);
}

/* An alert of its own, evaluated by hand. */
static void step(struct alert *a, struct observation s, struct outcome *ret)
{
    static usec_t minutes;
    const struct evaluation e = {
        .now = {.at = T0 + MINUTES(minutes), .mono = MINUTES(100 + minutes), .boot = 1},
        .outage_tolerance = HOURS(1)};
    minutes++;
    s.context->observed_at = e.now.at;
    assert_int_equal(evaluate(a, &s, &e, ret), 0);
    observation_clear(&s);
}

static void ties_are_decided_in_the_order_of_the_rules(void **state)
{
    struct alert a = {0};
    struct outcome o;
    (void)state;
    step(&a, A_POOL(.allotted = 100, .consumed = 100), &o);
    assert_int_equal(a.rule, RULE_USAGE);
    step(&a, A_POOL(.allotted = 100, .consumed = 100, .waiting = 1), &o);
    assert_int_equal(a.rule, RULE_WAITING);
    assert_int_equal(a.value, 1);
    assert_true(o.waiting_began);
    step(&a, A_POOL(.allotted = 100, .consumed = 101, .waiting = 1), &o);
    assert_int_equal(a.rule, RULE_REMAINING); /* the worst goes first */
    assert_int_equal(a.level, LEVEL_CRITICAL);
    assert_false(o.waiting_began);
    context_free(a.context);
}

static void among_equals_what_is_breached_goes_before_what_recovers(void **state)
{
    struct alert a = {0};
    struct outcome o;
    (void)state;
    step(&a, A_POOL(.allotted = 100, .consumed = 100, .waiting = 1, .keep_firing_for = HOURS(1)),
         &o);
    assert_int_equal(a.rule, RULE_WAITING);
    a.notified = LEVEL_WARNING;
    step(&a, A_POOL(.allotted = 100, .consumed = 100, .keep_firing_for = HOURS(1)), &o);
    assert_int_equal(a.rule, RULE_USAGE);
    assert_int_equal(a.latch[RULE_WAITING][0].state, ALERT_RECOVERING);
    step(&a, A_POOL(.allotted = 200, .consumed = 100, .keep_firing_for = HOURS(1)), &o);
    assert_int_equal(a.state, ALERT_RECOVERING);
    assert_int_equal(a.rule, RULE_WAITING);
    assert_int_equal(a.level, LEVEL_WARNING);
    context_free(a.context);
}

static void a_decision_that_falls_to_an_unread_finding_has_no_number(void **state)
{
    struct alert a = {0};
    struct outcome o;
    (void)state;
    step(&a, A_POOL(.allotted = 100, .consumed = 101, .waiting = 3), &o);
    assert_int_equal(a.rule, RULE_REMAINING);
    a.notified = LEVEL_CRITICAL;
    step(&a, A_POOL(.allotted = 100, .consumed = 99, .waiting = HIDDEN, .no_remaining = true), &o);
    assert_int_equal(a.rule, RULE_WAITING);
    assert_true(a.value == NUMBER_UNKNOWN);
    assert_int_equal(a.threshold, 1);
    assert_int_equal(a.unit, UNIT_MEMBERS);
    assert_true(o.stale);
    assert_int_equal(a.context->waiting, 3);
    context_free(a.context);
}

static void unnotified_level_has_no_hysteresis(void **state)
{
    struct alert a = {0};
    struct outcome o;
    (void)state;
    step(&a, A_POOL(.allotted = 100, .consumed = 101, .keep_firing_for = HOURS(1)), &o);
    a.notified = LEVEL_WARNING; /* critical is held back */
    step(&a, A_POOL(.allotted = 100, .consumed = 89, .keep_firing_for = HOURS(1)), &o);
    assert_int_equal(a.latch[RULE_REMAINING][LEVEL_CRITICAL - 1].state, ALERT_OK);
    assert_int_equal(a.latch[RULE_REMAINING][LEVEL_WARNING - 1].state, ALERT_RECOVERING);
    assert_int_equal(a.latch[RULE_USAGE][LEVEL_WARNING - 1].state, ALERT_FIRING);
    assert_int_equal(a.level, LEVEL_WARNING);
    context_free(a.context);
}

static void carried_numbers_still_add_up(void **state)
{
    struct alert a = {0};
    struct outcome o;
    (void)state;
    step(&a, A_POOL(.allotted = 100, .consumed = 100, .waiting = 3), &o);
    usec_t then_at = a.context->observed_at;
    step(&a, A_POOL(.allotted = 100, .consumed = 102, .waiting = HIDDEN), &o);
    assert_int_equal(a.context->units_to_unblock, 5);
    assert_int_equal(a.context->observed_at, then_at);
    context_free(a.context);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(each_level_has_its_own_latch_input),
        cmocka_unit_test(ties_are_decided_in_the_order_of_the_rules),
        cmocka_unit_test(among_equals_what_is_breached_goes_before_what_recovers),
        cmocka_unit_test(a_decision_that_falls_to_an_unread_finding_has_no_number),
        cmocka_unit_test(unnotified_level_has_no_hysteresis),
        cmocka_unit_test(carried_numbers_still_add_up),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
