/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#define TO(receiver) ((receiver_set)1 << (receiver))

static void attempt_begin_and_end_are_recorded(void **state)
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

static void body_of_first_attempt_is_kept(void **state)
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

static void damaged_body_is_not_sent(void **state)
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

static void attempt_begins_only_on_queued_entry(void **state)
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

static void superseded_entry_is_not_begun(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    struct failure f = {0};
    tell(s, EVENT_FIRING, 1, 1, 1, TO(HOOK), at(0));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0);
    tell(s, EVENT_RESOLVED, 1, 1, 2, 0, at(1));
    assert_int_equal(store_attempt_begin(s, e->id, "b", 1, at(2), &f), -ENOENT);
}

static void attempt_log_is_bounded(void **state)
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

static void delay_is_capped_at_one_hour(void **state)
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
        TEST(attempt_begin_and_end_are_recorded),
        TEST(body_of_first_attempt_is_kept),
        TEST(damaged_body_is_not_sent),
        TEST(attempt_begins_only_on_queued_entry),
        TEST(superseded_entry_is_not_begun),
        TEST(attempt_log_is_bounded),
        TEST(delay_is_capped_at_one_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
