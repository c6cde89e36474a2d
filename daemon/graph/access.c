/* SPDX-License-Identifier: MIT */
/* graph/access.c: --check-access: sign in, then each call that this tenant needs, once and in
 * order.
 *
 * The calls are those of a poll, so that what passes here passes there. Only the HTTP status
 * decides; the permissions in a token are not read. */
#include "graph/error_text.h"
#include "graph/fetch.h"
#include "graph/internal.h"
#include "graph/query.h"
#include "graph/sign_in.h"

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
    struct fetch fetch;
    struct graph *graph;
    graph_check_done *done;
    void *userdata;
    struct graph_check check[CHECK_COUNT_];
    size_t n;
    int now; /* the current check */
    char *allotment_id, *consent_url;
    bool have[CHECK_COUNT_];
    bool absent; /* the Cloud Licensing API is not offered */
};

void access_free(struct access *a)
{
    if (!a)
        return;
    fetch_clear(&a->fetch);
    free(a->allotment_id);
    free(a->consent_url);
    free(a);
}

static bool wanted(enum source_option source, int check)
{
    if (check == CHECK_SIGN_IN)
        return true;
    if (check == CHECK_SKUS)
        return source != SOURCE_OPTION_CLOUD_LICENSING;
    if (check == CHECK_DATES)
        return source == SOURCE_OPTION_SUBSCRIBED_SKUS;
    return source != SOURCE_OPTION_SUBSCRIBED_SKUS;
}

static bool needed(enum source_option source, int check)
{
    return check == CHECK_SKUS ? source == SOURCE_OPTION_SUBSCRIBED_SKUS : check != CHECK_WAITING && check != CHECK_DATES;
}

static struct graph_check check_of(enum source_option source, int check)
{
    bool sign_in = check == CHECK_SIGN_IN;
    return (struct graph_check){
        .call = sign_in ? "sign-in" : query_for(CHECKS[check].list).call,
        .what_for = CHECKS[check].what_for,
        .permission = sign_in ? "" : query_for(CHECKS[check].list).permission,
        .needed = needed(source, check),
    };
}

size_t graph_calls(const struct graph_options *o, struct graph_check ret[static GRAPH_CALLS_MAX])
{
    size_t n = 0;
    for (int check = CHECK_SIGN_IN + 1; check < CHECK_COUNT_; check++)
        if (wanted(o->source, check))
            ret[n++] = check_of(o->source, check);
    return n;
}

/* ---- results ---- */

static struct graph_check *add_check(struct access *a, int check, int status)
{
    struct graph_check *c = &a->check[a->n++];
    *c = check_of(a->graph->o.source, check);
    c->status = status;
    return c;
}

static void passed(struct access *a, int check, const char *text)
{
    struct graph_check *c = add_check(a, check, 200);
    c->ok = true;
    a->have[check] = true;
    (void)snprintf(c->text, sizeof c->text, "%s", text);
}

static void failed(struct access *a, int check, const struct fetch_failed *why)
{
    struct graph_check *c = add_check(a, check, why->status);
    const char *request_id = why->request_id, *text = why->failure.text;
    size_t room = sizeof c->text - strlen(request_id) - 16, call = strlen(c->call);
    /* the call is printed beside it */
    if (strncmp(text, c->call, call) == 0 && strncmp(text + call, ": ", 2) == 0)
        text += call + 2;
    (void)snprintf(c->text, room, "%s", text);
    if (*request_id) {
        size_t used = strlen(c->text);
        (void)snprintf(c->text + used, sizeof c->text - used, " (request id %s)", request_id);
    }
    /* A managed identity is granted its permissions by a script; there is no consent page for it. */
    if (a->graph->o.auth != AUTH_MANAGED_IDENTITY &&
        (why->consent || (check != CHECK_SIGN_IN && why->failure.kind == FAILURE_PERMISSION)))
        c->consent_url = a->consent_url;
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
    return pools || (a->absent && a->have[CHECK_SKUS]);
}

static void finish(struct fetch *f)
{
    struct access *a = f->userdata;
    bool usable = is_usable(a);
    a->graph->access = NULL;
    a->done(a->userdata, a->check, a->n, usable); /* may free the graph */
    access_free(a);
}

/* ---- one after the other ---- */

/* The first pool's id, for the call that needs one. */
static void remember_pool(struct access *a, struct snapshot_builder *b)
{
    struct snapshot *s = NULL;
    snapshot_set_allotments(b, SECTION_COMPLETE);
    if (snapshot_finish(b, &s) < 0)
        return;
    if (s->n_allotments > 0)
        (void)text_copy(s->allotment[0].id,
                        &a->allotment_id); /* out of memory: that check is omitted */
    snapshot_free(s);
}

