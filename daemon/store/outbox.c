/* SPDX-License-Identifier: MIT */
/* store/outbox.c: selects the next entry to deliver; recovers, retries and parks entries. */
#include "store/message_ref.h"
#include "store/unknown_outcome.h"
#include "store/write.h"

#include <errno.h>
#include <string.h>

void outbox_entry_free(struct outbox_entry *e)
{
    if (!e)
        return;
    notification_free(e->notification);
    digest_free(e->digest);
    free(e->body);
    free(e);
}

/* ---- one entry with all that belongs to it ---- */

int outbox_read_event(struct store *s, int64_t id, struct outbox_entry *e, struct bad_rows *bad,
                      struct failure *f)
{
    CLEANUP(query_end) struct query q = row_select(&s->db, &TABLE_EVENT, "WHERE id = ?1");
    query_int(&q, id);
    int r = query_step(&q, f);
    if (r <= 0)
        return r;
    struct row row;
    int good = row_read(&q, &TABLE_EVENT, &row);
    if (good > 0) {
        size_t len = 0;
        row.at = 1;
        row_get_buffer(&row, e->event_id, sizeof e->event_id);
        row.at = 7;
        int type = event_type_parse(row_get_text(&row));
        row.at = 10;
        const char *content = row_get_blob(&row, &len);
        good = row.wrong || !content ? -EBADMSG
               : type == EVENT_DIGEST
                   ? s->codec.unpack_digest(content, len, &e->digest)
                   : s->codec.unpack_notification(content, len, &e->notification);
        good = good >= 0 ? 1 : good == -ENOMEM ? -ENOMEM : 0;
    }
    if (good < 0 || (good == 0 && bad_rows_add(bad, &TABLE_EVENT, &row) < 0))
        return failure_oom(f);
    return good;
}

/* A bad body goes to quarantine, and the next attempt renders the event again. */
static int read_body(struct store *s, int64_t id, struct outbox_entry *e, struct bad_rows *bad,
                     struct failure *f)
{
    CLEANUP(query_end) struct query q = row_select(&s->db, &TABLE_BODY, "WHERE outbox = ?1");
    query_int(&q, id);
    int r = query_step(&q, f);
    if (r <= 0)
        return r;
    struct row row;
    int good = row_read(&q, &TABLE_BODY, &row);
    if (good > 0) {
        row.at = 1;
        const char *bytes = row_get_blob(&row, &e->body_len);
        e->body = malloc(e->body_len + 1);
        if (!e->body || !bytes)
            return failure_oom(f);
        memcpy(e->body, bytes, e->body_len);
        e->body[e->body_len] = '\0';
        return 1;
    }
    if (good < 0 || bad_rows_add(bad, &TABLE_BODY, &row) < 0)
        return failure_oom(f);
    return 0;
}

/* 1: *ret is complete. 0: a part of it was bad. */
static int read_entry(struct store *s, const struct outbox_row *o, struct outbox_entry **ret,
                      struct bad_rows *bad, struct failure *f)
{
    CLEANUP(outbox_entry_free) struct outbox_entry *e = calloc(1, sizeof *e);
    if (!e)
        return failure_oom(f);
    e->id = o->id;
    memcpy(e->receiver, o->receiver, sizeof e->receiver);
    e->state = o->state;
    e->attempts = o->attempts;
    e->unknown_outcome = o->unknown;
    e->combined = o->combined;
    e->created_at = o->created_at;
    e->due_at = o->due_at;
    int r = outbox_read_event(s, o->event, e, bad, f);
    if (r == 0 && bad->n == 0) { /* without its event it has no content */
        struct row key = {0};
        row_int(&key, o->id);
        r = bad_rows_add(bad, &TABLE_OUTBOX, &key) < 0 ? failure_oom(f) : 0;
    }
    if (r > 0) {
        r = read_body(s, o->id, e, bad, f);
        if (r >= 0)
            r = message_ref_get(s, o, e->ref, bad, f);
        r = r < 0 ? r : bad->n == 0;
    }
    if (r > 0)
        *ret = TAKE(e);
    return r;
}

/* ---- the next one ---- */

