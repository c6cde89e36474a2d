/* SPDX-License-Identifier: MIT */
/* deliver/dispatcher.c: makes a worker for each receiver, starts and stops them, and reports their health.
 *
 * One fsync covers all that was delivered within a second; a power loss may repeat those messages, under
 * the same ids. */
#include "deliver/worker.h"

#include "base/alloc.h"
#include "base/text.h"
#include <assert.h>
#include <string.h>

#define ATTEMPT_MAX USEC_PER_MINUTE /* four times the deadline of http_post */
#define ACCURACY 10000
#define STUCK_AFTER (10 * USEC_PER_MINUTE) /* short of the 15 minutes after which somebody must know */

static int on_worker_timer(sd_event_source *s, uint64_t due, void *userdata)
{
    (void)s;
    (void)due;
    worker_turn(userdata);
    return 0;
}

static int on_sync(sd_event_source *s, uint64_t due, void *userdata)
{
    (void)s;
    (void)due;
    dispatcher_sync_now(userdata);
    return 0;
}

static int on_ending(sd_event_source *s, uint64_t due, void *userdata)
{
    struct dispatcher *c = userdata;
    (void)s;
    (void)due;
    dispatcher_sync_now(c);
    dispatcher_idle *done = TAKE(c->done);
    c->draining = false;
    if (done)
        done(c->done_userdata);
    return 0;
}

/* A timer that is off; its name is for debugging only. */
static int add_timer(sd_event *event, const char *name, sd_event_time_handler_t on_due,
                     void *userdata, sd_event_source **ret, struct failure *ret_failure)
{
    int r = sd_event_add_time(event, ret, CLOCK_BOOTTIME, 0, ACCURACY, on_due, userdata);
    if (r >= 0)
        r = sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
    if (r < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, -r, "cannot make a timer: %s", strerror(-r));
    (void)sd_event_source_set_description(*ret, name);
    return 0;
}

static int worker_open(struct receiver_worker *w, struct dispatcher *c,
                       const struct receiver_options *o, struct http *http, sd_event *event,
                       struct failure *ret_failure)
{
    w->dispatcher = c;
    w->options = o;
    w->transport = receiver_transport(o);
    w->health.disabled = o->broken;
    int r = o->broken ? 0 : w->transport->open(o, http, &w->handle, ret_failure);
    if (r < 0)
        return failure_prefix(ret_failure, r, "receiver %s", o->name);
    if (!o->broken)
        r = worker_load_state(w, ret_failure);
    if (r >= 0 && !o->broken)
        worker_load_backoff(w);
    if (r >= 0)
        r = worker_pager_open(w, ret_failure);
    return r < 0 ? r : add_timer(event, o->name, on_worker_timer, w, &w->timer, ret_failure);
}

void dispatcher_free(struct dispatcher *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n_workers; i++) {
        struct receiver_worker *w = &c->worker[i];
        if (w->handle)
            w->transport->close(w->handle);
        (void)sd_event_source_disable_unref(w->timer);
        outbox_entry_free(w->entry);
        alloc_release(w->incidents.at_mono);
    }
    (void)sd_event_source_disable_unref(c->ending);
    (void)sd_event_source_disable_unref(c->sync);
    alloc_release(c->worker);
    alloc_release(c);
}

int dispatcher_new(const struct dispatcher_options *o, struct store *store, struct http *http,
                   sd_event *event, dispatcher_delivered *on_delivered, void *userdata,
                   struct dispatcher **ret, struct failure *ret_failure)
{
    CLEANUP(dispatcher_free) struct dispatcher *c = alloc_zero(1, sizeof *c);
    if (!c)
        return failure_oom(ret_failure);
    c->worker = alloc_zero(o->n_receivers, sizeof *c->worker);
    if (!c->worker)
        return failure_oom(ret_failure);
    c->storm = o->storm;
    c->store = store;
    c->on_delivered = on_delivered;
    c->userdata = userdata;
    int r = add_timer(event, "dispatcher-end", on_ending, c, &c->ending, ret_failure);
    if (r >= 0)
        r = add_timer(event, "dispatcher-sync", on_sync, c, &c->sync, ret_failure);
    if (r < 0)
        return r;
    for (size_t i = 0; r >= 0 && i < o->n_receivers; i++)
        if (!(o->receiver[i].class->traits & RECEIVER_HEARTBEAT))
            r = worker_open(&c->worker[c->n_workers++], c, &o->receiver[i], http, event,
                            ret_failure);
    if (r < 0)
        return r;
    *ret = TAKE(c);
    return 0;
}

