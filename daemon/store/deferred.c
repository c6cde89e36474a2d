/* SPDX-License-Identifier: MIT */
/* store/deferred.c: notifications that are deferred until the hours of a route. */
#include "store/commit.h"
#include "store/notified.h"
#include "store/write.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

struct deferred_rows {
    struct deferred *row;
    size_t n;
};
static inline void deferred_rows_free_at(struct deferred_rows *rows)
{
    free(rows->row);
}

static int read_row(struct row *row, struct deferred *ret)
{
    *ret = (struct deferred){0};
    row_get_buffer(row, ret->alert_id, sizeof ret->alert_id);
    row_get_buffer(row, ret->receiver, sizeof ret->receiver);
    ret->episode = (uint32_t)row_get_int(row, 0, UINT32_MAX);
    return !row->wrong;
}

static int collect(struct query *q, struct deferred_rows *ret, struct bad_rows *bad,
                   struct failure *f)
{
    int r;
    while ((r = query_step(q, f)) > 0) {
        struct row row;
        struct deferred deferred;
        int good = row_read(q, &TABLE_HELD, &row);
        if (good > 0)
            good = read_row(&row, &deferred);
        if (good < 0 || (good == 0 && bad_rows_add(bad, &TABLE_HELD, &row) < 0))
            return failure_oom(f);
        if (good == 0)
            continue;
        struct deferred *grown = reallocarray(ret->row, ret->n + 1, sizeof *grown);
        if (!grown)
            return failure_oom(f);
        ret->row = grown;
        ret->row[ret->n++] = deferred;
    }
    return r;
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
        struct deferred *grown = reallocarray(ret->row, ret->n + 1, sizeof *grown);
        if (!grown)
            return failure_oom(f);
        ret->row = grown;
        const char *name = query_get_text(&q, 0);
        (void)snprintf(ret->row[ret->n++].receiver, sizeof grown->receiver, "%s", name ? name : "");
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
        r = collect(&q, &rows, &bad, ret_failure);
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
