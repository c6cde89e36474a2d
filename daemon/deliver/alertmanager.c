/* SPDX-License-Identifier: MIT */
/* deliver/alertmanager.c: the receiver type alertmanager: Prometheus Alertmanager, API v2.
 *
 * Alertmanager holds a state and makes the notifications itself. The labels are the identity of an
 * alert, so a change of severity or of the deciding rule ends one alert and begins another one, in
 * the same request. An alert that fires ends by itself at `endsAt`, so every attempt and every
 * repetition (resend.h) sends a new one: the stored bytes say in its place how long it lasts.
 *
 * Every member of a cluster gets every request, because members share notifications but not alerts.
 */
#include "deliver/alertmanager.h"

#include "base/date.h"
#include "deliver/header_lines.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PATH "/api/v2/alerts"
#define ATTEMPT_MAX (45 * USEC_PER_SEC) /* well below that of the dispatcher */
/* Before the two times of an alert. Quotes inside strings are escaped, so texts cannot hold it. */
#define BEFORE_START "},\"startsAt\":\""
#define BEFORE_END "\",\"endsAt\":\""
#define TEST_LASTS (5 * USEC_PER_MINUTE)

static const struct conf_key ROWS[] = {
    {.name = "urls", .type = CONF_NAMES, CONF_COUNTED(alertmanager_options, url, n_urls),
     .shown_def = "required", .example = "[ \"https://am1:9093\", \"https://am2:9093\" ]",
     .help = "Addresses of all members of the cluster, without /api/v2/alerts."},
    {.name = "resend", .type = CONF_DURATION, CONF_AT(alertmanager_options, resend), .min = "1s",
     .max = "10m", .def = "1m", .help = "Shortest time between two repetitions of an open alert."},
    {.name = "headers_file", .type = CONF_FILE, CONF_AT(alertmanager_options, headers_file),
     .def = "", .file = FILE_RECEIVER, .example = "am.headers",
     .help = "File with more headers, one Name: value per line, at most six."},
    HTTP_POST_ROWS(alertmanager_options),
};

static int alertmanager_check(const struct receiver_options *o, struct failure *ret_failure)
{
    const struct alertmanager_options *own = o->own;
    if (own->n_urls == 0)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "receiver %s has no urls: name every member of the cluster, not a load "
                           "balancer",
                           o->name);
    if (own->n_urls * own->http.timeout > ATTEMPT_MAX)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "receiver %s: %zu urls with this timeout may take more than 45 s "
                           "together; set timeout = \"%us\" or less",
                           o->name, own->n_urls,
                           (unsigned)(ATTEMPT_MAX / own->n_urls / USEC_PER_SEC));
    for (size_t i = 0; i < own->n_urls; i++) {
        struct origin unused;
        int r = origin_parse(own->url[i], own->http.allow_http, &unused, ret_failure);
        if (r < 0)
            return failure_prefix(ret_failure, r, "receiver %s: urls, entry %zu", o->name, i + 1);
    }
    return 0;
}

/* ---- the body ---- */

static bool is_reminder(const struct notification *n)
{
    return n->type == EVENT_REMINDER || n->type == EVENT_ACKNOWLEDGED || n->type == EVENT_RESOLVED;
}

/* The alert as it was notified before ends, if it had other labels. */
static int put_former(struct json_writer *w, const struct notification *n,
                      struct alertmanager_alert *a)
{
    CLEANUP(free) char *present = TAKE(a->labels);
    enum level before = n->previous > LEVEL_NONE ? n->previous : n->level;
    int r = alertmanager_labels(n->context, n->alert_id, n->notified_rule, before, &a->labels);
    if (r < 0)
        return r;
    a->ends_at = n->at;
    if (strcmp(present, a->labels) != 0)
        alertmanager_put(w, a);
    return 0;
}

/* Reminders and resolved messages are about the alert as it was notified before. */
static int put_notification(struct json_writer *w, const struct receiver_options *o,
                            const struct message *m)
{
    const struct notification *n = m->notification;
    CLEANUP(alertmanager_alert_clear)
    struct alertmanager_alert a = {.started_at = n->started_at ? n->started_at : n->at,
                                   .ends_at = n->type == EVENT_RESOLVED ? n->at : 0,
                                   .lasts = n->type == EVENT_TEST ? TEST_LASTS : 0};
    int r = n->type == EVENT_TEST ? alertmanager_labels_of("test", "info", "", NULL, &a.labels)
                                  : alertmanager_labels(n->context, n->alert_id,
                                                        is_reminder(n) ? n->notified_rule : n->rule,
                                                        n->level, &a.labels);
    if (r >= 0)
        r = alertmanager_describe(o, m, &a);
    if (r < 0)
        return r;
    alertmanager_put(w, &a);
    return n->type == EVENT_TEST || is_reminder(n) ? 0 : put_former(w, n, &a);
}

/* A digest without alerts is about this daemon. */
static int put_story(struct json_writer *w, const struct receiver_options *o,
                     const struct message *m)
{
    const struct digest *d = m->digest;
    CLEANUP(alertmanager_alert_clear) struct alertmanager_alert a = {.started_at = d->at};
    int r = alertmanager_labels_of("notice", level_name(d->worst), "", NULL, &a.labels);
    if (r >= 0)
        r = alertmanager_describe(o, m, &a);
    if (r >= 0)
        alertmanager_put(w, &a);
    return r;
}

