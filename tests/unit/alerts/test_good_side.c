/* SPDX-License-Identifier: MIT */
/* Random histories of a pool whose alert may be silenced by its subscription, by `ignore` or by the
 * first-run baseline: firing and escalated events need a breach in their own observation.
 *
 * A failure names its seed; SEED=n runs that one alone. */
#include "fixtures/dice.h"
#include "fixtures/observations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SEEDS = 60, POLLS = 200 };

struct history {
    struct engine_fixture d;
    int64_t allotted, consumed, waiting;
    bool suspended, silent;
    usec_t hold_for, keep_firing_for;
    uint32_t min_samples;
    uint64_t seed;
    int poll;
};

static bool is_beyond(const struct notification *n)
{
    return n->rule == RULE_REMAINING ? n->value <= n->threshold : n->value >= n->threshold;
}

static bool breaches_now(const struct history *h, const struct notification *n, bool units,
                         bool waiting)
{
    int64_t left = h->suspended ? -h->consumed : h->allotted - h->consumed;
    if (n->rule == RULE_WAITING)
        return waiting && h->waiting >= (n->level == LEVEL_CRITICAL ? 25 : 1);
    if (h->suspended && h->consumed == 0)
        left = h->allotted;
    if (n->rule == RULE_USAGE)
        return units && !h->suspended && h->consumed * 10 >= h->allotted * 9;
    return units && left <= (n->level == LEVEL_CRITICAL ? -1 : 0);
}

/* A reminder or an update between the limit and the end of an alert that the units decide. */
static void check_end(const struct history *h, const struct notification *n)
{
    bool told = n->type == EVENT_REMINDER || n->type == EVENT_UPDATED;
    bool by_units = n->rule == RULE_USAGE || n->rule == RULE_REMAINING;
    if (n->kind != KIND_CAPACITY || !told || !by_units || n->value == NUMBER_UNKNOWN ||
        is_beyond(n) || n->context->units_to_buy <= 0)
        return;
    if (strstr(n->summary, ", ends "))
        return;
    print_error("SEED=%llu poll %d: %s %s\n", (unsigned long long)h->seed, h->poll,
                event_type_name(n->type), n->summary);
    fail();
}

static void check(const struct history *h, const struct notification *n, bool units, bool waiting)
{
    check_end(h, n);
    if (n->kind != KIND_CAPACITY || (n->type != EVENT_FIRING && n->type != EVENT_ESCALATED))
        return;
    if (n->value != NUMBER_UNKNOWN && is_beyond(n) && breaches_now(h, n, units, waiting))
        return;
    print_error("SEED=%llu poll %d: %s %s\n", (unsigned long long)h->seed, h->poll,
                event_type_name(n->type), n->summary);
    fail();
}

static void change(struct history *h)
{
    if (chance(4))
        h->suspended = !h->suspended;
    if (chance(10))
        h->silent = !h->silent;
    if (chance(3))
        h->consumed = (int64_t)(chance(2) ? h->allotted - 14 : h->allotted - 6) + (int64_t)roll(20);
    if (chance(6))
        h->consumed = (int64_t)roll(150);
    if (chance(3))
        h->waiting = chance(2) ? 0 : (int64_t)roll(40);
}

/* A suspended subscription leaves a pool of nothing: remaining is at its worst, usage cannot be
 * divided. */
static struct observation pool_observation(const struct history *h, bool units, bool waiting)
{
    struct observation s =
        A_POOL(.allotted = units ? h->allotted : HIDDEN, .consumed = units ? h->consumed : HIDDEN,
               .waiting = waiting ? h->waiting : HIDDEN, .explained = h->suspended,
               .subscription = "sub-1", .silent = h->silent, .hold_for = h->hold_for,
               .keep_firing_for = h->keep_firing_for, .min_samples = h->min_samples);
    bool nothing = units && h->suspended && h->consumed > 0;
    for (size_t i = 0; nothing && i < s.n_findings; i++)
        if (s.finding[i].rule == RULE_REMAINING) {
            s.finding[i].value = -h->consumed;
            s.finding[i].raise = s.finding[i].keep = LEVEL_CRITICAL;
        } else if (s.finding[i].rule == RULE_USAGE) {
            s.finding[i].state = FINDING_UNKNOWN;
        }
    return s;
}

static void poll(struct history *h)
{
    bool units = !chance(6), waiting = !chance(6);
    change(h);
    h->d.first_run = h->poll == 0;
    (void)POLL(&h->d, pool_observation(h, units, waiting),
               A_SUBSCRIPTION(.subject = "sub-1", .value = 80,
                              .level = h->suspended ? LEVEL_CRITICAL : LEVEL_NONE,
                              .state = h->suspended ? "suspended" : "active",
                              .keep_firing_for = h->keep_firing_for));
    for (size_t i = 0; i < h->d.last->n_events; i++)
        if (h->d.last->event[i].notification)
            check(h, engine_notification(&h->d, i), units, waiting);
    engine_pass(&h->d, MINUTES(5));
}

static void live(uint64_t seed)
{
    static const usec_t HOLDS[] = {0, MINUTES(5), MINUTES(15)};
    struct history h = {.seed = seed, .allotted = 100, .consumed = 50};
    dice = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15);
    engine_open(&h.d);
    h.hold_for = HOLDS[roll(3)];
    h.keep_firing_for = HOLDS[roll(3)];
    h.min_samples = (uint32_t)(1 + roll(3));
    for (; h.poll < POLLS; h.poll++)
        poll(&h);
    engine_close(&h.d);
}

static void firing_and_escalated_values_are_beyond_the_limit(void **state)
{
    const char *only = getenv("SEED");
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        if (!only || strtoull(only, NULL, 10) == seed)
            live(seed);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(firing_and_escalated_values_are_beyond_the_limit)};
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
