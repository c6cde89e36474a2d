/* SPDX-License-Identifier: MIT */
/* What was not delivered, for people, and what they do about it. */
#include "fixture.h"

#define TO(receiver) ((receiver_set)1 << (receiver))

/* Alert 1: parked firing, queued escalation. Alert 2: queued. Of the chat: delivered. */
static struct store *open_some(const char *dir)
{
    struct store *s = open_in(dir);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK) | TO(CHAT), at(0));
    tell(s, EVENT_ESCALATED, 1, 1, 2, TO(HOOK), at(1));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0 + 1);
    begin(s, e->id, "body", at(1));
    const struct attempt_result r = {.state = OUTBOX_PARKED, .status = 400, .text = "no such channel"};
    assert_int_equal(store_attempt_end(s, e->id, &r, at(2), NULL), 0);
    tell(s, EVENT_FIRING, 2, 1, 7, TO(HOOK), at(3));
    assert_true(deliver_one(s, "chat", at(3)));
    return s;
}

static size_t listed(struct store *s, bool parked, struct delivery *ret_first)
{
    CLEANUP(free) struct delivery *all = NULL;
    struct failure f = {0};
    size_t n = 0;
    ok(store_deliveries(s, parked, 100, &all, &n, &f), &f);
    if (n > 0)
        *ret_first = all[0];
    return n;
}

static void the_list_says_what_waits_and_why(void **state)
{
    CLEANUP(store_close) struct store *s = open_some(*state);
    struct delivery d = {0};
    assert_int_equal(listed(s, false, &d), 3);
    assert_int_equal(listed(s, true, &d), 1);
    assert_string_equal(d.receiver, "hook");
    assert_int_equal(d.type, EVENT_FIRING);
    assert_int_equal(d.state, OUTBOX_PARKED);
    assert_int_equal(d.attempts, 1);
    assert_int_equal(d.created_at, T0);
    assert_int_equal(d.attempted_at, T0 + 1);
    assert_int_equal(d.status, 400);
    assert_string_equal(d.text, "no such channel");
    assert_int_equal(strlen(d.event_id), UUID_TEXT - 1);
}

static void the_messages_of_an_episode_are_listed_in_any_state(void **state)
{
    CLEANUP(store_close) struct store *s = open_some(*state);
    CLEANUP(free) struct delivery *all = NULL;
    struct failure f = {0};
    char id[ALERT_ID_TEXT];
    size_t n = 0;
    struct delivery d = {0};
    assert_int_equal(listed(s, true, &d), 1);
    (void)snprintf(id, sizeof id, "%.16s", d.queue);
    ok(store_deliveries_of(s, id, 1, 100, &all, &n, &f), &f);
    assert_int_equal(n, 3);
    assert_int_equal(all[0].type, EVENT_ESCALATED); /* the newest */
    assert_int_equal(all[0].state, OUTBOX_QUEUED);
    unsigned states = 1U << all[1].state | 1U << all[2].state;
    assert_int_equal(states, 1U << OUTBOX_PARKED | 1U << OUTBOX_DELIVERED);
    free(TAKE(all));
    ok(store_deliveries_of(s, id, 2, 100, &all, &n, &f), &f);
    assert_int_equal(n, 0);
    free(TAKE(all));
    ok(store_deliveries_of(s, id, 1, 1, &all, &n, &f), &f);
    assert_int_equal(n, 1);
}

static void a_parked_message_is_sent_again_before_later_ones_and_its_receiver_enabled(void **state)
{
    CLEANUP(store_close) struct store *s = open_some(*state);
    struct failure f = {0};
    struct delivery d = {0};
    int64_t address;
    ok(store_disable_receiver(s, "hook", 7, &f), &f);
    assert_int_equal(listed(s, true, &d), 1);
    char receiver[64];
    ok(store_delivery_retry(s, d.id, at(10), receiver, &f), &f);
    assert_string_equal(receiver, "hook");
    assert_int_equal(store_receiver_disabled(s, "hook", &address, &f), 0);
    assert_int_equal(stats_of(s, "hook").parked, 0);
    assert_true(deliver_one(s, "hook", at(10))); /* alert 2, the newest */
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0 + 10);
    assert_int_equal(e->notification->seq, 1);
    assert_string_equal(e->body, "body");
}

static void a_dropped_message_is_not_sent_and_blocks_nothing(void **state)
{
    CLEANUP(store_close) struct store *s = open_some(*state);
    struct failure f = {0};
    struct delivery d = {0};
    assert_int_equal(listed(s, true, &d), 1);
    ok(store_delivery_drop(s, d.id, at(10), &f), &f);
    assert_int_equal(listed(s, true, &d), 0);
    assert_int_equal(listed(s, false, &d), 2);
    ok(store_delivery_drop(s, d.id, at(10), &f), &f); /* a queued one */
    assert_int_equal(listed(s, false, &d), 1);
    assert_true(deliver_one(s, "hook", at(11)));
    assert_false(deliver_one(s, "hook", at(11)));
}

static void what_cannot_be_done_is_refused(void **state)
{
    CLEANUP(store_close) struct store *s = open_some(*state);
    struct failure f = {0};
    char receiver[64];
    assert_int_equal(store_delivery_retry(s, 4711, at(10), receiver, &f), -ENOENT);
    assert_int_equal(store_delivery_drop(s, 4711, at(10), &f), -ENOENT);
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0 + 10);
    begin(s, e->id, "body", at(10));
    assert_int_equal(store_delivery_retry(s, e->id, at(10), receiver, &f), -EBUSY);
    assert_int_equal(store_delivery_drop(s, e->id, at(10), &f), -EBUSY);
    end(s, e->id, OUTBOX_DELIVERED, 0, at(11));
    assert_int_equal(store_delivery_drop(s, e->id, at(12), &f), -ENOENT);
    assert_int_equal(store_delivery_retry(s, e->id, at(12), receiver, &f), -ENOENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dir_make, dir_remove)
    const struct CMUnitTest tests[] = {
        TEST(the_list_says_what_waits_and_why),
        TEST(the_messages_of_an_episode_are_listed_in_any_state),
        TEST(a_parked_message_is_sent_again_before_later_ones_and_its_receiver_enabled),
        TEST(a_dropped_message_is_not_sent_and_blocks_nothing),
        TEST(what_cannot_be_done_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
