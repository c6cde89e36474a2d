/* SPDX-License-Identifier: MIT */
/* Assignment errors, counted by SKU and code. */
#include "unit/rules/fixture.h"

static const struct row POOLS[] = {{.id = "a", .sku = E3, .part = "SPE_E3", .allotted = 1},
                                   {.id = "b", .sku = "free", .part = "FLOW_FREE", .allotted = 1}};
#define POLL_ERRORS(w, ...)                                                       \
    do {                                                                          \
        const struct error_row errors_[] = {__VA_ARGS__};                         \
        poll_errors((w), POOLS, N_ELEMENTS(POOLS), errors_, N_ELEMENTS(errors_)); \
    } while (0)

static const struct finding *finding(const struct rules_fixture *w, const char *subject)
{
    return &observation_of(w, KIND_ERRORS, subject)->finding[0];
}

static void each_sku_and_code_is_counted_on_its_own(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL_ERRORS(&w, {E3, "MissingDependency", 5}, {E3, "Other", 4}, {NULL, "MissingDependency", 9});
    assert_verdict(finding(&w, E3 "/missingdependency"), "warning");
    assert_int_equal(finding(&w, E3 "/missingdependency")->value, 5);
    assert_verdict(finding(&w, E3 "/other"), "none");
    assert_verdict(finding(&w, "-/missingdependency"), "warning");
    const struct alert_context *f =
        observation_of(&w, KIND_ERRORS, E3 "/missingdependency")->context;
    assert_string_equal(f->error_code, "MissingDependency");
    assert_int_equal(f->error_count, 5);
    assert_string_equal(f->sku_part_number, "SPE_E3");
    assert_string_equal(f->sku_name, "Microsoft 365 E3");
    assert_null(observation_of(&w, KIND_ERRORS, "-/missingdependency")->context->sku_id);
}

static void the_subject_does_not_change_with_the_case_of_the_code(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL_ERRORS(&w, {"AB", "CountViolation", 6});
    POLL_ERRORS(&w, {"ab", "COUNTVIOLATION", 7});
    assert_int_equal(finding(&w, "ab/countviolation")->value, 7);
    assert_int_equal(w.memory->n_groups, 1);
}

static void errors_that_were_raised_last_until_half_of_the_limit_is_left(void **state)
{
    static const struct {
        int count;
        enum level raise, keep;
    } CASES[] = {{5, LEVEL_WARNING, LEVEL_WARNING},
                 {4, LEVEL_NONE, LEVEL_WARNING},
                 {3, LEVEL_NONE, LEVEL_WARNING},
                 {2, LEVEL_NONE, LEVEL_NONE}};
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        POLL_ERRORS(&w, {E3, "X", (int)CASES[i].count});
        assert_int_equal(finding(&w, E3 "/x")->raise, CASES[i].raise);
        assert_int_equal(finding(&w, E3 "/x")->keep, CASES[i].keep);
    }
}

static void a_group_that_is_gone_counts_nothing_for_a_week(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL_ERRORS(&w, {E3, "X", 6});
    for (int day = 0; day < 7; day++) {
        poll_errors(&w, POOLS, 2, NULL, 0);
        assert_int_equal(finding(&w, E3 "/x")->state, FINDING_KNOWN);
        assert_int_equal(finding(&w, E3 "/x")->value, 0);
        assert_string_equal(observation_of(&w, KIND_ERRORS, E3 "/x")->context->error_code, "X");
        pass(&w, USEC_PER_DAY);
    }
    poll_errors(&w, POOLS, 2, NULL, 0);
    assert_null(find_observation(&w, KIND_ERRORS, E3 "/x"));
    assert_int_equal(w.memory->n_groups, 0);
}

static void a_group_that_comes_back_starts_its_week_anew(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    for (int i = 0; i < 3; i++) {
        POLL_ERRORS(&w, {E3, "X", 6});
        pass(&w, USEC_PER_DAY);
        poll_errors(&w, POOLS, 2, NULL, 0);
        pass(&w, 5 * USEC_PER_DAY);
    }
    poll_errors(&w, POOLS, 2, NULL, 0);
    assert_int_equal(finding(&w, E3 "/x")->value, 0);
}

static void a_group_is_as_old_as_our_first_sight_of_it(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL_ERRORS(&w, {E3, "X", 6});
    usec_t first = observation_of(&w, KIND_ERRORS, E3 "/x")->context->errors_since_at;
    assert_true(first > 0);
    pass(&w, USEC_PER_HOUR);
    POLL_ERRORS(&w, {E3, "X", 7});
    assert_true(observation_of(&w, KIND_ERRORS, E3 "/x")->context->errors_since_at == first);
    poll_errors(&w, POOLS, 2, NULL, 0);
    assert_true(observation_of(&w, KIND_ERRORS, E3 "/x")->context->errors_since_at == 0);
    pass(&w, USEC_PER_HOUR);
    POLL_ERRORS(&w, {E3, "X", 6});
    assert_true(observation_of(&w, KIND_ERRORS, E3 "/x")->context->errors_since_at > first);
}

