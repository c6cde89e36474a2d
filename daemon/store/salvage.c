/* SPDX-License-Identifier: MIT */
/* store/salvage.c: copies the readable rows of a damaged database into a new one.
 *
 * Does not trust header and schema of the damaged file. For each table it overwrites the first page of
 * the copy with a schema that has only this table. The columns are known; the root page comes from the
 * old schema, or follows from the order of table creation. A wrong root page yields no rows, because the
 * checksum of a row includes the name of its table. Uses no index, and continues after unreadable
 * pages. */
#include "store/salvage.h"

#include "base/alloc.h"
#include "base/text.h"
#include "base/write_all.h"
#include "store/check.h"
#include "store/row.h"
#include "store/schema.h"
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PAGE 4096
#define HEADER 100
#define PROBES 256 /* keys after an unreadable page where reading resumes */
#define NAME 64
#define BAD_ROWS_MAX 10000

/* ---- the first page ---- */

static void put_be32(unsigned char *at, uint32_t value)
{
    value = htobe32(value);
    memcpy(at, &value, sizeof value);
}

/* The first page of a database with this one table, whose root page is `root`. */
static int make_first_page(const char *sql, uint32_t root, uint32_t n_pages, unsigned char page[static PAGE])
{
    sqlite3 *db = NULL;
    sqlite3_int64 size = 0;
    CLEANUP(free) char *move = text_printf("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = %u", root);
    int rc = move ? sqlite3_open(":memory:", &db) : SQLITE_NOMEM;
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, move, NULL, NULL, NULL);
    unsigned char *bytes = rc == SQLITE_OK ? sqlite3_serialize(db, "main", &size, 0) : NULL;
    if (bytes && size >= PAGE) {
        memcpy(page, bytes, PAGE);
        put_be32(page + 28, n_pages);      /* the page count is valid */
        memcpy(page + 92, page + 24, 4);   /* if these two are equal */
        page[18] = page[19] = 1;           /* no write-ahead log */
    } else if (rc == SQLITE_OK) {
        rc = SQLITE_NOMEM;
    }
    sqlite3_free(bytes);
    (void)sqlite3_close(db);
    return rc == SQLITE_OK ? 0 : -ENOMEM;
}

/* Sets the header fields that are the same in all our databases. A page count of 0 makes SQLite use the
 * file size. */
static void repair_header(unsigned char *header)
{
    static const unsigned char LIMITS[] = {64, 32, 32};
    memcpy(header, "SQLite format 3", 16);
    header[16] = PAGE >> 8;
    header[17] = 0;
    header[18] = header[19] = 2;
    header[20] = 0;
    memcpy(header + 21, LIMITS, sizeof LIMITS);
    memset(header + 28, 0, 12); /* pages, free pages */
    put_be32(header + 44, 4);
    put_be32(header + 52, 0);
    put_be32(header + 56, 1);
    put_be32(header + 64, 0);
}

