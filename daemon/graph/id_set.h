/* SPDX-License-Identifier: MIT */
/* graph/id_set.h: a set of links or ids, by hash. Pure. */
#pragma once
#include "base/index.h"

struct id_set { /* a set of texts, by 64-bit hash */
    struct index hashes;
};
int id_set_add(struct id_set *s, const char *text); /* 1: was there, 0: is now, -ENOMEM */
bool id_set_has(const struct id_set *s, const char *text);
void id_set_free(struct id_set *s);
DEFINE_CLEANUP_IN_PLACE(struct id_set, id_set_free)
