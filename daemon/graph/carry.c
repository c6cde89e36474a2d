/* SPDX-License-Identifier: MIT */
/* graph/carry.c: what did not fit into a poll comes first in the next one.
 *
 * A poll that is cut short, by a long Retry-After or its deadline, leaves lists unread. Were the
 * order always the same, the last ones would never be read. So each list has one turn in a round; a
 * list that was cut has had it only if no other was read in its place, for then it is simply too
 * long. Every cut poll uses up a turn at least, so a round ends. Pools are read at every poll,
 * because waiting lists hang on them; only the errors go before them, every second time. */
#include "graph/inside.h"

#include <string.h>

static bool had(const struct carry *k, enum list list, const char *id)
{
    if (query_older(list))
        return true; /* single lists, always in the same order */
    return list == LIST_ERRORS ? k->errors_had : seen_has(&k->had, id);
}

void carry_clear(struct carry *k)
{
    seen_free(&k->had);
    *k = (struct carry){0};
}

int carry_begin(struct poll *p)
{
    bool errors_first = p->graph->carry.errors_first;
    int r = errors_first ? walk_add(p, LIST_ERRORS, NULL, NULL, NULL) : 0;
    if (r >= 0)
        r = walk_add(p, LIST_ALLOTMENTS, NULL, NULL, NULL);
    if (r >= 0 && !errors_first)
        r = walk_pend(p, LIST_ERRORS, NULL, NULL, NULL);
    return r;
}

struct pending carry_pick(struct poll *p)
{
    const struct carry *k = &p->graph->carry;
    size_t i = p->n_pending - 1;
    if (k->cut)
        while (i > 0 && had(k, p->pending[i].list, p->pending[i].id))
            i--;
    if (had(k, p->pending[i].list, p->pending[i].id))
        i = p->n_pending - 1;
    struct pending one = p->pending[i];
    p->n_pending--;
    memmove(&p->pending[i], &p->pending[i + 1], (p->n_pending - i) * sizeof one);
    return one;
}

void carry_turn(struct poll *p, enum list list, const char *id)
{
    struct carry *k = &p->graph->carry;
    if (list == LIST_ERRORS)
        k->errors_had = p->errors_read = true;
    else if (list == LIST_WAITING)
        (void)seen_add(&k->had, id); /* without memory it merely has another turn */
    else
        return;
    p->turns++;
}

/* Whose turn it was when the poll was cut: continuations go first, so it is the first of them. */
static void use_up_turn(struct poll *p)
{
    const struct chain *c = p->flying ? p->flying : p->soon;
    if (p->turns == 0 && c)
        carry_turn(p, c->list, c->id);
}

static bool all_had(const struct poll *p)
{
    const struct carry *k = &p->graph->carry;
    const struct chain *const QUEUES[] = {p->flying, p->soon, p->work};
    for (size_t i = 0; i < N_ELEMENTS(QUEUES); i++)
        for (const struct chain *c = QUEUES[i]; c; c = c->next)
            if (c->list == LIST_ALLOTMENTS || !had(k, c->list, c->id))
                return false;
    for (size_t i = 0; i < p->n_pending; i++)
        if (!had(k, p->pending[i].list, p->pending[i].id))
            return false;
    return true;
}

void carry_settle(struct poll *p)
{
    struct carry *k = &p->graph->carry;
    if (p->report.requests == 0)
        return;
    if (p->n_chains + p->n_pending == 0) { /* everything had its chance in this very poll */
        carry_clear(k);
        return;
    }
    bool errors_first = !p->errors_read && !k->errors_first;
    use_up_turn(p);
    if (all_had(p))
        carry_clear(k);
    k->cut = true;
    k->errors_first = errors_first;
}
