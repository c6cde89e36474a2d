/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "faults/disk.h"
#include "fixture.h"

#define TO_ALL ((receiver_set)7)

static int install(void **state)
{
    (void)state;
    store_global_init();
    disk_install();
    return 0;
}

static size_t count_alerts(struct store *s)
{
    CLEANUP(registry_free) struct alert_registry *b = NULL;
    struct failure f = {0};
    size_t cursor = 0, n = 0;
    ok(store_load_registry(s, &b, &f), &f);
    while (registry_next(b, &cursor))
        n++;
    return n;
}

/* Everything that one commit of ours leaves behind is there n times, or else it was torn. */
static void expect_whole(struct store *s, const char *dir, size_t n, const char *why)
{
    size_t alerts = count_alerts(s), owed = (size_t)stats_of(s, NULL).queued;
    int64_t events = ask(dir, "SELECT count(*) FROM event"),
            told = ask(dir, "SELECT count(*) FROM told");
    if (alerts != n || owed != 3 * n || events != (int64_t)n || told != (int64_t)(3 * n))
        fail_msg("%s: %zu alerts, %zu rows, %lld events, %lld told; wanted %zu", why, alerts, owed,
                 (long long)events, (long long)told, n);
}

static int try_tell(struct store *s, unsigned n, struct failure *f)
{
    CLEANUP(changes_free) struct changes *c = no_changes();
    add_alert(c, an_alert(n));
    add_event(c, a_notification(EVENT_FIRING, n, 1, 1), TO_ALL);
    return try_commit(s, c, at(n), f);
}

struct fault {
    const char *why;
    unsigned kinds;
    bool for_good, torn;
    int error;
};
static const struct fault FAULTS[] = {
    {"a write fails", DISK_WRITE | DISK_TRUNCATE, false, false, 0},
    {"a write fails half-way", DISK_WRITE, false, true, 0},
    {"the disk is full", DISK_WRITE, false, false, SQLITE_FULL},
    {"the disk is full for a while", DISK_WRITE, true, false, SQLITE_FULL},
    {"a sync fails", DISK_SYNC, false, false, 0},
    {"nothing can be written any more", DISK_WRITE | DISK_TRUNCATE | DISK_SYNC, true, false, 0},
    {"nothing can be synced any more", DISK_SYNC, true, false, 0},
    {"a sync fails, and the file cannot be opened", DISK_SYNC | DISK_OPEN, true, false, 0},
};

/* False: the fault did not come to pass, all calls have had their turn. */
static bool commit_with_fault(const struct fault *fault, int n)
{
    void *dir;
    struct failure f = {0};
    (void)dir_make(&dir);
    struct store *s = open_in(dir);
    ok(try_tell(s, 1, &f), &f);
    if (n % 2) { /* a database that has been checkpointed, and one with a log */
        store_close(s);
        s = open_in(dir);
    }
    disk.torn = fault->torn;
    disk_fail_at(fault->kinds, n, fault->for_good, fault->error);
    int r = try_tell(s, 2, &f);
    bool happened = disk.failed > 0;
    if (r < 0 && !store_trouble(s))
        fail_msg("%s: call %d: no trouble", fault->why, n);
    if (r >= 0 && !happened)
        assert_null(store_trouble(s));
    disk_works();
    expect_whole(s, dir, r < 0 ? 1 : 2, fault->why);
    ok(try_tell(s, 3, &f), &f);
    assert_null(store_trouble(s));
    expect_whole(s, dir, r < 0 ? 2 : 3, fault->why);
    store_close(s);
    s = open_in(dir);
    assert_int_equal(store_quarantined(s), 0);
    expect_whole(s, dir, r < 0 ? 2 : 3, fault->why);
    store_close(s);
    (void)dir_remove(&dir);
    return happened;
}

static void a_commit_is_whole_or_nothing_whatever_call_fails(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(FAULTS); i++) {
        int n = 1;
        while (commit_with_fault(&FAULTS[i], n))
            n++;
        print_message("%s: %d calls\n", FAULTS[i].why, n - 1);
        if (n == 1)
            fail_msg("%s: never happened", FAULTS[i].why);
    }
}

/* The COMMIT reaches the log, its sync fails, and nothing more can be written: only when the disk
 * works again does it turn out that the write is there after all. */
static void failed_write_found_on_disk_is_undone(void **state)
{
    const char *dir = *state;
    struct failure f = {0};
    CLEANUP(store_close) struct store *s = open_in(dir);
    ok(try_tell(s, 1, &f), &f);
    disk_fail_at(DISK_SYNC, 1, true, 0);
    assert_true(try_tell(s, 2, &f) < 0);
    assert_true(disk.failed > 0);
    assert_int_equal(ask(dir, "SELECT count(*) FROM alert"), 2); /* the case that is meant */
    disk_works();
    expect_whole(s, dir, 1, "taken back");
    assert_int_equal(ask(dir, "SELECT count(*) FROM alert"), 1);
    ok(try_tell(s, 2, &f), &f);
    expect_whole(s, dir, 2, "and told once");
}

