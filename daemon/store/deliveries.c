/* SPDX-License-Identifier: MIT */
/* store/deliveries.c: lists undelivered entries of the outbox; retries and drops single ones. */
#include "store/outbox_row.h"
#include "store/write.h"

#include <errno.h>
#include <string.h>

static int read_last_attempt(struct store *s, struct delivery *d, struct failure *f)
{
    CLEANUP(query_end)
    struct query q = query_new(&s->db, "SELECT begun_at, coalesce(status, 0), coalesce(text, '') FROM attempt"
                                       " WHERE outbox = ?1 ORDER BY n DESC LIMIT 1");
    query_int(&q, d->id);
    int r = query_step(&q, f);
    if (r <= 0)
        return r;
    d->attempted_at = query_get_usec(&q, 0);
    d->status = (int)query_get_int(&q, 1);
    query_get_buffer(&q, 2, d->text, sizeof d->text);
    return 0;
}

static int read_event_id(struct store *s, int64_t event, struct delivery *d, struct failure *f)
{
    CLEANUP(query_end) struct query q = query_new(&s->db, "SELECT event_id FROM event WHERE id = ?1");
    query_int(&q, event);
    int r = query_step(&q, f);
    if (r > 0)
        query_get_buffer(&q, 0, d->event_id, sizeof d->event_id);
    return r < 0 ? r : 0;
}

static int describe(struct store *s, const struct outbox_row *o, struct delivery *d, struct failure *f)
{
    *d = (struct delivery){.id = o->id,
                           .type = o->type,
                           .state = o->state,
                           .attempts = o->attempts,
                           .created_at = o->created_at,
                           .due_at = o->due_at};
    memcpy(d->receiver, o->receiver, sizeof d->receiver);
    memcpy(d->queue, o->queue, sizeof d->queue);
    int r = read_event_id(s, o->event, d, f);
    return r < 0 ? r : read_last_attempt(s, d, f);
}

static int describe_all(struct store *s, struct query *q, struct delivery **ret, size_t *ret_n, struct failure *f)
{
    CLEANUP(outbox_rows_free) struct outbox_rows rows = {0};
    int r = outbox_rows_collect(q, &rows, f);
    CLEANUP(free) struct delivery *all = calloc(rows.n ? rows.n : 1, sizeof *all);
    if (r >= 0 && !all)
        return failure_oom(f);
    for (size_t i = 0; r >= 0 && i < rows.n; i++)
        r = describe(s, &rows.row[i], &all[i], f);
    if (r < 0)
        return r;
    *ret = TAKE(all);
    *ret_n = rows.n;
    return 0;
}

static int list(struct store *s, bool parked, size_t max, struct delivery **ret, size_t *ret_n, struct failure *f)
{
    int r = store_ready(s, f);
    if (r < 0)
        return r;
    CLEANUP(query_end)
    struct query q = row_select(&s->db, &TABLE_OUTBOX,
                                "WHERE state IN (0, 1, 3) AND (state = 3 OR NOT ?1) ORDER BY id LIMIT ?2");
    query_int(&q, parked);
    query_int(&q, (int64_t)max);
    return describe_all(s, &q, ret, ret_n, f);
}

static int list_of(struct store *s, const char *alert_id, uint32_t episode, size_t max, struct delivery **ret,
                   size_t *ret_n, struct failure *f)
{
    int r = store_ready(s, f);
    if (r < 0)
        return r;
    CLEANUP(query_end)
    struct query q = row_select(&s->db, &TABLE_OUTBOX,
                                "WHERE (queue = ?1 AND episode = ?2) OR event IN (SELECT folded_into FROM event"
                                " WHERE alert_id = ?1 AND episode = ?2 AND folded_into IS NOT NULL)"
                                " ORDER BY id DESC LIMIT ?3");
    query_text(&q, alert_id);
    query_int(&q, episode);
    query_int(&q, (int64_t)max);
    return describe_all(s, &q, ret, ret_n, f);
}

int store_deliveries_of(struct store *s, const char *alert_id, uint32_t episode, size_t max, struct delivery **ret,
                        size_t *ret_n, struct failure *ret_failure)
{
    return MENDING(s, ret_failure, list_of(s, alert_id, episode, max, ret, ret_n, ret_failure));
}

int store_deliveries(struct store *s, bool parked, size_t max, struct delivery **ret, size_t *ret_n,
                     struct failure *ret_failure)
{
    return MENDING(s, ret_failure, list(s, parked, max, ret, ret_n, ret_failure));
}

/* ---- one entry ---- */

static int under_way(const struct outbox_row *o, struct failure *f)
{
    return failure_set(f, FAILURE_CONFIG, EBUSY, "an attempt at delivery %lld is under way", (long long)o->id);
}

static int retry(struct store *s, struct outbox_row *o, const struct instant *now, struct failure *f)
{
    if (o->state == OUTBOX_IN_FLIGHT)
        return under_way(o, f);
    int r = outbox_retry(s, o, now, f);
    return r < 0 ? r : outbox_settle_all(s, f);
}

static int drop(struct store *s, struct outbox_row *o, const struct instant *now, struct failure *f)
{
    if (o->state == OUTBOX_IN_FLIGHT)
        return under_way(o, f);
    return outbox_row_finish(s, o, OUTBOX_SUPERSEDED, now->at, f);
}

static int change_one(struct store *s, int64_t id, const struct instant *now,
                      int (*change)(struct store *s, struct outbox_row *o, const struct instant *now,
                                    struct failure *f),
                      char receiver[static 64], struct failure *f)
{
    struct outbox_row o;
    int r = store_begin(s, now, f);
    if (r < 0)
        return r;
    r = outbox_row_get(s, id, &o, f);
    bool finished = r >= 0 && o.state != OUTBOX_QUEUED && o.state != OUTBOX_IN_FLIGHT && o.state != OUTBOX_PARKED;
    if (r == -ENOENT || finished)
        r = failure_set(f, FAILURE_CONFIG, ENOENT, "there is no undelivered message %lld", (long long)id);
    if (r >= 0)
        r = change(s, &o, now, f);
    if (r >= 0)
        memcpy(receiver, o.receiver, sizeof o.receiver);
    return store_end(s, r, f);
}

int store_delivery_retry(struct store *s, int64_t id, struct instant now, char ret_receiver[static 64],
                         struct failure *ret_failure)
{
    int r = MENDING(s, ret_failure, change_one(s, id, &now, retry, ret_receiver, ret_failure));
    return r < 0 ? r : store_switch_on(s, ret_receiver, ret_failure);
}

int store_delivery_drop(struct store *s, int64_t id, struct instant now, struct failure *ret_failure)
{
    char receiver[64];
    return MENDING(s, ret_failure, change_one(s, id, &now, drop, receiver, ret_failure));
}
