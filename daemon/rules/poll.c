/* SPDX-License-Identifier: MIT */
/* rules/poll.c: tracks which sections of a tenant are read completely, and evaluates for how long
 * one is not, with the cause and a hint. */
#include "base/date.h"
#include "base/text.h"
#include "rules/internal.h"
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- health ---- */

static void section_update(struct section_health *h, bool complete, const struct instant *taken)
{
    if (complete) {
        h->last_complete = *taken;
        h->incomplete_polls = 0;
    } else if (h->incomplete_polls < UINT32_MAX) {
        h->incomplete_polls++;
    }
}

static bool waiting_complete(const struct snapshot *s)
{
    for (size_t i = 0; i < s->n_allotments; i++)
        if (s->allotment[i].waiting.section == SECTION_UNKNOWN)
            return false;
    return s->allotments == SECTION_COMPLETE;
}

/* Called only for a plausible list: others have no numbers to check. */
static void update_units(struct tenant_health *h, const struct tenant_memory *after,
                         const struct instant *taken)
{
    struct section_health *s = &h->section[HEALTH_UNITS];
    if (s->last_complete.boot == 0)
        s->last_complete = *taken; /* ages count from here, also after an upgrade of the daemon */
    section_update(s, !after->unusable[0], taken);
    memcpy(h->unusable, after->unusable, sizeof h->unusable);
}

/* In descending order of priority. */
unsigned health_discarded_sections(const struct tenant_health *h, enum cause *ret_cause)
{
    const struct {
        bool active;
        enum cause cause;
    } CHECKS[] = {{h->schema_changed, CAUSE_SCHEMA_CHANGED},
                  {h->emptied, CAUSE_EMPTIED},
                  {h->zero_consumption, CAUSE_ZERO_CONSUMPTION}};
    unsigned discards = 0;
    *ret_cause = CAUSE_NONE;
    for (size_t i = 0; i < N_ELEMENTS(CHECKS); i++) {
        discards |= CHECKS[i].active ? cause_row(CHECKS[i].cause)->discards : 0;
        if (CHECKS[i].active && *ret_cause == CAUSE_NONE)
            *ret_cause = CHECKS[i].cause;
    }
    return discards;
}

void health_update(struct tenant_health *h, const struct snapshot *snapshot,
                   const struct tenant_memory *after, const struct failure *f)
{
    assert(snapshot && after);
    const struct instant *taken = &snapshot->taken;
    enum cause cause;
    if (h->first_poll.boot == 0)
        h->first_poll = *taken;
    h->failing = f != NULL;
    h->kind = f ? f->kind : FAILURE_LOCAL;
    (void)text_clean(h->text, sizeof h->text, f ? f->text : "", f ? strlen(f->text) : 0);
    h->schema_changed = snapshot->schema_changed;
    h->emptied = after->emptied;
    h->zero_consumption = after->zero_since.boot != 0;
    h->mass_absence = after->mass_absence;
    h->broken_config = false; /* it was polled, so the configuration is valid */
    if (snapshot->source != SOURCE_NONE)
        h->source = snapshot->source;
    const bool complete[HEALTH_UNITS] = {
        [HEALTH_ALLOTMENTS] = snapshot->allotments == SECTION_COMPLETE,
        [HEALTH_WAITING] = waiting_complete(snapshot),
        [HEALTH_ERRORS] = snapshot->errors != SECTION_UNKNOWN,
    };
    unsigned discards = health_discarded_sections(h, &cause);
    for (int i = 0; i < HEALTH_UNITS; i++)
        section_update(&h->section[i], complete[i] && !(discards & 1U << i), taken);
    if (h->section[HEALTH_ALLOTMENTS].incomplete_polls == 0)
        update_units(h, after, taken);
}

void health_update_rights(struct tenant_health *h, const struct instant *now,
                          const struct failure *f)
{
    struct section_health *s = &h->section[HEALTH_RIGHTS];
    if (s->last_complete.boot == 0)
        s->last_complete = *now; /* ages count from here */
    section_update(s, !f, now);
    h->rights_kind = f ? f->kind : FAILURE_LOCAL;
    (void)text_clean(h->rights_text, sizeof h->rights_text, f ? f->text : "",
                     f ? strlen(f->text) : 0);
}

