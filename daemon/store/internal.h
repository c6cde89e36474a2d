/* SPDX-License-Identifier: MIT */
/* store/internal.h: what the files of this room share. Private to the room. */
#pragma once
#include "store/db.h"
#include "store/row.h"
#include "store/store.h"

#define STORE_KEEP_FINISHED (90 * USEC_PER_DAY) /* delivered rows and old events */
#define STORE_ATTEMPTS_KEPT 50                  /* of one entry */
#define STORE_DELAY_MAX USEC_PER_HOUR           /* no delivery is put off for longer */

struct store {
    struct db db;
    struct store_codec codec;
    enum store_mode mode;
    char *directory; /* resolved */
    int directory_fd, lock_fd;
    usec_t history_keep;
    uint64_t outbox_max_rows, outbox_max_bytes;

    struct instant clock; /* the last one that we were told */
    usec_t uneven_mono;   /* when the wall clock jumped last; 0: never since the start */

    int64_t doubt;     /* generation of the failed write that may be on disk; 0: none */
    struct undo undo;  /* how to take it back */
    bool take_back;    /* it is on disk, and its caller was told that it failed */
    bool unsynced;     /* attempts were written that the disk may not have yet */
    bool lost;         /* ... and a disk that failed has taken some back */
    char trouble[384]; /* "": the last write went well */

    bool only_indexes; /* of the last check: see check.h */
    bool suspect; /* SQLite has found damage since the last write that worked, and our check did not
                   */
    usec_t vain_mono;   /* when a new database was last built because of that; 0: never */
    unsigned rebuilds;  /* since the last write that worked */
    char moved_to[256]; /* where the last damaged database is; "": none was damaged */
    uint64_t quarantined;
};

/* ---- open.c ---- */
/* Opens the database and checks it, without changing it. `created` NULL: there must be one.
 * -EBADMSG: it is damaged or not ours. -EPROTO: its schema is newer. *ret_version: its schema. */
int store_attach(struct store *s, bool *created, int64_t *ret_version, struct failure *f);

/* ---- mend.c: damage ---- */
/* True: *r says that the database is damaged (-EBADMSG), and it was repaired or built anew: do it
 * again. Ends by itself: false when that has not helped, or cannot be done, and then *r says why.
 */
bool store_mended(struct store *s, int *r, struct failure *f);
#define MENDING(store, f, call)              \
    __extension__({                          \
        int r_;                              \
        do                                   \
            r_ = (call);                     \
        while (store_mended(store, &r_, f)); \
        r_;                                  \
    })

/* ---- heard.c ---- */
/* Part of a commit: what it says of lost tenants, and of damage that is settled. */
int damage_settle(struct store *s, const struct commit *c, struct failure *f);

/* ---- write.c: one write ---- */
/* Reopens and verifies first, if the connection is sick. */
int store_ready(struct store *s, struct failure *f);
/* A write begins; `now` NULL: the caller knows no time. Each one that succeeds is followed by one
 * store_end. */
int store_begin(struct store *s, const struct instant *now, struct failure *f);
/* One that does not wait for the disk; store_sync does. */
int store_begin_soon(struct store *s, const struct instant *now, struct failure *f);
/* r >= 0: commits and returns r. r < 0: takes everything back and returns r. */
int store_end(struct store *s, int r, struct failure *f);
/* Moves bad rows to quarantine in a write of its own; STORE_READ_ONLY only counts them. */
int store_quarantine(struct store *s, const struct bad_rows *bad, struct failure *f);

/* ---- registry.c, tenant.c, history.c, enqueue.c: parts of a commit, inside its transaction ----
 */
int alert_put(struct store *s, const struct alert *a, struct failure *f);
int alert_remove(struct store *s, const char *id, struct failure *f);
int memory_put(struct store *s, const char *tenant_id, const struct tenant_memory *m,
               struct failure *f);
int health_put(struct store *s, const char *tenant_id, const struct tenant_health *h,
               struct failure *f);
int history_put(struct store *s, const struct snapshot *snapshot, struct failure *f);
int events_put(struct store *s, const struct commit *c, struct failure *f);

/* ---- past.c ---- */
/* Part of a commit that removes this alert. */
int past_put(struct store *s, const struct removal *gone, usec_t now_at, struct failure *f);

/* ---- housekeeping.c ---- */
/* At the start: can `now` be believed, as far as the rows go? */
int clock_distrust(struct store *s, const struct instant *now, struct failure *f);

/* ---- outbox.c ---- */
/* The disk has lost attempts that were written: any open row may have been sent. */
int outbox_recover_lost(struct store *s, struct failure *f);

/* ---- outbox_row.c ---- */
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

/* ---- told.c ---- */
/* This receiver is about to be told something of this episode. */
int notified_expect(struct store *s, const char *alert_id, const char *receiver, uint32_t episode,
                    struct failure *f);
/* An attempt of this row begins: from here on its receiver may have been told. */
int notified_try(struct store *s, const struct outbox_row *o, struct failure *f);
struct audience { /* who may have been told of an episode */
    struct {
        char receiver[64];
        bool tried;
    } * member;
    size_t n;
};
static inline void audience_free_at(struct audience *a)
{
    free(a->member);
}
int notified_audience(struct store *s, const char *alert_id, uint32_t episode, struct audience *ret,
                      struct failure *f);
int notified_forget(struct store *s, const char *alert_id, struct failure *f);

/* ---- held.c ---- */
/* What the changes hold back; inside a commit, after its events. */
int deferred_put(struct store *s, const struct commit *c, struct failure *f);
/* This receiver (NULL: any) waits no more to hear of this alert. */
int deferred_forget(struct store *s, const char *alert_id, const char *receiver, struct failure *f);

/* Counters of one receiver. */
int tally_add(struct store *s, const char *receiver, int delivered, int dropped, struct failure *f);
