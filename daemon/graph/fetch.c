/* SPDX-License-Identifier: MIT */
/* graph/fetch.c: lists and their queues, the token, and what is sent when.
 *
 * The longest chain of pages decides how long a poll takes (measured: 17.0 s against 10.1 s for a
 * thousand pools), so continuations go before new lists. Whoever has changed something calls
 * fetch_pump last: it sends what may be sent, arms the one timer, or ends the loop. */
#include "graph/internal.h"

#include "base/digest.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define EARLY_AGAIN USEC_PER_MINUTE /* after a renewal ahead of time has failed */

static usec_t now_mono(void)
{
    return clock_now().mono;
}

/* ---- lists and their queues ---- */

void fetch_unlink(struct fetch_list *l)
{
    if (!l->pprev)
        return;
    *l->pprev = l->next;
    if (l->next)
        l->next->pprev = l->pprev;
    l->next = NULL;
    l->pprev = NULL;
}

/* Queues are short: `lists_max` bounds them. */
static void append(struct fetch_list **queue, struct fetch_list *l)
{
    assert(!l->pprev);
    while (*queue)
        queue = &(*queue)->next;
    l->pprev = queue;
    *queue = l;
}

void fetch_again(struct fetch_list *l, usec_t not_before_mono)
{
    l->not_before_mono = not_before_mono;
    append(&l->fetch->soon, l);
}

void fetch_list_free(struct fetch_list *l)
{
    if (!l)
        return;
    fetch_unlink(l);
    if (l->request) {
        http_request_free(l->request);
        l->fetch->n_flying--;
    }
    l->fetch->n_lists--;
    free(l->id);
    free(l->url);
    id_set_free(&l->links);
    id_set_free(&l->ids);
    free(l);
}

const struct origin *fetch_origin(const struct fetch_list *l)
{
    return l->ask.fallback ? &l->fetch->graph->fallback : &l->fetch->graph->api;
}

int fetch_first_url(struct fetch_list *l)
{
    char *url = l->fetch->calls->url(l, query_dropped(l->step));
    if (!url)
        return -ENOMEM;
    free(l->url);
    l->url = url;
    return 0;
}

int fetch_add(struct fetch *f, const struct fetch_ask *ask, int what, const char *id,
              const char *link, struct fetch_list **ret)
{
    CLEANUP(fetch_list_free) struct fetch_list *l = calloc(1, sizeof *l);
    if (!l)
        return -ENOMEM;
    l->fetch = f;
    f->n_lists++;
    l->ask = *ask;
    l->what = what;
    l->step = ask->learnt ? ask->learnt->step : 0;
    l->first_page = !link;
    int r = text_copy(id, &l->id);
    if (r >= 0)
        r = link ? text_copy(link, &l->url) : fetch_first_url(l);
    if (r >= 0)
        r = id_set_add(&l->links, l->url);
    if (r < 0)
        return r;
    append(&f->work, l);
    if (ret)
        *ret = l;
    (void)TAKE(l);
    return 0;
}

void fetch_drop_lists(struct fetch *f)
{
    while (f->flying)
        fetch_list_free(f->flying);
    while (f->soon)
        fetch_list_free(f->soon);
    while (f->work)
        fetch_list_free(f->work);
    assert(f->n_flying == 0);
}

void fetch_clear(struct fetch *f)
{
    fetch_drop_lists(f);
    f->begin = sd_event_source_disable_unref(f->begin);
    f->wake = sd_event_source_disable_unref(f->wake);
    free(TAKE(f->claims));
}

void fetch_note(struct fetch *f, const char *fmt, ...)
{
    char *note = f->report.note;
    size_t used = strlen(note);
    va_list ap;
    if (used > 0 && used + 2 < sizeof f->report.note) {
        memcpy(note + used, "; ", 3);
        used += 2;
    }
    va_start(ap, fmt);
    (void)vsnprintf(note + used, sizeof f->report.note - used, fmt, ap);
    va_end(ap);
}

/* ---- ends ---- */

static void fail_all(struct fetch *f, const struct failure *why)
{
    const struct fetch_failed failed = {.failure = *why};
    f->calls->failed(f, NULL, &failed);
}

void fetch_end(struct fetch *f, const struct failure *why)
{
    if (why)
        fail_all(f, why);
    f->ended = true;
}

void fetch_give_up_until(struct fetch *f, usec_t until_mono, struct failure *why)
{
    usec_t now = now_mono();
    f->report.resume_at_mono = until_mono;
    why->retry_after = until_mono > now ? until_mono - now : 0;
    fetch_end(f, why);
}

void fetch_fail(struct fetch_list *l, const struct fetch_failed *why)
{
    l->fetch->calls->failed(l->fetch, l, why);
    fetch_list_free(l);
}

usec_t fetch_left(const struct fetch *f, usec_t now_mono)
{
    return f->deadline_mono > now_mono ? f->deadline_mono - now_mono : 0;
}

/* ---- sending ---- */

