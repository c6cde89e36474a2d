/* SPDX-License-Identifier: MIT */
/* store/unknown_outcome.h: marks outbox rows that may have been sent without a record of it. Private
 * to the room. */
#pragma once
#include "store/outbox_row.h"

/* Inside a transaction. Marked rows are queued, and due at once if they were in flight. */
/* Rows in flight, and rows never tried that were due before this boot. */
int unknown_outcome_find(struct store *s, const struct instant *now, struct failure *f);
/* All open rows: the disk has lost attempts that were written. */
int unknown_outcome_all(struct store *s, const struct instant *now, struct failure *f);
