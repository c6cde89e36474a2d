/* SPDX-License-Identifier: MIT */
/* deliver/deliveries.c: changes single entries of the outbox and wakes the dispatcher. */
#include "deliver/deliveries.h"

int deliveries_list(struct store *s, const struct dispatcher *c, bool failed, struct delivery **ret, size_t *ret_n,
                    struct failure *ret_failure)
{
    const struct instant now = clock_now();
    int r = store_deliveries(s, failed, DELIVERIES_MAX, ret, ret_n, ret_failure);
    for (size_t i = 0; r >= 0 && i < *ret_n; i++) {
        struct delivery *d = &(*ret)[i];
        usec_t earliest_at = now.at + dispatcher_backoff(c, d->receiver, &now);
        if (d->state == OUTBOX_QUEUED && earliest_at > d->due_at && earliest_at > now.at)
            d->due_at = earliest_at;
    }
    return r;
}

int deliveries_retry(struct store *s, struct dispatcher *c, int64_t id, struct failure *ret_failure)
{
    char receiver[64];
    int r = store_delivery_retry(s, id, clock_now(), receiver, ret_failure);
    if (r >= 0)
        dispatcher_retry(c, receiver);
    return r;
}

int deliveries_drop(struct store *s, struct dispatcher *c, int64_t id, struct failure *ret_failure)
{
    int r = store_delivery_drop(s, id, clock_now(), ret_failure);
    if (r >= 0)
        dispatcher_wake(c);
    return r;
}
