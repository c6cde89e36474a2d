/* SPDX-License-Identifier: MIT */
/* store/write.h: transactions on a connection that is reopened or repaired when needed. Internal to
 * store/. */
#pragma once
#include "store/internal.h"

/* Reopens and checks a connection that has failed; repairs a damaged database. Before each read. */
int store_ready(struct store *s, struct failure *f);
/* Begins a write. `now` NULL: the caller has no time. Each success is followed by one store_end. */
int store_begin(struct store *s, const struct instant *now, struct failure *f);
/* The same, but COMMIT does not wait for the disk; store_sync does. */
int store_begin_soon(struct store *s, const struct instant *now, struct failure *f);
/* r >= 0: commits and returns r. r < 0: rolls back and returns r. */
int store_end(struct store *s, int r, struct failure *f);
/* Moves bad rows to quarantine in its own write; STORE_READ_ONLY only counts them. */
int store_quarantine(struct store *s, const struct bad_rows *bad, struct failure *f);

/* True: *r was -EBADMSG and the database was repaired or rebuilt; repeat the call. False: *r is
 * the result. Repairs are limited, so a loop over it ends. */
bool store_repaired(struct store *s, int *r, struct failure *f);
/* Evaluates `call`, and repeats it after a repair. */
#define MENDING(store, f, call)              \
    __extension__({                          \
        int r_;                              \
        do                                   \
            r_ = (call);                     \
        while (store_repaired(store, &r_, f)); \
        r_;                                  \
    })
