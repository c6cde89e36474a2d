/* SPDX-License-Identifier: MIT */
/* graph/token.c: requests a token, interprets the answer, caches the token. */
#include "graph/token.h"

#include "base/digest.h"
#include "graph/error_text.h"
#include "graph/internal.h"
#include "graph/secrets.h"
#include "graph/sign_in.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ANSWER_MAX ((size_t)64 * 1024)
#define TOKEN_TIMEOUT (30 * USEC_PER_SEC)

bool token_usable(const struct graph *g, usec_t now_mono)
{
    return g->token.bearer && now_mono < g->token.expires_mono;
}

bool token_due(const struct graph *g, usec_t now_mono)
{
    return !token_usable(g, now_mono) || now_mono >= g->token.renew_mono;
}

/* Five minutes before the end. Long tokens at half of their life, so that an outage of the login
 * service of some hours has no effect; the shortest too, because five minutes are most of their
 * life. */
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

static void on_answer(void *userdata, const struct http_answer *a);

static int send_sign_in(struct graph *g, const struct sign_in *s, usec_t timeout,
                        struct failure *ret_failure)
{
    char request_id[UUID_TEXT] = "";
    if (uuid_v4(request_id) < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, EIO, "no random bytes");
    const struct http_header to_entra[] = {
        {"Accept", "application/json"},
        {"Content-Type", "application/x-www-form-urlencoded"},
        {"client-request-id", request_id},
    };
    const struct http_header to_identity[] = {{"Accept", "application/json"}, {"Metadata", "true"}};
    const struct http_call call = {
        .method = s->form ? "POST" : "GET",
        .url = s->url,
        .allowed = &g->login,
        .headers = s->form ? to_entra : to_identity,
        .n_headers = s->form ? N_ELEMENTS(to_entra) : N_ELEMENTS(to_identity),
        .basic = s->basic,
        .secret_body = s->form,
        .secret_from = s->secret_from,
        .timeout = timeout < TOKEN_TIMEOUT ? timeout : TOKEN_TIMEOUT,
        .max_body = ANSWER_MAX,
    };
    return http_start(g->http, &call, on_answer, g, &g->token.request, ret_failure);
}

int token_ask(struct graph *g, const char *claims, usec_t timeout, token_done *done, void *userdata,
              struct failure *ret_failure)
{
    CLEANUP(sign_in_clear) struct sign_in s = {0};
    assert(!g->token.request);
    usec_t asked = clock_now().mono; /* before the files are read */
    int r = sign_in_make(g, claims, &s, ret_failure);
    if (r < 0)
        return r;
    r = send_sign_in(g, &s, timeout, ret_failure);
    if (r < 0)
        return failure_prefix(ret_failure, r, "sign-in");
    g->token.done = done;
    g->token.userdata = userdata;
    g->token.proven = false;
    g->token.asked_mono = asked;
    return 0;
}

/* Arc answers the first request with a 401 that names a file which only privileged users can read.
 * The second request carries its content. */
static int prove_to_arc(struct graph *g, const struct http_answer *a, struct failure *ret_failure)
{
    CLEANUP(sign_in_clear) struct sign_in s = {0};
    int r = sign_in_make(g, NULL, &s, ret_failure);
    if (r >= 0)
        r = sign_in_arc_key(g, a->www_authenticate, &s.basic, ret_failure);
    if (r >= 0)
        r = send_sign_in(g, &s, TOKEN_TIMEOUT, ret_failure);
    g->token.proven = true;
    return r;
}

/* ---- the answer ---- */

/* A managed identity's service: 404, 410 and 429 are transient while it is updated. A 5xx needs a
 * wait of at least a second. A 410 lasts up to 70 s: four waits of 18 s are longer. */
static void identity_refusal(const struct graph *g, const struct http_answer *a,
                             struct failure *ret)
{
    struct token_error e = {0};
    bool passes = a->status == 404 || a->status == 410 || a->status == 429 || a->status >= 500;
    bool worded = token_error_parse(a->body, a->body_len, &e) >= 0;
    if (!worded && !passes) {
        error_text_of_foreign(a, ret);
        (void)failure_prefix(ret, 0, "sign-in by the managed identity service");
        return;
    }
    (void)failure_set(ret, passes ? FAILURE_TRANSIENT : FAILURE_AUTH, EACCES,
                      "sign-in: the managed identity service answered HTTP %d%s%s%s", a->status,
                      worded ? " (" : "", worded ? e.error : "", worded ? ")" : "");
    ret->retry_after = a->retry_after         ? a->retry_after
                       : a->status == 410     ? 18 * g->backoff
                       : a->status / 100 == 5 ? g->backoff
                                              : 0;
    if (!passes) {
        size_t n = strlen(ret->text);
        (void)snprintf(ret->text + n, sizeof ret->text - n, "%s",
                       ": check that an identity is assigned to this machine, and that client_id, "
                       "identity_object_id or identity_resource_id names it if there are several");
    }
}

