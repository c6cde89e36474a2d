/* SPDX-License-Identifier: MIT */
/* runtime/app_status.c: fills the status from options, tenants, registry and store. */
#include "runtime/app_status.h"

#include <errno.h>

#include "runtime/app.h"
#include "runtime/app_status_lists.h"
#include "runtime/credentials.h"
#include "runtime/silence_list.h"
#include "runtime/tenant.h"

/* ---- the daemon and its tenants ---- */

/* A tenant that was polled and recorded is not read if the numbers of a pool cannot be used. */
static int fill_tenant(const struct tenant *t, struct status_tenant *ret)
{
    static const struct snapshot_totals UNKNOWN = {UNITS_UNKNOWN,
                                                   UNITS_UNKNOWN,
                                                   UNITS_UNKNOWN,
                                                   UNITS_UNKNOWN,
                                                   UNITS_UNKNOWN,
                                                   UNITS_UNKNOWN,
                                                   0};
    const struct graph_report *r = &t->last.report;
    const struct tenant_health *h = &t->health;
    enum cause doubt;
    bool polled = t->last.known && r->complete;
    bool unusable = polled && t->last.committed && h->unusable[0];
    *ret = (struct status_tenant){
        .name = t->options->identity.name,
        .enabled = t->options->enabled,
        .failing = h->failing || h->broken_config || health_discarded_sections(h, &doubt) != 0,
        .complete = polled && !unusable,
        .recorded = t->last.committed,
        .source = t->last.known ? t->last.source : SOURCE_NONE,
        .last_source = h->source,
        .totals = t->last.known ? t->last.totals : UNKNOWN,
        .requests = (int64_t)r->requests + t->last.right_requests,
        .bytes = (int64_t)r->bytes,
        .took = r->took,
        .last_complete_at = h->section[HEALTH_ALLOTMENTS].last_complete.at,
        .polls_total = t->totals.polls,
        .failures_total = t->totals.failures,
        .requests_total = t->totals.requests,
        .throttled_total = t->totals.throttled,
        .credential_ends_at = credentials_end(t),
    };
    if (ret->complete && ret->recorded)
        return 0;
    ret->error = text_printf("%s%s", unusable ? "the numbers of a pool cannot be used: " : "",
                             t->options->broken ? t->options->broken
                             : unusable         ? h->unusable
                                                : r->failure.text);
    return ret->error ? 0 : -ENOMEM;
}

static int fill_tenants(const struct app *app, struct status *s)
{
    s->tenant = calloc(app->n_tenants + 1, sizeof *s->tenant);
    int r = s->tenant ? 0 : -ENOMEM;
    for (; r >= 0 && s->n_tenants < app->n_tenants; s->n_tenants++)
        r = fill_tenant(&app->tenant[s->n_tenants], &s->tenant[s->n_tenants]);
    return r;
}

static void fill_outbox(const struct app *app, struct status *s)
{
    struct store_stats stats = {0};
    if (app->store && store_stats(app->store, NULL, &stats, &s->outbox_failure) < 0) {
        s->pending = s->parked = NUMBER_UNKNOWN;
        return;
    }
    s->pending = (int64_t)(stats.queued + stats.in_flight);
    s->parked = (int64_t)stats.parked;
}

/* ---- alerts and events ---- */

/* By the present configuration: an alert may have been notified before it was configured to be
 * ignored. */
static bool is_ignored(const struct app *app, const struct alert *a)
{
    struct threshold unused[RULE_COUNT_];
    const struct rule_options *o = &app->options->rules;
    const struct alert_context *f = a->context;
    if (product_is_free(f->sku_id, f->sku_part_number) && !o->watch_free_skus)
        return true;
    const struct tenant *t = tenant_find(app->tenant, app->n_tenants, a->tenant_id);
    return t && rules_for(o, &t->options->identity, f->sku_id, f->sku_part_number, f->allotment_id,
                          unused) != IGNORE_NOTHING;
}

static bool is_notified(const struct app *app, const struct alert *a, usec_t at)
{
    if (a->notified == LEVEL_NONE || a->silenced.at || a->level <= a->muted[a->rule] || is_ignored(app, a))
        return false;
    struct reach to = route_for(&app->options->routes, a->kind, a->rule, a->level, a->context, at);
    return (to.now | to.later) != 0;
}

/* Takes the texts of *n, which belongs to nobody else. `id` and the context of *n outlive it. */
static void add_alert(struct status *s, struct notification *n, const char *id,
                      enum status_alert_state state, bool notified)
{
    s->alert[s->n_alerts++] = (struct status_alert){
        .id = id,
        .tenant = n->context->tenant_name,
        .sku_part_number = n->context->sku_part_number,
        .allotment_id = n->context->allotment_id,
        .state = state,
        .episode = n->episode,
        .level = n->level,
        .rule = n->rule,
        .value = n->value,
        .threshold = n->threshold,
        .unit = n->unit,
        .since_at = n->started_at,
        .notified = notified,
        .title = TAKE(n->title),
        .summary = TAKE(n->summary),
        .next_step = TAKE(n->next_step),
    };
}

