/* SPDX-License-Identifier: MIT */
/* store/fold.c: combines messages that are too many for a receiver into digests. */
#include "alerts/digest.h"
#include "base/text.h"
#include "store/event.h"
#include "store/outbox_row.h"
#include "store/write.h"

#include <errno.h>
#include <string.h>

#define FOLD_MAX 1000 /* alerts in one transaction */

/* Heads of queues that can be combined: due, and no attempt was made of anything in the queue. */
#define FOLDABLE                                                                                   \
    "outbox INDEXED BY outbox_newest WHERE " OUTBOX_IS_DUE                                         \
    " AND type <> 'alert.digest' AND NOT EXISTS (SELECT 1 FROM outbox AS q WHERE q.receiver = ?1"  \
    " AND q.queue = outbox.queue AND q.state <= 1"                                                 \
    " AND (q.attempts > 0 OR q.unknown <> 0 OR q.state = 1)) AND " OUTBOX_FREE_HEAD

static void bind(struct query *q, const struct fold *fold, int64_t limit)
{
    query_text(q, fold->receiver);
    query_usec(q, fold->due_at);
    query_usec(q, fold->due_at + STORE_DELAY_MAX);
    query_int(q, limit);
}

/* How many alerts can be combined, counted up to `limit`. */
static int count_foldable(struct store *s, const struct fold *fold, int64_t limit, struct failure *f)
{
    CLEANUP(query_end)
    struct query q = query_new(&s->db, "SELECT count(*) FROM (SELECT 1 FROM " FOLDABLE " LIMIT ?4)");
    bind(&q, fold, limit);
    int r = query_step(&q, f);
    return r > 0 ? (int)query_get_int(&q, 0) : r;
}

/* 1: more than `keep` alerts can be combined, or all must be. */
static int is_needed(struct store *s, const struct fold *fold, int64_t *keep, struct failure *f)
{
    struct outbox_fill fill = {0};
    *keep = fold->keep;
    if (s->outbox_full) {
        int r = outbox_measure(s, &fill, f);
        if (r < 0)
            return r;
        s->outbox_full = outbox_is_full(s, &fill);
        *keep = s->outbox_full ? 0 : *keep;
    }
    if (*keep == UINT32_MAX)
        return 0;
    int n = count_foldable(s, fold, *keep + 2, f);
    return n < 0 ? n : n == *keep + 2;
}

/* ---- what is combined ---- */

struct folded {
    struct outbox_rows rows;
    struct notification **notification; /* of each row */
    bool *done;
};
static inline void folded_free_at(struct folded *a)
{
    for (size_t i = 0; a->notification && i < a->rows.n; i++)
        notification_free(a->notification[i]);
    free(a->notification);
    free(a->done);
    free(a->rows.row);
}

/* The rows of all but the worst and newest alerts, newest first. */
static int read_rows(struct store *s, const struct fold *fold, int64_t keep, struct folded *ret,
                     struct failure *f)
{
    CLEANUP(query_end)
    struct query q = row_select(
        &s->db, &TABLE_OUTBOX,
        "INDEXED BY outbox_open WHERE receiver = ?1 AND state <= 1 AND queue IN (SELECT queue FROM " FOLDABLE
        " ORDER BY type = 'alert.resolved', (SELECT level <> 'critical' FROM event WHERE id = outbox.event),"
        " created_at DESC, id LIMIT ?4 OFFSET ?5) ORDER BY created_at DESC, id");
    bind(&q, fold, FOLD_MAX);
    query_int(&q, keep);
    return outbox_rows_collect(&q, &ret->rows, f);
}

static int read_events(struct store *s, struct folded *a, struct bad_rows *bad, struct failure *f)
{
    a->notification = calloc(a->rows.n, sizeof *a->notification);
    a->done = calloc(a->rows.n, sizeof *a->done);
    if (!a->notification || !a->done)
        return failure_oom(f);
    int r = 0;
    for (size_t i = 0; r >= 0 && i < a->rows.n; i++) {
        struct outbox_entry e = {0};
        r = outbox_read_event(s, a->rows.row[i].event, &e, bad, f);
        a->notification[i] = e.notification;
        digest_free(e.digest); /* a row that says it is something else */
        if (r > 0 && !e.notification)
            return failure_set(f, FAILURE_LOCAL, EINVAL, "outbox entry %lld is no notification",
                               (long long)a->rows.row[i].id);
    }
    return r < 0 ? r : 0;
}

