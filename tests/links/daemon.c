/* SPDX-License-Identifier: MIT */
#include "links/daemon.h"

#include "base/text.h"
#include "deliver/deliver.h"
#include "month/timers.h"
#include "runtime/poll_result.h"
#include "runtime/poller.h"
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

/* As an operator writes it who wants to know within 15 minutes: only poll.warning and the interval of
 * the heartbeat differ from the defaults. */
static const char CONFIG[] =
    "thresholds: { poll = { warning = \"10m\"; }; };\n"
    "tenants = ( { name = \"t0\"; tenant_id = \"11111111-2222-4333-8444-000000000000\";\n"
    "  client_id = \"99999999-aaaa-4bbb-8ccc-dddddddddddd\"; client_secret_file = \"s\"; } );\n"
    "receivers = (\n"
    " { name = \"pager\"; type = \"pagerduty\"; routing_key_file = \"key\"; },\n"
    " { name = \"chat\"; type = \"slack\"; url_file = \"chat.url\"; },\n"
    " { name = \"mail\"; type = \"email\"; server = \"smtps://mail.example.com:465\"; auth = \"none\";\n"
    "   from = \"seatwatchd@example.com\"; to = [\"ops@example.com\"]; },\n"
    " { name = \"journal\"; type = \"journal\"; },\n"
    " { name = \"beat\"; type = \"heartbeat\"; url_file = \"beat.url\"; interval = \"2m\"; } );\n"
    "routes = ( { match = { severity = \"critical\"; }; to = [\"pager\"]; continue = true; },\n"
    "           { to = [\"chat\", \"mail\", \"journal\"]; } );\n"
    "fallback = [\"chat\", \"mail\"];\n";

static const struct {
    const char *name, *text;
} FILES[] = {
    {"seatwatchd.conf", CONFIG},
    {"s", "never-sent\n"},
    {"key", "0123456789abcdef0123456789abcdef\n"},
    {"chat.url", "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX\n"},
    {"beat.url", "https://beat.example.com/1\n"},
};

static void write_file(const struct daemon *d, const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", d->dir, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

void daemon_start(struct daemon *d)
{
    *d = (struct daemon){.cli = {.mode = CLI_DAEMON, .log_level = LOG_CRIT}};
    bool in_memory = access("/dev/shm", W_OK) == 0;
    (void)snprintf(d->dir, sizeof d->dir, "%s/seatwatch-links-XXXXXX",
                   in_memory ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(d->dir));
    (void)snprintf(d->config, sizeof d->config, "%s/seatwatchd.conf", d->dir);
    (void)snprintf(d->state, sizeof d->state, "%s/state", d->dir);
    d->cli.config = d->config;
    d->cli.state_dir = d->state;
    for (size_t i = 0; i < N_ELEMENTS(FILES); i++)
        write_file(d, FILES[i].name, FILES[i].text);
    world_begin(&d->world, 1);
    assert_int_equal(app_open(&d->cli, &d->app), EXIT_OK);
    d->app.last_tick = timers_now();
    d->poll_mono = timers_now().mono + INTERVAL;
    d->tick_mono = timers_now().mono + USEC_PER_MINUTE;
}

void daemon_end(struct daemon *d)
{
    app_close(&d->app);
    (void)nftw(d->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Polls come from the test. */
void __wrap_poller_start(struct app *app, struct tenant *before, size_t n_before);
void __wrap_poller_start(struct app *app, struct tenant *before, size_t n_before)
{
    (void)app, (void)before, (void)n_before;
}

void daemon_poll(struct daemon *d)
{
    static const struct {
        enum failure_kind kind;
        const char *text;
    } FAILURES[] = {
        [TROUBLE_GRAPH] = {FAILURE_TRANSIENT, "graph.microsoft.com: cannot connect"},
        [TROUBLE_SECRET] = {FAILURE_AUTH, "sign-in was refused: invalid_client (AADSTS7000222)"},
        [TROUBLE_CONSENT] = {FAILURE_PERMISSION, "allotments: HTTP 403: permission is missing"},
    };
    struct poll_result ended = {.tenant = &d->app.tenant[0]};
    struct graph_report *report = &ended.report;
    report->complete = d->trouble == TROUBLE_NONE;
    if (report->complete) {
        ended.snapshot = d->show ? d->show() : world_show(&d->world.company[0]);
    } else {
        (void)failure_set(&report->failure, FAILURES[d->trouble].kind, EIO, "%s",
                          FAILURES[d->trouble].text);
    }
    report->skew_known = report->complete || d->trouble == TROUBLE_CONSENT;
    report->skew_seconds = d->clock_ahead;
    if (report->skew_known && d->clock_ahead && !d->skew_mono)
        d->skew_mono = timers_now().mono;
    poll_result_take(&d->app, &ended, 1);
}

static void live_until(struct daemon *d, usec_t mono)
{
    timers_advance(mono);
    if (d->poll_mono <= mono) {
        d->poll_mono += INTERVAL;
        daemon_poll(d);
    }
    if (d->tick_mono <= mono) {
        d->tick_mono += USEC_PER_MINUTE;
        tick_now(&d->app);
    }
}

void daemon_live(struct daemon *d, usec_t time)
{
    usec_t end = timers_now().mono + time;
    while (!d->stopped && timers_now().mono < end) {
        usec_t next = timers_next();
        next = d->poll_mono < next ? d->poll_mono : next;
        next = d->tick_mono < next ? d->tick_mono : next;
        live_until(d, next < end ? next : end);
    }
}
