/* SPDX-License-Identifier: MIT */
/* Random lives of a few pools, checked against what is true of them and not against our states.
 *
 * Each seed is a configuration and a thousand polls with faults, gaps, restarts, reboots and clock
 * jumps. A failure names its seed; SEED=n runs that one alone. */
#include "fixtures/dice.h"
#include "fixtures/observations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SEEDS = 120, POLLS = 1000, POOLS = 3, RULES = 4 };

/* ---- the truth ---- */

/* How long something has been so without a break, as far as anybody could see. */
struct run {
    usec_t time; /* from its first observation, by true time, unread stretches included */
    usec_t seen; /* the same without them, and without gaps */
    uint32_t observations;
    bool clean; /* never unread, no gap: then the daemon must act the moment it is due */
};

struct truth {
    int64_t allotted, consumed, waiting;
    usec_t oldest_at;
    int64_t reference;                /* units before a drop that goes on; 0: there is none */
    bool normal;                      /* with this poll the drop is the new normal */
    usec_t calm;                      /* polls left in which nothing changes */
    struct run breach[RULES][LEVELS]; /* of a rule at a level */
    struct run clear;                 /* of all rules together */
    bool breached[RULES];             /* when it was last seen */
    usec_t last_breach[RULES];        /* true time of the last observation that showed one */
    /* what was told */
    bool open;
    enum level notified;
    enum rule notified_rule;
    uint32_t episode;
    uint64_t seq;
    char last[512]; /* the last thing told, but for reminders */
    usec_t spoke;   /* true time of the last word that plans a reminder */
};

struct life {
    struct engine_fixture d;
    struct truth pool[POOLS];
    usec_t hold_for, keep_firing_for;
    uint32_t min_samples;
    bool jumps, reboots;
    usec_t true_time; /* that no clock can falsify */
    bool gap;         /* before this poll */
    bool hide_units, hide_waiting;
    uint64_t seed;
    unsigned poll;
};

#define ENSURE(l, ok, ...)                                                                \
    do {                                                                                  \
        if (!(ok)) {                                                                      \
            print_error("SEED=%llu poll %u: ", (unsigned long long)(l)->seed, (l)->poll); \
            print_error(__VA_ARGS__);                                                     \
            print_error("\n");                                                            \
            fail();                                                                       \
        }                                                                                 \
    } while (0)

static const char *const IDS[POOLS] = {"pool-0", "pool-1", "pool-2"};
static const enum rule RULE_OF[RULES] = {RULE_WAITING, RULE_USAGE, RULE_REMAINING,
                                          RULE_CAPACITY_DROP};

static bool is_drop(const struct truth *t, int64_t before)
{
    return (before - t->allotted) * 10 >= before && before - t->allotted >= 5;
}

static void drift(struct truth *t)
{
    int64_t before = t->allotted;
    if (t->normal) /* it did not clear, and need not have */
        t->reference = 0, t->last_breach[RULES - 1] = 0;
    t->normal = false;
    if (t->calm > 0) {
        t->calm--;
        return;
    }
    t->calm = roll(12);
    t->consumed += (int64_t)roll(41) - 20;
    if (t->consumed < 0)
        t->consumed = 0;
    if (chance(6))
        t->consumed = t->allotted;
    if (chance(15))
        t->allotted += 50;
    if (t->allotted > 300 || (chance(20) && t->allotted > 100))
        t->allotted = 100;
    if (t->allotted >= t->reference)
        t->reference = is_drop(t, before) ? before : 0;
    int64_t over = t->consumed - t->allotted;
    t->waiting = over >= 0 && chance(2) ? (int64_t)roll(40) : chance(12) ? (int64_t)roll(4) : 0;
}

static enum level true_level(const struct truth *t, int rule)
{
    int64_t free = t->allotted - t->consumed;
    switch (RULE_OF[rule]) {
    case RULE_WAITING:
        return t->waiting >= 25 ? LEVEL_CRITICAL : t->waiting >= 1 ? LEVEL_WARNING : LEVEL_NONE;
    case RULE_USAGE:
        return t->consumed * 10 >= t->allotted * 9 ? LEVEL_WARNING : LEVEL_NONE;
    case RULE_CAPACITY_DROP:
        return t->normal || !t->reference || !is_drop(t, t->reference) ? LEVEL_NONE
               : free < 0                                              ? LEVEL_CRITICAL
                                                                       : LEVEL_WARNING;
    default:
        return free <= -1 ? LEVEL_CRITICAL : free <= 0 ? LEVEL_WARNING : LEVEL_NONE;
    }
}

/* Clear of everything, the band of usage included. */
static bool truly_clear(const struct truth *t)
{
    return t->waiting == 0 && t->consumed * 100 < t->allotted * 88 && (!t->reference || t->normal);
}

static bool is_hidden(const struct life *l, int rule)
{
    return RULE_OF[rule] == RULE_WAITING ? l->hide_waiting : l->hide_units;
}

