/* SPDX-License-Identifier: MIT */
/* store/check.h: is the database ours, whole, and of our time? Private to the room. */
#pragma once
#include "store/db.h"

#define CHECK_GENERATION_MAX (INT64_MAX / 2)

struct check {
    int64_t version;   /* of its schema */
    bool empty;        /* nothing has been written yet */
    bool only_indexes; /* -EBADMSG: all pages are sound, but an index does not match its table */
};
/* Changes nothing but d->generation. -EBADMSG: damaged or not ours; -EPROTO: a newer schema; else
 * what the disk says. */
int check_database(struct db *d, struct check *ret, struct failure *f);
/* Can the disk deliver all of this file? */
int check_file_reads(struct db *d, sqlite3_file *file, struct failure *f);