static void an_unread_error_list_is_unknown_and_counts_no_week(void **state)
{
    static const enum section SECTIONS[] = {SECTION_UNKNOWN, SECTION_NOT_OFFERED};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(SECTIONS); i++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        fixture_init(&w);
        POLL_ERRORS(&w, {E3, "X", 6});
        w.errors = SECTIONS[i];
        for (int k = 0; k < 3; k++) {
            pass(&w, 7 * USEC_PER_DAY);
            POLL_ERRORS(&w, {E3, "Y", 9}); /* half a list */
            assert_verdict(finding(&w, E3 "/x"), "unknown");
            assert_null(find_observation(&w, KIND_ERRORS, E3 "/y"));
            assert_int_equal(observation_of(&w, KIND_ERRORS, E3 "/x")->context->error_count,
                             NUMBER_UNKNOWN);
        }
    }
}

static void errors_are_judged_although_the_pools_could_not_be_read(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    struct override o = {.match = {.sku = "SPE_E3"}};
    const struct error_row errors[] = {{E3, "X", 6}};
    (void)state;
    fixture_init(&w);
    o.threshold[RULE_ASSIGNMENT_ERRORS].set = SET_WARNING;
    o.threshold[RULE_ASSIGNMENT_ERRORS].limit[LEVEL_WARNING] = at(50);
    w.options.override = &o;
    w.options.n_overrides = 1;
    POLL_ERRORS(&w, {E3, "X", 6});
    assert_verdict(finding(&w, E3 "/x"), "none");
    poll_errors(&w, NULL, 0, errors, 1); /* the part number is remembered: same limit */
    assert_verdict(finding(&w, E3 "/x"), "none");
    assert_int_equal(finding(&w, E3 "/x")->value, 6);
}

static void errors_of_a_free_sku_are_silent(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL_ERRORS(&w, {"free", "X", 6}, {E3, "X", 6});
    assert_true(observation_of(&w, KIND_ERRORS, "free/x")->silent);
    assert_false(observation_of(&w, KIND_ERRORS, E3 "/x")->silent);
    w.options.watch_free_skus = true;
    POLL_ERRORS(&w, {"free", "X", 6});
    assert_false(observation_of(&w, KIND_ERRORS, "free/x")->silent);
}

static void an_ignored_sku_has_no_errors(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    struct override o = {.match = {.sku = "SPE_*"}, .set_ignore = true, .ignore = IGNORE_ALL};
    (void)state;
    fixture_init(&w);
    w.options.override = &o;
    w.options.n_overrides = 1;
    POLL_ERRORS(&w, {E3, "X", 60}, {NULL, "X", 60});
    assert_null(find_observation(&w, KIND_ERRORS, E3 "/x"));
    assert_verdict(finding(&w, "-/x"), "warning");
}

static void kinds_beyond_their_bound_are_one_group_and_others_may_be_among_them(void **state)
{
    enum { N = SNAPSHOT_ERROR_GROUPS_MAX };
    CLEANUP(fixture_clear) struct rules_fixture w;
    CLEANUP(free) struct error_row *rows = calloc(N + 1, sizeof *rows);
    static char code[N][16];
    (void)state;
    fixture_init(&w);
    for (int i = 0; i < N; i++) {
        (void)snprintf(code[i], sizeof code[i], "K%d", i);
        rows[i] = (struct error_row){E3, code[i], 1};
    }
    rows[N] = (struct error_row){NULL, "TooMany", 6};
    POLL_ERRORS(&w, {E3, "X", 9});
    for (int i = 0; i < 3; i++) {
        pass(&w, 4 * USEC_PER_DAY);
        poll_errors(&w, POOLS, N_ELEMENTS(POOLS), rows, N + 1);
        assert_verdict(finding(&w, E3 "/x"), "unknown");
        assert_verdict(finding(&w, "other"), "warning");
        assert_int_equal(finding(&w, "other")->value, 6);
        assert_string_equal(observation_of(&w, KIND_ERRORS, "other")->context->error_code, "other");
        assert_int_equal(w.memory->n_groups, N + 2);
    }
    POLL_ERRORS(&w, {E3, "K1", 1});
    assert_verdict(finding(&w, E3 "/x"), "none"); /* absent now, and known to be */
    assert_verdict(finding(&w, "other"), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sku_and_code_is_counted_on_its_own),
        cmocka_unit_test(the_subject_does_not_change_with_the_case_of_the_code),
        cmocka_unit_test(errors_that_were_raised_last_until_half_of_the_limit_is_left),
        cmocka_unit_test(a_group_that_is_gone_counts_nothing_for_a_week),
        cmocka_unit_test(a_group_that_comes_back_starts_its_week_anew),
        cmocka_unit_test(a_group_is_as_old_as_our_first_sight_of_it),
        cmocka_unit_test(an_unread_error_list_is_unknown_and_counts_no_week),
        cmocka_unit_test(errors_are_judged_although_the_pools_could_not_be_read),
        cmocka_unit_test(errors_of_a_free_sku_are_silent),
        cmocka_unit_test(kinds_beyond_their_bound_are_one_group_and_others_may_be_among_them),
        cmocka_unit_test(an_ignored_sku_has_no_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
