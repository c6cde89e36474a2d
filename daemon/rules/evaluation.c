/* SPDX-License-Identifier: MIT */
/* rules/evaluation.c: appends observations and fills in their context, for all rules. */
#include "base/array.h"
#include "base/text.h"
#include "rules/internal.h"
#include <ctype.h>
#include <errno.h>

/* ---- observations ---- */

void observation_clear(struct observation *s)
{
    free(s->subject);
    free(s->replaces);
    context_free(s->context);
    *s = (struct observation){0};
}

int observation_finish(struct observation *s, int r, struct observation *ret, struct failure *f)
{
    if (r < 0) {
        observation_clear(s);
        return failure_oom(f);
    }
    *ret = *s;
    return 0;
}

void observations_free(struct observations *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++)
        observation_clear(&s->observation[i]);
    for (size_t i = 0; i < s->n_infos; i++)
        context_free(s->info[i].context);
    free(s->observation);
    free(s->info);
    free(s);
}

struct observation *judging_observation(struct tenant_evaluation *e, enum kind kind, char *subject)
{
    CLEANUP(free) char *owned = subject;
    if (!subject)
        return NULL;
    if (array_room(&e->observations->observation, e->observations->n, sizeof(struct observation)) < 0)
        return NULL;
    struct observation *s = &e->observations->observation[e->observations->n];
    *s = (struct observation){.kind = kind};
    if (context_begin(e->ctx, e->snapshot->taken.at, &s->context) < 0)
        return NULL;
    s->subject = TAKE(owned);
    e->observations->n++;
    return s;
}

struct info *judging_info(struct tenant_evaluation *e, enum kind kind, enum rule rule, int64_t value)
{
    struct observations *all = e->observations;
    if (array_room(&all->info, all->n_infos, sizeof *all->info) < 0)
        return NULL;
    struct info *info = &all->info[all->n_infos];
    *info = (struct info){.kind = kind, .rule = rule, .value = value};
    if (context_begin(e->ctx, e->snapshot->taken.at, &info->context) < 0)
        return NULL;
    all->n_infos++;
    return info;
}

usec_t judging_now(const struct tenant_evaluation *e)
{
    int64_t seconds = (int64_t)(e->snapshot->taken.at / USEC_PER_SEC) - e->ctx->clock_ahead;
    return seconds < 0 ? 0
                       : (usec_t)seconds * USEC_PER_SEC + e->snapshot->taken.at % USEC_PER_SEC;
}

/* ---- context ---- */

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
    bool copied = text_copy(sku_id, &f->sku_id) >= 0 &&
                  text_copy(part_number, &f->sku_part_number) >= 0 &&
                  text_copy(name, &f->sku_name) >= 0;
    return copied ? 0 : -ENOMEM;
}

int context_add_subscription(struct alert_context *f, const struct subscription *s)
{
    if (f->n_subscriptions >= CONTEXT_SUBSCRIPTIONS_MAX)
        return 0;
    if (array_room(&f->subscription, f->n_subscriptions, sizeof *f->subscription) < 0)
        return -ENOMEM;
    struct context_subscription *to = &f->subscription[f->n_subscriptions++];
    *to = (struct context_subscription){.start_date = s->start_date,
                                        .next_lifecycle_date = s->next_lifecycle_date};
    bool copied = text_copy(s->id, &to->id) >= 0 && text_copy(s->state_text, &to->state) >= 0 &&
                  text_copy(s->tags_text, &to->tags) >= 0;
    return copied ? 0 : -ENOMEM;
}

char *lower_case(char *s)
{
    for (char *c = s; c && *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return s;
}
