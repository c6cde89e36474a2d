/* SPDX-License-Identifier: MIT */
/* alerts/evaluate.c: applies an observation to an alert: latches, state, level, numbers. */
#include "alerts/evaluate.h"

#include "alerts/kind.h"
#include "base/text.h"
#include <assert.h>
#include <string.h>

enum latch_input finding_input(const struct finding *f, enum level l)
{
    bool off = f->threshold[l] == NUMBER_UNKNOWN;
    switch (f->state) {
    case FINDING_UNKNOWN:
        return LATCH_UNKNOWN;
    case FINDING_NOT_APPLICABLE:
        return off ? LATCH_REMOVED : LATCH_CLEAR;
    case FINDING_KNOWN:
        break;
    }
    if (f->accepted || (off && rule_row(f->rule)->limits_only))
        return LATCH_REMOVED;
    if (f->raise >= l)
        return LATCH_BREACH;
    return f->keep < l ? LATCH_CLEAR : LATCH_BAND;
}

enum level alert_rule_level(const struct alert *a, enum rule rule)
{
    for (int i = LEVELS - 1; i >= 0; i--)
        if (alert_state_is_up(a->latch[rule][i].state))
            return (enum level)(i + 1);
    return LEVEL_NONE;
}

bool alert_rule_pending(const struct alert *a, enum rule rule)
{
    bool pending = false;
    for (int i = 0; i < LEVELS; i++)
        pending |= a->latch[rule][i].state == ALERT_PENDING;
    return pending && alert_rule_level(a, rule) == LEVEL_NONE;
}

bool observation_breaches(const struct observation *s, enum rule rule, enum level l)
{
    const struct finding *f = observation_finding(s, rule);
    return f && finding_input(f, l) == LATCH_BREACH;
}

static bool observation_known(const struct observation *s)
{
    for (size_t i = 0; i < s->n_findings; i++)
        if (s->finding[i].state == FINDING_KNOWN)
            return true;
    return false;
}

/* A finding that is needed to resolve this alert is unknown: the alert may escalate, but it does not
 * clear, because members may be waiting unseen. The waiting age is not needed: members without a
 * date are counted by the waiting rule. */
static bool observation_partial(const struct observation *s)
{
    for (size_t i = 0; i < s->n_findings; i++) {
        const struct finding *f = &s->finding[i];
        if (f->state == FINDING_UNKNOWN && !f->not_offered && rule_row(f->rule)->needed_to_clear)
            return true;
    }
    return false;
}

/* ---- latches ---- */

/* An observation of a listed pool has no finding about absence: that clears absence. An observation
 * without known findings leaves absence unknown. */
static struct finding unmentioned(const struct observation *s, enum rule rule)
{
    bool back = rule_row(rule)->absence && observation_known(s);
    return (struct finding){.rule = rule,
                            .state = back ? FINDING_KNOWN : FINDING_UNKNOWN,
                            .threshold = {NUMBER_UNKNOWN, NUMBER_UNKNOWN, NUMBER_UNKNOWN},
                            .min_samples = 1};
}

static bool baseline_takes(const struct finding *f)
{
    return f->state == FINDING_KNOWN && f->raise > LEVEL_NONE && rule_row(f->rule)->baseline;
}

/* This level of this rule was not notified. Hysteresis is for notified levels only: such a latch
 * drops with the first observation that does not breach, so that it cannot fire later from old
 * numbers. */
static bool is_not_notified(const struct alert *a, enum rule rule, enum level l)
{
    return l > a->notified && l > a->muted[rule];
}

/* The firing latches before this observation, and how they ended. */
struct ending {
    bool any, cleared, accepted;
};

