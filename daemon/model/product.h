/* SPDX-License-Identifier: MIT */
/* model/product.h: looks up product names of SKUs, and which SKUs are free.
 *
 * A small built-in table (each entry names its source page), and a table that the user may load in
 * the column layout that Microsoft publishes: Product_Display_Name, String_Id, GUID, ... (CSV). */
#pragma once
#include "base/cleanup.h"
#include "base/failure.h"
#include <stdbool.h>
#include <stddef.h>

struct products; /* user's names; NULL means the built-in table only */
/* Pure. Skips junk before the header, trims blanks incl. no-break spaces; the first name of a GUID
 * wins. -EINVAL with the line when there is no such header. */
int products_parse(const char *csv, size_t len, struct products **ret, struct failure *ret_failure);
void products_free(struct products *p);
DEFINE_CLEANUP(struct products *, products_free)
/* By SKU id, then by part number, user's table first; NULL if unknown. Borrowed. */
const char *product_name(const struct products *p, const char *sku_id, const char *part_number);
/* The part number (else the id) of the first product with this name, in any case; NULL if
 * unknown. Borrowed. */
const char *product_named(const struct products *p, const char *name);
/* Free or self-service by the built-in table (part number, any case). */
bool product_is_free(const char *sku_id, const char *part_number);
