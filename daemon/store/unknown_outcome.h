/* SPDX-License-Identifier: MIT */
/* store/unknown_outcome.h: marks outbox rows that may have been sent without a record of it. Internal
 * to store/. */
#pragma once
#include "store/outbox_row.h"

/* Inside a transaction: marks rows in flight, and rows never tried that were due before this boot. `all`:
 * every open row, because the disk has lost attempts that were written. Marked rows are queued, and due
 * at once if they were in flight. */
int unknown_outcome_mark(struct store *s, const struct instant *now, bool all, struct failure *f);
