/* SPDX-License-Identifier: MIT */
/* runtime/app_status.h: fills the status of this process. */
#pragma once
#include "status/status.h"

struct app;

/* `arrays`: which of STATUS_POOLS, STATUS_ALERTS and STATUS_EVENTS to fill. The alerts that this
 * run resolved and the events exist with --once only. An outbox that cannot be counted is unknown,
 * and no error. -ENOMEM: *ret is not written. Free it with status_clear(). */
int app_status(const struct app *app, unsigned arrays, struct status *ret);
