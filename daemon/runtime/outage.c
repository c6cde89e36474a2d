/* SPDX-License-Identifier: MIT */
/* runtime/outage.c: raises one alert for an outage of Graph instead of one for each tenant: counts tenants that fail
 * alike, defers their own alerts, and chooses the receivers. */
#include "runtime/outage.h"

#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "runtime/app.h"
#include "runtime/commit.h"
#include "runtime/credentials.h"
#include "runtime/tenant.h"

struct outage {
    struct service_tenant *tenant; /* as last judged */
    size_t n;
    struct service_tally tally;
    struct service_alert alert;
    receiver_set notified; /* of the alert */
};

struct outage *outage_new(void)
{
    return calloc(1, sizeof(struct outage));
}

void outage_free(struct outage *o)
{
    if (o)
        free(o->tenant);
    free(o);
}

static bool is_counted(const struct tenant *t)
{
    return t->options->enabled && !t->options->broken;
}

static void read_state(struct tenant *t, const struct tenant_health *h, const struct instant *now)
{
    const struct judge_context ctx = {.options = &t->app->options->rules,
                                      .tenant = &t->options->identity};
    poll_state_of(&ctx, h, now, &t->reading);
}

/* ---- input of the rule ---- */

/* Level that the tenant's own alert has notified for the same section, or the alert about its credential. */
static enum level notified_level(const struct tenant *t, const struct tenant_health *health,
                                 const struct instant *now)
{
    const struct alert *a =
        registry_find(t->app->registry, KIND_POLL, t->options->identity.tenant_id, "");
    bool own = a && a->context && a->notified > LEVEL_NONE &&
               text_equal(a->context->section, t->reading.section);
    return own ? a->notified : credentials_notified(t, health, *now);
}

static struct service_tenant seen(const struct tenant *t, const struct tenant_health *health,
                                  const struct instant *now)
{
    return (struct service_tenant){
        .state = t->reading,
        .health = health,
        .host = t->asked_mono && health->failing ? graph_host(t->graph, t->at_sign_in) : NULL,
        .notified = notified_level(t, health, now),
        .asked_mono = tenant_is_stale(t) ? 0 : t->asked_mono, /* a poll before a sleep is too old */
        .began_mono = t->began_mono,
    };
}

static int look_at_all(struct app *app, const struct instant *now)
{
    struct outage *o = app->outage;
    struct service_tenant *grown =
        reallocarray(o->tenant, app->n_tenants ? app->n_tenants : 1, sizeof *grown);
    o->n = 0;
    if (!grown)
        return -ENOMEM;
    o->tenant = grown;
    for (size_t i = 0; i < app->n_tenants; i++) {
        struct tenant *t = &app->tenant[i];
        if (!is_counted(t))
            continue;
        read_state(t, &t->health, now);
        t->nth = o->n;
        o->tenant[o->n++] = seen(t, &t->health, now);
    }
    return 0;
}

static const struct alert *alert_of(const struct app *app)
{
    const struct alert *a = registry_find(app->registry, KIND_SERVICE, "", "");
    return a && alert_state_is_up(a->state) ? a : NULL;
}

/* ---- receivers ---- */

/* Receivers of this tenant's own alert. */
static struct reach reach_of(const struct tenant *w, usec_t at)
{
    const struct tenant_identity *t = &w->options->identity;
    const struct alert_context about = {.tenant_name = t->name,
                                        .tenant_id = t->tenant_id,
                                        .label = t->label,
                                        .n_labels = t->n_labels,
                                        .utc_offset = tenant_zone(w->options, at).offset};
    enum level level = w->reading.level > LEVEL_WARNING ? w->reading.level : LEVEL_WARNING;
    return route_for(&w->app->options->routes, KIND_POLL, RULE_POLL, level, &about, at);
}

/* The outage goes to all receivers of the deferred alerts: routes that name tenants do not match an alert that
 * belongs to none. */
static struct reach reach_of_deferred(const struct app *app, usec_t at)
{
    struct reach all = {0};
    for (size_t i = 0; i < app->n_tenants; i++) {
        const struct tenant *t = &app->tenant[i];
        if (!is_counted(t) || t->reading.failure_group != app->outage->tally.most)
            continue;
        struct reach one = reach_of(t, at);
        all.now |= one.now;
        all.later |= one.later;
    }
    all.later &= ~all.now;
    return all;
}

