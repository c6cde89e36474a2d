/* SPDX-License-Identifier: MIT */
/* deliver/webhook.c: the receiver type webhook: the alert object, shortened until it fits, in a
 * signed request (Standard Webhooks 1.0.0). */
#include "deliver/webhook.h"

#include "base/date.h"
#include "deliver/event_body.h"
#include <assert.h>
#include <errno.h>
#include <inttypes.h>

/* ---- the body ---- */

static void put_envelope(struct json_writer *w, const struct notification *n,
                         const struct digest *d, const void *userdata)
{
    char at[RFC3339_MAX];
    (void)userdata;
    json_put_string(w, "type", event_type_name(n ? n->type : EVENT_DIGEST));
    json_put_string(w, "timestamp", rfc3339_print(n ? n->at : d->at, at));
}

int webhook_body(const struct notification *n, bool combined, char **ret, size_t *ret_len)
{
    const struct message m = {.notification = n, .combined = combined, .now_at = n->at};
    assert(n->type != EVENT_DIGEST);
    return event_body(&m, put_envelope, NULL, ret, ret_len);
}

int webhook_digest_body(const struct digest *d, char **ret, size_t *ret_len)
{
    const struct message m = {.digest = d, .now_at = d->at};
    return event_body(&m, put_envelope, NULL, ret, ret_len);
}

static int webhook_render(const struct receiver_options *o, const struct message *m, char **ret,
                          size_t *ret_len)
{
    (void)o;
    return event_body(m, put_envelope, NULL, ret, ret_len);
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
    HTTP_URL_ROW(webhook_options),
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

/* The signature is secret: recipients may quote it, and it is valid until they have seen it. */
int webhook_headers(struct request *ret, const struct payload *p, const struct secret *keys,
                    const char *path, struct failure *ret_failure)
{
    int64_t seconds = (int64_t)(p->now.at / USEC_PER_SEC);
    char *signature = NULL;
    int r = request_header(ret, "webhook-id", text_printf("%s", p->event_id), false, ret_failure);
    if (r >= 0)
        r = request_header(ret, "webhook-timestamp", text_printf("%" PRId64, seconds), false,
                           ret_failure);
    if (r < 0 || !keys)
        return r;
    r = webhook_signature(keys, p->event_id, seconds, p->body, p->len, &signature, ret_failure);
    if (r < 0)
        return failure_prefix(ret_failure, r, "%s", path);
    return request_header(ret, "webhook-signature", signature, true, ret_failure);
}

static int webhook_request(const struct receiver_options *o, struct secret *const *secret,
                           const struct payload *p, struct request *ret,
                           struct failure *ret_failure)
{
    const struct webhook_options *own = o->own;
    ret->options = &own->http;
    int r = request_url(ret, secret[SECRET_URL], own->url_file, ret_failure);
    if (r < 0)
        return r;
    return webhook_headers(ret, p, own->unsigned_messages ? NULL : secret[SECRET_KEYS],
                           own->signing_key_file, ret_failure);
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
