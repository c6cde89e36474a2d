/* SPDX-License-Identifier: MIT */
/* Virtual time drives the daemon's own poll_result_take() and tick_now(). */
#include "outage/fleet.h"

#include "base/date.h"
#include "base/text.h"

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

#define START_AT (UINT64_C(1793001600) * USEC_PER_SEC) /* Monday, 2026-10-26 08:00 UTC */
#define TOKEN_LIFE (75 * USEC_PER_MINUTE)
#define SKU "06ebc4ee-1bb5-47dd-8120-11324bc54e06"

/* ---- the clock ---- */

static struct instant now;

struct instant __wrap_clock_now(void);
struct instant __wrap_clock_now(void)
{
    return now;
}

usec_t fleet_now(void)
{
    return now.at;
}

static void set_clock(const struct fleet *f, usec_t at)
{
    now = (struct instant){.at = at, .mono = at - START_AT + USEC_PER_DAY, .boot = f->boot};
}

/* ---- the daemon ---- */

static void write_file(const struct fleet *f, const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", f->dir, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static void write_config(const struct fleet *f, const char *extra)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(1u << 20);
    text_addf(&t, "poll: { interval = \"%us\"; };\n%s\ntenants = (", (unsigned)(f->interval / USEC_PER_SEC),
              extra ? extra : "");
    for (size_t i = 0; i < f->n; i++)
        text_addf(&t,
                  "%s\n { name = \"t%zu\"; tenant_id = \"11111111-2222-4333-8444-%012zu\";"
                  " client_id = \"99999999-aaaa-4bbb-8ccc-dddddddddddd\"; client_secret_file = \"s\"; }",
                  i ? "," : "", i, i);
    text_add(&t, ");\nreceivers = ( { name = \"hook\"; type = \"webhook\"; url_file = \"u\";"
             " signing_key_file = \"k\"; } );\n");
    assert_int_equal(t.error, 0);
    write_file(f, "seatwatchd.conf", t.data);
}

static void open_app(struct fleet *f)
{
    assert_int_equal(app_open(&f->cli, &f->app), EXIT_OK);
    assert_int_equal(f->app.n_tenants, f->n);
    f->app.last_tick = now;
}

void fleet_start(struct fleet *f, size_t n, usec_t interval, const char *extra)
{
    *f = (struct fleet){.cli = {.mode = CLI_DAEMON, .log_level = LOG_ERR}, .n = n, .interval = interval, .boot = 1};
    f->began_at = START_AT;
    set_clock(f, START_AT);
    /* Every poll is a commit that waits for the disk: one in memory is as true, and faster. */
    bool in_memory = access("/dev/shm", W_OK) == 0;
    (void)snprintf(f->dir, sizeof f->dir, "%s/seatwatch-outage-XXXXXX", in_memory ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->config, sizeof f->config, "%s/seatwatchd.conf", f->dir);
    (void)snprintf(f->state, sizeof f->state, "%s/state", f->dir);
    f->cli.config = f->config;
    f->cli.state_dir = f->state;
    write_file(f, "s", "never-sent\n");
    write_file(f, "u", "http://127.0.0.1:9/hook\n");
    write_file(f, "k", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n");
    write_config(f, extra);
    open_app(f);
}

void fleet_restart(struct fleet *f)
{
    app_close(&f->app);
    set_clock(f, now.at); /* perhaps in another boot */
    open_app(f);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

void fleet_end(struct fleet *f)
{
    app_close(&f->app);
    (void)nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    for (size_t i = 0; i < f->n_heard; i++) {
        free(f->heard[i].title);
        free(f->heard[i].description);
    }
    free(f->heard);
}

/* ---- what is delivered ---- */

static void hear(struct fleet *f, const struct notification *n, enum event_type type)
{
    if (f->n_heard == f->size_heard) {
        f->size_heard = f->size_heard ? 2 * f->size_heard : 64;
        f->heard = reallocarray(f->heard, f->size_heard, sizeof *f->heard);
        assert_non_null(f->heard);
    }
    struct message_seen *h = &f->heard[f->n_heard++];
    *h = (struct message_seen){.at = now.at, .type = type, .kind = n->kind, .level = n->level};
    h->title = strdup(n->title);
    h->description = strdup(n->description);
    (void)snprintf(h->tenant, sizeof h->tenant, "%s",
                   n->context->tenant_name ? n->context->tenant_name : "");
}

static void deliver(struct fleet *f)
{
    const struct attempt_result done = {.state = OUTBOX_DELIVERED, .status = 204};
    for (;;) {
        CLEANUP(outbox_entry_free) struct outbox_entry *e = NULL;
        struct failure why = {0};
        usec_t next_at;
        int r = store_outbox_next(f->app.store, "hook", now.at, &e, &next_at, &why);
        if (r == -ENOENT)
            return;
        if (r < 0)
            fail_msg("%s", why.text);
        if (e->notification)
            hear(f, e->notification, e->notification->type);
        for (size_t i = 0; e->digest && i < e->digest->n_notifications; i++)
            hear(f, e->digest->notification[i], EVENT_DIGEST);
        assert_true(store_attempt_begin(f->app.store, e->id, "-", 1, now, &why) >= 0);
        assert_true(store_attempt_end(f->app.store, e->id, &done, now, &why) >= 0);
    }
}

size_t fleet_count(const struct fleet *f, usec_t since_at, int type, int kind, int level)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n_heard; i++) {
        const struct message_seen *h = &f->heard[i];
        n += h->at >= since_at && (type < 0 || h->type == (enum event_type)type) &&
             (kind < 0 || h->kind == (enum kind)kind) && (level < 0 || h->level == (enum level)level);
    }
    return n;
}