static void step_finding(struct alert *a, const struct finding *f, const struct evaluation *e,
                         bool partial, struct outcome *ret, struct ending *ending)
{
    for (int i = 0; i < LEVELS; i++) {
        struct latch *l = &a->latch[f->rule][i];
        enum latch_input input = finding_input(f, (enum level)(i + 1));
        struct hold hold = {.hold_for = f->hold_for,
                            .keep_firing_for = f->keep_firing_for,
                            .min_samples = f->min_samples,
                            .again = e->again,
                            .outage_tolerance = e->outage_tolerance};
        bool up = alert_state_is_up(l->state);
        bool drops = up && is_not_notified(a, f->rule, (enum level)(i + 1)) &&
                     (input == LATCH_CLEAR || input == LATCH_BAND);
        if (up && partial && input == LATCH_CLEAR)
            input = LATCH_UNKNOWN;
        if (e->baseline && !up && input == LATCH_BREACH && baseline_takes(f)) {
            *l = (struct latch){.state = ALERT_FIRING};
            a->muted[f->rule] = f->raise;
            ret->muted_now = true;
            continue;
        }
        if (e->lost && !up && input == LATCH_BREACH && kind_row(a->kind)->listed) {
            *l = (struct latch){.state = ALERT_FIRING};
            ret->raised_lost = true;
            continue;
        }
        if (f->waits && !up && input == LATCH_BREACH)
            input = LATCH_UNKNOWN; /* until the day begins */
        if (drops)
            *l = (struct latch){.state = ALERT_OK};
        else
            (void)latch_step(l, input, &hold, &e->now);
        ending->any |= up;
        ending->accepted |= up && f->accepted;
        ending->cleared |= up && input != LATCH_REMOVED;
        bool removed = up && input == LATCH_REMOVED && rule_row(f->rule)->cause;
        ret->cause_accepted |= removed && f->accepted;
        ret->cause_removed |= removed && !f->accepted;
    }
}

static void step_latches(struct alert *a, const struct observation *s, const struct evaluation *e,
                         struct outcome *ret, struct ending *ending)
{
    bool partial = observation_partial(s);
    for (int rule = 0; rule < RULE_COUNT_; rule++) {
        const struct finding *f = observation_finding(s, (enum rule)rule);
        const struct finding none = unmentioned(s, (enum rule)rule);
        step_finding(a, f ? f : &none, e, partial, ret, ending);
        if (alert_rule_level(a, (enum rule)rule) == LEVEL_NONE)
            a->muted[rule] = LEVEL_NONE;
    }
}

/* ---- from latches to the alert ---- */

struct latch_summary {
    bool in[ALERT_STATE_COUNT_]; /* some latch is in this state */
    bool pending_begins;         /* every pending latch began with this observation */
    enum level worst;            /* firing and either notified or breached now; else firing */
    enum level pending;          /* worst that is pending */
};

static struct latch_summary summarize_latches(const struct alert *a, const struct observation *s)
{
    struct latch_summary t = {.pending_begins = true};
    enum level up = LEVEL_NONE;
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        for (int i = 0; i < LEVELS; i++) {
            const struct latch *l = &a->latch[rule][i];
            enum level level = (enum level)(i + 1);
            t.in[l->state] = true;
            if (alert_state_is_up(l->state) && level > up)
                up = level;
            bool counts = level <= a->notified || observation_breaches(s, (enum rule)rule, level);
            if (alert_state_is_up(l->state) && counts && level > t.worst)
                t.worst = level;
            if (l->state != ALERT_PENDING)
                continue;
            if (level > t.pending)
                t.pending = level;
            if (l->observations > 1)
                t.pending_begins = false;
        }
    if (t.worst == LEVEL_NONE)
        t.worst = up;
    return t;
}

/* An alert does not resolve while another of its findings is pending: it would resolve and fire
 * again within minutes. The same holds while a section is unread. */
static enum alert_state summary_state(const struct latch_summary *t, enum alert_state before,
                                    bool partial)
{
    if (t->in[ALERT_FIRING])
        return ALERT_FIRING;
    if (t->in[ALERT_RECOVERING] || (alert_state_is_up(before) && (t->in[ALERT_PENDING] || partial)))
        return ALERT_RECOVERING;
    return t->in[ALERT_PENDING] ? ALERT_PENDING : ALERT_OK;
}

/* The rule that wins ties among those with a latch of this level in this state; -1: none.
 * `s`: only rules that this observation breaches; or NULL. */
static int first_rule(const struct alert *a, enum level level, enum alert_state state,
                      const struct observation *s)
{
    int first = -1;
    for (int rule = 0; level > LEVEL_NONE && rule < RULE_COUNT_; rule++)
        if (a->latch[rule][level - 1].state == state &&
            (!s || observation_breaches(s, (enum rule)rule, level)) &&
            (first < 0 || rule_row((enum rule)rule)->tie < rule_row((enum rule)first)->tie))
            first = rule;
    return first;
}

/* A firing rule goes before a recovering one. A level that is not notified yet takes a rule that this
 * observation breaches, so that its notification shows numbers beyond the limit. */
