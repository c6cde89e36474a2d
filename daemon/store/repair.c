/* SPDX-License-Identifier: MIT */
/* store/repair.c: repairs or rebuilds a damaged database.
 *
 * If all pages are sound and only an index does not match its table, rebuilds the indexes. Otherwise
 * builds a new database from the readable rows, replaces the damaged one and keeps it under another
 * name. Either way the table meta records it until a commit clears the record. */
#include "store/repair.h"

#include "base/alloc.h"
#include "base/text.h"
#include "base/write_all.h"
#include "store/attach.h"
#include "store/check.h"
#include "store/outbox_row.h"
#include "store/place.h"
#include "store/salvage.h"
#include "store/schema.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define REBUILDS_MAX 2 /* without a good write in between */
#define UNCONFIRMED_REBUILD_INTERVAL USEC_PER_DAY

/* ---- damaged file or failing disk ---- */

/* Reads the whole file through SQLite's file layer; no connection is open. */
static int file_is_readable(struct store *s, const char *name, int type, struct failure *f)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    sqlite3_file *file = alloc_zero(1, (size_t)vfs->szOsFile);
    int flags = 0;
    if (!file)
        return failure_oom(f);
    int rc = vfs->xOpen(vfs, name, file, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW | type, &flags);
    int r = rc == SQLITE_OK ? check_file_reads(&s->db, file, f) : db_fail(&s->db, rc, f);
    if (file->pMethods)
        (void)file->pMethods->xClose(file); /* nothing was written */
    alloc_release(file);
    return r;
}

/* SQLite also reports damage if the disk returns EIO (it turns SQLITE_IOERR_CORRUPTFS into
 * SQLITE_CORRUPT). That file may be sound and must not be replaced. */
static int check_disk(struct store *s, struct failure *f)
{
    CLEANUP(free) char *path = text_printf("%s/" STORE_FILE, s->directory);
    CLEANUP(free) char *wal = text_printf("%s/" STORE_FILE "-wal", s->directory);
    struct stat st;
    int r = -ENOMEM;
    db_close(&s->db);
    const char *name = path && wal ? sqlite3_create_filename(path, wal, wal, 0, NULL) : NULL;
    s->db.path = name ? strdup(path) : NULL; /* for the text of db_fail */
    if (s->db.path)
        r = file_is_readable(s, name, SQLITE_OPEN_MAIN_DB, f);
    else
        (void)failure_oom(f);
    if (r >= 0 && stat(wal, &st) == 0)
        r = file_is_readable(s, sqlite3_filename_wal(name), SQLITE_OPEN_WAL, f);
    sqlite3_free_filename((char *)(uintptr_t)name); /* its constness depends on the version */
    free(TAKE(s->db.path));
    return r;
}

/* ---- indexes ---- */

static int build_indexes(struct store *s, struct failure *f)
{
    struct check check;
    int r = db_begin(&s->db, false, f);
    if (r >= 0)
        r = db_exec(&s->db, "REINDEX", f);
    if (r >= 0)
        r = check_database(&s->db, &check, f);
    if (r >= 0)
        r = damage_note(&s->db, STORE_DAMAGE_INDEXES, f);
    if (r >= 0)
        r = quarantine_note(&s->db, s->clock.at, QUARANTINE_DATABASE,
                            "Indexes did not match their tables and were rebuilt; no rows were lost.", f);
    if (r >= 0)
        r = db_exec(&s->db, "COMMIT", f);
    if (r < 0)
        db_rollback(&s->db);
    return r;
}

static int reindex(struct store *s, struct failure *f)
{
    CLEANUP(free) char *path = text_printf("%s/" STORE_FILE, s->directory);
    db_close(&s->db);
    int r = path ? db_open(&s->db, path, DB_EXISTING, f) : failure_oom(f);
    if (r >= 0)
        r = build_indexes(s, f);
    db_close(&s->db);
    return r;
}

/* ---- a new database ---- */

static int copy_failed(const struct store *s, const char *name, int error, struct failure *f)
{
    return failure_set(f, FAILURE_LOCAL, error, "state directory %s: cannot copy %s to repair it: %s%s",
                       s->directory, name, strerror(error),
                       error == ENOSPC ? "; free some space on its file system" : "");
}

static int copy_bytes(int in, int out)
{
    char buf[65536];
    for (;;) {
        ssize_t n = read(in, buf, sizeof buf);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : 0;
        int r = write_all(out, buf, (size_t)n);
        if (r < 0)
            return r;
    }
}

