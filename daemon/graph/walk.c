/* SPDX-License-Identifier: MIT */
/* graph/walk.c: pages in flight.
 *
 * A list is a chain: its pages follow each other, so at most one of them is in flight. The longest
 * chain decides how long a poll takes (measured: 17.0 s against 10.1 s for a thousand pools), so
 * continuations go before new lists. Whoever has changed something calls walk_pump last: it sends
 * what may be sent, arms the one timer, or ends the poll. */
#include "graph/inside.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#define EARLY_AGAIN USEC_PER_MINUTE /* after a renewal ahead of time has failed */

/* ---- chains and their queues ---- */

void chain_unlink(struct chain *c)
{
    if (!c->pprev)
        return;
    *c->pprev = c->next;
    if (c->next)
        c->next->pprev = c->pprev;
    c->next = NULL;
    c->pprev = NULL;
}

/* Queues are short: no more lists are begun than twice what may be in flight. */
static void chain_append(struct chain **queue, struct chain *c)
{
    assert(!c->pprev);
    while (*queue)
        queue = &(*queue)->next;
    c->pprev = queue;
    *queue = c;
}

void chain_again(struct chain *c, usec_t not_before)
{
    c->not_before_mono = not_before;
    chain_append(&c->poll->soon, c);
}

void chain_free(struct chain *c)
{
    if (!c)
        return;
    chain_unlink(c);
    if (c->request) {
        http_request_free(c->request);
        c->poll->n_flying--;
    }
    c->poll->n_chains--;
    free(c->id);
    free(c->url);
    seen_free(&c->links);
    seen_free(&c->ids);
    free(c);
}

const struct origin *chain_origin(const struct chain *c)
{
    return query_older(c->list) ? &c->poll->graph->older : &c->poll->graph->api;
}

int chain_first_url(struct chain *c)
{
    const struct graph *g = c->poll->graph;
    const char *version = query_older(c->list) ? "v1.0" : g->o.api_version;
    char *url = query_url(g->api.text, version, c->list, c->id, query_dropped(c->step));
    if (!url)
        return -ENOMEM;
    free(c->url);
    c->url = url;
    return 0;
}

int walk_add(struct poll *p, enum list list, const char *id, const char *link, struct chain **ret)
{
    CLEANUP(chain_free) struct chain *c = calloc(1, sizeof *c);
    if (!c)
        return -ENOMEM;
    c->poll = p;
    p->n_chains++;
    c->list = list;
    c->step = p->graph->learnt.step[list];
    c->first_page = !link;
    int r = text_copy(id, &c->id);
    if (r >= 0)
        r = link ? text_copy(link, &c->url) : chain_first_url(c);
    if (r >= 0)
        r = seen_add(&c->links, c->url);
    if (r < 0)
        return r;
    chain_append(&p->work, c);
    if (ret)
        *ret = c;
    (void)TAKE(c);
    return 0;
}

int walk_pend(struct poll *p, enum list list, const char *id, const char *link, struct seen *ids)
{
    if (p->n_pending == p->pending_size) {
        size_t size = p->pending_size ? p->pending_size * 2 : 64;
        struct pending *more = reallocarray(p->pending, size, sizeof *more);
        if (!more)
            return -ENOMEM;
        p->pending = more;
        p->pending_size = size;
    }
    struct pending *one = &p->pending[p->n_pending];
    *one = (struct pending){.list = list};
    int r = text_copy(id, &one->id);
    if (r >= 0)
        r = text_copy(link, &one->link);
    if (r < 0) {
        free(one->id);
        return r;
    }
    if (ids) {
        one->ids = *ids;
        *ids = (struct seen){0};
    }
    p->n_pending++;
    return 0;
}

void walk_clear(struct poll *p)
{
    while (p->flying)
        chain_free(p->flying);
    while (p->soon)
        chain_free(p->soon);
    while (p->work)
        chain_free(p->work);
    for (size_t i = 0; i < p->n_pending; i++) {
        free(p->pending[i].id);
        free(p->pending[i].link);
        seen_free(&p->pending[i].ids);
    }
    p->n_pending = 0;
    assert(p->n_flying == 0);
}

