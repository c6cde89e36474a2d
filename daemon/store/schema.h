/* SPDX-License-Identifier: MIT */
/* store/schema.h: the tables, and how an older file becomes a present one. Private to the room. */
#pragma once
#include "store/db.h"

/* The version that this program writes: PRAGMA user_version, and `schema` in the table meta, so
 * that one damaged number is not taken for another version. */
int64_t schema_version(void);
/* Applies the steps between, each in a transaction of its own: old or new, nothing between. */
int schema_migrate(struct db *d, int64_t from, int64_t to, struct failure *f);
/* An empty database of this version in memory. *ret is zero; db_close ends it. */
int schema_model(int64_t version, struct db *ret, struct failure *f);
/* Compares tables and indexes with those of this version, by their SQL text. -EBADMSG: they differ. */
int schema_check(struct db *d, int64_t version, struct failure *f);
