/* SPDX-License-Identifier: MIT */
/* status/json.c: the JSON object of --once --json. An unknown number is null, never 0. */
#include "status/json_parts.h"

#include "base/date.h"
#include <errno.h>

/* NUMBER_UNKNOWN and UNITS_UNKNOWN are the same number. */
void status_put_number(struct json_writer *w, const char *key, int64_t value, unsigned decimals)
{
    if (value == NUMBER_UNKNOWN)
        json_put_null(w, key);
    else
        json_put_decimal(w, key, value, decimals);
}

void status_put_time(struct json_writer *w, const char *key, usec_t at)
{
    char text[RFC3339_MAX];
    json_put_string(w, key, at ? rfc3339_print(at, text) : NULL);
}

void status_put_tenant_members(struct json_writer *w, const struct status_tenant *t)
{
    static const char *const SOURCES[] = {[SOURCE_NONE] = NULL,
                                          [SOURCE_CLOUD_LICENSING] = "cloud_licensing",
                                          [SOURCE_SUBSCRIBED_SKUS] = "subscribed_skus"};
    json_put_string(w, "name", t->name);
    json_put_string(w, "source", SOURCES[t->source]);
    json_put_bool(w, "complete", t->complete);
    json_put_string(w, "error", t->error);
    status_put_number(w, "allotments", t->totals.allotments, 0);
    status_put_number(w, "allotted_units", t->totals.allotted, 0);
    status_put_number(w, "consumed_units", t->totals.consumed, 0);
    status_put_number(w, "waiting_members", t->totals.waiting, 0);
    status_put_time(w, "oldest_waiting_since", t->totals.oldest_at);
    status_put_number(w, "assignment_errors", t->totals.errors, 0);
    status_put_number(w, "skus", t->totals.skus, 0);
    json_put_int(w, "requests", t->requests);
    json_put_int(w, "bytes_received", t->bytes);
    json_put_int(w, "duration_ms", (int64_t)(t->took / 1000));
}

static void put_tenant(struct json_writer *w, const struct status_tenant *t)
{
    json_open_object(w, NULL);
    status_put_tenant_members(w, t);
    json_close_object(w);
}

void status_put_pool(struct json_writer *w, const struct status_pool *p)
{
    json_open_object(w, NULL);
    json_put_string(w, "tenant", p->tenant);
    json_put_string(w, "allotment_id", p->id);
    json_put_string(w, "name", p->name);
    json_put_string(w, "sku_id", p->sku_id);
    json_put_string(w, "sku_part_number", p->sku_part_number);
    json_put_string(w, "sku_name", p->sku_name);
    status_put_number(w, "allotted_units", p->allotted, 0);
    status_put_number(w, "consumed_units", p->consumed, 0);
    status_put_number(w, "free_units", p->free, 0);
    status_put_number(w, "waiting_members", p->waiting, 0);
    status_put_time(w, "oldest_waiting_since", p->oldest_at);
    json_put_string(w, "level", p->level);
    json_close_object(w);
}

void status_put_alert_members(struct json_writer *w, const struct status_alert *a)
{
    static const char *const STATES[] = {
        [STATUS_PENDING] = "pending", [STATUS_FIRING] = "firing", [STATUS_RESOLVED] = "resolved"};
    unsigned decimals = a->unit == UNIT_PERCENT ? 2 : 0;
    json_put_string(w, "alert_id", a->id);
    json_put_int(w, "episode", a->episode);
    json_put_string(w, "state", STATES[a->state]);
    json_put_string(w, "severity", level_name(a->level));
    json_put_string(w, "rule", rule_name(a->rule));
    json_put_string(w, "tenant", a->tenant);
    json_put_string(w, "sku_part_number", a->sku_part_number);
    json_put_string(w, "allotment_id", a->allotment_id);
    status_put_number(w, "value", a->value, decimals);
    status_put_number(w, "threshold", a->threshold, decimals);
    json_put_string(w, "unit", unit_name(a->unit));
    status_put_time(w, "since", a->since_at);
    json_put_string(w, "summary", a->summary);
    json_put_string(w, "next_step", a->next_step);
    json_put_bool(w, "notified", a->notified);
}

static void put_alert(struct json_writer *w, const struct status_alert *a)
{
    json_open_object(w, NULL);
    status_put_alert_members(w, a);
    json_close_object(w);
}

void status_put_deliveries(struct json_writer *w, const struct status *s)
{
    json_open_object(w, "deliveries");
    json_put_int(w, "delivered", s->delivered);
    status_put_number(w, "pending", s->pending, 0);
    status_put_number(w, "failed", s->parked, 0);
    json_close_object(w);
}

int status_json(const struct status *s, char **ret)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(STATUS_JSON_MAX);
    size_t len;
    if (!w)
        return -ENOMEM;
    json_writer_clean(w);
    json_open_object(w, NULL);
    json_put_string(w, "version", s->version);
    status_put_time(w, "started_at", s->started_at);
    json_put_int(w, "duration_ms", (int64_t)(s->running / 1000));
    json_open_array(w, "tenants");
    for (size_t i = 0; i < s->n_tenants; i++)
        if (s->tenant[i].enabled)
            put_tenant(w, &s->tenant[i]);
    json_close_array(w);
    json_open_array(w, "pools");
    for (size_t i = 0; i < s->n_pools; i++)
        status_put_pool(w, &s->pool[i]);
    json_close_array(w);
    json_open_array(w, "alerts");
    for (size_t i = 0; i < s->n_alerts; i++)
        put_alert(w, &s->alert[i]);
    json_close_array(w);
    status_put_deliveries(w, s);
    json_close_object(w);
    return json_write_take(w, ret, &len);
}
