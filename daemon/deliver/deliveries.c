/* SPDX-License-Identifier: MIT */
/* deliver/deliveries.c: changes single entries of the outbox and wakes the dispatcher. */
#include "deliver/deliveries.h"

int deliveries_list(struct store *s, bool failed, struct delivery **ret, size_t *ret_n, struct failure *ret_failure)
{
    return store_deliveries(s, failed, DELIVERIES_MAX, ret, ret_n, ret_failure);
}

int deliveries_retry(struct store *s, struct dispatcher *c, int64_t id, struct failure *ret_failure)
{
    int r = store_delivery_retry(s, id, clock_now(), ret_failure);
    if (r >= 0)
        dispatcher_wake(c);
    return r;
}

int deliveries_drop(struct store *s, struct dispatcher *c, int64_t id, struct failure *ret_failure)
{
    int r = store_delivery_drop(s, id, clock_now(), ret_failure);
    if (r >= 0)
        dispatcher_wake(c);
    return r;
}
