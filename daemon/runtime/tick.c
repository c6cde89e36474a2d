/* SPDX-License-Identifier: MIT */
/* runtime/tick.c: evaluates what time alone changes: unread tenants, hours, reminders, receivers, old rows. Runs once
 * a minute, or once an interval if that is shorter. */
#include "runtime/tick.h"

#include "base/date.h"
#include "base/log.h"
#include "base/message_ids.h"
#include "base/text.h"
#include "runtime/app.h"
#include "runtime/commit.h"
#include "runtime/counts.h"
#include "runtime/credentials.h"
#include "runtime/loss.h"
#include "runtime/notify.h"
#include "runtime/outage.h"
#include "runtime/poller.h"
#include "runtime/silences.h"
#include "runtime/tenant.h"

#define TICK_MAX USEC_PER_MINUTE
#define FIRST_DIGEST_MAX (10 * USEC_PER_MINUTE) /* from the first of the first polls */

static void tick_tenant(struct tenant *t, struct instant now)
{
    struct app *app = t->app;
    if (!t->options->enabled || tenant_is_stale(t))
        return;
    struct judge_context judge = tenant_judge_context(t, now.at);
    struct plan_context ctx = commit_context(app, t, now);
    CLEANUP(observation_clear) struct observation observation = {0};
    struct failure why = {0};
    if (judge_poll(&judge, &t->health, &now, &observation, &why) < 0)
        return;
    if (outage_covers(t, &t->health, &observation, now))
        observation.finding[0].state = FINDING_UNKNOWN;
    commit_observation(app, &ctx, &observation);
}

/* The reason, if its configuration is broken. */
static int add_broken(const struct receiver_options *r, struct observation *observation)
{
    return r->broken ? text_copy(r->broken, &observation->context->hint) : 0;
}

static int tick_receiver_state(struct app *app, size_t i, const struct instant *now,
                               struct receiver_state *ret, struct failure *why)
{
    const char *name = app->options->receiver[i].name;
    struct store_stats stats = {0};
    int r = store_stats(app->store, name, &stats, why);
    usec_t failing = dispatcher_failing_for(app->dispatcher, name, now);
    *ret = (struct receiver_state){
        .name = name,
        .pager = app->options->routes.receiver[i].pager,
        .disabled = app->options->receiver[i].broken || dispatcher_disabled(app->dispatcher, name),
        .parked = (int64_t)stats.parked,
        .queued = (int64_t)(stats.queued + stats.in_flight),
        .failing_since_at = failing && failing < now->at ? now->at - failing : 0,
    };
    return r;
}

static void tick_receivers(struct app *app, struct instant now)
{
    struct plan_context ctx = commit_context(app, NULL, now);
    for (size_t i = 0; i < app->options->n_receivers; i++) {
        struct receiver_state state;
        struct failure why = {0};
        CLEANUP(observation_clear) struct observation observation = {0};
        if (tick_receiver_state(app, i, &now, &state, &why) >= 0 &&
            judge_delivery(&state, &now, &observation, &why) >= 0 &&
            tenant_set_machine_zone(observation.context, now.at) >= 0 &&
            add_broken(&app->options->receiver[i], &observation) >= 0)
            commit_observation(app, &ctx, &observation);
    }
}

/* One incident instead of those that a pager may not get yet. */
static void tick_storms(struct app *app, struct instant now)
{
    struct plan_context ctx = commit_context(app, NULL, now);
    for (size_t i = 0; i < app->options->n_receivers; i++) {
        const char *name = app->options->receiver[i].name;
        int64_t held = 0;
        struct failure why = {0};
        CLEANUP(observation_clear) struct observation observation = {0};
        if (!app->options->routes.receiver[i].pager)
            continue;
        int full = dispatcher_held(app->dispatcher, name, &now, &held, &why);
        if (full >= 0 && judge_storm(name, held, full, &now, &observation, &why) >= 0 &&
            tenant_set_machine_zone(observation.context, now.at) >= 0)
            commit_observation(app, &ctx, &observation);
    }
}

void tick_receiver(void *userdata, const char *receiver, enum outbox_state state)
{
    struct app *app = userdata;
    if (state == OUTBOX_DELIVERED)
        app->delivered++;
    counts_add(app, receiver, state);
    loss_settle(app, false);
    if (state ==
        OUTBOX_PARKED) /* the dispatcher has logged it; the fallback receiver gets it now, not in a minute */
        tick_receivers(app, clock_now());
}

static void tick_reminders(struct app *app, struct instant now)
{
    struct plan_context ctx = commit_context(app, NULL, now);
    struct changes *changes = NULL;
    struct failure why = {0};
    int r = alerts_plan_reminders(&ctx, app->registry, &changes, &why);
    if (r >= 0)
        r = commit_changes(app, &ctx, changes, &why);
    if (r < 0 && !app->store_failing)
        log_failure(LOG_ERR, &why, "reminders", "retried in a minute");
}

/* Some tenant has not had its first complete poll, but may have it soon. */
static bool first_polls_are_due(const struct app *app, const struct instant *now)
{
    if (now->mono - app->first_mono >= FIRST_DIGEST_MAX)
        return false;
    for (size_t i = 0; i < app->n_tenants; i++) {
        const struct tenant *t = &app->tenant[i];
        if (t->options->enabled && !t->options->broken && (!t->memory || t->memory->source == SOURCE_NONE))
            return true;
    }
    return false;
}

