/* SPDX-License-Identifier: MIT */
/* runtime/commands_room.c: is there room for N more members in the pools of a SKU? */
#include "runtime/commands_room.h"

#include <stdlib.h>

#include "base/date.h"
#include "base/text.h"
#include "rules/room.h"
#include "runtime/app.h"
#include "runtime/command_answer.h"
#include "runtime/commit.h"
#include "runtime/find.h"
#include "runtime/tenant.h"

#define ANSWER_MAX (16u << 20)
#define MEMBERS_MAX INT32_MAX
#define REASON_MAX 512

/* Why the last poll does not say what is free now; NULL: it does. */
static const char *unusable(struct app *app, const struct tenant *t, char reason[static REASON_MAX])
{
    const struct instant now = clock_now();
    const struct plan_context ctx = commit_context(app, t, now);
    const char *text = t->options->broken ? t->options->broken : t->health.failing ? t->health.text : "";
    char age[DURATION_MAX];
    if (t->judged.snapshot && !tenant_is_stale(t)) {
        usec_t old = instant_since(&t->judged.snapshot->taken, &now);
        if (old <= ctx.outage_tolerance)
            return NULL;
        (void)snprintf(reason, REASON_MAX, "the last poll was %s ago", duration_human(old, age));
    } else {
        (void)snprintf(reason, REASON_MAX, "there is no list of pools from a poll since the start, or the last one failed%s%s",
                       *text ? ": " : "", text);
    }
    return reason;
}

static void put_pool(struct json_writer *w, const struct tenant *t, const struct allotment *a, int64_t room)
{
    json_open_object(w, NULL);
    json_put_string(w, "allotment_id", a->id);
    json_put_string(w, "name", pool_configured_name(&t->app->options->rules, a->id));
    command_put_number(w, "allotted_units", a->units_known ? a->allotted : NUMBER_UNKNOWN, 0);
    command_put_number(w, "consumed_units", a->units_known ? a->consumed : NUMBER_UNKNOWN, 0);
    command_put_number(w, "waiting_members", a->waiting.section == SECTION_COMPLETE ? a->waiting.count : NUMBER_UNKNOWN, 0);
    command_put_number(w, "room", room, 0);
    json_close_object(w);
}

static void answer(struct app *app, struct control_call *call, const struct tenant *t, const struct found_sku *sku, int64_t members)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(ANSWER_MAX);
    char buf[REASON_MAX];
    const char *reason = unusable(app, t, buf);
    const struct snapshot *s = reason ? NULL : t->judged.snapshot;
    struct room all = {0};
    if (!w) {
        control_answer(call, 200, NULL);
        return;
    }
    json_writer_clean(w);
    json_open_object(w, NULL);
    json_put_string(w, "tenant", t->options->identity.name);
    json_put_string(w, "sku_id", sku->sku_id);
    json_put_string(w, "sku_part_number", sku->part_number);
    json_put_string(w, "sku_name", sku->name);
    json_open_array(w, "pools");
    for (size_t i = 0; s && i < s->n_allotments; i++) {
        const struct allotment *a = &s->allotment[i];
        if (!sku_is(sku, a->sku_id, a->sku_part_number))
            continue;
        int64_t units = room_of(a);
        room_add(&all, units);
        put_pool(w, t, a, units);
    }
    json_close_array(w);
    enum room_fit fit = reason ? ROOM_UNKNOWN : room_fits(&all, members);
    json_put_int(w, "members", members);
    if (fit == ROOM_UNKNOWN)
        json_put_null(w, "fits");
    else
        json_put_bool(w, "fits", fit == ROOM_FITS);
    command_put_number(w, "room", all.unknown || reason ? NUMBER_UNKNOWN : all.units, 0);
    json_put_string(w, "reason", reason ? reason : fit == ROOM_UNKNOWN ? "units or waiting members of a pool were not read" : NULL);
    command_put_time(w, "observed_at", s ? s->taken.at : 0);
    json_close_object(w);
    command_answer_json(call, 200, w);
}

void command_get_room(void *userdata, struct control_call *call)
{
    struct app *app = userdata;
    const char *tenant = target_param(&call->target, "tenant"), *word = target_param(&call->target, "sku"),
               *n = target_param(&call->target, "n");
    struct found_sku sku;
    char *end = NULL;
    long long members = n ? strtoll(n, &end, 10) : 1;
    if (!word || (n && (end == n || *end || members < 1 || members > MEMBERS_MAX))) {
        control_error(call, 400, "write /v1/room?sku=SPE_E5&n=5", "there is no SKU, or n is not a number from 1 on");
        return;
    }
    if (!tenant && app->n_tenants != 1) {
        control_error(call, 400, "name it: tenant=NAME (seatwatchctl: --tenant)", "there are %zu tenants", app->n_tenants);
        return;
    }
    struct tenant *t = tenant ? find_tenant(app, call, tenant) : &app->tenant[0];
    if (t && find_sku(t, call, word, &sku))
        answer(app, call, t, &sku, members);
}
