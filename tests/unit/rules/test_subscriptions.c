/* SPDX-License-Identifier: MIT */
/* Subscriptions: what is worth an alarm, and what ends it. */
#include "unit/rules/fixture.h"

static const struct finding *finding(const struct rules_fixture *w)
{
    return &observation_of(w, KIND_SUBSCRIPTION, "s")->finding[0];
}

static void poll_state(struct rules_fixture *w, const char *state, int32_t days, int64_t consumed)
{
    POLL(w, {.id = "a",
             .sku = E3,
             .allotted = 100,
             .consumed = consumed,
             .sub = {{"s", state, 20000, days == UNKNOWN ? 0 : DAY_0 + days}}});
}

static void a_state_seen_for_the_first_time(void **state)
{
    static const struct {
        const char *state;
        int32_t days;
        int64_t consumed;
        bool manual;
        const char *want;
        enum level keep;
    } CASES[] = {
        {"active", 2, 5, false, "none", LEVEL_NONE},
        {"active", UNKNOWN, 5, false, "none", LEVEL_NONE},
        {"active", 31, 5, true, "none", LEVEL_NONE},
        {"active", 30, 5, true, "warning", LEVEL_WARNING},
        {"active", 7, 5, true, "critical", LEVEL_CRITICAL},
        {"active", 0, 5, true, "critical", LEVEL_CRITICAL},
        {"active", -2, 5, true, "warning", LEVEL_WARNING},
        {"active", -3, 5, true, "warning", LEVEL_WARNING},
        {"active", -30, 5, true, "warning", LEVEL_WARNING},
        {"active", -30, 5, false, "none", LEVEL_NONE},
        {"warning", -5, 0, false, "critical", LEVEL_CRITICAL},
        {"suspended", -5, 1, false, "critical", LEVEL_CRITICAL},
        {"active", UNKNOWN, 5, true, "unknown", LEVEL_NONE},
        {"warning", 20, 0, false, "warning", LEVEL_CRITICAL},
        {"warning", 8, 0, false, "warning", LEVEL_CRITICAL},
        {"warning", 7, 0, false, "critical", LEVEL_CRITICAL},
        {"warning", UNKNOWN, 0, false, "warning", LEVEL_CRITICAL},
        {"suspended", 20, 1, false, "critical", LEVEL_CRITICAL},
        {"lockedOut", 20, 1, false, "critical", LEVEL_CRITICAL},
        {"deleted", UNKNOWN, 1, false, "critical", LEVEL_CRITICAL},
        {"suspended", 20, 0, false, "n/a", LEVEL_NONE},
        {"deleted", 20, 0, true, "n/a", LEVEL_NONE},
        {"suspended", 20, UNKNOWN, false, "unknown", LEVEL_NONE},
        {"paused", 1, 50, false, "unknown", LEVEL_NONE},
        {"active,suspended", 1, 50, false, "critical", LEVEL_CRITICAL},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        fixture_init(&w);
        w.options.threshold[RULE_SUBSCRIPTION].manual_renewal = CASES[i].manual;
        POLL(&w, {.id = "a",
                  .sku = E3,
                  .allotted = CASES[i].consumed == UNKNOWN ? UNKNOWN : 100,
                  .consumed = CASES[i].consumed,
                  .sub = {{"s", CASES[i].state, 0,
                           CASES[i].days == UNKNOWN ? 0 : DAY_0 + CASES[i].days}}});
        const struct finding *f = finding(&w);
        if (strcmp(verdict(f), CASES[i].want) != 0 || f->keep != CASES[i].keep)
            fail_msg("%s, %d days, %lld used: %s", CASES[i].state, CASES[i].days,
                     (long long)CASES[i].consumed, verdict(f));
        if (f->state == FINDING_KNOWN)
            assert_int_equal(f->value, CASES[i].days == UNKNOWN ? NUMBER_UNKNOWN
                                       : CASES[i].days < 0      ? 0
                                                                : CASES[i].days);
    }
}

static void subscription_that_ends_while_monitored_is_critical(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    poll_state(&w, "active", 3, 0);
    poll_state(&w, "suspended", 30, 0);
    assert_verdict(finding(&w), "critical");
    poll_state(&w, "deleted", UNKNOWN, 0);
    assert_verdict(finding(&w), "critical");
}

