/* SPDX-License-Identifier: MIT */
/* graph/app_entry.c: one request for the application's own entry. What its secret begins with is
 * compared here and never sent. */
#include "graph/app_entry.h"

#include "base/digest.h"
#include "graph/inside.h"

#include <errno.h>
#include <string.h>

#define ENTRY_BYTES_MAX ((size_t)1 << 20) /* some hundred secrets; an application may have a few \
                                           */

struct app_entry {
    struct graph *graph;
    app_entry_done *done;
    void *userdata;
    char first[APP_ENTRY_HINT];
    char *url;
    struct http_request *request;
};

void app_entry_free(struct app_entry *e)
{
    if (!e)
        return;
    http_request_free(e->request);
    explicit_bzero(e->first, sizeof e->first);
    free(e->url);
    free(e);
}

static void words(const struct http_answer *a, struct failure *ret)
{
    struct graph_error e = {0};
    http_status_failure(a, ret);
    if (a->status != 0)
        graph_error_parse(a->body, a->body_len, &e);
    if (a->status == 403)
        (void)failure_set(ret, FAILURE_PERMISSION, EACCES,
                          "HTTP 403 %s: grant the application permission " APP_ENTRY_PERMISSION
                          " with admin consent, or write the last day of the secret as "
                          "client_secret_expires",
                          e.code);
    else if (a->status == 404)
        (void)failure_set(
            ret, FAILURE_ABSENT, ENOENT,
            "HTTP 404 %s: the application is not registered in this tenant; write the "
            "last day of the secret as client_secret_expires",
            e.code);
    else if (e.code[0])
        (void)failure_set(ret, ret->kind, EIO, "HTTP %d %s", a->status, e.code);
}

static void on_answer(void *userdata, const struct http_answer *a)
{
    struct app_entry *e = userdata;
    struct failure why = {0};
    usec_t ends_at = 0;
    e->graph->entry = NULL;
    int r = -EIO;
    if (a->status == 200)
        r = words_expect_json(a, &why);
    else
        words(a, &why);
    if (r >= 0)
        r = page_secret_end(a->body, a->body_len, e->graph->o.client_id, e->first, &ends_at, &why);
    if (r < 0)
        (void)failure_prefix(&why, 0, APP_ENTRY_CALL);
    app_entry_done *done = e->done;
    void *to = e->userdata;
    app_entry_free(e);
    done(to, ends_at, &why); /* may free the graph */
}

static int read_first(const struct graph *g, char ret[static APP_ENTRY_HINT],
                      struct failure *ret_failure)
{
    CLEANUP(secret_free) struct secret *secret = NULL;
    int r = secret_read(g->o.client_secret_file, NULL, &secret, ret_failure);
    if (r < 0)
        return r;
    if (secret_len(secret) < APP_ENTRY_HINT)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "what is in %s is too short to be a client secret",
                           g->o.client_secret_file);
    memcpy(ret, secret_bytes(secret), APP_ENTRY_HINT);
    return 0;
}

static char *make_url(const struct graph *g)
{
    struct text t = TEXT_INIT(URL_MAX);
    text_addf(&t, "%s/v1.0/applications(appId='", g->api.text);
    query_add_encoded(&t, g->o.client_id);
    text_add(&t, "')?$select=appId,passwordCredentials");
    return text_take(&t);
}

int graph_ask_entry(struct graph *g, app_entry_done *done, void *userdata,
                    struct failure *ret_failure)
{
    struct http_header headers[GRAPH_HEADERS];
    char request_id[UUID_TEXT];
    struct http_call call;
    if (g->entry || g->poll || g->access)
        return failure_set(ret_failure, FAILURE_LOCAL, EBUSY, "the tenant is being read already");
    if (!token_usable(g, clock_now().mono))
        return failure_set(ret_failure, FAILURE_TRANSIENT, EAGAIN, "there is no token");
    CLEANUP(app_entry_free) struct app_entry *e = calloc(1, sizeof *e);
    if (!e)
        return failure_oom(ret_failure);
    e->graph = g;
    e->done = done;
    e->userdata = userdata;
    e->url = make_url(g);
    int r = e->url ? read_first(g, e->first, ret_failure) : failure_oom(ret_failure);
    if (r < 0)
        return r;
    graph_call(g, LIST_SKUS, e->url, g->o.timeout, headers, request_id,
               &call); /* below /v1.0, too */
    call.max_body = ENTRY_BYTES_MAX;
    r = http_start(g->http, &call, on_answer, e, &e->request, ret_failure);
    if (r >= 0)
        g->entry = TAKE(e);
    return r;
}
