/* SPDX-License-Identifier: MIT */
/* A small tenant for the tests of this room: defaults of the manual page, pools in a line each, and
 * a clock that is moved by hand. */
#pragma once
#include "model/snapshot.h"
#include "rules/judge.h"

/* Rows and subscriptions name what matters to their test; clang would have every member named. */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wmissing-field-initializers"
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define E3 "05e9a617-0261-4cee-bb44-138d3ef5d965"
#define E5 "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
#define UNKNOWN (-1)
#define DAY_0 20779 /* 2026-11-22 */

struct sub {
    const char *id, *state; /* id NULL ends the list */
    int32_t start, next;    /* 0: unknown */
    bool trial;
};
struct row {
    const char *id, *sku, *part;
    int64_t allotted, consumed; /* UNKNOWN */
    int64_t waiting;            /* UNKNOWN; -2: this source has no waiting rooms */
    usec_t oldest_at;
    struct sub sub[4];
    bool subscriptions_unknown;
    unsigned assignable_to;
};
struct rules_fixture {
    struct rule_options options;
    struct tenant_identity tenant;
    struct judge_context ctx;
    struct instant now;
    enum source source;
    enum section errors;
    struct tenant_memory *memory;      /* after the last poll */
    struct observations *observations; /* of the last poll */
};

static inline struct limit at(int64_t value)
{
    return (struct limit){.on = true, .value = value};
}

static inline void fixture_init(struct rules_fixture *w)
{
    *w = (struct rules_fixture){0};
    struct threshold *t = w->options.threshold;
    for (int r = 0; r < RULE_COUNT_; r++) {
        t[r].min_samples = 2;
        t[r].keep_firing_for = 10 * USEC_PER_MINUTE;
    }
    t[RULE_USAGE].limit[LEVEL_WARNING] = at(9000);
    t[RULE_USAGE].clear_margin_bp = 200;
    t[RULE_USAGE].min_units = 25;
    t[RULE_REMAINING].limit[LEVEL_WARNING] = at(0);
    t[RULE_REMAINING].limit[LEVEL_CRITICAL] = at(-1);
    t[RULE_CAPACITY_DROP].limit[LEVEL_WARNING] = at(1000);
    t[RULE_CAPACITY_DROP].min_units = 5;
    t[RULE_WAITING].limit[LEVEL_WARNING] = at(1);
    t[RULE_WAITING].limit[LEVEL_CRITICAL] = at(25);
    t[RULE_WAITING].hold_for = 15 * USEC_PER_MINUTE;
    t[RULE_WAITING_AGE].limit[LEVEL_CRITICAL] = at(86400);
    t[RULE_ASSIGNMENT_ERRORS].limit[LEVEL_WARNING] = at(5);
    t[RULE_ASSIGNMENT_ERRORS].hold_for = USEC_PER_HOUR;
    t[RULE_SUBSCRIPTION].limit[LEVEL_WARNING] = at(30);
    t[RULE_SUBSCRIPTION].limit[LEVEL_CRITICAL] = at(7);
    t[RULE_CREDENTIAL].limit[LEVEL_WARNING] = at(30);
    t[RULE_CREDENTIAL].limit[LEVEL_CRITICAL] = at(7);
    t[RULE_POLL].limit[LEVEL_WARNING] = at(3600);
    t[RULE_POLL].limit[LEVEL_CRITICAL] = at(6 * 3600);
    w->options.dates_at = 9 * USEC_PER_HOUR;
    w->options.absence = 30 * USEC_PER_MINUTE;
    w->tenant = (struct tenant_identity){
        .name = "contoso", .tenant_id = "t-1", .interval = 5 * USEC_PER_MINUTE};
    w->ctx = (struct judge_context){.options = &w->options, .tenant = &w->tenant};
    w->now = (struct instant){
        .at = (usec_t)DAY_0 * USEC_PER_DAY + 12 * USEC_PER_HOUR, .mono = USEC_PER_HOUR, .boot = 1};
    w->source = SOURCE_CLOUD_LICENSING;
    w->errors = SECTION_COMPLETE;
}

static inline void fixture_clear(struct rules_fixture *w)
{
    observations_free(w->observations);
    tenant_memory_free(w->memory);
    w->observations = NULL;
    w->memory = NULL;
}
static inline void fixture_clear_at(struct rules_fixture *w)
{
    fixture_clear(w);
}

static inline void pass(struct rules_fixture *w, usec_t time)
{
    w->now.at += time;
    w->now.mono += time;
}

