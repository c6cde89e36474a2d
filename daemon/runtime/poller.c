/* SPDX-License-Identifier: MIT */
/* runtime/poller.c: schedules polls: spread over the interval, one a tenant at a time, poll.concurrency at once. */
#include "runtime/poller.h"

#include <string.h>

#include "base/digest.h"
#include "base/log.h"
#include "runtime/app.h"
#include "runtime/backoff_until.h"
#include "runtime/credential_watch.h"
#include "runtime/credentials.h"
#include "runtime/inquiry.h"
#include "runtime/poll_result.h"
#include "runtime/rights.h"
#include "runtime/tenant.h"

#define SIGN_IN_RETRY_MIN (5 * USEC_PER_MINUTE)
#define SIGN_IN_RETRY_MAX USEC_PER_HOUR
#define GATHER_TIME (20 * USEC_PER_SEC / 1000) /* a result waits so long for others to share a commit */
#define SLOT_SHARE 8 /* a poll occupies a slot for this part of poll.timeout */

struct poller {
    struct poll_result result[POLL_RESULTS_MAX]; /* of polls that have just ended */
    size_t n_results;
    sd_event_source *gather;      /* takes them; NULL */
    sd_event_source *slots_timer; /* the next slot becomes free; NULL: nobody has waited for one yet */
};

struct poller *poller_new(void)
{
    return calloc(1, sizeof(struct poller));
}

void poller_free(struct poller *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n_results; i++)
        snapshot_free(p->result[i].snapshot);
    sd_event_source_disable_unref(p->gather);
    sd_event_source_disable_unref(p->slots_timer);
    free(p);
}

/* The same offset at every start, another one for every tenant, so that many tenants do not poll Graph at the
 * same moment. */
static usec_t offset_in_interval(const struct tenant *t)
{
    usec_t spread = t->options->identity.interval / 10000 * (usec_t)t->app->options->poll_jitter_bp;
    const char *id = t->options->identity.tenant_id;
    return spread ? fnv1a(id, strlen(id), FNV1A_SEED) % spread : 0;
}

/* Polls begin a whole number of intervals apart, however long each takes. A refused sign-in is not
 * repeated every interval, because it may lock the account: 5 min, doubling to 1 h. A Retry-After that
 * reached beyond the poll is kept. */
static usec_t next_delay(const struct tenant *t)
{
    usec_t interval = t->options->identity.interval,
           delay = interval - t->last.report.took % interval;
    if (t->refused) {
        unsigned doublings = t->refused - 1 < 4 ? t->refused - 1 : 4;
        usec_t wait = SIGN_IN_RETRY_MIN << doublings;
        wait = wait < SIGN_IN_RETRY_MAX ? wait : SIGN_IN_RETRY_MAX;
        delay = wait > delay ? wait : delay;
    }
    usec_t now = clock_now().mono;
    if (t->last.report.resume_at_mono > now + delay)
        delay = t->last.report.resume_at_mono - now;
    return delay;
}

static void arm(struct tenant *t, usec_t delay)
{
    t->due = clock_now();
    t->due.at += delay;
    t->due.mono += delay;
    int r = sd_event_source_set_time_relative(t->timer, delay);
    if (r >= 0)
        r = sd_event_source_set_enabled(t->timer, SD_EVENT_ONESHOT);
    if (r < 0) /* without its timer a tenant would silently never be polled again */
        (void)sd_event_exit(t->app->event, EXIT_INTERNAL);
}

static void queue(struct tenant *t)
{
    if (!t->queued)
        activity_hold(&t->app->activity); /* until the poll's result was taken */
    t->queued = true;
}

/* Logged once a series, counted each time. */
static void count_skipped(struct tenant *t, usec_t took)
{
    uint64_t n = took / t->options->identity.interval;
    t->skipped += n;
    if (n > 0 && !t->overran)
        log_say(LOG_WARNING,
                "%s: a poll took %llu s, longer than the interval: polls skipped: %llu; increase "
                "interval, or find out why polls are slow",
                t->options->identity.name, (unsigned long long)(took / USEC_PER_SEC),
                (unsigned long long)t->skipped);
    else if (n == 0 && t->overran)
        log_say(LOG_NOTICE, "%s: polls end within the interval again; polls skipped: %llu",
                t->options->identity.name, (unsigned long long)t->skipped);
    t->overran = n > 0;
}

bool poller_poll_tenant(struct tenant *t)
{
    bool news;
    if (graph_polling(t->graph) || t->gathered) {
        news = !t->again;
        t->again = true;
    } else {
        news = !t->queued && t->due.mono > clock_now().mono;
        arm(t, 0);
    }
    return news;
}

static void on_credential_changed(struct tenant *t)
{
    t->refused = 0;
    (void)poller_poll_tenant(t);
}

