/* SPDX-License-Identifier: MIT */
/* graph/poll_order.c: lists that did not fit into a poll come first in the next one.
 *
 * A poll that is cut short, by a long Retry-After or its deadline, leaves lists unread. In a fixed
 * order the last ones would never be read. So each list has one turn in a round. A list that was
 * cut has used its turn only if no other list was read in that poll: then it is too long. Every cut
 * poll uses at least one turn, so a round ends. Pools are read in every poll, because waiting lists
 * depend on them; only the errors go before them, every second time. */
#include "graph/poll.h"

#include "base/array.h"
#include <errno.h>

static bool turn_used(const struct poll_order *k, enum list list, const char *id)
{
    if (query_for(list).fallback)
        return true; /* the fallback has one list at a time */
    return list == LIST_ERRORS ? k->errors_turn_used : id_set_has(&k->waiting_turns_used, id);
}

void poll_order_clear(struct poll_order *k)
{
    id_set_free(&k->waiting_turns_used);
    *k = (struct poll_order){0};
}

int poll_order_push(struct poll *p, enum list list, const char *id, const char *link,
                    struct id_set *ids)
{
    const struct poll_order *k = &p->graph->order;
    struct pending_stack *on = k->cut && turn_used(k, list, id) ? &p->pending_last : &p->pending;
    if (array_room(&on->item, on->n, sizeof *on->item) < 0)
        return -ENOMEM;
    struct pending *one = &on->item[on->n];
    *one = (struct pending){.list = list};
    int r = text_copy(id, &one->id);
    if (r >= 0)
        r = text_copy(link, &one->link);
    if (r < 0) {
        free(one->id);
        return r;
    }
    if (ids) {
        one->ids = *ids;
        *ids = (struct id_set){0};
    }
    on->n++;
    return 0;
}

static void stack_clear(struct pending_stack *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->item[i].id);
        free(s->item[i].link);
        id_set_free(&s->item[i].ids);
    }
    s->n = 0;
}

void poll_order_drop(struct poll *p)
{
    stack_clear(&p->pending);
    stack_clear(&p->pending_last);
}

bool poll_order_pick(struct poll *p, struct pending *ret)
{
    struct pending_stack *from = p->pending.n ? &p->pending : &p->pending_last;
    if (from->n == 0)
        return false;
    *ret = from->item[--from->n];
    return true;
}

void poll_order_mark_read(struct poll *p, enum list list, const char *id)
{
    struct poll_order *k = &p->graph->order;
    if (list == LIST_ERRORS)
        k->errors_turn_used = p->errors_read = true;
    else if (list == LIST_WAITING)
        (void)id_set_add(&k->waiting_turns_used, id); /* out of memory: it has another turn */
    else
        return;
    p->turns++;
}

/* Uses the turn of the list that was being read: continuations go first, so it is the first of
 * them. */
static void use_up_turn(struct poll *p)
{
    const struct fetch_list *l = p->fetch.in_flight ? p->fetch.in_flight : p->fetch.resumed;
    if (p->turns == 0 && l)
        poll_order_mark_read(p, (enum list)l->list, l->id);
}

static bool round_is_complete(const struct poll *p)
{
    const struct poll_order *k = &p->graph->order;
    const struct fetch_list *const QUEUES[] = {p->fetch.in_flight, p->fetch.resumed, p->fetch.work};
    for (size_t i = 0; i < N_ELEMENTS(QUEUES); i++)
        for (const struct fetch_list *l = QUEUES[i]; l; l = l->next)
            if (l->list == LIST_ALLOTMENTS || !turn_used(k, (enum list)l->list, l->id))
                return false;
    for (size_t i = 0; i < p->pending.n; i++)
        if (!turn_used(k, p->pending.item[i].list, p->pending.item[i].id))
            return false;
    return true; /* pending_last holds only lists that had their turn */
}

void poll_order_finish(struct poll *p)
{
    struct poll_order *k = &p->graph->order;
    if (p->fetch.report.requests == 0)
        return;
    if (p->fetch.n_lists + p->pending.n + p->pending_last.n == 0) { /* nothing is left unread */
        poll_order_clear(k);
        return;
    }
    bool errors_first = !p->errors_read && !k->errors_first;
    use_up_turn(p);
    if (round_is_complete(p))
        poll_order_clear(k);
    k->cut = true;
    k->errors_first = errors_first;
}
