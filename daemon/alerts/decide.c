/* SPDX-License-Identifier: MIT */
/* alerts/decide.c: decides which event is due, by comparison with the last notification.
 *
 * Comparing with the last observation instead would lose an event that could not be sent at once,
 * and could send one twice. */
#include "alerts/decide.h"

#include "alerts/kind.h"
#include "base/text.h"
#include <string.h>

static bool rule_is_firing(const struct alert *a, int rule)
{
    return alert_rule_level(a, (enum rule)rule) > LEVEL_NONE;
}

/* The cause, for rules and kinds whose texts name one. */
static enum cause cause_of(const struct alert *a)
{
    const struct rule_row *first = NULL;
    for (int rule = 0; rule < RULE_COUNT_; rule++) {
        const struct rule_row *row = rule_row((enum rule)rule);
        if (row->cause && rule_is_firing(a, rule) && (!first || row->cause_rank < first->cause_rank))
            first = row;
    }
    if (first)
        return first->cause;
    return kind_row(a->kind)->cause && a->context ? a->context->cause : CAUSE_NONE;
}

/* Transient causes alternate, so a change to one sends no update. */
static bool cause_changed(const struct alert *a)
{
    enum cause cause = cause_of(a);
    return cause && !cause_row(cause)->passes && cause != a->notified_cause;
}

bool alert_cause_ended(const struct alert *a)
{
    bool of_a_rule = false;
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        of_a_rule |= a->notified_cause && rule_row((enum rule)rule)->cause == a->notified_cause;
    return of_a_rule && a->notified > LEVEL_NONE && cause_of(a) == CAUSE_NONE;
}

/* At least twice |notified|, which counts as 1 at least. */
static bool has_doubled(int64_t n, int64_t notified)
{
    int64_t size = notified == NUMBER_UNKNOWN ? 0 : notified < 0 ? -notified : notified;
    return n / 2 >= (size > 0 ? size : 1);
}

static bool more_wait(const struct alert *a, const struct finding *f, const struct outcome *o)
{
    if (f->value <= 0)
        return false;
    if (a->notified_waiting == 0)
        return true;
    return has_doubled(f->value, a->notified_waiting) ||
           (a->notified_waiting < 0 && o->waiting_began && !a->flap.on);
}

/* Expiry updates are sent at fixed distances: the first one comes weeks ahead and is easily put off. */
static bool end_is_nearer(const struct alert *a, const struct finding *f)
{
    static const int64_t DAYS[] = {30, 14, 7, 1};
    for (size_t i = 0; i < N_ELEMENTS(DAYS); i++)
        if (f->value <= DAYS[i] && a->notified_value > DAYS[i])
            return true;
    return false;
}

/* Sections are numbered by importance; a higher rank is a more important one. */
static int64_t section_rank(const struct alert *a)
{
    return -1 - (int64_t)section_parse(a->context ? a->context->section : NULL);
}

static bool is_breached(const struct finding *f)
{
    return f->state == FINDING_KNOWN && f->raise > LEVEL_NONE;
}

static bool needs_update(const struct alert *a, const struct finding *f, const struct outcome *o)
{
    switch (rule_row(f->rule)->update) {
    case UPDATE_NEVER:
        break;
    case UPDATE_WAITING:
        return more_wait(a, f, o);
    case UPDATE_DOUBLED:
        return has_doubled(f->value, a->notified_value);
    case UPDATE_DOUBLED_CAUSE: /* a loss twice as large is a new event */
        return a->rule == f->rule && a->notified_rule == f->rule &&
               has_doubled(f->value, a->notified_value);
    case UPDATE_DAYS:
        return end_is_nearer(a, f);
    case UPDATE_SECTION:
        return a->notified_value < 0 && section_rank(a) > a->notified_value;
    }
    return false;
}

/* A finding causes an update only after its hold time at its present level. Until then it may pass,
 * or escalate, and an escalation replaces the update. */
static bool has_lasted(const struct alert *a, const struct finding *f)
{
    return is_breached(f) && alert_rule_level(a, f->rule) >= f->raise;
}

