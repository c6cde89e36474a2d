/* SPDX-License-Identifier: MIT */
/* runtime/tick.h: changes that time alone causes. */
#pragma once
#include "base/clock.h"
#include "store/store.h"

struct app;

void tick_start(struct app *app);
void tick_now(struct app *app); /* poll health, reminders, receivers, housekeeping */
usec_t tick_woke(struct app *app, const struct instant *now); /* woke_mono; logs a sleep since the last call */
void tick_receiver(void *app, const char *receiver, enum outbox_state state); /* dispatcher_delivered */
