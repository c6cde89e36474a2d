/* SPDX-License-Identifier: MIT */
/* deliver/courier.c: works the outbox: next entry, attempt begun, sent, attempt ended.
 *
 * Each receiver has a lane of its own: one attempt at a time, one timer, one health. A crash
 * between "begun" and "ended" leaves an unknown outcome, and the same id and bytes go again: at
 * most one repeat. No store, no attempt: what cannot be written down is not sent. The disk is
 * waited for once for all that was delivered within SYNC_WITHIN: a loss of power may repeat so
 * much, under the same ids. */
#include "deliver/lane.h"

#include "base/alloc.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/text.h"
#include <assert.h>
#include <errno.h>
#include <string.h>

#define TURN_ENTRIES 50 /* local sinks answer at once: then others get a turn */
#define TURN_TIME (100 * USEC_PER_SEC / 1000)
#define STORE_RETRY (5 * USEC_PER_SEC)
#define LOOK_AGAIN USEC_PER_HOUR /* at the latest: due times are wall clock, and that may jump */
#define LOOK_SOON (USEC_PER_SEC / 10) /* at the earliest: never spin on a due time */
#define SYNC_WITHIN USEC_PER_SEC
#define ATTEMPT_MAX USEC_PER_MINUTE /* a receiver's own deadlines are a quarter of that */
#define ACCURACY 10000
#define WHO_MAX 96 /* "receiver ", and a name of at most 63 bytes */

struct courier {
    struct lane *lane;
    size_t n_lanes;
    struct store *store;
    courier_heard *heard;
    void *userdata;
    bool stopping, draining;
    usec_t drain_at;         /* what was due then is attempted once */
    sd_event_source *ending; /* calls `done` from the event loop; the grace of a stop */
    sd_event_source *sync;   /* on: attempts were written that the disk may not have yet */
    courier_idle *done;
    void *done_userdata;
};

/* ---- timers ---- */

static void lane_arm(struct lane *l, usec_t delay)
{
    if (delay > LOOK_AGAIN)
        delay = LOOK_AGAIN;
    /* These fail only for wrong arguments. */
    (void)sd_event_source_set_time_relative(l->timer, delay);
    (void)sd_event_source_set_enabled(l->timer, SD_EVENT_ONESHOT);
}

static void lane_rest(struct lane *l)
{
    (void)sd_event_source_set_enabled(l->timer, SD_EVENT_OFF);
}

static bool lane_is_busy(const struct lane *l)
{
    return l->entry != NULL;
}

static void sync_later(struct courier *c)
{
    int on = SD_EVENT_OFF;
    (void)sd_event_source_get_enabled(c->sync, &on);
    if (on != SD_EVENT_OFF)
        return;
    (void)sd_event_source_set_time_relative(c->sync, SYNC_WITHIN);
    (void)sd_event_source_set_enabled(c->sync, SD_EVENT_ONESHOT);
}

static void sync_now(struct courier *c)
{
    struct failure why = {0};
    (void)sd_event_source_set_enabled(c->sync, SD_EVENT_OFF);
    if (store_sync(c->store, &why) < 0)
        log_failure(LOG_ERR, &why, "what was delivered may not be recorded",
                    "should it be lost, the same messages go again");
}

/* The end of a drain or stop is told from the loop, after everything else of this turn. */
static void courier_check_end(struct courier *c)
{
    if (!c->done)
        return;
    for (size_t i = 0; i < c->n_lanes; i++)
        if (lane_is_busy(&c->lane[i]) || (c->draining && !c->lane[i].drained))
            return;
    (void)sd_event_source_set_time_relative(c->ending, 0);
    (void)sd_event_source_set_enabled(c->ending, SD_EVENT_ONESHOT);
}

static void lane_drained(struct lane *l)
{
    l->drained = true;
    courier_check_end(l->courier);
}

/* ---- the end of an attempt ---- */

static void lane_drop(struct lane *l)
{
    outbox_entry_free(TAKE(l->entry));
    l->settling = false;
    courier_check_end(l->courier);
}

/* Until it is written down, the attempt has not ended and nothing else of this lane goes. A drain
 * has an end: it tries a second time, and leaves the outcome unknown, so that the next run sends the
 * same id again. */
