/* SPDX-License-Identifier: MIT */
/* tests/unit/base/test_secret.c: pages of their own, and files that are refused. */
#include "base/secret.h"

#include "base/cleanup.h"
#include "base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#ifdef __has_feature
#define CLANG_ASAN __has_feature(address_sanitizer)
#else
#define CLANG_ASAN 0
#endif

static char dir[] = "/tmp/seatwatch-secret-XXXXXX", path[64];

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    return rmdir(dir);
}

static int fresh_path(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "%s/file", dir);
    return 0;
}

static int remove_path(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

static void write_file(const char *bytes, size_t len, mode_t mode)
{
    (void)unlink(path);
    CLEANUP(close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    assert_int_equal(fchmod(fd, mode), 0);
}

static void expect_refusal(const char *why, const char *words)
{
    struct failure f = {0};
    struct secret *s = NULL;
    int r = secret_read(path, NULL, &s, &f);
    if (r >= 0 || s)
        fail_msg("%s is taken", why);
    if (f.kind != FAILURE_CONFIG || !strstr(f.text, path) || !strstr(f.text, words))
        fail_msg("%s: %s", why, f.text);
}

static void a_secret_keeps_its_bytes_and_its_audience(void **state)
{
    (void)state;
    char name[] = "https://login.example:443";
    struct secret *s, *signing;
    assert_int_equal(secret_new("s3cr\0et", 7, name, &s, NULL), 0);
    memset(name, 'x', sizeof name - 1);
    assert_int_equal(secret_len(s), 7);
    assert_memory_equal(secret_bytes(s), "s3cr\0et", 8);
    assert_string_equal(secret_audience(s), "https://login.example:443");
    assert_int_equal(secret_new("", 0, NULL, &signing, NULL), 0);
    assert_null(secret_audience(signing));
    assert_string_equal(secret_bytes(signing), "");
    secret_free(s);
    secret_free(signing);
    secret_free(NULL);
}

/* The flags of the mapping that holds `p`, from the kernel's own list. */
static void flags_of(const void *p, char *flags, size_t size)
{
    CLEANUP(fclose) FILE *maps = fopen("/proc/self/smaps", "re");
    char line[512];
    bool inside = false;
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps)) {
        char *end;
        unsigned long first = strtoul(line, &end, 16), last = 0;
        if (*end == '-')
            last = strtoul(end + 1, &end, 16);
        if (last)
            inside = (unsigned long)p >= first && (unsigned long)p < last;
        if (inside && strncmp(line, "VmFlags:", 8) == 0) {
            (void)snprintf(flags, size, "%s", line + 8);
            return;
        }
    }
    fail_msg("no mapping");
}

static void a_secret_lies_in_pages_that_are_locked_and_not_dumped(void **state)
{
    (void)state;
    struct secret *s, *other;
    char flags[512];
    assert_int_equal(secret_new("x", 1, NULL, &s, NULL), 0);
    assert_int_equal(secret_new("y", 1, NULL, &other, NULL), 0);
    flags_of(s, flags, sizeof flags);
    assert_non_null(strstr(flags, " dd"));
#if !defined(__SANITIZE_ADDRESS__) && !CLANG_ASAN /* whose mlock() does nothing */
    assert_non_null(strstr(flags, " lo"));
#endif
    assert_true(((uintptr_t)s ^ (uintptr_t)other) >= (uintptr_t)sysconf(_SC_PAGESIZE));
    secret_free(s);
    secret_free(other);
}

/* Whether a child that reads `at` dies of it. */
static bool reading_kills(const char *at)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)signal(SIGSEGV, SIG_DFL); /* cmocka would go on with the next test */
        (void)*(const volatile char *)at;
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

static void an_overrun_into_or_out_of_a_secret_faults(void **state)
{
    (void)state;
    struct secret *s;
    assert_int_equal(secret_new("x", 1, NULL, &s, NULL), 0);
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = (uintptr_t)s & ~(page - 1);
    assert_false(reading_kills((const char *)first));
    assert_true(reading_kills((const char *)first - 1));
    assert_true(reading_kills((const char *)first + page));
    secret_free(s);
}

static void a_file_is_read_without_its_last_newline(void **state)
{
    static const struct {
        const char *raw, *want;
        mode_t mode;
    } CASES[] = {
        {"s3cret", "s3cret", 0600},       {"s3cret\n", "s3cret", 0400},
        {"s3cret\n\n", "s3cret\n", 0600}, {"s3cret\r\n", "s3cret", 0600},
        {" s3cret ", " s3cret ", 0600},   {"s", "s", 0600},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct secret *s;
        struct failure f = {0};
        write_file(CASES[i].raw, strlen(CASES[i].raw), CASES[i].mode);
        if (secret_read(path, "https://graph.example", &s, &f) != 0)
            fail_msg("%s", f.text);
        assert_string_equal(secret_bytes(s), CASES[i].want);
        assert_int_equal(secret_len(s), strlen(CASES[i].want));
        assert_string_equal(secret_audience(s), "https://graph.example");
        secret_free(s);
    }
}

