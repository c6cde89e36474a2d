/* SPDX-License-Identifier: MIT */
/* deliver/dispatcher.c: sends the entries of the outbox: next entry, attempt begun, sent, attempt ended.
 *
 * Each receiver has a worker: one attempt at a time, one timer, one health. A crash between "begun"
 * and "ended" leaves an unknown outcome; the same id and bytes are sent again, at most once. An
 * attempt that cannot be recorded in the store is not made. One fsync covers all that was delivered
 * within SYNC_WITHIN; a power loss may repeat those messages, under the same ids. */
#include "deliver/worker.h"

#include "base/alloc.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/text.h"
#include <assert.h>
#include <errno.h>
#include <string.h>

#define TURN_ENTRIES 50 /* local receivers answer at once: then the others get a turn */
#define TURN_TIME (100 * USEC_PER_SEC / 1000)
#define STORE_RETRY (5 * USEC_PER_SEC)
#define LOOK_AGAIN USEC_PER_HOUR /* at the latest: due times are wall clock, which may jump */
#define LOOK_SOON (USEC_PER_SEC / 10) /* at the earliest: never spin on a due time */
#define SYNC_WITHIN USEC_PER_SEC
#define ATTEMPT_MAX USEC_PER_MINUTE /* four times the deadline of http_post */
#define ACCURACY 10000
#define STUCK_AFTER (10 * USEC_PER_MINUTE) /* short of the 15 minutes after which somebody must know */
#define WHO_MAX 96 /* "receiver ", and a name of at most 63 bytes */

struct dispatcher {
    struct receiver_worker *worker;
    size_t n_workers;
    struct store *store;
    dispatcher_delivered *on_delivered;
    void *userdata;
    bool stopping, draining;
    usec_t drain_at;         /* entries that were due then are attempted once */
    sd_event_source *ending; /* calls `done` from the event loop; the grace of a stop */
    sd_event_source *sync;   /* on: recorded attempts may not be on disk yet */
    dispatcher_idle *done;
    void *done_userdata;
};

/* ---- timers ---- */

static void worker_arm(struct receiver_worker *w, usec_t delay)
{
    if (delay > LOOK_AGAIN)
        delay = LOOK_AGAIN;
    /* These fail only for wrong arguments. */
    (void)sd_event_source_set_time_relative(w->timer, delay);
    (void)sd_event_source_set_enabled(w->timer, SD_EVENT_ONESHOT);
}

static void worker_rest(struct receiver_worker *w)
{
    (void)sd_event_source_set_enabled(w->timer, SD_EVENT_OFF);
}

static bool worker_is_busy(const struct receiver_worker *w)
{
    return w->entry != NULL;
}

static void sync_later(struct dispatcher *c)
{
    int on = SD_EVENT_OFF;
    (void)sd_event_source_get_enabled(c->sync, &on);
    if (on != SD_EVENT_OFF)
        return;
    (void)sd_event_source_set_time_relative(c->sync, SYNC_WITHIN);
    (void)sd_event_source_set_enabled(c->sync, SD_EVENT_ONESHOT);
}

static void sync_now(struct dispatcher *c)
{
    struct failure why = {0};
    (void)sd_event_source_set_enabled(c->sync, SD_EVENT_OFF);
    if (store_sync(c->store, &why) < 0)
        log_failure(LOG_ERR, &why, "cannot sync the record of deliveries to disk",
                    "a power loss may repeat these messages");
}

/* The end of a drain or stop is reported from the event loop, after everything else of this turn. */
static void dispatcher_check_end(struct dispatcher *c)
{
    if (!c->done)
        return;
    for (size_t i = 0; i < c->n_workers; i++)
        if (worker_is_busy(&c->worker[i]) || (c->draining && !c->worker[i].drained))
            return;
    (void)sd_event_source_set_time_relative(c->ending, 0);
    (void)sd_event_source_set_enabled(c->ending, SD_EVENT_ONESHOT);
}

static void worker_drained(struct receiver_worker *w)
{
    w->drained = true;
    dispatcher_check_end(w->dispatcher);
}

/* ---- the end of an attempt ---- */

static void worker_drop(struct receiver_worker *w)
{
    outbox_entry_free(TAKE(w->entry));
    w->settling = false;
    dispatcher_check_end(w->dispatcher);
}

/* The worker sends nothing else until the end of the attempt is stored. A drain tries this twice and
 * then leaves the outcome unknown, so that the next run sends the same id again. */
