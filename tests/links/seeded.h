/* SPDX-License-Identifier: MIT */
/* links/seeded.h: mistakes of the daemon that the table of links must find. */
#pragma once

enum mistake {
    MISTAKE_NONE,
    MISTAKE_RECEIVER_IS_FINE,  /* no alert about a receiver that fails */
    MISTAKE_BEATS_UNDELIVERED, /* heartbeats although a receiver fails */
    MISTAKE_BEATS_UNRECORDED,  /* heartbeats although nothing can be stored */
    MISTAKE_POLL_IS_COVERED,   /* no alert about a tenant that is not read */
    MISTAKE_COUNT_
};
extern enum mistake seeded_mistake;
