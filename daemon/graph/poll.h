/* SPDX-License-Identifier: MIT */
/* graph/poll.h: one poll of a tenant, and what the files that implement it share:
 *
 *   poll.c           begin, pages, ends of lists, the snapshot and the report
 *   poll_core.c      adds a list, keeps the worst failure, starts a snapshot
 *   poll_expand.c    are waiting lists that came with their allotment complete?
 *   poll_fallback.c  /subscribedSkus instead of an absent Cloud Licensing API
 *   poll_order.c     which lists come first in the next poll */
#pragma once
#include "graph/fetch.h"
#include "graph/internal.h"
#include "graph/query.h"

struct poll {
    struct graph *graph;
    graph_done *done;
    void *userdata;
    struct fetch fetch;
    struct snapshot_builder *builder;
    struct snapshot *spare; /* without sections: the result when memory runs out */
    struct failure failure; /* the worst so far */
    char request_id[80];    /* of `failure` */
    enum list failed_list;  /* of `failure` */
    struct pending_stack pending, pending_last; /* lists to begin; those that wait for all others */
    unsigned turns;          /* lists that had their turn, see poll_order.c */
    bool errors_read;
    struct id_set chained;            /* ids of allotments whose waiting list was queued */
    const struct fetch_list *checked; /* reads an expanded waiting list again; NULL: none does */
    int64_t inline_count;             /* members of that list when expanded */
    bool falling_back;                /* this poll switched to the subscribedSkus fallback because of */
    struct failure refused;           /* this failure of the Cloud Licensing API, */
    char refused_id[80];              /* its request id */
    int refused_status;               /* and HTTP status */
};

static inline struct poll *poll_of(const struct fetch_list *l)
{
    return l->fetch->userdata;
}

/* ---- poll_core.c ---- */

/* `id` and `link` as for fetch_add; *ret may be NULL. -ENOMEM */
int poll_add(struct poll *p, enum list list, const char *id, const char *link,
             struct fetch_list **ret);
/* Keeps the worst failure. `list` LIST_COUNT_: of no list in particular. */
void poll_note_failure(struct poll *p, const struct failure *why, enum list list,
                       const char *request_id);
void poll_out_of_memory(struct poll *p); /* notes it */
int poll_new_builder(struct poll *p, enum source source); /* drops what was read. -ENOMEM */

/* ---- poll_expand.c ---- */

/* The allotments are read: queues waiting lists that the expansion may have cut or left out. */
void poll_expand_check(struct poll *p, bool expanded);
void poll_expand_compare(struct poll *p, const struct fetch_list *checked); /* `checked` has ended */
void poll_expand_disable(struct poll *p); /* a page with expanded lists was too large */

/* ---- poll_fallback.c ---- */

/* A refusal that shows that the tenant does not offer the Cloud Licensing API. */
bool poll_fallback_applies(struct poll *p, const struct fetch_failed *why);
void poll_fallback_begin(struct poll *p, int status);
void poll_fallback_succeeded(struct poll *p);
void poll_fallback_failed(struct poll *p);
void poll_fallback_read_subscriptions(struct poll *p);
void poll_fallback_subscriptions_failed(struct poll *p, const struct failure *why, bool first_page);
