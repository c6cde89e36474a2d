/* SPDX-License-Identifier: MIT */
/* deliver/digest_json.c: writes digests as JSON, and reads them back. */
#include "deliver/context_json.h"

#include "base/alloc.h"
#include "base/text.h"
#include "deliver/notification_put.h"
#include <errno.h>
#include <string.h>

#define SCHEMA 1
#define DIGEST_MAX (32 * 1024 * 1024) /* DIGEST_LINES notifications of any legal size */
#define DESCRIPTION_MAX ((size_t)64 * 1024)
#define COUNTS_MAX (RULE_COUNT_ * LEVEL_COUNT_)

static void put_counts(struct json_writer *w, const struct digest *d)
{
    json_open_array(w, "counts");
    for (size_t i = 0; i < d->n_counts; i++) {
        json_open_object(w, NULL);
        json_put_string(w, "rule", rule_name(d->count[i].rule));
        json_put_string(w, "severity", severity_name(d->count[i].level));
        json_put_int(w, "count", d->count[i].count);
        json_close_object(w);
    }
    json_close_array(w);
}

static void put_rest(struct json_writer *w, const struct digest *d)
{
    json_open_object(w, REST);
    json_put_string(w, "event_id", d->event_id);
    json_put_string(w, "worst", level_name(d->worst));
    json_put_int(w, "at", (int64_t)d->at);
    json_put_string(w, "tenant_name", d->tenant_name);
    json_put_string(w, "tenant_id", d->tenant_id);
    json_close_object(w);
}

/* null if there is no text, or if it is too long to be written. */
static void put_text(struct json_writer *w, const char *key, const struct text *t,
                     const struct cut *cut)
{
    if (t->error == -ENOMEM)
        json_write_oom(w);
    json_put_cut(w, key, t->data, cut ? cut->text : SIZE_MAX);
}

const char *line_word(const struct notification *n)
{
    return n->type == EVENT_RESOLVED ? "resolved" : severity_name(n->level);
}

/* A line for each alert of this part. */
static void put_description(struct json_writer *w, const struct digest *d, const struct cut *cut)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(DESCRIPTION_MAX);
    for (size_t i = 0; i < d->n_notifications; i++)
        text_addf(&t, "%s%s: %s", i > 0 ? "\n" : "", line_word(d->notification[i]),
                  d->notification[i]->title ? d->notification[i]->title : "");
    put_text(w, "description", &t, cut);
}

#define STORY_NEXT                                                                              \
    "Check the disk and the memory of this machine: seatwatchd(8), DAMAGE TO THE STATE DATABASE."

void digest_next_step(struct text *t, const struct digest *d)
{
    const struct notification *worst = d->n_notifications > 0 ? d->notification[0] : NULL;
    if (worst && worst->next_step && d->n_notifications > 1 && worst->title)
        text_addf(t, "Begin with \"%s\": ", worst->title);
    if (!worst)
        text_add(t, STORY_NEXT);
    else if (worst->next_step)
        text_add(t, worst->next_step);
}

static void put_next_step(struct json_writer *w, const struct digest *d, const struct cut *cut)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(DESCRIPTION_MAX);
    digest_next_step(&t, d);
    put_text(w, "next_step", &t, cut);
}

/* The members of the other types, so that one template renders all of them. */
static void put_like_alerts(struct json_writer *w, const struct digest *d,
                            const struct links *links, const struct cut *cut)
{
    bool one_tenant = d->tenant_id && d->n_notifications > 0;
    json_put_string(w, "severity", level_word(d->worst));
    context_put(w, CONTEXT_PART_TENANT, one_tenant ? d->notification[0]->context : NULL, cut);
    put_description(w, d, cut);
    put_next_step(w, d, cut);
    links_put(w, links, NULL, cut ? cut->link : SIZE_MAX);
}

void digest_put(struct json_writer *w, const char *key, const struct digest *d,
                const struct links *links, const struct cut *cut, bool rest)
{
    json_open_object(w, key);
    json_put_int(w, "schema", SCHEMA);
    json_put_string(w, "digest_id", d->digest_id);
    json_put_int(w, "part", d->part);
    json_put_int(w, "parts", d->parts);
    json_put_string(w, "reason", d->reason);
    json_put_string(w, "title", d->title);
    json_put_string(w, "summary", d->summary);
    if (!rest)
        put_like_alerts(w, d, links, cut);
    put_counts(w, d);
    json_open_array(w, "alerts");
    for (size_t i = 0; i < d->n_notifications; i++)
        notification_put(w, NULL, d->notification[i], links, cut, rest);
    json_close_array(w);
    if (rest)
        put_rest(w, d);
    json_close_object(w);
}

