/* SPDX-License-Identifier: MIT */
/* store/row.c: reads and writes rows with checksums, and undoes changes. */
#include "store/row.h"

#include "base/digest.h"
#include "base/text.h"
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <string.h>

/* Tenant rows need no undo: the next poll rewrites all of them. */
const struct table TABLE_TENANT = {
    "tenant", "tenant_id, source, emptied, mass_absence, zero_at, zero_mono, zero_boot", 1, false};
const struct table TABLE_HEALTH = {
    "health",
    "tenant_id, first_at, first_mono, first_boot, "
    "allotments_at, allotments_mono, allotments_boot, allotments_missed, "
    "waiting_at, waiting_mono, waiting_boot, waiting_missed, "
    "errors_at, errors_mono, errors_boot, errors_missed, "
    "failing, kind, text, schema_changed, emptied, mass_absence, broken_config, source, "
    "api_refusals, units_at, units_mono, units_boot, units_missed",
    1, false};
const struct table TABLE_POOL = {
    "known_pool",
    "tenant_id, id, sku_id, sku_part_number, allotted, consumed, first_seen_at, absent_polls, "
    "absent_at, absent_mono, absent_boot, gone, silent",
    2, false};
const struct table TABLE_SUBSCRIPTION = {
    "known_subscription",
    "tenant_id, id, state, seen_active, next_lifecycle_date, absent_at, absent_mono, absent_boot",
    2, false};
const struct table TABLE_GROUP = {
    "known_group",
    "tenant_id, subject, sku_id, code, first_seen_at, absent_at, absent_mono, absent_boot", 2,
    false};
const struct table TABLE_DROP = {
    "known_drop",
    "tenant_id, id, reference, since_at, since_mono, since_boot, peak_1, at_1, mono_1, boot_1, "
    "peak_2, at_2, mono_2, boot_2, peak_3, at_3, mono_3, boot_3, peak_4, at_4, mono_4, boot_4",
    2, false};
const struct table TABLE_ALERT = {
    "alert",
    "id, kind, tenant_id, subject, episode, seq, state, level, rule, value, threshold, unit, "
    "started_at, started_mono, started_boot, said, said_rule, said_value, said_waiting, "
    "said_cause, reminder_at, reminders, latches, muted, facts, silenced_at, silenced_level, "
    "silenced_rule, silenced_value, silenced_waiting, broken_at, flap",
    1, true};
const struct table TABLE_EVENT = {
    "event",
    "id, event_id, digest_id, folded_into, alert_id, episode, seq, type, level, at, content", 1,
    true};
const struct table TABLE_OUTBOX = {
    "outbox",
    "id, event, receiver, queue, episode, type, state, attempts, unknown, combined, created_at, "
    "due_at, set_at, set_mono, set_boot, finished_at, size",
    1, true};
const struct table TABLE_BODY = {"body", "outbox, bytes", 1, true};
const struct table TABLE_TOLD = {"told", "alert_id, receiver, episode, tried", 2, true};
const struct table TABLE_HELD = {"held", "alert_id, receiver, episode", 2, true};
const struct table TABLE_SILENCE = {
    "silence",
    "id, author, comment, tenant, sku, allotment, rule, severity, labels, alert_id, episode, "
    "created_at, created_mono, created_boot, start_at, end_at, lasts, weekly, zone, hold",
    1, true};
const struct table TABLE_MESSAGE_REF = {"message_ref", "alert_id, receiver, episode, ref", 2, true};
const struct table TABLE_PAST = {"past_alert", "alert_id, episode, seq, ended_at", 1, true};

/* ---- writing ---- */

struct row *row_copy(const struct row *row)
{
    size_t cells = row->n * sizeof *row->cell, size = offsetof(struct row, cell) + cells;
    for (size_t i = 0; i < row->n; i++)
        size += row->cell[i].bytes ? row->cell[i].len : 0;
    struct row *copy = malloc(size);
    if (!copy)
        return NULL;
    memcpy(copy, row, offsetof(struct row, cell) + cells);
    char *bytes = (char *)copy + offsetof(struct row, cell) + cells;
    for (size_t i = 0; i < row->n; i++)
        if (row->cell[i].bytes) {
            memcpy(bytes, row->cell[i].bytes, row->cell[i].len);
            copy->cell[i].bytes = bytes;
            bytes += row->cell[i].len;
        }
    return copy;
}

static struct cell *next_cell(struct row *row)
{
    assert(row->n < ROW_CELLS);
    return &row->cell[row->n++];
}

void row_int(struct row *row, int64_t value)
{
    *next_cell(row) = (struct cell){.type = CELL_INT, .number = value};
}

