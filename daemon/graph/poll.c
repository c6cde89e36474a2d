/* SPDX-License-Identifier: MIT */
/* graph/poll.c: one poll: which lists are read, and what their ends mean for the snapshot.
 *
 * Allotments are read with their waiting members expanded; assignment errors are read beside them.
 * A waiting list is read by itself if its row has a continuation or no list. A section is complete
 * when its list was read to the end, and unknown in every other case. */
#include "graph/poll.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- pages ---- */

static char *list_url(const struct fetch_list *l, unsigned dropped)
{
    const struct graph *g = l->fetch->graph;
    return query_url(g->api.text, l->ask.fallback ? "v1.0" : g->o.api_version, (enum list)l->list,
                     l->id, dropped);
}

static bool begin_pending(struct fetch *f)
{
    struct poll *p = f->userdata;
    struct pending one;
    while (poll_order_pick(p, &one)) {
        CLEANUP(free) char *id = one.id;
        CLEANUP(free) char *link = one.link;
        CLEANUP(id_set_free) struct id_set ids = one.ids;
        struct fetch_list *l = NULL;
        if (one.list == LIST_WAITING && !link) /* discard the expanded members */
            snapshot_reset_waiting(p->builder, id);
        if (poll_add(p, one.list, id, link, &l) >= 0) {
            l->ids = ids;
            ids = (struct id_set){0};
            return true;
        }
        poll_out_of_memory(p);
    }
    return false;
}

static int take_waiting_lists(struct poll *p, struct page *page, struct failure *ret_failure)
{
    for (size_t i = 0; i < page->n_waiting; i++) {
        struct page_waiting *w = &page->waiting[i];
        int r = id_set_add(&p->chained, w->allotment_id);
        if (r == 1)
            continue; /* the row came twice, see poll_expand.c */
        if (r < 0 || poll_order_push(p, LIST_WAITING, w->allotment_id, w->next_link, &w->ids) < 0)
            return failure_oom(ret_failure);
    }
    return 0;
}

static int take_allotments(struct poll *p, const char *bytes, size_t len, struct page *ret,
                           struct failure *ret_failure)
{
    struct service_state *l = &p->graph->service;
    int r = page_allotments(bytes, len, p->builder, ret, ret_failure);
    if (r < 0)
        return r;
    if (l->fallback)
        fetch_note(&p->fetch, "the Cloud Licensing API answers now and is the source again");
    l->answered = true;
    l->fallback = false;
    l->refusals = 0;
    p->graph->source = SOURCE_CLOUD_LICENSING;
    r = take_waiting_lists(p, ret, ret_failure);
    if (r < 0)
        page_clear(ret);
    return r;
}

static int take_page(struct fetch_list *l, const char *bytes, size_t len, struct page *ret,
                     struct failure *ret_failure)
{
    struct poll *p = poll_of(l);
    struct snapshot_builder *b = p->builder;
    switch ((enum list)l->list) {
    case LIST_ALLOTMENTS:
        return take_allotments(p, bytes, len, ret, ret_failure);
    case LIST_WAITING:
        return page_waiting(bytes, len, b, l->id, &l->ids, ret, ret_failure);
    case LIST_ERRORS:
        return page_errors(bytes, len, b, &l->ids, ret, ret_failure);
    case LIST_SKUS:
        return page_subscribed_skus(bytes, len, b, ret, ret_failure);
    case LIST_SUBSCRIPTIONS:
        return page_subscriptions(bytes, len, b, ret, ret_failure);
    case LIST_COUNT_:
        break;
    }
    assert(false);
    return -EINVAL;
}

/* ---- the end of a list ---- */

static bool list_is_complete(const struct fetch_list *l)
{
    struct failure why = {0};
    if (!l->spoiled)
        return true;
    (void)failure_set(&why, FAILURE_PROTOCOL, EBADMSG, "%s: %s", l->ask.call,
                      l->list == LIST_WAITING ? "rows that are no waiting members"
                                              : "a row whose id or key cannot be read");
    poll_note_failure(poll_of(l), &why, (enum list)l->list, "");
    return false;
}

/* Pools only: a changed schema of the errors list must not affect them. */
static void check_schema(const struct fetch_list *l)
{
    if (l->rows > 0 && l->lacking == l->rows)
        snapshot_set_schema_changed(poll_of(l)->builder);
}

