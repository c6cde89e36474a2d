/* SPDX-License-Identifier: MIT */
/* store/outbox_row.h: rows of the table outbox, and the heads of its queues. Internal to store/. */
#pragma once
#include "store/internal.h"

/* SQL conditions on a row. ?1: the receiver; ?2: now; ?3: now and STORE_DELAY_MAX. */

/* A row due later than the longest delay is due now: the wall clock was set back. */
#define OUTBOX_IS_DUE "(due_at <= ?2 OR due_at > ?3)"

/* The head of a queue waits while an older row concerns the same alert: a digest that contains it; for
 * a digest, a row of an alert that it contains, or another digest that contains one. */
#define OUTBOX_OLDER_DIGEST_OF(alert)                                                                     \
    " EXISTS (SELECT 1 FROM event AS m CROSS JOIN outbox AS d ON d.event = m.folded_into"          \
    " WHERE m.alert_id = " alert " AND m.folded_into IS NOT NULL AND d.receiver = ?1"              \
    " AND d.state <= 1 AND d.id < outbox.id)"
#define OUTBOX_FREE_HEAD                                                                                  \
    "receiver = ?1 AND head = 1 AND state = 0 AND NOT" OUTBOX_OLDER_DIGEST_OF("outbox.queue")             \
    " AND NOT (type = 'alert.digest' AND EXISTS (SELECT 1 FROM event AS own"                       \
    " WHERE own.folded_into = outbox.event AND (" OUTBOX_OLDER_DIGEST_OF("own.alert_id")                  \
    " OR EXISTS (SELECT 1 FROM outbox AS p WHERE p.receiver = ?1 AND p.queue = own.alert_id"       \
    " AND p.state <= 1 AND p.id < outbox.id))))"


struct outbox_row {
    int64_t id, event;
    char receiver[64];
    char queue[UUID_TEXT]; /* id of the alert or digest */
    uint32_t episode;
    enum event_type type;
    enum outbox_state state;
    uint32_t attempts;
    bool unknown, combined;
    usec_t created_at, due_at;
    struct instant set; /* when due_at was set: a jump of the wall clock must not change the delay */
    usec_t finished_at; /* 0: not finished */
    int64_t size;
};
/* 1: filled. 0: a bad row, added to `bad`. -ENOMEM. */
int outbox_row_read(const struct query *q, struct outbox_row *ret, struct bad_rows *bad,
                    struct failure *f);
/* By id. -ENOENT: none, or a bad row (which stays). */
int outbox_row_get(struct store *s, int64_t id, struct outbox_row *ret, struct failure *f);
int outbox_row_put(struct store *s, const struct outbox_row *o, struct failure *f);
/* The good rows of a select, collected before any of them changes. */
struct outbox_rows {
    struct outbox_row *row;
    size_t n;
};
static inline void outbox_rows_free_at(struct outbox_rows *rows)
{
    free(rows->row);
}
int outbox_rows_collect(struct query *q, struct outbox_rows *ret, struct failure *f);
/* Adds a row with the next id to its queue. */
int outbox_row_add(struct store *s, struct outbox_row *o, struct failure *f);
/* Removes a row from the queue: delivered, superseded or parked. */
int outbox_row_finish(struct store *s, struct outbox_row *o, enum outbox_state state, usec_t now_at,
                      struct failure *f);
/* Marks the first row of this queue as its head. */
int outbox_settle(struct store *s, const char *receiver, const char *queue, struct failure *f);
int outbox_settle_all(struct store *s, struct failure *f);
/* The size of the outbox, and whether it has reached its bound. */
struct outbox_fill {
    int64_t rows, bytes;
};
int outbox_measure(struct store *s, struct outbox_fill *ret, struct failure *f);
bool outbox_is_full(const struct store *s, const struct outbox_fill *fill);
/* Sets due_at, between now and now + STORE_DELAY_MAX. */
void outbox_row_wait(struct outbox_row *o, const struct instant *now, usec_t due_at);
/* Inside a transaction, after the wall clock was set: each row waits for what was left of its delay. */
int outbox_rows_rebase(struct store *s, const struct outbox_rows *rows, const struct instant *now,
                       struct failure *f);
/* Fills event_id and notification or digest of `e`. 1: read. 0: unusable, added to `bad`. */
int outbox_read_event(struct store *s, int64_t id, struct outbox_entry *e, struct bad_rows *bad,
                      struct failure *f);
/* A parked row is due again; superseded if a later one of its queue was delivered. The heads are not settled. */
int outbox_retry(struct store *s, struct outbox_row *o, const struct instant *now, struct failure *f);
