/* SPDX-License-Identifier: MIT */
/* store/write.h: transactions on a connection that is reopened or repaired when needed. Private to the
 * room. */
#pragma once
#include "store/internal.h"

/* Reopens and checks a connection that has failed; repairs a damaged database. Before each read. */
int store_ready(struct store *s, struct failure *f);
/* A write begins; `now` NULL: the caller knows no time. Each one that succeeds is followed by one
 * store_end. */
int store_begin(struct store *s, const struct instant *now, struct failure *f);
/* One that does not wait for the disk; store_sync does. */
int store_begin_soon(struct store *s, const struct instant *now, struct failure *f);
/* r >= 0: commits and returns r. r < 0: takes everything back and returns r. */
int store_end(struct store *s, int r, struct failure *f);
/* Moves bad rows to quarantine in a write of its own; STORE_READ_ONLY only counts them. */
int store_quarantine(struct store *s, const struct bad_rows *bad, struct failure *f);

/* True: *r says that the database is damaged (-EBADMSG), and it was repaired or built anew: do it
 * again. Ends by itself: false when that has not helped, or cannot be done, and then *r says why.
 */
bool store_mended(struct store *s, int *r, struct failure *f);
#define MENDING(store, f, call)              \
    __extension__({                          \
        int r_;                              \
        do                                   \
            r_ = (call);                     \
        while (store_mended(store, &r_, f)); \
        r_;                                  \
    })
