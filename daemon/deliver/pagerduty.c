/* SPDX-License-Identifier: MIT */
/* deliver/pagerduty.c: the receiver type pagerduty: incidents through the Events API v2
 * (developer.pagerduty.com, "Send an alert event").
 *
 * The key of an incident is "seatwatch:ALERT_ID". Everything but "resolved" and "acknowledged" is a
 * trigger: PagerDuty appends it to the incident that is open under that key. A resolve whose key is
 * unknown is dropped by PagerDuty, so the order of each alert matters; the outbox keeps it. A digest has a key of its
 * own and stays open until somebody closes it. */
#include "deliver/http_post.h"
#include "deliver/notification_put.h"
#include "deliver/outline.h"
#include <errno.h>
#include <string.h>

#define BODY_MAX (64 * 1024) /* an event may have 512 KB */
#define SUMMARY_MAX 1024     /* characters; a longer one is refused with 400 */
#define TEXT_MAX 4000        /* our limit, to be readable on a phone */
#define ROUTING_KEY_CHARS 32

struct pagerduty_options {
    char *routing_key_file;
    bool eu;
    char *url; /* "": that of the region */
    struct http_post_options http;
};
static const struct conf_key ROWS[] = {
    {.name = "routing_key_file", .type = CONF_FILE, CONF_AT(pagerduty_options, routing_key_file),
     .def = "", .shown_def = "required", .file = FILE_RECEIVER, .example = "pager.key",
     .help = "File with the integration key of a service (Events API v2), 32 characters."},
    {.name = "region", .type = CONF_WORD, CONF_AT(pagerduty_options, eu),
     .words = CONF_WORDS("us", "eu"), .def = "us", .example = "eu",
     .help = "Service region of the account."},
    {.name = "url", .type = CONF_TEXT, CONF_AT(pagerduty_options, url), .def = "",
     .what = "a URL, or empty", .check = http_url_check,
     .example = "https://relay.example/v2/enqueue",
     .help = "Address that takes the events instead of the region's own, for example a relay."},
    HTTP_POST_ROWS(pagerduty_options),
};

/* ---- the event ---- */

static const char *const SEVERITIES[TONE_COUNT_] = {
    [TONE_CRITICAL] = "critical",
    [TONE_WARNING] = "warning",
    [TONE_INFO] = "info",
    [TONE_RESOLVED] = "info",
};

static int put_shortened(struct json_writer *w, const char *name, const char *s, size_t max)
{
    CLEANUP(free) char *cut = outline_shorten(s, max);
    if (!cut)
        return -ENOMEM;
    json_put_string(w, name, cut);
    return 0;
}

static int put_details(struct json_writer *w, const struct outline *o)
{
    json_open_object(w, "custom_details");
    for (size_t i = 0; i < o->n_facts; i++)
        json_put_string(w, o->fact[i].name, o->fact[i].value);
    int r = put_shortened(w, "What", o->what, TEXT_MAX);
    if (r >= 0 && o->next[0])
        r = put_shortened(w, "Next step", o->next, TEXT_MAX);
    if (r >= 0 && o->n_lines > 0) {
        json_open_array(w, "Alerts");
        for (size_t i = 0; i < o->n_lines; i++)
            json_put_string(w, NULL, o->line[i].title);
        json_close_array(w);
    }
    json_close_object(w);
    return r;
}

static int put_payload(struct json_writer *w, const struct message *m, const struct outline *o)
{
    const struct notification *n = m->notification;
    const struct alert_context *f = n ? n->context : NULL;
    const char *tenant = f ? f->tenant_name : m->digest ? m->digest->tenant_name : NULL;
    json_open_object(w, "payload");
    int r = put_shortened(w, "summary", o->title, SUMMARY_MAX);
    json_put_string(w, "source", tenant ? tenant : "seatwatchd");
    json_put_string(w, "severity", SEVERITIES[o->tone]);
    context_put_instant(w, "timestamp", n ? n->at : m->digest->at);
    if (f && f->sku_name)
        json_put_string(w, "component", f->sku_name);
    if (f && f->allotment_name)
        json_put_string(w, "group", f->allotment_name);
    if (f)
        json_put_string(w, "class", rule_name(n->rule));
    if (r >= 0)
        r = put_details(w, o);
    json_close_object(w);
    return r;
}