void dispatcher_wake(struct dispatcher *c)
{
    for (size_t i = 0; i < c->n_workers; i++)
        worker_arm(&c->worker[i], 0);
}

static struct receiver_worker *find_worker(const struct dispatcher *c, const char *receiver)
{
    for (size_t i = 0; i < c->n_workers; i++)
        if (strcmp(c->worker[i].options->name, receiver) == 0)
            return &c->worker[i];
    return NULL;
}

void dispatcher_retry(struct dispatcher *c, const char *receiver)
{
    struct receiver_worker *w = find_worker(c, receiver);
    if (w)
        worker_end_backoff(w);
    dispatcher_wake(c);
}

usec_t dispatcher_backoff(const struct dispatcher *c, const char *receiver, const struct instant *now)
{
    const struct receiver_worker *w = find_worker(c, receiver);
    return w && w->health.quiet_until_mono > now->mono ? w->health.quiet_until_mono - now->mono : 0;
}

int dispatcher_drain(struct dispatcher *c, dispatcher_idle *done, void *userdata)
{
    assert(!c->done);
    c->done = done;
    c->done_userdata = userdata;
    c->draining = true;
    c->drain_at = clock_now().at;
    for (size_t i = 0; i < c->n_workers; i++)
        c->worker[i].drained = false;
    dispatcher_wake(c);
    dispatcher_check_end(c); /* no receivers: done at once */
    return 0;
}

int dispatcher_stop(struct dispatcher *c, usec_t grace, dispatcher_idle *done, void *userdata)
{
    c->stopping = true;
    c->draining = false; /* a stop replaces it */
    c->done = done;
    c->done_userdata = userdata;
    int r = sd_event_source_set_time_relative(c->ending, grace);
    if (r >= 0)
        r = sd_event_source_set_enabled(c->ending, SD_EVENT_ONESHOT);
    dispatcher_check_end(c);
    return r;
}

void dispatcher_resume(struct dispatcher *c)
{
    c->stopping = false;
    c->done = NULL;
    (void)sd_event_source_set_enabled(c->ending, SD_EVENT_OFF);
    dispatcher_wake(c);
}

bool dispatcher_on_time(const struct dispatcher *c, const struct instant *now)
{
    for (size_t i = 0; i < c->n_workers; i++) {
        const struct receiver_worker *w = &c->worker[i];
        if (w->entry && !w->settling && now->mono > w->begun_mono + ATTEMPT_MAX)
            return false;
    }
    return true;
}

/* The time that the machine slept does not count towards STUCK_AFTER: nothing was tried in it. Two
 * readings of it differ by the time between their two clocks, so the later one may be smaller. */
static usec_t failing_for(const struct receiver_worker *w, const struct instant *now)
{
    usec_t down_mono = w->health.down_since_mono, asleep = clock_asleep();
    asleep = asleep > w->asleep_before ? asleep - w->asleep_before : 0;
    usec_t down = down_mono && now->mono > down_mono ? now->mono - down_mono : 0;
    return down > asleep && down - asleep > STUCK_AFTER ? down : 0;
}

usec_t dispatcher_failing_for(const struct dispatcher *c, const char *receiver,
                              const struct instant *now)
{
    for (size_t i = 0; i < c->n_workers; i++)
        if (text_equal(c->worker[i].options->name, receiver))
            return failing_for(&c->worker[i], now);
    return 0;
}

bool dispatcher_stuck(const struct dispatcher *c, const struct instant *now)
{
    for (size_t i = 0; i < c->n_workers; i++)
        if (c->worker[i].health.disabled || failing_for(&c->worker[i], now))
            return true;
    return false;
}

bool dispatcher_disabled(const struct dispatcher *c, const char *receiver)
{
    for (size_t i = 0; i < c->n_workers; i++)
        if (text_equal(c->worker[i].options->name, receiver))
            return worker_is_disabled(&c->worker[i]);
    return false;
}
