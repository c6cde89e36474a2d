/* SPDX-License-Identifier: MIT */
/* base/array.c: growing arrays: their sizes are powers of two, so that a size need not be stored. */
#include "base/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int array_room(void *items, size_t n, size_t item_size)
{
    void *array;
    if (n & (n - 1)) /* full at 0, 1, 2, 4, 8, ... */
        return 0;
    memcpy(&array, items, sizeof array); /* the type of the pointer is unknown here */
    array = reallocarray(array, n ? 2 * n : 1, item_size);
    if (!array)
        return -ENOMEM;
    memcpy(items, &array, sizeof array);
    return 0;
}
