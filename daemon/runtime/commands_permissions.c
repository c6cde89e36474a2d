/* SPDX-License-Identifier: MIT */
/* runtime/commands_permissions.c: the permissions that the configuration of each tenant needs. No request is made:
 * --check-access tries whether they were granted. */
#include "runtime/commands_permissions.h"

#include "base/text.h"
#include "graph/app_entry.h"
#include "graph/detail.h"
#include "runtime/app.h"
#include "runtime/command_answer.h"
#include "runtime/find.h"
#include "runtime/tenant.h"

#define ANSWER_MAX (16u << 20)

static void put_need(struct json_writer *w, const char *permission, const char *call, const char *what_for, bool required)
{
    json_open_object(w, NULL);
    json_put_string(w, "permission", permission);
    json_put_string(w, "call", call);
    json_put_string(w, "what_for", what_for);
    json_put_bool(w, "required", required);
    json_close_object(w);
}

/* Whether usage_rights has an entry of this tenant about a user, or about a group. */
static bool has_right(const struct tenant *t, enum principal_kind kind)
{
    const struct rule_options *o = &t->app->options->rules;
    const struct tenant_identity *who = &t->options->identity;
    for (size_t i = 0; i < o->n_rights; i++) {
        const struct right_need *need = &o->right[i];
        bool of_tenant = text_equal_nocase(need->tenant, who->name) || text_equal_nocase(need->tenant, who->tenant_id);
        if (of_tenant && (kind == PRINCIPAL_USER ? need->user : need->group))
            return true;
    }
    return false;
}

static void put_tenant(struct json_writer *w, const struct tenant *t)
{
    static const struct {
        enum principal_kind kind;
        const char *call;
    } KINDS[] = {{PRINCIPAL_USER, "GET /users/{id}/cloudLicensing/usageRights"},
                 {PRINCIPAL_GROUP, "GET /groups/{id}/cloudLicensing/usageRights"}};
    struct graph_check call[GRAPH_CALLS_MAX];
    size_t n = graph_calls(&t->options->graph, call);
    json_open_object(w, NULL);
    json_put_string(w, "tenant", t->options->identity.name);
    json_open_array(w, "needs");
    for (size_t i = 0; i < n; i++)
        put_need(w, call[i].permission, call[i].call, call[i].what_for, call[i].needed);
    for (size_t i = 0; i < N_ELEMENTS(KINDS); i++)
        if (has_right(t, KINDS[i].kind))
            put_need(w, detail_permission(KINDS[i].kind), KINDS[i].call, "usage_rights of the configuration", true);
    if (t->options->graph.auth == AUTH_CLIENT_SECRET && text_equal(t->options->client_secret_expires, "auto"))
        put_need(w, APP_ENTRY_PERMISSION, "GET /v1.0/applications(appId='...')", "when the client secret ends", false);
    json_close_array(w);
    json_close_object(w);
}

void command_get_permissions(void *userdata, struct control_call *call)
{
    struct app *app = userdata;
    struct tenant *only;
    if (!find_named_tenant(app, call, &only))
        return;
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(ANSWER_MAX);
    if (w) {
        json_writer_clean(w);
        json_open_object(w, NULL);
        json_open_array(w, "tenants");
        for (size_t i = 0; i < app->n_tenants; i++)
            if (app->tenant[i].options->enabled && !app->tenant[i].options->broken && (!only || only == &app->tenant[i]))
                put_tenant(w, &app->tenant[i]);
        json_close_array(w);
        json_close_object(w);
    }
    command_answer_json(call, 200, w);
}
