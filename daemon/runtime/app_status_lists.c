/* SPDX-License-Identifier: MIT */
/* runtime/app_status_lists.c: the pools, errors and subscriptions of the last polls, and the receivers. */
#include "runtime/app_status_lists.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/app.h"
#include "runtime/counts.h"
#include "runtime/silence_list.h"
#include "runtime/tenant.h"

#define WHAT_MAX 16384 /* bytes of a match in words */

/* ---- pools ---- */

/* Of the last poll; NULL: its list of pools is unknown. */
static const struct snapshot *snapshot_of(const struct tenant *t)
{
    return t->last.snapshot ? t->last.snapshot : t->judged.snapshot;
}

/* Of the alert about this pool, or about its SKU (scope = "sku"). */
static const char *level_of(const struct tenant *t, const struct allotment *a)
{
    const char *const SUBJECTS[] = {a->id, a->sku_id};
    if (!a->units_known)
        return NULL;
    for (size_t i = 0; i < N_ELEMENTS(SUBJECTS); i++) {
        const struct alert *alert = SUBJECTS[i]
                                        ? registry_find(t->app->registry, KIND_CAPACITY,
                                                        t->options->identity.tenant_id, SUBJECTS[i])
                                        : NULL;
        if (alert && alert_state_is_up(alert->state) && alert->level > LEVEL_NONE)
            return level_name(alert->level);
    }
    return "ok";
}

static int64_t usage_limit(const struct threshold *t, enum level level)
{
    return t->off || !t->limit[level].on ? 0 : t->limit[level].value;
}

static struct status_pool pool_of(const struct tenant *t, const struct allotment *a)
{
    const struct rule_options *o = &t->app->options->rules;
    bool waiting = a->waiting.section == SECTION_COMPLETE;
    struct threshold threshold[RULE_COUNT_];
    (void)rules_for(o, &t->options->identity, a->sku_id, a->sku_part_number, a->id, threshold);
    return (struct status_pool){
        .tenant = t->options->identity.name,
        .id = a->id,
        .name = pool_configured_name(o, a->id),
        .sku_id = a->sku_id,
        .sku_part_number = a->sku_part_number,
        .sku_name = product_name(o->products, a->sku_id, a->sku_part_number),
        .allotted = a->units_known ? a->allotted : NUMBER_UNKNOWN,
        .consumed = a->units_known ? a->consumed : NUMBER_UNKNOWN,
        .free = a->units_known ? a->allotted - a->consumed : NUMBER_UNKNOWN,
        .waiting = waiting ? a->waiting.count : NUMBER_UNKNOWN,
        .oldest_at = waiting ? a->waiting.oldest_at : 0,
        .level = level_of(t, a),
        .warning_bp = usage_limit(&threshold[RULE_USAGE], LEVEL_WARNING),
        .critical_bp = usage_limit(&threshold[RULE_USAGE], LEVEL_CRITICAL),
    };
}

static void add_pools(const struct tenant *t, const struct snapshot *snapshot, struct status *s)
{
    for (size_t i = 0; i < snapshot->n_allotments; i++)
        if (!snapshot->allotment[i].excluded)
            s->pool[s->n_pools++] = pool_of(t, &snapshot->allotment[i]);
}

/* ---- assignment errors ---- */

static void add_errors(const struct tenant *t, const struct snapshot *snapshot, struct status *s)
{
    const char *tenant = t->options->identity.name;
    for (size_t i = 0; i < snapshot->n_error_groups; i++) {
        const struct error_group *g = &snapshot->error_group[i];
        if (!g->excluded)
            s->errors[s->n_errors++] = (struct status_errors){tenant, g->sku_id, g->code, g->count};
    }
    if (snapshot->other_errors)
        s->errors[s->n_errors++] = (struct status_errors){tenant, NULL, "(other kinds)", snapshot->other_errors};
}

/* ---- subscriptions ---- */

static int compare_subscriptions(const void *a, const void *b)
{
    const struct status_subscription *x = a, *y = b;
    return strcmp(x->id, y->id);
}

/* One subscription may back several pools. */
static void add_subscriptions(const struct tenant *t, const struct snapshot *snapshot, struct status *s)
{
    struct status_subscription *first = &s->subscription[s->n_subscriptions];
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < snapshot->n_allotments; i++) {
        const struct allotment *a = &snapshot->allotment[i];
        for (size_t k = 0; k < a->n_subscriptions && a->subscriptions_known && !a->excluded; k++)
            first[n++] = (struct status_subscription){t->options->identity.name, a->subscriptions[k].id, a->sku_id,
                                                      a->sku_part_number, a->subscriptions[k].next_lifecycle_date};
    }
    if (n > 1)
        qsort(first, n, sizeof *first, compare_subscriptions);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(first[kept - 1].id, first[i].id) != 0)
            first[kept++] = first[i];
    s->n_subscriptions += kept;
}