static int overwrite(const char *copy, const unsigned char *bytes, size_t len)
{
    CLEANUP(close) int fd = open(copy, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 ? write_all(fd, bytes, len) : -errno;
}

static bool read_header(const char *copy, unsigned char header[static HEADER])
{
    CLEANUP(close) int fd = open(copy, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && pread(fd, header, HEADER, 0) == HEADER;
}

/* Moves the sound part of the write-ahead log into the file. */
static void checkpoint_copy(const char *copy)
{
    unsigned char header[HEADER];
    struct db d = {0};
    if (!read_header(copy, header))
        return;
    repair_header(header);
    if (overwrite(copy, header, sizeof header) < 0 || db_open(&d, copy, DB_EXISTING, NULL) < 0)
        return;
    int64_t busy;
    (void)db_number(&d, "PRAGMA wal_checkpoint(TRUNCATE)", &busy, NULL); /* on failure less is carried over */
    db_close(&d);
}

/* Root pages from the old schema, as far as it is readable. */
static void read_roots(struct salvage_source *ret)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_open_v2(ret->copy, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL) == SQLITE_OK) {
        /* With this, SQLite uses the readable part of a schema after it has failed once. */
        (void)sqlite3_exec(db, "PRAGMA writable_schema = ON", NULL, NULL, NULL);
        for (int i = 0; i < 2 && !stmt; i++)
            (void)sqlite3_prepare_v2(db, "SELECT name, rootpage FROM sqlite_schema WHERE type = 'table'", -1, &stmt,
                                     NULL);
        while (ret->n_roots < SALVAGE_ROOTS && stmt && sqlite3_step(stmt) == SQLITE_ROW) {
            const char *name = (const char *)sqlite3_column_text(stmt, 0);
            sqlite3_int64 root = sqlite3_column_int64(stmt, 1);
            if (!name || root < 2 || root > ret->n_pages)
                continue;
            struct salvage_root *r = &ret->root[ret->n_roots++];
            r->page = (uint32_t)root;
            (void)snprintf(r->name, sizeof r->name, "%s", name);
        }
        (void)sqlite3_finalize(stmt); /* returns the error that ended the loop again */
    }
    (void)sqlite3_close(db);
}

/* ---- the expected tables ---- */

struct shape {
    char name[NAME];
    char *columns;        /* "a, b, c" */
    char *sql;            /* creates it, without indexes and types */
    char *slots;          /* "?1, ?2, ?3" */
    char key[2][NAME];
    int n_keys, n_columns;
    bool text_key;
    uint32_t root;        /* in a database created in one go */
    const struct table *summed; /* NULL: its rows have no checksum */
};
struct shapes {
    struct shape *shape;
    size_t n;
};

static void shapes_free(struct shapes *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->shape[i].columns);
        free(s->shape[i].sql);
        free(s->shape[i].slots);
    }
    free(s->shape);
}
DEFINE_CLEANUP_IN_PLACE(struct shapes, shapes_free)

static const struct table *find_summed(const char *name)
{
    static const struct table *const ALL[] = {
        &TABLE_TENANT, &TABLE_HEALTH, &TABLE_POOL,  &TABLE_SUBSCRIPTION, &TABLE_GROUP, &TABLE_DROP,
        &TABLE_ALERT,  &TABLE_EVENT,  &TABLE_OUTBOX, &TABLE_BODY,        &TABLE_TOLD,  &TABLE_HELD,
        &TABLE_PAST,   &TABLE_SILENCE, &TABLE_MESSAGE_REF};
    for (size_t i = 0; i < N_ELEMENTS(ALL); i++)
        if (strcmp(ALL[i]->name, name) == 0)
            return ALL[i];
    return NULL;
}

/* Reads names, types and the primary key. */
static int read_columns(struct db *model, bool rowid, struct shape *s, struct failure *f)
{
    struct text columns = TEXT_INIT(8192), slots = TEXT_INIT(8192);
    CLEANUP(query_end)
    struct query q = query_new(model, "SELECT name, type, pk FROM pragma_table_info(?1)");
    query_text(&q, s->name);
    int r;
    while ((r = query_step(&q, f)) > 0) {
        const char *name = query_get_text(&q, 0);
        int64_t pk = query_get_int(&q, 2);
        text_addf(&columns, s->n_columns ? ", %s" : "%s", name);
        text_addf(&slots, s->n_columns ? ", ?%d" : "?%d", s->n_columns + 1);
        s->n_columns++;
        if (pk < 1 || pk > 2)
            continue;
        (void)snprintf(s->key[pk - 1], sizeof s->key[0], "%s", name);
        s->n_keys++;
        if (pk == 1)
            s->text_key = strcmp(query_get_text(&q, 1), "TEXT") == 0;
    }
    s->columns = text_take(&columns);
    s->slots = text_take(&slots);
    if (r < 0 || !s->columns || !s->slots)
        return r < 0 ? r : failure_oom(f);
    s->sql = rowid ? text_printf("CREATE TABLE %s (%s INTEGER PRIMARY KEY%s)", s->name, s->key[0],
                                 s->columns + strlen(s->key[0]))
                   : text_printf("CREATE TABLE %s (%s, PRIMARY KEY (%s%s%s)) WITHOUT ROWID", s->name,
                                 s->columns, s->key[0], s->n_keys > 1 ? ", " : "", s->key[1]);
    return s->sql ? 0 : failure_oom(f);
}

