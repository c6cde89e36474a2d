/* SPDX-License-Identifier: MIT */
#include "month/world.h"

#include "month/timers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NEXT_DATE 32873 /* 2060-01-02: no rule on dates speaks, whatever the clock says */
#define START_DATE 20000

static const char *const SKUS[POOLS] = {"06ebc4ee-1bb5-47dd-8120-11324bc54e06",
                                        "05e9a617-0261-4cee-bb44-138d3ef5d965",
                                        "66b55226-6b4f-492c-910c-a3b7a3c9d993"};
static const char *const CODE[CODES] = {"CountViolation", "DependencyViolation"};

const char *world_sku(size_t pool)
{
    return SKUS[pool];
}

const char *world_code(size_t code)
{
    return CODE[code];
}

uint64_t world_dice(struct world *w, uint64_t sides) /* xorshift64* */
{
    w->dice ^= w->dice >> 12;
    w->dice ^= w->dice << 25;
    w->dice ^= w->dice >> 27;
    return (w->dice * UINT64_C(2685821657736338717) >> 11) % sides;
}

static bool one_in(struct world *w, uint64_t n)
{
    return world_dice(w, n) == 0;
}

void world_begin(struct world *w, uint64_t seed)
{
    *w = (struct world){.dice = seed * UINT64_C(0x9E3779B97F4A7C15) | 1};
    for (size_t t = 0; t < TENANTS; t++) {
        struct company *c = &w->company[t];
        (void)snprintf(c->name, sizeof c->name, "t%zu", t);
        (void)snprintf(c->id, sizeof c->id, "11111111-2222-4333-8444-%012zu", t);
        for (size_t i = 0; i < POOLS; i++) {
            struct pool *p = &c->pool[i];
            (void)snprintf(p->id, sizeof p->id, "%08zu-1111-4111-8111-%012zu", t, i);
            p->allotted = 100 + (int64_t)world_dice(w, 200);
            p->consumed = p->allotted * 60 / 100;
            p->subscription = SUBSCRIPTION_ACTIVE;
        }
    }
}

/* ---- half an hour ---- */

/* People come and go; sometimes more than there is room for, and then they wait. */
static void people(struct world *w, struct pool *p)
{
    p->consumed += (int64_t)world_dice(w, 5) - 2;
    if (one_in(w, 60)) /* a new department */
        p->consumed = p->allotted * 95 / 100;
    if (one_in(w, 60)) /* it left */
        p->consumed = p->allotted * 60 / 100;
    if (p->consumed < 1)
        p->consumed = 1;
    if (p->consumed > p->allotted && !p->reference)
        p->consumed = p->allotted;
    if (p->waiting && one_in(w, 40))
        p->waiting = 0;
    else if (p->waiting && one_in(w, 30))
        p->waiting *= 2 + (int64_t)world_dice(w, 2);
    else if (!p->waiting && one_in(w, 150)) {
        p->waiting = 1 + (int64_t)world_dice(w, 6);
        p->waiting_at = timers_now().at;
    }
    if (p->waiting > 200)
        p->waiting = 0;
}

static void purchases(struct world *w, struct pool *p)
{
    if (p->reference && one_in(w, 50)) { /* a mistake is corrected */
        p->allotted = p->reference;
        p->reference = 0;
    } else if (p->reference && timers_now().mono - p->removed_mono > 6 * USEC_PER_DAY) {
        p->allotted = p->reference;
        p->reference = 0;
    } else if (!p->reference && one_in(w, 800)) {
        p->reference = p->allotted;
        p->removed_mono = timers_now().mono;
        p->allotted = p->allotted * 6 / 10;
    } else if (!p->reference && one_in(w, 200)) {
        p->allotted += 5 + (int64_t)world_dice(w, 30);
    }
    if (p->subscription == SUBSCRIPTION_ACTIVE ? one_in(w, 700) : one_in(w, 40))
        p->subscription =
            p->subscription == SUBSCRIPTION_ACTIVE ? SUBSCRIPTION_WARNING : SUBSCRIPTION_ACTIVE;
    else if (p->subscription == SUBSCRIPTION_WARNING && one_in(w, 40))
        p->subscription = SUBSCRIPTION_SUSPENDED;
}

