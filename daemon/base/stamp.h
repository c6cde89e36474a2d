/* SPDX-License-Identifier: MIT */
/* base/stamp.h: computes a stamp that changes when a file changes.
 *
 * Covers device, inode, size, mode, mtime and ctime: detects a rename over it, a swapped directory link
 * and a write in place, even with a restored mtime. Misses two writes of the same size within one
 * timestamp tick of the file system. */
#pragma once
#include "base/digest.h"
#include <stdint.h>

#define STAMP_NONE FNV1A_SEED /* no files */
/* Adds the file at `path` to `stamp`; NULL and "" add nothing. If stat fails, adds errno, so that a
 * missing file that returns is detected. */
uint64_t stamp_add(uint64_t stamp, const char *path);
