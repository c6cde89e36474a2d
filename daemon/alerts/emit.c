/* SPDX-License-Identifier: MIT */
/* alerts/emit.c: from an alert that has something to say to an event with receivers. */
#include "alerts/plan.h"

#include "alerts/digest.h"

#include "base/text.h"
#include <errno.h>
#include <string.h>

#define CLOCK_SLACK (5 * USEC_PER_SEC)

/* When it began, in today's wall time: after a clock jump the wall time of then is no use, but how
 * long it is ago is known. Small differences are drift; times that are told must not wander. */
static usec_t began_at(const struct instant *started, const struct instant *now)
{
    usec_t ago = instant_since(started, now);
    usec_t at = now->at > ago ? now->at - ago : 0;
    usec_t apart = at > started->at ? at - started->at : started->at - at;
    return started->boot == now->boot && apart > CLOCK_SLACK ? at : started->at;
}

static enum level pending_level(const struct alert *a)
{
    enum level worst = LEVEL_NONE;
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        for (int i = 0; i < LEVELS; i++)
            if (a->latch[rule][i].state == ALERT_PENDING && (enum level)(i + 1) > worst)
                worst = (enum level)(i + 1);
    return worst;
}

static int notice_new(const struct alert *a, enum event_type type, const struct instant *now,
                      struct notice **ret)
{
    CLEANUP(notice_free) struct notice *n = calloc(1, sizeof *n);
    if (!n || facts_copy(a->facts, &n->facts) < 0)
        return -ENOMEM;
    n->type = type;
    memcpy(n->alert_id, a->id, sizeof n->alert_id);
    n->kind = a->kind;
    n->episode = a->episode;
    n->seq = a->seq;
    n->state = type == EVENT_RESOLVED ? ALERT_OK : ALERT_FIRING;
    n->level = type == EVENT_RESOLVED ? a->said : a->level;
    n->previous = type == EVENT_ESCALATED || type == EVENT_DEESCALATED ? a->said : LEVEL_NONE;
    n->rule = a->rule;
    n->value = a->value;
    n->threshold = a->threshold;
    n->unit = a->unit;
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        n->finding[rule] = alert_rule_level(a, (enum rule)rule) > LEVEL_NONE;
    n->started_at = began_at(&a->started, now);
    n->observed_at = a->facts->observed_at;
    n->at = now->at;
    *ret = TAKE(n);
    return 0;
}

int alert_notice(const struct alert *a, enum event_type type, usec_t at, struct notice **ret)
{
    CLEANUP(notice_free) struct notice *n = NULL;
    const struct instant now = {.at = at};
    int r = notice_new(a, type, &now, &n);
    if (r < 0)
        return r;
    if (a->state == ALERT_PENDING) {
        n->state = ALERT_PENDING;
        n->level = pending_level(a);
    }
    r = notice_write_texts(n);
    if (r >= 0)
        *ret = TAKE(n);
    return r;
}

/* Told events, unlike the question what one would say, have an id and know how old they are. */
static int notice_told(const struct plan *p, const struct alert *a, enum event_type type,
                       bool stale, const char *reason, struct notice **ret)
{
    CLEANUP(notice_free) struct notice *n = NULL;
    int r = notice_new(a, type, &p->ctx->now, &n);
    if (r >= 0)
        r = uuid_v7(p->ctx->now.at, n->event_id);
    if (r < 0)
        return r;
    n->reason = reason;
    if (stale)
        n->stale_since_at = a->facts->observed_at;
    r = notice_write_texts(n);
    if (r >= 0)
        *ret = TAKE(n);
    return r;
}

int plan_add_event(struct plan *p, const struct event *e)
{
    struct changes *c = p->changes;
    if (plan_reserve(&c->event, c->n_events, &p->size_events, sizeof *c->event) < 0) {
        notice_free(e->notice);
        digest_free(e->digest);
        return -ENOMEM;
    }
    c->event[c->n_events++] = *e;
    return 0;
}

static receiver_set with_trait(const struct route_options *o,
                               bool (*has)(const struct receiver_traits *))
{
    receiver_set set = 0;
    for (size_t i = 0; i < o->n_receivers; i++)
        if (has(&o->receiver[i]))
            set |= (receiver_set)1 << i;
    return set;
}
static bool wants_deescalations(const struct receiver_traits *t)
{
    return t->wants_deescalations && !t->pager;
}
static bool wants_reminders(const struct receiver_traits *t)
{
    return !t->pager;
}