static int put_digest(struct json_writer *w, const struct receiver_options *o,
                      const struct message *m)
{
    int r = 0;
    for (size_t i = 0; r >= 0 && i < m->digest->n_notifications; i++) {
        const struct message one = {.notification = m->digest->notification[i],
                                    .now_at = m->now_at};
        r = put_notification(w, o, &one);
    }
    return m->digest->n_notifications > 0 ? r : put_story(w, o, m);
}

static int alertmanager_render(const struct receiver_options *o, const struct message *m,
                               char **ret, size_t *ret_len)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(ALERTMANAGER_BODY_MAX);
    if (!w)
        return -ENOMEM;
    json_open_array(w, NULL);
    int r = m->digest ? put_digest(w, o, m) : put_notification(w, o, m);
    json_close_array(w);
    return r < 0 ? r : json_write_take(w, ret, ret_len);
}

/* ---- the request ---- */

/* The times of one alert as they are sent. A clock that was set back may have put a stored one into the future:
 * Alertmanager refuses a start after the end, and takes an end to come for an open alert. */
static void add_time(struct text *t, const char *stored, size_t len, usec_t confirms_within, usec_t now_at)
{
    char time[RFC3339_MAX];
    if (len > 0 && *stored != '+') {
        bool past = strncmp(stored, rfc3339_print(now_at, time), len) <= 0;
        text_add_bytes(t, past ? stored : time, past ? len : strlen(time));
    } else {
        usec_t lasts = len > 0 ? strtoull(stored, NULL, 10) * USEC_PER_SEC : confirms_within;
        text_add(t, rfc3339_print(now_at + lasts, time));
    }
}

static int request_body(struct request *r, const struct receiver_options *o,
                        const struct payload *p, struct failure *ret_failure)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(2 * ALERTMANAGER_BODY_MAX);
    const char *at = p->body;
    for (const char *times; (times = strstr(at, BEFORE_START));) {
        const char *start = times + strlen(BEFORE_START), *start_end = strchr(start, '"');
        const char *end = start_end + strlen(BEFORE_END), *end_end = strchr(end, '"');
        text_add_bytes(&t, at, (size_t)(start - at));
        add_time(&t, start, (size_t)(start_end - start), 0, p->now.at);
        text_add(&t, BEFORE_END);
        add_time(&t, end, (size_t)(end_end - end), o->confirms_within, p->now.at);
        at = end_end;
    }
    text_add(&t, at);
    return t.error ? failure_oom(ret_failure)
                   : secret_new(t.data, t.len, r->origin.text, &r->body, ret_failure);
}

static int alertmanager_request(const struct receiver_options *o, struct secret *const *secret,
                                const struct payload *p, struct request *ret,
                                struct failure *ret_failure)
{
    const struct alertmanager_options *own = o->own;
    const char *base = own->url[p->step];
    size_t len = strlen(base);
    CLEANUP(free)
    char *url = text_printf("%.*s" PATH, (int)(len - (len > 0 && base[len - 1] == '/')), base);
    if (!url)
        return failure_oom(ret_failure);
    ret->options = &own->http;
    int r = request_address(ret, url, ret_failure);
    if (r >= 0)
        r = request_header_lines(ret, secret[0], own->headers_file, ret_failure);
    return r < 0 ? r : request_body(ret, o, p, ret_failure);
}

/* 200 alone accepts, but not with a page of HTML, which a proxy answers in its place. With a 400 for one bad alert
 * the others are applied, but the bad one never will be (422, and 415: none is). */
static void alertmanager_classify(const struct receiver_options *o, const struct payload *p,
                                  const struct http_answer *got, struct answer *a)
{
    (void)o;
    (void)p;
    if (a->class == ANSWER_OK && got->status != 200)
        a->class = ANSWER_RETRY;
    else if (a->class == ANSWER_OK && strcmp(got->content_type, "text/html") == 0)
        answer_set(a, ANSWER_RETRY, "HTTP 200 with HTML, not of Alertmanager (the login page of a proxy?)");
    else if (got->status == 400 || got->status == 415 || got->status == 422)
        a->class = ANSWER_PERMANENT;
    else if (a->class == ANSWER_GONE) /* of a proxy: there is nothing to unsubscribe from */
        a->class = ANSWER_RETRY;
}

static size_t alertmanager_servers(const struct receiver_options *o)
{
    return ((const struct alertmanager_options *)o->own)->n_urls;
}

const struct receiver_class alertmanager_class = {
    .name = "alertmanager",
    .options = CONF_SECTION(ROWS),
    .options_size = sizeof(struct alertmanager_options),
    .traits = RECEIVER_MACHINE | RECEIVER_REPEATED | RECEIVER_EACH,
    .body_max = ALERTMANAGER_BODY_MAX,
    .transport = &http_post,
    .check = alertmanager_check,
    .render = alertmanager_render,
    .http = {.request = alertmanager_request, .classify = alertmanager_classify, .servers = alertmanager_servers},
};
