/* SPDX-License-Identifier: MIT */
/* runtime/commands_deliveries.c: commands about undelivered messages. */
#include "runtime/commands_deliveries.h"

#include "deliver/deliveries.h"
#include "runtime/app.h"
#include "runtime/command_answer.h"

#include <errno.h>
#include <stdlib.h>

#define LIST_MAX (4u << 20) /* DELIVERIES_MAX entries */

static const char *const STATES[] = {
    [OUTBOX_QUEUED] = "queued", [OUTBOX_IN_FLIGHT] = "in_flight", [OUTBOX_PARKED] = "parked",
    [OUTBOX_DELIVERED] = "delivered", [OUTBOX_SUPERSEDED] = "superseded"};

void command_put_delivery(struct json_writer *w, const struct delivery *d)
{
    char id[24];
    (void)snprintf(id, sizeof id, "%lld", (long long)d->id);
    json_open_object(w, NULL);
    json_put_string(w, "id", id);
    json_put_string(w, "receiver", d->receiver);
    json_put_string(w, "state", STATES[d->state]);
    json_put_string(w, "type", event_type_name(d->type));
    if (d->type != EVENT_INFO) /* has a queue of its own */
        json_put_string(w, d->type == EVENT_DIGEST ? "digest_id" : "alert_id", d->queue);
    json_put_string(w, "event_id", d->event_id);
    command_put_time(w, "created_at", d->created_at);
    command_put_time(w, "due_at", d->state == OUTBOX_QUEUED ? d->due_at : 0);
    json_put_int(w, "attempts", d->attempts);
    command_put_time(w, "attempted_at", d->attempted_at);
    json_put_string(w, "answer", d->text[0] ? d->text : NULL);
    json_close_object(w);
}

void command_get_deliveries(void *userdata, struct control_call *call)
{
    struct app *app = userdata;
    CLEANUP(free) struct delivery *all = NULL;
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(LIST_MAX);
    struct failure why = {0};
    size_t n = 0;
    int r = deliveries_list(app->store, app->dispatcher, target_param(&call->target, "failed"), &all, &n, &why);
    if (r < 0) {
        command_refuse(call, r, &why);
        return;
    }
    if (w) {
        json_writer_clean(w);
        json_open_object(w, NULL);
        json_open_array(w, "deliveries");
        for (size_t i = 0; i < n; i++)
            command_put_delivery(w, &all[i]);
        json_close_array(w);
        json_close_object(w);
    }
    command_answer_json(call, 200, w);
}

/* ---- one message ---- */

static int parse_id(const char *text, int64_t *ret, struct failure *why)
{
    char *end;
    errno = 0;
    long long id = strtoll(text, &end, 10);
    if (errno || end == text || *end || id <= 0)
        return failure_set(why, FAILURE_CONFIG, ENOENT,
                           "there is no delivery \"%.40s\"; GET /v1/deliveries lists the undelivered messages", text);
    *ret = id;
    return 0;
}

static void change(struct app *app, struct control_call *call,
                   int (*how)(struct store *s, struct dispatcher *c, int64_t id, struct failure *ret_failure))
{
    struct failure why = {0};
    int64_t id = 0;
    int r = parse_id(call->id, &id, &why);
    if (r >= 0)
        r = how(app->store, app->dispatcher, id, &why);
    if (r < 0)
        command_refuse(call, r, &why);
    else
        command_answer_text(call, 200, "id", call->id);
}

void command_post_delivery_retry(void *userdata, struct control_call *call)
{
    change(userdata, call, deliveries_retry);
}

void command_delete_delivery(void *userdata, struct control_call *call)
{
    change(userdata, call, deliveries_drop);
}
