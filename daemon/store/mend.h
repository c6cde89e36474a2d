/* SPDX-License-Identifier: MIT */
/* store/mend.h: the one way that damage goes. Private to the room. */
#pragma once
#include "store/internal.h"

/* Closes the database, repairs it or builds a new one, and opens that. Less than 0: it stays closed,
 * and the next store_ready tries again. */
int store_mend(struct store *s, struct failure *f);
/* Inside a transaction: what was damaged, for store_damage. */
int damage_note(struct db *d, unsigned what, struct failure *f);
