/* SPDX-License-Identifier: MIT */
/* runtime/poll_result.c: takes poll results from the snapshot to the outbox.
 *
 * Judging and planning are pure. The commit makes memory, alert states and outbox durable in one transaction, which
 * polls that ended together share because it waits for the disk. A crash or a full disk before the commit repeats
 * the polls; after it nothing is lost. */
#include "runtime/poll_result.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "base/message_ids.h"
#include "base/text.h"
#include "runtime/app.h"
#include "runtime/commit.h"
#include "runtime/loss.h"
#include "runtime/matches.h"
#include "runtime/notify.h"
#include "runtime/outage.h"
#include "runtime/tenant.h"

#define SKEW_MAX 60 /* seconds; as much as a slow answer may be old */

static int64_t clock_ahead(const struct graph_report *report)
{
    return report->skew_known && llabs(report->skew_seconds) > SKEW_MAX ? report->skew_seconds : 0;
}

static int empty_snapshot(const struct tenant *t, struct instant now, struct snapshot **ret)
{
    CLEANUP(snapshot_builder_free) struct snapshot_builder *b = NULL;
    int r = snapshot_builder_new(t->options->identity.name, t->options->identity.tenant_id,
                                 SOURCE_NONE, now, &b);
    return r < 0 ? r : snapshot_finish(b, ret);
}

static int observations_append(struct observations *s, struct observation *one)
{
    if (array_room(&s->observation, s->n, sizeof *s->observation) < 0)
        return -ENOMEM;
    s->observation[s->n++] = *one;
    *one = (struct observation){0};
    return 0;
}

/* Observations of pools, subscriptions and errors, and of the poll itself. */
static int judge_all(struct tenant *t, const struct snapshot *snapshot,
                     const struct graph_report *report, struct instant now,
                     struct observations **ret_observations, struct tenant_memory **ret_memory,
                     struct tenant_health *ret_health, struct failure *why)
{
    struct judge_context ctx = tenant_judge_context(t, now.at);
    ctx.clock_ahead = clock_ahead(report);
    CLEANUP(observations_free) struct observations *observations = NULL;
    CLEANUP(tenant_memory_free) struct tenant_memory *memory = NULL;
    CLEANUP(observation_clear) struct observation poll = {0};
    struct tenant_health health = t->health;
    int r = judge_snapshot(&ctx, snapshot, t->memory, &observations, &memory, why);
    if (r < 0)
        return r;
    health_update(&health, snapshot, memory, report->complete ? NULL : &report->failure);
    health.api_refusals = report->refusals;
    outage_polled(t, &health, report->at_sign_in, now);
    r = judge_poll(&ctx, &health, &now, &poll, why);
    if (r >= 0 && outage_covers(t, &health, &poll, now))
        poll.finding[0].state = FINDING_UNKNOWN;
    if (r >= 0 && observations_append(observations, &poll) < 0)
        r = failure_oom(why);
    if (r < 0)
        return r;
    *ret_observations = TAKE(observations);
    *ret_memory = TAKE(memory);
    *ret_health = health;
    return 0;
}

/* "contoso: 12 pools, 4 waiting, 0 errors, 3 requests": once a tenant, so that an operator sees
 * what a new configuration covers. Unknown sums are omitted. */
static void log_first(struct tenant *w, const struct graph_report *report)
{
    const struct snapshot_totals *t = &w->last.totals;
    const struct {
        int64_t n;
        const char *one, *more;
    } SUMS[] = {{t->allotments, "pool", "pools"}, {t->waiting, "waiting", "waiting"}, {t->errors, "error", "errors"}};
    CLEANUP(text_free) struct text line = TEXT_INIT(256);
    if (w->read_logged || w->app->cli->mode != CLI_DAEMON)
        return;
    for (size_t i = 0; i < N_ELEMENTS(SUMS); i++)
        if (SUMS[i].n != UNITS_UNKNOWN)
            text_addf(&line, "%" PRId64 " %s, ", SUMS[i].n, SUMS[i].n == 1 ? SUMS[i].one : SUMS[i].more);
    CLEANUP(free) char *sums = text_take(&line);
    log_say(LOG_INFO, "%s: %s%u requests", w->options->identity.name, sums ? sums : "",
            report->requests);
    w->read_logged = true;
}

