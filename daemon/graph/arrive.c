/* SPDX-License-Identifier: MIT */
/* graph/arrive.c: a page has arrived, or something else instead of it: take it, ask again, wait,
 * ask for less, sign in anew, or give the list up. */
#include "graph/inside.h"

#include <assert.h>
#include <errno.h>

#define THROTTLE_BASE (2 * USEC_PER_SEC)
#define THROTTLE_CAP (300 * USEC_PER_SEC)
#define DATES_APART 300 /* seconds; answers of one poll that differ by more are not believed */

/* Not obtained, but it may be next time: a few tries within the poll. */
static void chain_retry(struct chain *c, const struct failure *why, const struct http_answer *a)
{
    struct poll *p = c->poll;
    usec_t now = clock_now().mono;
    usec_t wait = retry_backoff(c->retries, p->graph->backoff, RETRY_CAP, graph_dice());
    if (c->retries >= RETRIES_MAX || wait >= walk_left(p, now)) {
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
    usec_t now = clock_now().mono, wait = a->retry_after;
    struct failure why = {0};
    words_of_answer(c->list, a, &why);
    p->report.throttled++;
    if (a->retry_after_clamped)
        poll_note(p, "Graph's Retry-After was beyond 1 s to 1 h and was clamped to %llu s",
                  (unsigned long long)(wait / USEC_PER_SEC));
    if (wait == 0) {
        if (c->retries++ >= RETRIES_MAX) {
            pace_throttled(&p->graph->pace, now);
            chain_failed(c, &why, a->status, a->request_id);
            return;
        }
        usec_t base = p->graph->backoff < THROTTLE_BASE ? p->graph->backoff : THROTTLE_BASE;
        wait = retry_backoff(p->holds++, base, THROTTLE_CAP, graph_dice());
    }
    pace_throttled(&p->graph->pace, now + wait);
    p->hold_until_mono = p->graph->pace.not_before_mono;
    c->fresh_connection =
        a->status == 503; /* page "Best practices": an overloaded instance stays so */
    chain_again(c, p->hold_until_mono);
    if (p->hold_until_mono >= p->deadline_mono)
        walk_give_up_until(p, p->hold_until_mono, &why);
}

/* All pages in flight share one renewal: those that were refused with an older token just go again.
 */
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
               : status == 501            ? last
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
    if (pace_answered(&p->graph->pace, a->load_percent))
        poll_note(p, "Graph says that %u %% of a limit are used: at most %u requests at once",
                  a->load_percent, p->graph->pace.limit);
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
    /* By the clock that the snapshot's time is from: it may have been set while the poll ran. */
    usec_t now_at = p->began.at + clock_now().mono - p->began.mono;
    int64_t skew = ((int64_t)now_at - (int64_t)a->date_at) / (int64_t)USEC_PER_SEC;
    /* How long people have waited is judged by this: one odd Date must not age them by years. */
    if (p->report.skew_known && llabs(p->report.skew_seconds - skew) > DATES_APART)
        p->dates_differ = true;
    p->report.skew_seconds = skew;
    p->report.skew_known = !p->dates_differ;
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
    poll_note(c->poll,
              "pages with expanded waiting lists are too large; from the next poll on each "
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

void on_page(void *userdata, const struct http_answer *a)
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
