/* SPDX-License-Identifier: MIT */
/* store/outbox_row.c: reads and writes whole outbox rows, so that their checksums stay valid. */
#include "store/outbox_row.h"

#include <assert.h>
#include <errno.h>

/* Stored as numbers, because indexes select by them. */
static_assert(OUTBOX_QUEUED == 0 && OUTBOX_IN_FLIGHT == 1 && OUTBOX_DELIVERED == 2 &&
                  OUTBOX_PARKED == 3 && OUTBOX_SUPERSEDED == 4,
              "schema.c names these numbers");

/* Queued, in flight or parked. */
static bool is_owed(const struct outbox_row *o)
{
    return o->state == OUTBOX_QUEUED || o->state == OUTBOX_IN_FLIGHT || o->state == OUTBOX_PARKED;
}

static bool decode(struct row *row, struct outbox_row *o)
{
    o->id = row_get_int(row, 1, INT64_MAX);
    o->event = row_get_int(row, 1, INT64_MAX);
    row_get_buffer(row, o->receiver, sizeof o->receiver);
    row_get_buffer(row, o->queue, sizeof o->queue);
    o->episode = (uint32_t)row_get_int(row, 0, UINT32_MAX);
    int type = event_type_parse(row_get_text(row));
    o->type = (enum event_type)(type < 0 ? 0 : type);
    o->state = (enum outbox_state)row_get_int(row, OUTBOX_QUEUED, OUTBOX_SUPERSEDED);
    o->attempts = (uint32_t)row_get_int(row, 0, UINT32_MAX);
    o->unknown = row_get_bool(row);
    o->combined = row_get_bool(row);
    o->created_at = row_get_usec(row);
    o->due_at = row_get_usec(row);
    o->set = row_get_instant(row);
    o->finished_at = row_is_null(row) ? 0 : row_get_usec(row);
    o->size = row_get_int(row, 0, INT64_MAX);
    return !row->wrong && type >= 0;
}

int outbox_row_read(const struct query *q, struct outbox_row *ret, struct bad_rows *bad,
                    struct failure *f)
{
    struct row row;
    int good = row_read(q, &TABLE_OUTBOX, &row);
    *ret = (struct outbox_row){0};
    if (good > 0 && decode(&row, ret))
        return 1;
    if (good < 0 || bad_rows_add(bad, &TABLE_OUTBOX, &row) < 0)
        return failure_oom(f);
    return 0;
}

int outbox_row_get(struct store *s, int64_t id, struct outbox_row *ret, struct failure *f)
{
    CLEANUP(bad_rows_free) struct bad_rows bad = {0};
    CLEANUP(query_end) struct query q = row_select(&s->db, &TABLE_OUTBOX, "WHERE id = ?1");
    query_int(&q, id);
    int r = query_step(&q, f);
    if (r == 0)
        return failure_set(f, FAILURE_LOCAL, ENOENT, "outbox has no entry %lld", (long long)id);
    if (r > 0)
        r = outbox_row_read(&q, ret, &bad, f);
    if (r == 0)
        return failure_set(f, FAILURE_LOCAL, ENOENT, "outbox entry %lld is damaged", (long long)id);
    return r < 0 ? r : 0;
}

int outbox_row_put(struct store *s, const struct outbox_row *o, struct failure *f)
{
    struct row row = {0};
    row_int(&row, o->id);
    row_int(&row, o->event);
    row_text(&row, o->receiver);
    row_text(&row, o->queue);
    row_int(&row, o->episode);
    row_text(&row, event_type_name(o->type));
    row_int(&row, o->state);
    row_int(&row, o->attempts);
    row_int(&row, o->unknown);
    row_int(&row, o->combined);
    row_usec(&row, o->created_at);
    row_usec(&row, o->due_at);
    row_instant(&row, &o->set);
    if (o->finished_at)
        row_usec(&row, o->finished_at);
    else
        row_text(&row, NULL);
    row_int(&row, o->size);
    return row_put(&s->db, &TABLE_OUTBOX, &row, f);
}