static int read_shapes(struct db *model, bool present, struct shapes *ret, struct failure *f)
{
    CLEANUP(query_end)
    struct query q = query_new(model, "SELECT l.name, l.wr, s.rootpage FROM pragma_table_list AS l"
                                      " JOIN sqlite_schema AS s ON s.name = l.name"
                                      " WHERE l.schema = 'main' AND s.type = 'table' ORDER BY s.rootpage");
    int r;
    while ((r = query_step(&q, f)) > 0) {
        if (array_room(&ret->shape, ret->n, sizeof *ret->shape) < 0)
            return failure_oom(f);
        struct shape *s = &ret->shape[ret->n++];
        *s = (struct shape){.root = (uint32_t)query_get_int(&q, 2)};
        (void)snprintf(s->name, sizeof s->name, "%s", query_get_text(&q, 0));
        s->summed = present ? find_summed(s->name) : NULL;
        r = read_columns(model, query_get_int(&q, 1) == 0, s, f);
        if (r < 0)
            return r;
    }
    return r;
}

/* ---- rows ---- */

struct row_copy {
    struct db *from, *to;
    const struct shape *shape;
    struct salvage *count;
    sqlite3_stmt *put; /* of a table without checksums */
    bool any;
    int64_t last_number; /* the key of the last row that was read */
    char last_text[NAME * 2];
};

static void remember_key(struct row_copy *c, const struct query *q)
{
    const char *text = c->shape->text_key ? query_get_text(q, 0) : NULL;
    c->any = true;
    if (text)
        (void)snprintf(c->last_text, sizeof c->last_text, "%s", text);
    else
        c->last_number = query_get_int(q, 0);
}

static void count_row(struct row_copy *c, const struct row *row)
{
    struct salvage *s = c->count;
    s->alerts += c->shape->summed == &TABLE_ALERT;
    s->events += c->shape->summed == &TABLE_EVENT;
    s->tenants += c->shape->summed == &TABLE_TENANT;
    s->messages += c->shape->summed == &TABLE_OUTBOX && (row->cell[6].number <= 1 || row->cell[6].number == 3);
}

static int carry_summed(struct row_copy *c, struct query *q, struct failure *f)
{
    CLEANUP(bad_rows_free) struct bad_rows bad = {0};
    struct row row;
    int good = row_read(q, c->shape->summed, &row);
    if (good < 0)
        return failure_oom(f);
    if (good > 0) {
        int r = row_put_new(c->to, c->shape->summed, &row, f);
        if (r > 0)
            count_row(c, &row);
        return r;
    }
    if (++c->count->wrong > BAD_ROWS_MAX)
        return 0;
    if (bad_rows_add(&bad, c->shape->summed, &row) < 0)
        return failure_oom(f);
    return bad_rows_keep(c->to, &bad, c->count->now_at, f);
}

/* A row that violates a constraint is not a row of this table and is skipped. */
static int carry_plain(struct row_copy *c, struct query *q, struct failure *f)
{
    for (int i = 0; i < c->shape->n_columns; i++)
        if (sqlite3_bind_value(c->put, i + 1, sqlite3_column_value(q->stmt, i)) != SQLITE_OK)
            return failure_oom(f);
    (void)sqlite3_step(c->put);
    int rc = sqlite3_reset(c->put);
    bool refused = (rc & 0xff) == SQLITE_CONSTRAINT || (rc & 0xff) == SQLITE_MISMATCH;
    return rc == SQLITE_OK || refused ? 0 : db_fail(c->to, rc, f);
}

/* 1: read to the end. 0: stopped at damage. `text` or `number`: the key to start after, bound if `rest` has
 * a ?1. */
