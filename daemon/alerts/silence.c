/* SPDX-License-Identifier: MIT */
/* alerts/silence.c: which silences apply to an alert, and which events each of them suppresses. */
#include "alerts/silence.h"

#include "alerts/evaluate.h"

#define EVENT(type) (1U << (type))

static const struct {
    unsigned silence, events;
} MUTES[] = {
    {SILENCE_IGNORED, ~EVENT(EVENT_RESOLVED)},
    {SILENCE_EXPLAINED, EVENT(EVENT_FIRING) | EVENT(EVENT_ESCALATED)},
    {SILENCE_FORMER, EVENT(EVENT_REMINDER)},
    {SILENCE_ACTIVE, ~EVENT(EVENT_RESOLVED)},
};

/* One cause, one incident: a pool whose subscription has ended is covered by the alert of the
 * subscription, unless the pool is worse, or members wait. */
static bool is_explained(const struct alert *a, const struct observation *s, enum level parent)
{
    if (!s->subscription_explains || parent < a->level)
        return false;
    for (int rule = 0; rule < RULE_COUNT_; rule++)
        if (rule_row((enum rule)rule)->people_wait &&
            alert_rule_level(a, (enum rule)rule) > LEVEL_NONE)
            return false;
    return true;
}

unsigned silences_of(const struct alert *a, const struct observation *s, enum level parent)
{
    return (s->silent ? SILENCE_IGNORED : 0) | (is_explained(a, s, parent) ? SILENCE_EXPLAINED : 0) |
           (s->former ? SILENCE_FORMER : 0);
}

bool silence_mutes(unsigned silences, enum event_type type)
{
    for (size_t i = 0; i < N_ELEMENTS(MUTES); i++)
        if (silences & MUTES[i].silence && MUTES[i].events & EVENT(type))
            return true;
    return false;
}
