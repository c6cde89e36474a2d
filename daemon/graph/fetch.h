/* SPDX-License-Identifier: MIT */
/* graph/fetch.h: the one loop that reads from Graph: polls, look-ups, --check-access and the
 * application's entry all go through it.
 *
 * A list is read page by page; at most one of its pages is in flight. The loop signs in, renews the
 * token once after a 401 (with the claims it asks for), keeps to the pace and to Retry-After,
 * repeats what may pass, leaves out options that the service refuses, checks each link against the
 * origin and against repetition, bounds bodies, pages, bytes and time, and puts every failure into
 * words. Callers say what is asked, decode pages, and decide what an end or a failure means.
 *
 * Callbacks come from the event loop. They may add lists, end the loop and clear it, but only
 * `done` may free it. */
#pragma once
#include "graph/fetch_list.h"

#define RETRIES_MAX 4 /* of one page in a poll */

struct fetch_calls { /* all but page, failed and done may be NULL */
    /* There is room for a list: adds one with fetch_add. False: there is none to add for now. The
     * loop is done when there is none and all lists have ended. */
    bool (*more)(struct fetch *f);
    /* The URL of a list's first page without the options in `dropped`; for free(). NULL: no memory.
     */
    char *(*url)(const struct fetch_list *l, unsigned dropped);
    /* Decodes a page, as the decoders of page.h do. kind PROTOCOL: it is asked for again. */
    int (*page)(struct fetch_list *l, const char *bytes, size_t len, struct page *ret,
                struct failure *ret_failure);
    void (*ended)(struct fetch_list *l); /* read to the end; it is freed afterwards */
    /* A list is given up; it is freed afterwards. `l` NULL: all lists are. */
    void (*failed)(struct fetch *f, struct fetch_list *l, const struct fetch_failed *why);
    void (*done)(struct fetch *f); /* nothing is under way any more: may free the loop */
};

struct fetch {
    struct graph *graph;
    const struct fetch_calls *calls;
    void *userdata;
    struct instant began;
    /* May be set between fetch_begin and the first callback, or later. */
    usec_t deadline_mono; /* of everything */
    char late[96];        /* the failure's text when that has passed */
    bool signs_in;        /* false: takes the token that there is, and a 401 is a failure */
    bool renews_early;    /* the token, before it ends */
    unsigned retries_max; /* of one page, or of the sign-in; 0 also means: no wait when throttled */
    unsigned lists_max;   /* begun at once */
    size_t pages_max;     /* of one list */
    usec_t hold_until_mono; /* throttled: nothing is sent before */

    struct graph_report report; /* all but `complete` and `failure` */
    struct failure trouble; /* why a page, or the sign-in, was last repeated; text "": no trouble */
    bool ended;
    struct fetch_list *soon, *work, *flying; /* continuations and repeated pages; new; in flight */
    unsigned n_lists, n_flying;
    unsigned holds; /* throttled without a Retry-After, in a row */
    usec_t sign_in_at_mono;
    unsigned sign_ins, renewals;
    bool early_failed; /* the token should be renewed, but the old one still serves */
    char *claims;
    bool dates_differ; /* the Date headers of its answers contradict each other */
    uint64_t bytes;    /* decoded */
    sd_event_source *begin, *wake;
};

/* An empty loop, which asks for one list at a time, without retries, until `timeout` is over. Lists
 * may be added before its first callback. kind LOCAL. */
int fetch_begin(struct fetch *f, struct graph *g, const struct fetch_calls *calls, void *userdata,
                usec_t timeout, struct failure *ret_failure);
/* A further list. `id` and `link` are copied; `link` is where to begin, NULL: at calls->url.
 * -ENOMEM; *ret may be NULL. */
int fetch_add(struct fetch *f, const struct fetch_ask *ask, int what, const char *id,
              const char *link, struct fetch_list **ret);
/* Ends the loop; lists under way are dropped when `done` returns. `why` goes to `failed`; NULL. */
void fetch_end(struct fetch *f, const struct failure *why);
/* The same because the service wants to be left alone until then. */
void fetch_give_up_until(struct fetch *f, usec_t until_mono, struct failure *why);
void fetch_drop_lists(struct fetch *f);
void fetch_fail_all(struct fetch *f, const struct failure *why); /* to `failed`; ends nothing */
usec_t fetch_left(const struct fetch *f, usec_t now_mono);       /* until the deadline */
void fetch_clear(struct fetch *f); /* ends it without a callback and frees what is inside */
void fetch_note(struct fetch *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
