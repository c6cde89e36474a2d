/* SPDX-License-Identifier: MIT */
/* tests/unit/base/test_log.c: where a line goes, and what becomes of lines that cannot go. */
#include "base/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The log is compiled into this test to let it talk to a journald of ours. */
static char dir[] = "/tmp/seatwatch-log-XXXXXX", socket_path[64];
#undef JOURNAL_SOCKET
#define JOURNAL_SOCKET socket_path
#include "base/log.c"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

/* stderr is a pipe while a test logs; what it held comes back as text. */
static int pipe_read = -1, real_stderr = -1;

static void catch_stderr(void)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    real_stderr = dup(STDERR_FILENO);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    (void)close(ends[1]);
    pipe_read = ends[0];
}

static void release_stderr(char *got, size_t size)
{
    (void)dup2(real_stderr, STDERR_FILENO);
    (void)close(real_stderr);
    ssize_t n = read(pipe_read, got, size - 1);
    got[n > 0 ? n : 0] = '\0';
    (void)close(pipe_read);
}

static int a_journald(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)unlink(socket_path);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* As systemd starts a service: JOURNAL_STREAM names what stderr is. */
static void open_under_systemd(void)
{
    struct stat st;
    char stream[64];
    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    (void)snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
    log_open();
}

static int begin(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    (void)snprintf(socket_path, sizeof socket_path, "%s/socket", dir);
    return 0;
}

static int end(void **state)
{
    (void)state;
    (void)unlink(socket_path);
    return rmdir(dir);
}

static int reset(void **state)
{
    (void)state;
    log_close();
    logger.lost = logger.unreported = 0;
    logger.level = LOG_INFO;
    (void)unsetenv("JOURNAL_STREAM");
    (void)unlink(socket_path);
    return 0;
}

static void level_names_are_read(void **state)
{
    (void)state;
    assert_int_equal(log_level_parse("error"), LOG_ERR);
    assert_int_equal(log_level_parse("warning"), LOG_WARNING);
    assert_int_equal(log_level_parse("notice"), LOG_NOTICE);
    assert_int_equal(log_level_parse("info"), LOG_INFO);
    assert_int_equal(log_level_parse("debug"), LOG_DEBUG);
    assert_int_equal(log_level_parse("Info"), -EINVAL);
    assert_int_equal(log_level_parse(""), -EINVAL);
    assert_int_equal(log_level_parse(NULL), -EINVAL);
}

static void plain_lines_go_to_stderr_cleaned_and_by_level(void **state)
{
    (void)state;
    char got[4096];
    struct failure f;
    (void)failure_set(&f, FAILURE_TRANSIENT, EIO, "no route");
    catch_stderr();
    log_open();
    log_say(LOG_INFO, "started %d", 1);
    log_say(LOG_DEBUG, "not said");
    log_say(LOG_WARNING, "tenant %s", "a\nerror: forged");
    log_event(LOG_ERR, "6dc36667e18c421a8af41f7a12e900ae", "contoso", "gone");
    log_failure(LOG_NOTICE, &f, "poll", "retrying in 30 s");
    log_failure(LOG_NOTICE, &f, "poll", NULL);
    log_level(LOG_ERR);
    log_say(LOG_WARNING, "not said either");
    release_stderr(got, sizeof got);
    assert_string_equal(got, "info: started 1\nwarning: tenant a\\u{a}error: forged\nerror: gone\n"
                             "notice: poll: no route; retrying in 30 s\nnotice: poll: no route\n");
}

static void a_foreign_journal_stream_does_not_count(void **state)
{
    (void)state;
    char got[256];
    catch_stderr();
    assert_int_equal(setenv("JOURNAL_STREAM", "1:1", 1), 0);
    CLEANUP(close) int listener = a_journald();
    log_open();
    log_say(LOG_INFO, "here");
    release_stderr(got, sizeof got);
    assert_string_equal(got, "info: here\n");
    assert_true(recv(listener, got, sizeof got, 0) < 0);
}

