/* SPDX-License-Identifier: MIT */
/* Events after polls: life of an alert, silences, parents, moved subjects, archiving. */
#include "fixtures/observations.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE USEC_PER_MINUTE

static int setup(void **state)
{
    static struct engine_fixture d;
    engine_open(&d);
    *state = &d;
    return 0;
}
static int teardown(void **state)
{
    engine_close(*state);
    return 0;
}

static const struct alert *pool_alert(const struct engine_fixture *d)
{
    return engine_alert(d, KIND_CAPACITY, "pool-a");
}

static void a_pool_fires_and_resolves_once(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 50)), "");
    assert_null(pool_alert(d));
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 100)), "firing warning usage");
    const struct notification *n = engine_notification(d, 0);
    assert_int_equal(n->episode, 1);
    assert_int_equal(n->seq, 1);
    assert_int_equal(n->previous, LEVEL_NONE);
    assert_int_equal(n->value, 10000);
    assert_int_equal(n->threshold, 9000);
    assert_true(n->finding[RULE_USAGE] && n->finding[RULE_REMAINING] && !n->finding[RULE_WAITING]);
    assert_int_equal(n->started_at, d->now.at);
    assert_string_equal(n->alert_id, pool_alert(d)->id);
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 100)), "");
    engine_pass(d, 130 * MINUTE);
    assert_string_equal(POLL(d, A_POOL(.allotted = 200, .consumed = 100)),
                        "resolved warning usage");
    n = engine_notification(d, 0);
    assert_int_equal(n->seq, 2);
    assert_int_equal(n->state, ALERT_OK);
    assert_int_equal(n->value, 5000);
    assert_null(n->reason);
    assert_int_equal(pool_alert(d)->state, ALERT_OK);
    assert_string_equal(POLL(d, A_POOL(.allotted = 200, .consumed = 100)), "");
    assert_int_equal(d->n_written, 0);
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 100)), "firing warning usage");
    assert_int_equal(engine_notification(d, 0)->episode, 2);
    assert_int_equal(engine_notification(d, 0)->seq, 3);
}

static void hysteresis_keeps_it_up(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 90)), "firing warning usage");
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 88)), "");
    assert_int_equal(pool_alert(d)->state, ALERT_FIRING);
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 87)), "resolved warning usage");
}

static void pending_alert_sends_nothing_and_leaves_no_row(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 95, .min_samples = 2)), "");
    assert_int_equal(pool_alert(d)->state, ALERT_PENDING);
    assert_int_equal(pool_alert(d)->rule, RULE_USAGE);
    assert_int_equal(pool_alert(d)->value, 9500);
    assert_int_equal(pool_alert(d)->level, LEVEL_NONE);
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 50, .min_samples = 2)), "");
    assert_null(pool_alert(d));
    assert_int_equal(d->n_removed, 1);
}

static void escalation_goes_to_all_and_deescalation_to_those_who_want_it(void **state)
{
    struct engine_fixture *d = *state;
    static struct receiver_traits receivers[] = {
        {.name = (char *)"chat", .wants_reminders = true},
        {.name = (char *)"hook", .wants_reminders = true, .wants_deescalations = true},
        {.name = (char *)"pager", .pager = true}};
    d->routes.receiver = receivers;
    d->routes.n_receivers = 3;
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 100)), "firing warning usage");
    assert_int_equal(d->last->event[0].to, 7);
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 101)),
                        "escalated critical remaining");
    assert_int_equal(d->last->event[0].to, 7);
    assert_int_equal(engine_notification(d, 0)->previous, LEVEL_WARNING);
    assert_int_equal(engine_notification(d, 0)->notified_rule, RULE_USAGE);
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 100)),
                        "deescalated warning usage");
    assert_int_equal(d->last->event[0].to, 2);
    assert_int_equal(engine_notification(d, 0)->previous, LEVEL_CRITICAL);
    assert_int_equal(engine_notification(d, 0)->notified_rule, RULE_REMAINING);
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 102)),
                        "escalated critical remaining");
    assert_int_equal(pool_alert(d)->episode, 1);
}

static void lowering_takes_as_long_as_recovery(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 101, .keep_firing_for = 10 * MINUTE));
    engine_pass(d, 5 * MINUTE);
    assert_string_equal(
        POLL(d, A_POOL(.allotted = 100, .consumed = 99, .keep_firing_for = 10 * MINUTE)), "");
    assert_int_equal(pool_alert(d)->level, LEVEL_CRITICAL);
    assert_int_equal(pool_alert(d)->state, ALERT_FIRING); /* usage is */
    engine_pass(d, 10 * MINUTE);
    assert_string_equal(
        POLL(d, A_POOL(.allotted = 100, .consumed = 99, .keep_firing_for = 10 * MINUTE)),
        "deescalated warning usage");
}

static void return_from_recovery_stays_in_the_episode(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 95, .keep_firing_for = 10 * MINUTE));
    engine_pass(d, 5 * MINUTE);
    assert_string_equal(
        POLL(d, A_POOL(.allotted = 100, .consumed = 50, .keep_firing_for = 10 * MINUTE)), "");
    assert_int_equal(pool_alert(d)->state, ALERT_RECOVERING);
    engine_pass(d, 5 * MINUTE);
    assert_string_equal(
        POLL(d, A_POOL(.allotted = 100, .consumed = 95, .keep_firing_for = 10 * MINUTE)), "");
    assert_int_equal(pool_alert(d)->state, ALERT_FIRING);
    assert_int_equal(pool_alert(d)->episode, 1);
}