/* `doubt`: why a complete answer is not trusted. */
static void log_poll(struct tenant *t, const struct tenant_health *before,
                     const struct graph_report *report, enum cause doubt)
{
    enum cause doubted;
    (void)health_discarded_sections(before, &doubted);
    const char *name = t->options->identity.name;
    if (*report->renewal.text)
        log_failure(LOG_WARNING, &report->renewal, name,
                    "the present token stays in use until it expires");
    if (*report->note)
        log_event(LOG_NOTICE, MESSAGE_SOURCE_NOTE, name, "%s: %s", name, report->note);
    if (report->complete) {
        if (before->failing || doubted != CAUSE_NONE)
            log_event(LOG_NOTICE, MESSAGE_POLL_RECOVERED, name, "%s: poll succeeded, tenant recovered",
                      name);
        log_first(t, report);
    } else if (doubt != CAUSE_NONE
                   ? doubt != doubted
                   : !before->failing || !text_equal(before->text, report->failure.text)) {
        log_event(LOG_WARNING, MESSAGE_POLL_FAILED, name,
                  "%s: poll incomplete: %s; unknown sections change no alerts%s",
                  name, report->failure.text,
                  t->last.source == SOURCE_SUBSCRIBED_SKUS ? " (source: subscribedSkus)" : "");
    }
    if (report->complete || doubt != CAUSE_NONE)
        log_say(LOG_DEBUG, "%s: polled in %u requests%s", name, report->requests,
                t->last.source == SOURCE_SUBSCRIBED_SKUS ? ", from subscribedSkus" : "");
    if (clock_ahead(report) != 0 && t->clock_ahead == 0)
        log_event(LOG_WARNING, MESSAGE_CLOCK_SKEW, name,
                  "this machine's clock is %lld s %s Microsoft Graph's; webhook signatures fail "
                  "beyond 300 s: "
                  "check time synchronisation",
                  (long long)llabs(report->skew_seconds),
                  report->skew_seconds > 0 ? "ahead of" : "behind");
    if (report->skew_known)
        t->clock_ahead = clock_ahead(report);
}

/* ---- polls that ended together ---- */

struct polled { /* one of them */
    struct tenant *tenant;
    const struct poll_result *result;
    struct snapshot *snapshot;
    struct tenant_memory *memory;
    struct tenant_health health;
    struct changes *changes;
    enum cause doubt; /* why the complete answer is not trusted */
    struct failure why;
    int r;
};

/* Untrusted sections are unknown everywhere: in sums, history, and the report of --once. */
static void disbelieve(struct polled *t)
{
    struct graph_report *report = &t->tenant->last.report;
    enum cause cause;
    unsigned discards = health_discarded_sections(&t->health, &cause);
    snapshot_disbelieve(t->snapshot, discards & 1U << HEALTH_ALLOTMENTS,
                        discards & 1U << HEALTH_ERRORS);
    if (cause == CAUSE_NONE || !report->complete)
        return;
    t->doubt = cause;
    report->complete = false;
    (void)failure_set(&report->failure, FAILURE_PROTOCOL, EBADMSG, "%s",
                      cause_row(cause)->hint.what);
}

static bool is_ignored(const void *userdata, const char *sku_id, const char *sku_part_number,
                       const char *allotment_id)
{
    const struct tenant *t = userdata;
    struct threshold unused[RULE_COUNT_];
    return rules_for(&t->app->options->rules, &t->options->identity, sku_id, sku_part_number,
                     allotment_id, unused) == IGNORE_ALL;
}

static int judge_and_plan(struct polled *t, struct instant now)
{
    struct tenant *w = t->tenant;
    CLEANUP(observations_free) struct observations *observations = NULL;
    struct plan_context ctx = commit_context(w->app, w, now);
    int r = judge_all(w, t->snapshot, &t->result->report, now, &observations, &t->memory, &t->health,
                      &t->why);
    if (r < 0)
        return r;
    disbelieve(t);
    if (snapshot_exclude(t->snapshot, is_ignored, w) < 0)
        return failure_oom(&t->why);
    ctx.complete_list = t->snapshot->allotments == SECTION_COMPLETE;
    /* Another source lists other pools; their state is not new. */
    ctx.state_lost = ctx.complete_list && w->lost;
    ctx.first_run = ctx.complete_list && (!w->memory || w->memory->source != t->snapshot->source);
    if (ctx.first_run && w->app->n_tenants > 1 && !w->app->cli->dry_run) {
        ctx.first_digest = FIRST_WAITS;
        if (!w->app->first_mono)
            w->app->first_mono = now.mono;
    }
    return alerts_plan(&ctx, w->app->registry, observations, &t->changes, &t->why);
}

