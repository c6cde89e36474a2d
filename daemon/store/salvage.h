/* SPDX-License-Identifier: MIT */
/* store/salvage.h: copies the readable rows of a damaged database into a new one. Internal to
 * store/. */
#pragma once
#include "store/db.h"

#define SALVAGE_ROOTS 64
struct salvage_source {
    const char *copy; /* borrowed: path of a copy of the damaged database, which is modified */
    uint32_t n_pages;
    int64_t version;    /* best guess of its schema; one that this program supports */
    int64_t generation; /* 0: unknown */
    struct salvage_root {
        char name[64];
        uint32_t page;
    } root[SALVAGE_ROOTS];
    size_t n_roots;
};
struct salvage {
    usec_t now_at; /* input */
    size_t alerts, events, messages, tenants; /* carried over; messages: of the outbox, not finished */
    size_t wrong;     /* rows with a wrong checksum; now in the table quarantine */
    char broken[160]; /* names of tables read only in part; "": none */
};
/* Both fail only if out of memory, salvage_rows also if writing `to` fails. Damage in the copy only
 * reduces what is carried over. */
int salvage_open(const char *copy, struct salvage_source *ret, struct failure *f);
/* `to`: an empty database of source->version, in a transaction, with foreign keys off. */
int salvage_rows(const struct salvage_source *source, struct db *to, struct salvage *s,
                 struct failure *f);
