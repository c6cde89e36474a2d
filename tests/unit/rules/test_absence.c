/* SPDX-License-Identifier: MIT */
/* Pools that are missing, gone, back, replaced or unknown. */
#include "unit/rules/fixture.h"

#define A                                                     \
    {                                                         \
        .id = "a", .sku = E3, .allotted = 100, .consumed = 50 \
    }
#define B                                                    \
    {                                                        \
        .id = "b", .sku = E5, .allotted = 100, .consumed = 0 \
    }
#define C                                                         \
    {                                                             \
        .id = "c", .sku = "sku-c", .allotted = 100, .consumed = 1 \
    }

static const struct finding *gone(const struct rules_fixture *w, const char *pool)
{
    return find_finding(observation_of(w, KIND_CAPACITY, pool), RULE_ALLOTMENT_GONE);
}

static void assert_all_unknown(const struct rules_fixture *w, const char *subject)
{
    const struct observation *s = observation_of(w, KIND_CAPACITY, subject);
    for (size_t i = 0; i < s->n_findings; i++)
        assert_verdict(&s->finding[i], "unknown");
}

static void a_pool_is_gone_after_two_complete_lists_and_the_configured_time(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, A, B, C);
    pass(&w, 5 * USEC_PER_MINUTE);
    POLL(&w, A, C);
    assert_all_unknown(&w, "b");
    assert_null(gone(&w, "b"));
    for (int i = 0; i < 5; i++) { /* two lists are not enough, half an hour is asked for */
        pass(&w, 5 * USEC_PER_MINUTE);
        POLL(&w, A, C);
        assert_null(gone(&w, "b"));
    }
    pass(&w, 5 * USEC_PER_MINUTE);
    POLL(&w, A, C);
    assert_non_null(gone(&w, "b"));
    assert_verdict(gone(&w, "b"), "warning"); /* nobody used it */
    assert_int_equal(gone(&w, "b")->hold_for, 0);
    assert_int_equal(gone(&w, "b")->min_samples, 1);
    assert_verdict(finding_of(&w, "b", RULE_USAGE), "unknown");
    assert_int_equal(observation_of(&w, KIND_CAPACITY, "b")->context->allotted, 100);
    assert_string_equal(observation_of(&w, KIND_CAPACITY, "b")->context->sku_name,
                        "Microsoft 365 E5");
}

static void time_alone_does_not_make_a_pool_gone(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, A, B, C);
    POLL(&w, A, C);
    pass(&w, 3 * USEC_PER_DAY);
    poll_rows(&w, NULL, 0); /* a list that could not be read counts nothing */
    poll_rows(&w, NULL, 0);
    assert_null(gone(&w, "b"));
    assert_all_unknown(&w, "b");
    POLL(&w, A, C);
    assert_non_null(gone(&w, "b"));
}

static void one_list_without_a_pool_does_not_make_it_gone(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    w.options.absence = 0;
    POLL(&w, A, B, C);
    POLL(&w, A, C);
    assert_null(gone(&w, "b"));
    POLL(&w, A, C);
    assert_non_null(gone(&w, "b"));
}

static void a_gone_pool_that_was_in_use_is_critical_and_clears_when_it_is_back(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, A, B, C);
    POLL(&w, B, C);
    pass(&w, USEC_PER_HOUR);
    POLL(&w, B, C);
    assert_verdict(gone(&w, "a"), "critical");
    assert_int_equal(gone(&w, "a")->value, 50);
    pass(&w, USEC_PER_HOUR);
    POLL(&w, A, B, C);
    assert_verdict(gone(&w, "a"), "none");
    assert_int_equal(gone(&w, "a")->keep_firing_for, 0);
    assert_verdict(finding_of(&w, "a", RULE_USAGE), "none");
    POLL(&w, A, B, C);
    assert_null(gone(&w, "a")); /* said once is enough */
}

static void numbers_that_were_unknown_at_the_end_are_those_known_before(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, A, B, C);
    POLL(&w, {.id = "a", .sku = E3, .allotted = UNKNOWN}, B, C);
    POLL(&w, B, C);
    pass(&w, USEC_PER_HOUR);
    POLL(&w, B, C);
    assert_verdict(gone(&w, "a"), "critical");
}