static void unknown_sections_change_no_alerts(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 95));
    usec_t seen_at = d->now.at;
    for (int i = 0; i < 50; i++) {
        engine_pass(d, HOURS(1));
        assert_string_equal(
            POLL(d, A_POOL(.allotted = HIDDEN, .consumed = HIDDEN, .waiting = HIDDEN)), "");
    }
    assert_int_equal(pool_alert(d)->state, ALERT_FIRING);
    assert_int_equal(pool_alert(d)->value, 9500);
    assert_int_equal(pool_alert(d)->context->consumed, 95);
    assert_int_equal(pool_alert(d)->context->observed_at, seen_at);
}

static void level_may_rise_but_not_fall_while_a_section_is_unknown(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 50, .waiting = 30)),
                        "firing critical waiting");
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 100, .waiting = HIDDEN)), "");
    assert_int_equal(pool_alert(d)->rule, RULE_WAITING);
    assert_int_equal(pool_alert(d)->value, 30);
    assert_int_equal(pool_alert(d)->context->waiting, 30); /* carried along, and so their age */
    assert_true(pool_alert(d)->context->observed_at <= d->now.at);
    engine_pass(d, MINUTE);
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 10, .waiting = HIDDEN)), "");
    assert_int_equal(pool_alert(d)->level, LEVEL_CRITICAL);
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 10, .waiting = 0)),
                        "resolved critical waiting");
}

static void a_message_that_rests_on_old_numbers_says_how_old_they_are(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 101));
    usec_t seen_at = d->now.at;
    engine_pass(d, HOURS(2));
    assert_string_equal(POLL(d, A_POOL(.allotted = HIDDEN, .waiting = 3)),
                        "updated critical remaining");
    assert_int_equal(engine_notification(d, 0)->stale_since_at, seen_at);
    assert_int_equal(engine_notification(d, 0)->observed_at, seen_at);
    assert_non_null(
        strstr(engine_notification(d, 0)->description, "Data as of 02:00 UTC: no newer data"));
}

static void formerly_ignored_alert_fires_after_the_next_poll(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 100, .silent = true));
    assert_string_equal(POLL(d, A_POOL(.allotted = HIDDEN, .waiting = HIDDEN)), "");
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 100)), "firing warning usage");
}

static void no_resolve_while_another_finding_is_pending(void **state)
{
    struct engine_fixture *d = *state;
    struct observation s;
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 100)), "firing warning usage");
    for (int minute = 0; minute < 15; minute += 5) {
        s = A_POOL(.allotted = 200, .consumed = 100, .waiting = 4);
        s.finding[1].hold_for = 15 * MINUTE; /* waiting */
        assert_string_equal(engine_poll(d, &s, 1), "");
        assert_int_equal(pool_alert(d)->state, ALERT_RECOVERING);
        assert_int_equal(pool_alert(d)->level, LEVEL_WARNING);
        engine_pass(d, 5 * MINUTE);
    }
    s = A_POOL(.allotted = 200, .consumed = 100, .waiting = 4);
    s.finding[1].hold_for = 15 * MINUTE;
    assert_string_equal(engine_poll(d, &s, 1), "updated warning waiting");
    assert_int_equal(pool_alert(d)->episode, 1);
    assert_string_equal(POLL(d, A_POOL(.allotted = 200, .consumed = 100)),
                        "resolved warning waiting");
}

static void no_deescalation_while_a_section_is_unread(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 100));
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 101, .waiting = HIDDEN)),
                        "escalated critical remaining");
    for (int i = 0; i < 30; i++) {
        engine_pass(d, MINUTE);
        assert_string_equal(
            POLL(d, A_POOL(.allotted = 200, .consumed = i % 2 ? 100 : 190, .waiting = HIDDEN)), "");
        assert_int_equal(pool_alert(d)->level, LEVEL_CRITICAL);
    }
    assert_string_equal(POLL(d, A_POOL(.allotted = 200, .consumed = 100)),
                        "resolved critical remaining");
}

static void pending_finding_that_clears_resolves_nothing_while_units_are_unread(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 100));
    struct observation s = A_POOL(.allotted = 200, .consumed = 100, .waiting = 4);
    s.finding[1].hold_for = 15 * MINUTE;
    (void)engine_poll(d, &s, 1); /* held up by the suspicion alone */
    assert_string_equal(POLL(d, A_POOL(.allotted = HIDDEN, .consumed = HIDDEN)), "");
    assert_int_equal(pool_alert(d)->state, ALERT_RECOVERING);
    assert_string_equal(POLL(d, A_POOL(.allotted = 200, .consumed = 100)),
                        "resolved warning usage");
}

static void recovery_is_counted_in_complete_polls(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 100));
    for (int i = 0; i < 3; i++) {
        engine_pass(d, 9 * MINUTE);
        assert_string_equal(
            POLL(d, A_POOL(.allotted = 200, .consumed = 100, .waiting = i == 1 ? HIDDEN : 0,
                           .keep_firing_for = 10 * MINUTE)),
            "");
    }
    engine_pass(d, 10 * MINUTE);
    assert_string_equal(
        POLL(d, A_POOL(.allotted = 200, .consumed = 100, .keep_firing_for = 10 * MINUTE)),
        "resolved warning usage");
}

