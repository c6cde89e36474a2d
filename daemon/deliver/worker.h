/* SPDX-License-Identifier: MIT */
/* deliver/worker.h: the state of one receiver, for dispatcher.c and its log lines. */
#pragma once
#include "deliver/receiver.h"

struct receiver_worker {
    struct dispatcher *dispatcher;
    const struct receiver_options *options;
    const struct transport *transport;
    struct receiver_handle *handle;
    sd_event_source *timer;
    struct outbox_entry *entry;   /* the attempt under way; NULL: none */
    usec_t begun_mono;            /* ... since then */
    usec_t spaced_mono;           /* no attempt before: the spacing of the type */
    struct attempt_result result; /* settling: its outcome, not yet stored */
    bool settling;
    struct health health;
    usec_t asleep_before; /* clock_asleep() when health.down_since_mono was set */
    bool drained;       /* this drain has nothing more to do here */
    bool off_stored;    /* the store has recorded that it is disabled */
    bool outage_logged; /* the warning about this outage was logged */
    bool store_failing; /* the failure of the store was logged */
};
void worker_turn(struct receiver_worker *w);

/* Logs the outcome of an attempt: outages (beginning and end), parked entries and disabled receivers;
 * single failures in between at debug level. */
void worker_log(struct receiver_worker *w, const struct answer *a, const struct health *before,
                const struct instant *now);
/* Logs a failure of the store once, until it works again. */
void worker_store_failed(struct receiver_worker *w, const struct failure *why);
