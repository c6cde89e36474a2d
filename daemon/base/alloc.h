/* SPDX-License-Identifier: MIT */
/* base/alloc.h: the allocator of cJSON, libcurl, OpenSSL and SQLite: wipes what it frees, because
 * they copy secrets into their own buffers; fails on demand in tests. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

void *alloc_get(size_t size);
void *alloc_zero(size_t n, size_t size);
void *alloc_resize(void *p, size_t size);
void alloc_release(void *p);
char *alloc_strdup(const char *s);
size_t alloc_size(void *p); /* usable bytes behind p; 0 for NULL */

/* Test hook: the n-th allocation from now (1 = the next) returns NULL; with `from_then_on` all
 * later ones too. 0 turns it off. Returns the number of allocations since the last call. */
size_t alloc_fail_at(size_t n, bool from_then_on);