static void findings_that_the_source_lacks_do_not_block_clearing(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 100));
    assert_string_equal(
        POLL(d, A_POOL(.allotted = 200, .consumed = 100, .waiting = HIDDEN, .not_offered = true)),
        "resolved warning usage");
    /* but what was raised by it stays */
    (void)POLL(d, A_POOL(.allotted = 200, .consumed = 100, .waiting = 3));
    assert_string_equal(
        POLL(d, A_POOL(.allotted = 200, .consumed = 100, .waiting = HIDDEN, .not_offered = true)),
        "");
    assert_int_equal(pool_alert(d)->state, ALERT_FIRING);
}

/* A full pool with one who waits, who counts after a quarter of an hour. */
static struct observation one_waits(int64_t allotted)
{
    struct observation s = A_POOL(.allotted = allotted, .consumed = 100, .waiting = 1);
    s.finding[1].hold_for = 15 * MINUTE;
    return s;
}

static void new_waiting_members_update_after_the_hold_time(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 100));
    struct observation s = one_waits(100);
    assert_string_equal(engine_poll(d, &s, 1), "");
    engine_pass(d, 5 * MINUTE);
    /* another finding speaks meanwhile, without them */
    s = one_waits(99);
    assert_string_equal(engine_poll(d, &s, 1), "escalated critical remaining");
    assert_null(strstr(engine_notification(d, 0)->title, "waiting"));
    assert_non_null(strstr(engine_notification(d, 0)->title, "1 unit needed"));
    assert_false(engine_notification(d, 0)->finding[RULE_WAITING]);
    assert_non_null(
        strstr(engine_notification(d, 0)->description, "1 member is waiting for a licence, for less than waiting.for"));
    engine_pass(d, 10 * MINUTE);
    s = one_waits(99);
    assert_string_equal(engine_poll(d, &s, 1), "updated critical remaining");
    assert_non_null(strstr(engine_notification(d, 0)->title, "1 waiting"));
    assert_true(engine_notification(d, 0)->finding[RULE_WAITING]);
}

static void an_update_waits_for_a_level_that_is_about_to_rise(void **state)
{
    static const struct {
        int64_t waiting;
        const char *want;
    } STEPS[] = {
        {3, ""},
        {3, "firing warning waiting"},
        {26, ""},
        {26, "escalated critical waiting"},
        {26, ""},
        {1, ""},
        {52, "updated critical waiting"},
    };
    struct engine_fixture *d = *state;
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++)
        assert_string_equal(
            POLL(d, A_POOL(.allotted = 200, .consumed = 100, .min_samples = 2,
                           .keep_firing_for = 10 * MINUTE, .waiting = STEPS[i].waiting)),
            STEPS[i].want);
}

static void doubling_sends_an_update_and_less_does_not(void **state)
{
    static const struct {
        int64_t waiting;
        const char *want;
    } STEPS[] = {
        {2, "firing warning waiting"},
        {3, ""},
        {4, "updated warning waiting"},
        {7, ""},
        {5, ""},
        {7, ""},
        {8, "updated warning waiting"},
        {24, "updated warning waiting"},
        {26, "escalated critical waiting"},
        {51, ""},
        {52, "updated critical waiting"},
    };
    struct engine_fixture *d = *state;
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++)
        assert_string_equal(
            POLL(d, A_POOL(.allotted = 200, .consumed = 100, .waiting = STEPS[i].waiting)),
            STEPS[i].want);
}

static void flapping_waiting_members_send_no_updates_but_new_ones_do(void **state)
{
    struct engine_fixture *d = *state;
    size_t told = 0;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 100));
    for (int i = 0; i < 100; i++) {
        struct observation s = A_POOL(.allotted = 100, .consumed = 100, .waiting = i % 2 ? 0 : 3);
        s.finding[1].hold_for = 15 * MINUTE;
        told += *engine_poll(d, &s, 1) != '\0';
        engine_pass(d, 5 * MINUTE);
    }
    assert_int_equal(told, 0);
    /* once they have waited long enough, they are told of */
    for (int i = 0; i < 5; i++) {
        struct observation s = A_POOL(.allotted = 100, .consumed = 100, .waiting = 3);
        s.finding[1].hold_for = 15 * MINUTE;
        told += strcmp(engine_poll(d, &s, 1), "updated warning waiting") == 0;
        engine_pass(d, 5 * MINUTE);
    }
    assert_int_equal(told, 1);
    /* all gone for good: the next are news, at once where nothing holds them */
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 100)), "");
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 100, .waiting = 1)),
                        "updated warning waiting");
}

static void doubled_errors_send_an_update(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(
        POLL(d, SOME_ERRORS(.subject = "e5/x", .code = "X", .level = LEVEL_WARNING, .value = 5)),
        "firing warning assignment_errors");
    assert_string_equal(
        POLL(d, SOME_ERRORS(.subject = "e5/x", .code = "X", .level = LEVEL_WARNING, .value = 9)),
        "");
    assert_string_equal(
        POLL(d, SOME_ERRORS(.subject = "e5/x", .code = "X", .level = LEVEL_WARNING, .value = 10)),
        "updated warning assignment_errors");
    assert_string_equal(POLL(d, SOME_ERRORS(.subject = "e5/x", .code = "X")),
                        "resolved warning assignment_errors");
}

