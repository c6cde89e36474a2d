/* SPDX-License-Identifier: MIT */
/* base/clock.h: reads the clocks. The only caller of the kernel; all else gets `now` passed in.
 *
 * An instant carries both clocks: wall time for people, boot time (suspend included) for
 * durations, and which boot that was, so that an instant read back from disk can be compared. */
#pragma once
#include "base/failure.h"
#include <stdbool.h>

#define USEC_PER_SEC ((usec_t)1000000)
#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MINUTE)
#define USEC_PER_DAY (24 * USEC_PER_HOUR)
#define USEC_INFINITY UINT64_MAX

struct instant {
    usec_t at;     /* CLOCK_REALTIME, microseconds since 1970 */
    usec_t mono;   /* CLOCK_BOOTTIME */
    uint64_t boot; /* first 64 bits of the kernel's boot id; 0 = no instant */
};

struct instant clock_now(void);
/* Time suspended since boot; and whether the machine was suspended for more than 5 s since that time
 * was `asleep_then`. */
usec_t clock_asleep(void);
bool clock_slept(usec_t asleep_then);
/* False: a date before this program was written; the clock has not been set since boot. */
bool clock_is_set(usec_t at);
/* Time from `then` to `now`: same boot, the difference of boot times; another boot, the difference
 * of wall times clamped to 0 .. 30 days, because the wall clock may be wrong. 0 if either is no
 * instant. */
usec_t instant_since(const struct instant *then, const struct instant *now);
/* By how much the wall clock was set between the two, in microseconds, forwards positive; up to 5 s is
 * drift and counts as 0, and so do two instants of different boots. */
int64_t clock_jump(const struct instant *then, const struct instant *now);
#define ZONE_NAME_MAX 8
/* A time zone at one moment. */
struct zone {
    int32_t offset;           /* seconds east of UTC */
    char name[ZONE_NAME_MAX]; /* "CEST"; "": the zone has no abbreviation, or it is unknown */
};
/* The named zone at `at`; NULL and "UTC" are UTC, "" is the zone of this machine: TZ as it was when
 * this was first called, else /etc/localtime. -ENOENT if the system knows no such zone. Uses TZ in a
 * buffer of its own; see clock.c. The first call with another zone than UTC puts it into the
 * environment: make it before there are threads. */
int clock_zone(const char *zone, usec_t at, struct zone *ret);
