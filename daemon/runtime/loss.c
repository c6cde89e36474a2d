/* SPDX-License-Identifier: MIT */
/* runtime/loss.c: recovers from damage to the state database, after the store has repaired what it can.
 *
 * A process that was running writes the alerts and tenants in its memory to the database. One that starts cannot:
 * lost alerts fire again with the next complete poll of each tenant. In both cases messages that may be lost are
 * sent again, and one message reports the damage. */
#include "runtime/loss.h"

#include "base/log.h"
#include "base/message_ids.h"
#include "runtime/app.h"
#include "runtime/commit.h"
#include "runtime/tenant.h"

#define REPORT_MAX 1280

static const char *what_follows(unsigned what, bool starting)
{
    if (what == STORE_DAMAGE_INDEXES)
        return "No other action is needed, but check the disk and the memory of this machine.";
    if (starting && what & (STORE_DAMAGE_REBUILT | STORE_DAMAGE_STATE))
        return "Alerts that could be carried over continue. Alerts that were lost fire again after the next complete poll "
               "of their tenant, if their condition persists. No alert is resolved because of this. Messages that may "
               "be lost are sent again. Check the disk and the memory of this machine.";
    return "Alerts continue. Messages that may be lost are sent again. Check the disk and the memory of this machine.";
}

static void write_report(const struct store_damage *d, bool starting, char report[static REPORT_MAX])
{
    (void)snprintf(report, REPORT_MAX, "%s %s",
                   *d->text ? d->text : "Damaged rows of the state database were set aside in its table quarantine.",
                   what_follows(d->what, starting));
}

/* One commit for each tenant, and one for the alerts. */
static int commit(struct app *app, const struct store_damage *d, bool starting, struct changes *changes,
                  struct instant now, struct failure *why)
{
    CLEANUP(free) struct commit *c = calloc(app->n_tenants + 1, sizeof *c);
    bool state = d->what & (STORE_DAMAGE_REBUILT | STORE_DAMAGE_STATE);
    size_t n = 0;
    if (!c) {
        changes_free(changes);
        return failure_oom(why);
    }
    for (size_t i = 0; state && i < app->n_tenants; i++) {
        struct tenant *t = &app->tenant[i];
        t->lost = t->lost || starting;
        c[n++] = (struct commit){.tenant_id = t->options->identity.tenant_id,
                                 .memory = starting ? NULL : t->memory,
                                 .health = starting || !t->memory ? NULL : &t->health,
                                 .lost = t->lost ? STORE_LOST : STORE_KEEP,
                                 .now = now};
    }
    c[n++] = (struct commit){.registry = state && !starting ? app->registry : NULL,
                             .changes = changes,
                             .routes = &app->options->routes,
                             .settles = true,
                             .now = now};
    return commit_all(app, c, n, changes, why);
}

static int settle(struct app *app, const struct store_damage *d, bool starting, struct failure *why)
{
    CLEANUP(free) struct delivery_record *records = NULL;
    struct changes *changes = NULL;
    struct instant now = clock_now();
    struct plan_context ctx = commit_context(app, NULL, now);
    char report[REPORT_MAX];
    size_t n = 0;
    write_report(d, starting, report);
    log_event(LOG_ERR, MESSAGE_STATE_REBUILT, NULL, "the state database was damaged: %s", report);
    int r = store_delivery_records(app->store, &records, &n, why);
    if (r >= 0)
        r = alerts_plan_lost(&ctx, app->registry, records, n, report, &changes, why);
    return r < 0 ? r : commit(app, d, starting, changes, now, why);
}

void loss_settle(struct app *app, bool starting)
{
    struct store_damage d = {0};
    struct failure why = {0};
    if (!app->store || app->cli->dry_run || app->settling)
        return;
    app->settling = true; /* a commit wakes the dispatcher, which may call this */
    int r = store_damage(app->store, &d, &why);
    if (r > 0)
        r = settle(app, &d, starting, &why);
    if (r < 0 && !app->store_failing)
        log_failure(LOG_ERR, &why, "recovery of the state database", "retried in a minute");
    app->settling = false;
}
