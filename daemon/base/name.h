/* SPDX-License-Identifier: MIT */
/* base/name.h: finds what a person means by a word: the whole name in any case, or the begin of one. Pure. */
#pragma once
#include <stddef.h>

/* names[i] is a name of object i / stride; NULL: none. A whole name wins over begins. Returns the object; -ENOENT: none;
 * -EEXIST: several objects, of which no name is the whole word. ASCII case. */
int name_find(const char *word, const char *const *names, size_t n, size_t stride);
enum name_match { NAME_OTHER, NAME_BEGINS, NAME_WHOLE };
enum name_match name_match(const char *word, const char *name); /* `name` NULL: OTHER */
