/* SPDX-License-Identifier: MIT */
/* store/salvage.h: what can still be read of a damaged database goes into a new one. Private to the
 * room. */
#pragma once
#include "store/db.h"

#define SALVAGE_ROOTS 64
struct salvage_source {
    const char *copy; /* borrowed: the path of a copy of the damaged database, which is changed at will */
    uint32_t n_pages;
    int64_t version;    /* of its schema, as well as it can be told; one that this program knows */
    int64_t generation; /* 0: cannot be told */
    struct salvage_root {
        char name[64];
        uint32_t page;
    } root[SALVAGE_ROOTS];
    size_t n_roots;
};
struct salvage {
    usec_t now_at; /* set before */
    size_t alerts, events, messages, tenants; /* carried over; messages: of the outbox, not finished */
    size_t wrong;     /* rows whose checksum was wrong; they are in the table quarantine */
    char broken[160]; /* names of the tables that could not be read to the end; "": none */
};
/* Both fail only for want of memory, and salvage_rows for what concerns `to`: whatever is wrong with
 * the copy, less is carried over. */
int salvage_open(const char *copy, struct salvage_source *ret, struct failure *f);
/* `to`: an empty database of source->version, in a transaction, with foreign keys off. */
int salvage_rows(const struct salvage_source *source, struct db *to, struct salvage *s,
                 struct failure *f);
