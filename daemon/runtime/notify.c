/* SPDX-License-Identifier: MIT */
/* runtime/notify.c: reports to the service manager: readiness, status line, watchdog (sd_notify(3)). */
#include "runtime/notify.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>

#include "base/digest.h"
#include "runtime/app.h"
#include "runtime/app_status.h"

#define CHECK_LEAST USEC_PER_MINUTE
#define CHECK_PER_MIB USEC_PER_SEC /* a failing disk still reads that fast; a good one is a hundred times faster */

void notify_checking(const struct app *app)
{
    uint64_t mib = store_size(app->cli->state_dir) >> 20;
    if (app->cli->mode == CLI_DAEMON)
        (void)sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRIu64 "\nSTATUS=checking the state database (%" PRIu64 " MiB)",
                         (uint64_t)(CHECK_LEAST + mib * CHECK_PER_MIB), mib);
}

/* MONOTONIC_USEC lets newer managers (253) tell this reload from an earlier one. */
void notify_reloading(const struct app *app)
{
    uint64_t now = 0;
    (void)sd_event_now(app->event, CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=reloading: waiting for deliveries in flight", now);
}

void notify_stopping(void)
{
    (void)sd_notify(0, "STOPPING=1\nSTATUS=stopping: deliveries in flight get 3 s");
}

void notify_ready(struct app *app)
{
    app->status = 0; /* replaces the line of the start or the reload */
    (void)sd_notify(0, "READY=1");
    notify_status(app);
}

void notify_alive(void)
{
    (void)sd_notify(0, "WATCHDOG=1");
}

/* Called after every poll; sends only changes. */
void notify_status(struct app *app)
{
    CLEANUP(status_clear) struct status status = {0};
    CLEANUP(text_free) struct text t = TEXT_INIT(512);
    if (app->cli->mode != CLI_DAEMON || app->stopping || app_status(app, 0, &status) < 0)
        return;
    status_line(&status, &t);
    uint64_t hash = t.error ? app->status : fnv1a(t.data, t.len, FNV1A_SEED);
    if (hash != app->status)
        (void)sd_notifyf(0, "STATUS=%s", t.data);
    app->status = hash;
}
