/* SPDX-License-Identifier: MIT */
/* graph/access.c: --check-access: sign in, then each call that this tenant needs, once and in
 * order.
 *
 * The calls are those of a poll, so that what passes here passes there. The HTTP status decides:
 * names of permissions are help text only (digest 3.3). */
#include "graph/inside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    CHECK_SIGN_IN,
    CHECK_ALLOTMENTS,
    CHECK_WAITING,
    CHECK_ERRORS,
    CHECK_SKUS,
    CHECK_DATES,
    CHECK_COUNT_
};

static const struct {
    enum list list;
    const char *what_for;
} CHECKS[CHECK_COUNT_] = {
    [CHECK_SIGN_IN] = {LIST_COUNT_, "everything else"},
    [CHECK_ALLOTMENTS] = {LIST_ALLOTMENTS, "pools, their units and who waits"},
    [CHECK_WAITING] = {LIST_WAITING, "waiting lists that are too long for the list of pools"},
    [CHECK_ERRORS] = {LIST_ERRORS, "assignments that failed"},
    [CHECK_SKUS] = {LIST_SKUS, "units only, where the Cloud Licensing API is not available"},
    [CHECK_DATES] = {LIST_SUBSCRIPTIONS, "when subscriptions end, where that list is read"},
};

struct access {
    struct graph *graph;
    graph_check_done *done;
    void *userdata;
    struct graph_check check[CHECK_COUNT_];
    size_t n;
    int now; /* the check under way */
    int step;
    char *url, *allotment_id, *consent_url;
    struct http_request *request;
    sd_event_source *begin;
    bool have[CHECK_COUNT_];
};

void access_free(struct access *a)
{
    if (!a)
        return;
    http_request_free(a->request);
    sd_event_source_disable_unref(a->begin);
    free(a->url);
    free(a->allotment_id);
    free(a->consent_url);
    free(a);
}

static bool wanted(const struct graph *g, int check)
{
    enum source_option source = g->o.source;
    if (check == CHECK_SIGN_IN)
        return true;
    if (check == CHECK_SKUS)
        return source != SOURCE_OPTION_CLOUD_LICENSING;
    if (check == CHECK_DATES)
        return source == SOURCE_OPTION_SUBSCRIBED_SKUS;
    return source != SOURCE_OPTION_SUBSCRIBED_SKUS;
}

static bool needed(const struct graph *g, int check)
{
    return check == CHECK_SKUS ? g->o.source == SOURCE_OPTION_SUBSCRIBED_SKUS
                               : check != CHECK_WAITING && check != CHECK_DATES;
}

/* ---- results ---- */

static struct graph_check *add_check(struct access *a, int status)
{
    struct graph_check *c = &a->check[a->n++];
    bool sign_in = a->now == CHECK_SIGN_IN;
    *c = (struct graph_check){
        .call = sign_in ? "sign-in" : query_call(CHECKS[a->now].list),
        .what_for = CHECKS[a->now].what_for,
        .permission = sign_in ? "" : query_permission(CHECKS[a->now].list),
        .status = status,
        .needed = needed(a->graph, a->now),
    };
    return c;
}

static void passed(struct access *a, int status, const char *text)
{
    struct graph_check *c = add_check(a, status);
    c->ok = true;
    a->have[a->now] = true;
    (void)snprintf(c->text, sizeof c->text, "%s", text);
}

static void failed(struct access *a, int status, const struct failure *why, const char *request_id)
{
    struct graph_check *c = add_check(a, status);
    size_t room = sizeof c->text - strlen(request_id) - 16, call = strlen(c->call);
    const char *text = why->text; /* the call is named beside it already */
    if (strncmp(text, c->call, call) == 0 && strncmp(text + call, ": ", 2) == 0)
        text += call + 2;
    (void)snprintf(c->text, room, "%s", text);
    if (*request_id) {
        size_t used = strlen(c->text);
        (void)snprintf(c->text + used, sizeof c->text - used, " (request id %s)", request_id);
    }
}

