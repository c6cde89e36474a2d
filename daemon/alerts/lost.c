/* SPDX-License-Identifier: MIT */
/* alerts/lost.c: notifies again after damage to the database and after removal of a receiver. */
#include "alerts/plan.h"

#include "alerts/digest.h"
#include <string.h>

static const char STATE_LOST[] = "state_lost", RECEIVER_REMOVED[] = "receiver_removed";

/* The delivery records of one alert. */
struct record_summary {
    uint64_t last;        /* seq of the last event for all matching receivers */
    receiver_set covered; /* have it, or it is queued for them */
    receiver_set notified; /* matched the episode */
    receiver_set deferred; /* deferred until their hours */
    bool removed;         /* a removed receiver has an undelivered message */
};

static bool is_up(const struct alert *a)
{
    return alert_state_is_up(a->state) && a->context;
}

static struct record_summary summarize_records(const struct plan *p,
                                               const struct delivery_record *records, size_t n)
{
    struct record_summary left = {0};
    for (size_t i = 0; i < n; i++)
        if (records[i].kind == RECORD_LAST_EVENT)
            left.last = records[i].seq;
    for (size_t i = 0; i < n; i++) {
        int at = receiver_index(p->ctx->routes, records[i].receiver);
        receiver_set one = at < 0 ? 0 : (receiver_set)1 << at;
        if (records[i].kind == RECORD_MESSAGE && records[i].seq >= left.last)
            left.covered |= one;
        if (records[i].kind == RECORD_NOTIFIED || records[i].kind == RECORD_MESSAGE)
            left.notified |= one;
        if (records[i].kind == RECORD_DEFERRED)
            left.deferred |= one;
        left.removed |= records[i].kind == RECORD_UNDELIVERED && at < 0;
    }
    return left;
}

/* Muted alerts were in the first-run digest, so they count. */
static bool was_notified(const struct alert *a)
{
    if (a->notified > LEVEL_NONE)
        return true;
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        if (a->muted[rule] > LEVEL_NONE)
            return true;
    return false;
}

static int notify_open(struct plan *p, const struct alert *a, receiver_set missing, const char *reason)
{
    struct reach reach = plan_reach(p, a, a->rule, a->level);
    struct work *w;
    if (!((reach.now | reach.later) & missing))
        return 0;
    int r = plan_take(p, a, &w);
    if (r >= 0)
        r = plan_defer_alert(p, a, reach.later & missing);
    if (r < 0 || !(reach.now & missing))
        return r;
    if (a->level < LEVEL_CRITICAL)
        return plan_line(p, w->after, reach.now & missing, plan_is_old(p, a));
    return plan_notify_set(p, w->after, EVENT_FIRING, reach.now & missing, reason);
}

/* The store skips receivers that have already got a resolved notification. */
static int notify_end(struct plan *p, const struct alert *a, const struct record_summary *left)
{
    struct work *w;
    if (a->state != ALERT_OK || a->notified > LEVEL_NONE || !a->context || left->last == 0 ||
        !(left->notified & ~left->covered))
        return 0;
    int r = plan_take(p, a, &w);
    return r < 0 ? r : plan_notify_set(p, w->after, EVENT_RESOLVED, left->notified, STATE_LOST);
}

static int after_damage(struct plan *p, const struct alert *a, const struct record_summary *left)
{
    if (!is_up(a))
        return notify_end(p, a, left);
    return was_notified(a) ? notify_open(p, a, ~left->covered & ~left->deferred, STATE_LOST) : 0;
}

/* Receivers that have a message of this episode get the later ones anyway. */
static int after_removal(struct plan *p, const struct alert *a, const struct record_summary *left)
{
    if (!left->removed || !is_up(a) || !was_notified(a))
        return 0;
    return notify_open(p, a, ~left->notified & ~left->deferred, RECEIVER_REMOVED);
}

static int each_alert(struct plan *p, const struct delivery_record *records, size_t n_records,
                      int (*look_at)(struct plan *p, const struct alert *a,
                                     const struct record_summary *left))
{
    int r = 0;
    for (size_t i = 0, n; r >= 0 && i < n_records; i += n) {
        n = 1;
        while (i + n < n_records && strcmp(records[i + n].alert_id, records[i].alert_id) == 0)
            n++;
        const struct alert *a = registry_by_id(p->registry, records[i].alert_id);
        const struct record_summary left = summarize_records(p, &records[i], n);
        r = a ? look_at(p, a, &left) : 0;
    }
    return r;
}

static int notify_damage(struct plan *p, const char *story)
{
    struct event e = {.to = route_fallback(p->ctx->routes)};
    int r = digest_story("seatwatchd: the state database was damaged", story, STATE_LOST, p->ctx->now.at, &e.digest);
    return r < 0 ? r : plan_add_event(p, &e);
}

int alerts_plan_lost(const struct plan_context *ctx, const struct alert_registry *registry,
                     const struct delivery_record *records, size_t n_records, const char *story,
                     struct changes **ret, struct failure *ret_failure)
{
    CLEANUP(plan_clear) struct plan p = {0};
    int r = plan_begin(&p, ctx, registry);
    if (r >= 0 && story)
        r = notify_damage(&p, story);
    if (r >= 0)
        r = each_alert(&p, records, n_records, after_damage);
    if (r >= 0)
        r = plan_digest(&p, STATE_LOST);
    return plan_finish(&p, r, ret, ret_failure);
}

int alerts_plan_receiver_removed(const struct plan_context *ctx,
                                 const struct alert_registry *registry,
                                 const struct delivery_record *records, size_t n_records,
                                 struct changes **ret, struct failure *ret_failure)
{
    CLEANUP(plan_clear) struct plan p = {0};
    int r = plan_begin(&p, ctx, registry);
    if (r >= 0)
        r = each_alert(&p, records, n_records, after_removal);
    if (r >= 0)
        r = plan_digest(&p, RECEIVER_REMOVED);
    return plan_finish(&p, r, ret, ret_failure);
}
