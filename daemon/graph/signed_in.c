/* SPDX-License-Identifier: MIT */
/* graph/signed_in.c: POST requests with the token of an application that is not a tenant's. */
#include "graph/signed_in.h"

#include "base/alloc.h"
#include "graph/internal.h"
#include "graph/sign_in.h"
#include "graph/token_roles.h"
#include <assert.h>
#include <errno.h>

struct signed_in {
    struct graph *graph;
    struct signed_in_post post;   /* under way */
    struct http_request *request; /* ... but for the sign-in */
    bool renewed;                 /* after a 401 */
    http_done *done;              /* NULL: no request is under way */
    const char *audience;        /* of the token that is asked for */
    struct secret *token;        /* the bearer, for that audience */
    signed_in_token *token_done; /* NULL: none is asked for */
    void *userdata;
};

static void end(struct signed_in *s, const struct http_answer *a)
{
    http_done *done = TAKE(s->done);
    done(s->userdata, a);
}

static void fail(struct signed_in *s, const struct failure *why)
{
    static const struct redact NOTHING;
    const struct http_answer a = {.body = "",
                                  .content_type = "",
                                  .request_id = "",
                                  .www_authenticate = "",
                                  .redirect = "",
                                  .sent = &NOTHING,
                                  .failure = *why};
    end(s, &a);
}

static int sign_in(struct signed_in *s, struct failure *ret_failure);

static void on_answer(void *userdata, const struct http_answer *a)
{
    struct signed_in *s = userdata;
    struct failure why = {0};
    http_request_free(TAKE(s->request));
    if (a->status != 401 || s->renewed) {
        end(s, a);
        return;
    }
    s->renewed = true;
    token_forget(s->graph);
    if (sign_in(s, &why) < 0)
        fail(s, &why);
}

static int send_post(struct signed_in *s, struct failure *ret_failure)
{
    const struct graph *g = s->graph;
    const struct http_header headers[] = {{"Content-Type", s->post.content_type},
                                          {"Accept", "application/json"}};
    CLEANUP(free) char *url = text_printf("%s%s%s", g->api.text, g->api.prefix, s->post.path);
    if (!url)
        return failure_oom(ret_failure);
    const struct http_call call = {
        .method = "POST",
        .url = url,
        .allowed = &g->api,
        .headers = headers,
        .n_headers = N_ELEMENTS(headers),
        .bearer = g->token.bearer,
        .body = s->post.body,
        .body_len = s->post.len,
        .timeout = s->post.timeout,
        .max_body = s->post.max_body,
        .status_only = true,
    };
    return http_start(g->http, &call, on_answer, s, &s->request, ret_failure);
}

static void on_token(void *userdata, const struct token_result *result)
{
    struct signed_in *s = userdata;
    struct failure why = result->failure;
    if (!result->ok || send_post(s, &why) < 0)
        fail(s, &why);
}

static int sign_in(struct signed_in *s, struct failure *ret_failure)
{
    return token_ask(s->graph, NULL, s->post.timeout, on_token, s, ret_failure);
}

static int signed_in_post(struct signed_in *s, const struct signed_in_post *p, http_done *done,
                          void *userdata, struct failure *ret_failure)
{
    assert(!s->done);
    s->post = *p;
    s->renewed = false;
    int r =
        token_due(s->graph, clock_now().mono) ? sign_in(s, ret_failure) : send_post(s, ret_failure);
    if (r < 0)
        return r;
    s->done = done;
    s->userdata = userdata;
    return 0;
}

/* ---- tokens ---- */

static int hand_out(struct signed_in *s, const char *audience, struct failure *ret_failure)
{
    const struct secret *bearer = s->graph->token.bearer;
    secret_free(TAKE(s->token));
    return secret_new(secret_bytes(bearer), secret_len(bearer), audience, &s->token, ret_failure);
}

static void on_handed(void *userdata, const struct token_result *result)
{
    struct signed_in *s = userdata;
    struct failure why = result->failure;
    signed_in_token *done = TAKE(s->token_done);
    bool ok = result->ok && hand_out(s, s->audience, &why) >= 0;
    done(s->userdata, ok ? s->token : NULL, ok ? NULL : &why);
}

static int signed_in_give_token(struct signed_in *s, const char *audience, usec_t timeout,
                                const struct secret **ret, signed_in_token *done, void *userdata,
                                struct failure *ret_failure)
{
    assert(!s->done && !s->token_done);
    if (!token_due(s->graph, clock_now().mono)) {
        int r = hand_out(s, audience, ret_failure);
        *ret = s->token;
        return r < 0 ? r : 1;
    }
    int r = token_ask(s->graph, NULL, timeout, on_handed, s, ret_failure);
    if (r < 0)
        return r;
    s->audience = audience;
    s->token_done = done;
    s->userdata = userdata;
    return 0;
}

static void signed_in_refused(struct signed_in *s)
{
    token_forget(s->graph);
}

static bool signed_in_has_role(const struct signed_in *s, const char *role)
{
    const struct secret *bearer = s->graph->token.bearer;
    return bearer && token_has_role(secret_bytes(bearer), role);
}

/* ---- the application ---- */

static void signed_in_close(struct signed_in *s)
{
    if (!s)
        return;
    http_request_free(s->request);
    graph_free(s->graph);
    secret_free(s->token);
    alloc_release(s);
}
DEFINE_CLEANUP(struct signed_in *, signed_in_close)

/* Some audiences end with a slash, which the scope keeps: "https://RESOURCE//.default". */
static char *scope_of(const struct signed_in_options *o)
{
    return text_printf("%s%s", o->resource ? o->resource : "", o->resource ? "/.default" : "");
}

static int signed_in_open(const struct signed_in_options *o, struct http *http,
                          struct signed_in **ret, struct failure *ret_failure)
{
    CLEANUP(free) char *scope = scope_of(o);
    const struct graph_options options = {
        .name = (char *)(uintptr_t)o->client_id,
        .tenant_id = (char *)(uintptr_t)o->tenant_id,
        .client_id = (char *)(uintptr_t)o->client_id,
        .auth =
            o->client_secret_file && *o->client_secret_file ? AUTH_CLIENT_SECRET : AUTH_CERTIFICATE,
        .client_secret_file = (char *)(uintptr_t)o->client_secret_file,
        .certificate_file = (char *)(uintptr_t)o->certificate_file,
        .private_key_file = (char *)(uintptr_t)o->private_key_file,
        .cloud = (enum cloud)o->cloud,
        /* With another resource, nothing is sent to Graph, whose cloud must not matter then. */
        .graph_url = (char *)(uintptr_t)(o->resource ? o->login_url : o->graph_url),
        .login_url = (char *)(uintptr_t)o->login_url,
        .resource = scope,
        .api_version = (char *)(uintptr_t) "v1.0",
        .requests = 1,
        .timeout = USEC_PER_MINUTE,
    };
    CLEANUP(sign_in_clear) struct sign_in probe = {0};
    CLEANUP(signed_in_close) struct signed_in *s = alloc_zero(1, sizeof *s);
    if (!s || !scope)
        return failure_oom(ret_failure);
    int r = graph_new(&options, http, http ? http_event(http) : NULL, &s->graph, ret_failure);
    if (r >= 0)
        r = sign_in_make(s->graph, NULL, &probe, ret_failure); /* reads the files */
    if (r < 0)
        return r;
    *ret = TAKE(s);
    return 0;
}

const struct signed_in_functions graph_signed_in = {signed_in_open, signed_in_close, signed_in_post,
                                                    signed_in_give_token, signed_in_refused,
                                                    signed_in_has_role};