/* A machine's identity is granted its permissions by a script: nobody can consent for it. */
static void offer_consent(struct access *a)
{
    if (a->graph->o.auth != AUTH_MANAGED_IDENTITY)
        a->check[a->n - 1].consent_url = a->consent_url;
}

/* The service does not have the new API here; a missing permission (403) is something else: a
 * person can grant it, and without it the daemon would be blind for pools and for who waits. */
static bool api_is_absent(const struct access *a)
{
    for (size_t i = 0; i < a->n; i++)
        if (text_equal(a->check[i].call, query_call(LIST_ALLOTMENTS)))
            return a->check[i].status == 400 || a->check[i].status == 404 ||
                   a->check[i].status == 501;
    return false;
}

static bool is_usable(const struct access *a)
{
    bool pools = a->have[CHECK_ALLOTMENTS] && a->have[CHECK_ERRORS];
    if (!a->have[CHECK_SIGN_IN])
        return false;
    switch (a->graph->o.source) {
    case SOURCE_OPTION_CLOUD_LICENSING:
        return pools;
    case SOURCE_OPTION_SUBSCRIBED_SKUS:
        return a->have[CHECK_SKUS];
    case SOURCE_OPTION_AUTO:
        break;
    }
    return pools || (api_is_absent(a) && a->have[CHECK_SKUS]);
}

static void end(struct access *a)
{
    bool usable = is_usable(a);
    a->graph->access = NULL;
    a->done(a->userdata, a->check, a->n, usable); /* may free the graph */
    access_free(a);
}

/* ---- one after the other ---- */

static void next_check(struct access *a);

static int send_call(struct access *a, struct failure *ret_failure);

/* The first pool's id, for the call that needs one. */
static void remember_pool(struct access *a, struct snapshot_builder *b)
{
    struct snapshot *s = NULL;
    snapshot_set_allotments(b, SECTION_COMPLETE);
    if (snapshot_finish(b, &s) < 0)
        return;
    if (s->n_allotments > 0)
        (void)text_copy(s->allotment[0].id,
                        &a->allotment_id); /* without it that check is left out */
    snapshot_free(s);
}

static int read_page(struct access *a, const struct http_answer *answer, struct page *page,
                     struct failure *ret_failure)
{
    CLEANUP(snapshot_builder_free) struct snapshot_builder *b = NULL;
    CLEANUP(seen_free) struct seen ids = {0};
    enum source source =
        query_older(CHECKS[a->now].list) ? SOURCE_SUBSCRIBED_SKUS : SOURCE_CLOUD_LICENSING;
    int r = snapshot_builder_new(a->graph->o.name, a->graph->o.tenant_id, source, clock_now(), &b);
    if (r < 0)
        return failure_oom(ret_failure);
    switch (a->now) {
    case CHECK_ALLOTMENTS:
        r = page_allotments(answer->body, answer->body_len, b, page, ret_failure);
        if (r >= 0)
            remember_pool(a, b);
        return r;
    case CHECK_WAITING:
        return page_waiting(answer->body, answer->body_len, b, a->allotment_id, &ids, page,
                            ret_failure);
    case CHECK_ERRORS:
        return page_errors(answer->body, answer->body_len, b, &ids, page, ret_failure);
    case CHECK_DATES:
        return page_subscriptions(answer->body, answer->body_len, b, page, ret_failure);
    default:
        return page_subscribed_skus(answer->body, answer->body_len, b, page, ret_failure);
    }
}

static void take_page(struct access *a, const struct http_answer *answer)
{
    enum list list = CHECKS[a->now].list;
    struct failure why = {0};
    struct page page = {0};
    char text[160];
    if (!words_is_json(answer->content_type)) {
        words_of_wrong_type(list, answer, &why);
        failed(a, answer->status, &why, answer->request_id);
        return;
    }
    if (read_page(a, answer, &page, &why) < 0) {
        failed(a, answer->status, &why, answer->request_id);
        return;
    }
    if (a->step > 0)
        (void)snprintf(text, sizeof text,
                       "ok without %s, which the service refuses; polls do without",
                       query_options(query_dropped(a->step)));
    else if (page.n_rows == 0 && a->now == CHECK_ALLOTMENTS)
        (void)snprintf(text, sizeof text,
                       "ok, but the list is empty: a tenant without licences, or "
                       "a permission that shows nothing");
    else
        (void)snprintf(text, sizeof text, "ok");
    page_clear(&page);
    passed(a, answer->status, text);
}

