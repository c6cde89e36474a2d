/* SPDX-License-Identifier: MIT */
/* A snapshot has arrived: the one function that knows the whole way from there to the outbox.
 *
 * Judging and planning are pure; the commit makes memory, alert states and outbox durable in one
 * transaction. A crash, or a full disk, before it repeats the poll; after it nothing is lost. */
#include "runtime/app.h"

#include <errno.h>

#include "base/log.h"
#include "base/message_ids.h"

#define OUTAGE_TOLERANCE_MIN USEC_PER_HOUR
#define SKEW_MAX 60 /* seconds; as much as a slow answer may be old */

static int64_t clock_ahead(const struct graph_report *report)
{
    return report->skew_known && llabs(report->skew_seconds) > SKEW_MAX ? report->skew_seconds : 0;
}

struct judge_context take_judging(const struct watch *w, usec_t at)
{
    return (struct judge_context){.options = &w->app->options->rules,
                                  .tenant = &w->options->facts,
                                  .utc_offset = app_zone_offset(w->options, at)};
}

struct plan_context take_planning(const struct app *app, const struct watch *w, struct instant now)
{
    usec_t tolerance = w ? 3 * w->options->facts.interval : 0;
    return (struct plan_context){
        .options = &app->options->alerts,
        .routes = &app->options->routes,
        .now = now,
        .outage_tolerance = tolerance > OUTAGE_TOLERANCE_MIN ? tolerance : OUTAGE_TOLERANCE_MIN,
        .tenant_id = w ? w->options->facts.tenant_id : NULL,
        .tenant_name = w ? w->options->facts.name : NULL,
        .service_reach = app->outage.reach,
    };
}

static int empty_snapshot(const struct watch *w, struct instant now, struct snapshot **ret)
{
    CLEANUP(snapshot_builder_free) struct snapshot_builder *b = NULL;
    int r = snapshot_builder_new(w->options->facts.name, w->options->facts.tenant_id, SOURCE_NONE, now, &b);
    return r < 0 ? r : snapshot_finish(b, ret);
}

static int samples_append(struct samples *s, struct sample *one)
{
    struct sample *grown = reallocarray(s->sample, s->n + 1, sizeof *grown);
    if (!grown)
        return -ENOMEM;
    s->sample = grown;
    s->sample[s->n++] = *one;
    *one = (struct sample){0};
    return 0;
}

/* Everything that this poll says: pools, subscriptions, errors, and how the reading itself goes. */
static int judge_all(struct watch *w, const struct snapshot *snapshot,
                     const struct graph_report *report, struct instant now, struct samples **ret_samples,
                     struct tenant_memory **ret_memory, struct tenant_health *ret_health, struct failure *why)
{
    struct judge_context ctx = take_judging(w, now.at);
    ctx.clock_ahead = clock_ahead(report);
    CLEANUP(samples_free) struct samples *samples = NULL;
    CLEANUP(tenant_memory_free) struct tenant_memory *memory = NULL;
    CLEANUP(sample_clear) struct sample poll = {0};
    struct tenant_health health = w->health;
    int r = judge_snapshot(&ctx, snapshot, w->memory, &samples, &memory, why);
    if (r < 0)
        return r;
    health_update(&health, snapshot, memory, report->complete ? NULL : &report->failure);
    outage_asked(w, &health, report->at_sign_in, now);
    r = judge_poll(&ctx, &health, &now, &poll, why);
    if (r >= 0 && outage_holds(w, now))
        poll.finding[0].state = FINDING_UNKNOWN;
    if (r >= 0 && samples_append(samples, &poll) < 0)
        r = failure_oom(why);
    if (r < 0)
        return r;
    *ret_samples = TAKE(samples);
    *ret_memory = TAKE(memory);
    *ret_health = health;
    return 0;
}

/* The alert life cycle, 7: what cannot be committed is said once where it can be said. */
static void say_uncommitted(struct app *app, const struct changes *c, const struct failure *why)
{
    if (!app->store_failing)
        log_event(LOG_CRIT, MESSAGE_STATE_FAILING, NULL,
                  "the state directory cannot be written: %s; nothing is recorded or delivered until it can",
                  why->text);
    app->store_failing = true;
    for (size_t i = 0; c && i < c->n_events; i++)
        if (c->event[i].notice)
            log_say(c->event[i].notice->level == LEVEL_CRITICAL ? LOG_CRIT : LOG_WARNING,
                    "not recorded: %s", c->event[i].notice->title);
}

/* --once reports what the run changed, so it keeps it. */
static void remember(struct app *app, struct changes *c)
{
    struct changes **grown = NULL;
    if (app->cli->mode == CLI_ONCE)
        grown = reallocarray(app->history, app->n_history + 1, sizeof *grown);
    if (!grown) {
        changes_free(c);
        return;
    }
    app->history = grown;
    app->history[app->n_history++] = c;
}

static int commit(struct app *app, const struct commit *c, struct changes *changes, struct failure *why)
{
    int r = app->cli->dry_run ? 0 : store_commit(app->store, c, why);
    if (r < 0) {
        say_uncommitted(app, changes, why);
        changes_free(changes);
        return r;
    }
    if (app->store_failing)
        log_event(LOG_NOTICE, MESSAGE_STATE_WORKS, NULL, "the state directory can be written again");
    app->store_failing = false;
    if (changes) {
        alerts_apply(app->book, changes);
        remember(app, changes);
    }
    if (app->courier)
        courier_wake(app->courier);
    return 0;
}