static int scan(struct row_copy *c, const char *rest, const char *text, int64_t number,
                struct failure *f)
{
    const struct shape *s = c->shape;
    struct query q = {.db = c->from};
    CLEANUP(free)
    char *sql = s->summed ? text_printf("SELECT %s, sum FROM %s %s", s->summed->columns, s->name, rest)
                          : text_printf("SELECT %s FROM %s %s", s->columns, s->name, rest);
    int r = 0, rc;
    if (!sql)
        return failure_oom(f);
    rc = sqlite3_prepare_v2(c->from->handle, sql, -1, &q.stmt, NULL);
    if (rc == SQLITE_OK && sqlite3_bind_parameter_count(q.stmt) > 0)
        rc = text ? sqlite3_bind_text(q.stmt, 1, text, -1, SQLITE_STATIC)
                  : sqlite3_bind_int64(q.stmt, 1, number);
    while (rc == SQLITE_OK && r >= 0 && (rc = sqlite3_step(q.stmt)) == SQLITE_ROW) {
        r = s->summed ? carry_summed(c, &q, f) : carry_plain(c, &q, f);
        remember_key(c, &q);
        rc = SQLITE_OK;
    }
    (void)sqlite3_finalize(q.stmt); /* returns the error again */
    if (r >= 0 && rc == SQLITE_NOMEM)
        r = failure_oom(f);
    return r < 0 ? r : rc == SQLITE_DONE;
}

/* Reads around an unreadable page: from the other end, then from keys in between. */
static int scan_around(struct row_copy *c, struct failure *f)
{
    const struct shape *s = c->shape;
    struct text down = TEXT_INIT(512), on = TEXT_INIT(512);
    text_addf(&down, "ORDER BY %s DESC%s%s%s", s->key[0], s->n_keys > 1 ? ", " : "", s->key[1],
              s->n_keys > 1 ? " DESC" : "");
    text_addf(&on, "WHERE %s > ?1 ORDER BY %s%s%s", s->key[0], s->key[0], s->n_keys > 1 ? ", " : "", s->key[1]);
    CLEANUP(free) char *backwards = text_take(&down);
    CLEANUP(free) char *onwards = text_take(&on);
    if (!backwards || !onwards)
        return failure_oom(f);
    int64_t low = c->any ? c->last_number : 0;
    char low_text[sizeof c->last_text];
    memcpy(low_text, c->any ? c->last_text : "", c->any ? sizeof low_text : 1);
    int r = scan(c, backwards, NULL, 0, f);
    int64_t high = c->last_number, step = high > low ? (high - low) / PROBES + 1 : 0;
    c->last_number = low;
    memcpy(c->last_text, low_text, sizeof low_text);
    for (int i = 0; r >= 0 && i < PROBES; i++) {
        char prefix[3];
        int64_t number = low + (i + 1) * step;
        (void)snprintf(prefix, sizeof prefix, "%02x", (unsigned)i);
        bool passed = s->text_key ? strcmp(prefix, c->last_text) <= 0 : step == 0 || number <= c->last_number;
        if (!passed)
            r = scan(c, onwards, s->text_key ? prefix : NULL, number, f);
    }
    return r;
}

static void note_broken(struct salvage *s, const char *name)
{
    size_t len = strlen(s->broken);
    (void)snprintf(s->broken + len, sizeof s->broken - len, "%s%s", len ? ", " : "", name);
}

static int carry_table(struct row_copy *c, struct failure *f)
{
    const struct shape *s = c->shape;
    CLEANUP(free)
    char *put = text_printf("INSERT OR IGNORE INTO %s (%s) VALUES (%s)", s->name, s->columns, s->slots);
    CLEANUP(free)
    char *order = text_printf("ORDER BY %s%s%s", s->key[0], s->n_keys > 1 ? ", " : "", s->key[1]);
    if (!put || !order)
        return failure_oom(f);
    int rc = sqlite3_prepare_v2(c->to->handle, put, -1, &c->put, NULL);
    int r = rc == SQLITE_OK ? scan(c, order, NULL, 0, f) : db_fail(c->to, rc, f);
    if (r == 0) {
        note_broken(c->count, s->name);
        r = scan_around(c, f);
    }
    (void)sqlite3_finalize(c->put);
    return r < 0 ? r : 0;
}

