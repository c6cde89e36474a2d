/* SPDX-License-Identifier: MIT */
/* graph/response.c: decides by status and body what follows an answer: take the page, repeat it,
 * wait, omit a query option, renew the token, or give the list up. */
#include "graph/response.h"

#include "graph/challenge.h"
#include "graph/error_text.h"
#include "graph/internal.h"
#include "graph/query.h"
#include "graph/secrets.h"

#include <errno.h>
#include <string.h>

#define THROTTLE_BASE (2 * USEC_PER_SEC)
#define THROTTLE_CAP (300 * USEC_PER_SEC)
#define DATES_APART 300 /* seconds; Dates of one poll that differ by more are ignored */

/* A transient failure: repeats the page a few times before the deadline. */
static void retry(struct fetch_list *l, const struct fetch_failed *why)
{
    struct fetch *f = l->fetch;
    usec_t now = clock_now().mono;
    usec_t wait = call_backoff(l->retries, f->graph->backoff, RETRY_CAP);
    if (l->retries >= f->retries_max || wait >= fetch_left(f, now)) {
        fetch_list_fail(l, why);
        return;
    }
    f->last_failure = why->failure;
    l->retries++;
    l->fresh_connection = why->status == 0; /* the old connection may be broken */
    fetch_list_again(l, now + wait);
}

/* Sends nothing before Retry-After ends, and then one request at a time. Requests that are sent
 * while throttled count against the limit, so a poll that cannot wait ends here. */
static void throttled(struct fetch_list *l, const struct http_answer *a, struct fetch_failed *why)
{
    struct fetch *f = l->fetch;
    usec_t now = clock_now().mono, wait = a->retry_after;
    f->report.throttled++;
    if (f->retries_max == 0) { /* the caller decides whether to wait */
        fetch_list_fail(l, why);
        return;
    }
    if (a->retry_after_clamped)
        fetch_note(f, "Graph's Retry-After was beyond 1 s to 1 h and was clamped to %llu s",
                   (unsigned long long)(wait / USEC_PER_SEC));
    if (wait == 0) {
        if (l->retries++ >= f->retries_max) {
            pace_throttled(&f->graph->pace, now);
            fetch_list_fail(l, why);
            return;
        }
        usec_t base = f->graph->backoff < THROTTLE_BASE ? f->graph->backoff : THROTTLE_BASE;
        wait = call_backoff(f->holds++, base, THROTTLE_CAP);
    }
    pace_throttled(&f->graph->pace, now + wait);
    f->hold_until_mono = f->graph->pace.not_before_mono;
    l->fresh_connection =
        a->status == 503; /* page "Best practices": avoid the overloaded instance */
    fetch_list_again(l, f->hold_until_mono);
    if (f->hold_until_mono >= f->deadline_mono)
        fetch_give_up_until(f, f->hold_until_mono, &why->failure);
}

/* All pages in flight share one renewal; pages that were refused with an older token are repeated.
 * A second refusal ends the loop. */
static void unauthorized(struct fetch_list *l, const struct http_answer *a)
{
    struct fetch *f = l->fetch;
    struct graph *g = f->graph;
    struct fetch_failed why = {0};
    char claims[CLAIMS_MAX];
    error_text_of_answer(&l->ask, a, &why);
    secrets_out_of_fetch(g, a, &why);
    if (!why.error.known) {
        retry(l, &why);
        return;
    }
    if (!f->signs_in) {
        fetch_list_fail(l, &why);
        return;
    }
    fetch_list_again(l, 0);
    if (l->generation != g->token.generation || !g->token.bearer)
        return;
    token_forget(g); /* also if the loop ends: the next poll signs in again */
    if (f->renewals++ > 0) {
        f->calls->failed(f, NULL, &why);
        fetch_end(f, NULL);
        return;
    }
    if (challenge_claims(a->www_authenticate, claims) >= 0) {
        free(TAKE(f->claims));
        (void)text_copy(claims, &f->claims); /* out of memory: the sign-in fails without them */
    }
}

/* The service refuses the query: omits one option and remembers what works. A 501 can mean an
 * option or the whole API, so the query is repeated without options. */
static bool degrade(struct fetch_list *l, int status)
{
    struct option_state *o = l->ask.option_state;
    if (!l->first_page)
        return false;
    int last = query_last_step(l->ask.options);
    int next = o && o->step > l->step ? o->step /* another list has found it */
               : status == 501        ? last
                                      : query_next_step(l->ask.options, l->step);
    if (next <= l->step) {
        if (o && !o->proven)
            o->step = last; /* do not repeat the series of refusals in every poll */
        return false;
    }
    l->step = next;
    if (fetch_list_first_url(l) < 0)
        return false;
    fetch_list_again(l, 0);
    return true;
}

static void remember_options(struct fetch_list *l)
{
    struct option_state *o = l->ask.option_state;
    if (!l->first_page || !o)
        return;
    if (l->step != o->step || (l->step > 0 && !o->proven))
        fetch_note(l->fetch, "%s is refused with %s; the daemon omits that from now on",
                   l->ask.call, query_options(query_dropped(l->step)));
    o->step = l->step;
    o->proven = true;
}

