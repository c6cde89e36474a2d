/* SPDX-License-Identifier: MIT */
/* deliver/deliveries.h: undelivered messages, for the control socket: what waits or was given up, and what a person
 * does about it. */
#pragma once
#include "deliver/deliver.h"

#define DELIVERIES_MAX 1000 /* of one list; store_stats() has the whole number */

/* As store_deliveries(): all, or only those that were given up. `due_at` is not before the receiver's backoff ends.
 * The caller frees *ret. */
int deliveries_list(struct store *s, const struct dispatcher *c, bool failed, struct delivery **ret, size_t *ret_n,
                    struct failure *ret_failure);
/* As store_delivery_retry(); the message is sent soon, and the receiver's backoff ends. */
int deliveries_retry(struct store *s, struct dispatcher *c, int64_t id, struct failure *ret_failure);
/* As store_delivery_drop(); what waited for it is sent soon. */
int deliveries_drop(struct store *s, struct dispatcher *c, int64_t id, struct failure *ret_failure);
