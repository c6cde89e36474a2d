/* SPDX-License-Identifier: MIT */
/* deliver/deliver.h: sends what is in the outbox. Each receiver has a queue, a connection and a
 * backoff of its own. A receiver type is one file and one row in the table of types.c. */
#pragma once
#include "deliver/bucket.h"
#include "http/http.h"
#include "store/store.h"

struct receiver_class; /* a receiver type: see receiver.h */
struct links;          /* links.h */
struct signed_in_functions; /* http/signed_in.h */
struct receiver_options { /* filled by config/, which owns the strings */
    char *name;
    const struct receiver_class *class;
    void *own;    /* the type's own options: as its rows in `class` say */
    const struct links *links; /* borrowed; NULL: none */
    usec_t confirms_within; /* longest time in which polls confirm an open alert or report its end */
    const struct signed_in_functions *signed_in; /* for types that sign in at Microsoft; NULL: none */
    bool reminders, deescalated; /* events that it gets beside the others */
    struct pace pace; /* its own, or that of the storm options; rate 0 for RECEIVER_EACH */
    char *credential; /* file that it signs in with, as configured, without folders; NULL: none */
    char *broken; /* NULL, or the one line that says why it cannot be used: it is switched off */
};

/* What happens when more messages are due than a receiver should get. */
struct storm_options {
    struct pace pace; /* of receivers without their own */
    uint32_t lines;   /* of a part of a digest; 0: DIGEST_LINES */
    uint32_t max_new_incidents; /* that a pager gets within `within`; 0: no limit */
    usec_t within;
};

struct dispatcher;
struct dispatcher_options {
    const struct receiver_options *receiver;
    size_t n_receivers;
    struct storm_options storm;
};
/* A delivery ended: for counters, and for delivery alerts about parked entries. */
typedef void dispatcher_delivered(void *userdata, const char *receiver, enum outbox_state state);
/* Reads keys and URLs to check them, and again whenever they change. Options are borrowed. */
int dispatcher_new(const struct dispatcher_options *o, struct store *store, struct http *http,
                   sd_event *event, dispatcher_delivered *on_delivered, void *userdata,
                   struct dispatcher **ret, struct failure *ret_failure);
void dispatcher_free(
    struct dispatcher *c); /* cancels attempts under way: their outcome is unknown */
DEFINE_CLEANUP(struct dispatcher *, dispatcher_free)
/* There may be new entries: the queues are read soon, from the event loop. */
void dispatcher_wake(struct dispatcher *c);
/* Ends the backoff of a receiver, its Retry-After included: somebody wants an attempt now. */
void dispatcher_retry(struct dispatcher *c, const char *receiver);
/* For how long the receiver gets no attempt, after Retry-After or failures of several messages; 0: it may. */
usec_t dispatcher_backoff(const struct dispatcher *c, const char *receiver, const struct instant *now);
/* --once: one attempt for each due entry, then `done` from the event loop. */
typedef void dispatcher_idle(void *userdata);
int dispatcher_drain(struct dispatcher *c, dispatcher_idle *done, void *userdata);
/* SIGTERM: starts no attempt. `done` follows when those under way have ended, or after `grace`; it may
 * free the dispatcher. */
int dispatcher_stop(struct dispatcher *c, usec_t grace, dispatcher_idle *done, void *userdata);
/* Resumes after dispatcher_stop (a reload that was refused late). */
void dispatcher_resume(struct dispatcher *c);
/* For the watchdog: false if an attempt did not end long after its deadline. */
bool dispatcher_on_time(const struct dispatcher *c, const struct instant *now);
/* How long every attempt at this receiver has failed; 0: less than ten minutes, or not at all. */
usec_t dispatcher_failing_for(const struct dispatcher *c, const char *receiver,
                              const struct instant *now);
/* For heartbeats: true if a receiver is disabled, or has failed for ten minutes. */
bool dispatcher_stuck(const struct dispatcher *c, const struct instant *now);
/* 410, or broken: until the configuration or its files change. */
bool dispatcher_disabled(const struct dispatcher *c, const char *receiver);

/* Counts the alerts that wait to become new incidents of this pager. 1: because it has got
 * storm.max_new_incidents. 0: they follow soon. */
int dispatcher_held(const struct dispatcher *c, const char *receiver, const struct instant *now, int64_t *ret,
                    struct failure *ret_failure);

/* One message for a test, not from the outbox, or with `life` the messages of a made-up alert that fires, gets
 * worse and ends. `done` follows each of them, from the event loop. The first one that is not accepted is the
 * last. A heartbeat is one message. */
struct tested {             /* all borrowed */
    const char *event;      /* "receiver.test", "alert.firing", ... */
    const char *body;       /* as rendered: the transport adds URL, headers and secrets; NULL: it could not be */
    size_t len;
    bool accepted;
    const char *text;       /* the answer, cleaned; NULL: it was not sent */
    bool last;
};
typedef void deliver_test_done(void *userdata, const struct tested *result);
struct delivery_test;
/* *ret may be canceled until `done` was called with `last`; `ret` NULL: nobody will. */
int deliver_test(const struct receiver_options *o, bool life, struct http *http, sd_event *event,
                 deliver_test_done *done, void *userdata, struct delivery_test **ret, struct failure *ret_failure);
void deliver_test_cancel(struct delivery_test *t); /* no callback follows */
/* The same without sending: `done` is called from inside. */
int deliver_test_render(const struct receiver_options *o, bool life, deliver_test_done *done, void *userdata,
                        struct failure *ret_failure);
/* Everything that a start would refuse about this receiver: files, keys, URLs, facility. */
int deliver_check(const struct receiver_options *o, struct failure *ret_failure);
/* What a start accepts and a person should change: negative with one sentence; 0: nothing. Only for
 * what has passed deliver_check(). */
int deliver_warn(const struct receiver_options *o, struct failure *ret_warning);
extern const struct store_codec deliver_codec; /* context, notifications and digests as JSON */
