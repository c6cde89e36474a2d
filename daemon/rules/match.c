/* SPDX-License-Identifier: MIT */
/* rules/match.c: finds the overrides that match a pool, and applies them to the thresholds in order
 * of specificity. */
#include "base/text.h"
#include "rules/options.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool match_glob(const char *glob, const char *text)
{
    return !glob || text_glob(glob, text);
}

static bool label_matches(const struct label *want, const struct tenant_identity *tenant)
{
    for (size_t i = 0; i < tenant->n_labels; i++)
        if (text_equal(tenant->label[i].key, want->key) &&
            text_glob(want->value, tenant->label[i].value))
            return true;
    return false;
}

bool match_applies(const struct match *m, const struct tenant_identity *tenant, const char *sku_id,
                   const char *sku_part_number, const char *allotment_id)
{
    if (m->tenant && !text_glob(m->tenant, tenant->name) &&
        !text_glob(m->tenant, tenant->tenant_id))
        return false;
    if (m->sku && !text_glob(m->sku, sku_part_number) && !text_glob(m->sku, sku_id))
        return false;
    if (!match_glob(m->allotment, allotment_id))
        return false;
    for (size_t i = 0; i < m->n_labels; i++)
        if (!label_matches(&m->label[i], tenant))
            return false;
    return true;
}

void match_clear(struct match *m)
{
    free(m->tenant);
    free(m->sku);
    free(m->allotment);
    free(m->rule);
    free(m->severity);
    for (size_t i = 0; i < m->n_labels; i++) {
        free(m->label[i].key);
        free(m->label[i].value);
    }
    free(m->label);
    *m = (struct match){0};
}

int match_copy(const struct match *src, struct match *ret)
{
    struct match m = {.label = src->n_labels ? calloc(src->n_labels, sizeof *m.label) : NULL};
    bool whole = (m.label || src->n_labels == 0) && text_copy(src->tenant, &m.tenant) >= 0 &&
                 text_copy(src->sku, &m.sku) >= 0 && text_copy(src->allotment, &m.allotment) >= 0 &&
                 text_copy(src->rule, &m.rule) >= 0 && text_copy(src->severity, &m.severity) >= 0;
    for (; whole && m.n_labels < src->n_labels; m.n_labels++) {
        struct label *to = &m.label[m.n_labels];
        const struct label *from = &src->label[m.n_labels];
        whole = text_copy(from->key, &to->key) >= 0;
        if (whole && text_copy(from->value, &to->value) < 0) {
            free(to->key);
            whole = false;
        }
        if (!whole)
            break;
    }
    if (!whole) {
        match_clear(&m);
        return -ENOMEM;
    }
    *ret = m;
    return 0;
}

/* One bit per kind of key; a more specific kind has a higher bit. So a match with more keys
 * outranks one with fewer, and no set of less specific keys outranks a more specific one. */
enum {
    RANK_LABELS = 1,
    RANK_TENANT = 2,
    RANK_SKU_GLOB = 4,
    RANK_SKU = 8,
    RANK_ALLOTMENT = 16,
    RANKS = 32
};

static unsigned match_rank(const struct match *m)
{
    unsigned rank = 0;
    if (m->n_labels > 0)
        rank |= RANK_LABELS;
    if (m->tenant)
        rank |= RANK_TENANT;
    if (m->sku)
        rank |= strpbrk(m->sku, "*?") ? RANK_SKU_GLOB : RANK_SKU;
    if (m->allotment)
        rank |= RANK_ALLOTMENT;
    return rank;
}

static void threshold_apply(struct threshold *t, const struct threshold *o)
{
    if (o->set)
        t->line = o->line;
    if (o->set & SET_OFF)
        t->off = o->off;
    else if (o->set & (SET_WARNING | SET_CRITICAL | SET_INFO))
        t->off = false; /* an override with a limit enables the rule */
    if (o->set & SET_WARNING)
        t->limit[LEVEL_WARNING] = o->limit[LEVEL_WARNING];
    if (o->set & SET_CRITICAL)
        t->limit[LEVEL_CRITICAL] = o->limit[LEVEL_CRITICAL];
    if (o->set & SET_CLEAR_MARGIN)
        t->clear_margin_bp = o->clear_margin_bp;
    if (o->set & SET_MIN_UNITS)
        t->min_units = o->min_units;
    if (o->set & SET_FOR)
        t->hold_for = o->hold_for;
    if (o->set & SET_KEEP_FIRING_FOR)
        t->keep_firing_for = o->keep_firing_for;
    if (o->set & SET_MIN_SAMPLES)
        t->min_samples = o->min_samples;
    if (o->set & SET_RENEWAL)
        t->manual_renewal = o->manual_renewal;
    if (o->set & SET_INFO)
        t->info = o->info;
    if (o->set & SET_BEFORE)
        t->before = o->before;
    if (o->set & SET_IDLE)
        t->idle = o->idle;
}

static void override_apply(const struct override *o, struct threshold ret[static RULE_COUNT_],
                            enum ignore *ignore, int *ignore_line)
{
    for (int r = 0; r < RULE_COUNT_; r++) {
        if (!match_glob(o->match.rule, rule_name((enum rule)r)))
            continue;
        threshold_apply(&ret[r], &o->threshold[r]);
        /* ignore with a rule switches that rule off for the pool. */
        if (o->match.rule && o->set_ignore && o->ignore != IGNORE_NOTHING) {
            ret[r].off = true;
            ret[r].line = o->line;
        }
    }
    if (!o->match.rule && o->set_ignore) {
        *ignore = o->ignore;
        *ignore_line = o->line;
    }
}

enum ignore rules_for_pool(const struct rule_options *o, const struct tenant_identity *tenant,
                           const char *sku_id, const char *sku_part_number, const char *allotment_id,
                           struct threshold ret[static RULE_COUNT_], int *ret_line)
{
    enum ignore ignore = IGNORE_NOTHING;
    *ret_line = 0;
    memcpy(ret, o->threshold, sizeof o->threshold);
    for (unsigned rank = 0; o->n_overrides > 0 && rank < RANKS; rank++)
        for (size_t i = 0; i < o->n_overrides; i++)
            if (match_rank(&o->override[i].match) == rank &&
                match_applies(&o->override[i].match, tenant, sku_id, sku_part_number, allotment_id))
                override_apply(&o->override[i], ret, &ignore, ret_line);
    return ignore;
}

enum ignore rules_for(const struct rule_options *o, const struct tenant_identity *tenant,
                      const char *sku_id, const char *sku_part_number, const char *allotment_id,
                      struct threshold ret[static RULE_COUNT_])
{
    int unused;
    return rules_for_pool(o, tenant, sku_id, sku_part_number, allotment_id, ret, &unused);
}
