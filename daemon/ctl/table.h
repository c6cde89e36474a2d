/* SPDX-License-Identifier: MIT */
/* ctl/table.h: tables on standard output, by libsmartcols, which escapes control characters and fits them to a terminal;
 * in a pipe, nothing is cut. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct table_column {
    const char *name;
    /* On a narrow terminal, an ID is cut, because its begin is enough for commands; LAST is wrapped between words. */
    enum { COLUMN_LEFT, COLUMN_RIGHT, COLUMN_ID, COLUMN_LAST } kind;
};
struct table;
struct table *table_new(const struct table_column *column, size_t n); /* NULL: out of memory */
/* Cells in the order of the columns; a cell that is NULL is "-". `color` (NULL: none) is of the first cell: "red", ... */
void table_row(struct table *t, const char *const *cell, const char *color);
bool table_is_empty(const struct table *t);
/* Prints and frees it. False: it is not whole (out of memory), or was not written. NULL is fine. */
bool table_finish(struct table *t);
/* Standard output is a terminal, and NO_COLOR is not set. */
bool table_has_colors(void);
