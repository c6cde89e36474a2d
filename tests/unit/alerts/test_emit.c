/* SPDX-License-Identifier: MIT */
/* The first run: existing conditions are notified once, in digests. */
#include "fixtures/observations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct receiver_traits RECEIVERS[] = {{.name = (char *)"journal", .wants_reminders = true},
                                             {.name = (char *)"chat", .wants_reminders = true},
                                             {.name = (char *)"pager", .pager = true}};

static int setup(void **state)
{
    static struct engine_fixture d;
    engine_open(&d);
    d.routes.receiver = RECEIVERS;
    d.routes.n_receivers = 3;
    d.first_run = true;
    *state = &d;
    return 0;
}
static int teardown(void **state)
{
    engine_close(*state);
    return 0;
}

static struct observation full(const char *id)
{
    return A_POOL(.id = id, .allotted = 100, .consumed = 100, .min_samples = 2,
                  .hold_for = HOURS(1));
}

static void baseline_makes_one_digest_and_no_events(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(
        POLL(d, full("a"), A_POOL(.id = "b", .allotted = 10, .consumed = 11),
             SOME_ERRORS(.subject = "e", .code = "X", .level = LEVEL_WARNING, .value = 30),
             A_POOL(.id = "fine", .allotted = 100, .consumed = 1)),
        "digest 3");
    const struct digest *g = d->last->event[0].digest;
    assert_int_equal(d->last->event[0].to, 7);
    assert_string_equal(g->reason, "first_run");
    assert_int_equal(g->worst, LEVEL_CRITICAL);
    assert_int_equal(g->parts, 1);
    assert_string_equal(g->notification[0]->context->allotment_id, "b"); /* the worst comes first */
    assert_int_equal(g->notification[0]->type, EVENT_FIRING);
    assert_int_equal(g->notification[0]->seq, 1);
    assert_int_equal(strlen(g->notification[0]->event_id), UUID_TEXT - 1);
    assert_string_equal(g->tenant_name, "contoso");
    d->first_run = false;
    for (int i = 0; i < 20; i++) {
        engine_pass(d, HOURS(1));
        assert_string_equal(
            POLL(d, full("a"), A_POOL(.id = "b", .allotted = 10, .consumed = 11),
                 SOME_ERRORS(.subject = "e", .code = "X", .level = LEVEL_WARNING, .value = 30)),
            "");
        assert_string_equal(engine_remind(d), "");
    }
    assert_int_equal(engine_alert(d, KIND_CAPACITY, "a")->state, ALERT_FIRING);
}

static void muted_alert_fires_when_it_gets_worse(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.id = "a", .allotted = 100, .consumed = 100),
               SOME_ERRORS(.subject = "e", .code = "X", .level = LEVEL_WARNING, .value = 30));
    d->first_run = false;
    assert_string_equal(
        POLL(d, A_POOL(.id = "a", .allotted = 100, .consumed = 101),
             SOME_ERRORS(.subject = "e", .code = "X", .level = LEVEL_WARNING, .value = 59)),
        "firing critical remaining");
    assert_string_equal(
        POLL(d, A_POOL(.id = "a", .allotted = 100, .consumed = 101),
             SOME_ERRORS(.subject = "e", .code = "X", .level = LEVEL_WARNING, .value = 60)),
        "firing warning assignment_errors");
    /* once they have spoken they are alerts like any other */
    assert_string_equal(
        POLL(d, A_POOL(.id = "a", .allotted = 100, .consumed = 1),
             SOME_ERRORS(.subject = "e", .code = "X", .level = LEVEL_WARNING, .value = 70)),
        "resolved critical remaining");
}

static void muted_alert_ends_without_event_and_fires_when_it_returns(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.id = "a", .allotted = 100, .consumed = 100));
    d->first_run = false;
    assert_string_equal(POLL(d, A_POOL(.id = "a", .allotted = 100, .consumed = 1)), "");
    assert_string_equal(POLL(d, A_POOL(.id = "a", .allotted = 100, .consumed = 100)),
                        "firing warning usage");
}