static void poll_ended(struct tenant *t, const struct graph_report *report)
{
    t->gathered = false;
    t->refused = report->failure.kind == FAILURE_AUTH && !report->complete ? t->refused + 1 : 0;
    t->asleep_read = t->asleep_begun;
    backoff_store(t, report);
    if (t->timer) {
        count_skipped(t, report->took);
        arm(t, t->again ? 0 : next_delay(t));
        credential_watch_arm(t, &report->failure, on_credential_changed);
    }
    t->again = false;
    credentials_polled(t, report);
    rights_begin(t, report);
    inquiries_resume(t);
    activity_release(&t->app->activity);
}

/* A poll that spans a sleep of the machine is discarded: its data is stale and its time-outs prove nothing. */
static void poll_repeat(struct poll_result *e)
{
    struct tenant *t = e->tenant;
    snapshot_free(TAKE(e->snapshot));
    log_say(LOG_INFO, "%s: the machine slept during the poll; polling again now",
            t->options->identity.name);
    t->due = clock_now();
    t->queued = true;
    t->gathered = false;
}

static void could_not_begin(struct tenant *t, const struct graph_report *report)
{
    struct poll_result result = {t, NULL, *report};
    poll_result_take(t->app, &result, 1);
    poll_ended(t, report);
}

static void poll_next(struct app *app);

/* ---- polls that ended ----
 * The next polls begin before these results are judged. A few results share a commit, because it waits for the
 * disk. */

void poller_settle(struct app *app)
{
    struct poller *p = app->poller;
    struct poll_result result[POLL_RESULTS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < p->n_results; i++)
        if (clock_slept(p->result[i].tenant->asleep_begun))
            poll_repeat(&p->result[i]);
        else
            result[n++] = p->result[i];
    p->n_results = 0;
    if (n > 0)
        poll_result_take(app, result, n);
    for (size_t i = 0; i < n; i++)
        poll_ended(result[i].tenant, &result[i].report);
}

static int on_gathered(sd_event_source *s, uint64_t due, void *userdata)
{
    struct app *app = userdata;
    (void)s, (void)due;
    poller_settle(app);
    poll_next(app);
    return 0;
}

static void settle_soon(struct app *app)
{
    struct poller *p = app->poller;
    int r = 0;
    if (!p->gather)
        r = sd_event_add_time_relative(app->event, &p->gather, CLOCK_BOOTTIME, GATHER_TIME, 1, on_gathered, app);
    else
        r = sd_event_source_set_time_relative(p->gather, GATHER_TIME);
    if (r >= 0)
        r = sd_event_source_set_enabled(p->gather, SD_EVENT_ONESHOT);
    if (r < 0) /* without waiting for others */
        poller_settle(app);
}

static bool is_polling(const struct app *app)
{
    for (size_t i = 0; i < app->n_tenants; i++)
        if (app->tenant[i].graph && graph_polling(app->tenant[i].graph))
            return true;
    return false;
}

static void on_polled(void *userdata, struct snapshot *snapshot, const struct graph_report *report)
{
    struct tenant *t = userdata;
    struct app *app = t->app;
    struct poller *p = app->poller;
    t->slow = t->slot_until_mono == 0;
    t->slot_until_mono = 0;
    t->gathered = true;
    p->result[p->n_results++] = (struct poll_result){t, snapshot, *report};
    poll_next(app);
    if (p->n_results == POLL_RESULTS_MAX || !is_polling(app))
        poller_settle(app);
    else if (p->n_results == 1)
        settle_soon(app);
    poll_next(app);
}

static void poll_one(struct tenant *t)
{
    struct graph_report report = {0};
    t->queued = t->again = false;
    t->asleep_begun = clock_asleep();
    credential_watch_begin(t);
    rights_interrupt(t);
    inquiries_interrupt(t); /* after it: its end lets them go on */
    if (graph_poll(t->graph, on_polled, t, &report.failure) < 0)
        could_not_begin(t, &report);
    t->slot_until_mono =
        graph_polling(t->graph) ? clock_now().mono + t->app->options->poll_timeout / SLOT_SHARE : 0;
}

/* ---- slots ----
 * A poll that hangs or waits for a Retry-After gives its slot back after a while and continues beside the others: a
 * hanging tenant delays them by a part of its time-out only, and at most SLOT_SHARE times poll.concurrency polls are
 * under way. Next time it is the last of those that are due. */

static size_t slots_free(const struct app *app)
{
    size_t taken = 0;
    for (size_t i = 0; i < app->n_tenants; i++)
        taken += app->tenant[i].slot_until_mono != 0;
    return taken < app->options->poll_concurrency ? app->options->poll_concurrency - taken : 0;
}

/* Last, but not forever: as if it had come due one poll time-out later. */
static usec_t turn_mono(const struct tenant *t)
{
    return t->due.mono + (t->slow ? t->app->options->poll_timeout : 0);
}

static struct tenant *next_in_line(struct app *app)
{
    struct tenant *first = NULL;
    for (size_t i = 0; i < app->n_tenants; i++)
        if (app->tenant[i].queued && (!first || turn_mono(&app->tenant[i]) < turn_mono(first)))
            first = &app->tenant[i];
    return first;
}

