/* SPDX-License-Identifier: MIT */
/* store/history.c: writes samples of the pools on change, and at least once an hour.
 *
 * Covers pools of a complete list whose units are known; waiting members are null if that section is
 * unknown. A poll without changes reads one row a pool and writes nothing. A sample goes into the rows of
 * its hour and its day at once, so that nothing needs to be rolled up later: old detail is removed. */
#include "store/commit.h"
#include "store/history_detail.h"

#include <errno.h>
#include <string.h>

struct values {
    int64_t allotted, consumed;
    int64_t waiting; /* -1: unknown */
};
struct due { /* a sample to write */
    const struct allotment *allotment;
    int64_t pool; /* 0: a new one */
    struct values values;
};
struct dues {
    struct due *due;
    size_t n;
};
static inline void dues_free_at(struct dues *d)
{
    free(d->due);
}

static struct values values_of(const struct allotment *a)
{
    bool known = a->waiting.section == SECTION_COMPLETE;
    return (struct values){a->allotted, a->consumed, known ? a->waiting.count : -1};
}

/* An unknown value is not a change. */
static bool differs(const struct values *before, const struct values *now)
{
    return before->allotted != now->allotted || before->consumed != now->consumed ||
           (now->waiting >= 0 && before->waiting != now->waiting);
}

static int add(struct dues *d, const struct snapshot *snapshot, size_t i, int64_t pool)
{
    if (!d->due && !(d->due = calloc(snapshot->n_allotments, sizeof *d->due)))
        return -ENOMEM;
    const struct allotment *a = &snapshot->allotment[i];
    d->due[d->n++] = (struct due){a, pool, values_of(a)};
    return 0;
}

static int64_t nullable(const struct query *q, int column)
{
    return sqlite3_column_type(q->stmt, column) == SQLITE_NULL ? -1 : query_get_int(q, column);
}

/* Compares a listed pool with its row, and adds a sample if it differs or the hour is new. */
static int look(const struct query *q, const struct snapshot *snapshot, size_t i, int64_t now_s,
                struct dues *d)
{
    struct values before = {query_get_int(q, 3), query_get_int(q, 4), nullable(q, 5)};
    struct values now = values_of(&snapshot->allotment[i]);
    bool another_hour = query_get_int(q, 2) / 3600 != now_s / 3600;
    return differs(&before, &now) || another_hour ? add(d, snapshot, i, query_get_int(q, 0)) : 0;
}

/* Merges the snapshot and the table, both sorted by id. */
static int find_due(struct store *s, const struct snapshot *snapshot, int64_t now_s, struct dues *d,
                    struct failure *f)
{
    CLEANUP(query_end)
    struct query q = query_new(
        &s->db, "SELECT id, allotment_id, last_s, allotted, consumed, waiting FROM pool"
                " WHERE tenant_id = ?1 ORDER BY allotment_id");
    query_text(&q, snapshot->tenant_id);
    size_t i = 0;
    int r = query_step(&q, f), added = 0;
    while (added >= 0 && r >= 0 && i < snapshot->n_allotments) {
        const char *id = r > 0 ? query_get_text(&q, 1) : NULL;
        int c = id ? strcmp(snapshot->allotment[i].id, id) : -1;
        if (r > 0 && !id)
            return failure_oom(f);
        if (c <= 0 && snapshot->allotment[i].units_known)
            added = c < 0 ? add(d, snapshot, i, 0) : look(&q, snapshot, i, now_s, d);
        if (c <= 0)
            i++;
        if (c >= 0)
            r = query_step(&q, f);
    }
    return added < 0 ? failure_oom(f) : r < 0 ? r : 0;
}

static void bind_nullable(struct query *q, int64_t value)
{
    if (value >= 0)
        query_int(q, value);
    else
        query_text(q, NULL);
}

