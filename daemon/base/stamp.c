/* SPDX-License-Identifier: MIT */
/* base/stamp.c: computes a stamp that changes when a file changes. */
#include "base/stamp.h"

#include <errno.h>
#include <sys/stat.h>

uint64_t stamp_add(uint64_t stamp, const char *path)
{
    struct stat st;
    if (!path || !*path)
        return stamp;
    if (stat(path, &st) < 0)
        return fnv1a(&errno, sizeof errno, stamp);
    const int64_t context[] = {
        (int64_t)st.st_dev, (int64_t)st.st_ino, (int64_t)st.st_size, st.st_mode,
        st.st_mtim.tv_sec,  st.st_mtim.tv_nsec, st.st_ctim.tv_sec,   st.st_ctim.tv_nsec,
    };
    return fnv1a(context, sizeof context, stamp);
}
