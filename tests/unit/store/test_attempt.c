/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#define TO(receiver) ((receiver_set)1 << (receiver))

static void an_attempt_is_written_down_before_and_after(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0);
    begin(s, e->id, "body", at(1));
    assert_int_equal(stats_of(s, "hook").in_flight, 1);
    assert_int_equal(ask(*state, "SELECT count(*) FROM attempt WHERE ended_at IS NULL"), 1);
    end(s, e->id, OUTBOX_QUEUED, T0 + USEC_PER_MINUTE, at(2));
    struct store_stats stats = stats_of(s, "hook");
    assert_int_equal(stats.queued, 1);
    assert_int_equal(stats.oldest_queued_at, T0);
    begin(s, e->id, NULL, at(USEC_PER_MINUTE));
    end(s, e->id, OUTBOX_DELIVERED, 0, at(USEC_PER_MINUTE + 1));
    stats = stats_of(s, "hook");
    assert_int_equal(stats.queued + stats.in_flight + stats.parked, 0);
    assert_int_equal(stats.delivered, 1);
    assert_int_equal(stats.oldest_queued_at, 0);
    assert_int_equal(stats_of(s, "chat").delivered, 0);
    assert_int_equal(ask(*state, "SELECT count(*) FROM attempt WHERE status = 200"), 2);
    assert_int_equal(ask(*state, "SELECT tried FROM told"), 1);
}

static void the_bytes_of_the_first_attempt_stay(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    struct failure f = {0};
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0);
    ok(store_attempt_begin(s, e->id, "a\0b", 3, at(0), &f), &f);
    end(s, e->id, OUTBOX_QUEUED, T0, at(0));
    begin(s, e->id, "other bytes", at(1));
    end(s, e->id, OUTBOX_QUEUED, T0 + 1, at(1));
    CLEANUP(outbox_entry_free) struct outbox_entry *again = next(s, "hook", T0 + 1);
    assert_int_equal(again->attempts, 2);
    assert_int_equal(again->body_len, 3);
    assert_memory_equal(again->body, "a\0b", 3);
}

static void bytes_that_were_damaged_are_not_sent(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0);
    begin(s, e->id, "body", at(0));
    end(s, e->id, OUTBOX_QUEUED, T0, at(0));
    (void)ask(*state, "UPDATE body SET bytes = x'00'");
    CLEANUP(outbox_entry_free) struct outbox_entry *again = next(s, "hook", T0 + 1);
    assert_non_null(again); /* the event itself is whole: it is rendered once more */
    assert_null(again->body);
    assert_int_equal(store_quarantined(s), 1);
}

static void an_entry_that_does_not_wait_is_not_begun(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    struct failure f = {0};
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0);
    assert_int_equal(store_attempt_begin(s, e->id + 1, "b", 1, at(0), &f), -ENOENT);
    begin(s, e->id, "body", at(0));
    assert_int_equal(store_attempt_begin(s, e->id, "b", 1, at(0), &f), -ENOENT);
    end(s, e->id, OUTBOX_DELIVERED, 0, at(1));
    assert_int_equal(store_attempt_begin(s, e->id, "b", 1, at(0), &f), -ENOENT);
    end(s, e->id, OUTBOX_QUEUED, T0, at(2)); /* an end that comes twice changes nothing */
    assert_null(next(s, "hook", T0 + USEC_PER_HOUR));
    assert_null(store_trouble(s)); /* a wrong question is no disk that fails */
}

static void superseded_while_it_was_looked_at_is_not_begun(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    struct failure f = {0};
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0);
    tell(s, EVENT_RESOLVED, 1, 1, 2, 0, at(1));
    assert_int_equal(store_attempt_begin(s, e->id, "b", 1, at(2), &f), -ENOENT);
}

static void the_log_of_attempts_has_a_bound(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0);
    for (unsigned i = 0; i < 60; i++) {
        begin(s, e->id, "body", at(i));
        end(s, e->id, OUTBOX_QUEUED, T0 + i, at(i));
    }
    assert_int_equal(ask(*state, "SELECT count(*) FROM attempt"), 50);
    assert_int_equal(ask(*state, "SELECT max(n) FROM attempt"), 60);
}

static void a_wait_is_never_longer_than_an_hour(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0);
    begin(s, e->id, "body", at(0));
    end(s, e->id, OUTBOX_QUEUED, UINT64_MAX, at(0));
    assert_null(next(s, "hook", T0 + USEC_PER_HOUR - 1));
    CLEANUP(outbox_entry_free) struct outbox_entry *again = next(s, "hook", T0 + USEC_PER_HOUR);
    assert_non_null(again);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dir_make, dir_remove)
    const struct CMUnitTest tests[] = {
        TEST(an_attempt_is_written_down_before_and_after),
        TEST(the_bytes_of_the_first_attempt_stay),
        TEST(bytes_that_were_damaged_are_not_sent),
        TEST(an_entry_that_does_not_wait_is_not_begun),
        TEST(superseded_while_it_was_looked_at_is_not_begun),
        TEST(the_log_of_attempts_has_a_bound),
        TEST(a_wait_is_never_longer_than_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
