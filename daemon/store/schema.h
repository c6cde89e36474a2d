/* SPDX-License-Identifier: MIT */
/* store/schema.h: the tables, and how an older file becomes a present one. Private to the room. */
#pragma once
#include "store/db.h"

/* The version that this program writes: PRAGMA user_version. */
int64_t schema_version(void);
/* Applies what is missing, each step in a transaction of its own: old or new, nothing between. */
int schema_migrate(struct db *d, int64_t from, struct failure *f);
