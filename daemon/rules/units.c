/* SPDX-License-Identifier: MIT */
/* rules/units.c: computes the numbers of licences to order: the missing ones, and those that
 * resolve the alert. */
#include "rules/internal.h"

/* Upper bound of an order. Graph counts in Int32 and a limit is at least one basis point, so the
 * order of any SKU is smaller. */
#define ORDER_MAX ((int64_t)1 << 56)

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return b > 0 ? INT64_MAX : INT64_MIN + 1;
    return sum;
}

static int64_t at_least_0(int64_t n)
{
    return n > 0 ? n : 0;
}

int64_t units_to_unblock(int64_t allotted, int64_t consumed, int64_t waiting)
{
    if (waiting == NUMBER_UNKNOWN)
        waiting = 0;
    int64_t unused = at_least_0(add(allotted, -consumed));
    return add(at_least_0(add(waiting, -unused)), at_least_0(add(consumed, -allotted)));
}

struct order {
    int64_t allotted;
    int64_t need; /* units in use after the waiting members are served */
    bool members_wait;
    int64_t reference; /* units before the open drop; NUMBER_UNKNOWN */
    const struct trend *trend;
    const struct threshold *t;
};

/* Whether the alert is clear with n more units; without `usage`, that rule is ignored. */
static bool is_clear(const struct order *o, int64_t n, bool usage)
{
    struct finding f[CAPACITY_FINDINGS];
    const struct capacity c = {.units_known = true,
                               .allotted = o->allotted + n,
                               .consumed = o->need,
                               .waiting = {.section = SECTION_COMPLETE},
                               .trend = o->trend};
    if ((o->members_wait && c.allotted < o->need) ||
        (o->reference != NUMBER_UNKNOWN && c.allotted < o->reference))
        return false;
    capacity_judge(&c, o->t, 0, f);
    for (size_t i = 0; i < CAPACITY_FINDINGS; i++)
        if (f[i].keep > LEVEL_NONE && (usage || f[i].rule != RULE_USAGE))
            return false;
    return true;
}

/* The smallest clear n >= least, by bisection: more units must not undo it. NUMBER_UNKNOWN: none */
static int64_t smallest(const struct order *o, int64_t least, bool usage)
{
    int64_t low = least, high = ORDER_MAX;
    if (!is_clear(o, high, usage))
        return NUMBER_UNKNOWN;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (is_clear(o, middle, usage))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

int64_t units_to_buy(int64_t allotted, int64_t consumed, int64_t waiting, int64_t reference,
                     const struct trend *trend, const struct threshold t[static RULE_COUNT_],
                     int64_t *ret_below_bp)
{
    const struct order o = {.allotted = allotted,
                            .need = add(consumed, waiting == NUMBER_UNKNOWN ? 0 : waiting),
                            .members_wait = waiting != NUMBER_UNKNOWN && waiting > 0,
                            .reference = reference,
                            .trend = trend,
                            .t = t};
    *ret_below_bp = NUMBER_UNKNOWN;
    if (allotted < 0 || allotted > ORDER_MAX || o.need < 0 || o.need > ORDER_MAX)
        return NUMBER_UNKNOWN;
    if (is_clear(&o, 0, true))
        return 0;
    /* From 1 if there are 0 units: only a pool with 0 units has a usage level below min_units. */
    int64_t n = smallest(&o, allotted == 0 ? 1 : 0, false);
    /* Without usage: n may be enough, because usage does not apply to a pool below min_units. */
    if (n == NUMBER_UNKNOWN || is_clear(&o, n, true))
        return n;
    int64_t least = at_least_0(t[RULE_USAGE].min_units - allotted);
    n = smallest(&o, least > n ? least : n, true);
    if (n != NUMBER_UNKNOWN)
        *ret_below_bp = usage_clears_below(&t[RULE_USAGE]);
    return n;
}