static void it_resolves_only_when_it_is_active_again(void **state)
{
    static const struct {
        const char *state;
        bool holds; /* a critical level stays */
    } CASES[] = {{"warning", true}, {"lockedOut", true}, {"paused", true}, {"active", false}};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        fixture_init(&w);
        poll_state(&w, "suspended", 30, 4);
        assert_verdict(finding(&w), "critical");
        poll_state(&w, CASES[i].state, 300, 0);
        const struct finding *f = finding(&w);
        bool holds = f->state == FINDING_UNKNOWN || f->keep == LEVEL_CRITICAL;
        if (holds != CASES[i].holds || f->state == FINDING_NOT_APPLICABLE)
            fail_msg("%s", CASES[i].state);
    }
}

static void removing_users_from_an_ended_subscription_is_no_recovery(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    poll_state(&w, "suspended", 30, 4);
    for (int i = 0; i < 3; i++) {
        poll_state(&w, "suspended", 30, 0);
        assert_verdict(finding(&w), "critical");
    }
}

static void ended_subscription_raises_once_it_is_used(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    poll_state(&w, "suspended", 30, 0);
    poll_state(&w, "suspended", 30, 0);
    assert_verdict(finding(&w), "n/a");
    poll_state(&w, "suspended", 30, 1);
    assert_verdict(finding(&w), "critical");
}

static void of_the_older_source_a_dead_one_is_judged_by_what_backs_the_units(void **state)
{
    static const struct {
        const char *other, *want;
    } CASES[] = {
        {"suspended", "critical"}, {"active", "n/a"}, {"warning", "n/a"}, {"paused", "unknown"}};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        fixture_init(&w);
        w.source = SOURCE_SUBSCRIBED_SKUS;
        POLL(&w, {.id = "a",
                  .sku = E3,
                  .allotted = 100,
                  .consumed = 4,
                  .sub = {{"s", "suspended"}, {"t", CASES[i].other}}});
        if (strcmp(verdict(finding(&w)), CASES[i].want) != 0)
            fail_msg("%s: %s", CASES[i].other, verdict(finding(&w)));
    }
}

static void a_missing_one_is_unknown_and_forgotten_after_a_week(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    poll_state(&w, "active", 100, 4);
    for (int day = 0; day < 7; day++) {
        POLL(&w, {.id = "a", .sku = E3, .allotted = 100});
        assert_verdict(finding(&w), "unknown");
        assert_true(observation_of(&w, KIND_SUBSCRIPTION, "s")->silent);
        pass(&w, USEC_PER_DAY);
    }
    POLL(&w, {.id = "a", .sku = E3, .allotted = 100});
    assert_null(find_observation(&w, KIND_SUBSCRIPTION, "s"));
    assert_int_equal(w.memory->n_subscriptions, 0);
}

static void one_is_not_missing_while_a_pool_does_not_tell_its_subscriptions(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    poll_state(&w, "active", 100, 4);
    for (int i = 0; i < 3; i++) {
        pass(&w, 7 * USEC_PER_DAY);
        POLL(&w, {.id = "a", .sku = E3, .allotted = 100, .subscriptions_unknown = true});
        assert_verdict(finding(&w), "unknown");
        poll_rows(&w, NULL, 0);
        assert_verdict(finding(&w), "unknown");
    }
    poll_state(&w, "suspended", 100, 0);
    assert_verdict(finding(&w), "critical"); /* it is remembered to have lived */
}

