/* SPDX-License-Identifier: MIT */
/* store/housekeeping.c: removes old rows in small slices.
 *
 * Removes finished outbox rows and events after 90 days, samples and past alerts after history.keep, and
 * message references with the last row that can use them.
 * Samples are thinned out before that: all are kept for a week; then the last and the worst of each
 * hour up to 30 days; then those of each day. test_housekeeping.c measures the size of a year of 1,000
 * pools that change at every poll of five minutes.
 *
 * Age is wall time, and the wall clock can be wrong: nothing is removed until it has run for a day
 * without a jump. */
#include "store/write.h"

#define SLICE 500
#define CLOCK_SETTLES USEC_PER_DAY
#define QUARANTINE_KEPT 10000

#define SECONDS(us) ((int64_t)((us) / USEC_PER_SEC))
#define DAY_S ((int64_t)86400)

static int64_t seconds_ago(const struct instant *now, usec_t age)
{
    return now->at > age ? SECONDS(now->at - age) : 0;
}

/* ---- rows with a date ---- */

/* Returns how many rows went. */
static int64_t remove_old(struct store *s, const char *sql, usec_t before_at, int64_t limit,
                          struct failure *f)
{
    CLEANUP(query_end) struct query q = query_new(&s->db, sql);
    query_usec(&q, before_at);
    query_int(&q, limit);
    int r = query_run(&q, f);
    return r < 0 ? r : sqlite3_changes64(s->db.handle);
}

static int remove_dated(struct store *s, const struct instant *now, int64_t *budget,
                        struct failure *f)
{
    const struct {
        usec_t age;
        const char *sql;
    } STEPS[] = {
        {STORE_KEEP_FINISHED,
         "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE finished_at < ?1"
         " ORDER BY finished_at LIMIT ?2)"},
        {STORE_KEEP_FINISHED,
         "DELETE FROM event WHERE id IN (SELECT id FROM event AS e WHERE at < ?1"
         " AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.event IN (e.id, e.folded_into))"
         " ORDER BY at LIMIT ?2)"},
        {s->history_keep,
         "DELETE FROM past_alert WHERE alert_id IN (SELECT alert_id FROM past_alert"
         " WHERE ended_at < ?1 ORDER BY ended_at LIMIT ?2)"},
        {0, /* its age does not matter */
         "DELETE FROM message_ref WHERE (alert_id, receiver) IN (SELECT alert_id, receiver"
         " FROM message_ref AS m WHERE NOT EXISTS (SELECT 1 FROM alert WHERE id = m.alert_id)"
         " AND NOT EXISTS (SELECT 1 FROM outbox WHERE queue = m.alert_id"
         " AND receiver = m.receiver) LIMIT ?2)"},
    };
    for (size_t i = 0; i < N_ELEMENTS(STEPS) && *budget > 0; i++) {
        usec_t before_at = now->at > STEPS[i].age ? now->at - STEPS[i].age : 0;
        int64_t n = remove_old(s, STEPS[i].sql, before_at, *budget, f);
        if (n < 0)
            return (int)n;
        *budget -= n;
    }
    return 0;
}

static int trim_quarantine(struct store *s, struct failure *f)
{
    CLEANUP(query_end)
    struct query q = query_new(
        &s->db, "DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?1");
    query_int(&q, QUARANTINE_KEPT);
    return query_run(&q, f);
}

/* ---- samples ---- */

/* The pool whose mark (selected by `sql`) is furthest before `before_s`; 0: none. */
static int find_pool(struct store *s, const char *sql, int64_t before_s, int64_t *ret_pool,
                     int64_t *ret_mark, struct failure *f)
{
    CLEANUP(query_end) struct query q = query_new(&s->db, sql);
    query_int(&q, before_s);
    int r = query_step(&q, f);
    *ret_pool = r > 0 ? query_get_int(&q, 0) : 0;
    *ret_mark = r > 0 ? query_get_int(&q, 1) : 0;
    return r < 0 ? r : 0;
}

static int set_mark(struct store *s, const char *sql, int64_t pool, int64_t mark_s,
                    struct failure *f)
{
    CLEANUP(query_end) struct query q = query_new(&s->db, sql);
    query_int(&q, pool);
    query_int(&q, mark_s);
    return query_run(&q, f);
}

static int remove_samples(struct store *s, int64_t pool, int64_t before_s, int64_t limit,
                          int64_t *ret_n, struct failure *f)
{
    CLEANUP(query_end)
    struct query q =
        query_new(&s->db, "DELETE FROM sample WHERE pool = ?1 AND at_s IN (SELECT at_s FROM sample"
                          " WHERE pool = ?1 AND at_s < ?2 ORDER BY at_s LIMIT ?3)");
    query_int(&q, pool);
    query_int(&q, before_s);
    query_int(&q, limit);
    int r = query_run(&q, f);
    *ret_n = sqlite3_changes64(s->db.handle);
    return r;
}

