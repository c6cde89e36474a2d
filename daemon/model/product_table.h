/* SPDX-License-Identifier: MIT */
/* model/product_table.h: the built-in table of SKUs. Internal to model/. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct product {
    const char *part_number, *sku_id, *name;
    bool free;          /* without cost, or users sign up by themselves */
    const char *source; /* public page with the entry; free: the page that says so */
};
extern const struct product PRODUCTS[];
extern const size_t N_PRODUCTS;
