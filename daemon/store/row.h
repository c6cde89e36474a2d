/* SPDX-License-Identifier: MIT */
/* store/row.h: rows with checksums, undo, and the quarantine of bad rows.
 *
 * Internal to store/. SQLite's own check covers the structure of pages, not values. So each table below
 * has a column `sum` over all columns named here; a row with a wrong sum or invalid values goes to the
 * table quarantine. */
#pragma once
#include "store/db.h"

enum cell_type { CELL_NULL, CELL_INT, CELL_TEXT, CELL_BLOB };
struct cell {
    enum cell_type type;
    int64_t number;
    const char *bytes; /* borrowed */
    size_t len;
};
#define ROW_CELLS 40
struct row {
    size_t n;
    size_t at;  /* reading: the next cell */
    bool wrong; /* reading: a cell was invalid */
    struct cell cell[ROW_CELLS];
};
struct table {
    const char *name;
    const char *columns; /* separated by ", "; the first n_key are the primary key */
    size_t n_key;
    bool undone; /* a failed write that turns out to be on disk is undone */
};
extern const struct table TABLE_TENANT, TABLE_HEALTH, TABLE_POOL, TABLE_SUBSCRIPTION, TABLE_GROUP,
    TABLE_DROP, TABLE_ALERT, TABLE_EVENT, TABLE_OUTBOX, TABLE_BODY, TABLE_TOLD, TABLE_HELD, TABLE_PAST,
    TABLE_SILENCE, TABLE_MESSAGE_REF;

/* Writing: cells in the order of `columns`. */
void row_int(struct row *row, int64_t value);
void row_usec(struct row *row, usec_t value);
void row_text(struct row *row, const char *text); /* NULL: null */
void row_blob(struct row *row, const void *bytes, size_t len);
void row_instant(struct row *row, const struct instant *t); /* three cells */
int64_t row_sum(const struct table *t, const struct row *row);
/* The result of `sql`, one number: the id of a new row. */
int row_next_id(struct db *d, const char *sql, int64_t *ret, struct failure *f);
int row_put(struct db *d, const struct table *t, const struct row *row, struct failure *f);
/* Inserts unless the key exists; cannot be undone. 1: inserted. 0: the key exists. */
int row_put_new(struct db *d, const struct table *t, const struct row *row, struct failure *f);
/* Deletes by the key, which is the first cells of `row`. */
int row_delete(struct db *d, const struct table *t, const struct row *row, struct failure *f);

/* Undoes changes of row_put and row_delete, last first. */
int undo_apply(struct db *d, const struct undo *u, struct failure *f);
void undo_clear(struct undo *u);

/* Reading: `rest` is what follows "SELECT columns, sum FROM table"; a literal. */
struct query row_select(struct db *d, const struct table *t, const char *rest);
/* The current row of q. 1: intact. 0: wrong sum; the cells are filled anyway. -ENOMEM. */
int row_read(const struct query *q, const struct table *t, struct row *ret);
/* A cell of the wrong type or out of range gives 0 or "" and sets row->wrong. */
bool row_is_null(struct row *row); /* if so, skips it */
int64_t row_get_int(struct row *row, int64_t min, int64_t max);
bool row_get_bool(struct row *row);
usec_t row_get_usec(struct row *row);
struct instant row_get_instant(struct row *row);
const char *row_get_text(struct row *row); /* never NULL */
const char *row_get_text_or_null(struct row *row);
/* Copies a text that must fit with its NUL. */
void row_get_buffer(struct row *row, char *dst, size_t size);
const char *row_get_blob(struct row *row, size_t *ret_len); /* NULL for null */

/* A copy that owns its bytes, in one allocation for free(), with room for its cells only. NULL: out of
 * memory. */
struct row *row_copy(const struct row *row);

/* Keys of bad rows, collected while a query runs and moved when it has ended. */
struct bad_rows {
    struct bad_row *row;
    size_t n;
};
void bad_rows_free(struct bad_rows *b);
DEFINE_CLEANUP_IN_PLACE(struct bad_rows, bad_rows_free)
int bad_rows_add(struct bad_rows *b, const struct table *t, const struct row *row);
/* Runs a query of row_select to its end. Calls `take` (may be NULL) with each intact row, to be read from
 * its cell `at` on. Other rows, and those that `take` leaves with `wrong` set, are added to `bad`. `take`
 * returns 0 or -ENOMEM. */
int rows_each(struct query *q, const struct table *t, size_t at,
              int (*take)(struct row *row, void *into), void *into, struct bad_rows *bad,
              struct failure *f);
/* In a transaction: moves them to quarantine; keep only copies their text there. */
int bad_rows_keep(struct db *d, const struct bad_rows *b, usec_t now_at, struct failure *f);
int bad_rows_move(struct db *d, const struct bad_rows *b, usec_t now_at, struct failure *f);
/* Adds a row to the table quarantine. */
int quarantine_note(struct db *d, usec_t now_at, const char *source, const char *content,
                    struct failure *f);
/* In a transaction: records damage (STORE_DAMAGE_) for store_damage. */
int damage_note(struct db *d, unsigned what, struct failure *f);
#define QUARANTINE_DATABASE "database" /* source of a line about the file as a whole */
unsigned bad_rows_damage(const struct bad_rows *b); /* STORE_DAMAGE_MESSAGES and STORE_DAMAGE_STATE, or 0 */
