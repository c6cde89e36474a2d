/* SPDX-License-Identifier: MIT */
/* runtime/once_pools.c: the pools that --once has read, one by one: their ids stand nowhere else. */
#include "runtime/app.h"

/* Of the alert about this pool, or about its SKU (scope = "sku"). */
static const char *level_of(const struct watch *w, const struct allotment *a)
{
    const char *const SUBJECTS[] = {a->id, a->sku_id};
    if (!a->units_known)
        return NULL;
    for (size_t i = 0; i < N_ELEMENTS(SUBJECTS); i++) {
        const struct alert *alert = SUBJECTS[i]
                                        ? registry_find(w->app->registry, KIND_CAPACITY,
                                                        w->options->identity.tenant_id, SUBJECTS[i])
                                        : NULL;
        if (alert && alert_state_is_up(alert->state) && alert->level > LEVEL_NONE)
            return level_name(alert->level);
    }
    return "ok";
}

void once_each_pool(const struct app *app, once_pool_visit *visit, void *userdata)
{
    const struct rule_options *o = &app->options->rules;
    for (size_t i = 0; i < app->n_watches; i++) {
        const struct watch *w = &app->watch[i];
        for (size_t k = 0; w->last.snapshot && k < w->last.snapshot->n_allotments; k++) {
            const struct allotment *a = &w->last.snapshot->allotment[k];
            if (a->left_out)
                continue;
            const struct once_pool pool = {
                .tenant = w->options->identity.name,
                .allotment = a,
                .name = pool_configured_name(o, a->id),
                .product = product_name(o->products, a->sku_id, a->sku_part_number),
                .level = level_of(w, a)};
            visit(userdata, &pool);
        }
    }
}