static void the_longest_file_is_taken_and_one_byte_more_is_not(void **state)
{
    (void)state;
    char big[SECRET_FILE_MAX + 1];
    struct secret *s;
    memset(big, 'k', sizeof big);
    write_file(big, SECRET_FILE_MAX, 0600);
    assert_int_equal(secret_read(path, NULL, &s, NULL), 0);
    assert_int_equal(secret_len(s), SECRET_FILE_MAX);
    secret_free(s);
    write_file(big, sizeof big, 0600);
    expect_refusal("a long file", "longer than 8192 bytes");
}

static void a_mode_that_lets_others_in_is_refused(void **state)
{
    static const mode_t BAD[] = {0644, 0604, 0660, 0620, 0610, 0700, 0666, 04600, 01600};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(BAD); i++) {
        write_file("s3cret", 6, BAD[i]);
        expect_refusal("a bad mode", "chmod 0600");
    }
}

static void the_group_may_read_what_root_owns(void **state)
{
    (void)state;
    struct secret *s;
    write_file("s3cret", 6, 0640);
    if (geteuid() == 0) {
        assert_int_equal(secret_read(path, NULL, &s, NULL), 0);
        secret_free(s);
        write_file("s3cret", 6, 0440);
        assert_int_equal(secret_read(path, NULL, &s, NULL), 0);
        secret_free(s);
        write_file("s3cret", 6, 0640);
        assert_int_equal(chown(path, 12345, 0), 0);
    }
    expect_refusal("somebody's 0640", "chmod 0600");
}

static void what_is_no_plain_file_is_refused_without_waiting(void **state)
{
    (void)state;
    char target[80];
    write_file("s3cret", 6, 0600);
    (void)snprintf(target, sizeof target, "%s.real", path);
    assert_int_equal(rename(path, target), 0);
    expect_refusal("a missing file", "No such file");
    assert_int_equal(symlink(target, path), 0);
    expect_refusal("a symlink", "symbolic link");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(target), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_refusal("a FIFO", "plain file");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    expect_refusal("a directory", "plain file");
    assert_int_equal(rmdir(path), 0);
}

static void a_public_file_may_be_open_and_linked_but_nothing_else(void **state)
{
    (void)state;
    char target[80];
    struct failure why;
    struct secret *s = NULL;
    write_file("s3cret", 6, 0644);
    (void)snprintf(target, sizeof target, "%s.real", path);
    assert_int_equal(rename(path, target), 0);
    assert_int_equal(symlink(target, path), 0);
    assert_int_equal(secret_read_public(path, NULL, &s, &why), 0);
    assert_string_equal(secret_bytes(s), "s3cret");
    secret_free(s);
    assert_int_equal(unlink(target), 0);
    assert_int_equal(secret_read_public(path, NULL, &s, &why), -ENOENT);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(secret_read_public(path, NULL, &s, &why), -EINVAL);
    assert_int_equal(unlink(path), 0);
}

static void an_empty_file_and_a_nul_byte_are_refused(void **state)
{
    (void)state;
    write_file("", 0, 0600);
    expect_refusal("nothing", "empty");
    write_file("\n", 1, 0600);
    expect_refusal("a newline alone", "empty");
    write_file("\r\n", 2, 0600);
    expect_refusal("a Windows newline alone", "empty");
    write_file("s3c\0ret", 7, 0600);
    expect_refusal("NUL", "NUL");
}

static void a_refusal_never_quotes_the_secret(void **state)
{
    (void)state;
    struct failure f = {0};
    struct secret *s = NULL;
    write_file("canary-1\0canary-2", 17, 0600);
    assert_true(secret_read(path, NULL, &s, &f) < 0);
    assert_null(strstr(f.text, "canary"));
}

static void the_process_becomes_non_dumpable(void **state)
{
    (void)state;
    pid_t child = fork(); /* a process without dumps would blind the leak checker */
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit core;
        bool ok = secret_protect_process(NULL) == 0 && prctl(PR_GET_DUMPABLE) == 0 &&
                  getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0;
        _exit(ok ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, fresh_path, remove_path)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_keeps_its_bytes_and_its_audience),
        cmocka_unit_test(a_secret_lies_in_pages_that_are_locked_and_not_dumped),
        cmocka_unit_test(an_overrun_into_or_out_of_a_secret_faults),
        FILE_TEST(a_file_is_read_without_its_last_newline),
        FILE_TEST(the_longest_file_is_taken_and_one_byte_more_is_not),
        FILE_TEST(a_mode_that_lets_others_in_is_refused),
        FILE_TEST(the_group_may_read_what_root_owns),
        FILE_TEST(what_is_no_plain_file_is_refused_without_waiting),
        FILE_TEST(a_public_file_may_be_open_and_linked_but_nothing_else),
        FILE_TEST(an_empty_file_and_a_nul_byte_are_refused),
        FILE_TEST(a_refusal_never_quotes_the_secret),
        cmocka_unit_test(the_process_becomes_non_dumpable),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
