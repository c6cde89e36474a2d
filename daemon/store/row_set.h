/* SPDX-License-Identifier: MIT */
/* store/row_set.h: writes the rows of one owner that differ from those in the database. Internal to
 * store/. */
#pragma once
#include "store/row.h"

struct row_set { /* all rows of one table that belong to one owner */
    const struct table *table; /* its primary key: owner, key */
    const char *listing;       /* SELECT of key and sum by owner, in the order of the keys; a literal */
    const void *items;
    const char *(*key)(const void *items, size_t i);
    void (*fill)(const void *items, size_t i, struct row *row); /* cells after the key */
    size_t n;
};
/* Inside a transaction: writes new and changed rows, and deletes those that are not in the set. */
int row_set_put(struct db *d, const struct row_set *set, const char *owner, struct failure *f);
/* Writes one row unless its sum is there already. `find_sum`: SELECT of it by the first cell; a
 * literal. */
int row_put_if_changed(struct db *d, const struct table *t, const char *find_sum, const struct row *row,
                       struct failure *f);
