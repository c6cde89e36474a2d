/* SPDX-License-Identifier: MIT */
/* deliver/http_post.c: the HTTP transport: secrets, one request, and the class of its answer. */
#include "deliver/http_post.h"

#include "base/alloc.h"
#include "base/digest.h"
#include "base/stamp.h"
#include "deliver/application.h"
#include "json/json.h"
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BODY_MAX (1 << 20)
#define CONNECT_TIMEOUT (5 * USEC_PER_SEC)
#define ANSWER_MAX 4096 /* bytes of the answer that we look at */
#define QUOTE_MAX 100   /* bytes of it in a log line */
#define SKEW_MAX USEC_PER_MINUTE
#define OWN_HEADERS 2

struct receiver_handle {
    const struct receiver_options *options;
    struct http *http;
    const char *path[HTTP_POST_SECRETS_MAX]; /* of the type's FILE_RECEIVER rows; "" or NULL: none */
    struct secret *secret[HTTP_POST_SECRETS_MAX];
    uint64_t stamp[HTTP_POST_SECRETS_MAX]; /* of the files as they were read */
    size_t n_secrets;
    bool stale; /* read the files again, whatever their stamps: the receiver refused us */
    struct signed_in *application; /* NULL: no token is needed */
    const struct secret *token;    /* of the request under way; the application's */
    struct payload payload; /* of the attempt under way; its bytes are borrowed from the entry */
    struct request message; /* ... and its request; the answer may repeat its secrets */
    struct http_request *request;
    struct answer best; /* of the servers asked so far */
    char ref[MESSAGE_REF_MAX]; /* payload.ref, as the requests of this attempt have changed it */
    bool created;              /* ... to that of a new message */
    handle_done *done;
    void *userdata;
};

/* ---- requests ---- */

/* Keeps the URL: that of the next request is mostly the same, and the pages of a secret are expensive. */
static void request_clear(struct request *r)
{
    for (size_t i = 0; i < r->n_headers; i++) {
        free(r->header[i].name);
        free(r->header[i].value);
    }
    secret_free(r->body);
    *r = (struct request){.method = "POST", .content_type = "application/json", .url = r->url};
}

int http_url_check(const char *text, struct failure *ret_failure)
{
    struct origin origin;
    return *text ? origin_parse(text, true, &origin, ret_failure) : 0;
}

int request_address(struct request *r, const char *url, struct failure *ret_failure)
{
    size_t len = strcspn(url, "\n");
    bool same = r->url && secret_len(r->url) == len && memcmp(secret_bytes(r->url), url, len) == 0;
    if (!same)
        secret_free(TAKE(r->url));
    int e = same ? 0 : secret_new(url, len, NULL, &r->url, ret_failure);
    return e < 0 ? e
                 : origin_parse(secret_bytes(r->url), r->options->allow_http, &r->origin,
                                ret_failure);
}

int request_url(struct request *r, const struct secret *secret, const char *path,
                struct failure *ret_failure)
{
    int e = request_address(r, secret_bytes(secret), ret_failure);
    return e < 0 ? failure_prefix(ret_failure, e, "%s", path) : 0;
}

/* {"NAME":"SECRET" without its closing brace. */
static int member(const char *name, const struct secret *secret, char **ret, size_t *ret_len)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(BODY_MAX);
    CLEANUP(free) char *line = strndup(secret_bytes(secret), strcspn(secret_bytes(secret), "\n"));
    if (!w || !line)
        return -ENOMEM;
    json_open_object(w, NULL);
    json_put_string(w, name, line);
    json_close_object(w);
    int r = json_write_take(w, ret, ret_len);
    *ret_len -= r >= 0;
    return r;
}

int request_member(struct request *r, const struct payload *p, const char *name,
                   const struct secret *secret, struct failure *ret_failure)
{
    CLEANUP(free) char *head = NULL;
    struct text whole = TEXT_INIT(BODY_MAX);
    size_t len;
    if (member(name, secret, &head, &len) < 0)
        return failure_oom(ret_failure);
    text_add_bytes(&whole, head, len);
    if (p->len > 2) { /* the probe of an opening has no members */
        text_add(&whole, ",");
        text_add_bytes(&whole, p->body + 1, p->len - 1);
    } else {
        text_add(&whole, "}");
    }
    int e = whole.error
                ? failure_oom(ret_failure)
                : secret_new(whole.data, whole.len, r->origin.text, &r->body, ret_failure);
    text_free(&whole);
    return e;
}

