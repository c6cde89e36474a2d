/* SPDX-License-Identifier: MIT */
/* store/open.c: from a directory to a database that can be relied on, or a reason why not. */
#include "store/inside.h"

#include "base/alloc.h"
#include "base/text.h"
#include "store/place.h"
#include "store/schema.h"
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_MAX_ROWS 10000
#define DEFAULT_MAX_BYTES ((uint64_t)64 * 1024 * 1024)
#define DEFAULT_HISTORY_KEEP (400 * USEC_PER_DAY)

/* ---- SQLite as a whole ---- */

static void *sql_malloc(int size)
{
    return alloc_get((size_t)size);
}

static void *sql_realloc(void *p, int size)
{
    return alloc_resize(p, (size_t)size);
}

static int sql_size(void *p)
{
    size_t size = alloc_size(p);
    return size > INT_MAX ? INT_MAX : (int)size;
}

static int sql_roundup(int size)
{
    return size > INT_MAX - 7 ? size : (size + 7) & ~7;
}

static int sql_start(void *unused)
{
    (void)unused;
    return SQLITE_OK;
}

static void sql_stop(void *unused)
{
    (void)unused;
}

void store_global_init(void)
{
    static const struct sqlite3_mem_methods METHODS = {
        .xMalloc = sql_malloc,
        .xFree = alloc_release,
        .xRealloc = sql_realloc,
        .xSize = sql_size,
        .xRoundup = sql_roundup,
        .xInit = sql_start,
        .xShutdown = sql_stop,
    };
    /* Refused once SQLite is in use: then it keeps the memory it has, which only costs the wiping.
     */
    (void)sqlite3_config(SQLITE_CONFIG_MALLOC, &METHODS);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* ---- is it ours, whole, and of our time? ---- */

/* SQLITE_ROW: *ret_fine says what the check found. */
static int quick_check(struct db *d, bool *ret_fine)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(d->handle, "PRAGMA quick_check(1)", -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        const char *found = (const char *)sqlite3_column_text(stmt, 0);
        *ret_fine = found && strcmp(found, "ok") == 0;
    }
    (void)sqlite3_finalize(stmt); /* repeats the error above */
    return rc;
}

/* Can the disk deliver all of this file? SQLITE_OK or what it says. Through SQLite's own handle: to
 * close one of ours would drop SQLite's locks (security rule 26). */
static int read_all(sqlite3_file *file)
{
    char buf[65536];
    sqlite3_int64 size = 0;
    if (!file || !file->pMethods)
        return SQLITE_OK; /* there is no log at present */
    int rc = file->pMethods->xFileSize(file, &size);
    for (sqlite3_int64 at = 0; rc == SQLITE_OK && at < size; at += (sqlite3_int64)sizeof buf) {
        sqlite3_int64 left = size - at;
        int len = left < (sqlite3_int64)sizeof buf ? (int)left : (int)sizeof buf;
        rc = file->pMethods->xRead(file, buf, len, at);
    }
    return rc;
}

/* SQLite's check reports a page that cannot be read like a page that is damaged. Only damage makes
 * us begin anew, so a bad answer counts if the disk delivers everything and it is given again. */
static int check_pages(struct db *d, struct failure *f)
{
    for (int i = 0; i < 2; i++) {
        bool fine = false;
        int rc = quick_check(d, &fine);
        if (rc != SQLITE_ROW)
            return db_fail(d, rc == SQLITE_DONE ? SQLITE_CORRUPT : rc, f);
        if (fine)
            return 0;
        static const int FILES[] = {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER};
        for (size_t k = 0; k < N_ELEMENTS(FILES); k++) {
            sqlite3_file *file = NULL;
            rc = sqlite3_file_control(d->handle, "main", FILES[k], &file);
            if (rc == SQLITE_OK)
                rc = read_all(file);
            if (rc != SQLITE_OK)
                return db_fail(d, rc, f);
        }
    }
    return db_fail(d, SQLITE_CORRUPT, f);
}