/* Noted once, until a list has fewer. */
static void note_folded_errors(struct poll *p)
{
    struct service_state *l = &p->graph->service;
    bool folds = snapshot_other_errors(p->builder) > 0;
    if (folds && !l->error_kinds_truncated)
        fetch_note(&p->fetch, "more than %d kinds of assignment error: those beyond are counted together as \"other\"",
                   SNAPSHOT_ERROR_GROUPS_MAX);
    l->error_kinds_truncated = folds;
}

static void list_ended(struct fetch_list *l)
{
    struct poll *p = poll_of(l);
    struct graph *g = p->graph;
    enum section section = list_is_complete(l) ? SECTION_COMPLETE : SECTION_UNKNOWN;
    poll_order_mark_read(p, (enum list)l->list, l->id);
    switch ((enum list)l->list) {
    case LIST_ALLOTMENTS:
        check_schema(l);
        snapshot_set_allotments(p->builder, section);
        poll_expand_check(p, !(query_dropped(l->step) & OPTION_EXPAND));
        break;
    case LIST_WAITING:
        if (l == p->checked)
            poll_expand_compare(p, l);
        snapshot_set_waiting(p->builder, l->id, section);
        break;
    case LIST_ERRORS:
        note_folded_errors(p);
        snapshot_set_errors(p->builder, section);
        break;
    case LIST_SKUS:
        check_schema(l);
        snapshot_set_allotments(p->builder, section);
        snapshot_set_errors(p->builder, SECTION_NOT_OFFERED);
        g->source = SOURCE_SUBSCRIBED_SKUS;
        if (p->falling_back)
            poll_fallback_succeeded(p);
        if (section == SECTION_COMPLETE)
            poll_fallback_read_subscriptions(p);
        break;
    case LIST_SUBSCRIPTIONS:
        if (section != SECTION_COMPLETE) {
            poll_fallback_subscriptions_failed(p, &p->failure, false);
            break;
        }
        snapshot_set_subscriptions(p->builder, section);
        g->service.subscriptions_refused = false;
        break;
    case LIST_COUNT_:
        assert(false);
    }
}

static void list_failed(struct poll *p, const struct fetch_list *l, const struct fetch_failed *why)
{
    enum list list = (enum list)l->list;
    poll_note_failure(p, &why->failure, list, why->request_id);
    poll_order_mark_read(p, list, l->id);
    if (list == LIST_ALLOTMENTS && why->too_large)
        poll_expand_disable(p);
    if (list == LIST_SUBSCRIPTIONS)
        poll_fallback_subscriptions_failed(p, &why->failure, l->first_page);
    if (list == LIST_WAITING)
        snapshot_set_waiting(p->builder, l->id, SECTION_UNKNOWN);
    if (list == LIST_ALLOTMENTS && l->first_page && poll_fallback_applies(p, why))
        poll_fallback_begin(p, why->status);
    else if (list == LIST_SKUS && p->falling_back)
        poll_fallback_failed(p);
}

static void on_failed(struct fetch *f, struct fetch_list *l, const struct fetch_failed *why)
{
    struct poll *p = f->userdata;
    if (l)
        list_failed(p, l, why);
    else
        poll_note_failure(p, &why->failure, LIST_COUNT_, why->request_id);
}

/* ---- beginning and end ---- */

/* Allotments and assignment errors, in the order that poll_order.c has left. */
static int begin_cloud_licensing(struct poll *p)
{
    bool errors_first = p->graph->order.errors_first;
    int r = errors_first ? poll_add(p, LIST_ERRORS, NULL, NULL, NULL) : 0;
    if (r >= 0)
        r = poll_add(p, LIST_ALLOTMENTS, NULL, NULL, NULL);
    if (r >= 0 && !errors_first)
        r = poll_order_push(p, LIST_ERRORS, NULL, NULL, NULL);
    return r;
}

static void begin_lists(struct poll *p)
{
    struct graph *g = p->graph;
    struct service_state *l = &g->service;
    bool fallback =
        g->o.source == SOURCE_OPTION_SUBSCRIBED_SKUS ||
        (g->o.source == SOURCE_OPTION_AUTO && l->fallback && p->fetch.began.mono < l->probe_mono);
    int r = poll_new_builder(p, fallback ? SOURCE_SUBSCRIBED_SKUS : SOURCE_CLOUD_LICENSING);
    if (r >= 0)
        r = fallback ? poll_add(p, LIST_SKUS, NULL, NULL, NULL) : begin_cloud_licensing(p);
    if (r < 0) {
        poll_out_of_memory(p);
        fetch_end(&p->fetch, NULL);
    } else if (p->fetch.hold_until_mono >= p->fetch.deadline_mono) { /* polled before Retry-After ended */
        struct failure why = {0};
        (void)failure_set(
            &why, FAILURE_THROTTLED, EAGAIN,
            "Graph's Retry-After lasts longer than this poll may take");
        fetch_give_up_until(&p->fetch, p->fetch.hold_until_mono, &why);
    }
}