static int on_slot_over(sd_event_source *s, uint64_t due, void *userdata)
{
    struct app *app = userdata;
    usec_t now = clock_now().mono;
    (void)s, (void)due;
    for (size_t i = 0; i < app->n_tenants; i++)
        if (app->tenant[i].slot_until_mono <= now)
            app->tenant[i].slot_until_mono = 0;
    poll_next(app);
    return 0;
}

static void await_slot(struct app *app)
{
    usec_t at = 0;
    for (size_t i = 0; i < app->n_tenants; i++) {
        usec_t until = app->tenant[i].slot_until_mono;
        if (until && (!at || until < at))
            at = until;
    }
    if (!at)
        return;
    struct poller *p = app->poller;
    int r = 0;
    if (!p->slots_timer)
        r = sd_event_add_time(app->event, &p->slots_timer, CLOCK_BOOTTIME, at, USEC_PER_SEC / 10,
                              on_slot_over, app);
    else
        r = sd_event_source_set_time(p->slots_timer, at);
    if (r >= 0)
        r = sd_event_source_set_enabled(p->slots_timer, SD_EVENT_ONESHOT);
    if (r < 0) /* waiting tenants would wait forever */
        (void)sd_event_exit(app->event, EXIT_INTERNAL);
}

static void poll_next(struct app *app)
{
    struct tenant *t = NULL;
    if (!app->stopping && !app->reloading)
        while ((t = next_in_line(app)) && slots_free(app) > 0)
            poll_one(t);
    if (t)
        await_slot(app);
}

/* Never two polls of one tenant at once: a poll that outlasts its interval delays the next. */
static int on_poll_due(sd_event_source *s, uint64_t due, void *userdata)
{
    struct tenant *t = userdata;
    (void)s, (void)due;
    if (graph_polling(t->graph))
        return 0; /* it arms the timer when it ends */
    t->due =
        clock_now(); /* after a suspend it is long overdue; the watchdog counts from now */
    queue(t);
    poll_next(t->app);
    return 0;
}

static usec_t first_delay(const struct tenant *t, struct tenant *before_all, size_t n_before)
{
    const struct tenant *before = tenant_find(before_all, n_before, t->options->identity.tenant_id);
    usec_t now = clock_now().mono, delay = offset_in_interval(t),
           resume = t->last.report.resume_at_mono;
    if (before && before->timer) {
        usec_t left = before->due.mono > now ? before->due.mono - now : 0;
        delay = left < t->options->identity.interval ? left : t->options->identity.interval;
        resume = before->last.report.resume_at_mono; /* a reload does not shorten a Retry-After */
    }
    return resume > now + delay ? resume - now : delay;
}

void poller_start(struct app *app, struct tenant *before, size_t n_before)
{
    for (size_t i = 0; i < app->n_tenants; i++) {
        struct tenant *t = &app->tenant[i];
        if (!t->graph)
            continue;
        int r = sd_event_add_time_relative(app->event, &t->timer, CLOCK_BOOTTIME, USEC_PER_DAY,
                                           USEC_PER_SEC / 10, on_poll_due, t);
        if (r >= 0)
            r = sd_event_source_set_description(t->timer, "poll");
        if (r < 0)
            (void)sd_event_exit(app->event, EXIT_INTERNAL);
        else
            arm(t, first_delay(t, before, n_before));
    }
}

void poller_start_once(struct app *app)
{
    activity_hold(&app->activity); /* so that it becomes idle even without a tenant to poll */
    for (size_t i = 0; i < app->n_tenants; i++)
        if (app->tenant[i].graph)
            queue(&app->tenant[i]);
    poll_next(app);
    activity_release(&app->activity);
}

bool poller_poll_now(struct app *app)
{
    bool news = false;
    for (size_t i = 0; i < app->n_tenants; i++)
        if (app->tenant[i].graph)
            news = poller_poll_tenant(&app->tenant[i]) || news;
    return news;
}

void poller_clock_set(struct app *app)
{
    for (size_t i = 0; i < app->n_tenants; i++)
        app->tenant[i].refused =
            0; /* an assertion signed with the wrong time is refused like a wrong secret */
    (void)poller_poll_now(app);
}

bool poller_any_stale(const struct app *app)
{
    for (size_t i = 0; i < app->n_tenants; i++)
        if (tenant_is_stale(&app->tenant[i]))
            return true;
    return false;
}

/* The loop makes progress while every tenant is either being polled, within the poll's own deadline, or not long
 * overdue. Polls that wait for a slot wait for such polls. */
bool poller_on_time(const struct app *app, const struct instant *now)
{
    usec_t slack = app->options->poll_timeout + USEC_PER_MINUTE;
    usec_t rounds = app->n_tenants / app->options->poll_concurrency + 1;
    for (size_t i = 0; i < app->n_tenants; i++) {
        const struct tenant *t = &app->tenant[i];
        if (t->graph && t->timer && now->mono > t->due.mono + (rounds + 1) * slack)
            return false;
    }
    return true;
}