static void on_called(void *userdata, const struct http_answer *answer)
{
    struct access *a = userdata;
    enum list list = CHECKS[a->now].list;
    struct failure why = {0};
    http_request_free(TAKE(a->request));
    int step = answer->status == 400 ? query_next_step(list, a->step) : -1;
    if (step > 0) {
        a->step = step;
        if (send_call(a, &why) >= 0)
            return;
        failed(a, 0, &why, "");
    } else if (answer->status == 200) {
        take_page(a, answer);
    } else if (answer->status / 100 == 2) {
        (void)failure_set(&why, FAILURE_PROTOCOL, EBADMSG, "HTTP %d, which is no page",
                          answer->status);
        failed(a, answer->status, &why, answer->request_id);
    } else {
        words_of_answer(list, answer, &why);
        failed(a, answer->status, &why, answer->request_id);
        if (why.kind == FAILURE_PERMISSION)
            offer_consent(a);
    }
    next_check(a);
}

static int send_call(struct access *a, struct failure *ret_failure)
{
    struct graph *g = a->graph;
    enum list list = CHECKS[a->now].list;
    struct http_header headers[GRAPH_HEADERS];
    char request_id[37];
    struct http_call call;
    free(TAKE(a->url));
    a->url = query_url(g->api.text, query_older(list) ? "v1.0" : g->o.api_version, list,
                       a->allotment_id, query_dropped(a->step));
    if (!a->url)
        return failure_oom(ret_failure);
    graph_call(g, list, a->url, g->o.timeout, headers, request_id, &call);
    return http_start(g->http, &call, on_called, a, &a->request, ret_failure);
}

static void next_check(struct access *a)
{
    struct failure why = {0};
    while (++a->now < CHECK_COUNT_) {
        if ((!wanted(a->graph, a->now) && !(a->now == CHECK_DATES && api_is_absent(a))) ||
            (a->now == CHECK_WAITING && !a->allotment_id))
            continue;
        a->step = 0;
        if (send_call(a, &why) >= 0)
            return;
        failed(a, 0, &why, "");
    }
    end(a);
}

static void on_signed_in(void *userdata, const struct token_result *t)
{
    struct access *a = userdata;
    if (t->ok) {
        passed(a, t->status, "ok");
        next_check(a);
        return;
    }
    failed(a, t->status, &t->failure, t->correlation_id);
    if (t->consent)
        offer_consent(a);
    end(a);
}

static int on_begin(sd_event_source *s, void *userdata)
{
    struct access *a = userdata;
    struct token_result result = {0};
    (void)s;
    token_forget(a->graph);
    if (token_ask(a->graph, NULL, a->graph->o.timeout, on_signed_in, a, &result.failure) < 0)
        on_signed_in(a, &result);
    return 0;
}

int graph_check_access(struct graph *g, graph_check_done *done, void *userdata,
                       struct failure *ret_failure)
{
    if (g->poll || g->access)
        return failure_set(ret_failure, FAILURE_LOCAL, EBUSY, "a poll is under way");
    CLEANUP(access_free) struct access *a = calloc(1, sizeof *a);
    if (!a)
        return failure_oom(ret_failure);
    if (sign_in_consent_url(g, &a->consent_url) < 0)
        return failure_oom(ret_failure);
    a->graph = g;
    a->done = done;
    a->userdata = userdata;
    int r = sd_event_add_defer(g->event, &a->begin, on_begin, a);
    if (r < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, -r, "event loop: %s", strerror(-r));
    (void)sd_event_source_set_description(a->begin, "graph-check");
    g->access = TAKE(a);
    return 0;
}
