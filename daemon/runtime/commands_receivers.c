/* SPDX-License-Identifier: MIT */
/* runtime/commands_receivers.c: sends a test message, or the messages of a made-up alert, to one receiver. */
#include "runtime/commands_receivers.h"

#include <errno.h>
#include <string.h>

#include "base/name.h"
#include "base/text.h"
#include "runtime/app.h"
#include "runtime/command_answer.h"

#define ANSWER_MAX (8u << 20)

/* One at a time: a second one would only be for abuse. */
struct receiver_test {
    struct app *app;
    struct control_call *call;
    struct delivery_test *running;
    struct json_writer *w;
    bool accepted; /* all messages so far */
};

static void test_free(struct receiver_test *t)
{
    if (!t)
        return;
    json_writer_free(t->w);
    free(t);
}
DEFINE_CLEANUP(struct receiver_test *, test_free)

static void finish(struct receiver_test *t)
{
    json_close_array(t->w);
    json_put_bool(t->w, "accepted", t->accepted);
    json_close_object(t->w);
    command_answer_json(t->call, 200, t->w);
}

static void put_result(struct receiver_test *t, const struct tested *result)
{
    CLEANUP(free) char *body = result->body ? strndup(result->body, result->len) : NULL;
    if (result->body && !body)
        json_write_oom(t->w);
    json_open_object(t->w, NULL);
    json_put_string(t->w, "type", result->event);
    json_put_string(t->w, "body", body);
    if (result->text)
        json_put_bool(t->w, "accepted", result->accepted);
    else
        json_put_null(t->w, "accepted");
    json_put_string(t->w, "answer", result->text);
    json_close_object(t->w);
}

static void on_rendered(void *userdata, const struct tested *result)
{
    put_result(userdata, result);
}

static void on_tested(void *userdata, const struct tested *result)
{
    struct receiver_test *t = userdata;
    put_result(t, result);
    t->accepted = t->accepted && result->accepted;
    if (!result->last)
        return;
    t->app->receiver_test = NULL;
    finish(t);
    test_free(t);
}

void receiver_test_end(struct app *app, const char *reason)
{
    CLEANUP(test_free) struct receiver_test *t = TAKE(app->receiver_test);
    if (!t)
        return;
    deliver_test_cancel(t->running);
    control_error(t->call, 503, "try again", "the test was interrupted: %s", reason);
}

static const struct receiver_options *find_receiver(const struct app *app, struct control_call *call)
{
    const char *names[RECEIVERS_MAX];
    CLEANUP(text_free) struct text hint = TEXT_INIT(1024);
    char clean[TEXT_CLEAN_MAX];
    size_t n = 0;
    while (n < app->options->n_receivers && n < RECEIVERS_MAX) {
        names[n] = app->options->receiver[n].name;
        n++;
    }
    int at = name_find(call->id, names, n, 1);
    if (at >= 0)
        return &app->options->receiver[at];
    const char *near = text_nearest(call->id, names, n);
    if (near && at == -ENOENT)
        text_addf(&hint, "did you mean \"%s\"?", near);
    else
        text_add(&hint, at == -EEXIST ? "write more of the name" : "write a name of receivers of the configuration");
    control_error(call, 404, hint.data, "%s \"%s\"", at == -EEXIST ? "several receivers begin with" : "there is no receiver",
                  text_clean(clean, sizeof clean, call->id, strlen(call->id)));
    return NULL;
}

static struct receiver_test *test_new(struct app *app, struct control_call *call, const char *receiver)
{
    CLEANUP(test_free) struct receiver_test *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->w = json_writer_new(ANSWER_MAX);
    if (!t->w)
        return NULL;
    t->app = app;
    t->call = call;
    t->accepted = true;
    json_open_object(t->w, NULL);
    json_put_string(t->w, "receiver", receiver);
    json_open_array(t->w, "messages");
    return TAKE(t);
}

void command_post_receiver_test(void *userdata, struct control_call *call)
{
    struct app *app = userdata;
    struct failure why = {0};
    bool life = target_param(&call->target, "life"), dry = target_param(&call->target, "dry-run");
    const struct receiver_options *o = find_receiver(app, call);
    if (!o)
        return;
    if (o->broken || app->receiver_test || app->reloading || app->stopping) {
        control_error(call, 409, o->broken ? "correct its configuration and reload" : "try again when that has ended", "%s",
                      o->broken ? o->broken : app->receiver_test ? "another test runs" : "the daemon is reloading or stopping");
        return;
    }
    CLEANUP(test_free) struct receiver_test *t = test_new(app, call, o->name);
    if (!t) {
        control_answer(call, 200, NULL);
        return;
    }
    int r = dry ? deliver_test_render(o, life, on_rendered, t, &why)
                : deliver_test(o, life, app->http, app->event, on_tested, t, &t->running, &why);
    if (r < 0)
        command_refuse(call, r, &why);
    else if (dry)
        finish(t);
    else
        app->receiver_test = TAKE(t);
}
