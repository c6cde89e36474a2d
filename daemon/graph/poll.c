/* SPDX-License-Identifier: MIT */
/* graph/poll.c: the cycle (digest 2.5): which lists are read, and what becomes of the snapshot.
 *
 * Allotments with their waiting members expanded, and beside them the assignment errors. A waiting
 * list is read by itself where its row has a continuation, or none of it. A section is complete
 * when its list was read to the end, and unknown in every other case. Where the API is refused from
 * the beginning the older /subscribedSkus takes its place, and then /directory/subscriptions tells
 * what that one cannot: when a subscription ends. */
#include "graph/inside.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CHECK_EVERY USEC_PER_DAY
#define PROBE_EVERY USEC_PER_DAY
#define REFUSALS_STEADY                                                      \
    2 /* polls in a row: a permission is often granted minutes after the app \
       */

void poll_note(struct poll *p, const char *fmt, ...)
{
    char *note = p->report.note;
    size_t used = strlen(note);
    va_list ap;
    if (used > 0 && used + 2 < sizeof p->report.note) {
        memcpy(note + used, "; ", 3);
        used += 2;
    }
    va_start(ap, fmt);
    (void)vsnprintf(note + used, sizeof p->report.note - used, fmt, ap);
    va_end(ap);
}

static void no_memory(struct poll *p)
{
    struct failure why = {0};
    (void)failure_oom(&why);
    walk_fail(p, &why, LIST_COUNT_, "");
}

/* ---- pages ---- */

static int take_waiting_lists(struct chain *c, struct page *page)
{
    struct poll *p = c->poll;
    for (size_t i = 0; i < page->n_waiting; i++) {
        struct page_waiting *w = &page->waiting[i];
        int r = seen_add(&p->chained, w->allotment_id);
        if (r == 1)
            continue; /* the row came twice: see read_the_unread */
        if (r < 0 || walk_pend(p, LIST_WAITING, w->allotment_id, w->next_link, &w->ids) < 0)
            return -ENOMEM;
    }
    return 0;
}

int poll_page(struct chain *c, const char *bytes, size_t len, char **ret_next,
              struct failure *ret_failure)
{
    struct poll *p = c->poll;
    struct graph *g = p->graph;
    struct page page = {0};
    int r = 0;
    switch (c->list) {
    case LIST_ALLOTMENTS:
        r = page_allotments(bytes, len, p->builder, &page, ret_failure);
        break;
    case LIST_WAITING:
        r = page_waiting(bytes, len, p->builder, c->id, &c->ids, &page, ret_failure);
        break;
    case LIST_ERRORS:
        r = page_errors(bytes, len, p->builder, &c->ids, &page, ret_failure);
        break;
    case LIST_SKUS:
        r = page_subscribed_skus(bytes, len, p->builder, &page, ret_failure);
        break;
    case LIST_SUBSCRIPTIONS:
        r = page_subscriptions(bytes, len, p->builder, &page, ret_failure);
        break;
    case LIST_COUNT_:
        assert(false);
    }
    if (r < 0)
        return r;
    if (c->list == LIST_ALLOTMENTS) {
        if (g->learnt.fallback)
            poll_note(p, "the Cloud Licensing API answers now and is the source again");
        g->learnt.answered = true;
        g->learnt.fallback = false;
        g->learnt.refusals = 0;
        g->source = SOURCE_CLOUD_LICENSING;
        r = take_waiting_lists(c, &page);
    }
    c->rows += page.n_rows;
    c->lacking += page.n_lacking;
    c->spoiled = c->spoiled || page.spoiled;
    if (r >= 0)
        *ret_next = TAKE(page.next_link);
    page_clear(&page);
    return r < 0 ? failure_oom(ret_failure) : 0;
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
        if (walk_pend(p, LIST_WAITING, id, NULL, NULL) < 0)
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
    if (!expanded || p->graph->carry.cut) /* of the little that we may ask, nothing twice */
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
    struct chain *c = NULL;
    if (walk_add(p, LIST_WAITING, which, NULL, &c) < 0) {
        no_memory(p);
        return; /* believed once more; the next poll checks */
    }
    c->check = true;
    c->inline_count = longest;
    snapshot_reset_waiting(p->builder, which);
}

