/* SPDX-License-Identifier: MIT */
/* How many licences to order. */
#include "unit/rules/fixture.h"

static void units_to_unblock_cover_waiting_members_and_excess(void **state)
{
    static const struct {
        const char *why;
        int64_t allotted, consumed, waiting, want;
    } CASES[] = {
        {"full, 26 waiting", 1000, 1000, 26, 26},
        {"waiting although units are free", 1000, 990, 4, 0},
        {"more wait than are free", 1000, 990, 14, 4},
        {"overdrawn", 50, 57, 0, 7},
        {"overdrawn and waiting", 50, 57, 3, 10},
        {"room and nobody waiting", 100, 10, 0, 0},
        {"nobody knows who waits", 50, 57, NUMBER_UNKNOWN, 7},
        {"a pool of nothing", 0, 3, 2, 5},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        if (units_to_unblock(CASES[i].allotted, CASES[i].consumed, CASES[i].waiting) !=
            CASES[i].want)
            fail_msg("%s", CASES[i].why);
}

/* One pool, whose capacity may have fallen a moment ago, its limits, and the order that is said. */
struct case_ {
    int64_t before, allotted, consumed, waiting; /* before: units in the poll before */
    struct threshold usage, remaining, drop;
};

static void poll_case(const struct case_ *c, struct rules_fixture *w)
{
    fixture_init(w);
    w->options.threshold[RULE_USAGE] = c->usage;
    w->options.threshold[RULE_REMAINING] = c->remaining;
    w->options.threshold[RULE_CAPACITY_DROP] = c->drop;
    POLL(w, {.id = "a", .sku = E3, .allotted = c->before, .consumed = c->consumed});
    pass(w, USEC_PER_MINUTE);
    POLL(w, {.id = "a",
             .sku = E3,
             .allotted = c->allotted,
             .consumed = c->consumed,
             .waiting = c->waiting,
             .oldest_at = c->waiting ? w->now.at : 0});
}

/* n units were bought, those who waited were served: is the next observation clear? */
static bool ends(const struct case_ *c, int64_t n)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    poll_case(c, &w);
    pass(&w, USEC_PER_MINUTE);
    POLL(&w, {.id = "a",
              .sku = E3,
              .allotted = c->allotted + n,
              .consumed = c->consumed + c->waiting});
    const struct observation *s = observation_of(&w, KIND_CAPACITY, "a");
    for (size_t i = 0; i < s->n_findings; i++)
        if (s->finding[i].keep > LEVEL_NONE)
            return false;
    return c->waiting == 0 || c->allotted + n >= c->consumed + c->waiting;
}

static int64_t order_of(const struct case_ *c)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    poll_case(c, &w);
    return observation_of(&w, KIND_CAPACITY, "a")->context->units_to_buy;
}

static struct threshold usage_at(int64_t warning, int64_t margin, int64_t min_units)
{
    struct threshold t = {.min_samples = 1, .clear_margin_bp = margin, .min_units = min_units};
    t.limit[LEVEL_WARNING] = (struct limit){.on = warning >= 0, .value = warning};
    return t;
}

static struct threshold remaining_at(int64_t warning)
{
    return usage_at(warning, 0, 0);
}