/* ---- age and level of a section ---- */

static bool is_offered(const struct tenant_health *h, int section)
{
    return section == HEALTH_ALLOTMENTS || section == HEALTH_UNITS || h->source == SOURCE_CLOUD_LICENSING;
}

static usec_t section_age(const struct tenant_health *h, int section, const struct instant *now)
{
    const struct instant *last = &h->section[section].last_complete;
    return instant_since(last->boot ? last : &h->first_poll, now);
}

/* A limit in seconds is reached by age and by min_samples incomplete polls in a row: after a
 * suspend the age is high, but the first poll may fail only because the network is not up yet. If
 * the interval is at least as long as the limit, one incomplete poll is enough. */
static bool limit_is_met(const struct limit *l, const struct threshold *t, usec_t interval,
                         const struct section_health *s, usec_t age)
{
    if (!l->on || s->incomplete_polls == 0)
        return false;
    if (l->polls)
        return s->incomplete_polls >= l->value;
    if (age / USEC_PER_SEC < (usec_t)l->value)
        return false;
    bool interval_exceeds_limit = interval / USEC_PER_SEC >= (usec_t)l->value;
    return interval_exceeds_limit || s->incomplete_polls >= t->min_samples;
}

static enum level section_level(const struct threshold *t, usec_t interval,
                                const struct section_health *s, usec_t age)
{
    for (int l = LEVEL_CRITICAL; l > LEVEL_NONE; l--)
        if (limit_is_met(&t->limit[l], t, interval, s, age))
            return (enum level)l;
    return LEVEL_NONE;
}

/* ---- cause and hint ---- */

static const enum cause BY_KIND[FAILURE_KIND_COUNT_] = {
    [FAILURE_LOCAL] = CAUSE_LOCAL,           [FAILURE_CONFIG] = CAUSE_CONFIG,
    [FAILURE_AUTH] = CAUSE_AUTH,             [FAILURE_PERMISSION] = CAUSE_PERMISSION,
    [FAILURE_ABSENT] = CAUSE_ABSENT,         [FAILURE_REQUEST] = CAUSE_REQUEST,
    [FAILURE_THROTTLED] = CAUSE_THROTTLED,   [FAILURE_TRANSIENT] = CAUSE_NETWORK,
    [FAILURE_PERMANENT] = CAUSE_PERMANENT,   [FAILURE_PROTOCOL] = CAUSE_PROTOCOL,
    [FAILURE_SECURITY] = CAUSE_SECURITY,     [FAILURE_CANCELLED] = CAUSE_STALE,
    [FAILURE_UNAVAILABLE] = CAUSE_UNAVAILABLE,
};

/* In descending order of priority. */
static enum cause find_cause(const struct tenant_health *h)
{
    enum cause failure = h->failing ? BY_KIND[h->kind] : CAUSE_STALE, doubt;
    if (h->broken_config)
        return CAUSE_CONFIG;
    if (cause_row(failure)->at_once)
        return failure;
    (void)health_discarded_sections(h, &doubt);
    return doubt != CAUSE_NONE ? doubt
           : h->mass_absence   ? CAUSE_MASS_DISAPPEARANCE
                               : failure;
}

static const struct cause_hint *find_hint(const struct tenant_health *h, enum cause c)
{
    bool other = h->broken_config || (c == CAUSE_STALE && h->failing) ||
                 (c == CAUSE_NETWORK && h->section[HEALTH_ALLOTMENTS].incomplete_polls == 0);
    return other ? &cause_row(c)->other : &cause_row(c)->hint;
}

#define SINCE_MAX (CLOCK_HUMAN_MAX + 8)
/* " since 03:10 UTC": the end of the last complete poll. */
static const char *since(enum cause c, const struct tenant_health *h, const struct alert_context *f,
                         char ret[static SINCE_MAX])
{
    char time[CLOCK_HUMAN_MAX];
    const struct zone zone = context_zone(f);
    const struct instant *last = &h->section[HEALTH_ALLOTMENTS].last_complete;
    usec_t at = last->boot ? last->at : h->first_poll.at;
    if (c != CAUSE_UNAVAILABLE || h->section[HEALTH_ALLOTMENTS].incomplete_polls == 0)
        return "";
    (void)snprintf(ret, SINCE_MAX, " since %s", clock_human(at, f->observed_at, &zone, time));
    return ret;
}

