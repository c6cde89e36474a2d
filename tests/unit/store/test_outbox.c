/* SPDX-License-Identifier: MIT */
#include "store/internal.h"
#include "fixture.h"

#define TO(receiver) ((receiver_set)1 << (receiver))

static void delay(struct store *s, const char *receiver, struct instant now, usec_t wait)
{
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, receiver, now.at);
    assert_non_null(e);
    begin(s, e->id, e->body ? NULL : "body", now);
    end(s, e->id, OUTBOX_QUEUED, now.at + wait, now);
}

static void park_next(struct store *s, const char *receiver, struct instant now)
{
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, receiver, now.at);
    assert_non_null(e);
    begin(s, e->id, e->body ? NULL : "body", now);
    end(s, e->id, OUTBOX_PARKED, 0, now);
}

static void expect_next(struct store *s, const char *receiver, struct instant now, uint64_t seq)
{
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, receiver, now.at);
    if (!e && seq)
        fail_msg("nothing is due at %llu, wanted %llu", (unsigned long long)(now.at - T0),
                 (unsigned long long)seq);
    if (e && !seq)
        fail_msg("%llu is due", (unsigned long long)e->notification->seq);
    if (e)
        assert_int_equal(e->notification->seq, seq);
}

static usec_t next_time(struct store *s, const char *receiver, usec_t now_at)
{
    struct outbox_entry *e = NULL;
    usec_t next_at = 1;
    assert_int_equal(store_outbox_next(s, receiver, now_at, &e, &next_at, NULL), -ENOENT);
    return next_at;
}

static void an_entry_comes_out_as_it_went_in(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0);
    assert_non_null(e);
    assert_string_equal(e->receiver, "hook");
    assert_string_equal(e->notification->event_id, e->event_id);
    assert_string_equal(e->notification->title, "contoso: full");
    assert_int_equal(e->state, OUTBOX_QUEUED);
    assert_int_equal(e->attempts, 0);
    assert_int_equal(e->created_at, T0);
    assert_int_equal(e->due_at, T0);
    assert_null(e->body);
    assert_null(e->digest);
    assert_false(e->combined || e->unknown_outcome);
    assert_null(next(s, "chat", T0));
    assert_int_equal(next_time(s, "chat", T0), 0);
}

static void messages_of_an_alert_keep_order_and_wait_for_no_other_alert(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 2, 1, 7, TO(HOOK), at(0));
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(1));
    tell(s, EVENT_ESCALATED, 1, 1, 2, TO(HOOK), at(2));
    delay(s, "hook", at(10), 30 * USEC_PER_SEC);
    expect_next(s, "hook", at(11), 7);
    assert_true(deliver_one(s, "hook", at(11)));
    expect_next(s, "hook", at(12), 0);
    assert_int_equal(next_time(s, "hook", T0 + 12), T0 + 10 + 30 * USEC_PER_SEC);
    expect_next(s, "hook", at(10 + 30 * USEC_PER_SEC), 1);
    assert_true(deliver_one(s, "hook", at(60 * USEC_PER_SEC)));
    expect_next(s, "hook", at(60 * USEC_PER_SEC), 2);
}

static void an_entry_in_flight_blocks_its_alert_and_nothing_else(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    tell(s, EVENT_ESCALATED, 1, 1, 2, TO(HOOK), at(0));
    tell(s, EVENT_FIRING, 2, 1, 7, TO(HOOK) | TO(CHAT), at(0));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0);
    begin(s, e->id, "body", at(0));
    expect_next(s, "hook", at(1), 7);
    expect_next(s, "chat", at(1), 7);
    assert_int_equal(stats_of(s, "hook").in_flight, 1);
}

static void a_parked_entry_blocks_nothing(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    tell(s, EVENT_ESCALATED, 1, 1, 2, TO(HOOK), at(0));
    park_next(s, "hook", at(0));
    expect_next(s, "hook", at(1), 2);
    assert_int_equal(stats_of(s, NULL).parked, 1);
}

