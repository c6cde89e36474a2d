/* SPDX-License-Identifier: MIT */
/* runtime/rights.c: looks up usage_rights one by one after each poll, so that polls do not wait; the next poll
 * interrupts what is left.
 *
 * A failed look-up raises no alert about a user or group. It counts as a failed section of the tenant (rule poll), and
 * the poll itself stays complete. */
#include "runtime/rights.h"

#include <errno.h>

#include "base/array.h"
#include "base/log.h"
#include "base/message_ids.h"
#include "base/text.h"
#include "graph/lookup.h"
#include "runtime/app.h"
#include "runtime/commit.h"
#include "runtime/inquiry.h"
#include "runtime/tenant.h"

#define WHY (1U << RIGHTS_ASSIGNMENTS | 1U << RIGHTS_WAITING | 1U << RIGHTS_ERRORS)

struct lookup_run { /* the look-ups after one poll */
    struct tenant *tenant;
    struct instant taken;
    usec_t deadline_mono;
    size_t first, done; /* the entry it began with; how many are done */
    struct rights *found; /* of the entry under way, while the reasons are looked up */
    struct observations observations;
    size_t failed;          /* entries */
    size_t failed_at;       /* the first of them, as configured */
    struct failure failure; /* its own */
    bool throttled;
};

static const struct rule_options *rules_of(const struct tenant *t)
{
    return &t->app->options->rules;
}

bool rights_about(const struct right_need *need, const struct tenant_identity *tenant)
{
    return text_equal_nocase(need->tenant, tenant->name) || text_equal_nocase(need->tenant, tenant->tenant_id);
}

static bool is_ours(const struct tenant *t, const struct right_need *need)
{
    return rights_about(need, &t->options->identity);
}

/* Each run begins with another entry, so that an interruption does not always skip the same ones. */
static size_t index_now(const struct lookup_run *r)
{
    return (r->first + r->done) % rules_of(r->tenant)->n_rights;
}

static const struct right_need *need_now(const struct lookup_run *r)
{
    return &rules_of(r->tenant)->right[index_now(r)];
}

/* ---- the end of a run ---- */

static void log_result(const struct tenant *t, const struct failure *why, bool was_failing)
{
    const char *name = t->options->identity.name;
    if (why && !text_equal(t->health.rights_text, why->text))
        log_event(LOG_WARNING, MESSAGE_RIGHTS_FAILED, name,
                  "%s: look-up of usage rights failed: %s; unknown usage rights change no alerts", name,
                  why->text);
    else if (!why && was_failing)
        log_event(LOG_NOTICE, MESSAGE_RIGHTS_RECOVERED, name, "%s: look-up of usage rights succeeded, tenant recovered", name);
}

static int plan_lookup_run(struct lookup_run *r, struct failure *why)
{
    struct app *app = r->tenant->app;
    struct plan_context ctx = commit_context(app, r->tenant, r->taken);
    struct changes *changes = NULL;
    int e = alerts_plan(&ctx, app->registry, &r->observations, &changes, why);
    return e < 0 ? e : commit_changes(app, &ctx, changes, why);
}

static void observations_clear(struct observations *s)
{
    for (size_t i = 0; i < s->n; i++)
        observation_clear(&s->observation[i]);
    free(s->observation);
    *s = (struct observations){0};
}

static void lookup_run_free(struct lookup_run *r)
{
    if (!r)
        return;
    rights_free(r->found);
    observations_clear(&r->observations);
    free(r);
}

static void lookup_run_end(struct lookup_run *r)
{
    struct tenant *t = r->tenant;
    struct failure why = {0};
    const struct failure *failure = r->failed ? &r->failure : NULL;
    bool was_failing = t->health.section[HEALTH_RIGHTS].incomplete_polls > 0;
    if (plan_lookup_run(r, &why) < 0 && !t->app->store_failing)
        log_failure(LOG_ERR, &why, t->options->identity.name,
                    "usage rights are looked up again after the next poll");
    log_result(t, failure, was_failing);
    health_update_rights(&t->health, &r->taken, failure);
    t->rights_first = r->first + r->done;
    t->lookup_run = NULL;
    lookup_run_free(r);
    inquiries_resume(t);
    activity_release(&t->app->activity);
}

