/* SPDX-License-Identifier: MIT */
/* runtime/reconcile.h: ends what is no longer configured. */
#pragma once
#include <stdbool.h>

struct app;

/* At a start or a reload: alerts of removed configuration end ("rule_removed"), entries queued for removed
 * receivers are parked. */
void reconcile(struct app *app);
/* Parked messages of configured receivers are due again. `disabled_too`: also those of a receiver that was
 * disabled because it answered that it is gone; it is used again. */
void reconcile_retry_parked(struct app *app, bool disabled_too);
