/* SPDX-License-Identifier: MIT */
/* store/receiver_disabled.c: persists which receivers are disabled because they are gone. */
#include "store/write.h"

static int put(struct store *s, const char *receiver, int64_t address, struct failure *f)
{
    CLEANUP(query_end)
    struct query q = query_new(
        &s->db, "INSERT OR REPLACE INTO switched_off (receiver, address) VALUES (?1, ?2)");
    query_text(&q, receiver);
    query_int(&q, address);
    return query_run(&q, f);
}

static int disable(struct store *s, const char *receiver, int64_t address,
                   struct failure *ret_failure)
{
    int r = store_begin(s, NULL, ret_failure);
    return r < 0 ? r : store_end(s, put(s, receiver, address, ret_failure), ret_failure);
}

int store_disable_receiver(struct store *s, const char *receiver, int64_t address,
                           struct failure *ret_failure)
{
    return MENDING(s, ret_failure, disable(s, receiver, address, ret_failure));
}

static int forget(struct store *s, const char *receiver, struct failure *f)
{
    CLEANUP(query_end)
    struct query q =
        query_new(&s->db, "DELETE FROM switched_off WHERE ?1 IS NULL OR receiver = ?1");
    query_text(&q, receiver);
    return query_run(&q, f);
}

static int enable(struct store *s, const char *receiver, struct failure *ret_failure)
{
    int r = store_begin(s, NULL, ret_failure);
    return r < 0 ? r : store_end(s, forget(s, receiver, ret_failure), ret_failure);
}

int store_switch_on(struct store *s, const char *receiver, struct failure *ret_failure)
{
    return MENDING(s, ret_failure, enable(s, receiver, ret_failure));
}

static int find_disabled(struct store *s, const char *receiver, int64_t *ret_address,
                         struct failure *ret_failure)
{
    int r = store_ready(s, ret_failure);
    if (r < 0)
        return r;
    CLEANUP(query_end)
    struct query q = query_new(&s->db, "SELECT address FROM switched_off WHERE receiver = ?1");
    query_text(&q, receiver);
    r = query_step(&q, ret_failure);
    if (r > 0)
        *ret_address = query_get_int(&q, 0);
    return r;
}

int store_receiver_disabled(struct store *s, const char *receiver, int64_t *ret_address,
                            struct failure *ret_failure)
{
    return MENDING(s, ret_failure, find_disabled(s, receiver, ret_address, ret_failure));
}
