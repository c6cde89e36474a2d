/* SPDX-License-Identifier: MIT */
/* base/date.h: parses and prints durations and dates. Pure.
 *
 * Durations are an integer and one unit of s m h d w ("15m"). Instants are RFC 3339; Graph sends 0
 * to 9 fractional digits and Z or a numeric offset. Dates are days since 1970-01-01, UTC. */
#pragma once
#include "base/failure.h"
#include <stddef.h>

#define DURATION_MAX 24 /* bytes of the longest duration text with its NUL */
#define RFC3339_MAX 32
#define CLOCK_HUMAN_MAX 64

/* -EINVAL: not a duration (the failure says what one looks like); -ERANGE: beyond 100 years. */
int duration_parse(const char *text, usec_t *ret, struct failure *ret_failure);
/* The shortest exact text: 900 s -> "15m". Sub-second parts are dropped. */
const char *duration_print(usec_t duration, char buf[static DURATION_MAX]);
/* For people, at most two units: "2 d 3 h", "4 min", "12 s". */
const char *duration_human(usec_t duration, char buf[static DURATION_MAX]);

/* The last instant, in the year 2255: JSON numbers are exact up to 2^53. */
#define INSTANT_LAST ((UINT64_C(1) << 53) - 1)
/* "YYYY-MM-DDThh:mm:ss[.f{1,9}](Z|+hh:mm|-hh:mm)" -> microseconds since 1970. -EINVAL otherwise,
 * and before 1970 or after 9999; -ERANGE: after INSTANT_LAST. A leap second (:60) is taken as :59. */
int rfc3339_parse(const char *text, usec_t *ret_at);
/* "2026-11-22T01:02:03Z", whole seconds. */
const char *rfc3339_print(usec_t at, char buf[static RFC3339_MAX]);
/* "YYYY-MM-DD", alone or with a time behind it (then the date in UTC) -> days since 1970-01-01. */
int date_parse(const char *text, int32_t *ret_day);
const char *date_print(int32_t day, char buf[static RFC3339_MAX]);
struct zone; /* base/clock.h */
/* A time of day for people, with its zone: "02:00 CET" if `at` lies on the same day there as `now`,
 * else "2026-11-20 09:12 CET". Without a name "UTC", or "UTC+05:30". */
const char *clock_human(usec_t at, usec_t now, const struct zone *zone,
                        char buf[static CLOCK_HUMAN_MAX]);
/* The HTTP-date of RFC 9110 section 5.6.7 (all three forms), at most INSTANT_LAST. -EINVAL otherwise. */
int http_date_parse(const char *text, usec_t *ret_at);
