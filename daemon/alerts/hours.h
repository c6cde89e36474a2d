/* SPDX-License-Identifier: MIT */
/* alerts/hours.h: the hours (weekdays and times) of a route. Pure.
 *
 * "Mon-Fri 07:00-19:00": days and ranges of days, then ranges of times, each list with commas.
 * Days may run over Sunday ("Sat-Mon"). A range of times that ends before it begins ends on the
 * next day and belongs to the day on which it began: "Fri 22:00-06:00" reaches into Saturday. */
#pragma once
#include "base/clock.h"
#include "base/failure.h"

#include <stdbool.h>
#include <stdint.h>

#define HOURS_RANGES_MAX 8
#define HOURS_TEXT 128 /* bytes of the longest text with its NUL */

struct hours {
    uint8_t days;     /* bit 0 = Monday */
    uint8_t n_ranges; /* 0: always open */
    struct {
        uint16_t from, to; /* minutes of the day; `to` is the first one outside, at most 1440 */
    } range[HOURS_RANGES_MAX];
};

/* -EINVAL: a syntax error; the failure shows the format. */
int hours_parse(const char *text, struct hours *ret, struct failure *ret_failure);
/* As a text that hours_parse accepts; n_ranges is not 0. */
const char *hours_print(const struct hours *h, char buf[static HOURS_TEXT]);
/* Local time is `at` plus `utc_offset` seconds. */
bool hours_open(const struct hours *h, usec_t at, int32_t utc_offset);
/* The first whole minute from `at` on that is inside them; `at` if they are open. Within a week, and without a change
 * of the offset until then. */
usec_t hours_opening(const struct hours *h, usec_t at, int32_t utc_offset);