static void parked_entry_is_retried_unless_a_later_one_was_delivered(void **state)
{
    struct failure f = {0};
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    park_next(s, "hook", at(0));
    tell(s, EVENT_RESOLVED, 1, 1, 2, 0, at(0));
    tell(s, EVENT_FIRING, 2, 1, 7, TO(HOOK), at(0));
    assert_true(deliver_one(s, "hook", at(1)));
    expect_next(s, "hook", at(1), 7);
    park_next(s, "hook", at(1));
    assert_int_equal(stats_of(s, NULL).parked, 2);
    ok(store_outbox_retry(s, "chat", at(2), &f), &f);
    expect_next(s, "hook", at(2), 0);
    ok(store_outbox_retry(s, NULL, at(3), &f), &f);
    assert_int_equal(stats_of(s, NULL).parked, 0);
    expect_next(s, "hook", at(3), 7);
    assert_true(deliver_one(s, "hook", at(3)));
    expect_next(s, "hook", at(4), 0);
}

static void retried_entry_precedes_later_entries(void **state)
{
    struct failure f = {0};
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    tell(s, EVENT_ESCALATED, 1, 1, 2, TO(HOOK), at(0));
    park_next(s, "hook", at(0));
    ok(store_outbox_retry(s, "hook", at(1), &f), &f);
    expect_next(s, "hook", at(1), 1);
    assert_true(deliver_one(s, "hook", at(1)));
    expect_next(s, "hook", at(1), 2);
}

static void the_queue_of_a_removed_receiver_is_parked(void **state)
{
    struct failure f = {0};
    char name[4][64];
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK) | TO(CHAT), at(0));
    tell(s, EVENT_ESCALATED, 1, 1, 2, TO(HOOK), at(0));
    assert_int_equal(store_outbox_receivers(s, name, 4, &f), 2);
    assert_string_equal(name[0], "chat");
    assert_string_equal(name[1], "hook");
    assert_int_equal(store_outbox_receivers(s, name, 1, &f), 1);
    ok(store_outbox_park_receiver(s, "hook", &f), &f);
    expect_next(s, "hook", at(1), 0);
    expect_next(s, "chat", at(1), 1);
    assert_int_equal(stats_of(s, "hook").parked, 2);
    assert_int_equal(store_outbox_receivers(s, name, 4, &f), 2); /* it is still owed */
    ok(store_outbox_retry(s, "hook", at(2), &f), &f);
    expect_next(s, "hook", at(2), 1);
}

static void an_attempt_that_never_ended_is_repeated_with_the_same_id_and_bytes(void **state)
{
    struct failure f = {0};
    struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0);
    begin(s, e->id, "the very bytes", at(0));
    store_close(s);
    s = open_at(*state, at(USEC_PER_SEC));
    expect_next(s, "hook", at(USEC_PER_SEC), 0);
    ok(store_outbox_recover(s, at(USEC_PER_SEC), &f), &f);
    CLEANUP(outbox_entry_free) struct outbox_entry *again = next(s, "hook", T0 + USEC_PER_SEC);
    assert_non_null(again);
    assert_string_equal(again->event_id, e->event_id);
    assert_true(again->unknown_outcome);
    assert_int_equal(again->attempts, 1);
    assert_int_equal(again->body_len, strlen("the very bytes"));
    assert_string_equal(again->body, "the very bytes");
    store_close(s);
}

static void a_wait_outlives_a_restart(void **state)
{
    struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    delay(s, "hook", at(0), 15 * USEC_PER_MINUTE);
    store_close(s);
    s = open_at(*state, at(USEC_PER_MINUTE));
    expect_next(s, "hook", at(14 * USEC_PER_MINUTE), 0);
    expect_next(s, "hook", at(15 * USEC_PER_MINUTE), 1);
    store_close(s);
}

static struct instant jumped(usec_t since_start, int64_t by)
{
    struct instant t = at(since_start);
    t.at = (usec_t)((int64_t)t.at + by);
    return t;
}

/* The dispatcher asks with the wall clock as it is now; the wait keeps its length either way. */
static void clock_jump_keeps_remaining_delays(void **state)
{
    static const int64_t JUMPS[] = {(int64_t)(3650 * USEC_PER_DAY), -(int64_t)(3650 * USEC_PER_DAY),
                                    (int64_t)(10 * USEC_PER_MINUTE),
                                    -(int64_t)(30 * USEC_PER_MINUTE), 0};
    for (size_t i = 0; i < N_ELEMENTS(JUMPS); i++) {
        struct failure f = {0};
        void *dir;
        (void)dir_make(&dir);
        struct store *s = open_in(dir);
        tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
        delay(s, "hook", at(0), 15 * USEC_PER_MINUTE);
        ok(store_rebase(s, jumped(USEC_PER_MINUTE, JUMPS[i]), &f), &f);
        expect_next(s, "hook", jumped(14 * USEC_PER_MINUTE, JUMPS[i]), 0);
        expect_next(s, "hook", jumped(15 * USEC_PER_MINUTE, JUMPS[i]), 1);
        tell(s, EVENT_FIRING, 2, 1, 5, TO(CHAT), jumped(16 * USEC_PER_MINUTE, JUMPS[i]));
        expect_next(s, "chat", jumped(16 * USEC_PER_MINUTE, JUMPS[i]), 5);
        store_close(s);
        (void)dir_remove(&dir);
    }
    (void)state;
}