static void add_silence(struct status_alert *a, const struct silence *s)
{
    if (!s)
        return;
    a->silence.id = s->id;
    a->silence.kind = silence_kind(s);
    a->silence.author = s->author;
    a->silence.comment = s->comment;
}

static int add_open(const struct app *app, struct status *s)
{
    const struct plan_context ctx = {.silences = app_silence_list(app),
                                     .maintenance = {app->options->maintenance, app->options->n_maintenance},
                                     .now = clock_now()};
    const struct alert *a;
    size_t cursor = 0;
    while ((a = registry_next(app->registry, &cursor))) {
        CLEANUP(notification_free) struct notification *n = NULL;
        if (a->state == ALERT_OK || !a->context)
            continue;
        if (alert_notification(a, EVENT_FIRING, app->started.at, &n) < 0)
            return -ENOMEM;
        add_alert(s, n, a->id, a->state == ALERT_PENDING ? STATUS_PENDING : STATUS_FIRING,
                  is_notified(app, a, s->at));
        s->alert[s->n_alerts - 1].ignored = is_ignored(app, a);
        add_silence(&s->alert[s->n_alerts - 1], alerts_silence(&ctx, a));
    }
    return 0;
}

static int add_resolved(struct status *s, const struct notification *resolved)
{
    CLEANUP(notification_free) struct notification *n = NULL;
    if (notification_copy(resolved, &n) < 0)
        return -ENOMEM;
    add_alert(s, n, resolved->alert_id, STATUS_RESOLVED,
              true); /* only notified alerts are resolved */
    return 0;
}

static int fill_alerts(const struct app *app, struct status *s)
{
    size_t n = 0, cursor = 0;
    while (registry_next(app->registry, &cursor))
        n++;
    for (size_t i = 0; i < app->n_history; i++)
        n += app->history[i]->n_events;
    s->alert = calloc(n + 1, sizeof *s->alert);
    int r = s->alert ? add_open(app, s) : -ENOMEM;
    for (size_t i = 0; i < app->n_history && r >= 0; i++)
        for (size_t k = 0; k < app->history[i]->n_events && r >= 0; k++) {
            const struct notification *event = app->history[i]->event[k].notification;
            if (event && event->type == EVENT_RESOLVED)
                r = add_resolved(s, event);
        }
    return r;
}

static void add_event(struct status *s, const struct event *e)
{
    s->event[s->n_events++] =
        e->notification
            ? (struct status_event){event_type_name(e->notification->type), e->notification->title}
            : (struct status_event){event_type_name(EVENT_DIGEST), e->digest->title};
    for (size_t i = 0; e->digest && i < e->digest->n_notifications; i++)
        s->event[s->n_events++].title = e->digest->notification[i]->title;
}

static int fill_events(const struct app *app, struct status *s)
{
    size_t n = 0;
    for (size_t i = 0; i < app->n_history; i++)
        for (size_t k = 0; k < app->history[i]->n_events; k++)
            n += 1 + (app->history[i]->event[k].digest
                          ? app->history[i]->event[k].digest->n_notifications
                          : 0);
    if (app->n_history == 0)
        return 0;
    s->event = calloc(n + 1, sizeof *s->event);
    for (size_t i = 0; i < app->n_history && s->event; i++)
        for (size_t k = 0; k < app->history[i]->n_events; k++)
            add_event(s, &app->history[i]->event[k]);
    return s->event ? 0 : -ENOMEM;
}

int app_status(const struct app *app, unsigned arrays, struct status *ret)
{
    struct instant now = clock_now();
    const struct alert *a;
    size_t cursor = 0;
    CLEANUP(status_clear)
    struct status s = {
        .version = SEATWATCH_VERSION,
        .started_at = app->started.at,
        .at = now.at,
        .running = instant_since(&app->started, &now),
        .credential_ends_at = credentials_first_end(app),
        .delivered = (int64_t)app->delivered,
        .config_refused = app->config_refused,
        .store_failing = app->store && store_trouble(app->store),
        .clock_unset = app->clock_unset,
        .dry_run = app->cli->dry_run,
    };
    while ((a = registry_next(app->registry, &cursor)))
        s.n_firing[a->level]++;
    fill_outbox(app, &s);
    int r = fill_tenants(app, &s);
    if (r >= 0 && arrays & STATUS_POOLS)
        r = app_status_pools(app, &s);
    if (r >= 0 && arrays & STATUS_SILENCES)
        r = app_status_silences(app, &s);
    if (r >= 0 && arrays & STATUS_RECEIVERS)
        r = app_status_receivers(app, &s);
    if (r >= 0 && arrays & STATUS_ALERTS)
        r = fill_alerts(app, &s);
    if (r >= 0 && arrays & STATUS_EVENTS)
        r = fill_events(app, &s);
    if (r < 0)
        return r;
    *ret = s;
    s = (struct status){0};
    return 0;
}
