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

#define THROTTLE_BASE (2 * USEC_PER_SEC)
#define THROTTLE_CAP (300 * USEC_PER_SEC)
#define RETRY_CAP (30 * USEC_PER_SEC)
#define EARLY_AGAIN USEC_PER_MINUTE /* after a renewal ahead of time has failed */

/* ---- chains and their queues ---- */

static void chain_unlink(struct chain *c)
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

static void chain_free(struct chain *c)
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
    free(c);
}
DEFINE_CLEANUP(struct chain *, chain_free)

static const struct origin *chain_origin(const struct chain *c)
{
    return c->list == LIST_SKUS ? &c->poll->graph->older : &c->poll->graph->api;
}

static int chain_first_url(struct chain *c)
{
    const struct graph *g = c->poll->graph;
    const char *version = c->list == LIST_SKUS ? "v1.0" : g->o.api_version;
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

int walk_pend(struct poll *p, const char *id, const char *link)
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
    *one = (struct pending){0};
    int r = text_copy(id, &one->id);
    if (r >= 0)
        r = text_copy(link, &one->link);
    if (r < 0)
        free(one->id);
    else
        p->n_pending++;
    return r;
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
    }
    p->n_pending = 0;
    assert(p->n_flying == 0);
}

/* Two lists are often refused alike, and either may be first: the order of the lists decides, so that
 * the failure reads alike at each poll. */
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

static usec_t left(const struct poll *p, usec_t now)
{
    return p->deadline_mono > now ? p->deadline_mono - now : 0;
}

static void chain_failed(struct chain *c, const struct failure *why, int status, const char *request_id)
{
    walk_fail(c->poll, why, c->list, request_id);
    poll_list_failed(c, status);
    chain_free(c);
}

static void on_page(void *userdata, const struct http_answer *a);

static void chain_send(struct chain *c, usec_t now)
{
    struct poll *p = c->poll;
    struct graph *g = p->graph;
    struct http_header headers[GRAPH_HEADERS];
    char request_id[37];
    struct http_call call;
    struct failure why = {0};

    graph_call(g, c->list, c->url, left(p, now), headers, request_id, &call);
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

/* Repeated and following pages first, then lists that are begun, then waiting lists still to begin:
 * as long as the begun ones keep the connections busy, no further one is. */
static struct chain *next_ready(struct poll *p, usec_t now)
{
    for (struct chain *c = p->soon; c; c = c->next)
        if (c->not_before_mono <= now)
            return c;
    if (p->work)
        return p->work;
    while (p->n_pending > 0 && p->n_chains < 2 * p->graph->o.requests) {
        struct pending one = p->pending[--p->n_pending];
        CLEANUP(free) char *id = one.id;
        CLEANUP(free) char *link = one.link;
        struct chain *c = NULL;
        struct failure why = {0};
        if (!link) /* read from its start: what the row brought does not count */
            snapshot_reset_waiting(p->builder, id);
        if (walk_add(p, LIST_WAITING, id, link, &c) >= 0)
            return c;
        (void)failure_oom(&why);
        walk_fail(p, &why, LIST_WAITING, "");
    }
    return NULL;
}

/* ---- signing in ---- */

static void give_up_until(struct poll *p, usec_t until, struct failure *why)
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
        p->sign_ins = 0;
        return;
    }
    if (token_usable(g, now)) { /* renewed ahead of time: the old one still serves */
        p->early_failed = true;
        token_keep_for(g, EARLY_AGAIN, now);
        return;
    }
    bool again = why.kind == FAILURE_TRANSIENT || why.kind == FAILURE_THROTTLED;
    if (why.kind == FAILURE_THROTTLED)
        p->report.throttled++;
    if (!again || p->sign_ins++ >= RETRIES_MAX) {
        walk_fail(p, &why, LIST_COUNT_, t->correlation_id);
        walk_end(p, NULL);
        return;
    }
    usec_t wait = why.retry_after ? why.retry_after
                                  : retry_backoff(p->sign_ins - 1, g->backoff, RETRY_CAP, graph_dice());
    p->sign_in_at_mono = now + wait;
    if (wait < left(p, now))
        return;
    if (why.kind == FAILURE_THROTTLED)
        give_up_until(p, now + wait, &why);
    else
        walk_end(p, &why);
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
    if (token_ask(g, p->claims, left(p, now), on_token, p, &failed.failure) >= 0) {
        p->report.requests++;
        return false;
    }
    signed_in(p, &failed);
    return !p->ended && token_usable(g, now);
}

/* ---- what came back ---- */

static void chain_again(struct chain *c, usec_t not_before)
{
    c->not_before_mono = not_before;
    chain_append(&c->poll->soon, c);
}

