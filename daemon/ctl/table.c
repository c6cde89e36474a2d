/* SPDX-License-Identifier: MIT */
/* ctl/table.c: tables by libsmartcols. */
#include "ctl/table.h"

#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "base/cleanup.h"
#include "base/text.h"

#define LAST_LEAST 24 /* columns of a terminal for the last column, however many others there are */

struct table {
    struct libscols_table *scols;
    const struct table_column *column;
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
    static const int FLAGS[] = {[COLUMN_LEFT] = 0, [COLUMN_RIGHT] = SCOLS_FL_RIGHT, [COLUMN_ID] = SCOLS_FL_TRUNC, [COLUMN_LAST] = SCOLS_FL_WRAP};
    struct table *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->scols = scols_new_table();
    t->column = column;
    t->n_columns = n;
    for (size_t i = 0; i < n && t->scols; i++) {
        struct libscols_column *c = scols_table_new_column(t->scols, column[i].name, 0, FLAGS[column[i].kind]);
        /* In a pipe a line break is escaped, like any control character: wrap() does not replace it there. */
        t->failed |= !c || (column[i].kind == COLUMN_LAST && isatty(STDOUT_FILENO) &&
                            (scols_column_set_wrapfunc(c, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL) < 0 ||
                             scols_column_set_safechars(c, "\n") < 0));
    }
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

/* ---- the last column ---- */

/* Bytes and columns of the word at `s`, with the blanks before it. */
static size_t word_at(const char *s, size_t *ret_columns)
{
    size_t len = strspn(s, " ");
    wchar_t wide;
    mbstate_t state = {0};
    *ret_columns = len;
    while (s[len] && s[len] != ' ') {
        size_t n = mbrtowc(&wide, s + len, strlen(s + len), &state);
        int columns = n == 0 || n > strlen(s + len) ? -1 : wcwidth(wide);
        *ret_columns += columns < 0 ? 4 : (size_t)columns; /* as libsmartcols escapes it: "\x1b" */
        len += n == 0 || n > strlen(s + len) ? 1 : n;
        if (columns < 0)
            state = (mbstate_t){0};
    }
    return len;
}

static size_t columns_of(const char *s)
{
    size_t all = 0, columns;
    for (size_t len; s && *s; s += len) {
        len = word_at(s, &columns);
        all += columns;
    }
    return all;
}

/* Breaks lines between words. The caller frees; NULL: no memory. A line break of the text itself becomes a blank. */
static char *wrap(const char *s, size_t width)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(1 << 20);
    CLEANUP(free) char *flat = strdup(s);
    size_t used = 0, columns;
    for (char *nl = flat; nl && (nl = strchr(nl, '\n'));)
        *nl = ' ';
    for (const char *at = flat; at && *at;) {
        size_t len = word_at(at, &columns);
        if (used && used + columns > width) {
            text_add(&t, "\n");
            used = 0;
            columns -= strspn(at, " ");
            len -= strspn(at, " ");
            at += strspn(at, " ");
        }
        text_add_bytes(&t, at, len);
        used += columns;
        at += len;
    }
    return flat ? text_take(&t) : NULL;
}

/* What the other columns leave of the terminal. */
static size_t width_left(const struct table *t)
{
    size_t width = scols_table_get_termwidth(t->scols), used = 0;
    for (size_t i = 0; i + 1 < t->n_columns; i++) {
        size_t widest = columns_of(t->column[i].name);
        for (size_t k = 0; k < t->n_rows; k++) {
            size_t columns = columns_of(scols_cell_get_data(scols_line_get_cell(scols_table_get_line(t->scols, k), i)));
            widest = columns > widest ? columns : widest;
        }
        used += widest + 1;
    }
    return width > used + LAST_LEAST ? width - used : LAST_LEAST;
}

static void wrap_last(struct table *t)
{
    size_t last = t->n_columns - 1, width;
    if (t->column[last].kind != COLUMN_LAST || !isatty(STDOUT_FILENO))
        return;
    width = width_left(t);
    for (size_t k = 0; k < t->n_rows && !t->failed; k++) {
        struct libscols_cell *cell = scols_line_get_cell(scols_table_get_line(t->scols, k), last);
        CLEANUP(free) char *text = wrap(scols_cell_get_data(cell), width);
        t->failed = !text || scols_cell_set_data(cell, text) < 0;
    }
}

bool table_finish(struct table *t)
{
    if (!t)
        return false;
    if (!t->failed)
        wrap_last(t);
    bool ok = !t->failed && scols_print_table(t->scols) >= 0;
    scols_unref_table(t->scols);
    free(t);
    return ok;
}
