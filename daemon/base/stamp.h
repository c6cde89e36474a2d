/* SPDX-License-Identifier: MIT */
/* base/stamp.h: has a file changed since it was read?
 *
 * Device, inode, size, mode, mtime and ctime: a rename over it, a directory that a link swaps and a
 * write in place all show, whatever the file's own time says. Two writes of the same size within one
 * tick of a coarse file system do not. */
#pragma once
#include "base/digest.h"
#include <stdint.h>

#define STAMP_NONE FNV1A_SEED /* of no file at all */
/* `stamp` with the file at `path` (NULL, "": nothing) added to it. A file that cannot be examined
 * counts by its error, so that its return shows. */
uint64_t stamp_add(uint64_t stamp, const char *path);
