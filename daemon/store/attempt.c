/* SPDX-License-Identifier: MIT */
/* store/attempt.c: records the begin and end of each delivery attempt, one transaction each. */
#include "store/commit.h"
#include "store/message_ref.h"
#include "store/notified.h"
#include "store/write.h"

#include <errno.h>

/* ---- begin ---- */

static int put_body(struct store *s, struct outbox_row *o, const char *body, size_t len,
                    struct failure *f)
{
    struct row row = {0};
    row_int(&row, o->id);
    row_blob(&row, body, len);
    o->size += (int64_t)len;
    return row_put(&s->db, &TABLE_BODY, &row, f);
}

static int has_body(struct store *s, int64_t id, struct failure *f)
{
    CLEANUP(query_end) struct query q = query_new(&s->db, "SELECT 1 FROM body WHERE outbox = ?1");
    query_int(&q, id);
    return query_step(&q, f);
}

static int log_begin(struct store *s, const struct outbox_row *o, usec_t now_at, struct failure *f)
{
    {
        CLEANUP(query_end)
        struct query old = query_new(&s->db, "DELETE FROM attempt WHERE outbox = ?1 AND n <= ?2");
        query_int(&old, o->id);
        query_int(&old, (int64_t)o->attempts - STORE_ATTEMPTS_KEPT);
        int r = query_run(&old, f);
        if (r < 0)
            return r;
    }
    CLEANUP(query_end)
    struct query q = query_new(
        &s->db, "INSERT OR REPLACE INTO attempt (outbox, n, begun_at) VALUES (?1, ?2, ?3)");
    query_int(&q, o->id);
    query_int(&q, o->attempts);
    query_usec(&q, now_at);
    return query_run(&q, f);
}

static int begin(struct store *s, int64_t id, const char *body, size_t len, usec_t now_at,
                 struct failure *f)
{
    struct outbox_row o;
    int r = outbox_row_get(s, id, &o, f);
    if (r < 0)
        return r;
    if (o.state != OUTBOX_QUEUED) /* superseded or parked since it was read */
        return failure_set(f, FAILURE_LOCAL, ENOENT, "outbox entry %lld is no longer queued",
                           (long long)id);
    o.state = OUTBOX_IN_FLIGHT;
    if (o.attempts < UINT32_MAX)
        o.attempts++;
    r = body ? has_body(s, id, f) : 1;
    if (r == 0)
        r = put_body(s, &o, body, len, f);
    if (r >= 0)
        r = outbox_row_put(s, &o, f);
    if (r >= 0)
        r = notified_try(s, &o, f);
    return r < 0 ? r : log_begin(s, &o, now_at, f);
}

static int write_begin(struct store *s, int64_t id, const char *body, size_t len,
                        struct instant now, struct failure *ret_failure)
{
    int r = store_begin_soon(s, &now, ret_failure);
    return r < 0 ? r : store_end(s, begin(s, id, body, len, now.at, ret_failure), ret_failure);
}

int store_attempt_begin(struct store *s, int64_t id, const char *body, size_t len,
                        struct instant now, struct failure *ret_failure)
{
    return MENDING(s, ret_failure, write_begin(s, id, body, len, now, ret_failure));
}

/* ---- end ---- */

static int log_end(struct store *s, const struct outbox_row *o, const struct attempt_result *result,
                   usec_t now_at, struct failure *f)
{
    CLEANUP(query_end)
    struct query q =
        query_new(&s->db, "UPDATE attempt SET ended_at = ?3, outcome = ?4, status = ?5, text = ?6"
                          " WHERE outbox = ?1 AND n = ?2");
    query_int(&q, o->id);
    query_int(&q, o->attempts);
    query_usec(&q, now_at);
    query_int(&q, result->state);
    query_int(&q, result->status);
    query_text(&q, result->text);
    return query_run(&q, f);
}

/* The last message of an episode needs no reference. */
static int keep_ref(struct store *s, const struct outbox_row *o, const struct attempt_result *result,
                    struct failure *f)
{
    if (o->type == EVENT_DIGEST || o->type == EVENT_INFO)
        return 0;
    if (o->type == EVENT_RESOLVED && result->state == OUTBOX_DELIVERED)
        return message_ref_forget(s, o, f);
    return result->ref[0] ? message_ref_put(s, o, result->ref, f) : 0;
}

static int end(struct store *s, int64_t id, const struct attempt_result *result,
               const struct instant *now, struct failure *f)
{
    struct outbox_row o;
    int r = outbox_row_get(s, id, &o, f);
    if (r < 0)
        return r;
    if (o.state != OUTBOX_IN_FLIGHT)
        return 0; /* already recorded */
    r = log_end(s, &o, result, now->at, f);
    if (r >= 0)
        r = keep_ref(s, &o, result, f);
    if (r >= 0 && result->state == OUTBOX_DELIVERED) {
        o.unknown = false;
        r = tally_add(s, o.receiver, 1, 0, f);
    }
    if (r < 0)
        return r;
    outbox_row_wait(&o, now, result->due_at);
    return outbox_row_finish(s, &o, result->state, now->at, f);
}

static int write_end(struct store *s, int64_t id, const struct attempt_result *r,
                      struct instant now, struct failure *ret_failure)
{
    int done = store_begin_soon(s, &now, ret_failure);
    return done < 0 ? done : store_end(s, end(s, id, r, &now, ret_failure), ret_failure);
}

int store_attempt_end(struct store *s, int64_t id, const struct attempt_result *r,
                      struct instant now, struct failure *ret_failure)
{
    return MENDING(s, ret_failure, write_end(s, id, r, now, ret_failure));
}
