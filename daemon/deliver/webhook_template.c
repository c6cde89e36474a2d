/* SPDX-License-Identifier: MIT */
/* deliver/webhook_template.c: fills the template of a webhook with the alert object. */
#include "deliver/webhook.h"

#include "base/alloc.h"
#include "base/date.h"
#include "deliver/event_body.h"
#include "deliver/outline.h"
#include <errno.h>
#include <string.h>

static const char *const TONES[TONE_COUNT_] = {
    [TONE_CRITICAL] = "critical",
    [TONE_WARNING] = "warning",
    [TONE_INFO] = "info",
    [TONE_RESOLVED] = "resolved",
};

/* Names of links in an outline, and their members here. */
static const struct {
    const char *name, *member;
} LINKS[] = {{"Status", "status"}, {"Runbook", "runbook"}, {"Silence", "silence"}};

static const char *link_named(const struct outline *o, const char *name)
{
    for (size_t i = 0; i < o->n_links; i++)
        if (strcmp(o->link[i].name, name) == 0)
            return o->link[i].url;
    return NULL;
}

/* "2026-11-22 01:02:03" */
static void put_utc(struct json_writer *w, usec_t at)
{
    char text[RFC3339_MAX];
    rfc3339_print(at, text);
    text[strcspn(text, "T")] = ' ';
    text[strcspn(text, "Z")] = '\0';
    json_put_string(w, "utc", text);
}

/* The members of the envelope, and what templates need beside them. */
static void put_members(struct json_writer *w, const struct notification *n, const struct digest *d,
                        const void *userdata)
{
    const struct outline *o = userdata;
    usec_t at = n ? n->at : d->at;
    char text[RFC3339_MAX];
    json_put_string(w, "type", event_type_name(n ? n->type : EVENT_DIGEST));
    json_put_string(w, "timestamp", rfc3339_print(at, text));
    json_put_string(w, "id", n ? n->event_id : d->event_id);
    json_put_int(w, "unix", (int64_t)(at / USEC_PER_SEC));
    put_utc(w, at);
    json_put_string(w, "key", o->alert_id[0] ? o->alert_id : n ? n->event_id : d->event_id);
    json_put_string(w, "tone", TONES[o->tone]);
    json_put_string(w, "icon", o->icon);
    json_put_string(w, "headline", o->state);
    json_open_object(w, "links");
    for (size_t i = 0; i < N_ELEMENTS(LINKS); i++)
        json_put_string(w, LINKS[i].member, link_named(o, LINKS[i].name));
    json_close_object(w);
}

static int values_of(const struct message *m, const struct links *links, char **ret)
{
    CLEANUP(outline_free) struct outline *outline = NULL;
    size_t len;
    int r = outline_new(m, links, &outline);
    return r < 0 ? r : event_body(m, links, put_members, outline, ret, &len);
}

int webhook_template_render(const char *template, const struct template_words *words,
                            const struct links *links, const struct message *m, char **ret,
                            size_t *ret_len)
{
    CLEANUP(free) char *values = NULL;
    int r = values_of(m, links, &values);
    return r < 0 ? r
                 : template_fill(template, values, words, WEBHOOK_TEMPLATE_BODY_MAX, ret, ret_len);
}

/* ---- checks ---- */

enum { SAMPLE_ALERT, SAMPLE_DIGEST, SAMPLES };
struct samples {
    char *values[SAMPLES];
};

static void samples_free(struct samples *s)
{
    for (size_t i = 0; i < SAMPLES; i++)
        free(s->values[i]);
}
#define SAMPLES_CLEANUP __attribute__((cleanup(samples_free)))

/* With something in each object that is null without it. */
static int sample_fill(struct notification *n)
{
    n->type = EVENT_TEST;
    n->value = n->threshold = NUMBER_UNKNOWN;
    int r = text_copy("x", &n->title);
    if (r >= 0)
        r = context_new(&n->context);
    if (r >= 0)
        r = text_copy("x", &n->context->tenant_name);
    if (r >= 0)
        r = text_copy("x", &n->context->allotment_id);
    return r < 0 ? r : text_copy("x", &n->context->sku_id);
}

static int samples_make(struct samples *ret)
{
    CLEANUP(notification_free) struct notification *n = alloc_zero(1, sizeof *n);
    int r = n ? sample_fill(n) : -ENOMEM;
    if (r < 0)
        return r;
    const struct digest d = {.notification = &n, .n_notifications = 1, .title = n->title};
    const struct message alert = {.notification = n}, digest = {.digest = &d};
    r = values_of(&alert, NULL, &ret->values[SAMPLE_ALERT]);
    return r < 0 ? r : values_of(&digest, NULL, &ret->values[SAMPLE_DIGEST]);
}

static bool begins(const char *path, size_t len, const char *with)
{
    size_t n = strlen(with);
    return len > n && memcmp(path, with, n) == 0;
}

/* Labels and the members of `detail` differ from alert to alert. */
static bool is_known(void *userdata, const char *path, size_t len)
{
    const struct samples *s = userdata;
    size_t unused;
    for (size_t i = 0; i < SAMPLES; i++)
        if (template_member(s->values[i], path, len, &unused))
            return true;
    return begins(path, len, "data.detail.") || begins(path, len, "data.tenant.labels.");
}

int webhook_template_check(const char *template, const struct template_words *words,
                           const char *path, struct failure *ret_failure)
{
    SAMPLES_CLEANUP struct samples samples = {0};
    if (samples_make(&samples) < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, ENOMEM, "out of memory");
    int r = template_check(template, is_known, &samples, ret_failure);
    if (r < 0)
        return failure_prefix(ret_failure, r, "%s", path);
    for (size_t i = 0; i < SAMPLES; i++) {
        CLEANUP(free) char *filled = NULL;
        size_t len;
        r = template_fill(template, samples.values[i], words, WEBHOOK_TEMPLATE_BODY_MAX, &filled,
                          &len);
        if (r < 0)
            return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                               "%s: a filled template is no valid JSON; nest it less", path);
    }
    return template_check_words(template, words, ret_failure);
}
