/* SPDX-License-Identifier: MIT */
/* runtime/once_report.h: the report of --once, as text and as JSON. */
#pragma once
#include "alerts/registry.h"
#include "model/snapshot.h"

struct app;
struct tenant;

int once_print_json(const struct app *app);
/* Every pool that was read, but those with ignore = "all" */
struct once_pool {
    const char *tenant;
    const struct allotment *allotment;
    const char *name, *product; /* NULL: not configured; not known */
    const char *level;          /* "ok", "warning", "critical"; NULL: unknown */
};
typedef void once_pool_visit(void *userdata, const struct once_pool *pool);
void once_each_pool(const struct app *app, once_pool_visit *visit, void *userdata);
#define ONCE_WHY_MAX 300
/* The tenant was read and recorded, but the numbers of a pool cannot be used: `why` says whose. */
bool once_unusable(const struct tenant *t, char why[static ONCE_WHY_MAX]);
bool once_notified(const struct app *app, const struct alert *a); /* some receiver gets it */
