/* SPDX-License-Identifier: MIT */
/* store/stats.c: counts queued, parked, delivered and dropped messages. */
#include "store/commit.h"
#include "store/write.h"

static int count_open(struct store *s, const char *receiver, struct store_stats *ret,
                      struct failure *f)
{
    CLEANUP(query_end)
    struct query q = query_new(
        &s->db, receiver ? "SELECT state, count(*), min(created_at) FROM outbox WHERE state IN"
                           " (0, 1, 3) AND receiver = ?1 GROUP BY state"
                         : "SELECT state, count(*), min(created_at) FROM outbox WHERE state IN"
                           " (0, 1, 3) AND ?1 IS NULL GROUP BY state");
    query_text(&q, receiver);
    int r;
    while ((r = query_step(&q, f)) > 0) {
        int64_t state = query_get_int(&q, 0);
        uint64_t n = (uint64_t)query_get_int(&q, 1);
        usec_t oldest = query_get_usec(&q, 2);
        if (state == OUTBOX_PARKED) {
            ret->parked = n;
            continue;
        }
        *(state == OUTBOX_QUEUED ? &ret->queued : &ret->in_flight) = n;
        if (ret->oldest_queued_at == 0 || oldest < ret->oldest_queued_at)
            ret->oldest_queued_at = oldest;
    }
    return r;
}

static int count_finished(struct store *s, const char *receiver, struct store_stats *ret,
                      struct failure *f)
{
    CLEANUP(query_end)
    struct query q =
        query_new(&s->db, "SELECT coalesce(sum(delivered), 0), coalesce(sum(dropped), 0) FROM tally"
                          " WHERE ?1 IS NULL OR receiver = ?1");
    query_text(&q, receiver);
    int r = query_step(&q, f);
    if (r > 0) {
        ret->delivered = (uint64_t)query_get_int(&q, 0);
        ret->dropped = (uint64_t)query_get_int(&q, 1);
    }
    return r < 0 ? r : 0;
}

static int count(struct store *s, const char *receiver, struct store_stats *ret,
                struct failure *ret_failure)
{
    struct store_stats stats = {0};
    int r = store_ready(s, ret_failure);
    if (r >= 0)
        r = count_open(s, receiver, &stats, ret_failure);
    if (r >= 0)
        r = count_finished(s, receiver, &stats, ret_failure);
    if (r >= 0)
        *ret = stats;
    return r < 0 ? r : 0;
}

int store_stats(struct store *s, const char *receiver, struct store_stats *ret,
                struct failure *ret_failure)
{
    return MENDING(s, ret_failure, count(s, receiver, ret, ret_failure));
}

int tally_add(struct store *s, const char *receiver, int delivered, int dropped, struct failure *f)
{
    CLEANUP(query_end)
    struct query q = query_new(
        &s->db, "INSERT INTO tally (receiver, delivered, dropped) VALUES (?1, ?2, ?3) ON CONFLICT"
                " (receiver) DO UPDATE SET delivered = delivered + excluded.delivered,"
                " dropped = dropped + excluded.dropped");
    query_text(&q, receiver);
    query_int(&q, delivered);
    query_int(&q, dropped);
    return query_run(&q, f);
}