static int check(struct db *d, int64_t *ret_version, bool *ret_empty, struct failure *f)
{
    int64_t tables = 0, application = 0, version = 0;
    int r = db_number(d, "SELECT count(*) FROM sqlite_schema", &tables, f);
    if (r >= 0)
        r = db_number(d, "PRAGMA application_id", &application, f);
    if (r >= 0)
        r = db_number(d, "PRAGMA user_version", &version, f);
    if (r < 0)
        return r;
    *ret_empty = tables == 0 && application == 0 && version == 0;
    *ret_version = version;
    if (*ret_empty)
        return 0;
    if (application != DB_APPLICATION_ID || version < 0)
        return db_fail(d, SQLITE_NOTADB, f);
    if (version > schema_version())
        return failure_set(
            f, FAILURE_LOCAL, EPROTO,
            "state database %s: a newer seatwatchd has written it (schema %lld, this "
            "one knows %lld); it is left as it is: install the newer version, or "
            "use another --state-dir",
            d->path, (long long)version, (long long)schema_version());
    r = check_pages(d, f);
    if (r >= 0 && version > 0)
        r = db_number(d, "SELECT value FROM meta WHERE key = 'generation'", &d->generation, f);
    return r == -ENODATA ? db_fail(d, SQLITE_CORRUPT, f) : r;
}

/* Without a -wal file nobody has the database open: then it can be read without leaving a trace. */
static enum db_mode reading_mode(const char *path)
{
    char wal[PATH_MAX];
    struct stat st;
    if ((size_t)snprintf(wal, sizeof wal, "%s-wal", path) >= sizeof wal)
        return DB_READ_ONLY;
    return stat(wal, &st) < 0 && errno == ENOENT ? DB_IMMUTABLE : DB_READ_ONLY;
}

static int check_file(const char *path, bool *ret_missing, struct failure *f)
{
    struct stat st;
    int r = lstat(path, &st);
    *ret_missing = r < 0 && errno == ENOENT;
    if (*ret_missing)
        return 0;
    if (r < 0)
        return failure_set(f, FAILURE_LOCAL, errno,
                           "state database %s: cannot look at it: %s; check the mode of the path to it",
                           path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return failure_set(f, FAILURE_LOCAL, EPERM,
                           "state database %s: this is not a regular file; move it away", path);
    return 0;
}

int store_attach(struct store *s, bool *created, int64_t *ret_version, struct failure *f)
{
    CLEANUP(free) char *path = text_printf("%s/" STORE_FILE, s->directory);
    bool missing = false, empty = false, reading = s->mode == STORE_READ_ONLY;
    if (!path)
        return failure_oom(f);
    int r = check_file(path, &missing, f);
    if (r < 0)
        return r;
    if (missing && reading)
        return -ENOENT;
    enum db_mode mode = reading ? reading_mode(path) : created ? DB_CREATE : DB_EXISTING;
    mode_t mask = umask(0077); /* -wal and -shm take the mode of the file itself */
    r = db_open(&s->db, path, mode, f);
    if (r >= 0)
        r = check(&s->db, ret_version, &empty, f); /* the first access creates the file */
    (void)umask(mask);
    if (r >= 0 && !reading && sqlite3_db_readonly(s->db.handle, "main") == 1)
        r = db_fail(&s->db, SQLITE_READONLY, f); /* SQLite opens such a file without a word */
    if (r >= 0 && empty && reading)
        r = -ENOENT;
    if (r >= 0 && empty && !created)
        r = db_fail(&s->db, SQLITE_CORRUPT, f); /* it had tables a moment ago */
    if (r >= 0 && created)
        *created = empty;
    return r;
}

static int use_wal(struct db *d, struct failure *f)
{
    CLEANUP(query_end) struct query q = query_new(d, "PRAGMA journal_mode = WAL");
    int r = query_step(&q, f);
    if (r > 0 && strcmp(query_get_text(&q, 0), "wal") != 0)
        r = failure_set(f, FAILURE_LOCAL, ENOTSUP,
                        "state database %s: its file system does not support a write-ahead log; "
                        "choose another directory",
                        d->path);
    /* The answer comes first; that it could not be written down is said by the next step. */
    return r > 0 ? query_run(&q, f) : r;
}

/* ---- bad rows ---- */

static int find_bad(struct store *s, const struct table *t, const char *rest, struct bad_rows *bad,
                    struct failure *f)
{
    CLEANUP(query_end) struct query q = row_select(&s->db, t, rest);
    int r;
    while ((r = query_step(&q, f)) > 0) {
        struct row row;
        int intact = row_read(&q, t, &row);
        if (intact < 0 || (intact == 0 && bad_rows_add(bad, t, &row) < 0))
            return failure_oom(f);
    }
    return r;
}

/* What nobody loads as a whole: alerts and what is remembered of tenants are looked at when they are.
 * Of the events only those that still have to be told: the rest is history. */
static int quarantine_all(struct store *s, struct failure *f)
{
    static const struct {
        const struct table *table;
        const char *rest;
    } LOOKED_AT[] = {
        {&TABLE_TOLD, ""},
        {&TABLE_HELD, ""},
        {&TABLE_OUTBOX, ""},
        {&TABLE_EVENT, "WHERE id IN (SELECT event FROM outbox WHERE state IN (0, 1, 3))"},
        {&TABLE_BODY, "WHERE outbox IN (SELECT id FROM outbox WHERE state IN (0, 1, 3))"},
    };
    for (size_t i = 0; i < N_ELEMENTS(LOOKED_AT); i++) {
        CLEANUP(bad_rows_free) struct bad_rows bad = {0};
        int r = find_bad(s, LOOKED_AT[i].table, LOOKED_AT[i].rest, &bad, f);
        if (r >= 0)
            r = store_quarantine(s, &bad, f);
        if (r < 0)
            return r;
    }
    return 0;
}

/* ---- is it the file, or the disk? ---- */

/* One file as a whole, through SQLite's file layer (security rule 26); no connection is open. */
static int disk_delivers(struct store *s, const char *name, int type, struct failure *f)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    sqlite3_file *file = alloc_zero(1, (size_t)vfs->szOsFile);
    int flags = 0;
    if (!file)
        return failure_oom(f);
    int rc = vfs->xOpen(vfs, name, file, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW | type, &flags);
    if (rc == SQLITE_OK)
        rc = read_all(file);
    if (file->pMethods)
        (void)file->pMethods->xClose(file); /* only read */
    alloc_release(file);
    return rc == SQLITE_OK ? 0 : db_fail(&s->db, rc, f);
}

