/* SPDX-License-Identifier: MIT */
/* graph/pace.h: how many requests of a tenant may be in flight, by what its service says of the
 * load.
 *
 * Pure. Told that 80 % of a limit are used we send half as many at once, from 100 % on and after a
 * 429 or 503 one; every so many answers without a word of load allow one more. Lasts from poll to
 * poll. */
#pragma once
#include "base/clock.h"
#include <stdbool.h>

#define PACE_STEP 50 /* answers without a word of load, for one request more */

struct pace {
    unsigned most, limit;   /* as configured; in flight now, 1 .. most */
    unsigned quiet;         /* answers since the service last spoke of load */
    usec_t not_before_mono; /* a Retry-After: nothing is sent before */
};
void pace_init(struct pace *p, unsigned most);
void pace_throttled(struct pace *p, usec_t until_mono);
/* An answer with a page; `percent` of the limit is used, 0: not said. True: this slowed us down. */
bool pace_answered(struct pace *p, unsigned percent);
