/* SPDX-License-Identifier: MIT */
/* The daemon: signals, readiness, the watchdog, and an end within seconds from any state. */
#include "runtime/app.h"

#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"

#define STOP_GRACE (3 * USEC_PER_SEC) /* out within 5 s, whatever receivers do */

void service_status(struct app *app)
{
    size_t firing = 0, incomplete = 0, cursor = 0;
    const struct alert *a;
    if (app->cli->mode != CLI_DAEMON)
        return;
    while ((a = book_next(app->book, &cursor)))
        firing += a->level > LEVEL_NONE;
    for (size_t i = 0; i < app->n_watches; i++)
        incomplete += app->watch[i].health.failing || app->watch[i].health.broken_config;
    (void)sd_notifyf(0, "STATUS=tenants: %zu, not read completely: %zu, alerts: %zu%s%s", app->n_watches, incomplete,
                     firing, app->config_refused ? "; the last reload was refused" : "",
                     store_trouble(app->store) ? "; the state directory cannot be written" : "");
}

static void on_quiet(void *userdata)
{
    struct app *app = userdata;
    (void)sd_event_exit(app->event, EXIT_OK);
}

static int on_stop(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata)
{
    struct app *app = userdata;
    (void)s;
    if (app->stopping) /* asked twice: no grace */
        return sd_event_exit(app->event, EXIT_OK);
    app->stopping = true;
    (void)sd_notify(0, "STOPPING=1");
    log_say(LOG_INFO, "stopping (%s)", strsignal((int)si->ssi_signo));
    for (size_t i = 0; i < app->n_watches; i++)
        if (app->watch[i].graph)
            graph_cancel(app->watch[i].graph);
    if (courier_stop(app->courier, STOP_GRACE, on_quiet, app) < 0)
        on_quiet(app);
    return 0;
}

static int on_reload(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata)
{
    (void)s, (void)si;
    reload_begin(userdata);
    return 0;
}

static int on_poll_now(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata)
{
    (void)s, (void)si;
    log_say(LOG_INFO, "polling every tenant now");
    poller_poll_now(userdata);
    return 0;
}

static int add_signals(struct app *app)
{
    static const struct {
        int signo;
        sd_event_signal_handler_t handler;
    } SIGNALS[] = {{SIGTERM, on_stop}, {SIGINT, on_stop}, {SIGHUP, on_reload}, {SIGUSR1, on_poll_now}};
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < N_ELEMENTS(SIGNALS); i++)
        (void)sigaddset(&set, SIGNALS[i].signo);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -1;
    for (size_t i = 0; i < N_ELEMENTS(SIGNALS); i++) {
        int r = sd_event_add_signal(app->event, NULL, SIGNALS[i].signo, SIGNALS[i].handler, app);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Fed only while the loop that polls and delivers makes progress (security rule 33): a loop that
 * still turns but reads nobody any more is a hang, too. */
static int on_watchdog(sd_event_source *s, uint64_t due, void *userdata)
{
    struct app *app = userdata;
    struct instant now = clock_now();
    uint64_t period = 0;
    (void)due;
    if (poller_on_time(app, &now))
        (void)sd_notify(0, "WATCHDOG=1");
    else
        log_say(LOG_ERR, "no tenant was read when it was due; waiting for the watchdog to restart this process");
    if (sd_watchdog_enabled(0, &period) <= 0 || sd_event_source_set_time_relative(s, period / 2) < 0 ||
        sd_event_source_set_enabled(s, SD_EVENT_ONESHOT) < 0)
        return sd_event_exit(app->event, EXIT_INTERNAL);
    return 0;
}

static int add_watchdog(struct app *app)
{
    uint64_t period = 0;
    if (sd_watchdog_enabled(0, &period) <= 0)
        return 0;
    int r = sd_event_add_time_relative(app->event, &app->watchdog, CLOCK_MONOTONIC, 0, period / 10, on_watchdog, app);
    return r < 0 ? r : sd_event_source_set_description(app->watchdog, "watchdog");
}

int service_run(struct app *app)
{
    if (add_signals(app) < 0 || add_watchdog(app) < 0) {
        log_say(LOG_ERR, "cannot listen for signals");
        return EXIT_INTERNAL;
    }
    poller_start(app, NULL, 0);
    tick_start(app);
    courier_wake(app->courier);
    log_say(LOG_INFO, "seatwatchd " SEATWATCH_VERSION " has started; tenants: %zu, receivers: %zu", app->n_watches,
            app->options->n_receivers);
    (void)sd_notify(0, "READY=1");
    service_status(app);
    int r = sd_event_loop(app->event);
    if (r < 0)
        log_say(LOG_ERR, "the event loop failed: %s; ended, to be started again", strerror(-r));
    return r < 0 ? EXIT_INTERNAL : r;
}
