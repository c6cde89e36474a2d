/* SPDX-License-Identifier: MIT */
/* deliver/jsm.c: the receiver type jsm: alerts of Jira Service Management (integration events), and
 * of Opsgenie, which has the same calls at another address.
 *
 * The alias of an alert is "seatwatch:ALERT_ID". While an alert is open, a create of the same alias only
 * raises its count: message and priority stay. There is no update, so what has become worse is a close
 * and a create. Both are one payload, repeated from the close until the create is accepted: a close of
 * what is closed does nothing.
 *
 * A payload has one line for each request. A line is the body of a create, or the path of another
 * call, a blank, and its body. */
#include "deliver/http_post.h"
#include "deliver/outline.h"
#include "json/json.h"
#include <errno.h>
#include <string.h>

#define BODY_MAX (64 * 1024)
/* Limits of the service, in characters; beyond them it answers 422. */
#define MESSAGE_CHARS 130
#define SOURCE_CHARS 100
#define TAGS_MAX 20
#define TAG_CHARS 50
#define TEXT_CHARS 4000 /* of our own, of parts of description and note: 15,000 are allowed */

struct jsm_options {
    char *api_key_file, *url;
    char **tag;
    size_t n_tags;
    struct http_post_options http;
};
static const struct conf_key ROWS[] = {
    {.name = "api_key_file", .type = CONF_FILE, CONF_AT(jsm_options, api_key_file), .def = "",
     .shown_def = "required", .file = FILE_RECEIVER, .example = "jsm.key",
     .help = "File with the key of an API integration."},
    {.name = "url", .type = CONF_TEXT, CONF_AT(jsm_options, url),
     .def = "https://api.atlassian.com/jsm/ops/integration", .what = "a URL",
     .check = http_url_check, .example = "https://api.eu.opsgenie.com",
     .help = "Address that comes before /v2/alerts."},
    {.name = "tags", .type = CONF_NAMES, CONF_COUNTED(jsm_options, tag, n_tags),
     .shown_def = "none", .example = "[ \"licences\" ]",
     .help = "Tags of the alerts, at most 20 of 50 characters each."},
    HTTP_POST_ROWS(jsm_options),
};

static int jsm_check(const struct receiver_options *o, struct failure *ret_failure)
{
    const struct jsm_options *own = o->own;
    if (own->n_tags > TAGS_MAX)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "receiver %s has %zu tags, an alert takes at most %d; remove some",
                           o->name, own->n_tags, TAGS_MAX);
    for (size_t i = 0; i < own->n_tags; i++)
        if (own->tag[i][outline_cut(own->tag[i], TAG_CHARS)])
            return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                               "receiver %s: tag %zu has more than %d characters; shorten it",
                               o->name, i + 1, TAG_CHARS);
    return 0;
}

/* ---- the bodies ---- */

static const char *const PRIORITIES[TONE_COUNT_] = {
    [TONE_CRITICAL] = "P1",
    [TONE_WARNING] = "P3",
    [TONE_INFO] = "P5",
    [TONE_RESOLVED] = "P5",
};

static int put_shortened(struct json_writer *w, const char *name, const char *s, size_t chars)
{
    CLEANUP(free) char *cut = outline_shorten(s, chars);
    if (!cut)
        return -ENOMEM;
    json_put_string(w, name, cut);
    return 0;
}

static int add_shortened(struct text *t, const char *before, const char *s, size_t chars)
{
    CLEANUP(free) char *cut = outline_shorten(s, chars);
    if (!cut)
        return -ENOMEM;
    text_addf(t, "%s%s", before, cut);
    return 0;
}

