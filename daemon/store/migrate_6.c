/* SPDX-License-Identifier: MIT */
/* store/migrate_6.c: from schema 5 to schema 6: checksums of `told` without four columns. */
#include "store/migrate.h"

#include "store/row.h"

/* Where the rows are now, the table that their sums were made for, and the one that they get. */
static const struct table TOLD_ROWS = {
    "told_5",
    "alert_id, receiver, episode, tried, said_episode, said_seq, said_type, said_level, said_at", 2,
    false};
static const struct table TOLD_5 = {
    "told",
    "alert_id, receiver, episode, tried, said_episode, said_seq, said_type, said_level, said_at", 2,
    false};
static const struct table TOLD_6 = {"told", "alert_id, receiver, episode, tried", 2, false};

static int sum_told(struct db *d, struct failure *f)
{
    CLEANUP(query_end) struct query q = row_select(d, &TOLD_ROWS, "");
    int r;
    while ((r = query_step(&q, f)) > 0) {
        struct row row;
        int good = row_read(&q, &TOLD_5, &row);
        if (good < 0)
            return failure_oom(f);
        row.n = 4;
        r = good ? row_put(d, &TOLD_6, &row, f) : 0;
        if (r < 0)
            return r;
    }
    return r;
}

int migrate_to_6(struct db *d, struct failure *f)
{
    int r = sum_told(d, f);
    db_forget_statements(d); /* a table that is being read cannot be dropped */
    return r < 0 ? r : db_exec(d, "DROP TABLE told_5", f);
}
