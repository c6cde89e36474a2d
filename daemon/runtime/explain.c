/* SPDX-License-Identifier: MIT */
/* runtime/explain.c: collects what the daemon knows about one alert or pool, and writes its explanation. */
#include "runtime/explain.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/date.h"
#include "runtime/app.h"
#include "runtime/commit.h"
#include "runtime/explain_put.h"
#include "runtime/tenant.h"

#define MESSAGES_MAX 100 /* of one explanation */

/* ---- observations ---- */

/* Moves them to *all. */
static int append(struct observations *all, struct observations *from)
{
    for (size_t i = 0; i < from->n; i++) {
        if (array_room(&all->observation, all->n, sizeof *all->observation) < 0)
            return -ENOMEM;
        all->observation[all->n++] = from->observation[i];
        from->observation[i] = (struct observation){0};
    }
    return 0;
}

/* The second evaluation counts absences once more, so the pools of the first one come first: they are those that the
 * last poll had. */
static int add_lists(struct tenant *t, bool all, struct observations *to, struct failure *why)
{
    struct judge_context ctx = tenant_judge_context(t, t->judged.snapshot->taken.at);
    CLEANUP(observations_free) struct observations *pools = NULL;
    CLEANUP(observations_free) struct observations *others = NULL;
    CLEANUP(tenant_memory_free) struct tenant_memory *after = NULL;
    ctx.clock_ahead = t->judged.clock_ahead;
    int r = judge_again(&ctx, t->judged.snapshot, t->memory, &pools, why);
    if (r >= 0 && append(to, pools) < 0)
        r = failure_oom(why);
    if (r >= 0 && all)
        r = judge_snapshot(&ctx, t->judged.snapshot, t->memory, &others, &after, why);
    if (r >= 0 && others && append(to, others) < 0)
        r = failure_oom(why);
    return r;
}

static int add_poll(const struct tenant *t, struct observations *to, struct failure *why)
{
    struct instant now = clock_now();
    const struct judge_context ctx = tenant_judge_context(t, now.at);
    if (array_room(&to->observation, to->n, sizeof *to->observation) < 0)
        return failure_oom(why);
    int r = judge_poll(&ctx, &t->health, &now, &to->observation[to->n], why);
    to->n += r >= 0;
    return r;
}

int explain_observations(struct tenant *t, bool all, struct observations **ret, struct failure *why)
{
    CLEANUP(observations_free) struct observations *o = calloc(1, sizeof *o);
    if (!o)
        return failure_oom(why);
    int r = t->judged.snapshot && t->memory && !tenant_is_stale(t) ? add_lists(t, all, o, why) : 0;
    if (r >= 0 && all)
        r = add_poll(t, o, why);
    if (r < 0)
        return r;
    *ret = TAKE(o);
    return 0;
}

/* ---- reasons of the shell ---- */

static int add_tenant_reason(const struct tenant *t, struct why *w)
{
    const struct tenant_health *h = &t->health;
    if (!t->options->enabled)
        return why_add(w, WHY_UNKNOWN, 0, "%s is disabled", t->options->identity.name);
    if (t->options->broken)
        return why_add(w, WHY_UNKNOWN, 0, "%s is not polled: %s", t->options->identity.name, t->options->broken);
    if (!t->last.known)
        return why_add(w, WHY_UNKNOWN, 0, "%s has not been polled since the start", t->options->identity.name);
    if (h->failing)
        return why_add(w, WHY_UNKNOWN, 0, "the last poll was incomplete: %s", h->text);
    return 0;
}

/* Its newest message to each receiver decides. */
static int add_message_reasons(const struct delivery *d, size_t n, struct why *w)
{
    int r = 0;
    for (size_t i = 0; r >= 0 && i < n; i++) {
        bool newest = true;
        for (size_t k = 0; k < i; k++)
            newest = newest && strcmp(d[k].receiver, d[i].receiver) != 0;
        if (!newest)
            continue;
        if (d[i].type == EVENT_DIGEST)
            r = why_add(w, WHY_FOLDED, 0, "%s: it is in the digest %s", d[i].receiver, d[i].queue);
        if (r >= 0 && d[i].state == OUTBOX_PARKED)
            r = why_add(w, WHY_PARKED, 0, "%s: the message %s is parked%s%s", d[i].receiver, event_type_name(d[i].type),
                        d[i].text[0] ? ": " : "", d[i].text);
        if (r >= 0 && (d[i].state == OUTBOX_QUEUED || d[i].state == OUTBOX_IN_FLIGHT))
            r = why_add(w, WHY_QUEUED, 0, "%s: the message %s is queued, after %u attempts%s%s", d[i].receiver,
                        event_type_name(d[i].type), d[i].attempts, d[i].text[0] ? ": " : "", d[i].text);
    }
    return r;
}

/* ---- one explanation ---- */

static struct plan_context plan_now(struct app *app, struct tenant *t)
{
    struct plan_context ctx = commit_context(app, t, clock_now());
    ctx.first_digest = app->first_mono ? FIRST_WAITS : FIRST_ALONE;
    return ctx;
}

/* The rules of what is explained. False: they are not known by pool or SKU. */
static bool find_rules(const struct app *app, const struct tenant *t, const struct explained *e,
                       struct threshold ret[static RULE_COUNT_], struct why_case *c)
{
    const struct alert_context *f = e->observation ? e->observation->context : e->alert ? e->alert->context : NULL;
    if (!t || (!f && !e->pool))
        return false;
    const char *pool = f ? f->allotment_id : e->pool->id;
    c->ignore = rules_for_pool(&app->options->rules, &t->options->identity, f ? f->sku_id : e->pool->sku_id,
                               f ? f->sku_part_number : e->pool->sku_part_number,
                               app->options->rules.scope == SCOPE_SKU ? NULL : pool, ret, &c->ignore_line);
    return true;
}

int explain_put(struct json_writer *w, struct app *app, struct tenant *t, const struct explained *e, struct failure *why)
{
    CLEANUP(why_clear) struct why reasons = {0}, next = {0};
    CLEANUP(free) struct delivery *delivery = NULL;
    size_t n_deliveries = 0;
    struct threshold threshold[RULE_COUNT_];
    const struct plan_context ctx = plan_now(app, t);
    struct why_case c = {.ctx = &ctx,
                         .registry = app->registry,
                         .rules = &app->options->rules,
                         .observation = e->observation,
                         .alert = e->alert};
    if (find_rules(app, t, e, threshold, &c))
        c.threshold = threshold;
    int r = 0;
    if (e->alert && e->alert->episode && app->store)
        r = store_deliveries_of(app->store, e->alert->id, e->alert->episode, MESSAGES_MAX, &delivery, &n_deliveries, why);
    if (r < 0)
        return r;
    if (why_reasons(&c, &reasons) < 0 || (t && add_tenant_reason(t, &reasons) < 0) ||
        add_message_reasons(delivery, n_deliveries, &reasons) < 0 || why_next(&c, &next) < 0)
        return failure_oom(why);
    const struct explanation x = {.app = app,
                                  .tenant = t,
                                  .of = e,
                                  .rules = &c,
                                  .reasons = &reasons,
                                  .next = &next,
                                  .delivery = delivery,
                                  .n_deliveries = n_deliveries};
    return explanation_put(w, &x) < 0 ? failure_oom(why) : 0;
}