static int deciding_rule(const struct alert *a, const struct observation *s,
                         const struct latch_summary *t)
{
    int rule = t->worst > a->notified ? first_rule(a, t->worst, ALERT_FIRING, s) : -1;
    if (rule < 0)
        rule = first_rule(a, t->worst, ALERT_FIRING, NULL);
    if (rule < 0)
        rule = first_rule(a, t->worst, ALERT_RECOVERING, NULL);
    if (rule < 0 && !alert_state_is_up(a->state))
        rule = first_rule(a, t->pending, ALERT_PENDING, NULL);
    return rule;
}

static void take_numbers(struct alert *a, const struct observation *s,
                         const struct latch_summary *t)
{
    int rule = deciding_rule(a, s, t);
    bool same = rule < 0 || (enum rule)rule == a->rule;
    if (rule >= 0)
        a->rule = (enum rule)rule;
    const struct finding *f = observation_finding(s, a->rule);
    enum level level = t->worst > LEVEL_NONE ? t->worst : t->pending;
    if (f && f->state == FINDING_KNOWN) {
        a->value = f->value;
        a->unit = f->unit;
        if (rule >= 0)
            a->threshold = f->threshold[level];
    } else if (!same) {
        a->value = NUMBER_UNKNOWN;
        a->threshold = f ? f->threshold[level] : NUMBER_UNKNOWN;
        a->unit = f ? f->unit : a->unit;
    }
}

/* ---- context ---- */

/* Keeps the last known number if a firing rule needs it; the context is then as old as that. */
static bool carry(int64_t *number, int64_t last, bool wanted)
{
    if (!wanted || *number != NUMBER_UNKNOWN || last == NUMBER_UNKNOWN)
        return false;
    *number = last;
    return true;
}

static bool lacks_numbers(const struct alert_context *f, const struct alert_context *last)
{
    return (f->allotted == NUMBER_UNKNOWN && last->allotted != NUMBER_UNKNOWN) ||
           (f->consumed == NUMBER_UNKNOWN && last->consumed != NUMBER_UNKNOWN) ||
           (f->waiting == NUMBER_UNKNOWN && last->waiting != NUMBER_UNKNOWN);
}

static void carry_numbers(const struct alert *a, struct alert_context *fresh)
{
    const struct alert_context *last = a->context;
    unsigned rests_on = 0;
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        if (alert_rule_level(a, (enum rule)rule) > LEVEL_NONE)
            rests_on |= rule_row((enum rule)rule)->rests_on;
    bool old = carry(&fresh->allotted, last->allotted, rests_on & RESTS_ON_UNITS);
    old |= carry(&fresh->consumed, last->consumed, rests_on & RESTS_ON_UNITS);
    if (old && rests_on & RESTS_ON_REFERENCE)
        fresh->reference = last->reference;
    if (carry(&fresh->waiting, last->waiting, rests_on & RESTS_ON_WAITING)) {
        fresh->oldest_at = last->oldest_at;
        old = true;
    }
    if (!old)
        return;
    fresh->observed_at = last->observed_at;
    if (fresh->allotted != NUMBER_UNKNOWN && fresh->consumed != NUMBER_UNKNOWN)
        fresh->units_to_unblock =
            units_to_unblock(fresh->allotted, fresh->consumed, fresh->waiting);
    if (fresh->units_to_buy < last->units_to_buy) {
        fresh->units_to_buy = last->units_to_buy;
        fresh->ends_below_bp = last->ends_below_bp;
    }
}

/* An observation without known findings keeps the last context and its age. */
static int take_context(struct alert *a, const struct observation *s)
{
    if (a->context && !observation_known(s))
        return 0;
    struct alert_context *fresh = NULL;
    if (a->context && lacks_numbers(s->context, a->context)) {
        int r = context_copy(s->context,
                             &fresh); /* a copy: the context of the observation is shared */
        if (r < 0)
            return r;
        carry_numbers(a, fresh);
    } else {
        fresh = context_share(s->context);
    }
    context_free(a->context);
    a->context = fresh;
    return 0;
}

/* ---- waiting members ---- */

static const struct finding *waiting_finding(const struct observation *s)
{
    for (size_t i = 0; i < s->n_findings; i++)
        if (rule_row(s->finding[i].rule)->update == UPDATE_WAITING)
            return &s->finding[i];
    return NULL;
}

