/* SPDX-License-Identifier: MIT */
/* store/enqueue.c: turns events into outbox rows: selects receivers, supersedes obsolete rows, and
 * drops reminders when the outbox is full. */
#include "store/commit.h"
#include "store/event.h"
#include "store/notified.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* One event that is being queued. */
struct posting {
    struct store *s;
    const struct commit *c;
    struct outbox_fill *fill; /* tracked while the commit adds to it */
    int64_t event; /* its row */
    const char *queue;
    uint32_t episode;
    enum event_type type;
    int64_t size; /* of the content */
};

/* ---- the bound of the outbox ---- */

static bool is_full(const struct posting *p)
{
    return outbox_is_full(p->s, p->fill);
}

static int supersede(struct posting *p, struct outbox_rows *rows, struct failure *f)
{
    int r = 0;
    for (size_t i = 0; r >= 0 && i < rows->n; i++) {
        p->fill->rows--;
        p->fill->bytes -= rows->row[i].size;
        r = outbox_row_finish(p->s, &rows->row[i], OUTBOX_SUPERSEDED, p->c->now.at, f);
    }
    return r;
}

/* Drops the oldest reminder that was never tried. If there is none, the outbox exceeds its bound:
 * firing and resolved rows are never dropped. */
static int drop_a_reminder(struct posting *p, struct failure *f)
{
    CLEANUP(outbox_rows_free) struct outbox_rows rows = {0};
    {
        CLEANUP(query_end)
        struct query q = row_select(&p->s->db, &TABLE_OUTBOX,
                                    "WHERE state = 0 AND type = 'alert.reminder' AND attempts = 0"
                                    " ORDER BY id LIMIT 1");
        int r = outbox_rows_collect(&q, &rows, f);
        if (r < 0 || rows.n == 0)
            return r;
    }
    int r = supersede(p, &rows, f);
    return r < 0 ? r : tally_add(p->s, rows.row[0].receiver, 0, 1, f);
}

/* ---- one receiver ---- */

static int put_row(struct posting *p, const char *receiver, bool combined, struct failure *f)
{
    /* Rows of a receiver that left the configuration are parked, so that they stay visible. */
    bool known = receiver_index(p->c->routes, receiver) >= 0;
    struct outbox_row o = {.event = p->event,
                           .episode = p->episode,
                           .type = p->type,
                           .state = known ? OUTBOX_QUEUED : OUTBOX_PARKED,
                           .combined = combined,
                           .created_at = p->c->now.at,
                           .size = p->size};
    if (strlen(receiver) >= sizeof o.receiver)
        return failure_set(f, FAILURE_CONFIG, EINVAL, "receiver %s: the name is too long",
                           receiver);
    (void)snprintf(o.receiver, sizeof o.receiver, "%s", receiver);
    (void)snprintf(o.queue, sizeof o.queue, "%s", p->queue);
    outbox_row_wait(&o, &p->c->now, p->c->now.at);
    p->fill->rows++;
    p->fill->bytes += o.size;
    return outbox_row_add(p->s, &o, f);
}

static int post(struct posting *p, const char *receiver, bool combined, struct failure *f)
{
    if (is_full(p) && p->type == EVENT_REMINDER)
        return tally_add(p->s, receiver, 0, 1, f);
    int r = is_full(p) ? drop_a_reminder(p, f) : 0;
    return r < 0 ? r : put_row(p, receiver, combined, f);
}

/* Supersedes rows of this episode that were never tried: all, or `reminders_only`. */
static int supersede_untried(struct posting *p, const char *receiver, bool reminders_only,
                             struct failure *f)
{
    CLEANUP(outbox_rows_free) struct outbox_rows rows = {0};
    {
        CLEANUP(query_end)
        struct query q =
            row_select(&p->s->db, &TABLE_OUTBOX,
                       "WHERE queue = ?1 AND episode = ?2 AND receiver = ?3 AND attempts = 0"
                       " AND state IN (0, 3) AND (type = 'alert.reminder' OR NOT ?4)");
        query_text(&q, p->queue);
        query_int(&q, p->episode);
        query_text(&q, receiver);
        query_int(&q, reminders_only);
        int r = outbox_rows_collect(&q, &rows, f);
        if (r < 0)
            return r;
    }
    return supersede(p, &rows, f);
}

/* ---- all receivers of one event ---- */

static int post_to_set(struct posting *p, receiver_set to, struct failure *f)
{
    int r = 0;
    for (size_t i = 0; r >= 0 && i < RECEIVERS_MAX && to >> i; i++) {
        if (!(to >> i & 1))
            continue;
        assert(i < p->c->routes->n_receivers);
        const char *receiver = p->c->routes->receiver[i].name;
        if (p->type == EVENT_REMINDER)
            r = supersede_untried(p, receiver, true, f);
        if (r >= 0)
            r = post(p, receiver, false, f);
    }
    return r;
}

