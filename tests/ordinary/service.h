/* SPDX-License-Identifier: MIT */
/* ordinary/service.h: the daemon with its configuration, rules, database and formats, but without
 * its loop: the test says what time it is, what Graph answers, and takes what is delivered.
 *
 * The program is linked so that the daemon's clock_now() is asked here. */
#pragma once
#include "ordinary/tenant.h"

#include "runtime/app.h"
#include "runtime/poll_result.h"
#include "runtime/tenant.h"
#include "runtime/tick.h"

struct told { /* one message, as its readers see it */
    usec_t at;
    enum event_type type;
    enum rule rule;   /* of a digest: its first line's */
    enum level level; /* of a digest: its worst */
    char sku[64];
    char *text; /* what a phone, a mail program and journalctl show */
};
struct service {
    char dir[128]; /* configuration, secrets, state */
    char config[160], state[160];
    struct cli cli;
    struct app app;
    struct told *told;
    size_t n_told, size_told;
};
void service_set_clock(usec_t at, uint64_t boot);
usec_t service_clock(void);

void service_make(struct service *s); /* a directory of its own, and the first start */
void service_restart(struct service *s);
void service_end(struct service *s);
void service_poll(struct service *s, const struct simulated_tenant *t); /* one reading, then deliver */
void service_tick(struct service *s);                         /* what a minute brings, then deliver */
