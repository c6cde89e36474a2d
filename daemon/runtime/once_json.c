/* SPDX-License-Identifier: MIT */
/* runtime/once_json.c: prints the JSON object of --once --json. An unknown number is null, never 0. */
#include "runtime/once_report.h"

#include "base/date.h"
#include "json/json.h"
#include "runtime/app.h"
#include "runtime/tenant.h"

#define REPORT_MAX (64u << 20) /* 200,000 alerts of 300 bytes */

static void put_count(struct json_writer *w, const char *key, int64_t value)
{
    if (value == UNITS_UNKNOWN)
        json_put_null(w, key);
    else
        json_put_int(w, key, value);
}

static void put_time(struct json_writer *w, const char *key, usec_t at)
{
    char text[RFC3339_MAX];
    json_put_string(w, key, at ? rfc3339_print(at, text) : NULL);
}

static const char *source_name(const struct tenant *t)
{
    static const char *const NAMES[] = {[SOURCE_CLOUD_LICENSING] = "cloud_licensing",
                                        [SOURCE_SUBSCRIBED_SKUS] = "subscribed_skus"};
    return t->last.known && t->last.source != SOURCE_NONE ? NAMES[t->last.source] : NULL;
}

static void put_tenant(struct json_writer *w, const struct tenant *t)
{
    static const struct snapshot_totals UNKNOWN = {UNITS_UNKNOWN, UNITS_UNKNOWN, UNITS_UNKNOWN,
                                                   UNITS_UNKNOWN, UNITS_UNKNOWN, UNITS_UNKNOWN, 0};
    const struct snapshot_totals *n = t->last.known ? &t->last.totals : &UNKNOWN;
    const struct graph_report *r = &t->last.report;
    char why[ONCE_WHY_MAX];
    bool unusable = once_unusable(t, why), complete = t->last.known && r->complete && !unusable;
    const char *error = t->options->broken                ? t->options->broken
                        : unusable                        ? why
                        : complete && t->last.committed ? NULL
                                                        : r->failure.text;
    json_open_object(w, NULL);
    json_put_string(w, "name", t->options->identity.name);
    json_put_string(w, "source", source_name(t));
    json_put_bool(w, "complete", complete);
    json_put_string(w, "error", error);
    put_count(w, "allotments", n->allotments);
    put_count(w, "allotted_units", n->allotted);
    put_count(w, "consumed_units", n->consumed);
    put_count(w, "waiting_members", n->waiting);
    put_time(w, "oldest_waiting_since", n->oldest_at);
    put_count(w, "assignment_errors", n->errors);
    put_count(w, "skus", n->skus);
    json_put_int(w, "requests", (int64_t)r->requests + t->last.right_requests);
    json_put_int(w, "bytes_received", (int64_t)r->bytes);
    json_put_int(w, "duration_ms", (int64_t)(r->took / 1000));
    json_close_object(w);
}

static void put_measure(struct json_writer *w, const char *key, int64_t value, enum unit unit)
{
    if (value == NUMBER_UNKNOWN)
        json_put_null(w, key);
    else
        json_put_decimal(w, key, value, unit == UNIT_PERCENT ? 2 : 0);
}

static void put_alert(struct json_writer *w, const struct notification *n, const char *state,
                      bool notified)
{
    const struct alert_context *f = n->context;
    json_open_object(w, NULL);
    json_put_string(w, "alert_id", n->alert_id);
    json_put_int(w, "episode", n->episode);
    json_put_string(w, "state", state);
    json_put_string(w, "severity", level_name(n->level));
    json_put_string(w, "rule", rule_name(n->rule));
    json_put_string(w, "tenant", f->tenant_name);
    json_put_string(w, "sku_part_number", f->sku_part_number);
    json_put_string(w, "allotment_id", f->allotment_id);
    put_measure(w, "value", n->value, n->unit);
    put_measure(w, "threshold", n->threshold, n->unit);
    json_put_string(w, "unit", unit_name(n->unit));
    put_time(w, "since", n->started_at);
    json_put_string(w, "summary", n->summary);
    json_put_string(w, "next_step", n->next_step);
    json_put_bool(w, "notified", notified);
    json_close_object(w);
}

