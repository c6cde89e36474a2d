/* SPDX-License-Identifier: MIT */
/* runtime/notify.c: reports to the service manager: readiness, status line, watchdog (sd_notify(3)). */
#include "runtime/notify.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>

#include "base/date.h"
#include "base/digest.h"
#include "base/text.h"
#include "runtime/app.h"
#include "runtime/credentials.h"
#include "runtime/tenant.h"

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

/* ---- the line in systemctl status ---- */

static void add_count(struct text *t, const char *before, uint64_t n, const char *noun)
{
    text_addf(t, "%s%" PRIu64 " %s%s", before, n, noun, n == 1 ? "" : "s");
}

static void add_tenants(struct text *t, const struct app *app)
{
    size_t incomplete = 0, older = 0;
    usec_t last_at = 0;
    char when[RFC3339_MAX];
    for (size_t i = 0; i < app->n_tenants; i++) {
        const struct tenant_health *h = &app->tenant[i].health;
        enum cause doubt;
        usec_t at = h->section[HEALTH_ALLOTMENTS].last_complete.at;
        older += h->source == SOURCE_SUBSCRIBED_SKUS;
        incomplete += h->failing || h->broken_config || health_blinds(h, &doubt) != 0;
        last_at = at > last_at ? at : last_at;
    }
    add_count(t, "", app->n_tenants, "tenant");
    if (incomplete)
        text_addf(t, " (%zu not polled completely)", incomplete);
    if (older)
        text_addf(t, " (%zu from subscribedSkus)", older);
    if (last_at) /* to the minute */
        text_addf(t, ", last poll %.16sZ", rfc3339_print(last_at, when));
    else
        text_add(t, ", not polled yet");
}

static void add_credentials(struct text *t, const struct app *app)
{
    char day[RFC3339_MAX];
    usec_t end = credentials_first_end(app);
    if (end)
        text_addf(t, ", %s %.10s", end > clock_now().at ? "credentials valid until" : "a credential expired on",
                  rfc3339_print(end, day));
}

static void add_alerts(struct text *t, const struct app *app)
{
    size_t firing = 0, critical = 0, cursor = 0;
    const struct alert *a;
    while ((a = registry_next(app->registry, &cursor))) {
        firing += a->level > LEVEL_NONE;
        critical += a->level == LEVEL_CRITICAL;
    }
    add_count(t, ", ", firing, "alert");
    if (critical)
        text_addf(t, " (%zu critical)", critical);
}

static void add_deliveries(struct text *t, const struct app *app)
{
    struct store_stats stats = {0};
    if (store_stats(app->store, NULL, &stats, NULL) < 0)
        return; /* store_trouble() is reported below */
    if (stats.queued + stats.in_flight)
        text_addf(t, ", %" PRIu64 " to deliver", stats.queued + stats.in_flight);
    if (stats.parked)
        text_addf(t, ", %" PRIu64 " undeliverable", stats.parked);
}

/* Called after every poll; sends only changes. */
void notify_status(struct app *app)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(512);
    if (app->cli->mode != CLI_DAEMON || app->stopping)
        return;
    add_tenants(&t, app);
    add_credentials(&t, app);
    add_alerts(&t, app);
    add_deliveries(&t, app);
    if (app->config_refused)
        text_add(&t, "; the last reload was refused");
    if (store_trouble(app->store))
        text_add(&t, "; the state directory cannot be written");
    if (app->clock_unset)
        text_add(&t, "; the clock of this machine is not set");
    uint64_t hash = t.error ? app->status : fnv1a(t.data, t.len, FNV1A_SEED);
    if (hash != app->status)
        (void)sd_notifyf(0, "STATUS=%s", t.data);
    app->status = hash;
}
