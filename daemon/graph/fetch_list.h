/* SPDX-License-Identifier: MIT */
/* graph/fetch_list.h: one list of the fetch loop, and the operations on it that the files of the
 * loop share. A list is in one queue of its loop (resumed, work or in_flight), or in none while its
 * answer is being handled. */
#pragma once
#include "graph/call.h"
#include "graph/id_set.h"

struct fetch;
struct fetch_list {
    struct fetch_list *next, **pprev; /* in one of the loop's queues */
    struct fetch *fetch;
    struct fetch_ask ask;
    int list;                    /* caller's: which list */
    char *id;                    /* caller's: of which object; NULL. Freed with the list */
    struct id_set ids;           /* caller's: ids of the rows so far */
    char *url;                   /* the page to fetch */
    bool first_page;             /* `url` was made here, it is not a nextLink */
    int step;                    /* options that the first page omits */
    size_t pages, rows, lacking; /* of the pages so far, see struct page */
    bool spoiled;
    struct id_set links;
    unsigned retries; /* of this page */
    usec_t not_before_mono;
    bool fresh_connection;
    unsigned generation; /* of the token it was sent with */
    struct http_request *request;
};

void fetch_list_free(struct fetch_list *l); /* cancels its request */
DEFINE_CLEANUP(struct fetch_list *, fetch_list_free)
void fetch_list_append(struct fetch_list **queue, struct fetch_list *l);
void fetch_list_unlink(struct fetch_list *l);
int fetch_list_first_url(struct fetch_list *l); /* sets `url` to the first page. -ENOMEM */
/* Queues it to be sent (again) at `not_before_mono`; 0: at once. */
void fetch_list_again(struct fetch_list *l, usec_t not_before_mono);
void fetch_list_fail(struct fetch_list *l, const struct fetch_failed *why); /* reports, frees */
