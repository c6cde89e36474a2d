/* SPDX-License-Identifier: MIT */
/* base/stdfds.h: opens closed descriptors 0 to 2, and writes to stderr without blocking. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Longest text for stdfds_write(): writes to a pipe are atomic up to PIPE_BUF. */
#define STDFDS_WRITE_MAX 4096

/* Opens closed descriptors 0 to 2 on /dev/null. Call first: otherwise the next file or socket becomes
 * stdin or stderr. -errno. */
int stdfds_ensure_open(void);
/* Prepares non-blocking writes to stderr. Call before the process becomes non-dumpable, which denies
 * access to /proc/self/fd, and again if descriptor 2 is replaced. stdfds_stderr_close() undoes
 * it. */
void stdfds_stderr_open(void);
void stdfds_stderr_close(void);
/* Writes to stderr without blocking. False: not written, or only in part. */
bool stdfds_write(const char *bytes, size_t len);