static void gone_pool_is_forgotten_after_a_week(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, A, B, C);
    POLL(&w, B, C);
    pass(&w, 7 * USEC_PER_DAY - USEC_PER_MINUTE);
    POLL(&w, B, C);
    assert_non_null(gone(&w, "a"));
    pass(&w, USEC_PER_MINUTE);
    POLL(&w, B, C);
    assert_null(find_observation(&w, KIND_CAPACITY, "a"));
    assert_int_equal(w.memory->n_pools, 2);
}

static void an_unread_list_leaves_everything_as_it_was(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, A, B, C);
    pass(&w, USEC_PER_HOUR);
    poll_rows(&w, NULL, 0);
    assert_int_equal(w.observations->n, 3);
    assert_all_unknown(&w, "a");
    assert_all_unknown(&w, "b");
    assert_all_unknown(&w, "c");
    assert_int_equal(w.memory->n_pools, 3);
    assert_int_equal(w.memory->pool[0].absent_polls, 0);
    assert_false(w.memory->emptied);
}

static void suddenly_empty_list_counts_as_unknown(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    static const struct error_row ERRORS[] = {{E3, "X", 9}};
    (void)state;
    fixture_init(&w);
    const struct row rows[] = {A, B, {.id = "c", .allotted = 1, .sub = {{"s", "active"}}}};
    poll_errors(&w, rows, 3, ERRORS, 1);
    for (int i = 0; i < 4; i++) {
        pass(&w, USEC_PER_DAY);
        poll_errors(&w, rows, 0, ERRORS, 0);
        assert_true(w.memory->emptied);
        assert_all_unknown(&w, "a");
        assert_all_unknown(&w, "b");
        assert_verdict(&observation_of(&w, KIND_SUBSCRIPTION, "s")->finding[0], "unknown");
        assert_verdict(&observation_of(&w, KIND_ERRORS, E3 "/x")->finding[0], "unknown");
        assert_int_equal(w.memory->pool[0].absent_polls, 0);
    }
    poll_rows(&w, NULL, 0); /* still empty as far as anybody knows */
    assert_true(w.memory->emptied);
    poll_errors(&w, rows, 3, ERRORS, 1);
    assert_false(w.memory->emptied);
    assert_verdict(finding_of(&w, "a", RULE_REMAINING), "none");
}

static void a_tenant_that_never_had_pools_is_simply_empty(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    static const struct row NONE[1];
    (void)state;
    fixture_init(&w);
    poll_rows(&w, NONE, 0);
    poll_rows(&w, NONE, 0);
    assert_false(w.memory->emptied);
    assert_int_equal(w.memory->source, SOURCE_CLOUD_LICENSING);
    assert_int_equal(w.observations->n, 0);
}

static void most_pools_missing_at_once_is_flagged_until_it_is_not_so(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, A, B, C, {.id = "d", .sku = "d", .allotted = 1});
    POLL(&w, A, B); /* half is not more than half */
    assert_false(w.memory->mass_absence);
    POLL(&w, A);
    assert_true(w.memory->mass_absence);
    poll_rows(&w, NULL, 0);
    assert_true(w.memory->mass_absence);
    pass(&w, USEC_PER_HOUR);
    POLL(&w, A);
    assert_true(w.memory->mass_absence);
    assert_verdict(gone(&w, "c"), "critical"); /* acted on all the same */
    POLL(&w, A);
    assert_false(w.memory->mass_absence); /* what is gone for good is not expected any more */
}

static void a_pool_that_vanishes_as_another_of_its_sku_appears_is_replaced(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, A, B, C);
    usec_t first_seen = w.memory->pool[0].first_seen_at;
    pass(&w, USEC_PER_HOUR);
    POLL(&w, B, C, {.id = "z", .sku = "05E9A617-0261-4cee-bb44-138d3ef5d965", .allotted = 1});
    assert_string_equal(observation_of(&w, KIND_CAPACITY, "z")->replaces, "a");
    assert_null(find_observation(&w, KIND_CAPACITY, "a"));
    assert_int_equal(w.memory->n_pools, 3);
    assert_int_equal(w.memory->pool[2].first_seen_at, first_seen);
    assert_false(w.memory->mass_absence);
    POLL(&w, B, C, {.id = "z", .sku = E3, .allotted = 1});
    assert_null(observation_of(&w, KIND_CAPACITY, "z")->replaces);
}

