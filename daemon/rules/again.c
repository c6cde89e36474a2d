/* SPDX-License-Identifier: MIT */
/* rules/again.c: evaluates the last snapshot with new options, after a reload. This is not a poll:
 * it counts no absences and does not change the memory, except as judge_again says. */
#include "rules/internal.h"

#include <errno.h>

/* Restores the presences that the poll found, from the memory after it. */
static int presences_again(const struct tenant_evaluation *e, struct presences *ret)
{
    const struct tenant_memory *m = e->before;
    const struct snapshot *s = e->snapshot;
    if (presences_new(e, ret) < 0)
        return -ENOMEM;
    for (size_t k = 0; k < m->n_pools; k++) {
        const struct known_pool *p = &m->pool[k];
        ret->known[k] = !pool_id_is_of(p->id, s->source) ? PRESENCE_UNKNOWN
                        : p->gone                        ? PRESENCE_GONE
                        : snapshot_find(s, p->id)        ? PRESENCE_PRESENT
                                                         : PRESENCE_MISSING;
    }
    for (size_t i = 0; i < s->n_allotments; i++)
        ret->past[i] = memory_pool(m, s->allotment[i].id);
    return 0;
}

static int judge(struct tenant_evaluation *e)
{
    CLEANUP(presences_clear) struct presences presences = {0};
    CLEANUP(groups_clear) struct groups groups = {0};
    int r = presences_again(e, &presences);
    if (r >= 0)
        r = groups_new(e, &groups);
    return r < 0 ? r : pools_judge(e, &groups, &presences);
}

int judge_again(const struct judge_context *ctx, const struct snapshot *snapshot,
                struct tenant_memory *memory, struct observations **ret,
                struct failure *ret_failure)
{
    CLEANUP(observations_free) struct observations *observations = calloc(1, sizeof *observations);
    CLEANUP(tenant_memory_free) struct tenant_memory *after = calloc(1, sizeof *after);
    if (!observations || !after)
        return failure_oom(ret_failure);
    after->source = memory->source;
    after->pool = memory->pool; /* borrowed until the end of this function; the drops are not */
    after->n_pools = memory->n_pools;
    struct tenant_evaluation e = {
        .ctx = ctx,
        .snapshot = snapshot,
        .before = memory,
        .after = after,
        .observations = observations,
        .list_known = true,
    };
    int r = judge(&e);
    after->pool = NULL;
    after->n_pools = 0;
    if (r < 0)
        return failure_oom(ret_failure);
    *ret = TAKE(observations);
    return 0;
}
