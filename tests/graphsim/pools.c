/* SPDX-License-Identifier: MIT */
/* graphsim/pools.c: one allotment of a scenario, and rows of members and errors. */
#include "base/clock.h"
#include "base/date.h"
#include "graphsim/scenario.h"
#include "peers/read.h"
#include <errno.h>
#include <string.h>

#define UNITS_MIN (-(INT64_C(1) << 53))
#define UNITS_MAX (INT64_C(1) << 53)
#define ROWS_MAX 10000000

static const char *const POOL[] = {
    "note",          "id",           "skuId",    "skuPartNumber", "allottedUnits",
    "consumedUnits", "assignableTo", "services", "subscriptions", "waiting", "assignments",
    "raw",           "json",         NULL};
static const char *const GROUP[] = {"note", "count",   "since", "every_s", "id",
                                    "code", "message", "skuId", NULL};

static struct json_writer *writer(void)
{
    struct json_writer *w = json_writer_new((size_t)64 << 20);
    if (!w)
        abort();
    return w;
}

static const char *copied(struct scenario *s, const struct json *value)
{
    struct json_writer *w = writer();
    read_copy(w, NULL, value, s->read_at);
    return scenario_json(s, w);
}

/* What an allotment has that says nothing about it: one service, one active subscription. */
static const char *plain_services(struct scenario *s, const struct pool *pool)
{
    struct json_writer *w = writer();
    json_open_array(w, NULL);
    json_open_object(w, NULL);
    json_put_string(w, "@odata.type", "microsoft.graph.cloudLicensing.service");
    json_put_string(w, "assignableTo", pool->assignable_to);
    json_put_string(w, "planId", scenario_guid(s, pool->sku_part ? pool->sku_part : pool->id));
    json_put_string(w, "planName", pool->sku_part);
    json_close_object(w);
    json_close_array(w);
    return scenario_json(s, w);
}

static const char *plain_subscriptions(struct scenario *s, const struct pool *pool)
{
    char from[READ_TIME_MAX], until[READ_TIME_MAX];
    struct json_writer *w = writer();
    json_open_array(w, NULL);
    json_open_object(w, NULL);
    json_put_string(w, "@odata.type", "#microsoft.graph.cloudLicensing.subscription");
    json_put_string(w, "subscriptionId", scenario_guid(s, pool->id));
    json_put_string(w, "nextLifecycleDate", read_time("@today+250d", s->read_at, until));
    json_put_string(w, "startDate", read_time("@today-115d", s->read_at, from));
    json_put_string(w, "state", "active");
    json_put_string(w, "tags", "none");
    json_close_object(w);
    json_close_array(w);
    return scenario_json(s, w);
}

/* A member that may be null: *ret is NULL then. */
static int read_nullable(const struct json *object, const char *key, const char **ret,
                         struct failure *ret_failure)
{
    const struct json *value = json_get(object, key);
    if (value && json_is_null(value)) {
        *ret = NULL;
        return 0;
    }
    return read_string(object, key, ret, ret_failure);
}

