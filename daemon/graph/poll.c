/* SPDX-License-Identifier: MIT */
/* graph/poll.c: the cycle (digest 2.5): which lists are read, and what becomes of the snapshot.
 *
 * Allotments with their waiting members expanded, and beside them the assignment errors. A waiting
 * list is read by itself where its row has a continuation, or none of it. A section is complete
 * when its list was read to the end, and unknown in every other case. Where the API is refused from
 * the beginning the older /subscribedSkus takes its place, and then /directory/subscriptions tells
 * what that one cannot: when a subscription ends. */
#include "graph/internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CHECK_EVERY USEC_PER_DAY
#define PROBE_EVERY USEC_PER_DAY
#define REFUSALS_STEADY                                                      \
    2 /* polls in a row: a permission is often granted minutes after the app \
       */

/* Two lists are often refused alike, and either may be first: the order of the lists decides, so
 * that the failure reads alike at each poll. LIST_COUNT_: no list in particular. */
static void note_failure(struct poll *p, const struct failure *why, enum list list,
                         const char *request_id)
{
    bool as_bad = !error_text_worse(&p->failure, why);
    if (!error_text_worse(why, &p->failure) && !(as_bad && list < p->failed_list))
        return;
    p->failure = *why;
    p->failed_list = list;
    text_clean(p->request_id, sizeof p->request_id, request_id, strlen(request_id));
}

static void no_memory(struct poll *p)
{
    struct failure why = {0};
    (void)failure_oom(&why);
    note_failure(p, &why, LIST_COUNT_, "");
}

/* ---- pages ---- */

static struct poll *poll_of(const struct fetch_list *l)
{
    return l->fetch->userdata;
}

static char *list_url(const struct fetch_list *l, unsigned dropped)
{
    const struct graph *g = l->fetch->graph;
    return query_url(g->api.text, l->ask.fallback ? "v1.0" : g->o.api_version, (enum list)l->what,
                     l->id, dropped);
}

static int add_list(struct poll *p, enum list list, const char *id, const char *link,
                    struct fetch_list **ret)
{
    struct fetch_ask ask = query_ask(list);
    ask.learnt = &p->graph->learnt.options[list];
    return fetch_add(&p->fetch, &ask, (int)list, id, link, ret);
}

int poll_add(struct poll *p, enum list list)
{
    return add_list(p, list, NULL, NULL, NULL);
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
        if (one.list == LIST_WAITING && !link) /* what the row brought does not count */
            snapshot_reset_waiting(p->builder, id);
        if (add_list(p, one.list, id, link, &l) >= 0) {
            l->ids = ids;
            ids = (struct id_set){0};
            return true;
        }
        no_memory(p);
    }
    return false;
}

static int take_waiting_lists(struct poll *p, struct page *page, struct failure *ret_failure)
{
    for (size_t i = 0; i < page->n_waiting; i++) {
        struct page_waiting *w = &page->waiting[i];
        int r = id_set_add(&p->chained, w->allotment_id);
        if (r == 1)
            continue; /* the row came twice: see read_the_unread */
        if (r < 0 || poll_order_pend(p, LIST_WAITING, w->allotment_id, w->next_link, &w->ids) < 0)
            return failure_oom(ret_failure);
    }
    return 0;
}

