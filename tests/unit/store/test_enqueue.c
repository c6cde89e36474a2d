/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#define TO(receiver) ((receiver_set)1 << (receiver))

/* The sequence numbers that this receiver hears if all is delivered, as text. */
static const char *hear(struct store *s, const char *receiver, struct instant now)
{
    static char heard[256];
    size_t len = 0;
    heard[0] = '\0';
    for (;;) {
        CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, receiver, now.at);
        if (!e)
            return heard;
        len += (size_t)snprintf(heard + len, sizeof heard - len, "%s%llu%s", len ? " " : "",
                                (unsigned long long)e->notification->seq, e->combined ? "c" : "");
        begin(s, e->id, "body", now);
        end(s, e->id, OUTBOX_DELIVERED, 0, now);
    }
}

static void an_event_has_one_row_for_each_receiver_of_its_set(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(CHAT) | TO(JOURNAL), at(0));
    assert_int_equal(ask(*state, "SELECT count(*) FROM event"), 1);
    assert_int_equal(ask(*state, "SELECT count(*) FROM outbox"), 2);
    assert_string_equal(hear(s, "chat", at(1)), "1");
    assert_string_equal(hear(s, "journal", at(1)), "1");
    assert_string_equal(hear(s, "hook", at(1)), "");
}

/* Each is a queue of its own, so that none waits for another; no later event belongs to it. */
static void an_event_of_severity_info_waits_for_nothing_and_leaves_no_trace(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    CLEANUP(changes_free) struct changes *c = no_changes();
    struct failure f = {0};
    for (unsigned seq = 1; seq <= 2; seq++) {
        struct notification *n = a_notification(EVENT_INFO, seq, 0, seq);
        n->alert_id[0] = '\0';
        add_event(c, n, TO(CHAT));
    }
    ok(try_commit(s, c, at(0), &f), &f);
    assert_int_equal(ask(*state, "SELECT count(DISTINCT queue) FROM outbox"), 2);
    assert_int_equal(ask(*state, "SELECT count(*) FROM told"), 0);
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "chat", T0 + 1);
    begin(s, e->id, "body", at(1)); /* the other one is due while this one is under way */
    assert_string_equal(hear(s, "chat", at(1)), e->notification->seq == 1 ? "2" : "1");
    assert_int_equal(ask(*state, "SELECT count(*) FROM told"), 0);
}

static void resolved_goes_to_all_notified_receivers(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(CHAT), at(0));
    assert_string_equal(hear(s, "chat", at(0)), "1");
    tell(s, EVENT_ESCALATED, 1, 1, 2, TO(HOOK), at(1));
    assert_string_equal(hear(s, "hook", at(1)), "2");
    tell(s, EVENT_RESOLVED, 1, 1, 3, TO(JOURNAL), at(2));
    assert_string_equal(hear(s, "chat", at(2)), "3");
    assert_string_equal(hear(s, "hook", at(2)), "3");
    assert_string_equal(hear(s, "journal", at(2)), "");
}

static void acknowledged_goes_to_all_notified_receivers(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(CHAT), at(0));
    tell(s, EVENT_ACKNOWLEDGED, 1, 1, 2, TO(JOURNAL), at(1));
    assert_string_equal(hear(s, "chat", at(1)), "1 2");
    assert_string_equal(hear(s, "journal", at(1)), "");
    tell(s, EVENT_RESOLVED, 1, 1, 3, 0, at(2));
    assert_string_equal(hear(s, "chat", at(2)), "3");
    assert_string_equal(hear(s, "journal", at(2)), "");
}

static void end_of_a_cause_goes_to_all_notified_receivers(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    CLEANUP(changes_free) struct changes *c = no_changes();
    struct failure f = {0};
    tell(s, EVENT_FIRING, 1, 1, 1, TO(CHAT), at(0));
    add_event(c, a_notification(EVENT_UPDATED, 1, 1, 2), 0);
    c->event[0].to_notified = true;
    ok(try_commit(s, c, at(1), &f), &f);
    assert_string_equal(hear(s, "chat", at(1)), "1 2");
    assert_string_equal(hear(s, "journal", at(1)), "");
}

static void resolved_without_an_audience_is_kept_as_an_event(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_RESOLVED, 1, 1, 3, 7, at(2));
    assert_int_equal(ask(*state, "SELECT count(*) FROM outbox"), 0);
    assert_int_equal(ask(*state, "SELECT count(*) FROM event WHERE type = 'alert.resolved'"), 1);
}

