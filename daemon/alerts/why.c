/* SPDX-License-Identifier: MIT */
/* alerts/why.c: explains findings: which limits they reach, and which they do not. */
#include "alerts/why_internal.h"

#include "alerts/evaluate.h"
#include "alerts/texts.h"
#include "base/array.h"
#include "base/date.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>

#define WHY_TEXT_MAX 8192

const char *why_name(enum why_word word)
{
    static const char *const NAMES[WHY_WORD_COUNT_] = {
        [WHY_UNKNOWN] = "unknown",       [WHY_OFF] = "off",
        [WHY_LIMIT] = "limit",           [WHY_MIN_UNITS] = "min_units",
        [WHY_SCOPE] = "scope",           [WHY_FOR] = "for",
        [WHY_MIN_SAMPLES] = "min_samples", [WHY_FREE] = "free",
        [WHY_IGNORE] = "ignore",         [WHY_EXPLAINED] = "explained",
        [WHY_FORMER] = "former",         [WHY_SILENCE] = "silence",
        [WHY_ACKNOWLEDGED] = "acknowledgement", [WHY_BASELINE] = "baseline",
        [WHY_FLAPPING] = "flapping",     [WHY_NOTIFIED] = "notified",
        [WHY_ROUTE] = "route",           [WHY_HOURS] = "hours",
        [WHY_QUEUED] = "queued",         [WHY_PARKED] = "parked",
        [WHY_FOLDED] = "folded",         [WHY_FIRES] = "fires",
        [WHY_RESOLVES] = "resolves",     [WHY_REMINDER] = "reminder",
        [WHY_ENDS] = "silence_ends",
    };
    assert((unsigned)word < N_ELEMENTS(NAMES));
    return NAMES[word];
}

void why_clear(struct why *w)
{
    for (size_t i = 0; i < w->n; i++)
        free(w->reason[i].text);
    free(w->reason);
    *w = (struct why){0};
}

int why_add(struct why *w, enum why_word word, int line, const char *fmt, ...)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(WHY_TEXT_MAX);
    va_list ap;
    if (array_room(&w->reason, w->n, sizeof *w->reason) < 0)
        return -ENOMEM;
    va_start(ap, fmt);
    text_vaddf(&t, fmt, ap);
    va_end(ap);
    char *text = text_take(&t);
    if (!text)
        return -ENOMEM;
    w->reason[w->n++] = (struct why_reason){word, text, line};
    return 0;
}

char *why_measure(int64_t value, enum unit unit)
{
    CLEANUP(text_free) struct text t = TEXT_INIT(WHY_TEXT_MAX);
    if (value == NUMBER_UNKNOWN)
        return NULL;
    message_measure(&t, value, unit);
    return text_take(&t);
}

/* ---- findings ---- */

/* "warning from 90 %, critical from 95 %", "warning at 0 units or less", "no limit" */
static void add_limits(struct text *t, enum rule rule, const struct threshold *threshold)
{
    size_t n = 0;
    for (int l = LEVEL_WARNING; l < LEVEL_COUNT_; l++) {
        const struct limit *limit = &threshold->limit[l];
        if (!limit->on)
            continue;
        text_addf(t, "%s%s %s ", n++ ? ", " : "", level_name((enum level)l), rule_row(rule)->falls ? "at" : "from");
        if (limit->polls)
            text_addf(t, "%" PRId64 " polls", limit->value);
        else
            message_measure(t, limit->value, rule_row(rule)->unit);
        if (rule_row(rule)->falls)
            text_add(t, " or less");
    }
    if (n == 0)
        text_add(t, "no limit is set");
}

static int first_line(const struct threshold *t)
{
    for (int l = LEVEL_WARNING; l < LEVEL_COUNT_; l++)
        if (t->limit[l].on && t->limit[l].line)
            return t->limit[l].line;
    return t->line;
}

static const struct latch *pending_latch(const struct alert *a, enum rule rule, enum level *ret_level)
{
    for (int i = LEVELS - 1; a && i >= 0; i--)
        if (a->latch[rule][i].state == ALERT_PENDING) {
            *ret_level = (enum level)(i + 1);
            return &a->latch[rule][i];
        }
    return NULL;
}