static void new_cause_sends_an_update_unless_transient(void **state)
{
    static const struct {
        enum cause cause;
        const char *want;
    } STEPS[] = {
        {CAUSE_NETWORK, "firing warning poll"},
        {CAUSE_THROTTLED, ""},
        {CAUSE_NETWORK, ""},
        {CAUSE_AUTH, "updated warning poll"},
        {CAUSE_AUTH, ""},
        {CAUSE_NETWORK, ""},
        {CAUSE_AUTH, ""},
        {CAUSE_PERMISSION, "updated warning poll"},
    };
    struct engine_fixture *d = *state;
    d->incomplete_list = true;
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++)
        assert_string_equal(
            POLL(d, A_POLL(.level = LEVEL_WARNING, .value = 4000, .cause = STEPS[i].cause)),
            STEPS[i].want);
    assert_string_equal(POLL(d, A_POLL(.value = 0)), "resolved warning poll");
}

static void more_important_section_sends_an_update(void **state)
{
    static const struct {
        const char *section;
        enum level level;
        const char *want, *title;
    } STEPS[] = {
        {"usage_rights", LEVEL_WARNING, "firing warning poll", "usage rights"},
        {"assignment_errors", LEVEL_WARNING, "updated warning poll", "the assignment errors"},
        {"assignment_errors", LEVEL_WARNING, "", ""},
        {"waiting_members", LEVEL_WARNING, "updated warning poll", "the waiting members"},
        {"assignment_errors", LEVEL_CRITICAL, "escalated critical poll", "the assignment errors"},
        {NULL, LEVEL_CRITICAL, "updated critical poll", "the licences"},
        {"waiting_members", LEVEL_CRITICAL, "", ""},
        {NULL, LEVEL_CRITICAL, "", ""},
    };
    struct engine_fixture *d = *state;
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
        assert_string_equal(POLL(d, A_POLL(.level = STEPS[i].level, .value = 9000,
                                           .cause = CAUSE_PERMISSION, .section = STEPS[i].section)),
                            STEPS[i].want);
        if (*STEPS[i].title)
            assert_non_null(strstr(engine_notification(d, 0)->title, STEPS[i].title));
    }
}

static void disabled_rule_resolves_its_alert_with_a_reason(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 100, .keep_firing_for = HOURS(1)));
    assert_string_equal(
        POLL(d, A_POOL(.allotted = 100, .consumed = 100, .keep_firing_for = HOURS(1),
                       .no_usage = true, .no_remaining = true)),
        "resolved warning usage");
    assert_string_equal(engine_notification(d, 0)->reason, "rule_removed");
}

static void an_empty_pool_recovers_like_any_other(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(
        d, A_POOL(.allotted = 100, .consumed = 100, .min_samples = 1, .keep_firing_for = HOURS(1)));
    assert_string_equal(POLL(d, A_POOL(.allotted = 0, .keep_firing_for = HOURS(1))), "");
    assert_int_equal(pool_alert(d)->state, ALERT_RECOVERING);
    engine_pass(d, HOURS(1));
    assert_string_equal(POLL(d, A_POOL(.allotted = 0, .keep_firing_for = HOURS(1))),
                        "resolved warning usage");
    assert_null(engine_notification(d, 0)->reason);
}

/* ---- silence ---- */

static void ignored_pool_is_evaluated_without_notifications(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(POLL(d, A_POOL(.allotted = 10, .consumed = 10, .silent = true)), "");
    assert_int_equal(pool_alert(d)->state, ALERT_FIRING);
    assert_string_equal(POLL(d, A_POOL(.allotted = 10, .consumed = 9)), "firing warning usage");
    assert_string_equal(POLL(d, A_POOL(.allotted = 10, .consumed = 11, .silent = true)), "");
    assert_int_equal(pool_alert(d)->reminder_at, 0);
    /* those who were told hear its end */
    assert_string_equal(POLL(d, A_POOL(.allotted = 10, .consumed = 1, .silent = true)),
                        "resolved warning remaining");
    assert_string_equal(POLL(d, A_POOL(.allotted = 10, .consumed = 10, .silent = true)), "");
    assert_string_equal(POLL(d, A_POOL(.allotted = 10, .consumed = 1, .silent = true)), "");
}

/* ---- parents ---- */

static void ended_subscription_explains_its_pool(void **state)
{
    struct engine_fixture *d = *state;
    struct observation pool =
        A_POOL(.allotted = 100, .consumed = 101, .explained = true, .subscription = "Sub-1");
    /* the pool stands first in the list, and is still planned second */
    assert_string_equal(POLL(d, pool,
                             A_SUBSCRIPTION(.subject = "sub-1", .level = LEVEL_CRITICAL,
                                            .state = "suspended", .value = -3)),
                        "firing critical subscription");
    assert_int_equal(pool_alert(d)->state, ALERT_FIRING);
    assert_int_equal(pool_alert(d)->notified, LEVEL_NONE);
    /* people wait: that is more than the subscription says */
    pool = A_POOL(.allotted = 100, .consumed = 101, .waiting = 2, .explained = true,
                  .subscription = "Sub-1");
    assert_string_equal(POLL(d, pool,
                             A_SUBSCRIPTION(.subject = "sub-1", .level = LEVEL_CRITICAL,
                                            .state = "suspended", .value = -3)),
                        "firing critical remaining");
}