/* ---- */

int app_status_pools(const struct app *app, struct status *s)
{
    size_t pools = 0, errors = 0, subscriptions = 0;
    for (size_t i = 0; i < app->n_tenants; i++) {
        const struct snapshot *snapshot = snapshot_of(&app->tenant[i]);
        pools += snapshot ? snapshot->n_allotments : 0;
        errors += snapshot ? snapshot->n_error_groups + 1 : 0;
        for (size_t k = 0; snapshot && k < snapshot->n_allotments; k++)
            subscriptions += snapshot->allotment[k].n_subscriptions;
    }
    s->pool = calloc(pools + 1, sizeof *s->pool);
    s->errors = calloc(errors + 1, sizeof *s->errors);
    s->subscription = calloc(subscriptions + 1, sizeof *s->subscription);
    if (!s->pool || !s->errors || !s->subscription)
        return -ENOMEM;
    for (size_t i = 0; i < app->n_tenants; i++) {
        const struct snapshot *snapshot = snapshot_of(&app->tenant[i]);
        if (!snapshot)
            continue;
        add_pools(&app->tenant[i], snapshot, s);
        add_errors(&app->tenant[i], snapshot, s);
        add_subscriptions(&app->tenant[i], snapshot, s);
    }
    return 0;
}

/* ---- silences ---- */

/* "tenant=contoso sku=SPE_*", or the alert that is acknowledged. */
static char *what_of(const struct silence *s)
{
    const struct match *m = &s->match;
    const struct {
        const char *key, *glob;
    } PARTS[] = {{"alert", s->alert_id}, {"tenant", m->tenant}, {"sku", m->sku}, {"allotment", m->allotment}, {"rule", m->rule}, {"severity", m->severity}};
    CLEANUP(text_free) struct text t = TEXT_INIT(WHAT_MAX);
    for (size_t i = 0; i < N_ELEMENTS(PARTS); i++)
        if (PARTS[i].glob)
            text_addf(&t, "%s%s=%s", t.len ? " " : "", PARTS[i].key, PARTS[i].glob);
    for (size_t i = 0; i < m->n_labels; i++)
        text_addf(&t, "%slabels.%s=%s", t.len ? " " : "", m->label[i].key, m->label[i].value);
    return text_take(&t);
}

static int add_silences(struct status *s, const struct silence *list, size_t n, const struct instant *now)
{
    for (size_t i = 0; i < n; i++) {
        const struct silence *from = &list[i];
        s->silence[s->n_silences] = (struct status_silence){silence_kind(from), from->author, from->comment, what_of(from),
                                                            silence_is_active(from, now), from->end_at};
        if (!s->silence[s->n_silences++].what)
            return -ENOMEM;
    }
    return 0;
}

int app_status_silences(const struct app *app, struct status *s)
{
    const struct silences stored = app_silence_list(app);
    struct instant now = clock_now();
    s->silence = calloc(stored.n + app->options->n_maintenance + 1, sizeof *s->silence);
    int r = s->silence ? add_silences(s, stored.silence, stored.n, &now) : -ENOMEM;
    return r < 0 ? r : add_silences(s, app->options->maintenance, app->options->n_maintenance, &now);
}

/* ---- receivers ---- */

static struct status_receiver receiver_of(const struct app *app, const char *name)
{
    static const enum outbox_state ENDS[STATUS_OUTCOMES_] = {[STATUS_DELIVERED] = OUTBOX_DELIVERED, [STATUS_RETRIED] = OUTBOX_QUEUED,
                                                             [STATUS_PARKED] = OUTBOX_PARKED, [STATUS_SUPERSEDED] = OUTBOX_SUPERSEDED};
    struct store_stats stats = {0};
    struct status_receiver r = {.name = name, .pending = NUMBER_UNKNOWN, .parked = NUMBER_UNKNOWN};
    if (app->store && store_stats(app->store, name, &stats, NULL) >= 0) {
        r.pending = (int64_t)(stats.queued + stats.in_flight);
        r.parked = (int64_t)stats.parked;
        r.oldest_at = stats.oldest_queued_at;
    }
    for (size_t i = 0; i < STATUS_OUTCOMES_; i++)
        r.total[i] = counts_of(app, name, ENDS[i]);
    return r;
}

int app_status_receivers(const struct app *app, struct status *s)
{
    s->receiver = calloc(app->options->n_receivers + 1, sizeof *s->receiver);
    for (; s->receiver && s->n_receivers < app->options->n_receivers; s->n_receivers++)
        s->receiver[s->n_receivers] = receiver_of(app, app->options->receiver[s->n_receivers].name);
    return s->receiver ? 0 : -ENOMEM;
}
