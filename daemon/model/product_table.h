/* SPDX-License-Identifier: MIT */
/* model/product_table.h: the SKUs that we name ourselves. Private to the room. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct product {
    const char *part_number, *sku_id, *name;
    bool free;          /* costs nothing, or users sign up for it by themselves */
    const char *source; /* the public page that the entry rests on; free: the one that says it is */
};
extern const struct product PRODUCTS[];
extern const size_t N_PRODUCTS;