/* Two lists are often refused alike, and either may be first: the order of the lists decides, so
 * that the failure reads alike at each poll. */
void walk_fail(struct poll *p, const struct failure *why, enum list list, const char *request_id)
{
    bool as_bad = !words_worse(&p->report.failure, why);
    if (!words_worse(why, &p->report.failure) && !(as_bad && list < p->failed_list))
        return;
    p->report.failure = *why;
    p->failed_list = list;
    text_clean(p->request_id, sizeof p->request_id, request_id, strlen(request_id));
}

void walk_end(struct poll *p, const struct failure *why)
{
    if (why)
        walk_fail(p, why, LIST_COUNT_, "");
    p->ended = true;
}

/* ---- sending ---- */

static usec_t now_mono(void)
{
    return clock_now().mono;
}

usec_t walk_left(const struct poll *p, usec_t now)
{
    return p->deadline_mono > now ? p->deadline_mono - now : 0;
}

void chain_failed(struct chain *c, const struct failure *why, int status, const char *request_id)
{
    walk_fail(c->poll, why, c->list, request_id);
    carry_turn(c->poll, c->list, c->id);
    poll_list_failed(c, status, why);
    chain_free(c);
}

static void chain_send(struct chain *c, usec_t now)
{
    struct poll *p = c->poll;
    struct graph *g = p->graph;
    struct http_header headers[GRAPH_HEADERS];
    char request_id[37];
    struct http_call call;
    struct failure why = {0};

    graph_call(g, c->list, c->url, walk_left(p, now), headers, request_id, &call);
    call.fresh_connection = c->fresh_connection;
    chain_unlink(c);
    int r = http_start(g->http, &call, on_page, c, &c->request, &why);
    if (r < 0) {
        (void)failure_prefix(&why, r, "%s", query_call(c->list));
        chain_failed(c, &why, 0, "");
        return;
    }
    chain_append(&p->flying, c);
    p->n_flying++;
    p->report.requests++;
    c->generation = g->token.generation;
    c->fresh_connection = false;
}

/* Repeated and following pages first, then lists that are begun, then lists still to begin:
 * as long as the begun ones keep the connections busy, no further one is. */
static struct chain *next_ready(struct poll *p, usec_t now)
{
    for (struct chain *c = p->soon; c; c = c->next)
        if (c->not_before_mono <= now)
            return c;
    if (p->work)
        return p->work;
    while (p->n_pending > 0 && p->n_chains < 2 * p->graph->o.requests) {
        struct pending one = carry_pick(p);
        CLEANUP(free) char *id = one.id;
        CLEANUP(free) char *link = one.link;
        CLEANUP(seen_free) struct seen ids = one.ids;
        struct chain *c = NULL;
        struct failure why = {0};
        if (one.list == LIST_WAITING && !link) /* read from its start: what the row brought does not count */
            snapshot_reset_waiting(p->builder, id);
        if (walk_add(p, one.list, id, link, &c) >= 0) {
            c->ids = ids;
            ids = (struct seen){0};
            return c;
        }
        (void)failure_oom(&why);
        walk_fail(p, &why, one.list, "");
    }
    return NULL;
}

/* ---- signing in ---- */

void walk_give_up_until(struct poll *p, usec_t until, struct failure *why)
{
    usec_t now = now_mono();
    p->report.resume_at_mono = until;
    why->retry_after = until > now ? until - now : 0;
    walk_end(p, why);
}

static void on_token(void *userdata, const struct token_result *t);

