/* SPDX-License-Identifier: MIT */
/* alerts/observations.c: alerts_plan(): matches observations with alerts; archives alerts without an
 * observation. */
#include "alerts/plan.h"
#include "alerts/silence.h"

#include "alerts/kind.h"
#include "base/array.h"
#include "base/text.h"
#include <errno.h>
#include <string.h>
#include <strings.h>

/* A new alert starts with a breach only. */
static bool has_breach(const struct observation *s)
{
    for (size_t i = 0; i < s->n_findings; i++)
        for (int l = LEVEL_WARNING; l < LEVEL_COUNT_; l++)
            if (finding_input(&s->finding[i], (enum level)l) == LATCH_BREACH)
                return true;
    return false;
}

/* ---- moving ---- */

static bool is_idle(const struct alert *a)
{
    return a->state == ALERT_OK && a->notified == LEVEL_NONE;
}

/* The alert of this observation: its own, or the one of the pool that it replaces. */
static int find_before(struct plan *p, const struct observation *s, const struct alert **ret)
{
    const char *tenant_id = p->ctx->tenant_id;
    *ret = registry_find(p->registry, s->kind, tenant_id, s->subject);
    const struct alert *old =
        s->replaces ? registry_find(p->registry, s->kind, tenant_id, s->replaces) : NULL;
    if (!old || (*ret && !is_idle(*ret)))
        return 0; /* both are open: keep both */
    int r = *ret ? plan_remove(p, *ret) : 0;
    *ret = old;
    return r;
}

static int move_subject(struct alert *a, const struct observation *s)
{
    char *subject = NULL;
    if (strcmp(a->subject, s->subject) == 0)
        return 0;
    int r = text_copy(s->subject, &subject);
    if (r < 0)
        return r;
    free(a->subject);
    a->subject = subject;
    return 0;
}

/* ---- one observation ---- */

/* The level that was notified, including the first-run digest. */
static enum level known_level(const struct alert *a)
{
    enum level known = a->notified;
    if (!alert_state_is_up(a->state))
        return LEVEL_NONE;
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        if (a->muted[rule] > known)
            known = a->muted[rule];
    return known;
}

/* ---- parent alerts ---- */

static int compare_parent(const void *subject, const void *parent)
{
    return strcasecmp(subject, (*(const struct alert *const *)parent)->subject);
}

/* The worst of subjects that differ only in case comes first; the others are dropped. */
static int compare_parents(const void *a, const void *b)
{
    const struct alert *x = *(const struct alert *const *)a, *y = *(const struct alert *const *)b;
    int r = strcasecmp(x->subject, y->subject);
    return r ? r : (known_level(x) < known_level(y)) - (known_level(x) > known_level(y));
}

static int sort_parents(struct plan *p)
{
    size_t n = p->n_work;
    p->parent = calloc(n + 1, sizeof(void *));
    if (!p->parent)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        p->parent[i] = p->work[i].after;
    qsort(p->parent, n, sizeof(void *), compare_parents);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || compare_parent(p->parent[p->n_parents - 1]->subject, &p->parent[i]) != 0)
            p->parent[p->n_parents++] = p->parent[i];
    return 0;
}

static const struct alert *find_parent(const struct plan *p, enum kind kind, const char *subject)
{
    if (!kind_row(kind)->explains)
        return NULL;
    /* A repeated evaluation has no observations of subscriptions: uses their alerts in the registry. */
    if (p->ctx->again)
        return registry_find(p->registry, kind, p->ctx->tenant_id, subject);
    const struct alert *const *found =
        p->n_parents ? bsearch(subject, p->parent, p->n_parents, sizeof(void *), compare_parent) : NULL;
    return found ? *found : NULL;
}

/* Parents are planned first, so this is their level in this plan. */
enum level plan_parent_level(const struct plan *p, const struct observation *s)
{
    enum level worst = LEVEL_NONE;
    for (size_t i = 0; s->subscription_explains && i < s->context->n_subscriptions; i++)
        for (int kind = 0; kind < KIND_COUNT_; kind++) {
            const struct alert *a = find_parent(p, (enum kind)kind, s->context->subscription[i].id);
            if (a && known_level(a) > worst)
                worst = known_level(a);
        }
    return worst;
}

