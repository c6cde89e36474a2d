/* SPDX-License-Identifier: MIT */
/* rules/credential.c: evaluates the days to the expiry of a client secret or certificate.
 *
 * There is one observation per credential, even if several tenants use it. A replaced file counts
 * only after a successful sign-in with it. An expired credential is reported as expired whether
 * Entra still accepts it or not. */
#include "base/text.h"
#include "rules/internal.h"
#include <errno.h>

#define CLOCKS_DIFFER (5 * USEC_PER_MINUTE)
#define ZONES_DIFFER USEC_PER_DAY /* a date may be meant in any time zone */
#define NAMES_MAX ((size_t)CONTEXT_TENANTS_MAX * 1024)

int credential_subject(const struct credential *c, char **ret)
{
    *ret = text_printf("%s/%s%s%s", c->client_id, c->name, c->apart ? "/" : "", c->apart ? c->apart : "");
    return *ret ? 0 : -ENOMEM;
}

/* ---- limits ---- */

/* If tenants that share a credential have different thresholds, the strictest apply. */
static void take_stricter(struct threshold *t, const struct threshold *other)
{
    for (int l = LEVEL_WARNING; l < LEVEL_COUNT_; l++)
        if (other->limit[l].on && (!t->limit[l].on || other->limit[l].value > t->limit[l].value))
            t->limit[l] = other->limit[l];
    if (other->hold_for < t->hold_for)
        t->hold_for = other->hold_for;
    if (other->min_samples < t->min_samples)
        t->min_samples = other->min_samples;
    if (other->keep_firing_for > t->keep_firing_for)
        t->keep_firing_for = other->keep_firing_for;
}

static struct threshold limits_of(const struct rule_options *o, const struct credential *c)
{
    struct threshold strictest = {.off = true};
    for (size_t i = 0; i < c->n_tenants; i++) {
        struct threshold t[RULE_COUNT_];
        (void)rules_for(o, c->tenant[i], NULL, NULL, NULL, t);
        if (t[RULE_CREDENTIAL].off)
            continue;
        if (strictest.off)
            strictest = t[RULE_CREDENTIAL];
        else
            take_stricter(&strictest, &t[RULE_CREDENTIAL]);
    }
    const struct threshold *all = &o->threshold[RULE_CREDENTIAL]; /* no override matches a receiver */
    if (c->n_receivers > 0 && strictest.off)
        strictest = *all;
    else if (c->n_receivers > 0 && !all->off)
        take_stricter(&strictest, all);
    return strictest;
}

/* ---- expiry ---- */

bool credential_is_over(const struct credential *c)
{
    usec_t early = c->ends_by_day ? ZONES_DIFFER : CLOCKS_DIFFER;
    return c->ends_at && c->true_at + early >= c->ends_at;
}

static struct calendar calendar_of(const struct credential *c, usec_t begins)
{
    return (struct calendar){
        .begins = begins, .utc_offset = c->utc_offset, .userdata = c->userdata, .offset = c->zone.offset};
}

/* Whole days to the expiry; negative once it has passed. */
static int64_t days_left(const struct rule_options *o, const struct credential *c)
{
    static const struct calendar UTC;
    const struct calendar dates = calendar_of(c, o->dates_at), local = calendar_of(c, 0);
    int64_t last = calendar_day(c->ends_by_day ? &UTC : &local, c->ends_at);
    int64_t days = last - calendar_day(&dates, c->true_at);
    bool ended = !c->ends_by_day && c->true_at >= c->ends_at;
    return ended && days >= 0 ? -1 : days;
}