static void the_day_changes_at_the_configured_hour_of_the_tenant(void **state)
{
    static const struct {
        const char *why;
        int hour; /* UTC, of DAY_0 */
        int32_t offset;
        usec_t dates_at;
        int64_t days; /* until DAY_0 + 10 */
    } CASES[] = {
        {"a minute before nine it is still yesterday", 8, 0, 9, 11},
        {"at nine it is today", 9, 0, 9, 10},
        {"nine in Paris is eight in UTC", 8, 3600, 9, 10},
        {"nine in New York is fourteen in UTC", 13, -5 * 3600, 9, 11},
        {"and there it is", 14, -5 * 3600, 9, 10},
        {"far east it is tomorrow already", 20, 13 * 3600, 9, 9},
        {"at midnight", 0, 0, 0, 10},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        fixture_init(&w);
        w.options.threshold[RULE_SUBSCRIPTION].manual_renewal = true;
        w.options.dates_at = CASES[i].dates_at * USEC_PER_HOUR;
        w.ctx.zone.offset = CASES[i].offset;
        w.now.at = (usec_t)DAY_0 * USEC_PER_DAY + (usec_t)CASES[i].hour * USEC_PER_HOUR;
        poll_state(&w, "active", 10, 0);
        if (finding(&w)->value != CASES[i].days)
            fail_msg("%s: %lld", CASES[i].why, (long long)finding(&w)->value);
    }
}

