/* SPDX-License-Identifier: MIT */
/* base/stdfds.h: the descriptors 0 to 2, and a standard error that never blocks. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Longest text that stdfds_write() takes: a pipe takes so much whole or not at all (PIPE_BUF). */
#define STDFDS_WRITE_MAX 4096

/* Opens those of 0 to 2 that are closed on /dev/null, first of all: the next file or socket would
 * become "stdin" or "stderr" otherwise, and be read from or filled with log lines. -errno. */
int stdfds_fill(void);
/* Finds out how standard error can be written without waiting. Before the process becomes
 * undumpable, which closes /proc/self/fd to it. stdfds_close() forgets it; a descriptor 2 that is
 * replaced in between needs a new call. */
void stdfds_open(void);
void stdfds_close(void);
/* Writes to standard error without waiting. False: it took nothing, or not all of it. */
bool stdfds_write(const char *bytes, size_t len);
