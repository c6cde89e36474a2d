/* SPDX-License-Identifier: MIT */
/* runtime/matches.h: finds overrides and routes that match no pool. */
#pragma once
#include "config/config.h"

struct app;

struct matches_tenant { /* one that is enabled; borrowed */
    const struct tenant_identity *context;
    const struct tenant_memory *memory; /* NULL: it was never polled */
};
/* Calls `say` for each override and route that names a SKU or a pool which no tenant has. False: some tenant
 * has no complete poll yet, so this is unknown. */
bool matches_check(const struct options *o, const struct matches_tenant *tenant, size_t n,
                   void (*say)(const char *text));
/* Why this match covers nothing today; NULL: it does, or that is unknown until every tenant was polled. A literal. */
const char *matches_nothing(const struct app *app, const struct match *m);
/* Logs them, once, after all tenants were polled. */
void matches_look(struct app *app);
