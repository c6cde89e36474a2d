/* SPDX-License-Identifier: MIT */
/* config/scan.h: checks the text of a configuration before libconfig reads it. Pure.
 *
 * libconfig (1.5 to 1.7) silently wraps large integers, follows @include, silently stops at a NUL,
 * and names the last line for an unclosed bracket. */
#pragma once
#include "base/failure.h"
#include <stdbool.h>
#include <stddef.h>

#define SCAN_WIDE_MAX 64
struct scan_wide { /* an integer that would be wrapped */
    int line;
    char key[64];    /* the name before it, "" if there is none */
    char number[48]; /* its text, cut */
};
struct scan {
    struct scan_wide wide[SCAN_WIDE_MAX];
    size_t n_wide;
};
/* -EINVAL: the text must not be given to libconfig at all; *ret_line says where. A byte order mark
 * in front is skipped. */
int scan_text(const char *text, size_t len, struct scan *ret, int *ret_line,
              struct failure *ret_failure);
bool scan_is_wide(const struct scan *s, int line);