static bool any_update(const struct alert *a, const struct observation *s, const struct outcome *o)
{
    for (size_t i = 0; i < s->n_findings; i++)
        if (!s->finding[i].waits && has_lasted(a, &s->finding[i]) && needs_update(a, &s->finding[i], o))
            return true;
    return false;
}

/* At least twice the value in the first-run digest, for rules that count a doubling as worse. */
static bool is_worse_than_baseline(const struct alert *a, const struct observation *s)
{
    for (size_t i = 0; i < s->n_findings; i++) {
        const struct finding *f = &s->finding[i];
        if (a->notified_value > 0 && has_lasted(a, f) &&
            rule_row(f->rule)->update == UPDATE_DOUBLED && has_doubled(f->value, a->notified_value))
            return true;
    }
    return false;
}

/* The worst firing level that this observation breaches and that the baseline does not mute. */
static enum level unmuted_level(const struct alert *a, const struct observation *s)
{
    enum level worst = LEVEL_NONE;
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        for (int l = LEVEL_WARNING; l < LEVEL_COUNT_; l++)
            if (alert_state_is_up(a->latch[rule][l - 1].state) && l > (int)a->muted[rule] &&
                l > (int)worst && observation_breaches(s, (enum rule)rule, (enum level)l))
                worst = (enum level)l;
    return worst;
}

int alert_next_event(const struct alert *a, const struct observation *s, const struct outcome *o)
{
    if (!alert_state_is_up(a->state))
        return a->notified > LEVEL_NONE ? EVENT_RESOLVED : NO_EVENT;
    if (a->notified == LEVEL_NONE)
        return unmuted_level(a, s) > LEVEL_NONE || is_worse_than_baseline(a, s) ? EVENT_FIRING : NO_EVENT;
    if (a->level > a->notified)
        return unmuted_level(a, s) > a->notified ? EVENT_ESCALATED : NO_EVENT;
    /* Not while the other findings recover: the resolved message says it then. */
    if (alert_cause_ended(a))
        return a->state == ALERT_FIRING || o->cause_accepted ? EVENT_UPDATED : NO_EVENT;
    if (a->level < a->notified)
        return EVENT_DEESCALATED;
    if (a->state == ALERT_FIRING && (any_update(a, s, o) || (cause_changed(a) && !a->flap.on)))
        return EVENT_UPDATED;
    return NO_EVENT;
}

bool alert_flapping_withholds(const struct alert *a, enum event_type type)
{
    return a->flap.on && (type == EVENT_RESOLVED || type == EVENT_DEESCALATED ||
                          (type == EVENT_UPDATED && alert_cause_ended(a)));
}

/* ---- silences ---- */

static bool has_grown(const struct alert *a, const struct finding *f)
{
    const struct silenced *then = &a->silenced;
    switch (rule_row(f->rule)->update) {
    case UPDATE_WAITING:
        return f->value > 0 && (then->waiting == 0 || has_doubled(f->value, then->waiting));
    case UPDATE_DOUBLED:
    case UPDATE_DOUBLED_CAUSE:
        return a->rule == f->rule && then->rule == f->rule && has_doubled(f->value, then->value);
    case UPDATE_NEVER:
    case UPDATE_DAYS:
    case UPDATE_SECTION:
        break;
    }
    return false;
}

bool alert_is_worse(const struct alert *a, const struct observation *s)
{
    if (a->level > a->silenced.level)
        return true;
    for (size_t i = 0; i < s->n_findings; i++)
        if (has_lasted(a, &s->finding[i]) && has_grown(a, &s->finding[i]))
            return true;
    return false;
}

/* What the last evaluation found, as far as the alert has kept it. */
static struct observation last_observation(const struct alert *a)
{
    struct observation s = {.kind = a->kind, .context = a->context};
    for (int rule = 0; rule < RULE_COUNT_ && s.n_findings < FINDINGS_MAX; rule++) {
        enum level level = alert_rule_level(a, (enum rule)rule);
        if (level == LEVEL_NONE)
            continue;
        bool waiting = rule_row((enum rule)rule)->update == UPDATE_WAITING;
        s.finding[s.n_findings++] = (struct finding){.rule = (enum rule)rule,
                                                     .state = FINDING_KNOWN,
                                                     .raise = level,
                                                     .keep = level,
                                                     .value = waiting ? a->context->waiting
                                                              : (enum rule)rule == a->rule ? a->value
                                                                                           : 0};
    }
    return s;
}

