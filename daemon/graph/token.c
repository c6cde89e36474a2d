/* SPDX-License-Identifier: MIT */
/* graph/token.c: sign-in with a client secret, and the token that is kept.
 *
 * Page "OAuth 2.0 client credentials flow". The secret is read from its file at every sign-in,
 * which is about once an hour: a rotated file needs no reload. */
#include "graph/inside.h"

#include "base/alloc.h"
#include "base/digest.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FORM_MAX ((size_t)64 * 1024)
#define ANSWER_MAX ((size_t)64 * 1024)

bool token_usable(const struct graph *g, usec_t now_mono)
{
    return g->token.bearer && now_mono < g->token.expires_mono;
}

bool token_due(const struct graph *g, usec_t now_mono)
{
    return !token_usable(g, now_mono) || now_mono >= g->token.renew_mono;
}

/* Five minutes before the end; long tokens at half of their life, so that a login service that is
 * down for hours is not noticed; the shortest, too, because they have no five minutes to spare. */
usec_t token_renew_after(usec_t lifetime)
{
    usec_t before_end = lifetime > 5 * USEC_PER_MINUTE ? lifetime - 5 * USEC_PER_MINUTE : 0;
    if (lifetime <= 10 * USEC_PER_MINUTE || lifetime > 2 * USEC_PER_HOUR)
        return lifetime / 2;
    return before_end;
}

void token_keep_for(struct graph *g, usec_t wait, usec_t now_mono)
{
    g->token.renew_mono = now_mono + wait;
}

void token_forget(struct graph *g)
{
    secret_free(TAKE(g->token.bearer));
}

void token_cancel(struct graph *g)
{
    http_request_free(TAKE(g->token.request));
    g->token.done = NULL;
}

/* ---- asking ---- */

struct form { /* grows nowhere: its size is known to suffice, and it is wiped when released */
    char *bytes;
    size_t len, size;
};

static void form_raw(struct form *f, const char *s)
{
    size_t n = strlen(s);
    assert(f->size - f->len > n);
    memcpy(f->bytes + f->len, s, n + 1);
    f->len += n;
}

/* application/x-www-form-urlencoded; a blank may be %20 as well as "+". */
static void form_value(struct form *f, const char *s)
{
    static const char HEX[] = "0123456789ABCDEF";
    for (const unsigned char *c = (const unsigned char *)s; *c; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || strchr("-._~", *c);
        char encoded[4] = {'%', HEX[*c >> 4], HEX[*c & 15], '\0'};
        form_raw(f, plain ? (char[]){(char)*c, '\0'} : encoded);
    }
}

static int form_build(const struct graph *g, const struct secret *secret, const char *claims,
                      struct secret **ret, struct failure *ret_failure)
{
    size_t plain = strlen(g->o.client_id) + strlen(g->scope) + (claims ? strlen(claims) : 0) +
                   secret_len(secret);
    struct form f = {.size = 3 * plain + 256};
    if (f.size > FORM_MAX)
        return failure_set(ret_failure, FAILURE_CONFIG, E2BIG, "the sign-in form is too large");
    f.bytes = alloc_get(f.size);
    if (!f.bytes)
        return failure_oom(ret_failure);
    form_raw(&f, "client_id=");
    form_value(&f, g->o.client_id);
    form_raw(&f, "&scope=");
    form_value(&f, g->scope);
    form_raw(&f, "&grant_type=client_credentials&client_secret=");
    form_value(&f, secret_bytes(secret));
    if (claims) {
        form_raw(&f, "&claims=");
        form_value(&f, claims);
    }
    int r = secret_new(f.bytes, f.len, g->login.text, ret, ret_failure);
    alloc_release(f.bytes);
    return r;
}

static void on_answer(void *userdata, const struct http_answer *a);