static void untried_firing_and_resolved_are_combined(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(CHAT) | TO(HOOK), at(0));
    tell(s, EVENT_ESCALATED, 1, 1, 2, TO(CHAT) | TO(HOOK), at(1));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0 + 1);
    begin(s, e->id, "body", at(1));
    end(s, e->id, OUTBOX_QUEUED, T0 + 2, at(1));
    tell(s, EVENT_RESOLVED, 1, 1, 3, 0, at(2));
    assert_string_equal(hear(s, "chat", at(3)), "3c");
    assert_string_equal(hear(s, "hook", at(3)), "1 2 3");
    assert_int_equal(ask(*state, "SELECT count(*) FROM outbox WHERE state = 4"), 2);
    assert_int_equal(ask(*state, "SELECT count(*) FROM event"), 3); /* nothing vanishes */
}

static void unknown_outcome_counts_as_notified(void **state)
{
    struct failure f = {0};
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0);
    begin(s, e->id, "body", at(0));
    tell(s, EVENT_RESOLVED, 1, 1, 2, 0, at(1));
    ok(store_outbox_recover(s, at(2), &f), &f);
    assert_string_equal(hear(s, "hook", at(2)), "1 2");
}

static void a_parked_firing_gets_its_resolved(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0);
    begin(s, e->id, "body", at(0));
    end(s, e->id, OUTBOX_PARKED, 0, at(0));
    tell(s, EVENT_RESOLVED, 1, 1, 2, 0, at(1));
    assert_string_equal(hear(s, "hook", at(2)), "2");
}

static void episodes_are_resolved_each_on_its_own(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    tell(s, EVENT_RESOLVED, 1, 1, 2, 0, at(1));
    tell(s, EVENT_FIRING, 1, 2, 3, TO(HOOK) | TO(CHAT), at(2));
    assert_string_equal(hear(s, "hook", at(3)), "2c 3");
    tell(s, EVENT_RESOLVED, 1, 2, 4, 0, at(4));
    assert_string_equal(hear(s, "hook", at(5)), "4");
    assert_string_equal(hear(s, "chat", at(5)), "4c");
}

/* A late attempt of the first episode says nothing about the second. */
static void an_attempt_of_an_old_episode_does_not_count_for_the_new_one(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0);
    begin(s, e->id, "body", at(0));
    end(s, e->id, OUTBOX_QUEUED, T0 + USEC_PER_SEC, at(0));
    tell(s, EVENT_RESOLVED, 1, 1, 2, 0, at(1));
    tell(s, EVENT_FIRING, 1, 2, 3, TO(HOOK), at(2));
    begin(s, e->id, NULL, at(USEC_PER_SEC));
    end(s, e->id, OUTBOX_DELIVERED, 0, at(USEC_PER_SEC));
    tell(s, EVENT_RESOLVED, 1, 2, 4, 0, at(USEC_PER_SEC));
    assert_string_equal(hear(s, "hook", at(2 * USEC_PER_SEC)), "2 4c");
}

static void an_audience_outlives_a_restart_and_one_lost_row(void **state)
{
    struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    assert_string_equal(hear(s, "hook", at(0)), "1");
    store_close(s);
    (void)ask(*state, "DELETE FROM told");
    s = open_in(*state);
    tell(s, EVENT_RESOLVED, 1, 1, 2, 0, at(1));
    assert_string_equal(hear(s, "hook", at(1)), "2");
    store_close(s);
}

static void the_audience_is_kept_longer_than_delivered_rows(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    assert_string_equal(hear(s, "hook", at(0)), "1");
    (void)ask(*state, "DELETE FROM outbox");
    tell(s, EVENT_RESOLVED, 1, 1, 2, 0, at(1));
    assert_string_equal(hear(s, "hook", at(1)), "2");
}

static void removed_receiver_still_gets_resolved(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    CLEANUP(changes_free) struct changes *c = no_changes();
    struct failure f = {0};
    struct receiver_traits only = {.name = (char[]){"chat"}};
    struct route_options fewer = {.receiver = &only, .n_receivers = 1};
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    assert_string_equal(hear(s, "hook", at(0)), "1");
    add_event(c, a_notification(EVENT_RESOLVED, 1, 1, 2), 0);
    struct commit commit = {.changes = c, .routes = &fewer, .now = at(1)};
    ok(store_commit(s, &commit, 1, &f), &f);
    assert_string_equal(hear(s, "hook", at(1)), "");
    assert_int_equal(stats_of(s, "hook").parked, 1);
    ok(store_outbox_retry(s, "hook", at(2), &f), &f);
    assert_string_equal(hear(s, "hook", at(2)), "2");
}

static void an_alert_that_ends_before_its_first_attempt_is_nothing_for_a_pager(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    RECEIVERS[HOOK].pager = true;
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK) | TO(CHAT), at(0));
    tell(s, EVENT_RESOLVED, 1, 1, 2, 0, at(1));
    tell(s, EVENT_FIRING, 2, 1, 7, TO(HOOK), at(2));
    assert_string_equal(hear(s, "hook", at(2)), "7");
    tell(s, EVENT_RESOLVED, 2, 1, 8, 0, at(3));
    RECEIVERS[HOOK].pager = false;
    assert_string_equal(hear(s, "hook", at(3)), "8");
    assert_string_equal(hear(s, "chat", at(3)), "2c");
}

