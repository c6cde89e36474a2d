/* SPDX-License-Identifier: MIT */
/* rules/skus.c: groups the pools of a tenant by SKU, and names pools. */
#include "base/date.h"
#include "base/text.h"
#include "rules/internal.h"
#include <errno.h>
#include <string.h>
#include <strings.h>

int key_compare(const char *a, const char *b)
{
    if (!a || !b)
        return (a == NULL) - (b == NULL);
    return strcasecmp(a, b);
}

int key_compare_elements(const void *a, const void *b)
{
    return key_compare(*(const char *const *)a, *(const char *const *)b);
}

const char *allotment_key(const struct allotment *a)
{
    return a->sku_id ? a->sku_id : a->sku_part_number;
}

const char *known_pool_key(const struct known_pool *p)
{
    return p->sku_id ? p->sku_id : p->sku_part_number;
}

static int32_t start_date(const struct allotment *a)
{
    int32_t first = INT32_MAX; /* unknown dates sort last */
    for (size_t i = 0; i < a->n_subscriptions; i++) {
        int32_t date = a->subscriptions[i].start_date;
        if (date != DATE_UNKNOWN && date < first)
            first = date;
    }
    return first;
}

static int compare_by_sku(const void *x, const void *y, void *snapshot)
{
    const struct snapshot *s = snapshot;
    const struct allotment *a = &s->allotment[*(const size_t *)x];
    const struct allotment *b = &s->allotment[*(const size_t *)y];
    int r = key_compare(allotment_key(a), allotment_key(b));
    if (r)
        return r;
    int32_t da = start_date(a), db = start_date(b);
    return da != db ? (da > db) - (da < db) : strcmp(a->id, b->id);
}

static bool same_group(const struct allotment *a, const struct allotment *b)
{
    return allotment_key(a) && key_compare(allotment_key(a), allotment_key(b)) == 0;
}

static int compare_known_skus(const void *x, const void *y)
{
    const struct known_pool *const *a = x, *const *b = y;
    int r = key_compare((*a)->sku_id, (*b)->sku_id);
    return r ? r : (*a > *b) - (*a < *b); /* by id: memory is in id order */
}

static int compare_known_sku(const void *key, const void *known)
{
    return key_compare(key, (*(const struct known_pool *const *)known)->sku_id);
}

/* Indexes the first remembered pool, by id, of each SKU. */
static int index_known(struct groups *g)
{
    const struct tenant_memory *m = g->before;
    size_t n = 0, kept = 0;
    g->known = calloc(m->n_pools + 1, sizeof(void *));
    if (!g->known)
        return -ENOMEM;
    for (size_t k = 0; k < m->n_pools; k++)
        if (m->pool[k].sku_id)
            g->known[n++] = &m->pool[k];
    qsort(g->known, n, sizeof(void *), compare_known_skus);
    for (size_t k = 0; k < n; k++)
        if (k == 0 || key_compare(g->known[kept - 1]->sku_id, g->known[k]->sku_id) != 0)
            g->known[kept++] = g->known[k];
    g->n_known = kept;
    return 0;
}

int groups_new(const struct tenant_evaluation *e, struct groups *ret)
{
    const struct snapshot *s = e->snapshot;
    *ret = (struct groups){.snapshot = s, .before = e->before};
    size_t n = e->list_known ? s->n_allotments : 0;
    if (n == 0)
        return 0;
    ret->order = calloc(n, sizeof *ret->order);
    ret->group = calloc(n, sizeof *ret->group);
    ret->silent = calloc(n, sizeof *ret->silent);
    ret->ignored = calloc(n, sizeof *ret->ignored);
    ret->observation = calloc(n, sizeof *ret->observation);
    if (!ret->order || !ret->group || !ret->silent || !ret->ignored || !ret->observation)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        ret->order[i] = i;
    qsort_r(ret->order, n, sizeof *ret->order, compare_by_sku, (void *)s);
    for (size_t i = 0; i < n; i++) {
        const struct allotment *a = &s->allotment[ret->order[i]];
        if (ret->n > 0 && same_group(&s->allotment[ret->order[i - 1]], a)) {
            ret->group[ret->n - 1].n++;
            continue;
        }
        ret->group[ret->n++] = (struct group){
            .key = allotment_key(a),
            .sku_id = a->sku_id,
            .part_number = a->sku_part_number,
            .first = i,
            .n = 1,
            .free = product_is_free(a->sku_id, a->sku_part_number),
            .name = product_name(e->ctx->options->products, a->sku_id, a->sku_part_number),
        };
    }
    return 0;
}