static void replacements_are_paired_one_to_one_in_id_order(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, {.id = "a1", .sku = E3}, {.id = "a2", .sku = E3}, {.id = "a3", .sku = E3}, B);
    POLL(&w, {.id = "z1", .sku = E3}, {.id = "z2", .sku = E3}, B);
    assert_string_equal(observation_of(&w, KIND_CAPACITY, "z1")->replaces, "a1");
    assert_string_equal(observation_of(&w, KIND_CAPACITY, "z2")->replaces, "a2");
    assert_all_unknown(&w, "a3");
}

static void unrelated_pools_are_not_replacements(void **state)
{
    static const struct {
        const char *why;
        struct row later[3];
        size_t n;
        const char *subject;
    } CASES[] = {
        {"another SKU", {{.id = "z", .sku = "other"}, B}, 2, "z"},
        {"no SKU at all", {{.id = "z"}, B}, 2, "z"},
        {"one that was there already", {B, {.id = "old", .sku = E3}}, 2, "old"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        fixture_init(&w);
        POLL(&w, A, B, {.id = "old", .sku = E3});
        poll_rows(&w, CASES[i].later, CASES[i].n);
        if (observation_of(&w, KIND_CAPACITY, CASES[i].subject)->replaces)
            fail_msg("%s", CASES[i].why);
        assert_all_unknown(&w, "a");
    }
}

static void a_pool_bought_later_does_not_hide_that_one_is_gone(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, A, B, C);
    POLL(&w, B, C);
    pass(&w, 5 * USEC_PER_MINUTE);
    POLL(&w, B, C, {.id = "z", .sku = E3, .allotted = 1});
    assert_null(observation_of(&w, KIND_CAPACITY, "z")->replaces);
    assert_all_unknown(&w, "a");
    pass(&w, USEC_PER_HOUR);
    POLL(&w, B, C, {.id = "z", .sku = E3, .allotted = 1});
    assert_verdict(gone(&w, "a"), "critical");
}

static void gone_trial_is_silent(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w,
         {.id = "a",
          .sku = E3,
          .allotted = 5,
          .consumed = 2,
          .sub = {{"s", "active", .trial = true}}},
         B, C);
    POLL(&w, B, C);
    assert_true(observation_of(&w, KIND_CAPACITY, "a")->silent);
    pass(&w, USEC_PER_HOUR);
    POLL(&w, B, C);
    assert_verdict(gone(&w, "a"), "critical");
    assert_true(observation_of(&w, KIND_CAPACITY, "a")->silent);
}

static void a_pool_known_from_another_source_is_unknown_and_never_absent(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, A, B);
    w.source = SOURCE_SUBSCRIBED_SKUS;
    for (int i = 0; i < 3; i++) {
        pass(&w, USEC_PER_DAY);
        POLL(&w, {.id = "sku:" E3, .sku = E3, .allotted = 100, .consumed = 100, .waiting = -2});
        assert_true(observation_of(&w, KIND_CAPACITY, "a")->former);
        assert_all_unknown(&w, "b");
        assert_null(observation_of(&w, KIND_CAPACITY, "sku:" E3)->replaces);
        assert_verdict(finding_of(&w, "sku:" E3, RULE_REMAINING), "warning");
        assert_verdict(finding_of(&w, "sku:" E3, RULE_WAITING), "unknown");
        assert_false(w.memory->mass_absence);
        assert_int_equal(w.memory->source, SOURCE_SUBSCRIBED_SKUS);
    }
    w.source = SOURCE_CLOUD_LICENSING;
    POLL(&w, A, B);
    assert_verdict(finding_of(&w, "a", RULE_REMAINING), "none");
    assert_true(observation_of(&w, KIND_CAPACITY, "sku:" E3)->former);
    pass(&w, 8 * USEC_PER_DAY); /* a source that does not come back is forgotten in the end */
    POLL(&w, A, B);
    POLL(&w, A, B);
    assert_null(find_observation(&w, KIND_CAPACITY, "sku:" E3));
}