static bool worker_write_end(struct receiver_worker *w)
{
    struct failure why = {0};
    int r = store_attempt_end(w->dispatcher->store, w->entry->id, &w->result, clock_now(), &why);
    if (r < 0 &&
        r != -ENOENT) { /* -ENOENT: a damaged row was quarantined, nothing to store */
        bool again = w->store_failing;
        worker_store_failed(w, &why);
        if (w->dispatcher->draining && again) {
            w->drained = true;
            worker_drop(w);
        } else {
            worker_arm(w, STORE_RETRY);
        }
        return false;
    }
    w->store_failing = false;
    sync_later(w->dispatcher);
    enum outbox_state state = w->result.state;
    worker_drop(w);
    w->dispatcher->on_delivered(w->dispatcher->userdata, w->options->name, state);
    return true;
}

/* ---- disabled receivers ---- */

/* On failure, which the end of the attempt logs, a restart sends once more. */
static void worker_disable(struct receiver_worker *w)
{
    if (w->transport->address)
        w->off_stored = store_disable_receiver(w->dispatcher->store, w->options->name,
                                               w->transport->address(w->handle), NULL) >= 0;
}

/* A retry on demand removes the record from the store. */
static bool worker_is_disabled(const struct receiver_worker *w)
{
    int64_t address;
    return w->health.disabled &&
           (!w->off_stored ||
            store_receiver_disabled(w->dispatcher->store, w->options->name, &address, NULL) != 0);
}

/* The stored state counts unless the address has changed. */
static int worker_load_state(struct receiver_worker *w, struct failure *ret_failure)
{
    int64_t address;
    if (!w->transport->address)
        return 0;
    int r = store_receiver_disabled(w->dispatcher->store, w->options->name, &address, ret_failure);
    w->off_stored = w->health.disabled = r > 0 && address == w->transport->address(w->handle);
    if (r > 0 && !w->health.disabled)
        r = store_outbox_retry(w->dispatcher->store, w->options->name, clock_now(), ret_failure);
    return r < 0 ? r : 0;
}

/* Retry-After outlives the process. If it cannot be stored, this process obeys it all the same, and the
 * next operation of the store logs the failure. */
static void worker_store_backoff(struct receiver_worker *w, const struct instant *now)
{
    char who[WHO_MAX];
    if (!w->transport->address || w->health.quiet_until_mono <= now->mono)
        return;
    (void)snprintf(who, sizeof who, "receiver %s", w->options->name);
    (void)store_backoff_until(w->dispatcher->store, who, w->transport->address(w->handle), *now,
                              w->health.quiet_until_mono - now->mono, NULL);
}

static void worker_load_backoff(struct receiver_worker *w)
{
    char who[WHO_MAX];
    struct instant now = clock_now();
    if (!w->transport->address)
        return;
    (void)snprintf(who, sizeof who, "receiver %s", w->options->name);
    usec_t left = store_backoff_left(w->dispatcher->store, who, w->transport->address(w->handle), now);
    w->health.quiet_until_mono = left ? now.mono + left : 0;
}

static bool worker_settle(struct receiver_worker *w, const struct answer *a)
{
    uint32_t dice = UINT32_MAX / 2; /* without random bytes: no jitter */
    struct health before = w->health;
    (void)random_bytes(&dice, sizeof dice);
    struct instant now = clock_now();
    if (w->options->class->spacing > 0)
        w->spaced_mono = now.mono + w->options->class->spacing;
    answer_settle(a, w->entry, now, dice, &w->health, &w->result);
    if (!before.down_since_mono)
        w->asleep_before = clock_asleep();
    worker_log(w, a, &before, &now);
    if (w->health.disabled && !before.disabled)
        worker_disable(w);
    worker_store_backoff(w, &now);
    w->settling = true;
    return worker_write_end(w);
}

static void on_sent(void *userdata, const struct answer *a)
{
    struct receiver_worker *w = userdata;
    if (worker_settle(w, a))
        worker_turn(w);
}

/* ---- one entry ---- */

/* All attempts send the bytes of the first one; they are stored before anything is sent. */
static int worker_render(struct receiver_worker *w, struct instant now, bool *ret_first)
{
    const struct message m = {w->entry->notification, w->entry->digest, w->entry->combined, now.at};
    *ret_first = w->entry->body == NULL;
    return *ret_first ? receiver_render(w->options, &m, &w->entry->body, &w->entry->body_len) : 0;
}