/* A repeated failure keeps the request id of its first occurrence, so that the text, which is
 * compared and stored, does not change with every poll. */
static void settle_failure(struct poll *p, bool complete)
{
    struct service_state *l = &p->graph->service;
    struct failure *f = &p->failure;
    if (complete) {
        *f = (struct failure){0};
        l->core = *f;
        return;
    }
    if (!f->text[0])
        (void)failure_set(f, FAILURE_PROTOCOL, EBADMSG, "some rows could not be decoded");
    if (strcmp(l->core.text, f->text) != 0) {
        l->core = l->full = *f;
        size_t used = strlen(f->text), room = sizeof f->text - used;
        if (p->request_id[0] && strlen(p->request_id) + 16 < room)
            (void)snprintf(l->full.text + used, room, " (request id %s)", p->request_id);
    }
    memcpy(f->text, l->full.text, sizeof f->text);
}

static struct snapshot *finish_snapshot(struct poll *p)
{
    struct snapshot *s = NULL;
    if (p->builder && snapshot_finish(p->builder, &s) >= 0)
        return s;
    poll_out_of_memory(p);
    return TAKE(p->spare);
}

static void poll_free(struct poll *p)
{
    if (!p)
        return;
    fetch_clear(&p->fetch);
    poll_order_drop(p);
    snapshot_builder_free(p->builder);
    snapshot_free(p->spare);
    id_set_free(&p->chained);
    free(p->pending.item);
    free(p->pending_last.item);
    free(p);
}
DEFINE_CLEANUP(struct poll *, poll_free)

static void finish(struct fetch *f)
{
    struct poll *p = f->userdata;
    struct graph *g = p->graph;
    poll_order_finish(p);
    struct snapshot *s = finish_snapshot(p);
    struct graph_report report = f->report;
    report.refusals = g->service.refusals;
    report.complete = snapshot_complete(s);
    settle_failure(p, report.complete);
    report.failure = p->failure;
    if (report.complete)
        report.resume_at_mono = 0;
    report.began = f->began;
    report.took = clock_now().mono - f->began.mono;
    graph_done *done = p->done;
    void *userdata = p->userdata;
    g->poll = NULL;
    poll_free(p);
    done(userdata, s, &report); /* may free the graph */
}

static const struct fetch_calls CALLS = {
    .more = begin_pending,
    .url = list_url,
    .page = take_page,
    .ended = list_ended,
    .failed = on_failed,
    .done = finish,
};

/* ---- begin ---- */

static int make_spare(struct poll *p)
{
    CLEANUP(snapshot_builder_free) struct snapshot_builder *b = NULL;
    int r = snapshot_builder_new(p->graph->o.name, p->graph->o.tenant_id, SOURCE_NONE,
                                 p->fetch.began, &b);
    return r < 0 ? r : snapshot_finish(b, &p->spare);
}

int graph_poll(struct graph *g, graph_done *done, void *userdata, struct failure *ret_failure)
{
    if (g->poll || g->access || g->lookup || g->inquiry)
        return failure_set(ret_failure, FAILURE_LOCAL, EBUSY, "a poll is under way already");
    CLEANUP(poll_free) struct poll *p = calloc(1, sizeof *p);
    if (!p)
        return failure_oom(ret_failure);
    struct fetch *f = &p->fetch;
    int r = fetch_begin(f, g, &CALLS, p, g->o.timeout, ret_failure);
    if (r < 0)
        return r;
    p->graph = g;
    p->done = done;
    p->userdata = userdata;
    f->signs_in = f->renews_early = true;
    f->retries_max = RETRIES_MAX;
    f->lists_max = 2 * g->o.requests;
    f->hold_until_mono = g->pace.not_before_mono;
    (void)snprintf(f->late, sizeof f->late, "the poll did not end within %llu s (poll.timeout)",
                   (unsigned long long)(g->o.timeout / USEC_PER_SEC));
    if (make_spare(p) < 0)
        return failure_oom(ret_failure);
    begin_lists(p);
    g->poll = TAKE(p);
    return 0;
}

bool graph_polling(const struct graph *g)
{
    return g->poll;
}

void graph_cancel(struct graph *g)
{
    if (!g->poll)
        return;
    token_cancel(g);
    poll_free(TAKE(g->poll));
}