void row_usec(struct row *row, usec_t value)
{
    row_int(row, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

void row_text(struct row *row, const char *text)
{
    if (text)
        *next_cell(row) = (struct cell){.type = CELL_TEXT, .bytes = text, .len = strlen(text)};
    else
        *next_cell(row) = (struct cell){.type = CELL_NULL};
}

void row_blob(struct row *row, const void *bytes, size_t len)
{
    if (bytes)
        *next_cell(row) = (struct cell){.type = CELL_BLOB, .bytes = bytes, .len = len};
    else
        *next_cell(row) = (struct cell){.type = CELL_NULL};
}

void row_instant(struct row *row, const struct instant *t)
{
    row_usec(row, t->at);
    row_usec(row, t->mono);
    row_int(row, (int64_t)t->boot); /* random bits; the sign has no meaning */
}

/* Like FNV-1a, but eight bytes at a time. Each step is a bijection, so a change of one word always
 * changes the sum; the shift moves high bits down, which the multiplication does not. */
static uint64_t add_word(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return sum ^ sum >> 32;
}

static uint64_t add_bytes(uint64_t sum, const char *bytes, size_t len)
{
    uint64_t word;
    for (; len >= sizeof word; bytes += sizeof word, len -= sizeof word) {
        memcpy(&word, bytes, sizeof word);
        sum = add_word(sum, le64toh(word));
    }
    word = 0;
    memcpy(&word, bytes, len);
    return len ? add_word(sum, le64toh(word)) : sum;
}

/* Covers the table name, types and lengths, so that different rows never yield the same words. */
int64_t row_sum(const struct table *t, const struct row *row)
{
    uint64_t sum = add_bytes(FNV1A_SEED, t->name, strlen(t->name));
    for (size_t i = 0; i < row->n; i++) {
        const struct cell *c = &row->cell[i];
        sum = add_word(sum, (uint64_t)c->type);
        sum = add_word(sum, c->type == CELL_INT ? (uint64_t)c->number : (uint64_t)c->len);
        if (c->type == CELL_TEXT || c->type == CELL_BLOB)
            sum = add_bytes(sum, c->bytes, c->len);
    }
    return (int64_t)sum;
}

static void bind_cell(struct query *q, const struct cell *c)
{
    switch (c->type) {
    case CELL_NULL:
        query_text(q, NULL);
        return;
    case CELL_INT:
        query_int(q, c->number);
        return;
    case CELL_TEXT: /* a damaged row's text may contain a NUL: use the length */
        query_text_n(q, c->bytes, c->len);
        return;
    case CELL_BLOB:
        query_blob(q, c->bytes, c->len);
        return;
    }
}

static size_t count_columns(const struct table *t)
{
    size_t n = 1;
    for (const char *c = t->columns; (c = strchr(c, ',')); c++)
        n++;
    return n;
}

/* Calls `put` for each column. */
static void each_column(const struct table *t, struct text *sql,
                        void (*put)(struct text *sql, size_t i, int len, const char *name))
{
    const char *name = t->columns;
    for (size_t i = 0; name; i++) {
        const char *comma = strchr(name, ',');
        put(sql, i, comma ? (int)(comma - name) : (int)strlen(name), name);
        name = comma ? comma + 2 : NULL;
    }
}

static void put_excluded(struct text *sql, size_t i, int len, const char *name)
{
    (void)i;
    text_addf(sql, "%.*s = excluded.%.*s, ", len, name, len, name);
}

static void put_parameter(struct text *sql, size_t i, int len, const char *name)
{
    (void)len, (void)name;
    text_addf(sql, "?%zu, ", i + 1);
}

/* Length of the key columns at the start of `columns`. */
static int key_length(const struct table *t)
{
    const char *end = t->columns;
    for (size_t i = 0; i < t->n_key; i++)
        end = strchr(end + (i > 0), ',');
    return (int)(end - t->columns);
}

static void put_key(struct text *sql, const struct table *t)
{
    text_addf(sql, "(%.*s) IS (", key_length(t), t->columns);
    for (size_t i = 0; i < t->n_key; i++)
        text_addf(sql, i ? ", ?%zu" : "?%zu", i + 1);
    text_add(sql, ")");
}

/* Not INSERT OR REPLACE: that would delete the rows that refer to this one. */
static char *make_put(const void *about, const char *key)
{
    const struct table *t = about;
    struct text sql = TEXT_INIT(8192);
    (void)key;
    text_addf(&sql, "INSERT INTO %s (%s, sum) VALUES (", t->name, t->columns);
    each_column(t, &sql, put_parameter);
    text_addf(&sql, "?%zu) ON CONFLICT (%.*s) DO UPDATE SET ", count_columns(t) + 1, key_length(t),
              t->columns);
    each_column(t, &sql, put_excluded);
    text_add(&sql, "sum = excluded.sum");
    return text_take(&sql);
}

static char *make_put_new(const void *about, const char *key)
{
    const struct table *t = about;
    struct text sql = TEXT_INIT(8192);
    (void)key;
    text_addf(&sql, "INSERT OR IGNORE INTO %s (%s, sum) VALUES (", t->name, t->columns);
    each_column(t, &sql, put_parameter);
    text_addf(&sql, "?%zu)", count_columns(t) + 1);
    return text_take(&sql);
}

static char *make_delete(const void *about, const char *key)
{
    const struct table *t = about;
    struct text sql = TEXT_INIT(1024);
    (void)key;
    text_addf(&sql, "DELETE FROM %s WHERE ", t->name);
    put_key(&sql, t);
    return text_take(&sql);
}

static char *make_select(const void *about, const char *rest)
{
    const struct table *t = about;
    return text_printf("SELECT %s, sum FROM %s %s", t->columns, t->name, rest);
}

static int put_row(struct db *d, const struct table *t, const struct row *row, struct failure *f)
{
    static const char KEY[] = "put";
    assert(row->n == count_columns(t));
    CLEANUP(query_end) struct query q = query_cached(d, t, KEY, make_put);
    for (size_t i = 0; i < row->n; i++)
        bind_cell(&q, &row->cell[i]);
    query_int(&q, row_sum(t, row));
    return query_run(&q, f);
}

int row_put_new(struct db *d, const struct table *t, const struct row *row, struct failure *f)
{
    static const char KEY[] = "put new";
    CLEANUP(query_end) struct query q = query_cached(d, t, KEY, make_put_new);
    for (size_t i = 0; i < row->n; i++)
        bind_cell(&q, &row->cell[i]);
    query_int(&q, row_sum(t, row));
    int r = query_run(&q, f);
    return r < 0 ? r : sqlite3_changes64(d->handle) > 0;
}

static int delete_row(struct db *d, const struct table *t, const struct row *row, struct failure *f)
{
    static const char KEY[] = "delete";
    assert(row->n >= t->n_key);
    CLEANUP(query_end) struct query q = query_cached(d, t, KEY, make_delete);
    for (size_t i = 0; i < t->n_key; i++)
        bind_cell(&q, &row->cell[i]);
    return query_run(&q, f);
}

/* ---- undo ---- */

struct undo_step {
    const struct table *table;
    struct row *row; /* its key only, if there was none */
    bool was_there;
};

static char *make_look(const void *about, const char *key)
{
    const struct table *t = about;
    struct text sql = TEXT_INIT(4096);
    (void)key;
    text_addf(&sql, "SELECT %s, sum FROM %s WHERE ", t->columns, t->name);
    put_key(&sql, t);
    return text_take(&sql);
}

static int note(struct db *d, const struct table *t, const struct row *row, struct failure *f)
{
    static const char KEY[] = "look";
    if (!t->undone)
        return 0;
    CLEANUP(query_end) struct query q = query_cached(d, t, KEY, make_look);
    for (size_t i = 0; i < t->n_key; i++)
        bind_cell(&q, &row->cell[i]);
    int found = query_step(&q, f);
    if (found < 0)
        return found;
    struct row old = {.n = t->n_key};
    memcpy(old.cell, row->cell, t->n_key * sizeof *old.cell);
    if (found > 0 && row_read(&q, t, &old) < 0)
        return failure_oom(f);
    if (array_room(&d->undo.step, d->undo.n, sizeof *d->undo.step) < 0)
        return failure_oom(f);
    CLEANUP(free) struct undo_step *step = malloc(sizeof *step);
    if (!step)
        return failure_oom(f);
    *step = (struct undo_step){.table = t, .row = row_copy(&old), .was_there = found > 0};
    if (!step->row)
        return failure_oom(f);
    d->undo.step[d->undo.n++] = TAKE(step);
    return 0;
}

int undo_apply(struct db *d, const struct undo *u, struct failure *f)
{
    int r = 0;
    for (size_t i = u->n; r >= 0 && i-- > 0;) {
        const struct undo_step *step = u->step[i];
        r = (step->was_there ? put_row : delete_row)(d, step->table, step->row, f);
    }
    return r;
}

void undo_clear(struct undo *u)
{
    for (size_t i = 0; i < u->n; i++) {
        free(u->step[i]->row);
        free(u->step[i]);
    }
    free(u->step);
    *u = (struct undo){0};
}

int row_next_id(struct db *d, const char *sql, int64_t *ret, struct failure *f)
{
    CLEANUP(query_end) struct query q = query_new(d, sql);
    int r = query_step(&q, f);
    if (r > 0)
        *ret = query_get_int(&q, 0);
    return r < 0 ? r : 0;
}

int row_put(struct db *d, const struct table *t, const struct row *row, struct failure *f)
{
    int r = note(d, t, row, f);
    return r < 0 ? r : put_row(d, t, row, f);
}

int row_delete(struct db *d, const struct table *t, const struct row *row, struct failure *f)
{
    int r = note(d, t, row, f);
    return r < 0 ? r : delete_row(d, t, row, f);
}

/* ---- reading ---- */

struct query row_select(struct db *d, const struct table *t, const char *rest)
{
    return query_cached(d, t, rest, make_select);
}

int row_read(const struct query *q, const struct table *t, struct row *ret)
{
    bool starved = false;
    *ret = (struct row){.n = count_columns(t)};
    assert(ret->n <= ROW_CELLS && (int)ret->n + 1 == sqlite3_column_count(q->stmt));
    for (int i = 0; i < (int)ret->n; i++) {
        struct cell *c = &ret->cell[i];
        switch (sqlite3_column_type(q->stmt, i)) {
        case SQLITE_INTEGER:
            *c = (struct cell){.type = CELL_INT, .number = sqlite3_column_int64(q->stmt, i)};
            break;
        case SQLITE_NULL:
            *c = (struct cell){.type = CELL_NULL};
            break;
        case SQLITE_BLOB:
            *c = (struct cell){.type = CELL_BLOB, .bytes = sqlite3_column_blob(q->stmt, i)};
            break;
        default:
            *c = (struct cell){.type = CELL_TEXT,
                               .bytes = (const char *)sqlite3_column_text(q->stmt, i)};
            break;
        }
        if (c->type == CELL_TEXT || c->type == CELL_BLOB) {
            c->len = (size_t)sqlite3_column_bytes(q->stmt, i);
            if (!c->bytes) { /* an empty blob, or out of memory, which is not a bad row */
                starved = starved || sqlite3_errcode(q->db->handle) == SQLITE_NOMEM;
                c->bytes = "";
                c->len = 0;
            }
        }
    }
    if (starved)
        return -ENOMEM;
    return row_sum(t, ret) == sqlite3_column_int64(q->stmt, (int)ret->n);
}

static const struct cell *read_cell(struct row *row)
{
    assert(row->at < row->n);
    return &row->cell[row->at++];
}

bool row_is_null(struct row *row)
{
    bool null = row->at < row->n && row->cell[row->at].type == CELL_NULL;
    row->at += null;
    return null;
}

int64_t row_get_int(struct row *row, int64_t min, int64_t max)
{
    const struct cell *c = read_cell(row);
    if (c->type == CELL_INT && c->number >= min && c->number <= max)
        return c->number;
    row->wrong = true;
    return 0;
}

bool row_get_bool(struct row *row)
{
    return row_get_int(row, 0, 1) != 0;
}

usec_t row_get_usec(struct row *row)
{
    return (usec_t)row_get_int(row, 0, INT64_MAX);
}

struct instant row_get_instant(struct row *row)
{
    struct instant t;
    t.at = row_get_usec(row);
    t.mono = row_get_usec(row);
    t.boot = (uint64_t)row_get_int(row, INT64_MIN, INT64_MAX);
    return t;
}

const char *row_get_text_or_null(struct row *row)
{
    const struct cell *c = read_cell(row);
    if (c->type == CELL_TEXT && strlen(c->bytes) == c->len)
        return c->bytes;
    if (c->type != CELL_NULL)
        row->wrong = true;
    return NULL;
}

const char *row_get_text(struct row *row)
{
    const char *text = row_get_text_or_null(row);
    if (!text)
        row->wrong = true;
    return text ? text : "";
}

void row_get_buffer(struct row *row, char *dst, size_t size)
{
    const char *text = row_get_text(row);
    if (strlen(text) >= size) {
        row->wrong = true;
        text = "";
    }
    (void)snprintf(dst, size, "%s", text);
}

const char *row_get_blob(struct row *row, size_t *ret_len)
{
    const struct cell *c = read_cell(row);
    *ret_len = c->type == CELL_BLOB ? c->len : 0;
    if (c->type != CELL_BLOB && c->type != CELL_NULL)
        row->wrong = true;
    return c->type == CELL_BLOB ? c->bytes : NULL;
}