bool alert_is_baseline(const struct alert *a)
{
    return a->notified == LEVEL_NONE && a->level <= a->muted[a->rule];
}

int alert_unsilenced_event(const struct alert *a)
{
    static const struct outcome NOTHING_ELSE;
    if (a->state != ALERT_FIRING || !a->context)
        return NO_EVENT;
    const struct observation s = last_observation(a);
    int type = alert_next_event(a, &s, &NOTHING_ELSE);
    return type != NO_EVENT && alert_flapping_withholds(a, (enum event_type)type) ? NO_EVENT : type;
}

/* ---- afterwards ---- */

/* Reminders repeat alerts that affect users now or will without action. Warnings for planning (few
 * units left, no waiting members), errors and expiry dates get updates when they get worse. */
static bool is_reminded(const struct alert *a)
{
    if (a->notified > LEVEL_WARNING)
        return true;
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        if (rule_row((enum rule)rule)->reminders && rule_is_firing(a, rule))
            return true;
    return false;
}

usec_t reminder_interval(const struct alert *a, const struct alert_options *o)
{
    usec_t interval = is_reminded(a) ? o->repeat.every[a->notified] : 0;
    for (uint32_t i = 0; i < a->reminders && interval > 0; i++) {
        usec_t longer;
        if (__builtin_mul_overflow(interval, (usec_t)o->repeat.growth, &longer) ||
            longer >= o->repeat.cap)
            return o->repeat.cap > interval ? o->repeat.cap : interval;
        if (longer <= interval)
            break; /* growth of 1 */
        interval = longer;
    }
    return interval;
}

void alert_schedule_reminder(struct alert *a, bool muted, const struct alert_options *o, usec_t now_at)
{
    usec_t interval = a->notified > LEVEL_NONE && !muted ? reminder_interval(a, o) : 0;
    if (interval == 0)
        a->reminder_at = 0;
    else if (a->reminder_at == 0)
        a->reminder_at = now_at + interval;
}

static void forget_notified(struct alert *a)
{
    a->notified = LEVEL_NONE;
    a->notified_value = a->notified_waiting = 0;
    a->notified_cause = CAUSE_NONE;
    a->reminder_at = 0;
    a->reminders = 0;
}

/* While an alert flaps, fewer waiting members than the most that were notified are no news. */
static bool is_most_waiting(const struct alert *a)
{
    int64_t most = a->notified_waiting < 0 ? -a->notified_waiting : a->notified_waiting;
    return !a->flap.on || a->context->waiting > most;
}

void alert_record_notification(struct alert *a, enum event_type type, const struct alert_options *o,
                 usec_t now_at)
{
    if (type == EVENT_ACKNOWLEDGED && a->notified > LEVEL_NONE)
        return; /* of the baseline, only a digest was notified: this is the first message, whose end follows */
    if (type == EVENT_RESOLVED) {
        forget_notified(a);
        return;
    }
    bool by_section = rule_row(a->rule)->update == UPDATE_SECTION;
    if (by_section || type != EVENT_REMINDER)
        a->notified_value = by_section ? section_rank(a) : a->value;
    if (type == EVENT_REMINDER)
        return;
    bool same_level = a->notified == a->level;
    a->notified = a->level;
    a->notified_rule = a->rule;
    if (a->context && a->context->waiting > 0 && !alert_rule_pending(a, RULE_WAITING) && is_most_waiting(a))
        a->notified_waiting = a->context->waiting;
    a->notified_cause = cause_of(a);
    memset(a->muted, 0, sizeof a->muted); /* LEVEL_NONE: the notification covers the baseline */
    if (!same_level)
        a->reminders = 0;
    a->reminder_at = 0; /* a reminder soon after a message would only repeat it */
    alert_schedule_reminder(a, false, o, now_at);
}