/* SQLite calls a page damaged when the disk answers EIO for it (SQLITE_IOERR_CORRUPTFS becomes
 * SQLITE_CORRUPT inside). That file is whole, and nothing of it may be given up. */
static int check_disk(struct store *s, struct failure *f)
{
    CLEANUP(free) char *path = text_printf("%s/" STORE_FILE, s->directory);
    CLEANUP(free) char *wal = text_printf("%s/" STORE_FILE "-wal", s->directory);
    struct stat st;
    int r = -ENOMEM;
    db_close(&s->db);
    const char *name = path && wal ? sqlite3_create_filename(path, wal, wal, 0, NULL) : NULL;
    s->db.path = name ? strdup(path) : NULL; /* for what db_fail says */
    if (s->db.path)
        r = disk_delivers(s, name, SQLITE_OPEN_MAIN_DB, f);
    else
        (void)failure_oom(f);
    if (r >= 0 && stat(wal, &st) == 0)
        r = disk_delivers(s, sqlite3_filename_wal(name), SQLITE_OPEN_WAL, f);
    sqlite3_free_filename((char *)(uintptr_t)name); /* const or not depends on the version */
    free(TAKE(s->db.path));
    return r;
}

/* ---- opening ---- */

static int make_ready(struct store *s, int64_t version, struct instant now, struct failure *f)
{
    int r = 0;
    if (s->mode == STORE_NORMAL) {
        r = use_wal(&s->db, f);
        if (r >= 0)
            r = schema_migrate(&s->db, version, f);
        if (r >= 0)
            r = outbox_settle_all(s, f);
    } else if (version < schema_version()) {
        return failure_set(f, FAILURE_LOCAL, EPROTO,
                           "state database %s: an older seatwatchd has written it; start this one "
                           "once without --dry-run to bring it up to date",
                           s->db.path);
    }
    if (r >= 0)
        r = quarantine_all(s, f);
    if (r >= 0 && s->mode == STORE_NORMAL)
        r = clock_distrust(s, &now, f);
    if (r >= 0 && s->mode == STORE_NORMAL && now.boot != 0)
        r = store_rebase(s, now, f);
    return r;
}

