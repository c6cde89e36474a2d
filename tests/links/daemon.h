/* SPDX-License-Identifier: MIT */
/* links/daemon.h: one tenant, a pager, a chat, mail, the journal and a heartbeat, in virtual time: the
 * daemon's configuration, rules, alerts, database, dispatcher and heartbeats, without its loop. */
#pragma once
#include "month/world.h"
#include "runtime/app.h"

#define BEAT (2 * USEC_PER_MINUTE)
#define INTERVAL (5 * USEC_PER_MINUTE)

enum trouble { /* between the daemon and Graph */
    TROUBLE_NONE,
    TROUBLE_GRAPH,
    TROUBLE_SECRET,
    TROUBLE_CONSENT,
};
struct daemon {
    char dir[128], config[160], state[160];
    struct cli cli;
    struct app app;
    struct world world;
    enum trouble trouble;
    struct snapshot *(*show)(void); /* what Graph shows; NULL: the world */
    int64_t clock_ahead; /* of this machine, in seconds */
    bool stopped;        /* SIGSTOP */
    usec_t skew_mono;    /* when an answer of Graph first showed that the clock is wrong; 0: none */
    usec_t poll_mono, tick_mono;
};
void daemon_start(struct daemon *d);
void daemon_end(struct daemon *d);
void daemon_poll(struct daemon *d); /* now, beside those at the interval */
void daemon_live(struct daemon *d, usec_t time);
