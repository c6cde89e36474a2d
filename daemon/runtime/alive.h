/* SPDX-License-Identifier: MIT */
/* runtime/alive.h: whether polls and deliveries make progress, for the watchdog and /healthz. */
#pragma once
#include "base/clock.h"

struct app;

/* False: a poll or a delivery is overdue, and not because the machine slept a moment ago. */
bool alive(struct app *app, const struct instant *now);
