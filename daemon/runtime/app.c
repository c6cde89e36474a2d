/* SPDX-License-Identifier: MIT */
/* runtime/app.c: opens and closes what every mode runs with. Reads and checks everything before it changes anything. */
#include "runtime/app.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "deliver/heartbeat.h"
#include "runtime/commands_receivers.h"
#include "runtime/credentials.h"
#include "runtime/loss.h"
#include "runtime/notify.h"
#include "runtime/open_alerts.h"
#include "runtime/outage.h"
#include "runtime/poller.h"
#include "runtime/reconcile.h"
#include "runtime/rights.h"
#include "runtime/setup.h"
#include "runtime/silence_list.h"
#include "runtime/tenant.h"
#include "runtime/tick.h"

static int open_store(struct app *app)
{
    struct store_options o = {.directory = app->cli->state_dir,
                              .history_keep = app->options->history_keep,
                              .outbox_max_rows = 10000,
                              .outbox_max_bytes = 64u << 20};
    struct store_report report = {0};
    struct failure why;
    notify_checking(app);
    int r = store_open(&o, &deliver_codec, app->cli->dry_run ? STORE_READ_ONLY : STORE_NORMAL,
                       app->started, &app->store, &report, &why);
    if (r == -ENOENT && app->cli->dry_run)
        return EXIT_OK; /* nothing stored yet: every tenant is new */
    if (r == -EBUSY) {
        log_say(LOG_ERR, "another seatwatchd holds %s (%s); stop it or use another --state-dir",
                app->cli->state_dir, report.holder);
        return EXIT_BUSY;
    }
    if (r < 0) {
        log_failure(LOG_ERR, &why, "state directory", "not started");
        return EXIT_STATE;
    }
    return EXIT_OK;
}

static int load_state(struct app *app, struct failure *why)
{
    if (!app->store)
        return registry_new(&app->registry);
    int r = store_load_registry(app->store, &app->registry, why);
    if (r >= 0)
        r = silences_load(app, why);
    if (r >= 0 && !app->cli->dry_run)
        r = store_outbox_recover(app->store, app->started, why);
    return r;
}

void app_unwire(struct app *app)
{
    for (size_t i = 0; i < app->n_tenants; i++) {
        rights_clear(&app->tenant[i]);
        tenant_clear(&app->tenant[i]);
    }
    free(app->tenant);
    app->tenant = NULL;
    app->n_tenants = 0;
    receiver_test_end(app, "the configuration was reloaded");
    credentials_free(TAKE(app->credentials));
    heartbeats_free(TAKE(app->heartbeats));
    resends_free(TAKE(app->resends));
    dispatcher_free(TAKE(app->dispatcher));
    http_free(TAKE(app->http));
}

void app_move_wiring(struct app *to, struct app *from)
{
    to->options = TAKE(from->options);
    to->tenant = TAKE(from->tenant);
    to->n_tenants = from->n_tenants;
    from->n_tenants = 0;
    to->http = TAKE(from->http);
    to->receiver_test = TAKE(from->receiver_test);
    to->dispatcher = TAKE(from->dispatcher);
    to->heartbeats = TAKE(from->heartbeats);
    to->resends = TAKE(from->resends);
    to->credentials = TAKE(from->credentials);
}

/* Beyond this difference, receivers refuse signatures (Standard Webhooks 1.0.0, "Webhook timestamp"). */
#define CLOCK_WRONG 300 /* seconds */

static bool clock_is_wrong(const struct app *app)
{
    bool wrong = app->clock_unset;
    for (size_t i = 0; i < app->n_tenants && !wrong; i++)
        wrong = llabs(app->tenant[i].clock_ahead) > CLOCK_WRONG;
    return wrong;
}

