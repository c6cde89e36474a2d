/* SPDX-License-Identifier: MIT */
/* Names of rules, levels, units and kinds. */
#include "unit/rules/world.h"
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
    assert_string_equal(unit_name(UNIT_PERCENT), "percent");
    assert_string_equal(unit_name(UNIT_ENTRIES), "entries");
    assert_string_equal(kind_name(KIND_CAPACITY), "capacity");
    for (int k = 0; k < KIND_COUNT_; k++)
        assert_non_null(kind_name((enum kind)k));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_has_a_name_that_reads_back),
        cmocka_unit_test(words_are_those_of_the_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