static void under_systemd_a_line_is_an_entry_with_fields(void **state)
{
    (void)state;
    char got[1024], err[256];
    catch_stderr();
    CLEANUP(close) int listener = a_journald();
    open_under_systemd();
    log_event(LOG_WARNING, "86cb8ea8966f459bb35ea1791a8b53b3", "a\nb", "poll %s", "failed");
    log_say(LOG_INFO, "plain");
    release_stderr(err, sizeof err);
    ssize_t n = recv(listener, got, sizeof got - 1, 0);
    assert_true(n > 0);
    got[n] = '\0';
    assert_string_equal(got, "MESSAGE=poll failed\nPRIORITY=4\nSYSLOG_FACILITY=3\n"
                             "SYSLOG_IDENTIFIER=seatwatchd\n"
                             "MESSAGE_ID=86cb8ea8966f459bb35ea1791a8b53b3\n"
                             "SEATWATCH_TENANT=a\\u{a}b\n");
    n = recv(listener, got, sizeof got - 1, 0);
    assert_true(n > 0);
    got[n] = '\0';
    assert_string_equal(got, "MESSAGE=plain\nPRIORITY=6\nSYSLOG_FACILITY=3\n"
                             "SYSLOG_IDENTIFIER=seatwatchd\n");
    assert_string_equal(err, "");
    assert_int_equal(log_lost(), 0);
}

static void lines_lost_while_journald_is_frozen_are_counted_and_told_first(void **state)
{
    (void)state;
    char got[1024], err[256], want[128];
    int n_said = 0;
    catch_stderr();
    CLEANUP(close) int listener = a_journald();
    open_under_systemd();
    while (log_lost() < 3 && n_said < 100000) {
        log_say(LOG_INFO, "line %d", n_said);
        n_said++;
    }
    assert_int_equal(log_lost(), 3);
    int n_taken = 0;
    while (recv(listener, got, sizeof got, 0) > 0)
        n_taken++;
    assert_int_equal(n_taken, n_said - 3);
    log_say(LOG_INFO, "back");
    log_say(LOG_INFO, "and on");
    release_stderr(err, sizeof err);
    static const char *const WANT[] = {"3 log lines lost", "back", "and on"};
    for (size_t i = 0; i < N_ELEMENTS(WANT); i++) {
        ssize_t n = recv(listener, got, sizeof got - 1, 0);
        assert_true(n > 0);
        got[n] = '\0';
        (void)snprintf(want, sizeof want, "MESSAGE=%s", WANT[i]);
        assert_memory_equal(got, want, strlen(want));
    }
    assert_int_equal(log_lost(), 3);
    assert_string_equal(err, "");
}

static void without_journald_lines_go_to_stderr_with_their_priority(void **state)
{
    (void)state;
    char got[256];
    catch_stderr();
    open_under_systemd();
    log_say(LOG_NOTICE, "nobody listens");
    release_stderr(got, sizeof got);
    assert_string_equal(got, "<5>nobody listens\n");
    assert_int_equal(log_lost(), 0);
}

static void a_reader_that_went_away_does_not_kill_us(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    (void)close(ends[0]);
    int real = dup(STDERR_FILENO);
    (void)dup2(ends[1], STDERR_FILENO);
    (void)close(ends[1]);
    open_under_systemd();
    log_say(LOG_ERR, "SIGPIPE would end this test");
    (void)dup2(real, STDERR_FILENO);
    (void)close(real);
    assert_int_equal(log_lost(), 1);
}

/* As somebody who was started with `2>&1 | less` has it. */
static void lines_lost_on_a_full_pipe_are_counted_and_told_first(void **state)
{
    (void)state;
    char zeros[4096] = {0}, got[256];
    ssize_t n = 0;
    catch_stderr();
    log_open();
    /* The pipe's own flag is the test's; the daemon must not depend on it. */
    while (write(STDERR_FILENO, zeros, sizeof zeros) > 0)
        ;
    assert_int_equal(fcntl(STDERR_FILENO, F_SETFL, 0), 0);
    for (int i = 0; i < 3; i++)
        log_say(LOG_INFO, "line %d", i);
    unsigned long lost = log_lost();
    do
        n = read(pipe_read, zeros, sizeof zeros);
    while (n > 0);
    log_say(LOG_INFO, "back");
    release_stderr(got, sizeof got);
    assert_int_equal(lost, 3);
    assert_string_equal(
        got, "warning: 3 log lines lost: standard error did not accept them\n"
             "info: back\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(level_names_are_read),
        cmocka_unit_test_teardown(plain_lines_go_to_stderr_cleaned_and_by_level, reset),
        cmocka_unit_test_teardown(a_foreign_journal_stream_does_not_count, reset),
        cmocka_unit_test_teardown(under_systemd_a_line_is_an_entry_with_fields, reset),
        cmocka_unit_test_teardown(lines_lost_while_journald_is_frozen_are_counted_and_told_first,
                                  reset),
        cmocka_unit_test_teardown(without_journald_lines_go_to_stderr_with_their_priority, reset),
        cmocka_unit_test_teardown(lines_lost_on_a_full_pipe_are_counted_and_told_first, reset),
        cmocka_unit_test_teardown(a_reader_that_went_away_does_not_kill_us, reset),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
