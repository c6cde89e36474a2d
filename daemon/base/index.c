/* SPDX-License-Identifier: MIT */
/* base/index.c: a hash table with open addressing and linear probing, at most half full. */
#include "base/index.h"
#include <assert.h>
#include <errno.h>

/* The low bits of FNV are not mixed well enough for a table. */
static size_t start(const struct index *x, uint64_t hash)
{
    return (size_t)(hash ^ hash >> 32) & (x->size - 1);
}

size_t index_find(const struct index *x, uint64_t hash,
                  bool (*same)(const void *items, size_t at, const void *key), const void *items,
                  const void *key)
{
    if (x->size == 0)
        return INDEX_NONE;
    for (size_t i = start(x, hash); x->slot[i]; i = (i + 1) & (x->size - 1))
        if (same(items, x->slot[i] - 1, key))
            return x->slot[i] - 1;
    return INDEX_NONE;
}

int index_reserve(struct index *x, uint64_t (*hash_of)(const void *items, size_t at),
                  const void *items)
{
    if (x->n + 1 <= x->size / 2)
        return 0;
    struct index wider = {.size = x->size ? x->size * 2 : 64};
    wider.slot = calloc(wider.size, sizeof *wider.slot);
    if (!wider.slot)
        return -ENOMEM;
    for (size_t i = 0; i < x->size; i++)
        if (x->slot[i])
            index_put(&wider, hash_of(items, x->slot[i] - 1), x->slot[i] - 1);
    index_free(x);
    *x = wider;
    return 0;
}

void index_put(struct index *x, uint64_t hash, size_t at)
{
    assert(x->n < x->size);
    size_t i = start(x, hash);
    while (x->slot[i])
        i = (i + 1) & (x->size - 1);
    x->slot[i] = at + 1;
    x->n++;
}

void index_free(struct index *x)
{
    free(x->slot);
    *x = (struct index){0};
}