/* For heartbeats: why this daemon could not alert. */
static const char *cannot_alert(void *userdata)
{
    const struct app *app = userdata;
    struct instant now = clock_now();
    return app->store_failing                              ? "the state database cannot be written"
           : !poller_on_time(app, &now)                    ? "a poll is overdue"
           : !dispatcher_on_time(app->dispatcher, &now)    ? "a delivery is overdue"
           : dispatcher_stuck(app->dispatcher, &now)       ? "a receiver is disabled or has failed for 10 minutes"
           : clock_is_wrong(app)                           ? "this machine's clock is wrong or not set"
                                                           : NULL;
}

int app_wire(struct app *app, struct failure *why)
{
    const struct options *o = app->options;
    CLEANUP(secret_free) struct secret *proxy_password = NULL;
    struct http_options http;
    int r = setup_http(o, &proxy_password, &http, why);
    if (r >= 0)
        r = http_new(app->event, &http, &app->http, why);
    if (r >= 0 && !app->cli->dry_run) {
        struct dispatcher_options c = {
            .receiver = o->receiver, .n_receivers = o->n_receivers, .storm = o->storm};
        r = dispatcher_new(&c, app->store, app->http, app->event, tick_receiver, app,
                           &app->dispatcher, why);
        if (r >= 0 && app->cli->mode == CLI_DAEMON)
            r = heartbeats_new(&c, app->http, cannot_alert, app, &app->heartbeats, why);
        if (r >= 0 && app->cli->mode == CLI_DAEMON)
            r = resends_new(&c, app->http, open_alerts_list, cannot_alert, app, &app->resends, why);
    }
    if (r < 0)
        return r;
    app->tenant = calloc(o->n_tenants ? o->n_tenants : 1, sizeof *app->tenant);
    if (!app->tenant)
        return failure_oom(why);
    app->n_tenants = o->n_tenants;
    outage_reset(app);
    silences_follow_zones(app, 0);
    for (size_t i = 0; i < o->n_tenants && r >= 0; i++) {
        app->tenant[i] = (struct tenant){.app = app, .options = &o->tenant[i]};
        r = tenant_load(&app->tenant[i], why);
    }
    return r < 0 ? r : credentials_wire(app, why);
}

int app_open(const struct cli *cli, struct app *app)
{
    *app = (struct app){.cli = cli, .status_fd = -1, .started = clock_now(), .asleep = clock_asleep()};
    app->first_mono = app->started.mono; /* the one before may have ended while a first digest waited */
    struct failure why = {0};
    int code = setup_options(cli, &app->options, NULL);
    if (code != EXIT_OK)
        return code;
    if (cli->log_level < 0)
        log_level(app->options->log_level);
    int r = sd_event_new(&app->event);
    if (r < 0) {
        log_say(LOG_ERR, "cannot make an event loop: %s", strerror(-r));
        return EXIT_INTERNAL;
    }
    app->outage = outage_new();
    app->poller = poller_new();
    if (!app->outage || !app->poller) {
        log_say(LOG_ERR, "out of memory; not started");
        return EXIT_INTERNAL;
    }
    code = open_store(app);
    if (code != EXIT_OK)
        return code;
    r = load_state(app, &why);
    if (r < 0) {
        log_failure(LOG_ERR, &why, "state directory", "not started");
        return EXIT_STATE;
    }
    r = app_wire(app, &why);
    if (r < 0) {
        log_failure(LOG_ERR, &why, "cannot start", NULL);
        return why.kind == FAILURE_CONFIG ? EXIT_CONFIGURATION : EXIT_INTERNAL;
    }
    if (!cli->dry_run) {
        reconcile(app);
        loss_settle(app, true);
        reconcile_retry_parked(app, false);
    }
    return EXIT_OK;
}

void app_close(struct app *app)
{
    sd_event_source_disable_unref(app->tick);
    sd_event_source_disable_unref(app->watchdog);
    poller_free(app->poller);
    app_unwire(app);
    for (size_t i = 0; i < app->n_history; i++)
        changes_free(app->history[i]);
    free(app->history);
    free(app->count);
    outage_free(app->outage);
    silences_free(app);
    registry_free(app->registry);
    store_close(app->store);
    sd_event_unref(app->event);
    options_free(app->next_options);
    options_free(app->options);
}
