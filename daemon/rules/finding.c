/* SPDX-License-Identifier: MIT */
/* rules/finding.c: makes findings, and compares values with limits. All limits are inclusive. */
#include "rules/internal.h"
#include <assert.h>

void finding_init(struct finding *f, enum rule rule, const struct threshold *t)
{
    *f = (struct finding){
        .rule = rule,
        .state = t->off ? FINDING_NOT_APPLICABLE : FINDING_UNKNOWN,
        .value = NUMBER_UNKNOWN,
        .unit = rule_row(rule)->unit,
        .hold_for = t->hold_for,
        .keep_firing_for = t->keep_firing_for,
        .min_samples = t->min_samples ? t->min_samples : 1,
    };
    for (int l = 0; l < LEVEL_COUNT_; l++)
        f->threshold[l] =
            !t->off && l != LEVEL_NONE && t->limit[l].on ? t->limit[l].value : NUMBER_UNKNOWN;
}

void finding_set(struct finding *f, int64_t value, enum level raise, enum level keep)
{
    assert(keep >= raise);
    if (f->state == FINDING_NOT_APPLICABLE)
        return;
    f->state = FINDING_KNOWN;
    f->value = value;
    f->raise = raise;
    f->keep = keep;
}

void finding_not_applicable(struct finding *f)
{
    f->state = FINDING_NOT_APPLICABLE;
    f->value = NUMBER_UNKNOWN;
    f->raise = f->keep = LEVEL_NONE;
}

enum level level_at_least(const struct threshold *t, int64_t value)
{
    for (int l = LEVEL_CRITICAL; l > LEVEL_NONE; l--)
        if (t->limit[l].on && value >= t->limit[l].value)
            return (enum level)l;
    return LEVEL_NONE;
}

enum level level_at_most(const struct threshold *t, int64_t value)
{
    for (int l = LEVEL_CRITICAL; l > LEVEL_NONE; l--)
        if (t->limit[l].on && value <= t->limit[l].value)
            return (enum level)l;
    return LEVEL_NONE;
}

enum level level_enabled(const struct threshold *t, enum level level)
{
    while (level > LEVEL_NONE && !t->limit[level].on)
        level--;
    return level;
}

const struct finding *observation_finding(const struct observation *s, enum rule rule)
{
    for (size_t i = 0; i < s->n_findings; i++)
        if (s->finding[i].rule == rule)
            return &s->finding[i];
    return NULL;
}