/* Adds the clock skew, rounded so that the text is the same at each sign-in. */
static void add_skew(const struct http_answer *a, struct failure *f)
{
    usec_t now = clock_now().at;
    usec_t off = now > a->date_at ? now - a->date_at : a->date_at - now;
    size_t n = strlen(f->text);
    if (a->date_at == 0)
        return;
    if (off < USEC_PER_MINUTE) {
        (void)snprintf(f->text + n, sizeof f->text - n, "; this machine's clock is right");
        return;
    }
    usec_t unit = off < 2 * USEC_PER_HOUR  ? USEC_PER_MINUTE
                  : off < 2 * USEC_PER_DAY ? USEC_PER_HOUR
                                           : USEC_PER_DAY;
    (void)snprintf(f->text + n, sizeof f->text - n,
                   "; this machine's clock is %llu %s %s the sign-in service's",
                   (unsigned long long)((off + unit / 2) / unit),
                   unit == USEC_PER_MINUTE ? "min"
                   : unit == USEC_PER_HOUR ? "h"
                                           : "days",
                   now > a->date_at ? "ahead of" : "behind");
}

/* Describes a refusal by Entra's error code and a hint. */
static void refusal(const struct graph *g, const struct http_answer *a, struct token_result *result)
{
    struct failure *ret = &result->failure;
    struct token_error e;
    char codes[160] = "";
    if (a->status / 100 == 3) {
        (void)failure_set(
            ret, FAILURE_SECURITY, EPERM,
            "sign-in: HTTP %d: the login service redirects%s%s, which is not followed; check "
            "login_url",
            a->status, a->redirect[0] ? " to " : "", a->redirect);
        return;
    }
    if (g->o.auth == AUTH_MANAGED_IDENTITY) {
        identity_refusal(g, a, ret);
        return;
    }
    bool known = token_error_parse(a->body, a->body_len, &e) >= 0;
    if (error_text_is_foreign(a->status, known) || !known) {
        error_text_of_foreign(a, ret);
        (void)failure_prefix(ret, 0, "sign-in");
        return;
    }
    for (size_t i = 0; i < e.n_codes && i < 3; i++) {
        size_t n = strlen(codes); /* three numbers of 19 digits leave room */
        (void)snprintf(codes + n, sizeof codes - n, "%sAADSTS%lld", i ? ", " : "",
                       (long long)e.codes[i]);
    }
    (void)snprintf(result->correlation_id, sizeof result->correlation_id, "%s", e.correlation_id);
    if (a->status == 408 || a->status == 429 || a->status >= 500) {
        /* The status outranks the body: the credential is not at fault. */
        http_status_failure(a, ret);
        enum failure_kind kind = ret->kind == FAILURE_ABSENT ? FAILURE_UNAVAILABLE : ret->kind;
        bool known_to_pass = e.kind == FAILURE_TRANSIENT || e.kind == FAILURE_THROTTLED;
        (void)failure_set(ret, kind, EAGAIN, "sign-in: HTTP %d, %s%s%s%s: %s", a->status, e.error,
                          *codes ? " (" : "", codes, *codes ? ")" : "",
                          known_to_pass ? e.hint : TOKEN_BUSY);
        ret->retry_after = a->retry_after;
        return;
    }
    (void)failure_set(ret, e.kind, EACCES, "sign-in was refused: %s%s%s%s%s%s", e.error,
                      *codes ? " (" : "", codes, *codes ? ")" : "",
                      *e.hint ? ": " : "; Entra says: ", *e.hint ? e.hint : e.description);
    result->consent = e.consent;
    if (e.timely)
        add_skew(a, ret);
    ret->retry_after = a->retry_after;
}

/* A 200 without a token. A body that may hold one is never quoted. */
static void not_a_token(const struct http_answer *a, struct failure *ret)
{
    struct token_error e;
    if (token_error_parse(a->body, a->body_len, &e) >= 0) {
        bool passes = e.kind == FAILURE_TRANSIENT || e.kind == FAILURE_THROTTLED;
        (void)failure_set(ret, passes ? e.kind : FAILURE_PROTOCOL, EBADMSG,
                          "HTTP 200 with the error %s%s%s", e.error, passes ? ": " : "",
                          passes ? e.hint : "");
    } else if (!error_text_is_json(a->content_type) && !strstr(a->body, "access_token")) {
        error_text_of_foreign(a, ret);
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
        refusal(g, a, ret);
        return;
    }
    int r = -EBADMSG;
    if (a->status != 200)
        (void)failure_set(&ret->failure, FAILURE_PROTOCOL, EBADMSG, "HTTP %d", a->status);
    else
        r = token_parse(a->body, a->body_len, g->api.text, now.at, &token, &ret->failure);
    if (r < 0) {
        if (a->status == 200)
            not_a_token(a, &ret->failure);
        (void)failure_prefix(&ret->failure, 0, "sign-in: the answer is not a token");
        return;
    }
    token_forget(g);
    g->token.bearer = token.token;
    g->token.generation++;
    g->token.renew_mono = now.mono + token_renew_after(token.lifetime);
    g->token.expires_mono = now.mono + token.lifetime;
    g->token.signed_in_mono = g->token.asked_mono;
    ret->ok = true;
}

static void on_answer(void *userdata, const struct http_answer *a)
{
    struct graph *g = userdata;
    struct token_result result = {0};
    token_done *done = g->token.done;
    http_request_free(TAKE(g->token.request));
    if (a->status == 401 && g->o.auth == AUTH_MANAGED_IDENTITY &&
        g->o.identity_host == IDENTITY_ARC && !g->token.proven) {
        if (prove_to_arc(g, a, &result.failure) >= 0)
            return;
        result.status = a->status;
        (void)failure_prefix(&result.failure, 0, "sign-in");
    } else {
        read_answer(g, a, &result);
        if (!result.ok)
            secrets_out_of_sign_in(g, a, &result);
    }
    g->token.done = NULL;
    done(g->token.userdata, &result);
}