static void run_on(struct run *r, const struct life *l, bool holds, bool hidden, usec_t passed)
{
    if (hidden) {
        r->time += r->observations ? passed : 0;
        r->clean = false;
    } else if (!holds) {
        *r = (struct run){0};
    } else if (r->observations == 0) {
        *r = (struct run){.observations = 1, .clean = true};
    } else {
        r->time += passed;
        r->seen += l->gap ? 0 : passed;
        r->observations++;
        r->clean &= !l->gap;
    }
}

static void observe(struct life *l, struct truth *t, usec_t passed)
{
    for (int rule = 0; rule < RULES; rule++) {
        enum level level = true_level(t, rule);
        bool hidden = is_hidden(l, rule);
        for (int i = 0; i < LEVELS; i++)
            run_on(&t->breach[rule][i], l, (int)level > i && !(RULE_OF[rule] == RULE_USAGE && i),
                   hidden, passed);
        if (hidden)
            continue;
        bool below = RULE_OF[rule] == RULE_CAPACITY_DROP && t->reference && !t->normal;
        t->breached[rule] = level > LEVEL_NONE || below;
        if (t->breached[rule])
            t->last_breach[rule] = l->true_time;
    }
    run_on(&t->clear, l, truly_clear(t), l->hide_units || l->hide_waiting, passed);
}

/* ---- what was told, against the truth ---- */

static struct truth *pool_of(struct life *l, const struct notification *n)
{
    for (int i = 0; i < POOLS; i++)
        if (strcmp(n->context->allotment_id, IDS[i]) == 0)
            return &l->pool[i];
    return NULL;
}

static bool breach_had_lasted(const struct life *l, const struct truth *t, enum level level)
{
    for (int rule = 0; rule < RULES; rule++) {
        const struct run *r = &t->breach[rule][level - 1];
        if (r->observations >= l->min_samples && r->time >= l->hold_for)
            return true;
    }
    return false;
}

/* Why a loss of capacity ended, if it did. */
static void check_reason(const struct life *l, const struct truth *t, const char *reason)
{
    bool restored = reason && strcmp(reason, "restored") == 0;
    bool normal = reason && strcmp(reason, "new_normal") == 0;
    ENSURE(l, !reason || restored || normal, "what reason?");
    ENSURE(l, !normal || t->normal, "not the new normal");
    ENSURE(l, !restored || !t->reference, "not restored");
}

static void check_resolved(const struct life *l, const struct truth *t,
                           const struct notification *n)
{
    ENSURE(l, !l->hide_units && !l->hide_waiting, "resolved although a part was not read");
    bool normal = n->reason && strcmp(n->reason, "new_normal") == 0;
    check_reason(l, t, n->reason);
    for (int rule = 0; rule < RULES; rule++) {
        ENSURE(l, !t->breached[rule], "resolved while %s was last seen beyond its limit",
               rule_name(RULE_OF[rule]));
        if (n->rule == RULE_OF[rule] && !normal)
            ENSURE(l, l->true_time - t->last_breach[rule] >= l->keep_firing_for,
                   "resolved before it was clear long enough");
    }
}

static void check_notification(struct life *l, const struct notification *n)
{
    struct truth *t = pool_of(l, n);
    char now[512];
    ENSURE(l, t, "an alert about nothing");
    ENSURE(l, n->seq == ++t->seq, "seq %llu after %llu", (unsigned long long)n->seq,
           (unsigned long long)t->seq - 1);
    (void)snprintf(now, sizeof now, "%d %s", (int)n->type, n->summary);
    ENSURE(l, strcmp(now, t->last) != 0, "said twice: %s", n->title);
    (void)snprintf(t->last, sizeof t->last, "%s", now);
    if (n->type == EVENT_FIRING) {
        ENSURE(l, !t->open, "fired twice");
        ENSURE(l, n->episode == ++t->episode, "an episode was skipped");
        t->open = true;
    }
    ENSURE(l, n->notified_rule == (n->type == EVENT_FIRING ? n->rule : t->notified_rule),
           "the rule notified before is wrong");
    t->notified_rule = n->rule;
    ENSURE(l, t->open, "told of something that never fired");
    ENSURE(l, n->episode == t->episode, "an event of another episode");
    switch (n->type) {
    case EVENT_FIRING:
    case EVENT_ESCALATED:
        ENSURE(l, n->level > t->notified, "it did not get worse");
        ENSURE(l, breach_had_lasted(l, t, n->level), "%s before it was held: %s",
               event_type_name(n->type), n->title);
        break;
    case EVENT_DEESCALATED:
        ENSURE(l, n->level < t->notified && n->previous == t->notified, "it did not get better");
        break;
    case EVENT_UPDATED:
        check_reason(l, t, n->reason);
        ENSURE(l, n->level == t->notified || (n->reason && n->level < t->notified && n->previous == t->notified),
               "an update hides a change of level");
        break;
    default:
        ENSURE(l, n->type == EVENT_RESOLVED && n->level == t->notified, "a strange event");
        check_resolved(l, t, n);
        t->open = false;
        break;
    }
    if (n->level != t->notified || !t->open)
        t->spoke = l->true_time;
    t->notified = t->open ? n->level : LEVEL_NONE;
}

