/* SPDX-License-Identifier: MIT */
/* alerts/emit.c: turns alerts into events and digests with their receivers. */
#include "alerts/plan.h"

#include "alerts/digest.h"
#include "alerts/kind.h"

#include "base/array.h"
#include "base/text.h"
#include <errno.h>
#include <string.h>

#define CLOCK_SLACK (5 * USEC_PER_SEC)

/* The start in present wall time. After a clock jump the stored wall time is wrong, but the elapsed
 * time is known. Differences up to CLOCK_SLACK are drift and do not move the reported start. */
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

static int notification_new(const struct alert *a, enum event_type type, const struct instant *now,
                            struct notification **ret)
{
    CLEANUP(notification_free) struct notification *n = calloc(1, sizeof *n);
    if (!n)
        return -ENOMEM;
    n->context = context_share(a->context);
    n->type = type;
    memcpy(n->alert_id, a->id, sizeof n->alert_id);
    n->kind = a->kind;
    n->episode = a->episode;
    n->seq = a->seq;
    n->state = type == EVENT_RESOLVED ? ALERT_OK : ALERT_FIRING;
    n->level = type == EVENT_RESOLVED ? a->notified : a->level;
    bool lowered = type == EVENT_UPDATED && a->level < a->notified;
    n->previous = type == EVENT_ESCALATED || type == EVENT_DEESCALATED || lowered ? a->notified : LEVEL_NONE;
    n->rule = a->rule;
    n->notified_rule = type == EVENT_FIRING || a->notified == LEVEL_NONE ? a->rule : a->notified_rule;
    n->value = a->value;
    n->threshold = a->threshold;
    n->unit = a->unit;
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        n->finding[rule] = alert_rule_level(a, (enum rule)rule) > LEVEL_NONE;
    n->waiting_pending = alert_state_is_up(a->state) && alert_rule_pending(a, RULE_WAITING);
    n->started_at = began_at(&a->started, now);
    n->observed_at = a->context->observed_at;
    n->at = now->at;
    *ret = TAKE(n);
    return 0;
}

int alert_notification(const struct alert *a, enum event_type type, usec_t at,
                       struct notification **ret)
{
    CLEANUP(notification_free) struct notification *n = NULL;
    const struct instant now = {.at = at};
    int r = notification_new(a, type, &now, &n);
    if (r < 0)
        return r;
    if (a->state == ALERT_PENDING) {
        n->state = ALERT_PENDING;
        n->level = pending_level(a);
    }
    r = notification_write_texts(n);
    if (r >= 0)
        *ret = TAKE(n);
    return r;
}

static int take_acknowledgement(const struct plan *p, const struct alert *a, struct notification *n)
{
    const struct silence *s = plan_acknowledgement(p, a);
    if (!s)
        return 0;
    n->acknowledged.until_at = s->end_at;
    return text_copy(s->author, &n->acknowledged.author) < 0 ||
                   text_copy(s->comment, &n->acknowledged.comment) < 0
               ? -ENOMEM
               : 0;
}

/* An event that is sent: unlike alert_notification(), it has an id and the age of its data. */
static int event_notified(const struct plan *p, const struct alert *a, enum event_type type,
                          bool stale, const char *reason, struct notification **ret)
{
    CLEANUP(notification_free) struct notification *n = NULL;
    int r = notification_new(a, type, &p->ctx->now, &n);
    if (r >= 0)
        r = uuid_v7(p->ctx->now.at, n->event_id);
    if (r < 0)
        return r;
    n->reason = reason;
    n->silenced = a->silenced.at != 0;
    r = take_acknowledgement(p, a, n);
    if (r < 0)
        return r;
    if (stale)
        n->stale_since_at = a->context->observed_at;
    r = notification_write_texts(n);
    if (r >= 0)
        *ret = TAKE(n);
    return r;
}

int plan_add_event(struct plan *p, const struct event *e)
{
    struct changes *c = p->changes;
    if (array_room(&c->event, c->n_events, sizeof *c->event) < 0) {
        notification_free(e->notification);
        digest_free(e->digest);
        return -ENOMEM;
    }
    c->event[c->n_events++] = *e;
    return 0;
}

/* Reminders and de-escalations are for those that want them. */
static receiver_set receivers_wanting(const struct route_options *o, enum event_type type)
{
    receiver_set set = 0;
    for (size_t i = 0; i < o->n_receivers; i++) {
        const struct receiver_traits *t = &o->receiver[i];
        if (type == EVENT_REMINDER ? t->wants_reminders : t->wants_deescalations)
            set |= (receiver_set)1 << i;
    }
    return set;
}