/* A tenant that joins later, and whose receivers did not get the outage, keeps its own alert. */
static void note_notified(struct app *app, uint64_t seq_before, usec_t at)
{
    struct outage *o = app->outage;
    const struct alert *a = alert_of(app);
    if (!a)
        o->notified = 0;
    if (!a || !a->context || (a->seq == seq_before && o->notified))
        return; /* nothing was notified; after a start, the failing tenants were part of what was */
    struct reach own = route_for(&app->options->routes, a->kind, a->rule, a->level, a->context, at);
    o->notified |= own.now | own.later | app->outage_reach.now | app->outage_reach.later;
}

/* ---- the alert ---- */

/* When most tenants were polled well for a whole interval, that proves more than two polls of one. */
static usec_t settled_after(const struct app *app)
{
    usec_t longest = 0, keep = app->options->rules.threshold[RULE_POLL].keep_firing_for;
    for (size_t i = 0; i < app->n_tenants; i++)
        if (is_counted(&app->tenant[i]) && app->tenant[i].options->identity.interval > longest)
            longest = app->tenant[i].options->identity.interval;
    return keep < longest ? keep : longest;
}

static void follow(struct app *app, bool was_up, const struct instant *now)
{
    struct outage *o = app->outage;
    const struct service_tally *tally = &o->tally;
    const struct alert *a = alert_of(app);
    if (a && tally->failing >= tally->lasts)
        o->alert = (struct service_alert){.failure_group = tally->most};
    else if ((a || was_up) && o->alert.fell_mono == 0)
        o->alert.fell_mono = now->mono;
    if (!a)
        o->alert.failure_group = 0;
}

static void evaluate(struct app *app, struct instant now)
{
    struct outage *o = app->outage;
    struct failure why = {0};
    CLEANUP(observation_clear) struct observation observation = {0};
    app->outage_reach = reach_of_deferred(app, now.at);
    struct plan_context ctx = commit_context(app, NULL, now);
    const struct alert *before = alert_of(app);
    uint64_t seq = before ? before->seq : 0;
    if (judge_service(o->tenant, o->n, &o->tally, settled_after(app), &now, &observation, &why) >=
            0 &&
        tenant_set_machine_zone(observation.context, now.at) >= 0)
        commit_observation(app, &ctx, &observation);
    note_notified(app, seq, now.at);
}

void outage_look(struct app *app, struct instant now)
{
    struct outage *o = app->outage;
    if (look_at_all(app, &now) < 0)
        return;
    bool up = alert_of(app) != NULL;
    service_count(o->tenant, o->n, &o->tally);
    if (up || o->tally.failing >= o->tally.begins)
        evaluate(app, now);
    follow(app, up, &now);
}

/* While the alert is up and notified, its numbers can wait for the next outage_look(). */
void outage_polled(struct tenant *t, const struct tenant_health *health, bool at_sign_in,
                  struct instant now)
{
    struct outage *o = t->app->outage;
    if (o->n == 0 && look_at_all(t->app, &now) < 0)
        return;
    enum cause before = t->reading.failure_group;
    read_state(t, health, &now);
    if (t->reading.failure_group != before) /* --once: tenants polled before this one are not polled again */
        t->began_mono = t->app->cli->mode == CLI_ONCE ? t->app->started.mono : now.mono;
    t->asked_mono = now.mono;
    t->at_sign_in = at_sign_in;
    o->tenant[t->nth] = seen(t, health, &now);
    bool up = alert_of(t->app) != NULL;
    service_count(o->tenant, o->n, &o->tally);
    if (up ? !o->notified : o->tally.failing >= o->tally.begins)
        evaluate(t->app, now);
    follow(t->app, up, &now);
    o->tenant[t->nth].health = &t->health;
}

void outage_reset(struct app *app)
{
    app->outage->n = 0;
    app->outage->notified = 0; /* receivers are numbered anew */
}

static bool is_held(const struct tenant *t, struct instant now)
{
    const struct outage *o = t->app->outage;
    if (o->n == 0 || !is_counted(t) ||
        !service_holds(o->tenant, o->n, t->nth, &o->tally, &o->alert, now.mono))
        return false;
    if (!o->alert.failure_group || t->asked_mono == 0)
        return true;
    struct reach own = reach_of(t, now.at);
    return !((own.now | own.later) & ~o->notified);
}

bool outage_covers(const struct tenant *t, const struct tenant_health *health, const struct observation *poll,
                   struct instant now)
{
    enum level by_credential = credentials_notified(t, health, now);
    return is_held(t, now) || (by_credential > LEVEL_NONE && by_credential >= poll->finding[0].raise);
}