static bool lane_write_end(struct lane *l)
{
    struct failure why = {0};
    int r = store_attempt_end(l->courier->store, l->entry->id, &l->result, clock_now(), &why);
    if (r < 0 &&
        r != -ENOENT) { /* not there: a damaged row was put away; there is no end to write */
        bool again = l->store_failing;
        lane_store_failed(l, &why);
        if (l->courier->draining && again) {
            l->drained = true;
            lane_drop(l);
        } else {
            lane_arm(l, STORE_RETRY);
        }
        return false;
    }
    l->store_failing = false;
    sync_later(l->courier);
    enum outbox_state state = l->result.state;
    lane_drop(l);
    l->courier->heard(l->courier->userdata, l->options->name, state);
    return true;
}

/* ---- switched off ---- */

/* Should it fail, which the attempt's end will say, a restart asks once more. */
static void lane_switch_off(struct lane *l)
{
    if (l->class->address)
        l->off_stored = store_switch_off(l->courier->store, l->options->name,
                                         l->class->address(l->outlet), NULL) >= 0;
}

/* Somebody may have asked for another chance meanwhile: then it is in the store no more. */
static bool lane_is_off(const struct lane *l)
{
    int64_t address;
    return l->health.disabled &&
           (!l->off_stored ||
            store_switched_off(l->courier->store, l->options->name, &address, NULL) != 0);
}

/* As it was left, unless it has another address now. */
static int lane_recall(struct lane *l, struct failure *ret_failure)
{
    int64_t address;
    if (!l->class->address)
        return 0;
    int r = store_switched_off(l->courier->store, l->options->name, &address, ret_failure);
    l->off_stored = l->health.disabled = r > 0 && address == l->class->address(l->outlet);
    if (r > 0 && !l->health.disabled)
        r = store_outbox_retry(l->courier->store, l->options->name, clock_now(), ret_failure);
    return r < 0 ? r : 0;
}

/* What a receiver asks for it is given by the next process, too. Should it not be written, this one
 * keeps to it all the same, and says so at the next failure of the store. */
static void lane_keep_pause(struct lane *l, const struct instant *now)
{
    char who[WHO_MAX];
    if (!l->class->address || l->health.quiet_until_mono <= now->mono)
        return;
    (void)snprintf(who, sizeof who, "receiver %s", l->options->name);
    (void)store_pause(l->courier->store, who, l->class->address(l->outlet), *now,
                      l->health.quiet_until_mono - now->mono, NULL);
}

static void lane_recall_pause(struct lane *l)
{
    char who[WHO_MAX];
    struct instant now = clock_now();
    if (!l->class->address)
        return;
    (void)snprintf(who, sizeof who, "receiver %s", l->options->name);
    usec_t left = store_pause_left(l->courier->store, who, l->class->address(l->outlet), now);
    l->health.quiet_until_mono = left ? now.mono + left : 0;
}

static bool lane_settle(struct lane *l, const struct answer *a)
{
    uint32_t dice = UINT32_MAX / 2; /* no randomness to be had: no jitter */
    struct health before = l->health;
    (void)random_bytes(&dice, sizeof dice);
    struct instant now = clock_now();
    answer_settle(a, l->entry, now, dice, &l->health, &l->result);
    lane_tell(l, a, &before, &now);
    if (l->health.disabled && !before.disabled)
        lane_switch_off(l);
    lane_keep_pause(l, &now);
    l->settling = true;
    return lane_write_end(l);
}

static void on_sent(void *userdata, const struct answer *a)
{
    struct lane *l = userdata;
    if (lane_settle(l, a))
        lane_turn(l);
}

/* ---- one entry ---- */

/* The bytes of the first attempt are those of all; they are stored before anything is sent. */
static int lane_render(struct lane *l, struct instant now, bool *ret_first)
{
    const struct message m = {l->entry->notice, l->entry->digest, l->entry->combined, now.at};
    *ret_first = l->entry->body == NULL;
    return *ret_first ? l->class->render(l->options, &m, &l->entry->body, &l->entry->body_len) : 0;
}

