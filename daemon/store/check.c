/* SPDX-License-Identifier: MIT */
/* store/check.c: verifies a database: application, version, schema, pages, indexes. */
#include "store/check.h"

#include "base/text.h"
#include "store/schema.h"
#include <errno.h>
#include <string.h>

#define SMALL_PAGES 2048 /* 8 MiB */

/* ---- the disk ---- */

int check_file_reads(struct db *d, sqlite3_file *file, struct failure *f)
{
    char buf[65536];
    sqlite3_int64 size = 0;
    if (!file || !file->pMethods)
        return 0; /* no write-ahead log */
    int rc = file->pMethods->xFileSize(file, &size);
    for (sqlite3_int64 at = 0; rc == SQLITE_OK && at < size; at += (sqlite3_int64)sizeof buf) {
        sqlite3_int64 left = size - at;
        int len = left < (sqlite3_int64)sizeof buf ? (int)left : (int)sizeof buf;
        rc = file->pMethods->xRead(file, buf, len, at);
    }
    return rc == SQLITE_OK ? 0 : db_fail(d, rc, f);
}

/* Through SQLite's own handles: POSIX locks belong to the process, so closing a descriptor of ours
 * would drop SQLite's locks (sqlite.org/howtocorrupt.html, section 2.2). */
static int disk_delivers(struct db *d, struct failure *f)
{
    static const int FILES[] = {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER};
    int r = 0;
    for (size_t i = 0; r >= 0 && i < N_ELEMENTS(FILES); i++) {
        sqlite3_file *file = NULL;
        int rc = sqlite3_file_control(d->handle, "main", FILES[i], &file);
        r = rc == SQLITE_OK ? check_file_reads(d, file, f) : db_fail(d, rc, f);
    }
    return r;
}

/* ---- pages ---- */

/* SQLITE_ROW: the check ran; *ret_fine is its result. */
static int run_check(struct db *d, const char *pragma, bool *ret_fine)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(d->handle, pragma, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        const char *found = (const char *)sqlite3_column_text(stmt, 0);
        *ret_fine = found && strcmp(found, "ok") == 0;
    }
    (void)sqlite3_finalize(stmt); /* repeats the error above */
    return rc;
}

/* SQLite reports an unreadable page as a damaged page, but only damage justifies a rebuild. So a bad
 * result counts only if all files can be read and a second check repeats it. */
static int check_twice(struct db *d, const char *pragma, struct failure *f)
{
    for (int i = 0; i < 2; i++) {
        bool fine = false;
        int rc = run_check(d, pragma, &fine);
        if (rc != SQLITE_ROW)
            return db_fail(d, rc == SQLITE_DONE ? SQLITE_CORRUPT : rc, f);
        if (fine)
            return 0;
        int r = disk_delivers(d, f);
        if (r < 0)
            return r;
    }
    return db_fail(d, SQLITE_CORRUPT, f);
}

/* Skips `hour`: it has no separate index, and is long. A year of 1,000 pools is 2.2 million rows; comparing
 * them with themselves would double the time of the quick check. */
static int check_indexes(struct db *d, struct check *ret, struct failure *f)
{
    CLEANUP(query_end)
    struct query q = query_new(d, "SELECT name FROM sqlite_schema WHERE type = 'table'"
                                  " AND name NOT LIKE '%\"%' AND name <> 'hour'");
    int r;
    while ((r = query_step(&q, f)) > 0) {
        CLEANUP(free) char *pragma = text_printf("PRAGMA integrity_check(\"%s\")", query_get_text(&q, 0));
        r = pragma ? check_twice(d, pragma, f) : failure_oom(f);
        ret->only_indexes = r == -EBADMSG;
        if (r < 0)
            return r;
    }
    return r;
}

/* One full check suffices for a sound small file. The separate checks tell the kind of damage. */
static int check_pages(struct db *d, struct check *ret, struct failure *f)
{
    int64_t pages = 0;
    bool fine = false;
    int r = db_number(d, "PRAGMA page_count", &pages, f);
    if (r >= 0 && pages <= SMALL_PAGES && run_check(d, "PRAGMA integrity_check(1)", &fine) == SQLITE_ROW && fine)
        return 0;
    if (r >= 0)
        r = check_twice(d, "PRAGMA quick_check(1)", f);
    return r < 0 ? r : check_indexes(d, ret, f);
}

/* ---- the database ---- */

/* -ENODATA: an old schema, without a version in the table meta. */
static int named_version(struct db *d, int64_t *ret, struct failure *f)
{
    return db_number(d, "SELECT value FROM meta WHERE key = 'schema'", ret, f);
}

static int check_version(struct db *d, int64_t version, struct failure *f)
{
    int64_t named = version;
    int r = named_version(d, &named, f);
    if (r == -ENODATA && version <= schema_version())
        return 0;
    if (r < 0 && r != -ENODATA)
        return r;
    if (r == -ENODATA || named != version)
        return db_fail(d, SQLITE_CORRUPT, f);
    if (version > schema_version())
        return failure_set(
            f, FAILURE_LOCAL, EPROTO,
            "state database %s: written by a newer seatwatchd (schema %lld; this version supports "
            "%lld) and not changed; install the newer version or use another --state-dir",
            d->path, (long long)version, (long long)schema_version());
    return 0;
}

int check_database(struct db *d, struct check *ret, struct failure *f)
{
    int64_t tables = 0, application = 0;
    *ret = (struct check){0};
    int r = db_number(d, "SELECT count(*) FROM sqlite_schema", &tables, f);
    if (r >= 0)
        r = db_number(d, "PRAGMA application_id", &application, f);
    if (r >= 0)
        r = db_number(d, "PRAGMA user_version", &ret->version, f);
    if (r < 0)
        return r;
    ret->empty = tables == 0 && application == 0 && ret->version == 0;
    if (ret->empty)
        return 0;
    if (application != DB_APPLICATION_ID || ret->version <= 0)
        return db_fail(d, SQLITE_NOTADB, f);
    r = check_version(d, ret->version, f);
    if (r >= 0)
        r = schema_check(d, ret->version, f);
    if (r >= 0)
        r = check_pages(d, ret, f);
    if (r >= 0)
        r = db_number(d, "SELECT value FROM meta WHERE key = 'generation'", &d->generation, f);
    if (r == -ENODATA || (r >= 0 && (d->generation < 0 || d->generation > CHECK_GENERATION_MAX)))
        r = db_fail(d, SQLITE_CORRUPT, f);
    return r;
}
