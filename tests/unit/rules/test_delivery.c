/* SPDX-License-Identifier: MIT */
/* Receivers with parked entries, that fail, or that are disabled. */
#include "base/text.h"
#include "unit/rules/fixture.h"

static void parked_entries_failures_and_a_disabled_receiver_raise_the_alert(void **state)
{
    static const struct {
        struct receiver_state receiver;
        const char *want, *cause;
    } CASES[] = {
        {{.queued = 0}, "none", NULL},
        {{.parked = 3}, "warning", "parked"},
        {{.parked = 3, .pager = true}, "critical", "parked"},
        {{.disabled = true, .queued = 1}, "warning", "disabled"},
        {{.disabled = true, .pager = true}, "critical", "disabled"},
        {{.failing_since_at = 70, .queued = 1}, "warning", "failing"},
        {{.failing_since_at = 70, .queued = 1, .pager = true}, "critical", "failing"},
        {{.failing_since_at = 70, .parked = 1}, "warning", "parked"},
    };
    const struct instant now = {.at = 77, .mono = 1, .boot = 1};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct observation s;
        struct receiver_state r = CASES[i].receiver;
        r.name = "hook";
        assert_int_equal(judge_delivery(&r, &now, &s, NULL), 0);
        assert_string_equal(s.subject, "hook");
        assert_verdict(&s.finding[0], CASES[i].want);
        assert_int_equal(s.finding[0].value, r.parked);
        assert_int_equal(s.context->parked, r.parked);
        assert_string_equal(s.context->receiver, "hook");
        assert_null(s.context->tenant_id);
        if (CASES[i].cause)
            assert_string_equal(cause_word(s.context->cause), CASES[i].cause);
        assert_true(s.context->failing_since_at ==
                    (text_equal(CASES[i].cause, "failing") ? r.failing_since_at : 0));
        observation_clear(&s);
    }
}

/* After a reload parked messages are queued again, and the receiver may refuse them again. */
static void messages_that_are_to_be_tried_again_clear_nothing(void **state)
{
    const struct instant now = {.at = 77, .mono = 1, .boot = 1};
    const struct receiver_state r = {.name = "hook", .queued = 1};
    struct observation s;
    (void)state;
    assert_int_equal(judge_delivery(&r, &now, &s, NULL), 0);
    assert_int_equal(s.finding[0].state, FINDING_UNKNOWN);
    observation_clear(&s);
}

static void a_storm_fires_at_the_limit_and_ends_when_nothing_waits(void **state)
{
    static const struct {
        int64_t held;
        bool full;
        enum level raise, keep;
    } CASES[] = {
        {0, false, LEVEL_NONE, LEVEL_NONE},
        {0, true, LEVEL_NONE, LEVEL_NONE},          /* the last one that was allowed */
        {3, false, LEVEL_NONE, LEVEL_CRITICAL},     /* they follow at once: no storm yet, and not over yet */
        {3, true, LEVEL_CRITICAL, LEVEL_CRITICAL},
    };
    const struct instant now = {.at = 77, .mono = 1, .boot = 1};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct observation s;
        assert_int_equal(judge_storm("pager", CASES[i].held, CASES[i].full, &now, &s, NULL), 0);
        assert_int_equal(s.kind, KIND_STORM);
        assert_string_equal(s.context->receiver, "pager");
        assert_int_equal(s.finding[0].raise, CASES[i].raise);
        assert_int_equal(s.finding[0].keep, CASES[i].keep);
        assert_int_equal(s.finding[0].value, CASES[i].held);
        observation_clear(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parked_entries_failures_and_a_disabled_receiver_raise_the_alert),
        cmocka_unit_test(a_storm_fires_at_the_limit_and_ends_when_nothing_waits),
        cmocka_unit_test(messages_that_are_to_be_tried_again_clear_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
