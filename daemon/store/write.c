/* SPDX-License-Identifier: MIT */
/* store/write.c: runs transactions, and recovers from failures of the disk.
 *
 * After an I/O error the connection is not used again, because the kernel may have dropped dirty pages:
 * it is closed, reopened and checked. That also shows whether a failed COMMIT is on disk, because each
 * write increments `generation`. If it is, and the call has not returned yet, the write succeeds; if it
 * turns out later, after failure was reported, it is undone row by row. */
#include "store/write.h"

#include "store/attach.h"
#include "store/repair.h"
#include "store/outbox_row.h"
#include "store/unknown_outcome.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static void in_trouble(struct store *s, int r, const struct failure *why)
{
    if (r == -ENOENT || r == -EINVAL)
        return; /* an error of the caller, not of the disk */
    (void)snprintf(s->trouble, sizeof s->trouble, "%s", why ? why->text : strerror(-r));
}

/* ---- reopening ---- */

/* After a failed fsync the frames of a write may be readable but not on disk. A checkpoint copies them to
 * the database file and syncs that, so that the state is final. */
static int make_sure(struct store *s, struct failure *f)
{
    int64_t busy = 1;
    int r = db_number(&s->db, "PRAGMA wal_checkpoint(TRUNCATE)", &busy, f);
    if (r >= 0 && busy)
        r = failure_set(f, FAILURE_LOCAL, EAGAIN, "state database %s: another program is reading it",
                        s->db.path);
    return r;
}

/* Reopens and checks. *ret_there: the uncertain write is on disk, durably. */
static int reopen(struct store *s, bool *ret_there, struct failure *f)
{
    int64_t expected = s->db.generation, version;
    *ret_there = false;
    db_close(&s->db);
    int r = store_attach(s, NULL, &version, f);
    bool there = r >= 0 && s->uncertain_generation && s->db.generation == s->uncertain_generation;
    if (r >= 0 && (there || s->unsynced))
        r = make_sure(s, f);
    if (r < 0) {
        db_close(&s->db);
        s->db.generation = expected;
        s->db.needs_reopen = true;
        return r;
    }
    s->lost = s->lost || s->db.generation < expected;
    s->unsynced = false;
    s->uncertain_generation = 0;
    *ret_there = there;
    return 0;
}

static int undo_write(struct store *s, struct failure *f)
{
    bool wrote = false, doubt = false;
    int r = db_begin(&s->db, false, f);
    if (r >= 0)
        r = undo_apply(&s->db, &s->undo, f);
    if (r >= 0)
        r = outbox_settle_all(s, f);
    if (r >= 0)
        r = db_commit(&s->db, &wrote, &doubt, f);
    if (r < 0)
        db_rollback(&s->db);
    return r;
}

/* The disk lost records of attempts: any open row may have been sent. */
static int attempts_were_lost(struct store *s, struct failure *f)
{
    int r = store_begin(s, NULL, f);
    return r < 0 ? r : store_end(s, unknown_outcome_mark(s, &s->clock, true, f), f);
}

int store_ready(struct store *s, struct failure *f)
{
    bool there = false;
    int r = s->db.needs_reopen ? reopen(s, &there, f) : 0;
    if (r == -EBADMSG && s->mode == STORE_NORMAL)
        r = store_repair(s, f);
    if (there && s->undo.n)
        s->undo_pending = true;
    if (r >= 0 && s->undo_pending) {
        r = undo_write(s, f);
        s->undo_pending = r < 0;
    }
    if (r >= 0)
        undo_clear(&s->undo);
    if (r < 0)
        in_trouble(s, r, f);
    if (r >= 0 && s->lost) {
        s->lost = false; /* because store_begin calls store_ready */
        r = attempts_were_lost(s, f);
        s->lost = r < 0;
    }
    return r;
}

/* ---- the clock ---- */

int store_rebase(struct store *s, struct instant now, struct failure *ret_failure)
{
    CLEANUP(outbox_rows_free) struct outbox_rows rows = {0};
    s->clock = now; /* so that store_begin sees no jump */
    int r = store_ready(s, ret_failure);
    if (r >= 0) {
        CLEANUP(query_end)
        struct query q =
            row_select(&s->db, &TABLE_OUTBOX, "WHERE state IN (0, 1, 3) AND state = 0");
        r = outbox_rows_collect(&q, &rows, ret_failure);
    }
    if (r >= 0)
        r = store_begin(s, NULL, ret_failure);
    if (r < 0)
        return r;
    return store_end(s, outbox_rows_rebase(s, &rows, &now, ret_failure), ret_failure);
}

