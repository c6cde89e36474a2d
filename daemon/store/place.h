/* SPDX-License-Identifier: MIT */
/* store/place.h: is this directory ours alone, and are we alone in it? Private to the room. */
#pragma once
#include "base/clock.h"
#include <stddef.h>

#define STORE_FILE "seatwatchd.db"
#define STORE_LOCK "seatwatchd.lock"

/* Resolves `directory` and opens it. With `create` a missing one is made (0700) if its parent
 * exists, and it must be ours: our uid, no write access for the group, none at all for others, no
 * network file system. -ENOENT without words if it is missing and not to be made. */
int place_open(const char *directory, bool create, char **ret_path, int *ret_fd, struct failure *f);
/* Takes the instance lock and writes down who we are. -EBUSY: `holder` says who has it. */
int place_lock(int directory_fd, const char *path, struct instant now, char *holder, size_t size,
               int *ret_fd, struct failure *f);
/* statfs f_type -> a name if locks and mmap cannot be relied on there, else NULL. FUSE is taken for
 * local: it may be either. */
const char *place_network_name(unsigned long type);
/* Puts the database aside, with -wal and -shm, under a name with the time; writes the new path. */
int place_put_aside(int directory_fd, const char *path, usec_t now_at, char *moved_to, size_t size,
                    struct failure *f);
