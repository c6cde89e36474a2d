/* SPDX-License-Identifier: MIT */
/* model/excluded.c: excludes pools and error groups from the sums of a snapshot, and counts its SKUs. */
#include "model/snapshot.h"

#include "model/internal.h"
#include <errno.h>
#include <string.h>
#include <strings.h>

static int compare_names(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

int snapshot_count_skus(struct snapshot *s)
{
    CLEANUP(free) const char **sku = calloc(s->n_allotments + 1, sizeof *sku);
    if (!sku)
        return -ENOMEM;
    size_t n = 0;
    for (size_t i = 0; i < s->n_allotments; i++) {
        const struct allotment *a = &s->allotment[i];
        const char *name = a->sku_id ? a->sku_id : a->sku_part_number;
        if (name && !a->excluded)
            sku[n++] = name;
    }
    qsort(sku, n, sizeof *sku, compare_names);
    s->n_skus = 0;
    for (size_t i = 0; i < n; i++)
        s->n_skus += i == 0 || strcasecmp(sku[i - 1], sku[i]) != 0;
    return 0;
}

static int compare_sku_ids(const void *a, const void *b)
{
    const struct allotment *const *x = a, *const *y = b;
    return strcasecmp((*x)->sku_id, (*y)->sku_id);
}

static int find_sku_id(const void *key, const void *item)
{
    const struct allotment *const *a = item;
    return strcasecmp(key, (*a)->sku_id);
}

int snapshot_exclude(struct snapshot *s,
                     bool (*is_out)(const void *userdata, const char *sku_id,
                                    const char *sku_part_number, const char *allotment_id),
                     const void *userdata)
{
    /* An error has the id of its SKU only; the part number is looked up in the pools. */
    CLEANUP(free) const struct allotment **named = calloc(s->n_allotments + 1, sizeof *named);
    size_t n = 0;
    if (!named)
        return -ENOMEM;
    for (size_t i = 0; i < s->n_allotments; i++) {
        struct allotment *a = &s->allotment[i];
        a->excluded = is_out(userdata, a->sku_id, a->sku_part_number, a->id);
        if (a->sku_id)
            named[n++] = a;
    }
    qsort(named, n, sizeof *named, compare_sku_ids);
    for (size_t i = 0; i < s->n_error_groups; i++) {
        struct error_group *g = &s->error_group[i];
        const struct allotment *const *of =
            g->sku_id ? bsearch(g->sku_id, named, n, sizeof *named, find_sku_id) : NULL;
        g->excluded = is_out(userdata, g->sku_id, of ? (*of)->sku_part_number : NULL, NULL);
    }
    return snapshot_count_skus(s);
}
