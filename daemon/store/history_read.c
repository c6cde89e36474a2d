/* SPDX-License-Identifier: MIT */
/* store/history_read.c: reads the history of one pool. */
#include "store/history.h"

#include "base/array.h"
#include "store/history_detail.h"
#include "store/write.h"

#include <assert.h>
#include <errno.h>

struct points {
    struct history_point *point;
    size_t n;
};

static int add(struct points *p, const struct history_point *one)
{
    if (array_room(&p->point, p->n, sizeof *p->point) < 0)
        return -ENOMEM;
    p->point[p->n++] = *one;
    return 0;
}

static int64_t waiting_of(const struct query *q, int column)
{
    return sqlite3_column_type(q->stmt, column) == SQLITE_NULL ? NUMBER_UNKNOWN : query_get_int(q, column);
}

/* Columns: number of the hour or day, least, most, last, allotted, waiting. */
static int add_span(const struct query *q, usec_t span, struct points *ret)
{
    const struct history_point one = {.at = query_get_usec(q, 0) * span,
                                      .min = query_get_int(q, 1),
                                      .max = query_get_int(q, 2),
                                      .last = query_get_int(q, 3),
                                      .allotted = query_get_int(q, 4),
                                      .waiting = waiting_of(q, 5)};
    return add(ret, &one);
}

/* Leaves out a sample that is older than its predecessor: the clock was set back. */
static int add_detail(const struct query *q, usec_t from_at, usec_t to_at, struct points *ret)
{
    usec_t hour_at = query_get_usec(q, 0) * USEC_PER_HOUR;
    const uint8_t *at = sqlite3_column_blob(q->stmt, 6);
    const uint8_t *end = at ? at + sqlite3_column_bytes(q->stmt, 6) : NULL;
    struct history_sample sample;
    int r = 0;
    while (r >= 0 && at && history_detail_next(&at, end, &sample)) {
        const struct history_point one = {.at = hour_at + (usec_t)sample.second * USEC_PER_SEC,
                                          .min = sample.consumed,
                                          .max = sample.consumed,
                                          .last = sample.consumed,
                                          .allotted = sample.allotted,
                                          .waiting = sample.waiting < 0 ? NUMBER_UNKNOWN : sample.waiting};
        bool later = ret->n == 0 || one.at > ret->point[ret->n - 1].at;
        if (later && one.at >= from_at && one.at < to_at)
            r = add(ret, &one);
    }
    return r;
}

static const struct {
    usec_t span;
    const char *sql;
} RESOLUTIONS[HISTORY_COUNT_] = {
#define POOL "pool = (SELECT id FROM pool WHERE tenant_id = ?1 AND allotment_id = ?2)"
    [HISTORY_RAW] = {USEC_PER_HOUR, "SELECT hour, 0, 0, 0, 0, 0, detail FROM hour WHERE " POOL
                                    " AND hour >= ?3 AND hour < ?4 AND detail IS NOT NULL ORDER BY hour"},
    [HISTORY_HOUR] = {USEC_PER_HOUR, "SELECT hour, least, most, last, allotted, waiting FROM hour WHERE " POOL
                                     " AND hour >= ?3 AND hour < ?4 ORDER BY hour"},
    [HISTORY_DAY] = {USEC_PER_DAY, "SELECT day, least, most, last, allotted, waiting FROM day WHERE " POOL
                                   " AND day >= ?3 AND day < ?4 ORDER BY day"},
#undef POOL
};

static usec_t spans_up(usec_t at, usec_t span)
{
    return at / span + (at % span != 0);
}

static int read_points(struct store *s, const char *tenant_id, const char *allotment_id, usec_t from_at,
                       usec_t to_at, enum history_resolution resolution, struct points *ret, struct failure *f)
{
    usec_t span = RESOLUTIONS[resolution].span;
    bool raw = resolution == HISTORY_RAW;
    int r = store_ready(s, f), added = 0;
    if (r < 0)
        return r;
    ret->n = 0; /* of a read that was interrupted by a repair */
    CLEANUP(query_end) struct query q = query_new(&s->db, RESOLUTIONS[resolution].sql);
    query_text(&q, tenant_id);
    query_text(&q, allotment_id);
    query_usec(&q, raw ? from_at / span : spans_up(from_at, span));
    query_usec(&q, spans_up(to_at, span));
    while (added >= 0 && (r = query_step(&q, f)) > 0)
        added = raw ? add_detail(&q, from_at, to_at, ret) : add_span(&q, span, ret);
    return added < 0 ? failure_oom(f) : r;
}

int store_history(struct store *s, const char *tenant_id, const char *allotment_id, usec_t from_at,
                  usec_t to_at, enum history_resolution resolution, struct history_point **ret,
                  size_t *ret_n, struct failure *ret_failure)
{
    struct points points = {0};
    assert((unsigned)resolution < HISTORY_COUNT_);
    int r = MENDING(s, ret_failure, read_points(s, tenant_id, allotment_id, from_at, to_at, resolution, &points,
                                                ret_failure));
    if (r < 0) {
        free(points.point);
        return r;
    }
    *ret = points.point;
    *ret_n = points.n;
    return 0;
}
