/* SPDX-License-Identifier: MIT */
/* Who waits for the hours of a route: in the same commit as what it waits for. */
#include "fixture.h"
#include "store/schema.h"

#include "store/schema.h"

#define TO(receiver) ((receiver_set)1 << (receiver))

static void hold(struct changes *c, unsigned n, uint32_t episode, receiver_set to, bool only)
{
    CLEANUP(alert_free) struct alert *a = an_alert(n);
    c->deferral = reallocarray(c->deferral, c->n_deferrals + 1, sizeof *c->deferral);
    c->deferral[c->n_deferrals] = (struct deferral){.episode = episode, .to = to, .only = only};
    memcpy(c->deferral[c->n_deferrals++].alert_id, a->id, ALERT_ID_TEXT);
}

/* Tells of alert n to some and holds it back for others. */
static void tell_and_hold(struct store *s, enum event_type type, unsigned n, uint64_t seq,
                          receiver_set to, receiver_set later)
{
    CLEANUP(changes_free) struct changes *c = no_changes();
    struct failure f = {0};
    add_alert(c, an_alert(n));
    add_event(c, a_notification(type, n, 1, seq), to);
    if (later)
        hold(c, n, 1, later, false);
    ok(try_commit(s, c, at(seq), &f), &f);
}

static void hold_only(struct store *s, unsigned n, receiver_set to)
{
    CLEANUP(changes_free) struct changes *c = no_changes();
    struct failure f = {0};
    hold(c, n, 1, to, true);
    ok(try_commit(s, c, at(9), &f), &f);
}

/* "chat journal+" are the receivers that wait, with a plus if the episode was heard by somebody. */
static const char *waiting(struct store *s)
{
    static char text[256];
    CLEANUP(free) struct deferred *deferred = NULL;
    struct failure f = {0};
    size_t n = 0, len = 0;
    text[0] = '\0';
    ok(store_deferred(s, &deferred, &n, &f), &f);
    for (size_t i = 0; i < n; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s%s", i ? " " : "",
                                deferred[i].receiver, deferred[i].notified ? "+" : "");
    return text;
}

static void deferrals_survive_restart(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    assert_string_equal(waiting(s), "");
    tell_and_hold(s, EVENT_FIRING, 1, 1, 0, TO(CHAT) | TO(HOOK));
    assert_string_equal(waiting(s), "chat hook");
    store_close(s);
    s = open_in(*state);
    CLEANUP(alert_free) struct alert *a = an_alert(1);
    CLEANUP(free) struct deferred *deferred = NULL;
    struct failure f = {0};
    size_t n = 0;
    ok(store_deferred(s, &deferred, &n, &f), &f);
    assert_int_equal(n, 2);
    assert_string_equal(deferred[0].alert_id, a->id);
    assert_int_equal(deferred[0].episode, 1);
    assert_int_equal(ask(*state, "SELECT count(*) FROM outbox"), 0);
    assert_int_equal(ask(*state, "SELECT count(*) FROM event"), 1);
}

static void deferral_knows_whether_another_receiver_was_notified(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell_and_hold(s, EVENT_FIRING, 1, 1, TO(JOURNAL), TO(CHAT));
    assert_string_equal(waiting(s), "chat+");
}

static void notification_ends_deferral_of_its_receiver(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell_and_hold(s, EVENT_FIRING, 1, 1, 0, TO(CHAT) | TO(HOOK));
    tell_and_hold(s, EVENT_FIRING, 2, 1, 0, TO(CHAT));
    tell_and_hold(s, EVENT_ESCALATED, 1, 2, TO(CHAT), TO(HOOK) | TO(JOURNAL));
    CLEANUP(free) struct deferred *deferred = NULL;
    struct failure f = {0};
    size_t n = 0;
    CLEANUP(alert_free) struct alert *one = an_alert(1);
    ok(store_deferred(s, &deferred, &n, &f), &f);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++)
        assert_true(strcmp(deferred[i].alert_id, one->id) != 0 ||
                    strcmp(deferred[i].receiver, "chat") != 0);
}

static void resolved_goes_to_notified_receivers_and_ends_all_deferrals(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell_and_hold(s, EVENT_FIRING, 1, 1, TO(JOURNAL), TO(CHAT));
    tell_and_hold(s, EVENT_RESOLVED, 1, 2, TO(JOURNAL) | TO(CHAT), 0);
    assert_string_equal(waiting(s), "");
    assert_int_equal(ask(*state, "SELECT count(*) FROM outbox WHERE receiver = 'chat'"), 0);
    assert_int_equal(ask(*state, "SELECT count(*) FROM outbox WHERE receiver = 'journal'"
                                 " AND type = 'alert.resolved'"),
                     1);
}

