/* SPDX-License-Identifier: MIT */
/* runtime/matches.c: finds overrides and routes that name a SKU or a pool which no tenant has: they have no effect,
 * most likely by mistake. Takes a complete poll of every tenant. */
#include "runtime/matches.h"

#include "base/log.h"
#include "base/text.h"
#include "runtime/app.h"
#include "runtime/tenant.h"

typedef void match_say(const char *text);

static bool all_read(const struct options *o, const struct matches_tenant *tenant, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!tenant[i].memory || tenant[i].memory->source == SOURCE_NONE)
            return false;
    return !o->tenants_incomplete;
}

static bool hits(const struct matches_tenant *tenant, size_t n, const struct match *m)
{
    for (size_t i = 0; i < n; i++) {
        const struct tenant_memory *memory = tenant[i].memory;
        for (size_t k = 0; k < memory->n_pools; k++)
            if (match_applies(m, tenant[i].context, memory->pool[k].sku_id,
                              memory->pool[k].sku_part_number, memory->pool[k].id))
                return true;
    }
    return false;
}

static void look_at(const struct matches_tenant *tenant, size_t n, const struct match *m, const char *what,
                    size_t nth, match_say *say)
{
    if ((!m->sku && !m->allotment) || hits(tenant, n, m))
        return;
    CLEANUP(free)
    char *text = text_printf("%s: entry %zu has match.%s = \"%s\", which matches no pool: the entry has no effect; "
                             "seatwatchd --once --dry-run lists all ids and part numbers",
                             what, nth, m->sku ? "sku" : "allotment", m->sku ? m->sku : m->allotment);
    if (text) /* out of memory: skipped */
        say(text);
}

bool matches_check(const struct options *o, const struct matches_tenant *tenant, size_t n,
                   void (*say)(const char *text))
{
    if (!all_read(o, tenant, n))
        return false;
    for (size_t i = 0; i < o->rules.n_overrides; i++)
        look_at(tenant, n, &o->rules.override[i].match, "overrides", i + 1, say);
    for (size_t i = 0; i < o->routes.n_routes; i++)
        look_at(tenant, n, &o->routes.route[i].match, "routes", i + 1, say);
    return true;
}

/* NULL: no memory. */
static struct matches_tenant *enabled_tenants(const struct app *app, size_t *ret_n)
{
    struct matches_tenant *tenant = calloc(app->n_tenants + 1, sizeof *tenant);
    *ret_n = 0;
    for (size_t i = 0; tenant && i < app->n_tenants; i++)
        if (app->tenant[i].options->enabled)
            tenant[(*ret_n)++] =
                (struct matches_tenant){&app->tenant[i].options->identity, app->tenant[i].memory};
    return tenant;
}

static bool is_of_a_tenant(const struct matches_tenant *tenant, size_t n, const struct match *m)
{
    struct match of_tenant = *m; /* borrows */
    of_tenant.sku = of_tenant.allotment = NULL;
    for (size_t i = 0; i < n; i++)
        if (match_applies(&of_tenant, tenant[i].context, NULL, NULL, NULL))
            return true;
    return false;
}

const char *matches_nothing(const struct app *app, const struct match *m)
{
    size_t n;
    CLEANUP(free) struct matches_tenant *tenant = enabled_tenants(app, &n);
    if (!tenant)
        return NULL;
    if ((m->tenant || m->n_labels) && !is_of_a_tenant(tenant, n, m))
        return "no tenant of the configuration matches";
    if ((m->sku || m->allotment) && all_read(app->options, tenant, n) && !hits(tenant, n, m))
        return "no pool matches that is known today";
    return NULL;
}

static void say_in_log(const char *text)
{
    log_say(LOG_WARNING, "%s", text);
}

void matches_look(struct app *app)
{
    if (app->matches_looked_at)
        return;
    size_t n;
    CLEANUP(free) struct matches_tenant *tenant = enabled_tenants(app, &n);
    app->matches_looked_at = tenant && matches_check(app->options, tenant, n, say_in_log);
}
