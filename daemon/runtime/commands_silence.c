/* SPDX-License-Identifier: MIT */
/* runtime/commands_silence.c: commands about silences and acknowledgements. */
#include "runtime/commands_silence.h"

#include "runtime/app.h"
#include "runtime/command_answer.h"
#include "runtime/matches.h"
#include "runtime/silence_body.h"
#include "runtime/silence_list.h"

#define LIST_MAX (32u << 20) /* twice SILENCES_MAX with texts of SILENCE_TEXT_MAX */

/* ---- the list ---- */

static void put_match(struct json_writer *w, const struct match *m)
{
    const struct {
        const char *key, *glob;
    } PARTS[] = {{"tenant", m->tenant}, {"sku", m->sku}, {"allotment", m->allotment}, {"rule", m->rule}, {"severity", m->severity}};
    json_open_object(w, "match");
    for (size_t i = 0; i < N_ELEMENTS(PARTS); i++)
        if (PARTS[i].glob)
            json_put_string(w, PARTS[i].key, PARTS[i].glob);
    if (m->n_labels) {
        json_open_object(w, "labels");
        for (size_t i = 0; i < m->n_labels; i++)
            json_put_string(w, m->label[i].key, m->label[i].value);
        json_close_object(w);
    }
    json_close_object(w);
}

static void put_silence(struct json_writer *w, const struct silence *s, const struct instant *now)
{
    char hours[HOURS_TEXT];
    json_open_object(w, NULL);
    json_put_string(w, "id", s->id);
    json_put_string(w, "kind", silence_kind(s));
    json_put_bool(w, "active", silence_is_active(s, now));
    json_put_string(w, "author", s->author);
    json_put_string(w, "comment", s->comment);
    put_match(w, &s->match);
    json_put_string(w, "alert_id", s->alert_id);
    command_put_time(w, "created_at", s->created.at);
    command_put_time(w, "start_at", silence_begin_at(s, now));
    command_put_time(w, "end_at", silence_end_at(s, now));
    json_put_string(w, "weekly", s->weekly.n_ranges ? hours_print(&s->weekly, hours) : NULL);
    json_put_string(w, "timezone", s->zone);
    json_put_bool(w, "hold", s->hold);
    json_close_object(w);
}

void command_get_silences(void *userdata, struct control_call *call)
{
    struct app *app = userdata;
    const struct silences list = app_silence_list(app);
    struct instant now = clock_now();
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(LIST_MAX);
    silences_follow_zones(app, now.at);
    if (w) {
        json_writer_clean(w);
        json_open_object(w, NULL);
        json_open_array(w, "silences");
        for (size_t i = 0; i < list.n; i++)
            put_silence(w, &list.silence[i], &now);
        for (size_t i = 0; i < app->options->n_maintenance; i++)
            put_silence(w, &app->options->maintenance[i], &now);
        json_close_array(w);
        json_close_object(w);
    }
    command_answer_json(call, 200, w);
}

/* ---- changes ---- */

/* Answers once the change is stored. */
static void answer_change(struct control_call *call, int r, const struct failure *why, unsigned status, const char *id)
{
    if (r < 0)
        command_refuse(call, r, why);
    else
        command_answer_text(call, status, "id", id);
}

void command_post_silence(void *userdata, struct control_call *call)
{
    struct silence_request request = {0};
    struct failure why = {0};
    char id[UUID_TEXT] = "";
    int r = silence_body_parse(call->body, &request, &why);
    if (r >= 0)
        r = app_silence_add(userdata, &request, id, &why);
    const char *warning = r >= 0 ? matches_nothing(userdata, &request.match) : NULL;
    match_clear(&request.match);
    if (r < 0)
        command_refuse(call, r, &why);
    else
        command_answer_id(call, 201, id, warning);
}

void command_delete_silence(void *userdata, struct control_call *call)
{
    struct failure why = {0};
    int r = app_silence_end(userdata, call->id, &why);
    answer_change(call, r, &why, 200, call->id);
}

void command_post_acknowledgement(void *userdata, struct control_call *call)
{
    struct silence_request request = {0};
    struct failure why = {0};
    int r = silence_body_parse_acknowledgement(call->body, &request, &why);
    if (r >= 0)
        r = app_acknowledge(userdata, call->id, request.author, request.comment, request.end_at, request.hold, &why);
    answer_change(call, r, &why, 201, call->id);
}

void command_delete_acknowledgement(void *userdata, struct control_call *call)
{
    struct failure why = {0};
    int r = app_unacknowledge(userdata, call->id, &why);
    answer_change(call, r, &why, 200, call->id);
}
