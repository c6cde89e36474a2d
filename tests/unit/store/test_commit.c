/* SPDX-License-Identifier: MIT */
/* Killed at any moment, and what is there afterwards compared with what was said to be there. */
#include "fixture.h"
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define ROUNDS 40

struct notified {
    uint32_t committed, delivered; /* confirmed by the store before this was written */
};

static void report(int fd, struct notified notified)
{
    if (write(fd, &notified, sizeof notified) != (ssize_t)sizeof notified)
        _exit(1);
}

/* Commits and delivers for ever; says after each step how far it has come. */
static void work(const char *dir, int fd, struct notified notified)
{
    struct store *s = open_at(dir, at(notified.committed));
    struct failure f = {0};
    if (store_outbox_recover(s, at(notified.committed), &f) < 0)
        _exit(1);
    for (;;) {
        tell(s, EVENT_FIRING, notified.committed, 1, 1, 2, at(notified.committed));
        notified.committed++;
        report(fd, notified);
        if (notified.committed % 2 && deliver_one(s, "hook", at(notified.committed))) {
            notified.delivered++;
            report(fd, notified);
        }
    }
}

/* Reads `n` reports, kills, and takes what was still in the pipe. */
static struct notified run_and_kill(const char *dir, struct notified notified, unsigned n)
{
    int fd[2], status;
    assert_int_equal(pipe(fd), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* not to outlive a test that fails */
        (void)close(fd[0]);
        work(dir, fd[1], notified);
    }
    (void)close(fd[1]);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(read(fd[0], &notified, sizeof notified), sizeof notified);
    (void)kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    struct notified last;
    while (read(fd[0], &last, sizeof last) == (ssize_t)sizeof last)
        notified = last;
    (void)close(fd[0]);
    return notified;
}

static void kill_loses_no_commit_and_leaves_no_partial_commit(void **state)
{
    struct notified notified = {0};
    for (unsigned round = 0; round < ROUNDS; round++) {
        notified = run_and_kill(*state, notified, 1 + round % 7);
        struct store *s = NULL;
        struct store_report rep;
        struct failure f = {0};
        ok(try_open(*state, at(notified.committed), &s, &rep, &f), &f);
        assert_true(!rep.rebuilt && !rep.quarantined && !rep.created);
        CLEANUP(registry_free) struct alert_registry *b = NULL;
        ok(store_load_registry(s, &b, &f), &f);
        uint32_t alerts = (uint32_t)registry_count_tenant(b, TENANT);
        uint32_t events = (uint32_t)ask(*state, "SELECT count(*) FROM event"),
                 rows = (uint32_t)ask(*state, "SELECT count(*) FROM outbox"),
                 delivered = (uint32_t)ask(*state, "SELECT count(*) FROM outbox WHERE state = 2"),
                 in_flight = (uint32_t)ask(*state, "SELECT count(*) FROM outbox WHERE state = 1");
        /* one more than was confirmed: the kill came between the commit and its report */
        assert_in_range(alerts, notified.committed, notified.committed + 1);
        assert_int_equal(events, alerts);
        assert_int_equal(rows, alerts);
        assert_in_range(delivered, notified.delivered, notified.delivered + 1);
        assert_in_range(in_flight, 0, 1); /* at most one delivery repeats */
        assert_int_equal(ask(*state, "SELECT count(*) FROM told"), alerts);
        for (uint32_t n = 0; n < alerts; n++) {
            CLEANUP(alert_free) struct alert *want = an_alert(n);
            const struct alert *found = registry_by_id(b, want->id);
            assert_non_null(found);
            alerts_equal(want, found);
        }
        store_close(s);
        notified = (struct notified){alerts, delivered};
    }
    print_message("%u commits, %u deliveries\n", notified.committed, notified.delivered);
}

static void empty_commit_succeeds(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    CLEANUP(changes_free) struct changes *none = no_changes();
    struct commit c = {.now = at(0)};
    struct failure f = {0};
    ok(store_commit(s, &c, 1, &f), &f);
    c.changes = none;
    ok(store_commit(s, &c, 1, &f), &f);
    assert_int_equal(ask(*state, "SELECT value FROM meta WHERE key = 'generation'"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dir_make, dir_remove)
    const struct CMUnitTest tests[] = {
        TEST(kill_loses_no_commit_and_leaves_no_partial_commit),
        TEST(empty_commit_succeeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
