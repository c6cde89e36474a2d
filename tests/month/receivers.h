/* SPDX-License-Identifier: MIT */
/* month/receivers.h: the receivers, beyond the process: what they accept outlives restarts. They
 * take the place of all transports; the dispatcher, its workers and the formats are the daemon's
 * own. */
#pragma once
#include "base/clock.h"

enum {
    RECEIVER_WITNESS,  /* never fails, no pace: hears each event by itself */
    RECEIVER_PACED,    /* a small burst, then one message a second: gets digests */
    RECEIVER_FAILING,  /* is down, slow or busy for hours */
    RECEIVER_CRITICAL, /* routed critical alerts only */
    RECEIVERS
};
enum fault {
    FAULT_NONE,
    FAULT_REFUSES, /* nobody listens */
    FAULT_500,
    FAULT_LOSES, /* accepts, and the answer is lost */
    FAULT_THROTTLES,
    FAULT_COUNT_
};
extern const char *const RECEIVER_NAMES[RECEIVERS];

void receivers_begin(uint64_t seed);
void receivers_fail(unsigned receiver, enum fault fault, usec_t lasts);
/* When it last did not accept, boot time; 0: never. */
usec_t receiver_failed_mono(unsigned receiver);
