/* SPDX-License-Identifier: MIT */
/* deliver/alertmanager.c: the receiver type alertmanager: alerts of Prometheus Alertmanager, API v2.
 *
 * Alertmanager holds a state and makes the notifications itself. The labels are the identity of an
 * alert, so a change of severity or of the deciding rule ends one alert and begins another one, in the
 * same request. An alert that fires ends by itself at `endsAt`, so every attempt and every repetition
 * (resend.h) sends a new one: the stored bytes have an empty time in its place.
 *
 * Every member of a cluster gets every request, because members share notifications but not alerts. */
#include "deliver/alertmanager.h"

#include "base/date.h"
#include "deliver/header_lines.h"
#include "deliver/outline.h"
#include <ctype.h>
#include <errno.h>
#include <string.h>

#define PATH "/api/v2/alerts"
#define ATTEMPT_MAX USEC_PER_MINUTE /* the dispatcher's limit for one attempt, see dispatcher.c */
#define EMPTY_END "\"endsAt\":\"\"" /* quotes inside strings are escaped, so texts cannot hold it */
#define TEST_LASTS (5 * USEC_PER_MINUTE)
#define NAME_CHARS 60
#define SUMMARY_CHARS 500
#define TEXT_CHARS 3000
#define FACT_CHARS 300

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
                           "receiver %s: %zu urls with this timeout may take more than a minute; set "
                           "timeout = \"%us\" or less",
                           o->name, own->n_urls, (unsigned)(60 / own->n_urls));
    for (size_t i = 0; i < own->n_urls; i++) {
        struct origin unused;
        int r = origin_parse(own->url[i], own->http.allow_http, &unused, ret_failure);
        if (r < 0)
            return failure_prefix(ret_failure, r, "receiver %s: urls, entry %zu", o->name, i + 1);
    }
    return 0;
}

/* ---- labels ---- */

static bool name_is_legal(const char *s)
{
    if (!isalpha((unsigned char)s[0]) && s[0] != '_')
        return false;
    while (isalnum((unsigned char)*s) || *s == '_')
        s++;
    return !*s;
}

/* Alertmanager drops empty labels. */
static void put_label(struct json_writer *w, const char *name, const char *value)
{
    char cleaned[TEXT_CLEAN_MAX];
    if (value && *value)
        json_put_string(w, name, text_clean(cleaned, sizeof cleaned, value, strlen(value)));
}

/* "waiting_age" -> "SeatwatchWaitingAge" */
static void put_alertname(struct json_writer *w, const char *rule)
{
    char name[NAME_CHARS] = "Seatwatch";
    size_t len = strlen(name);
    for (bool up = true; *rule && len + 1 < sizeof name; rule++) {
        if (*rule != '_')
            name[len++] = (char)(up ? toupper((unsigned char)*rule) : *rule);
        up = *rule == '_';
    }
    name[len] = '\0';
    put_label(w, "alertname", name);
}

/* A label of the tenant that has the name of one of ours is left out; so are Prometheus' own ("__"). */
static bool name_is_free(const char *name)
{
    static const char *const OURS[] = {"alertname", "severity",  "rule", "alert_id",
                                       "tenant",    "tenant_id", "sku",  "allotment"};
    for (size_t i = 0; i < N_ELEMENTS(OURS); i++)
        if (strcmp(name, OURS[i]) == 0)
            return false;
    return strncmp(name, "__", 2) != 0;
}

static void put_context(struct json_writer *w, const struct alert_context *f)
{
    put_label(w, "tenant", f->tenant_name);
    put_label(w, "tenant_id", f->tenant_id);
    put_label(w, "sku", f->sku_part_number ? f->sku_part_number : f->sku_id);
    put_label(w, "allotment", f->allotment_id);
    for (size_t i = 0; i < f->n_labels; i++)
        if (name_is_legal(f->label[i].key) && name_is_free(f->label[i].key))
            put_label(w, f->label[i].key, f->label[i].value);
}

static int labels_of(const char *rule, const char *severity, const char *alert_id,
                     const struct alert_context *f, char **ret)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(ALERTMANAGER_BODY_MAX);
    size_t len;
    if (!w)
        return -ENOMEM;
    json_open_object(w, NULL);
    put_alertname(w, rule);
    put_label(w, "severity", severity);
    put_label(w, "rule", rule);
    put_label(w, "alert_id", alert_id);
    if (f)
        put_context(w, f);
    json_close_object(w);
    return json_write_take(w, ret, &len);
}

int alertmanager_labels(const struct alert_context *f, const char *alert_id, enum rule rule,
                        enum level level, char **ret)
{
    return labels_of(rule_name(rule), level_name(level), alert_id, f, ret);
}

/* ---- annotations ---- */

static int put_text(struct json_writer *w, const char *name, const char *s, size_t chars)
{
    CLEANUP(free) char *cut = outline_shorten(s, chars);
    if (!cut)
        return -ENOMEM;
    if (*cut)
        json_put_string(w, name, cut);
    return 0;
}

/* "In use" -> "in_use", "Runbook" -> "runbook_url" */
static int put_named(struct json_writer *w, const char *name, const char *suffix, const char *value,
                     size_t chars)
{
    CLEANUP(free) char *legal = text_printf("%s%s", name, suffix);
    if (!legal)
        return -ENOMEM;
    for (char *p = legal; *p; p++)
        *p = (char)(isalnum((unsigned char)*p) ? tolower((unsigned char)*p) : '_');
    return put_text(w, legal, value, chars);
}

