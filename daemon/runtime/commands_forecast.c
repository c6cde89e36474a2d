/* SPDX-License-Identifier: MIT */
/* runtime/commands_forecast.c: GET /v1/forecast: when each pool runs out. */
#include "runtime/commands_history.h"

#include "base/date.h"
#include "runtime/app.h"
#include "runtime/command_answer.h"
#include "runtime/find.h"
#include "runtime/tenant.h"

#define FORECAST_MAX (32u << 20) /* 60,000 pools of 500 bytes */

static const char *const STATES[] = {
    [TREND_UNKNOWN] = "unknown", [TREND_NONE] = "none", [TREND_WEAK] = "weak", [TREND_FIRM] = "firm"};

static void put_date(struct json_writer *w, const char *key, int64_t day)
{
    char text[RFC3339_MAX];
    json_put_string(w, key, day == NUMBER_UNKNOWN ? NULL : date_print((int32_t)day, text));
}

/* The first date of a subscription in force; NUMBER_UNKNOWN: there is none. */
static int64_t renewal_of(const struct allotment *a)
{
    int64_t first = NUMBER_UNKNOWN;
    for (size_t i = 0; a && i < a->n_subscriptions; i++) {
        const struct subscription *s = &a->subscriptions[i];
        bool counts = s->state == SUBSCRIPTION_ACTIVE && s->next_lifecycle_date != DATE_UNKNOWN;
        if (counts && (first == NUMBER_UNKNOWN || s->next_lifecycle_date < first))
            first = s->next_lifecycle_date;
    }
    return first;
}

static void put_forecast(struct json_writer *w, const struct tenant *t, const struct known_pool *p)
{
    const struct allotment *a = t->judged.snapshot ? snapshot_find(t->judged.snapshot, p->id) : NULL;
    struct forecast f = trend_forecast(&p->trend, p->allotted);
    bool known = p->trend.state != TREND_UNKNOWN;
    int64_t renewal = renewal_of(a), ends = f.likely == NUMBER_UNKNOWN ? NUMBER_UNKNOWN : p->trend.day + f.likely;
    json_open_object(w, NULL);
    json_put_string(w, "tenant", t->options->identity.name);
    json_put_string(w, "allotment_id", p->id);
    json_put_string(w, "sku_id", p->sku_id);
    json_put_string(w, "sku_part_number", p->sku_part_number);
    command_put_number(w, "allotted_units", p->allotted, 0);
    command_put_number(w, "consumed_units", p->consumed, 0);
    json_put_string(w, "trend", STATES[f.state]);
    command_put_number(w, "units_per_day", known ? p->trend.slope[TREND_LIKELY] : NUMBER_UNKNOWN, 3);
    command_put_number(w, "early_days", f.early, 0);
    command_put_number(w, "likely_days", f.likely, 0);
    command_put_number(w, "late_days", f.late, 0);
    put_date(w, "runs_out_on", ends);
    put_date(w, "renews_on", renewal);
    if (ends == NUMBER_UNKNOWN || renewal == NUMBER_UNKNOWN)
        json_put_null(w, "before_renewal");
    else
        json_put_bool(w, "before_renewal", ends < renewal);
    json_close_object(w);
}

/* With scope = "sku" the trend of a SKU is stored with its first pool, so pools have none of their own. */
static void put_tenant(struct json_writer *w, const struct tenant *t)
{
    const struct tenant_memory *m = t->memory;
    for (size_t i = 0; m && i < m->n_pools; i++)
        if (!m->pool[i].gone && m->pool[i].absent_since.boot == 0)
            put_forecast(w, t, &m->pool[i]);
}

void command_get_forecast(void *userdata, struct control_call *call)
{
    struct app *app = userdata;
    struct tenant *only;
    if (!find_named_tenant(app, call, &only))
        return;
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(FORECAST_MAX);
    if (w) {
        json_writer_clean(w);
        json_open_object(w, NULL);
        json_open_array(w, "forecasts");
        for (size_t i = 0; i < app->n_tenants; i++)
            if (!only || only == &app->tenant[i])
                put_tenant(w, &app->tenant[i]);
        json_close_array(w);
        json_close_object(w);
    }
    command_answer_json(call, 200, w);
}
