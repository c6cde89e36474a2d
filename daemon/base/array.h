/* SPDX-License-Identifier: MIT */
/* base/array.h: growing arrays. */
#pragma once
#include <stddef.h>

/* Makes room for one more item behind the first n. `items` is the address of the array's pointer, NULL
 * before the first item. An array that is grown by this function must be grown by nothing else, because
 * its size follows from n. -ENOMEM: the array is unchanged. */
int array_room(void *items, size_t n, size_t item_size);
