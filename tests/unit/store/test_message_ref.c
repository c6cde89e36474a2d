/* SPDX-License-Identifier: MIT */
/* tests/unit/store/test_message_ref.c: what a receiver calls the message of an alert. */
#include "fixture.h"

#define TO(receiver) ((receiver_set)1 << (receiver))
#define ROWS "SELECT count(*) FROM message_ref"

/* Ends an attempt at the next row of this receiver, which has the reference `before`. */
static void attempt(struct store *s, const char *receiver, const char *before, const char *ref,
                    enum outbox_state state, struct instant now)
{
    struct attempt_result r = {.state = state, .due_at = now.at};
    struct failure f = {0};
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, receiver, now.at);
    assert_non_null(e);
    assert_string_equal(e->ref, before);
    (void)snprintf(r.ref, sizeof r.ref, "%s", ref);
    begin(s, e->id, e->body ? NULL : "body", now);
    ok(store_attempt_end(s, e->id, &r, now, &f), &f);
}

static void a_reference_belongs_to_one_receiver_and_one_episode(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK) | TO(CHAT), at(0));
    attempt(s, "hook", "", "C1 17", OUTBOX_DELIVERED, at(0));
    attempt(s, "chat", "", "", OUTBOX_DELIVERED, at(0));
    tell(s, EVENT_ESCALATED, 1, 1, 2, TO(HOOK) | TO(CHAT), at(1));
    attempt(s, "hook", "C1 17", "", OUTBOX_DELIVERED, at(1));
    attempt(s, "chat", "", "", OUTBOX_DELIVERED, at(1));
    tell(s, EVENT_FIRING, 1, 2, 3, TO(HOOK), at(2));
    attempt(s, "hook", "", "C1 18", OUTBOX_DELIVERED, at(2));
    tell(s, EVENT_ESCALATED, 1, 2, 4, TO(HOOK), at(3));
    attempt(s, "hook", "C1 18", "", OUTBOX_DELIVERED, at(3));
    assert_int_equal(ask(*state, ROWS), 1);
}

static void a_new_reference_replaces_the_old_one_whatever_the_attempt_came_to(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    attempt(s, "hook", "", "C1 17", OUTBOX_QUEUED, at(0));
    attempt(s, "hook", "C1 17", "C1 18", OUTBOX_QUEUED, at(1));
    store_close(TAKE(s));
    s = open_in(*state);
    attempt(s, "hook", "C1 18", "", OUTBOX_DELIVERED, at(2));
}

static void a_damaged_reference_is_not_used_and_is_no_loss_of_messages(void **state)
{
    struct store_damage damage;
    struct failure f = {0};
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    attempt(s, "hook", "", "C1 17", OUTBOX_DELIVERED, at(0));
    (void)ask(*state, "UPDATE message_ref SET ref = 'C1 99'");
    tell(s, EVENT_ESCALATED, 1, 1, 2, TO(HOOK), at(1));
    attempt(s, "hook", "", "C1 18", OUTBOX_DELIVERED, at(1));
    assert_int_equal(ask(*state, "SELECT count(*) FROM quarantine WHERE source = 'message_ref'"), 1);
    assert_int_equal(store_damage(s, &damage, &f), 0);
}

static void the_last_message_of_an_episode_ends_its_reference(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    attempt(s, "hook", "", "C1 17", OUTBOX_DELIVERED, at(0));
    tell(s, EVENT_RESOLVED, 1, 1, 2, 0, at(1));
    attempt(s, "hook", "C1 17", "", OUTBOX_QUEUED, at(1));
    attempt(s, "hook", "C1 17", "", OUTBOX_DELIVERED, at(2));
    assert_int_equal(ask(*state, ROWS), 0);
}

/* Of a receiver that is gone, for example: its resolved notification is never delivered. */
static void a_reference_without_an_alert_goes_with_its_last_row(void **state)
{
    struct failure f = {0};
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    attempt(s, "hook", "", "C1 17", OUTBOX_DELIVERED, at(0));
    ok(store_housekeeping(s, at(400 * USEC_PER_DAY), &f), &f);
    assert_int_equal(ask(*state, ROWS), 1); /* the alert is open */
    (void)ask(*state, "DELETE FROM alert");
    ok(store_housekeeping(s, at(400 * USEC_PER_DAY), &f), &f);
    assert_int_equal(ask(*state, ROWS), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, dir_make, dir_remove)

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        TEST(a_reference_belongs_to_one_receiver_and_one_episode),
        TEST(a_new_reference_replaces_the_old_one_whatever_the_attempt_came_to),
        TEST(a_damaged_reference_is_not_used_and_is_no_loss_of_messages),
        TEST(the_last_message_of_an_episode_ends_its_reference),
        TEST(a_reference_without_an_alert_goes_with_its_last_row),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
