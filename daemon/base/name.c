/* SPDX-License-Identifier: MIT */
/* base/name.c: finds a name by its begin. */
#include "base/name.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum name_match name_match(const char *word, const char *name)
{
    if (!name || !*word || strncasecmp(name, word, strlen(word)) != 0)
        return NAME_OTHER;
    return strlen(name) == strlen(word) ? NAME_WHOLE : NAME_BEGINS;
}

int name_find(const char *word, const char *const *names, size_t n, size_t stride)
{
    int found = -ENOENT;
    for (size_t i = 0; i < n; i++) {
        enum name_match match = name_match(word, names[i]);
        int object = (int)(i / stride);
        if (match == NAME_WHOLE)
            return object;
        if (match == NAME_BEGINS)
            found = found == -ENOENT || found == object ? object : -EEXIST;
    }
    return found;
}
