/* SPDX-License-Identifier: MIT */
/* runtime/once.c: --once polls every tenant, evaluates, commits, tries each due delivery once and exits. With
 * --dry-run nothing is stored or sent. */
#include "runtime/once.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/date.h"
#include "base/log.h"
#include "base/text.h"
#include "runtime/app.h"
#include "runtime/once_report.h"
#include "runtime/poller.h"
#include "runtime/tenant.h"
#include "runtime/tick.h"

static void on_drained(void *userdata)
{
    struct app *app = userdata;
    (void)sd_event_exit(app->event, EXIT_OK);
}

static void on_all_polled(void *userdata)
{
    struct app *app = userdata;
    app->activity.idle = NULL;
    tick_now(app); /* evaluates tenants that cannot be polled at all */
    if (!app->dispatcher || dispatcher_drain(app->dispatcher, on_drained, app) < 0)
        on_drained(app);
}

static int on_begin(sd_event_source *s, void *userdata)
{
    (void)s;
    poller_start_once(userdata);
    return 0;
}

static bool tenant_read(const struct tenant *t)
{
    return !t->options->enabled || (t->last.known && t->last.report.complete && t->last.committed &&
                                    !t->health.unusable[0]);
}

static void print_tenant(const struct tenant *w)
{
    const struct snapshot_totals *t = &w->last.totals;
    char why[ONCE_WHY_MAX];
    if (!tenant_read(w))
        printf("%s: %s: %s\n", w->options->identity.name,
               w->last.known && w->last.report.complete && !w->last.committed
                   ? "polled, but not recorded"
                   : "not polled completely",
               w->options->broken      ? w->options->broken
               : once_unusable(w, why) ? why
                                       : w->last.report.failure.text);
    if (!w->last.known || t->allotments == UNITS_UNKNOWN)
        return;
    printf("%s: %" PRId64 " pools", w->options->identity.name, t->allotments);
    if (t->consumed != UNITS_UNKNOWN && t->allotted != UNITS_UNKNOWN)
        printf(", %" PRId64 " of %" PRId64 " units consumed", t->consumed, t->allotted);
    if (t->waiting != UNITS_UNKNOWN)
        printf(", %" PRId64 " waiting", t->waiting);
    if (t->errors != UNITS_UNKNOWN)
        printf(", %" PRId64 " assignment errors", t->errors);
    putchar('\n');
}

static void print_event(const struct event *e)
{
    if (e->notification) {
        printf("%s: %s\n", event_type_name(e->notification->type), e->notification->title);
        return;
    }
    printf("%s: %s\n", event_type_name(EVENT_DIGEST), e->digest->title);
    for (size_t i = 0; i < e->digest->n_notifications; i++)
        printf("  %s\n", e->digest->notification[i]->title);
}

static void print_pool(void *userdata, const struct once_pool *p)
{
    const struct allotment *a = p->allotment;
    (void)userdata;
    printf("  %s: %s%s%s", p->tenant, a->id, p->name ? ", " : "", p->name ? p->name : "");
    printf(", %s", p->product ? p->product : "unknown product");
    if (a->sku_part_number)
        printf(" (%s)", a->sku_part_number);
    if (a->units_known)
        printf(": %" PRId64 " of %" PRId64 " units consumed, %" PRId64 " free", a->consumed, a->allotted,
               a->allotted - a->consumed);
    else
        printf(": units unknown");
    if (a->waiting.section == SECTION_COMPLETE)
        printf(", %" PRId64 " waiting", a->waiting.count);
    printf(", %s\n", p->level ? p->level : "unknown");
}

/* "contoso: ... is full (critical, open): what to do" */
static void print_alert(const struct app *app, const struct alert *a)
{
    CLEANUP(notification_free) struct notification *n = NULL;
    if (!alert_state_is_up(a->state) || !a->context ||
        alert_notification(a, EVENT_FIRING, app->started.at, &n) < 0)
        return;
    printf("  %s: %s%s\n    %s\n", level_name(n->level), n->title,
           once_notified(app, a) ? "" : " (not notified)", n->next_step);
}

static void print_open(const struct app *app)
{
    const struct alert *a;
    size_t cursor = 0;
    puts("pools:");
    once_each_pool(app, print_pool, NULL);
    puts("open alerts:");
    while ((a = registry_next(app->registry, &cursor)))
        print_alert(app, a);
}

static void print_text(const struct app *app)
{
    for (size_t i = 0; i < app->n_tenants; i++)
        if (app->tenant[i].options->enabled)
            print_tenant(&app->tenant[i]);
    print_open(app);
    if (app->n_history)
        puts("events:");
    for (size_t i = 0; i < app->n_history; i++)
        for (size_t k = 0; k < app->history[i]->n_events; k++)
            print_event(&app->history[i]->event[k]);
    if (app->cli->dry_run)
        puts("dry run: nothing was stored or sent");
}

static bool is_undelivered(struct app *app)
{
    struct store_stats stats = {0};
    struct failure why = {0};
    if (app->cli->dry_run)
        return false;
    int r = store_stats(app->store, NULL, &stats, &why);
    if (r < 0)
        log_failure(LOG_ERR, &why, "the outbox cannot be counted", "taken as not empty");
    return r < 0 || stats.queued || stats.in_flight || stats.parked;
}

int once_run(struct app *app)
{
    sd_event_source *begin = NULL;
    app->last_tick = app->started;
    app->activity = (struct activity){.idle = on_all_polled, .userdata = app};
    int r = sd_event_add_defer(app->event, &begin, on_begin, app);
    if (r >= 0)
        r = sd_event_loop(app->event);
    sd_event_source_disable_unref(begin);
    if (r < 0) {
        log_say(LOG_ERR, "the event loop failed: %s; run it again: what was committed is kept", strerror(-r));
        return EXIT_INTERNAL;
    }
    if (app->cli->json)
        r = once_print_json(app);
    else
        print_text(app);
    if (r < 0) {
        log_say(LOG_ERR, "the report cannot be made: out of memory, or the state database cannot be read");
        return EXIT_INTERNAL;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        log_say(LOG_ERR, "the report cannot be written to standard output: %s", strerror(errno));
        return EXIT_INTERNAL;
    }
    bool whole = !app->store_failing && !app->options->tenants_incomplete;
    for (size_t i = 0; i < app->n_tenants; i++)
        whole = whole && tenant_read(&app->tenant[i]);
    return whole && !is_undelivered(app) ? EXIT_OK : EXIT_INCOMPLETE;
}