/* 1: a digest that is still queued for this receiver contains the alert. */
static int in_a_digest(struct store *s, const char *alert_id, const char *receiver,
                       struct failure *f)
{
    CLEANUP(query_end)
    struct query q = query_new(
        &s->db, "SELECT 1 FROM event AS m CROSS JOIN outbox AS d ON d.event = m.folded_into WHERE"
                " d.receiver = ?1 AND d.state <= 1 AND m.alert_id = ?2 AND m.folded_into IS NOT NULL"
                " LIMIT 1");
    query_text(&q, receiver);
    query_text(&q, alert_id);
    return query_step(&q, f);
}

/* 1: this receiver already has the resolved row of the episode. */
static int has_end(struct posting *p, const char *receiver, struct failure *f)
{
    CLEANUP(query_end)
    struct query q =
        query_new(&p->s->db, "SELECT 1 FROM outbox WHERE queue = ?1 AND episode = ?2 AND receiver = ?3"
                             " AND type = 'alert.resolved' AND state <= 3 LIMIT 1");
    query_text(&q, p->queue);
    query_int(&q, p->episode);
    query_text(&q, receiver);
    return query_step(&q, f);
}

static bool is_pager(const struct posting *p, const char *receiver)
{
    int i = receiver_index(p->c->routes, receiver);
    return i >= 0 && p->c->routes->receiver[i].pager;
}

/* Goes to all receivers that were, or may have been, notified of the episode. A receiver without any
 * attempt, and without a digest that contains the alert, gets firing and resolved combined in one
 * message, and a pager nothing: it has no incident to end. For the others, reminders still queued are superseded. */
static int post_resolved(struct posting *p, const char *alert_id, struct failure *f)
{
    CLEANUP(audience_free) struct audience all = {0};
    int r = deferred_forget(p->s, alert_id, NULL, f);
    if (r >= 0)
        r = notified_audience(p->s, alert_id, p->episode, &all, f);
    for (size_t i = 0; r >= 0 && i < all.n; i++) {
        const char *receiver = all.member[i].receiver;
        bool tried = all.member[i].tried;
        r = has_end(p, receiver, f); /* queued again only where the row was lost */
        if (r != 0)
            continue;
        int notified_before = in_a_digest(p->s, alert_id, receiver, f);
        r = notified_before < 0 ? notified_before : supersede_untried(p, receiver, tried, f);
        if (r >= 0 && (tried || notified_before || !is_pager(p, receiver)))
            r = post(p, receiver, !tried && !notified_before, f);
    }
    return r;
}

static int post_to_notified(struct posting *p, const char *alert_id, struct failure *f)
{
    CLEANUP(audience_free) struct audience all = {0};
    int r = notified_audience(p->s, alert_id, p->episode, &all, f);
    for (size_t i = 0; r >= 0 && i < all.n; i++)
        r = post(p, all.member[i].receiver, false, f);
    return r;
}

static int expect(struct store *s, const struct commit *c, receiver_set to,
                  const struct notification *n, struct failure *f)
{
    int r = 0;
    for (size_t i = 0; r >= 0 && i < RECEIVERS_MAX && to >> i; i++) {
        if (!(to >> i & 1))
            continue;
        r = notified_expect(s, n->alert_id, c->routes->receiver[i].name, n->episode, f);
        if (r >= 0)
            r = deferred_forget(s, n->alert_id, c->routes->receiver[i].name, f);
    }
    return r;
}

static int post_event(struct store *s, const struct commit *c, const struct event *e,
                      struct outbox_fill *fill, struct failure *f)
{
    struct posting p = {.s = s, .c = c, .fill = fill};
    if (e->digest) {
        p.queue = e->digest->digest_id;
        p.type = EVENT_DIGEST;
        int r = event_put_digest(s, e->digest, &p.event, &p.size, f);
        for (size_t i = 0; r >= 0 && i < e->digest->n_notifications; i++)
            r = expect(s, c, e->to, e->digest->notification[i], f);
        return r < 0 ? r : post_to_set(&p, e->to, f);
    }
    const struct notification *n = e->notification;
    p.queue = n->type == EVENT_INFO ? n->event_id : n->alert_id; /* nothing waits for it */
    p.episode = n->episode;
    p.type = n->type;
    int r = event_put_notification(s, n, NULL, 0, &p.event, &p.size, f);
    if (r >= 0 && n->type == EVENT_RESOLVED)
        return post_resolved(&p, n->alert_id, f);
    if (r >= 0 && (n->type == EVENT_ACKNOWLEDGED || e->to_notified))
        return post_to_notified(&p, n->alert_id, f);
    if (r >= 0 && n->type != EVENT_INFO)
        r = expect(s, c, e->to, n, f);
    return r < 0 ? r : post_to_set(&p, e->to, f);
}

int events_put(struct store *s, const struct commit *c, struct failure *f)
{
    struct outbox_fill fill;
    if (c->changes->n_events == 0)
        return 0;
    assert(c->routes); /* they give names to the receiver set */
    int r = outbox_measure(s, &fill, f);
    for (size_t i = 0; r >= 0 && i < c->changes->n_events; i++)
        r = post_event(s, c, &c->changes->event[i], &fill, f);
    s->outbox_full = s->outbox_full || outbox_is_full(s, &fill);
    return r;
}
