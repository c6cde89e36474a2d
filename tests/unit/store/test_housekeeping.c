/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#define TO_HOOK ((receiver_set)2)
#define DAYS(n) ((n)*USEC_PER_DAY)

/* Works until nothing is left; returns the number of slices. */
static int keep_house(struct store *s, struct instant now)
{
    struct failure f = {0};
    int slices = 0, r;
    do {
        r = store_housekeeping(s, now, &f);
        ok(r, &f);
        slices++;
    } while (r > 0 && slices < 10000);
    return slices;
}

static void observation_at(struct store *s, usec_t since_start, int64_t consumed, int64_t waiting)
{
    struct allotment a = {.id = (char[]){"pool"},
                          .units_known = true,
                          .allotted = 1000,
                          .consumed = consumed,
                          .waiting = {.section = SECTION_COMPLETE, .count = waiting}};
    struct snapshot snapshot = {.tenant_id = (char[]){TENANT},
                                .allotments = SECTION_COMPLETE,
                                .allotment = &a,
                                .n_allotments = 1,
                                .taken = at(since_start)};
    struct commit c = {.snapshot = &snapshot, .tenant_id = TENANT, .now = at(since_start)};
    struct failure f = {0};
    ok(store_commit(s, &c, 1, &f), &f);
}

static int64_t observations_between(const char *dir, usec_t from, usec_t to)
{
    CLEANUP(free)
    char *sql = text_printf("SELECT count(*) FROM sample WHERE at_s >= %llu AND at_s < %llu",
                            (unsigned long long)((T0 + from) / USEC_PER_SEC),
                            (unsigned long long)((T0 + to) / USEC_PER_SEC));
    return ask(dir, sql);
}

static void finished_rows_and_their_events_go_after_ninety_days(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    tell(s, EVENT_FIRING, 1, 1, 1, TO_HOOK, at(0));
    assert_true(deliver_one(s, "hook", at(0)));
    tell(s, EVENT_FIRING, 2, 1, 1, TO_HOOK, at(0)); /* is still owed */
    tell(s, EVENT_FIRING, 3, 1, 1, TO_HOOK, at(DAYS(5)));
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0 + DAYS(5));
    begin(s, e->id, "body", at(DAYS(5)));
    end(s, e->id, OUTBOX_PARKED, 0, at(DAYS(5)));
    (void)keep_house(s, at(DAYS(89)));
    assert_int_equal(ask(*state, "SELECT count(*) FROM event"), 3);
    (void)keep_house(s, at(DAYS(91)));
    assert_int_equal(ask(*state, "SELECT count(*) FROM event"), 2);
    assert_int_equal(ask(*state, "SELECT count(*) FROM outbox WHERE state IN (0, 3)"), 2);
    assert_int_equal(ask(*state, "SELECT count(*) FROM outbox"), 2);
    assert_int_equal(ask(*state, "SELECT count(*) FROM attempt"), 1);
    (void)keep_house(s, at(DAYS(400)));
    assert_int_equal(ask(*state, "SELECT count(*) FROM outbox"), 2); /* owed is owed */
    assert_int_equal(stats_of(s, "hook").delivered, 1);
    tell(s, EVENT_RESOLVED, 1, 1, 2, 0, at(DAYS(400))); /* and who was told is not forgotten */
    CLEANUP(outbox_entry_free) struct outbox_entry *resolved = next(s, "hook", T0 + DAYS(400));
    assert_non_null(resolved);
}

static void housekeeping_slice_is_bounded(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    CLEANUP(changes_free) struct changes *c = no_changes();
    struct failure f = {0};
    for (unsigned n = 0; n < 1200; n++)
        add_event(c, a_notification(EVENT_FIRING, n, 1, 1), 0);
    ok(try_commit(s, c, at(0), &f), &f);
    assert_int_equal(store_housekeeping(s, at(DAYS(91)), &f), 1);
    assert_int_equal(ask(*state, "SELECT count(*) FROM event"), 700);
    assert_int_equal(keep_house(s, at(DAYS(91))), 2);
    assert_int_equal(ask(*state, "SELECT count(*) FROM event"), 0);
}