int pool_read(struct scenario *s, const struct json *object, struct pool *pool,
              struct failure *ret_failure)
{
    bool fresh = !pool->id;
    const struct json *services = NULL, *subscriptions = NULL;
    const struct json *waiting = json_get(object, "waiting"), *assignments = NULL;
    int r = read_members(object, "allotment", POOL, ret_failure);
    if (r >= 0)
        r = read_string(object, "id", &pool->id, ret_failure);
    if (r >= 0 && !pool->id)
        r = failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "an allotment without \"id\"");
    if (r >= 0 && fresh)
        pool->assignable_to = "user,group";
    if (r >= 0)
        r = read_nullable(object, "skuPartNumber", &pool->sku_part, ret_failure);
    if (r >= 0 && fresh && pool->sku_part)
        pool->sku_id = scenario_guid(s, pool->sku_part);
    if (r >= 0)
        r = read_nullable(object, "skuId", &pool->sku_id, ret_failure);
    if (r >= 0)
        r = read_int(object, "allottedUnits", UNITS_MIN, UNITS_MAX, &pool->allotted, ret_failure);
    if (r >= 0)
        r = read_int(object, "consumedUnits", UNITS_MIN, UNITS_MAX, &pool->consumed, ret_failure);
    if (r >= 0)
        r = read_string(object, "assignableTo", &pool->assignable_to, ret_failure);
    if (r >= 0)
        r = read_array(object, "services", &services, ret_failure);
    if (r >= 0)
        r = read_array(object, "subscriptions", &subscriptions, ret_failure);
    if (r >= 0)
        r = read_object(object, "raw", &pool->raw, ret_failure);
    if (r >= 0)
        r = read_object(object, "json", &pool->json, ret_failure);
    if (r >= 0 && waiting)
        r = rows_read(s, waiting, pool->id, &pool->waiting, ret_failure);
    if (r >= 0)
        r = read_array(object, "assignments", &assignments, ret_failure);
    if (r >= 0 && assignments)
        r = rows_read(s, assignments, pool->id, &pool->assignments, ret_failure);
    if (r < 0)
        return pool->id ? failure_prefix(ret_failure, r, "allotment %s", pool->id) : r;
    if (services || fresh)
        pool->services = services ? copied(s, services) : plain_services(s, pool);
    if (subscriptions || fresh)
        pool->subscriptions =
            subscriptions ? copied(s, subscriptions) : plain_subscriptions(s, pool);
    return 0;
}

static int read_group(struct scenario *s, const struct json *object, const char *what,
                      struct group *group, struct failure *ret_failure)
{
    char buf[READ_TIME_MAX];
    const char *since = "@now-1h";
    *group = (struct group){.count = 1, .every = 60 * USEC_PER_SEC, .id = what};
    if (!json_get(object, "count")) { /* a row as it is */
        group->row = object;
        return json_is_object(object) ? 0
                                      : failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                                                    "a row that is not an object");
    }
    int r = read_members(object, "group", GROUP, ret_failure);
    if (r >= 0)
        r = read_int(object, "count", 0, ROWS_MAX, &group->count, ret_failure);
    if (r >= 0)
        r = read_string(object, "since", &since, ret_failure);
    if (r >= 0)
        r = read_seconds(object, "every_s", &group->every, ret_failure);
    if (r >= 0)
        r = read_string(object, "id", &group->id, ret_failure);
    if (r >= 0)
        r = read_string(object, "code", &group->code, ret_failure);
    if (r >= 0)
        r = read_string(object, "message", &group->message, ret_failure);
    if (r >= 0)
        r = read_nullable(object, "skuId", &group->sku_id, ret_failure);
    if (r >= 0 && rfc3339_parse(read_time(since, s->read_at, buf), &group->since) < 0)
        r = failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "\"since\": no instant");
    return r;
}

int rows_read(struct scenario *s, const struct json *value, const char *what, struct rows *ret,
              struct failure *ret_failure)
{
    bool list = json_is_array(value);
    struct rows rows = {0};
    rows.groups = scenario_alloc(s, list ? json_count(value) : 1, sizeof *rows.groups);
    const struct json *one = list ? json_first(value) : value;
    for (; one; one = list ? json_next(one) : NULL) {
        struct group *group = &rows.groups[rows.n_groups++];
        const char *lead =
            rows.n_groups == 1 ? what : scenario_text(s, "%s.%zu", what, rows.n_groups);
        int r = read_group(s, one, lead, group, ret_failure);
        if (r < 0)
            return failure_prefix(ret_failure, r, "row %zu", rows.n_groups);
        rows.total += group->count;
    }
    *ret = rows;
    return 0;
}

const struct group *rows_at(const struct rows *rows, int64_t index, int64_t *ret_within)
{
    for (size_t i = 0; i < rows->n_groups; i++) {
        if (index < rows->groups[i].count) {
            *ret_within = index;
            return &rows->groups[i];
        }
        index -= rows->groups[i].count;
    }
    return NULL;
}