void fleet_fail(const struct fleet *f, const char *why)
{
    for (size_t i = 0; i < f->n_heard && i < 40; i++) {
        char at[RFC3339_MAX];
        const struct message_seen *h = &f->heard[i];
        print_error("%s %s %s: %s\n", rfc3339_print(h->at, at), event_type_name(h->type), level_name(h->level), h->title);
    }
    fail_msg("%s; %zu messages", why, f->n_heard);
    abort();
}

/* ---- one reading ---- */

static void hear_of(enum answer answer, bool signed_in, struct graph_report *r)
{
    struct failure *f = &r->failure;
    r->at_sign_in = !signed_in;
    const char *call = signed_in ? "allotments" : "sign-in";
    switch (answer) {
    case ANSWER_REFUSED:
    case ANSWER_LOGIN_DEAD:
        (void)failure_set(f, FAILURE_TRANSIENT, EIO, "%s: could not connect to server", call);
        break;
    case ANSWER_503:
    case ANSWER_503_WAIT:
        (void)failure_set(f, FAILURE_THROTTLED, EIO, "%s: HTTP 503 (service unavailable)", call);
        f->retry_after = answer == ANSWER_503_WAIT ? 20 * USEC_PER_MINUTE : 0;
        r->resume_at_mono = f->retry_after ? now.mono + f->retry_after : 0;
        break;
    case ANSWER_HANGS:
        (void)failure_set(f, FAILURE_TRANSIENT, ETIMEDOUT, "the poll did not end within 120 s (poll.timeout)");
        break;
    case ANSWER_SECRET_ENDED:
        (void)failure_set(f, FAILURE_AUTH, EACCES, "sign-in was refused: invalid_client (AADSTS7000222)");
        break;
    case ANSWER_WELL:
    case ANSWER_MIXED:
    case ANSWER_EMPTY:
        r->complete = true;
        break;
    }
}

static struct snapshot *read_pools(const struct tenant *w, bool full, bool empty)
{
    CLEANUP(snapshot_builder_free) struct snapshot_builder *b = NULL;
    struct snapshot *snapshot = NULL;
    const struct tenant_identity *t = &w->options->identity;
    assert_true(snapshot_builder_new(t->name, t->tenant_id, SOURCE_CLOUD_LICENSING, now, &b) >= 0);
    if (!empty) {
        struct allotment a = {.id = strdup("p"),
                              .sku_id = strdup(SKU),
                              .sku_part_number = strdup("SPE_E5"),
                              .units_known = true,
                              .allotted = 100,
                              .consumed = full ? 100 : 50,
                              .subscriptions_known = true,
                              .waiting = {.section = SECTION_COMPLETE}};
        assert_true(snapshot_add_allotment(b, &a) >= 0);
    }
    snapshot_set_allotments(b, SECTION_COMPLETE);
    snapshot_set_errors(b, SECTION_COMPLETE);
    assert_true(snapshot_finish(b, &snapshot) >= 0);
    return snapshot;
}

static void poll_one(struct fleet *f, size_t i)
{
    static const enum answer FACES[] = {ANSWER_REFUSED, ANSWER_503, ANSWER_503_WAIT, ANSWER_HANGS};
    enum answer answer = f->answer[i] == ANSWER_MIXED ? FACES[i % N_ELEMENTS(FACES)] : f->answer[i];
    struct tenant *w = &f->app.tenant[i];
    struct graph_report report = {0};
    bool token = f->token_until[i] > now.at;
    if (answer == ANSWER_LOGIN_DEAD && token)
        answer = ANSWER_WELL;
    bool read = answer == ANSWER_WELL || answer == ANSWER_EMPTY;
    if (read && !token && answer == ANSWER_WELL)
        f->token_until[i] = now.at + TOKEN_LIFE;
    hear_of(answer, read || (answer != ANSWER_LOGIN_DEAD && answer != ANSWER_SECRET_ENDED), &report);
    struct poll_result ended = {
        .tenant = w, .snapshot = read ? read_pools(w, f->full[i], answer == ANSWER_EMPTY) : NULL};
    ended.report = report;
    poll_result_take(&f->app, &ended, 1);
    assert_true(w->last.committed);
    deliver(f);
}

void fleet_answer(struct fleet *f, size_t first, size_t n, enum answer answer)
{
    for (size_t i = first; i < first + n; i++)
        f->answer[i] = answer;
}

/* Tenant i is due at the i-th n-th of each interval; a wait that Graph asked for is kept. */
static bool is_due(const struct fleet *f, size_t i, usec_t from_at, usec_t to_at)
{
    usec_t place = f->interval / f->n * i, cycle = (from_at - f->began_at) / f->interval;
    if (f->app.tenant[i].last.report.resume_at_mono > now.mono)
        return false;
    for (; f->began_at + cycle * f->interval + place < to_at; cycle++)
        if (f->began_at + cycle * f->interval + place >= from_at)
            return true;
    return false;
}

void fleet_sleep(struct fleet *f, usec_t time)
{
    set_clock(f, now.at + time);
}

#define STEP (10 * USEC_PER_SEC)

void fleet_live(struct fleet *f, usec_t time)
{
    for (usec_t at = now.at, end = at + time; at < end; at += STEP) {
        set_clock(f, at);
        for (size_t i = 0; i < f->n; i++)
            if (is_due(f, i, at, at + STEP))
                poll_one(f, i);
        set_clock(f, at + STEP);
        if ((at + STEP - f->began_at) % USEC_PER_MINUTE == 0) {
            tick_now(&f->app);
            deliver(f);
        }
    }
}
