/* SPDX-License-Identifier: MIT */
/* deliver/incidents.c: counts the new incidents of a pager within a period. */
#include "deliver/incidents.h"

void incidents_add(struct incidents *r, usec_t now_mono)
{
    if (r->max == 0)
        return;
    r->at_mono[r->oldest] = now_mono;
    r->oldest = (r->oldest + 1) % r->max;
}

usec_t incidents_wait(const struct incidents *r, usec_t within, usec_t now_mono)
{
    usec_t oldest = r->max ? r->at_mono[r->oldest] : 0;
    return oldest && oldest + within > now_mono ? oldest + within - now_mono : 0;
}
