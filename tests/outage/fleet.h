/* SPDX-License-Identifier: MIT */
/* outage/fleet.h: hundreds of tenants watched by the daemon's own code, without its loop: the test
 * says what time it is, whom Graph answers and how, and takes what is delivered.
 *
 * The program is linked so that the daemon's clock_now() is asked here. */
#pragma once
#include "runtime/app.h"
#include "runtime/poll_result.h"
#include "runtime/tenant.h"
#include "runtime/tick.h"

#define FLEET_MAX 300

enum answer { /* of Graph, or what comes instead of it */
    ANSWER_WELL,
    ANSWER_REFUSED,      /* nobody listens */
    ANSWER_503,          /* without a Retry-After */
    ANSWER_503_WAIT,     /* with one, beyond the poll */
    ANSWER_HANGS,        /* until the poll's own deadline */
    ANSWER_LOGIN_DEAD,   /* nobody listens where one signs in; who has a token is read for a while */
    ANSWER_SECRET_ENDED, /* sign-in is refused, at once */
    ANSWER_MIXED,        /* each tenant sees another face of it */
    ANSWER_EMPTY,        /* lists without a row */
};
struct message_seen { /* one message to the receiver */
    usec_t at;
    enum event_type type;
    enum kind kind;
    enum level level;
    char tenant[16]; /* "" of none */
    char *title, *description;
};
struct fleet {
    char dir[128], config[160], state[160];
    struct cli cli;
    struct app app;
    size_t n;
    usec_t interval;
    uint64_t boot;
    usec_t began_at;               /* the first moment */
    enum answer answer[FLEET_MAX];
    usec_t token_until[FLEET_MAX]; /* wall time */
    bool full[FLEET_MAX];          /* its pool has no unit left: an alert of its own */
    struct message_seen *heard;
    size_t n_heard, size_heard;
};
/* `extra`: configuration beside the tenants; NULL: as shipped. */
void fleet_start(struct fleet *f, size_t n, usec_t interval, const char *extra);
void fleet_restart(struct fleet *f);
void fleet_end(struct fleet *f);
usec_t fleet_now(void);
/* Time passes: each tenant is read once an interval, spread over all of it, and the daemon looks at the
 * clock once a minute, as its loop does. */
void fleet_live(struct fleet *f, usec_t time);
void fleet_answer(struct fleet *f, size_t first, size_t n, enum answer answer);
void fleet_sleep(struct fleet *f, usec_t time); /* time in which nobody looks */
size_t fleet_count(const struct fleet *f, usec_t since_at, int type, int kind, int level); /* -1: any */
/* Prints what was heard and fails. */
void fleet_fail(const struct fleet *f, const char *why) __attribute__((noreturn));