/* Takes over `link`. */
static void follow(struct fetch_list *l, const struct http_answer *a, char *link)
{
    struct fetch_failed why = {.status = 200};
    struct failure *f = &why.failure;
    int r = origin_check(call_origin(l->fetch->graph, &l->ask), link, f);
    int again = r < 0 ? 0 : id_set_add(&l->links, link);
    if (r >= 0 && again == 1)
        r = failure_set(f, FAILURE_PROTOCOL, ELOOP, "the link to the next page came twice");
    else if (r >= 0 && again < 0)
        r = failure_oom(f);
    else if (r >= 0 && l->pages >= l->fetch->pages_max)
        r = failure_set(f, FAILURE_PROTOCOL, EFBIG, "more than %zu pages", l->fetch->pages_max);
    if (r < 0) {
        free(link);
        (void)failure_prefix(f, r, "%s", l->ask.call);
        secrets_out_of_fetch(l->fetch->graph, a, &why);
        fetch_list_fail(l, &why);
        return;
    }
    free(l->url);
    l->url = link; /* byte for byte */
    l->first_page = false;
    l->retries = 0;
    fetch_list_again(l, 0);
}

static void take_page(struct fetch_list *l, const struct http_answer *a)
{
    struct fetch *f = l->fetch;
    struct fetch_failed why = {.status = a->status};
    struct page page = {0};
    int r = error_text_expect_json(&l->ask, a, &why);
    if (r >= 0) {
        r = f->calls->page(l, a->body, a->body_len, &page, &why.failure);
        (void)failure_prefix(&why.failure, r, "%s", l->ask.call);
    }
    if (r < 0) {
        text_clean(why.request_id, sizeof why.request_id, a->request_id, strlen(a->request_id));
        secrets_out_of_fetch(f->graph, a, &why);
        if (why.failure.kind == FAILURE_PROTOCOL || why.failure.kind == FAILURE_TRANSIENT)
            retry(l, &why);
        else
            fetch_list_fail(l, &why);
        return;
    }
    f->holds = 0;
    if (pace_answered(&f->graph->pace, a->load_percent))
        fetch_note(f, "Graph says that %u %% of a limit are used: at most %u requests at once",
                   a->load_percent, f->graph->pace.limit);
    l->pages++;
    l->rows += page.n_rows;
    l->lacking += page.n_lacking;
    l->spoiled = l->spoiled || page.spoiled;
    remember_options(l);
    char *link = TAKE(page.next_link);
    page_clear(&page);
    if (link) {
        follow(l, a, link);
        return;
    }
    if (f->calls->ended)
        f->calls->ended(l);
    fetch_list_free(l);
}

/* A Date after 2100 is ignored, as one before this program was written is. */
#define FAR_FUTURE (UINT64_C(4102444800) * USEC_PER_SEC)

static void note_clock(struct fetch *f, const struct http_answer *a)
{
    if (!clock_is_set(a->date_at) || a->date_at >= FAR_FUTURE)
        return;
    /* Measured on the clock at the start of the poll: it may have been set since. */
    usec_t now_at = f->began.at + clock_now().mono - f->began.mono;
    int64_t skew = ((int64_t)now_at - (int64_t)a->date_at) / (int64_t)USEC_PER_SEC;
    /* Waiting times are corrected by this skew: one wrong Date must not add years to them. */
    if (f->report.skew_known && llabs(f->report.skew_seconds - skew) > DATES_APART)
        f->dates_differ = true;
    f->report.skew_seconds = skew;
    f->report.skew_known = !f->dates_differ;
}

static void dispatch(struct fetch_list *l, const struct http_answer *a)
{
    struct fetch_failed why = {0};
    if (a->status == 200) {
        take_page(l, a);
        return;
    }
    if (a->status == 401) {
        unauthorized(l, a);
        return;
    }
    error_text_of_answer(&l->ask, a, &why);
    secrets_out_of_fetch(l->fetch->graph, a, &why);
    bool query = why.error.known &&
                 (a->status == 501 || (a->status == 400 && why.failure.kind == FAILURE_REQUEST));
    if (query && degrade(l, a->status))
        return;
    if (call_is_throttled(a->status))
        throttled(l, a, &why);
    else if (why.failure.kind == FAILURE_TRANSIENT || why.failure.kind == FAILURE_UNAVAILABLE)
        retry(l, &why);
    else
        fetch_list_fail(l, &why);
}

void response_handle(struct fetch_list *l, const struct http_answer *a)
{
    struct fetch *f = l->fetch;
    struct failure why = {0};
    f->report.bytes += a->wire_bytes;
    f->bytes += a->body_len;
    note_clock(f, a);
    dispatch(l, a);
    if (f->bytes > f->graph->bytes_max) {
        (void)failure_set(&why, FAILURE_PROTOCOL, EFBIG, "more than %llu bytes in one poll",
                          (unsigned long long)f->graph->bytes_max);
        fetch_end(f, &why);
    }
}