static int heed_clock(struct store *s, const struct instant *now, struct failure *f)
{
    bool jumped = clock_jump(&s->clock, now) != 0;
    s->clock = *now;
    if (!jumped)
        return 0;
    s->uneven_mono = now->mono;
    return store_rebase(s, *now, f);
}

/* ---- the write ---- */

static int begin_write(struct store *s, const struct instant *now, bool soon, struct failure *f)
{
    if (s->mode == STORE_READ_ONLY)
        return failure_set(f, FAILURE_LOCAL, EROFS, "state directory %s: opened read-only",
                           s->directory);
    int r = store_ready(s, f);
    if (r >= 0 && now)
        r = heed_clock(s, now, f);
    if (r < 0)
        return r;
    r = db_begin(&s->db, soon, f);
    if (r < 0)
        in_trouble(s, r, f);
    return r;
}

int store_begin(struct store *s, const struct instant *now, struct failure *f)
{
    return begin_write(s, now, false, f);
}

int store_begin_soon(struct store *s, const struct instant *now, struct failure *f)
{
    return begin_write(s, now, true, f);
}

int store_end(struct store *s, int r, struct failure *f)
{
    bool wrote = false, doubt = false;
    int result = r;
    if (r >= 0)
        r = db_commit(&s->db, &wrote, &doubt, f);
    if (r >= 0) {
        undo_clear(&s->db.undo);
        if (wrote) {
            s->trouble[0] = '\0';
            s->unsynced = s->db.soon;
            s->suspect = false;
            s->rebuilds = 0;
        }
        return result;
    }
    db_rollback(&s->db);
    in_trouble(s, r, f);
    s->undo = s->db.undo;
    s->db.undo = (struct undo){0};
    s->uncertain_generation = doubt && s->db.needs_reopen ? s->db.generation + 1 : 0;
    bool there = false;
    if (s->db.needs_reopen && reopen(s, &there, NULL) >= 0)
        undo_clear(&s->undo);
    if (!there)
        return r;
    s->trouble[0] = '\0'; /* the write succeeded after all and is durable */
    return result;
}

int store_sync(struct store *s, struct failure *ret_failure)
{
    struct failure why = {0};
    bool there = false;
    if (!s->unsynced)
        return 0;
    int r = s->db.needs_reopen ? -EIO : db_sync(&s->db, &why);
    if (r < 0) { /* frames may be readable but not on disk: reopening checkpoints them */
        s->db.needs_reopen = true;
        r = reopen(s, &there, &why);
    }
    if (r < 0) {
        in_trouble(s, r, &why);
        if (ret_failure)
            *ret_failure = why;
        return r;
    }
    s->unsynced = false;
    return 0;
}

int store_quarantine(struct store *s, const struct bad_rows *bad, struct failure *f)
{
    if (bad->n == 0)
        return 0;
    if (s->mode == STORE_READ_ONLY) {
        s->quarantined += bad->n;
        return 0;
    }
    int r = store_begin(s, NULL, f);
    if (r < 0)
        return r;
    r = bad_rows_move(&s->db, bad, s->clock.at, f);
    if (r >= 0 && bad_rows_damage(bad))
        r = damage_note(&s->db, bad_rows_damage(bad), f);
    if (r >= 0)
        r = outbox_settle_all(s, f); /* a bad row may have been the head of a queue */
    r = store_end(s, r, f);
    if (r >= 0)
        s->quarantined += bad->n;
    return r;
}

/* ---- damage ---- */

bool store_repaired(struct store *s, int *r, struct failure *f)
{
    if (*r != -EBADMSG || s->mode != STORE_NORMAL)
        return false;
    int repaired = store_repair(s, f);
    if (repaired < 0)
        *r = repaired;
    return repaired >= 0;
}

const char *store_trouble(const struct store *s)
{
    return s->trouble[0] ? s->trouble : NULL;
}

uint64_t store_quarantined(const struct store *s)
{
    return s->quarantined;
}
