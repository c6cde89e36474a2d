/* SPDX-License-Identifier: MIT */
/* store/internal.h: the state of an open store. Internal to store/. */
#pragma once
#include "store/db.h"
#include "store/row.h"
#include "store/store.h"

#define STORE_KEEP_FINISHED (90 * USEC_PER_DAY) /* delivered rows and old events */
#define STORE_ATTEMPTS_KEPT 50                  /* of one entry */
#define STORE_DELAY_MAX USEC_PER_HOUR           /* longest delay of a delivery */

struct store {
    struct db db;
    struct store_codec codec;
    enum store_mode mode;
    char *directory; /* resolved */
    int directory_fd, lock_fd;
    usec_t history_keep;
    uint64_t outbox_max_rows, outbox_max_bytes;
    bool outbox_full; /* it was at its bound after a commit: entries are folded until it is not */

    struct instant clock; /* the last `now` passed in */
    usec_t uneven_mono;   /* last jump of the wall clock; 0: none since the start */

    int64_t uncertain_generation; /* of a failed write that may be on disk; 0: none */
    struct undo undo;             /* undoes that write */
    bool undo_pending;            /* it is on disk, but was reported as failed: undo it */
    bool unsynced;                /* attempts were written but not synced */
    bool lost;                    /* a failing disk has lost some of them */
    char trouble[384];            /* error of the last write; "": none */

    bool only_indexes;            /* of the last check: see check.h */
    bool suspect;                 /* since the last good write SQLite reported damage that our check missed */
    usec_t last_unconfirmed_mono; /* last rebuild because of that; 0: never */
    unsigned rebuilds;            /* since the last good write */
    char moved_to[256];           /* path of the last damaged database; "": none */
    uint64_t quarantined;
};