/* ---- one entry ---- */

static void note_failure(struct lookup_run *r, const struct failure *why)
{
    if (r->failed++ > 0 && index_now(r) > r->failed_at)
        return;
    r->failed_at = index_now(r);
    r->failure = *why;
}

/* The tenant's pools know both names of a SKU. */
static const struct known_pool *pool_of_sku(const struct tenant *t, const char *sku)
{
    for (size_t i = 0; t->memory && i < t->memory->n_pools; i++)
        if (right_names_sku(sku, t->memory->pool[i].sku_id, t->memory->pool[i].sku_part_number))
            return &t->memory->pool[i];
    return NULL;
}

static int judge(const struct lookup_run *r, const struct rights *found, struct observation *ret,
                 struct failure *why)
{
    const struct tenant *t = r->tenant;
    const struct right_need *need = need_now(r);
    const struct known_pool *pool = pool_of_sku(t, need->sku);
    struct judge_context ctx = tenant_judge_context(t, r->taken.at);
    return judge_right(&ctx, need, found, pool ? pool->sku_id : NULL,
                       pool ? pool->sku_part_number : NULL, &r->taken, ret, why);
}

static void entry_ended(struct lookup_run *r, const struct rights *found)
{
    CLEANUP(observation_clear) struct observation observation = {0};
    struct failure why = {0};
    struct observations *all = &r->observations;
    if (array_room(&all->observation, all->n, sizeof *all->observation) < 0 ||
        judge(r, found, &observation, &why) < 0) {
        (void)failure_oom(&why);
        note_failure(r, &why);
        return;
    }
    all->observation[all->n++] = observation;
    observation = (struct observation){0};
}

static bool lacks_something(const struct lookup_run *r, const struct rights *found)
{
    CLEANUP(observation_clear) struct observation observation = {0};
    return judge(r, found, &observation, NULL) >= 0 &&
           observation.finding[0].state == FINDING_KNOWN &&
           observation.finding[0].raise > LEVEL_NONE;
}

static void lookup_run_next(struct lookup_run *r);
static int look_up(struct lookup_run *r, unsigned what, lookup_done *done, struct failure *why);

static void lookup_run_continue(struct lookup_run *r)
{
    r->done++;
    lookup_run_next(r);
}

static void note_report(struct lookup_run *r, const struct lookup_report *report)
{
    r->tenant->last.right_requests += report->requests;
    r->tenant->totals.requests += report->requests;
    if (!report->throttled)
        return;
    r->throttled = true;
    r->tenant->rights_not_before_mono = clock_now().mono + report->pause;
}

/* With or without the reasons: the loss itself is known. */
static void on_reasons(void *userdata, struct rights *given, const struct lookup_report *report)
{
    struct lookup_run *r = userdata;
    CLEANUP(rights_free) struct rights *why = given;
    note_report(r, report);
    rights_move(why, r->found, RIGHTS_HELD);
    rights_free(TAKE(r->found));
    entry_ended(r, why);
    lookup_run_continue(r);
}

static void on_deferred(void *userdata, struct rights *given, const struct lookup_report *report)
{
    struct lookup_run *r = userdata;
    CLEANUP(rights_free) struct rights *found = given;
    struct failure not_offered = {0};
    if (found->section[RIGHTS_HELD] == SECTION_UNKNOWN)
        note_failure(r, &report->failure[RIGHTS_HELD]);
    if (found->section[RIGHTS_HELD] == SECTION_NOT_OFFERED) {
        (void)failure_set(&not_offered, FAILURE_CONFIG, ENOTSUP,
                          "subscribedSkus has no data about groups: name the members of the group, or remove the entry");
        note_failure(r, &not_offered);
    }
    note_report(r, report);
    if (lacks_something(r, found) && look_up(r, WHY, on_reasons, NULL) >= 0) {
        r->found = TAKE(found);
        return;
    }
    entry_ended(r, found);
    lookup_run_continue(r);
}

