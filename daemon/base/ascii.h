/* SPDX-License-Identifier: MIT */
/* base/ascii.h: classes of characters, whatever the locale says. */
#pragma once
#include <stdbool.h>

static inline bool ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}
