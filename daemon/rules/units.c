/* SPDX-License-Identifier: MIT */
/* rules/units.c: how many licences to order: now, and to end the alert. */
#include "rules/internal.h"

/* Graph counts in Int32, and a limit is at least one basis point: enough for the sum of any SKU. Beyond
 * it no purchase ends the alert. */
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
    int64_t allotted, need; /* need: units in use when those who wait are served */
    bool somebody_waits;
    int64_t reference; /* of the drop that is up; NUMBER_UNKNOWN */
    const struct threshold *t;
};

/* Whether the alert is clear with n more units; without `usage`: but for that rule. */
static bool is_clear(const struct order *o, int64_t n, bool usage)
{
    struct finding f[CAPACITY_FINDINGS];
    const struct capacity c = {.units_known = true,
                               .allotted = o->allotted + n,
                               .consumed = o->need,
                               .waiting = {.section = SECTION_COMPLETE}};
    if ((o->somebody_waits && c.allotted < o->need) ||
        (o->reference != NUMBER_UNKNOWN && c.allotted < o->reference))
        return false;
    capacity_judge(&c, o->t, 0, f);
    for (size_t i = 0; i < CAPACITY_FINDINGS; i++)
        if (f[i].keep > LEVEL_NONE && (usage || f[i].rule != RULE_USAGE))
            return false;
    return true;
}

/* The smallest n from `least` on that is clear, where more units never undo that; NUMBER_UNKNOWN.
 */
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
                     const struct threshold t[static RULE_COUNT_], int64_t *ret_below_bp)
{
    const struct order o = {.allotted = allotted,
                            .need = add(consumed, waiting == NUMBER_UNKNOWN ? 0 : waiting),
                            .somebody_waits = waiting != NUMBER_UNKNOWN && waiting > 0,
                            .reference = reference,
                            .t = t};
    *ret_below_bp = NUMBER_UNKNOWN;
    if (allotted < 0 || allotted > ORDER_MAX || o.need < 0 || o.need > ORDER_MAX)
        return NUMBER_UNKNOWN;
    if (is_clear(&o, 0, true))
        return 0;
    /* A pool of nothing with anybody in it is full by every rule; one unit is a small pool. */
    int64_t n = smallest(&o, allotted == 0 ? 1 : 0, false);
    /* A pool below min_units has no usage: the smallest order may end there, and only there. */
    if (n == NUMBER_UNKNOWN || is_clear(&o, n, true))
        return n;
    int64_t least = at_least_0(t[RULE_USAGE].min_units - allotted);
    n = smallest(&o, least > n ? least : n, true);
    if (n != NUMBER_UNKNOWN)
        *ret_below_bp = usage_clears_below(&t[RULE_USAGE]);
    return n;
}
