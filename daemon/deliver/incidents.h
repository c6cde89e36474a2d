/* SPDX-License-Identifier: MIT */
/* deliver/incidents.h: when a pager got its last new incidents, and whether it may get another one. Pure: the
 * boot-time clock is an argument. */
#pragma once
#include "base/clock.h"
#include <stddef.h>

struct incidents {
    usec_t *at_mono; /* the last `max`, a ring; 0: none */
    size_t max;      /* 0: no limit */
    size_t oldest;
};
void incidents_add(struct incidents *r, usec_t now_mono);
/* Time until there are fewer than `max` within `within`; 0: there are. */
usec_t incidents_wait(const struct incidents *r, usec_t within, usec_t now_mono);
