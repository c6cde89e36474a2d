/* SPDX-License-Identifier: MIT */
/* runtime/commands_why.c: why an alert was notified, or why nothing was. */
#include "runtime/commands_why.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/name.h"
#include "base/text.h"
#include "runtime/app.h"
#include "runtime/command_answer.h"
#include "runtime/explain.h"
#include "runtime/find.h"
#include "runtime/tenant.h"

#define ANSWER_MAX (16u << 20)

static const struct observation *observation_of(const struct observations *all, enum kind kind, const char *subject)
{
    for (size_t i = 0; all && i < all->n; i++)
        if (all->observation[i].kind == kind && strcmp(all->observation[i].subject, subject) == 0)
            return &all->observation[i];
    return NULL;
}

/* ---- one alert ---- */

/* By its id, or the begin of one. NULL: the call was answered. */
static const struct alert *find_alert(const struct app *app, struct control_call *call, const char *word)
{
    const struct alert *found = NULL, *a;
    size_t cursor = 0, n = 0;
    char clean[64];
    while ((a = registry_next(app->registry, &cursor))) {
        enum name_match match = name_match(word, a->id);
        if (match == NAME_WHOLE)
            return a;
        if (match == NAME_BEGINS) {
            found = a;
            n++;
        }
    }
    if (n == 1)
        return found;
    control_error(call, 404, n ? "write more of it" : "GET /v1/alerts?all lists the alerts", "%s \"%s\"",
                  n ? "several ids begin with" : "there is no alert with the id",
                  text_clean(clean, sizeof clean, word, strlen(word)));
    return NULL;
}

void command_get_why(void *userdata, struct control_call *call)
{
    struct app *app = userdata;
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(ANSWER_MAX);
    CLEANUP(observations_free) struct observations *all = NULL;
    struct failure why = {0};
    const struct alert *a = find_alert(app, call, call->id);
    if (!a)
        return;
    struct tenant *t = tenant_find(app->tenant, app->n_tenants, a->tenant_id);
    int r = t ? explain_observations(t, true, &all, &why) : 0;
    const struct explained e = {.alert = a, .observation = observation_of(all, a->kind, a->subject)};
    if (w)
        json_writer_clean(w);
    if (r >= 0 && w)
        r = explain_put(w, app, t, &e, &why);
    if (r < 0)
        command_refuse(call, r, &why);
    else
        command_answer_json(call, 200, w);
}

/* ---- the pools of a SKU ---- */

static int put_one(struct json_writer *w, struct app *app, struct tenant *t, const struct observation *s,
                   const struct known_pool *pool, struct failure *why)
{
    const char *tenant_id = t->options->identity.tenant_id, *subject = s ? s->subject : pool->id;
    const struct explained e = {
        .alert = registry_find(app->registry, KIND_CAPACITY, tenant_id, subject), .observation = s, .pool = pool};
    return explain_put(w, app, t, &e, why);
}

/* Each observation of the SKU, and each pool that has none. */
static int put_pools(struct json_writer *w, struct app *app, struct tenant *t, const struct found_sku *sku,
                     const struct observations *all, struct failure *why)
{
    bool by_sku = app->options->rules.scope == SCOPE_SKU && all->n > 0;
    int r = 0;
    for (size_t i = 0; r >= 0 && i < all->n; i++) {
        const struct observation *s = &all->observation[i];
        if (sku_is(sku, s->context->sku_id, s->context->sku_part_number))
            r = put_one(w, app, t, s, NULL, why);
    }
    for (size_t i = 0; r >= 0 && !by_sku && i < t->memory->n_pools; i++) {
        const struct known_pool *p = &t->memory->pool[i];
        if (sku_is(sku, p->sku_id, p->sku_part_number) && !observation_of(all, KIND_CAPACITY, p->id))
            r = put_one(w, app, t, NULL, p, why);
    }
    return r;
}

void command_get_why_not(void *userdata, struct control_call *call)
{
    struct app *app = userdata;
    const char *tenant = target_param(&call->target, "tenant"), *word = target_param(&call->target, "sku");
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(ANSWER_MAX);
    CLEANUP(observations_free) struct observations *all = NULL;
    struct failure why = {0};
    struct found_sku sku;
    if (!tenant || !word) {
        control_error(call, 400, "name both: /v1/why?tenant=NAME&sku=PART", "a tenant or a SKU is missing");
        return;
    }
    struct tenant *t = find_tenant(app, call, tenant);
    if (!t || !find_sku(t, call, word, &sku))
        return;
    int r = explain_observations(t, false, &all, &why);
    if (r >= 0 && w) {
        json_writer_clean(w);
        json_open_object(w, NULL);
        json_put_string(w, "tenant", t->options->identity.name);
        json_put_string(w, "sku_id", sku.sku_id);
        json_put_string(w, "sku_part_number", sku.part_number);
        json_put_string(w, "sku_name", sku.name);
        json_open_array(w, "pools");
        r = put_pools(w, app, t, &sku, all, &why);
        json_close_array(w);
        json_close_object(w);
    }
    if (r < 0)
        command_refuse(call, r, &why);
    else
        command_answer_json(call, 200, w);
}