static void cleared_finding_fires_again_while_another_is_muted(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.id = "a", .allotted = 100, .consumed = 100));
    d->first_run = false;
    /* 95 %: usage stays muted, remaining clears and comes back */
    assert_string_equal(POLL(d, A_POOL(.id = "a", .allotted = 100, .consumed = 95)), "");
    assert_string_equal(POLL(d, A_POOL(.id = "a", .allotted = 100, .consumed = 100)),
                        "firing warning usage");
}

static void waiting_members_are_never_in_the_baseline(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(POLL(d, A_POOL(.id = "a", .allotted = 100, .consumed = 100, .waiting = 2)),
                        "firing warning waiting");
    d->first_run = true;
    assert_string_equal(POLL(d, A_POOL(.id = "b", .allotted = 100, .consumed = 100, .waiting = 2,
                                       .min_samples = 2)),
                        "");
    d->first_run = false;
    assert_string_equal(POLL(d, A_POOL(.id = "b", .allotted = 100, .consumed = 100, .waiting = 2,
                                       .min_samples = 2)),
                        "firing warning waiting");
}

static void polls_and_receivers_are_never_in_the_baseline(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(POLL(d, A_POLL(.level = LEVEL_WARNING, .cause = CAUSE_PERMISSION),
                             A_DELIVERY(.subject = "chat", .level = LEVEL_WARNING, .value = 3)),
                        "firing warning poll; firing warning delivery");
}

static void ignored_alerts_are_not_in_the_digest(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(POLL(d, A_POOL(.id = "a", .allotted = 100)), "");
    assert_string_equal(POLL(d, A_POOL(.id = "a", .allotted = 10, .consumed = 11, .silent = true)),
                        "");
    d->first_run = false;
    assert_string_equal(POLL(d, A_POOL(.id = "a", .allotted = 10, .consumed = 11)),
                        "firing critical remaining");
}

/* A full pool with three who wait, who count after a quarter of an hour. */
static struct observation full_with_a_queue(void)
{
    struct observation s =
        A_POOL(.id = "b", .allotted = 100, .consumed = 100, .waiting = 3, .min_samples = 2);
    s.finding[1].hold_for = MINUTES(15);
    return s;
}

static void waiting_members_fire_their_own_alert_and_are_counted(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(POLL(d, full("a"), full_with_a_queue()), "digest 1");
    const struct digest *g = d->last->event[0].digest;
    assert_string_equal(g->notification[0]->context->allotment_id, "a");
    assert_non_null(strstr(g->title, "2 alerts at the first poll"));
    assert_int_equal(g->n_counts, 2);
    assert_int_equal(g->count[0].rule, RULE_WAITING);
    assert_int_equal(g->count[0].count, 1);
    d->first_run = false;
    engine_pass(d, MINUTES(5));
    assert_string_equal(POLL(d, full("a"), full_with_a_queue()), "firing warning usage");
    assert_null(strstr(engine_notification(d, 0)->title, "waiting"));
    engine_pass(d, MINUTES(5));
    assert_string_equal(POLL(d, full("a"), full_with_a_queue()), "");
    engine_pass(d, MINUTES(5));
    assert_string_equal(POLL(d, full("a"), full_with_a_queue()), "updated warning waiting");
    assert_non_null(strstr(engine_notification(d, 0)->title, "3 waiting"));
}

static void first_run_each_sends_single_alerts(void **state)
{
    struct engine_fixture *d = *state;
    d->options.first_run_each = true;
    assert_string_equal(POLL(d, A_POOL(.id = "a", .allotted = 100, .consumed = 100),
                             A_POOL(.id = "b", .allotted = 100, .consumed = 101)),
                        "firing warning usage; firing critical remaining");
}

