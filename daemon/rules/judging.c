/* SPDX-License-Identifier: MIT */
/* rules/judging.c: one poll's snapshot against what was known: the way through the rules. */
#include "base/text.h"
#include "rules/internal.h"
#include <ctype.h>
#include <errno.h>
#include <string.h>

/* ---- observations ---- */

void observation_clear(struct observation *s)
{
    free(s->subject);
    free(s->replaces);
    context_free(s->context);
    *s = (struct observation){0};
}

void observations_free(struct observations *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++)
        observation_clear(&s->observation[i]);
    free(s->observation);
    free(s);
}

struct observation *judging_observation(struct judging *j, enum kind kind, char *subject)
{
    CLEANUP(free) char *owned = subject;
    if (!subject)
        return NULL;
    if (j->observations->n == j->observations_size) {
        size_t size = j->observations_size ? j->observations_size * 2 : 32;
        void *moved =
            reallocarray(j->observations->observation, size, sizeof *j->observations->observation);
        if (!moved)
            return NULL;
        j->observations->observation = moved;
        j->observations_size = size;
    }
    struct observation *s = &j->observations->observation[j->observations->n];
    *s = (struct observation){.kind = kind};
    if (context_begin(j->ctx, j->snapshot->taken.at, &s->context) < 0)
        return NULL;
    s->subject = TAKE(owned);
    j->observations->n++;
    return s;
}

usec_t judging_now(const struct judging *j)
{
    int64_t seconds = (int64_t)(j->snapshot->taken.at / USEC_PER_SEC) - j->ctx->clock_ahead;
    return seconds < 0 ? 0
                       : (usec_t)seconds * USEC_PER_SEC + j->snapshot->taken.at % USEC_PER_SEC;
}

/* ---- context that every kind needs ---- */

int context_begin(const struct judge_context *ctx, usec_t at, struct alert_context **ret)
{
    CLEANUP(context_free) struct alert_context *f = NULL;
    int r = context_new(&f);
    if (r >= 0)
        r = context_set_tenant(f, ctx->tenant);
    if (r < 0)
        return r;
    f->observed_at = at;
    r = context_set_zone(f, &ctx->zone);
    if (r < 0)
        return r;
    *ret = TAKE(f);
    return 0;
}

int context_set_sku(struct alert_context *f, const struct rule_options *o, const char *sku_id,
                    const char *part_number)
{
    const char *name = product_name(o->products, sku_id, part_number);
    if (!name)
        name = part_number ? part_number : sku_id;
    int r = text_copy(sku_id, &f->sku_id);
    if (r >= 0)
        r = text_copy(part_number, &f->sku_part_number);
    if (r >= 0)
        r = text_copy(name, &f->sku_name);
    return r;
}

int context_add_subscription(struct alert_context *f, const struct subscription *s)
{
    if (f->n_subscriptions >= CONTEXT_SUBSCRIPTIONS_MAX)
        return 0;
    void *moved = reallocarray(f->subscription, f->n_subscriptions + 1, sizeof *f->subscription);
    if (!moved)
        return -ENOMEM;
    f->subscription = moved;
    struct context_subscription *to = &f->subscription[f->n_subscriptions++];
    *to = (struct context_subscription){.start_date = s->start_date,
                                        .next_lifecycle_date = s->next_lifecycle_date};
    int r = text_copy(s->id, &to->id);
    if (r >= 0)
        r = text_copy(s->state_text, &to->state);
    if (r >= 0)
        r = text_copy(s->tags_text, &to->tags);
    return r;
}

char *lower_case(const char *s)
{
    char *lower = strdup(s);
    for (char *c = lower; c && *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return lower;
}

/* ---- memory ---- */

void known_pool_clear(struct known_pool *p)
{
    free(p->id);
    free(p->sku_id);
    free(p->sku_part_number);
    *p = (struct known_pool){0};
}

void tenant_memory_free(struct tenant_memory *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n_pools; i++)
        known_pool_clear(&m->pool[i]);
    for (size_t i = 0; i < m->n_subscriptions; i++)
        free(m->subscription[i].id);
    for (size_t i = 0; i < m->n_groups; i++) {
        free(m->group[i].subject);
        free(m->group[i].sku_id);
        free(m->group[i].code);
    }
    for (size_t i = 0; i < m->n_drops; i++)
        free(m->drop[i].id);
    free(m->drop);
    free(m->pool);
    free(m->subscription);
    free(m->group);
    free(m);
}

static int compare_pool_id(const void *id, const void *pool)
{
    return strcmp(id, ((const struct known_pool *)pool)->id);
}

struct known_pool *memory_pool(const struct tenant_memory *m, const char *id)
{
    if (m->n_pools == 0)
        return NULL;
    return bsearch(id, m->pool, m->n_pools, sizeof *m->pool, compare_pool_id);
}

/* ---- the whole ---- */

/* "pool-1 (SPE_E5): consumedUnits; and 2 more pools". The id of a pool of the older source is ours. */
static void note_unusable(struct judging *j, const struct groups *g)
{
    const struct allotment *first = NULL;
    char text[2 * UNUSABLE_MAX], more[40] = "";
    size_t n = 0;
    for (size_t i = 0; j->list_known && i < j->snapshot->n_allotments; i++) {
        const struct allotment *a = &j->snapshot->allotment[i];
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
    (void)text_clean(j->after->unusable, sizeof j->after->unusable, text, strlen(text));
}

static int judge_all(struct judging *j)
{
    CLEANUP(presences_clear) struct presences presences = {0};
    CLEANUP(groups_clear) struct groups groups = {0};
    int r = absence_judge(j, &presences);
    if (r >= 0)
        r = groups_new(j, &groups);
    if (r >= 0)
        r = pools_judge(j, &groups, &presences);
    if (r >= 0)
        formers_forget(j);
    if (r >= 0)
        r = drops_carry(j);
    if (r >= 0)
        r = subscriptions_judge(j, &groups);
    if (r >= 0)
        r = errors_judge(j, &groups);
    if (r >= 0)
        note_unusable(j, &groups);
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
    struct judging j = {
        .ctx = ctx,
        .snapshot = snapshot,
        .before = before ? before : &NOTHING_KNOWN,
        .after = after,
        .observations = observations,
        .list_known = snapshot->allotments == SECTION_COMPLETE && !snapshot->schema_changed,
    };
    if (judge_all(&j) < 0)
        return failure_oom(ret_failure);
    *ret_observations = TAKE(observations);
    *ret_after = TAKE(after);
    return 0;
}
