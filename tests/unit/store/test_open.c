/* SPDX-License-Identifier: MIT */
#include "faults/disk.h"
#include "fixture.h"
#include "store/schema.h"
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static int refused(const char *dir, struct store_report *report, struct failure *f)
{
    struct store *s = NULL;
    *f = (struct failure){0};
    int r = try_open(dir, at(0), &s, report, f);
    store_close(s);
    return r;
}

static void write_at(const char *path, off_t where, const void *bytes, size_t len)
{
    CLEANUP(close) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, where), len);
}

static void a_database_is_created_once_and_for_us_alone(void **state)
{
    struct store *s = NULL;
    struct store_report report;
    struct failure f = {0};
    struct stat st;
    mode_t mask = umask(0);
    ok(try_open(*state, at(0), &s, &report, &f), &f);
    (void)umask(mask);
    assert_true(report.created && !report.rebuilt && !report.quarantined);
    for (size_t i = 0; i < 4; i++) {
        static const char *const FILES[] = {"seatwatchd.db", "seatwatchd.db-wal",
                                            "seatwatchd.db-shm", "seatwatchd.lock"};
        assert_int_equal(stat(file_in(*state, FILES[i]), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
    store_close(s);
    ok(try_open(*state, at(0), &s, &report, &f), &f);
    assert_false(report.created);
    store_close(s);
    assert_int_equal(ask(*state, "PRAGMA application_id"), 0x53656174);
    assert_int_equal(ask(*state, "PRAGMA user_version"), schema_version());
}

static void a_missing_directory_is_made_if_the_one_above_exists(void **state)
{
    struct store_report report;
    struct failure f;
    struct stat st;
    char inner[256], deep[300];
    (void)snprintf(inner, sizeof inner, "%s/inner", (char *)*state);
    (void)snprintf(deep, sizeof deep, "%s/not/there", (char *)*state);
    ok(refused(inner, &report, &f), &f);
    assert_int_equal(stat(inner, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(refused(deep, &report, &f), -ENOENT);
    assert_non_null(strstr(f.text, deep));
}

static void a_directory_that_others_can_reach_is_refused_with_the_fix(void **state)
{
    static const struct {
        mode_t mode;
        int want;
    } CASES[] = {{0700, 0},      {0750, 0},      {0770, -EPERM}, {0720, -EPERM},
                 {0701, -EPERM}, {0755, -EPERM}, {0777, -EPERM}};
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct store_report report;
        struct failure f;
        char fix[300];
        assert_int_equal(chmod(*state, CASES[i].mode), 0);
        int r = refused(*state, &report, &f);
        if (r != CASES[i].want)
            fail_msg("%04o: %d %s", CASES[i].mode, r, f.text);
        (void)snprintf(fix, sizeof fix, "chmod 0700 %s", (char *)*state);
        if (r < 0)
            assert_non_null(strstr(f.text, fix));
    }
    assert_int_equal(chmod(*state, 0700), 0);
}

static void directory_of_another_owner_is_refused_with_the_fix(void **state)
{
    struct store_report report;
    struct failure f;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chown(*state, 4242, 4242), 0);
    assert_int_equal(refused(*state, &report, &f), -EPERM);
    assert_non_null(strstr(f.text, "uid 4242"));
    assert_non_null(strstr(f.text, "chown 0 "));
}

static void a_state_directory_behind_a_link_is_resolved(void **state)
{
    struct store_report report;
    struct failure f;
    char real[256], link[256];
    (void)snprintf(real, sizeof real, "%s/private", (char *)*state);
    (void)snprintf(link, sizeof link, "%s/seatwatchd", (char *)*state);
    assert_int_equal(mkdir(real, 0700), 0);
    assert_int_equal(symlink("private", link), 0);
    ok(refused(link, &report, &f), &f);
    assert_int_equal(access(file_in(real, "seatwatchd.db"), F_OK), 0);
}

static void make_fifo(const char *path)
{
    assert_int_equal(mkfifo(path, 0600), 0);
}
static void make_directory(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
}
static void make_link(const char *path)
{
    assert_int_equal(symlink("/etc/passwd", path), 0);
}
static void make_socket(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    (void)snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    CLEANUP(close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
}

/* Opening a FIFO would wait for its other end. */
static void non_regular_file_is_refused_by_name(void **state)
{
    static const char *const FILES[] = {"seatwatchd.db", "seatwatchd.db-wal", "seatwatchd.db-shm",
                                        "seatwatchd.lock", "seatwatchd.db.new"};
    static const struct {
        const char *what;
        void (*make)(const char *path);
    } KINDS[] = {{"a FIFO", make_fifo},
                 {"a directory", make_directory},
                 {"a symbolic link", make_link},
                 {"a socket", make_socket}};
    for (size_t i = 0; i < N_ELEMENTS(FILES); i++)
        for (size_t k = 0; k < N_ELEMENTS(KINDS); k++) {
            struct store_report report;
            struct failure f;
            const char *path = file_in(*state, FILES[i]);
            KINDS[k].make(path);
            assert_int_equal(refused(*state, &report, &f), -EPERM);
            if (!strstr(f.text, path) || !strstr(f.text, KINDS[k].what) || !strstr(f.text, "move it away"))
                fail_msg("%s", f.text);
            assert_int_equal(remove(path), 0);
        }
}

static void second_instance_reports_pid_of_the_first(void **state)
{
    struct store *s = open_in(*state);
    struct store_report report;
    struct failure f;
    char pid[32];
    (void)snprintf(pid, sizeof pid, "pid %d on ", (int)getpid());
    assert_int_equal(refused(*state, &report, &f), -EBUSY);
    assert_non_null(strstr(report.holder, pid));
    assert_non_null(strstr(report.holder, "since 2026-11-22T01:02:03Z"));
    assert_non_null(strstr(f.text, report.holder));
    store_close(s);
    ok(refused(*state, &report, &f), &f);
}

static void the_lock_dies_with_its_holder(void **state)
{
    int ready[2];
    char c;
    struct store_report report;
    struct failure f;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* not to outlive a test that fails */
        struct store *s = open_in(*state);
        (void)!write(ready[1], s ? "x" : "", 1);
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(refused(*state, &report, &f), -EBUSY);
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    ok(refused(*state, &report, &f), &f);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void a_newer_schema_is_refused_and_left_unchanged(void **state)
{
    struct store_report report;
    struct failure f;
    struct stat before, after;
    ok(refused(*state, &report, &f), &f);
    CLEANUP(free) char *newer = text_printf("%d", (int)schema_version() + 1);
    CLEANUP(free) char *words = text_printf("schema %s", newer);
    CLEANUP(free) char *pragma = text_printf("PRAGMA user_version = %s", newer);
    CLEANUP(free) char *meta = text_printf("UPDATE meta SET value = %s WHERE key = 'schema'", newer);
    (void)ask(*state, pragma);
    (void)ask(*state, meta);
    assert_int_equal(stat(file_in(*state, "seatwatchd.db"), &before), 0);
    assert_int_equal(refused(*state, &report, &f), -EPROTO);
    assert_non_null(strstr(f.text, words));
    assert_int_equal(stat(file_in(*state, "seatwatchd.db"), &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    assert_int_equal(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
    assert_int_equal(ask(*state, "PRAGMA user_version"), schema_version() + 1);
}

static void fill(const char *dir)
{
    struct store *s = open_in(dir);
    for (unsigned n = 0; n < 200; n++)
        tell(s, EVENT_FIRING, n, 1, 1, 7, at(n));
    store_close(s);
}

/* Whatever the damage: what can be read goes on, the rest is gone, and the file is kept. */
static void a_damaged_database_is_put_aside_and_the_rest_carried_over(void **state)
{
    static char garbage[8192];
    static const struct {
        const char *why;
        off_t where;
        size_t len;
        size_t least; /* alerts of the 200 */
    } CASES[] = {{"the header", 0, 100, 200},
                 {"the application id", 68, 4, 200},
                 {"the schema", 100, 2000, 200},
                 {"pages in the middle", 40960, 8192, 100},
                 {"the first pages", 0, 8192, 200}};
    memset(garbage, 0xa5, sizeof garbage);
    fill(*state);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct store *s = NULL;
        struct store_report report;
        struct failure f = {0};
        CLEANUP(registry_free) struct alert_registry *b = NULL;
        (void)unlink(file_in(*state, "seatwatchd.db"));
        fill(*state);
        write_at(file_in(*state, "seatwatchd.db"), CASES[i].where, garbage, CASES[i].len);
        ok(try_open(*state, at(0), &s, &report, &f), &f);
        if (!report.rebuilt || report.created)
            fail_msg("%s", CASES[i].why);
        assert_int_equal(access(report.moved_to, F_OK), 0);
        assert_non_null(strstr(report.moved_to, "seatwatchd.db.damaged-2026-11-22T01-02-03Z"));
        ok(store_load_registry(s, &b, &f), &f);
        if (registry_count_tenant(b, TENANT) < CASES[i].least)
            fail_msg("%s: %zu alerts", CASES[i].why, registry_count_tenant(b, TENANT));
        tell(s, EVENT_FIRING, 1, 2, 9, 7, at(0));
        store_close(s);
    }
}

static void a_file_cut_short_is_put_aside(void **state)
{
    struct store_report report;
    struct failure f;
    fill(*state);
    assert_int_equal(truncate(file_in(*state, "seatwatchd.db"), 20000), 0);
    ok(refused(*state, &report, &f), &f);
    assert_true(report.rebuilt);
}

static void an_empty_file_is_a_new_database(void **state)
{
    struct store_report report;
    struct failure f;
    write_at(file_in(*state, "seatwatchd.db"), 0, "", 0);
    ok(refused(*state, &report, &f), &f);
    assert_true(report.created && !report.rebuilt);
}

/* A disk that fails is not a damaged database: it must never be put aside for that. */
static void a_disk_that_fails_at_the_start_costs_no_data(void **state)
{
    fill(*state);
    static const struct {
        unsigned kinds;
        int error;
    } CASES[] = {
        {DISK_READ, 0},
        {DISK_READ, SQLITE_IOERR_CORRUPTFS}, /* EIO itself; SQLite takes it for damage */
        {DISK_OPEN, 0},
    };
    for (size_t i = 0; i < 2 * N_ELEMENTS(CASES); i++)
        for (int n = 1;; n++) {
            struct store *s = NULL;
            struct store_report report;
            struct failure f = {0};
            disk_fail_at(CASES[i / 2].kinds, n, i % 2, CASES[i / 2].error);
            int r = try_open(*state, at(0), &s, &report, &f);
            bool happened = disk.failed > 0;
            disk_works();
            store_close(s);
            assert_false(report.rebuilt);
            if (r < 0 && r != -EIO && r != -EACCES)
                fail_msg("%d: %s", r, f.text);
            if (!happened)
                break;
        }
    assert_int_equal(ask(*state, "SELECT count(*) FROM alert"), 200);
}

static void a_migration_that_is_cut_off_leaves_nothing(void **state)
{
    struct store_report report;
    struct failure f;
    int n = 1;
    for (;; n++) {
        void *dir;
        (void)dir_make(&dir);
        disk_fail_at(DISK_WRITE | DISK_SYNC | DISK_TRUNCATE, n, true, n % 2 ? 0 : SQLITE_FULL);
        int r = refused(dir, &report, &f);
        bool happened = disk.failed > 0;
        disk_works();
        assert_true(r >= 0 || r == -EIO || r == -ENOSPC);
        ok(refused(dir, &report, &f), &f);
        assert_false(report.rebuilt);
        struct store *s = open_in(dir);
        tell(s, EVENT_FIRING, 1, 1, 1, 7, at(0));
        store_close(s);
        (void)dir_remove(&dir);
        if (!happened)
            break;
    }
    assert_true(n > 10);
    (void)state;
}

/* ---- reading only ---- */

static int read_only(const char *dir, struct store **ret, struct failure *f)
{
    struct store_options o = {.directory = dir};
    struct store_report report;
    return store_open(&o, &CODEC, STORE_READ_ONLY, at(0), ret, &report, f);
}

static void a_dry_run_reads_and_leaves_no_trace(void **state)
{
    struct store *s = NULL;
    struct failure f = {0};
    CLEANUP(registry_free) struct alert_registry *b = NULL;
    struct stat before, after;
    assert_int_equal(read_only(*state, &s, &f), -ENOENT);
    assert_int_equal(access(file_in(*state, "seatwatchd.lock"), F_OK), -1);
    fill(*state);
    assert_int_equal(stat(*state, &before), 0);
    ok(read_only(*state, &s, &f), &f);
    ok(store_load_registry(s, &b, &f), &f);
    assert_int_equal(registry_count_tenant(b, TENANT), 200);
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0 + USEC_PER_SEC);
    assert_non_null(e);
    CLEANUP(changes_free) struct changes *c = no_changes();
    add_alert(c, an_alert(1));
    assert_int_equal(try_commit(s, c, at(0), &f), -EROFS);
    store_close(s);
    assert_int_equal(stat(*state, &after), 0);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    assert_int_equal(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
}

static void a_dry_run_reads_beside_the_daemon(void **state)
{
    struct store *daemon = open_in(*state), *s = NULL;
    struct failure f = {0};
    CLEANUP(registry_free) struct alert_registry *b = NULL;
    tell(daemon, EVENT_FIRING, 1, 1, 1, 7, at(0));
    ok(read_only(*state, &s, &f), &f);
    tell(daemon, EVENT_FIRING, 2, 1, 1, 7, at(0));
    ok(store_load_registry(s, &b, &f), &f);
    assert_int_equal(registry_count_tenant(b, TENANT), 2);
    store_close(s);
    tell(daemon, EVENT_FIRING, 3, 1, 1, 7, at(0));
    store_close(daemon);
}

static void a_dry_run_passes_over_bad_rows_and_leaves_them(void **state)
{
    struct store *s = NULL;
    struct failure f = {0};
    CLEANUP(registry_free) struct alert_registry *b = NULL;
    fill(*state);
    (void)ask(*state, "UPDATE alert SET episode = 9 WHERE subject = 'pool-7'");
    ok(read_only(*state, &s, &f), &f);
    ok(store_load_registry(s, &b, &f), &f);
    assert_int_equal(registry_count_tenant(b, TENANT), 199);
    store_close(s);
    assert_int_equal(ask(*state, "SELECT count(*) FROM quarantine"), 0);
}

/* ---- real file systems: a child with a mount namespace of its own ---- */

static void in_a_fixture_of_its_own(const char *dir, const char *options, unsigned long again,
                                    void (*act)(const char *dir))
{
    pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("tmpfs", dir, "tmpfs", 0, options) < 0 || chmod(dir, 0700) < 0)
            _exit(77);
        if (again) {
            struct store *s = open_in(dir);
            store_close(s);
            if (mount("tmpfs", dir, "tmpfs", MS_REMOUNT | again, options) < 0)
                _exit(77);
        }
        act(dir);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("status %x", status);
}

#define MUST(condition)                                            \
    do {                                                           \
        if (!(condition)) {                                        \
            (void)fprintf(stderr, "%s: %s\n", #condition, f.text); \
            _exit(1);                                              \
        }                                                          \
    } while (0)

static void act_full(const char *dir)
{
    struct store *s = NULL;
    struct store_report report;
    struct failure f = {0};
    MUST(try_open(dir, at(0), &s, &report, &f) >= 0);
    int r = 0;
    unsigned told = 0;
    while (r >= 0 && told < 10000) {
        CLEANUP(changes_free) struct changes *c = no_changes();
        add_alert(c, an_alert(told));
        add_event(c, a_notification(EVENT_FIRING, told, 1, 1), 7);
        r = try_commit(s, c, at(told), &f);
        told += r >= 0;
    }
    MUST(r == -ENOSPC && store_trouble(s));
    MUST(strstr(f.text, "file system is full"));
    CLEANUP(registry_free) struct alert_registry *b = NULL;
    MUST(store_load_registry(s, &b, &f) >= 0 && registry_count_tenant(b, TENANT) == told);
    MUST(mount("tmpfs", dir, "tmpfs", MS_REMOUNT, "size=4m") == 0);
    CLEANUP(changes_free) struct changes *c = no_changes();
    add_event(c, a_notification(EVENT_FIRING, told, 1, 1), 7);
    MUST(try_commit(s, c, at(told), &f) >= 0 && !store_trouble(s));
    store_close(s);
}

static void a_full_disk_stops_writing_until_there_is_room(void **state)
{
    in_a_fixture_of_its_own(*state, "size=1m", 0, act_full);
}

static void act_too_full(const char *dir)
{
    struct store *s = NULL;
    struct store_report report;
    struct failure f = {0};
    MUST(try_open(dir, at(0), &s, &report, &f) == -ENOSPC);
    MUST(strstr(f.text, dir) && strstr(f.text, "free some space"));
}

static void a_disk_without_room_for_a_database_is_refused(void **state)
{
    in_a_fixture_of_its_own(*state, "size=40k", 0, act_too_full);
}

static void act_read_only(const char *dir)
{
    struct store *s = NULL;
    struct store_report report;
    struct failure f = {0};
    MUST(try_open(dir, at(0), &s, &report, &f) == -EROFS);
    MUST(strstr(f.text, dir) && strstr(f.text, "mounted read-write"));
}

static void a_read_only_file_system_is_refused(void **state)
{
    in_a_fixture_of_its_own(*state, "size=4m", MS_RDONLY, act_read_only);
}

static int install(void **state)
{
    (void)state;
    store_global_init();
    disk_install();
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dir_make, dir_remove)
    const struct CMUnitTest tests[] = {
        TEST(a_database_is_created_once_and_for_us_alone),
        TEST(a_missing_directory_is_made_if_the_one_above_exists),
        TEST(a_directory_that_others_can_reach_is_refused_with_the_fix),
        TEST(directory_of_another_owner_is_refused_with_the_fix),
        TEST(a_state_directory_behind_a_link_is_resolved),
        TEST(non_regular_file_is_refused_by_name),
        TEST(second_instance_reports_pid_of_the_first),
        TEST(the_lock_dies_with_its_holder),
        TEST(a_newer_schema_is_refused_and_left_unchanged),
        TEST(a_damaged_database_is_put_aside_and_the_rest_carried_over),
        TEST(a_file_cut_short_is_put_aside),
        TEST(an_empty_file_is_a_new_database),
        TEST(a_disk_that_fails_at_the_start_costs_no_data),
        TEST(a_migration_that_is_cut_off_leaves_nothing),
        TEST(a_dry_run_reads_and_leaves_no_trace),
        TEST(a_dry_run_reads_beside_the_daemon),
        TEST(a_dry_run_passes_over_bad_rows_and_leaves_them),
        TEST(a_full_disk_stops_writing_until_there_is_room),
        TEST(a_disk_without_room_for_a_database_is_refused),
        TEST(a_read_only_file_system_is_refused),
    };
    return cmocka_run_group_tests(tests, install, NULL);
}
