/* SPDX-License-Identifier: MIT */
/* graph/seen.h: which links or ids came before. Pure. */
#pragma once
#include "base/index.h"

struct seen { /* a set of texts, by 64-bit hash */
    struct index hashes;
};
int seen_add(struct seen *s, const char *text); /* 1: was there, 0: is now, -ENOMEM */
bool seen_has(const struct seen *s, const char *text);
void seen_free(struct seen *s);
static inline void seen_free_at(struct seen *s) { seen_free(s); } /* CLEANUP(seen_free) */
