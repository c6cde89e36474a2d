/* SPDX-License-Identifier: MIT */
/* store/row_set.c: writes the rows of one owner that differ from those in the database. */
#include "store/row_set.h"

#include <errno.h>
#include <string.h>

struct differences {
    size_t *put; /* positions in the set */
    size_t n_put;
    char **gone; /* keys */
    size_t n_gone;
};

static void differences_clear_at(struct differences *d)
{
    for (size_t i = 0; i < d->n_gone; i++)
        free(d->gone[i]);
    free(d->gone);
    free(d->put);
}

static void make_row(const struct row_set *set, const char *owner, size_t i, struct row *row)
{
    *row = (struct row){0};
    row_text(row, owner);
    row_text(row, set->key(set->items, i));
    set->fill(set->items, i, row);
}

static int add_put(struct differences *d, size_t i, const struct row_set *set)
{
    if (!d->put && !(d->put = calloc(set->n, sizeof *d->put)))
        return -ENOMEM;
    d->put[d->n_put++] = i;
    return 0;
}

static int add_gone(struct differences *d, const char *key)
{
    if (array_room(&d->gone, d->n_gone, sizeof *d->gone) < 0)
        return -ENOMEM;
    d->gone[d->n_gone] = strdup(key);
    return d->gone[d->n_gone] ? (int)(d->n_gone++, 0) : -ENOMEM;
}

static int by_key(const void *a, const void *b, void *arg)
{
    const struct row_set *set = arg;
    return strcmp(set->key(set->items, *(const size_t *)a), set->key(set->items, *(const size_t *)b));
}

/* Merges both lists by key; SQLite's BINARY collation and strcmp order them alike. */
static int compare(struct db *db, const struct row_set *set, const char *owner, const size_t *order,
                   struct differences *d, struct failure *f)
{
    CLEANUP(query_end) struct query q = query_new(db, set->listing);
    query_text(&q, owner);
    size_t i = 0;
    int r, bad = 0;
    while (bad >= 0 && (r = query_step(&q, f)) > 0) {
        const char *key = query_get_text(&q, 0);
        int c = 1;
        if (!key)
            return failure_oom(f);
        while (i < set->n && (c = strcmp(set->key(set->items, order[i]), key)) < 0 && bad >= 0)
            bad = add_put(d, order[i++], set);
        if (bad < 0)
            break;
        if (i < set->n && c == 0) {
            struct row row;
            make_row(set, owner, order[i], &row);
            if (row_sum(set->table, &row) != query_get_int(&q, 1))
                bad = add_put(d, order[i], set);
            i++;
        } else {
            bad = add_gone(d, key);
        }
    }
    while (bad >= 0 && r >= 0 && i < set->n)
        bad = add_put(d, order[i++], set);
    return bad < 0 ? failure_oom(f) : r;
}

int row_set_put(struct db *db, const struct row_set *set, const char *owner, struct failure *f)
{
    CLEANUP(differences_clear) struct differences d = {0};
    CLEANUP(free) size_t *order = calloc(set->n ? set->n : 1, sizeof *order);
    if (!order)
        return failure_oom(f);
    for (size_t i = 0; i < set->n; i++)
        order[i] = i;
    qsort_r(order, set->n, sizeof *order, by_key, (void *)(uintptr_t)set);
    int r = compare(db, set, owner, order, &d, f);
    struct row row;
    for (size_t i = 0; r >= 0 && i < d.n_put; i++) {
        make_row(set, owner, d.put[i], &row);
        r = row_put(db, set->table, &row, f);
    }
    for (size_t i = 0; r >= 0 && i < d.n_gone; i++) {
        row = (struct row){0};
        row_text(&row, owner);
        row_text(&row, d.gone[i]);
        r = row_delete(db, set->table, &row, f);
    }
    return r;
}

/* Writing an unchanged row would cost a sync of its own. */
int row_put_if_changed(struct db *d, const struct table *t, const char *find_sum, const struct row *row,
                       struct failure *f)
{
    {
        CLEANUP(query_end) struct query q = query_new(d, find_sum);
        query_text(&q, row->cell[0].bytes);
        int r = query_step(&q, f);
        if (r < 0 || (r > 0 && query_get_int(&q, 0) == row_sum(t, row)))
            return r < 0 ? r : 0;
    }
    return row_put(d, t, row, f);
}
