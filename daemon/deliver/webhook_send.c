/* SPDX-License-Identifier: MIT */
/* deliver/webhook_send.c: the webhook receiver: its files, one request, and what the answer says.
 */
#include "base/alloc.h"
#include "base/digest.h"
#include "base/stamp.h"
#include "base/text.h"
#include "deliver/receiver.h"
#include "deliver/late_prefix.h"
#include "deliver/webhook.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define TIMEOUT (15 * USEC_PER_SEC) /* receivers.md section 0, rule 3 */
#define CONNECT_TIMEOUT (5 * USEC_PER_SEC)
#define ANSWER_MAX 4096 /* bytes of the answer that we look at */
#define QUOTE_MAX 100   /* bytes of it in a log line */
#define SKEW_MAX USEC_PER_MINUTE

struct receiver_handle {
    const struct receiver_options *options;
    struct http *http;
    struct secret *url; /* the first line of the file, byte for byte */
    struct secret *keys; /* NULL: messages are not signed */
    struct origin origin; /* of the URL: what may be logged */
    uint64_t url_stamp, keys_stamp; /* of the files as they were read */
    bool stale;                   /* read again, whatever the stamps say: the receiver refused us */
    char *signature;              /* of the message under way, which a receiver may repeat */
    struct http_request *request; /* under way */
    handle_done *done;
    void *userdata;
};

/* ---- files ---- */

static bool changed(const char *path, uint64_t *known)
{
    uint64_t now = stamp_add(STAMP_NONE, path);
    bool differs = now != *known;
    *known = now;
    return differs;
}

static int read_url(const struct receiver_options *o, struct secret **ret,
                    struct origin *ret_origin, struct failure *ret_failure)
{
    struct secret *file = NULL, *line = NULL;
    int r = secret_read(o->url_file, NULL, &file, ret_failure);
    if (r < 0)
        return r;
    r = secret_new(secret_bytes(file), strcspn(secret_bytes(file), "\n"), NULL, &line, ret_failure);
    if (r >= 0)
        r = origin_parse(secret_bytes(line), o->allow_http, ret_origin, ret_failure);
    if (r < 0)
        (void)failure_prefix(ret_failure, r, "%s", o->url_file);
    secret_free(file);
    if (r >= 0)
        *ret = TAKE(line);
    secret_free(line);
    return r;
}

/* Signing a probe finds everything that could be wrong with the keys. */
static int read_keys(const struct receiver_options *o, struct secret **ret,
                     struct failure *ret_failure)
{
    struct secret *keys = NULL;
    CLEANUP(free) char *probe = NULL;
    int r = secret_read(o->signing_key_file, NULL, &keys, ret_failure);
    if (r < 0)
        return r;
    r = webhook_signature(keys, "msg", 0, "", 0, &probe, ret_failure);
    if (r < 0)
        (void)failure_prefix(ret_failure, r, "%s", o->signing_key_file);
    else
        *ret = TAKE(keys);
    secret_free(keys);
    return r;
}

static int refresh_url(struct receiver_handle *o, struct failure *ret_failure)
{
    struct secret *url = NULL;
    if (!changed(o->options->url_file, &o->url_stamp) && o->url && !o->stale)
        return 0;
    int r = read_url(o->options, &url, &o->origin, ret_failure);
    secret_free(o->url);
    o->url = url; /* NULL on failure: the next attempt reads it again */
    return r;
}

static int refresh_keys(struct receiver_handle *o, struct failure *ret_failure)
{
    struct secret *keys = NULL;
    if (o->options->unsigned_messages ||
        (!changed(o->options->signing_key_file, &o->keys_stamp) && o->keys && !o->stale))
        return 0;
    int r = read_keys(o->options, &keys, ret_failure);
    secret_free(o->keys);
    o->keys = keys;
    return r;
}

static int refresh(struct receiver_handle *o, struct failure *ret_failure)
{
    int r = refresh_url(o, ret_failure);
    if (r >= 0)
        r = refresh_keys(o, ret_failure);
    if (r >= 0)
        o->stale = false;
    return r;
}

/* ---- the receiver ---- */

static int webhook_check(const struct receiver_options *o, struct failure *ret_failure)
{
    struct secret *url = NULL, *keys = NULL;
    struct origin origin;
    if (!o->url_file || !o->url_file[0])
        return failure_set(
            ret_failure, FAILURE_CONFIG, EINVAL,
            "receiver %s has no url_file: name a file with the URL in its first line", o->name);
    if (!o->unsigned_messages && (!o->signing_key_file || !o->signing_key_file[0]))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "receiver %s has no signing_key_file: without it nobody can tell our "
                           "messages from forged ones (signing = \"off\" does without)",
                           o->name);
    if (o->ca_file && o->ca_file[0] && access(o->ca_file, R_OK) < 0)
        return failure_set(ret_failure, FAILURE_CONFIG, errno, "cannot read ca_file %s: %s",
                           o->ca_file, strerror(errno));
    int r = read_url(o, &url, &origin, ret_failure);
    if (r >= 0 && !o->unsigned_messages)
        r = read_keys(o, &keys, ret_failure);
    secret_free(url);
    secret_free(keys);
    return r;
}

static void webhook_close(struct receiver_handle *o)
{
    if (!o)
        return;
    http_request_free(o->request);
    secret_free(o->url);
    secret_free(o->keys);
    free(o->signature);
    alloc_release(o);
}