static void put_links(struct json_writer *w, const struct outline *o)
{
    json_put_string(w, "client", "seatwatchd");
    if (o->n_links > 0)
        json_put_string(w, "client_url", o->link[0].url);
    json_open_array(w, "links");
    for (size_t i = 0; i < o->n_links; i++) {
        json_open_object(w, NULL);
        json_put_string(w, "href", o->link[i].url);
        json_put_string(w, "text", o->link[i].name);
        json_close_object(w);
    }
    json_close_array(w);
}

static int pagerduty_render(const struct receiver_options *o, const struct message *m, char **ret,
                            size_t *ret_len)
{
    CLEANUP(outline_free) struct outline *outline = NULL;
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(BODY_MAX);
    int r = w ? outline_new(m, o->links, &outline) : -ENOMEM;
    if (r < 0)
        return r;
    static const char *const ACTIONS[EVENT_TYPE_COUNT_] = {[EVENT_RESOLVED] = "resolve",
                                                           [EVENT_ACKNOWLEDGED] = "acknowledge"};
    const char *action = m->notification ? ACTIONS[m->notification->type] : NULL;
    const char *id = outline->alert_id[0] ? outline->alert_id : m->notification->event_id;
    CLEANUP(free) char *key = text_printf("seatwatch:%s", id);
    if (!key)
        return -ENOMEM;
    json_writer_clean(w);
    json_open_object(w, NULL);
    json_put_string(w, "event_action", action ? action : "trigger");
    json_put_string(w, "dedup_key", key);
    if (!action) {
        r = put_payload(w, m, outline);
        put_links(w, outline);
    }
    json_close_object(w);
    return r < 0 ? r : json_write_take(w, ret, ret_len);
}

/* ---- the request ---- */

static int pagerduty_request(const struct receiver_options *o, struct secret *const *secret,
                             const struct payload *p, struct request *ret,
                             struct failure *ret_failure)
{
    const struct pagerduty_options *own = o->own;
    size_t len = strcspn(secret_bytes(secret[0]), "\n");
    if (len != ROUTING_KEY_CHARS)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "%s: an integration key has 32 characters, this one has %zu; copy it "
                           "from the integration \"Events API v2\" of the service",
                           own->routing_key_file, len);
    const char *url = option_given(own->url) ? own->url
                      : own->eu              ? "https://events.eu.pagerduty.com/v2/enqueue"
                                             : "https://events.pagerduty.com/v2/enqueue";
    ret->options = &own->http;
    int r = request_address(ret, url, ret_failure);
    return r < 0 ? r : request_member(ret, p, "routing_key", secret[0], ret_failure);
}

/* 202 alone accepts an event: another 2xx is not PagerDuty's answer. 400 and 413 are permanent: the event itself is
 * refused. */
static void pagerduty_classify(const struct receiver_options *o, const struct payload *p,
                               const struct http_answer *got, struct answer *a)
{
    (void)o;
    (void)p;
    if (a->class == ANSWER_OK && got->status != 202)
        a->class = ANSWER_RETRY;
    else if (got->status == 400 || got->status == 413)
        a->class = ANSWER_PERMANENT;
}

const struct receiver_class pagerduty_class = {
    .name = "pagerduty",
    .options = CONF_SECTION(ROWS),
    .options_size = sizeof(struct pagerduty_options),
    .traits = RECEIVER_PAGER,
    .body_max = BODY_MAX,
    .transport = &http_post,
    .render = pagerduty_render,
    .http = {.request = pagerduty_request, .classify = pagerduty_classify},
};