/* Not obtained, but it may be next time: a few tries within the poll. */
static void chain_retry(struct chain *c, const struct failure *why, const struct http_answer *a)
{
    struct poll *p = c->poll;
    usec_t now = now_mono();
    usec_t wait = retry_backoff(c->retries, p->graph->backoff, RETRY_CAP, graph_dice());
    if (c->retries >= RETRIES_MAX || wait >= left(p, now)) {
        chain_failed(c, why, a->status, a->request_id);
        return;
    }
    p->trouble = *why;
    c->retries++;
    c->fresh_connection = a->status == 0; /* the one it had may be half dead */
    chain_again(c, now + wait);
}

/* One request at a time from now on, and none before the service wants one. Requests that are sent
 * while throttled count against us, so what does not fit into this poll waits for a later one. */
static void chain_throttled(struct chain *c, const struct http_answer *a)
{
    struct poll *p = c->poll;
    usec_t now = now_mono(), wait = a->retry_after;
    struct failure why = {0};
    words_of_answer(c->list, a, &why);
    p->report.throttled++;
    p->limit = 1;
    if (a->retry_after_clamped)
        poll_note(p, "Graph's Retry-After was beyond 1 s to 1 h and was clamped to %llu s",
                  (unsigned long long)(wait / USEC_PER_SEC));
    if (wait == 0) {
        if (c->retries++ >= RETRIES_MAX) {
            chain_failed(c, &why, a->status, a->request_id);
            return;
        }
        usec_t base = p->graph->backoff < THROTTLE_BASE ? p->graph->backoff : THROTTLE_BASE;
        wait = retry_backoff(p->holds++, base, THROTTLE_CAP, graph_dice());
    }
    if (now + wait > p->hold_until_mono)
        p->hold_until_mono = now + wait;
    c->fresh_connection = a->status == 503; /* page "Best practices": an overloaded instance stays so */
    chain_again(c, p->hold_until_mono);
    if (p->hold_until_mono >= p->deadline_mono)
        give_up_until(p, p->hold_until_mono, &why);
}

/* All pages in flight share one renewal: those that were refused with an older token just go again. */
static void chain_unauthorized(struct chain *c, const struct http_answer *a)
{
    struct poll *p = c->poll;
    struct graph *g = p->graph;
    char claims[CLAIMS_MAX];
    if (c->generation != g->token.generation || !g->token.bearer) {
        chain_again(c, 0);
        return;
    }
    token_forget(g); /* also when it is over: the next poll signs in anew */
    if (p->renewals++ > 0) {
        struct failure why = {0};
        words_of_answer(c->list, a, &why);
        walk_fail(p, &why, c->list, a->request_id);
        walk_end(p, NULL);
        chain_again(c, 0);
        return;
    }
    if (challenge_claims(a->www_authenticate, claims) >= 0) {
        free(TAKE(p->claims));
        (void)text_copy(claims, &p->claims); /* without them the sign-in is refused and says so */
    }
    chain_again(c, 0);
}

/* The service refuses the query as such: leave one option out and remember what worked. A 501 can
 * mean an option or the whole API: the bare query tells. */
static bool chain_degrade(struct chain *c, int status)
{
    struct learnt *l = &c->poll->graph->learnt;
    if (!c->first_page)
        return false;
    int last = query_last_step(c->list);
    int next = l->step[c->list] > c->step ? l->step[c->list] /* another list has found out */
               : status == 501           ? last
                                         : query_next_step(c->list, c->step);
    if (next <= c->step) {
        if (!l->proven[c->list])
            l->step[c->list] = last; /* no series of refusals again at every poll */
        return false;
    }
    c->step = next;
    if (chain_first_url(c) < 0)
        return false;
    chain_again(c, 0);
    return true;
}

static void learn_step(struct chain *c)
{
    struct learnt *l = &c->poll->graph->learnt;
    if (!c->first_page)
        return;
    if (c->step != l->step[c->list] || (c->step > 0 && !l->proven[c->list]))
        poll_note(c->poll, "%s is refused with %s, which the daemon leaves out from now on",
                  query_call(c->list), query_options(query_dropped(c->step)));
    l->step[c->list] = c->step;
    l->proven[c->list] = true;
}

static void chain_follow(struct chain *c, char *link)
{
    struct failure why = {0};
    int r = origin_check(chain_origin(c), link, &why);
    int again = r < 0 ? 0 : seen_add(&c->links, link);
    if (r >= 0 && again == 1)
        r = failure_set(&why, FAILURE_PROTOCOL, ELOOP, "the link to the next page came twice");
    else if (r >= 0 && again < 0)
        r = failure_oom(&why);
    else if (r >= 0 && c->pages >= c->poll->graph->pages_max)
        r = failure_set(&why, FAILURE_PROTOCOL, EFBIG, "more than %zu pages",
                        c->poll->graph->pages_max);
    if (r < 0) {
        free(link);
        (void)failure_prefix(&why, r, "%s", query_call(c->list));
        chain_failed(c, &why, 200, "");
        return;
    }
    free(c->url);
    c->url = link; /* byte for byte */
    c->first_page = false;
    c->retries = 0;
    chain_again(c, 0);
}

