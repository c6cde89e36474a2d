/* SPDX-License-Identifier: MIT */
/* runtime/reconcile.c: ends the alerts of removed configuration, parks the messages of removed receivers, sends what
 * they did not receive to others, and retries parked messages at a start and a reload. */
#include "runtime/reconcile.h"

#include "base/log.h"
#include "base/text.h"
#include "runtime/app.h"
#include "runtime/commit.h"
#include "runtime/credentials.h"
#include "runtime/rights.h"
#include "runtime/tenant.h"

static const struct tenant_options *tenant_of(const struct app *app, const char *tenant_id)
{
    for (size_t i = 0; i < app->n_tenants; i++)
        if (app->tenant[i].options->enabled &&
            text_equal(app->tenant[i].options->identity.tenant_id, tenant_id))
            return app->tenant[i].options;
    return NULL;
}

/* `ignore = "all"` excludes a subject from every poll: no observation would ever resolve its alert. */
static bool is_judged(const struct app *app, const struct tenant_options *t, const struct alert *a)
{
    struct threshold thresholds[RULE_COUNT_];
    const struct alert_context *f = a->context;
    return !f || rules_for(&app->options->rules, &t->identity, f->sku_id, f->sku_part_number,
                           f->allotment_id, thresholds) != IGNORE_ALL;
}

/* Another scope names its subject differently. A SKU of subscribedSkus has the id of its one pool, and a pool
 * without a SKU is judged by itself in any scope. */
static bool pool_is_judged(const struct app *app, const struct tenant_options *t,
                           const struct alert *a)
{
    const struct alert_context *f = a->context;
    bool by_sku = app->options->rules.scope == SCOPE_SKU;
    bool is_sku = f && !(f->allotment_id && text_equal_nocase(f->allotment_id, a->subject));
    bool in_scope = is_sku == by_sku || (f && !f->sku_id && !f->sku_part_number);
    return !f || (in_scope && is_judged(app, t, a));
}

static bool right_is_named(const struct app *app, const struct tenant_options *t,
                           const struct alert *a)
{
    return rights_named(app, &t->identity, a->subject);
}

static bool receiver_is_known(const struct app *app, const struct alert *a)
{
    return receiver_index(&app->options->routes, a->subject) >= 0;
}

static bool credential_is_known(const struct app *app, const struct alert *a)
{
    return credentials_known(app, a->subject);
}

/* It is about all tenants: polls resolve it, or too few tenants are left. */
static bool always(const struct app *app, const struct alert *a)
{
    (void)app;
    (void)a;
    return true;
}

/* Whether what an alert is about is still configured. `by_itself`: it belongs to no tenant.
 * Otherwise its tenant is, and `in_tenant` (NULL: nothing) is what else it takes. */
static const struct {
    bool (*by_itself)(const struct app *app, const struct alert *a);
    bool (*in_tenant)(const struct app *app, const struct tenant_options *t, const struct alert *a);
} CONFIGURED[KIND_COUNT_] = {
    [KIND_CAPACITY] = {.in_tenant = pool_is_judged},
    [KIND_ERRORS] = {.in_tenant = is_judged},
    [KIND_DELIVERY] = {.by_itself = receiver_is_known},
    [KIND_RIGHT] = {.in_tenant = right_is_named},
    [KIND_SERVICE] = {.by_itself = always},
    [KIND_STORM] = {.by_itself = receiver_is_known},
    [KIND_CREDENTIAL] = {.by_itself = credential_is_known},
};

/* Every rule that fires it, or is pending, is off. */
static bool rules_are_off(const struct app *app, const struct tenant_options *t,
                          const struct alert *a)
{
    struct threshold thresholds[RULE_COUNT_];
    const struct alert_context *f = a->context;
    bool any = false;
    (void)rules_for(&app->options->rules, &t->identity, f ? f->sku_id : NULL,
                    f ? f->sku_part_number : NULL, f ? f->allotment_id : NULL, thresholds);
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        for (int i = 0; i < LEVELS; i++) {
            bool off = thresholds[rule].off || (rule_row((enum rule)rule)->limits_only &&
                                                !thresholds[rule].limit[i + 1].on);
            if (a->latch[rule][i].state == ALERT_OK)
                continue;
            if (!off)
                return false;
            any = true;
        }
    return any;
}