static void what_a_date_causes_waits_for_the_hour_and_what_happens_does_not(void **state)
{
    static const struct {
        const char *state;
        int hour; /* UTC, of DAY_0 */
        bool waits;
    } CASES[] = {
        {"active", 8, true},     {"active", 9, false},    {"warning", 3, true}, {"warning", 20, false},
        {"suspended", 3, false}, {"lockedOut", 3, false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        fixture_init(&w);
        w.options.threshold[RULE_SUBSCRIPTION].manual_renewal = true;
        w.now.at = (usec_t)DAY_0 * USEC_PER_DAY + (usec_t)CASES[i].hour * USEC_PER_HOUR;
        poll_state(&w, CASES[i].state, 5, 10);
        assert_verdict(finding(&w), "critical");
        if (finding(&w)->waits != CASES[i].waits)
            fail_msg("%s at %d", CASES[i].state, CASES[i].hour);
    }
}

static void days_are_counted_although_the_clock_starts_in_1970(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    w.now.at = USEC_PER_HOUR; /* before nine: the day before the first */
    poll_state(&w, "warning", 0, 1);
    assert_int_equal(finding(&w)->value, DAY_0 + 1);
}

static void a_date_that_rolls_forward_ends_the_alarm(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    w.options.threshold[RULE_SUBSCRIPTION].manual_renewal = true;
    poll_state(&w, "active", 5, 10);
    assert_verdict(finding(&w), "critical");
    assert_int_equal(w.memory->subscription[0].next_lifecycle_date, DAY_0 + 5);
    poll_state(&w, "active", 370, 10);
    assert_verdict(finding(&w), "none");
}

static void one_whose_date_moved_once_renews_by_itself(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    w.options.threshold[RULE_SUBSCRIPTION].manual_renewal = true;
    poll_state(&w, "active", 5, 10);
    assert_false(w.memory->subscription[0].renews);
    poll_state(&w, "active", 6, 10);
    assert_verdict(finding(&w), "none");
    assert_true(w.memory->subscription[0].renews);
    poll_state(&w, "paused", 6, 10); /* unknown states change nothing */
    poll_state(&w, "active", -2, 10);
    assert_verdict(finding(&w), "none");
    poll_state(&w, "warning", 20, 10);
    assert_verdict(finding(&w), "warning");
    poll_state(&w, "active", 5, 10); /* somebody had to see to it */
    assert_verdict(finding(&w), "critical");
    poll_state(&w, "active", UNKNOWN, 10);
    assert_verdict(finding(&w), "unknown");
    assert_false(w.memory->subscription[0].renews);
}

static void subscription_of_several_pools_has_one_alert_that_names_them(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    struct label names[] = {{"a", "CSP pool"}};
    (void)state;
    fixture_init(&w);
    w.options.pool_name = names;
    w.options.n_pool_names = 1;
    POLL(&w,
         {.id = "a",
          .sku = E3,
          .allotted = 10,
          .consumed = 0,
          .sub = {{"s", "active", 1, DAY_0 + 9}}},
         {.id = "b",
          .sku = E5,
          .part = "SPE_E5",
          .allotted = 20,
          .consumed = 2,
          .sub = {{"s", "suspended", 1, DAY_0 + 4}}});
    const struct observation *s = observation_of(&w, KIND_SUBSCRIPTION, "s");
    assert_verdict(&s->finding[0], "critical"); /* the worst of what the pools show */
    assert_int_equal(s->finding[0].value, 4);
    assert_string_equal(s->context->allotment_name, "CSP pool, Microsoft 365 E5");
    assert_null(s->context->allotment_id);
    assert_int_equal(s->context->allotted, 30);
    assert_int_equal(s->context->consumed, 2);
    assert_int_equal(s->context->n_subscriptions, 1);
    assert_string_equal(s->context->subscription[0].id, "s");
}

static void many_pools_are_summed_up_in_words(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    struct row rows[11] = {{0}};
    char id[11][4];
    (void)state;
    fixture_init(&w);
    for (size_t i = 0; i < 11; i++) {
        (void)snprintf(id[i], sizeof id[i], "p%zu", i % 100);
        rows[i] = (struct row){.id = id[i], .sku = id[i], .sub = {{"s", "active"}}};
    }
    poll_rows(&w, rows, 11);
    assert_string_equal(observation_of(&w, KIND_SUBSCRIPTION, "s")->context->allotment_name,
                        "p0, p1, p10, p2, p3, p4, p5, p6 and 3 more");
}

static void a_trial_or_the_subscription_of_free_pools_is_silent(void **state)
{
    static const struct {
        const char *why;
        struct row row;
        bool watch, want;
    } CASES[] = {
        {"trial", {.id = "a", .sku = E3, .sub = {{"s", "active", .trial = true}}}, false, true},
        {"trial, watched",
         {.id = "a", .sku = E3, .sub = {{"s", "active", .trial = true}}},
         true,
         false},
        {"free SKU", {.id = "a", .part = "STREAM", .sub = {{"s", "active"}}}, false, true},
        {"paid", {.id = "a", .part = "SPE_E3", .sub = {{"s", "active"}}}, false, false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        fixture_init(&w);
        w.options.watch_free_skus = CASES[i].watch;
        poll_rows(&w, &CASES[i].row, 1);
        if (observation_of(&w, KIND_SUBSCRIPTION, "s")->silent != CASES[i].want)
            fail_msg("%s", CASES[i].why);
    }
}

static void levels_that_are_off_are_not_raised(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    w.options.threshold[RULE_SUBSCRIPTION].limit[LEVEL_CRITICAL].on = false;
    poll_state(&w, "suspended", 3, 5);
    assert_verdict(finding(&w), "warning");
    w.options.threshold[RULE_SUBSCRIPTION].limit[LEVEL_WARNING].on = false;
    poll_state(&w, "suspended", 3, 5);
    assert_verdict(finding(&w), "none");
    w.options.threshold[RULE_SUBSCRIPTION].off = true;
    poll_state(&w, "suspended", 3, 5);
    assert_verdict(finding(&w), "n/a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_seen_for_the_first_time),
        cmocka_unit_test(subscription_that_ends_while_monitored_is_critical),
        cmocka_unit_test(it_resolves_only_when_it_is_active_again),
        cmocka_unit_test(removing_users_from_an_ended_subscription_is_no_recovery),
        cmocka_unit_test(ended_subscription_raises_once_it_is_used),
        cmocka_unit_test(of_the_older_source_a_dead_one_is_judged_by_what_backs_the_units),
        cmocka_unit_test(a_missing_one_is_unknown_and_forgotten_after_a_week),
        cmocka_unit_test(one_is_not_missing_while_a_pool_does_not_tell_its_subscriptions),
        cmocka_unit_test(the_day_changes_at_the_configured_hour_of_the_tenant),
        cmocka_unit_test(what_a_date_causes_waits_for_the_hour_and_what_happens_does_not),
        cmocka_unit_test(days_are_counted_although_the_clock_starts_in_1970),
        cmocka_unit_test(a_date_that_rolls_forward_ends_the_alarm),
        cmocka_unit_test(one_whose_date_moved_once_renews_by_itself),
        cmocka_unit_test(subscription_of_several_pools_has_one_alert_that_names_them),
        cmocka_unit_test(many_pools_are_summed_up_in_words),
        cmocka_unit_test(a_trial_or_the_subscription_of_free_pools_is_silent),
        cmocka_unit_test(levels_that_are_off_are_not_raised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