static void a_commit_after_a_jump_notices_it(void **state)
{
    int64_t back = -(int64_t)(3650 * USEC_PER_DAY);
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    delay(s, "hook", at(0), 15 * USEC_PER_MINUTE);
    tell(s, EVENT_FIRING, 2, 1, 7, TO(CHAT), jumped(USEC_PER_MINUTE, back));
    expect_next(s, "hook", jumped(14 * USEC_PER_MINUTE, back), 0);
    expect_next(s, "hook", jumped(15 * USEC_PER_MINUTE, back), 1);
}

static void delay_longer_than_any_backoff_is_due(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    delay(s, "hook", at(0), USEC_PER_HOUR);
    expect_next(s, "hook", at(0), 0);
    expect_next(s, "hook", jumped(0, -(int64_t)(2 * USEC_PER_HOUR)), 1);
    delay(s, "hook", at(USEC_PER_HOUR), 400 * USEC_PER_DAY);
    expect_next(s, "hook", at(2 * USEC_PER_HOUR), 1);
}

static struct digest *a_digest(uint32_t part, uint32_t parts, unsigned first, unsigned n)
{
    struct digest *d = calloc(1, sizeof *d);
    (void)snprintf(d->event_id, sizeof d->event_id, "dddddddd-0000-7000-8000-00000000000%u", part);
    (void)snprintf(d->digest_id, sizeof d->digest_id, "dddddddd-0000-7000-8000-ffffffffffff");
    d->part = part;
    d->parts = parts;
    d->worst = LEVEL_CRITICAL;
    d->at = T0;
    d->notification = calloc(n, sizeof *d->notification);
    for (unsigned i = 0; i < n; i++)
        d->notification[d->n_notifications++] = a_notification(EVENT_FIRING, first + i, 1, 1);
    return d;
}

static void tell_digest(struct store *s)
{
    CLEANUP(changes_free) struct changes *c = no_changes();
    struct failure f = {0};
    c->event = calloc(2, sizeof *c->event);
    c->n_events = 2;
    c->event[0] = (struct event){.digest = a_digest(1, 2, 1, 20), .to = TO(HOOK)};
    c->event[1] = (struct event){.digest = a_digest(2, 2, 21, 5), .to = TO(HOOK)};
    ok(try_commit(s, c, at(0), &f), &f);
}

static void the_parts_of_a_digest_come_in_order_and_block_no_other_alert(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell_digest(s);
    tell(s, EVENT_FIRING, 30, 1, 2, TO(HOOK), at(0));
    CLEANUP(outbox_entry_free) struct outbox_entry *first = next(s, "hook", T0);
    assert_non_null(first->digest);
    assert_int_equal(first->digest->part, 1);
    assert_int_equal(first->digest->n_notifications, 20);
    begin(s, first->id, "body", at(0));
    expect_next(s, "hook", at(0), 2);
    end(s, first->id, OUTBOX_DELIVERED, 0, at(1));
    CLEANUP(outbox_entry_free) struct outbox_entry *second = next(s, "hook", T0 + 1);
    assert_int_equal(second->digest->part, 2);
}

static void resolve(struct store *s, unsigned n, struct instant now)
{
    CLEANUP(changes_free) struct changes *c = no_changes();
    struct failure f = {0};
    add_event(c, a_notification(EVENT_RESOLVED, n, 1, 9), 0);
    ok(try_commit(s, c, now, &f), &f);
}