static void send_page(struct fetch_list *l, usec_t now)
{
    struct fetch *f = l->fetch;
    struct graph *g = f->graph;
    usec_t left = fetch_left(f, now);
    char request_id[UUID_TEXT];
    struct fetch_failed why = {0};

    if (uuid_v4(request_id) < 0)
        request_id[0] = '\0'; /* it only helps support */
    /* Digest 7.1. Headers are not remembered by a nextLink: they go with every page. */
    const struct http_header headers[] = {
        {"Accept", "application/json"},
        {"Prefer", "include-unknown-enum-members"},
        {"x-ms-throttle-priority", "low"},
        {"client-request-id", request_id},
    };
    const struct http_call call = {
        .method = "GET",
        .url = l->url,
        .allowed = fetch_origin(l),
        .headers = headers,
        .n_headers = N_ELEMENTS(headers),
        .bearer = g->token.bearer,
        .timeout = left < PAGE_TIMEOUT ? left : PAGE_TIMEOUT,
        .max_body = l->ask.max_body,
        .fresh_connection = l->fresh_connection,
    };
    fetch_unlink(l);
    int r = http_start(g->http, &call, fetch_on_answer, l, &l->request, &why.failure);
    if (r < 0) {
        (void)failure_prefix(&why.failure, r, "%s", l->ask.call);
        fetch_fail(l, &why);
        return;
    }
    append(&f->flying, l);
    f->n_flying++;
    f->report.requests++;
    l->generation = g->token.generation;
    l->fresh_connection = false;
}

static bool add_more(struct fetch *f)
{
    return f->calls->more && f->calls->more(f);
}

/* Repeated and following pages first, then lists that are begun, then lists still to begin:
 * as long as the begun ones keep the connections busy, no further one is. */
static struct fetch_list *next_ready(struct fetch *f, usec_t now)
{
    for (struct fetch_list *l = f->soon; l; l = l->next)
        if (l->not_before_mono <= now)
            return l;
    if (!f->work && f->n_lists < f->lists_max)
        (void)add_more(f);
    return f->work;
}

/* ---- signing in ---- */

static void signed_in(struct fetch *f, const struct token_result *t)
{
    struct graph *g = f->graph;
    usec_t now = now_mono();
    struct failure why = t->failure;
    if (t->ok) {
        if (f->sign_ins > 0)
            f->trouble.text[0] = '\0'; /* that is over */
        f->sign_ins = 0;
        f->report.at_sign_in = false;
        return;
    }
    if (token_usable(g, now)) { /* renewed ahead of time: the old one still serves */
        f->early_failed = true;
        f->report.renewal = why;
        token_keep_for(g, EARLY_AGAIN, now);
        return;
    }
    bool again = why.kind == FAILURE_TRANSIENT || why.kind == FAILURE_THROTTLED ||
                 why.kind == FAILURE_UNAVAILABLE;
    f->report.at_sign_in = true; /* until there is a token */
    if (why.kind == FAILURE_THROTTLED)
        f->report.throttled++;
    if (!again || f->sign_ins++ >= f->retries_max) {
        struct fetch_failed failed = {.failure = why, .status = t->status, .consent = t->consent};
        memcpy(failed.request_id, t->correlation_id, sizeof failed.request_id);
        f->calls->failed(f, NULL, &failed);
        fetch_end(f, NULL);
        return;
    }
    if (f->sign_ins == 1) /* the last attempt may only say that the time is over */
        f->trouble = why;
    usec_t wait = retry_backoff(f->sign_ins - 1, g->backoff, RETRY_CAP, graph_dice());
    wait = why.retry_after > wait ? why.retry_after : wait;
    f->sign_in_at_mono = now + wait;
    if (wait < fetch_left(f, now))
        return;
    if (why.retry_after > 0)
        fetch_give_up_until(f, now + wait, &why);
    else
        fetch_end(f, &f->trouble);
}

static void on_token(void *userdata, const struct token_result *t)
{
    struct fetch *f = userdata;
    f->report.bytes += t->wire_bytes;
    signed_in(f, t);
    fetch_pump(f);
}

/* True: there is a token to send. Else one is on its way, or due later, or the loop has ended. */
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
    if (!token || f->n_flying >= f->graph->pace.limit)
        return at;
    if (f->hold_until_mono > now)
        return f->hold_until_mono < at ? f->hold_until_mono : at;
    for (const struct fetch_list *l = f->soon; l; l = l->next)
        if (l->not_before_mono < at)
            at = l->not_before_mono;
    return at;
}

static void check_deadline(struct fetch *f, usec_t now)
{
    struct failure why = {0};
    if (f->ended || now < f->deadline_mono)
        return;
    if (f->trouble.text[0]) /* the better explanation */
        fail_all(f, &f->trouble);
    (void)failure_set(&why, FAILURE_TRANSIENT, ETIMEDOUT, "%s", f->late);
    f->report.at_sign_in |= f->graph->token.request && !token_usable(f->graph, now);
    fetch_end(f, &why);
}

static bool has_work(struct fetch *f)
{
    return !f->ended && (f->n_lists > 0 || (add_more(f) && !f->ended));
}

/* The sign-in under way is this loop's, which is about to be freed. */
static void all_done(struct fetch *f)
{
    if (f->signs_in)
        token_cancel(f->graph);
    f->calls->done(f);
}

void fetch_pump(struct fetch *f)
{
    usec_t now = now_mono();
    check_deadline(f, now);
    bool token = has_work(f) && have_token(f, now);
    while (token && !f->ended && f->n_flying < f->graph->pace.limit && now >= f->hold_until_mono) {
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

/* ---- the way in ---- */

static int on_begin(sd_event_source *s, void *userdata)
{
    (void)s;
    fetch_pump(userdata);
    return 0;
}

static int on_wake(sd_event_source *s, uint64_t due, void *userdata)
{
    (void)s;
    (void)due;
    fetch_pump(userdata);
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
    if (r >= 0) /* from the event loop, so that no callback ever comes from inside here */
        r = sd_event_add_defer(g->event, &f->begin, on_begin, f);
    if (r < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, -r, "event loop: %s", strerror(-r));
    (void)sd_event_source_set_description(f->wake, "graph-wake");
    (void)sd_event_source_set_description(f->begin, "graph-begin");
    return 0;
}
