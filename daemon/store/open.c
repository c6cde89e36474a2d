/* SPDX-License-Identifier: MIT */
/* store/open.c: opens the store: directory, lock, database, migration, checks. */

#include "base/alloc.h"
#include "store/attach.h"
#include "store/outbox_row.h"
#include "store/place.h"
#include "store/schema.h"
#include "store/write.h"
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_MAX_ROWS 10000
#define DEFAULT_MAX_BYTES ((uint64_t)64 * 1024 * 1024)
#define DEFAULT_HISTORY_KEEP (400 * USEC_PER_DAY)
#define CLOCK_AHEAD_MAX (30 * USEC_PER_DAY) /* since the newest row */

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
    /* Refused once SQLite is in use: then its memory is not wiped when freed, which is acceptable. */
    (void)sqlite3_config(SQLITE_CONFIG_MALLOC, &METHODS);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
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
    /* The first step returns the mode; the next one fails if it could not be written. */
    return r > 0 ? query_run(&q, f) : r;
}

/* ---- bad rows ---- */

/* Checks the rows that are not loaded as a whole later. Of the events and bodies only those of
 * undelivered rows: the rest is history. */
static int quarantine_all(struct store *s, struct failure *f)
{
    static const struct {
        const struct table *table;
        const char *rest;
    } CHECKED[] = {
        {&TABLE_TOLD, ""},
        {&TABLE_HELD, ""},
        {&TABLE_MESSAGE_REF, ""},
        {&TABLE_OUTBOX, ""},
        {&TABLE_EVENT, "WHERE id IN (SELECT event FROM outbox WHERE state IN (0, 1, 3))"},
        {&TABLE_BODY, "WHERE outbox IN (SELECT id FROM outbox WHERE state IN (0, 1, 3))"},
    };
    for (size_t i = 0; i < N_ELEMENTS(CHECKED); i++) {
        CLEANUP(bad_rows_free) struct bad_rows bad = {0};
        CLEANUP(query_end) struct query q = row_select(&s->db, CHECKED[i].table, CHECKED[i].rest);
        int r = rows_each(&q, CHECKED[i].table, 0, NULL, NULL, &bad, f);
        if (r >= 0)
            r = store_quarantine(s, &bad, f);
        if (r < 0)
            return r;
    }
    return 0;
}

/* ---- opening ---- */

/* If `now` is implausible against the newest row, housekeeping waits. */
static int distrust_clock(struct store *s, const struct instant *now, struct failure *f)
{
    int64_t newest = 0;
    int r = db_number(&s->db,
                      "SELECT max(coalesce((SELECT max(at) FROM event), 0),"
                      " coalesce((SELECT max(last_s) FROM pool), 0) * 1000000)",
                      &newest, f);
    if (r < 0 || newest <= 0)
        return r;
    usec_t at = (usec_t)newest;
    if (now->at + USEC_PER_HOUR < at || now->at > at + CLOCK_AHEAD_MAX)
        s->uneven_mono = now->mono ? now->mono : 1;
    return 0;
}

static int make_ready(struct store *s, int64_t version, struct instant now, struct failure *f)
{
    int r = 0;
    if (s->mode == STORE_NORMAL) {
        r = use_wal(&s->db, f);
        if (r >= 0)
            r = schema_migrate(&s->db, version, schema_version(), f);
        if (r >= 0)
            r = outbox_settle_all(s, f);
    } else if (version < schema_version()) {
        return failure_set(f, FAILURE_LOCAL, EPROTO,
                           "state database %s: written by an older seatwatchd; start this version once "
                           "without --dry-run to upgrade it",
                           s->db.path);
    }
    if (r >= 0)
        r = quarantine_all(s, f);
    if (r >= 0 && s->mode == STORE_NORMAL)
        r = distrust_clock(s, &now, f);
    if (r >= 0 && s->mode == STORE_NORMAL && now.boot != 0)
        r = store_rebase(s, now, f);
    return r;
}

/* Damage that the checks miss shows when rows are read. */
static int open_whole(struct store *s, struct instant now, struct store_report *report,
                      struct failure *f)
{
    int64_t version = 0;
    bool created = false;
    db_close(&s->db);
    int r = store_attach(s, &created, &version, f);
    report->created = report->created || created;
    return r >= 0 ? make_ready(s, version, now, f) : r;
}

static int open_database(struct store *s, struct instant now, struct store_report *report,
                         struct failure *f)
{
    int r;
    do
        r = open_whole(s, now, report, f);
    while (store_repaired(s, &r, f));
    report->rebuilt = *s->moved_to != '\0';
    (void)snprintf(report->moved_to, sizeof report->moved_to, "%s", s->moved_to);
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
    if (r >= 0)
        r = place_check_files(s->directory_fd, s->directory, ret_failure);
    if (r >= 0 && mode == STORE_NORMAL)
        r = place_lock(s->directory_fd, s->directory, now, report->holder, sizeof report->holder,
                       &s->lock_fd, ret_failure);
    if (r >= 0 && mode == STORE_NORMAL)
        r = place_finish_exchange(s->directory_fd, s->directory, now.at, ret_failure);
    if (r >= 0)
        r = open_database(s, now, report, ret_failure);
    if (r == -ENOENT && mode == STORE_READ_ONLY)
        return failure_set(ret_failure, FAILURE_LOCAL, ENOENT,
                           "state directory %s: contains no database yet", o->directory);
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
        (void)close(s->lock_fd); /* releases the lock; the file stays */
    if (s->directory_fd >= 0)
        (void)close(s->directory_fd);
    free(s->directory);
    free(s);
}