/* A receiver that was down throughout: what its digest says of an alert was so before its end. */
static void digest_precedes_resolved_of_its_alerts(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    struct failure f = {0};
    usec_t next_at = 0;
    tell_digest(s);
    CLEANUP(outbox_entry_free) struct outbox_entry *digest = next(s, "hook", T0 + 1), *none = NULL;
    begin(s, digest->id, "body", at(1));
    end(s, digest->id, OUTBOX_QUEUED, T0 + USEC_PER_MINUTE, at(1));
    resolve(s, 3, at(2));  /* named by the first part, */
    resolve(s, 22, at(2)); /* and by the second */
    assert_int_equal(store_outbox_next(s, "hook", T0 + 3, &none, &next_at, &f), -ENOENT);
    assert_int_equal(next_at, T0 + USEC_PER_MINUTE); /* not at once, and again and again */
    static const struct {
        uint32_t part;
        bool combined;
    } WANT[] = {{1, false}, {0, false}, {2, false}, {0, false}};
    for (size_t i = 0; i < N_ELEMENTS(WANT); i++) {
        CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0 + USEC_PER_HOUR);
        assert_non_null(e);
        assert_int_equal(e->digest ? e->digest->part : 0, WANT[i].part);
        assert_int_equal(e->combined, WANT[i].combined);
        begin(s, e->id, e->body ? NULL : "body", at(USEC_PER_HOUR));
        end(s, e->id, OUTBOX_DELIVERED, 0, at(USEC_PER_HOUR));
    }
    assert_null(next(s, "hook", T0 + USEC_PER_HOUR));
}

static void digest_follows_earlier_messages_of_its_alerts(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 3, 1, 1, TO(HOOK), at(0));
    CLEANUP(outbox_entry_free) struct outbox_entry *first = next(s, "hook", T0);
    begin(s, first->id, "body", at(0));
    end(s, first->id, OUTBOX_QUEUED, T0 + USEC_PER_MINUTE, at(0));
    tell_digest(s);
    assert_null(next(s, "hook", T0 + 1));
    tell(s, EVENT_FIRING, 40, 1, 1, TO(HOOK), at(1)); /* no digest speaks of this one */
    assert_true(deliver_one(s, "hook", at(1)));
    assert_null(next(s, "hook", T0 + 1));
    assert_true(deliver_one(s, "hook", at(USEC_PER_MINUTE)));
    CLEANUP(outbox_entry_free) struct outbox_entry *digest = next(s, "hook", T0 + USEC_PER_MINUTE);
    assert_non_null(digest);
    assert_int_equal(digest->digest->part, 1);
}

static void every_member_of_a_digest_is_an_event_that_names_it(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell_digest(s);
    assert_int_equal(ask(*state,
                         "SELECT count(*) FROM event AS e JOIN event AS d ON d.id = e.folded_into"
                         " WHERE e.digest_id = d.digest_id AND d.type = 'alert.digest'"),
                     25);
    assert_int_equal(ask(*state, "SELECT count(*) FROM outbox"), 2);
}

static void the_newest_due_entry_comes_first(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    tell(s, EVENT_FIRING, 2, 1, 2, TO(HOOK), at(USEC_PER_HOUR));
    tell(s, EVENT_FIRING, 3, 1, 3, TO(HOOK), at(USEC_PER_HOUR));
    for (uint64_t i = 0; i < 3; i++) {
        expect_next(s, "hook", at(USEC_PER_HOUR), (uint64_t[]){2, 3, 1}[i]);
        assert_true(deliver_one(s, "hook", at(USEC_PER_HOUR)));
    }
}

static uint64_t page(struct store *s, bool full, const char *storm_id)
{
    const struct incident_limit limit = {full, storm_id};
    CLEANUP(outbox_entry_free) struct outbox_entry *e = NULL;
    struct failure f = {0};
    usec_t next_at = 0;
    int r = store_outbox_next_page(s, "hook", T0 + 10, &limit, &e, &next_at, &f);
    if (r != -ENOENT)
        ok(r, &f);
    return e ? e->notification->seq : 0;
}

static void a_pager_gets_critical_alerts_first_and_no_new_one_at_the_limit(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    static const char NONE[] = "0123456789abcdef";
    char storm_id[ALERT_ID_TEXT];
    int64_t n = 0;
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    tell(s, EVENT_FIRING, 2, 1, 2, TO(HOOK), at(1));
    CLEANUP(changes_free) struct changes *c = no_changes();
    struct failure f = {0};
    add_event(c, a_notification(EVENT_FIRING, 3, 1, 3), TO(HOOK));
    c->event->notification->level = LEVEL_WARNING;
    ok(try_commit(s, c, at(2), &f), &f);
    assert_int_equal(alert_id(KIND_CAPACITY, TENANT, "pool-1", storm_id), 0);
    assert_int_equal(page(s, false, NONE), 2);
    assert_int_equal(page(s, true, NONE), 0);
    assert_int_equal(page(s, true, storm_id), 1);
    assert_int_equal(store_outbox_count_new(s, "hook", storm_id, &n, NULL), 0);
    assert_int_equal(n, 2);
    delay(s, "hook", at(3), 4); /* the newest was attempted: its outcome may be an incident */
    assert_int_equal(page(s, true, NONE), 3);
    assert_int_equal(store_outbox_count_new(s, "hook", storm_id, &n, NULL), 0);
    assert_int_equal(n, 1);
}

