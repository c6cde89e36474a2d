/* SPDX-License-Identifier: MIT */
/* deliver/heartbeat.c: sends heartbeats, and logs when they fail or are withheld. */
#include "deliver/heartbeat.h"

#include "base/alloc.h"
#include "base/date.h"
#include "base/digest.h"
#include "base/log.h"
#include "deliver/http_post.h"
#include "deliver/periodic.h"
#include "json/json.h"
#include <errno.h>
#include <string.h>

#define BODY_MAX 1024

/* ---- the type ---- */

struct heartbeat_options {
    char *url_file;
    bool get;
    usec_t interval;
    struct http_post_options http;
};
static const struct conf_key ROWS[] = {
    {.name = "url_file", .type = CONF_FILE, CONF_AT(heartbeat_options, url_file), .def = "",
     .shown_def = "required", .file = FILE_RECEIVER, .example = "beat.url",
     .help = "File with the URL of the webhook, which is a secret."},
    {.name = "method", .type = CONF_WORD, CONF_AT(heartbeat_options, get),
     .words = CONF_WORDS("POST", "GET"), .def = "POST", .example = "GET",
     .help = "Method of the heartbeat's requests; only POST has a body."},
    {.name = "interval", .type = CONF_DURATION, CONF_AT(heartbeat_options, interval), .min = "5s",
     .max = "1d", .def = "5m", .help = "Time between two heartbeats."},
    HTTP_POST_ROWS(heartbeat_options),
};

static int heartbeat_render(const struct receiver_options *o, const struct message *m, char **ret,
                            size_t *ret_len)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(BODY_MAX);
    char at[RFC3339_MAX];
    (void)o;
    if (!w)
        return -ENOMEM;
    json_open_object(w, NULL);
    json_put_string(w, "type", "daemon.heartbeat");
    json_put_string(w, "timestamp", rfc3339_print(m->now_at, at));
    json_open_object(w, "data");
    json_put_int(w, "schema", 1);
    json_put_string(w, "version", SEATWATCH_VERSION);
    json_close_object(w);
    json_close_object(w);
    return json_write_take(w, ret, ret_len);
}

static int heartbeat_request(const struct receiver_options *o, struct secret *const *secret,
                             const struct payload *p, struct request *ret,
                             struct failure *ret_failure)
{
    const struct heartbeat_options *own = o->own;
    (void)p;
    ret->options = &own->http;
    ret->method = own->get ? "GET" : "POST";
    return request_url(ret, secret[0], own->url_file, ret_failure);
}

const struct receiver_class heartbeat_class = {
    .name = "heartbeat",
    .options = CONF_SECTION(ROWS),
    .options_size = sizeof(struct heartbeat_options),
    .traits = RECEIVER_MACHINE | RECEIVER_HEARTBEAT,
    .transport = &http_post,
    .render = heartbeat_render,
    .http = {.request = heartbeat_request},
};

/* ---- the loop ---- */

struct heartbeat {
    struct heartbeats *all;
    struct periodic periodic;
    char *body;   /* of the request under way */
    bool failing; /* logged */
};
struct heartbeats {
    struct heartbeat *one;
    size_t n;
    heartbeat_alive *alive;
    void *userdata;
};

static usec_t interval_of(const struct heartbeat *b)
{
    return ((const struct heartbeat_options *)b->periodic.options->own)->interval;
}

static void on_sent(void *userdata, const struct answer *a)
{
    struct heartbeat *b = userdata;
    const char *name = b->periodic.options->name;
    bool failed = a->class != ANSWER_OK;
    free(TAKE(b->body));
    if (failed && !b->failing)
        log_say(LOG_WARNING, "receiver %s: heartbeat not accepted: %s; the next one follows",
                name, a->text);
    else if (!failed && b->failing)
        log_say(LOG_NOTICE, "receiver %s: heartbeats are accepted again", name);
    b->failing = failed;
}

static void beat(struct heartbeat *b, struct instant now)
{
    char id[UUID_TEXT] = "";
    struct answer a = {0};
    const struct message m = {.now_at = now.at};
    const struct periodic *to = &b->periodic;
    size_t len;
    if (heartbeat_render(to->options, &m, &b->body, &len) < 0)
        return; /* no memory now: the next one follows */
    (void)uuid_v7(now.at, id);
    const struct payload p = {.event_id = id, .body = b->body, .len = len, .now = now};
    if (to->options->class->transport->send(to->handle, &p, &a, on_sent, b) > 0)
        on_sent(b, &a);
}

static int on_due(sd_event_source *s, uint64_t due, void *userdata)
{
    struct heartbeat *b = userdata;
    (void)s, (void)due;
    bool allowed =
        periodic_allowed(&b->periodic, b->all->alive, b->all->userdata, "heartbeats are");
    if (allowed && !b->body) /* else the last request is still under way */
        beat(b, clock_now());
    periodic_arm(&b->periodic, interval_of(b));
    return 0;
}

void heartbeats_free(struct heartbeats *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < h->n; i++) {
        periodic_close(&h->one[i].periodic);
        free(h->one[i].body);
    }
    alloc_release(h->one);
    alloc_release(h);
}

int heartbeats_new(const struct dispatcher_options *o, struct http *http, heartbeat_alive *alive,
                   void *userdata, struct heartbeats **ret, struct failure *ret_failure)
{
    CLEANUP(heartbeats_free) struct heartbeats *h = alloc_zero(1, sizeof *h);
    if (!h)
        return failure_oom(ret_failure);
    h->one = alloc_zero(o->n_receivers, sizeof *h->one);
    if (!h->one && o->n_receivers > 0)
        return failure_oom(ret_failure);
    h->alive = alive;
    h->userdata = userdata;
    for (size_t i = 0; i < o->n_receivers; i++) {
        const struct receiver_options *r = &o->receiver[i];
        if (!(r->class->traits & RECEIVER_HEARTBEAT) || r->broken)
            continue;
        struct heartbeat *b = &h->one[h->n++];
        *b = (struct heartbeat){.all = h};
        int e = periodic_open(&b->periodic, r, http, on_due, b, ret_failure);
        if (e < 0)
            return e;
    }
    *ret = TAKE(h);
    return 0;
}