static void changed_schema_makes_all_findings_unknown(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    struct observations *observations = NULL;
    struct tenant_memory *after = NULL;
    struct failure f;
    (void)state;
    fixture_init(&w);
    POLL(&w, A, B);
    struct allotment rows[1] = {{.id = "a", .sku_id = E3}};
    struct snapshot s = {.tenant = "contoso",
                         .source = SOURCE_CLOUD_LICENSING,
                         .taken = w.now,
                         .allotments = SECTION_COMPLETE,
                         .errors = SECTION_COMPLETE,
                         .allotment = rows,
                         .n_allotments = 1,
                         .schema_changed = true};
    assert_int_equal(judge_snapshot(&w.ctx, &s, w.memory, &observations, &after, &f), 0);
    observations_free(w.observations);
    w.observations = observations;
    assert_int_equal(observations->n, 2);
    assert_all_unknown(&w, "a");
    assert_all_unknown(&w, "b");
    assert_int_equal(after->n_pools, 2);
    assert_int_equal(after->pool[1].absent_polls, 0);
    tenant_memory_free(after);
}

#define IN_USE {.id = "a", .sku = E3, .allotted = 100, .consumed = 95}, \
               {.id = "b", .sku = E5, .allotted = 100, .consumed = 50}, \
               {.id = "c", .sku = "sku-c", .allotted = 100, .consumed = 1}
#define ALL_ZERO {.id = "a", .sku = E3, .allotted = 100}, {.id = "b", .sku = E5, .allotted = 100}, \
                 {.id = "c", .sku = "sku-c", .allotted = 100}
#define IDLE {.id = "d", .sku = "sku-d", .allotted = 5}

static void consumption_of_0_in_all_pools_is_held_until_one_shows_use(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, IN_USE, IDLE);
    assert_verdict(finding_of(&w, "a", RULE_USAGE), "warning");
    for (int i = 0; i < 4; i++) {
        pass(&w, 5 * USEC_PER_MINUTE);
        POLL(&w, ALL_ZERO, IDLE);
        assert_int_equal(w.observations->n, 4);
        assert_all_unknown(&w, "a");
        assert_all_unknown(&w, "d");
        assert_int_equal(w.memory->zero_since.mono, USEC_PER_HOUR + 5 * USEC_PER_MINUTE);
        assert_int_equal(w.memory->pool[0].consumed, 95);
        assert_int_equal(w.memory->pool[0].absent_polls, 0);
    }
    static const struct row NONE[1];
    poll_rows(&w, NULL, 0); /* neither a list that fails nor one that is empty ends it */
    poll_rows(&w, NONE, 0);
    assert_true(w.memory->emptied && w.memory->zero_since.boot);
    POLL(&w, {.id = "a", .sku = E3, .allotted = 100, .consumed = 1});
    assert_int_equal(w.memory->zero_since.boot, 0);
    assert_verdict(finding_of(&w, "a", RULE_USAGE), "none");
}

static void zero_consumption_is_accepted_after_a_day(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, IN_USE);
    POLL(&w, ALL_ZERO);
    pass(&w, USEC_PER_DAY - 1);
    POLL(&w, ALL_ZERO);
    assert_all_unknown(&w, "a");
    pass(&w, 1);
    for (int i = 0; i < 3; i++) { /* and does not begin again */
        POLL(&w, ALL_ZERO);
        assert_int_equal(w.memory->zero_since.boot, 0);
        assert_verdict(finding_of(&w, "a", RULE_USAGE), "none");
        assert_int_equal(w.memory->pool[0].consumed, 0);
    }
}

