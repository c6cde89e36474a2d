/* SPDX-License-Identifier: MIT */
/* store/migrate_8.c: migrates schema 7 to 8: new checksums for `alert`, which has more columns. */
#include "store/migrate.h"

#include "store/row.h"

#define COLUMNS                                                                                  \
    "id, kind, tenant_id, subject, episode, seq, state, level, rule, value, threshold, unit, "   \
    "started_at, started_mono, started_boot, said, said_rule, said_value, said_waiting, "        \
    "said_cause, reminder_at, reminders, latches, muted, facts"

static const struct table ALERT_7 = {"alert", COLUMNS, 1, false};
static const struct table ALERT_8 = {
    "alert",
    COLUMNS ", silenced_at, silenced_level, silenced_rule, silenced_value, silenced_waiting, broken_at, "
            "flap",
    1, false};

/* A row that is read again after it was rewritten has no valid old sum and is skipped. */
int migrate_to_8(struct db *d, struct failure *f)
{
    CLEANUP(query_end) struct query q = row_select(d, &ALERT_7, "");
    int r;
    while ((r = query_step(&q, f)) > 0) {
        struct row row;
        int good = row_read(&q, &ALERT_7, &row);
        if (good < 0)
            return failure_oom(f);
        row_int(&row, 0);
        row_text(&row, "none");
        row_text(&row, "waiting_age");
        row_int(&row, 0);
        row_int(&row, 0);
        row_int(&row, 0);
        row_text(&row, "");
        r = good ? row_put(d, &ALERT_8, &row, f) : 0;
        if (r < 0)
            return r;
    }
    return r;
}
