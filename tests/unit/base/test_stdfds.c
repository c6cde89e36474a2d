/* SPDX-License-Identifier: MIT */
/* tests/unit/base/test_stdfds.c: closed standard descriptors, and writes that never wait. */
#include "base/stdfds.h"

#include "base/cleanup.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int saved = -1;

static void replace_stderr(int fd)
{
    saved = dup(STDERR_FILENO);
    assert_true(saved >= 0);
    assert_true(dup2(fd, STDERR_FILENO) >= 0);
}

static void restore_stderr(void)
{
    (void)dup2(saved, STDERR_FILENO);
    (void)close(TAKE_FD(saved));
    stdfds_stderr_close();
}

/* Without touching the flags of the end that the code under test gets. */
static void fill(int write_end)
{
    char path[64], zeros[4096] = {0};
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", write_end);
    CLEANUP(close) int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    while (write(fd, zeros, sizeof zeros) > 0)
        ;
}

/* In a child: which of 0 to 2 are closed, and whether they are all open on /dev/null afterwards. */
static int fill_in_child(unsigned closed)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct stat null, st;
        for (int fd = 0; fd <= 2; fd++)
            if (closed & 1u << fd)
                (void)close(fd);
        int r = stdfds_ensure_open();
        bool good = r == 0 && stat("/dev/null", &null) == 0;
        for (int fd = 0; fd <= 2; fd++)
            good =
                good && fstat(fd, &st) == 0 && (!(closed & 1u << fd) || st.st_rdev == null.st_rdev);
        int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
        _exit(good && next > 2 ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void closed_descriptors_are_opened_on_dev_null(void **state)
{
    (void)state;
    for (unsigned closed = 0; closed < 8; closed++)
        if (fill_in_child(closed) != 0)
            fail_msg("closed: %u", closed);
}

static void a_full_pipe_takes_nothing_and_blocks_nobody(void **state)
{
    (void)state;
    int ends[2];
    char got[64];
    for (int reopened = 0; reopened < 2; reopened++) {
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        replace_stderr(ends[1]);
        if (reopened)
            stdfds_stderr_open();
        bool before = stdfds_write("first\n", 6);
        ssize_t n = read(ends[0], got, sizeof got);
        fill(ends[1]);
        bool full = stdfds_write("second\n", 7);
        int flags = fcntl(STDERR_FILENO, F_GETFL);
        restore_stderr();
        assert_true(before);
        assert_int_equal(n, 6);
        assert_false(full);
        assert_false(flags & O_NONBLOCK); /* whoever shares the descriptor keeps its mode */
        assert_int_equal(close(ends[0]) | close(ends[1]), 0);
    }
}

static void a_pipe_without_a_reader_is_a_loss_and_no_signal(void **state)
{
    (void)state;
    int ends[2];
    for (int reopened = 0; reopened < 2; reopened++) {
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        replace_stderr(ends[1]);
        if (reopened)
            stdfds_stderr_open();
        assert_int_equal(close(ends[0]), 0);
        bool written = stdfds_write("x", 1);
        restore_stderr();
        assert_false(written);
        assert_int_equal(close(ends[1]), 0);
    }
}

static void a_socket_is_written_without_waiting(void **state)
{
    (void)state;
    int ends[2];
    char line[STDFDS_WRITE_MAX] = {0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    replace_stderr(ends[1]);
    stdfds_stderr_open();
    unsigned taken = 0;
    while (taken < 100000 && stdfds_write(line, sizeof line))
        taken++;
    restore_stderr();
    assert_in_range(taken, 1, 99999);
    assert_int_equal(close(ends[0]) | close(ends[1]), 0);
}

static void a_file_is_written_where_it_was(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    char got[32] = "";
    assert_non_null(file);
    assert_int_equal(write(fileno(file), "before ", 7), 7);
    replace_stderr(fileno(file));
    stdfds_stderr_open();
    bool written = stdfds_write("after", 5);
    restore_stderr();
    assert_true(written);
    assert_int_equal(pread(fileno(file), got, sizeof got - 1, 0), 12);
    assert_string_equal(got, "before after");
    (void)fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_descriptors_are_opened_on_dev_null),
        cmocka_unit_test(a_full_pipe_takes_nothing_and_blocks_nobody),
        cmocka_unit_test(a_pipe_without_a_reader_is_a_loss_and_no_signal),
        cmocka_unit_test(a_socket_is_written_without_waiting),
        cmocka_unit_test(a_file_is_written_where_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
