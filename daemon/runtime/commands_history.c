/* SPDX-License-Identifier: MIT */
/* runtime/commands_history.c: commands about what pools were. */
#include "runtime/commands_history.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/date.h"
#include "runtime/app.h"
#include "runtime/command_answer.h"
#include "runtime/tenant.h"
#include "store/history.h"

#define HISTORY_MAX (32u << 20) /* 100 raw samples an hour, for 14 days, of 180 bytes: 6 MB */
#define DAYS_MAX 3650           /* as history.keep */
#define DAYS_DEFAULT 90

/* ---- which pool, since when ---- */

struct pool_ref {
    const struct tenant *tenant;
    const struct known_pool *pool;
    bool ambiguous;
};

/* The pool whose id begins with `id`, in any case; one whose id it is wins. */
static struct pool_ref find_pool(const struct app *app, const char *id)
{
    struct pool_ref found = {0};
    size_t len = strlen(id), n = 0;
    for (size_t i = 0; i < app->n_tenants; i++) {
        const struct tenant_memory *m = app->tenant[i].memory;
        for (size_t k = 0; m && k < m->n_pools; k++) {
            const struct known_pool *p = &m->pool[k];
            if (strncasecmp(p->id, id, len) != 0)
                continue;
            n++;
            found = (struct pool_ref){&app->tenant[i], p, n > 1};
            if (p->id[len] == '\0')
                return (struct pool_ref){&app->tenant[i], p, false};
        }
    }
    return found;
}

/* Refuses the call: what it names is no pool. */
static bool take_pool(const struct app *app, struct control_call *call, struct pool_ref *ret)
{
    const char *id = target_param(&call->target, "allotment");
    if (!id || !id[0]) {
        control_error(call, 400, "add ?allotment=ID", "it is not said of which allotment");
        return false;
    }
    *ret = find_pool(app, id);
    if (ret->ambiguous)
        control_error(call, 409, "write more of the id", "several allotments begin with \"%s\"", id);
    else if (!ret->pool)
        control_error(call, 404, "write the id that Graph and the alerts show", "no allotment begins with \"%s\"", id);
    return ret->pool && !ret->ambiguous;
}

static bool take_days(struct control_call *call, int64_t *ret)
{
    const char *text = target_param(&call->target, "days");
    char *end = NULL;
    long days = text ? strtol(text, &end, 10) : DAYS_DEFAULT; /* LONG_MAX is too many, too */
    if (text && (end == text || *end || days < 1 || days > DAYS_MAX)) {
        control_error(call, 400, "write a number from 1 to 3650", "\"%s\" is no number of days", text);
        return false;
    }
    *ret = days;
    return true;
}

static const char *const RESOLUTIONS[HISTORY_COUNT_] = {
    [HISTORY_RAW] = "raw", [HISTORY_HOUR] = "hour", [HISTORY_DAY] = "day"};

/* Without a request for one: as many points as a chart can show. */
static bool take_resolution(struct control_call *call, int64_t days, enum history_resolution *ret)
{
    const char *text = target_param(&call->target, "resolution");
    *ret = days <= 2 ? HISTORY_RAW : days <= 14 ? HISTORY_HOUR : HISTORY_DAY;
    for (enum history_resolution i = HISTORY_RAW; text && i < HISTORY_COUNT_; i++)
        if (strcmp(text, RESOLUTIONS[i]) == 0) {
            *ret = i;
            return true;
        }
    if (text)
        control_error(call, 400, "write raw, hour or day", "\"%s\" is no resolution", text);
    return !text;
}

/* ---- GET /v1/history ---- */

static void put_pool(struct json_writer *w, const struct pool_ref *of)
{
    json_put_string(w, "tenant", of->tenant->options->identity.name);
    json_put_string(w, "allotment_id", of->pool->id);
    json_put_string(w, "sku_id", of->pool->sku_id);
    json_put_string(w, "sku_part_number", of->pool->sku_part_number);
}

static void put_point(struct json_writer *w, const struct history_point *p)
{
    char text[RFC3339_MAX];
    json_open_object(w, NULL);
    json_put_string(w, "at", rfc3339_print(p->at, text));
    json_put_int(w, "consumed_units_min", p->min);
    json_put_int(w, "consumed_units_max", p->max);
    json_put_int(w, "consumed_units", p->last);
    json_put_int(w, "allotted_units", p->allotted);
    command_put_number(w, "waiting_members", p->waiting, 0);
    json_close_object(w);
}

static void answer_history(struct control_call *call, const struct pool_ref *of, enum history_resolution resolution,
                           const struct history_point *point, size_t n)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(HISTORY_MAX);
    if (w) {
        json_writer_clean(w);
        json_open_object(w, NULL);
        put_pool(w, of);
        json_put_string(w, "resolution", RESOLUTIONS[resolution]);
        json_open_array(w, "points");
        for (size_t i = 0; i < n; i++)
            put_point(w, &point[i]);
        json_close_array(w);
        json_close_object(w);
    }
    command_answer_json(call, 200, w);
}

void command_get_history(void *userdata, struct control_call *call)
{
    struct app *app = userdata;
    CLEANUP(free) struct history_point *point = NULL;
    struct failure why = {0};
    struct pool_ref of;
    enum history_resolution resolution;
    int64_t days;
    size_t n = 0;
    if (!take_pool(app, call, &of) || !take_days(call, &days) || !take_resolution(call, days, &resolution))
        return;
    usec_t now_at = clock_now().at, ago = (usec_t)days * USEC_PER_DAY;
    int r = store_history(app->store, of.tenant->options->identity.tenant_id, of.pool->id, now_at > ago ? now_at - ago : 0,
                          UINT64_MAX, resolution, &point, &n, &why);
    if (r < 0)
        command_refuse(call, r, &why);
    else
        answer_history(call, &of, resolution, point, n);
}
