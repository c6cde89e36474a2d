/* SPDX-License-Identifier: MIT */
/* runtime/alive.c: a loop that turns but polls no tenant is a hang, too. */
#include "runtime/alive.h"

#include "runtime/app.h"
#include "runtime/poller.h"
#include "runtime/tick.h"

#define WAKE_GRACE USEC_PER_MINUTE /* the time-out of a delivery in flight is shorter */

/* After a sleep everything is overdue for a while, which is no hang. */
bool alive(struct app *app, const struct instant *now)
{
    usec_t woke_mono = tick_woke(app, now);
    bool woke = woke_mono && now->mono < woke_mono + WAKE_GRACE;
    return woke || (poller_on_time(app, now) && dispatcher_on_time(app->dispatcher, now));
}