/* Messages that wait for the hours of a route, or for the first polls of other tenants. */
static void tick_deferred(struct app *app, struct instant now)
{
    struct plan_context ctx = commit_context(app, NULL, now);
    CLEANUP(free) struct deferred *deferred = NULL;
    struct changes *changes = NULL;
    struct failure why = {0};
    size_t n = 0;
    if (app->first_mono)
        ctx.first_digest = first_polls_are_due(app, &now) ? FIRST_WAITS : FIRST_DUE;
    int r = store_deferred(app->store, &deferred, &n, &why);
    if (r >= 0 && n > 0)
        r = alerts_plan_deferred(&ctx, app->registry, deferred, n, &changes, &why);
    if (r >= 0 && changes)
        r = commit_changes(app, &ctx, changes, &why);
    if (r >= 0 && ctx.first_digest == FIRST_DUE)
        app->first_mono = 0;
    if (r < 0 && !app->store_failing)
        log_failure(LOG_ERR, &why, "deferred messages", "retried in a minute");
}

/* After a boot without a battery it is 1970, and until the clock is set no certificate is valid yet. Logged once;
 * intervals continue, dates are judged by Graph's clock, and alerts about failing polls are sent. */
static void tick_unset_clock(struct app *app, struct instant now)
{
    char today[RFC3339_MAX];
    bool unset = !clock_is_set(now.at);
    if (unset && !app->clock_unset)
        log_event(LOG_WARNING, MESSAGE_CLOCK_UNSET, NULL,
                  "this machine's clock says %s, so it is not set: certificates and signatures fail until it is; "
                  "reminders and deferred messages wait for it",
                  rfc3339_print(now.at, today));
    bool was_unset = app->clock_unset;
    app->clock_unset = unset;
    if (unset || !was_unset)
        return;
    log_say(LOG_NOTICE, "this machine's clock is set now; polling every tenant");
    poller_clock_set(app);
}

usec_t tick_woke(struct app *app, const struct instant *now)
{
    if (clock_slept(app->asleep)) {
        usec_t asleep = clock_asleep();
        log_say(LOG_INFO, "this machine slept for %llu s; polling what is due before any notification",
                (unsigned long long)((asleep - app->asleep + USEC_PER_SEC / 2) / USEC_PER_SEC));
        app->asleep = asleep;
        app->woke_mono = now->mono;
    }
    return app->woke_mono;
}

/* A jump of the wall clock is logged and has no effect: every duration runs on boot time. */
static void tick_clock(struct app *app, struct instant now)
{
    int64_t jump = clock_jump(&app->last_tick, &now);
    if (jump)
        log_event(LOG_WARNING, MESSAGE_CLOCK_JUMP, NULL,
                  "the wall clock jumped by %lld s; timers are not affected", (long long)(jump / (int64_t)USEC_PER_SEC));
    app->last_tick = now;
    (void)tick_woke(app, &now);
    tick_unset_clock(app, now);
}

static void tick_quarantine(struct app *app)
{
    uint64_t n = store_quarantined(app->store);
    if (n > app->quarantined)
        log_say(LOG_ERR, "%llu damaged rows were set aside in the table quarantine; a message may be lost: check the disk",
                (unsigned long long)(n - app->quarantined));
    app->quarantined = n;
}

void tick_now(struct app *app)
{
    struct instant now = clock_now();
    struct failure why = {0};
    tick_clock(app, now);
    outage_look(app, now);
    for (size_t i = 0; i < app->n_tenants; i++)
        tick_tenant(&app->tenant[i], now);
    credentials_look(app, now);
    if (!app->cli->dry_run)
        silences_expire(app, now);
    bool wait = app->clock_unset || poller_any_stale(app);
    if (!wait)
        silences_notify(app, now);
    if (app->dispatcher && !wait) /* not in a dry run */
        tick_deferred(app, now);
    if (!wait)
        tick_reminders(app, now);
    if (!app->dispatcher)
        return;
    tick_receivers(app, now);
    tick_storms(app, now);
    tick_quarantine(app);
    loss_settle(app, false);
    if (store_housekeeping(app->store, now, &why) < 0 && !app->store_failing)
        log_failure(LOG_WARNING, &why, "removing old history", "trying again in a minute");
    dispatcher_wake(app->dispatcher);
    notify_status(app);
}

static usec_t tick_length(const struct app *app)
{
    usec_t length = TICK_MAX;
    for (size_t i = 0; i < app->n_tenants; i++)
        if (app->tenant[i].options->identity.interval < length)
            length = app->tenant[i].options->identity.interval;
    return length;
}

static int on_tick(sd_event_source *s, uint64_t due, void *userdata)
{
    struct app *app = userdata;
    (void)due;
    int r = sd_event_source_set_time_relative(s, tick_length(app));
    if (r >= 0)
        r = sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
    if (r < 0)
        return sd_event_exit(app->event, EXIT_INTERNAL);
    if (!app->reloading)
        tick_now(app);
    return 0;
}

void tick_start(struct app *app)
{
    app->last_tick = clock_now();
    int r = sd_event_add_time_relative(app->event, &app->tick, CLOCK_BOOTTIME, 0, USEC_PER_SEC, on_tick, app);
    if (r >= 0)
        r = sd_event_source_set_description(app->tick, "tick");
    if (r < 0)
        (void)sd_event_exit(app->event, EXIT_INTERNAL);
}
