/* SPDX-License-Identifier: MIT */
/* model/snapshot.c: the finished snapshot: look-up, sums, freeing. */
#include "model/snapshot.h"
#include "model/internal.h"
#include <string.h>

void allotment_clear(struct allotment *a)
{
    free(a->id);
    free(a->sku_id);
    free(a->sku_part_number);
    subscriptions_free(a->subscriptions, a->n_subscriptions);
    *a = (struct allotment){0};
}

void error_group_clear(struct error_group *g)
{
    free(g->sku_id);
    free(g->code);
    *g = (struct error_group){0};
}

static void drop_allotments(struct snapshot *s)
{
    for (size_t i = 0; i < s->n_allotments; i++)
        allotment_clear(&s->allotment[i]);
    free(s->allotment);
    s->allotment = NULL;
    s->n_allotments = s->n_skus = 0;
}

static void drop_errors(struct snapshot *s)
{
    for (size_t i = 0; i < s->n_error_groups; i++)
        error_group_clear(&s->error_group[i]);
    free(s->error_group);
    s->error_group = NULL;
    s->n_error_groups = 0;
    s->other_errors = 0;
}

void snapshot_disbelieve(struct snapshot *s, bool allotments, bool errors)
{
    if (allotments && s->allotments == SECTION_COMPLETE) {
        drop_allotments(s);
        s->allotments = SECTION_UNKNOWN;
    }
    if (errors && s->errors == SECTION_COMPLETE) {
        drop_errors(s);
        s->errors = SECTION_UNKNOWN;
    }
}

void snapshot_free(struct snapshot *s)
{
    if (!s)
        return;
    drop_allotments(s);
    drop_errors(s);
    free(s->tenant);
    free(s->tenant_id);
    free(s);
}

static int by_id(const void *key, const void *element)
{
    return strcmp(key, ((const struct allotment *)element)->id);
}

const struct allotment *snapshot_find(const struct snapshot *s, const char *allotment_id)
{
    if (s->n_allotments == 0)
        return NULL;
    return bsearch(allotment_id, s->allotment, s->n_allotments, sizeof *s->allotment, by_id);
}

/* An unknown or overflowing value makes the sum unknown for good. */
static void sum_up(int64_t *sum, bool known, int64_t value)
{
    if (*sum == UNITS_UNKNOWN)
        return;
    if (!known || __builtin_add_overflow(*sum, value, sum))
        *sum = UNITS_UNKNOWN;
}

static void sum_up_waiting(const struct waiting *w, struct snapshot_totals *t)
{
    bool known = w->section == SECTION_COMPLETE;
    sum_up(&t->waiting, known, w->count);
    if (known && w->oldest_at != 0 && (t->oldest_at == 0 || w->oldest_at < t->oldest_at))
        t->oldest_at = w->oldest_at;
}

void snapshot_totals(const struct snapshot *s, struct snapshot_totals *ret)
{
    struct snapshot_totals t = {0};
    if (s->allotments == SECTION_COMPLETE) {
        for (size_t i = 0; i < s->n_allotments; i++)
            t.allotments += !s->allotment[i].excluded;
        t.skus = (int64_t)s->n_skus;
    } else {
        t.allotments = t.skus = t.allotted = t.consumed = t.waiting = UNITS_UNKNOWN;
    }
    /* Without waiting lists the number is unknown, even in an empty tenant. */
    if (s->source != SOURCE_CLOUD_LICENSING)
        t.waiting = UNITS_UNKNOWN;
    for (size_t i = 0; i < s->n_allotments; i++) {
        const struct allotment *a = &s->allotment[i];
        if (a->excluded)
            continue;
        sum_up(&t.allotted, a->units_known, a->allotted);
        sum_up(&t.consumed, a->units_known, a->consumed);
        sum_up_waiting(&a->waiting, &t);
    }
    if (t.waiting == UNITS_UNKNOWN)
        t.oldest_at = 0;
    if (s->errors != SECTION_COMPLETE)
        t.errors = UNITS_UNKNOWN;
    for (size_t i = 0; i < s->n_error_groups; i++)
        if (!s->error_group[i].excluded)
            sum_up(&t.errors, true, s->error_group[i].count);
    sum_up(&t.errors, true, s->other_errors);
    *ret = t;
}

bool snapshot_complete(const struct snapshot *s)
{
    if (s->allotments != SECTION_COMPLETE || s->errors == SECTION_UNKNOWN)
        return false;
    for (size_t i = 0; i < s->n_allotments; i++)
        if (s->allotment[i].waiting.section == SECTION_UNKNOWN)
            return false;
    return true;
}
