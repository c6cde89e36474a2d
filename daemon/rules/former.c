/* SPDX-License-Identifier: MIT */
/* rules/former.c: after a change of source, evaluates the pools that only the previous source
 * lists.
 *
 * The state of such a pool is unknown. But the pools of its SKU in the current source count the
 * same licences: its alert clears when they are clear, and stays raised while one is not. */
#include "rules/internal.h"

/* Whether only a source other than the current one lists the pool. *ret_expired: for MEMORY_RETENTION. */
static bool former_is(const struct tenant_evaluation *e, const struct known_pool *p, bool *ret_expired)
{
    *ret_expired = e->list_known && p->absent_since.boot != 0 &&
                   instant_since(&p->absent_since, &e->snapshot->taken) >= MEMORY_RETENTION;
    return e->after->source != SOURCE_NONE && !pool_id_is_of(p->id, e->after->source);
}

/* Derives a finding from the listed pools of the SKU. False: none has an observation. */
static bool judge_rule(const struct tenant_evaluation *e, const struct groups *g, const struct group *of, struct finding *ret)
{
    bool any = false, kept = false, unknown = false, offered = false;
    for (size_t i = 0; i < of->n; i++) {
        size_t place = g->observation[g->order[of->first + i]];
        const struct finding *f =
            place ? observation_finding(&e->observations->observation[place - 1], ret->rule) : NULL;
        if (!f)
            continue;
        any = true;
        kept |= f->state == FINDING_KNOWN && f->keep > LEVEL_NONE;
        unknown |= f->state == FINDING_UNKNOWN;
        offered |= !f->not_offered;
    }
    if (any && (kept || !unknown))
        finding_set(ret, NUMBER_UNKNOWN, LEVEL_NONE, kept ? LEVEL_CRITICAL : LEVEL_NONE);
    ret->not_offered = any && !offered;
    return any;
}

/* capacity_drop stays unknown: it compares a pool with its own past, which the current source does
 * not have. allotment_gone clears as soon as the SKU is listed. */
void former_judge(const struct tenant_evaluation *e, const struct groups *g, const struct known_pool *p,
                  const struct threshold t[static RULE_COUNT_], struct observation *s)
{
    struct known_pool *after = memory_pool(e->after, p->id);
    bool listed = false, blocked = false;
    s->former = former_is(e, p, &s->expired);
    const struct group *group = s->former ? groups_find(g, known_pool_key(p)) : NULL;
    for (size_t i = 0; group && i < s->n_findings; i++) {
        struct finding *f = &s->finding[i];
        if (rule_row(f->rule)->rests_on & RESTS_ON_REFERENCE)
            continue;
        listed |= judge_rule(e, g, group, f);
        blocked |= f->keep > LEVEL_NONE;
    }
    if (listed)
        gone_judge(t, false, NUMBER_UNKNOWN, &s->finding[s->n_findings++]);
    if (after)
        after->blocked = blocked;
}

void formers_forget(const struct tenant_evaluation *e)
{
    struct tenant_memory *m = e->after;
    size_t kept = 0;
    for (size_t i = 0; i < m->n_pools; i++) {
        bool expired;
        if (former_is(e, &m->pool[i], &expired) && expired && !m->pool[i].blocked)
            known_pool_clear(&m->pool[i]);
        else
            m->pool[kept++] = m->pool[i];
    }
    m->n_pools = kept;
}
