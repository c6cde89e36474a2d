/* SPDX-License-Identifier: MIT */
/* store/db.c: one SQLite connection: cached statements, error mapping, transactions. */
#include "store/db.h"

#include "base/alloc.h"
#include "base/text.h"
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

/* How long SQLite waits for a foreign lock before it returns SQLITE_BUSY. Only a person with the
 * sqlite3 shell can hold one, and it must not block the event loop for long. */
#define BUSY_MS 500
/* Far above any value of ours; a damaged length field may claim more. */
#define VALUE_MAX (16 * 1024 * 1024)

#define REPAIRED "seatwatchd repairs it, or builds a new one from what can be read"

static const struct {
    int rc; /* primary code */
    int code;
    bool needs_reopen;
    const char *what, *fix;
} MEANINGS[] = {
    /* stays first: see db_fail */
    {SQLITE_FULL, ENOSPC, false, "its file system is full", "free some space there"},
    {SQLITE_READONLY, EROFS, false, "it is read-only",
     "check the owner of the file and whether its file system is mounted read-write"},
    {SQLITE_CANTOPEN, EACCES, true, "it cannot be opened",
     "check the owner and mode of the file and its directory"},
    {SQLITE_PERM, EACCES, true, "it cannot be opened",
     "check the owner and mode of the file and its directory"},
    {SQLITE_IOERR, EIO, true, "the disk reports an error",
     "look for disk errors in the kernel's log"},
    {SQLITE_CORRUPT, EBADMSG, true, "it is damaged", REPAIRED},
    {SQLITE_NOTADB, EBADMSG, true, "it is damaged", REPAIRED},
    /* Our statements match our schema, and our values their columns. If SQLite disagrees, the file is
     * damaged. */
    {SQLITE_ERROR, EBADMSG, true, "it does not have the tables that it should", REPAIRED},
    {SQLITE_SCHEMA, EBADMSG, true, "it does not have the tables that it should", REPAIRED},
    {SQLITE_CONSTRAINT, EBADMSG, true, "its rows contradict each other", REPAIRED},
    {SQLITE_MISMATCH, EBADMSG, true, "its rows contradict each other", REPAIRED},
    {SQLITE_TOOBIG, EBADMSG, true, "it has a value of an impossible size", REPAIRED},
    {SQLITE_RANGE, EFBIG, false, "a value is larger than a row may hold", "please report this"},
    {SQLITE_FORMAT, EBADMSG, true, "it is damaged", REPAIRED},
    {SQLITE_BUSY, EAGAIN, false, "another program holds it", "close the program that has it open"},
    {SQLITE_LOCKED, EAGAIN, false, "another program holds it",
     "close the program that has it open"},
    {SQLITE_NOMEM, ENOMEM, false, "out of memory", "give the daemon more memory"},
};

/* An allocation that fails inside the file layer is reported as an I/O error; the disk is fine. */
static int primary(int rc)
{
    return rc == SQLITE_IOERR_NOMEM ? SQLITE_NOMEM : rc & 0xff;
}

int db_fail(struct db *d, int rc, struct failure *f)
{
    for (size_t i = 0; i < N_ELEMENTS(MEANINGS); i++)
        if (primary(rc) == MEANINGS[i].rc) {
            d->needs_reopen = d->needs_reopen || MEANINGS[i].needs_reopen;
            bool by_system = MEANINGS[i].code == EIO || MEANINGS[i].code == EACCES;
            int number = by_system && d->handle ? sqlite3_system_errno(d->handle) : 0;
            const char *because = number ? strerror(number) : sqlite3_errstr(rc);
            /* SQLite reports a full disk as an I/O error when it extends a file before writing. */
            size_t row = number == ENOSPC || number == EDQUOT ? 0 : i;
            return failure_set(f, FAILURE_LOCAL, MEANINGS[i].code,
                               "state database %s: %s (%s, code %d); %s", d->path,
                               MEANINGS[row].what, because, rc, MEANINGS[row].fix);
        }
    return failure_set(f, FAILURE_LOCAL, EIO, "state database %s: SQLite error: %s (code %d)",
                       d->path, d->handle ? sqlite3_errmsg(d->handle) : sqlite3_errstr(rc), rc);
}

/* ---- opening ---- */

/* SQLite decodes the path in a URI; only these three bytes are special in it. */
static char *immutable_uri(const char *path)
{
    struct text uri = TEXT_INIT(4 * PATH_MAX);
    text_add(&uri, "file:");
    for (; *path; path++)
        if (*path == '%' || *path == '?' || *path == '#')
            text_addf(&uri, "%%%02x", (unsigned)*path);
        else
            text_add_bytes(&uri, path, 1);
    text_add(&uri, "?immutable=1");
    return text_take(&uri);
}

