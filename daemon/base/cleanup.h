/* SPDX-License-Identifier: MIT */
/* base/cleanup.h: frees variables at the end of their scope, unless TAKE hands them over. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(fn) __attribute__((cleanup(fn##_at)))
#define DEFINE_CLEANUP(type, fn)                                                                   \
    static inline void fn##_at(type *p)                                                            \
    {                                                                                              \
        if (*p)                                                                                    \
            fn(*p);                                                                                \
    }
/* The same for a struct instead of a pointer: CLEANUP(x_clear) struct x value = {0}; */
#define DEFINE_CLEANUP_IN_PLACE(type, fn)                                                          \
    static inline void fn##_at(type *p)                                                            \
    {                                                                                              \
        fn(p);                                                                                     \
    }
#define TAKE(p)                                                                                    \
    __extension__({                                                                                \
        __typeof__(p) taken_ = (p);                                                                \
        (p) = NULL;                                                                                \
        taken_;                                                                                    \
    })
#define TAKE_FD(fd)                                                                                \
    __extension__({                                                                                \
        int taken_ = (fd);                                                                         \
        (fd) = -1;                                                                                 \
        taken_;                                                                                    \
    })
#define N_ELEMENTS(array) (sizeof(array) / sizeof *(array))

static inline void free_at(void *p) { free(*(void **)p); } /* CLEANUP(free) char *x = NULL; */
static inline void close_at(const int *fd)                 /* CLEANUP(close) int fd = -1; */
{
    if (*fd >= 0)
        (void)close(*fd);
}
DEFINE_CLEANUP(FILE *, fclose)