static int put_about(struct json_writer *w, const struct outline *o)
{
    int r = put_text(w, "summary", o->title, SUMMARY_CHARS);
    if (r >= 0)
        r = put_text(w, "description", o->what, TEXT_CHARS);
    if (r >= 0)
        r = put_text(w, "next_step", o->next, TEXT_CHARS);
    for (size_t i = 0; r >= 0 && i < o->n_facts; i++)
        r = put_named(w, o->fact[i].name, "", o->fact[i].value, FACT_CHARS);
    for (size_t i = 0; r >= 0 && i < o->n_links; i++)
        r = put_named(w, o->link[i].name, "_url", o->link[i].url, strlen(o->link[i].url) + 4);
    return r;
}

/* generatorURL must be absolute, or the whole request is refused with 422; without a status page there
 * is none. */
static int describe(const struct receiver_options *o, const struct message *m,
                    struct alertmanager_alert *a)
{
    CLEANUP(outline_free) struct outline *outline = NULL;
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(ALERTMANAGER_BODY_MAX);
    size_t len;
    int r = w ? outline_new(m, o->links, &outline) : -ENOMEM;
    if (r < 0)
        return r;
    json_open_object(w, NULL);
    r = put_about(w, outline);
    json_close_object(w);
    if (r >= 0)
        r = json_write_take(w, &a->about, &len);
    if (r >= 0 && o->links)
        r = link_fill(o->links->status_url, m->notification, &a->url);
    return r;
}

int alertmanager_describe(const struct receiver_options *o, const struct notification *n,
                          usec_t now_at, struct alertmanager_alert *a)
{
    const struct message m = {.notification = n, .now_at = now_at};
    return describe(o, &m, a);
}

void alertmanager_alert_clear(struct alertmanager_alert *a)
{
    free(a->labels);
    free(a->about);
    free(a->url);
    *a = (struct alertmanager_alert){0};
}

/* ---- the body ---- */

/* A missing startsAt would become the endsAt of a firing alert, which is in the future. */
void alertmanager_put(struct json_writer *w, const struct alertmanager_alert *a)
{
    char buf[RFC3339_MAX];
    usec_t started_at = a->ends_at && a->ends_at < a->started_at ? a->ends_at : a->started_at;
    json_open_object(w, NULL);
    json_put_raw(w, "labels", a->labels);
    if (a->about)
        json_put_raw(w, "annotations", a->about);
    json_put_string(w, "startsAt", rfc3339_print(started_at, buf));
    json_put_string(w, "endsAt", a->ends_at ? rfc3339_print(a->ends_at, buf) : "");
    if (a->url)
        json_put_string(w, "generatorURL", a->url);
    json_close_object(w);
}

static bool is_reminder(const struct notification *n)
{
    return n->type == EVENT_REMINDER || n->type == EVENT_RESOLVED;
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
    CLEANUP(alertmanager_alert_clear) struct alertmanager_alert a = {
        .started_at = n->started_at ? n->started_at : n->at,
        .ends_at = n->type == EVENT_RESOLVED ? n->at : n->type == EVENT_TEST ? n->at + TEST_LASTS : 0};
    int r = n->type == EVENT_TEST
                ? labels_of("test", "info", "", NULL, &a.labels)
                : alertmanager_labels(n->context, n->alert_id,
                                      is_reminder(n) ? n->notified_rule : n->rule, n->level,
                                      &a.labels);
    if (r >= 0)
        r = describe(o, m, &a);
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
    int r = labels_of("notice", level_name(d->worst), "", NULL, &a.labels);
    if (r >= 0)
        r = describe(o, m, &a);
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

static int alertmanager_render(const struct receiver_options *o, const struct message *m, char **ret,
                               size_t *ret_len)
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

/* Puts the time of this attempt, plus the time within which polls confirm the alert, into the empty
 * ends. */
static int request_body(struct request *r, const struct receiver_options *o,
                        const struct payload *p, struct failure *ret_failure)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(2 * ALERTMANAGER_BODY_MAX);
    char end[RFC3339_MAX];
    const char *at = p->body;
    rfc3339_print(p->now.at + o->confirms_within, end);
    for (const char *empty; (empty = strstr(at, EMPTY_END)); at = empty + strlen(EMPTY_END)) {
        text_add_bytes(&t, at, (size_t)(empty - at));
        text_addf(&t, "\"endsAt\":\"%s\"", end);
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

/* 200 alone accepts. With a 400 for one bad alert the others are applied, but the bad one never will be
 * (422, and 415: none is). */
static void alertmanager_classify(const struct payload *p, const struct http_answer *got,
                                  struct answer *a)
{
    (void)p;
    if (a->class == ANSWER_OK && got->status != 200)
        a->class = ANSWER_RETRY;
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
    .traits = RECEIVER_MACHINE | RECEIVER_REPEATED,
    .body_max = ALERTMANAGER_BODY_MAX,
    .transport = &http_post,
    .check = alertmanager_check,
    .render = alertmanager_render,
    .http = {alertmanager_request, alertmanager_classify, alertmanager_servers},
};
