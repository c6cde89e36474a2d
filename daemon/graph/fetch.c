/* SPDX-License-Identifier: MIT */
/* graph/fetch.c: the fetch loop: decides which page is sent next, keeps the token fresh, enforces
 * the deadline.
 *
 * The longest chain of pages decides how long a poll takes (measured: 17.0 s against 10.1 s for a
 * thousand pools), so continuations go before new lists. Every event handler ends with pump(): it
 * sends what may be sent, arms the one timer, or ends the loop. */
#include "graph/fetch.h"

#include "graph/internal.h"
#include "graph/response.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define EARLY_AGAIN USEC_PER_MINUTE /* after a failed early renewal */

/* ---- sending ---- */

static void on_answer(void *userdata, const struct http_answer *a);

static void send_page(struct fetch_list *l, usec_t now)
{
    struct fetch *f = l->fetch;
    struct fetch_failed why = {0};
    fetch_list_unlink(l);
    int r = call_start(f->graph, &l->ask, l->url, fetch_left(f, now), l->fresh_connection, on_answer,
                       l, &l->request, &why.failure);
    if (r < 0) {
        (void)failure_prefix(&why.failure, r, "%s", l->ask.call);
        fetch_list_fail(l, &why);
        return;
    }
    fetch_list_append(&f->in_flight, l);
    f->n_in_flight++;
    f->report.requests++;
    l->generation = f->graph->token.generation;
    l->fresh_connection = false;
}

static bool add_more(struct fetch *f)
{
    return f->calls->more && f->calls->more(f);
}

/* Repeated and following pages first, then new lists; a further list is added only when both queues
 * are empty. */
static struct fetch_list *next_ready(struct fetch *f, usec_t now)
{
    for (struct fetch_list *l = f->resumed; l; l = l->next)
        if (l->not_before_mono <= now)
            return l;
    if (!f->work && f->n_lists < f->lists_max)
        (void)add_more(f);
    return f->work;
}

/* ---- signing in ---- */

static void pump(struct fetch *f);

static void signed_in(struct fetch *f, const struct token_result *t)
{
    struct graph *g = f->graph;
    usec_t now = clock_now().mono;
    struct failure why = t->failure;
    if (t->ok) {
        if (f->sign_ins > 0)
            f->last_failure.text[0] = '\0';
        f->sign_ins = 0;
        f->report.at_sign_in = false;
        return;
    }
    if (token_usable(g, now)) { /* early renewal failed: the old token is still valid */
        f->early_failed = true;
        f->report.renewal = why;
        token_keep_for(g, EARLY_AGAIN, now);
        return;
    }
    bool again = why.kind == FAILURE_TRANSIENT || why.kind == FAILURE_THROTTLED ||
                 why.kind == FAILURE_UNAVAILABLE;
    f->report.at_sign_in = true; /* until a token is obtained */
    if (why.kind == FAILURE_THROTTLED)
        f->report.throttled++;
    if (!again || f->sign_ins++ >= f->retries_max) {
        struct fetch_failed failed = {.failure = why, .status = t->status, .consent = t->consent};
        memcpy(failed.request_id, t->correlation_id, sizeof failed.request_id);
        f->calls->failed(f, NULL, &failed);
        fetch_end(f, NULL);
        return;
    }
    if (f->sign_ins == 1) /* the last attempt may only report the timeout */
        f->last_failure = why;
    usec_t wait = call_backoff(f->sign_ins - 1, g->backoff, RETRY_CAP);
    wait = why.retry_after > wait ? why.retry_after : wait;
    f->sign_in_at_mono = now + wait;
    if (wait < fetch_left(f, now))
        return;
    if (why.retry_after > 0)
        fetch_give_up_until(f, now + wait, &why);
    else
        fetch_end(f, &f->last_failure);
}

static void on_token(void *userdata, const struct token_result *t)
{
    struct fetch *f = userdata;
    f->report.bytes += t->wire_bytes;
    signed_in(f, t);
    pump(f);
}

/* True: a token can be sent. False: one is requested, or will be later, or the loop has ended. */
static bool have_token(struct fetch *f, usec_t now)
{
    struct graph *g = f->graph;
    struct token_result failed = {0};
    bool usable = token_usable(g, now);
    if (!f->signs_in) {
        if (!usable) {
            (void)failure_set(&failed.failure, FAILURE_TRANSIENT, EAGAIN, "there is no token");
            fetch_end(f, &failed.failure);
        }
        return usable;
    }
    if (g->token.request)
        return false;
    if (usable && (!f->renews_early || f->early_failed || !token_due(g, now)))
        return true;
    if (now < f->sign_in_at_mono)
        return false;
    if (token_ask(g, f->claims, fetch_left(f, now), on_token, f, &failed.failure) >= 0) {
        f->report.requests++;
        return false;
    }
    signed_in(f, &failed);
    return !f->ended && token_usable(g, now);
}

