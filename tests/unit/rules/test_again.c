/* SPDX-License-Identifier: MIT */
/* The last snapshot, evaluated with new options. */
#include "unit/rules/fixture.h"

#define POOL(name, n)                                              \
    {                                                              \
        .id = (name), .sku = E3, .allotted = 100, .consumed = (n), \
        .sub = {{"s", "active"}}, .assignable_to = ASSIGNABLE_USER \
    }

static struct snapshot *snapshot_of(const struct rules_fixture *w, const struct row *rows, size_t n)
{
    struct snapshot_builder *b = NULL;
    struct snapshot *s = NULL;
    assert_int_equal(snapshot_builder_new(w->tenant.name, w->tenant.tenant_id, w->source, w->now, &b), 0);
    for (size_t i = 0; i < n; i++) {
        struct allotment a = an_allotment(&rows[i]);
        assert_int_equal(snapshot_add_allotment(b, &a), 0);
    }
    snapshot_set_allotments(b, SECTION_COMPLETE);
    assert_int_equal(snapshot_finish(b, &s), 0);
    snapshot_builder_free(b);
    return s;
}

/* Polls, changes the options, and judges the same rows again. */
#define AGAIN(w, change, ...)                                                                   \
    do {                                                                                        \
        const struct row rows_[] = {__VA_ARGS__};                                               \
        poll_rows((w), rows_, N_ELEMENTS(rows_));                                               \
        CLEANUP(snapshot_free) struct snapshot *s_ = snapshot_of(w, rows_, N_ELEMENTS(rows_));  \
        change;                                                                                 \
        observations_free((w)->observations);                                                   \
        (w)->observations = NULL;                                                               \
        assert_int_equal(judge_again(&(w)->ctx, s_, (w)->memory, &(w)->observations, NULL), 0); \
    } while (0)

static void repeated_evaluation_uses_new_limits(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    AGAIN(&w, w.options.threshold[RULE_USAGE].limit[LEVEL_WARNING].value = 7000, POOL("a", 80));
    assert_verdict(finding_of(&w, "a", RULE_USAGE), "warning");
    AGAIN(&w, w.options.threshold[RULE_USAGE].off = true, POOL("a", 80));
    assert_verdict(finding_of(&w, "a", RULE_USAGE), "n/a");
    AGAIN(&w, w.options.scope = SCOPE_SKU, POOL("a", 100), POOL("b", 100));
    assert_verdict(finding_of(&w, E3, RULE_REMAINING), "warning");
    assert_int_equal(w.observations->observation[0].context->observed_at, w.now.at);
}

static void repeated_evaluation_counts_no_absence(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    w.options.absence = 0;
    POLL(&w, POOL("a", 50), POOL("b", 50), POOL("c", 50));
    pass(&w, 5 * USEC_PER_MINUTE);
    AGAIN(&w, (void)0, POOL("a", 50), POOL("b", 50));
    assert_int_equal(w.memory->n_pools, 3);
    assert_int_equal(w.memory->pool[2].absent_polls, 1);
    assert_false(w.memory->pool[2].gone);
    assert_null(find_finding(observation_of(&w, KIND_CAPACITY, "c"), RULE_ALLOTMENT_GONE));
    assert_verdict(finding_of(&w, "c", RULE_USAGE), "unknown");
    pass(&w, 5 * USEC_PER_MINUTE);
    AGAIN(&w, (void)0, POOL("a", 50), POOL("b", 50));
    assert_true(w.memory->pool[2].gone);
    assert_verdict(find_finding(observation_of(&w, KIND_CAPACITY, "c"), RULE_ALLOTMENT_GONE),
                   "critical");
}

static void a_drop_is_measured_against_what_there_was_and_goes_on_in_memory(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, POOL("a", 50));
    pass(&w, 5 * USEC_PER_MINUTE);
    struct row less = POOL("a", 50);
    less.allotted = 92;
    AGAIN(&w, w.options.threshold[RULE_CAPACITY_DROP].limit[LEVEL_WARNING].value = 500, less);
    assert_verdict(finding_of(&w, "a", RULE_CAPACITY_DROP), "warning");
    assert_int_equal(w.memory->n_drops, 1);
    assert_int_equal(w.memory->drop[0].reference, NUMBER_UNKNOWN);
    POLL(&w, less); /* the next poll finds it again */
    assert_verdict(finding_of(&w, "a", RULE_CAPACITY_DROP), "warning");
}

static void quiet_stays_as_it_was_between_its_two_ends(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, POOL("a", 95), POOL("b", 20));
    assert_verdict(finding_of(&w, "a", RULE_USAGE), "none");
    AGAIN(&w, (void)0, POOL("a", 95), POOL("b", 83)); /* 89 % of all: between clear and raise */
    assert_verdict(finding_of(&w, "a", RULE_USAGE), "none");
    AGAIN(&w, (void)0, POOL("a", 95), POOL("b", 85));
    assert_verdict(finding_of(&w, "a", RULE_USAGE), "warning");
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(repeated_evaluation_uses_new_limits),
        cmocka_unit_test(repeated_evaluation_counts_no_absence),
        cmocka_unit_test(a_drop_is_measured_against_what_there_was_and_goes_on_in_memory),
        cmocka_unit_test(quiet_stays_as_it_was_between_its_two_ends),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