struct ask {
    const char *receiver;
    usec_t now_at;
    const struct incident_limit *pager; /* NULL: it is none */
};

/* ?4: the alert that is never held; NULL: nothing is held. */
#define IS_NEW_INCIDENT "type IN ('alert.firing', 'alert.digest') AND attempts = 0"
#define NOT_HELD " AND (?4 IS NULL OR queue = ?4 OR NOT (" IS_NEW_INCIDENT "))"

static void bind(struct query *q, const struct ask *ask)
{
    query_text(q, ask->receiver);
    query_usec(q, ask->now_at);
    query_usec(q, ask->now_at + STORE_DELAY_MAX);
    query_text(q, ask->pager && ask->pager->full ? ask->pager->storm_id : NULL);
}

/* The newest due row: after an outage what is new matters more than what is late. For a pager, critical
 * ones first. 1: *ret is a row to send. 0: none is due, or a bad one was found. */
static int find_due(struct store *s, const struct ask *ask, struct outbox_row *ret,
                    struct bad_rows *bad, struct failure *f)
{
    CLEANUP(query_end)
    struct query q = row_select(
        &s->db, &TABLE_OUTBOX,
        ask->pager ? "WHERE " OUTBOX_IS_DUE NOT_HELD " AND " OUTBOX_FREE_HEAD
                     " ORDER BY (SELECT max(e.level = 'critical') FROM outbox AS q JOIN event AS e"
                     " ON e.id = q.event WHERE q.receiver = ?1 AND q.queue = outbox.queue"
                     " AND q.state <= 1) DESC, created_at DESC, id LIMIT 1"
                   : "INDEXED BY outbox_newest WHERE " OUTBOX_IS_DUE NOT_HELD " AND " OUTBOX_FREE_HEAD
                     " ORDER BY created_at DESC, id LIMIT 1");
    bind(&q, ask);
    int r = query_step(&q, f);
    return r <= 0 ? r : outbox_row_read(&q, ret, bad, f);
}

static int find_next_time(struct store *s, const struct ask *ask, usec_t *ret, struct failure *f)
{
    CLEANUP(query_end)
    struct query q = query_new(&s->db, "SELECT due_at FROM outbox WHERE " OUTBOX_FREE_HEAD NOT_HELD
                                       " ORDER BY due_at LIMIT 1");
    bind(&q, ask);
    int r = query_step(&q, f);
    if (r > 0)
        *ret = query_get_usec(&q, 0);
    return r < 0 ? r : 0;
}

static int find_next(struct store *s, const struct ask *ask, struct outbox_entry **ret,
                     usec_t *ret_next_at, struct failure *ret_failure)
{
    int r = store_ready(s, ret_failure);
    for (;;) {
        CLEANUP(bad_rows_free) struct bad_rows bad = {0};
        struct outbox_row o;
        if (r >= 0)
            r = find_due(s, ask, &o, &bad, ret_failure);
        if (r > 0 && ret)
            r = read_entry(s, &o, ret, &bad, ret_failure);
        if (r != 0)
            return r < 0 ? r : 0;
        if (bad.n == 0)
            break;
        r = store_quarantine(s, &bad, ret_failure); /* then look again */
        if (r >= 0 && s->mode == STORE_READ_ONLY)
            break;
    }
    usec_t next_at = 0;
    r = find_next_time(s, ask, &next_at, ret_failure);
    if (r < 0)
        return r;
    *ret_next_at = next_at;
    return -ENOENT;
}

int store_outbox_next(struct store *s, const char *receiver, usec_t now_at,
                      struct outbox_entry **ret, usec_t *ret_next_at, struct failure *ret_failure)
{
    const struct ask ask = {.receiver = receiver, .now_at = now_at};
    return MENDING(s, ret_failure, find_next(s, &ask, ret, ret_next_at, ret_failure));
}

/* ---- pagers ---- */

int store_outbox_next_page(struct store *s, const char *receiver, usec_t now_at,
                           const struct incident_limit *limit, struct outbox_entry **ret,
                           usec_t *ret_next_at, struct failure *ret_failure)
{
    const struct ask ask = {receiver, now_at, limit};
    return MENDING(s, ret_failure, find_next(s, &ask, ret, ret_next_at, ret_failure));
}

