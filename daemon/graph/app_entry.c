/* SPDX-License-Identifier: MIT */
/* graph/app_entry.c: requests the application's own entry. The first bytes of the secret are
 * compared here and never sent. */
#include "graph/app_entry.h"

#include "graph/client_secret.h"
#include "graph/fetch.h"
#include "graph/internal.h"

#include <errno.h>
#include <string.h>

#define ENTRY_BYTES_MAX ((size_t)1 << 20) /* some hundred secrets; an application may have a few */

struct app_entry {
    struct fetch fetch;
    struct graph *graph;
    app_entry_done *done;
    void *userdata;
    char first[APP_ENTRY_HINT];
    usec_t ends_at;
    struct failure why;
};

void app_entry_free(struct app_entry *e)
{
    if (!e)
        return;
    fetch_clear(&e->fetch);
    explicit_bzero(e->first, sizeof e->first);
    free(e);
}

static int entry_page(struct fetch_list *l, const char *bytes, size_t len, struct page *ret,
                      struct failure *ret_failure)
{
    struct app_entry *e = l->fetch->userdata;
    *ret = (struct page){0};
    return page_secret_end(bytes, len, e->graph->o.client_id, e->first, &e->ends_at, ret_failure);
}

#define WRITE_IT "write the last day of the secret as client_secret_expires"

static void on_failed(struct fetch *f, struct fetch_list *l, const struct fetch_failed *failed)
{
    struct app_entry *e = f->userdata;
    struct failure *why = &e->why;
    (void)l;
    *why = failed->failure;
    if (!failed->error.known)
        return;
    if (failed->status == 403)
        (void)failure_set(why, why->kind, EACCES,
                          APP_ENTRY_CALL
                          ": HTTP 403 %s: grant the application permission " APP_ENTRY_PERMISSION
                          " with admin consent, or " WRITE_IT,
                          failed->error.code);
    else if (failed->status == 404)
        (void)failure_set(why, why->kind, ENOENT,
                          APP_ENTRY_CALL ": HTTP 404 %s: the application is not registered in "
                                         "this tenant; " WRITE_IT,
                          failed->error.code);
}

static void finish(struct fetch *f)
{
    struct app_entry *e = f->userdata;
    app_entry_done *done = e->done;
    void *to = e->userdata;
    usec_t ends_at = e->ends_at;
    struct failure why = e->why;
    e->graph->entry = NULL;
    app_entry_free(e);
    done(to, ends_at, &why); /* may free the graph */
}

static const struct fetch_calls CALLS = {
    .page = entry_page,
    .failed = on_failed,
    .done = finish,
};

/* ---- begin ---- */

static int read_first(const struct graph *g, char ret[static APP_ENTRY_HINT],
                      struct failure *ret_failure)
{
    CLEANUP(secret_free) struct secret *secret = NULL;
    int r = client_secret_read(g->o.client_secret_file, NULL, &secret, ret_failure);
    if (r < 0)
        return r;
    if (secret_len(secret) < APP_ENTRY_HINT)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "what is in %s is too short to be a client secret",
                           g->o.client_secret_file);
    memcpy(ret, secret_bytes(secret), APP_ENTRY_HINT);
    return 0;
}

static int ask(struct app_entry *e)
{
    static const struct fetch_ask ASK = {
        .call = APP_ENTRY_CALL,
        .permission = APP_ENTRY_PERMISSION,
        .fallback = true,
        .max_body = ENTRY_BYTES_MAX,
    };
    CLEANUP(text_free) struct text url = TEXT_INIT(URL_MAX);
    text_addf(&url, "%s/v1.0/applications(appId='", e->graph->api.text);
    text_add_encoded(&url, e->graph->o.client_id);
    text_add(&url, "')?$select=appId,passwordCredentials");
    return url.error ? -ENOMEM : fetch_add(&e->fetch, &ASK, 0, NULL, url.data, NULL);
}

int graph_ask_entry(struct graph *g, app_entry_done *done, void *userdata,
                    struct failure *ret_failure)
{
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
    int r = read_first(g, e->first, ret_failure);
    if (r >= 0)
        r = fetch_begin(&e->fetch, g, &CALLS, e, g->o.timeout, ret_failure);
    if (r >= 0 && ask(e) < 0)
        r = failure_oom(ret_failure);
    if (r >= 0)
        g->entry = TAKE(e);
    return r;
}
