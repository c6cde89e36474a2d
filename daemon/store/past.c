/* SPDX-License-Identifier: MIT */
/* store/past.c: keeps episode and sequence numbers of removed alerts, so that an alert that begins
 * again under the same id continues them. Rows stay for history.keep and are read when their alert
 * begins. */
#include "store/commit.h"
#include "store/write.h"


int past_put(struct store *s, const struct removal *gone, usec_t now_at, struct failure *f)
{
    struct row row = {0};
    if (gone->past.episode == 0 && gone->past.seq == 0)
        return 0;
    row_text(&row, gone->id);
    row_int(&row, gone->past.episode);
    row_usec(&row, gone->past.seq);
    row_usec(&row, now_at);
    return row_put(&s->db, &TABLE_PAST, &row, f);
}

static int take_row(struct row *row, void *into)
{
    const struct past_alert past = {.episode = (uint32_t)row_get_int(row, 0, UINT32_MAX),
                                    .seq = row_get_usec(row)};
    if (!row->wrong)
        *(struct past_alert *)into = past;
    return 0;
}

static int look_up(struct store *s, const char *alert_id, struct past_alert *ret, struct failure *ret_failure)
{
    CLEANUP(bad_rows_free) struct bad_rows bad = {0};
    *ret = (struct past_alert){0};
    int r = store_ready(s, ret_failure);
    if (r >= 0) {
        CLEANUP(query_end) struct query q = row_select(&s->db, &TABLE_PAST, "WHERE alert_id = ?1");
        query_text(&q, alert_id);
        r = rows_each(&q, &TABLE_PAST, 1, take_row, ret, &bad, ret_failure);
    }
    return r < 0 ? r : store_quarantine(s, &bad, ret_failure);
}

int store_past_alert(struct store *s, const char *alert_id, struct past_alert *ret, struct failure *ret_failure)
{
    return MENDING(s, ret_failure, look_up(s, alert_id, ret, ret_failure));
}
