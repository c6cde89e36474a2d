/* SPDX-License-Identifier: MIT */
/* store/unknown_outcome.c: marks outbox rows that may have been sent without a record of it. */
#include "store/unknown_outcome.h"

#include "store/notified.h"

static int mark(struct store *s, struct outbox_row *o, const struct instant *now, struct failure *f)
{
    if (o->state == OUTBOX_IN_FLIGHT)
        outbox_row_wait(o, now, now->at);
    o->state = OUTBOX_QUEUED;
    o->unknown = true;
    int r = outbox_row_put(s, o, f);
    return r < 0 ? r : notified_try(s, o, f);
}

/* The begin of an attempt survives the process, but not a loss of power right after it: a row that
 * was due before this boot may have been sent. */
static bool may_have_been_sent(const struct outbox_row *o, const struct instant *now)
{
    bool other_boot = o->set.boot != now->boot && o->set.boot != 0;
    return o->state == OUTBOX_IN_FLIGHT || (o->attempts == 0 && other_boot);
}

int unknown_outcome_mark(struct store *s, const struct instant *now, bool all, struct failure *f)
{
    CLEANUP(outbox_rows_free) struct outbox_rows rows = {0};
    int r = 0;
    {
        CLEANUP(query_end)
        struct query q =
            row_select(&s->db, &TABLE_OUTBOX, "WHERE state IN (0, 1, 3) AND state <= 1");
        r = outbox_rows_collect(&q, &rows, f);
    }
    for (size_t i = 0; r >= 0 && i < rows.n; i++)
        if (all || may_have_been_sent(&rows.row[i], now))
            r = mark(s, &rows.row[i], now, f);
    return r < 0 ? r : outbox_settle_all(s, f);
}
