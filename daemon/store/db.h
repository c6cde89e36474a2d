/* SPDX-License-Identifier: MIT */
/* store/db.h: one SQLite connection: cached statements, error mapping, transactions.
 *
 * Internal to store/. An I/O error or damage sets `needs_reopen`: the owner of the connection must close,
 * reopen and check it, because the kernel may have dropped dirty pages after a failed fsync. */
#pragma once
#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include <sqlite3.h>
#include <stddef.h>

#define DB_APPLICATION_ID 0x53656174 /* "Seat" */
#define DB_STATEMENTS 128

/* Previous contents of the rows that a transaction changed, in order; kept by row.h. */
struct undo {
    struct undo_step **step;
    size_t n;
};
struct db {
    sqlite3 *handle; /* NULL: closed */
    struct {
        const void *about; /* a table's description, or NULL */
        const char *sql;   /* compared as a pointer: literals only */
        sqlite3_stmt *stmt;
    } cache[DB_STATEMENTS];
    size_t n_cached;
    char *path;
    bool needs_reopen;
    bool soon;              /* `soon` of the last db_begin */
    int64_t generation;     /* +1 in each transaction that changes something */
    struct undo undo;       /* of the open transaction */
    int64_t changes_before; /* sqlite3_total_changes64 when the transaction began */
};
enum db_mode {
    DB_CREATE,    /* read and write; a new file if there is none */
    DB_EXISTING,  /* read and write; never a new file */
    DB_READ_ONLY, /* while a daemon writes */
    DB_IMMUTABLE  /* read only, and no other process has it open: takes no lock */
};
/* d is zero or closed. Configures the connection; reads nothing yet. */
int db_open(struct db *d, const char *path, enum db_mode mode, struct failure *f);
void db_close(struct db *d); /* d can be opened again */
/* Finalizes the cached statements; no query may be in use. */
void db_forget_statements(struct db *d);
/* Maps rc: fills f, returns -E, and sets `needs_reopen` if the connection is unusable. */
int db_fail(struct db *d, int rc, struct failure *f);
/* Several statements without parameters or results. */
int db_exec(struct db *d, const char *sql, struct failure *f);
/* The first column of the first row of a PRAGMA or SELECT; -ENODATA if there is no row. */
int db_number(struct db *d, const char *sql, int64_t *ret, struct failure *f);
/* BEGIN IMMEDIATE, so that a lock is refused here and not midway. `soon`: COMMIT does not wait for the
 * disk. The transaction survives the process, but a loss of power undoes it as a whole until a COMMIT
 * that waits, or db_sync. */
int db_begin(struct db *d, bool soon, struct failure *f);
int db_sync(struct db *d, struct failure *f);
/* Increments the generation if anything changed, and commits. *ret_doubt: COMMIT itself failed; only
 * reopening shows whether generation + 1 is on disk. */
int db_commit(struct db *d, bool *ret_wrote, bool *ret_doubt, struct failure *f);
void db_rollback(struct db *d);

/* A statement in use. Errors stick: bind, step, check once. Texts are borrowed until it ends. */
struct query {
    struct db *db;
    sqlite3_stmt *stmt;
    int n_bound;
    int rc;
    size_t bytes; /* of texts and blobs that are bound */
};
struct query query_new(struct db *d, const char *sql);
struct query query_cached(struct db *d, const void *about, const char *key,
                          char *(*make_sql)(const void *about, const char *key));
void query_end(struct query *q);
DEFINE_CLEANUP_IN_PLACE(struct query, query_end)
void query_int(struct query *q, int64_t value);
void query_usec(struct query *q, usec_t value);     /* beyond INT64_MAX: INT64_MAX */
void query_text(struct query *q, const char *text); /* NULL: null */
void query_text_n(struct query *q, const char *text, size_t len);
void query_blob(struct query *q, const void *bytes, size_t len);
/* 1: a row. 0: done, -E: failed; both end the query. */
int query_step(struct query *q, struct failure *f);
int query_run(struct query *q, struct failure *f); /* steps to the end and ignores rows */
static inline int64_t query_get_int(const struct query *q, int column)
{
    return sqlite3_column_int64(q->stmt, column);
}
/* Copies a text, cut to fit with its NUL; "" for null. */
void query_get_buffer(const struct query *q, int column, char *dst, size_t size);
/* NULL for null; borrowed until the next step. */
const char *query_get_text(const struct query *q, int column);
usec_t query_get_usec(const struct query *q, int column); /* negative: 0 */
