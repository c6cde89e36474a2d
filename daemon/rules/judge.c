/* SPDX-License-Identifier: MIT */
/* rules/judge.c: evaluates a snapshot: runs all rules and builds the new memory. */
#include "base/text.h"
#include "rules/internal.h"
#include <string.h>

/* "pool-1 (SPE_E5): consumedUnits; and 2 more pools". Without the id if it is made up, as in the
 * subscribedSkus fallback. */
static void note_unusable(struct tenant_evaluation *e, const struct groups *g)
{
    const struct allotment *first = NULL;
    char text[2 * UNUSABLE_MAX], more[40] = "";
    size_t n = 0;
    for (size_t i = 0; e->list_known && i < e->snapshot->n_allotments; i++) {
        const struct allotment *a = &e->snapshot->allotment[i];
        if (!a->unusable || g->ignored[i])
            continue;
        first = first ? first : a;
        n++;
    }
    if (!first)
        return;
    const char *product = first->sku_part_number ? first->sku_part_number : first->sku_id;
    if (n > 1)
        (void)snprintf(more, sizeof more, "; and %zu more %s", n - 1, n == 2 ? "pool" : "pools");
    if (strncmp(first->id, "sku:", 4) == 0 && product)
        (void)snprintf(text, sizeof text, "%.80s: %s%s", product, first->unusable, more);
    else
        (void)snprintf(text, sizeof text, "%.80s (%.40s): %s%s", first->id,
                       product ? product : "no product", first->unusable, more);
    (void)text_clean(e->after->unusable, sizeof e->after->unusable, text, strlen(text));
}

static int judge_all(struct tenant_evaluation *e)
{
    CLEANUP(presences_clear) struct presences presences = {0};
    CLEANUP(groups_clear) struct groups groups = {0};
    int r = absence_classify(e, &presences);
    if (r >= 0)
        r = groups_new(e, &groups);
    if (r >= 0)
        r = pools_judge(e, &groups, &presences);
    if (r >= 0)
        formers_forget(e);
    if (r >= 0)
        r = drops_carry(e);
    if (r >= 0)
        r = subscriptions_judge(e, &groups);
    if (r >= 0)
        r = errors_judge(e, &groups);
    if (r >= 0)
        r = inventory_judge(e, &groups, &presences);
    if (r >= 0)
        note_unusable(e, &groups);
    return r;
}

int judge_snapshot(const struct judge_context *ctx, const struct snapshot *snapshot,
                   const struct tenant_memory *before, struct observations **ret_observations,
                   struct tenant_memory **ret_after, struct failure *ret_failure)
{
    static const struct tenant_memory NOTHING_KNOWN = {.source = SOURCE_NONE};
    CLEANUP(observations_free) struct observations *observations = calloc(1, sizeof *observations);
    CLEANUP(tenant_memory_free) struct tenant_memory *after = calloc(1, sizeof *after);
    if (!observations || !after)
        return failure_oom(ret_failure);
    struct tenant_evaluation e = {
        .ctx = ctx,
        .snapshot = snapshot,
        .before = before ? before : &NOTHING_KNOWN,
        .after = after,
        .observations = observations,
        .list_known = snapshot->allotments == SECTION_COMPLETE && !snapshot->schema_changed,
    };
    const struct calendar dates = {.begins = ctx->options->dates_at,
                                   .utc_offset = ctx->utc_offset,
                                   .userdata = ctx->userdata,
                                   .offset = ctx->zone.offset};
    e.today = calendar_day(&dates, judging_now(&e));
    e.waits = calendar_waits(&dates, judging_now(&e));
    if (judge_all(&e) < 0)
        return failure_oom(ret_failure);
    *ret_observations = TAKE(observations);
    *ret_after = TAKE(after);
    return 0;
}
