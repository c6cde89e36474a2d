/* SPDX-License-Identifier: MIT */
/* deliver/worker.h: the dispatcher and its workers, one for each receiver. Internal to dispatcher*.c and
 * worker*.c. */
#pragma once
#include "deliver/incidents.h"
#include "deliver/receiver.h"

struct dispatcher {
    struct receiver_worker *worker;
    size_t n_workers;
    struct storm_options storm;
    struct store *store;
    dispatcher_delivered *on_delivered;
    void *userdata;
    bool stopping, draining;
    usec_t drain_at;         /* entries that were due then are attempted once */
    sd_event_source *ending; /* calls `done` from the event loop; the grace of a stop */
    sd_event_source *sync;   /* on: recorded attempts may not be on disk yet */
    dispatcher_idle *done;
    void *done_userdata;
};

struct receiver_worker {
    struct dispatcher *dispatcher;
    const struct receiver_options *options;
    const struct transport *transport;
    struct receiver_handle *handle;
    sd_event_source *timer;
    struct outbox_entry *entry;   /* the attempt under way; NULL: none */
    usec_t begun_mono;            /* ... since then */
    usec_t spaced_mono;           /* no attempt before: the spacing of the type */
    struct bucket bucket;         /* paces the attempts */
    struct incidents incidents;   /* of a pager */
    char storm_id[ALERT_ID_TEXT]; /* of a pager: the alert about held incidents */
    struct attempt_result result; /* settling: its outcome, not yet stored */
    bool settling;
    struct health health;
    usec_t asleep_before; /* clock_asleep() when health.down_since_mono was set */
    bool drained;       /* this drain has nothing more to do here */
    bool off_stored;    /* the store has recorded that it is disabled */
    bool proven;        /* accepted something since the start: older backoffs were released */
    bool outage_logged; /* the warning about this outage was logged */
    bool store_failing; /* the failure of the store was logged */
};
/* Sends what is due, until the receiver has to wait. */
void worker_turn(struct receiver_worker *w);
void worker_arm(struct receiver_worker *w, usec_t delay); /* its next turn */

/* ---- worker_state.c ---- */

void worker_disable(struct receiver_worker *w);
bool worker_is_disabled(const struct receiver_worker *w);
int worker_load_state(struct receiver_worker *w, struct failure *ret_failure);
void worker_store_backoff(struct receiver_worker *w, const struct instant *now);
void worker_load_backoff(struct receiver_worker *w);
/* Also the stored one. */
void worker_end_backoff(struct receiver_worker *w);

/* ---- worker_pager.c: storm.max_new_incidents ---- */

int worker_pager_open(struct receiver_worker *w, struct failure *ret_failure);
/* The next entry; `ret`, -ENOENT and *ret_next_at as store_outbox_next(). */
int worker_pager_next(struct receiver_worker *w, usec_t until, const struct instant *now, struct outbox_entry **ret,
                      usec_t *ret_next_at, struct failure *ret_failure);
/* w->entry was accepted. */
void worker_pager_accepted(struct receiver_worker *w, const struct instant *now);

/* ---- dispatcher_end.c ---- */

void dispatcher_sync_later(struct dispatcher *c); /* within a second: one fsync for many attempts */
void dispatcher_sync_now(struct dispatcher *c);
/* The end of a drain or stop is reported from the event loop, after everything else of this turn. */
void dispatcher_check_end(struct dispatcher *c);

/* ---- worker_log.c ---- */

/* Logs the outcome of an attempt: outages (beginning and end), parked entries and disabled receivers;
 * single failures in between at debug level. */
void worker_log(struct receiver_worker *w, const struct answer *a, const struct health *before,
                const struct instant *now);
/* Logs a failure of the store once, until it works again. */
void worker_store_failed(struct receiver_worker *w, const struct failure *why);