usec_t why_left(const struct latch *l, const struct finding *f)
{
    usec_t enough = l->state == ALERT_PENDING ? f->hold_for : f->keep_firing_for;
    return enough > l->elapsed ? enough - l->elapsed : 0;
}

static int add_pending(const struct why_case *c, const struct finding *f, const char *value, struct why *w)
{
    enum level level = LEVEL_NONE;
    const struct latch *l = pending_latch(c->alert, f->rule, &level);
    char passed[DURATION_MAX], hold[DURATION_MAX];
    if (!l)
        return why_add(w, WHY_FOR, c->threshold[f->rule].line, "%s: %s reaches the limit of severity %s since the last poll",
                       rule_name(f->rule), value, level_name(f->raise));
    return why_add(w, why_left(l, f) ? WHY_FOR : WHY_MIN_SAMPLES, c->threshold[f->rule].line,
                   "%s: %s reaches the limit of severity %s, for %s of %s (for) and in %" PRIu32 " of %" PRIu32
                   " polls (min_samples)",
                   rule_name(f->rule), value, level_name(level), duration_human(l->elapsed, passed),
                   duration_human(f->hold_for, hold), l->observations, f->min_samples);
}

static int add_known(const struct why_case *c, const struct finding *f, struct why *w)
{
    const struct alert_context *context = c->observation->context;
    bool of_units = rule_row(f->rule)->rests_on == RESTS_ON_UNITS;
    CLEANUP(text_free) struct text value = TEXT_INIT(WHY_TEXT_MAX), limits = TEXT_INIT(WHY_TEXT_MAX);
    message_measure(&value, f->value, f->unit);
    add_limits(&limits, f->rule, &c->threshold[f->rule]);
    if (value.error || limits.error)
        return -ENOMEM;
    enum level firing = c->alert ? alert_rule_level(c->alert, f->rule) : LEVEL_NONE;
    if (of_units && context->siblings_free != NUMBER_UNKNOWN)
        return why_add(w, WHY_SCOPE, 0, "%s: %s, but the other pools of the SKU have %" PRId64 " units free (scope = \"auto\")",
                       rule_name(f->rule), value.data, context->siblings_free);
    if (f->raise > firing)
        return add_pending(c, f, value.data, w);
    if (f->raise == LEVEL_NONE)
        return why_add(w, WHY_LIMIT, first_line(&c->threshold[f->rule]), "%s: %s; %s", rule_name(f->rule), value.data,
                       limits.data);
    return 0;
}

static int add_finding(const struct why_case *c, const struct finding *f, struct why *w)
{
    const struct threshold *t = &c->threshold[f->rule];
    const char *name = rule_name(f->rule);
    int64_t allotted = c->observation->context->allotted;
    switch (f->state) {
    case FINDING_KNOWN:
        return add_known(c, f, w);
    case FINDING_UNKNOWN:
        if (rule_row(f->rule)->unknown && !f->not_offered)
            return why_add(w, WHY_UNKNOWN, 0, "%s: %s", name, rule_row(f->rule)->unknown);
        return why_add(w, WHY_UNKNOWN, 0, "%s: the last poll %s", name,
                       f->not_offered ? "has a source that does not offer this" : "did not read this; unknown sections change no alerts");
    case FINDING_NOT_APPLICABLE:
        break;
    }
    if (t->off)
        return why_add(w, WHY_OFF, t->line, "%s: this rule is off", name);
    if (t->min_units && allotted != NUMBER_UNKNOWN && usage_is_exempt(t, allotted))
        return why_add(w, WHY_MIN_UNITS, t->line, "%s: the pool has %" PRId64 " units, fewer than min_units = %" PRId64,
                       name, allotted, t->min_units);
    return why_add(w, WHY_LIMIT, 0, "%s: does not apply", name);
}

int why_findings(const struct why_case *c, struct why *w)
{
    int r = 0;
    for (size_t i = 0; r >= 0 && i < c->observation->n_findings; i++)
        r = add_finding(c, &c->observation->finding[i], w);
    const struct alert_context *f = c->observation->context;
    if (r >= 0 && c->rules->scope == SCOPE_SKU && !f->allotment_id && f->allotted != NUMBER_UNKNOWN)
        r = why_add(w, WHY_SCOPE, 0, "all pools of the SKU are judged together (scope = \"sku\")");
    return r;
}
