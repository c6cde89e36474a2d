/* SPDX-License-Identifier: MIT */
/* Notifications deferred outside the hours of a route, and their digest when the hours begin. */
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
enum { JOURNAL = 1, CHAT = 2, PAGER = 4 };
static char *TO_JOURNAL[] = {(char *)"journal"}, *TO_CHAT[] = {(char *)"chat"},
            *TO_BOTH[] = {(char *)"chat", (char *)"pager"};

/* Everything to chat and pager in the hours, and always to the journal. T0 is a Sunday, 02:00. */
static struct route ROUTES[2];

static int setup(void **state)
{
    static struct engine_fixture d;
    engine_open(&d);
    ROUTES[0] = (struct route){.to = TO_BOTH, .n_to = 2, .go_on = true};
    ROUTES[1] = (struct route){.to = TO_JOURNAL, .n_to = 1};
    assert_int_equal(hours_parse("Sun 07:00-19:00", &ROUTES[0].hours, NULL), 0);
    d.options.repeat.every[LEVEL_CRITICAL] = HOURS(4);
    d.options.repeat.growth = 2;
    d.options.repeat.cap = 7 * USEC_PER_DAY;
    d.routes.receiver = RECEIVERS;
    d.routes.n_receivers = 3;
    d.routes.route = ROUTES;
    d.routes.n_routes = 2;
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
    return A_POOL(.id = id, .allotted = 100, .consumed = 101);
}
static struct observation fine(const char *id)
{
    return A_POOL(.id = id, .allotted = 100, .consumed = 1);
}

static const struct alert *it(const struct engine_fixture *d, const char *id)
{
    return engine_alert(d, KIND_CAPACITY, id);
}

static struct deferred waits(const struct engine_fixture *d, const char *id, const char *receiver,
                             bool notified)
{
    struct deferred h = {.episode = it(d, id)->episode, .notified = notified};
    memcpy(h.alert_id, it(d, id)->id, sizeof h.alert_id);
    (void)snprintf(h.receiver, sizeof h.receiver, "%s", receiver);
    return h;
}

static void events_outside_hours_are_deferred(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(POLL(d, full("a")), "firing critical remaining");
    assert_int_equal(d->last->event[0].to, JOURNAL);
    assert_int_equal(d->last->n_deferrals, 1);
    assert_int_equal(d->last->deferral[0].to, CHAT | PAGER);
    assert_false(d->last->deferral[0].only);
    assert_int_equal(d->last->deferral[0].episode, 1);
    assert_string_equal(d->last->deferral[0].alert_id, it(d, "a")->id);
    engine_pass(d, HOURS(6)); /* 08:00 */
    assert_string_equal(POLL(d, full("a"), full("b")), "firing critical remaining");
    assert_int_equal(d->last->event[0].to, JOURNAL | CHAT | PAGER);
    assert_int_equal(d->last->n_deferrals, 0);
}

static void resolved_is_never_deferred(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, full("a"));
    assert_string_equal(POLL(d, fine("a")), "resolved critical remaining");
    assert_int_equal(d->last->n_deferrals, 0);
}

static void reminders_outside_hours_are_deferred_but_not_to_pagers(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, full("a"));
    engine_pass(d, HOURS(4)); /* 06:00 */
    assert_string_equal(engine_remind(d), "reminder critical remaining");
    assert_int_equal(d->last->event[0].to, JOURNAL);
    assert_int_equal(d->last->deferral[0].to, CHAT);
    /* with nobody left to remind now, it is no event */
    d->routes.n_routes = 1;
    engine_pass(d, HOURS(24));
    uint64_t seq = it(d, "a")->seq;
    assert_string_equal(engine_remind(d), "");
    assert_int_equal(d->last->deferral[0].to, CHAT);
    assert_int_equal(it(d, "a")->seq, seq);
    assert_true(it(d, "a")->reminder_at > d->now.at);
}

