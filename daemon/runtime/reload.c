/* SPDX-License-Identifier: MIT */
/* runtime/reload.c: SIGHUP builds and checks a second set of options, and swaps it in only if it is whole.
 *
 * Deliveries in flight end first, so that a reload repeats none of them. */
#include "runtime/reload.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/message_ids.h"
#include "runtime/again.h"
#include "runtime/app.h"
#include "runtime/credential_watch.h"
#include "runtime/credentials.h"
#include "runtime/endpoint.h"
#include "runtime/inquiry.h"
#include "runtime/notify.h"
#include "runtime/poller.h"
#include "runtime/reconcile.h"
#include "runtime/setup.h"
#include "runtime/tenant.h"
#include "runtime/tick.h"

#define DELIVERY_GRACE (5 * USEC_PER_SEC)
#define PROBLEMS_MAX 16384 /* bytes; more problems are in the log only */

/* An attempt that outlasted the grace has an unknown outcome. */
static void renew_outbox(struct app *app)
{
    struct failure why = {0};
    if (store_outbox_recover(app->store, clock_now(), &why) < 0)
        log_failure(LOG_WARNING, &why, "queued messages", "retried at the next reload or start");
    reconcile_retry_parked(app, true);
}

/* Data of the last poll that only this process has. */
static void keep_reading(struct tenant *t, struct tenant *before)
{
    t->read_logged = before->read_logged;
    t->totals = before->totals;
    t->judged = before->judged;
    before->judged.snapshot = NULL;
    if (!before->memory)
        return;
    tenant_memory_free(t->memory);
    t->memory = TAKE(before->memory);
}

/* A tenant whose sign-in options are unchanged keeps its token, backoffs and counters. */
static void keep(struct app *app, struct tenant *old, size_t n_old)
{
    for (size_t i = 0; i < app->n_tenants; i++) {
        struct tenant *t = &app->tenant[i],
                      *before = tenant_find(old, n_old, t->options->identity.tenant_id);
        if (before)
            keep_reading(t, before);
        if (!t->graph || !before || !before->graph ||
            !graph_inherit(t->graph, before->graph, !credential_watch_is_changed(t, before)))
            continue;
        t->asleep_read = before->asleep_read;
        t->slow = before->slow;
        t->skipped = before->skipped;
        t->overran = before->overran;
        t->refused = before->refused;
        t->rights_first = before->rights_first;
        t->rights_not_before_mono = before->rights_not_before_mono;
        t->clock_ahead = before->clock_ahead;
        t->asked_mono = before->asked_mono;
        t->began_mono = before->began_mono;
        t->at_sign_in = before->at_sign_in;
    }
}

/* EXIT_OK, or why the old options are still in force. */
static int swap(struct app *app, struct options *fresh, struct failure *ret_failure)
{
    struct app old = {0};
    struct failure why = {0};
    inquiries_end(app, "the configuration is reloaded");
    app_move_wiring(&old, app);
    app->options = fresh;
    if (app_wire(app, &why) < 0) {
        log_event(LOG_ERR, MESSAGE_CONFIG_REFUSED, NULL,
                  "the new configuration cannot be used: %s; the old one stays active", why.text);
        app_unwire(app);
        app_move_wiring(app, &old);
        dispatcher_resume(app->dispatcher);
        options_free(fresh);
        *ret_failure = why;
        return why.kind == FAILURE_CONFIG ? EXIT_CONFIGURATION : EXIT_INTERNAL;
    }
    app->activity = (struct activity){0}; /* that of the old tenants ends with them, below */
    keep(app, old.tenant, old.n_tenants);
    app->matches_looked_at = false;
    credentials_inherit(app, old.credentials, old.tenant, old.n_tenants);
    poller_start(app, old.tenant, old.n_tenants);
    app_unwire(&old);
    options_free(old.options);
    if (app->cli->log_level < 0)
        log_level(app->options->log_level);
    endpoint_follow(app->endpoint);
    reconcile(app);
    again_judge(app);
    renew_outbox(app);
    log_event(LOG_NOTICE, MESSAGE_CONFIG_LOADED, NULL, "configuration reloaded; tenants: %zu, receivers: %zu",
              app->options->n_tenants, app->options->n_receivers);
    return EXIT_OK;
}

/* A file that changed while deliveries ended is not loaded yet: hence reload_again. */
static void reload_ended(struct app *app, int code, const char *reason)
{
    struct reload_request next = app->next_reload;
    app->config_refused = code != EXIT_OK;
    notify_ready(app);
    if (app->reload.ended) /* last: systemd learns of the end before its ExecReload= command ends */
        app->reload.ended(app->reload.userdata, code, reason);
    if (!app->reload_again)
        return;
    app->reload_again = false;
    reload_begin(app, next.ended, next.userdata);
}

static void on_quiet(void *userdata)
{
    struct app *app = userdata;
    struct options *fresh = app->next_options;
    app->next_options = NULL;
    struct failure why = {0};
    poller_settle(app); /* by the options that they were polled with */
    int code = swap(app, fresh, &why);
    app->reloading = false;
    tick_now(app);
    reload_ended(app, code, code == EXIT_OK ? NULL : why.text);
}

void reload_begin(struct app *app, reload_ended_fn *ended, void *userdata)
{
    struct reload_request request = {ended, userdata};
    CLEANUP(text_free) struct text problems = TEXT_INIT(PROBLEMS_MAX);
    if (app->stopping)
        return;
    app->reload_again = app->reloading;
    *(app->reloading ? &app->next_reload : &app->reload) = request;
    if (app->reloading)
        return;
    notify_reloading(app);
    int code = setup_options(app->cli, &app->next_options, &problems);
    if (code != EXIT_OK) {
        log_event(LOG_ERR, MESSAGE_CONFIG_REFUSED, NULL,
                  "the new configuration is refused; the old one stays active");
        reload_ended(app, code, problems.data ? problems.data : "see the log of the daemon");
        return;
    }
    app->reloading = true;
    if (dispatcher_stop(app->dispatcher, DELIVERY_GRACE, on_quiet, app) < 0)
        on_quiet(app);
}