static void a_receiver_that_works_again_gets_what_waited_for_it_at_once(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    struct failure f = {0};
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK) | TO(CHAT), at(0));
    for (usec_t i = 0; i < 3; i++) /* refused while others were accepted: not the receiver's outage */
        delay(s, "hook", at(i * USEC_PER_MINUTE), USEC_PER_MINUTE);
    delay(s, "hook", at(3 * USEC_PER_MINUTE), 15 * USEC_PER_MINUTE);
    delay(s, "chat", at(3 * USEC_PER_MINUTE), 15 * USEC_PER_MINUTE);
    struct instant now = at(4 * USEC_PER_MINUTE);
    tell(s, EVENT_FIRING, 2, 1, 2, TO(HOOK), now);
    delay(s, "hook", now, 15 * USEC_PER_MINUTE);
    expect_next(s, "hook", now, 0);
    ok(store_outbox_release(s, "hook", 1, now, &f), &f);
    expect_next(s, "hook", now, 2);
    delay(s, "hook", now, 15 * USEC_PER_MINUTE);
    expect_next(s, "hook", now, 0);
    ok(store_outbox_release(s, "hook", UINT64_MAX, now, &f), &f);
    expect_next(s, "hook", now, 2);
    assert_true(deliver_one(s, "hook", now));
    expect_next(s, "hook", now, 1);
    expect_next(s, "chat", now, 0);
}

/* Told in a digest is told: such an alert has an audience when it ends. */
static void a_member_of_a_delivered_digest_is_resolved_where_the_digest_went(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell_digest(s);
    assert_true(deliver_one(s, "hook", at(0)));
    tell(s, EVENT_RESOLVED, 4, 1, 2, 0, at(1));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0 + 1);
    assert_int_equal(e->notification->type, EVENT_RESOLVED);
    assert_false(e->combined);
}

static void bad_entry_is_quarantined_and_next_one_is_sent(void **state)
{
    static const char *const CHANGES[] = {
        "UPDATE outbox SET receiver = 'hook', episode = 9 WHERE id = 1",
        "UPDATE outbox SET queue = 'x' WHERE id = 1",
        "UPDATE event SET content = x'00' WHERE id = 1",
        "UPDATE event SET event_id = 'x' WHERE id = 1",
    };
    for (size_t i = 0; i < N_ELEMENTS(CHANGES); i++) {
        void *dir;
        (void)dir_make(&dir);
        struct store *s = open_in(dir);
        tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
        tell(s, EVENT_ESCALATED, 1, 1, 2, TO(HOOK), at(0));
        (void)ask(dir, CHANGES[i]);
        expect_next(s, "hook", at(0), 2);
        if (store_quarantined(s) == 0)
            fail_msg("%s", CHANGES[i]);
        store_close(s);
        assert_int_equal(ask(dir, "SELECT count(*) FROM outbox"), 1);
        (void)dir_remove(&dir);
    }
    (void)state;
}

static void damage_is_found_when_the_database_is_opened(void **state)
{
    struct store *s = open_in(*state);
    struct store_report report;
    struct failure f = {0};
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    tell(s, EVENT_ESCALATED, 1, 1, 2, TO(HOOK), at(0));
    tell(s, EVENT_FIRING, 2, 1, 3, TO(HOOK), at(0));
    store_close(s);
    (void)ask(*state, "UPDATE outbox SET state = 2 WHERE id = 1"); /* "delivered", says a bit */
    (void)ask(*state, "UPDATE event SET seq = 4 WHERE id = 3");
    ok(try_open(*state, at(0), &s, &report, &f), &f);
    assert_int_equal(report.quarantined, 2);
    expect_next(s, "hook", at(0), 2);
    assert_true(deliver_one(s, "hook", at(0)));
    expect_next(s, "hook", at(0), 0);
    store_close(s);
}