int token_ask(struct graph *g, const char *claims, usec_t timeout, token_done *done, void *userdata,
              struct failure *ret_failure)
{
    CLEANUP(secret_free) struct secret *secret = NULL;
    CLEANUP(secret_free) struct secret *form = NULL;
    char request_id[UUID_TEXT] = "";
    assert(!g->token.request);
    int r = secret_read(g->o.client_secret_file, g->login.text, &secret, ret_failure);
    if (r >= 0)
        r = form_build(g, secret, claims, &form, ret_failure);
    if (r < 0)
        return r;
    if (uuid_v4(request_id) < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, EIO, "no random bytes");
    const struct http_header headers[] = {
        {"Accept", "application/json"},
        {"Content-Type", "application/x-www-form-urlencoded"},
        {"client-request-id", request_id},
    };
    const struct http_call call = {
        .method = "POST",
        .url = g->token_url,
        .allowed = &g->login,
        .headers = headers,
        .n_headers = N_ELEMENTS(headers),
        .secret_body = form,
        .timeout = timeout < TOKEN_TIMEOUT ? timeout : TOKEN_TIMEOUT,
        .max_body = ANSWER_MAX,
    };
    r = http_start(g->http, &call, on_answer, g, &g->token.request, ret_failure);
    if (r < 0)
        return failure_prefix(ret_failure, r, "sign-in");
    g->token.done = done;
    g->token.userdata = userdata;
    return 0;
}

/* ---- the answer ---- */

/* A refusal in the words of Entra's own code and of our hint. */
static void refusal(const struct http_answer *a, struct token_result *result)
{
    struct failure *ret = &result->failure;
    struct token_error e;
    char codes[160] = "";
    if (a->status / 100 == 3) {
        (void)failure_set(
            ret, FAILURE_SECURITY, EPERM,
            "sign-in: HTTP %d: the login service redirects, which is not followed; check "
            "login_url",
            a->status);
        return;
    }
    if (token_error_parse(a->body, a->body_len, &e) < 0) {
        http_status_failure(a, ret);
        if (ret->kind == FAILURE_REQUEST || ret->kind == FAILURE_ABSENT ||
            ret->kind == FAILURE_PERMISSION)
            ret->kind = FAILURE_AUTH;
        (void)failure_prefix(ret, 0, "sign-in");
        return;
    }
    for (size_t i = 0; i < e.n_codes && i < 3; i++) {
        size_t n = strlen(codes); /* three numbers of 19 digits leave room */
        (void)snprintf(codes + n, sizeof codes - n, "%sAADSTS%lld", i ? ", " : "",
                       (long long)e.codes[i]);
    }
    (void)snprintf(result->correlation_id, sizeof result->correlation_id, "%s", e.correlation_id);
    (void)failure_set(ret, e.kind, EACCES, "sign-in was refused: %s%s%s%s: %s", e.error,
                      *codes ? " (" : "", codes, *codes ? ")" : "", e.hint);
    if (a->status == 429 || e.kind == FAILURE_THROTTLED) {
        ret->kind = FAILURE_THROTTLED;
        ret->retry_after = a->retry_after;
    }
}

static void read_answer(struct graph *g, const struct http_answer *a, struct token_result *ret)
{
    struct token_answer token;
    struct instant now = clock_now();
    ret->status = a->status;
    ret->wire_bytes = a->wire_bytes;
    if (a->status == 0) {
        ret->failure = a->failure;
        (void)failure_prefix(&ret->failure, 0, "sign-in");
        return;
    }
    if (a->status / 100 != 2) {
        refusal(a, ret);
        return;
    }
    if (a->status != 200 ||
        token_parse(a->body, a->body_len, g->api.text, now.at, &token, &ret->failure) < 0) {
        if (a->status != 200)
            (void)failure_set(&ret->failure, FAILURE_PROTOCOL, EBADMSG, "HTTP %d", a->status);
        (void)failure_prefix(&ret->failure, 0, "sign-in: the answer is no token");
        return;
    }
    token_forget(g);
    g->token.bearer = token.token;
    g->token.generation++;
    g->token.renew_mono = now.mono + token_renew_after(token.lifetime);
    g->token.expires_mono = now.mono + token.lifetime;
    ret->ok = true;
}

static void on_answer(void *userdata, const struct http_answer *a)
{
    struct graph *g = userdata;
    struct token_result result = {0};
    token_done *done = g->token.done;
    http_request_free(TAKE(g->token.request));
    read_answer(g, a, &result);
    g->token.done = NULL;
    done(g->token.userdata, &result);
}
