/* SPDX-License-Identifier: MIT */
/* runtime/service.c: the daemon: signals, readiness, the watchdog, and an exit within seconds from any state. */
#include "runtime/commands_receivers.h"
#include "runtime/service.h"

#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "runtime/alive.h"
#include "runtime/app.h"
#include "runtime/control.h"
#include "runtime/endpoint.h"
#include "runtime/endpoint_commands.h"
#include "runtime/inquiry.h"
#include "runtime/notify.h"
#include "runtime/poller.h"
#include "runtime/reload.h"
#include "runtime/tenant.h"
#include "runtime/tick.h"

#define STOP_GRACE (3 * USEC_PER_SEC) /* exit within 5 s, whatever receivers do */
#define WATCHDOG_FEEDS 4

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
    poller_settle(app);
    app->stopping = true;
    notify_stopping();
    log_say(LOG_INFO, "stopping (%s)", strsignal((int)si->ssi_signo));
    for (size_t i = 0; i < app->n_tenants; i++)
        if (app->tenant[i].graph)
            graph_cancel(app->tenant[i].graph);
    if (dispatcher_stop(app->dispatcher, STOP_GRACE, on_quiet, app) < 0)
        on_quiet(app);
    return 0;
}

static int on_reload(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata)
{
    (void)s, (void)si;
    reload_begin(userdata, NULL, NULL);
    return 0;
}

static int on_poll_now(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata)
{
    (void)s, (void)si;
    if (poller_poll_now(userdata))
        log_say(LOG_INFO, "polling every tenant now");
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

/* Fed only while polls and deliveries make progress (rule 33 of daemon/README.md). */
static int on_watchdog(sd_event_source *s, uint64_t due, void *userdata)
{
    struct app *app = userdata;
    struct instant now = clock_now();
    uint64_t period = 0;
    (void)due;
    if (alive(app, &now))
        notify_alive();
    else
        log_say(LOG_ERR, "a poll or a delivery is overdue; waiting for the watchdog to restart this process");
    if (sd_watchdog_enabled(0, &period) <= 0 || sd_event_source_set_time_relative(s, period / WATCHDOG_FEEDS) < 0 ||
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

/* The self-test is over: the configuration is whole, the state directory was locked, checked and
 * written to, every receiver and tenant is set up, and the loop has turned. Nothing of it needs the
 * network: a service that waits for Graph before it is ready cannot alert about Graph. */
static int on_turned(sd_event_source *s, void *userdata)
{
    struct app *app = userdata;
    (void)s; /* a defer source runs once */
    if (app->stopping)
        return 0;
    log_say(LOG_INFO, "seatwatchd " SEATWATCH_VERSION " has started; tenants: %zu, receivers: %zu",
            app->n_tenants, app->options->n_receivers);
    notify_ready(app);
    return 0;
}

int service_run(struct app *app)
{
    if (add_signals(app) < 0 || add_watchdog(app) < 0 || sd_event_add_defer(app->event, NULL, on_turned, app) < 0) {
        log_say(LOG_ERR, "cannot set up the event loop");
        return EXIT_INTERNAL;
    }
    size_t n_commands;
    const struct control_command *commands = endpoint_commands(&n_commands);
    struct control_sockets *sockets = control_sockets_open(app);
    app->endpoint = endpoint_open(app, commands, n_commands);
    poller_start(app, NULL, 0);
    tick_start(app);
    dispatcher_wake(app->dispatcher);
    int r = sd_event_loop(app->event);
    receiver_test_end(app, "the daemon stops"); /* while whoever waits for it can be answered */
    endpoint_close(TAKE(app->endpoint));
    inquiries_end(app, "the daemon stops");
    control_sockets_close(sockets);
    if (r < 0)
        log_say(LOG_ERR, "the event loop failed: %s; exiting, to be restarted", strerror(-r));
    return r < 0 ? EXIT_INTERNAL : r;
}