static void pool_worse_than_its_subscription_fires(void **state)
{
    struct engine_fixture *d = *state;
    struct observation pool =
        A_POOL(.allotted = 100, .consumed = 101, .explained = true, .subscription = "sub-1");
    assert_string_equal(POLL(d, pool,
                             A_SUBSCRIPTION(.subject = "sub-1", .level = LEVEL_WARNING,
                                            .state = "warning", .value = 20)),
                        "firing warning subscription; firing critical remaining");
}

static void a_silent_subscription_explains_nothing(void **state)
{
    struct engine_fixture *d = *state;
    struct observation pool =
        A_POOL(.allotted = 100, .consumed = 100, .explained = true, .subscription = "sub-1");
    assert_string_equal(POLL(d, pool,
                             A_SUBSCRIPTION(.subject = "sub-1", .level = LEVEL_CRITICAL,
                                            .state = "suspended", .silent = true)),
                        "firing warning usage");
}

static void pool_fires_when_its_subscription_is_back(void **state)
{
    struct engine_fixture *d = *state;
    struct observation pool =
        A_POOL(.allotted = 100, .consumed = 100, .explained = true, .subscription = "sub-1");
    (void)POLL(d, pool,
               A_SUBSCRIPTION(.subject = "sub-1", .level = LEVEL_CRITICAL, .state = "suspended"));
    pool = A_POOL(.allotted = 100, .consumed = 100, .subscription = "sub-1");
    assert_string_equal(POLL(d, pool, A_SUBSCRIPTION(.subject = "sub-1")),
                        "resolved critical subscription; firing warning usage");
}

/* The numbers of a pool that its suspended subscription explains. */
static struct observation explained_pool(int64_t consumed)
{
    struct observation s = A_POOL(.allotted = 100, .consumed = consumed, .explained = true,
                                  .subscription = "sub-1", .keep_firing_for = MINUTES(10));
    return s;
}

static void explained_alert_fires_only_on_a_new_breach(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, explained_pool(101),
               A_SUBSCRIPTION(.subject = "sub-1", .level = LEVEL_CRITICAL, .state = "suspended"));
    /* healthy, and inside the band of usage; also while nobody knows who waits */
    assert_string_equal(POLL(d,
                             A_POOL(.allotted = 100, .consumed = 89, .subscription = "sub-1",
                                    .waiting = HIDDEN, .keep_firing_for = MINUTES(10)),
                             A_SUBSCRIPTION(.subject = "sub-1")),
                        "resolved critical subscription");
    engine_pass(d, MINUTES(5));
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 90, .subscription = "sub-1",
                                       .keep_firing_for = MINUTES(10))),
                        "firing warning usage");
}

static void unread_explained_alert_fires_after_the_next_poll(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, explained_pool(101),
               A_SUBSCRIPTION(.subject = "sub-1", .level = LEVEL_CRITICAL, .state = "suspended"));
    /* only the waiting members are read: theirs is the level */
    assert_string_equal(
        POLL(d,
             A_POOL(.allotted = HIDDEN, .consumed = HIDDEN, .waiting = 2, .subscription = "sub-1"),
             A_SUBSCRIPTION(.subject = "sub-1")),
        "resolved critical subscription; firing warning waiting");
    assert_string_equal(
        POLL(d, A_POOL(.allotted = 100, .consumed = 101, .waiting = 2, .subscription = "sub-1")),
        "escalated critical remaining");
}

static void baseline_alert_fires_nothing_while_it_falls(void **state)
{
    struct engine_fixture *d = *state;
    d->first_run = true;
    assert_string_equal(
        POLL(d, A_POOL(.allotted = 100, .consumed = 101, .keep_firing_for = MINUTES(10))),
        "digest 1");
    d->first_run = false;
    assert_string_equal(POLL(d, A_POOL(.allotted = 200, .consumed = 101, .waiting = 2,
                                       .keep_firing_for = MINUTES(10))),
                        "firing warning waiting");
}

/* ---- gone, moved, archived ---- */

static void a_pool_that_is_gone_keeps_its_last_numbers_and_names_the_cause(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 101, .waiting = 3));
    assert_string_equal(
        POLL(d, A_POOL(.allotted = 100, .consumed = 101, .waiting = HIDDEN, .gone = true)),
        "updated critical remaining");
    assert_non_null(strstr(engine_notification(d, 0)->title, "is no longer listed"));
    assert_int_equal(pool_alert(d)->context->waiting, 3);
    assert_string_equal(
        POLL(d, A_POOL(.allotted = 100, .consumed = 101, .waiting = HIDDEN, .gone = true)), "");
    /* it is back and well */
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 1)),
                        "resolved critical remaining");
}

static void a_pool_that_was_fine_is_missed_too(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 1));
    assert_string_equal(
        POLL(d, A_POOL(.allotted = 100, .consumed = 1, .waiting = HIDDEN, .gone = true)),
        "firing critical allotment_gone");
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 1)),
                        "resolved critical allotment_gone");
}