static int put_description(struct json_writer *w, const struct outline *o)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(BODY_MAX);
    int r = add_shortened(&t, "", o->what, TEXT_CHARS);
    if (r >= 0 && o->next[0])
        r = add_shortened(&t, "\n\nNext step: ", o->next, TEXT_CHARS);
    for (size_t i = 0; r >= 0 && i < o->n_lines; i++) {
        text_addf(&t, "\n%s", o->line[i].icon);
        r = add_shortened(&t, " ", o->line[i].title, MESSAGE_CHARS);
    }
    if (r < 0 || t.error)
        return -ENOMEM;
    json_put_string(w, "description", t.data);
    return 0;
}

/* A map of strings. */
static void put_details(struct json_writer *w, const struct outline *o)
{
    json_open_object(w, "details");
    for (size_t i = 0; i < o->n_facts; i++)
        json_put_string(w, o->fact[i].name, o->fact[i].value);
    for (size_t i = 0; i < o->n_links; i++)
        json_put_string(w, o->link[i].name, o->link[i].url);
    json_close_object(w);
}

static void put_tags(struct json_writer *w, const struct jsm_options *own)
{
    json_open_array(w, "tags");
    for (size_t i = 0; i < own->n_tags; i++)
        json_put_string(w, NULL, own->tag[i]);
    json_close_array(w);
}

static int put_source(struct json_writer *w, const struct message *m)
{
    char cleaned[TEXT_CLEAN_MAX];
    const char *name = m->digest                  ? m->digest->tenant_name
                       : m->notification->context ? m->notification->context->tenant_name
                                                  : NULL;
    if (!name)
        name = "seatwatchd";
    return put_shortened(w, "source", text_clean(cleaned, sizeof cleaned, name, strlen(name)),
                         SOURCE_CHARS);
}

struct jsm_alert {
    const struct jsm_options *own;
    const struct message *message;
    const struct outline *outline;
    const char *id; /* of the alert, digest or test message */
    bool replaces;  /* an open alert of the same alias is closed first */
};

static int put_create(struct json_writer *w, const struct jsm_alert *a)
{
    CLEANUP(free) char *alias = text_printf("seatwatch:%s", a->id);
    if (!alias)
        return -ENOMEM;
    int r = put_shortened(w, "message", a->outline->title, MESSAGE_CHARS);
    json_put_string(w, "alias", alias);
    if (r >= 0)
        r = put_description(w, a->outline);
    json_put_string(w, "priority", PRIORITIES[a->outline->tone]);
    if (r >= 0)
        r = put_source(w, a->message);
    put_tags(w, a->own);
    put_details(w, a->outline);
    if (a->replaces)
        json_put_string(w, "note", a->outline->state);
    return r;
}

static int put_note(struct json_writer *w, const struct jsm_alert *a)
{
    json_put_string(w, "source", "seatwatchd");
    json_put_string(w, "user", "seatwatchd");
    if (!a->replaces)
        return put_shortened(w, "note", a->outline->what, TEXT_CHARS);
    CLEANUP(free) char *note = text_printf("Replaced by a new alert: %s", a->outline->state);
    json_put_string(w, "note", note);
    return note ? 0 : -ENOMEM;
}

static int add_line(struct text *t, const char *before, const struct jsm_alert *a,
                    int (*put)(struct json_writer *w, const struct jsm_alert *a))
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(BODY_MAX);
    CLEANUP(free) char *body = NULL;
    size_t len;
    if (!w)
        return -ENOMEM;
    json_writer_clean(w);
    json_open_object(w, NULL);
    int r = put(w, a);
    json_close_object(w);
    if (r >= 0)
        r = json_write_take(w, &body, &len);
    if (r >= 0)
        text_addf(t, "%s%s", before, body);
    return r;
}

/* "close" or "acknowledge". The colon of the alias is percent-encoded. */
static int add_action(struct text *t, const struct jsm_alert *a, const char *action)
{
    CLEANUP(free)
    char *path = text_printf("/v2/alerts/seatwatch%%3A%s/%s?identifierType=alias ", a->id, action);
    return path ? add_line(t, path, a, put_note) : -ENOMEM;
}