static void first_run_digest_omits_deferring_receivers(void **state)
{
    struct engine_fixture *d = *state;
    d->first_run = true;
    assert_string_equal(POLL(d, full("a"), full("b")), "digest 2");
    assert_int_equal(d->last->event[0].to, JOURNAL);
    assert_int_equal(d->last->n_deferrals, 2);
    assert_int_equal(d->last->deferral[1].to, CHAT | PAGER);
    d->first_run = false;
    struct deferred deferred[] = {waits(d, "a", "chat", true), waits(d, "b", "chat", true)};
    engine_pass(d, HOURS(6));
    assert_string_equal(engine_deferred(d, deferred, 2), "digest 2");
    assert_int_equal(d->last->event[0].to, CHAT);
}

static void receivers_get_one_digest_when_hours_begin(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, full("a"), A_POOL(.id = "b", .allotted = 100, .consumed = 100));
    struct deferred deferred[] = {waits(d, "a", "chat", true), waits(d, "a", "pager", true),
                                  waits(d, "b", "chat", true)};
    engine_pass(d, HOURS(5) - 1);
    assert_string_equal(engine_deferred(d, deferred, 3), "");
    assert_true(changes_empty(d->last));
    engine_pass(d, 1); /* 07:00 */
    uint64_t seq = it(d, "a")->seq;
    assert_string_equal(engine_deferred(d, deferred, 3), "digest 2; digest 1");
    assert_int_equal(d->last->event[0].to, CHAT);
    assert_int_equal(d->last->event[1].to, PAGER);
    const struct digest *g = d->last->event[0].digest;
    assert_string_equal(g->reason, "held");
    assert_int_equal(g->notification[0]->type, EVENT_FIRING);
    assert_int_equal(g->notification[0]->seq, seq + 1);
    assert_int_equal(it(d, "a")->seq, seq + 1);
    assert_string_equal(g->title,
                        "contoso: 2 alerts deferred outside the hours: 1 critical, 1 warning");
    assert_int_equal(d->last->n_deferrals, 2);
    for (size_t i = 0; i < 2; i++)
        assert_true(d->last->deferral[i].only && d->last->deferral[i].to == 0);
}

static void digest_shows_present_state(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.id = "a", .allotted = 100, .consumed = 100));
    struct deferred deferred[] = {waits(d, "a", "chat", true)};
    (void)POLL(d, full("a"));
    engine_pass(d, HOURS(6));
    assert_string_equal(engine_deferred(d, deferred, 1), "digest 1");
    assert_int_equal(d->last->event[0].digest->notification[0]->level, LEVEL_CRITICAL);
    assert_int_equal(d->last->event[0].digest->notification[0]->context->consumed, 101);
}

static void resolved_alerts_are_omitted_and_their_deferrals_dropped(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, full("a"), full("b"), full("c"));
    struct deferred deferred[] = {waits(d, "a", "chat", true),
                                  waits(d, "b", "chat", true),
                                  waits(d, "c", "chat", true),
                                  {.alert_id = "0123456789abcdef"}};
    (void)POLL(d, fine("a"), fine("b"), full("c"));
    (void)POLL(d, fine("a"), full("b"), full("c")); /* b: another episode */
    engine_pass(d, HOURS(6));
    assert_string_equal(engine_deferred(d, deferred, 4), "digest 1");
    assert_string_equal(d->last->event[0].digest->notification[0]->context->allotment_id, "c");
    assert_int_equal(d->last->n_deferrals, 4);
    for (size_t i = 0; i < 4; i++)
        assert_true(d->last->deferral[i].only && d->last->deferral[i].to == 0);
}

static void receivers_outside_hours_stay_deferred(void **state)
{
    struct engine_fixture *d = *state;
    static struct route routes[3];
    routes[0] = (struct route){.to = TO_CHAT, .n_to = 1, .go_on = true};
    assert_int_equal(hours_parse("Sun 10:00-19:00", &routes[0].hours, NULL), 0);
    routes[1] = ROUTES[0];
    routes[1].to = TO_BOTH + 1; /* the pager */
    routes[1].n_to = 1;
    routes[2] = ROUTES[1];
    d->routes.route = routes;
    d->routes.n_routes = 3;
    (void)POLL(d, full("a"));
    struct deferred deferred[] = {waits(d, "a", "chat", true), waits(d, "a", "pager", true)};
    engine_pass(d, HOURS(6)); /* 08:00 */
    assert_string_equal(engine_deferred(d, deferred, 2), "digest 1");
    assert_int_equal(d->last->event[0].to, PAGER);
    assert_int_equal(d->last->deferral[0].to, CHAT);
    assert_string_equal(engine_deferred(d, deferred, 1), "");
    assert_true(changes_empty(d->last));
}

