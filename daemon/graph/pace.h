/* SPDX-License-Identifier: MIT */
/* graph/pace.h: how many requests of a tenant may be in flight, by the load that its service
 * reports.
 *
 * Pure. At 80 % of a limit half as many are in flight, at 100 % and after a 429 or 503 one. Every
 * PACE_STEP answers without a load report allow one more. Kept from poll to poll. */
#pragma once
#include "base/clock.h"
#include <stdbool.h>

#define PACE_STEP 50 /* answers without a load report that allow one more request */

struct pace {
    unsigned most, limit;   /* as configured; in flight now, 1 .. most */
    unsigned quiet;         /* answers since the last load report */
    usec_t not_before_mono; /* a Retry-After: nothing is sent before */
};
void pace_init(struct pace *p, unsigned most);
void pace_throttled(struct pace *p, usec_t until_mono);
/* An answer with a page; `percent` of the limit is used, 0: not reported. True: the limit was
 * reduced. */
bool pace_answered(struct pace *p, unsigned percent);