static int count_new(struct store *s, const char *receiver, const char *storm_id, int64_t *ret,
                     struct failure *f)
{
    int r = store_ready(s, f);
    if (r < 0)
        return r;
    CLEANUP(query_end)
    struct query q = query_new(&s->db, "SELECT count(*) FROM outbox WHERE receiver = ?1 AND head = 1"
                                       " AND state = 0 AND queue <> ?2 AND " IS_NEW_INCIDENT);
    query_text(&q, receiver);
    query_text(&q, storm_id);
    r = query_step(&q, f);
    if (r > 0)
        *ret = query_get_int(&q, 0);
    return r < 0 ? r : 0;
}

int store_outbox_count_new(struct store *s, const char *receiver, const char *storm_id, int64_t *ret,
                           struct failure *ret_failure)
{
    return MENDING(s, ret_failure, count_new(s, receiver, storm_id, ret, ret_failure));
}

static int list_incidents(struct store *s, const char *receiver, usec_t within, struct instant now,
                          usec_t *ret, size_t max, struct failure *f)
{
    int r = store_ready(s, f);
    if (r < 0)
        return r;
    CLEANUP(query_end)
    struct query q = row_select(&s->db, &TABLE_OUTBOX,
                                "WHERE finished_at > ?2 AND receiver = ?1 AND state = 2 AND"
                                " type IN ('alert.firing', 'alert.digest') ORDER BY finished_at DESC LIMIT ?3");
    CLEANUP(outbox_rows_free) struct outbox_rows rows = {0};
    query_text(&q, receiver);
    query_usec(&q, now.at > within ? now.at - within : 0);
    query_int(&q, (int64_t)max);
    r = outbox_rows_collect(&q, &rows, f);
    for (size_t i = 0; r >= 0 && i < rows.n; i++)
        ret[i] = instant_since(&rows.row[rows.n - 1 - i].set, &now);
    return r < 0 ? r : (int)rows.n;
}

int store_outbox_incidents(struct store *s, const char *receiver, usec_t within, struct instant now,
                           usec_t *ret, size_t max, struct failure *ret_failure)
{
    return MENDING(s, ret_failure, list_incidents(s, receiver, within, now, ret, max, ret_failure));
}

/* ---- many at once ---- */

static int find_all(struct store *s, const char *rest, const char *receiver,
                    struct outbox_rows *ret, struct failure *f)
{
    CLEANUP(query_end) struct query q = row_select(&s->db, &TABLE_OUTBOX, rest);
    query_text(&q, receiver);
    return outbox_rows_collect(&q, ret, f);
}

static int change_all(struct store *s, const char *rest, const char *receiver,
                      const struct instant *now,
                      int (*change)(struct store *s, struct outbox_row *o,
                                    const struct instant *now, struct failure *f),
                      struct failure *f)
{
    CLEANUP(outbox_rows_free) struct outbox_rows rows = {0};
    int r = store_begin(s, now, f);
    if (r < 0)
        return r;
    r = find_all(s, rest, receiver, &rows, f);
    for (size_t i = 0; r >= 0 && i < rows.n; i++)
        r = change(s, &rows.row[i], now, f);
    if (r >= 0)
        r = outbox_settle_all(s, f);
    return store_end(s, r, f);
}

static int recover_all(struct store *s, struct instant now, struct failure *ret_failure)
{
    int r = store_begin(s, &now, ret_failure);
    return r < 0 ? r : store_end(s, unknown_outcome_mark(s, &now, false, ret_failure), ret_failure);
}

int store_outbox_recover(struct store *s, struct instant now, struct failure *ret_failure)
{
    return MENDING(s, ret_failure, recover_all(s, now, ret_failure));
}

static int later_one_delivered(struct store *s, const struct outbox_row *o, struct failure *f)
{
    CLEANUP(query_end)
    struct query q =
        query_new(&s->db, "SELECT 1 FROM outbox WHERE queue = ?1 AND receiver = ?2 AND id > ?3"
                          " AND state = 2 LIMIT 1");
    query_text(&q, o->queue);
    query_text(&q, o->receiver);
    query_int(&q, o->id);
    return query_step(&q, f);
}