static void errors(struct world *w, int64_t *n)
{
    if (*n >= 5 && one_in(w, 30))
        *n = 0;
    else if (*n >= 5 && one_in(w, 40))
        *n *= 2;
    else if (*n < 5 && one_in(w, 150))
        *n = 6 + (int64_t)world_dice(w, 5);
    if (*n > 100)
        *n = 0;
}

static void graph(struct world *w, struct company *c)
{
    usec_t now_mono = timers_now().mono;
    if (c->answer != GRAPH_WELL && now_mono >= c->answer_until_mono)
        c->answer = GRAPH_WELL;
    if (c->answer != GRAPH_WELL || !one_in(w, 120))
        return;
    c->answer = 1 + (enum graph_answer)world_dice(w, GRAPH_ANSWER_COUNT_ - 1);
    c->answer_until_mono = now_mono + (1 + world_dice(w, 10)) * USEC_PER_HOUR / 2;
}

void world_live(struct world *w)
{
    bool outage = one_in(w, 400);
    for (size_t t = 0; t < TENANTS; t++) {
        struct company *c = &w->company[t];
        graph(w, c);
        if (outage) {
            c->answer = GRAPH_DOWN;
            c->answer_until_mono = timers_now().mono + 3 * USEC_PER_HOUR;
        }
        for (size_t i = 0; i < POOLS; i++) {
            people(w, &c->pool[i]);
            purchases(w, &c->pool[i]);
        }
        for (size_t i = 0; i < CODES; i++)
            errors(w, &c->errors[i]);
    }
}

void world_heal(struct world *w)
{
    for (size_t t = 0; t < TENANTS; t++) {
        struct company *c = &w->company[t];
        c->answer = GRAPH_WELL;
        for (size_t i = 0; i < POOLS; i++) {
            struct pool *p = &c->pool[i];
            p->allotted = p->reference ? p->reference : p->allotted;
            p->consumed = p->allotted * 60 / 100;
            p->reference = p->waiting = 0;
            p->subscription = SUBSCRIPTION_ACTIVE;
        }
        for (size_t i = 0; i < CODES; i++)
            c->errors[i] = 0;
    }
}

/* ---- what Graph shows ---- */

static void show_pool(struct snapshot_builder *b, const struct company *c, size_t i)
{
    const struct pool *p = &c->pool[i];
    bool refused = c->answer == GRAPH_ROOM_REFUSED && i == 0;
    struct allotment a = {.id = strdup(p->id),
                          .sku_id = strdup(SKUS[i]),
                          .units_known = true,
                          .allotted = p->allotted,
                          .consumed = p->consumed,
                          .assignable_to = ASSIGNABLE_USER,
                          .subscriptions_known = true,
                          .subscriptions = calloc(1, sizeof *a.subscriptions),
                          .n_subscriptions = 1,
                          .waiting = {refused ? SECTION_UNKNOWN : SECTION_COMPLETE,
                                      refused ? 0 : p->waiting,
                                      refused || !p->waiting ? 0 : p->waiting_at}};
    assert_non_null(a.subscriptions);
    char id[40];
    (void)snprintf(id, sizeof id, "5%s", p->id + 1);
    *a.subscriptions =
        (struct subscription){.id = strdup(id),
                              .state = p->subscription,
                              .state_text = strdup(subscription_state_word(p->subscription)),
                              .tags_text = strdup("none"),
                              .start_date = START_DATE,
                              .next_lifecycle_date = NEXT_DATE};
    assert_true(snapshot_add_allotment(b, &a) >= 0);
}