struct reach plan_reach(const struct plan *p, const struct alert *a, enum rule rule, enum level level)
{
    struct reach reach =
        route_for(p->ctx->routes, a->kind, rule, level, a->context, p->ctx->now.at);
    if (!kind_row(a->kind)->of_tenants)
        return reach;
    reach.now |= p->ctx->service_reach.now;
    reach.later = (reach.later | p->ctx->service_reach.later) & ~reach.now;
    return reach;
}

/* De-escalations also go to the receivers of the old level. Resolved notifications ignore hours. */
static struct reach receivers(const struct plan *p, const struct alert *a, enum event_type type)
{
    struct reach old = plan_reach(p, a, a->notified_rule, a->notified);
    if (type == EVENT_RESOLVED)
        return (struct reach){.now = old.now | old.later};
    struct reach reach = plan_reach(p, a, a->rule, a->level);
    if (type == EVENT_DEESCALATED) {
        reach.now |= old.now;
        reach.later = (reach.later | old.later) & ~reach.now;
    }
    if (type != EVENT_DEESCALATED && type != EVENT_REMINDER)
        return reach;
    receiver_set all = receivers_wanting(p->ctx->routes, type);
    return (struct reach){.now = reach.now & all, .later = reach.later & all};
}

bool plan_is_old(const struct plan *p, const struct alert *a)
{
    usec_t seen = a->context->observed_at;
    return p->ctx->now.at > seen && p->ctx->now.at - seen > p->ctx->outage_tolerance;
}

int plan_defer(struct plan *p, const struct deferral *h)
{
    struct changes *c = p->changes;
    if (array_room(&c->deferral, c->n_deferrals, sizeof *c->deferral) < 0)
        return -ENOMEM;
    c->deferral[c->n_deferrals++] = *h;
    return 0;
}

int plan_defer_alert(struct plan *p, const struct alert *a, receiver_set to)
{
    struct deferral h = {.episode = a->episode, .to = to};
    memcpy(h.alert_id, a->id, sizeof h.alert_id);
    return to ? plan_defer(p, &h) : 0;
}

static int send(struct plan *p, struct alert *a, enum event_type type, struct event e, bool stale,
                const char *reason)
{
    a->seq++;
    int r = event_notified(p, a, type, stale, reason, &e.notification);
    if (r >= 0)
        r = plan_add_event(p, &e);
    if (r >= 0)
        alert_record_notification(a, type, p->ctx->options, p->ctx->now.at);
    return r;
}

int plan_notify(struct plan *p, struct alert *a, enum event_type type, const struct outcome *o,
                const char *reason)
{
    struct reach reach = receivers(p, a, type);
    int r = plan_defer_alert(p, a, reach.later);
    if (r < 0 || (type == EVENT_REMINDER && reach.now == 0))
        return r; /* only pagers match, or it is deferred */
    return send(p, a, type, (struct event){.to = reach.now}, o ? o->stale : plan_is_old(p, a), reason);
}

int plan_notify_who_was(struct plan *p, struct alert *a, enum event_type type, const struct outcome *o,
                        const char *reason)
{
    return send(p, a, type, (struct event){.to_notified = true}, o->stale, reason);
}

int plan_notify_set(struct plan *p, struct alert *a, enum event_type type, receiver_set to,
                    const char *reason)
{
    if (type == EVENT_RESOLVED && a->notified == LEVEL_NONE)
        a->notified = LEVEL_WARNING; /* the level that ended is lost */
    return send(p, a, type, (struct event){.to = to}, plan_is_old(p, a), reason);
}

/* ---- digests ---- */

int plan_line(struct plan *p, struct alert *a, receiver_set to, bool stale)
{
    if (array_room(&p->line, p->n_lines, sizeof *p->line) < 0 ||
        array_room(&p->to, p->n_lines, sizeof *p->to) < 0)
        return -ENOMEM;
    a->seq++;
    p->to[p->n_lines] = to;
    int r = event_notified(p, a, EVENT_FIRING, stale, NULL, &p->line[p->n_lines]);
    if (r >= 0)
        p->n_lines++;
    return r;
}

int plan_notify_in_digest(struct plan *p, struct alert *a, const struct outcome *o)
{
    struct reach reach = plan_reach(p, a, a->rule, a->level);
    a->notified_value = a->value; /* a doubling counts as worse */
    a->notified_waiting =
        a->context->waiting > 0 && !alert_rule_pending(a, RULE_WAITING) ? a->context->waiting : 0;
    if (p->ctx->first_digest == FIRST_WAITS && !p->ctx->state_lost)
        return plan_defer_alert(p, a, reach.now | reach.later);
    int r = plan_defer_alert(p, a, reach.later);
    return r < 0 ? r : plan_line(p, a, reach.now, o->stale);
}

static const char *tenant_of(const struct alert_context *f)
{
    return f && f->tenant_id ? f->tenant_id : "";
}

