/* SPDX-License-Identifier: MIT */
/* After damage to the database: who is notified again, and of which lost alerts. */
#include "fixtures/observations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct receiver_traits RECEIVERS[] = {{.name = (char *)"chat", .wants_reminders = true},
                                             {.name = (char *)"pager", .pager = true}};
enum { CHAT = 1, PAGER = 2 };
static char *FALLBACK[] = {(char *)"pager"};

static int setup(void **state)
{
    static struct engine_fixture d;
    engine_open(&d);
    d.routes.receiver = RECEIVERS;
    d.routes.n_receivers = 2;
    d.routes.fallback = FALLBACK;
    d.routes.n_fallback = 1;
    *state = &d;
    return 0;
}
static int teardown(void **state)
{
    engine_close(*state);
    return 0;
}

static struct observation critical(const char *id)
{
    return A_POOL(.id = id, .allotted = 100, .consumed = 101);
}
static struct observation warning(const char *id)
{
    return A_POOL(.id = id, .allotted = 100, .consumed = 95);
}
static struct observation fine(const char *id)
{
    return A_POOL(.id = id, .allotted = 100, .consumed = 1);
}

static struct delivery_record record(const struct engine_fixture *d, const char *id,
                                     const char *receiver, enum record_kind kind, uint64_t seq)
{
    struct delivery_record h = {.kind = kind, .seq = seq};
    memcpy(h.alert_id, engine_alert(d, KIND_CAPACITY, id)->id, sizeof h.alert_id);
    (void)snprintf(h.receiver, sizeof h.receiver, "%s", receiver);
    return h;
}

static void receivers_with_a_delivery_record_are_not_notified_again(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, critical("a"), warning("b"));
    const struct delivery_record left[] = {
        record(d, "a", "", RECORD_LAST_EVENT, 1),   record(d, "a", "chat", RECORD_MESSAGE, 1),
        record(d, "a", "pager", RECORD_MESSAGE, 1), record(d, "b", "", RECORD_LAST_EVENT, 1),
        record(d, "b", "chat", RECORD_MESSAGE, 1),  record(d, "b", "pager", RECORD_DEFERRED, 0)};
    assert_string_equal(engine_lost(d, left, 6, NULL), "");
    assert_int_equal(d->n_written, 0);
}

static void receivers_without_a_record_are_notified_again(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, critical("a"));
    uint64_t seq = engine_alert(d, KIND_CAPACITY, "a")->seq;
    const struct delivery_record left[] = {record(d, "a", "", RECORD_LAST_EVENT, 1),
                                           record(d, "a", "chat", RECORD_MESSAGE, 1),
                                           record(d, "a", "pager", RECORD_NOTIFIED, 0)};
    assert_string_equal(engine_lost(d, left, 3, NULL), "firing critical remaining");
    const struct notification *n = engine_notification(d, 0);
    assert_int_equal(d->last->event[0].to, PAGER);
    assert_int_equal(n->episode, 1);
    assert_int_equal(n->seq, seq + 1);
    assert_string_equal(n->alert_id, engine_alert(d, KIND_CAPACITY, "a")->id);
    assert_string_equal(n->reason, "state_lost");
    assert_string_equal(POLL(d, fine("a")), "resolved critical remaining");
}

static void a_message_that_is_older_than_the_last_event_does_not_count(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, warning("a"));
    (void)POLL(d, critical("a"));
    const struct delivery_record left[] = {record(d, "a", "", RECORD_LAST_EVENT, 2),
                                           record(d, "a", "chat", RECORD_MESSAGE, 1),
                                           record(d, "a", "pager", RECORD_MESSAGE, 2)};
    assert_string_equal(engine_lost(d, left, 3, NULL), "firing critical remaining");
    assert_int_equal(d->last->event[0].to, CHAT);
}

static void warnings_share_a_digest_and_criticals_do_not(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, critical("a"), critical("b"), warning("c"), warning("e"));
    const struct delivery_record left[] = {
        record(d, "a", "", RECORD_LAST_EVENT, 1), record(d, "b", "", RECORD_LAST_EVENT, 1),
        record(d, "c", "", RECORD_LAST_EVENT, 1), record(d, "e", "", RECORD_LAST_EVENT, 1)};
    assert_string_equal(engine_lost(d, left, 4, NULL),
                        "firing critical remaining; firing critical remaining; digest 2");
    assert_string_equal(d->last->event[2].digest->reason, "state_lost");
    assert_int_equal(d->last->event[2].to, CHAT | PAGER);
}

static void lost_resolved_is_sent_again(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, critical("a"));
    (void)POLL(d, fine("a"));
    const struct delivery_record left[] = {record(d, "a", "", RECORD_LAST_EVENT, 2),
                                           record(d, "a", "chat", RECORD_MESSAGE, 2),
                                           record(d, "a", "pager", RECORD_MESSAGE, 1)};
    assert_string_equal(engine_lost(d, left, 2, NULL), "");
    assert_string_equal(engine_lost(d, left, 3, NULL), "resolved warning remaining");
    assert_int_equal(engine_notification(d, 0)->episode, 1);
    assert_int_equal(engine_alert(d, KIND_CAPACITY, "a")->notified, LEVEL_NONE);
}

