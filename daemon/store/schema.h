/* SPDX-License-Identifier: MIT */
/* store/schema.h: defines the tables, and migrates older databases. Internal to store/. */
#pragma once
#include "store/db.h"

/* The version that this program writes. Stored twice, in PRAGMA user_version and as `schema` in the
 * table meta, so that one damaged number is detected. */
int64_t schema_version(void);
/* Applies the steps between, each in its own transaction. */
int schema_migrate(struct db *d, int64_t from, int64_t to, struct failure *f);
/* Opens an empty database of this version in memory. *ret is zero; close it with db_close. */
int schema_model(int64_t version, struct db *ret, struct failure *f);
/* Compares the SQL text of tables and indexes with this version. -EBADMSG: they differ. */
int schema_check(struct db *d, int64_t version, struct failure *f);
