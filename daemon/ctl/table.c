/* SPDX-License-Identifier: MIT */
/* ctl/table.c: tables by libsmartcols. */
#include "ctl/table.h"

#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <unistd.h>

struct table {
    struct libscols_table *scols;
    size_t n_columns, n_rows;
    bool failed;
};

bool table_has_colors(void)
{
    const char *no_color = getenv("NO_COLOR"); /* no-color.org: set and not empty */
    return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

struct table *table_new(const struct table_column *column, size_t n)
{
    static const int FLAGS[] = {[COLUMN_LEFT] = 0, [COLUMN_RIGHT] = SCOLS_FL_RIGHT, [COLUMN_LAST] = SCOLS_FL_WRAP};
    struct table *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->scols = scols_new_table();
    t->n_columns = n;
    for (size_t i = 0; i < n && t->scols; i++)
        t->failed |= !scols_table_new_column(t->scols, column[i].name, 0, FLAGS[column[i].kind]);
    if (!t->scols || scols_table_enable_colors(t->scols, table_has_colors()) < 0)
        t->failed = true;
    return t;
}

void table_row(struct table *t, const char *const *cell, const char *color)
{
    struct libscols_line *line = t && !t->failed ? scols_table_new_line(t->scols, NULL) : NULL;
    if (!t)
        return;
    t->n_rows++;
    t->failed |= !line;
    for (size_t i = 0; i < t->n_columns && !t->failed; i++)
        t->failed = scols_line_set_data(line, i, cell[i] ? cell[i] : "-") < 0;
    if (color && !t->failed)
        t->failed = scols_cell_set_color(scols_line_get_cell(line, 0), color) < 0;
}

bool table_is_empty(const struct table *t)
{
    return t && t->n_rows == 0;
}

bool table_finish(struct table *t)
{
    if (!t)
        return false;
    bool ok = !t->failed && scols_print_table(t->scols) >= 0;
    scols_unref_table(t->scols);
    free(t);
    return ok;
}
