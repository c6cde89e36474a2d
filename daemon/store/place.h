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
/* Every state file that exists is a regular file; -EPERM names one that is not, and what to do. */
int place_check_files(int directory_fd, const char *path, struct failure *f);

/* A new database takes the place of a damaged one. It is built as STORE_PART, next to a copy of the
 * damaged one, which may be changed while it is read. */
#define STORE_PART STORE_FILE ".part"
#define STORE_COPY STORE_FILE ".copy"
#define STORE_BUILT STORE_FILE ".new" /* complete: the exchange only has to be finished */
#define PLACE_ASIDE_KEPT 5
/* The name, without the directory, under which the damaged one will be found: with the time. */
void place_name_aside(int directory_fd, usec_t now_at, char *name, size_t size);
/* STORE_PART is complete and closed: it becomes the database; the old one, with -wal and -shm, gets
 * this name. After a crash in between place_finish_exchange brings it to an end. */
int place_exchange(int directory_fd, const char *path, const char *name, struct failure *f);
/* At a start, before the database is opened: also removes what an interrupted rebuild has left. */
int place_finish_exchange(int directory_fd, const char *path, usec_t now_at, struct failure *f);
void place_remove_parts(int directory_fd);
/* Keeps the last PLACE_ASIDE_KEPT damaged databases and removes older ones. */
void place_limit_aside(int directory_fd);
