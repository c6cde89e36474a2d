/* SPDX-License-Identifier: MIT */
/* unit/graph/fixture.h: a tenant of the simulator, and polls of it on a real event loop. */
#pragma once
#include "unit/http/sim.h"

#include "graph/internal.h"
#include "graph/sign_in.h"

#include <errno.h>
#include <setjmp.h>
#include <stddef.h>

#include <cmocka.h>

#define TENANT "11111111-2222-4333-8444-555555555555"
#define CLIENT "99999999-aaaa-4bbb-8ccc-dddddddddddd"

struct graph_fixture {
    struct sim sim;
    sd_event *event;
    struct http *http;
    struct graph *graph;
    char secret_file[128];
    int n_done;
    struct snapshot *snapshot; /* of the last poll */
    struct graph_report report;
};

struct setup {               /* what differs from the ordinary */
    const char *tenant;      /* further members of the tenant in the scenario: "\"page_size\":3" */
    const char *faults;      /* the array's content */
    const char *top;         /* further members at the scenario's top, with a comma behind each */
    const char *certificate; /* https */
    const char *secret;      /* NULL: the right one; "": no file */
    const char *graph_url, *login_url, *proxy, *client_id;
    const char *ca_file;
    enum source_option source;
    uint32_t requests;
    usec_t timeout;
};

/* Two pools, one of them with somebody waiting, and an error. */
#define TWO_POOLS                                                                             \
    "\"allotments\":[{\"id\":\"p1\",\"skuPartNumber\":\"SPE_E5\",\"allottedUnits\":100,"      \
    "\"consumedUnits\":95},{\"id\":\"p2\",\"skuPartNumber\":\"SPE_E3\",\"allottedUnits\":10," \
    "\"consumedUnits\":10,\"waiting\":{\"count\":4,\"since\":\"@now-2h\"}}],"                 \
    "\"errors\":[{\"count\":3,\"code\":\"MissingDependency\"}]"

static inline void on_polled(void *userdata, struct snapshot *snapshot,
                             const struct graph_report *report)
{
    struct graph_fixture *w = userdata;
    w->n_done++;
    snapshot_free(w->snapshot);
    w->snapshot = snapshot;
    w->report = *report;
}

static inline void fixture_begin(struct graph_fixture *w, struct setup setup)
{
    CLEANUP(free)
    char *scenario =
        text_printf("{%s\"tenants\":[{\"id\":\"%s\",\"client_id\":\"%s\",\"client_secret\":\"s3cr&"
                    "t=%%\",%s}],\"faults\":[%s]}",
                    setup.top ? setup.top : "", TENANT, CLIENT,
                    setup.tenant ? setup.tenant : TWO_POOLS, setup.faults ? setup.faults : "");
    struct failure why = {0};
    *w = (struct graph_fixture){0};
    sim_start(&w->sim, scenario, setup.certificate);
    (void)snprintf(w->secret_file, sizeof w->secret_file, "%s/secret", w->sim.dir);
    if (!setup.secret || *setup.secret)
        sim_write(&w->sim, "secret", setup.secret ? setup.secret : "s3cr&t=%\n", 0600);
    char *root = setup.certificate ? w->sim.https : w->sim.http;
    struct graph_options o = {
        .name = (char *)"contoso",
        .tenant_id = (char *)TENANT,
        .client_id = (char *)(setup.client_id ? setup.client_id : CLIENT),
        .client_secret_file = w->secret_file,
        .graph_url = setup.graph_url ? (char *)setup.graph_url : root,
        .login_url = setup.login_url ? (char *)setup.login_url : root,
        .resource = (char *)"",
        .api_version = (char *)"beta",
        .source = setup.source,
        .requests = setup.requests ? setup.requests : 6,
        .timeout = setup.timeout ? setup.timeout : 20 * USEC_PER_SEC,
    };
    struct http_options h = {
        .ca_file = setup.ca_file       ? setup.ca_file
                   : setup.certificate ? w->sim.ca_file
                                       : NULL,
        .proxy = setup.proxy,
        .user_agent = "seatwatchd/test",
    };
    int r = sd_event_new(&w->event);
    if (r >= 0)
        r = http_new(w->event, &h, &w->http, &why);
    if (r >= 0)
        r = graph_new(&o, w->http, w->event, &w->graph, &why);
    if (r < 0)
        fail_msg("setup: %s", why.text);
    w->graph->backoff = 2000; /* the waits are real, only shorter */
}

static inline void fixture_end(struct graph_fixture *w)
{
    graph_free(w->graph);
    http_free(w->http);
    sd_event_unref(w->event);
    snapshot_free(w->snapshot);
    sim_stop(&w->sim);
}

static inline void fixture_poll(struct graph_fixture *w)
{
    struct failure why = {0};
    int before = w->n_done;
    if (graph_poll(w->graph, on_polled, w, &why) < 0)
        fail_msg("poll: %s", why.text);
    assert_int_equal(w->n_done, before); /* never from inside */
    while (w->n_done == before)
        if (sd_event_run(w->event, UINT64_MAX) < 0)
            fail_msg("the loop broke");
    assert_int_equal(w->n_done, before + 1);
    assert_non_null(w->snapshot);
    assert_false(graph_polling(w->graph));
    assert_int_equal(w->report.complete, snapshot_complete(w->snapshot));
    assert_int_equal(w->report.complete, w->report.failure.text[0] == '\0');
    /* the report counts what the simulator saw */
}

/* Requests for an endpoint so far. */
static inline int asked(const struct graph_fixture *w, const char *endpoint)
{
    char needle[64];
    (void)snprintf(needle, sizeof needle, "\"endpoint\":\"%s\"", endpoint);
    return sim_count(&w->sim, needle, NULL);
}

static inline const struct allotment *pool(const struct graph_fixture *w, const char *id)
{
    const struct allotment *a = snapshot_find(w->snapshot, id);
    if (!a)
        fail_msg("there is no pool %s", id);
    return a;
}
