/* SPDX-License-Identifier: MIT */
/* SIGHUP: a second set of options is built and checked; only if it is whole does it take over.
 *
 * Deliveries that are on their way end first, so that a reload repeats none of them. */
#include "runtime/app.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/message_ids.h"

#define DELIVERY_GRACE (5 * USEC_PER_SEC)

/* An attempt that outlasted the grace has an unknown outcome; what was parked gets another chance. */
static void renew_outbox(struct app *app)
{
    struct failure why = {0};
    struct instant now = clock_now();
    if (store_outbox_recover(app->store, now, &why) < 0 || store_outbox_retry(app->store, NULL, now, &why) < 0)
        log_failure(LOG_WARNING, &why, "messages that wait", "they are tried again at the next reload or start");
}

static void swap(struct app *app, struct options *fresh)
{
    struct options *old_options = app->options;
    struct watch *old = app->watch;
    size_t n_old = app->n_watches;
    struct http *old_http = app->http;
    struct courier *old_courier = app->courier;
    struct failure why = {0};
    app->options = fresh;
    app->watch = NULL;
    app->n_watches = 0;
    app->http = NULL;
    app->courier = NULL;
    app->polling = 0;
    if (app_wire(app, &why) < 0) {
        log_event(LOG_ERR, MESSAGE_CONFIG_REFUSED, NULL,
                  "the new configuration cannot be used: %s; the old one runs on", why.text);
        app->config_refused = true;
        app_unwire(app);
        app->options = old_options;
        app->watch = old;
        app->n_watches = n_old;
        app->http = old_http;
        app->courier = old_courier;
        for (size_t i = 0; i < n_old; i++)
            app->polling += old[i].graph && graph_polling(old[i].graph);
        courier_resume(app->courier);
        options_free(fresh);
        return;
    }
    poller_start(app, old, n_old);
    struct app gone = {.options = old_options, .watch = old, .n_watches = n_old, .http = old_http, .courier = old_courier};
    app_unwire(&gone);
    options_free(old_options);
    if (app->cli->log_level < 0)
        log_level(app->options->log_level);
    removed_settle(app);
    renew_outbox(app);
    log_event(LOG_NOTICE, MESSAGE_CONFIG_LOADED, NULL, "configuration reloaded; tenants: %zu, receivers: %zu",
              app->options->n_tenants, app->options->n_receivers);
}

/* A file that was changed once more while deliveries ended has not been seen yet. */
static void reload_ended(struct app *app)
{
    notify_ready(app);
    if (!app->reload_again)
        return;
    app->reload_again = false;
    reload_begin(app);
}

static void on_quiet(void *userdata)
{
    struct app *app = userdata;
    struct options *fresh = app->next_options;
    app->next_options = NULL;
    app->config_refused = false;
    swap(app, fresh);
    app->reloading = false;
    tick_now(app);
    reload_ended(app);
}

/* systemd 252 names the directory of credentials to the first command of ExecReload= but hides it, so
 * that each secret file would seem to be missing. The daemon's own verdict is in its log and status. */
static bool secrets_are_visible(void)
{
    const char *where = getenv("CREDENTIALS_DIRECTORY");
    return !where || access(where, X_OK) == 0;
}

/* The signal goes first: so the daemon has most likely said RELOADING=1 before this process ends, and
 * then systemctl waits for its READY=1. The problems are the daemon's to tell, once. */
int reload_ask(const struct cli *cli)
{
    CLEANUP(options_free) struct options *options = NULL;
    struct problems problems = {0};
    if (kill(cli->reload_pid, SIGHUP) < 0) {
        fprintf(stderr, "seatwatchd: cannot signal process %d: %s\n", (int)cli->reload_pid, strerror(errno));
        return EXIT_INTERNAL;
    }
    if (!secrets_are_visible())
        return EXIT_OK;
    int r = options_load(cli->config, &options, &problems);
    problems_free(&problems);
    if (r >= 0)
        return EXIT_OK;
    fputs("seatwatchd: this configuration is refused, the old one runs on; the log of the daemon says why\n", stderr);
    return r == -ENOMEM || r == -EAGAIN ? EXIT_INTERNAL : EXIT_CONFIGURATION;
}

void reload_begin(struct app *app)
{
    if (app->stopping)
        return;
    app->reload_again = app->reloading;
    if (app->reloading)
        return;
    notify_reloading(app);
    if (app_load_options(app->cli, &app->next_options) != EXIT_OK) {
        log_event(LOG_ERR, MESSAGE_CONFIG_REFUSED, NULL,
                  "the new configuration is refused; the old one runs on");
        app->config_refused = true;
        notify_ready(app);
        return;
    }
    app->reloading = true;
    if (courier_stop(app->courier, DELIVERY_GRACE, on_quiet, app) < 0)
        on_quiet(app);
}
