/* SPDX-License-Identifier: MIT */
/* Every call of the disk fails in turn while an attempt begins or ends and while house is kept:
 * what was done before stays, and what failed can be done again. (Opening and migrating:
 * test_open.c; commits: test_write.c; no power: test_power.c.) */
#include "faults/disk.h"
#include "fixture.h"

#include <sys/types.h>
#include <unistd.h>

#define LATER (91 * USEC_PER_DAY)
#define TO_HOOK (1U << HOOK)

static int install(void **state)
{
    (void)state;
    store_global_init();
    disk_install();
    return 0;
}

/* ---- what is done ---- */

static int first_id(struct store *s, int64_t *ret, struct failure *f)
{
    CLEANUP(outbox_entry_free) struct outbox_entry *e = NULL;
    usec_t next_at;
    int r = store_outbox_next(s, "hook", T0 + LATER, &e, &next_at, f);
    if (r >= 0)
        *ret = e->id;
    return r;
}

static int64_t waiting; /* the entry that the acts are about */

static int begin_it(struct store *s, struct failure *f)
{
    return store_attempt_begin(s, waiting, "body", 4, at(LATER), f);
}

static int sync_it(struct store *s, struct failure *f)
{
    return store_sync(s, f);
}

static int end_as(struct store *s, enum outbox_state how, struct failure *f)
{
    const struct attempt_result result = {.state = how, .due_at = T0 + LATER + USEC_PER_HOUR, .status = 503, .text = "later"};
    return store_attempt_end(s, waiting, &result, at(LATER), f);
}

static int deliver_it(struct store *s, struct failure *f)
{
    return end_as(s, OUTBOX_DELIVERED, f);
}

static int park_it(struct store *s, struct failure *f)
{
    return end_as(s, OUTBOX_PARKED, f);
}

static int recover(struct store *s, struct failure *f)
{
    return store_outbox_recover(s, at(LATER), f);
}

static int keep_house(struct store *s, struct failure *f)
{
    int r;
    do
        r = store_housekeeping(s, at(LATER), f);
    while (r > 0);
    return r;
}

static const struct {
    const char *why;
    bool begun; /* the attempt, before */
    int (*act)(struct store *s, struct failure *f);
} ACTS[] = {
    {"begin", false, begin_it}, {"sync", true, sync_it},    {"deliver", true, deliver_it},
    {"park", true, park_it},    {"recover", true, recover}, {"keep house", false, keep_house},
};

static const struct fault {
    const char *why;
    unsigned kinds;
    bool for_good, torn;
    int error;
} FAULTS[] = {
    {"a write fails", DISK_WRITE | DISK_TRUNCATE, false, false, 0},
    {"a write fails half-way", DISK_WRITE, false, true, 0},
    {"the disk is full half-way", DISK_WRITE, false, true, SQLITE_FULL},
    {"the disk is full", DISK_WRITE, true, false, SQLITE_FULL},
    {"a sync fails", DISK_SYNC, false, false, 0},
    {"nothing can be written any more", DISK_WRITE | DISK_TRUNCATE | DISK_SYNC, true, false, 0},
    {"a read fails", DISK_READ, false, false, 0},
    {"nothing can be read any more", DISK_READ, true, false, 0},
    {"nothing can be opened or removed any more", DISK_OPEN | DISK_DELETE | DISK_SYNC, true, false,
     0},
};

/* ---- and what is there then ---- */

/* All that the acts could leave by half, in one number that can be compared and read. */
static int64_t shape(const char *dir)
{
    return ask(dir, "SELECT (SELECT count(*) FROM event) * 100000000"
                    " + (SELECT total(tried) FROM told) * 10000000"
                    " + (SELECT total(delivered) FROM tally) * 1000000"
                    " + (SELECT count(*) * 10 + count(ended_at) FROM attempt) * 10000"
                    " + total(state = 0) * 1000 + total(state = 1) * 100 + total(state = 2) * 10"
                    " + total(state = 3) FROM outbox");
}