static void a_drop_ends_restored_or_as_the_new_normal(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(POLL(d, A_POOL(.allotted = 80, .consumed = 40, .reference = 100)),
                        "firing warning capacity_drop");
    assert_string_equal(POLL(d, A_POOL(.allotted = 98, .consumed = 40, .reference = 100)), "");
    assert_string_equal(POLL(d, A_POOL(.allotted = 70, .consumed = 40, .reference = 100)), "");
    assert_string_equal(POLL(d, A_POOL(.allotted = 50, .consumed = 40, .reference = 100)),
                        "updated warning capacity_drop"); /* twice the loss */
    assert_string_equal(POLL(d, A_POOL(.allotted = HIDDEN, .consumed = HIDDEN)), "");
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 40)),
                        "resolved warning capacity_drop");
    assert_string_equal(engine_notification(d, 0)->reason, "restored");
    (void)POLL(
        d, A_POOL(.allotted = 80, .consumed = 40, .reference = 100, .keep_firing_for = HOURS(1)));
    assert_string_equal(POLL(d, A_POOL(.allotted = 80, .consumed = 40, .reference = 100,
                                       .normal = true, .keep_firing_for = HOURS(1))),
                        "resolved warning capacity_drop");
    assert_string_equal(engine_notification(d, 0)->reason, "new_normal");
    assert_null(strstr(engine_notification(d, 0)->title, "resolved"));
}

static void a_drop_is_the_cause_of_what_it_fills(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 95)), "firing warning usage");
    assert_string_equal(POLL(d, A_POOL(.allotted = 80, .consumed = 95, .reference = 100)),
                        "escalated critical remaining");
    assert_string_equal(engine_notification(d, 0)->title,
                        "contoso: now critical: Microsoft 365 E5 fell from 100 to 80 units, 95 in "
                        "use: 15 units needed");
    /* the pool is still full when the smaller number becomes normal */
    assert_string_equal(POLL(d, A_POOL(.allotted = 80, .consumed = 95, .reference = 100, .normal = true)),
                        "updated critical remaining");
    assert_string_equal(engine_notification(d, 0)->reason, "new_normal");
    assert_string_equal(POLL(d, A_POOL(.allotted = 80, .consumed = 40)),
                        "resolved critical remaining");
}

static void long_gone_pool_resolves_with_a_reason(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 1, .waiting = HIDDEN, .gone = true));
    assert_non_null(pool_alert(d));
    d->incomplete_list = true;
    assert_string_equal(engine_poll(d, NULL, 0), "");
    assert_non_null(pool_alert(d));
    d->incomplete_list = false;
    assert_string_equal(engine_poll(d, NULL, 0), "resolved critical allotment_gone");
    assert_string_equal(engine_notification(d, 0)->reason, "gone_for_good");
    assert_non_null(strstr(engine_notification(d, 0)->title, "no longer reported after "));
    assert_null(strstr(engine_notification(d, 0)->title, "resolved"));
    assert_non_null(strstr(engine_notification(d, 0)->description, "not because the problem was fixed"));
    assert_null(pool_alert(d));
    assert_int_equal(d->n_removed, 1);
}

static void returning_pool_continues_its_counters(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 95));
    assert_int_equal(engine_notification(d, 0)->episode, 1);
    engine_pass(d, 8 * USEC_PER_DAY);
    assert_string_equal(engine_poll(d, NULL, 0), "resolved warning usage");
    uint64_t seq = engine_notification(d, 0)->seq;
    assert_null(pool_alert(d));
    engine_restart(d, USEC_PER_HOUR, true);
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 95)), "firing warning usage");
    assert_int_equal(engine_notification(d, 0)->episode, 2);
    assert_int_equal(engine_notification(d, 0)->seq, seq + 1);
}

static bool keep_none(const struct alert *a, void *userdata)
{
    (void)a, (void)userdata;
    return false;
}

static void reconfigured_alert_continues_its_counters(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 95),
               A_SUBSCRIPTION(.subject = "s", .state = "suspended", .level = LEVEL_CRITICAL));
    (void)engine_keep(d, keep_none);
    assert_null(pool_alert(d));
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 95),
               A_SUBSCRIPTION(.subject = "s", .state = "suspended", .level = LEVEL_CRITICAL));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(engine_notification(d, i)->episode, 2);
        assert_int_equal(engine_notification(d, i)->seq, 3);
    }
}

static void moved_alert_continues_the_counters_of_both_ids(void **state)
{
    struct engine_fixture *d = *state;
    for (int i = 0; i < 3; i++) {
        (void)POLL(d, A_POOL(.id = "pool-b", .allotted = 100, .consumed = 95));
        (void)POLL(d, A_POOL(.id = "pool-b", .allotted = 100, .consumed = 5));
    }
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 95));
    (void)POLL(d, A_POOL(.id = "pool-b", .replaces = "pool-a", .allotted = 100, .consumed = 95));
    assert_string_equal(POLL(d, A_POOL(.id = "pool-b", .allotted = 100, .consumed = 5)),
                        "resolved warning usage");
    assert_int_equal(engine_notification(d, 0)->episode,
                     1); /* still under the name that it was told by */
    (void)POLL(d, A_POOL(.id = "pool-b", .allotted = 100, .consumed = 95));
    assert_int_equal(engine_notification(d, 0)->episode, 4);
    assert_int_equal(engine_notification(d, 0)->seq, 7);
    (void)POLL(d, A_POOL(.id = "pool-b", .allotted = 100, .consumed = 5),
               A_POOL(.allotted = 100, .consumed = 95));
    assert_int_equal(engine_notification(d, 1)->episode, 2);
    assert_int_equal(engine_notification(d, 1)->seq, 3);
}