static int look_up(struct lookup_run *r, unsigned what, lookup_done *done, struct failure *why)
{
    const struct right_need *need = need_now(r);
    CLEANUP(free) char *shown = NULL;
    usec_t now = clock_now().mono;
    if (right_principal(rules_of(r->tenant), need, &shown) < 0)
        return failure_oom(why);
    const struct lookup_request rq = {.kind = need->user ? PRINCIPAL_USER : PRINCIPAL_GROUP,
                                      .who = need->user ? need->user : need->group,
                                      .shown = shown,
                                      .sections = what};
    return graph_lookup(r->tenant->graph, &rq, r->deadline_mono > now ? r->deadline_mono - now : 0,
                        done, r, why);
}

/* The next entry of this tenant, or the end. Throttling ends the run. */
static void lookup_run_next(struct lookup_run *r)
{
    struct tenant *t = r->tenant;
    struct failure why = {0};
    for (; r->done < rules_of(t)->n_rights && !r->throttled; r->done++) {
        if (!is_ours(t, need_now(r)))
            continue;
        if (look_up(r, 1U << RIGHTS_HELD, on_deferred, &why) >= 0)
            return;
        note_failure(r, &why);
    }
    lookup_run_end(r);
}

/* ---- public ---- */

/* Not after a failed sign-in, and not before a Retry-After has passed. */
static bool is_asked(const struct tenant *t, const struct graph_report *report)
{
    enum failure_kind kind = report->failure.kind;
    usec_t now = clock_now().mono;
    if (!t->graph || t->lookup_run || graph_source(t->graph) == SOURCE_NONE ||
        t->rights_not_before_mono > now)
        return false;
    return report->complete || (kind != FAILURE_AUTH && kind != FAILURE_THROTTLED && kind != FAILURE_CONFIG &&
                                kind != FAILURE_UNAVAILABLE);
}

void rights_begin(struct tenant *t, const struct graph_report *report)
{
    const struct rule_options *o = rules_of(t);
    size_t n = 0;
    for (size_t i = 0; i < o->n_rights; i++)
        n += is_ours(t, &o->right[i]);
    if (n == 0 || !is_asked(t, report))
        return;
    struct lookup_run *r = calloc(1, sizeof *r);
    if (!r)
        return; /* the next poll tries again */
    r->tenant = t;
    t->last.right_requests = 0;
    r->taken = clock_now();
    r->first = t->rights_first % o->n_rights;
    r->deadline_mono = r->taken.mono + t->app->options->poll_timeout;
    if (t->timer && t->due.mono < r->deadline_mono)
        r->deadline_mono = t->due.mono;
    t->lookup_run = r;
    activity_hold(&t->app->activity);
    lookup_run_next(r);
}

void rights_interrupt(struct tenant *t)
{
    struct failure why = {0};
    if (!t->lookup_run)
        return;
    graph_lookup_cancel(t->graph);
    (void)failure_set(&why, FAILURE_TRANSIENT, ETIMEDOUT, "the next poll began before all look-ups had ended");
    note_failure(t->lookup_run, &why);
    lookup_run_end(t->lookup_run);
}

void rights_clear(struct tenant *t)
{
    lookup_run_free(TAKE(t->lookup_run));
}

bool rights_named(const struct app *app, const struct tenant_identity *tenant, const char *subject)
{
    const struct rule_options *o = &app->options->rules;
    for (size_t i = 0; i < o->n_rights; i++) {
        CLEANUP(free) char *own = NULL;
        if (rights_about(&o->right[i], tenant) && (right_subject(&o->right[i], &own) < 0 || text_equal(own, subject)))
            return true; /* out of memory ends no alert */
    }
    return false;
}
