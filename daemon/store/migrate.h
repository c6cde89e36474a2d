/* SPDX-License-Identifier: MIT */
/* store/migrate.h: parts of schema steps that need C. Internal to store/.
 *
 * Each runs once, in the transaction of its step, after its SQL. It has its own constants for the tables
 * as they were then: those in row.h follow the present schema. A row whose old checksum is wrong keeps
 * it, so that the check at the next open moves it to quarantine. */
#pragma once
#include "store/db.h"

int migrate_to_6(struct db *d, struct failure *f);
int migrate_to_8(struct db *d, struct failure *f);