/* False: nothing more to do in this turn. */
static bool worker_attempt(struct receiver_worker *w, struct instant now)
{
    struct failure why = {0};
    struct answer a = {0};
    bool first;
    int rendered = worker_render(w, now, &first);
    if (rendered == -ENOMEM) {
        (void)failure_oom(&why);
        worker_store_failed(w, &why);
        worker_drop(w);
        worker_arm(w, STORE_RETRY);
        worker_drained(w);
        return false;
    }
    const struct outbox_entry *e = w->entry;
    int r = store_attempt_begin(w->dispatcher->store, e->id, first ? e->body : NULL,
                                first ? e->body_len : 0, now, &why);
    if (r == -ENOENT) { /* superseded meanwhile */
        worker_drop(w);
        return true;
    }
    if (r < 0) {
        worker_store_failed(w, &why);
        worker_drop(w);
        worker_arm(w, STORE_RETRY);
        worker_drained(w);
        return false;
    }
    if (first) /* so that a repeat after a power loss has the same bytes */
        sync_later(w->dispatcher);
    if (rendered < 0) {
        answer_set(&a, ANSWER_PERMANENT, "the message cannot be rendered: %s", strerror(-rendered));
        return worker_settle(w, &a);
    }
    w->begun_mono = now.mono;
    const struct payload payload = {
        .event_id = e->event_id, .body = e->body, .len = e->body_len, .now = now};
    return w->transport->send(w->handle, &payload, &a, on_sent, w) > 0 && worker_settle(w, &a);
}

/* ---- a worker's turn ---- */

/* True if the queue must not be read now. Arms the timer accordingly. */
static bool worker_must_wait(struct receiver_worker *w, struct instant now)
{
    struct dispatcher *c = w->dispatcher;
    bool renewed = w->handle && w->transport->renewed && w->transport->renewed(w->handle);
    if (w->health.disabled && renewed) {
        log_say(LOG_NOTICE, "receiver %s: URL file changed; receiver enabled again",
                w->options->name);
        /* Entries that the old address refused are due again; if this fails, a reload retries. */
        (void)store_outbox_retry(c->store, w->options->name, now, NULL);
        w->health = (struct health){0};
    }
    if (w->health.disabled && !worker_is_disabled(w))
        w->health = (struct health){0};
    if (c->stopping || w->health.disabled || (c->draining && w->drained)) {
        worker_rest(w);
        worker_drained(w);
        return true;
    }
    if (w->health.quiet_until_mono > now.mono) {
        worker_arm(w, w->health.quiet_until_mono - now.mono);
        worker_drained(w);
        return true;
    }
    if (w->spaced_mono > now.mono) { /* short: a drain waits for it */
        worker_arm(w, w->spaced_mono - now.mono);
        return true;
    }
    return false;
}

/* True: an entry was handled, there may be another one. */
static bool worker_step(struct receiver_worker *w, struct instant now)
{
    struct dispatcher *c = w->dispatcher;
    struct failure why = {0};
    usec_t next_at = 0;
    if (w->settling)
        return worker_write_end(w);
    if (worker_is_busy(w) || worker_must_wait(w, now))
        return false;
    usec_t until = c->draining ? c->drain_at : now.at;
    int r = store_outbox_next(c->store, w->options->name, until, &w->entry, &next_at, &why);
    if (r >= 0)
        return worker_attempt(w, now);
    if (r != -ENOENT) {
        worker_store_failed(w, &why);
        worker_arm(w, STORE_RETRY);
    } else if (next_at == 0) {
        worker_rest(w);
    } else {
        worker_arm(w, next_at > now.at + LOOK_SOON ? next_at - now.at : LOOK_SOON);
    }
    worker_drained(w);
    return false;
}

void worker_turn(struct receiver_worker *w)
{
    struct instant begun = clock_now(), now = begun;
    for (int i = 0; i < TURN_ENTRIES && now.mono - begun.mono < TURN_TIME; i++) {
        if (!worker_step(w, now))
            return;
        now = clock_now();
    }
    worker_arm(w, 0);
}

static int on_worker_timer(sd_event_source *s, uint64_t due, void *userdata)
{
    (void)s;
    (void)due;
    worker_turn(userdata);
    return 0;
}

/* ---- the dispatcher ---- */

static int on_sync(sd_event_source *s, uint64_t due, void *userdata)
{
    (void)s;
    (void)due;
    sync_now(userdata);
    return 0;
}

static int on_ending(sd_event_source *s, uint64_t due, void *userdata)
{
    struct dispatcher *c = userdata;
    (void)s;
    (void)due;
    sync_now(c);
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
        if (worker_is_busy(w) && !w->settling && now->mono > w->begun_mono + ATTEMPT_MAX)
            return false;
    }
    return true;
}

/* The time that the machine slept does not count towards STUCK_AFTER: nothing was tried in it. */
static usec_t failing_for(const struct receiver_worker *w, const struct instant *now)
{
    usec_t down_mono = w->health.down_since_mono, asleep = clock_asleep() - w->asleep_before;
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