static int take_row(struct row *row, void *into)
{
    struct outbox_rows *rows = into;
    if (array_room(&rows->row, rows->n, sizeof *rows->row) < 0)
        return -ENOMEM;
    row->wrong = !decode(row, &rows->row[rows->n]);
    rows->n += !row->wrong;
    return 0;
}

int outbox_rows_collect(struct query *q, struct outbox_rows *ret, struct failure *f)
{
    CLEANUP(bad_rows_free) struct bad_rows bad = {0}; /* ignored: find_due quarantines them */
    return rows_each(q, &TABLE_OUTBOX, 0, take_row, ret, &bad, f);
}

/* ---- the heads of the queues ---- */

int outbox_settle(struct store *s, const char *receiver, const char *queue, struct failure *f)
{
    CLEANUP(query_end)
    struct query q = query_new(
        &s->db, "UPDATE outbox SET head = 1 WHERE head = 0 AND id = (SELECT min(id) FROM outbox"
                " WHERE receiver = ?1 AND queue = ?2 AND state <= 1)");
    query_text(&q, receiver);
    query_text(&q, queue);
    return query_run(&q, f);
}

int outbox_settle_all(struct store *s, struct failure *f)
{
    CLEANUP(query_end)
    struct query q = query_new(
        &s->db, "UPDATE outbox SET head = (id = (SELECT min(o.id) FROM outbox AS o"
                " WHERE o.receiver = outbox.receiver AND o.queue = outbox.queue AND o.state <= 1))"
                " WHERE state <= 1 AND head <> (id = (SELECT min(o.id) FROM outbox AS o"
                " WHERE o.receiver = outbox.receiver AND o.queue = outbox.queue AND o.state <= 1))");
    return query_run(&q, f);
}

int outbox_row_add(struct store *s, struct outbox_row *o, struct failure *f)
{
    int r = row_next_id(&s->db, "SELECT coalesce(max(id), 0) + 1 FROM outbox", &o->id, f);
    if (r >= 0)
        r = outbox_row_put(s, o, f);
    return r < 0 ? r : outbox_settle(s, o->receiver, o->queue, f);
}

int outbox_row_finish(struct store *s, struct outbox_row *o, enum outbox_state state, usec_t now_at,
                      struct failure *f)
{
    o->state = state;
    o->finished_at = is_owed(o) ? 0 : now_at ? now_at : 1;
    int r = outbox_row_put(s, o, f);
    return r < 0 ? r : outbox_settle(s, o->receiver, o->queue, f);
}

/* ---- the bound ---- */

int outbox_measure(struct store *s, struct outbox_fill *ret, struct failure *f)
{
    CLEANUP(query_end)
    struct query q = query_new(
        &s->db, "SELECT count(*), coalesce(sum(size), 0) FROM outbox WHERE state IN (0, 1, 3)");
    int r = query_step(&q, f);
    if (r > 0)
        *ret = (struct outbox_fill){query_get_int(&q, 0), query_get_int(&q, 1)};
    return r < 0 ? r : 0;
}

bool outbox_is_full(const struct store *s, const struct outbox_fill *fill)
{
    return (uint64_t)fill->rows >= s->outbox_max_rows || (uint64_t)fill->bytes >= s->outbox_max_bytes;
}

/* ---- waiting ---- */

void outbox_row_wait(struct outbox_row *o, const struct instant *now, usec_t due_at)
{
    usec_t latest = now->at + STORE_DELAY_MAX;
    o->due_at = due_at < now->at ? now->at : due_at > latest ? latest : due_at;
    o->set = *now;
}

int outbox_rows_rebase(struct store *s, const struct outbox_rows *rows, const struct instant *now,
                       struct failure *f)
{
    int r = 0;
    for (size_t i = 0; r >= 0 && i < rows->n; i++) {
        struct outbox_row *o = &rows->row[i];
        usec_t passed = instant_since(&o->set, now);
        usec_t delay = o->due_at > o->set.at ? o->due_at - o->set.at : 0;
        if (delay <= passed && o->due_at <= now->at)
            continue; /* was due and still is */
        outbox_row_wait(o, now, now->at + (delay > passed ? delay - passed : 0));
        r = outbox_row_put(s, o, f);
    }
    return r;
}