static void signed_in(struct poll *p, const struct token_result *t)
{
    struct graph *g = p->graph;
    usec_t now = now_mono();
    struct failure why = t->failure;
    if (t->ok) {
        if (p->sign_ins > 0)
            p->trouble.text[0] = '\0'; /* that is over */
        p->sign_ins = 0;
        p->report.at_sign_in = false;
        return;
    }
    if (token_usable(g, now)) { /* renewed ahead of time: the old one still serves */
        p->early_failed = true;
        p->report.renewal = why;
        token_keep_for(g, EARLY_AGAIN, now);
        return;
    }
    bool again = why.kind == FAILURE_TRANSIENT || why.kind == FAILURE_THROTTLED;
    p->report.at_sign_in = true; /* until there is a token */
    if (why.kind == FAILURE_THROTTLED)
        p->report.throttled++;
    if (!again || p->sign_ins++ >= RETRIES_MAX) {
        walk_fail(p, &why, LIST_COUNT_, t->correlation_id);
        walk_end(p, NULL);
        return;
    }
    if (p->sign_ins == 1) /* the last attempt may only say that the poll's time is over */
        p->trouble = why;
    usec_t wait = retry_backoff(p->sign_ins - 1, g->backoff, RETRY_CAP, graph_dice());
    wait = why.retry_after > wait ? why.retry_after : wait;
    p->sign_in_at_mono = now + wait;
    if (wait < walk_left(p, now))
        return;
    if (why.kind == FAILURE_THROTTLED)
        walk_give_up_until(p, now + wait, &why);
    else
        walk_end(p, &p->trouble);
}

static void on_token(void *userdata, const struct token_result *t)
{
    struct poll *p = userdata;
    p->report.bytes += t->wire_bytes;
    signed_in(p, t);
    walk_pump(p);
}

/* True: there is a token to send. Else one is on its way, or due later, or the poll has ended. */
static bool have_token(struct poll *p, usec_t now)
{
    struct graph *g = p->graph;
    struct token_result failed = {0};
    if (g->token.request)
        return false;
    if (token_usable(g, now) && (p->early_failed || !token_due(g, now)))
        return true;
    if (now < p->sign_in_at_mono)
        return false;
    if (token_ask(g, p->claims, walk_left(p, now), on_token, p, &failed.failure) >= 0) {
        p->report.requests++;
        return false;
    }
    signed_in(p, &failed);
    return !p->ended && token_usable(g, now);
}

/* ---- the pump ---- */

static usec_t next_event(const struct poll *p, bool token, usec_t now)
{
    usec_t at = p->deadline_mono;
    if (!token && !p->graph->token.request && p->sign_in_at_mono > now && p->sign_in_at_mono < at)
        at = p->sign_in_at_mono;
    if (!token || p->n_flying >= p->graph->pace.limit)
        return at;
    if (p->hold_until_mono > now)
        return p->hold_until_mono < at ? p->hold_until_mono : at;
    for (const struct chain *c = p->soon; c; c = c->next)
        if (c->not_before_mono < at)
            at = c->not_before_mono;
    return at;
}

static void check_deadline(struct poll *p, usec_t now)
{
    struct failure why = {0};
    if (p->ended || now < p->deadline_mono)
        return;
    if (p->trouble.text[0]) /* the better explanation */
        walk_fail(p, &p->trouble, LIST_COUNT_, "");
    (void)failure_set(&why, FAILURE_TRANSIENT, ETIMEDOUT,
                      "the poll did not end within %llu s (poll.timeout)",
                      (unsigned long long)((p->deadline_mono - p->began.mono) / USEC_PER_SEC));
    p->report.at_sign_in |= p->graph->token.request && !token_usable(p->graph, now);
    walk_end(p, &why);
}

void walk_pump(struct poll *p)
{
    usec_t now = now_mono();
    check_deadline(p, now);
    bool token = !p->ended && p->n_chains + p->n_pending > 0 && have_token(p, now);
    while (!p->ended && token && p->n_flying < p->graph->pace.limit &&
           now >= p->hold_until_mono) {
        struct chain *c = next_ready(p, now);
        if (!c)
            break;
        chain_send(c, now);
    }
    if (p->ended || p->n_chains + p->n_pending == 0) {
        poll_finish(p);
        return;
    }
    int r = sd_event_source_set_time(p->wake, next_event(p, token, now));
    if (r >= 0)
        r = sd_event_source_set_enabled(p->wake, SD_EVENT_ONESHOT);
    if (r < 0) {
        struct failure why = {0};
        (void)failure_set(&why, FAILURE_LOCAL, -r, "event loop: %s", strerror(-r));
        walk_end(p, &why);
        poll_finish(p);
    }
}