static void failed_attempt_begin_leaves_entry_queued(void **state)
{
    const char *dir = *state;
    struct failure f = {0};
    CLEANUP(store_close) struct store *s = open_in(dir);
    ok(try_tell(s, 1, &f), &f);
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0 + 1);
    disk_fail_at(DISK_WRITE, 1, true, 0);
    assert_true(store_attempt_begin(s, e->id, "body", 4, at(1), &f) < 0);
    disk_works();
    assert_int_equal(ask(dir, "SELECT count(*) FROM outbox WHERE state = 1"), 0);
    CLEANUP(outbox_entry_free) struct outbox_entry *again = next(s, "hook", T0 + 1);
    assert_non_null(again);
    assert_int_equal(again->id, e->id);
    assert_int_equal(again->attempts, 0);
    assert_null(again->body);
}

static void the_end_of_an_attempt_can_be_written_again_after_a_failure(void **state)
{
    for (int n = 1; n < 4; n++) {
        void *dir;
        struct failure f = {0};
        (void)dir_make(&dir);
        struct store *s = open_in(dir);
        struct attempt_result r = {.state = OUTBOX_DELIVERED};
        ok(try_tell(s, 1, &f), &f);
        CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0 + 1);
        begin(s, e->id, "body", at(1));
        disk_fail_at(DISK_SYNC | DISK_WRITE, n, true, 0);
        assert_true(store_attempt_end(s, e->id, &r, at(2), &f) < 0);
        disk_works();
        ok(store_attempt_end(s, e->id, &r, at(3), &f), &f);
        ok(store_attempt_end(s, e->id, &r, at(3), &f), &f);
        assert_int_equal(stats_of(s, "hook").in_flight, 0);
        assert_null(next(s, "hook", T0 + 3));
        store_close(s);
        (void)dir_remove(&dir);
    }
    (void)state;
}

/* ---- waiting for the disk ---- */

static void one_sync_covers_all_attempts(void **state)
{
    struct failure f = {0};
    CLEANUP(store_close) struct store *s = open_in(*state);
    for (unsigned i = 0; i < 20; i++)
        ok(try_tell(s, i, &f), &f);
    disk_fail_at(DISK_SYNC, 0, false, 0); /* counts */
    while (deliver_one(s, "hook", at(30)))
        ;
    assert_int_equal(disk.count, 0);
    ok(store_sync(s, &f), &f);
    assert_int_equal(disk.count, 1);
    ok(store_sync(s, &f), &f);
    assert_int_equal(disk.count, 1); /* there was nothing to wait for */
    assert_true(deliver_one(s, "chat", at(30)));
    ok(try_tell(s, 20, &f), &f); /* a commit waits for all that came before it */
    assert_int_equal(disk.count, 2);
    ok(store_sync(s, &f), &f);
    assert_int_equal(disk.count, 2);
}

static void failed_sync_is_reported_and_repeated(void **state)
{
    struct failure f = {0};
    CLEANUP(store_close) struct store *s = open_in(*state);
    ok(try_tell(s, 1, &f), &f);
    assert_true(deliver_one(s, "hook", at(2)));
    disk_fail_at(DISK_SYNC, 1, false, 0);
    ok(store_sync(s, &f), &f); /* once: opening again has brought it to the disk */
    assert_int_equal(disk.failed, 1);
    assert_true(deliver_one(s, "chat", at(3)));
    disk_fail_at(DISK_SYNC, 1, true, 0);
    assert_int_equal(store_sync(s, &f), -EIO);
    assert_string_equal(store_trouble(s), f.text);
    disk_works();
    assert_int_equal(stats_of(s, NULL).delivered, 2);
    assert_true(deliver_one(s, "journal", at(4)));
    assert_null(store_trouble(s));
    assert_int_equal(stats_of(s, NULL).delivered, 3);
}

static size_t read_log(const char *dir, char *buf, size_t size)
{
    FILE *wal = fopen(file_in(dir, "seatwatchd.db-wal"), "r");
    size_t len = fread(buf, 1, size, wal);
    assert_true(len < size);
    (void)fclose(wal);
    return len;
}

/* The disk loses what was never synced, says so, and the process lives on. */
static void lost_attempts_are_repeated_with_unknown_outcome(void **state)
{
    static char log[1 << 20];
    const char *dir = *state;
    struct failure f = {0};
    CLEANUP(store_close) struct store *s = open_in(dir);
    ok(try_tell(s, 1, &f), &f);
    size_t len = read_log(dir, log, sizeof log);
    CLEANUP(outbox_entry_free) struct outbox_entry *sent = next(s, "hook", at(2).at);
    begin(s, sent->id, "body", at(2));
    end(s, sent->id, OUTBOX_DELIVERED, 0, at(2));
    disk_fail_at(DISK_SYNC, 1, true, 0);
    FILE *wal = fopen(file_in(dir, "seatwatchd.db-wal"), "w");
    assert_int_equal(fwrite(log, 1, len, wal), len);
    assert_int_equal(fclose(wal), 0);
    assert_true(store_sync(s, &f) < 0);
    disk_works();
    CLEANUP(outbox_entry_free) struct outbox_entry *again = next(s, "hook", at(3).at);
    assert_non_null(again);
    assert_string_equal(again->event_id, sent->event_id);
    assert_true(again->unknown_outcome);
    assert_int_equal(ask(dir, "SELECT tried FROM told WHERE receiver = 'hook'"), 1);
}