static int webhook_open(const struct receiver_options *o, struct http *http,
                        struct receiver_handle **ret, struct failure *ret_failure)
{
    int r = webhook_check(o, ret_failure);
    if (r < 0)
        return r;
    struct receiver_handle *handle = alloc_zero(1, sizeof *handle);
    if (!handle)
        return failure_oom(ret_failure);
    handle->options = o;
    handle->http = http;
    r = refresh(handle, ret_failure);
    if (r < 0) {
        webhook_close(handle);
        return r;
    }
    *ret = handle;
    return 0;
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

/* ---- one attempt ---- */

/* Receivers refuse a signature whose time is far from theirs, with whatever 4xx they like; from the
 * status alone nobody would think of the clock. */
static const char *skew_words(const struct http_answer *got)
{
    usec_t now_at = clock_now().at;
    if (got->status < 400 || got->status > 499 || got->date_at == 0)
        return "";
    usec_t apart = now_at > got->date_at ? now_at - got->date_at : got->date_at - now_at;
    return apart > SKEW_MAX ? ", whose clock differs from ours by more than a minute" : "";
}

/* Scheme and host only: path and query are the credential (security rule 19), and many servers
 * repeat them ("Cannot POST /..."). */
static void explain(const struct receiver_handle *o, const struct http_answer *got,
                    struct answer *a)
{
    char quote[QUOTE_MAX + 1], leads_to[ORIGIN_MAX];
    struct redact secrets = {0};
    redact_add_url(&secrets, o->url);
    redact_add(&secrets, o->signature, o->signature ? strlen(o->signature) : 0);
    redact_clean(quote, sizeof quote, got->body, got->body_len, &secrets);
    redact_clean(leads_to, sizeof leads_to, got->redirect, strlen(got->redirect), &secrets);
    bool redirect = got->status >= 300 && got->status <= 399;
    answer_set(a, answer_class_of(got->status, got->retry_after != 0),
               "HTTP %d from %s%s%s%s%s%s%s%s%s", got->status, o->origin.text,
               redirect ? ", a redirect" : "", redirect && leads_to[0] ? " to " : "",
               redirect ? leads_to : "", redirect ? ", not followed" : "", skew_words(got),
               got->retry_after_clamped ? " (Retry-After taken as 1 s to 1 h)" : "",
               quote[0] ? ": " : "", quote);
}

static void on_answer(void *userdata, const struct http_answer *got)
{
    struct receiver_handle *o = userdata;
    struct answer a = {.status = got->status, .retry_after = got->retry_after};
    if (got->status > 0)
        explain(o, got, &a);
    else
        answer_set(&a, ANSWER_RETRY, "%s", got->failure.text);
    /* A secret that was rotated in place may keep its stamp on coarse file systems. */
    o->stale = got->status == 401 || got->status == 403;
    handle_done *done = o->done;
    void *target = o->userdata;
    http_request_free(TAKE(o->request));
    done(target, &a);
}

static int start(struct receiver_handle *o, const struct payload *p, struct failure *ret_failure)
{
    char timestamp[24];
    int64_t seconds = (int64_t)(p->now.at / USEC_PER_SEC);
    int r = refresh(o, ret_failure);
    free(TAKE(o->signature));
    if (r >= 0 && o->keys)
        r = webhook_signature(o->keys, p->event_id, seconds, p->body, p->len, &o->signature,
                              ret_failure);
    if (r < 0)
        return r;
    (void)snprintf(timestamp, sizeof timestamp, "%" PRId64, seconds);
    const struct http_header headers[] = {
        {"content-type", "application/json"},
        {"user-agent", "seatwatchd/" SEATWATCH_VERSION}, /* Graph is told another one */
        {"webhook-id", p->event_id},
        {"webhook-timestamp", timestamp},
        {"webhook-signature", o->signature}, /* last: left out if there is none */
    };
    const struct http_call call = {
        .method = "POST",
        .url = secret_bytes(o->url),
        .allow_http = o->options->allow_http,
        .ca_file = o->options->ca_file && o->options->ca_file[0] ? o->options->ca_file : NULL,
        .headers = headers,
        .n_headers = N_ELEMENTS(headers) - (o->signature ? 0 : 1),
        .body = p->body,
        .body_len = p->len,
        .timeout = TIMEOUT,
        .connect_timeout = CONNECT_TIMEOUT,
        .max_body = ANSWER_MAX,
        .status_only = true,
    };
    return http_start(o->http, &call, on_answer, o, &o->request, ret_failure);
}

static int webhook_deliver(struct receiver_handle *o, const struct payload *p, struct answer *ret,
                           handle_done *done, void *userdata)
{
    struct failure why = {0};
    o->done = done;
    o->userdata = userdata;
    if (start(o, p, &why) >= 0)
        return 0;
    /* Nothing left the process. A file that somebody is mending comes back; so does memory. */
    answer_set(ret, ANSWER_RETRY, "%s", why.text);
    return 1;
}

static bool webhook_renewed(struct receiver_handle *o)
{
    return stamp_add(STAMP_NONE, o->options->url_file) != o->url_stamp;
}

/* Of the URL only so much of a digest that nobody finds it again. No digest to be had: 0, like any
 * other number. */
static int64_t webhook_address(const struct receiver_handle *o)
{
    uint8_t digest[SHA256_SIZE] = {0};
    int64_t address;
    if (o->url)
        (void)sha256(secret_bytes(o->url), strlen(secret_bytes(o->url)), digest);
    memcpy(&address, digest, sizeof address);
    return address;
}

const struct receiver_class webhook_class = {
    .name = "webhook",
    .check = webhook_check,
    .open = webhook_open,
    .close = webhook_close,
    .render = webhook_render,
    .send = webhook_deliver,
    .renewed = webhook_renewed,
    .address = webhook_address,
};
