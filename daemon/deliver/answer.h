/* SPDX-License-Identifier: MIT */
/* deliver/answer.h: classifies a receiver's answer and decides what happens to the entry. Pure: the
 * clock and the dice are arguments. */
#pragma once
#include "http/retry.h"
#include "store/store.h"

enum answer_class {
    ANSWER_OK,        /* accepted */
    ANSWER_RETRY,     /* temporary failure: backoff of this entry */
    ANSWER_BUSY,      /* a local socket is full: the whole receiver waits a moment */
    ANSWER_THROTTLED, /* the whole receiver waits, for retry_after if given */
    ANSWER_PERMANENT, /* permanent failure: park the entry */
    ANSWER_GONE,      /* 410: park the entry and disable the receiver */
    ANSWER_CLASS_COUNT_
};
struct answer {
    enum answer_class class;
    int status;         /* HTTP status, 0: none */
    usec_t retry_after; /* 0: none given; 1 s .. 1 h otherwise */
    char text[200];     /* one cleaned line without secrets */
    char ref[MESSAGE_REF_MAX]; /* what the receiver calls the message that it has created; "": nothing new */
    bool ref_lost; /* HTTP, with `more`: there is no such message; the next request has none */
    unsigned n_refused; /* HTTP with several servers: so many of them did not accept */
    bool more; /* HTTP: the attempt needs another request, with payload.step one higher. A crash in
                * between repeats the attempt from its first request */
};
/* The class of an HTTP status (Standard Webhooks 1.0.0, "Responses"). */
enum answer_class answer_class_of(int status, bool retry_after);
void answer_set(struct answer *a, enum answer_class class, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define DELIVERY_BUDGET (76 * USEC_PER_HOUR) /* an older entry is parked, */
#define DELIVERY_PROOF USEC_PER_HOUR /* ... once the receiver has failed for so long */
#define CIRCUIT_ROWS 5 /* failures of different entries in a row: probes only */

/* Health of a receiver, in memory; `disabled` is in the store, too. */
struct health {
    int64_t failed[CIRCUIT_ROWS]; /* ids of different entries that failed since the last success */
    size_t n_failed;
    unsigned probes;         /* attempts that failed while the circuit was open */
    unsigned busy;           /* ANSWER_BUSY in a row */
    uint64_t failures;       /* of any kind since the last success */
    usec_t down_since_mono;  /* 0: works, or not tried yet */
    usec_t quiet_until_mono; /* no attempt before: throttled, busy or circuit */
    bool disabled;
};
static inline bool circuit_open(const struct health *h)
{
    return h->n_failed == CIRCUIT_ROWS;
}

/* Ends one attempt: computes what to store, and updates the health. `entry` is as it was before the
 * attempt: its `attempts` do not count this one. `dice`: 32 random bits. */
void answer_settle(const struct answer *a, const struct outbox_entry *entry, struct instant now,
                   uint32_t dice, struct health *h, struct attempt_result *ret);