/* The same, but the machine stops with it: that an attempt began is not known afterwards. */
static void entry_due_before_this_boot_has_unknown_outcome(void **state)
{
    const char *dir = *state;
    struct failure f = {0};
    struct instant reboot = {T0 + USEC_PER_MINUTE, USEC_PER_SEC, 8}, restart = at(USEC_PER_MINUTE);
    for (unsigned i = 0; i < 2; i++) {
        struct store *s = open_in(dir);
        ok(try_tell(s, i, &f), &f);
        store_close(s);
        s = open_at(dir, i ? reboot : restart);
        ok(store_outbox_recover(s, i ? reboot : restart, &f), &f);
        CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", reboot.at);
        assert_int_equal(e->unknown_outcome, i);
        assert_int_equal(e->attempts, 0);
        assert_int_equal(ask(dir, "SELECT min(tried) FROM told"), i);
        store_close(s);
    }
}

static void trouble_names_the_file_the_cause_and_the_fix(void **state)
{
    struct failure f = {0};
    CLEANUP(store_close) struct store *s = open_in(*state);
    assert_null(store_trouble(s));
    disk_fail_at(DISK_WRITE, 1, true, SQLITE_FULL);
    assert_int_equal(try_tell(s, 1, &f), -ENOSPC);
    disk_works();
    assert_int_equal(f.kind, FAILURE_LOCAL);
    assert_non_null(strstr(f.text, file_in(*state, "seatwatchd.db")));
    assert_non_null(strstr(f.text, "full"));
    assert_non_null(strstr(f.text, "free some space"));
    assert_string_equal(store_trouble(s), f.text);
    (void)count_alerts(s); /* reading proves nothing about writing */
    assert_non_null(store_trouble(s));
    ok(try_tell(s, 1, &f), &f);
    assert_null(store_trouble(s));
}

/* SQLite has our allocator; every allocation of a commit and of a reading fails once. */
static void a_commit_survives_any_allocation_that_fails(void **state)
{
    const char *dir = *state;
    struct failure f = {0};
    CLEANUP(store_close) struct store *s = open_in(dir);
    unsigned told = 0;
    size_t n = 0, asked;
    do {
        CLEANUP(changes_free) struct changes *c = no_changes();
        add_alert(c, an_alert(told + 1));
        add_event(c, a_notification(EVENT_FIRING, told + 1, 1, 1), TO_ALL);
        (void)alloc_fail_at(++n, false);
        int r = try_commit(s, c, at(1), &f);
        asked = alloc_fail_at(0, false);
        if (r < 0 && r != -ENOMEM)
            fail_msg("allocation %zu: %s", n, f.text);
        told += r >= 0;
        if (n % 16 == 0 || r >= 0)
            expect_whole(s, dir, told, "no memory");
    } while (asked >= n);
    print_message("%zu allocations\n", n - 1);
    assert_true(n > 50);
    assert_int_equal(store_quarantined(s), 0);
}

static void reading_survives_any_allocation_that_fails(void **state)
{
    struct failure f = {0};
    CLEANUP(store_close) struct store *s = open_in(*state);
    ok(try_tell(s, 1, &f), &f);
    size_t n = 0, asked;
    do {
        CLEANUP(registry_free) struct alert_registry *b = NULL;
        CLEANUP(outbox_entry_free) struct outbox_entry *e = NULL;
        usec_t next_at;
        (void)alloc_fail_at(++n, false);
        int r = store_load_registry(s, &b, &f);
        if (r >= 0)
            r = store_outbox_next(s, "hook", T0 + 1, &e, &next_at, &f);
        asked = alloc_fail_at(0, false);
        if (r < 0)
            assert_int_equal(r, -ENOMEM);
        else
            assert_true(e && registry_count_tenant(b, TENANT) == 1);
    } while (asked >= n);
    assert_int_equal(store_quarantined(s), 0); /* a row that could not be read is not a bad row */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dir_make, dir_remove)
    const struct CMUnitTest tests[] = {
        TEST(a_commit_is_whole_or_nothing_whatever_call_fails),
        TEST(failed_write_found_on_disk_is_undone),
        TEST(failed_attempt_begin_leaves_entry_queued),
        TEST(the_end_of_an_attempt_can_be_written_again_after_a_failure),
        TEST(one_sync_covers_all_attempts),
        TEST(failed_sync_is_reported_and_repeated),
        TEST(lost_attempts_are_repeated_with_unknown_outcome),
        TEST(entry_due_before_this_boot_has_unknown_outcome),
        TEST(trouble_names_the_file_the_cause_and_the_fix),
        TEST(a_commit_survives_any_allocation_that_fails),
        TEST(reading_survives_any_allocation_that_fails),
    };
    return cmocka_run_group_tests(tests, install, NULL);
}
