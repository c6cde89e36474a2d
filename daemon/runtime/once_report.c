/* SPDX-License-Identifier: MIT */
/* runtime/once_report.c: what both forms of the report of --once print. */
#include "runtime/once_report.h"

#include "base/text.h"
#include "runtime/app.h"
#include "runtime/tenant.h"

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

bool once_unusable(const struct tenant *t, char why[static ONCE_WHY_MAX])
{
    bool found =
        t->last.known && t->last.report.complete && t->last.committed && t->health.unusable[0];
    (void)snprintf(why, ONCE_WHY_MAX, "the numbers of a pool cannot be used: %s",
                   t->health.unusable);
    return found;
}

/* By the present configuration: an alert may have been notified before it was configured to be ignored. */
static bool is_ignored(const struct app *app, const struct alert *a)
{
    struct threshold unused[RULE_COUNT_];
    const struct rule_options *o = &app->options->rules;
    const struct alert_context *f = a->context;
    if (product_is_free(f->sku_id, f->sku_part_number) && !o->watch_free_skus)
        return true;
    for (size_t i = 0; i < app->n_tenants; i++) {
        const struct tenant_identity *t = &app->tenant[i].options->identity;
        if (text_equal(t->tenant_id, a->tenant_id))
            return rules_for(o, t, f->sku_id, f->sku_part_number, f->allotment_id, unused) != IGNORE_NOTHING;
    }
    return false;
}

bool once_notified(const struct app *app, const struct alert *a)
{
    if (a->notified == LEVEL_NONE || a->level <= a->muted[a->rule] || is_ignored(app, a))
        return false;
    struct reach to =
        route_for(&app->options->routes, a->kind, a->rule, a->level, a->context, clock_now().at);
    return (to.now | to.later) != 0;
}
