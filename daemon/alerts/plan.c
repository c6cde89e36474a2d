/* SPDX-License-Identifier: MIT */
/* alerts/plan.c: working copies of alerts; selects the changed ones for the commit. */
#include "alerts/plan.h"

#include "alerts/registry.h"
#include "base/array.h"
#include "base/text.h"
#include <errno.h>
#include <string.h>

bool alerts_clock_jumped(const struct alert_registry *registry, const struct instant *now)
{
    return clock_jump(registry_clock(registry), now) != 0;
}

int plan_begin(struct plan *p, const struct plan_context *ctx,
               const struct alert_registry *registry)
{
    *p = (struct plan){
        .ctx = ctx, .registry = registry, .jump = clock_jump(registry_clock(registry), &ctx->now)};
    p->changes = calloc(1, sizeof *p->changes);
    if (!p->changes)
        return -ENOMEM;
    p->changes->now = ctx->now;
    return 0;
}

void plan_clear_lines(struct plan *p)
{
    for (size_t i = 0; i < p->n_lines; i++)
        notification_free(p->line[i]);
    p->n_lines = 0;
}

void plan_clear(struct plan *p)
{
    for (size_t i = 0; i < p->n_work; i++)
        alert_free(p->work[i].after);
    plan_clear_lines(p);
    free(p->work);
    free(p->former);
    free(p->parent);
    free(p->line);
    free(p->to);
    free(p->counted);
    changes_free(p->changes);
    *p = (struct plan){0};
}

static int plan_add(struct plan *p, struct work w, struct work **ret)
{
    if (array_room(&p->work, p->n_work, sizeof *p->work) < 0) {
        alert_free(w.after);
        return -ENOMEM;
    }
    p->work[p->n_work] = w;
    *ret = &p->work[p->n_work++];
    return 0;
}

static usec_t shifted(usec_t at, int64_t by)
{
    usec_t moved = at + (usec_t)by; /* wraps as two's complement does */
    if (by < 0)
        return moved < at ? moved : 1; /* 0 means none */
    return moved > at ? moved : USEC_INFINITY;
}

bool plan_moves_times(const struct plan *p, const struct alert *a)
{
    return p->jump && (a->reminder_at || a->silenced.at || a->silenced.broken_at);
}

int plan_take(struct plan *p, const struct alert *before, struct work **ret)
{
    struct work w = {.before = before};
    int r = alert_copy(before, &w.after);
    if (r < 0)
        return r;
    usec_t *const TIMES[] = {&w.after->reminder_at, &w.after->silenced.at, &w.after->silenced.broken_at};
    for (size_t i = 0; i < N_ELEMENTS(TIMES) && p->jump; i++)
        if (*TIMES[i])
            *TIMES[i] = shifted(*TIMES[i], p->jump);
    return plan_add(p, w, ret);
}

static void count_on(struct alert *a, uint32_t episode, uint64_t seq)
{
    if (a->episode < episode)
        a->episode = episode;
    if (a->seq < seq)
        a->seq = seq;
}

/* A new id continues the counters of its last use. */
static int resume(struct plan *p, struct alert *a)
{
    const struct alert *known = registry_by_id(p->registry, a->id);
    struct past_alert past = {0};
    if (known)
        count_on(a, known->episode, known->seq);
    int r = p->ctx->past ? p->ctx->past(p->ctx->past_userdata, a->id, &past, &p->why) : 0;
    if (r >= 0)
        count_on(a, past.episode, past.seq);
    return r;
}

int plan_create(struct plan *p, const struct observation *s, struct work **ret)
{
    const char *tenant_id = p->ctx->tenant_id ? p->ctx->tenant_id : "";
    CLEANUP(alert_free) struct alert *a = calloc(1, sizeof *a);
    if (!a || text_copy(tenant_id, &a->tenant_id) < 0 || text_copy(s->subject, &a->subject) < 0)
        return -ENOMEM;
    a->kind = s->kind;
    a->value = a->threshold = NUMBER_UNKNOWN;
    int r = alert_id(a->kind, a->tenant_id, a->subject, a->id);
    if (r >= 0)
        r = resume(p, a);
    if (r < 0)
        return r;
    return plan_add(p, (struct work){.after = TAKE(a), .observation = s}, ret);
}

static int remove_id(struct plan *p, const char *id, struct past_alert past)
{
    struct changes *c = p->changes;
    if (array_room(&c->removed, c->n_removed, sizeof *c->removed) < 0)
        return -ENOMEM;
    struct removal *gone = &c->removed[c->n_removed++];
    gone->past = past;
    memcpy(gone->id, id, sizeof gone->id);
    return 0;
}

static struct past_alert counted(const struct alert *a)
{
    return (struct past_alert){.episode = a->episode, .seq = a->seq};
}

int plan_remove(struct plan *p, const struct alert *a)
{
    return remove_id(p, a->id, counted(a));
}