/* Restricts what a damaged or hostile file can make SQLite do (sqlite.org/security.html). */
static int set_up(struct db *d, enum db_mode mode, struct failure *f)
{
    static const struct {
        int option, value;
    } OPTIONS[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
        {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
    };
    for (size_t i = 0; i < N_ELEMENTS(OPTIONS); i++) {
        int rc = sqlite3_db_config(d->handle, OPTIONS[i].option, OPTIONS[i].value, NULL);
        if (rc != SQLITE_OK)
            return db_fail(d, rc, f);
    }
    (void)sqlite3_limit(d->handle, SQLITE_LIMIT_ATTACHED, 0);
    (void)sqlite3_limit(d->handle, SQLITE_LIMIT_LENGTH, VALUE_MAX);
    (void)sqlite3_busy_timeout(d->handle, BUSY_MS);
    int r = db_exec(d, "PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON;", f);
    if (r >= 0 && (mode == DB_CREATE || mode == DB_EXISTING))
        r = db_exec(d, "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304;", f);
    return r;
}

int db_open(struct db *d, const char *path, enum db_mode mode, struct failure *f)
{
    assert(!d->handle);
    CLEANUP(free) char *uri = NULL;
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE |
                SQLITE_OPEN_NOFOLLOW;
    if (mode == DB_CREATE || mode == DB_EXISTING)
        flags |= SQLITE_OPEN_READWRITE | (mode == DB_CREATE ? SQLITE_OPEN_CREATE : 0);
    else
        flags |= SQLITE_OPEN_READONLY;
    if (mode == DB_IMMUTABLE) {
        flags |= SQLITE_OPEN_URI;
        uri = immutable_uri(path);
        if (!uri)
            return failure_oom(f);
    }
    free(d->path);
    d->path = strdup(path);
    if (!d->path)
        return failure_oom(f);
    d->needs_reopen = d->soon = false;
    d->generation = 0;
    int rc = sqlite3_open_v2(uri ? uri : path, &d->handle, flags, NULL);
    int r = rc == SQLITE_OK ? set_up(d, mode, f) : db_fail(d, rc, f);
    if (r < 0)
        db_close(d);
    return r;
}

void db_forget_statements(struct db *d)
{
    for (size_t i = 0; i < d->n_cached; i++)
        (void)sqlite3_finalize(d->cache[i].stmt); /* returns the statement's last error again */
    d->n_cached = 0;
}

void db_close(struct db *d)
{
    db_forget_statements(d);
    /* Cannot be refused: every statement is finalized. The final checkpoint may fail; then the -wal
     * file stays, and the next open reads it. */
    (void)sqlite3_close(d->handle);
    d->handle = NULL;
    free(d->path);
    d->path = NULL;
}

/* ---- statements ---- */

struct query query_cached(struct db *d, const void *about, const char *key,
                          char *(*make_sql)(const void *about, const char *key))
{
    struct query q = {.db = d, .rc = SQLITE_OK};
    for (size_t i = 0; i < d->n_cached; i++)
        if (d->cache[i].about == about && d->cache[i].sql == key) {
            q.stmt = d->cache[i].stmt;
            assert(!sqlite3_stmt_busy(q.stmt)); /* a statement cannot be used inside itself */
            return q;
        }
    assert(d->n_cached < DB_STATEMENTS);
    CLEANUP(free) char *made = make_sql ? make_sql(about, key) : NULL;
    if (make_sql && !made)
        q.rc = SQLITE_NOMEM;
    else
        q.rc = sqlite3_prepare_v3(d->handle, made ? made : key, -1, SQLITE_PREPARE_PERSISTENT,
                                  &q.stmt, NULL);
    if (q.rc == SQLITE_OK) {
        d->cache[d->n_cached].about = about;
        d->cache[d->n_cached].sql = key;
        d->cache[d->n_cached++].stmt = q.stmt;
    }
    return q;
}

struct query query_new(struct db *d, const char *sql)
{
    return query_cached(d, NULL, sql, NULL);
}

void query_end(struct query *q)
{
    if (q->stmt) {
        (void)sqlite3_reset(q->stmt); /* returns the error of query_step again */
        (void)sqlite3_clear_bindings(q->stmt);
    }
    q->stmt = NULL;
}

void query_int(struct query *q, int64_t value)
{
    if (q->rc == SQLITE_OK)
        q->rc = sqlite3_bind_int64(q->stmt, ++q->n_bound, value);
}

void query_usec(struct query *q, usec_t value)
{
    query_int(q, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

void query_text_n(struct query *q, const char *text, size_t len)
{
    if (q->rc == SQLITE_OK)
        q->rc = sqlite3_bind_text64(q->stmt, ++q->n_bound, text, len, SQLITE_STATIC, SQLITE_UTF8);
    q->bytes += len;
}

void query_text(struct query *q, const char *text)
{
    if (text)
        query_text_n(q, text, strlen(text));
    else if (q->rc == SQLITE_OK)
        q->rc = sqlite3_bind_null(q->stmt, ++q->n_bound);
}

void query_blob(struct query *q, const void *bytes, size_t len)
{
    if (q->rc == SQLITE_OK) /* a NULL pointer would bind null and not an empty value */
        q->rc = sqlite3_bind_blob64(q->stmt, ++q->n_bound, bytes ? bytes : "", len, SQLITE_STATIC);
    q->bytes += len;
}

int query_step(struct query *q, struct failure *f)
{
    int rc = q->rc == SQLITE_OK ? sqlite3_step(q->stmt) : q->rc;
    if (rc == SQLITE_ROW)
        return 1;
    if (rc == SQLITE_TOOBIG && q->bytes > VALUE_MAX / 2)
        rc = SQLITE_RANGE; /* SQLite uses one code for our own oversized row and for damage */
    int r = rc == SQLITE_DONE ? 0 : db_fail(q->db, rc, f);
    query_end(q);
    return r;
}

int query_run(struct query *q, struct failure *f)
{
    int r;
    while ((r = query_step(q, f)) > 0)
        ;
    return r;
}

const char *query_get_text(const struct query *q, int column)
{
    return (const char *)sqlite3_column_text(q->stmt, column);
}

void query_get_buffer(const struct query *q, int column, char *dst, size_t size)
{
    const char *text = query_get_text(q, column);
    (void)snprintf(dst, size, "%s", text ? text : "");
}

usec_t query_get_usec(const struct query *q, int column)
{
    int64_t value = query_get_int(q, column);
    return value > 0 ? (usec_t)value : 0;
}

int db_exec(struct db *d, const char *sql, struct failure *f)
{
    int rc = sqlite3_exec(d->handle, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : db_fail(d, rc, f);
}

int db_number(struct db *d, const char *sql, int64_t *ret, struct failure *f)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(d->handle, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    int r = 0;
    if (rc == SQLITE_ROW)
        *ret = sqlite3_column_int64(stmt, 0);
    else
        r = rc == SQLITE_DONE ? -ENODATA : db_fail(d, rc, f);
    (void)sqlite3_finalize(stmt); /* returns the error above again */
    return r;
}

/* ---- transactions ---- */

/* Only between transactions: SQLite ignores the pragma inside one. */
static int choose_waiting(struct db *d, bool soon, struct failure *f)
{
    int r = 0;
    if (soon != d->soon)
        r = db_exec(d, soon ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", f);
    if (r >= 0)
        d->soon = soon;
    return r;
}

int db_begin(struct db *d, bool soon, struct failure *f)
{
    int r = choose_waiting(d, soon, f);
    if (r < 0)
        return r;
    CLEANUP(query_end) struct query q = query_new(d, "BEGIN IMMEDIATE");
    r = query_run(&q, f);
    if (r >= 0)
        d->changes_before = sqlite3_total_changes64(d->handle);
    return r;
}

int db_commit(struct db *d, bool *ret_wrote, bool *ret_doubt, struct failure *f)
{
    *ret_doubt = false;
    bool wrote = sqlite3_total_changes64(d->handle) != d->changes_before;
    if (wrote) {
        CLEANUP(query_end)
        struct query up =
            query_new(d, "UPDATE meta SET value = value + 1 WHERE key = 'generation'");
        int r = query_run(&up, f);
        if (r < 0)
            return r;
    }
    CLEANUP(query_end) struct query q = query_new(d, "COMMIT");
    int r = query_run(&q, f);
    if (r < 0) {
        *ret_doubt = wrote;
        return r;
    }
    d->generation += wrote;
    *ret_wrote = wrote;
    return 0;
}

/* Syncing the write-ahead log suffices: checkpoints sync what they move to the database file. */
int db_sync(struct db *d, struct failure *f)
{
    sqlite3_file *log = NULL;
    int rc = sqlite3_file_control(d->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, (void *)&log);
    if (rc == SQLITE_OK && log && log->pMethods)
        rc = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
    return rc == SQLITE_OK ? 0 : db_fail(d, rc, f);
}

void db_rollback(struct db *d)
{
    if (!d->handle || sqlite3_get_autocommit(d->handle))
        return; /* SQLite has rolled back by itself, for example on a full disk */
    CLEANUP(query_end) struct query q = query_new(d, "ROLLBACK");
    if (query_run(&q, NULL) < 0)
        d->needs_reopen = true;
}
