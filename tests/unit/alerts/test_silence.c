/* SPDX-License-Identifier: MIT */
/* Which events each silence suppresses. */
#include "alerts/silence.h"
#include "fixtures/observations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void each_silence_mutes_its_events_and_never_the_end(void **state)
{
    static const enum event_type EVENTS[] = {EVENT_FIRING,  EVENT_ESCALATED, EVENT_DEESCALATED,
                                             EVENT_UPDATED, EVENT_REMINDER,  EVENT_RESOLVED};
    static const struct {
        unsigned silences;
        bool mutes[6]; /* in the order of EVENTS */
    } CASES[] = {
        {0, {false, false, false, false, false, false}},
        {SILENCE_IGNORED, {true, true, true, true, true, false}},
        {SILENCE_EXPLAINED, {true, true, false, false, false, false}},
        {SILENCE_FORMER, {false, false, false, false, true, false}},
        {SILENCE_ACTIVE, {true, true, true, true, true, false}},
        {SILENCE_EXPLAINED | SILENCE_FORMER, {true, true, false, false, true, false}},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        for (size_t k = 0; k < N_ELEMENTS(EVENTS); k++)
            if (silence_mutes(CASES[i].silences, EVENTS[k]) != CASES[i].mutes[k])
                fail_msg("silences %#x, %s", CASES[i].silences, event_type_name(EVENTS[k]));
}

static void pool_is_explained_only_by_an_equally_severe_alert_without_waiting_members(void **state)
{
    struct alert a = {.state = ALERT_FIRING, .level = LEVEL_WARNING, .rule = RULE_USAGE};
    const struct observation s = {.subscription_explains = true}, plain = {0};
    (void)state;
    a.latch[RULE_USAGE][LEVEL_WARNING - 1].state = ALERT_FIRING;
    assert_int_equal(silences_of(&a, &s, LEVEL_WARNING), SILENCE_EXPLAINED);
    assert_int_equal(silences_of(&a, &s, LEVEL_CRITICAL), SILENCE_EXPLAINED);
    assert_int_equal(silences_of(&a, &s, LEVEL_NONE), 0);
    assert_int_equal(silences_of(&a, &plain, LEVEL_CRITICAL), 0);
    a.level = LEVEL_CRITICAL;
    assert_int_equal(silences_of(&a, &s, LEVEL_WARNING), 0);
    a.latch[RULE_WAITING][LEVEL_WARNING - 1].state = ALERT_FIRING;
    assert_int_equal(silences_of(&a, &s, LEVEL_CRITICAL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_silence_mutes_its_events_and_never_the_end),
        cmocka_unit_test(pool_is_explained_only_by_an_equally_severe_alert_without_waiting_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
