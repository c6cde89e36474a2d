/* SPDX-License-Identifier: MIT */
/* store/history.h: reads what is stored of a pool over time: raw samples, hours, days.
 *
 * A raw sample is stored when a number changed, and at least once an hour while the pool is polled; a gap
 * of more than an hour is time without a complete poll. Raw samples are kept for HISTORY_RAW_KEEP, hours
 * for HISTORY_HOURS_KEEP, days for history.keep. Hours and days are those of UTC. */
#pragma once
#include "base/clock.h"
#include "base/failure.h"
#include <stddef.h>
#include <stdint.h>

struct store;

#define HISTORY_RAW_KEEP (14 * USEC_PER_DAY)
#define HISTORY_HOURS_KEEP (90 * USEC_PER_DAY)

enum history_resolution { HISTORY_RAW, HISTORY_HOUR, HISTORY_DAY, HISTORY_COUNT_ };

struct history_point {
    usec_t at;               /* of a raw sample; the begin of an hour or day */
    int64_t min, max, last;  /* consumed units; all the same in a raw sample */
    int64_t allotted;        /* units, the last number */
    int64_t waiting;         /* the most members that waited; NUMBER_UNKNOWN: never known */
};
/* The points with from_at <= at < to_at, in ascending order; only times that the resolution still has: raw
 * samples of the last 14 days, hours of the last 90. An hour or day without a complete poll has no point. A
 * pool that is not known has none: *ret_n is 0. The caller frees *ret, which is NULL then. */
int store_history(struct store *s, const char *tenant_id, const char *allotment_id, usec_t from_at,
                  usec_t to_at, enum history_resolution resolution, struct history_point **ret,
                  size_t *ret_n, struct failure *ret_failure);
