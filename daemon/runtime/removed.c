/* SPDX-License-Identifier: MIT */
/* What is configured no more: its alerts end and say why, its messages are kept where they can be seen. */
#include "runtime/app.h"

#include "base/log.h"

static const struct tenant_options *tenant_of(const struct app *app, const char *tenant_id)
{
    for (size_t i = 0; i < app->n_watches; i++)
        if (app->watch[i].options->enabled &&
            text_equal_nocase(app->watch[i].options->facts.tenant_id, tenant_id))
            return app->watch[i].options;
    return NULL;
}

/* `ignore = "all"` leaves a subject out of every poll, and another scope gives it another name: no
 * sample would ever come again to end what was told. */
static bool still_judged(const struct app *app, const struct tenant_options *t, const struct alert *a)
{
    struct threshold thresholds[RULE_COUNT_];
    const struct facts *f = a->facts;
    if (a->kind == KIND_RIGHT)
        return rights_named(app, &t->facts, a->subject);
    if (!f || (a->kind != KIND_CAPACITY && a->kind != KIND_ERRORS))
        return true;
    if (a->kind == KIND_CAPACITY && (f->allotment_id == NULL) != (app->options->rules.scope == SCOPE_SKU))
        return false;
    return rules_for(&app->options->rules, &t->facts, f->sku_id, f->sku_part_number, f->allotment_id, thresholds) !=
           IGNORE_ALL;
}

/* Alerts about receivers have no tenant. */
static bool still_configured(const struct alert *a, void *userdata)
{
    const struct app *app = userdata;
    if (a->kind == KIND_SERVICE)
        return true; /* of all tenants: it ends when they are read, or too few are left */
    if (a->kind == KIND_DELIVERY)
        return receiver_index(&app->options->routes, a->subject) >= 0;
    if (a->kind == KIND_CREDENTIAL)
        return credentials_known(app, a->subject);
    const struct tenant_options *t = tenant_of(app, a->tenant_id);
    if (t)
        return still_judged(app, t, a);
    /* A broken file of tenants.d may be this tenant's: its alert is not over, it is unread. */
    return app->options->tenants_incomplete && *a->tenant_id;
}

static void end_alerts(struct app *app)
{
    struct failure why = {0};
    struct changes *changes = NULL;
    struct plan_context ctx = take_planning(app, NULL, clock_now());
    int r = alerts_plan_removed(&ctx, app->book, still_configured, app, &changes, &why);
    if (r >= 0)
        r = take_changes(app, NULL, NULL, changes, ctx.now, &why);
    if (r < 0)
        log_failure(LOG_ERR, &why, "alerts of what is configured no more", "they stay open until the next reload");
}

static void park_messages(struct app *app)
{
    char name[RECEIVERS_MAX][64];
    struct failure why = {0};
    int n = store_outbox_receivers(app->store, name, RECEIVERS_MAX, &why);
    for (int i = 0; i < n; i++)
        if (receiver_index(&app->options->routes, name[i]) < 0 &&
            store_outbox_park_receiver(app->store, name[i], &why) >= 0)
            log_say(LOG_WARNING, "receiver \"%s\" is configured no more; what was queued for it is parked", name[i]);
}

void removed_settle(struct app *app)
{
    park_messages(app);
    end_alerts(app);
}