static int past_is_broken(void *userdata, const char *alert_id, struct past_alert *ret,
                          struct failure *f)
{
    (void)userdata, (void)alert_id, (void)ret;
    return failure_set(f, FAILURE_LOCAL, EIO, "the disk is gone");
}

static void without_its_past_no_alert_begins(void **state)
{
    struct engine_fixture *d = *state;
    const struct plan_context ctx = {.options = &d->options,
                                     .routes = &d->routes,
                                     .now = d->now,
                                     .tenant_id = TENANT,
                                     .past = past_is_broken};
    struct observation s = A_POOL(.allotted = 100, .consumed = 95);
    const struct observations observations = {.observation = &s, .n = 1};
    struct failure why = {0};
    struct changes *c = NULL;
    assert_int_equal(alerts_plan(&ctx, d->registry, &observations, &c, &why), -EIO);
    assert_string_equal(why.text, "the disk is gone");
    assert_null(c);
    observation_clear(&s);
}

static void alert_without_observation_stays_for_a_week(void **state)
{
    struct engine_fixture *d = *state;
    struct plan_context other = {.options = &d->options,
                                 .routes = &d->routes,
                                 .tenant_id = "another tenant",
                                 .complete_list = true};
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 95));
    engine_pass(d, 6 * USEC_PER_DAY);
    assert_string_equal(engine_poll(d, NULL, 0), "");
    assert_int_equal(pool_alert(d)->state, ALERT_FIRING);
    engine_pass(d, 2 * USEC_PER_DAY);
    CLEANUP(changes_free) struct changes *c = NULL;
    const struct observations none = {0};
    other.now = d->now;
    assert_int_equal(alerts_plan(&other, d->registry, &none, &c, NULL), 0);
    assert_true(changes_empty(c));
    assert_string_equal(engine_poll(d, NULL, 0), "resolved warning usage");
    assert_string_equal(engine_notification(d, 0)->reason, "gone_for_good");
    assert_null(pool_alert(d));
}

static void alert_without_observation_has_frozen_timers(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 95, .hold_for = 15 * MINUTE));
    for (int i = 0; i < 4; i++) {
        engine_pass(d, 5 * MINUTE);
        assert_string_equal(engine_poll(d, NULL, 0), "");
    }
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 95, .hold_for = 15 * MINUTE)),
                        "");
    assert_int_equal(pool_alert(d)->latch[RULE_USAGE][0].elapsed, 0);
    engine_pass(d, 15 * MINUTE);
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 95, .hold_for = 15 * MINUTE)),
                        "firing warning usage");
}

static void an_unread_subscription_keeps_the_words_it_had(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_SUBSCRIPTION(.subject = "s", .state = "suspended", .level = LEVEL_CRITICAL));
    /* judging knows little of one that it does not see, and is silent about it */
    struct observation s = A_SUBSCRIPTION(.subject = "s", .unknown = true, .silent = true);
    free(s.context->sku_name);
    s.context->sku_name = NULL;
    assert_string_equal(engine_poll(d, &s, 1), "");
    const struct alert *a = engine_alert(d, KIND_SUBSCRIPTION, "s");
    assert_int_equal(a->state, ALERT_FIRING);
    assert_string_equal(a->context->sku_name, "Microsoft 365 E5");
    assert_string_equal(a->context->subscription[0].state, "suspended");
}

static void alert_moves_from_a_replaced_pool_without_events(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 95));
    char id[ALERT_ID_TEXT];
    memcpy(id, pool_alert(d)->id, sizeof id);
    assert_string_equal(
        POLL(d, A_POOL(.id = "pool-b", .replaces = "pool-a", .allotted = 100, .consumed = 95)), "");
    assert_null(pool_alert(d));
    const struct alert *moved = engine_alert(d, KIND_CAPACITY, "pool-b");
    assert_string_equal(moved->id, id); /* receivers know the open episode by it */
    assert_int_equal(moved->notified, LEVEL_WARNING);
    assert_string_equal(moved->context->allotment_id, "pool-b");
    assert_string_equal(POLL(d, A_POOL(.id = "pool-b", .allotted = 100, .consumed = 5)),
                        "resolved warning usage");
    assert_string_equal(engine_notification(d, 0)->alert_id, id);
    moved = engine_alert(d, KIND_CAPACITY, "pool-b");
    assert_string_not_equal(moved->id, id);
    assert_null(registry_by_id(d->registry, id));
    assert_int_equal(d->n_removed, 1);
    assert_int_equal(moved->episode, 1);
    assert_string_equal(POLL(d, A_POOL(.id = "pool-b", .allotted = 100, .consumed = 95)),
                        "firing warning usage");
    assert_int_equal(engine_notification(d, 0)->episode, 2);
}

static void pending_alert_takes_its_new_id_at_once(void **state)
{
    struct engine_fixture *d = *state;
    char want[ALERT_ID_TEXT];
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 95, .min_samples = 3));
    (void)POLL(d, A_POOL(.id = "pool-b", .replaces = "pool-a", .allotted = 100, .consumed = 95,
                         .min_samples = 3));
    const struct alert *moved = engine_alert(d, KIND_CAPACITY, "pool-b");
    assert_int_equal(alert_id(KIND_CAPACITY, TENANT, "pool-b", want), 0);
    assert_string_equal(moved->id, want);
    assert_int_equal(moved->latch[RULE_USAGE][0].observations, 2);
    assert_string_equal(
        POLL(d, A_POOL(.id = "pool-b", .allotted = 100, .consumed = 95, .min_samples = 3)),
        "firing warning usage");
}

