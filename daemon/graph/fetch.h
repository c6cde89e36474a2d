/* SPDX-License-Identifier: MIT */
/* graph/fetch.h: the loop that reads from Graph, for polls, look-ups, --check-access and the
 * application's entry.
 *
 * A list is read page by page; at most one of its pages is in flight. The loop signs in, renews the
 * token once after a 401 (with the requested claims), obeys pace and Retry-After, repeats transient
 * failures, omits query options that the service refuses, checks each link for origin and
 * repetition, bounds bodies, pages, bytes and time, and describes every failure. Callers choose the
 * lists, decode the pages, and decide what an end or a failure means.
 *
 * Callbacks come from the event loop. They may add lists, end the loop and clear it, but only
 * `done` may free it. */
#pragma once
#include "graph/fetch_list.h"

#define RETRIES_MAX 4 /* of one page in a poll */

struct fetch_calls { /* all but page, failed and done may be NULL */
    /* Adds a list with fetch_add, or returns false. The loop is done when this returns false and
     * all lists have ended. NULL: always false. */
    bool (*more)(struct fetch *f);
    /* The URL of a list's first page without the options in `dropped`, for free(). NULL: no memory */
    char *(*url)(const struct fetch_list *l, unsigned dropped);
    /* Decodes a page, as the decoders of page.h do. kind PROTOCOL: the page is repeated. */
    int (*page)(struct fetch_list *l, const char *bytes, size_t len, struct page *ret,
                struct failure *ret_failure);
    void (*ended)(struct fetch_list *l); /* read to the end; it is freed afterwards */
    /* A list is given up; it is freed afterwards. `l` NULL: all lists are. */
    void (*failed)(struct fetch *f, struct fetch_list *l, const struct fetch_failed *why);
    void (*done)(struct fetch *f); /* last callback: may free the loop */
};

struct fetch {
    struct graph *graph;
    const struct fetch_calls *calls;
    void *userdata;
    struct instant began;
    /* May be set between fetch_begin and the first callback, or later. */
    usec_t deadline_mono; /* of the whole loop */
    char late[96];        /* failure text when the deadline passes */
    bool signs_in;        /* false: uses the cached token only; a 401 is a failure */
    bool renews_early;    /* renews the token before it expires */
    unsigned retries_max; /* of one page, or of the sign-in; 0 also means: no wait when throttled */
    unsigned lists_max;   /* begun at once */
    size_t pages_max;     /* of one list */
    usec_t hold_until_mono; /* throttled: nothing is sent before */

    struct graph_report report; /* all but `complete` and `failure` */
    struct failure last_failure; /* of the last repeated page or sign-in; text "": none */
    bool ended;
    /* Queues: continuations and repeated pages; new lists; lists with a page in flight. */
    struct fetch_list *resumed, *work, *in_flight;
    unsigned n_lists, n_in_flight;
    unsigned holds; /* consecutive throttled answers without Retry-After */
    usec_t sign_in_at_mono;
    unsigned sign_ins, renewals;
    bool early_failed; /* early renewal failed; the old token is still valid */
    char *claims;
    bool dates_differ; /* Date headers contradict each other */
    uint64_t bytes;    /* decoded */
    sd_event_source *begin, *wake;
};

/* An empty loop that reads one list at a time, without retries, within `timeout`. Lists may be
 * added before the first callback. kind LOCAL. */
int fetch_begin(struct fetch *f, struct graph *g, const struct fetch_calls *calls, void *userdata,
                usec_t timeout, struct failure *ret_failure);
/* A further list. `id` and `link` are copied; `link` is where to begin, NULL: at calls->url.
 * -ENOMEM; *ret may be NULL. */
int fetch_add(struct fetch *f, const struct fetch_ask *ask, int list, const char *id,
              const char *link, struct fetch_list **ret);
/* Ends the loop; lists under way are dropped when `done` returns. `why` goes to `failed`; NULL. */
void fetch_end(struct fetch *f, const struct failure *why);
/* The same, because of a Retry-After that ends then. */
void fetch_give_up_until(struct fetch *f, usec_t until_mono, struct failure *why);
void fetch_drop_lists(struct fetch *f);
void fetch_fail_all(struct fetch *f, const struct failure *why); /* to `failed`; ends nothing */
usec_t fetch_left(const struct fetch *f, usec_t now_mono);       /* until the deadline */
void fetch_clear(struct fetch *f); /* ends it without a callback and frees what is inside */
void fetch_note(struct fetch *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
