/* SPDX-License-Identifier: MIT */
/* rules/memory.c: looks up, copies and frees the memory of a tenant. */
#include "base/text.h"
#include "rules/internal.h"
#include <errno.h>
#include <string.h>

int known_pool_copy(const struct known_pool *src, struct known_pool *dst)
{
    struct known_pool copy = *src;
    copy.id = copy.sku_id = copy.sku_part_number = NULL;
    bool copied = text_copy(src->id, &copy.id) >= 0 && text_copy(src->sku_id, &copy.sku_id) >= 0 &&
                  text_copy(src->sku_part_number, &copy.sku_part_number) >= 0;
    if (copied)
        *dst = copy;
    else
        known_pool_clear(&copy);
    return copied ? 0 : -ENOMEM;
}

bool pool_id_is_of(const char *id, enum source source)
{
    return (strncmp(id, "sku:", 4) == 0) == (source == SOURCE_SUBSCRIBED_SKUS);
}

void known_pool_clear(struct known_pool *p)
{
    free(p->id);
    free(p->sku_id);
    free(p->sku_part_number);
    *p = (struct known_pool){0};
}

void tenant_memory_free(struct tenant_memory *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n_pools; i++)
        known_pool_clear(&m->pool[i]);
    for (size_t i = 0; i < m->n_subscriptions; i++)
        free(m->subscription[i].id);
    for (size_t i = 0; i < m->n_groups; i++) {
        free(m->group[i].subject);
        free(m->group[i].sku_id);
        free(m->group[i].code);
    }
    for (size_t i = 0; i < m->n_drops; i++)
        free(m->drop[i].id);
    free(m->drop);
    free(m->pool);
    free(m->subscription);
    free(m->group);
    free(m);
}

static int compare_pool_id(const void *id, const void *pool)
{
    return strcmp(id, ((const struct known_pool *)pool)->id);
}

struct known_pool *memory_pool(const struct tenant_memory *m, const char *id)
{
    if (m->n_pools == 0)
        return NULL;
    return bsearch(id, m->pool, m->n_pools, sizeof *m->pool, compare_pool_id);
}