static void checked_long_list(struct chain *c)
{
    struct poll *p = c->poll;
    struct learnt *l = &p->graph->learnt;
    bool cuts = (int64_t)c->rows > c->inline_count;
    if (cuts && !l->cuts_lists)
        poll_note(p,
                  "expanded waiting lists are cut (%lld of %zu members): lists of %d and more are "
                  "read by themselves from now on",
                  (long long)c->inline_count, c->rows, LONG_LIST);
    l->cuts_lists = cuts;
    l->check_mono = clock_now().mono + CHECK_EVERY;
    if (cuts)
        pend_long_lists(p, c->id);
}

/* A pool that came twice, as happens when rows move between pages, has an unknown list: whether its
 * members were counted once or twice nobody can say. Its list is read by itself. */
static void read_the_unread(struct poll *p)
{
    size_t cursor = 0;
    const char *id;
    while ((id = snapshot_next_unread(p->builder, &cursor)))
        if (!seen_has(&p->chained, id) && walk_pend(p, LIST_WAITING, id, NULL, NULL) < 0)
            no_memory(p);
}

/* ---- the older source ---- */

static int new_builder(struct poll *p, enum source source)
{
    struct snapshot_builder *b = NULL;
    int r = snapshot_builder_new(p->graph->o.name, p->graph->o.tenant_id, source, p->began, &b);
    if (r < 0)
        return r;
    snapshot_builder_free(p->builder);
    p->builder = b;
    return 0;
}

/* Only while the API has never answered: afterwards a refusal is an alert, not a reason to switch.
 */
static bool api_is_absent(struct poll *p, int status)
{
    struct learnt *l = &p->graph->learnt;
    if (p->graph->o.source != SOURCE_OPTION_AUTO || l->answered)
        return false;
    if (status == 403)
        return ++l->refusals >= REFUSALS_STEADY || l->fallback;
    return status == 400 || status == 404 || status == 501;
}

static void fall_back(struct poll *p, int status)
{
    walk_clear(p);
    p->falling_back = true;
    p->refused = p->report.failure;
    p->refused_status = status;
    memcpy(p->refused_id, p->request_id, sizeof p->refused_id);
    p->report.failure = (struct failure){0};
    if (new_builder(p, SOURCE_SUBSCRIBED_SKUS) < 0 || walk_add(p, LIST_SKUS, NULL, NULL, NULL) < 0)
        no_memory(p);
}

static void fell_back(struct poll *p)
{
    struct learnt *l = &p->graph->learnt;
    if (!l->fallback)
        poll_note(p,
                  "the Cloud Licensing API is refused (HTTP %d): /subscribedSkus is read instead, "
                  "which knows neither waiting members nor assignment errors",
                  p->refused_status);
    l->fallback = true;
    l->probe_mono = clock_now().mono + PROBE_EVERY;
}

/* Neither source can be read. The permission for the better one is the one to ask for. */
static void fallback_failed(struct poll *p)
{
    p->report.failure = p->refused;
    memcpy(p->request_id, p->refused_id, sizeof p->request_id);
    if (!p->graph->learnt.fallback && new_builder(p, SOURCE_CLOUD_LICENSING) < 0)
        no_memory(p);
}

/* Begun when the numbers are in, so that whatever becomes of it costs no more than dates. Until it
 * has ended, nothing is known of any subscription. */
static void read_subscriptions(struct poll *p)
{
    snapshot_set_subscriptions(p->builder, SECTION_UNKNOWN);
    if (walk_add(p, LIST_SUBSCRIPTIONS, NULL, NULL, NULL) < 0)
        no_memory(p);
}

/* A refusal lasts: then the state of the whole SKU is what there is to know. What passes by itself
 * leaves the subscriptions unknown, and their alerts as they are. */
static void subscriptions_failed(struct poll *p, const struct failure *why)
{
    struct learnt *l = &p->graph->learnt;
    bool refused = why->kind == FAILURE_PERMISSION || why->kind == FAILURE_ABSENT ||
                   why->kind == FAILURE_REQUEST;
    if (refused)
        snapshot_set_subscriptions(p->builder, SECTION_NOT_OFFERED);
    if (!l->dateless)
        poll_note(p, "%s; the dates of subscriptions are not known%s", why->text,
                  refused ? ", their states only by SKU" : ", nor are their states");
    l->dateless = true;
}

/* ---- the end of a list ---- */

static bool list_is_whole(struct chain *c)
{
    struct failure why = {0};
    if (!c->spoiled)
        return true;
    (void)failure_set(&why, FAILURE_PROTOCOL, EBADMSG, "%s: %s", query_call(c->list),
                      c->list == LIST_WAITING ? "rows that are no waiting members"
                                              : "a row without an id");
    walk_fail(c->poll, &why, c->list, "");
    return false;
}

