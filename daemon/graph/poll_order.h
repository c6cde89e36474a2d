/* SPDX-License-Identifier: MIT */
/* graph/poll_order.h: the order of lists over several polls, when one poll cannot read them all. */
#pragma once
#include "graph/query.h"

struct poll;
struct poll_order { /* from poll to poll */
    bool cut;                         /* the last one was cut short */
    bool errors_first;                /* before the pools, this time */
    bool errors_turn_used;            /* in this round */
    struct id_set waiting_turns_used; /* waiting lists (allotment ids) that used theirs */
};
struct pending { /* a list to begin */
    enum list list;
    char *id, *link;   /* of an allotment, and where its waiting list goes on; NULL: at its start */
    struct id_set ids; /* of the members before the link */
};
struct pending_stack {
    struct pending *item;
    size_t n;
};
/* A list for later. Takes over `ids` (NULL: none came before). -ENOMEM */
int poll_order_push(struct poll *p, enum list list, const char *id, const char *link,
                    struct id_set *ids);
bool poll_order_pick(struct poll *p, struct pending *ret); /* takes the next one; false: none */
void poll_order_drop(struct poll *p);      /* all that are pending */
void poll_order_mark_read(struct poll *p, enum list list, const char *id); /* also if it failed */
void poll_order_finish(struct poll *p);    /* the poll ends; its queues hold what was not read */
void poll_order_clear(struct poll_order *k);