static void judge_end(const struct rule_options *o, const struct credential *c,
                      const struct threshold *t, struct observation *s)
{
    struct finding *f = &s->finding[0];
    if (f->state == FINDING_NOT_APPLICABLE || c->ends_at == 0)
        return;
    int64_t days = days_left(o, c);
    enum level level = level_at_most(t, days);
    if (c->refused && c->open && !c->blamed && credential_is_over(c)) {
        level = level_enabled(t, LEVEL_CRITICAL);
        finding_set(f, days, level, level);
        s->context->cause = CAUSE_REFUSED;
        return;
    }
    usec_t end = c->ends_at + (c->ends_by_day ? USEC_PER_DAY : 0);
    bool tried = c->n_tenants > 0;
    if (!c->works || (tried && days < 0 && c->accepted_at < end))
        return; /* unknown: refused for another reason, or not used yet */
    finding_set(f, days, level, level);
    s->context->cause = tried && days < 0 ? CAUSE_ENDED : CAUSE_NONE;
    const struct calendar dates = calendar_of(c, o->dates_at);
    f->waits = c->true_at < end && rule_awaits_date(RULE_CREDENTIAL, s->context) && calendar_waits(&dates, c->true_at);
}

/* ---- context ---- */

static bool has_label(const struct tenant_identity *t, const struct label *l)
{
    for (size_t i = 0; i < t->n_labels; i++)
        if (text_equal(t->label[i].key, l->key) && text_equal(t->label[i].value, l->value))
            return true;
    return false;
}

/* With several tenants, the context names none of them and has the labels that all of them share,
 * so that the alert takes their common routes. */
static int begin_context(const struct rule_options *o, const struct credential *c, usec_t now_at,
                         struct alert_context **ret)
{
    static const struct tenant_identity NOBODY;
    const struct tenant_identity *first = c->n_tenants > 0 ? c->tenant[0] : &NOBODY;
    CLEANUP(free) struct label *common = calloc(first->n_labels + 1, sizeof *common);
    if (!common)
        return -ENOMEM;
    struct tenant_identity all = {.label = common};
    for (size_t i = 0; i < first->n_labels; i++) {
        bool everywhere = true;
        for (size_t k = 1; k < c->n_tenants; k++)
            everywhere &= has_label(c->tenant[k], &first->label[i]);
        if (everywhere)
            common[all.n_labels++] = first->label[i];
    }
    const struct judge_context ctx = {
        .options = o, .tenant = c->n_tenants == 1 ? first : &all, .zone = c->zone};
    return context_begin(&ctx, now_at, ret);
}

static int fill_context(const struct credential *c, struct alert_context *f)
{
    struct text tenants = TEXT_INIT(NAMES_MAX), receivers = TEXT_INIT(NAMES_MAX);
    for (size_t i = 0; i < c->n_tenants && i < CONTEXT_TENANTS_MAX; i++)
        text_addf(&tenants, "%s%s", i ? "\n" : "", c->tenant[i]->name);
    for (size_t i = 0; i < c->n_receivers; i++)
        text_addf(&receivers, "%s%s", i ? "\n" : "", c->receiver[i]);
    f->used_by = c->n_tenants > 0 ? text_take(&tenants) : NULL;
    f->receivers = c->n_receivers > 0 ? text_take(&receivers) : NULL;
    f->n_used_by = (int64_t)c->n_tenants;
    f->expires_at = c->ends_at;
    f->expires_by_day = c->ends_by_day;
    bool copied = (f->used_by || c->n_tenants == 0) && (f->receivers || c->n_receivers == 0) &&
                  text_copy(c->client_id, &f->client_id) >= 0 &&
                  text_copy(c->certificate ? "certificate" : "client_secret", &f->credential) >= 0 &&
                  text_copy(c->file, &f->file) >= 0;
    return copied ? 0 : -ENOMEM;
}

int judge_credential(const struct rule_options *o, const struct credential *c,
                     const struct instant *now, struct observation *ret,
                     struct failure *ret_failure)
{
    struct observation s = {.kind = KIND_CREDENTIAL, .n_findings = 1};
    const struct threshold t = limits_of(o, c);
    finding_init(&s.finding[0], RULE_CREDENTIAL, &t);
    int r = credential_subject(c, &s.subject);
    if (r >= 0)
        r = begin_context(o, c, now->at, &s.context);
    if (r >= 0)
        r = fill_context(c, s.context);
    if (r >= 0)
        judge_end(o, c, &t, &s);
    return observation_finish(&s, r, ret, ret_failure);
}
