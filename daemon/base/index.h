/* SPDX-License-Identifier: MIT */
/* base/index.h: where in a growing array does the item with this key stand?
 *
 * A hash table of positions. The array stays its owner's; keys are compared through a callback, so
 * that the array may move while it grows. */
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
/* Position of the item with this hash for which `same` says so, or INDEX_NONE. */
size_t index_find(const struct index *x, uint64_t hash,
                  bool (*same)(const void *items, size_t at, const void *key), const void *items,
                  const void *key);
/* Room for one more; `hash_of` gives the hash of an item that is in. -ENOMEM. */
int index_reserve(struct index *x, uint64_t (*hash_of)(const void *items, size_t at),
                  const void *items);
void index_put(struct index *x, uint64_t hash, size_t at); /* after index_reserve; cannot fail */
void index_free(struct index *x);