/* Once a day for each pool; a pool without recent samples is removed with its last one. */
static int expire(struct store *s, const struct instant *now, int64_t *budget, struct failure *f)
{
    int64_t before_s = seconds_ago(now, s->history_keep), pool, mark, n;
    while (*budget > 0) {
        int r = find_pool(s,
                          "SELECT id, kept_from_s FROM pool WHERE kept_from_s < ?1"
                          " ORDER BY kept_from_s LIMIT 1",
                          before_s - DAY_S, &pool, &mark, f);
        if (r < 0 || !pool)
            return r;
        r = remove_samples(s, pool, before_s, *budget, &n, f);
        if (r >= 0 && n < *budget)
            r = set_mark(s, "UPDATE pool SET kept_from_s = ?2 WHERE id = ?1", pool, before_s, f);
        if (r >= 0 && n < *budget)
            r = set_mark(s, "DELETE FROM pool WHERE id = ?1 AND last_s < ?2", pool, before_s, f);
        if (r < 0)
            return r;
        *budget -= n + 1;
    }
    return 0;
}

struct thinning {
    usec_t age;       /* younger samples are kept */
    int64_t bucket_s; /* keeps its last and its worst sample: most waiting, then most consumed */
    const char *find, *mark;
};
static const struct thinning THINNINGS[] = {
    {7 * USEC_PER_DAY, 3600,
     "SELECT id, hourly_to_s FROM pool WHERE hourly_to_s < ?1 ORDER BY hourly_to_s LIMIT 1",
     "UPDATE pool SET hourly_to_s = ?2 WHERE id = ?1"},
    {30 * USEC_PER_DAY, DAY_S,
     "SELECT id, daily_to_s FROM pool WHERE daily_to_s < ?1 ORDER BY daily_to_s LIMIT 1",
     "UPDATE pool SET daily_to_s = ?2 WHERE id = ?1"},
};

static int thin_window(struct store *s, int64_t pool, int64_t from_s, int64_t bucket_s,
                       int64_t limit, int64_t *ret_n, struct failure *f)
{
#define WINDOW "FROM sample WHERE pool = ?1 AND at_s >= ?2 AND at_s < ?3"
    CLEANUP(query_end)
    struct query q =
        query_new(&s->db, "DELETE FROM sample WHERE pool = ?1 AND at_s IN (SELECT at_s " WINDOW
                          " AND at_s NOT IN (SELECT max(at_s) " WINDOW " GROUP BY at_s / ?4)"
                          " AND at_s NOT IN (SELECT at_s FROM (SELECT at_s,"
                          " max(coalesce(waiting, 0) * 4294967296 + consumed) " WINDOW
                          " GROUP BY at_s / ?4)) LIMIT ?5)");
#undef WINDOW
    query_int(&q, pool);
    query_int(&q, from_s);
    query_int(&q, from_s + DAY_S);
    query_int(&q, bucket_s);
    query_int(&q, limit);
    int r = query_run(&q, f);
    *ret_n = sqlite3_changes64(s->db.handle);
    return r;
}

static int thin(struct store *s, const struct thinning *t, const struct instant *now,
                int64_t *budget, struct failure *f)
{
    int64_t before_s = seconds_ago(now, t->age) - DAY_S, pool, mark, n;
    while (*budget > 0) {
        int r = find_pool(s, t->find, before_s, &pool, &mark, f);
        if (r < 0 || !pool)
            return r;
        int64_t from_s = mark - mark % DAY_S;
        r = thin_window(s, pool, from_s, t->bucket_s, *budget, &n, f);
        if (r >= 0 && n < *budget)
            r = set_mark(s, t->mark, pool, from_s + DAY_S, f);
        if (r < 0)
            return r;
        *budget -= n + 1;
    }
    return 0;
}

/* ---- the clock ---- */

static bool clock_is_settled(const struct store *s, const struct instant *now)
{
    return s->uneven_mono == 0 ||
           (now->mono > s->uneven_mono && now->mono - s->uneven_mono >= CLOCK_SETTLES);
}

static int keep_house(struct store *s, const struct instant *now, int64_t *budget,
                      struct failure *f)
{
    if (!clock_is_settled(s, now))
        return 0;
    int r = remove_dated(s, now, budget, f);
    if (r >= 0)
        r = trim_quarantine(s, f);
    if (r >= 0)
        r = expire(s, now, budget, f);
    for (size_t i = 0; r >= 0 && i < N_ELEMENTS(THINNINGS); i++)
        r = thin(s, &THINNINGS[i], now, budget, f);
    return r;
}

static int work(struct store *s, struct instant now, struct failure *ret_failure)
{
    int64_t budget = SLICE;
    int r = store_begin_soon(s, &now, ret_failure); /* if lost, it is repeated */
    if (r < 0)
        return r;
    r = store_end(s, keep_house(s, &now, &budget, ret_failure), ret_failure);
    return r < 0 ? r : budget <= 0;
}

int store_housekeeping(struct store *s, struct instant now, struct failure *ret_failure)
{
    return MENDING(s, ret_failure, work(s, now, ret_failure));
}
