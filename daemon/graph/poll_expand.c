/* SPDX-License-Identifier: MIT */
/* graph/poll_expand.c: are the waiting lists that came with their allotment complete?
 *
 * Allotments are read with $expand=waitingMembers. Graph may return fewer members than there are,
 * or none, or repeat a row. Such lists are read by themselves. */
#include "graph/poll.h"

#include <string.h>

#define CHECK_EVERY USEC_PER_DAY
#define LONG_LIST 20 /* members; Graph is known to cut expanded collections there elsewhere */

static void pend_long_lists(struct poll *p, const char *but)
{
    size_t cursor = 0;
    int64_t count;
    const char *id;
    while ((id = snapshot_next_long(p->builder, &cursor, LONG_LIST, &count))) {
        if (but && strcmp(id, but) == 0)
            continue;
        if (poll_order_push(p, LIST_WAITING, id, NULL, NULL) < 0)
            poll_out_of_memory(p);
        snapshot_set_waiting(p->builder, id, SECTION_UNKNOWN);
    }
}

/* The documentation does not say whether the API truncates expanded lists. So once a day the
 * longest one is read both ways; if they differ, all long lists are read by themselves. */
static void check_long_lists(struct poll *p, bool expanded)
{
    struct service_state *l = &p->graph->service;
    usec_t now = clock_now().mono;
    size_t cursor = 0;
    int64_t count, longest = 0;
    const char *id, *which = NULL;
    if (!expanded || p->graph->order.cut) /* throttled: read nothing twice */
        return;
    if (l->check_mono > now) {
        if (l->expand_truncates)
            pend_long_lists(p, NULL);
        return;
    }
    while ((id = snapshot_next_long(p->builder, &cursor, LONG_LIST, &count)))
        if (count > longest) {
            longest = count;
            which = id;
        }
    if (!which)
        return;
    struct fetch_list *checked = NULL;
    if (poll_add(p, LIST_WAITING, which, NULL, &checked) < 0) {
        poll_out_of_memory(p);
        return; /* the next poll checks */
    }
    p->checked = checked;
    p->inline_count = longest;
    snapshot_reset_waiting(p->builder, which);
}

void poll_expand_compare(struct poll *p, const struct fetch_list *checked)
{
    struct service_state *l = &p->graph->service;
    bool cuts = (int64_t)checked->rows > p->inline_count;
    if (cuts && !l->expand_truncates)
        fetch_note(&p->fetch,
                   "expanded waiting lists are cut (%lld of %zu members): lists of %d and more are "
                   "read by themselves from now on",
                   (long long)p->inline_count, checked->rows, LONG_LIST);
    l->expand_truncates = cuts;
    l->check_mono = clock_now().mono + CHECK_EVERY;
    if (cuts)
        pend_long_lists(p, checked->id);
}

/* A pool can come twice when rows move between pages. Its members may have been counted twice, so
 * its waiting list is read by itself. */
static void read_unread_lists(struct poll *p)
{
    size_t cursor = 0;
    const char *id;
    while ((id = snapshot_next_unread(p->builder, &cursor)))
        if (!id_set_has(&p->chained, id) && poll_order_push(p, LIST_WAITING, id, NULL, NULL) < 0)
            poll_out_of_memory(p);
}

void poll_expand_check(struct poll *p, bool expanded)
{
    read_unread_lists(p);
    check_long_lists(p, expanded);
}

/* The likely cause of a too large page is pools with thousands of expanded members. */
void poll_expand_disable(struct poll *p)
{
    struct option_state *o = &p->graph->service.options[LIST_ALLOTMENTS];
    unsigned options = query_for(LIST_ALLOTMENTS).options, with = query_dropped(o->step);
    if (with & OPTION_EXPAND)
        return;
    int step = 0;
    while (query_dropped(step) != (with | OPTION_EXPAND))
        step = query_next_step(options, step);
    o->step = step;
    fetch_note(&p->fetch, "pages with expanded waiting lists are too large; from the next poll on "
                          "each pool's list is read by itself");
}
