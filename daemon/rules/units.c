/* SPDX-License-Identifier: MIT */
/* rules/units.c: how many licences to order, now and for the reserve. */
#include "rules/judge.h"

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
    if (waiting == FACT_UNKNOWN)
        waiting = 0;
    int64_t unused = at_least_0(add(allotted, -consumed));
    return add(at_least_0(add(waiting, -unused)), at_least_0(add(consumed, -allotted)));
}

/* Smallest total with need * 10000 < bp * total. */
static int64_t total_below_usage(int64_t need, int64_t bp)
{
    __extension__ typedef __int128 wide;
    if (bp <= 0)
        return INT64_MAX;
    wide total = (wide)need * 10000 / bp + 1;
    return total > INT64_MAX ? INT64_MAX : (int64_t)total;
}

int64_t units_to_buy(int64_t allotted, int64_t consumed, int64_t waiting, const struct limit *usage,
                     const struct limit *remaining)
{
    int64_t need = add(consumed, waiting == FACT_UNKNOWN ? 0 : waiting);
    int64_t n = 0;
    if (usage->on)
        n = add(total_below_usage(need, usage->value), -allotted);
    if (remaining->on) {
        int64_t for_remaining = add(add(need, add(remaining->value, 1)), -allotted);
        if (for_remaining > n)
            n = for_remaining;
    }
    return at_least_0(n);
}
