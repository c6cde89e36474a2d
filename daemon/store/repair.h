/* SPDX-License-Identifier: MIT */
/* store/repair.h: repairs or rebuilds a damaged database. Internal to store/. */
#pragma once
#include "store/internal.h"

/* Closes the database, repairs or rebuilds it, and opens the result. Less than 0: it stays closed,
 * and the next store_ready tries again. */
int store_repair(struct store *s, struct failure *f);
