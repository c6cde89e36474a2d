/* SPDX-License-Identifier: MIT */
/* runtime/command_answer.c: what the commands of the control sockets answer alike. */
#include "runtime/command_answer.h"

#include "base/date.h"
#include "rules/context.h"

#include <errno.h>
#include <string.h>

#define ANSWER_MAX 4096

void command_put_time(struct json_writer *w, const char *key, usec_t at)
{
    char text[RFC3339_MAX];
    json_put_string(w, key, at ? rfc3339_print(at, text) : NULL);
}

void command_put_number(struct json_writer *w, const char *key, int64_t value, unsigned decimals)
{
    if (value == NUMBER_UNKNOWN)
        json_put_null(w, key);
    else
        json_put_decimal(w, key, value, decimals);
}

void command_answer_json(struct control_call *call, unsigned status, struct json_writer *w)
{
    char *json = NULL;
    size_t len;
    if (w)
        (void)json_write_take(w, &json, &len); /* fails without memory, or beyond its limit, and leaves NULL */
    control_answer(call, status, json);
}

/* `text` NULL: the number. */
static void answer(struct control_call *call, unsigned status, const char *key, const char *text, size_t n)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(ANSWER_MAX);
    if (w) {
        json_writer_clean(w);
        json_open_object(w, NULL);
        if (text)
            json_put_string(w, key, text);
        else
            json_put_int(w, key, (int64_t)n);
        json_close_object(w);
    }
    command_answer_json(call, status, w);
}

void command_answer_text(struct control_call *call, unsigned status, const char *key, const char *value)
{
    answer(call, status, key, value, 0);
}

void command_answer_id(struct control_call *call, unsigned status, const char *id, const char *warning)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(ANSWER_MAX);
    if (w) {
        json_writer_clean(w);
        json_open_object(w, NULL);
        json_put_string(w, "id", id);
        if (warning)
            json_put_string(w, "warning", warning);
        json_close_object(w);
    }
    command_answer_json(call, status, w);
}

void command_answer_count(struct control_call *call, unsigned status, const char *key, size_t n)
{
    answer(call, status, key, NULL, n);
}

void command_refuse(struct control_call *call, int r, const struct failure *why)
{
    static const struct {
        int error;
        unsigned status;
    } STATUSES[] = {{ENOENT, 404}, {EPERM, 409}, {EBUSY, 409}, {ENOSPC, 409}};
    const char *hint = strstr(why->text, "; ");
    unsigned status = why->kind == FAILURE_CONFIG ? 422 : 500;
    for (size_t i = 0; i < N_ELEMENTS(STATUSES) && why->kind == FAILURE_CONFIG; i++)
        status = STATUSES[i].error == -r ? STATUSES[i].status : status;
    control_error(call, status, hint ? hint + 2 : "control.openapi.json describes this command", "%.*s",
                  (int)(hint ? hint - why->text : (ptrdiff_t)strlen(why->text)), why->text);
}
