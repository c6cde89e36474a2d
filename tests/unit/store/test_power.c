/* SPDX-License-Identifier: MIT */
/* The power fails at any moment, and the disk has kept what it liked of all that was not synced:
 * what the store said is there, is there. By default every third moment has one try; with
 * POWER_SEEDS=N each has N. */
#include "faults/power.h"
#include "fixture.h"

#define STEPS 10 /* of one life */

struct notified {
    uint32_t committed, delivered; /* confirmed by the store */
    uint32_t attempted;            /* and these deliveries the next commit or store_sync confirms */
};

static int install(void **state)
{
    (void)state;
    store_global_init();
    power_install();
    return 0;
}

static struct changes *news(unsigned n)
{
    struct changes *c = no_changes();
    add_alert(c, an_alert(n));
    add_event(c, a_notification(EVENT_FIRING, n, 1, 1), 1U << HOOK);
    return c;
}

/* Of each five, the third and the fourth go together, always. */
static unsigned together(unsigned n)
{
    return n % 5 == 2 ? 2 : 1;
}

static int try_tell(struct store *s, unsigned n, struct failure *f)
{
    CLEANUP(changes_free) struct changes *c = news(n), *d = news(n + 1);
    const struct commit both[] = {{.changes = c, .routes = routes(), .now = at(n)},
                                  {.changes = d, .routes = routes(), .now = at(n)}};
    return store_commit(s, both, together(n), f);
}

static int try_deliver(struct store *s, struct instant now, struct failure *f)
{
    static const struct attempt_result DELIVERED = {.state = OUTBOX_DELIVERED, .status = 200};
    CLEANUP(outbox_entry_free) struct outbox_entry *e = NULL;
    usec_t next_at;
    int r = store_outbox_next(s, "hook", now.at, &e, &next_at, f);
    if (r >= 0)
        r = store_attempt_begin(s, e->id, e->body ? NULL : "body", e->body ? 0 : 4, now, f);
    return r < 0 ? r : store_attempt_end(s, e->id, &DELIVERED, now, f);
}

static int step(struct store *s, unsigned i, struct notified *notified, struct failure *f)
{
    int r = try_tell(s, notified->committed, f);
    if (r < 0)
        return r;
    notified->committed += together(notified->committed);
    notified->delivered = notified->attempted;
    if (i % 3 == 0)
        return 0;
    r = try_deliver(s, at(notified->committed), f);
    if (r < 0)
        return r;
    notified->attempted++;
    if (i % 2 == 0) {
        r = store_sync(s, f);
        if (r < 0)
            return r;
        notified->delivered = notified->attempted;
    }
    return i % 4 == 0 ? store_housekeeping(s, at(notified->committed), f) : 0;
}

/* Starts, works and stops, twice, so that a log is emptied too. Ends with the first failure. */
static void live(const char *dir, struct notified *notified)
{
    struct failure f = {0};
    int r = 0;
    for (unsigned i = 0; i < STEPS && r >= 0;) {
        struct store *s = NULL;
        struct store_report report;
        r = try_open(dir, at(notified->committed), &s, &report, &f);
        if (r >= 0)
            r = store_outbox_recover(s, at(notified->committed), &f);
        for (unsigned n = 0; n < STEPS / 2 && r >= 0; n++)
            r = step(s, i++, notified, &f);
        store_close(s);
    }
    assert_true(r >= 0 || disk.failed); /* nothing else goes wrong */
}

