/* SPDX-License-Identifier: MIT */
/* base/index.h: a hash table that finds items of a growing array by key.
 *
 * It holds positions. The caller owns the array; keys are compared through a callback, so the array
 * may move when it grows. */
#pragma once
#include "base/cleanup.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INDEX_NONE SIZE_MAX
struct index {
    size_t *slot; /* position + 1; 0 = free */
    size_t size;  /* a power of two, or 0 */
    size_t n;
};
/* Position of the item with this hash for which `same` returns true, or INDEX_NONE. */
size_t index_find(const struct index *x, uint64_t hash,
                  bool (*same)(const void *items, size_t at, const void *key), const void *items,
                  const void *key);
/* Makes room for one more; `hash_of` returns the hash of a present item. -ENOMEM. */
int index_reserve(struct index *x, uint64_t (*hash_of)(const void *items, size_t at),
                  const void *items);
void index_put(struct index *x, uint64_t hash, size_t at); /* after index_reserve; cannot fail */
void index_free(struct index *x);