/* Whoever heard the old level hears that it is lower, if the new one is routed elsewhere or not. */
static receiver_set receivers(const struct plan *p, const struct alert *a, enum event_type type)
{
    const struct route_options *o = p->ctx->routes;
    if (type == EVENT_RESOLVED)
        return route_for(o, a->kind, a->said_rule, a->said, a->facts);
    receiver_set to = route_for(o, a->kind, a->rule, a->level, a->facts);
    if (type == EVENT_DEESCALATED)
        to |= route_for(o, a->kind, a->said_rule, a->said, a->facts);
    if (type == EVENT_DEESCALATED)
        to &= with_trait(o, wants_deescalations);
    if (type == EVENT_REMINDER)
        to &= with_trait(o, wants_reminders);
    return to;
}

static bool is_stale(const struct plan *p, const struct alert *a, const struct outcome *o)
{
    usec_t seen = a->facts->observed_at;
    if (o)
        return o->stale;
    return p->ctx->now.at > seen && p->ctx->now.at - seen > p->ctx->outage_tolerance;
}

int plan_tell(struct plan *p, struct alert *a, enum event_type type, const struct outcome *o,
              const char *reason)
{
    struct event e = {.to = receivers(p, a, type)};
    if (type == EVENT_REMINDER && e.to == 0)
        return 0; /* only pagers would have heard it */
    a->seq++;
    int r = notice_told(p, a, type, is_stale(p, a, o), reason, &e.notice);
    if (r >= 0)
        r = plan_add_event(p, &e);
    if (r >= 0 && type != EVENT_REMINDER)
        speak_note(a, type, p->ctx->options, p->ctx->now.at);
    return r;
}

/* ---- the first run ---- */

int plan_tell_later(struct plan *p, struct alert *a, const struct outcome *o)
{
    size_t size = p->size_baseline;
    if (plan_reserve(&p->baseline, p->n_baseline, &p->size_baseline, sizeof *p->baseline) < 0 ||
        plan_reserve(&p->to, p->n_baseline, &size, sizeof *p->to) < 0)
        return -ENOMEM;
    a->seq++;
    a->said_value = a->value; /* so that twice as much counts as worse */
    a->said_waiting = a->facts->waiting > 0 ? a->facts->waiting : 0;
    p->to[p->n_baseline] = route_for(p->ctx->routes, a->kind, a->rule, a->level, a->facts);
    int r = notice_told(p, a, EVENT_FIRING, o->stale, NULL, &p->baseline[p->n_baseline]);
    if (r >= 0)
        p->n_baseline++;
    return r;
}

/* Receivers who are to hear exactly the same notices as number `first`, itself included. */
static receiver_set alike(const struct plan *p, size_t first)
{
    receiver_set same = ~(receiver_set)0;
    for (size_t i = 0; i < p->n_baseline; i++) {
        receiver_set to = p->to[i];
        same &= to >> first & 1 ? to : ~to;
    }
    return same;
}

static int digest_for(struct plan *p, receiver_set to)
{
    CLEANUP(free) const struct notice **mine = calloc(p->n_baseline, sizeof *mine);
    CLEANUP(free) struct digest **part = NULL;
    size_t n = 0, n_parts = 0;
    if (!mine)
        return -ENOMEM;
    for (size_t i = 0; i < p->n_baseline; i++)
        if (to ? (p->to[i] & to) != 0 : p->to[i] == 0)
            mine[n++] = p->baseline[i];
    int r = n ? digest_parts(mine, n, "first_run", p->ctx->now.at, &part, &n_parts) : 0;
    for (size_t i = 0; i < n_parts; i++) {
        struct event e = {.digest = part[i], .to = to};
        if (r >= 0)
            r = plan_add_event(p, &e);
        else
            digest_free(part[i]);
    }
    return r;
}

/* Each receiver gets one digest of what is routed to it; those with the same list share it. What is
 * routed to nobody is an event all the same, for the record. */
int plan_digest(struct plan *p)
{
    receiver_set done = 0;
    int r = 0;
    for (size_t i = 0; p->n_baseline && i < p->ctx->routes->n_receivers && r >= 0; i++) {
        if (done >> i & 1)
            continue;
        receiver_set to = alike(p, i);
        if (p->ctx->routes->n_receivers < RECEIVERS_MAX)
            to &= ((receiver_set)1 << p->ctx->routes->n_receivers) - 1;
        done |= to;
        r = digest_for(p, to);
    }
    return p->n_baseline && r >= 0 ? digest_for(p, 0) : r;
}