static void where_consumption_of_0_is_an_ordinary_number(void **state)
{
    static const struct row A_ROW = {.id = "a", .sku = E3, .allotted = 100, .consumed = 95},
                            B_ROW = {.id = "b", .sku = E5, .allotted = 100, .consumed = 50},
                            C_ROW = {.id = "c", .sku = "sku-c", .allotted = 100, .consumed = 1},
                            B_UNKNOWN = {.id = "b", .sku = E5, .allotted = UNKNOWN};
#define ZERO(row_) {.id = (row_).id, .sku = (row_).sku, .allotted = 100}
    const struct {
        const char *why;
        struct row before[3], now[3];
        bool held;
    } CASES[] = {
        {"all three fall", {A_ROW, B_ROW, C_ROW}, {ZERO(A_ROW), ZERO(B_ROW), ZERO(C_ROW)}, true},
        {"one is still in use", {A_ROW, B_ROW, C_ROW}, {ZERO(A_ROW), ZERO(B_ROW), C_ROW}, false},
        {"two were in use", {A_ROW, ZERO(B_ROW), C_ROW}, {ZERO(A_ROW), ZERO(B_ROW), ZERO(C_ROW)}, false},
        {"one cannot be read", {A_ROW, B_ROW, C_ROW}, {ZERO(A_ROW), B_UNKNOWN, ZERO(C_ROW)}, false},
        {"all have other ids now",
         {A_ROW, B_ROW, C_ROW},
         {{.id = "x", .sku = E3, .allotted = 100}, {.id = "y", .sku = E5, .allotted = 100},
          {.id = "z", .sku = "sku-c", .allotted = 100}},
         true},
        {"the others are gone", {A_ROW, B_ROW, C_ROW}, {ZERO(A_ROW)}, false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        fixture_init(&w);
        poll_rows(&w, CASES[i].before, 3);
        poll_rows(&w, CASES[i].now, CASES[i].now[1].id ? 3 : 1);
        if ((w.memory->zero_since.boot != 0) != CASES[i].held)
            fail_msg("%s", CASES[i].why);
    }
}

static void consumption_of_0_from_another_source_is_held_too(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, IN_USE);
    w.source = SOURCE_SUBSCRIBED_SKUS;
    POLL(&w, {.id = "sku:" E3, .sku = E3, .allotted = 100});
    assert_int_not_equal(w.memory->zero_since.boot, 0);
    assert_int_equal(w.memory->source, SOURCE_CLOUD_LICENSING);
    pass(&w, USEC_PER_DAY);
    for (int i = 0; i < 2; i++) {
        POLL(&w, {.id = "sku:" E3, .sku = E3, .allotted = 100});
        assert_int_equal(w.memory->zero_since.boot, 0);
        assert_int_equal(w.memory->source, SOURCE_SUBSCRIBED_SKUS);
    }
}

static void memory_is_kept_in_id_order(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, {.id = "m"}, {.id = "b"}, {.id = "x"});
    POLL(&w, {.id = "z"}, {.id = "a"}, {.id = "m"});
    assert_int_equal(w.memory->n_pools, 5);
    for (size_t i = 1; i < w.memory->n_pools; i++)
        assert_true(strcmp(w.memory->pool[i - 1].id, w.memory->pool[i].id) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool_is_gone_after_two_complete_lists_and_the_configured_time),
        cmocka_unit_test(time_alone_does_not_make_a_pool_gone),
        cmocka_unit_test(one_list_without_a_pool_does_not_make_it_gone),
        cmocka_unit_test(a_gone_pool_that_was_in_use_is_critical_and_clears_when_it_is_back),
        cmocka_unit_test(numbers_that_were_unknown_at_the_end_are_those_known_before),
        cmocka_unit_test(gone_pool_is_forgotten_after_a_week),
        cmocka_unit_test(an_unread_list_leaves_everything_as_it_was),
        cmocka_unit_test(suddenly_empty_list_counts_as_unknown),
        cmocka_unit_test(a_tenant_that_never_had_pools_is_simply_empty),
        cmocka_unit_test(most_pools_missing_at_once_is_flagged_until_it_is_not_so),
        cmocka_unit_test(a_pool_that_vanishes_as_another_of_its_sku_appears_is_replaced),
        cmocka_unit_test(replacements_are_paired_one_to_one_in_id_order),
        cmocka_unit_test(unrelated_pools_are_not_replacements),
        cmocka_unit_test(a_pool_bought_later_does_not_hide_that_one_is_gone),
        cmocka_unit_test(gone_trial_is_silent),
        cmocka_unit_test(a_pool_known_from_another_source_is_unknown_and_never_absent),
        cmocka_unit_test(changed_schema_makes_all_findings_unknown),
        cmocka_unit_test(consumption_of_0_in_all_pools_is_held_until_one_shows_use),
        cmocka_unit_test(zero_consumption_is_accepted_after_a_day),
        cmocka_unit_test(where_consumption_of_0_is_an_ordinary_number),
        cmocka_unit_test(consumption_of_0_from_another_source_is_held_too),
        cmocka_unit_test(memory_is_kept_in_id_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
