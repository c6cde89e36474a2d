/* SPDX-License-Identifier: MIT */
/* runtime/counts.h: how attempts at each receiver ended in this process, for metrics. Kept over reloads. */
#pragma once
#include "store/store.h"

struct app;

/* Without memory the attempt is not counted. */
void counts_add(struct app *app, const char *receiver, enum outbox_state end);
int64_t counts_of(const struct app *app, const char *receiver, enum outbox_state end);