static void poll_result_begin(struct polled *t, struct poll_result *e, struct instant now)
{
    struct tenant *w = e->tenant;
    *t = (struct polled){.tenant = w, .result = e, .snapshot = TAKE(e->snapshot)};
    w->last.known = true;
    w->last.committed = false;
    w->last.report = e->report;
    w->totals.polls++;
    w->totals.failures += !e->report.complete;
    w->totals.requests += e->report.requests;
    w->totals.throttled += e->report.throttled;
    if (!t->snapshot && empty_snapshot(w, now, &t->snapshot) < 0) {
        w->last.known = false; /* its sums and source are still those of an older poll */
        t->r = failure_oom(&t->why);
        return;
    }
    t->r = judge_and_plan(t, now);
    w->last.source = t->snapshot->source;
    snapshot_totals(t->snapshot, &w->last.totals);
    log_poll(w, &w->health, &w->last.report, t->doubt);
}

/* After a loss of state: this poll covers every limit. */
static bool is_found(const struct polled *t)
{
    return t->snapshot->allotments == SECTION_COMPLETE;
}

static struct commit commit_of(const struct polled *t, struct instant now)
{
    return (struct commit){.snapshot = t->snapshot,
                           .memory = t->memory,
                           .health = &t->health,
                           .tenant_id = t->tenant->options->identity.tenant_id,
                           .changes = t->changes,
                           .routes = &t->tenant->app->options->routes,
                           .lost = t->tenant->lost && is_found(t) ? STORE_FOUND : STORE_KEEP,
                           .now = now};
}

/* False: nothing is on disk, and each is committed by itself. */
static bool commit_together(struct app *app, const struct polled *polled, size_t n,
                            struct instant now)
{
    struct commit c[POLL_RESULTS_MAX];
    size_t n_planned = 0;
    for (size_t i = 0; i < n; i++)
        if (polled[i].r >= 0)
            c[n_planned++] = commit_of(&polled[i], now);
    return n_planned > 1 && !app->cli->dry_run &&
           store_commit(app->store, c, n_planned, NULL) >= 0;
}

/* A complete and trusted list can be judged again after a reload. */
static void keep_judged(struct polled *t)
{
    struct tenant *w = t->tenant;
    bool known = t->snapshot->allotments == SECTION_COMPLETE && !t->snapshot->schema_changed &&
                 !w->memory->emptied;
    snapshot_free(w->judged.snapshot);
    w->judged.snapshot = known ? TAKE(t->snapshot) : NULL;
    w->judged.clock_ahead = clock_ahead(&t->result->report);
}

static void poll_result_end(struct polled *t, bool is_committed, struct instant now)
{
    struct tenant *w = t->tenant;
    if (t->r >= 0 && is_committed) {
        commit_apply(w->app, TAKE(t->changes));
    } else if (t->r >= 0) {
        struct commit c = commit_of(t, now);
        t->r = commit_all(w->app, &c, 1, TAKE(t->changes), &t->why);
    }
    w->last.committed = t->r >= 0;
    if (t->r >= 0) {
        tenant_memory_free(w->memory);
        w->memory = TAKE(t->memory);
        w->health = t->health;
        w->lost = w->lost && !is_found(t);
    } else {
        if (w->last.report.complete)
            w->last.report.failure = t->why; /* for --once: polled, but not recorded */
        if (!w->app->store_failing)
            log_failure(LOG_ERR, &t->why, w->options->identity.name,
                        "poll discarded; the next one repeats it");
    }
    tenant_memory_free(t->memory);
    if (w->app->cli->mode == CLI_ONCE) {
        snapshot_free(w->last.snapshot);
        w->last.snapshot = TAKE(t->snapshot);
    } else if (t->r >= 0) {
        keep_judged(t);
    }
    snapshot_free(t->snapshot);
}

static void poll_result_group(struct app *app, struct poll_result *result, size_t n, struct instant now)
{
    struct polled polled[POLL_RESULTS_MAX];
    for (size_t i = 0; i < n; i++)
        poll_result_begin(&polled[i], &result[i], now);
    bool together = commit_together(app, polled, n, now);
    for (size_t i = 0; i < n; i++)
        poll_result_end(&polled[i], together, now);
}

/* It affects its own tenant only: no outage begins or ends with it. */
static bool is_ordinary(const struct poll_result *e)
{
    return e->report.complete && !e->tenant->health.failing;
}

void poll_result_take(struct app *app, struct poll_result *result, size_t n)
{
    struct poll_result ordinary[POLL_RESULTS_MAX];
    size_t n_ordinary = 0;
    struct instant now = clock_now();
    assert(n <= POLL_RESULTS_MAX);
    bool jumped = alerts_clock_jumped(app->registry, &now);
    for (size_t i = 0; i < n; i++)
        if (jumped || !is_ordinary(&result[i]))
            poll_result_group(app, &result[i], 1, now);
        else
            ordinary[n_ordinary++] = result[i];
    poll_result_group(app, ordinary, n_ordinary, now);
    matches_look(app);
    loss_settle(app, false);
    notify_status(app);
}