static int copy_file(const struct store *s, const char *from, const char *to, struct failure *f)
{
    CLEANUP(close) int in = openat(s->directory_fd, from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (in < 0)
        return errno == ENOENT ? 0 : copy_failed(s, from, errno, f);
    CLEANUP(close)
    int out = openat(s->directory_fd, to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int r = out < 0 ? -errno : copy_bytes(in, out);
    return r < 0 ? copy_failed(s, from, -r, f) : 0;
}

/* Removes rows that refer to a lost row. */
static int remove_orphans(struct db *d, struct failure *f)
{
    return db_exec(d,
                   "DELETE FROM outbox WHERE event NOT IN (SELECT id FROM event);"
                   "DELETE FROM body WHERE outbox NOT IN (SELECT id FROM outbox);"
                   "DELETE FROM attempt WHERE outbox NOT IN (SELECT id FROM outbox);",
                   f);
}

static int record_rebuild(struct store *s, struct db *d, const struct salvage *n, const char *aside,
                          struct failure *f)
{
    CLEANUP(free)
    char *summary = text_printf(
        "The damaged database was moved to %s/%s. Carried over: %zu alerts, %zu undelivered messages, "
        "%zu tenants. Rows with a wrong checksum: %zu. Tables read only in part: %s.",
        s->directory, aside, n->alerts, n->messages, n->tenants, n->wrong, *n->broken ? n->broken : "none");
    return summary ? quarantine_note(d, s->clock.at, QUARANTINE_DATABASE, summary, f) : failure_oom(f);
}

static int populate_replacement(struct store *s, struct db *d, const struct salvage_source *source,
                                const char *aside, struct failure *f)
{
    struct salvage n = {.now_at = s->clock.at};
    int r = schema_migrate(d, 0, source->version, f);
    if (r >= 0)
        r = db_exec(d, "PRAGMA foreign_keys = OFF", f);
    if (r >= 0)
        r = db_begin(d, false, f);
    if (r >= 0)
        r = salvage_rows(source, d, &n, f);
    if (r >= 0)
        r = remove_orphans(d, f);
    if (r >= 0)
        r = record_rebuild(s, d, &n, aside, f);
    if (r >= 0)
        r = damage_note(d, STORE_DAMAGE_REBUILT, f);
    if (r >= 0) {
        CLEANUP(query_end)
        struct query q = query_new(d, "UPDATE meta SET value = ?1 WHERE key = 'generation'");
        query_int(&q, source->generation);
        r = query_run(&q, f);
    }
    return r < 0 ? r : db_exec(d, "COMMIT", f);
}

static int write_replacement(struct store *s, const struct salvage_source *source, const char *aside,
                             struct failure *f)
{
    CLEANUP(free) char *path = text_printf("%s/" STORE_PART, s->directory);
    struct db part = {0};
    mode_t mask = umask(0077);
    int r = path ? db_open(&part, path, DB_CREATE, f) : failure_oom(f);
    if (r >= 0)
        r = populate_replacement(s, &part, source, aside, f);
    (void)umask(mask);
    db_close(&part);
    return r;
}

static int build_replacement(struct store *s, const char *aside, struct failure *f)
{
    CLEANUP(free) char *copy = text_printf("%s/" STORE_COPY, s->directory);
    struct salvage_source source;
    if (!copy)
        return failure_oom(f);
    int r = copy_file(s, STORE_FILE, STORE_COPY, f);
    if (r >= 0)
        r = copy_file(s, STORE_FILE "-wal", STORE_COPY "-wal", f);
    if (r >= 0)
        r = salvage_open(copy, &source, f);
    return r < 0 ? r : write_replacement(s, &source, aside, f);
}

static int rebuild(struct store *s, struct failure *f)
{
    char aside[96];
    db_close(&s->db);
    if (s->rebuilds >= REBUILDS_MAX)
        return failure_set(f, FAILURE_LOCAL, EBADMSG,
                           "state directory %s: the rebuilt database was damaged as well; check the disk and "
                           "the memory of this machine",
                           s->directory);
    place_remove_parts(s->directory_fd);
    place_name_aside(s->directory_fd, s->clock.at, aside, sizeof aside);
    int r = build_replacement(s, aside, f);
    if (r >= 0)
        r = place_exchange(s->directory_fd, s->directory, aside, f);
    place_remove_parts(s->directory_fd);
    if (r < 0)
        return r;
    s->rebuilds++;
    place_limit_aside(s->directory_fd);
    (void)snprintf(s->moved_to, sizeof s->moved_to, "%s/%s", s->directory, aside);
    return 0;
}

/* ---- repair ---- */

/* SQLite reported damage that our check does not find: retries, then rebuilds at most once a day. */
static int handle_unconfirmed_damage(struct store *s, struct failure *f)
{
    bool recent = s->last_unconfirmed_mono &&
                  s->clock.mono - s->last_unconfirmed_mono < UNCONFIRMED_REBUILD_INTERVAL;
    if (!s->suspect) {
        s->suspect = true;
        return 0;
    }
    if (recent)
        return -EBADMSG;
    s->last_unconfirmed_mono = s->clock.mono ? s->clock.mono : 1;
    return rebuild(s, f);
}

static int attach_again(struct store *s, struct failure *f)
{
    int64_t version;
    db_close(&s->db);
    return store_attach(s, NULL, &version, f);
}

static int repair_damage(struct store *s, struct failure *f)
{
    int r = s->only_indexes ? reindex(s, f) : -EBADMSG;
    return r == -EBADMSG ? rebuild(s, f) : r;
}

static int give_up(struct store *s, int r)
{
    db_close(&s->db);
    s->db.needs_reopen = true;
    return r;
}

int store_repair(struct store *s, struct failure *f)
{
    int r = check_disk(s, f);
    if (r < 0)
        return give_up(s, r);
    r = attach_again(s, f);
    r = r >= 0 ? handle_unconfirmed_damage(s, f) : r == -EBADMSG ? repair_damage(s, f) : r;
    if (r >= 0)
        r = attach_again(s, f);
    if (r < 0)
        return give_up(s, r);
    undo_clear(&s->undo); /* it belongs to a transaction that is not in the database */
    s->undo_pending = false;
    s->uncertain_generation = 0;
    return outbox_settle_all(s, f);
}
