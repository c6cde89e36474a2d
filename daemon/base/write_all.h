/* SPDX-License-Identifier: MIT */
/* base/write_all.h: write(2) until all bytes are written. */
#pragma once
#include <stddef.h>

/* For descriptors that block. Continues after a short write and after EINTR. -ENOSPC also if
 * write(2) writes nothing; otherwise -errno. */
int write_all(int fd, const void *bytes, size_t len);