static void a_newer_reminder_replaces_one_that_still_waits(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK) | TO(CHAT), at(0));
    assert_string_equal(hear(s, "chat", at(0)), "1");
    tell(s, EVENT_REMINDER, 1, 1, 2, TO(HOOK) | TO(CHAT), at(1));
    tell(s, EVENT_REMINDER, 2, 1, 8, TO(HOOK), at(1));
    tell(s, EVENT_REMINDER, 1, 1, 3, TO(HOOK), at(2));
    assert_string_equal(hear(s, "chat", at(3)), "2");
    assert_string_equal(hear(s, "hook", at(3)), "8 1 3");
}

static void a_reminder_that_was_tried_is_not_replaced(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_REMINDER, 1, 1, 1, TO(HOOK), at(0));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0);
    begin(s, e->id, "body", at(0));
    end(s, e->id, OUTBOX_QUEUED, T0 + 1, at(0));
    tell(s, EVENT_REMINDER, 1, 1, 2, TO(HOOK), at(1));
    assert_string_equal(hear(s, "hook", at(2)), "1 2");
}

static void a_reminder_that_still_waits_ends_with_its_alert(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    assert_string_equal(hear(s, "hook", at(0)), "1");
    tell(s, EVENT_REMINDER, 1, 1, 2, TO(HOOK), at(1));
    tell(s, EVENT_RESOLVED, 1, 1, 3, 0, at(2));
    assert_string_equal(hear(s, "hook", at(3)), "3");
}

static struct store *open_small(const char *dir, uint64_t rows, uint64_t bytes)
{
    struct store_options o = {.directory = dir, .outbox_max_rows = rows, .outbox_max_bytes = bytes};
    struct store *s = NULL;
    struct store_report report;
    struct failure f = {0};
    ok(store_open(&o, &CODEC, STORE_NORMAL, at(0), &s, &report, &f), &f);
    return s;
}

static void a_full_outbox_drops_reminders_and_nothing_else(void **state)
{
    static const struct {
        uint64_t rows, bytes;
    } BOUNDS[] = {{4, 0}, {0, 600}};
    for (size_t i = 0; i < N_ELEMENTS(BOUNDS); i++) {
        void *dir;
        (void)dir_make(&dir);
        struct store *s = open_small(dir, BOUNDS[i].rows, BOUNDS[i].bytes);
        tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
        tell(s, EVENT_FIRING, 2, 1, 2, TO(HOOK), at(1));
        tell(s, EVENT_REMINDER, 1, 1, 3, TO(HOOK), at(2));
        tell(s, EVENT_REMINDER, 2, 1, 4, TO(HOOK), at(3));
        for (unsigned n = 3; n < 9; n++)
            tell(s, EVENT_FIRING, n, 1, n + 7, TO(HOOK), at(n + 1));
        tell(s, EVENT_REMINDER, 3, 1, 5, TO(HOOK), at(20));
        tell(s, EVENT_RESOLVED, 1, 1, 6, 0, at(21));
        struct store_stats stats = stats_of(s, "hook");
        assert_int_equal(stats.dropped, 3);
        assert_int_equal(stats_of(s, NULL).dropped, 3);
        assert_string_equal(hear(s, "hook", at(30)), "6c 15 14 13 12 11 10 2");
        store_close(s);
        (void)dir_remove(&dir);
    }
    (void)state;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dir_make, dir_remove)
    const struct CMUnitTest tests[] = {
        TEST(an_event_has_one_row_for_each_receiver_of_its_set),
        TEST(an_event_of_severity_info_waits_for_nothing_and_leaves_no_trace),
        TEST(resolved_goes_to_all_notified_receivers),
        TEST(end_of_a_cause_goes_to_all_notified_receivers),
        TEST(resolved_without_an_audience_is_kept_as_an_event),
        TEST(acknowledged_goes_to_all_notified_receivers),
        TEST(untried_firing_and_resolved_are_combined),
        TEST(unknown_outcome_counts_as_notified),
        TEST(a_parked_firing_gets_its_resolved),
        TEST(episodes_are_resolved_each_on_its_own),
        TEST(an_attempt_of_an_old_episode_does_not_count_for_the_new_one),
        TEST(an_audience_outlives_a_restart_and_one_lost_row),
        TEST(the_audience_is_kept_longer_than_delivered_rows),
        TEST(removed_receiver_still_gets_resolved),
        TEST(an_alert_that_ends_before_its_first_attempt_is_nothing_for_a_pager),
        TEST(a_newer_reminder_replaces_one_that_still_waits),
        TEST(a_reminder_that_was_tried_is_not_replaced),
        TEST(a_reminder_that_still_waits_ends_with_its_alert),
        TEST(a_full_outbox_drops_reminders_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