void groups_clear(struct groups *g)
{
    free(g->order);
    free(g->group);
    free(g->silent);
    free(g->ignored);
    free(g->observation);
    free(g->known);
    *g = (struct groups){0};
}

static int compare_group(const void *key, const void *group)
{
    return key_compare(key, ((const struct group *)group)->key);
}

const struct group *groups_find(const struct groups *g, const char *key)
{
    if (g->n == 0 || !key)
        return NULL;
    return bsearch(key, g->group, g->n, sizeof *g->group, compare_group);
}

const struct allotment *groups_allotment(const struct groups *g, const struct group *of, size_t i)
{
    return &g->snapshot->allotment[g->order[of->first + i]];
}

/* The index is made on demand: only new pools and errors of SKUs that are not listed need it. */
static int find_known(struct groups *g, const char *sku_id, const struct known_pool **ret)
{
    if (!g->known && index_known(g) < 0)
        return -ENOMEM;
    const struct known_pool *const *found =
        bsearch(sku_id, g->known, g->n_known, sizeof(void *), compare_known_sku);
    *ret = found ? *found : NULL;
    return 0;
}

int groups_part_number(struct groups *g, const char *sku_id, const char **ret)
{
    const struct group *found = groups_find(g, sku_id);
    const struct known_pool *known = NULL;
    *ret = found ? found->part_number : NULL;
    if (found || !sku_id)
        return 0;
    int r = find_known(g, sku_id, &known);
    if (known)
        *ret = known->sku_part_number;
    return r;
}

int groups_was_known(struct groups *g, const struct group *of)
{
    const struct known_pool *known = NULL;
    int r = of->sku_id ? find_known(g, of->sku_id, &known) : 0;
    return r < 0 ? r : known || !of->sku_id;
}

static int compare_label(const void *key, const void *label)
{
    return strcmp(key, ((const struct label *)label)->key);
}

const char *pool_configured_name(const struct rule_options *o, const char *allotment_id)
{
    const struct label *found =
        o->n_pool_names ? bsearch(allotment_id, o->pool_name, o->n_pool_names,
                                  sizeof *o->pool_name, compare_label)
                        : NULL;
    return found ? found->value : NULL;
}

#define POOL_NAME_MAX 512

int pool_name(const struct rule_options *o, const struct groups *g, const struct group *of,
              size_t i, char **ret)
{
    const struct allotment *a = groups_allotment(g, of, i);
    const char *configured = pool_configured_name(o, a->id);
    *ret = NULL;
    if (configured)
        return text_copy(configured, ret);
    if (of->n < 2)
        return 0;
    CLEANUP(text_free) struct text t = TEXT_INIT(POOL_NAME_MAX);
    text_addf(&t, "pool %zu of %zu", i + 1, of->n);
    if (a->units_known)
        text_addf(&t, ", %lld units", (long long)a->allotted);
    char date[RFC3339_MAX];
    if (start_date(a) != INT32_MAX)
        text_addf(&t, ", since %s", date_print(start_date(a), date));
    *ret = text_take(&t);
    return *ret ? 0 : -ENOMEM;
}

bool allotment_is_trial(const struct allotment *a)
{
    if (!a->subscriptions_known || a->n_subscriptions == 0)
        return false;
    for (size_t i = 0; i < a->n_subscriptions; i++)
        if (!a->subscriptions[i].trial)
            return false;
    return true;
}