static int jsm_render(const struct receiver_options *o, const struct message *m, char **ret,
                      size_t *ret_len)
{
    CLEANUP(outline_free) struct outline *outline = NULL;
    CLEANUP(text_free) struct text t = TEXT_INIT(BODY_MAX);
    enum event_type type = m->digest ? EVENT_DIGEST : m->notification->type;
    int r = outline_new(m, o->links, &outline);
    if (r < 0)
        return r;
    const struct jsm_alert a = {
        o->own, m, outline, outline->alert_id[0] ? outline->alert_id : m->notification->event_id,
        type == EVENT_ESCALATED || type == EVENT_DEESCALATED || type == EVENT_UPDATED};
    if (type == EVENT_RESOLVED || a.replaces)
        r = add_action(&t, &a, "close");
    else if (type == EVENT_ACKNOWLEDGED)
        r = add_action(&t, &a, "acknowledge");
    if (r >= 0 && type != EVENT_RESOLVED && type != EVENT_ACKNOWLEDGED)
        r = add_line(&t, a.replaces ? "\n" : "", &a, put_create);
    if (r < 0 || t.error)
        return r < 0 ? r : t.error;
    size_t len = t.len;
    char *body = text_take(&t);
    if (!body)
        return -ENOMEM;
    *ret = body;
    *ret_len = len;
    return 0;
}

/* ---- the requests ---- */

/* The line of this step; "" behind the last one. */
static const char *line_of(const struct payload *p, unsigned step, size_t *ret_len)
{
    const char *at = p->body;
    for (unsigned i = 0; i < step; i++) {
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    *ret_len = strcspn(at, "\n");
    return at;
}

static int jsm_request(const struct receiver_options *o, struct secret *const *secret,
                       const struct payload *p, struct request *ret, struct failure *ret_failure)
{
    const struct jsm_options *own = o->own;
    size_t len, base = strlen(own->url);
    const char *line = line_of(p, p->step, &len);
    size_t path = *line == '/' ? strcspn(line, " \n") : 0;
    const char *body = line + path + (line[path] == ' ');
    CLEANUP(free)
    char *url = text_printf("%.*s%.*s", (int)(base - (base > 0 && own->url[base - 1] == '/')),
                            own->url, path ? (int)path : (int)strlen("/v2/alerts"),
                            path ? line : "/v2/alerts");
    if (!url)
        return failure_oom(ret_failure);
    ret->options = &own->http;
    int r = request_address(ret, url, ret_failure);
    if (r >= 0)
        r = request_authorization(ret, "GenieKey", secret[0], own->api_key_file, ret_failure);
    return r < 0 ? r
                 : secret_new(body, (size_t)(line + len - body), ret->origin.text, &ret->body,
                              ret_failure);
}

/* 202 alone accepts a request. A close of an alert that is not there has nothing to do. */
static void jsm_classify(const struct receiver_options *o, const struct payload *p,
                         const struct http_answer *got, struct answer *a)
{
    (void)o;
    size_t len;
    bool last = !*line_of(p, p->step + 1, &len);
    if (got->status == 404 && !last)
        a->class = ANSWER_OK;
    else if (a->class == ANSWER_OK && got->status != 202)
        a->class = ANSWER_RETRY;
    else if (got->status == 400 || got->status == 401 || got->status == 403 ||
             got->status == 404 || got->status == 422)
        a->class = ANSWER_PERMANENT;
    a->more = a->class == ANSWER_OK && !last;
}

const struct receiver_class jsm_class = {
    .name = "jsm",
    .options = CONF_SECTION(ROWS),
    .options_size = sizeof(struct jsm_options),
    .traits = RECEIVER_PAGER,
    .body_max = BODY_MAX,
    .transport = &http_post,
    .check = jsm_check,
    .render = jsm_render,
    .http = {.request = jsm_request, .classify = jsm_classify},
};