/* False: nothing more to do in this turn. */
static bool lane_attempt(struct lane *l, struct instant now)
{
    struct failure why = {0};
    struct answer a = {0};
    bool first;
    int rendered = lane_render(l, now, &first);
    if (rendered == -ENOMEM) {
        (void)failure_oom(&why);
        lane_store_failed(l, &why);
        lane_drop(l);
        lane_arm(l, STORE_RETRY);
        lane_drained(l);
        return false;
    }
    const struct outbox_entry *e = l->entry;
    int r = store_attempt_begin(l->courier->store, e->id, first ? e->body : NULL,
                                first ? e->body_len : 0, now, &why);
    if (r == -ENOENT) { /* superseded meanwhile: the next one, please */
        lane_drop(l);
        return true;
    }
    if (r < 0) {
        lane_store_failed(l, &why);
        lane_drop(l);
        lane_arm(l, STORE_RETRY);
        lane_drained(l);
        return false;
    }
    if (first) /* a repeat after a loss of power carries the same bytes */
        sync_later(l->courier);
    if (rendered < 0) {
        answer_set(&a, ANSWER_PERMANENT, "the message cannot be rendered: %s", strerror(-rendered));
        return lane_settle(l, &a);
    }
    l->begun_mono = now.mono;
    const struct letter letter = {e->event_id, e->body, e->body_len, now};
    return l->class->send(l->outlet, &letter, &a, on_sent, l) > 0 && lane_settle(l, &a);
}

/* ---- a lane's turn ---- */

/* Is there a reason not to look at the queue now? Arms the timer accordingly. */
static bool lane_must_wait(struct lane *l, struct instant now)
{
    struct courier *c = l->courier;
    bool renewed = l->outlet && l->class->renewed && l->class->renewed(l->outlet);
    if (l->health.disabled && renewed) {
        log_say(LOG_NOTICE, "receiver %s: its URL file has changed; it is used again",
                l->options->name);
        /* What the old address refused is due again; should this fail, a reload does it. */
        (void)store_outbox_retry(c->store, l->options->name, now, NULL);
        l->health = (struct health){0};
    }
    if (l->health.disabled && !lane_is_off(l))
        l->health = (struct health){0};
    if (c->stopping || l->health.disabled || (c->draining && l->drained)) {
        lane_rest(l);
        lane_drained(l);
        return true;
    }
    if (l->health.quiet_until_mono > now.mono) {
        lane_arm(l, l->health.quiet_until_mono - now.mono);
        lane_drained(l);
        return true;
    }
    return false;
}

/* True: an entry was dealt with, there may be another one. */
static bool lane_step(struct lane *l, struct instant now)
{
    struct courier *c = l->courier;
    struct failure why = {0};
    usec_t next_at = 0;
    if (l->settling)
        return lane_write_end(l);
    if (lane_is_busy(l) || lane_must_wait(l, now))
        return false;
    usec_t until = c->draining ? c->drain_at : now.at;
    int r = store_outbox_next(c->store, l->options->name, until, &l->entry, &next_at, &why);
    if (r >= 0)
        return lane_attempt(l, now);
    if (r != -ENOENT) {
        lane_store_failed(l, &why);
        lane_arm(l, STORE_RETRY);
    } else if (next_at == 0) {
        lane_rest(l);
    } else {
        lane_arm(l, next_at > now.at + LOOK_SOON ? next_at - now.at : LOOK_SOON);
    }
    lane_drained(l);
    return false;
}

void lane_turn(struct lane *l)
{
    struct instant begun = clock_now(), now = begun;
    for (int i = 0; i < TURN_ENTRIES && now.mono - begun.mono < TURN_TIME; i++) {
        if (!lane_step(l, now))
            return;
        now = clock_now();
    }
    lane_arm(l, 0);
}

static int on_lane_timer(sd_event_source *s, uint64_t due, void *userdata)
{
    (void)s;
    (void)due;
    lane_turn(userdata);
    return 0;
}

/* ---- the courier ---- */

static int on_sync(sd_event_source *s, uint64_t due, void *userdata)
{
    (void)s;
    (void)due;
    sync_now(userdata);
    return 0;
}

