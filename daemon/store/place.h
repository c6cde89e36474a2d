/* SPDX-License-Identifier: MIT */
/* store/place.h: checks and locks the state directory, and replaces a damaged database in it.
 * Internal to store/. */
#pragma once
#include "base/clock.h"
#include <stddef.h>

#define STORE_FILE "seatwatchd.db"
#define STORE_LOCK "seatwatchd.lock"

/* Resolves and opens `directory`. With `create`: creates it (0700) if its parent exists, and checks it:
 * our uid, no write access for the group, no access for others, no network file system. Without: -ENOENT,
 * with *f unset, if it is missing. */
int place_open(const char *directory, bool create, char **ret_path, int *ret_fd, struct failure *f);
/* Takes the instance lock and writes our pid, host and start time into it. -EBUSY: `holder` is the text
 * of the process that has it. */
int place_lock(int directory_fd, const char *path, struct instant now, char *holder, size_t size,
               int *ret_fd, struct failure *f);
/* statfs f_type -> name of a file system with unreliable locks and mmap, else NULL. FUSE counts as
 * local: it may be either. */
const char *place_network_name(unsigned long type);
/* -EPERM: a state file is not a regular file; the failure names it and the fix. */
int place_check_files(int directory_fd, const char *path, struct failure *f);

/* Replacing a damaged database. The new one is built as STORE_PART from STORE_COPY, a copy of the damaged
 * one, which may change while it is read. */
#define STORE_PART STORE_FILE ".part"
#define STORE_COPY STORE_FILE ".copy"
#define STORE_BUILT STORE_FILE ".new" /* complete; the exchange is not finished */
#define PLACE_ASIDE_KEPT 5
/* File name for the damaged database; contains the time. */
void place_name_aside(int directory_fd, usec_t now_at, char *name, size_t size);
/* STORE_PART, complete and closed, becomes the database; the old one, with -wal and -shm, is renamed to
 * `name`. place_finish_exchange completes it after a crash. */
int place_exchange(int directory_fd, const char *path, const char *name, struct failure *f);
/* At the start, before the database is opened. Also removes files of an interrupted rebuild. */
int place_finish_exchange(int directory_fd, const char *path, usec_t now_at, struct failure *f);
void place_remove_parts(int directory_fd);
/* Keeps the newest PLACE_ASIDE_KEPT damaged databases. */
void place_limit_aside(int directory_fd);
