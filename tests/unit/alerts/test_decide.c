/* SPDX-License-Identifier: MIT */
/* Which event is due, and which silences mute it: cases that whole polls do not reach easily. */
#include "alerts/decide.h"
#include "alerts/silence.h"
#include "fixtures/observations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void intervals_grow_up_to_the_cap(void **state)
{
    static const struct {
        usec_t every;
        uint32_t growth;
        usec_t cap;
        uint32_t sent;
        usec_t want;
    } CASES[] = {
        {HOURS(4), 2, HOURS(168), 0, HOURS(4)},
        {HOURS(4), 2, HOURS(168), 1, HOURS(8)},
        {HOURS(4), 2, HOURS(168), 5, HOURS(128)},
        {HOURS(4), 2, HOURS(168), 6, HOURS(168)},
        {HOURS(4), 2, HOURS(168), UINT32_MAX, HOURS(168)},
        {HOURS(4), 1, HOURS(168), UINT32_MAX, HOURS(4)},
        {HOURS(4), 2, HOURS(1), 3, HOURS(4)}, /* a cap below the first interval */
        {HOURS(4), UINT32_MAX, USEC_INFINITY, 9, USEC_INFINITY},
        {0, 2, HOURS(168), 3, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const struct alert a = {.notified = LEVEL_CRITICAL, .reminders = CASES[i].sent};
        const struct alert_options o = {.repeat = {.every = {0, 0, CASES[i].every},
                                                   .growth = CASES[i].growth,
                                                   .cap = CASES[i].cap}};
        if (reminder_interval(&a, &o) != CASES[i].want)
            fail_msg("case %zu", i);
    }
}

/* An alert with one latch up, and an observation of it. */
static struct alert up(enum rule rule, enum level level, enum level notified)
{
    struct alert a = {.state = ALERT_FIRING, .level = level, .rule = rule, .notified = notified};
    a.latch[rule][level - 1].state = ALERT_FIRING;
    return a;
}

static int ask(const struct alert *a, struct observation s, enum level parent)
{
    const struct outcome o = {0};
    int type = alert_next_event(a, &s, &o);
    if (type != NO_EVENT && silence_mutes(silences_of(a, &s, parent), (enum event_type)type))
        type = NO_EVENT;
    observation_clear(&s);
    return type;
}

static void events_follow_from_the_last_notification(void **state)
{
    static const struct {
        enum level level, notified;
        int want;
    } CASES[] = {
        {LEVEL_WARNING, LEVEL_NONE, EVENT_FIRING},
        {LEVEL_WARNING, LEVEL_WARNING, NO_EVENT},
        {LEVEL_WARNING, LEVEL_CRITICAL, EVENT_DEESCALATED},
        {LEVEL_CRITICAL, LEVEL_NONE, EVENT_FIRING},
        {LEVEL_CRITICAL, LEVEL_WARNING, EVENT_ESCALATED},
        {LEVEL_CRITICAL, LEVEL_CRITICAL, NO_EVENT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct alert a = up(RULE_REMAINING, CASES[i].level, CASES[i].notified);
        if (ask(&a, A_POOL(.allotted = 10, .consumed = 11), LEVEL_NONE) != CASES[i].want)
            fail_msg("case %zu", i);
    }
}

static void resolved_follows_only_a_notification(void **state)
{
    struct alert told = {.notified = LEVEL_WARNING}, untold = {0},
                 pending = {.state = ALERT_PENDING};
    (void)state;
    assert_int_equal(ask(&told, A_POOL(.allotted = 10), LEVEL_NONE), EVENT_RESOLVED);
    assert_int_equal(ask(&told, A_POOL(.allotted = 10, .silent = true), LEVEL_NONE),
                     EVENT_RESOLVED);
    assert_int_equal(ask(&untold, A_POOL(.allotted = 10), LEVEL_NONE), NO_EVENT);
    assert_int_equal(ask(&pending, A_POOL(.allotted = 10), LEVEL_NONE), NO_EVENT);
}

static void mute_covers_one_finding_at_one_level(void **state)
{
    struct alert a = up(RULE_REMAINING, LEVEL_WARNING, LEVEL_NONE);
    (void)state;
    a.muted[RULE_REMAINING] = LEVEL_WARNING;
    assert_int_equal(ask(&a, A_POOL(.allotted = 10, .consumed = 10), LEVEL_NONE), NO_EVENT);
    a.latch[RULE_WAITING][0].state = ALERT_FIRING;
    assert_int_equal(ask(&a, A_POOL(.allotted = 10, .consumed = 10), LEVEL_NONE), NO_EVENT);
    assert_int_equal(ask(&a, A_POOL(.allotted = 10, .consumed = 10, .waiting = 1), LEVEL_NONE),
                     EVENT_FIRING);
}

static void notification_ends_mutes_and_records_numbers(void **state)
{
    static const struct alert_options o;
    struct alert a = up(RULE_REMAINING, LEVEL_CRITICAL, LEVEL_NONE);
    (void)state;
    assert_int_equal(context_new(&a.context), 0);
    a.context->waiting = 7;
    a.value = -3;
    a.muted[RULE_USAGE] = LEVEL_WARNING;
    alert_record_notification(&a, EVENT_FIRING, &o, T0);
    assert_int_equal(a.muted[RULE_USAGE], LEVEL_NONE);
    assert_int_equal(a.notified, LEVEL_CRITICAL);
    assert_int_equal(a.notified_rule, RULE_REMAINING);
    assert_int_equal(a.notified_value, -3);
    assert_int_equal(a.notified_waiting, 7);
    alert_record_notification(&a, EVENT_RESOLVED, &o, T0);
    assert_int_equal(a.notified, LEVEL_NONE);
    assert_int_equal(a.notified_waiting, 0);
    context_free(a.context);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(intervals_grow_up_to_the_cap),
        cmocka_unit_test(events_follow_from_the_last_notification),
        cmocka_unit_test(resolved_follows_only_a_notification),
        cmocka_unit_test(mute_covers_one_finding_at_one_level),
        cmocka_unit_test(notification_ends_mutes_and_records_numbers),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