static void put_pool(void *userdata, const struct once_pool *p)
{
    struct json_writer *w = userdata;
    const struct allotment *a = p->allotment;
    bool waiting = a->waiting.section == SECTION_COMPLETE;
    json_open_object(w, NULL);
    json_put_string(w, "tenant", p->tenant);
    json_put_string(w, "allotment_id", a->id);
    json_put_string(w, "name", p->name);
    json_put_string(w, "sku_id", a->sku_id);
    json_put_string(w, "sku_part_number", a->sku_part_number);
    json_put_string(w, "sku_name", p->product);
    put_count(w, "allotted_units", a->units_known ? a->allotted : UNITS_UNKNOWN);
    put_count(w, "consumed_units", a->units_known ? a->consumed : UNITS_UNKNOWN);
    put_count(w, "free_units", a->units_known ? a->allotted - a->consumed : UNITS_UNKNOWN);
    put_count(w, "waiting_members", waiting ? a->waiting.count : UNITS_UNKNOWN);
    put_time(w, "oldest_waiting_since", waiting ? a->waiting.oldest_at : 0);
    json_put_string(w, "level", p->level);
    json_close_object(w);
}

/* Alerts that are open, and those that this run resolved. */
static int put_alerts(struct json_writer *w, const struct app *app)
{
    const struct alert *a;
    size_t cursor = 0;
    while ((a = registry_next(app->registry, &cursor))) {
        CLEANUP(notification_free) struct notification *n = NULL;
        if (a->state == ALERT_OK || !a->context)
            continue;
        if (alert_notification(a, EVENT_FIRING, app->started.at, &n) < 0)
            return -1;
        put_alert(w, n, a->state == ALERT_PENDING ? "pending" : "firing", once_notified(app, a));
    }
    for (size_t i = 0; i < app->n_history; i++)
        for (size_t k = 0; k < app->history[i]->n_events; k++) {
            const struct notification *n = app->history[i]->event[k].notification;
            if (n && n->type == EVENT_RESOLVED)
                put_alert(w, n, "resolved", true); /* only notified alerts are resolved */
        }
    return 0;
}

static int put_deliveries(struct json_writer *w, const struct app *app)
{
    struct store_stats stats = {0};
    struct failure why;
    if (app->store && store_stats(app->store, NULL, &stats, &why) < 0)
        return -1;
    json_open_object(w, "deliveries");
    json_put_int(w, "delivered", (int64_t)app->delivered);
    json_put_int(w, "pending", (int64_t)(stats.queued + stats.in_flight));
    json_put_int(w, "failed", (int64_t)stats.parked);
    json_close_object(w);
    return 0;
}

int once_print_json(const struct app *app)
{
    struct instant now = clock_now();
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(REPORT_MAX);
    CLEANUP(free) char *text = NULL;
    size_t len;
    if (!w)
        return -1;
    json_writer_clean(w);
    json_open_object(w, NULL);
    json_put_string(w, "version", SEATWATCH_VERSION);
    put_time(w, "started_at", app->started.at);
    json_put_int(w, "duration_ms", (int64_t)(instant_since(&app->started, &now) / 1000));
    json_open_array(w, "tenants");
    for (size_t i = 0; i < app->n_tenants; i++)
        if (app->tenant[i].options->enabled)
            put_tenant(w, &app->tenant[i]);
    json_close_array(w);
    json_open_array(w, "pools");
    once_each_pool(app, put_pool, w);
    json_close_array(w);
    json_open_array(w, "alerts");
    int r = put_alerts(w, app);
    json_close_array(w);
    if (r >= 0)
        r = put_deliveries(w, app);
    json_close_object(w);
    if (r < 0 || json_write_take(w, &text, &len) < 0)
        return -1;
    (void)puts(text); /* the caller checks stdout */
    return 0;
}