/* ---- writing ---- */

static int put_part(struct store *s, const struct fold *fold, const struct digest *d, usec_t created_at,
                    const struct instant *now, struct failure *f)
{
    struct outbox_row o = {
        .type = EVENT_DIGEST, .created_at = created_at, .due_at = fold->due_at, .set = *now};
    (void)snprintf(o.receiver, sizeof o.receiver, "%s", fold->receiver);
    (void)snprintf(o.queue, sizeof o.queue, "%s", d->digest_id);
    int r = event_put_digest(s, d, &o.event, &o.size, f);
    return r < 0 ? r : outbox_row_add(s, &o, f);
}

static int put_digest(struct store *s, const struct fold *fold, const struct notification *const *list,
                      size_t n, usec_t created_at, const struct instant *now, struct failure *f)
{
    struct digest **part = NULL;
    size_t n_parts = 0;
    int r = digest_parts(list, n, fold->lines, NULL, "storm", now->at, &part, &n_parts);
    if (r < 0)
        return failure_set(f, FAILURE_LOCAL, -r, "digest: %s", strerror(-r));
    for (size_t i = 0; i < n_parts; i++) {
        if (r >= 0)
            r = put_part(s, fold, part[i], created_at, now, f);
        digest_free(part[i]);
    }
    free(part);
    return r;
}

static bool belongs(const struct fold *fold, const struct notification *a, const struct notification *b)
{
    return !fold->by_tenant || (a->context && b->context &&
                                text_equal(a->context->tenant_id, b->context->tenant_id));
}

/* Combines row `first` with all later ones that belong to it; a single one stays. The age of a digest is
 * that of its oldest event. */
static int fold_from(struct store *s, const struct fold *fold, struct folded *a, size_t first,
                     const struct instant *now, struct failure *f)
{
    CLEANUP(free) const struct notification **list = calloc(a->rows.n, sizeof *list);
    CLEANUP(free) size_t *at = calloc(a->rows.n, sizeof *at);
    usec_t created_at = a->rows.row[first].created_at;
    size_t n = 0;
    if (!list || !at)
        return failure_oom(f);
    for (size_t i = first; i < a->rows.n; i++) {
        if (a->done[i] || !belongs(fold, a->notification[first], a->notification[i]))
            continue;
        a->done[i] = true;
        at[n] = i;
        list[n++] = a->notification[i];
        created_at = a->rows.row[i].created_at < created_at ? a->rows.row[i].created_at : created_at;
    }
    if (n < 2)
        return 0;
    int r = put_digest(s, fold, list, n, created_at, now, f);
    for (size_t i = 0; r >= 0 && i < n; i++)
        r = outbox_row_finish(s, &a->rows.row[at[i]], OUTBOX_SUPERSEDED, now->at, f);
    return r < 0 ? r : 1;
}

static int fold_all(struct store *s, const struct fold *fold, int64_t keep, const struct instant *now,
                    struct bad_rows *bad, struct failure *f)
{
    CLEANUP(folded_free) struct folded a = {0};
    int r = read_rows(s, fold, keep, &a, f), any = 0;
    if (r >= 0)
        r = read_events(s, &a, bad, f);
    for (size_t i = 0; r >= 0 && bad->n == 0 && i < a.rows.n; i++) {
        if (!a.done[i])
            r = fold_from(s, fold, &a, i, now, f);
        any |= r > 0;
    }
    return r < 0 ? r : any;
}

static int fold_once(struct store *s, const struct fold *fold, const struct instant *now, struct failure *f)
{
    CLEANUP(bad_rows_free) struct bad_rows bad = {0};
    int64_t keep = 0;
    int r = store_ready(s, f);
    if (r >= 0)
        r = is_needed(s, fold, &keep, f);
    if (r <= 0)
        return r;
    r = store_begin(s, now, f);
    if (r < 0)
        return r;
    r = store_end(s, fold_all(s, fold, keep, now, &bad, f), f);
    return r >= 0 && bad.n > 0 ? store_quarantine(s, &bad, f) : r;
}

int store_outbox_fold(struct store *s, const struct fold *fold, struct instant now,
                      struct failure *ret_failure)
{
    return MENDING(s, ret_failure, fold_once(s, fold, &now, ret_failure));
}