static void chain_got_page(struct chain *c, const struct http_answer *a)
{
    struct poll *p = c->poll;
    struct failure why = {0};
    char *link = NULL;
    if (!words_is_json(a->content_type)) {
        words_of_wrong_type(c->list, a, &why);
        chain_retry(c, &why, a);
        return;
    }
    int r = poll_page(c, a->body, a->body_len, &link, &why);
    if (r < 0) {
        (void)failure_prefix(&why, r, "%s", query_call(c->list));
        if (why.kind == FAILURE_PROTOCOL)
            chain_retry(c, &why, a);
        else
            chain_failed(c, &why, a->status, a->request_id);
        return;
    }
    p->holds = 0;
    c->pages++;
    learn_step(c);
    if (link) {
        chain_follow(c, link);
        return;
    }
    poll_list_ended(c);
    chain_free(c);
}

static void note_clock(struct poll *p, const struct http_answer *a)
{
    if (a->date_at == 0)
        return;
    usec_t now_at = clock_now().at;
    p->report.skew_known = true;
    p->report.skew_seconds = ((int64_t)now_at - (int64_t)a->date_at) / (int64_t)USEC_PER_SEC;
}

/* A page larger than the limit: most likely pools with thousands of members each, expanded. */
static void chain_too_large(struct chain *c)
{
    struct learnt *l = &c->poll->graph->learnt;
    unsigned with = query_dropped(l->step[c->list]);
    if (c->list != LIST_ALLOTMENTS || with & OPTION_EXPAND)
        return;
    int step = query_next_step(c->list, 0);
    while (step >= 0 && query_dropped(step) != (with | OPTION_EXPAND))
        step = query_next_step(c->list, step);
    assert(step >= 0);
    l->step[c->list] = step;
    poll_note(c->poll, "pages with expanded waiting lists are too large; from the next poll on each "
                       "pool's list is read by itself");
}

static void sort_out(struct chain *c, const struct http_answer *a)
{
    struct failure why = {0};
    if (a->status == 200) {
        chain_got_page(c, a);
        return;
    }
    if (a->status == 401) {
        chain_unauthorized(c, a);
        return;
    }
    if ((a->status == 400 || a->status == 501) && chain_degrade(c, a->status))
        return;
    if (a->status / 100 == 2)
        (void)failure_set(&why, FAILURE_PROTOCOL, EBADMSG, "%s: HTTP %d, which is no page",
                          query_call(c->list), a->status);
    else
        words_of_answer(c->list, a, &why);
    if (a->status == 0 && why.kind == FAILURE_PROTOCOL && a->body_len > 0)
        chain_too_large(c);
    if (why.kind == FAILURE_THROTTLED)
        chain_throttled(c, a);
    else if (why.kind == FAILURE_TRANSIENT)
        chain_retry(c, &why, a);
    else
        chain_failed(c, &why, a->status, a->request_id);
}

static void on_page(void *userdata, const struct http_answer *a)
{
    struct chain *c = userdata;
    struct poll *p = c->poll;
    struct failure why = {0};
    http_request_free(TAKE(c->request));
    p->n_flying--;
    chain_unlink(c);
    p->report.bytes += a->wire_bytes;
    p->bytes += a->body_len;
    note_clock(p, a);
    sort_out(c, a);
    if (p->bytes > p->graph->bytes_max) {
        (void)failure_set(&why, FAILURE_PROTOCOL, EFBIG, "more than %llu bytes in one poll",
                          (unsigned long long)p->graph->bytes_max);
        walk_end(p, &why);
    }
    walk_pump(p);
}

/* ---- the pump ---- */

static usec_t next_event(const struct poll *p, bool token, usec_t now)
{
    usec_t at = p->deadline_mono;
    if (!token && !p->graph->token.request && p->sign_in_at_mono > now && p->sign_in_at_mono < at)
        at = p->sign_in_at_mono;
    if (!token || p->n_flying >= p->limit)
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
    walk_end(p, &why);
}

void walk_pump(struct poll *p)
{
    usec_t now = now_mono();
    check_deadline(p, now);
    bool token = !p->ended && p->n_chains + p->n_pending > 0 && have_token(p, now);
    while (!p->ended && token && p->n_flying < p->limit && now >= p->hold_until_mono) {
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