int take_changes(struct app *app, const char *tenant_id, const struct tenant_health *health,
                 struct changes *changes, struct instant now, struct failure *why)
{
    if (changes_empty(changes)) {
        changes_free(changes);
        return 0;
    }
    struct commit c = {.health = health,
                       .tenant_id = tenant_id,
                       .changes = changes,
                       .routes = &app->options->routes,
                       .now = now};
    return commit(app, &c, changes, why);
}

void take_sample(struct app *app, struct plan_context *ctx, struct sample *sample)
{
    struct samples one = {.sample = sample, .n = 1};
    struct changes *changes = NULL;
    struct failure why = {0};
    int r = alerts_plan(ctx, app->book, &one, &changes, &why);
    if (r >= 0)
        r = take_changes(app, ctx->tenant_id, NULL, changes, ctx->now, &why);
    if (r < 0 && !app->store_failing)
        log_failure(LOG_ERR, &why, "evaluation", "it is repeated in a minute");
}

static void log_poll(struct watch *w, const struct tenant_health *before, const struct graph_report *report)
{
    const char *name = w->options->facts.name;
    if (*report->renewal.text)
        log_failure(LOG_WARNING, &report->renewal, name, "the token that is still good serves meanwhile");
    if (*report->note)
        log_event(LOG_NOTICE, MESSAGE_SOURCE_NOTE, name, "%s: %s", name, report->note);
    if (report->complete) {
        if (before->failing)
            log_event(LOG_NOTICE, MESSAGE_POLL_RECOVERED, name, "%s: is read completely again", name);
        log_say(LOG_DEBUG, "%s: read in %u requests%s", name, report->requests,
                w->last.source == SOURCE_SUBSCRIBED_SKUS ? ", from subscribedSkus" : "");
    } else if (!before->failing || !text_equal(before->text, report->failure.text)) {
        log_event(LOG_WARNING, MESSAGE_POLL_FAILED, name,
                  "%s: could not be read completely: %s; what is not known changes no alert%s", name,
                  report->failure.text,
                  w->last.source == SOURCE_SUBSCRIBED_SKUS ? " (source: subscribedSkus)" : "");
    }
    if (clock_ahead(report) != 0 && !w->skewed)
        log_event(LOG_WARNING, MESSAGE_CLOCK_SKEW, name,
                  "this machine's clock is %lld s %s Microsoft Graph's; webhook signatures fail beyond 300 s: "
                  "check time synchronisation",
                  (long long)llabs(report->skew_seconds), report->skew_seconds > 0 ? "ahead of" : "behind");
    if (report->skew_known)
        w->skewed = clock_ahead(report) != 0;
}

static int take(struct watch *w, const struct snapshot *snapshot, const struct graph_report *report,
                struct instant now, struct failure *why)
{
    struct app *app = w->app;
    CLEANUP(samples_free) struct samples *samples = NULL;
    CLEANUP(tenant_memory_free) struct tenant_memory *memory = NULL;
    struct tenant_health health;
    struct changes *changes = NULL;
    struct plan_context ctx = take_planning(app, w, now);
    int r = judge_all(w, snapshot, report, now, &samples, &memory, &health, why);
    if (r < 0)
        return r;
    ctx.complete_list = snapshot->allotments == SECTION_COMPLETE;
    /* Another source has other pools, and what they are like now is no news of today. */
    ctx.first_run = ctx.complete_list && (!w->memory || w->memory->source != snapshot->source);
    r = alerts_plan(&ctx, app->book, samples, &changes, why);
    if (r < 0)
        return r;
    struct commit c = {.snapshot = snapshot,
                       .memory = memory,
                       .health = &health,
                       .tenant_id = w->options->facts.tenant_id,
                       .changes = changes,
                       .routes = &app->options->routes,
                       .now = now};
    r = commit(app, &c, changes, why);
    if (r < 0)
        return r;
    tenant_memory_free(w->memory);
    w->memory = TAKE(memory);
    w->health = health;
    return 0;
}

void take_snapshot(struct watch *w, struct snapshot *given, const struct graph_report *report)
{
    CLEANUP(snapshot_free) struct snapshot *snapshot = given;
    struct instant now = clock_now();
    struct tenant_health before = w->health;
    struct failure why = {0};
    w->last.known = true;
    w->last.committed = false;
    w->last.report = *report;
    int r = snapshot ? 0 : empty_snapshot(w, now, &snapshot);
    if (r < 0)
        (void)failure_oom(&why);
    if (r >= 0) {
        w->last.source = snapshot->source;
        snapshot_totals(snapshot, &w->last.totals);
        log_poll(w, &before, report);
        r = take(w, snapshot, report, now, &why);
    }
    w->last.committed = r >= 0;
    if (r < 0 && report->complete)
        w->last.report.failure = why; /* for --once: read, but not recorded */
    if (r < 0 && !w->app->store_failing)
        log_failure(LOG_ERR, &why, w->options->facts.name, "this poll counts for nothing; the next one repeats it");
    notify_status(w->app);
}