static bool is_newly_judged(const struct alert *a, const struct observation *s)
{
    return !s->silent && a->notified == LEVEL_NONE;
}

static bool is_first(const struct plan *p, const struct alert *a, const struct observation *s)
{
    return p->ctx->first_run && !p->ctx->state_lost && !p->ctx->options->first_run_each &&
           is_newly_judged(a, s);
}

/* Critical alerts are sent singly; warnings share a digest. */
static int notify_lost(struct plan *p, struct alert *a, const struct outcome *o)
{
    if (a->level == LEVEL_CRITICAL)
        return plan_notify(p, a, EVENT_FIRING, o, "state_lost");
    int r = plan_notify_in_digest(p, a, o);
    alert_record_notification(a, EVENT_FIRING, p->ctx->options, p->ctx->now.at);
    return r;
}

/* Waiting members are never part of the baseline: their pool fires its own alert after the hold time
 * and is only counted in the digest. */
static bool people_wait(const struct observation *s)
{
    for (size_t i = 0; i < s->n_findings; i++)
        if (rule_row(s->finding[i].rule)->people_wait &&
            observation_breaches(s, s->finding[i].rule, s->finding[i].raise))
            return true;
    return false;
}

/* ---- after a change of source ---- */

static const char *sku_key(const struct alert_context *f)
{
    return f->sku_id ? f->sku_id : f->sku_part_number ? f->sku_part_number : "";
}

static int by_sku(const void *a, const void *b)
{
    const struct alert *const *x = a, *const *y = b;
    return strcasecmp(sku_key((*x)->context), sku_key((*y)->context));
}

static int compare_sku(const void *key, const void *item)
{
    const struct alert *const *a = item;
    return strcasecmp(key, sku_key((*a)->context));
}

static int find_former(struct plan *p, const struct observations *observations)
{
    for (size_t i = 0; i < observations->n; i++) {
        const struct observation *s = &observations->observation[i];
        const struct alert *a =
            s->former ? registry_find(p->registry, s->kind, p->ctx->tenant_id, s->subject) : NULL;
        if (!a || a->notified == LEVEL_NONE || !a->context)
            continue;
        if (array_room(&p->former, p->n_former, sizeof *p->former) < 0)
            return -ENOMEM;
        p->former[p->n_former++] = a;
    }
    if (p->n_former > 0)
        qsort(p->former, p->n_former, sizeof *p->former, by_sku);
    return 0;
}

/* The SKU has a notified alert from the former source. That alert gets no more reminders and ends by
 * itself, so the baseline must not mute its successor. */
static bool succeeds(const struct plan *p, const struct observation *s)
{
    return p->n_former > 0 && !s->former && *sku_key(s->context) &&
           bsearch(sku_key(s->context), p->former, p->n_former, sizeof *p->former, compare_sku);
}

static const char *reason_of(const struct plan *p, const struct alert *a, const struct outcome *o)
{
    return o->accepted         ? plan_acknowledgement(p, a) ? "acknowledged" : "new_normal"
           : o->rule_removed   ? "rule_removed"
           : o->source_changed ? "source_changed"
           : o->expired        ? "gone_for_good"
                               : NULL;
}

/* Why a loss of capacity ended that was notified. */
static const char *reason_of_cause(const struct plan *p, const struct alert *a, const struct outcome *o)
{
    return o->cause_accepted  ? plan_acknowledgement(p, a) ? "acknowledged" : "new_normal"
           : o->cause_removed ? "rule_removed"
                              : "restored";
}

/* The event that is due although, or because, the alert flaps. One that ends for another reason than
 * recovery ends at once. */
static int follow_flapping(struct plan *p, const struct alert *before, struct alert *a,
                           const struct outcome *o, int type, const char **reason)
{
    const struct flap_options *options = &p->ctx->options->flap;
    bool was_up = before && alert_state_is_up(before->state);
    bool flaps = flap_follow(&a->flap, options, was_up != alert_state_is_up(a->state), !o->stale, &p->ctx->now);
    bool recovered = !*reason && !o->cause_accepted && !o->cause_removed;
    if (flaps && recovered && type != NO_EVENT && alert_flapping_withholds(a, (enum event_type)type))
        return NO_EVENT;
    if (type == EVENT_RESOLVED) {
        a->flap.on = false;
        flap_count_end(&a->flap, p->ctx->now.at);
    }
    if (type != EVENT_FIRING || !flap_begin(&a->flap, options, &p->ctx->now))
        return type;
    *reason = "flapping";
    return EVENT_UPDATED;
}

