/* SPDX-License-Identifier: MIT */
/* graph/id_set.c: a set of links or ids: an index whose positions are the hashes themselves.
 *
 * Only hashes are kept: a tenant may have 10,000 links of 8 kB. If two texts of one list have the
 * same hash (one in 10^11 for 10,000 of them), a section stays unknown in one poll. */
#include "graph/id_set.h"

#include "base/digest.h"
#include <string.h>

_Static_assert(sizeof(size_t) == sizeof(uint64_t), "a position holds a whole hash");

static size_t hash_text(const char *text)
{
    uint64_t hash = fnv1a(text, strlen(text), FNV1A_SEED);
    return hash == INDEX_NONE ? 0 : hash;
}

static uint64_t hash_at(const void *items, size_t at)
{
    (void)items;
    return at;
}

static bool is_hash(const void *items, size_t at, const void *key)
{
    (void)items;
    return at == *(const size_t *)key;
}

int id_set_add(struct id_set *s, const char *text)
{
    size_t hash = hash_text(text);
    if (index_find(&s->hashes, hash, is_hash, NULL, &hash) != INDEX_NONE)
        return 1;
    int r = index_reserve(&s->hashes, hash_at, NULL);
    if (r >= 0)
        index_put(&s->hashes, hash, hash);
    return r;
}

bool id_set_has(const struct id_set *s, const char *text)
{
    size_t hash = hash_text(text);
    return index_find(&s->hashes, hash, is_hash, NULL, &hash) != INDEX_NONE;
}

void id_set_free(struct id_set *s)
{
    index_free(&s->hashes);
}