static void removed_alert_has_no_deferrals(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    CLEANUP(changes_free) struct changes *c = no_changes();
    CLEANUP(alert_free) struct alert *a = an_alert(1);
    struct failure f = {0};
    tell_and_hold(s, EVENT_FIRING, 1, 1, 0, TO(CHAT));
    c->removed = calloc(1, sizeof *c->removed);
    memcpy(c->removed[c->n_removed++].id, a->id, ALERT_ID_TEXT);
    ok(try_commit(s, c, at(2), &f), &f);
    assert_string_equal(waiting(s), "");
}

static void later_plan_replaces_deferrals(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell_and_hold(s, EVENT_FIRING, 1, 1, 0, TO(CHAT) | TO(HOOK));
    hold_only(s, 1, TO(HOOK) | TO(JOURNAL));
    assert_string_equal(waiting(s), "hook journal");
    hold_only(s, 1, 0);
    assert_string_equal(waiting(s), "");
}

/* The digest of the morning counts as having told each of its members. */
static void resolved_follows_digest_of_deferred_alerts(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    CLEANUP(changes_free) struct changes *c = no_changes();
    struct failure f = {0};
    tell_and_hold(s, EVENT_FIRING, 1, 1, 0, TO(CHAT));
    struct digest *d = calloc(1, sizeof *d);
    (void)snprintf(d->event_id, sizeof d->event_id, "00000000-0000-7000-8000-00000000d000");
    (void)snprintf(d->digest_id, sizeof d->digest_id, "00000000-0000-7000-8000-00000000d001");
    d->reason = "held";
    d->at = T0;
    d->notification = calloc(1, sizeof *d->notification);
    d->notification[d->n_notifications++] = a_notification(EVENT_FIRING, 1, 1, 2);
    c->event = calloc(1, sizeof *c->event);
    c->event[c->n_events++] = (struct event){.digest = d, .to = TO(CHAT)};
    ok(try_commit(s, c, at(2), &f), &f);
    assert_string_equal(waiting(s), "");
    assert_true(deliver_one(s, "chat", at(3)));
    tell(s, EVENT_RESOLVED, 1, 1, 3, 0, at(4));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "chat", T0 + 5);
    assert_non_null(e);
    assert_int_equal(e->notification->type, EVENT_RESOLVED);
    assert_false(e->combined);
}

static void bad_row_is_quarantined(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell_and_hold(s, EVENT_FIRING, 1, 1, 0, TO(CHAT) | TO(HOOK));
    (void)ask(*state, "UPDATE held SET episode = 2 WHERE receiver = 'chat'");
    assert_string_equal(waiting(s), "hook");
    assert_int_equal(store_quarantined(s), 1);
    assert_int_equal(ask(*state, "SELECT count(*) FROM quarantine WHERE source = 'held'"), 1);
}

/* As a version before left it. */
static void a_file_without_the_table_gets_it_and_keeps_the_rest(void **state)
{
    load_dump(*state, "schema_5.sql");
    (void)ask(*state, "DROP TABLE held");
    (void)ask(*state, "DROP TABLE switched_off");
    (void)ask(*state, "DROP TABLE known_drop");
    (void)ask(*state, "DROP TABLE pause");
    (void)ask(*state, "DROP INDEX outbox_digest");
    (void)ask(*state, "PRAGMA user_version = 1");
    (void)ask(*state, "DELETE FROM meta WHERE key = 'schema'");
    struct store *s = open_in(*state);
    assert_int_equal(ask(*state, "PRAGMA user_version"), schema_version());
    assert_int_equal(stats_of(s, "chat").queued, 1);
    tell_and_hold(s, EVENT_UPDATED, 1, 2, 0, TO(CHAT));
    assert_string_equal(waiting(s), "chat+");
    store_close(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, dir_make, dir_remove)

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        TEST(deferrals_survive_restart),
        TEST(deferral_knows_whether_another_receiver_was_notified),
        TEST(notification_ends_deferral_of_its_receiver),
        TEST(resolved_goes_to_notified_receivers_and_ends_all_deferrals),
        TEST(removed_alert_has_no_deferrals),
        TEST(later_plan_replaces_deferrals),
        TEST(resolved_follows_digest_of_deferred_alerts),
        TEST(bad_row_is_quarantined),
        TEST(a_file_without_the_table_gets_it_and_keeps_the_rest),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
