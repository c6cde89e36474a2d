/* SPDX-License-Identifier: MIT */
/* tests/unit/base/test_journal.c: entries byte for byte, and a journald that is absent, full or
 * new. The socket of the tests is a real datagram socket. */
#include "base/journal.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cmocka.h>

static char dir[] = "/tmp/seatwatch-journal-XXXXXX", path[64];

static int make_dir(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    (void)snprintf(path, sizeof path, "%s/socket", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(dir);
}

static int a_journald(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)unlink(path);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

DEFINE_CLEANUP(struct journal *, journal_free)

static void fields_follow_the_native_protocol(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text entry = TEXT_INIT(JOURNAL_ENTRY_MAX);
    journal_add(&entry, "MESSAGE", "hello", 5);
    journal_addf(&entry, "PRIORITY", "%d", 4);
    journal_add(&entry, "EMPTY", "", 0);
    journal_add(&entry, "TWO_LINES2", "a\nb=c", 5);
    static const char WANT[] = "MESSAGE=hello\nPRIORITY=4\nEMPTY=\n"
                               "TWO_LINES2\n\x05\0\0\0\0\0\0\0a\nb=c\n";
    assert_int_equal(entry.len, sizeof WANT - 1);
    assert_memory_equal(entry.data, WANT, entry.len);
}

static void the_length_of_a_value_is_little_endian(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text entry = TEXT_INIT(JOURNAL_ENTRY_MAX);
    char *value = malloc(70000);
    memset(value, '\n', 70000);
    journal_add(&entry, "X", value, 70000);
    free(value);
    assert_memory_equal(entry.data, "X\n\x70\x11\x01\0\0\0\0\0\n", 11);
}

static void an_entry_that_failed_is_not_sent(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text entry = TEXT_INIT(10);
    CLEANUP(journal_free) struct journal *j = NULL;
    assert_int_equal(journal_new(path, &j), 0);
    journal_addf(&entry, "MESSAGE", "%s", "much too long for it");
    assert_int_equal(journal_send(j, &entry), -E2BIG);
}

static void nobody_listening_is_told_apart(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text entry = TEXT_INIT(100);
    CLEANUP(journal_free) struct journal *j = NULL;
    journal_add(&entry, "MESSAGE", "x", 1);
    (void)unlink(path);
    assert_int_equal(journal_new(path, &j), 0);
    assert_int_equal(journal_send(j, &entry), -ENOENT);
    int listener = a_journald();
    (void)close(listener);
    assert_int_equal(journal_send(j, &entry), -ECONNREFUSED);
    listener = a_journald();
    assert_int_equal(journal_send(j, &entry), 0);
    (void)close(listener);
}

static void a_restarted_journald_gets_the_very_next_entry(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text entry = TEXT_INIT(100);
    CLEANUP(journal_free) struct journal *j = NULL;
    char got[100];
    journal_add(&entry, "MESSAGE", "x", 1);
    assert_int_equal(journal_new(path, &j), 0);
    int listener = a_journald();
    assert_int_equal(journal_send(j, &entry), 0);
    assert_int_equal(recv(listener, got, sizeof got, 0), 10);
    assert_memory_equal(got, "MESSAGE=x\n", 10);
    (void)close(listener);
    listener = a_journald();
    assert_int_equal(journal_send(j, &entry), 0);
    assert_int_equal(recv(listener, got, sizeof got, 0), 10);
    (void)close(listener);
}

static void a_frozen_journald_costs_an_error_and_no_time(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text entry = TEXT_INIT(100);
    CLEANUP(journal_free) struct journal *j = NULL;
    char got[100];
    int r = 0, n = 0;
    journal_add(&entry, "MESSAGE", "x", 1);
    assert_int_equal(journal_new(path, &j), 0);
    CLEANUP(close) int listener = a_journald();
    for (; r == 0 && n < 100000; n++)
        r = journal_send(j, &entry);
    assert_int_equal(r, -EAGAIN);
    assert_int_equal(journal_send(j, &entry), -EAGAIN);
    assert_true(recv(listener, got, sizeof got, 0) == 10);
    assert_int_equal(journal_send(j, &entry), 0);
}

/* The descriptor that came with an empty datagram. */
static int receive_file(int listener)
{
    char nothing[8];
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {nothing, sizeof nothing};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    assert_int_equal(recvmsg(listener, &message, MSG_CMSG_CLOEXEC), 0);
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    assert_non_null(rights);
    assert_int_equal(rights->cmsg_type, SCM_RIGHTS);
    int fd;
    memcpy(&fd, CMSG_DATA(rights), sizeof fd);
    return fd;
}

static void what_does_not_fit_into_a_datagram_goes_as_a_sealed_file(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text entry = TEXT_INIT(JOURNAL_ENTRY_MAX);
    CLEANUP(journal_free) struct journal *j = NULL;
    CLEANUP(free) char *big = malloc(250000), *back = malloc(250000 + 9);
    memset(big, 'z', 250000);
    journal_add(&entry, "MESSAGE", big, 250000);
    assert_int_equal(journal_new(path, &j), 0);
    CLEANUP(close) int listener = a_journald();
    assert_int_equal(journal_send(j, &entry), 0);
    CLEANUP(close) int fd = receive_file(listener);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, 250000 + 9);
    assert_int_equal(pread(fd, back, 250009, 0), 250009);
    assert_memory_equal(back, entry.data, entry.len);
    assert_int_equal(fcntl(fd, F_GET_SEALS),
                     F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
}

static void no_memory_is_reported_by_new(void **state)
{
    (void)state;
    struct journal *j = NULL;
    (void)alloc_fail_at(1, true);
    int r = journal_new(path, &j);
    (void)alloc_fail_at(0, false);
    assert_int_equal(r, -ENOMEM);
    assert_null(j);
    journal_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_follow_the_native_protocol),
        cmocka_unit_test(the_length_of_a_value_is_little_endian),
        cmocka_unit_test(an_entry_that_failed_is_not_sent),
        cmocka_unit_test(nobody_listening_is_told_apart),
        cmocka_unit_test(a_restarted_journald_gets_the_very_next_entry),
        cmocka_unit_test(a_frozen_journald_costs_an_error_and_no_time),
        cmocka_unit_test(what_does_not_fit_into_a_datagram_goes_as_a_sealed_file),
        cmocka_unit_test(no_memory_is_reported_by_new),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
