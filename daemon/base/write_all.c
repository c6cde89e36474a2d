/* SPDX-License-Identifier: MIT */
/* base/write_all.c: write(2) until all bytes are written. */
#include "base/write_all.h"

#include <errno.h>
#include <unistd.h>

int write_all(int fd, const void *bytes, size_t len)
{
    const char *next = bytes;
    while (len > 0) {
        ssize_t n = write(fd, next, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -ENOSPC;
        next += n;
        len -= (size_t)n;
    }
    return 0;
}
