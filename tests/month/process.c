/* SPDX-License-Identifier: MIT */
#include "month/process.h"

#include "base/text.h"
#include "deliver/deliver.h"
#include "month/check.h"
#include "month/kill.h"
#include "month/seeded.h"
#include "month/timers.h"
#include "runtime/poll_result.h"
#include "runtime/poller.h"
#include "runtime/reload.h"
#include "runtime/silences.h"
#include "runtime/tenant.h"
#include "runtime/tick.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- files ---- */

static void write_file(const struct process *p, const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", p->dir, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

/* Limits that a reload changes; none of them makes a harm of the world unworthy of a message. */
static const struct {
    unsigned usage, burst, rate;
} VARIANTS[] = {{90, 3, 1}, {85, 1, 1}, {92, 10, 0}, {95, 2, 2}};

static void write_config(const struct process *p, unsigned variant)
{
    unsigned v = variant % N_ELEMENTS(VARIANTS);
    CLEANUP(text_free) struct text t = TEXT_INIT(1u << 16);
    text_addf(
        &t,
        "poll: { interval = \"%us\"; };\n"
        "thresholds: { usage = { warning = \"%u%%\"; }; waiting_age = { critical = \"off\"; }; forecast = \"off\"; };\n"
        "alerts: { repeat = { critical = \"1d\"; warning = \"1d\"; growth = 1; }; };\n"
        "maintenance = ( { name = \"move\"; match = { tenant = \"t3\"; }; weekly = \"Sat "
        "01:00-05:00\";"
        " timezone = \"UTC\"; } );\ntenants = (",
        (unsigned)(p->interval / USEC_PER_SEC), VARIANTS[v].usage);
    for (size_t i = 0; i < TENANTS; i++)
        text_addf(
            &t,
            "%s\n { name = \"t%zu\"; tenant_id = \"11111111-2222-4333-8444-%012zu\";"
            " client_id = \"99999999-aaaa-4bbb-8ccc-dddddddddddd\"; client_secret_file = \"s\";"
            " timezone = \"UTC\"; }",
            i ? "," : "", i, i);
    text_add(&t, ");\nreceivers = (");
    for (unsigned i = 0; i < RECEIVERS; i++)
        text_addf(&t,
                  "%s\n { name = \"%s\"; type = \"webhook\"; url_file = \"u\"; signing = \"off\"; "
                  "burst = %u; rate = %u; }",
                  i ? "," : "", RECEIVER_NAMES[i], i == RECEIVER_PACED ? VARIANTS[v].burst : 10,
                  i == RECEIVER_WITNESS ? 0
                  : i == RECEIVER_PACED ? VARIANTS[v].rate
                                        : 1);
    text_add(&t, ");\nroutes = ( { match = { severity = \"critical\"; }; to = [\"critical\"]; "
                 "continue = true; },"
                 " { to = [\"witness\", \"paced\", \"failing\"]; } );\nfallback = [\"witness\", "
                 "\"paced\", \"failing\"];\n");
    assert_int_equal(t.error, 0);
    write_file(p, "seatwatchd.conf", t.data);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static int find_secret(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)at;
    if (type != FTW_F || !strstr(path, "/state"))
        return 0;
    CLEANUP(free) char *bytes = malloc((size_t)st->st_size + 1);
    FILE *f = fopen(path, "re");
    assert_true(bytes && f);
    size_t n = fread(bytes, 1, (size_t)st->st_size, f);
    assert_int_equal(fclose(f), 0);
    if (memmem(bytes, n, SECRET, sizeof SECRET - 1))
        check_note(9, "%s has the secret", path);
    return 0;
}

/* ---- the process ---- */

static void open_app(struct process *p)
{
    assert_int_equal(app_open(&p->cli, &p->app), EXIT_OK);
    assert_int_equal(p->app.n_tenants, TENANTS);
    p->app.last_tick = timers_now();
    dispatcher_wake(p->app.dispatcher);
}

void process_start(struct process *p, usec_t interval)
{
    *p = (struct process){.cli = {.mode = CLI_DAEMON, .log_level = LOG_CRIT}, .interval = interval};
    /* Every poll is a commit that waits for the disk: one in memory is as true, and faster. */
    bool in_memory = access("/dev/shm", W_OK) == 0;
    (void)snprintf(p->dir, sizeof p->dir, "%s/seatwatch-month-XXXXXX",
                   in_memory ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(p->dir));
    (void)snprintf(p->config, sizeof p->config, "%s/seatwatchd.conf", p->dir);
    (void)snprintf(p->state, sizeof p->state, "%s/state", p->dir);
    p->cli.config = p->config;
    p->cli.state_dir = p->state;
    write_file(p, "s", SECRET "\n");
    write_file(p, "u", "http://127.0.0.1:9/" SECRET "\n");
    write_config(p, 0);
    kill_reset();
    open_app(p);
}

void process_end(struct process *p)
{
    app_close(&p->app);
    seeded_reset();
    (void)nftw(p->dir, find_secret, 8, FTW_PHYS);
    (void)nftw(p->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void process_stop(struct process *p)
{
    (void)dispatcher_stop(p->app.dispatcher, 5 * USEC_PER_SEC, NULL, NULL);
}

void process_restart(struct process *p)
{
    app_close(&p->app);
    open_app(p);
}

static const char *next_state(struct process *p, char ret[static 160])
{
    (void)snprintf(ret, 160, "%s/state.%u", p->dir, ++p->n_states);
    return ret;
}

void process_kill_later(struct process *p, unsigned steps)
{
    char to[160];
    kill_arm(steps, p->state, next_state(p, to));
}

void process_kill_now(struct process *p)
{
    char to[160];
    kill_now(p->state, next_state(p, to));
}

void process_revive(struct process *p)
{
    app_close(&p->app);
    kill_reset();
    (void)nftw(p->state, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    (void)snprintf(p->state, sizeof p->state, "%s/state.%u", p->dir, p->n_states);
    open_app(p);
}

/* Polls come from the test. */
void __wrap_poller_start(struct app *app, struct tenant *before, size_t n_before);
void __wrap_poller_start(struct app *app, struct tenant *before, size_t n_before)
{
    (void)app, (void)before, (void)n_before;
}

void process_reload(struct process *p, unsigned variant)
{
    write_config(p, variant);
    reload_begin(&p->app, NULL, NULL);
}

/* ---- what it does ---- */

void process_poll(struct process *p, const struct company *c, size_t tenant)
{
    struct poll_result ended = {.tenant = &p->app.tenant[tenant], .snapshot = world_show(c)};
    struct graph_report *report = &ended.report;
    report->complete = c->answer == GRAPH_WELL || c->answer == GRAPH_EMPTIED;
    if (c->answer == GRAPH_DOWN)
        (void)failure_set(&report->failure, FAILURE_TRANSIENT, EIO,
                          "allotments: HTTP 503 (serviceNotAvailable)");
    else if (!report->complete)
        (void)failure_set(&report->failure, FAILURE_TRANSIENT, EIO, "one list: HTTP 504");
    poll_result_take(&p->app, &ended, 1);
}

void process_tick(struct process *p)
{
    if (!p->app.reloading)
        tick_now(&p->app);
}

void process_silence(struct process *p, const char *tenant, usec_t lasts)
{
    CLEANUP(free) char *name = strdup(tenant);
    const struct silence_request r = {
        .author = "ops", .comment = "a move", .match = {.tenant = name}, .lasts = lasts};
    char id[UUID_TEXT];
    struct failure why = {0};
    if (app_silence_add(&p->app, &r, id, &why) < 0)
        fail_msg("%s", why.text);
}

bool process_acknowledge(struct process *p, const char *alert_id)
{
    struct failure why = {0};
    int r = app_acknowledge(&p->app, alert_id, "ops", "known", 0, false, &why);
    if (r < 0 && r != -EINVAL && r != -ENOENT)
        fail_msg("%s", why.text);
    return r >= 0;
}