static int on_ending(sd_event_source *s, uint64_t due, void *userdata)
{
    struct courier *c = userdata;
    (void)s;
    (void)due;
    sync_now(c);
    courier_idle *done = TAKE(c->done);
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

static int lane_open(struct lane *l, struct courier *c, const struct receiver_options *o,
                     struct http *http, sd_event *event, struct failure *ret_failure)
{
    l->courier = c;
    l->options = o;
    l->class = receiver_class(o->type);
    l->health.disabled = o->broken;
    int r = o->broken ? 0 : l->class->open(o, http, &l->outlet, ret_failure);
    if (r < 0)
        return failure_prefix(ret_failure, r, "receiver %s", o->name);
    if (!o->broken)
        r = lane_recall(l, ret_failure);
    if (r >= 0 && !o->broken)
        lane_recall_pause(l);
    return r < 0 ? r : add_timer(event, o->name, on_lane_timer, l, &l->timer, ret_failure);
}

void courier_free(struct courier *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n_lanes; i++) {
        struct lane *l = &c->lane[i];
        if (l->outlet)
            l->class->close(l->outlet);
        (void)sd_event_source_disable_unref(l->timer);
        outbox_entry_free(l->entry);
    }
    (void)sd_event_source_disable_unref(c->ending);
    (void)sd_event_source_disable_unref(c->sync);
    alloc_release(c->lane);
    alloc_release(c);
}

int courier_new(const struct courier_options *o, struct store *store, struct http *http,
                sd_event *event, courier_heard *heard, void *userdata, struct courier **ret,
                struct failure *ret_failure)
{
    CLEANUP(courier_free) struct courier *c = alloc_zero(1, sizeof *c);
    if (!c)
        return failure_oom(ret_failure);
    c->lane = alloc_zero(o->n_receivers, sizeof *c->lane);
    if (!c->lane)
        return failure_oom(ret_failure);
    c->store = store;
    c->heard = heard;
    c->userdata = userdata;
    int r = add_timer(event, "courier-end", on_ending, c, &c->ending, ret_failure);
    if (r >= 0)
        r = add_timer(event, "courier-sync", on_sync, c, &c->sync, ret_failure);
    if (r < 0)
        return r;
    for (size_t i = 0; r >= 0 && i < o->n_receivers; i++)
        r = lane_open(&c->lane[c->n_lanes++], c, &o->receiver[i], http, event, ret_failure);
    if (r < 0)
        return r;
    *ret = TAKE(c);
    return 0;
}

void courier_wake(struct courier *c)
{
    for (size_t i = 0; i < c->n_lanes; i++)
        lane_arm(&c->lane[i], 0);
}

int courier_drain(struct courier *c, courier_idle *done, void *userdata)
{
    assert(!c->done);
    c->done = done;
    c->done_userdata = userdata;
    c->draining = true;
    c->drain_at = clock_now().at;
    for (size_t i = 0; i < c->n_lanes; i++)
        c->lane[i].drained = false;
    courier_wake(c);
    courier_check_end(c); /* no receivers: done at once */
    return 0;
}

int courier_stop(struct courier *c, usec_t grace, courier_idle *done, void *userdata)
{
    c->stopping = true;
    c->draining = false; /* a stop overtakes it */
    c->done = done;
    c->done_userdata = userdata;
    int r = sd_event_source_set_time_relative(c->ending, grace);
    if (r >= 0)
        r = sd_event_source_set_enabled(c->ending, SD_EVENT_ONESHOT);
    courier_check_end(c);
    return r;
}

void courier_resume(struct courier *c)
{
    c->stopping = false;
    c->done = NULL;
    (void)sd_event_source_set_enabled(c->ending, SD_EVENT_OFF);
    courier_wake(c);
}

bool courier_on_time(const struct courier *c, const struct instant *now)
{
    for (size_t i = 0; i < c->n_lanes; i++) {
        const struct lane *l = &c->lane[i];
        if (lane_is_busy(l) && !l->settling && now->mono > l->begun_mono + ATTEMPT_MAX)
            return false;
    }
    return true;
}

bool courier_disabled(const struct courier *c, const char *receiver)
{
    for (size_t i = 0; i < c->n_lanes; i++)
        if (text_equal(c->lane[i].options->name, receiver))
            return lane_is_off(&c->lane[i]);
    return false;
}