/* ---- the pump ---- */

static usec_t next_event(const struct fetch *f, bool token, usec_t now)
{
    usec_t at = f->deadline_mono;
    if (!token && !f->graph->token.request && f->sign_in_at_mono > now && f->sign_in_at_mono < at)
        at = f->sign_in_at_mono;
    if (!token || f->n_in_flight >= f->graph->pace.limit)
        return at;
    if (f->hold_until_mono > now)
        return f->hold_until_mono < at ? f->hold_until_mono : at;
    for (const struct fetch_list *l = f->resumed; l; l = l->next)
        if (l->not_before_mono < at)
            at = l->not_before_mono;
    return at;
}

static void check_deadline(struct fetch *f, usec_t now)
{
    struct failure why = {0};
    if (f->ended || now < f->deadline_mono)
        return;
    if (f->last_failure.text[0]) /* explains more than the timeout */
        fetch_fail_all(f, &f->last_failure);
    (void)failure_set(&why, FAILURE_TRANSIENT, ETIMEDOUT, "%s", f->late);
    f->report.at_sign_in |= f->graph->token.request && !token_usable(f->graph, now);
    fetch_end(f, &why);
}

static bool has_work(struct fetch *f)
{
    return !f->ended && (f->n_lists > 0 || (add_more(f) && !f->ended));
}

/* Cancels the sign-in, because `done` may free the loop that it calls back. */
static void all_done(struct fetch *f)
{
    if (f->signs_in)
        token_cancel(f->graph);
    f->calls->done(f);
}

static void pump(struct fetch *f)
{
    usec_t now = clock_now().mono;
    check_deadline(f, now);
    bool token = has_work(f) && have_token(f, now);
    while (token && !f->ended && f->n_in_flight < f->graph->pace.limit &&
           now >= f->hold_until_mono) {
        struct fetch_list *l = next_ready(f, now);
        if (!l)
            break;
        send_page(l, now);
    }
    if (!has_work(f)) {
        all_done(f);
        return;
    }
    int r = sd_event_source_set_time(f->wake, next_event(f, token, now));
    if (r >= 0)
        r = sd_event_source_set_enabled(f->wake, SD_EVENT_ONESHOT);
    if (r < 0) {
        struct failure why = {0};
        (void)failure_set(&why, FAILURE_LOCAL, -r, "event loop: %s", strerror(-r));
        fetch_end(f, &why);
        all_done(f);
    }
}

/* ---- the answer ---- */

static void on_answer(void *userdata, const struct http_answer *a)
{
    struct fetch_list *l = userdata;
    struct fetch *f = l->fetch;
    http_request_free(TAKE(l->request));
    f->n_in_flight--;
    fetch_list_unlink(l);
    response_handle(l, a);
    pump(f);
}

/* ---- begin ---- */

static int on_begin(sd_event_source *s, void *userdata)
{
    (void)s;
    pump(userdata);
    return 0;
}

static int on_wake(sd_event_source *s, uint64_t due, void *userdata)
{
    (void)s;
    (void)due;
    pump(userdata);
    return 0;
}

int fetch_begin(struct fetch *f, struct graph *g, const struct fetch_calls *calls, void *userdata,
                usec_t timeout, struct failure *ret_failure)
{
    struct instant now = clock_now();
    *f = (struct fetch){
        .graph = g,
        .calls = calls,
        .userdata = userdata,
        .began = now,
        .deadline_mono = now.mono + timeout,
        .lists_max = 1,
        .pages_max = g->pages_max,
    };
    (void)snprintf(f->late, sizeof f->late, "there was no answer within %llu s",
                   (unsigned long long)(timeout / USEC_PER_SEC));
    int r =
        sd_event_add_time(g->event, &f->wake, CLOCK_BOOTTIME, f->deadline_mono, 1000, on_wake, f);
    if (r >= 0) /* so that no callback comes from inside fetch_begin */
        r = sd_event_add_defer(g->event, &f->begin, on_begin, f);
    if (r < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, -r, "event loop: %s", strerror(-r));
    (void)sd_event_source_set_description(f->wake, "graph-wake");
    (void)sd_event_source_set_description(f->begin, "graph-begin");
    return 0;
}
