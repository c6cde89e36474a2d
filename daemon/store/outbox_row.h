/* SPDX-License-Identifier: MIT */
/* store/outbox_row.h: rows of the table outbox, and the heads of its queues. Private to the room. */
#pragma once
#include "store/internal.h"

struct outbox_row {
    int64_t id, event;
    char receiver[64];
    char queue[UUID_TEXT]; /* the alert's id, or the digest's */
    uint32_t episode;
    enum event_type type;
    enum outbox_state state;
    uint32_t attempts;
    bool unknown, combined;
    usec_t created_at, due_at;
    struct instant
        set; /* when due_at was fixed: a jump of the wall clock must not change the wait */
    usec_t finished_at; /* 0: it is not */
    int64_t size;
};
/* Queued, in flight or parked: somebody still has to hear it. */
bool outbox_row_owed(const struct outbox_row *o);
/* 1: filled. 0: a bad row, added to `bad`. -ENOMEM. */
int outbox_row_read(const struct query *q, struct outbox_row *ret, struct bad_rows *bad,
                    struct failure *f);
/* By id; -ENOENT: there is none, or it is a bad one (left where it is). */
int outbox_row_get(struct store *s, int64_t id, struct outbox_row *ret, struct failure *f);
int outbox_row_put(struct store *s, const struct outbox_row *o, struct failure *f);
/* All good rows of a select, collected before any of them is changed. */
struct outbox_rows {
    struct outbox_row *row;
    size_t n;
};
static inline void outbox_rows_free_at(struct outbox_rows *rows)
{
    free(rows->row);
}
int outbox_rows_collect(struct query *q, struct outbox_rows *ret, struct failure *f);
/* A row leaves the queue for good (delivered, superseded) or for now (parked). */
int outbox_row_finish(struct store *s, struct outbox_row *o, enum outbox_state state, usec_t now_at,
                      struct failure *f);
/* Whoever stands first in this queue is marked as its head. */
int outbox_settle(struct store *s, const char *receiver, const char *queue, struct failure *f);
int outbox_settle_all(struct store *s, struct failure *f);
/* Waits until now + delay, whatever the wall clock does meanwhile. */
void outbox_row_wait(struct outbox_row *o, const struct instant *now, usec_t due_at);
/* Inside a transaction, after the wall clock was set: each row waits for what was left of its delay. */
int outbox_rows_rebase(struct store *s, const struct outbox_rows *rows, const struct instant *now,
                       struct failure *f);
