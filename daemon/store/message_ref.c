/* SPDX-License-Identifier: MIT */
/* store/message_ref.c: one reference per alert and receiver, of the latest episode. */
#include "store/message_ref.h"

int message_ref_get(struct store *s, const struct outbox_row *o, char ret[static MESSAGE_REF_MAX],
                    struct bad_rows *bad, struct failure *f)
{
    CLEANUP(query_end)
    struct query q = row_select(&s->db, &TABLE_MESSAGE_REF, "WHERE alert_id = ?1 AND receiver = ?2");
    query_text(&q, o->queue);
    query_text(&q, o->receiver);
    ret[0] = '\0';
    int r = query_step(&q, f);
    if (r <= 0)
        return r;
    struct row row;
    int good = row_read(&q, &TABLE_MESSAGE_REF, &row);
    if (good < 0)
        return failure_oom(f);
    row.at = TABLE_MESSAGE_REF.n_key;
    uint32_t episode = (uint32_t)row_get_int(&row, 0, UINT32_MAX);
    row_get_buffer(&row, ret, MESSAGE_REF_MAX);
    bool whole = good > 0 && !row.wrong;
    if (!whole || episode != o->episode)
        ret[0] = '\0';
    return !whole && bad_rows_add(bad, &TABLE_MESSAGE_REF, &row) < 0 ? failure_oom(f) : 0;
}

int message_ref_put(struct store *s, const struct outbox_row *o, const char *ref,
                    struct failure *f)
{
    struct row row = {0};
    row_text(&row, o->queue);
    row_text(&row, o->receiver);
    row_int(&row, o->episode);
    row_text(&row, ref);
    return row_put(&s->db, &TABLE_MESSAGE_REF, &row, f);
}

int message_ref_forget(struct store *s, const struct outbox_row *o, struct failure *f)
{
    struct row row = {0};
    row_text(&row, o->queue);
    row_text(&row, o->receiver);
    return row_delete(&s->db, &TABLE_MESSAGE_REF, &row, f);
}
