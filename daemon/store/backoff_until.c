/* SPDX-License-Identifier: MIT */
/* store/backoff_until.c: persists Retry-After deadlines, so that a restart does not ignore them. */
#include "store/write.h"

static int put(struct store *s, const char *who, int64_t mark, const struct instant *now,
               usec_t lasts, struct failure *f)
{
    CLEANUP(query_end)
    struct query q = query_new(&s->db, "INSERT OR REPLACE INTO pause (who, mark, begun_at,"
                                       " begun_mono, begun_boot, lasts) VALUES (?1, ?2, ?3, ?4,"
                                       " ?5, ?6)");
    query_text(&q, who);
    query_int(&q, mark);
    query_usec(&q, now->at);
    query_usec(&q, now->mono);
    query_int(&q, (int64_t)now->boot);
    query_usec(&q, lasts);
    return query_run(&q, f);
}

static int write_backoff(struct store *s, const char *who, int64_t mark, struct instant now,
                         usec_t lasts, struct failure *ret_failure)
{
    int r = store_begin_soon(s, &now, ret_failure); /* if lost, the server sends Retry-After again */
    return r < 0 ? r : store_end(s, put(s, who, mark, &now, lasts, ret_failure), ret_failure);
}

int store_backoff_until(struct store *s, const char *who, int64_t mark, struct instant now,
                        usec_t lasts, struct failure *ret_failure)
{
    return MENDING(s, ret_failure, write_backoff(s, who, mark, now, lasts, ret_failure));
}

usec_t store_backoff_left(struct store *s, const char *who, int64_t mark, struct instant now)
{
    if (store_ready(s, NULL) < 0)
        return 0;
    CLEANUP(query_end)
    struct query q = query_new(
        &s->db,
        "SELECT begun_at, begun_mono, begun_boot, lasts FROM pause WHERE who = ?1 AND mark = ?2");
    query_text(&q, who);
    query_int(&q, mark);
    if (query_step(&q, NULL) <= 0)
        return 0;
    const struct instant begun = {query_get_usec(&q, 0), query_get_usec(&q, 1),
                                  (uint64_t)query_get_int(&q, 2)};
    usec_t passed = instant_since(&begun, &now), lasts = query_get_usec(&q, 3);
    if (lasts > STORE_BACKOFF_MAX)
        lasts = STORE_BACKOFF_MAX;
    return lasts > passed ? lasts - passed : 0;
}
