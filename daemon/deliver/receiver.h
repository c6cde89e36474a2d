/* SPDX-License-Identifier: MIT */
/* deliver/receiver.h: what a receiver type is, to the dispatcher: check, open, render, send. For
 * this room only. A type is a row in receiver.c and a file of its own. */
#pragma once
#include "deliver/answer.h"
#include "deliver/deliver.h"

/* What is to be told, once. One of notification and digest. */
struct message {
    const struct notification *notification;
    const struct digest *digest;
    bool combined;
    usec_t now_at; /* when it is rendered: a late message says so */
};

/* Rendered bytes on their way. The bytes stay the same in every attempt. */
struct payload {
    const char *event_id;
    const char *body;
    size_t len;
    struct instant now; /* of this attempt */
};

struct receiver_handle; /* an open receiver: its socket, or its URL and keys; each type has its own
                         */
typedef void handle_done(void *userdata, const struct answer *a);

struct receiver_class {
    const char *name;
    /* Everything that a start would refuse; opens and changes nothing. */
    int (*check)(const struct receiver_options *o, struct failure *ret_failure);
    int (*open)(const struct receiver_options *o, struct http *http, struct receiver_handle **ret,
                struct failure *ret_failure);
    /* Ends what is under way without calling back. NULL is fine. */
    void (*close)(struct receiver_handle *o);
    /* -ENOMEM, or -E2BIG: the message cannot be brought below the type's limit. */
    int (*render)(const struct receiver_options *o, const struct message *m, char **ret,
                  size_t *ret_len);
    /* 1: *ret is the answer, at once. 0: `done` follows from the event loop. Never blocks. */
    int (*send)(struct receiver_handle *o, const struct payload *p, struct answer *ret,
                handle_done *done, void *userdata);
    /* True if what the receiver was disabled for may have changed (its URL file did). NULL: never.
     */
    bool (*renewed)(struct receiver_handle *o);
    /* A number that is the same as long as that is: the answer over restarts. With `renewed`. */
    int64_t (*address)(const struct receiver_handle *o);
};
const struct receiver_class *receiver_class(enum receiver_type t);

extern const struct receiver_class journal_class, syslog_class, webhook_class;

/* A message for --test-receiver: a notification of type EVENT_TEST. -ENOMEM, -EIO (random id). */
int test_notice(const char *receiver, usec_t now_at, struct notification **ret);