static int put_pool(struct store *s, const char *tenant_id, int64_t now_s, struct due *d,
                    struct failure *f)
{
    /* A clock that was set back writes before the marks of what exists. */
    CLEANUP(query_end)
    struct query q = query_new(
        &s->db, "INSERT INTO pool (allotted, consumed, waiting, tenant_id, allotment_id, sku_id, last_s,"
                " raw_from_s, hours_from_s, days_from_s)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?7, ?7)"
                " ON CONFLICT (tenant_id, allotment_id) DO UPDATE SET allotted = excluded.allotted,"
                " consumed = excluded.consumed, waiting = excluded.waiting, last_s = excluded.last_s,"
                " raw_from_s = min(raw_from_s, excluded.last_s),"
                " hours_from_s = min(hours_from_s, excluded.last_s),"
                " days_from_s = min(days_from_s, excluded.last_s) RETURNING id");
    query_int(&q, d->values.allotted);
    query_int(&q, d->values.consumed);
    bind_nullable(&q, d->values.waiting);
    query_text(&q, tenant_id);
    query_text(&q, d->allotment->id);
    query_text(&q, d->allotment->sku_id);
    query_int(&q, now_s);
    int r = query_step(&q, f);
    if (r > 0)
        d->pool = query_get_int(&q, 0);
    return r < 0 ? r : 0;
}

/* max() of SQL is null if one of its arguments is. */
#define MERGE_SAMPLE                                                                             \
    " DO UPDATE SET least = min(least, excluded.least), most = max(most, excluded.most),"        \
    " last = excluded.last, allotted = excluded.allotted,"                                       \
    " waiting = max(coalesce(waiting, excluded.waiting), coalesce(excluded.waiting, waiting))"

static struct query sample_query(struct store *s, const char *sql, int64_t bucket, const struct due *d)
{
    struct query q = query_new(&s->db, sql);
    query_int(&q, d->pool);
    query_int(&q, bucket);
    query_int(&q, d->values.consumed);
    query_int(&q, d->values.allotted);
    bind_nullable(&q, d->values.waiting);
    return q;
}

/* Raw samples of an hour are bounded, for polls of every second: then the hour has its least and most. */
static int put_hour(struct store *s, int64_t now_s, const struct due *d, struct failure *f)
{
    uint8_t bytes[HISTORY_SAMPLE_MAX];
    const struct history_sample sample = {now_s % 3600, d->values.consumed, d->values.allotted,
                                          d->values.waiting};
    CLEANUP(query_end)
    struct query q = sample_query(
        s,
        "INSERT INTO hour (pool, hour, least, most, last, allotted, waiting, detail)"
        " VALUES (?1, ?2, ?3, ?3, ?3, ?4, ?5, ?6) ON CONFLICT (pool, hour)" MERGE_SAMPLE
        ", detail = CASE WHEN length(detail) > 1200 THEN detail"
        " ELSE CAST(coalesce(detail, x'') || excluded.detail AS BLOB) END",
        now_s / 3600, d);
    query_blob(&q, bytes, history_detail_put(&sample, bytes));
    return query_run(&q, f);
}

static int put_day(struct store *s, int64_t now_s, const struct due *d, struct failure *f)
{
    CLEANUP(query_end)
    struct query q =
        sample_query(s,
                     "INSERT INTO day (pool, day, least, most, last, allotted, waiting)"
                     " VALUES (?1, ?2, ?3, ?3, ?3, ?4, ?5) ON CONFLICT (pool, day)" MERGE_SAMPLE,
                     now_s / 86400, d);
    return query_run(&q, f);
}

int history_put(struct store *s, const struct snapshot *snapshot, struct failure *f)
{
    CLEANUP(dues_free) struct dues d = {0};
    if (snapshot->allotments != SECTION_COMPLETE || snapshot->n_allotments == 0)
        return 0;
    int64_t now_s = (int64_t)(snapshot->taken.at / USEC_PER_SEC);
    int r = find_due(s, snapshot, now_s, &d, f);
    for (size_t i = 0; r >= 0 && i < d.n; i++) {
        r = put_pool(s, snapshot->tenant_id, now_s, &d.due[i], f);
        if (r >= 0)
            r = put_hour(s, now_s, &d.due[i], f);
        if (r >= 0)
            r = put_day(s, now_s, &d.due[i], f);
    }
    return r;
}
