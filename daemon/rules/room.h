/* SPDX-License-Identifier: MIT */
/* rules/room.h: is there room for more members in the pools of a SKU? Pure. */
#pragma once
#include "model/snapshot.h"

/* Units that new members can get: what is neither consumed nor waited for; 0 for a pool that has less, or whose
 * subscriptions are not in force. NUMBER_UNKNOWN: units or waiting members were not read. */
int64_t room_of(const struct allotment *a);

enum room_fit { ROOM_NO, ROOM_FITS, ROOM_UNKNOWN };
struct room { /* of the pools of a SKU, added one by one; zeroed at first */
    int64_t units;   /* in all pools whose room is known */
    bool unknown;    /* that of a pool is not */
    size_t n_pools;
};
void room_add(struct room *r, int64_t units);
/* Enough known room decides, whatever the other pools have. No pools: NO. */
enum room_fit room_fits(const struct room *r, int64_t members);
