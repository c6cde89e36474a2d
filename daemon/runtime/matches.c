/* SPDX-License-Identifier: MIT */
/* runtime/matches.c: a match that names a SKU or a pool which no tenant has changes nothing, and whoever
 * wrote it believes that it does. Only a complete reading can tell. */
#include "runtime/app.h"

#include "base/log.h"
#include "base/text.h"

static bool all_read(const struct app *app)
{
    for (size_t i = 0; i < app->n_watches; i++) {
        const struct watch *w = &app->watch[i];
        if (w->options->enabled && (!w->memory || w->memory->source == SOURCE_NONE))
            return false;
    }
    return !app->options->tenants_incomplete;
}

static bool hits(const struct app *app, const struct match *m)
{
    for (size_t i = 0; i < app->n_watches; i++) {
        const struct tenant_memory *memory = app->watch[i].memory;
        for (size_t k = 0; memory && k < memory->n_pools; k++)
            if (match_applies(m, &app->watch[i].options->facts, memory->pool[k].sku_id,
                              memory->pool[k].sku_part_number, memory->pool[k].id))
                return true;
    }
    return false;
}

static void look_at(const struct app *app, const struct match *m, const char *what, size_t nth)
{
    if ((!m->sku && !m->allotment) || hits(app, m))
        return;
    log_say(LOG_WARNING, "%s: entry %zu has match.%s = \"%s\", which no pool that was read has: it changes nothing; "
            "seatwatchd --once --dry-run shows all ids and part numbers",
            what, nth, m->sku ? "sku" : "allotment", m->sku ? m->sku : m->allotment);
}

void matches_look(struct app *app)
{
    if (app->matches_looked_at || !all_read(app))
        return;
    app->matches_looked_at = true;
    for (size_t i = 0; i < app->options->rules.n_overrides; i++)
        look_at(app, &app->options->rules.override[i].match, "overrides", i + 1);
    for (size_t i = 0; i < app->options->routes.n_routes; i++)
        look_at(app, &app->options->routes.route[i].match, "routes", i + 1);
}