/* Superseded if a later row was delivered: an old "firing" after its "resolved" would be wrong. */
int outbox_retry(struct store *s, struct outbox_row *o, const struct instant *now, struct failure *f)
{
    int late = later_one_delivered(s, o, f);
    if (late < 0)
        return late;
    o->state = late ? OUTBOX_SUPERSEDED : OUTBOX_QUEUED;
    o->finished_at = late ? now->at : 0;
    outbox_row_wait(o, now, now->at);
    return outbox_row_put(s, o, f);
}

static int retry_all(struct store *s, const char *receiver, struct instant now,
                       struct failure *ret_failure)
{
    int r = store_switch_on(s, receiver, ret_failure);
    if (r < 0)
        return r;
    return change_all(s, "WHERE state IN (0, 1, 3) AND state = 3 AND (?1 IS NULL OR receiver = ?1)",
                      receiver, &now, outbox_retry, ret_failure);
}

int store_outbox_retry(struct store *s, const char *receiver, struct instant now,
                       struct failure *ret_failure)
{
    return MENDING(s, ret_failure, retry_all(s, receiver, now, ret_failure));
}

/* ---- the receiver works again ---- */

/* Only what waits: an entry that is due needs no change. */
static int release_all(struct store *s, const char *receiver, uint64_t failures, struct instant now,
                       struct failure *ret_failure)
{
    CLEANUP(outbox_rows_free) struct outbox_rows rows = {0};
    int r = store_ready(s, ret_failure);
    if (r >= 0) {
        CLEANUP(query_end)
        struct query q = row_select(&s->db, &TABLE_OUTBOX,
                                    "INDEXED BY outbox_due WHERE receiver = ?1 AND head = 1 AND state = 0"
                                    " AND due_at > ?2 AND attempts <= ?3");
        query_text(&q, receiver);
        query_usec(&q, now.at);
        query_usec(&q, failures);
        r = outbox_rows_collect(&q, &rows, ret_failure);
    }
    if (r < 0 || rows.n == 0)
        return r;
    r = store_begin_soon(s, &now, ret_failure);
    if (r < 0)
        return r;
    for (size_t i = 0; r >= 0 && i < rows.n; i++) {
        outbox_row_wait(&rows.row[i], &now, now.at);
        r = outbox_row_put(s, &rows.row[i], ret_failure);
    }
    return store_end(s, r, ret_failure);
}

int store_outbox_release(struct store *s, const char *receiver, uint64_t failures,
                         struct instant now, struct failure *ret_failure)
{
    return MENDING(s, ret_failure, release_all(s, receiver, failures, now, ret_failure));
}

static int park(struct store *s, struct outbox_row *o, const struct instant *now, struct failure *f)
{
    (void)now;
    o->state = OUTBOX_PARKED;
    return outbox_row_put(s, o, f);
}

static int park_all(struct store *s, const char *receiver, struct failure *ret_failure)
{
    return change_all(s, "WHERE state IN (0, 1, 3) AND state = 0 AND receiver = ?1", receiver, NULL,
                      park, ret_failure);
}

int store_outbox_park_receiver(struct store *s, const char *receiver, struct failure *ret_failure)
{
    return MENDING(s, ret_failure, park_all(s, receiver, ret_failure));
}

static int list_receivers(struct store *s, char (*ret)[64], size_t max,
                           struct failure *ret_failure)
{
    int r = store_ready(s, ret_failure);
    if (r < 0)
        return r;
    CLEANUP(query_end)
    struct query q = query_new(
        &s->db, "SELECT DISTINCT receiver FROM outbox WHERE state IN (0, 1, 3) ORDER BY receiver");
    int n = 0;
    while ((size_t)n < max && (r = query_step(&q, ret_failure)) > 0)
        query_get_buffer(&q, 0, ret[n++], sizeof *ret);
    return r < 0 ? r : n;
}

int store_outbox_receivers(struct store *s, char (*ret)[64], size_t max,
                           struct failure *ret_failure)
{
    return MENDING(s, ret_failure, list_receivers(s, ret, max, ret_failure));
}
