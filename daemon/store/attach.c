/* SPDX-License-Identifier: MIT */
/* store/attach.c: opens the database file and checks it. */
#include "store/attach.h"

#include "base/text.h"
#include "store/check.h"
#include "store/place.h"
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

/* Without a -wal file no process has the database open: it can be read without a lock. */
static enum db_mode reading_mode(const char *path)
{
    char wal[PATH_MAX];
    struct stat st;
    if ((size_t)snprintf(wal, sizeof wal, "%s-wal", path) >= sizeof wal)
        return DB_READ_ONLY;
    return stat(wal, &st) < 0 && errno == ENOENT ? DB_IMMUTABLE : DB_READ_ONLY;
}

/* SQLite silently opens a file read-only if it cannot write it. If access(2) permits writing, the cause
 * is the header of a damaged file. */
static int check_writable(struct db *d, struct failure *f)
{
    if (sqlite3_db_readonly(d->handle, "main") != 1)
        return 0;
    return db_fail(d, access(d->path, W_OK) == 0 ? SQLITE_CORRUPT : SQLITE_READONLY, f);
}

int store_attach(struct store *s, bool *created, int64_t *ret_version, struct failure *f)
{
    CLEANUP(free) char *path = text_printf("%s/" STORE_FILE, s->directory);
    struct check check = {0};
    struct stat st;
    bool reading = s->mode == STORE_READ_ONLY;
    if (!path)
        return failure_oom(f);
    int r = place_check_files(s->directory_fd, s->directory, f);
    if (r < 0)
        return r;
    if (reading && lstat(path, &st) < 0 && errno == ENOENT)
        return -ENOENT;
    enum db_mode mode = reading ? reading_mode(path) : created ? DB_CREATE : DB_EXISTING;
    mode_t mask = umask(0077); /* -wal and -shm get the mode of the database file */
    r = db_open(&s->db, path, mode, f);
    if (r >= 0)
        r = check_database(&s->db, &check, f); /* the first access creates the file */
    (void)umask(mask);
    s->only_indexes = check.only_indexes;
    *ret_version = check.version;
    if (r >= 0 && !reading)
        r = check_writable(&s->db, f);
    if (r >= 0 && check.empty && reading)
        r = -ENOENT;
    if (r >= 0 && check.empty && !created)
        r = db_fail(&s->db, SQLITE_CORRUPT, f); /* it had tables a moment ago */
    if (r >= 0 && created)
        *created = check.empty;
    return r;
}
