/* SPDX-License-Identifier: MIT */
/* base/ascii.h: character classes, independent of the locale. */
#pragma once
#include <stdbool.h>

static inline bool ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}
