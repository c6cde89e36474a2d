/* SPDX-License-Identifier: MIT */
/* store/deferred.c: notifications that are deferred until the hours of a route. */
#include "store/commit.h"
#include "store/notified.h"
#include "store/write.h"

#include <assert.h>
#include <errno.h>

struct deferred_rows {
    struct deferred *row;
    size_t n;
};
static inline void deferred_rows_free_at(struct deferred_rows *rows)
{
    free(rows->row);
}

static int take_row(struct row *row, void *into)
{
    struct deferred_rows *rows = into;
    if (array_room(&rows->row, rows->n, sizeof *rows->row) < 0)
        return -ENOMEM;
    struct deferred *d = &rows->row[rows->n];
    *d = (struct deferred){0};
    row_get_buffer(row, d->alert_id, sizeof d->alert_id);
    row_get_buffer(row, d->receiver, sizeof d->receiver);
    d->episode = (uint32_t)row_get_int(row, 0, UINT32_MAX);
    rows->n += !row->wrong;
    return 0;
}

/* ---- parts of a commit ---- */

static int put_row(struct store *s, const char *alert_id, const char *receiver, uint32_t episode,
                   struct failure *f)
{
    struct row row = {0};
    row_text(&row, alert_id);
    row_text(&row, receiver);
    row_int(&row, episode);
    return row_put(&s->db, &TABLE_HELD, &row, f);
}

/* Reads first: most alerts have no deferred notifications. */
static int find(struct store *s, const char *alert_id, const char *receiver,
                struct deferred_rows *ret, struct failure *f)
{
    CLEANUP(query_end)
    struct query q = query_new(&s->db, "SELECT receiver FROM held WHERE alert_id = ?1"
                                       " AND receiver = coalesce(?2, receiver)");
    query_text(&q, alert_id);
    query_text(&q, receiver);
    int r;
    while ((r = query_step(&q, f)) > 0) {
        if (array_room(&ret->row, ret->n, sizeof *ret->row) < 0)
            return failure_oom(f);
        struct deferred *d = &ret->row[ret->n++];
        query_get_buffer(&q, 0, d->receiver, sizeof d->receiver);
    }
    return r;
}

int deferred_forget(struct store *s, const char *alert_id, const char *receiver, struct failure *f)
{
    CLEANUP(deferred_rows_free) struct deferred_rows rows = {0};
    int r = find(s, alert_id, receiver, &rows, f);
    for (size_t i = 0; r >= 0 && i < rows.n; i++) {
        struct row key = {0};
        row_text(&key, alert_id);
        row_text(&key, rows.row[i].receiver);
        r = row_delete(&s->db, &TABLE_HELD, &key, f);
    }
    return r;
}

int deferred_put(struct store *s, const struct commit *c, struct failure *f)
{
    int r = 0;
    for (size_t i = 0; r >= 0 && i < c->changes->n_deferrals; i++) {
        const struct deferral *h = &c->changes->deferral[i];
        assert(c->routes); /* they give names to the receiver set */
        if (h->only)
            r = deferred_forget(s, h->alert_id, NULL, f);
        for (size_t k = 0; r >= 0 && k < RECEIVERS_MAX && h->to >> k; k++)
            if (h->to >> k & 1)
                r = put_row(s, h->alert_id, c->routes->receiver[k].name, h->episode, f);
    }
    return r;
}

/* ---- reading ---- */

static int find_notified(struct store *s, struct deferred *deferred, struct failure *f)
{
    CLEANUP(audience_free) struct audience all = {0};
    int r = notified_audience(s, deferred->alert_id, deferred->episode, &all, f);
    deferred->notified = all.n > 0;
    return r;
}

static int load_deferred(struct store *s, struct deferred **ret, size_t *ret_n,
                         struct failure *ret_failure)
{
    CLEANUP(deferred_rows_free) struct deferred_rows rows = {0};
    CLEANUP(bad_rows_free) struct bad_rows bad = {0};
    int r = store_ready(s, ret_failure);
    if (r >= 0) {
        CLEANUP(query_end)
        struct query q = row_select(&s->db, &TABLE_HELD, "ORDER BY alert_id, receiver");
        r = rows_each(&q, &TABLE_HELD, 0, take_row, &rows, &bad, ret_failure);
    }
    for (size_t i = 0; r >= 0 && i < rows.n; i++)
        r = find_notified(s, &rows.row[i], ret_failure);
    if (r >= 0)
        r = store_quarantine(s, &bad, ret_failure);
    if (r < 0)
        return r;
    *ret = TAKE(rows.row);
    *ret_n = rows.n;
    return 0;
}

int store_deferred(struct store *s, struct deferred **ret, size_t *ret_n,
                   struct failure *ret_failure)
{
    return MENDING(s, ret_failure, load_deferred(s, ret, ret_n, ret_failure));
}
