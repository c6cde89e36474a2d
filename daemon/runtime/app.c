/* SPDX-License-Identifier: MIT */
/* Opening and closing: read and check everything first, then change something. */
#include "runtime/app.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/message_ids.h"

static void say_problem(const struct cli *cli, const struct problem *p)
{
    if (cli->mode == CLI_DAEMON)
        log_say(p->fatal ? LOG_ERR : LOG_WARNING, "%s", p->text);
    else
        fprintf(stderr, "%s%s\n", p->warning ? "warning: " : "", p->text);
}

int app_load_options(const struct cli *cli, struct options **ret)
{
    struct problems problems = {0};
    (void)app_zone(NULL, 0); /* TZ becomes ours while there is one thread */
    int r = options_load(cli->config, ret, &problems);
    for (size_t i = 0; i < problems.n; i++)
        say_problem(cli, &problems.problem[i]);
    problems_free(&problems);
    if (r == -ENOMEM)
        log_say(LOG_ERR, "out of memory while the configuration was read; give the daemon more memory");
    return r == -ENOMEM || r == -EAGAIN ? EXIT_INTERNAL : r < 0 ? EXIT_CONFIGURATION : EXIT_OK;
}

struct zone app_zone(const struct tenant_options *t, usec_t at)
{
    struct zone zone = {0}; /* an unknown zone was refused with the configuration */
    (void)clock_zone(t ? t->identity.timezone : "", at, &zone);
    return zone;
}

int app_set_zone(struct alert_context *f, usec_t at)
{
    const struct zone zone = app_zone(NULL, at);
    return context_set_zone(f, &zone);
}

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
    if (r >= 0 && !app->cli->dry_run)
        r = store_outbox_recover(app->store, app->started, why);
    return r;
}

static int tenant_load(struct tenant *w, struct failure *why)
{
    const struct tenant_options *t = w->options;
    w->asleep_read = clock_asleep();
    w->health.broken_config = t->broken != NULL;
    if (w->app->store) {
        int r = store_load_tenant(w->app->store, t->identity.tenant_id, &w->memory, &w->health, why);
        if (r < 0 && r != -ENOENT)
            return r;
        r = store_tenant_lost(w->app->store, t->identity.tenant_id, why);
        if (r < 0)
            return r;
        w->lost = r > 0;
    }
    w->health.broken_config = t->broken != NULL;
    if (t->broken) {
        (void)snprintf(w->health.text, sizeof w->health.text, "%s", t->broken);
        return 0;
    }
    if (!t->enabled)
        return 0;
    int r = graph_new(&t->graph, w->app->http, w->app->event, &w->graph, why);
    if (r >= 0 && w->memory)
        graph_set_answered(w->graph, w->memory->source);
    if (r >= 0)
        graph_set_refusals(w->graph, w->health.api_refusals);
    if (r >= 0)
        backoff_load(w);
    return r;
}

static void tenant_clear(struct tenant *t)
{
    graph_free(t->graph);
    rights_clear(t);
    tenant_memory_free(t->memory);
    snapshot_free(t->last.snapshot);
    snapshot_free(t->judged.snapshot);
    sd_event_source_disable_unref(t->timer);
    sd_event_source_disable_unref(t->look);
}

void app_unwire(struct app *app)
{
    for (size_t i = 0; i < app->n_tenants; i++)
        tenant_clear(&app->tenant[i]);
    free(app->tenant);
    app->tenant = NULL;
    app->n_tenants = 0;
    app->polling = app->looking = 0;
    dispatcher_free(TAKE(app->dispatcher));
    http_free(TAKE(app->http));
}

int app_proxy_password(const struct options *o, struct secret **ret, struct failure *why)
{
    if (!o->proxy_password_file || !*o->proxy_password_file)
        return 0;
    return secret_read(o->proxy_password_file, NULL, ret, why);
}

int app_wire(struct app *app, struct failure *why)
{
    const struct options *o = app->options;
    CLEANUP(secret_free) struct secret *proxy_password = NULL;
    int r = app_proxy_password(o, &proxy_password, why);
    struct http_options http = {.ca_file = o->ca_file,
                                .proxy = o->proxy,
                                .proxy_password = proxy_password,
                                .user_agent = APP_USER_AGENT};
    if (r >= 0)
        r = http_new(app->event, &http, &app->http, why);
    if (r >= 0 && !app->cli->dry_run) {
        struct dispatcher_options c = {.receiver = o->receiver, .n_receivers = o->n_receivers};
        r = dispatcher_new(&c, app->store, app->http, app->event, tick_receiver, app,
                           &app->dispatcher, why);
    }
    if (r < 0)
        return r;
    app->tenant = calloc(o->n_tenants ? o->n_tenants : 1, sizeof *app->tenant);
    if (!app->tenant)
        return failure_oom(why);
    app->n_tenants = o->n_tenants;
    outage_forget(app);
    for (size_t i = 0; i < o->n_tenants && r >= 0; i++) {
        app->tenant[i] = (struct tenant){.app = app, .options = &o->tenant[i]};
        r = tenant_load(&app->tenant[i], why);
    }
    if (r >= 0)
        credentials_wire(app);
    return r;
}

int app_open(const struct cli *cli, struct app *app)
{
    *app = (struct app){.cli = cli, .started = clock_now(), .asleep = clock_asleep()};
    struct failure why = {0};
    int code = app_load_options(cli, &app->options);
    if (code != EXIT_OK)
        return code;
    if (cli->log_level < 0)
        log_level(app->options->log_level);
    int r = sd_event_new(&app->event);
    if (r < 0) {
        log_say(LOG_ERR, "cannot make an event loop: %s", strerror(-r));
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
    for (size_t i = 0; i < app->n_ended; i++)
        snapshot_free(app->ended[i].snapshot);
    app_unwire(app);
    sd_event_source_disable_unref(app->slots_timer);
    sd_event_source_disable_unref(app->gather);
    for (size_t i = 0; i < app->n_history; i++)
        changes_free(app->history[i]);
    free(app->history);
    free(app->outage.tenant);
    registry_free(app->registry);
    store_close(app->store);
    sd_event_unref(app->event);
    options_free(app->next_options);
    options_free(app->options);
}
