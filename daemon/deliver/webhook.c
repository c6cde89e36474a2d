/* SPDX-License-Identifier: MIT */
/* deliver/webhook.c: the receiver type webhook: the alert object, shortened until it fits, in a
 * signed request (Standard Webhooks 1.0.0). */
#include "deliver/webhook.h"

#include "base/date.h"
#include "deliver/http_post.h"
#include "deliver/late_prefix.h"
#include "deliver/notification_put.h"
#include <assert.h>
#include <errno.h>
#include <inttypes.h>

/* A draft that exceeds this is discarded for the next, shorter one. */
#define DRAFT_MAX WEBHOOK_BODY_MAX

/* From almost everything to what identifies the alert. A single alert fits at the third step whatever
 * its strings are; twenty of them fit at the last. */
static const struct cut CUTS[] = {
    {.title = 480, .text = 4000, .name = 256, .id = 512, .subscriptions = 20, .labels = 32},
    {.title = 240, .text = 1500, .name = 256, .id = 512, .subscriptions = 5, .labels = 16},
    {.title = 240, .text = 600, .name = 120, .id = 512, .subscriptions = 1, .labels = 8},
    {.title = 160, .text = 200, .name = 64, .id = 80, .subscriptions = 0, .labels = 2},
    {.title = 140, .text = 0, .name = 40, .id = 40, .subscriptions = 0, .labels = 0},
    {.title = 120, .text = 0, .name = 16, .id = 0, .subscriptions = 0, .labels = 0},
};

/* ---- the body ---- */

static int draft(const struct notification *n, const struct digest *d, const struct cut *cut,
                 char **ret, size_t *ret_len)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(DRAFT_MAX);
    char at[RFC3339_MAX];
    if (!w)
        return -ENOMEM;
    json_writer_clean(w);
    json_open_object(w, NULL);
    json_put_string(w, "type", event_type_name(n ? n->type : EVENT_DIGEST));
    json_put_string(w, "timestamp", rfc3339_print(n ? n->at : d->at, at));
    if (n)
        notification_put(w, "data", n, cut, false);
    else
        digest_put(w, "data", d, cut, false);
    json_close_object(w);
    return json_write_take(w, ret, ret_len);
}

static int body(const struct notification *n, const struct digest *d, char **ret, size_t *ret_len)
{
    int r = draft(n, d, NULL, ret, ret_len);
    for (size_t i = 0; r == -E2BIG && i < N_ELEMENTS(CUTS); i++)
        r = draft(n, d, &CUTS[i], ret, ret_len);
    return r;
}

int webhook_body(const struct notification *n, bool combined, char **ret, size_t *ret_len)
{
    CLEANUP(notification_free) struct notification *late = NULL;
    assert(n->type != EVENT_DIGEST);
    int r = late_prefix(n, combined, n->at, &late);
    return r < 0 ? r : body(late ? late : n, NULL, ret, ret_len);
}

int webhook_digest_body(const struct digest *d, char **ret, size_t *ret_len)
{
    return body(NULL, d, ret, ret_len);
}

static int webhook_render(const struct receiver_options *o, const struct message *m, char **ret,
                          size_t *ret_len)
{
    CLEANUP(notification_free) struct notification *late = NULL;
    (void)o;
    if (m->digest)
        return webhook_digest_body(m->digest, ret, ret_len);
    int r = late_prefix(m->notification, m->combined, m->now_at, &late);
    return r < 0 ? r : webhook_body(late ? late : m->notification, false, ret, ret_len);
}

/* ---- the request ---- */

struct webhook_options {
    char *url_file;         /* the URL is a credential */
    char *signing_key_file; /* whsec_ keys, one a line, newest first, at most two */
    bool unsigned_messages; /* signing = "off" */
    struct http_post_options http;
};
enum { SECRET_URL, SECRET_KEYS };
static const struct conf_key ROWS[] = {
    {.name = "url_file", .type = CONF_FILE, CONF_AT(webhook_options, url_file), .def = "",
     .shown_def = "required", .file = FILE_RECEIVER, .example = "hook.url",
     .help = "File with the URL of the webhook, which is a secret."},
    {.name = "signing_key_file", .type = CONF_FILE, CONF_AT(webhook_options, signing_key_file),
     .def = "", .shown_def = "required", .file = FILE_RECEIVER, .unless = "signing",
     .example = "hook.key", .help = "File with one whsec_ key per line, newest first, at most two."},
    {.name = "signing", .type = CONF_WORD, CONF_AT(webhook_options, unsigned_messages),
     .words = CONF_WORDS("on", "off"), .def = "on", .example = "off",
     .help = "Whether messages are signed; off needs no signing_key_file."},
    HTTP_POST_ROWS(webhook_options),
};

static int webhook_check(const struct receiver_options *o, struct failure *ret_failure)
{
    const struct webhook_options *own = o->own;
    if (!own->url_file || !own->url_file[0])
        return failure_set(
            ret_failure, FAILURE_CONFIG, EINVAL,
            "receiver %s has no url_file: name a file with the URL in its first line", o->name);
    if (!own->unsigned_messages && (!own->signing_key_file || !own->signing_key_file[0]))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "receiver %s has no signing_key_file: recipients cannot verify unsigned "
                           "messages (signing = \"off\" sends them nevertheless)",
                           o->name);
    return 0;
}

/* Secret: recipients may quote the signature, and it is valid until they have seen it. */
static int sign(const struct secret *keys, const struct payload *p, int64_t seconds,
                struct request *ret, const char *path, struct failure *ret_failure)
{
    char *signature = NULL;
    int r = webhook_signature(keys, p->event_id, seconds, p->body, p->len, &signature, ret_failure);
    if (r < 0)
        return failure_prefix(ret_failure, r, "%s", path);
    return request_header(ret, "webhook-signature", signature, true, ret_failure);
}

static int webhook_request(const struct receiver_options *o, struct secret *const *secret,
                           const struct payload *p, struct request *ret,
                           struct failure *ret_failure)
{
    const struct webhook_options *own = o->own;
    int64_t seconds = (int64_t)(p->now.at / USEC_PER_SEC);
    ret->options = &own->http;
    int r = request_url(ret, secret[SECRET_URL], own->url_file, ret_failure);
    if (r >= 0)
        r = request_header(ret, "webhook-id", text_printf("%s", p->event_id), false, ret_failure);
    if (r >= 0)
        r = request_header(ret, "webhook-timestamp", text_printf("%" PRId64, seconds), false,
                           ret_failure);
    if (r < 0 || own->unsigned_messages)
        return r;
    return sign(secret[SECRET_KEYS], p, seconds, ret, own->signing_key_file, ret_failure);
}

const struct receiver_class webhook_class = {
    .name = "webhook",
    .options = CONF_SECTION(ROWS),
    .options_size = sizeof(struct webhook_options),
    .traits = RECEIVER_MACHINE,
    .body_max = WEBHOOK_BODY_MAX,
    .transport = &http_post,
    .check = webhook_check,
    .render = webhook_render,
    .http = {webhook_request, NULL},
};