static int put_aside(struct store *s, struct instant now, struct store_report *report,
                     struct failure *f)
{
    db_close(&s->db);
    int r = place_put_aside(s->directory_fd, s->directory, now.at, report->moved_to,
                            sizeof report->moved_to, f);
    report->rebuilt = r >= 0;
    return r;
}

/* Damage shows here, or in what the page check does not see when the rows are read. */
static int open_whole(struct store *s, struct instant now, struct store_report *report,
                      struct failure *f)
{
    int64_t version = 0;
    bool created = false;
    int r = store_attach(s, &created, &version, f);
    report->created = report->created || created;
    return r >= 0 ? make_ready(s, version, now, f) : r;
}

static int open_database(struct store *s, struct instant now, struct store_report *report,
                         struct failure *f)
{
    bool normal = s->mode == STORE_NORMAL;
    int r = open_whole(s, now, report, f);
    /* It counts if the disk delivers everything and the answer is given again. */
    if (r == -EBADMSG && normal) {
        r = check_disk(s, f);
        if (r >= 0)
            r = open_whole(s, now, report, f);
    }
    if (r == -EBADMSG && normal)
        r = put_aside(s, now, report, f);
    if (r >= 0 && report->rebuilt)
        r = open_whole(s, now, report, f);
    report->quarantined = s->quarantined > UINT32_MAX ? UINT32_MAX : (uint32_t)s->quarantined;
    return r;
}

uint64_t store_size(const char *directory)
{
    static const char *const SUFFIXES[] = {"", "-wal"};
    char path[PATH_MAX];
    uint64_t size = 0;
    struct stat st;
    for (size_t i = 0; i < N_ELEMENTS(SUFFIXES); i++)
        if ((size_t)snprintf(path, sizeof path, "%s/" STORE_FILE "%s", directory, SUFFIXES[i]) < sizeof path &&
            stat(path, &st) == 0)
            size += (uint64_t)st.st_size;
    return size;
}

int store_open(const struct store_options *o, const struct store_codec *codec, enum store_mode mode,
               struct instant now, struct store **ret, struct store_report *report,
               struct failure *ret_failure)
{
    CLEANUP(store_close) struct store *s = calloc(1, sizeof *s);
    if (!s)
        return failure_oom(ret_failure);
    store_global_init();
    *report = (struct store_report){0};
    s->directory_fd = s->lock_fd = -1;
    s->mode = mode;
    s->codec = *codec;
    s->clock = now;
    s->history_keep = o->history_keep ? o->history_keep : DEFAULT_HISTORY_KEEP;
    s->outbox_max_rows = o->outbox_max_rows ? o->outbox_max_rows : DEFAULT_MAX_ROWS;
    s->outbox_max_bytes = o->outbox_max_bytes ? o->outbox_max_bytes : DEFAULT_MAX_BYTES;

    int r = place_open(o->directory, mode == STORE_NORMAL, &s->directory, &s->directory_fd,
                       ret_failure);
    if (r >= 0 && mode == STORE_NORMAL)
        r = place_lock(s->directory_fd, s->directory, now, report->holder, sizeof report->holder,
                       &s->lock_fd, ret_failure);
    if (r >= 0)
        r = open_database(s, now, report, ret_failure);
    if (r == -ENOENT && mode == STORE_READ_ONLY)
        return failure_set(ret_failure, FAILURE_LOCAL, ENOENT,
                           "state directory %s: there is no database in it yet", o->directory);
    if (r < 0)
        return r;
    *ret = TAKE(s);
    return 0;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    db_close(&s->db);
    undo_clear(&s->db.undo);
    undo_clear(&s->undo);
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd); /* also gives the lock back; the file stays */
    if (s->directory_fd >= 0)
        (void)close(s->directory_fd);
    free(s->directory);
    free(s);
}
