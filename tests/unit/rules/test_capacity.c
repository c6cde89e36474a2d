/* SPDX-License-Identifier: MIT */
/* The four findings of one pool. */
#include "unit/rules/fixture.h"

static const char *show(const struct finding *f, char buf[64])
{
    if (f->state != FINDING_KNOWN)
        return verdict(f);
    (void)snprintf(buf, 64, "%s/%s %lld", level_name(f->raise), level_name(f->keep),
                   (long long)f->value);
    return buf;
}

static void usage_is_compared_exactly_and_kept_within_its_margin(void **state)
{
    static const struct {
        const char *why;
        int64_t allotted, consumed;
        const char *want; /* raise/keep value */
    } CASES[] = {
        {"just below the limit", 1000, 899, "none/warning 8990"},
        {"the limit itself counts", 1000, 900, "warning/warning 9000"},
        {"a hair below is not rounded up", 1000000, 899999, "none/warning 8999"},
        {"three of them, a third below", 300000, 269999, "none/warning 8999"},
        {"inside the margin it is kept", 1000, 881, "none/warning 8810"},
        {"the end of the margin still keeps", 1000, 880, "none/warning 8800"},
        {"strictly below the margin it clears", 1000, 879, "none/none 8790"},
        {"a hair below the margin clears", 1000000, 879999, "none/none 8799"},
        {"critical", 1000, 950, "critical/critical 9500"},
        {"back from critical, within its margin", 1000, 935, "warning/critical 9350"},
        {"back from critical, beyond it", 1000, 929, "warning/warning 9290"},
        {"more than all is legal", 50, 57, "critical/critical 11400"},
        {"Int32 to the brim", 2147483647, 2147483647, "critical/critical 10000"},
        {"nothing used", 1000, 0, "none/none 0"},
        {"smaller than min_units", 24, 24, "n/a"},
        {"min_units itself", 25, 22, "none/warning 8800"},
    };
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    w.options.threshold[RULE_USAGE].limit[LEVEL_CRITICAL] = at(9500);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char buf[64];
        POLL(&w, {.id = "a", .allotted = CASES[i].allotted, .consumed = CASES[i].consumed});
        const char *got = show(finding_of(&w, "a", RULE_USAGE), buf);
        if (strcmp(got, CASES[i].want) != 0)
            fail_msg("%s: %s", CASES[i].why, got);
    }
}

static void remaining_counts_at_or_below_and_says_how_many_are_left(void **state)
{
    static const struct {
        int64_t allotted, consumed;
        const char *want;
    } CASES[] = {
        {10, 9, "none/warning 1"}, /* a seat that changes hands ends nothing */
        {10, 8, "none/none 2"},
        {10, 0, "none/none 10"},
        {1, 0, "none/none 1"}, /* an unused pool is not nearly full, however small */
        {400, 392, "none/warning 8"},
        {400, 391, "none/none 9"},
        {10, 10, "warning/warning 0"},
        {10, 11, "critical/critical -1"},
        {5, 500, "critical/critical -495"},
    };
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char buf[64];
        POLL(&w, {.id = "a", .allotted = CASES[i].allotted, .consumed = CASES[i].consumed});
        const char *got = show(finding_of(&w, "a", RULE_REMAINING), buf);
        if (strcmp(got, CASES[i].want) != 0)
            fail_msg("%lld of %lld: %s", (long long)CASES[i].consumed, (long long)CASES[i].allotted,
                     got);
    }
}

static void pool_without_units_is_critical_if_used_or_waited_for(void **state)
{
    static const struct {
        const char *why;
        int64_t consumed, waiting;
        bool no_critical;
        const char *usage, *remaining;
    } CASES[] = {
        {"nothing of nothing says nothing", 0, 0, false, "n/a", "n/a"},
        {"somebody is in it", 3, 0, false, "critical/critical 10000", "critical/critical -3"},
        {"somebody waits for it", 0, 1, false, "critical/critical 10000", "critical/critical -1"},
        {"worst of what is on", 3, 0, true, "warning/warning 10000", "warning/warning -3"},
        {"nobody knows who waits", 0, UNKNOWN, false, "unknown", "unknown"},
        {"in it, whoever waits", 1, UNKNOWN, false, "critical/critical 10000",
         "critical/critical -1"},
        {"no waiting rooms at this source", 0, -2, false, "n/a", "n/a"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        char usage[64], remaining[64];
        fixture_init(&w);
        w.options.threshold[RULE_USAGE].limit[LEVEL_CRITICAL] = at(9500);
        if (CASES[i].no_critical) {
            w.options.threshold[RULE_USAGE].limit[LEVEL_CRITICAL].on = false;
            w.options.threshold[RULE_REMAINING].limit[LEVEL_CRITICAL].on = false;
        }
        POLL(&w, {.id = "a", .consumed = CASES[i].consumed, .waiting = CASES[i].waiting});
        if (strcmp(show(finding_of(&w, "a", RULE_USAGE), usage), CASES[i].usage) != 0 ||
            strcmp(show(finding_of(&w, "a", RULE_REMAINING), remaining), CASES[i].remaining) != 0)
            fail_msg("%s", CASES[i].why);
    }
}

static void the_value_of_a_pool_of_nothing_never_lies_below_the_limit_it_met(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    w.options.threshold[RULE_USAGE].limit[LEVEL_CRITICAL] = at(12000);
    POLL(&w, {.id = "a", .consumed = 1});
    assert_int_equal(finding_of(&w, "a", RULE_USAGE)->value, 12000);
}

static void waiting_members_count_from_the_first(void **state)
{
    static const struct {
        int64_t waiting;
        const char *want;
    } CASES[] = {
        {0, "none/none 0"},           {1, "warning/warning 1"}, {24, "warning/warning 24"},
        {25, "critical/critical 25"}, {UNKNOWN, "unknown"},     {-2, "unknown"},
    };
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char buf[64];
        POLL(&w, {.id = "a", .allotted = 100, .waiting = CASES[i].waiting});
        const struct finding *f = finding_of(&w, "a", RULE_WAITING);
        if (strcmp(show(f, buf), CASES[i].want) != 0)
            fail_msg("%lld waiting: %s", (long long)CASES[i].waiting, show(f, buf));
        assert_int_equal(f->hold_for, 15 * USEC_PER_MINUTE);
        assert_int_equal(f->unit, UNIT_MEMBERS);
    }
}

