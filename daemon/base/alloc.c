/* SPDX-License-Identifier: MIT */
/* base/alloc.c: malloc that wipes released memory, and can be made to fail by tests. */
#include "base/alloc.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Atomics, because libcurl's resolver threads allocate here, too. Counting starts with the first
 * alloc_fail_at, so that the daemon pays for one relaxed load only. */
static atomic_bool watched;
static atomic_size_t counted;
static atomic_size_t victim; /* number of the allocation that fails; 0 = none */
static atomic_bool for_good;

static bool must_fail(void)
{
    if (!atomic_load_explicit(&watched, memory_order_relaxed))
        return false;
    size_t n = atomic_fetch_add(&counted, 1) + 1;
    size_t first = atomic_load(&victim);
    return first != 0 && (n == first || (n > first && atomic_load(&for_good)));
}

size_t alloc_fail_at(size_t n, bool from_then_on)
{
    atomic_store(&victim, 0);
    size_t before = atomic_exchange(&counted, 0);
    atomic_store(&for_good, from_then_on);
    atomic_store(&victim, n);
    atomic_store(&watched, true);
    return before;
}

void *alloc_get(size_t size)
{
    if (must_fail()) {
        errno = ENOMEM;
        return NULL;
    }
    return malloc(size ? size : 1); /* libraries take NULL for "out of memory" at any size */
}

void *alloc_zero(size_t n, size_t size)
{
    if (must_fail()) {
        errno = ENOMEM;
        return NULL;
    }
    return n && size ? calloc(n, size) : calloc(1, 1);
}

/* realloc() would leave the old bytes in the heap when it moves the block. */
void *alloc_resize(void *p, size_t size)
{
    if (!p)
        return alloc_get(size);
    if (size == 0) {
        alloc_release(p);
        return NULL;
    }
    size_t usable = malloc_usable_size(p);
    if (size <= usable && size >= usable / 2)
        return p;
    void *fresh = alloc_get(size);
    if (!fresh)
        return NULL;
    memcpy(fresh, p, usable < size ? usable : size);
    alloc_release(p);
    return fresh;
}

void alloc_release(void *p)
{
    if (!p)
        return;
    explicit_bzero(p, malloc_usable_size(p));
    free(p);
}

char *alloc_strdup(const char *s)
{
    size_t size = strlen(s) + 1;
    char *copy = alloc_get(size);
    if (copy)
        memcpy(copy, s, size);
    return copy;
}

size_t alloc_size(void *p)
{
    return p ? malloc_usable_size(p) : 0;
}
