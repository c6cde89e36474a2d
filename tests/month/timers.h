/* SPDX-License-Identifier: MIT */
/* month/timers.h: virtual time. The daemon's clock, the timers of its event loop and its random
 * numbers are made here.
 *
 * The program is linked with --wrap for clock_now(), RAND_bytes() and the calls of sd-event that
 * make, set and free timers; the loop itself never runs. */
#pragma once
#include "base/clock.h"

void timers_reset(usec_t at); /* wall time; a new boot */
struct instant timers_now(void);
void timers_jump(int64_t by);     /* sets the wall clock; boot time goes on */
usec_t timers_next(void);         /* boot time of the earliest timer; USEC_INFINITY: none */
void timers_advance(usec_t mono); /* to this boot time, and calls what is due */
/* False: a mistake that the checker must find: boot time follows the wall clock. */
extern bool timers_steady;
