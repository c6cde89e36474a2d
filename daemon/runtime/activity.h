/* SPDX-License-Identifier: MIT */
/* runtime/activity.h: counts the work under way (polls, look-ups, requests for an application's entry), so
 * that --once ends as soon as there is none. */
#pragma once
#include <stddef.h>

typedef void activity_idle(void *userdata);

struct activity {
    size_t n;
    activity_idle *idle; /* called when the last hold is released; NULL: nobody waits */
    void *userdata;
};

void activity_hold(struct activity *a);
/* Ends one hold. May call `idle`, so it is the last statement of a handler. */
void activity_release(struct activity *a);