int plan_count(struct plan *p, const struct alert *a)
{
    if (array_room(&p->counted, p->n_counted, sizeof *p->counted) < 0)
        return -ENOMEM;
    enum level level = a->level > LEVEL_NONE ? a->level : pending_level(a);
    struct reach reach = plan_reach(p, a, a->rule, level);
    p->counted[p->n_counted++] =
        (struct counted){.rule = a->rule,
                         .level = level,
                         .tenant_id = tenant_of(a->context),
                         .to = reach.now | reach.later};
    return 0;
}

/* Receivers whose messages are addressed by the tenant: a digest for them has alerts of one tenant. */
static receiver_set by_tenant(const struct plan *p)
{
    receiver_set set = 0;
    for (size_t i = 0; i < p->ctx->routes->n_receivers; i++)
        set |= (receiver_set)p->ctx->routes->receiver[i].by_tenant << i;
    return set;
}

/* Receivers that get exactly the same digests as receiver `first`, itself included. */
static receiver_set same_lines(const struct plan *p, size_t first)
{
    receiver_set addressed = by_tenant(p);
    receiver_set same = addressed >> first & 1 ? addressed : ~addressed;
    for (size_t i = 0; i < p->n_lines; i++) {
        receiver_set to = p->to[i];
        same &= to >> first & 1 ? to : ~to;
    }
    for (size_t i = 0; i < p->n_counted; i++)
        same &= p->counted[i].to >> first & 1 ? p->counted[i].to : ~p->counted[i].to;
    return same;
}

static bool is_for(receiver_set line, receiver_set to)
{
    return to ? (line & to) != 0 : line == 0;
}

/* `tenant`: whose alerts are counted; NULL: those of all. */
static int digest_of(struct plan *p, const struct notification *const *line, size_t n, receiver_set to,
                     const char *tenant, const char *reason)
{
    CLEANUP(free) struct digest **part = NULL;
    struct digest_counts more = {0};
    size_t n_parts = 0;
    for (size_t i = 0; i < p->n_counted; i++) {
        const struct counted *c = &p->counted[i];
        if (is_for(c->to, to) && (!tenant || strcmp(c->tenant_id, tenant) == 0))
            more.n[c->rule][c->level]++;
    }
    int r = digest_parts(line, n, DIGEST_LINES, &more, reason, p->ctx->now.at, &part, &n_parts);
    for (size_t i = 0; i < n_parts; i++) {
        struct event e = {.digest = part[i], .to = to};
        if (r >= 0)
            r = plan_add_event(p, &e);
        else
            digest_free(part[i]);
    }
    return r;
}

/* By tenant. Pointers into one array: lines of one tenant keep their order. */
static int compare_tenants(const void *a, const void *b)
{
    struct notification *const *x = *(struct notification *const *const *)a;
    struct notification *const *y = *(struct notification *const *const *)b;
    int r = strcmp(tenant_of((*x)->context), tenant_of((*y)->context));
    return r ? r : (x > y) - (x < y);
}

static int digest_for(struct plan *p, receiver_set to, const char *reason)
{
    CLEANUP(free) struct notification ***at = calloc(p->n_lines, sizeof *at);
    CLEANUP(free) const struct notification **mine = calloc(p->n_lines, sizeof *mine);
    bool each = to & by_tenant(p);
    size_t n = 0;
    int r = 0;
    if (!at || !mine)
        return -ENOMEM;
    for (size_t i = 0; i < p->n_lines; i++)
        if (is_for(p->to[i], to))
            at[n++] = &p->line[i];
    if (each)
        qsort(at, n, sizeof *at, compare_tenants);
    for (size_t i = 0; i < n; i++)
        mine[i] = *at[i];
    for (size_t i = 0, end; r >= 0 && i < n; i = end) {
        const char *tenant = each ? tenant_of(mine[i]->context) : NULL;
        for (end = i + 1; end < n && (!each || strcmp(tenant_of(mine[end]->context), tenant) == 0);)
            end++;
        r = digest_of(p, mine + i, end - i, to, tenant, reason);
    }
    return r;
}

/* Receivers with the same list share a digest. Notifications without receivers also make a digest,
 * for the history. */
int plan_digest(struct plan *p, const char *reason)
{
    receiver_set done = 0;
    int r = 0;
    for (size_t i = 0; p->n_lines && i < p->ctx->routes->n_receivers && r >= 0; i++) {
        if (done >> i & 1)
            continue;
        receiver_set to = same_lines(p, i);
        if (p->ctx->routes->n_receivers < RECEIVERS_MAX)
            to &= ((receiver_set)1 << p->ctx->routes->n_receivers) - 1;
        done |= to;
        r = digest_for(p, to, reason);
    }
    return p->n_lines && r >= 0 ? digest_for(p, 0, reason) : r;
}
