/* SPDX-License-Identifier: MIT */
/* graphsim/sim.c: one request from its first byte to the answer that is ready to leave. */
#include "graphsim/sim.h"
#include "base/clock.h"
#include <stdlib.h>
#include <string.h>

#define DIAGNOSTIC                                                                  \
    "{\"ServerInfo\":{\"DataCenter\":\"Simulated\",\"Slice\":\"E\",\"Ring\":\"1\"," \
    "\"ScaleUnit\":\"001\",\"RoleInstance\":\"SIM00000001\"}}"

/* The address the client used, as far as it is one of ours; links are built on it. */
static void set_origin(struct call *c)
{
    const struct request *r = c->request;
    const char *host = request_header(r, "Host");
    unsigned port = strcmp(r->listener, "https") == 0 ? c->sim->https_port : c->sim->http_port;
    char local[32];
    (void)snprintf(local, sizeof local, "localhost:%u", port);
    if (c->sim->origin)
        (void)snprintf(c->origin, sizeof c->origin, "%s", c->sim->origin);
    else if (host && (strcmp(host, local) == 0 || server_place_has(&c->sim->place, host)))
        (void)snprintf(c->origin, sizeof c->origin, "%s://%s", r->listener, host);
    else
        server_place_url(&c->sim->place, r->listener, (uint16_t)port, c->origin);
}

static bool is_token(const struct call *c)
{
    return c->endpoint && strcmp(c->endpoint, "token") == 0;
}

static bool is_identity(const struct call *c)
{
    return c->endpoint && strcmp(c->endpoint, "identity") == 0;
}

static void identify(struct call *c)
{
    if (is_token(c)) {
        c->tenant = scenario_tenant(c->sim->scenario, c->id);
        return;
    }
    if (is_identity(c)) {
        c->tenant = identity_tenant(c);
        return;
    }
    c->bearer = token_check(c->sim, request_header(c->request, "Authorization"), &c->tenant);
}

static void write_line(const struct call *c)
{
    struct json_writer *line = c->answer->line;
    json_put_string(line, "endpoint", c->endpoint);
    json_put_string(line, "tenant", c->tenant ? c->tenant->id : NULL);
    json_put_string(line, "auth", is_token(c) || is_identity(c) ? NULL : bearer_name(c->bearer));
    json_put_int(line, "poll", c->tenant ? c->tenant->poll : 0);
    json_put_int(line, "state", c->tenant ? (int64_t)c->tenant->state : 0);
    json_put_bool(line, "continuation", odata_get(&c->query, "$skiptoken") != NULL);
    json_put_string(line, "prefer", request_header(c->request, "Prefer"));
    json_put_string(line, "accept_encoding", request_header(c->request, "Accept-Encoding"));
    json_open_object(line, "query");
    for (size_t i = 0; i < c->query.n_options; i++)
        json_put_string(line, c->query.options[i].name, c->query.options[i].value);
    json_close_object(line);
}

static void write_headers(const struct call *c)
{
    struct answer *a = c->answer;
    const char *client = request_header(c->request, "client-request-id");
    if (is_token(c) || is_identity(c))
        return;
    answer_header(a, "request-id", "%s", c->request_id);
    answer_header(a, "client-request-id", "%s", client ? client : c->request_id);
    answer_header(a, "x-ms-ags-diagnostic", "%s", DIAGNOSTIC);
    answer_header(a, "Cache-Control", "no-cache");
    answer_header(a, "OData-Version", "4.0");
    a->compress = c->sim->scenario->gzip;
    a->delay = c->sim->scenario->latency;
}

/* Whether the client was given what it asked for, so that the next first page is another poll. */
static bool is_good(const struct answer *a, const struct script_rule *rule)
{
    return a->status == 200 && !a->close && !a->reset && !a->endless && a->cut_after < 0 &&
           !(rule && json_get(rule->act, "garbage"));
}

static void answer_call(struct call *c)
{
    char why[ODATA_WHY_MAX];
    set_origin(c);
    bool optional = strncmp(c->request->path, "/beta/", 6) == 0; /* '$' is, on beta only */
    if (odata_parse(c->request->query, optional, &c->query, why) < 0)
        c->query_error = why;
    graph_route(c);
    identify(c);
    if (c->tenant) {
        state_arrive(c->sim, c->tenant, c->bearer == BEARER_OK ? c->first : 0);
        c->state = tenant_state(c->tenant);
        if (c->bearer == BEARER_OK) /* the new state may have taken tokens back */
            c->bearer =
                token_check(c->sim, request_header(c->request, "Authorization"), &c->tenant);
    }
    const struct script_context context = {.request = c->request,
                                           .endpoint = c->endpoint,
                                           .tenant = c->tenant ? c->tenant->id : NULL,
                                           .poll = c->tenant ? c->tenant->poll : 0};
    const struct script_rule *rule = script_pick(c->sim->scenario->script, &context);
    write_headers(c);
    bool spoilt = rule && fault_before(c, rule);
    write_line(c);
    if (!spoilt && is_token(c))
        token_answer(c);
    else if (!spoilt && is_identity(c))
        identity_answer(c);
    else if (!spoilt)
        graph_answer(c);
    if (rule)
        fault_after(c, rule);
    if (c->tenant && c->endpoint)
        state_served(c->tenant, c->endpoint, c->bearer == BEARER_OK ? c->first : 0,
                     is_good(c->answer, rule));
}

void sim_answer(void *userdata, const struct request *r, struct answer *ret)
{
    struct sim *sim = userdata;
    struct call c = {.sim = sim, .request = r, .answer = ret};
    if (uuid_v4(c.request_id) < 0)
        abort();
    (void)pthread_mutex_lock(&sim->mutex);
    answer_call(&c);
    (void)pthread_mutex_unlock(&sim->mutex);
    odata_free(&c.query);
    free(c.id);
}

void sim_issued(const struct sim *sim, const char *secret)
{
    CLEANUP(fclose) FILE *f = sim->issued ? fopen(sim->issued, "ae") : NULL;
    if (sim->issued && (!f || fprintf(f, "%s\n", secret) < 0))
        abort();
}

int sim_reload(struct sim *sim, struct failure *ret_failure)
{
    struct scenario *next = NULL;
    int r = scenario_read(sim->scenario_path, &next, ret_failure);
    if (r >= 0)
        r = fault_check(sim, next, ret_failure);
    if (r < 0) {
        scenario_free(next);
        return r;
    }
    (void)pthread_mutex_lock(&sim->mutex);
    struct scenario *last = sim->scenario;
    for (size_t i = 0; last && i < last->n_tenants; i++) {
        struct tenant *same = scenario_tenant(next, last->tenants[i].id);
        if (same) /* what was taken back stays so */
            same->revoked_below = last->tenants[i].revoked_below;
    }
    sim->scenario = next;
    (void)pthread_mutex_unlock(&sim->mutex);
    scenario_free(last);
    return 0;
}