static void unnotified_alerts_stay_unnotified(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.id = "a", .allotted = 100, .consumed = 101, .hold_for = HOURS(1), .min_samples = 2));
    const struct delivery_record left[] = {record(d, "a", "", RECORD_LAST_EVENT, 0)};
    assert_string_equal(engine_lost(d, left, 1, NULL), "");
}

static void lost_first_run_digest_is_sent_again(void **state)
{
    struct engine_fixture *d = *state;
    d->first_run = true;
    assert_string_equal(POLL(d, warning("a"), warning("b")), "digest 2");
    d->first_run = false;
    const struct delivery_record left[] = {record(d, "a", "", RECORD_LAST_EVENT, 1),
                                           record(d, "b", "", RECORD_LAST_EVENT, 1)};
    assert_string_equal(engine_lost(d, left, 2, NULL), "digest 2");
    assert_string_equal(POLL(d, warning("a"), warning("b")), "");
}

static void undelivered_alerts_of_a_removed_receiver_go_to_others_once(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, critical("a"), warning("b"), critical("c"));
    struct delivery_record left[] = {
        record(d, "a", "", RECORD_LAST_EVENT, 1),     record(d, "a", "chat", RECORD_MESSAGE, 1),
        record(d, "a", "old", RECORD_MESSAGE, 1),     record(d, "a", "old", RECORD_UNDELIVERED, 0),
        record(d, "b", "", RECORD_LAST_EVENT, 1),     record(d, "b", "chat", RECORD_NOTIFIED, 0),
        record(d, "b", "old", RECORD_UNDELIVERED, 0), record(d, "c", "", RECORD_LAST_EVENT, 1),
        record(d, "c", "old", RECORD_MESSAGE, 1)};
    assert_string_equal(engine_receiver_removed(d, left, N_ELEMENTS(left)),
                        "firing critical remaining; digest 1");
    assert_int_equal(d->last->event[0].to, PAGER);
    assert_string_equal(engine_notification(d, 0)->reason, "receiver_removed");
    assert_int_equal(d->last->event[1].to, PAGER);
    assert_string_equal(d->last->event[1].digest->reason, "receiver_removed");
    (void)snprintf(left[2].receiver, sizeof left[2].receiver, "pager");
    (void)snprintf(left[5].receiver, sizeof left[5].receiver, "pager");
    left[4] = record(d, "b", "chat", RECORD_NOTIFIED, 0);
    assert_string_equal(engine_receiver_removed(d, left, N_ELEMENTS(left)), "");
}

static void a_receiver_that_is_configured_keeps_its_messages(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, critical("a"));
    const struct delivery_record left[] = {record(d, "a", "", RECORD_LAST_EVENT, 1),
                                           record(d, "a", "chat", RECORD_MESSAGE, 1),
                                           record(d, "a", "chat", RECORD_UNDELIVERED, 0)};
    assert_string_equal(engine_receiver_removed(d, left, N_ELEMENTS(left)), "");
}

static void damage_has_a_message_of_its_own(void **state)
{
    struct engine_fixture *d = *state;
    assert_string_equal(engine_lost(d, NULL, 0, "It was put aside."), "digest 0");
    const struct event *e = &d->last->event[0];
    assert_int_equal(e->to, PAGER);
    assert_int_equal(e->digest->worst, LEVEL_WARNING);
    assert_string_equal(e->digest->reason, "state_lost");
    assert_string_equal(e->digest->summary, "It was put aside.");
    assert_string_equal(e->digest->title, "seatwatchd: the state database was damaged");
}

/* ---- the first reading after a loss ---- */

static void lost_alerts_fire_at_once_and_unmuted(void **state)
{
    struct engine_fixture *d = *state;
    d->first_run = d->state_lost = true;
    assert_string_equal(POLL(d, A_POOL(.id = "a", .allotted = 100, .consumed = 101, .hold_for = HOURS(1)), warning("b"),
                             warning("c"), fine("e")),
                        "firing critical remaining; digest 2");
    assert_string_equal(d->last->event[1].digest->reason, "state_lost");
    assert_string_equal(engine_notification(d, 0)->reason, "state_lost");
    d->first_run = d->state_lost = false;
    assert_string_equal(POLL(d, critical("a"), warning("b"), warning("c")), "");
    assert_string_equal(POLL(d, fine("a"), fine("b"), warning("c")),
                        "resolved critical remaining; resolved warning usage");
}

static void carried_over_alerts_send_nothing(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, critical("a"), warning("b"));
    d->first_run = d->state_lost = true;
    assert_string_equal(POLL(d, critical("a"), warning("b"), critical("c")), "firing critical remaining");
    assert_string_equal(engine_notification(d, 0)->context->allotment_id, "c");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(receivers_with_a_delivery_record_are_not_notified_again),
        TEST(receivers_without_a_record_are_notified_again),
        TEST(a_message_that_is_older_than_the_last_event_does_not_count),
        TEST(warnings_share_a_digest_and_criticals_do_not),
        TEST(lost_resolved_is_sent_again),
        TEST(unnotified_alerts_stay_unnotified),
        TEST(lost_first_run_digest_is_sent_again),
        TEST(undelivered_alerts_of_a_removed_receiver_go_to_others_once),
        TEST(a_receiver_that_is_configured_keeps_its_messages),
        TEST(damage_has_a_message_of_its_own),
        TEST(lost_alerts_fire_at_once_and_unmuted),
        TEST(carried_over_alerts_send_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
