/* SPDX-License-Identifier: MIT */
/* runtime/activity.c: counts the work under way. */
#include "runtime/activity.h"

#include <assert.h>

void activity_hold(struct activity *a)
{
    a->n++;
}

void activity_release(struct activity *a)
{
    assert(a->n > 0);
    if (--a->n == 0 && a->idle)
        a->idle(a->userdata);
}