static void units_to_buy_are_the_fewest_that_resolve_the_alert(void **state)
{
    static const struct {
        const char *why;
        int64_t before, allotted, consumed, waiting;
        int64_t usage, margin, min_units, remaining; /* -1: off */
        int64_t want;
    } CASES[] = {
        {"the example of the manual", 1000, 1000, 1000, 26, 9000, 200, 25, 0, 166},
        {"nearly full: below the margin, not below the limit", 1000, 1000, 940, 0, 9000, 200, 25, 0,
         69},
        {"inside the margin", 1000, 1000, 880, 0, 9000, 200, 25, 0, 1},
        {"below the margin", 1000, 1000, 879, 0, 9000, 200, 25, 0, 0},
        {"the margin of remaining", 20, 20, 20, 0, 9000, 200, 25, 0, 2},
        {"remaining asks for more than usage", 1000, 1000, 880, 0, 9000, 200, 25, 200, 104},
        {"a small pool that stays below min_units", 20, 20, 20, 2, 9000, 200, 25, 0, 4},
        {"a small pool that does not", 20, 20, 20, 5, 9000, 200, 25, 0, 9},
        {"usage off", 10, 10, 10, 2, -1, 0, 0, 0, 3},
        {"both off: those who wait", 10, 10, 10, 2, -1, 0, 0, -1, 2},
        {"both off: nothing", 10, 10, 10, 0, -1, 0, 0, -1, 0},
        {"a limit above all", 100, 100, 130, 0, 12000, 0, 0, -1, 9},
        {"a drop ends when it is restored", 100, 80, 10, 0, 9000, 200, 25, 0, 20},
        {"a loss that is no drop", 100, 97, 10, 0, 9000, 200, 25, 0, 0},
        {"no purchase ends it", 1000, 1000, 1000, 0, -1, 10000, 0, 0, NUMBER_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct case_ c = {
            .before = CASES[i].before,
            .allotted = CASES[i].allotted,
            .consumed = CASES[i].consumed,
            .waiting = CASES[i].waiting,
            .usage = usage_at(CASES[i].usage, CASES[i].margin, CASES[i].min_units),
            .remaining = remaining_at(CASES[i].remaining),
            .drop = {.min_samples = 1, .min_units = 5, .limit[LEVEL_WARNING] = at(1000)},
        };
        int64_t got = order_of(&c);
        if (got != CASES[i].want)
            fail_msg("%s: %lld", CASES[i].why, (long long)got);
    }
}

static uint32_t seed = 1;
static int64_t below(int64_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (int64_t)(seed >> 8) % n;
}

static void after_the_order_the_next_observation_is_clear_and_after_one_less_it_is_not(void **state)
{
    size_t orders = 0;
    (void)state;
    for (int i = 0; i < 400; i++) {
        int64_t allotted = below(i % 2 ? 60 : 3000);
        struct case_ c = {
            .allotted = allotted,
            .before = allotted + (below(3) ? 0 : below(allotted + 1)),
            .consumed = below(allotted + allotted / 4 + 2),
            .waiting = below(2) ? 0 : below(40),
            .usage = usage_at(below(6) ? 5000 + below(8000) : -1, below(1500), below(60)),
            .remaining = remaining_at(below(6) ? below(12) : -1),
            .drop = {.min_samples = 1, .min_units = below(20), .limit[LEVEL_WARNING] = at(1000)},
        };
        if (below(2))
            c.usage.limit[LEVEL_CRITICAL] = at(c.usage.limit[LEVEL_WARNING].value + below(500));
        if (below(2))
            c.remaining.limit[LEVEL_CRITICAL] = at(-1);
        int64_t n = order_of(&c);
        if (n < 0 || !ends(&c, n))
            fail_msg("case %d: %lld more for %lld of %lld and %lld waiting end nothing", i,
                     (long long)n, (long long)c.consumed, (long long)c.allotted,
                     (long long)c.waiting);
        if (n > 0 && (ends(&c, n - 1) || ends(&c, below(n))))
            fail_msg("case %d: fewer than %lld are enough", i, (long long)n);
        orders += n > 0;
    }
    assert_in_range(orders, 150, 400);
}

static void no_order_is_named_where_none_ends_the_alert(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, {.id = "dead", .sku = E3, .allotted = 30, .consumed = 30, .sub = {{"s", "suspended"}}},
         {.id = "hidden", .sku = E5, .allotted = UNKNOWN},
         {.id = "waits", .allotted = 30, .consumed = 30, .waiting = UNKNOWN},
         {.id = "older", .allotted = 30, .consumed = 30, .waiting = -2});
    assert_int_equal(observation_of(&w, KIND_CAPACITY, "dead")->context->units_to_buy,
                     NUMBER_UNKNOWN);
    assert_int_equal(observation_of(&w, KIND_CAPACITY, "hidden")->context->units_to_buy,
                     NUMBER_UNKNOWN);
    assert_int_equal(observation_of(&w, KIND_CAPACITY, "waits")->context->units_to_buy,
                     NUMBER_UNKNOWN);
    assert_int_equal(observation_of(&w, KIND_CAPACITY, "older")->context->units_to_buy, 5);
    assert_int_equal(observation_of(&w, KIND_CAPACITY, "older")->context->ends_below_bp, 8800);
}

static void absurd_numbers_name_no_order(void **state)
{
    static const struct threshold T[RULE_COUNT_] = {
        [RULE_USAGE] = {.limit[LEVEL_WARNING] = {.on = true, .value = 1}}};
    int64_t below_bp;
    (void)state;
    assert_int_equal(units_to_buy(0, INT64_MAX, INT64_MAX, NUMBER_UNKNOWN, NULL, T, &below_bp),
                     NUMBER_UNKNOWN);
    assert_true(units_to_unblock(0, INT64_MAX, INT64_MAX) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_to_unblock_cover_waiting_members_and_excess),
        cmocka_unit_test(units_to_buy_are_the_fewest_that_resolve_the_alert),
        cmocka_unit_test(
            after_the_order_the_next_observation_is_clear_and_after_one_less_it_is_not),
        cmocka_unit_test(no_order_is_named_where_none_ends_the_alert),
        cmocka_unit_test(absurd_numbers_name_no_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
