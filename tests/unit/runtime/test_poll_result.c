/* SPDX-License-Identifier: MIT */
/* Polls that ended together: one wait for the disk, and no tenant pays for another. */
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/text.h"
#include "runtime/app.h"
#include "runtime/poll_result.h"
#include "runtime/tenant.h"

#define TENANTS 3
#define TOO_LONG (17 * 1024 * 1024) /* for one value of the database */

struct runtime_fixture {
    char dir[64], config[128], state[128];
    struct cli cli;
    struct app app;
};

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static void tenant_id(size_t i, char ret[37])
{
    (void)snprintf(ret, 37, "11111111-2222-4333-8444-%012zu", i);
}

static int make(void **state)
{
    struct runtime_fixture *w = calloc(1, sizeof *w);
    assert_non_null(w);
    (void)snprintf(w->dir, sizeof w->dir, "/tmp/seatwatch-take-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    (void)snprintf(w->config, sizeof w->config, "%s/seatwatchd.conf", w->dir);
    (void)snprintf(w->state, sizeof w->state, "%s/state", w->dir);
    CLEANUP(text_free) struct text conf = TEXT_INIT(8192);
    CLEANUP(free) char *secret = text_printf("%s/secret", w->dir);
    assert_non_null(secret);
    write_file(secret, "never-sent\n");
    text_addf(&conf,
              "receivers = ( { name = \"syslog\"; type = \"syslog\"; socket = \"%s/no-log\"; } );\n"
              "alerts: { for = \"0s\"; min_samples = 1; keep_firing_for = \"0s\"; first_run = "
              "\"each\"; };\n"
              "thresholds: { waiting = { warning = 1; for = \"0s\"; }; };\n"
              "tenants = (",
              w->dir);
    for (size_t i = 0; i < TENANTS; i++) {
        char id[37];
        tenant_id(i, id);
        text_addf(&conf,
                  "%s{ name = \"t%zu\"; tenant_id = \"%s\"; client_id = "
                  "\"99999999-aaaa-4bbb-8ccc-dddddddddddd\"; "
                  "client_secret_file = \"%s\"; }",
                  i ? "," : "", i, id, secret);
    }
    text_add(&conf, ");\n");
    assert_int_equal(conf.error, 0);
    write_file(w->config, conf.data);
    w->cli = (struct cli){
        .mode = CLI_DAEMON, .log_level = -1, .config = w->config, .state_dir = w->state};
    assert_int_equal(app_open(&w->cli, &w->app), EXIT_OK);
    assert_int_equal(w->app.n_tenants, TENANTS);
    *state = w;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static int end(void **state)
{
    struct runtime_fixture *w = *state;
    app_close(&w->app);
    (void)nftw(w->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(w);
    return 0;
}

static bool out_of_memory; /* no snapshot can be allocated */

int __real_snapshot_builder_new(const char *tenant_name, const char *tenant_id, enum source source,
                                struct instant taken, struct snapshot_builder **ret);
int __wrap_snapshot_builder_new(const char *tenant_name, const char *tenant_id, enum source source,
                                struct instant taken, struct snapshot_builder **ret);
int __wrap_snapshot_builder_new(const char *tenant_name, const char *tenant_id, enum source source,
                                struct instant taken, struct snapshot_builder **ret)
{
    return out_of_memory ? -ENOMEM : __real_snapshot_builder_new(tenant_name, tenant_id, source, taken, ret);
}

/* One pool, for which somebody waits or nobody does. */
static struct poll_result ended(struct runtime_fixture *w, size_t i, bool waiting)
{
    struct tenant *tenant = &w->app.tenant[i];
    CLEANUP(snapshot_builder_free) struct snapshot_builder *b = NULL;
    struct poll_result e = {.tenant = tenant, .report = {.complete = true}};
    const struct tenant_identity *t = &tenant->options->identity;
    assert_true(
        snapshot_builder_new(t->name, t->tenant_id, SOURCE_CLOUD_LICENSING, clock_now(), &b) >= 0);
    struct allotment a = {.id = strdup("pool"),
                          .sku_part_number = strdup("SPE_E5"),
                          .units_known = true,
                          .allotted = 100,
                          .consumed = waiting ? 100 : 10,
                          .assignable_to = 1,
                          .subscriptions_known = true,
                          .waiting = {.section = SECTION_COMPLETE}};
    assert_true(snapshot_add_allotment(b, &a) >= 0);
    if (waiting)
        assert_true(snapshot_add_waiting(b, "pool", clock_now().at - USEC_PER_HOUR) >= 0);
    snapshot_set_allotments(b, SECTION_COMPLETE);
    snapshot_set_errors(b, SECTION_COMPLETE);
    assert_true(snapshot_finish(b, &e.snapshot) >= 0);
    return e;
}

/* Of a value that no row can hold. */
static void make_unrecordable(struct poll_result *e)
{
    char *name = malloc(TOO_LONG + 1);
    assert_non_null(name);
    memset(name, 'x', TOO_LONG);
    name[TOO_LONG] = '\0';
    free(e->snapshot->allotment[0].sku_part_number);
    e->snapshot->allotment[0].sku_part_number = name;
}

static int64_t ask(struct runtime_fixture *w, const char *sql)
{
    char path[256];
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    (void)snprintf(path, sizeof path, "%s/seatwatchd.db", w->state);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    return value;
}

#define COMMITS "SELECT value FROM meta WHERE key = 'generation'"
#define TO_TELL "SELECT count(*) FROM outbox"

static enum level level_of(const struct runtime_fixture *w, size_t i)
{
    char id[37];
    tenant_id(i, id);
    const struct alert *a = registry_find(w->app.registry, KIND_CAPACITY, id, "pool");
    return a ? a->level : LEVEL_NONE;
}

static void all_of_them_are_recorded_by_one_commit(void **state)
{
    struct runtime_fixture *w = *state;
    struct poll_result all[TENANTS];
    for (size_t i = 0; i < TENANTS; i++)
        all[i] = ended(w, i, true);
    int64_t before = ask(w, COMMITS);
    poll_result_take(&w->app, all, TENANTS);
    assert_int_equal(ask(w, COMMITS), before + 1);
    assert_int_equal(ask(w, TO_TELL), TENANTS);
    for (size_t i = 0; i < TENANTS; i++) {
        assert_true(w->app.tenant[i].last.committed);
        assert_int_equal(w->app.tenant[i].memory->n_pools, 1);
        assert_true(level_of(w, i) > LEVEL_NONE);
    }
}

static void one_that_cannot_be_recorded_does_not_spoil_the_others(void **state)
{
    struct runtime_fixture *w = *state;
    struct poll_result all[TENANTS];
    for (size_t i = 0; i < TENANTS; i++)
        all[i] = ended(w, i, true);
    make_unrecordable(&all[1]);
    int64_t before = ask(w, COMMITS);
    poll_result_take(&w->app, all, TENANTS);
    assert_int_equal(ask(w, COMMITS), before + 2);
    assert_int_equal(ask(w, TO_TELL), 2);
    for (size_t i = 0; i < TENANTS; i++) {
        assert_int_equal(w->app.tenant[i].last.committed, i != 1);
        assert_int_equal(w->app.tenant[i].memory != NULL, i != 1);
        assert_int_equal(level_of(w, i) > LEVEL_NONE, i != 1);
    }
    /* and its next poll makes up for it */
    all[0] = ended(w, 1, true);
    poll_result_take(&w->app, all, 1);
    assert_true(w->app.tenant[1].last.committed && level_of(w, 1) > LEVEL_NONE);
    assert_int_equal(ask(w, TO_TELL), TENANTS);
}

/* A jump of the wall clock moves everybody's reminders, whosever poll sees it first. */
static void after_a_jump_of_the_clock_none_overwrites_another(void **state)
{
    struct runtime_fixture *w = *state;
    struct poll_result all[TENANTS];
    for (size_t i = 0; i < TENANTS; i++)
        all[i] = ended(w, i, true);
    poll_result_take(&w->app, all, TENANTS);
    char id[37];
    tenant_id(0, id);
    usec_t reminder = registry_find(w->app.registry, KIND_CAPACITY, id, "pool")->reminder_at;
    assert_true(reminder > 0);
    struct changes jumped = {.now = clock_now()};
    jumped.now.at -= USEC_PER_HOUR;
    alerts_apply(w->app.registry, &jumped); /* since then the wall clock was set an hour ahead */
    for (size_t i = 0; i < TENANTS; i++)
        all[i] = ended(w, i, i == 1);
    poll_result_take(&w->app, all, TENANTS);
    for (size_t i = 0; i < TENANTS; i++)
        assert_int_equal(level_of(w, i) > LEVEL_NONE, i == 1);
    tenant_id(1, id);
    usec_t moved = registry_find(w->app.registry, KIND_CAPACITY, id, "pool")->reminder_at;
    assert_in_range(moved, reminder + USEC_PER_HOUR - USEC_PER_MINUTE,
                    reminder + USEC_PER_HOUR + USEC_PER_MINUTE);
    assert_int_equal(ask(w, TO_TELL), TENANTS + 2);
}

static void sums_of_an_older_poll_are_not_shown_as_those_of_a_poll_without_memory(void **state)
{
    struct runtime_fixture *w = *state;
    struct tenant *tenant = &w->app.tenant[0];
    struct poll_result one = ended(w, 0, false);
    poll_result_take(&w->app, &one, 1);
    assert_true(tenant->last.known && tenant->last.totals.allotments == 1);
    one = (struct poll_result){.tenant = tenant, .report = {.failure = {.kind = FAILURE_TRANSIENT}}};
    out_of_memory = true;
    poll_result_take(&w->app, &one, 1);
    out_of_memory = false;
    assert_false(tenant->last.known);
    assert_false(tenant->last.committed);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, end)
    const struct CMUnitTest tests[] = {
        TEST(all_of_them_are_recorded_by_one_commit),
        TEST(one_that_cannot_be_recorded_does_not_spoil_the_others),
        TEST(sums_of_an_older_poll_are_not_shown_as_those_of_a_poll_without_memory),
        TEST(after_a_jump_of_the_clock_none_overwrites_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