/* ---- differences from the registry ---- */

static bool same_instant(const struct instant *a, const struct instant *b)
{
    return a->at == b->at && a->mono == b->mono && a->boot == b->boot;
}

static bool same_latches(const struct alert *a, const struct alert *b)
{
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        for (int i = 0; i < LEVELS; i++) {
            const struct latch *x = &a->latch[rule][i], *y = &b->latch[rule][i];
            if (x->state != y->state || x->elapsed != y->elapsed ||
                x->observations != y->observations || !same_instant(&x->last, &y->last))
                return false;
        }
    return true;
}

static bool same_silenced(const struct silenced *a, const struct silenced *b)
{
    return a->at == b->at && a->broken_at == b->broken_at && a->level == b->level &&
           a->rule == b->rule && a->value == b->value && a->waiting == b->waiting;
}

static bool same_notified(const struct alert *a, const struct alert *b)
{
    return a->notified == b->notified && a->notified_rule == b->notified_rule &&
           a->notified_value == b->notified_value && a->notified_waiting == b->notified_waiting &&
           a->notified_cause == b->notified_cause && a->reminder_at == b->reminder_at &&
           a->reminders == b->reminders && same_silenced(&a->silenced, &b->silenced) &&
           flap_equal(&a->flap, &b->flap) && memcmp(a->muted, b->muted, sizeof a->muted) == 0;
}

/* Unchanged numbers are rewritten a few times per outage_tolerance: often enough for "data as of"
 * after a restart, without a write per alert and poll. */
static bool is_stored_age_stale(const struct plan *p, const struct alert_context *before,
                          const struct alert_context *after)
{
    return after->observed_at > before->observed_at &&
           after->observed_at - before->observed_at >= p->ctx->outage_tolerance / 4;
}

static bool same_alert(const struct plan *p, const struct alert *a, const struct alert *b)
{
    if (strcmp(a->id, b->id) != 0 || strcmp(a->subject, b->subject) != 0 ||
        a->episode != b->episode || a->seq != b->seq || a->state != b->state ||
        a->level != b->level || !same_latches(a, b) || !same_notified(a, b))
        return false;
    if (b->state == ALERT_OK)
        return true; /* nothing is firing: numbers do not matter */
    if (!a->context || !b->context)
        return a->context == b->context;
    /* An age grows with every poll; its start is in the context. */
    bool same_value = a->value == b->value || b->unit == UNIT_SECONDS;
    return a->rule == b->rule && same_value && a->threshold == b->threshold && a->unit == b->unit &&
           same_instant(&a->started, &b->started) && context_equal(a->context, b->context) &&
           !is_stored_age_stale(p, a->context, b->context);
}

/* Never fired, no counters: not kept in the registry. */
static bool is_blank(const struct alert *a)
{
    return a->state == ALERT_OK && a->notified == LEVEL_NONE && a->episode == 0 && a->seq == 0;
}

/* An alert that moved to another pool takes the new id when nothing is open under the old one. */
static int settle_id(struct plan *p, struct alert *a)
{
    char old[ALERT_ID_TEXT];
    if (a->notified > LEVEL_NONE || (a->state != ALERT_OK && a->state != ALERT_PENDING))
        return 0;
    memcpy(old, a->id, sizeof old);
    int r = alert_id(a->kind, a->tenant_id, a->subject, a->id);
    return r < 0 || strcmp(old, a->id) == 0 ? r : resume(p, a);
}

static int finish_work(struct plan *p, struct work *w)
{
    struct changes *c = p->changes;
    bool blank = w->gone || is_blank(w->after);
    if (!w->before || w->after->reminder_at != w->before->reminder_at)
        plan_move_reminder(p, w->after);
    const struct past_alert past = counted(w->after); /* under its old id */
    int r = blank || !w->before ? 0 : settle_id(p, w->after);
    if (r >= 0 && w->before && (blank || strcmp(w->before->id, w->after->id) != 0))
        r = remove_id(p, w->before->id, past);
    if (r < 0 || blank || (w->before && same_alert(p, w->before, w->after)))
        return r;
    if (array_room(&c->alert, c->n_alerts, sizeof *c->alert) < 0)
        return -ENOMEM;
    c->alert[c->n_alerts++] = TAKE(w->after);
    return 0;
}

int plan_finish(struct plan *p, int r, struct changes **ret, struct failure *ret_failure)
{
    for (size_t i = 0; i < p->n_work && r >= 0; i++)
        r = finish_work(p, &p->work[i]);
    if (r == -ENOMEM)
        return failure_oom(ret_failure);
    if (r < 0 && *p->why.text) {
        if (ret_failure)
            *ret_failure = p->why;
        return r;
    }
    if (r < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, -r, "no random numbers for an event id");
    *ret = TAKE(p->changes);
    return 0;
}