/* ---- the database ---- */

static uint32_t count_pages(const char *copy)
{
    struct stat st;
    return stat(copy, &st) == 0 && st.st_size / PAGE < UINT32_MAX ? (uint32_t)(st.st_size / PAGE) : 0;
}

/* Opens the copy as a database with only this table. 0: it cannot be read. */
static int open_table(const struct salvage_source *from, const struct shape *s, struct db *ret, struct failure *f)
{
    unsigned char page[PAGE];
    uint32_t root = s->root;
    for (size_t i = 0; i < from->n_roots; i++)
        if (strcmp(from->root[i].name, s->name) == 0)
            root = from->root[i].page;
    if (root < 2 || root > from->n_pages)
        return 0;
    if (make_first_page(s->sql, root, from->n_pages, page) < 0)
        return failure_oom(f);
    return overwrite(from->copy, page, sizeof page) >= 0 && db_open(ret, from->copy, DB_EXISTING, NULL) >= 0;
}

static int find_shapes(int64_t version, struct shapes *ret, struct failure *f)
{
    struct db model = {0};
    int r = schema_model(version, &model, f);
    if (r >= 0)
        r = read_shapes(&model, version == schema_version(), ret, f);
    db_close(&model);
    return r;
}

/* The table meta, of which only two numbers are used; the new database has its own. */
static bool is_meta(const struct shape *s)
{
    return strcmp(s->name, "meta") == 0;
}

static int read_meta(struct salvage_source *from, struct failure *f)
{
    CLEANUP(shapes_free) struct shapes shapes = {0};
    int r = find_shapes(schema_version(), &shapes, f);
    for (size_t i = 0; r >= 0 && i < shapes.n; i++) {
        struct db d = {0};
        int64_t number;
        if (!is_meta(&shapes.shape[i]))
            continue;
        r = open_table(from, &shapes.shape[i], &d, f);
        if (r > 0 && db_number(&d, "SELECT value FROM meta WHERE key = 'schema'", &number, NULL) >= 0)
            from->version = number;
        if (r > 0 && db_number(&d, "SELECT value FROM meta WHERE key = 'generation'", &number, NULL) >= 0 &&
            number > 0 && number <= CHECK_GENERATION_MAX)
            from->generation = number;
        db_close(&d);
    }
    return r;
}

int salvage_open(const char *copy, struct salvage_source *ret, struct failure *f)
{
    unsigned char header[HEADER] = {0};
    uint32_t version;
    *ret = (struct salvage_source){.copy = copy};
    checkpoint_copy(copy);
    (void)read_header(copy, header); /* on failure the version stays 0, which is invalid */
    memcpy(&version, header + 60, sizeof version);
    ret->version = be32toh(version);
    ret->n_pages = count_pages(copy);
    read_roots(ret);
    int r = read_meta(ret, f);
    if (ret->version < 1 || ret->version > schema_version())
        ret->version = schema_version();
    return r < 0 ? r : 0;
}

int salvage_rows(const struct salvage_source *source, struct db *to, struct salvage *s, struct failure *f)
{
    CLEANUP(shapes_free) struct shapes shapes = {0};
    int r = find_shapes(source->version, &shapes, f);
    for (size_t i = 0; r >= 0 && i < shapes.n; i++) {
        struct db from = {0};
        if (is_meta(&shapes.shape[i]))
            continue;
        int opened = open_table(source, &shapes.shape[i], &from, f);
        struct row_copy c = {.from = &from, .to = to, .shape = &shapes.shape[i], .count = s};
        r = opened > 0 ? carry_table(&c, f) : opened;
        if (opened == 0)
            note_broken(s, shapes.shape[i].name);
        db_close(&from);
    }
    return r;
}