/* What is due without any doubt has been said, and what is over is not kept up. */
static void check_silence(const struct life *l)
{
    for (int i = 0; i < POOLS; i++) {
        const struct truth *t = &l->pool[i];
        for (int rule = 0; rule < RULES; rule++)
            for (int k = 0; k < LEVELS; k++) {
                const struct run *r = &t->breach[rule][k];
                bool due = r->clean && r->observations >= l->min_samples && r->seen >= l->hold_for;
                ENSURE(l, !due || (int)t->notified > k, "%s is silent about %s at level %d", IDS[i],
                       rule_name(RULE_OF[rule]), k + 1);
            }
        bool over = t->clear.clean && t->clear.observations >= l->min_samples &&
                    t->clear.observations > 0 && t->clear.seen >= l->keep_firing_for;
        ENSURE(l, !over || !t->open, "%s is kept up although it is over", IDS[i]);
    }
}

/* ---- one life ---- */

static struct observation observation_of(const struct life *l, int i)
{
    const struct truth *t = &l->pool[i];
    return A_POOL(.id = IDS[i], .allotted = l->hide_units ? HIDDEN : t->allotted,
                  .consumed = l->hide_units ? HIDDEN : t->consumed,
                  .waiting = l->hide_waiting ? HIDDEN : t->waiting,
                  .oldest_at = l->hide_waiting ? 0 : t->oldest_at, .reference = t->reference,
                  .normal = t->normal, .hold_for = l->hold_for,
                  .keep_firing_for = l->keep_firing_for, .min_samples = l->min_samples);
}

static usec_t let_time_pass(struct life *l)
{
    usec_t passed = MINUTES(1 + roll(8));
    l->gap = false;
    if (chance(60)) {
        passed = HOURS(1) + MINUTES(1 + roll(6000));
        l->gap = true;
    }
    if (l->reboots && chance(25))
        engine_restart(&l->d, passed, chance(2));
    else
        engine_pass(&l->d, passed);
    if (l->jumps && chance(25))
        engine_jump(&l->d, ((int64_t)roll(2) * 2 - 1) * (int64_t)HOURS(1 + roll(90000)));
    l->true_time += passed;
    return passed;
}

static void check_reminders(struct life *l)
{
    const char *notified = engine_remind(&l->d);
    for (size_t i = 0; *notified && i < l->d.last->n_events; i++) {
        const struct notification *n = engine_notification(&l->d, i);
        struct truth *t = pool_of(l, n);
        ENSURE(l, n->type == EVENT_REMINDER && t->open && n->level == t->notified,
               "a reminder of what?");
        ENSURE(l, n->seq == ++t->seq, "a reminder out of order");
        ENSURE(l, l->true_time - t->spoke >= HOURS(4), "a reminder too early");
        t->spoke = l->true_time;
    }
    ENSURE(l, *engine_remind(&l->d) == '\0', "a reminder was not enough");
}

static void live_on(struct life *l)
{
    usec_t passed = let_time_pass(l);
    l->hide_units = chance(6);
    l->hide_waiting = chance(6);
    for (int i = 0; i < POOLS; i++) {
        drift(&l->pool[i]);
        if (l->pool[i].waiting == 0)
            l->pool[i].oldest_at = 0;
        else if (l->pool[i].oldest_at == 0)
            l->pool[i].oldest_at = l->d.now.at;
        l->pool[i].normal = l->pool[i].reference && !l->hide_units && chance(60);
        observe(l, &l->pool[i], passed);
    }
    check_reminders(l);
    (void)POLL(&l->d, observation_of(l, 0), observation_of(l, 1), observation_of(l, 2));
    for (size_t i = 0; i < l->d.last->n_events; i++)
        check_notification(l, engine_notification(&l->d, i));
    check_silence(l);
}

static void live(uint64_t seed)
{
    static const usec_t HOLDS[] = {0, MINUTES(5), MINUTES(15)};
    struct life l = {.seed = seed};
    dice = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15);
    engine_open(&l.d);
    l.d.options.repeat.every[LEVEL_WARNING] = l.d.options.repeat.every[LEVEL_CRITICAL] = HOURS(4);
    l.d.options.repeat.growth = 1;
    l.d.options.repeat.cap = HOURS(4);
    l.hold_for = HOLDS[roll(3)];
    l.keep_firing_for = HOLDS[roll(3)];
    l.min_samples = (uint32_t)(1 + roll(3));
    l.jumps = seed % 3 == 1;   /* never in one life with reboots: after one, only the */
    l.reboots = seed % 3 == 2; /* wall clock is left to measure by */
    for (int i = 0; i < POOLS; i++)
        l.pool[i] = (struct truth){.allotted = 100, .consumed = 50};
    for (l.poll = 0; l.poll < POLLS; l.poll++)
        live_on(&l);
    engine_close(&l.d);
}

static void random_sequences_keep_all_invariants(void **state)
{
    const char *only = getenv("SEED");
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        if (!only || strtoull(only, NULL, 10) == seed)
            live(seed);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {cmocka_unit_test(random_sequences_keep_all_invariants)};
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
