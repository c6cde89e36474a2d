/* SPDX-License-Identifier: MIT */
/* rules/siblings.c: sums the free units of the other pools of a SKU, for scope = "auto".
 *
 * Sums are kept per combination of accepted kinds of members. There are few combinations, so a
 * query takes constant time however many pools the SKU has. */
#include "rules/internal.h"

static bool is_backed(const struct allotment *a)
{
    if (!a->subscriptions_known)
        return true;
    for (size_t i = 0; i < a->n_subscriptions; i++)
        if (a->subscriptions[i].state == SUBSCRIPTION_ACTIVE ||
            a->subscriptions[i].state == SUBSCRIPTION_WARNING)
            return true;
    return false;
}

/* Members waiting in a pool take its free units before members of other pools do. */
static int64_t demand_of(const struct capacity *c)
{
    return c->consumed + (c->waiting.section == SECTION_COMPLETE ? c->waiting.count : 0);
}

static int64_t room_of(const struct capacity *c)
{
    int64_t room = c->allotted - demand_of(c);
    return room > 0 ? room : 0;
}

static struct sibling_sum *sum_for(struct siblings *s, const struct allotment *a)
{
    return &s->by_kinds[a->assignable_to & (ASSIGNABLE_KINDS - 1)];
}

void siblings_add(struct siblings *s, size_t at, const struct allotment *a,
                  const struct capacity *c)
{
    struct sibling_sum *sum = sum_for(s, a);
    if (!is_backed(a))
        return; /* its free units cannot be assigned */
    sum->n++;
    sum->unknown |= c->waiting.section == SECTION_UNKNOWN;
    if (!c->units_known ||
        __builtin_add_overflow(sum->allotted, c->allotted, &sum->allotted) ||
        __builtin_add_overflow(sum->demand, demand_of(c), &sum->demand)) {
        sum->unknown = true;
        return;
    }
    const struct sibling_room room = {.at = at, .free = room_of(c)};
    if (__builtin_add_overflow(sum->free, room.free, &sum->free))
        sum->free = INT64_MAX;
    if (room.free > sum->most[0].free) {
        sum->most[1] = sum->most[0];
        sum->most[0] = room;
    } else if (room.free > sum->most[1].free) {
        sum->most[1] = room;
    }
}

static bool accepts(unsigned kinds, const struct allotment *a)
{
    return a->assignable_to == 0 || (kinds & a->assignable_to);
}

struct sibling_room siblings_most(const struct siblings *s, size_t at, const struct allotment *a)
{
    struct sibling_room most = {0};
    for (unsigned kinds = 0; kinds < ASSIGNABLE_KINDS; kinds++)
        for (size_t i = 0; accepts(kinds, a) && i < SIBLINGS_MOST; i++) {
            const struct sibling_room *r = &s->by_kinds[kinds].most[i];
            if (r->free > 0 && r->at != at &&
                (r->free > most.free || (r->free == most.free && r->at < most.at)))
                most = *r;
        }
    return most;
}

int64_t siblings_free(const struct siblings *s, const struct allotment *a,
                      const struct capacity *c)
{
    int64_t n = 0;
    for (unsigned kinds = 0; kinds < ASSIGNABLE_KINDS; kinds++)
        if (accepts(kinds, a) && __builtin_add_overflow(n, s->by_kinds[kinds].free, &n))
            n = INT64_MAX;
    return n - (c->units_known && is_backed(a) ? room_of(c) : 0);
}

bool siblings_quiet(const struct siblings *s, const struct allotment *a, const struct capacity *c,
                    const struct threshold t[static RULE_COUNT_], bool before)
{
    struct capacity sum = {.units_known = true, .waiting = {.section = SECTION_COMPLETE}};
    struct finding f[CAPACITY_FINDINGS];
    size_t others = 0;
    bool unknown = s->missing;
    if (c->waiting.section != SECTION_COMPLETE || c->waiting.count > 0 ||
        (c->units_known && c->consumed > c->allotted))
        return false;
    for (unsigned kinds = 0; kinds < ASSIGNABLE_KINDS; kinds++) {
        const struct sibling_sum *one = &s->by_kinds[kinds];
        if (!accepts(kinds, a))
            continue;
        others += one->n;
        unknown |= one->unknown ||
                   __builtin_add_overflow(sum.allotted, one->allotted, &sum.allotted) ||
                   __builtin_add_overflow(sum.consumed, one->demand, &sum.consumed);
    }
    if (unknown || !c->units_known)
        return before;
    if (others == (is_backed(a) ? 1U : 0U))
        return false;
    capacity_judge(&sum, t, 0, f);
    if (capacity_relaxed(f))
        return true;
    return before && !capacity_raised(f);
}