/* One message that was delivered long ago, one that waits. */
static struct store *prepare(const char *dir, bool begun)
{
    struct failure f = {0};
    struct store *s = open_in(dir);
    tell(s, EVENT_FIRING, 1, 1, 1, TO_HOOK, at(0));
    assert_true(deliver_one(s, "hook", at(0)));
    tell(s, EVENT_FIRING, 2, 1, 1, TO_HOOK, at(1));
    store_close(s);
    s = open_at(dir, at(1));
    ok(first_id(s, &waiting, &f), &f);
    if (begun)
        begin(s, waiting, "body", at(LATER));
    return s;
}

/* The n-th call fails; 0: none does. False: there were not so many. */
static bool act_with_fault(size_t act, const struct fault *fault, int n, int64_t *shape_after)
{
    void *dir;
    struct failure f = {0};
    (void)dir_make(&dir);
    struct store *s = prepare(dir, ACTS[act].begun);
    disk.torn = fault->torn;
    disk_fail_at(fault->kinds, n, fault->for_good, fault->error);
    int r = ACTS[act].act(s, &f);
    bool happened = disk.failed > 0;
    disk_works();
    if (r < 0 && !happened)
        fail_msg("%s: %s", ACTS[act].why, f.text);
    if (r < 0)
        ok(ACTS[act].act(s, &f), &f);
    store_close(s);
    s = open_at(dir, at(LATER));
    assert_int_equal(store_quarantined(s), 0);
    int64_t after = shape(dir);
    if (n == 0)
        *shape_after = after;
    if (after != *shape_after)
        fail_msg("%s, %s, call %d: %lld and not %lld", ACTS[act].why, fault->why, n,
                 (long long)after, (long long)*shape_after);
    store_close(s);
    (void)dir_remove(&dir);
    return happened;
}

static void failed_operation_can_be_repeated_without_side_effects(void **state)
{
    int total = 0;
    (void)state;
    for (size_t act = 0; act < N_ELEMENTS(ACTS); act++) {
        int64_t shape_after;
        (void)act_with_fault(act, &FAULTS[0], 0, &shape_after);
        for (size_t i = 0; i < N_ELEMENTS(FAULTS); i++)
            for (int n = 1; act_with_fault(act, &FAULTS[i], n, &shape_after); n++)
                total++;
    }
    print_message("%d calls failed\n", total);
    assert_true(total > 100);
}

/* ---- calls that do less than they were asked for ---- */

static int n_short;

static ssize_t short_read(int fd, void *p, size_t n, off_t where)
{
    n_short += n > 1;
    return pread(fd, p, (n + 1) / 2, where);
}

static ssize_t short_write(int fd, const void *p, size_t n, off_t where)
{
    n_short += n > 1;
    return pwrite(fd, p, (n + 1) / 2, where);
}

static void shorten(bool shortened)
{
    static const struct {
        const char *name;
        sqlite3_syscall_ptr ours;
    } CALLS[] = {
        {"pread", (sqlite3_syscall_ptr)short_read},
        {"pread64", (sqlite3_syscall_ptr)short_read},
        {"pwrite", (sqlite3_syscall_ptr)short_write},
        {"pwrite64", (sqlite3_syscall_ptr)short_write},
    };
    for (size_t i = 0; i < N_ELEMENTS(CALLS); i++)
        if (disk_below->xGetSystemCall(disk_below, CALLS[i].name)) /* how SQLite was built */
            assert_int_equal(disk_below->xSetSystemCall(disk_below, CALLS[i].name,
                                                        shortened ? CALLS[i].ours : NULL),
                             SQLITE_OK);
}

static void short_reads_and_writes_are_completed(void **state)
{
    struct failure f = {0};
    shorten(true);
    struct store *s = prepare(*state, true);
    ok(deliver_it(s, &f), &f);
    ok(keep_house(s, &f), &f);
    store_close(s);
    s = open_at(*state, at(LATER));
    shorten(false);
    assert_int_equal(store_quarantined(s), 0);
    store_close(s);
    assert_int_equal(ask(*state, "SELECT count(*) FROM outbox WHERE state = 2"), 1);
    assert_int_equal(ask(*state, "SELECT count(*) FROM alert"), 2);
    print_message("%d calls did half\n", n_short);
    assert_true(n_short > 200);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dir_make, dir_remove)
    const struct CMUnitTest tests[] = {
        TEST(failed_operation_can_be_repeated_without_side_effects),
        TEST(short_reads_and_writes_are_completed),
    };
    return cmocka_run_group_tests(tests, install, NULL);
}
