/* SPDX-License-Identifier: MIT */
/* store/internal.h: the state of an open store. Private to the room. */
#pragma once
#include "store/db.h"
#include "store/row.h"
#include "store/store.h"

#define STORE_KEEP_FINISHED (90 * USEC_PER_DAY) /* delivered rows and old events */
#define STORE_ATTEMPTS_KEPT 50                  /* of one entry */
#define STORE_DELAY_MAX USEC_PER_HOUR           /* no delivery is put off for longer */

struct store {
    struct db db;
    struct store_codec codec;
    enum store_mode mode;
    char *directory; /* resolved */
    int directory_fd, lock_fd;
    usec_t history_keep;
    uint64_t outbox_max_rows, outbox_max_bytes;

    struct instant clock; /* the last one that we were told */
    usec_t uneven_mono;   /* when the wall clock jumped last; 0: never since the start */

    int64_t doubt;     /* generation of the failed write that may be on disk; 0: none */
    struct undo undo;  /* how to take it back */
    bool take_back;    /* it is on disk, and its caller was told that it failed */
    bool unsynced;     /* attempts were written that the disk may not have yet */
    bool lost;         /* ... and a disk that failed has taken some back */
    char trouble[384]; /* "": the last write went well */

    bool only_indexes; /* of the last check: see check.h */
    bool suspect; /* SQLite has found damage since the last write that worked, and our check did not
                   */
    usec_t vain_mono;   /* when a new database was last built because of that; 0: never */
    unsigned rebuilds;  /* since the last write that worked */
    char moved_to[256]; /* where the last damaged database is; "": none was damaged */
    uint64_t quarantined;
};