static int take_observation(struct plan *p, const struct observation *s)
{
    const struct alert *before;
    struct work *w;
    struct outcome outcome;
    int r = find_before(p, s, &before);
    if (r < 0 || (!before && !has_breach(s)))
        return r;
    r = before ? plan_take(p, before, &w) : plan_create(p, s, &w);
    if (r >= 0)
        r = move_subject(w->after, s);
    if (r < 0)
        return r;
    w->observation = s;
    bool succeeding = succeeds(p, s);
    if (succeeding)
        memset(w->after->muted, 0, sizeof w->after->muted); /* LEVEL_NONE */
    bool first = is_first(p, w->after, s) && !succeeding, waits = people_wait(s);
    const struct evaluation e = {.now = p->ctx->now,
                                 .outage_tolerance = p->ctx->outage_tolerance,
                                 .baseline = first && !waits,
                                 .again = p->ctx->again,
                                 .lost = p->ctx->state_lost && is_newly_judged(w->after, s)};
    r = evaluate(w->after, s, &e, &outcome);
    if (r < 0)
        return r;
    unsigned silences = silences_of(w->after, s, plan_parent_level(p, s));
    if (alert_state_is_up(w->after->state) &&
        plan_follow_silence(p, before, w->after, s, silence_mutes(silences, EVENT_FIRING)))
        silences |= SILENCE_ACTIVE;
    const char *reason = reason_of(p, w->after, &outcome);
    int type = follow_flapping(p, before, w->after, &outcome, alert_next_event(w->after, s, &outcome), &reason);
    bool cause_ended = type != NO_EVENT && !reason && alert_cause_ended(w->after);
    if (cause_ended)
        reason = reason_of_cause(p, w->after, &outcome);
    /* Like a resolved notification, the end of a cause passes silences. */
    if (cause_ended && type == EVENT_UPDATED)
        silences &= ~(unsigned)SILENCE_ACTIVE;
    if (type != NO_EVENT && silence_mutes(silences, (enum event_type)type))
        type = NO_EVENT;
    if (type == NO_EVENT && (outcome.cause_accepted || outcome.cause_removed))
        w->after->notified_cause = CAUSE_NONE; /* later it would pass for restored */
    if (type == EVENT_FIRING && outcome.raised_lost)
        r = notify_lost(p, w->after, &outcome);
    else if (cause_ended && type == EVENT_UPDATED)
        r = plan_notify_who_was(p, w->after, EVENT_UPDATED, &outcome, reason);
    else if (type != NO_EVENT)
        r = plan_notify(p, w->after, (enum event_type)type, &outcome, reason);
    else if (outcome.muted_now && silences & SILENCE_ACTIVE)
        memset(w->after->muted, 0, sizeof w->after->muted); /* no digest names it: notified later */
    else if (outcome.muted_now)
        r = plan_notify_in_digest(p, w->after, &outcome);
    if (r >= 0 && first && waits)
        r = plan_count(p, w->after);
    if (!alert_state_is_up(w->after->state))
        w->after->silenced = (struct silenced){0};
    if (r >= 0)
        /* The reminders of a silenced alert stay planned: one that is due then follows the silence. */
        alert_schedule_reminder(w->after, silence_mutes(silences & ~(unsigned)SILENCE_ACTIVE, EVENT_REMINDER),
                                p->ctx->options, p->ctx->now.at);
    return r;
}

static int take_observations(struct plan *p, const struct observations *observations, bool explains)
{
    int r = 0;
    for (size_t i = 0; i < observations->n && r >= 0; i++)
        if (kind_row(observations->observation[i].kind)->explains == explains)
            r = take_observation(p, &observations->observation[i]);
    return r;
}

/* ---- alerts without an observation ---- */

static int compare_pointers(const void *a, const void *b)
{
    const void *const *x = a, *const *y = b;
    return (*x > *y) - (*x < *y);
}

