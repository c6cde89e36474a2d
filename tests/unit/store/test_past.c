/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#define DAYS(n) ((n)*USEC_PER_DAY)

static const char *id_of(unsigned n)
{
    static char id[ALERT_ID_TEXT];
    CLEANUP(alert_free) struct alert *a = an_alert(n);
    memcpy(id, a->id, sizeof id);
    return id;
}

static void forget(struct store *s, unsigned n, uint32_t episode, uint64_t seq, usec_t since_start)
{
    CLEANUP(changes_free) struct changes *c = no_changes();
    struct failure f = {0};
    c->removed = calloc(1, sizeof *c->removed);
    c->n_removed = 1;
    memcpy(c->removed[0].id, id_of(n), ALERT_ID_TEXT);
    c->removed[0].past = (struct past_alert){.episode = episode, .seq = seq};
    ok(try_commit(s, c, at(since_start), &f), &f);
}

static void past_is(struct store *s, unsigned n, uint32_t episode, uint64_t seq)
{
    struct past_alert past = {.episode = 99, .seq = 99};
    struct failure f = {0};
    ok(store_past_alert(s, id_of(n), &past, &f), &f);
    assert_int_equal(past.episode, episode);
    assert_int_equal(past.seq, seq);
}

static void counters_of_removed_alerts_survive_restart(void **state)
{
    struct store *s = open_in(*state);
    past_is(s, 1, 0, 0);
    forget(s, 1, 2, 17, 0);
    forget(s, 2, 0, 0, 0); /* never told, never up */
    store_close(s);
    s = open_in(*state);
    past_is(s, 1, 2, 17);
    past_is(s, 2, 0, 0);
    forget(s, 1, 3, 21, DAYS(1));
    past_is(s, 1, 3, 21);
    assert_int_equal(ask(*state, "SELECT count(*) FROM past_alert"), 1);
    store_close(s);
}

static void counters_are_kept_for_history_keep(void **state)
{
    struct store *s = NULL;
    struct store_options o = {.directory = *state, .history_keep = DAYS(10)};
    struct store_report report;
    struct failure f = {0};
    ok(store_open(&o, &CODEC, STORE_NORMAL, at(0), &s, &report, &f), &f);
    forget(s, 1, 2, 17, 0);
    forget(s, 2, 1, 5, DAYS(3));
    ok(store_housekeeping(s, at(DAYS(9)), &f), &f);
    past_is(s, 1, 2, 17);
    ok(store_housekeeping(s, at(DAYS(11)), &f), &f);
    past_is(s, 1, 0, 0);
    past_is(s, 2, 1, 5);
    store_close(s);
}

static void damaged_row_is_quarantined(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    forget(s, 1, 2, 17, 0);
    (void)ask(*state, "UPDATE past_alert SET seq = seq - 1");
    past_is(s, 1, 0, 0);
    assert_int_equal(ask(*state, "SELECT count(*) FROM past_alert"), 0);
    assert_int_equal(ask(*state, "SELECT count(*) FROM quarantine WHERE source = 'past_alert'"), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, dir_make, dir_remove)

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        TEST(counters_of_removed_alerts_survive_restart),
        TEST(counters_are_kept_for_history_keep),
        TEST(damaged_row_is_quarantined),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