static void two_open_alerts_are_never_merged(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 95),
               A_POOL(.id = "pool-b", .allotted = 100, .consumed = 95));
    assert_string_equal(
        POLL(d, A_POOL(.id = "pool-b", .replaces = "pool-a", .allotted = 100, .consumed = 95)), "");
    assert_non_null(pool_alert(d));
    assert_non_null(engine_alert(d, KIND_CAPACITY, "pool-b"));
}

static void an_idle_alert_gives_way_to_the_one_that_moves_in(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.id = "pool-b", .allotted = 100, .consumed = 95),
               A_POOL(.allotted = 100, .consumed = 95));
    (void)POLL(d, A_POOL(.id = "pool-b", .allotted = 100), A_POOL(.allotted = 100, .consumed = 95));
    assert_string_equal(
        POLL(d, A_POOL(.id = "pool-b", .replaces = "pool-a", .allotted = 100, .consumed = 95)), "");
    assert_int_equal(registry_count_tenant(d->registry, TENANT), 1);
    assert_int_equal(engine_alert(d, KIND_CAPACITY, "pool-b")->notified, LEVEL_WARNING);
}

static void a_failed_plan_changes_nothing(void **state)
{
    struct engine_fixture *d = *state;
    const struct plan_context ctx = {
        .options = &d->options, .routes = &d->routes, .now = d->now, .tenant_id = TENANT};
    struct observation s = A_POOL(.allotted = 100, .consumed = 100);
    const struct observations observations = {.observation = &s, .n = 1};
    struct failure why = {0};
    int r = -1;
    size_t n;
    for (n = 1; r < 0 && n < 1000; n++) {
        struct changes *c = NULL;
        (void)alloc_fail_at(n, false);
        r = alerts_plan(&ctx, d->registry, &observations, &c, &why);
        (void)alloc_fail_at(0, false);
        if (r < 0)
            assert_null(c);
        changes_free(c);
        assert_null(pool_alert(d));
    }
    assert_int_equal(r, 0);
    assert_true(n > 5); /* it did fail in between */
    assert_int_equal(why.kind, FAILURE_LOCAL);
    observation_clear(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        TEST(a_pool_fires_and_resolves_once),
        TEST(hysteresis_keeps_it_up),
        TEST(pending_alert_sends_nothing_and_leaves_no_row),
        TEST(escalation_goes_to_all_and_deescalation_to_those_who_want_it),
        TEST(lowering_takes_as_long_as_recovery),
        TEST(return_from_recovery_stays_in_the_episode),
        TEST(unknown_sections_change_no_alerts),
        TEST(level_may_rise_but_not_fall_while_a_section_is_unknown),
        TEST(a_message_that_rests_on_old_numbers_says_how_old_they_are),
        TEST(formerly_ignored_alert_fires_after_the_next_poll),
        TEST(no_resolve_while_another_finding_is_pending),
        TEST(no_deescalation_while_a_section_is_unread),
        TEST(pending_finding_that_clears_resolves_nothing_while_units_are_unread),
        TEST(recovery_is_counted_in_complete_polls),
        TEST(findings_that_the_source_lacks_do_not_block_clearing),
        TEST(new_waiting_members_update_after_the_hold_time),
        TEST(an_update_waits_for_a_level_that_is_about_to_rise),
        TEST(doubling_sends_an_update_and_less_does_not),
        TEST(flapping_waiting_members_send_no_updates_but_new_ones_do),
        TEST(doubled_errors_send_an_update),
        TEST(new_cause_sends_an_update_unless_transient),
        TEST(more_important_section_sends_an_update),
        TEST(disabled_rule_resolves_its_alert_with_a_reason),
        TEST(an_empty_pool_recovers_like_any_other),
        TEST(ignored_pool_is_evaluated_without_notifications),
        TEST(ended_subscription_explains_its_pool),
        TEST(pool_worse_than_its_subscription_fires),
        TEST(a_silent_subscription_explains_nothing),
        TEST(pool_fires_when_its_subscription_is_back),
        TEST(explained_alert_fires_only_on_a_new_breach),
        TEST(unread_explained_alert_fires_after_the_next_poll),
        TEST(baseline_alert_fires_nothing_while_it_falls),
        TEST(a_pool_that_is_gone_keeps_its_last_numbers_and_names_the_cause),
        TEST(a_pool_that_was_fine_is_missed_too),
        TEST(a_drop_ends_restored_or_as_the_new_normal),
        TEST(a_drop_is_the_cause_of_what_it_fills),
        TEST(long_gone_pool_resolves_with_a_reason),
        TEST(returning_pool_continues_its_counters),
        TEST(reconfigured_alert_continues_its_counters),
        TEST(moved_alert_continues_the_counters_of_both_ids),
        TEST(without_its_past_no_alert_begins),
        TEST(alert_without_observation_stays_for_a_week),
        TEST(alert_without_observation_has_frozen_timers),
        TEST(an_unread_subscription_keeps_the_words_it_had),
        TEST(alert_moves_from_a_replaced_pool_without_events),
        TEST(pending_alert_takes_its_new_id_at_once),
        TEST(two_open_alerts_are_never_merged),
        TEST(an_idle_alert_gives_way_to_the_one_that_moves_in),
        TEST(a_failed_plan_changes_nothing),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