/* A pool that changes all the time: a week of all, then hours, then days; each with its worst. */
static void history_is_thinned_out_but_keeps_the_last_and_the_worst(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    usec_t step = 10 * USEC_PER_MINUTE, length = DAYS(10);
    for (usec_t t = 0; t < length; t += step)
        observation_at(s, t, (int64_t)(500 + t / step % 5), t == DAYS(1) + 3 * step ? 40 : 0);
    assert_int_equal(observations_between(*state, 0, length), 10 * 144);
    (void)keep_house(s, at(length));
    int64_t thin = observations_between(*state, 0, DAYS(2)),
            young = observations_between(*state, DAYS(3), length);
    assert_int_equal(young, 7 * 144);
    assert_true(thin >= 48 && thin <= 2 * 49);
    assert_int_equal(ask(*state, "SELECT max(waiting) FROM sample"), 40);
    assert_int_equal(ask(*state, "SELECT count(DISTINCT at_s / 3600) FROM sample"), 240);
    (void)keep_house(s, at(DAYS(101)));
    assert_true(observations_between(*state, 0, length) <= 2 * 11);
    assert_int_equal(ask(*state, "SELECT max(waiting) FROM sample"), 40);
    assert_int_equal(ask(*state, "SELECT count(DISTINCT at_s / 86400) FROM sample"), 11);
}

/* ---- a year ---- */

#define YEAR_POOLS 10 /* of 1,000 */

/* Every pool changes at every poll. The first poll of an hour, or of whatever is thinned out, sees
 * more people wait than the others: the worst sample is never the last one. */
static void poll_them_all(struct store *s, usec_t since_start, bool first)
{
    struct allotment a[YEAR_POOLS] = {0};
    char id[YEAR_POOLS][40];
    struct snapshot snapshot = {.tenant_id = (char[]){TENANT},
                                .allotments = SECTION_COMPLETE,
                                .allotment = a,
                                .n_allotments = YEAR_POOLS,
                                .taken = at(since_start)};
    struct commit c = {.snapshot = &snapshot, .tenant_id = TENANT, .now = at(since_start)};
    struct failure f = {0};
    for (unsigned i = 0; i < YEAR_POOLS; i++) {
        (void)snprintf(id[i], sizeof id[i], "%08x-aaaa-4bbb-8ccc-dddddddddddd", i);
        a[i] = (struct allotment){.id = id[i],
                                  .units_known = true,
                                  .allotted = 25000,
                                  .consumed = 24000 + (int64_t)(since_start / USEC_PER_MINUTE % 997),
                                  .waiting = {.section = SECTION_COMPLETE,
                                              .count = first ? 300 : 200,
                                              .oldest_at = T0 + since_start}};
    }
    ok(store_commit(s, &c, 1, &f), &f);
}

static int64_t file_size(const char *dir)
{
    struct stat st;
    assert_int_equal(stat(file_in(dir, "seatwatchd.db"), &st), 0);
    return st.st_size;
}

/* Polls no more often than thinning leaves samples of; HISTORY_FULL=1 polls twice an hour all year,
 * which empties pages like a real year does. The week that keeps all is polled as in reality. */
static void a_year_of_a_thousand_pools_takes_at_most_150_megabytes(void **state)
{
    struct store *s = open_in(*state);
    store_close(s);
    int64_t empty = file_size(*state);
    bool full = getenv("HISTORY_FULL") != NULL;
    s = open_in(*state);
    for (usec_t day = 0; day < DAYS(365); day += DAYS(1)) {
        usec_t often = 5 * USEC_PER_MINUTE, hourly = 30 * USEC_PER_MINUTE;
        usec_t step = day >= DAYS(357)           ? often
                      : day >= DAYS(330) || full ? hourly
                                                 : 12 * USEC_PER_HOUR;
        for (usec_t t = 0; t < DAYS(1); t += step)
            poll_them_all(s, day + t, t % (step > hourly ? DAYS(1) : USEC_PER_HOUR) == 0);
        (void)keep_house(s, at(day + DAYS(1) - 1));
    }
    store_close(s);
    double megabytes = (double)(file_size(*state) - empty) / 1e6 * 1000 / YEAR_POOLS;
    print_message("%lld samples, %.0f MB for 1,000 pools\n",
                  (long long)ask(*state, "SELECT count(*) FROM sample"), megabytes);
    assert_true(observations_between(*state, DAYS(358), DAYS(365)) == YEAR_POOLS * 7 * 288);
    assert_true(observations_between(*state, DAYS(100), DAYS(200)) == YEAR_POOLS * 100 * 2);
    assert_true(megabytes > 50 && megabytes <= 150);
}

