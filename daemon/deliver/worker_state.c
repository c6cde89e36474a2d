/* SPDX-License-Identifier: MIT */
/* deliver/worker_state.c: what a worker keeps in the store over restarts: that its receiver is disabled,
 * and its Retry-After. */
#include "deliver/worker.h"

#include <stdio.h>

#define WHO_MAX 96 /* "receiver ", and a name of at most 63 bytes */

/* On failure, which the end of the attempt logs, a restart sends once more. */
void worker_disable(struct receiver_worker *w)
{
    if (w->transport->address)
        w->off_stored = store_disable_receiver(w->dispatcher->store, w->options->name,
                                               w->transport->address(w->handle), NULL) >= 0;
}

/* A retry on demand removes the record from the store. */
bool worker_is_disabled(const struct receiver_worker *w)
{
    int64_t address;
    return w->health.disabled &&
           (!w->off_stored ||
            store_receiver_disabled(w->dispatcher->store, w->options->name, &address, NULL) != 0);
}

/* The stored state counts unless the address has changed. */
int worker_load_state(struct receiver_worker *w, struct failure *ret_failure)
{
    int64_t address;
    if (!w->transport->address)
        return 0;
    int r = store_receiver_disabled(w->dispatcher->store, w->options->name, &address, ret_failure);
    w->off_stored = w->health.disabled = r > 0 && address == w->transport->address(w->handle);
    if (r > 0 && !w->health.disabled)
        r = store_outbox_retry(w->dispatcher->store, w->options->name, clock_now(), ret_failure);
    return r < 0 ? r : 0;
}

/* Retry-After outlives the process. If it cannot be stored, this process obeys it all the same, and the
 * next operation of the store logs the failure. */
void worker_store_backoff(struct receiver_worker *w, const struct instant *now)
{
    char who[WHO_MAX];
    if (!w->transport->address || w->health.quiet_until_mono <= now->mono)
        return;
    (void)snprintf(who, sizeof who, "receiver %s", w->options->name);
    (void)store_backoff_until(w->dispatcher->store, who, w->transport->address(w->handle), *now,
                              w->health.quiet_until_mono - now->mono, NULL);
}

void worker_end_backoff(struct receiver_worker *w)
{
    const struct instant now = clock_now();
    char who[WHO_MAX];
    w->health.quiet_until_mono = 0;
    (void)snprintf(who, sizeof who, "receiver %s", w->options->name);
    if (w->transport->address) /* if this fails, a restart waits again */
        (void)store_backoff_until(w->dispatcher->store, who, w->transport->address(w->handle), now, 0, NULL);
}

void worker_load_backoff(struct receiver_worker *w)
{
    char who[WHO_MAX];
    struct instant now = clock_now();
    if (!w->transport->address)
        return;
    (void)snprintf(who, sizeof who, "receiver %s", w->options->name);
    usec_t left = store_backoff_left(w->dispatcher->store, who, w->transport->address(w->handle), now);
    w->health.quiet_until_mono = left ? now.mono + left : 0;
}
