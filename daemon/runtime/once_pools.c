/* SPDX-License-Identifier: MIT */
/* runtime/once_pools.c: the pools that --once has read, one by one: their ids stand nowhere else. */
#include "runtime/app.h"

/* Of the alert about this pool, or about its SKU (scope = "sku"). */
static const char *level_of(const struct tenant *t, const struct allotment *a)
{
    const char *const SUBJECTS[] = {a->id, a->sku_id};
    if (!a->units_known)
        return NULL;
    for (size_t i = 0; i < N_ELEMENTS(SUBJECTS); i++) {
        const struct alert *alert = SUBJECTS[i]
                                        ? registry_find(t->app->registry, KIND_CAPACITY,
                                                        t->options->identity.tenant_id, SUBJECTS[i])
                                        : NULL;
        if (alert && alert_state_is_up(alert->state) && alert->level > LEVEL_NONE)
            return level_name(alert->level);
    }
    return "ok";
}

void once_each_pool(const struct app *app, once_pool_visit *visit, void *userdata)
{
    const struct rule_options *o = &app->options->rules;
    for (size_t i = 0; i < app->n_tenants; i++) {
        const struct tenant *t = &app->tenant[i];
        for (size_t k = 0; t->last.snapshot && k < t->last.snapshot->n_allotments; k++) {
            const struct allotment *a = &t->last.snapshot->allotment[k];
            if (a->excluded)
                continue;
            const struct once_pool pool = {
                .tenant = t->options->identity.name,
                .allotment = a,
                .name = pool_configured_name(o, a->id),
                .product = product_name(o->products, a->sku_id, a->sku_part_number),
                .level = level_of(t, a)};
            visit(userdata, &pool);
        }
    }
}