static bool still_configured(const struct alert *a, void *userdata)
{
    const struct app *app = userdata;
    if (CONFIGURED[a->kind].by_itself)
        return CONFIGURED[a->kind].by_itself(app, a);
    const struct tenant_options *t = tenant_of(app, a->tenant_id);
    if (t && rules_are_off(app, t, a))
        return false;
    if (t)
        return !CONFIGURED[a->kind].in_tenant || CONFIGURED[a->kind].in_tenant(app, t, a);
    /* A broken file of tenants.d may be this tenant's: its alert stays open, its state is unknown. */
    return app->options->tenants_incomplete && *a->tenant_id;
}

static void end_alerts(struct app *app)
{
    struct failure why = {0};
    struct changes *changes = NULL;
    struct plan_context ctx = commit_context(app, NULL, clock_now());
    int r = alerts_plan_removed(&ctx, app->registry, still_configured, app, &changes, &why);
    if (r >= 0)
        r = commit_changes(app, &ctx, changes, &why);
    if (r < 0)
        log_failure(LOG_ERR, &why, "alerts for removed configuration",
                    "they stay open until the next reload");
}

/* Returns whether there are messages for receivers that were removed. */
static bool park_messages(struct app *app)
{
    char name[RECEIVERS_MAX][64];
    struct failure why = {0};
    bool any = false;
    int n = store_outbox_receivers(app->store, name, RECEIVERS_MAX, &why);
    for (int i = 0; i < n; i++) {
        if (receiver_index(&app->options->routes, name[i]) >= 0 ||
            store_outbox_park_receiver(app->store, name[i], &why) < 0)
            continue;
        any = true;
        log_say(LOG_WARNING,
                "receiver \"%s\" is no longer configured: its queued messages are parked, and open "
                "alerts that it did not receive go to the receivers that match now",
                name[i]);
    }
    return any;
}

/* A receiver may be removed because it does not answer: what it did not receive goes to others. */
static void reroute(struct app *app)
{
    CLEANUP(free) struct delivery_record *records = NULL;
    struct failure why = {0};
    struct changes *changes = NULL;
    struct plan_context ctx = commit_context(app, NULL, clock_now());
    size_t n = 0;
    int r = store_delivery_records(app->store, &records, &n, &why);
    if (r >= 0)
        r = alerts_plan_receiver_removed(&ctx, app->registry, records, n, &changes, &why);
    if (r >= 0)
        r = commit_changes(app, &ctx, changes, &why);
    if (r < 0)
        log_failure(LOG_ERR, &why, "open alerts of a removed receiver",
                    "they go to other receivers after the next reload or start");
}

void reconcile_retry_parked(struct app *app, bool disabled_too)
{
    struct instant now = clock_now();
    for (size_t i = 0; i < app->options->n_receivers; i++) {
        const char *name = app->options->receiver[i].name;
        struct store_stats stats = {0};
        struct failure why = {0};
        bool disabled = dispatcher_disabled(app->dispatcher, name);
        if (disabled && !disabled_too)
            continue;
        int r = store_stats(app->store, name, &stats, &why);
        if (r >= 0 && (stats.parked > 0 || disabled))
            r = store_outbox_retry(app->store, name, now, &why);
        if (r < 0)
            log_failure(LOG_WARNING, &why, "parked messages",
                        "retried at the next reload or start");
    }
}

void reconcile(struct app *app)
{
    bool parked = park_messages(app);
    end_alerts(app);
    if (parked)
        reroute(app);
}