static void check_schema(struct chain *c)
{
    if (c->rows > 0 && c->lacking == c->rows)
        snapshot_set_schema_changed(c->poll->builder);
}

void poll_list_ended(struct chain *c)
{
    struct poll *p = c->poll;
    struct graph *g = p->graph;
    enum section section = list_is_whole(c) ? SECTION_COMPLETE : SECTION_UNKNOWN;
    carry_turn(p, c->list, c->id);
    switch (c->list) {
    case LIST_ALLOTMENTS:
        check_schema(c);
        snapshot_set_allotments(p->builder, section);
        read_the_unread(p);
        check_long_lists(p, !(query_dropped(c->step) & OPTION_EXPAND));
        break;
    case LIST_WAITING:
        if (c->check)
            checked_long_list(c);
        snapshot_set_waiting(p->builder, c->id, section);
        break;
    case LIST_ERRORS:
        check_schema(c);
        snapshot_set_errors(p->builder, section);
        break;
    case LIST_SKUS:
        check_schema(c);
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
            subscriptions_failed(p, &p->report.failure);
            break;
        }
        snapshot_set_subscriptions(p->builder, section);
        g->learnt.dateless = false;
        break;
    case LIST_COUNT_:
        assert(false);
    }
}

void poll_list_failed(struct chain *c, int status, const struct failure *why)
{
    struct poll *p = c->poll;
    if (c->list == LIST_SUBSCRIPTIONS)
        subscriptions_failed(p, why);
    if (c->list == LIST_WAITING)
        snapshot_set_waiting(p->builder, c->id, SECTION_UNKNOWN);
    if (c->list == LIST_ALLOTMENTS && c->first_page && api_is_absent(p, status))
        fall_back(p, status);
    else if (c->list == LIST_SKUS && p->falling_back)
        fallback_failed(p);
}

/* ---- beginning and end ---- */

void poll_begin(struct poll *p)
{
    struct graph *g = p->graph;
    struct learnt *l = &g->learnt;
    bool older =
        g->o.source == SOURCE_OPTION_SUBSCRIBED_SKUS ||
        (g->o.source == SOURCE_OPTION_AUTO && l->fallback && p->began.mono < l->probe_mono);
    int r = new_builder(p, older ? SOURCE_SUBSCRIBED_SKUS : SOURCE_CLOUD_LICENSING);
    if (r >= 0 && older)
        r = walk_add(p, LIST_SKUS, NULL, NULL, NULL);
    if (r >= 0 && !older)
        r = carry_begin(p);
    if (r < 0)
        no_memory(p);
    if (r < 0)
        walk_end(p, NULL);
    else if (p->hold_until_mono >= p->deadline_mono) { /* asked for out of turn */
        struct failure why = {0};
        (void)failure_set(&why, FAILURE_THROTTLED, EAGAIN,
                          "Graph has asked for a pause (Retry-After) that lasts longer than this poll may");
        walk_give_up_until(p, p->hold_until_mono, &why);
    }
}

/* The request id of a failure that goes on is the first one's: the text, which is compared and
 * kept, does not change with every poll. */
static void settle_failure(struct poll *p)
{
    struct learnt *l = &p->graph->learnt;
    struct failure *f = &p->report.failure;
    if (p->report.complete) {
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

int poll_prepare(struct poll *p)
{
    CLEANUP(snapshot_builder_free) struct snapshot_builder *b = NULL;
    int r =
        snapshot_builder_new(p->graph->o.name, p->graph->o.tenant_id, SOURCE_NONE, p->began, &b);
    return r < 0 ? r : snapshot_finish(b, &p->spare);
}

static struct snapshot *finish_snapshot(struct poll *p)
{
    struct snapshot *s = NULL;
    if (p->builder && snapshot_finish(p->builder, &s) >= 0)
        return s;
    no_memory(p);
    return TAKE(p->spare);
}

void poll_finish(struct poll *p)
{
    struct graph *g = p->graph;
    carry_settle(p);
    walk_clear(p);
    token_cancel(g);
    struct snapshot *s = finish_snapshot(p);
    p->report.complete = snapshot_complete(s);
    settle_failure(p);
    if (p->report.complete)
        p->report.resume_at_mono = 0;
    p->report.began = p->began;
    p->report.took = clock_now().mono - p->began.mono;
    struct graph_report report = p->report;
    graph_done *done = p->done;
    void *userdata = p->userdata;
    g->poll = NULL;
    poll_free(p);
    done(userdata, s, &report); /* may free the graph */
}