/* A reload took chat and pager out of the routes, or renamed them. */
static void rerouted_deferral_moves_unless_a_receiver_was_notified(void **state)
{
    struct engine_fixture *d = *state;
    d->routes.n_routes = 1;
    (void)POLL(d, full("a"));
    assert_int_equal(d->last->event[0].to, 0);
    struct deferred deferred[] = {waits(d, "a", "old name", true)};
    d->routes.route = ROUTES + 1;
    assert_string_equal(engine_deferred(d, deferred, 1), "");
    assert_true(d->last->n_deferrals == 1 && d->last->deferral[0].to == 0);
    deferred[0].notified = false;
    assert_string_equal(engine_deferred(d, deferred, 1), "digest 1");
    assert_int_equal(d->last->event[0].to, JOURNAL);
    d->routes.route = ROUTES; /* closed: they wait now */
    assert_string_equal(engine_deferred(d, deferred, 1), "");
    assert_int_equal(d->last->deferral[0].to, CHAT | PAGER);
    assert_true(d->last->deferral[0].only);
}

static void many_deferred_alerts_make_several_parts(void **state)
{
    enum { POOLS = 41 };
    struct engine_fixture *d = *state;
    struct observation s[POOLS];
    struct deferred deferred[POOLS];
    char id[16];
    for (int i = 0; i < POOLS; i++) {
        (void)snprintf(id, sizeof id, "%d", i);
        s[i] = full(id);
    }
    (void)engine_poll(d, s, POOLS);
    for (int i = 0; i < POOLS; i++) {
        (void)snprintf(id, sizeof id, "%d", i);
        deferred[i] = waits(d, id, "chat", true);
    }
    engine_pass(d, HOURS(6));
    assert_string_equal(engine_deferred(d, deferred, POOLS), "digest 20; digest 20; digest 1");
}

static void first_polls_of_several_tenants_share_one_digest(void **state)
{
    struct engine_fixture *d = *state;
    d->routes.n_routes = 0; /* everything to everyone, at all hours */
    d->first_run = true;
    d->first_digest = FIRST_WAITS;
    assert_string_equal(POLL(d, full("a"), full("b")), "");
    assert_int_equal(d->last->n_deferrals, 2);
    assert_int_equal(d->last->deferral[0].to, JOURNAL | CHAT | PAGER);
    d->first_run = false;
    const struct deferred held[] = {waits(d, "a", "chat", false), waits(d, "a", "journal", false),
                                    waits(d, "b", "chat", false), waits(d, "b", "journal", false)};
    assert_string_equal(engine_deferred(d, held, 4), ""); /* other tenants are still to be polled */
    d->first_digest = FIRST_DUE;
    assert_string_equal(engine_deferred(d, held, 4), "digest 2");
    assert_string_equal(d->last->event[0].digest->reason, "first_run");
    assert_int_equal(d->last->event[0].to, JOURNAL | CHAT);
    assert_string_equal(POLL(d, full("a"), full("b")), ""); /* muted as after any first digest */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        TEST(events_outside_hours_are_deferred),
        TEST(resolved_is_never_deferred),
        TEST(reminders_outside_hours_are_deferred_but_not_to_pagers),
        TEST(first_run_digest_omits_deferring_receivers),
        TEST(first_polls_of_several_tenants_share_one_digest),
        TEST(receivers_get_one_digest_when_hours_begin),
        TEST(digest_shows_present_state),
        TEST(resolved_alerts_are_omitted_and_their_deferrals_dropped),
        TEST(receivers_outside_hours_stay_deferred),
        TEST(rerouted_deferral_moves_unless_a_receiver_was_notified),
        TEST(many_deferred_alerts_make_several_parts),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