static void the_age_is_that_of_the_oldest_wait(void **state)
{
    static const struct {
        const char *why;
        int64_t waiting;
        int64_t since; /* seconds ago; 0: nobody said */
        const char *want;
        int64_t ahead;
    } CASES[] = {
        {"nobody waits", 0, 0, "none/none 0", 0},
        {"our clock jumped ten years ahead", 1, 315360060, "none/none 60", 315360000},
        {"our clock fell back by two days", 1, -60, "critical/critical 172740", -172800},
        {"our clock is behind all time", 1, 86400, "none/none 0", INT64_C(1) << 40},
        {"a second short of a day", 1, 86399, "none/none 86399", 0},
        {"a day", 1, 86400, "critical/critical 86400", 0},
        {"a clock that is ahead of ours", 1, -3600, "none/none 0", 0},
        {"nobody says since when", 2, 0, "unknown", 0},
        {"nobody knows who waits", UNKNOWN, 0, "unknown", 0},
    };
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char buf[64];
        w.ctx.clock_ahead = CASES[i].ahead;
        usec_t oldest = w.now.at - (usec_t)(CASES[i].since * (int64_t)USEC_PER_SEC);
        POLL(&w, {.id = "a",
                  .allotted = 100,
                  .waiting = CASES[i].waiting,
                  .oldest_at = CASES[i].since ? oldest : 0});
        const char *got = show(finding_of(&w, "a", RULE_WAITING_AGE), buf);
        if (strcmp(got, CASES[i].want) != 0)
            fail_msg("%s: %s", CASES[i].why, got);
    }
}

static void an_age_limit_of_zero_does_not_fire_where_nobody_waits(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    w.options.threshold[RULE_WAITING_AGE].limit[LEVEL_WARNING] = at(0);
    POLL(&w, {.id = "a", .allotted = 1, .waiting = 0});
    assert_verdict(finding_of(&w, "a", RULE_WAITING_AGE), "none");
}

static void unknown_units_do_not_hide_waiting_members(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, {.id = "a", .allotted = UNKNOWN, .waiting = 3, .oldest_at = 1});
    assert_verdict(finding_of(&w, "a", RULE_USAGE), "unknown");
    assert_verdict(finding_of(&w, "a", RULE_REMAINING), "unknown");
    assert_verdict(finding_of(&w, "a", RULE_WAITING), "warning");
    assert_int_equal(observation_of(&w, KIND_CAPACITY, "a")->context->allotted, NUMBER_UNKNOWN);
}

static void a_rule_that_is_off_does_not_apply_whatever_the_numbers(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    for (int r = 0; r < RULE_COUNT_; r++)
        w.options.threshold[r].off = true;
    POLL(&w, {.id = "a", .allotted = 100, .consumed = 500, .waiting = 50, .oldest_at = 1});
    for (int r = RULE_WAITING_AGE; r <= RULE_REMAINING; r++)
        assert_verdict(finding_of(&w, "a", (enum rule)r), "n/a");
}

static void a_finding_carries_the_limits_it_was_judged_by(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, {.id = "a", .allotted = 100, .consumed = 95});
    const struct finding *f = finding_of(&w, "a", RULE_USAGE);
    assert_int_equal(f->threshold[LEVEL_WARNING], 9000);
    assert_int_equal(f->threshold[LEVEL_CRITICAL], NUMBER_UNKNOWN);
    assert_int_equal(f->unit, UNIT_PERCENT);
    assert_int_equal(f->min_samples, 2);
    assert_int_equal(finding_of(&w, "a", RULE_REMAINING)->threshold[LEVEL_CRITICAL], -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usage_is_compared_exactly_and_kept_within_its_margin),
        cmocka_unit_test(remaining_counts_at_or_below_and_says_how_many_are_left),
        cmocka_unit_test(pool_without_units_is_critical_if_used_or_waited_for),
        cmocka_unit_test(the_value_of_a_pool_of_nothing_never_lies_below_the_limit_it_met),
        cmocka_unit_test(waiting_members_count_from_the_first),
        cmocka_unit_test(the_age_is_that_of_the_oldest_wait),
        cmocka_unit_test(an_age_limit_of_zero_does_not_fire_where_nobody_waits),
        cmocka_unit_test(unknown_units_do_not_hide_waiting_members),
        cmocka_unit_test(a_rule_that_is_off_does_not_apply_whatever_the_numbers),
        cmocka_unit_test(a_finding_carries_the_limits_it_was_judged_by),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
