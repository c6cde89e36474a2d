/* SPDX-License-Identifier: MIT */
/* The copy that a rebuild makes of the damaged file: writes that are short, interrupted or refused. */
#include "fixture.h"

#include <unistd.h>

static enum mode { ALL, SHORT, INTERRUPTED, NOTHING, FULL } mode;
static unsigned calls;

ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len) 
{
    calls++;
    errno = mode == INTERRUPTED ? EINTR : mode == FULL ? ENOSPC : EACCES; /* of an older failure, after a success */
    if (mode == NOTHING)
        return 0;
    if (mode == FULL || (mode == INTERRUPTED && calls % 2 == 1))
        return -1;
    return __real_write(fd, bytes, mode == SHORT ? len / 2 + 1 : len);
}

/* A database whose header is damaged. */
static void make_damaged(const char *dir)
{
    struct store *s = open_in(dir);
    tell(s, EVENT_FIRING, 1, 1, 1, 1U << HOOK, at(0));
    store_close(s);
    (void)ask(dir, "PRAGMA wal_checkpoint(TRUNCATE)");
    CLEANUP(close) int fd = open(file_in(dir, "seatwatchd.db"), O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "damaged", 7, 0), 7);
}

static void copy_continues_after_a_short_or_interrupted_write(void **state)
{
    static const enum mode MODES[] = {SHORT, INTERRUPTED};
    for (size_t i = 0; i < N_ELEMENTS(MODES); i++) {
        void *dir;
        struct store_report report;
        struct failure f = {0};
        struct store *s = NULL;
        (void)state;
        (void)dir_make(&dir);
        make_damaged(dir);
        mode = MODES[i];
        calls = 0;
        ok(try_open(dir, at(0), &s, &report, &f), &f);
        mode = ALL;
        assert_true(calls > 1 && report.rebuilt);
        assert_true(deliver_one(s, "hook", at(0)));
        store_close(s);
        (void)dir_remove(&dir);
    }
}

static void full_disk_is_named_with_what_to_do(void **state)
{
    static const enum mode MODES[] = {NOTHING, FULL};
    make_damaged(*state);
    for (size_t i = 0; i < N_ELEMENTS(MODES); i++) {
        struct store_report report;
        struct failure f = {0};
        struct store *s = NULL;
        mode = MODES[i];
        int r = try_open(*state, at(0), &s, &report, &f);
        mode = ALL;
        assert_int_equal(r, -ENOSPC);
        assert_non_null(strstr(f.text, "free some space"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copy_continues_after_a_short_or_interrupted_write),
        cmocka_unit_test_setup_teardown(full_disk_is_named_with_what_to_do, dir_make, dir_remove),
    };
    store_global_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
