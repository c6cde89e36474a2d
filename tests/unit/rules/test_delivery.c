/* SPDX-License-Identifier: MIT */
/* Receivers with parked entries, and disabled receivers. */
#include "unit/rules/fixture.h"

static void parked_entries_or_a_disabled_receiver_raise_the_alert(void **state)
{
    static const struct {
        bool pager;
        int64_t parked;
        bool disabled;
        const char *want, *cause;
    } CASES[] = {
        {false, 0, false, "none", NULL},         {false, 3, false, "warning", "parked"},
        {true, 3, false, "critical", "parked"},  {false, 0, true, "warning", "disabled"},
        {true, 0, true, "critical", "disabled"},
    };
    const struct instant now = {.at = 77, .mono = 1, .boot = 1};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct observation s;
        assert_int_equal(judge_delivery("hook", CASES[i].pager, CASES[i].parked, CASES[i].disabled,
                                        &now, &s, NULL),
                         0);
        assert_string_equal(s.subject, "hook");
        assert_verdict(&s.finding[0], CASES[i].want);
        assert_int_equal(s.finding[0].value, CASES[i].parked);
        assert_int_equal(s.context->parked, CASES[i].parked);
        assert_string_equal(s.context->receiver, "hook");
        assert_null(s.context->tenant_id);
        if (CASES[i].cause)
            assert_string_equal(cause_word(s.context->cause), CASES[i].cause);
        observation_clear(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parked_entries_or_a_disabled_receiver_raise_the_alert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