static inline struct allotment an_allotment(const struct row *r)
{
    struct allotment a = {.id = strdup(r->id), .assignable_to = r->assignable_to};
    a.sku_id = r->sku ? strdup(r->sku) : NULL;
    a.sku_part_number = r->part ? strdup(r->part) : NULL;
    a.units_known = r->allotted != UNKNOWN;
    a.unusable = a.units_known ? NULL : "consumedUnits";
    a.allotted = a.units_known ? r->allotted : 0;
    a.consumed = a.units_known ? r->consumed : 0;
    a.subscriptions_known = !r->subscriptions_unknown;
    for (size_t i = 0; i < N_ELEMENTS(r->sub) && r->sub[i].id; i++) {
        const struct sub *s = &r->sub[i];
        a.subscriptions = reallocarray(a.subscriptions, i + 1, sizeof *a.subscriptions);
        a.subscriptions[a.n_subscriptions++] =
            (struct subscription){.id = strdup(s->id),
                                  .state = subscription_state_parse(s->state),
                                  .state_text = strdup(s->state),
                                  .tags_text = strdup(s->trial ? "trial" : "none"),
                                  .trial = s->trial,
                                  .start_date = s->start ? s->start : DATE_UNKNOWN,
                                  .next_lifecycle_date = s->next ? s->next : DATE_UNKNOWN};
    }
    a.waiting = r->waiting == UNKNOWN ? (struct waiting){.section = SECTION_UNKNOWN}
                : r->waiting == -2    ? (struct waiting){.section = SECTION_NOT_OFFERED}
                                   : (struct waiting){SECTION_COMPLETE, r->waiting, r->oldest_at};
    return a;
}

struct error_row {
    const char *sku, *code;
    int count;
};

/* One poll. `rows` NULL: the allotment list could not be read. */
static inline void poll_errors(struct rules_fixture *w, const struct row *rows, size_t n,
                               const struct error_row *errors, size_t n_errors)
{
    struct snapshot_builder *b = NULL;
    struct snapshot *s = NULL;
    struct failure f = {0};
    assert_int_equal(
        snapshot_builder_new(w->tenant.name, w->tenant.tenant_id, w->source, w->now, &b), 0);
    for (size_t i = 0; rows && i < n; i++) {
        struct allotment a = an_allotment(&rows[i]);
        assert_int_equal(snapshot_add_allotment(b, &a), 0);
    }
    for (size_t i = 0; i < n_errors; i++)
        for (int k = 0; k < errors[i].count; k++)
            assert_int_equal(snapshot_add_error(b, errors[i].sku, errors[i].code), 0);
    snapshot_set_allotments(b, rows ? SECTION_COMPLETE : SECTION_UNKNOWN);
    snapshot_set_errors(b, w->errors);
    assert_int_equal(snapshot_finish(b, &s), 0);
    snapshot_builder_free(b);
    struct tenant_memory *after = NULL;
    observations_free(w->observations);
    w->observations = NULL;
    assert_int_equal(judge_snapshot(&w->ctx, s, w->memory, &w->observations, &after, &f), 0);
    tenant_memory_free(w->memory);
    w->memory = after;
    snapshot_free(s);
}

static inline void poll_rows(struct rules_fixture *w, const struct row *rows, size_t n)
{
    poll_errors(w, rows, n, NULL, 0);
}
#define POLL(w, ...)                              \
    do {                                          \
        const struct row rows_[] = {__VA_ARGS__}; \
        poll_rows((w), rows_, N_ELEMENTS(rows_)); \
    } while (0)

static inline const struct observation *find_observation(const struct rules_fixture *w,
                                                         enum kind kind, const char *subject)
{
    const struct observation *found = NULL;
    for (size_t i = 0; i < w->observations->n; i++)
        if (w->observations->observation[i].kind == kind &&
            strcmp(w->observations->observation[i].subject, subject) == 0) {
            assert_null(found); /* exactly one observation a poll and instance */
            found = &w->observations->observation[i];
        }
    return found;
}

static inline const struct observation *observation_of(const struct rules_fixture *w,
                                                       enum kind kind, const char *subject)
{
    const struct observation *s = find_observation(w, kind, subject);
    if (!s)
        fail_msg("no sample of kind %d for %s", (int)kind, subject);
    return s;
}

static inline const struct finding *find_finding(const struct observation *s, enum rule rule)
{
    for (size_t i = 0; i < s->n_findings; i++)
        if (s->finding[i].rule == rule)
            return &s->finding[i];
    return NULL;
}

static inline const struct finding *finding_of(const struct rules_fixture *w, const char *pool,
                                               enum rule rule)
{
    const struct finding *f = find_finding(observation_of(w, KIND_CAPACITY, pool), rule);
    if (!f)
        fail_msg("%s has no finding %s", pool, rule_name(rule));
    return f;
}

/* "unknown", "n/a", or the level that the limits raise. */
static inline const char *verdict(const struct finding *f)
{
    return f->state == FINDING_UNKNOWN          ? "unknown"
           : f->state == FINDING_NOT_APPLICABLE ? "n/a"
                                                : level_name(f->raise);
}
#define assert_verdict(f, want) assert_string_equal(verdict(f), want)
