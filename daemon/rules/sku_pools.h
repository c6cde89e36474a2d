/* SPDX-License-Identifier: MIT */
/* rules/sku_pools.h: the pools of one SKU while they are evaluated, and what the observations of
 * pools and of SKUs have in common. Only for pools.c, sku_scope.c and inventory.c. */
#pragma once
#include "rules/internal.h"

struct pool_case {
    const struct allotment *a;
    struct threshold threshold[RULE_COUNT_];
    enum ignore ignore;
    struct capacity capacity;
    struct finding finding[CAPACITY_FINDINGS], drop;
    int64_t reference; /* units before the drop; NUMBER_UNKNOWN */
    char *name;        /* NULL: the only pool of its SKU */
    bool silent;
};
struct sku {
    const struct group *group;
    struct pool_case *pool;
    size_t n;
    struct known_drop *drop; /* of each pool */
    struct siblings siblings;
};

/* Evaluates the pools of a group; *ret must be zeroed. Sets `silent` and `ignored` in `g` and
 * `silent` in the memory. With scope = "sku" the pools get no finding `drop`. Clear *ret on
 * failure, too. */
int sku_load(const struct tenant_evaluation *e, const struct groups *g, const struct group *group,
             const struct presences *presences, struct sku *ret);
void sku_clear(struct sku *s);
DEFINE_CLEANUP_IN_PLACE(struct sku, sku_clear)
/* Copies the drops of all pools to e->after. */
int sku_remember(struct tenant_evaluation *e, const struct sku *sku);

/* No subscription of the pool is in force; the alert about the subscription covers that. */
bool allotment_has_ended(const struct allotment *a);

/* Sets all findings but allotment_gone. */
void capacity_add_findings(struct observation *s, const struct finding f[static CAPACITY_FINDINGS],
                           const struct finding *drop);
int capacity_add_subscriptions(struct alert_context *f, const struct allotment *a);
/* Sets the forecast of these units in the context. */
void capacity_set_forecast(struct alert_context *f, const struct capacity *c);
/* Sets units, waiting members, forecast and order sizes in the context. Call it after the findings are set.
 */
void capacity_set_numbers(struct observation *s, const struct capacity *c,
                          const struct threshold t[static RULE_COUNT_]);