static enum level waiting_level(const struct alert *a)
{
    enum level worst = LEVEL_NONE;
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        if (rule_row((enum rule)rule)->update == UPDATE_WAITING &&
            alert_rule_level(a, (enum rule)rule) > worst)
            worst = alert_rule_level(a, (enum rule)rule);
    return worst;
}

/* When the notified members no longer wait, the number is negated: new ones before the finding has
 * recovered cause an update only if they are twice as many. While the alert flaps, the number is kept for that
 * comparison. */
static void follow_waiting(struct alert *a, const struct observation *s, enum level before,
                           struct outcome *ret)
{
    const struct finding *f = waiting_finding(s);
    enum level after = waiting_level(a);
    bool nobody = f && f->state == FINDING_KNOWN && f->value <= 0;
    ret->waiting_began = before == LEVEL_NONE && after > LEVEL_NONE;
    if (nobody && a->notified_waiting > 0)
        a->notified_waiting = -a->notified_waiting;
    if (nobody && before > LEVEL_NONE && after == LEVEL_NONE && !a->flap.on)
        a->notified_waiting = 0;
}

/* ---- after a change of source ---- */

enum verdict { FORMER_OPEN, FORMER_CLEAR, FORMER_EXPIRED };

/* The alert ends as a whole when all its firing rules are clear in the present source. Unknown
 * findings keep it until the memory of the pool has expired. */
static enum verdict former_verdict(const struct alert *a, const struct observation *s)
{
    bool unknown = observation_partial(s);
    for (int rule = 0; rule < RULE_COUNT_; rule++) {
        enum level level = alert_rule_level(a, (enum rule)rule);
        if (level == LEVEL_NONE)
            continue;
        const struct finding *f = observation_finding(s, (enum rule)rule);
        enum latch_input input = f ? finding_input(f, level) : LATCH_UNKNOWN;
        if (input == LATCH_BAND || input == LATCH_BREACH)
            return FORMER_OPEN;
        unknown |= input == LATCH_UNKNOWN;
    }
    return !unknown ? FORMER_CLEAR : s->expired ? FORMER_EXPIRED : FORMER_OPEN;
}

/* Keeps the last known numbers. */
static void evaluate_former(struct alert *a, const struct observation *s,
                            const struct evaluation *e, struct outcome *ret)
{
    const struct hold hold = {.again = e->again};
    enum verdict verdict = former_verdict(a, s);
    bool ends = verdict != FORMER_OPEN;
    ret->source_changed = verdict == FORMER_CLEAR && alert_state_is_up(a->state);
    ret->expired = verdict == FORMER_EXPIRED && alert_state_is_up(a->state);
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        for (int i = 0; i < LEVELS; i++)
            (void)latch_step(&a->latch[rule][i], ends ? LATCH_REMOVED : LATCH_UNKNOWN, &hold, &e->now);
    if (!ends)
        return;
    memset(a->muted, 0, sizeof a->muted); /* LEVEL_NONE */
    a->state = ALERT_OK;
    a->level = LEVEL_NONE;
}

int evaluate(struct alert *a, const struct observation *s, const struct evaluation *e,
             struct outcome *ret)
{
    enum alert_state before = a->state;
    enum level waiting_before = waiting_level(a);
    struct ending ending = {0};
    *ret = (struct outcome){0};
    assert(s->context);
    if (s->former && a->context) {
        evaluate_former(a, s, e, ret);
        return 0;
    }

    step_latches(a, s, e, ret, &ending);
    struct latch_summary t = summarize_latches(a, s);
    a->state = summary_state(&t, before, observation_partial(s));
    if (t.worst > LEVEL_NONE || !alert_state_is_up(a->state))
        a->level = t.worst;
    if (a->state != ALERT_OK &&
        (before == ALERT_OK || (a->state == ALERT_PENDING && t.pending_begins)))
        a->started = e->now;
    if (!alert_state_is_up(before) && alert_state_is_up(a->state) && !a->flap.on)
        a->episode++;
    take_numbers(a, s, &t);
    follow_waiting(a, s, waiting_before, ret);

    const struct finding *f = observation_finding(s, a->rule);
    ret->stale = f && f->state == FINDING_UNKNOWN;
    bool over = alert_state_is_up(before) && a->state == ALERT_OK && ending.any;
    ret->accepted = over && ending.accepted;
    ret->rule_removed = over && !ending.cleared && !ending.accepted;
    return take_context(a, s);
}
