/* SPDX-License-Identifier: MIT */
/* deliver/worker.h: one receiver on its way through the outbox. For dispatcher.c and what it logs.
 */
#pragma once
#include "deliver/receiver.h"

struct receiver_worker {
    struct dispatcher *dispatcher;
    const struct receiver_options *options;
    const struct receiver_class *class;
    struct receiver_handle *handle;
    sd_event_source *timer;
    struct outbox_entry *entry;   /* the attempt under way; NULL: none */
    usec_t begun_mono;            /* ... since then */
    struct attempt_result result; /* settling: how it ended, not yet written down */
    bool settling;
    struct health health;
    bool drained;       /* this drain has nothing more to do here */
    bool off_stored;    /* that it is disabled stands in the store */
    bool outage_logged; /* a warning about this outage is in the log */
    bool store_failing; /* the store's failure was logged */
};
void worker_turn(struct receiver_worker *w);

/* One line per event that a person wants to read: an outage begins, ends, an entry is parked, the
 * receiver is disabled. Single failures in between are for debugging. */
void worker_log(struct receiver_worker *w, const struct answer *a, const struct health *before,
                const struct instant *now);
/* Once until the store works again. */
void worker_store_failed(struct receiver_worker *w, const struct failure *why);