int request_header(struct request *r, const char *name, char *value, bool secret,
                   struct failure *ret_failure)
{
    assert(r->n_headers < HTTP_POST_HEADERS_MAX);
    char *copy = value ? text_printf("%s", name) : NULL;
    if (!copy) {
        free(value);
        return failure_oom(ret_failure);
    }
    r->header[r->n_headers++] = (struct request_header){copy, value, secret};
    return 0;
}

int request_authorization(struct request *r, const char *scheme, const struct secret *secret,
                          const char *path, struct failure *ret_failure)
{
    const char *word = secret_bytes(secret);
    size_t len = strcspn(word, "\r\n"), good = 0;
    while (good < len && word[good] > ' ' && word[good] < 0x7f)
        good++;
    if (len == 0 || good < len)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "%s: the first line must be the key alone, in printable characters "
                           "without blanks; copy it again",
                           path);
    return request_header(r, "authorization", text_printf("%s %.*s", scheme, (int)len, word), true,
                          ret_failure);
}

/* ---- secrets ---- */

static void find_files(struct receiver_handle *h)
{
    const struct conf_section *s = &h->options->class->options;
    for (size_t i = 0; i < s->n; i++)
        if (s->key[i].type == CONF_FILE && s->key[i].file == FILE_RECEIVER) {
            assert(h->n_secrets < HTTP_POST_SECRETS_MAX);
            h->path[h->n_secrets++] =
                *(char *const *)((const char *)h->options->own + s->key[i].at);
        }
}

static bool changed(const char *path, uint64_t *known)
{
    uint64_t now = stamp_add(STAMP_NONE, path);
    bool differs = now != *known;
    *known = now;
    return differs;
}

/* A file that cannot be read is tried again at the next attempt. */
static int read_secrets(struct receiver_handle *h, struct failure *ret_failure)
{
    for (size_t i = 0; i < h->n_secrets; i++) {
        if (!h->path[i] || !h->path[i][0])
            continue;
        if (!changed(h->path[i], &h->stamp[i]) && h->secret[i] && !h->stale)
            continue;
        secret_free(TAKE(h->secret[i]));
        int r = secret_read(h->path[i], NULL, &h->secret[i], ret_failure);
        if (r < 0)
            return r;
    }
    return 0;
}

static int make_request(struct receiver_handle *h, const struct payload *p,
                        struct failure *ret_failure)
{
    struct request *m = &h->message;
    request_clear(m);
    int r = read_secrets(h, ret_failure);
    if (r >= 0)
        r = h->options->class->http.request(h->options, h->secret, p, m, ret_failure);
    h->stale = r < 0;
    return r;
}

/* ---- the receiver ---- */

static void http_post_close(struct receiver_handle *h)
{
    if (!h)
        return;
    http_request_free(h->request);
    application_close(h->options, h->application);
    request_clear(&h->message);
    secret_free(h->message.url);
    for (size_t i = 0; i < h->n_secrets; i++)
        secret_free(h->secret[i]);
    alloc_release(h);
}
DEFINE_CLEANUP(struct receiver_handle *, http_post_close)

/* Making a request finds everything that could be wrong with the secrets. */
static int http_post_open(const struct receiver_options *o, struct http *http,
                          struct receiver_handle **ret, struct failure *ret_failure)
{
    static const struct payload PROBE = {.event_id = "msg", .body = ""};
    CLEANUP(http_post_close) struct receiver_handle *h = alloc_zero(1, sizeof *h);
    if (!h)
        return failure_oom(ret_failure);
    h->options = o;
    h->http = http;
    find_files(h);
    int r = make_request(h, &PROBE, ret_failure);
    const char *ca_file = r >= 0 ? h->message.options->ca_file : NULL;
    if (r >= 0 && ca_file && ca_file[0] && access(ca_file, R_OK) < 0)
        r = failure_set(ret_failure, FAILURE_CONFIG, errno, "cannot read ca_file %s: %s", ca_file,
                        strerror(errno));
    if (r >= 0)
        r = application_open(o, http, &h->application, ret_failure);
    if (r < 0)
        return r;
    *ret = TAKE(h);
    return 0;
}

static int http_post_check(const struct receiver_options *o, struct failure *ret_failure)
{
    CLEANUP(http_post_close) struct receiver_handle *h = NULL;
    return http_post_open(o, NULL, &h, ret_failure);
}

static int http_post_warn(const struct receiver_options *o, struct failure *ret_warning)
{
    CLEANUP(http_post_close) struct receiver_handle *h = NULL;
    int r = http_post_open(o, NULL, &h, ret_warning);
    return r < 0 ? r : o->class->warn(o, h->secret, ret_warning);
}

/* ---- one attempt ---- */