struct snapshot *world_show(const struct company *c)
{
    CLEANUP(snapshot_builder_free) struct snapshot_builder *b = NULL;
    struct snapshot *s = NULL;
    bool empty = c->answer == GRAPH_EMPTIED;
    if (c->answer == GRAPH_DOWN)
        return NULL;
    assert_true(snapshot_builder_new(c->name, c->id, SOURCE_CLOUD_LICENSING, timers_now(), &b) >=
                0);
    for (size_t i = 0; !empty && i < POOLS; i++)
        show_pool(b, c, i);
    for (size_t code = 0; !empty && c->answer != GRAPH_ERRORS_REFUSED && code < CODES; code++)
        for (int64_t i = 0; i < c->errors[code]; i++)
            assert_true(snapshot_add_error(b, SKUS[0], CODE[code]) >= 0);
    snapshot_set_allotments(b, SECTION_COMPLETE);
    snapshot_set_errors(b, c->answer == GRAPH_ERRORS_REFUSED ? SECTION_UNKNOWN : SECTION_COMPLETE);
    assert_true(snapshot_finish(b, &s) >= 0);
    return s;
}

/* ---- the truth about a subject ---- */

struct subject subject_at(size_t i)
{
    size_t of_tenant = 2 * POOLS + CODES + 1, n = i % of_tenant;
    struct subject s = {SUBJECT_TENANT, i / of_tenant, 0};
    if (n < POOLS)
        s.kind = SUBJECT_POOL, s.n = n;
    else if (n < 2 * POOLS)
        s.kind = SUBJECT_SUBSCRIPTION, s.n = n - POOLS;
    else if (n < 2 * POOLS + CODES)
        s.kind = SUBJECT_ERRORS, s.n = n - 2 * POOLS;
    return s;
}

size_t subject_index(struct subject s)
{
    size_t first = s.tenant * (2 * POOLS + CODES + 1);
    return first + (s.kind == SUBJECT_POOL           ? s.n
                    : s.kind == SUBJECT_SUBSCRIPTION ? POOLS + s.n
                    : s.kind == SUBJECT_ERRORS       ? 2 * POOLS + s.n
                                                     : 2 * POOLS + CODES);
}

bool subject_is_read(const struct world *w, struct subject s)
{
    enum graph_answer a = w->company[s.tenant].answer;
    switch (s.kind) {
    case SUBJECT_POOL:
        return a == GRAPH_WELL || a == GRAPH_ERRORS_REFUSED || (a == GRAPH_ROOM_REFUSED && s.n > 0);
    case SUBJECT_SUBSCRIPTION:
        return a == GRAPH_WELL || a == GRAPH_ERRORS_REFUSED || a == GRAPH_ROOM_REFUSED;
    case SUBJECT_ERRORS: /* without a pool, a list of errors proves nothing */
        return a == GRAPH_WELL || a == GRAPH_ROOM_REFUSED;
    case SUBJECT_TENANT:
    case SUBJECT_OTHER:
        break;
    }
    return a == GRAPH_WELL;
}

int64_t subject_harm(const struct world *w, struct subject s)
{
    const struct company *c = &w->company[s.tenant];
    const struct pool *p = &c->pool[s.n < POOLS ? s.n : 0];
    switch (s.kind) {
    case SUBJECT_POOL:
        return p->waiting                                              ? p->waiting
               : p->reference || p->consumed * 100 >= p->allotted * 95 ? 1
                                                                       : 0;
    case SUBJECT_SUBSCRIPTION:
        return p->subscription != SUBSCRIPTION_ACTIVE;
    case SUBJECT_ERRORS:
        return c->errors[s.n] >= 5 ? c->errors[s.n] : 0;
    case SUBJECT_TENANT:
        return c->answer != GRAPH_WELL;
    case SUBJECT_OTHER:
        break;
    }
    return 0;
}

bool subject_is_unresolved(const struct world *w, struct subject s)
{
    const struct company *c = &w->company[s.tenant];
    const struct pool *p = &c->pool[s.n < POOLS ? s.n : 0];
    if (s.kind == SUBJECT_POOL)
        return p->waiting > 0 || p->reference > 0 || p->consumed > p->allotted;
    if (s.kind == SUBJECT_SUBSCRIPTION)
        return p->subscription != SUBSCRIPTION_ACTIVE && p->consumed > 0;
    return s.kind == SUBJECT_ERRORS && c->errors[s.n] >= 5;
}
