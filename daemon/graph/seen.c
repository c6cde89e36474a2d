/* SPDX-License-Identifier: MIT */
/* graph/seen.c: a set of links or ids, 8 bytes each.
 *
 * Only hashes are kept: a tenant may have 10,000 links of 8 kB. That two different texts of one
 * list fall together (one in 10^11 for 10,000 of them) costs one poll a section that stays unknown.
 */
#include "graph/seen.h"

#include "base/digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* 0 marks an empty slot. */
static uint64_t mark(const char *text)
{
    uint64_t hash = fnv1a(text, strlen(text), FNV1A_SEED);
    hash ^= hash >> 32; /* FNV's low bits alone mix too little for a table */
    return hash ? hash : 1;
}

static size_t place(const struct seen *s, uint64_t hash)
{
    size_t at = (size_t)hash & (s->size - 1);
    while (s->slot[at] != 0 && s->slot[at] != hash)
        at = (at + 1) & (s->size - 1);
    return at;
}

static int grow(struct seen *s)
{
    struct seen more = {.n = s->n, .size = s->size ? s->size * 2 : 16};
    more.slot = calloc(more.size, sizeof *more.slot);
    if (!more.slot)
        return -ENOMEM;
    for (size_t i = 0; i < s->size; i++)
        if (s->slot[i])
            more.slot[place(&more, s->slot[i])] = s->slot[i];
    free(s->slot);
    *s = more;
    return 0;
}

int seen_add(struct seen *s, const char *text)
{
    if (s->n >= s->size / 2 && grow(s) < 0)
        return -ENOMEM;
    uint64_t hash = mark(text);
    size_t at = place(s, hash);
    if (s->slot[at])
        return 1;
    s->slot[at] = hash;
    s->n++;
    return 0;
}

bool seen_has(const struct seen *s, const char *text)
{
    return s->size > 0 && s->slot[place(s, mark(text))] != 0;
}

void seen_free(struct seen *s)
{
    free(s->slot);
    *s = (struct seen){0};
}
