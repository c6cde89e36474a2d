/* SPDX-License-Identifier: MIT */
/* store/quarantine.c: moves bad rows to the table quarantine, where a person can examine them. */
#include "store/row.h"

#include "base/text.h"
#include "store/store.h"
#include <errno.h>
#include <string.h>

#define CONTENT_MAX (64 * 1024)

struct bad_row {
    const struct table *table;
    struct row *key;
    char *content;
};

void bad_rows_free(struct bad_rows *b)
{
    for (size_t i = 0; i < b->n; i++) {
        free(b->row[i].key);
        free(b->row[i].content);
    }
    free(b->row);
    *b = (struct bad_rows){0};
}

/* The values as SQL literals, cut at CONTENT_MAX. */
static char *describe(const struct row *row)
{
    struct text t = TEXT_INIT(CONTENT_MAX);
    for (size_t i = 0; i < row->n; i++) {
        const struct cell *c = &row->cell[i];
        size_t room = CONTENT_MAX - t.len;
        size_t len = c->len * 2 + 64 < room ? c->len : room > 64 ? (room - 64) / 2 : 0;
        if (i)
            text_add(&t, ", ");
        if (c->type == CELL_NULL) {
            text_add(&t, "NULL");
        } else if (c->type == CELL_INT) {
            text_addf(&t, "%lld", (long long)c->number);
        } else if (c->type == CELL_TEXT && text_is_utf8(c->bytes, len) &&
                   !memchr(c->bytes, 0, len)) {
            text_add(&t, "'");
            for (size_t k = 0; k < len; k++)
                text_add_bytes(&t, c->bytes[k] == '\'' ? "''" : &c->bytes[k],
                               c->bytes[k] == '\'' ? 2 : 1);
            text_add(&t, "'");
        } else {
            text_add(&t, "x'");
            for (size_t k = 0; k < len; k++)
                text_addf(&t, "%02x", (unsigned char)c->bytes[k]);
            text_add(&t, "'");
        }
        if (len < c->len)
            break;
    }
    return text_take(&t);
}

int bad_rows_add(struct bad_rows *b, const struct table *t, const struct row *row)
{
    if (array_room(&b->row, b->n, sizeof *b->row) < 0)
        return -ENOMEM;
    struct row key = {.n = t->n_key};
    memcpy(key.cell, row->cell, t->n_key * sizeof *key.cell);
    struct bad_row *bad = &b->row[b->n++];
    *bad = (struct bad_row){.table = t, .key = row_copy(&key)};
    if (!bad->key)
        return -ENOMEM;
    bad->content = describe(row);
    return bad->content ? 0 : -ENOMEM;
}

int rows_each(struct query *q, const struct table *t, size_t at,
              int (*take)(struct row *row, void *into), void *into, struct bad_rows *bad,
              struct failure *f)
{
    int r;
    while ((r = query_step(q, f)) > 0) {
        struct row row;
        int good = row_read(q, t, &row);
        row.at = at;
        if (good > 0 && take)
            good = take(&row, into) < 0 ? -ENOMEM : !row.wrong;
        if (good < 0 || (good == 0 && bad_rows_add(bad, t, &row) < 0))
            return failure_oom(f);
    }
    return r;
}

int quarantine_note(struct db *d, usec_t now_at, const char *source, const char *content,
                    struct failure *f)
{
    CLEANUP(query_end)
    struct query q =
        query_new(d, "INSERT INTO quarantine (at, source, content) VALUES (?1, ?2, ?3)");
    query_usec(&q, now_at);
    query_text(&q, source);
    query_text(&q, content);
    return query_run(&q, f);
}

int damage_note(struct db *d, unsigned what, struct failure *f)
{
    CLEANUP(query_end)
    struct query q = query_new(d, "INSERT INTO meta (key, value) VALUES ('damage', ?1)"
                                  " ON CONFLICT (key) DO UPDATE SET value = value | excluded.value");
    query_int(&q, what);
    return query_run(&q, f);
}

static int move(struct db *d, const struct bad_row *bad, usec_t now_at, struct failure *f)
{
    int r = quarantine_note(d, now_at, bad->table->name, bad->content, f);
    return r < 0 ? r : row_delete(d, bad->table, bad->key, f);
}

int bad_rows_keep(struct db *d, const struct bad_rows *b, usec_t now_at, struct failure *f)
{
    int r = 0;
    for (size_t i = 0; r >= 0 && i < b->n; i++)
        r = quarantine_note(d, now_at, b->row[i].table->name, b->row[i].content, f);
    return r;
}

/* Also moves the outbox rows of a bad event: they have nothing to deliver. */
static int move_deliveries(struct db *d, const struct bad_row *event, usec_t now_at,
                           struct failure *f)
{
    CLEANUP(bad_rows_free) struct bad_rows more = {0};
    CLEANUP(query_end) struct query q = row_select(d, &TABLE_OUTBOX, "WHERE event = ?1");
    query_int(&q, event->key->cell[0].number);
    int r;
    while ((r = query_step(&q, f)) > 0) {
        struct row row;
        if (row_read(&q, &TABLE_OUTBOX, &row) < 0 || bad_rows_add(&more, &TABLE_OUTBOX, &row) < 0)
            return failure_oom(f);
    }
    for (size_t i = 0; r >= 0 && i < more.n; i++)
        r = move(d, &more.row[i], now_at, f);
    return r;
}

int bad_rows_move(struct db *d, const struct bad_rows *b, usec_t now_at, struct failure *f)
{
    int r = 0;
    for (size_t i = 0; r >= 0 && i < b->n; i++) {
        if (b->row[i].table == &TABLE_EVENT)
            r = move_deliveries(d, &b->row[i], now_at, f);
        if (r >= 0)
            r = move(d, &b->row[i], now_at, f);
    }
    return r;
}

/* A bad body is no damage: it is rendered again. Without its reference a message is sent anew. */
unsigned bad_rows_damage(const struct bad_rows *b)
{
    static const struct {
        const struct table *table;
        unsigned what;
    } MEANINGS[] = {
        {&TABLE_BODY, 0},
        {&TABLE_MESSAGE_REF, 0},
        {&TABLE_EVENT, STORE_DAMAGE_MESSAGES},
        {&TABLE_OUTBOX, STORE_DAMAGE_MESSAGES},
        {&TABLE_TOLD, STORE_DAMAGE_MESSAGES},
        {&TABLE_HELD, STORE_DAMAGE_MESSAGES},
    };
    unsigned what = 0;
    for (size_t i = 0; i < b->n; i++) {
        size_t k = 0;
        while (k < N_ELEMENTS(MEANINGS) && MEANINGS[k].table != b->row[i].table)
            k++;
        what |= k < N_ELEMENTS(MEANINGS) ? MEANINGS[k].what : STORE_DAMAGE_STATE;
    }
    return what;
}