/* Alerts of the registry that have an observation, sorted for bsearch(). */
static const struct alert **observed(const struct plan *p, size_t *ret_n)
{
    const struct alert **seen = calloc(p->n_work + 1, sizeof *seen);
    *ret_n = 0;
    for (size_t i = 0; seen && i < p->n_work; i++)
        if (p->work[i].before)
            seen[(*ret_n)++] = p->work[i].before;
    if (seen)
        qsort(seen, *ret_n, sizeof *seen, compare_pointers);
    return seen;
}

static bool is_absent(const struct alert *a)
{
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        if (rule_row((enum rule)rule)->absence && alert_rule_level(a, (enum rule)rule) > LEVEL_NONE)
            return true;
    return false;
}

/* rules/ reports a missing subject as long as it remembers it. After that the alert is archived,
 * with a resolved notification that gives the reason. */
static bool is_past(const struct plan *p, const struct alert *a)
{
    if (a->state == ALERT_OK || is_absent(a) || !a->context)
        return true;
    usec_t now = p->ctx->now.at, seen = a->context->observed_at;
    return now > seen && now - seen > MEMORY_RETENTION;
}

static void freeze(struct alert *a)
{
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        for (int i = 0; i < LEVELS; i++) {
            static const struct hold NO_HOLD;
            static const struct instant NO_INSTANT;
            (void)latch_step(&a->latch[rule][i], LATCH_UNKNOWN, &NO_HOLD, &NO_INSTANT);
        }
}

static int archive(struct plan *p, const struct alert *a)
{
    struct work *w;
    if (a->notified == LEVEL_NONE || !a->context)
        return plan_remove(p, a);
    int r = plan_take(p, a, &w);
    if (r < 0)
        return r;
    w->gone = true;
    return plan_notify(p, w->after, EVENT_RESOLVED, NULL, "gone_for_good");
}

static int take_unobserved(struct plan *p, const struct alert *a)
{
    struct work *w;
    const char *tenant_id = p->ctx->tenant_id ? p->ctx->tenant_id : "";
    bool missing =
        p->ctx->complete_list && kind_row(a->kind)->listed && strcmp(a->tenant_id, tenant_id) == 0;
    if (missing && is_past(p, a))
        return archive(p, a);
    if (!missing && !plan_moves_times(p, a))
        return 0;
    int r = plan_take(p, a, &w);
    if (r >= 0 && missing)
        freeze(w->after);
    return r;
}

/* Alerts of this tenant, or of all tenants after a clock jump. */
static const struct alert *next_to_sweep(const struct plan *p, const struct alert *after,
                                         size_t *cursor)
{
    const char *tenant_id = p->ctx->tenant_id ? p->ctx->tenant_id : "";
    return p->jump ? registry_next(p->registry, cursor)
                   : registry_next_of(p->registry, tenant_id, after);
}

static int sweep(struct plan *p)
{
    if (!p->ctx->complete_list && !p->jump)
        return 0;
    size_t n, cursor = 0;
    CLEANUP(free) const struct alert **seen = observed(p, &n);
    const struct alert *a = NULL;
    int r = seen ? 0 : -ENOMEM;
    while (r >= 0 && (a = next_to_sweep(p, a, &cursor)))
        if (!bsearch(&a, seen, n, sizeof *seen, compare_pointers))
            r = take_unobserved(p, a);
    return r;
}

int alerts_plan(const struct plan_context *ctx, const struct alert_registry *registry,
                const struct observations *observations, struct changes **ret,
                struct failure *ret_failure)
{
    CLEANUP(plan_clear) struct plan p = {0};
    int r = plan_begin(&p, ctx, registry);
    if (r >= 0)
        r = find_former(&p, observations);
    if (r >= 0)
        r = take_observations(&p, observations, true);
    if (r >= 0)
        r = sort_parents(&p);
    if (r >= 0)
        r = take_observations(&p, observations, false);
    if (r >= 0)
        r = plan_digest(&p, ctx->state_lost ? "state_lost" : "first_run");
    if (r >= 0)
        r = plan_infos(&p, observations);
    if (r >= 0)
        r = sweep(&p);
    return plan_finish(&p, r, ret, ret_failure);
}
