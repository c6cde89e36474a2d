/* SPDX-License-Identifier: MIT */
/* deliver/cloudevents.c: the receiver type cloudevents: the alert object as an event of CloudEvents
 * 1.0, in structured mode over HTTP, signed like a webhook if there is a key.
 *
 * `source` and `id` name an event; both are the same in each attempt. */
#include "base/date.h"
#include "deliver/event_body.h"
#include "deliver/webhook.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define SOURCE_CHARS 200
#define URI_CHARACTERS                                                                             \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/?#[]@!$&'()*+,;=%"

struct cloudevents_options {
    char *url_file;         /* the URL is a credential */
    char *signing_key_file; /* as of a webhook; "": unsigned */
    char *source;
    struct http_post_options http;
};
enum { SECRET_URL, SECRET_KEYS };

/* A URI-reference (RFC 3986, section 4.1) of its characters; its structure is up to the user. */
static int source_check(const char *text, struct failure *ret_failure)
{
    size_t len = strlen(text);
    if (len == 0 || len > SOURCE_CHARS || strspn(text, URI_CHARACTERS) < len)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "this is no URI of 1 to %d characters; write for example "
                           "\"urn:seatwatchd\" or \"https://ops.example/seatwatchd\"",
                           SOURCE_CHARS);
    return 0;
}

static const struct conf_key ROWS[] = {
    HTTP_URL_ROW(cloudevents_options),
    {.name = "signing_key_file", .type = CONF_FILE,
     CONF_AT(cloudevents_options, signing_key_file), .def = "", .file = FILE_RECEIVER,
     .example = "events.key",
     .help = "File with one whsec_ key per line, newest first, at most two; without it events are "
             "not signed."},
    {.name = "source", .type = CONF_TEXT, CONF_AT(cloudevents_options, source),
     .def = "urn:seatwatchd", .what = "a URI", .check = source_check,
     .example = "urn:example:licences", .help = "Attribute source of the events."},
    HTTP_POST_ROWS(cloudevents_options),
};

/* ---- the event ---- */

/* Extension "severity": names and numbers of OpenTelemetry, "Severity fields". */
static void put_severity(struct json_writer *w, enum level level, bool resolved)
{
    static const struct {
        const char *text;
        int number;
    } SEVERITIES[LEVEL_COUNT_] = {
        [LEVEL_CRITICAL] = {"FATAL", 21},
        [LEVEL_WARNING] = {"WARN", 13},
    };
    bool informs = resolved || !SEVERITIES[level].text;
    json_put_string(w, "severitytext", informs ? "INFO" : SEVERITIES[level].text);
    json_put_int(w, "severitynumber", informs ? 9 : SEVERITIES[level].number);
}

/* Extension "sequence": compared as a text, so all have the same length. */
static void put_sequence(struct json_writer *w, uint64_t seq)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%020" PRIu64, seq);
    json_put_string(w, "sequence", text);
}

/* A test message has no subject: an attribute is never empty. */
static void put_subject(struct json_writer *w, const char *prefix, const char *id)
{
    char subject[64];
    if (!*id)
        return;
    (void)snprintf(subject, sizeof subject, "%s%s", prefix, id);
    json_put_string(w, "subject", subject);
    json_put_string(w, "partitionkey", id);
}

static void put_attributes(struct json_writer *w, const struct notification *n,
                           const struct digest *d, const void *userdata)
{
    const struct cloudevents_options *own = userdata;
    char type[64], at[RFC3339_MAX];
    (void)snprintf(type, sizeof type, "dev.seatwatch.%s.v1",
                   event_type_name(n ? n->type : EVENT_DIGEST));
    json_put_string(w, "specversion", "1.0");
    json_put_string(w, "id", n ? n->event_id : d->event_id);
    json_put_string(w, "source", own->source);
    json_put_string(w, "type", type);
    put_subject(w, n ? "seatwatch:" : "digest:", n ? n->alert_id : d->digest_id);
    json_put_string(w, "time", rfc3339_print(n ? n->at : d->at, at));
    json_put_string(w, "datacontenttype", "application/json");
    put_severity(w, n ? n->level : d->worst, n && n->type == EVENT_RESOLVED);
    if (n && *n->alert_id)
        put_sequence(w, n->seq);
}

static int cloudevents_render(const struct receiver_options *o, const struct message *m,
                              char **ret, size_t *ret_len)
{
    return event_body(m, o->links, put_attributes, o->own, ret, ret_len);
}

/* ---- the request ---- */

static int cloudevents_request(const struct receiver_options *o, struct secret *const *secret,
                               const struct payload *p, struct request *ret,
                               struct failure *ret_failure)
{
    const struct cloudevents_options *own = o->own;
    ret->options = &own->http;
    /* Lower case: receivers compare the charset literally. */
    ret->content_type = "application/cloudevents+json; charset=utf-8";
    int r = request_url(ret, secret[SECRET_URL], own->url_file, ret_failure);
    if (r < 0 || !secret[SECRET_KEYS])
        return r;
    return webhook_headers(ret, p, secret[SECRET_KEYS], own->signing_key_file, ret_failure);
}

/* 415: the receiver does not understand the format, today or tomorrow. */
static void cloudevents_classify(const struct receiver_options *o, const struct payload *p,
                                 const struct http_answer *got, struct answer *a)
{
    (void)o;
    (void)p;
    if (got->status == 415)
        a->class = ANSWER_PERMANENT;
}

const struct receiver_class cloudevents_class = {
    .name = "cloudevents",
    .options = CONF_SECTION(ROWS),
    .options_size = sizeof(struct cloudevents_options),
    .traits = RECEIVER_MACHINE,
    .body_max = EVENT_BODY_MAX,
    .transport = &http_post,
    .render = cloudevents_render,
    .http = {.request = cloudevents_request, .classify = cloudevents_classify},
};