static int count_step(void *steps)
{
    ++*(size_t *)steps;
    return 0;
}

/* A scan of the queue would take several steps of SQLite's machine for each of its rows. */
static void the_next_of_ten_thousand_entries_is_found_without_a_scan(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    CLEANUP(changes_free) struct changes *c = no_changes();
    struct failure f = {0};
    size_t steps = 0;
    for (unsigned i = 0; i < 5000; i++) {
        add_event(c, a_notification(EVENT_FIRING, i, 1, 1), TO(HOOK));
        add_event(c, a_notification(EVENT_ESCALATED, i, 1, 2), TO(HOOK));
    }
    ok(try_commit(s, c, at(0), &f), &f);
    CLEANUP(outbox_entry_free) struct outbox_entry *first = next(s, "hook", T0);
    begin(s, first->id, "body", at(0)); /* and 4,999 heads, and 5,000 that stand behind one */
    sqlite3_progress_handler(s->db.handle, 1, count_step, &steps);
    CLEANUP(outbox_entry_free) struct outbox_entry *second = next(s, "hook", T0);
    sqlite3_progress_handler(s->db.handle, 0, NULL, NULL);
    assert_non_null(second);
    print_message("next of 10,000: %zu steps\n", steps);
    assert_in_range(steps, 1, 1000);
}

static void a_receiver_that_is_gone_stays_switched_off_over_a_restart(void **state)
{
    struct failure f = {0};
    int64_t address = 0;
    for (unsigned i = 0; i < 4; i++) {
        struct store *s = open_in(*state);
        static const struct {
            const char *why;
            bool hook, chat;
        } WANT[] = {{"nobody at first", false, false},
                    {"both, after a restart", true, true},
                    {"one has another chance", false, true},
                    {"all have", false, false}};
        if (store_receiver_disabled(s, "hook", &address, &f) != WANT[i].hook ||
            (WANT[i].hook && address != INT64_MIN) ||
            store_receiver_disabled(s, "chat", &address, &f) != WANT[i].chat)
            fail_msg("%s", WANT[i].why);
        if (i == 0) {
            ok(store_disable_receiver(s, "hook", 7, &f), &f);
            ok(store_disable_receiver(s, "hook", INT64_MIN, &f), &f);
            ok(store_disable_receiver(s, "chat", 8, &f), &f);
        }
        if (i == 1)
            ok(store_outbox_retry(s, "hook", at(1), &f), &f);
        if (i == 2)
            ok(store_switch_on(s, NULL, &f), &f);
        store_close(s);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dir_make, dir_remove)
    const struct CMUnitTest tests[] = {
        TEST(an_entry_comes_out_as_it_went_in),
        TEST(messages_of_an_alert_keep_order_and_wait_for_no_other_alert),
        TEST(an_entry_in_flight_blocks_its_alert_and_nothing_else),
        TEST(a_parked_entry_blocks_nothing),
        TEST(parked_entry_is_retried_unless_a_later_one_was_delivered),
        TEST(retried_entry_precedes_later_entries),
        TEST(the_queue_of_a_removed_receiver_is_parked),
        TEST(an_attempt_that_never_ended_is_repeated_with_the_same_id_and_bytes),
        TEST(a_wait_outlives_a_restart),
        TEST(clock_jump_keeps_remaining_delays),
        TEST(a_commit_after_a_jump_notices_it),
        TEST(delay_longer_than_any_backoff_is_due),
        TEST(the_newest_due_entry_comes_first),
        TEST(a_pager_gets_critical_alerts_first_and_no_new_one_at_the_limit),
        TEST(a_receiver_that_works_again_gets_what_waited_for_it_at_once),
        TEST(a_receiver_that_is_gone_stays_switched_off_over_a_restart),
        TEST(digest_precedes_resolved_of_its_alerts),
        TEST(digest_follows_earlier_messages_of_its_alerts),
        TEST(the_parts_of_a_digest_come_in_order_and_block_no_other_alert),
        TEST(every_member_of_a_digest_is_an_event_that_names_it),
        TEST(a_member_of_a_delivered_digest_is_resolved_where_the_digest_went),
        TEST(bad_entry_is_quarantined_and_next_one_is_sent),
        TEST(damage_is_found_when_the_database_is_opened),
        TEST(the_next_of_ten_thousand_entries_is_found_without_a_scan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
