/* SPDX-License-Identifier: MIT */
/* Names of rules, levels and units, and the rows of the rules. */
#include "unit/rules/fixture.h"
#include <errno.h>

static void every_rule_has_a_name_that_reads_back(void **state)
{
    (void)state;
    for (int r = 0; r < RULE_COUNT_; r++)
        assert_int_equal(rule_parse(rule_name((enum rule)r)), r);
    assert_string_equal(rule_name(RULE_ASSIGNMENT_ERRORS), "assignment_errors");
    assert_int_equal(rule_parse("Usage"), -EINVAL);
    assert_int_equal(rule_parse(""), -EINVAL);
}

static void words_are_those_of_the_messages(void **state)
{
    (void)state;
    assert_string_equal(level_name(LEVEL_CRITICAL), "critical");
    assert_string_equal(severity_name(LEVEL_WARNING), "warning");
    assert_string_equal(severity_name(LEVEL_NONE), "info");
    assert_string_equal(unit_name(UNIT_PERCENT), "percent");
    assert_string_equal(unit_name(UNIT_ENTRIES), "entries");
}

/* The rule that decides for a pool when several findings have the same level. */
static void the_deciding_rule_of_a_pool_is_the_one_that_hurts_most(void **state)
{
    static const enum rule FIRST[] = {RULE_WAITING_AGE, RULE_WAITING, RULE_USAGE, RULE_REMAINING};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(FIRST); i++)
        assert_int_equal(rule_by_tie(i), FIRST[i]);
}

static void no_two_rules_tie(void **state)
{
    bool seen[RULE_COUNT_] = {false};
    (void)state;
    for (int r = 0; r < RULE_COUNT_; r++) {
        int tie = rule_row((enum rule)r)->tie;
        assert_in_range(tie, 0, RULE_COUNT_ - 1);
        assert_false(seen[tie]);
        seen[tie] = true;
        assert_int_equal(rule_by_tie((size_t)tie), r);
    }
}

static void a_row_is_whole(void **state)
{
    int waiting = 0;
    (void)state;
    for (int r = 0; r < RULE_COUNT_; r++) {
        const struct rule_row *row = rule_row((enum rule)r);
        assert_non_null(row->name);
        assert_int_equal(row->scope != RULE_BY_POOL, row->scope_what != NULL);
        assert_true(!row->suffix || row->suffix[0] == ' ');
        waiting += row->update == UPDATE_WAITING;
    }
    assert_int_equal(waiting, 1); /* an alert remembers one number of those who wait */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_has_a_name_that_reads_back),
        cmocka_unit_test(words_are_those_of_the_messages),
        cmocka_unit_test(the_deciding_rule_of_a_pool_is_the_one_that_hurts_most),
        cmocka_unit_test(no_two_rules_tie),
        cmocka_unit_test(a_row_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