/* Receivers refuse a signature whose time is far from theirs with some 4xx; the status alone does
 * not hint at the clock. */
static const char *skew_text(const struct http_answer *got)
{
    usec_t now_at = clock_now().at;
    if (got->status < 400 || got->status > 499 || got->date_at == 0)
        return "";
    usec_t apart = now_at > got->date_at ? now_at - got->date_at : got->date_at - now_at;
    return apart > SKEW_MAX ? ", whose clock differs from ours by more than a minute" : "";
}

/* The first line of a secret, unless the URL begins with it: of that only the host may be quoted. */
static void redact_add_line(struct redact *r, const struct secret *s, const struct secret *url)
{
    size_t len = s ? strcspn(secret_bytes(s), "\n") : 0;
    if (len > 0 && !(len <= secret_len(url) && memcmp(secret_bytes(s), secret_bytes(url), len) == 0))
        redact_add(r, secret_bytes(s), len);
}

/* Scheme and host only: path and query may be the credential, and many servers repeat them
 * ("Cannot POST /..."). */
static void explain(const struct receiver_handle *h, const struct http_answer *got,
                    struct answer *a)
{
    char quote[QUOTE_MAX + 1], leads_to[ORIGIN_MAX];
    struct redact secrets = {0};
    redact_add_url(&secrets, h->message.url);
    for (size_t i = 0; i < h->n_secrets; i++)
        redact_add_line(&secrets, h->secret[i], h->message.url);
    if (h->token)
        redact_add(&secrets, secret_bytes(h->token), secret_len(h->token));
    for (size_t i = 0; i < h->message.n_headers; i++)
        if (h->message.header[i].secret)
            redact_add(&secrets, h->message.header[i].value, strlen(h->message.header[i].value));
    redact_clean(quote, sizeof quote, got->body, got->body_len, &secrets);
    redact_clean(leads_to, sizeof leads_to, got->redirect, strlen(got->redirect), &secrets);
    bool redirect = got->status >= 300 && got->status <= 399;
    answer_set(a, answer_class_of(got->status, got->retry_after != 0),
               "HTTP %d from %s%s%s%s%s%s%s%s%s", got->status, h->message.origin.text,
               redirect ? ", a redirect" : "", redirect && leads_to[0] ? " to " : "",
               redirect ? leads_to : "", redirect ? ", not followed" : "", skew_text(got),
               got->retry_after_clamped ? " (Retry-After limited to 1 s to 1 h)" : "",
               quote[0] ? ": " : "", quote);
    if (h->options->class->http.classify)
        h->options->class->http.classify(h->options, &h->payload, got, a);
}

static int start(struct receiver_handle *h, struct failure *ret_failure);

/* Nothing left the process. A file may be repaired, and memory may become free. */
static void not_started(struct answer *a, const struct failure *why)
{
    *a = (struct answer){0};
    answer_set(a, ANSWER_RETRY, "%s", why->text);
}

/* Several servers: `a` becomes the best answer so far; the classes are in that order. The text of one
 * that did not accept survives in that of a success. */
static void fold(struct receiver_handle *h, struct answer *a)
{
    const struct receiver_class *class = h->options->class;
    struct answer *best = &h->best;
    if (!class->http.servers)
        return;
    unsigned step = h->payload.step;
    unsigned n_refused = (step ? best->n_refused : 0) + (a->class != ANSWER_OK);
    if (step == 0 || a->class < best->class ||
        (a->class == best->class && a->class == ANSWER_OK && !best->n_refused))
        *best = *a;
    else if (best->class == ANSWER_OK && a->class != ANSWER_OK)
        answer_set(best, ANSWER_OK, "accepted, but not by all servers: %s", a->text);
    best->n_refused = n_refused;
    *a = *best;
    a->more = step + 1 < class->http.servers(h->options);
}

static void follow_ref(struct receiver_handle *h, const struct answer *a)
{
    if (a->ref[0] || a->ref_lost) {
        memcpy(h->ref, a->ref, sizeof h->ref);
        h->created = a->ref[0];
    }
}

/* After an answer: the next request of the attempt, or its end. */
static void proceed(struct receiver_handle *h, struct answer *a)
{
    follow_ref(h, a);
    for (fold(h, a); a->more; fold(h, a)) {
        struct failure why = {0};
        h->payload.step++;
        if (start(h, &why) >= 0)
            return;
        not_started(a, &why);
    }
    if (h->created)
        memcpy(a->ref, h->ref, sizeof a->ref);
    h->done(h->userdata, a);
}