static int set_cause(struct alert_context *f, enum cause c, const struct tenant_health *h)
{
    char time[SINCE_MAX];
    const struct cause_hint *hint = find_hint(h, c);
    bool from_failure = h->broken_config || (h->failing && c == BY_KIND[h->kind]);
    const char *text = c == CAUSE_UNUSABLE_NUMBERS ? h->unusable : from_failure ? h->text : "";
    f->cause = c;
    if (strncmp(text, hint->what, strlen(hint->what)) == 0) /* do not repeat these words */
        f->hint = text_printf("%s; %s", text, hint->next);
    else
        f->hint = text[0] ? text_printf("%s%s (%s): %s", hint->what, since(c, h, f, time), text,
                                        hint->next)
                          : text_printf("%s: %s", hint->what, hint->next);
    return f->hint ? 0 : -ENOMEM;
}

/* ---- the worst section ---- */

struct poll_problem {
    enum level level;            /* of the worst section */
    bool unread;                 /* a section is incomplete, with or without a level */
    enum health_section section; /* named in the alert */
    usec_t age;                  /* since it was last read completely */
    enum cause cause;
};

/* An incomplete section has a level by its age, or at once if the cause says so. The alert names
 * the most important section that has a level, else the most important incomplete one. The list of
 * pools is the most important, because the other sections cannot be read without it. */
static struct poll_problem find_problem(const struct tenant_health *h, const struct threshold *poll,
                                   usec_t interval, const struct instant *now)
{
    struct poll_problem t = {.section = HEALTH_ALLOTMENTS, .cause = find_cause(h)};
    enum level at_once = cause_row(t.cause)->at_once ? level_enabled(poll, LEVEL_WARNING) : LEVEL_NONE;
    bool named = false;
    for (int i = HEALTH_STORED_ - 1; i >= 0; i--) {
        if (!is_offered(h, i) || h->section[i].incomplete_polls == 0)
            continue;
        enum level level = section_level(poll, interval, &h->section[i], section_age(h, i, now));
        t.unread = true;
        if (at_once > LEVEL_NONE && i == HEALTH_UNITS)
            continue; /* unusable numbers of a pool do not hide a failure of the tenant */
        if (level < at_once)
            level = at_once;
        if (level > LEVEL_NONE || !named)
            t.section = (enum health_section)i;
        named |= level > LEVEL_NONE;
        if (level > t.level)
            t.level = level;
    }
    if (named && t.section == HEALTH_UNITS)
        t.cause = CAUSE_UNUSABLE_NUMBERS;
    t.age = section_age(h, (int)t.section, now);
    if (t.level < at_once)
        t.level = at_once;
    return t;
}

/* ---- the observation ---- */

static int64_t limit_seconds(const struct limit *l, usec_t interval)
{
    int64_t seconds = l->value;
    if (!l->on)
        return NUMBER_UNKNOWN;
    if (l->polls && __builtin_mul_overflow(l->value, (int64_t)(interval / USEC_PER_SEC), &seconds))
        return INT64_MAX;
    return seconds;
}

static const char *source_word(enum source source)
{
    return source == SOURCE_CLOUD_LICENSING   ? "cloud_licensing"
           : source == SOURCE_SUBSCRIBED_SKUS ? "subscribed_skus"
                                              : NULL;
}

/* The text of the failure names the missing permission, user or group. */
#define ONLY_RIGHTS \
    "licence pools are still monitored; usage rights are not monitored until this is fixed"

/* Look-ups of usage_rights fail while the polls succeed. Causes that warn at once do so only after
 * a second failure, because a new user takes time to appear everywhere in Entra. */
