/* SPDX-License-Identifier: MIT */
/* store/housekeeping.c: removes old rows in small slices.
 *
 * Removes finished outbox rows and events after 90 days, past alerts after history.keep, and message
 * references with the last row that can use them; of the history raw samples, hours and days, each at its
 * own age (store/history.h). test_housekeeping.c measures the size of a year of 1,000 pools that change at
 * every poll of five minutes.
 *
 * Age is wall time, and the wall clock can be wrong: nothing is removed until it has run for a day
 * without a jump. */
#include "store/history.h"
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

/* ---- history ---- */

/* What is removed of a pool once it is older than `age`. Its mark says since when it may exist: ?1 is the
 * pool, ?2 the age limit, ?3 the number of rows, ?4 the mark. */
struct aging {
    usec_t age; /* at most history.keep; 0: history.keep */
    const char *find, *remove, *mark;
    const char *end; /* removes a pool that has no history left; NULL: it may have */
};
static const struct aging AGINGS[] = {
    {HISTORY_RAW_KEEP,
     "SELECT id, raw_from_s FROM pool WHERE raw_from_s < ?1 ORDER BY raw_from_s LIMIT 1",
     "UPDATE hour SET detail = NULL WHERE pool = ?1 AND hour IN (SELECT hour FROM hour WHERE pool = ?1"
     " AND hour >= ?4 / 3600 AND hour < ?2 / 3600 AND detail IS NOT NULL ORDER BY hour LIMIT ?3)",
     "UPDATE pool SET raw_from_s = ?2 WHERE id = ?1", NULL},
    {HISTORY_HOURS_KEEP,
     "SELECT id, hours_from_s FROM pool WHERE hours_from_s < ?1 ORDER BY hours_from_s LIMIT 1",
     "DELETE FROM hour WHERE pool = ?1 AND hour IN (SELECT hour FROM hour WHERE pool = ?1"
     " AND hour >= ?4 / 3600 AND hour < ?2 / 3600 ORDER BY hour LIMIT ?3)",
     "UPDATE pool SET hours_from_s = ?2 WHERE id = ?1", NULL},
    {0, "SELECT id, days_from_s FROM pool WHERE days_from_s < ?1 ORDER BY days_from_s LIMIT 1",
     "DELETE FROM day WHERE pool = ?1 AND day IN (SELECT day FROM day WHERE pool = ?1"
     " AND day >= ?4 / 86400 AND day < ?2 / 86400 ORDER BY day LIMIT ?3)",
     "UPDATE pool SET days_from_s = ?2 WHERE id = ?1",
     "DELETE FROM pool WHERE id = ?1 AND last_s < ?2 AND NOT EXISTS (SELECT 1 FROM hour WHERE pool = ?1)"
     " AND NOT EXISTS (SELECT 1 FROM day WHERE pool = ?1)"},
};

/* The pool whose mark is furthest before `before_s`; 0: none. */
static int find_pool(struct store *s, const struct aging *a, int64_t before_s, int64_t *ret_pool,
                     int64_t *ret_mark, struct failure *f)
{
    CLEANUP(query_end) struct query q = query_new(&s->db, a->find);
    query_int(&q, before_s);
    int r = query_step(&q, f);
    *ret_pool = r > 0 ? query_get_int(&q, 0) : 0;
    *ret_mark = r > 0 ? query_get_int(&q, 1) : 0;
    return r < 0 ? r : 0;
}

static int remove_aged(struct store *s, const struct aging *a, int64_t pool, int64_t mark_s,
                       int64_t before_s, int64_t limit, int64_t *ret_n, struct failure *f)
{
    CLEANUP(query_end) struct query q = query_new(&s->db, a->remove);
    query_int(&q, pool);
    query_int(&q, before_s);
    query_int(&q, limit);
    query_int(&q, mark_s);
    int r = query_run(&q, f);
    *ret_n = sqlite3_changes64(s->db.handle);
    return r;
}

static int change_pool(struct store *s, const char *sql, int64_t pool, int64_t before_s, struct failure *f)
{
    CLEANUP(query_end) struct query q = query_new(&s->db, sql);
    query_int(&q, pool);
    query_int(&q, before_s);
    return query_run(&q, f);
}

/* Once a day for each pool. */
static int age_history(struct store *s, const struct aging *a, const struct instant *now,
                       int64_t *budget, struct failure *f)
{
    usec_t age = a->age && a->age < s->history_keep ? a->age : s->history_keep;
    int64_t before_s = seconds_ago(now, age), pool, mark, n;
    while (*budget > 0) {
        int r = find_pool(s, a, before_s - DAY_S, &pool, &mark, f);
        if (r < 0 || !pool)
            return r;
        r = remove_aged(s, a, pool, mark, before_s, *budget, &n, f);
        if (r >= 0 && n < *budget)
            r = change_pool(s, a->mark, pool, before_s, f);
        if (r >= 0 && n < *budget && a->end)
            r = change_pool(s, a->end, pool, before_s, f);
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
    for (size_t i = 0; r >= 0 && i < N_ELEMENTS(AGINGS); i++)
        r = age_history(s, &AGINGS[i], now, budget, f);
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
