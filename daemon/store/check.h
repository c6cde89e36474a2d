/* SPDX-License-Identifier: MIT */
/* store/check.h: verifies a database: application, version, schema, pages, indexes. Internal to
 * store/. */
#pragma once
#include "store/db.h"

#define CHECK_GENERATION_MAX (INT64_MAX / 2)

struct check {
    int64_t version;   /* of its schema */
    bool empty;        /* a new file */
    bool only_indexes; /* -EBADMSG: all pages are sound, but an index does not match its table */
};
/* Changes nothing but d->generation. -EBADMSG: damaged or not ours; -EPROTO: newer schema; other -E:
 * the disk failed. */
int check_database(struct db *d, struct check *ret, struct failure *f);
/* Reads the whole file; fails if the disk does. */
int check_file_reads(struct db *d, sqlite3_file *file, struct failure *f);
