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

/* Rows of this pool that begin before that time. */
static int64_t rows_before(const char *dir, const char *table, const char *where, usec_t since_start, int64_t span_s)
{
    CLEANUP(free)
    char *sql = text_printf("SELECT count(*) FROM %s WHERE %s AND %s < %lld", table, where, table,
                            (long long)((int64_t)((T0 + since_start) / USEC_PER_SEC) / span_s));
    return ask(dir, sql);
}

static void raw_samples_last_14_days_hours_90_and_days_as_configured(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    for (usec_t t = 0; t < DAYS(100); t += 6 * USEC_PER_HOUR) {
        observation_at(s, t, (int64_t)(500 + t / USEC_PER_HOUR % 5), 0);
        if (t % DAYS(1) == 0)
            (void)keep_house(s, at(t));
    }
    (void)keep_house(s, at(DAYS(100)));
    assert_int_equal(rows_before(*state, "hour", "detail IS NOT NULL", DAYS(86), 3600), 0);
    assert_int_equal(rows_before(*state, "hour", "detail IS NOT NULL", DAYS(101), 3600), 14 * 4);
    assert_int_equal(rows_before(*state, "hour", "1", DAYS(10), 3600), 0);
    assert_int_equal(rows_before(*state, "hour", "1", DAYS(101), 3600), 90 * 4);
    assert_int_equal(rows_before(*state, "day", "1", DAYS(101), 86400), 100);
}

static void a_shorter_history_keep_bounds_hours_and_samples_too(void **state)
{
    struct store_options o = {.directory = *state, .history_keep = DAYS(5)};
    CLEANUP(store_close) struct store *s = NULL;
    struct store_report report;
    struct failure f = {0};
    ok(store_open(&o, &CODEC, STORE_NORMAL, at(0), &s, &report, &f), &f);
    for (usec_t t = 0; t <= DAYS(20); t += 12 * USEC_PER_HOUR)
        observation_at(s, t, (int64_t)(t / USEC_PER_HOUR), 0);
    (void)keep_house(s, at(DAYS(20)));
    assert_int_equal(rows_before(*state, "hour", "1", DAYS(15), 3600), 0);
    assert_int_equal(rows_before(*state, "day", "1", DAYS(15), 86400), 0);
    assert_int_equal(ask(*state, "SELECT count(*) FROM hour"), 11);
}

static void history_goes_in_bounded_slices(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    struct failure f = {0};
    for (usec_t t = 0; t < DAYS(60); t += USEC_PER_HOUR)
        observation_at(s, t, (int64_t)(t / USEC_PER_HOUR), 0);
    int64_t before = ask(*state, "SELECT count(*) FROM hour");
    assert_int_equal(store_housekeeping(s, at(DAYS(160)), &f), 1);
    assert_int_equal(ask(*state, "SELECT count(*) FROM hour WHERE detail IS NULL"), 500);
    assert_int_equal(ask(*state, "SELECT count(*) FROM hour"), before);
    assert_true(keep_house(s, at(DAYS(160))) >= 5);
    assert_int_equal(ask(*state, "SELECT count(*) FROM hour"), 0);
    assert_int_equal(ask(*state, "SELECT count(*) FROM day"), 61);
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

/* As much as there can be: every poll of every hour that still has samples finds a change. Older hours are
 * polled once; HISTORY_FULL=1 polls all as often, which empties pages like a real year does. */
static void a_year_of_a_thousand_pools_takes_at_most_150_megabytes(void **state)
{
    struct store *s = open_in(*state);
    store_close(s);
    int64_t empty = file_size(*state);
    bool full = getenv("HISTORY_FULL") != NULL;
    s = open_in(*state);
    for (usec_t day = 0; day < DAYS(365); day += DAYS(1)) {
        usec_t step = day >= DAYS(350) || full ? 5 * USEC_PER_MINUTE
                      : day >= DAYS(274)       ? USEC_PER_HOUR
                                               : 12 * USEC_PER_HOUR;
        for (usec_t t = 0; t < DAYS(1); t += step)
            poll_them_all(s, day + t, t % DAYS(1) == 0);
        (void)keep_house(s, at(day + DAYS(1) - 1));
    }
    store_close(s);
    double megabytes = (double)(file_size(*state) - empty) / 1e6 * 1000 / YEAR_POOLS;
    print_message("%lld hours, %lld with samples, %lld days, %.0f MB for 1,000 pools\n",
                  (long long)ask(*state, "SELECT count(*) FROM hour"),
                  (long long)ask(*state, "SELECT count(*) FROM hour WHERE detail IS NOT NULL"),
                  (long long)ask(*state, "SELECT count(*) FROM day"), megabytes);
    assert_true(ask(*state, "SELECT sum(length(detail) >= 12 * 8) FROM hour") >= YEAR_POOLS * 14 * 24 - 1);
    assert_true(ask(*state, "SELECT count(*) FROM hour") >= YEAR_POOLS * 90 * 24);
    assert_true(ask(*state, "SELECT count(*) FROM day") >= YEAR_POOLS * 365);
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
    assert_int_equal(ask(*state, "SELECT count(*) FROM day"), 20);
    (void)keep_house(s, at(DAYS(52)));
    assert_int_equal(ask(*state, "SELECT count(*) FROM day"), 0);
    assert_int_equal(ask(*state, "SELECT count(*) FROM hour"), 0);
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
    assert_int_equal(ask(*state, "SELECT count(*) FROM day"), 1);
    assert_int_equal(ask(*state, "SELECT count(*) FROM event"), 1);
    (void)keep_house(s, ahead(28 * USEC_PER_HOUR, DAYS(3650))); /* it is not going back */
    assert_int_equal(ask(*state, "SELECT count(*) FROM day"), 0);
    assert_int_equal(ask(*state, "SELECT count(*) FROM event"), 0);
}

static void a_start_with_a_wrong_clock_deletes_nothing(void **state)
{
    struct store *s = open_in(*state);
    observation_at(s, 0, 1, 0);
    store_close(s);
    s = open_at(*state, at(DAYS(3650)));
    (void)keep_house(s, at(DAYS(3650)));
    assert_int_equal(ask(*state, "SELECT count(*) FROM day"), 1);
    (void)keep_house(s, at(DAYS(3652)));
    assert_int_equal(ask(*state, "SELECT count(*) FROM day"), 0);
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
        TEST(raw_samples_last_14_days_hours_90_and_days_as_configured),
        TEST(a_shorter_history_keep_bounds_hours_and_samples_too),
        TEST(history_goes_in_bounded_slices),
        TEST(a_year_of_a_thousand_pools_takes_at_most_150_megabytes),
        TEST(history_ends_with_what_is_kept_and_so_does_a_pool_that_is_gone),
        TEST(a_wall_clock_that_jumped_deletes_nothing_for_a_day),
        TEST(a_start_with_a_wrong_clock_deletes_nothing),
        TEST(quarantine_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