/* What is not as it was said to be; NULL if all is. `said` becomes what is there. */
static const char *wrong(const char *dir, struct notified *notified)
{
    CLEANUP(store_close) struct store *s = NULL;
    CLEANUP(registry_free) struct alert_registry *b = NULL;
    struct store_report report;
    struct failure f = {0};
    if (try_open(dir, at(notified->committed), &s, &report, &f) < 0)
        return "it cannot be opened";
    if (report.rebuilt || (report.created && notified->committed))
        return "a new one was begun";
    if (store_load_registry(s, &b, &f) < 0 || store_quarantined(s))
        return "a row is damaged";
    uint32_t alerts = (uint32_t)registry_count_tenant(b, TENANT),
             delivered = (uint32_t)ask(dir, "SELECT count(*) FROM outbox WHERE state = 2");
    if (alerts < notified->committed || delivered < notified->delivered)
        return "something confirmed is lost";
    if (alerts > notified->committed + together(notified->committed) ||
        delivered > notified->attempted + 1)
        return "something was never done";
    if (alerts % 5 == 3)
        return "of two that go together only one is there";
    if (ask(dir, "SELECT count(*) FROM event") != alerts ||
        ask(dir, "SELECT count(*) FROM told") != alerts ||
        ask(dir, "SELECT count(*) FROM outbox") != alerts)
        return "a commit is there by half";
    if (ask(dir, "SELECT count(*) FROM outbox WHERE state = 1") > 1)
        return "more than one delivery would be repeated";
    for (uint32_t n = 0; n < alerts; n++) {
        CLEANUP(alert_free) struct alert *want = an_alert(n);
        const struct alert *found = registry_by_id(b, want->id);
        if (!found)
            return "another alert is there";
        alerts_equal(want, found);
    }
    *notified = (struct notified){alerts, delivered, delivered};
    return NULL;
}

/* A life that ends at the n-th change of the disk; false: it came to its end before. */
static bool live_and_fail(const char *dir, struct notified *notified, int n, unsigned seed)
{
    power_fails_at(n, seed);
    live(dir, notified);
    bool failed = disk.failed > 0;
    power_fail();
    return failed;
}

static void end_of(void *dir)
{
    (void)dir_remove(&dir);
    power_forget();
}

static int dir_end(void **state)
{
    end_of(*state);
    return 0;
}

static unsigned seeds(void)
{
    const char *wanted = getenv("POWER_SEEDS");
    return wanted ? (unsigned)strtoul(wanted, NULL, 10) : 1;
}

static void no_commit_is_lost_in_a_power_failure(void **state)
{
    int n = 0;
    (void)state;
    for (bool failed = true; failed;) {
        failed = false;
        n += getenv("POWER_SEEDS") ? 1 : 3;
        for (unsigned seed = 0; seed < seeds(); seed++) {
            void *dir;
            struct notified notified = {0};
            (void)dir_make(&dir);
            failed = live_and_fail(dir, &notified, n, seed * 7919 + (unsigned)n) || failed;
            const char *why = wrong(dir, &notified);
            if (why)
                fail_msg("change %d, seed %u: %s", n, seed, why);
            end_of(dir);
        }
    }
    print_message("%d changes of the disk\n", n);
    assert_true(n > 200);
}

static void no_commit_is_lost_in_repeated_power_failures(void **state)
{
    struct notified notified = {0};
    for (unsigned round = 1; round <= 60 * seeds(); round++) {
        (void)live_and_fail(*state, &notified, 1 + (int)(round * 37 % 211), round);
        const char *why = wrong(*state, &notified);
        if (why)
            fail_msg("round %u: %s", round, why);
    }
    print_message("%u commits, %u deliveries\n", notified.committed, notified.delivered);
    assert_true(notified.committed > 100);
}

static void power_test_detects_a_disk_that_ignores_sync(void **state)
{
    unsigned caught = 0;
    (void)state;
    power.lies = true;
    for (unsigned seed = 1; seed <= 20; seed++) {
        void *dir;
        struct notified notified = {0};
        (void)dir_make(&dir);
        (void)live_and_fail(dir, &notified, 450, seed);
        caught += wrong(dir, &notified) != NULL;
        end_of(dir);
    }
    power.lies = false;
    print_message("%u of 20\n", caught);
    assert_true(caught >= 10);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dir_make, dir_end)
    const struct CMUnitTest tests[] = {
        TEST(no_commit_is_lost_in_a_power_failure),
        TEST(no_commit_is_lost_in_repeated_power_failures),
        TEST(power_test_detects_a_disk_that_ignores_sync),
    };
    return cmocka_run_group_tests(tests, install, NULL);
}
