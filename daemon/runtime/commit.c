/* SPDX-License-Identifier: MIT */
/* runtime/commit.c: plans against the registry of alerts and commits the result.
 *
 * The commit makes memory, alert states and outbox durable in one transaction. Only then the registry
 * changes, and the dispatcher looks for work. */
#include "runtime/commit.h"

#include <string.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/message_ids.h"
#include "deliver/resend.h"
#include "runtime/app.h"
#include "runtime/silence_list.h"
#include "runtime/tenant.h"

#define OUTAGE_TOLERANCE_MIN USEC_PER_HOUR

static int past_of(void *userdata, const char *alert_id, struct past_alert *ret,
                   struct failure *ret_failure)
{
    const struct app *app = userdata;
    *ret = (struct past_alert){0};
    return app->store ? store_past_alert(app->store, alert_id, ret, ret_failure) : 0;
}

static struct calendar calendar_of(void *userdata, const char *tenant_id)
{
    const struct app *app = userdata;
    const struct tenant *t = tenant_find(app->tenant, app->n_tenants, tenant_id);
    struct calendar dates = {.begins = app->options->rules.dates_at}; /* UTC without a tenant */
    if (t)
        dates = (struct calendar){dates.begins, tenant_utc_offset, t->options, 0};
    return dates;
}

struct plan_context commit_context(struct app *app, const struct tenant *t, struct instant now)
{
    usec_t tolerance = t ? 3 * t->options->identity.interval : 0;
    silences_follow_zones(app, now.at);
    return (struct plan_context){
        .options = &app->options->alerts,
        .routes = &app->options->routes,
        .now = now,
        .outage_tolerance = tolerance > OUTAGE_TOLERANCE_MIN ? tolerance : OUTAGE_TOLERANCE_MIN,
        .tenant_id = t ? t->options->identity.tenant_id : NULL,
        .tenant_name = t ? t->options->identity.name : NULL,
        .service_reach = app->outage_reach,
        .silences = app_silence_list(app),
        .maintenance = {app->options->maintenance, app->options->n_maintenance},
        .past = past_of,
        .past_userdata = app,
        .calendar = calendar_of,
        .calendar_userdata = app,
    };
}

/* Each poll plans the same events again until they can be committed. False: this one was logged, or so many were
 * that the rest is only counted. */
static bool unrecorded_is_new(struct app *app, const struct notification *n)
{
    const char *what_about = n->alert_id[0] ? n->alert_id : n->title;
    uint64_t hash = fnv1a(what_about, strlen(what_about), FNV1A_SEED);
    const int what[] = {(int)n->type, (int)n->level};
    hash = fnv1a(what, sizeof what, hash);
    for (size_t i = 0; i < app->n_unrecorded && i < UNRECORDED_MAX; i++)
        if (app->unrecorded[i] == hash)
            return false;
    if (app->n_unrecorded < UNRECORDED_MAX)
        app->unrecorded[app->n_unrecorded] = hash;
    return app->n_unrecorded++ < UNRECORDED_MAX;
}

/* A notification that cannot be committed is at least logged, once. */
static void log_uncommitted(struct app *app, const struct changes *c, const struct failure *why)
{
    if (!app->store_failing)
        log_event(LOG_CRIT, MESSAGE_STATE_FAILING, NULL,
                  "the state directory cannot be written: %s; nothing is recorded or delivered "
                  "until it can",
                  why->text);
    app->store_failing = true;
    for (size_t i = 0; c && i < c->n_events; i++)
        if (c->event[i].notification && unrecorded_is_new(app, c->event[i].notification))
            log_say(c->event[i].notification->level == LEVEL_CRITICAL ? LOG_CRIT : LOG_WARNING,
                    "not recorded: %s", c->event[i].notification->title);
}

/* --once reports what the run changed. */
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

void commit_apply(struct app *app, struct changes *changes)
{
    if (app->store_failing)
        log_event(LOG_NOTICE, MESSAGE_STATE_WORKS, NULL,
                  "the state directory can be written again; messages that were not recorded "
                  "meanwhile: %s%zu; conditions that persist are recorded now",
                  app->n_unrecorded > UNRECORDED_MAX ? "more than " : "",
                  app->n_unrecorded > UNRECORDED_MAX ? (size_t)UNRECORDED_MAX : app->n_unrecorded);
    app->store_failing = false;
    app->n_unrecorded = 0;
    alerts_apply(app->registry, changes);
    remember(app, changes);
    if (app->dispatcher)
        dispatcher_wake(app->dispatcher);
    resends_wake(app->resends);
}

int commit_all(struct app *app, const struct commit *c, size_t n, struct changes *changes,
                struct failure *why)
{
    int r = app->cli->dry_run ? 0 : store_commit(app->store, c, n, why);
    if (r >= 0) {
        commit_apply(app, changes);
        return 0;
    }
    log_uncommitted(app, changes, why);
    changes_free(changes);
    return r;
}

int commit_changes(struct app *app, const struct plan_context *ctx, struct changes *changes, struct failure *why)
{
    if (changes_empty(changes)) {
        changes_free(changes);
        return 0;
    }
    struct commit c = {.tenant_id = ctx->tenant_id,
                       .changes = changes,
                       .routes = &app->options->routes,
                       .now = ctx->now};
    return commit_all(app, &c, 1, changes, why);
}

void commit_observation(struct app *app, struct plan_context *ctx, struct observation *observation)
{
    struct observations one = {.observation = observation, .n = 1};
    struct changes *changes = NULL;
    struct failure why = {0};
    int r = alerts_plan(ctx, app->registry, &one, &changes, &why);
    if (r >= 0)
        r = commit_changes(app, ctx, changes, &why);
    if (r < 0 && !app->store_failing)
        log_failure(LOG_ERR, &why, "evaluation", "retried in a minute");
}