static int fill_rights(const struct judge_context *ctx, const struct tenant_health *h,
                       const struct threshold *poll, const struct instant *now,
                       struct observation *s)
{
    const struct section_health *section = &h->section[HEALTH_RIGHTS];
    enum cause cause = BY_KIND[h->rights_kind];
    if (section->incomplete_polls == 0)
        return 0;
    usec_t age = section_age(h, HEALTH_RIGHTS, now);
    enum level level = section_level(poll, ctx->tenant->interval, section, age);
    if (cause_row(cause)->at_once && level < LEVEL_WARNING && section->incomplete_polls >= 2)
        level = level_enabled(poll, LEVEL_WARNING);
    finding_set(&s->finding[0], (int64_t)(age / USEC_PER_SEC), level,
                level > LEVEL_WARNING ? level : LEVEL_WARNING);
    if (s->finding[0].state != FINDING_KNOWN)
        return 0;
    s->context->cause = cause;
    s->context->section = strdup(section_word(HEALTH_RIGHTS));
    s->context->hint = text_printf("%s; %s", h->rights_text, ONLY_RIGHTS);
    return s->context->section && s->context->hint ? 0 : -ENOMEM;
}

static int fill_observation(const struct judge_context *ctx, const struct tenant_health *h,
                            const struct instant *now, struct observation *s)
{
    struct threshold t[RULE_COUNT_];
    (void)rules_for(ctx->options, ctx->tenant, NULL, NULL, NULL, t);
    const struct threshold *poll = &t[RULE_POLL];
    struct finding *f = &s->finding[0];
    s->n_findings = 1;
    finding_init(f, RULE_POLL, poll);
    /* No hold times: the limits are ages themselves. */
    f->hold_for = 0;
    f->min_samples = 1;
    for (int l = LEVEL_WARNING; l < LEVEL_COUNT_; l++)
        f->threshold[l] = limit_seconds(&poll->limit[l], ctx->tenant->interval);
    int r = context_begin(ctx, now->at, &s->context);
    if (r < 0)
        return r;
    r = text_copy(source_word(h->source), &s->context->source);
    if (r < 0)
        return r;
    if (h->first_poll.boot == 0 && !h->broken_config)
        return 0; /* not polled yet: unknown */

    struct poll_problem problem = find_problem(h, poll, ctx->tenant->interval, now);
    /* One failure may replace another: no alert resolves until every section is read. */
    bool unread = problem.unread || h->section[HEALTH_RIGHTS].incomplete_polls > 0;
    enum level keep = unread && problem.level < LEVEL_WARNING ? LEVEL_WARNING : problem.level;
    finding_set(f, (int64_t)(problem.age / USEC_PER_SEC), problem.level, keep);
    if (problem.level == LEVEL_NONE && !h->failing)
        return fill_rights(ctx, h, poll, now, s);
    if (f->state != FINDING_KNOWN)
        return 0;
    r = text_copy(section_word(problem.section), &s->context->section);
    if (r >= 0 && problem.cause == CAUSE_UNUSABLE_NUMBERS && h->unusable[0])
        r = text_copy(h->unusable, &s->context->host);
    return r < 0 ? r : set_cause(s->context, problem.cause, h);
}

void poll_state_of(const struct judge_context *ctx, const struct tenant_health *h,
                   const struct instant *now, struct poll_state *ret)
{
    struct threshold t[RULE_COUNT_];
    *ret = (struct poll_state){0};
    if (h->first_poll.boot == 0 || h->broken_config)
        return;
    (void)rules_for(ctx->options, ctx->tenant, NULL, NULL, NULL, t);
    struct poll_problem problem = find_problem(h, &t[RULE_POLL], ctx->tenant->interval, now);
    if (problem.level == LEVEL_NONE && !h->failing)
        return;
    ret->cause = problem.cause;
    ret->failure_group = cause_row(problem.cause)->failure_group;
    ret->section = section_word(problem.section);
    ret->level = t[RULE_POLL].off ? LEVEL_NONE : problem.level;
    ret->age = problem.age;
}

int poll_context(const struct poll_state *p, const struct tenant_health *h, struct alert_context *f)
{
    int r = text_copy(p->section, &f->section);
    return r < 0 ? r : set_cause(f, p->cause, h);
}

int judge_poll(const struct judge_context *ctx, const struct tenant_health *h,
               const struct instant *now, struct observation *ret, struct failure *ret_failure)
{
    struct observation s = {.kind = KIND_POLL, .subject = strdup("")};
    int r = s.subject ? fill_observation(ctx, h, now, &s) : -ENOMEM;
    return observation_finish(&s, r, ret, ret_failure);
}