int digest_json_pack(const struct digest *d, char **ret, size_t *ret_len)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(DIGEST_MAX);
    if (!w)
        return -ENOMEM;
    digest_put(w, NULL, d, NULL, NULL, true);
    return json_write_take(w, ret, ret_len);
}

static void fail(struct reader *r, int error)
{
    if (r->error >= 0)
        r->error = error;
}

static void read_uuid(struct reader *r, const struct json *o, const char *key, char *ret)
{
    const char *s;
    if (json_get_string(o, key, &s) == JSON_OK && strlen(s) == UUID_TEXT - 1 &&
        strspn(s, "0123456789abcdef-") == UUID_TEXT - 1)
        memcpy(ret, s, UUID_TEXT);
    else
        fail(r, -EBADMSG);
}

static enum level read_level(struct reader *r, const struct json *o, const char *key)
{
    const char *s;
    enum json_is is = json_get_string(o, key, &s);
    if (is == JSON_NULL)
        return LEVEL_NONE;
    for (enum level l = LEVEL_NONE; is == JSON_OK && l < LEVEL_COUNT_; l++)
        if (strcmp(level_name(l), s) == 0 || strcmp(severity_name(l), s) == 0)
            return l;
    fail(r, -EBADMSG);
    return LEVEL_NONE;
}

static void read_counts(struct reader *r, const struct json *o, struct digest *d)
{
    size_t n;
    const struct json *list = read_array(r, o, "counts", COUNTS_MAX, &n);
    if (n == 0)
        return;
    d->count = alloc_zero(n, sizeof *d->count);
    if (!d->count) {
        fail(r, -ENOMEM);
        return;
    }
    for (const struct json *e = json_first(list); e && r->error >= 0; e = json_next(e)) {
        const char *rule = NULL;
        uint64_t count = 0;
        (void)json_get_string(e, "rule", &rule); /* rejected below if missing */
        int parsed = rule ? rule_parse(rule) : -EINVAL;
        if (parsed < 0)
            fail(r, -EBADMSG);
        read_unsigned(r, e, "count", UINT32_MAX, &count);
        d->count[d->n_counts].rule = parsed < 0 ? 0 : (enum rule)parsed;
        d->count[d->n_counts].level = read_level(r, e, "severity");
        d->count[d->n_counts++].count = (uint32_t)count;
    }
}

static void read_alerts(struct reader *r, const struct json *o, struct digest *d)
{
    size_t n;
    const struct json *list = read_array(r, o, "alerts", DIGEST_LINES, &n);
    if (n == 0)
        return;
    d->notification = alloc_zero(n, sizeof *d->notification);
    if (!d->notification) {
        fail(r, -ENOMEM);
        return;
    }
    for (const struct json *e = json_first(list); e && r->error >= 0; e = json_next(e)) {
        int error = notification_read(e, &d->notification[d->n_notifications]);
        if (error < 0)
            fail(r, error);
        else
            d->n_notifications++;
    }
}

static int digest_read(const struct json *o, struct digest *d)
{
    struct reader r = {0};
    const struct json *rest = json_get(o, REST);
    uint64_t part = 0, parts = 0, schema = 0;
    const char *reason = NULL;
    read_unsigned(&r, o, "schema", SCHEMA, &schema);
    read_unsigned(&r, o, "part", UINT32_MAX, &part);
    read_unsigned(&r, o, "parts", UINT32_MAX, &parts);
    read_uuid(&r, o, "digest_id", d->digest_id);
    read_uuid(&r, rest, "event_id", d->event_id);
    (void)json_get_string(o, "reason", &reason); /* an unknown reason reads as none */
    d->reason = reason_literal(reason);
    d->part = (uint32_t)part;
    d->parts = (uint32_t)parts;
    d->worst = read_level(&r, rest, "worst");
    read_unsigned(&r, rest, "at", (uint64_t)NUMBER_MAX, &d->at);
    read_text(&r, o, "title", &d->title);
    read_text(&r, o, "summary", &d->summary);
    read_text(&r, rest, "tenant_name", &d->tenant_name);
    read_text(&r, rest, "tenant_id", &d->tenant_id);
    read_counts(&r, o, d);
    read_alerts(&r, o, d);
    return r.error < 0 ? r.error : schema == SCHEMA ? 0 : -EBADMSG;
}

int digest_json_unpack(const char *bytes, size_t len, struct digest **ret)
{
    CLEANUP(json_free) struct json *root = NULL;
    int r = json_parse(bytes, len, &root, NULL);
    if (r < 0)
        return r;
    CLEANUP(digest_free) struct digest *d = alloc_zero(1, sizeof *d);
    if (!d)
        return -ENOMEM;
    r = digest_read(root, d);
    if (r < 0)
        return r;
    *ret = TAKE(d);
    return 0;
}