static void on_answer(void *userdata, const struct http_answer *got)
{
    struct receiver_handle *h = userdata;
    struct answer a = {.status = got->status, .retry_after = got->retry_after};
    if (got->status > 0)
        explain(h, got, &a);
    else
        answer_set(&a, ANSWER_RETRY, "%s", got->failure.text);
    /* A secret that was rotated in place may keep its stamp on coarse file systems. */
    h->stale = got->status == 401 || got->status == 403;
    if (h->application && got->status == 401) {
        h->options->signed_in->refused(h->application);
        a.class = ANSWER_RETRY; /* the next attempt has another token */
    }
    http_request_free(TAKE(h->request));
    proceed(h, &a);
}

static int send_request(struct receiver_handle *h, const struct secret *token,
                        struct failure *ret_failure)
{
    const struct request *m = &h->message;
    h->token = token;
    struct http_header headers[OWN_HEADERS + HTTP_POST_HEADERS_MAX] = {
        {"content-type", m->content_type},
        {"user-agent", "seatwatchd/" SEATWATCH_VERSION}, /* not the one for Graph */
    };
    for (size_t i = 0; i < m->n_headers; i++)
        headers[OWN_HEADERS + i] = (struct http_header){m->header[i].name, m->header[i].value};
    const char *ca_file = m->options->ca_file;
    size_t answer_max = h->options->class->http.answer_max;
    const struct http_call call = {
        .method = m->method,
        .url = secret_bytes(m->url),
        .allow_http = m->options->allow_http,
        .ca_file = ca_file && ca_file[0] ? ca_file : NULL,
        .headers = headers,
        .n_headers = OWN_HEADERS + m->n_headers,
        .bearer = token,
        .body = h->payload.body,
        .body_len = h->payload.len,
        .secret_body = m->body,
        .secret_from = m->body ? secret_len(m->body) : 0, /* `secret` is redacted by itself */
        .timeout = m->options->timeout,
        .connect_timeout = CONNECT_TIMEOUT,
        .max_body = answer_max ? answer_max : ANSWER_MAX,
        .status_only = true,
    };
    return http_start(h->http, &call, on_answer, h, &h->request, ret_failure);
}

static void on_token(void *userdata, const struct secret *token, const struct failure *why)
{
    struct receiver_handle *h = userdata;
    struct failure failure = why ? *why : (struct failure){0};
    struct answer a;
    if (token && send_request(h, token, &failure) >= 0)
        return;
    not_started(&a, &failure);
    proceed(h, &a);
}

static int start(struct receiver_handle *h, struct failure *ret_failure)
{
    const struct request *m = &h->message;
    const struct secret *token = NULL;
    int r = make_request(h, &h->payload, ret_failure);
    if (r >= 0 && h->application) {
        r = h->options->signed_in->token(h->application, m->origin.text, m->options->timeout,
                                         &token, on_token, h, ret_failure);
        if (r == 0)
            return 0;
    }
    return r < 0 ? r : send_request(h, token, ret_failure);
}

static int http_post_send(struct receiver_handle *h, const struct payload *p, struct answer *ret,
                          handle_done *done, void *userdata)
{
    struct failure why = {0};
    h->done = done;
    h->userdata = userdata;
    h->payload = *p;
    (void)snprintf(h->ref, sizeof h->ref, "%s", p->ref ? p->ref : "");
    h->payload.ref = h->ref;
    h->created = false;
    if (start(h, &why) >= 0)
        return 0;
    not_started(ret, &why);
    return 1;
}

/* The first secret that is configured says who the receiver is: its URL or its key. */
static size_t identity(const struct receiver_handle *h)
{
    size_t i = 0;
    while (i + 1 < h->n_secrets && !option_given(h->path[i]))
        i++;
    return i;
}

static bool http_post_renewed(struct receiver_handle *h)
{
    size_t i = identity(h);
    return h->n_secrets > 0 && stamp_add(STAMP_NONE, h->path[i]) != h->stamp[i];
}

/* A part of the digest: too little to find the secret by. If there is no digest: 0, like any other
 * number. */
static int64_t http_post_address(const struct receiver_handle *h)
{
    uint8_t digest[SHA256_SIZE] = {0};
    int64_t address;
    const struct secret *who = h->secret[identity(h)];
    const char *text = who ? secret_bytes(who) : NULL;
    if (text)
        (void)sha256(text, strcspn(text, "\n"), digest);
    memcpy(&address, digest, sizeof address);
    return address;
}

const struct transport http_post = {
    .check = http_post_check,
    .warn = http_post_warn,
    .open = http_post_open,
    .close = http_post_close,
    .send = http_post_send,
    .renewed = http_post_renewed,
    .address = http_post_address,
};