static int take_page(struct fetch_list *l, const char *bytes, size_t len, struct page *ret,
                     struct failure *ret_failure)
{
    struct access *a = l->fetch->userdata;
    CLEANUP(snapshot_builder_free) struct snapshot_builder *b = NULL;
    enum source source = l->ask.fallback ? SOURCE_SUBSCRIBED_SKUS : SOURCE_CLOUD_LICENSING;
    int r = snapshot_builder_new(a->graph->o.name, a->graph->o.tenant_id, source, clock_now(), &b);
    if (r < 0)
        return failure_oom(ret_failure);
    switch (a->now) {
    case CHECK_ALLOTMENTS:
        r = page_allotments(bytes, len, b, ret, ret_failure);
        if (r >= 0)
            remember_pool(a, b);
        break;
    case CHECK_WAITING:
        r = page_waiting(bytes, len, b, a->allotment_id, &l->ids, ret, ret_failure);
        break;
    case CHECK_ERRORS:
        r = page_errors(bytes, len, b, &l->ids, ret, ret_failure);
        break;
    case CHECK_DATES:
        r = page_subscriptions(bytes, len, b, ret, ret_failure);
        break;
    default:
        r = page_subscribed_skus(bytes, len, b, ret, ret_failure);
    }
    if (r >= 0)
        free(TAKE(ret->next_link)); /* one page is enough */
    return r;
}

static void sign_in_passed(struct access *a)
{
    if (!a->have[CHECK_SIGN_IN])
        passed(a, CHECK_SIGN_IN, "ok");
}

static void page_taken(struct fetch_list *l)
{
    struct access *a = l->fetch->userdata;
    char text[160];
    sign_in_passed(a);
    if (l->step > 0)
        (void)snprintf(text, sizeof text,
                       "ok without %s, which the service refuses; polls omit that too",
                       query_options(query_dropped(l->step)));
    else if (l->rows == 0 && a->now == CHECK_ALLOTMENTS)
        (void)snprintf(text, sizeof text,
                       "ok, but the list is empty: a tenant without licences, or "
                       "a permission that shows nothing");
    else
        (void)snprintf(text, sizeof text, "ok");
    passed(a, a->now, text);
}

static bool applies(const struct access *a, int check)
{
    if (check == CHECK_WAITING && !a->allotment_id)
        return false;
    return wanted(a->graph->o.source, check) || (check == CHECK_DATES && a->absent);
}

/* All checks fail: the sign-in is refused, or a renewed token is. */
static void all_failed(struct access *a, const struct fetch_failed *why)
{
    if (a->fetch.report.at_sign_in && !a->have[CHECK_SIGN_IN]) {
        failed(a, CHECK_SIGN_IN, why);
        a->now = CHECK_COUNT_;
        return;
    }
    sign_in_passed(a);
    for (; a->now < CHECK_COUNT_; a->now++)
        if (applies(a, a->now))
            failed(a, a->now, why);
}

static void on_failed(struct fetch *f, struct fetch_list *l, const struct fetch_failed *why)
{
    struct access *a = f->userdata;
    if (!l) {
        all_failed(a, why);
        return;
    }
    sign_in_passed(a);
    a->absent = a->absent || (a->now == CHECK_ALLOTMENTS && error_text_api_is_absent(why));
    failed(a, a->now, why);
}

static char *check_url(const struct fetch_list *l, unsigned dropped)
{
    const struct access *a = l->fetch->userdata;
    const struct graph *g = a->graph;
    return query_url(g->api.text, l->ask.fallback ? "v1.0" : g->o.api_version, (enum list)l->list,
                     a->allotment_id, dropped);
}

static bool next_check(struct fetch *f)
{
    struct access *a = f->userdata;
    struct fetch_failed why = {0};
    while (a->now < CHECK_COUNT_ && ++a->now < CHECK_COUNT_) {
        if (!applies(a, a->now))
            continue;
        const struct fetch_ask ask = query_for(CHECKS[a->now].list);
        f->deadline_mono = clock_now().mono + a->graph->o.timeout;
        if (fetch_add(f, &ask, (int)CHECKS[a->now].list, NULL, NULL, NULL) >= 0)
            return true;
        (void)failure_oom(&why.failure);
        failed(a, a->now, &why);
    }
    return false;
}

static const struct fetch_calls CALLS = {
    .more = next_check,
    .url = check_url,
    .page = take_page,
    .ended = page_taken,
    .failed = on_failed,
    .done = finish,
};

/* ---- begin ---- */

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
    int r = fetch_begin(&a->fetch, g, &CALLS, a, g->o.timeout, ret_failure);
    if (r < 0)
        return r;
    a->graph = g;
    a->done = done;
    a->userdata = userdata;
    a->fetch.signs_in = true;
    token_forget(g); /* the sign-in is one of the checks */
    g->access = TAKE(a);
    return 0;
}
