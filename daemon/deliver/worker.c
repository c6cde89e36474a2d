/* SPDX-License-Identifier: MIT */
/* deliver/worker.c: sends the entries of one receiver: next entry, attempt begun, sent, attempt ended.
 *
 * One attempt at a time, one timer, one health. A crash between "begun" and "ended" leaves an unknown
 * outcome; the same id and bytes are sent again, at most once. An attempt that cannot be recorded in the
 * store is not made. */
#include "deliver/worker.h"

#include "base/digest.h"
#include "base/log.h"
#include <errno.h>
#include <string.h>

#define TURN_ENTRIES 50 /* local receivers answer at once: then the others get a turn */
#define TURN_TIME (100 * USEC_PER_SEC / 1000)
#define STORE_RETRY (5 * USEC_PER_SEC)
#define LOOK_AGAIN USEC_PER_HOUR /* at the latest: due times are wall clock, which may jump */
#define LOOK_SOON (USEC_PER_SEC / 10) /* at the earliest: never spin on a due time */

/* ---- timers ---- */

void worker_arm(struct receiver_worker *w, usec_t delay)
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
    dispatcher_sync_later(w->dispatcher);
    enum outbox_state state = w->result.state;
    worker_drop(w);
    w->dispatcher->on_delivered(w->dispatcher->userdata, w->options->name, state);
    return true;
}

/* After an outage the queue does not wait for the backoffs that the outage caused. A failure is logged
 * by the next operation of the store; the entries then wait for their own backoff. */
static void worker_release(struct receiver_worker *w, const struct health *before)
{
    uint64_t failures = w->proven ? before->failures : UINT64_MAX;
    if (failures > 0)
        (void)store_outbox_release(w->dispatcher->store, w->options->name, failures, clock_now(), NULL);
    w->proven = true;
}

/* A receiver that is repeated gets the state of its alerts anyway: an entry that it refuses is not kept, and none
 * is too old. */
static void worker_spare_repeated(const struct receiver_worker *w, const struct answer *a, struct attempt_result *r)
{
    if (w->options->class->traits & RECEIVER_REPEATED && r->state == OUTBOX_PARKED && a->class != ANSWER_GONE)
        r->state = a->class == ANSWER_PERMANENT ? OUTBOX_SUPERSEDED : OUTBOX_QUEUED;
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
    worker_spare_repeated(w, a, &w->result);
    if (!before.down_since_mono)
        w->asleep_before = clock_asleep();
    worker_log(w, a, &before, &now);
    if (w->health.disabled && !before.disabled)
        worker_disable(w);
    worker_store_backoff(w, &now);
    if (a->class == ANSWER_OK) {
        worker_release(w, &before);
        worker_pager_accepted(w, &now);
    }
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
        dispatcher_sync_later(w->dispatcher);
    if (rendered < 0) {
        answer_set(&a, ANSWER_PERMANENT, "the message cannot be rendered: %s", strerror(-rendered));
        return worker_settle(w, &a);
    }
    w->begun_mono = now.mono;
    bucket_take(&w->bucket, &w->options->pace, now.mono);
    const struct payload payload = {
        .event_id = e->event_id, .body = e->body, .len = e->body_len, .now = now, .ref = e->ref};
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
    return false;
}

/* The pace of the receiver, and the spacing of its type. */
static usec_t worker_pause(const struct receiver_worker *w, struct instant now)
{
    usec_t wait = bucket_wait(&w->bucket, &w->options->pace, now.mono);
    return w->spaced_mono > now.mono + wait ? w->spaced_mono - now.mono : wait;
}

/* More alerts than there are tokens are combined into digests. Not while the receiver fails: then
 * an alert that ends before its first attempt still becomes one message. */
static int worker_fold(struct receiver_worker *w, usec_t until, struct instant now, struct failure *why)
{
    const struct dispatcher *c = w->dispatcher;
    const struct receiver_class *class = w->options->class;
    bool works = w->health.failures == 0 && !w->health.disabled;
    if (w->entry || c->stopping || class->traits & (RECEIVER_EACH | RECEIVER_PAGER))
        return 0;
    const struct fold fold = {
        .receiver = w->options->name,
        .due_at = until,
        .keep = works ? bucket_tokens(&w->bucket, &w->options->pace, now.mono) : UINT32_MAX,
        .lines = c->storm.lines ? c->storm.lines : DIGEST_LINES,
        .by_tenant = receiver_is_by_tenant(w->options),
    };
    return store_outbox_fold(c->store, &fold, now, why);
}

/* True: an entry was handled, there may be another one. */
static bool worker_step(struct receiver_worker *w, struct instant now)
{
    struct dispatcher *c = w->dispatcher;
    struct failure why = {0};
    usec_t next_at = 0;
    if (w->settling)
        return worker_write_end(w);
    usec_t until = c->draining ? c->drain_at : now.at;
    int r = worker_fold(w, until, now, &why);
    if (w->entry || worker_must_wait(w, now))
        return false;
    usec_t pause = worker_pause(w, now);
    struct outbox_entry **ret = pause > 0 ? NULL : &w->entry; /* what must wait is not read */
    if (r >= 0 && w->options->class->traits & RECEIVER_PAGER)
        r = worker_pager_next(w, until, &now, ret, &next_at, &why);
    else if (r >= 0)
        r = store_outbox_next(c->store, w->options->name, until, ret, &next_at, &why);
    if (r >= 0 && pause > 0) { /* short: a drain waits for it */
        worker_arm(w, pause);
        return false;
    }
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