static void every_receiver_gets_one_digest_of_what_is_routed_to_it(void **state)
{
    struct engine_fixture *d = *state;
    static char *to_all[] = {(char *)"journal", (char *)"chat", (char *)"pager"},
                *to_two[] = {(char *)"journal", (char *)"chat"};
    struct route routes[] = {{.match = {.severity = (char *)"critical"}, .to = to_all, .n_to = 3},
                             {.to = to_two, .n_to = 2}};
    d->routes.route = routes;
    d->routes.n_routes = 2;
    assert_string_equal(POLL(d, A_POOL(.id = "a", .allotted = 100, .consumed = 101),
                             A_POOL(.id = "b", .allotted = 100, .consumed = 100),
                             A_POOL(.id = "c", .allotted = 100, .consumed = 100)),
                        "digest 3; digest 1");
    assert_int_equal(d->last->event[0].to, 3);
    assert_int_equal(d->last->event[1].to, 4);
    assert_string_equal(d->last->event[1].digest->notification[0]->context->allotment_id, "a");
    assert_string_not_equal(d->last->event[0].digest->digest_id,
                            d->last->event[1].digest->digest_id);
}

static void unrouted_alerts_are_still_recorded(void **state)
{
    struct engine_fixture *d = *state;
    struct route nobody = {.n_to = 0};
    d->routes.route = &nobody;
    d->routes.n_routes = 1;
    assert_string_equal(POLL(d, A_POOL(.id = "a", .allotted = 100, .consumed = 101)), "digest 1");
    assert_int_equal(d->last->event[0].to, 0);
}

static void long_digests_come_in_parts_that_name_every_event(void **state)
{
    enum { POOLS = 45 };
    struct engine_fixture *d = *state;
    struct observation s[POOLS];
    bool seen[POOLS] = {false};
    char id[16];
    for (int i = 0; i < POOLS; i++) {
        (void)snprintf(id, sizeof id, "%d", i);
        s[i] = A_POOL(.id = id, .allotted = 100, .consumed = i % 2 ? 100 : 101);
    }
    assert_string_equal(engine_poll(d, s, POOLS), "digest 20; digest 20; digest 5");
    for (uint32_t part = 0; part < 3; part++) {
        const struct digest *g = d->last->event[part].digest;
        assert_int_equal(g->part, part + 1);
        assert_int_equal(g->parts, 3);
        assert_string_equal(g->digest_id, d->last->event[0].digest->digest_id);
        for (size_t i = 0; i < g->n_notifications; i++) {
            int at = atoi(g->notification[i]->context->allotment_id);
            assert_false(seen[at]);
            seen[at] = true;
        }
        assert_int_equal(g->n_counts, 2);
        assert_int_equal(g->count[0].count + g->count[1].count, POOLS);
    }
    for (int i = 0; i < POOLS; i++)
        assert_true(seen[i]);
    assert_string_not_equal(d->last->event[0].digest->event_id, d->last->event[1].digest->event_id);
}

static void pending_alert_can_be_shown(void **state)
{
    struct engine_fixture *d = *state;
    CLEANUP(notification_free) struct notification *n = NULL;
    d->first_run = false;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 101, .min_samples = 2));
    const struct alert *a = engine_alert(d, KIND_CAPACITY, "pool-a");
    assert_int_equal(alert_notification(a, EVENT_FIRING, d->now.at, &n), 0);
    assert_int_equal(n->state, ALERT_PENDING);
    assert_int_equal(n->level, LEVEL_CRITICAL);
    assert_int_equal(n->rule, RULE_REMAINING);
    assert_int_equal(n->value, -1);
    assert_int_equal(n->threshold, -1);
    assert_string_equal(n->event_id, "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        TEST(baseline_makes_one_digest_and_no_events),
        TEST(muted_alert_fires_when_it_gets_worse),
        TEST(muted_alert_ends_without_event_and_fires_when_it_returns),
        TEST(cleared_finding_fires_again_while_another_is_muted),
        TEST(waiting_members_are_never_in_the_baseline),
        TEST(polls_and_receivers_are_never_in_the_baseline),
        TEST(ignored_alerts_are_not_in_the_digest),
        TEST(waiting_members_fire_their_own_alert_and_are_counted),
        TEST(first_run_each_sends_single_alerts),
        TEST(every_receiver_gets_one_digest_of_what_is_routed_to_it),
        TEST(unrouted_alerts_are_still_recorded),
        TEST(long_digests_come_in_parts_that_name_every_event),
        TEST(pending_alert_can_be_shown),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