static void history_ends_with_what_is_kept_and_so_does_a_pool_that_is_gone(void **state)
{
    struct store_options o = {.directory = *state, .history_keep = DAYS(20)};
    struct store *s = NULL;
    struct store_report report;
    struct failure f = {0};
    ok(store_open(&o, &CODEC, STORE_NORMAL, at(0), &s, &report, &f), &f);
    for (unsigned day = 0; day < 30; day++)
        observation_at(s, DAYS(day), day, 0);
    (void)keep_house(s, at(DAYS(30)));
    assert_int_equal(ask(*state, "SELECT count(*) FROM sample"), 20);
    (void)keep_house(s, at(DAYS(52)));
    assert_int_equal(ask(*state, "SELECT count(*) FROM sample"), 0);
    assert_int_equal(ask(*state, "SELECT count(*) FROM pool"), 0);
    store_close(s);
}

static struct instant ahead(usec_t since_start, usec_t by)
{
    struct instant t = at(since_start);
    t.at += by;
    return t;
}

static void a_wall_clock_that_jumped_deletes_nothing_for_a_day(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    observation_at(s, 0, 1, 0);
    tell(s, EVENT_FIRING, 1, 1, 1, TO_HOOK, at(0));
    assert_true(deliver_one(s, "hook", at(0)));
    (void)keep_house(s, ahead(USEC_PER_HOUR, DAYS(3650)));
    (void)keep_house(s, at(2 * USEC_PER_HOUR));
    (void)keep_house(s, ahead(3 * USEC_PER_HOUR, DAYS(3650)));
    (void)keep_house(s, ahead(26 * USEC_PER_HOUR, DAYS(3650)));
    assert_int_equal(ask(*state, "SELECT count(*) FROM sample"), 1);
    assert_int_equal(ask(*state, "SELECT count(*) FROM event"), 1);
    (void)keep_house(s, ahead(28 * USEC_PER_HOUR, DAYS(3650))); /* it is not going back */
    assert_int_equal(ask(*state, "SELECT count(*) FROM sample"), 0);
    assert_int_equal(ask(*state, "SELECT count(*) FROM event"), 0);
}

static void a_start_with_a_wrong_clock_deletes_nothing(void **state)
{
    struct store *s = open_in(*state);
    observation_at(s, 0, 1, 0);
    store_close(s);
    s = open_at(*state, at(DAYS(3650)));
    (void)keep_house(s, at(DAYS(3650)));
    assert_int_equal(ask(*state, "SELECT count(*) FROM sample"), 1);
    (void)keep_house(s, at(DAYS(3652)));
    assert_int_equal(ask(*state, "SELECT count(*) FROM sample"), 0);
    store_close(s);
}

static void quarantine_has_a_bound(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    (void)ask(*state, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10100)"
                      " INSERT INTO quarantine (at, source, content) SELECT i, 'alert', '' FROM n");
    (void)keep_house(s, at(0));
    assert_int_equal(ask(*state, "SELECT count(*) FROM quarantine"), 10000);
    assert_int_equal(ask(*state, "SELECT min(at) FROM quarantine"), 101);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dir_make, dir_remove)
    const struct CMUnitTest tests[] = {
        TEST(finished_rows_and_their_events_go_after_ninety_days),
        TEST(housekeeping_slice_is_bounded),
        TEST(history_is_thinned_out_but_keeps_the_last_and_the_worst),
        TEST(a_year_of_a_thousand_pools_takes_at_most_150_megabytes),
        TEST(history_ends_with_what_is_kept_and_so_does_a_pool_that_is_gone),
        TEST(a_wall_clock_that_jumped_deletes_nothing_for_a_day),
        TEST(a_start_with_a_wrong_clock_deletes_nothing),
        TEST(quarantine_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
