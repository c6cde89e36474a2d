/* SPDX-License-Identifier: MIT */
/* store/migrate.h: the parts of a schema step that need C. Private to the room.
 *
 * Each runs once, inside its step's transaction, after its SQL. It describes tables by constants of its
 * own, as they were then: the descriptions in row.h follow the present schema. A row whose old
 * checksum is wrong keeps it, so that the check at the opening moves it to quarantine. */
#pragma once
#include "store/db.h"

int migrate_to_6(struct db *d, struct failure *f);