static int take_allotments(struct poll *p, const char *bytes, size_t len, struct page *ret,
                           struct failure *ret_failure)
{
    struct learnt *l = &p->graph->learnt;
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
    switch ((enum list)l->what) {
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

/* ---- are expanded lists whole? ---- */

static void pend_long_lists(struct poll *p, const char *but)
{
    size_t cursor = 0;
    int64_t count;
    const char *id;
    while ((id = snapshot_next_long(p->builder, &cursor, LONG_LIST, &count))) {
        if (but && strcmp(id, but) == 0)
            continue;
        if (poll_order_pend(p, LIST_WAITING, id, NULL, NULL) < 0)
            no_memory(p);
        snapshot_set_waiting(p->builder, id, SECTION_UNKNOWN);
    }
}

/* The API may cut an expanded list without a word (open question Q3 of the digest). So the longest
 * one is read both ways, now and then; where they differ, long lists are not believed. */
static void check_long_lists(struct poll *p, bool expanded)
{
    struct learnt *l = &p->graph->learnt;
    usec_t now = clock_now().mono;
    size_t cursor = 0;
    int64_t count, longest = 0;
    const char *id, *which = NULL;
    if (!expanded || p->graph->order.cut) /* of the little that we may ask, nothing twice */
        return;
    if (l->check_mono > now) {
        if (l->cuts_lists)
            pend_long_lists(p, NULL);
        return;
    }
    while ((id = snapshot_next_long(p->builder, &cursor, LONG_LIST, &count)))
        if (count > longest) {
            longest = count;
            which = id;
        }
    if (!which)
        return;
    struct fetch_list *checked = NULL;
    if (add_list(p, LIST_WAITING, which, NULL, &checked) < 0) {
        no_memory(p);
        return; /* believed once more; the next poll checks */
    }
    p->checked = checked;
    p->inline_count = longest;
    snapshot_reset_waiting(p->builder, which);
}

static void checked_long_list(struct poll *p, const struct fetch_list *checked)
{
    struct learnt *l = &p->graph->learnt;
    bool cuts = (int64_t)checked->rows > p->inline_count;
    if (cuts && !l->cuts_lists)
        fetch_note(&p->fetch,
                   "expanded waiting lists are cut (%lld of %zu members): lists of %d and more are "
                   "read by themselves from now on",
                   (long long)p->inline_count, checked->rows, LONG_LIST);
    l->cuts_lists = cuts;
    l->check_mono = clock_now().mono + CHECK_EVERY;
    if (cuts)
        pend_long_lists(p, checked->id);
}

/* A pool that came twice, as happens when rows move between pages, has an unknown list: whether its
 * members were counted once or twice nobody can say. Its list is read by itself. */
static void read_the_unread(struct poll *p)
{
    size_t cursor = 0;
    const char *id;
    while ((id = snapshot_next_unread(p->builder, &cursor)))
        if (!id_set_has(&p->chained, id) && poll_order_pend(p, LIST_WAITING, id, NULL, NULL) < 0)
            no_memory(p);
}

/* ---- the older source ---- */

static int new_builder(struct poll *p, enum source source)
{
    struct snapshot_builder *b = NULL;
    int r =
        snapshot_builder_new(p->graph->o.name, p->graph->o.tenant_id, source, p->fetch.began, &b);
    if (r < 0)
        return r;
    snapshot_builder_free(p->builder);
    p->builder = b;
    return 0;
}

/* Only while the API has never answered: afterwards a refusal is an alert, not a reason to switch.
 */
static bool api_is_absent(struct poll *p, const struct fetch_failed *why)
{
    struct learnt *l = &p->graph->learnt;
    if (p->graph->o.source != SOURCE_OPTION_AUTO || l->answered)
        return false;
    if (why->failure.kind == FAILURE_PERMISSION)
        return ++l->refusals >= REFUSALS_STEADY || l->fallback;
    return error_text_api_is_absent(why);
}

static void fall_back(struct poll *p, int status)
{
    fetch_drop_lists(&p->fetch);
    poll_order_drop(p);
    p->falling_back = true;
    p->refused = p->failure;
    p->refused_status = status;
    memcpy(p->refused_id, p->request_id, sizeof p->refused_id);
    p->failure = (struct failure){0};
    if (new_builder(p, SOURCE_SUBSCRIBED_SKUS) < 0 || poll_add(p, LIST_SKUS) < 0)
        no_memory(p);
}

static void fell_back(struct poll *p)
{
    struct learnt *l = &p->graph->learnt;
    if (!l->fallback)
        fetch_note(&p->fetch,
                   "the Cloud Licensing API is refused (HTTP %d): /subscribedSkus is read instead, "
                   "which knows neither waiting members nor assignment errors",
                   p->refused_status);
    l->fallback = true;
    l->probe_mono = clock_now().mono + PROBE_EVERY;
}

/* Neither source can be read. The permission for the better one is the one to ask for. */
static void fallback_failed(struct poll *p)
{
    p->failure = p->refused;
    memcpy(p->request_id, p->refused_id, sizeof p->request_id);
    if (!p->graph->learnt.fallback && new_builder(p, SOURCE_CLOUD_LICENSING) < 0)
        no_memory(p);
}

/* Begun when the numbers are in, so that whatever becomes of it costs no more than dates. Until it
 * has ended, nothing is known of any subscription. */
static void read_subscriptions(struct poll *p)
{
    snapshot_set_subscriptions(p->builder, SECTION_UNKNOWN);
    if (poll_add(p, LIST_SUBSCRIPTIONS) < 0)
        no_memory(p);
}

/* A refusal lasts: then the state of the whole SKU is what there is to know. What passes by itself,
 * or concerns a later page only, leaves the subscriptions unknown, and their alerts as they are. */
static void subscriptions_failed(struct poll *p, const struct failure *why, bool first_page)
{
    struct learnt *l = &p->graph->learnt;
    bool refused = first_page && (why->kind == FAILURE_PERMISSION || why->kind == FAILURE_ABSENT ||
                                  why->kind == FAILURE_REQUEST);
    if (refused)
        snapshot_set_subscriptions(p->builder, SECTION_NOT_OFFERED);
    if (!l->dateless)
        fetch_note(&p->fetch, "%s; the dates of subscriptions are not known%s", why->text,
                   refused ? ", their states only by SKU" : ", nor are their states");
    l->dateless = true;
}

/* ---- the end of a list ---- */

static bool list_is_whole(const struct fetch_list *l)
{
    struct failure why = {0};
    if (!l->spoiled)
        return true;
    (void)failure_set(&why, FAILURE_PROTOCOL, EBADMSG, "%s: %s", l->ask.call,
                      l->what == LIST_WAITING ? "rows that are no waiting members"
                                              : "a row whose id or key cannot be read");
    note_failure(poll_of(l), &why, (enum list)l->what, "");
    return false;
}

/* Of pools: what is wrong with the list of errors blinds nothing else. */
static void check_schema(const struct fetch_list *l)
{
    if (l->rows > 0 && l->lacking == l->rows)
        snapshot_set_schema_changed(poll_of(l)->builder);
}

/* Said once, until a list has fewer. */
static void note_folded_errors(struct poll *p)
{
    struct learnt *l = &p->graph->learnt;
    bool folds = snapshot_other_errors(p->builder) > 0;
    if (folds && !l->folds_errors)
        fetch_note(&p->fetch, "more than %d kinds of assignment error: those beyond are counted together as \"other\"",
                   SNAPSHOT_ERROR_GROUPS_MAX);
    l->folds_errors = folds;
}

static void list_ended(struct fetch_list *l)
{
    struct poll *p = poll_of(l);
    struct graph *g = p->graph;
    enum section section = list_is_whole(l) ? SECTION_COMPLETE : SECTION_UNKNOWN;
    poll_order_turn(p, (enum list)l->what, l->id);
    switch ((enum list)l->what) {
    case LIST_ALLOTMENTS:
        check_schema(l);
        snapshot_set_allotments(p->builder, section);
        read_the_unread(p);
        check_long_lists(p, !(query_dropped(l->step) & OPTION_EXPAND));
        break;
    case LIST_WAITING:
        if (l == p->checked)
            checked_long_list(p, l);
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
            fell_back(p);
        if (section == SECTION_COMPLETE)
            read_subscriptions(p);
        break;
    case LIST_SUBSCRIPTIONS:
        if (section != SECTION_COMPLETE) {
            subscriptions_failed(p, &p->failure, false);
            break;
        }
        snapshot_set_subscriptions(p->builder, section);
        g->learnt.dateless = false;
        break;
    case LIST_COUNT_:
        assert(false);
    }
}

/* A page larger than the limit: most likely pools with thousands of members each, expanded. */
static void expand_no_more(struct poll *p)
{
    struct learnt_options *o = &p->graph->learnt.options[LIST_ALLOTMENTS];
    unsigned options = query_ask(LIST_ALLOTMENTS).options, with = query_dropped(o->step);
    if (with & OPTION_EXPAND)
        return;
    int step = 0;
    while (query_dropped(step) != (with | OPTION_EXPAND))
        step = query_next_step(options, step);
    o->step = step;
    fetch_note(&p->fetch, "pages with expanded waiting lists are too large; from the next poll on "
                          "each pool's list is read by itself");
}

static void list_failed(struct poll *p, const struct fetch_list *l, const struct fetch_failed *why)
{
    enum list list = (enum list)l->what;
    note_failure(p, &why->failure, list, why->request_id);
    poll_order_turn(p, list, l->id);
    if (list == LIST_ALLOTMENTS && why->too_large)
        expand_no_more(p);
    if (list == LIST_SUBSCRIPTIONS)
        subscriptions_failed(p, &why->failure, l->first_page);
    if (list == LIST_WAITING)
        snapshot_set_waiting(p->builder, l->id, SECTION_UNKNOWN);
    if (list == LIST_ALLOTMENTS && l->first_page && api_is_absent(p, why))
        fall_back(p, why->status);
    else if (list == LIST_SKUS && p->falling_back)
        fallback_failed(p);
}

static void on_failed(struct fetch *f, struct fetch_list *l, const struct fetch_failed *why)
{
    struct poll *p = f->userdata;
    if (l)
        list_failed(p, l, why);
    else
        note_failure(p, &why->failure, LIST_COUNT_, why->request_id);
}

/* ---- beginning and end ---- */

static void begin_lists(struct poll *p)
{
    struct graph *g = p->graph;
    struct learnt *l = &g->learnt;
    bool fallback =
        g->o.source == SOURCE_OPTION_SUBSCRIBED_SKUS ||
        (g->o.source == SOURCE_OPTION_AUTO && l->fallback && p->fetch.began.mono < l->probe_mono);
    int r = new_builder(p, fallback ? SOURCE_SUBSCRIBED_SKUS : SOURCE_CLOUD_LICENSING);
    if (r >= 0)
        r = fallback ? poll_add(p, LIST_SKUS) : poll_order_begin(p);
    if (r < 0) {
        no_memory(p);
        fetch_end(&p->fetch, NULL);
    } else if (p->fetch.hold_until_mono >= p->fetch.deadline_mono) { /* asked for out of turn */
        struct failure why = {0};
        (void)failure_set(
            &why, FAILURE_THROTTLED, EAGAIN,
            "Graph has asked for a pause (Retry-After) that lasts longer than this poll may");
        fetch_give_up_until(&p->fetch, p->fetch.hold_until_mono, &why);
    }
}

/* The request id of a failure that goes on is the first one's: the text, which is compared and
 * kept, does not change with every poll. */
static void settle_failure(struct poll *p, bool complete)
{
    struct learnt *l = &p->graph->learnt;
    struct failure *f = &p->failure;
    if (complete) {
        *f = (struct failure){0};
        l->core = *f;
        return;
    }
    if (!f->text[0])
        (void)failure_set(f, FAILURE_PROTOCOL, EBADMSG, "some rows could not be understood");
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
    no_memory(p);
    return TAKE(p->spare);
}

static void finish(struct fetch *f)
{
    struct poll *p = f->userdata;
    struct graph *g = p->graph;
    poll_order_settle(p);
    struct snapshot *s = finish_snapshot(p);
    struct graph_report report = f->report;
    report.refusals = g->learnt.refusals;
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

/* ---- the way in ---- */

void poll_free(struct poll *p)
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

static int make_spare(struct poll *p)
{
    CLEANUP(snapshot_builder_free) struct snapshot_builder *b = NULL;
    int r = snapshot_builder_new(p->graph->o.name, p->graph->o.tenant_id, SOURCE_NONE,
                                 p->fetch.began, &b);
    return r < 0 ? r : snapshot_finish(b, &p->spare);
}

int graph_poll(struct graph *g, graph_done *done, void *userdata, struct failure *ret_failure)
{
    if (g->poll || g->access || g->lookup)
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
