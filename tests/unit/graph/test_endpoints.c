/* SPDX-License-Identifier: MIT */
/* Every endpoint that is ever called, and answers that are none: each is a failure with a name, and
 * nothing is believed. */
#include "unit/graph/fixture.h"

#include "graph/app_entry.h"
#include "graph/lookup.h"

#define USER "a@contoso.com"
#define TENANT_HAS                                                                              \
    "\"inline\":\"omit\",\"allotments\":[{\"id\":\"p\",\"skuId\":\"06ebc4ee-1bb5-47dd-8120-"    \
    "11324bc54e06\",\"skuPartNumber\":\"E5\",\"allottedUnits\":5,\"consumedUnits\":"            \
    "5}],\"errors\":[{\"count\":2}],\"identity\":{},\"application\":{\"passwordCredentials\":[" \
    "{\"hint\":\"s3c\",\"endDateTime\":\"@now+40d\"}]},\"people\":{\"users\":{\"" USER          \
    "\":{\"usageRights\":[],\"assignments\":[],\"waitingMembers\":[],\"assignmentErrors\":[],"  \
    "\"licenseDetails\":[]}}}"

enum how { POLL, LOOK_UP, ENTRY, MACHINE };
static const struct endpoint {
    const char *name; /* the simulator's */
    enum how how;
    bool fallback;
    int which; /* LOOK_UP: enum rights_section; MACHINE: enum identity_host */
} ENDPOINTS[] = {
    {"allotments", POLL, false, 0},
    {"waitingMembers", POLL, false, 0},
    {"assignmentErrors", POLL, false, 0},
    {"subscribedSkus", POLL, true, 0},
    {"subscriptions", POLL, true, 0},
    {"usageRights", LOOK_UP, false, RIGHTS_HELD},
    {"userAssignments", LOOK_UP, false, RIGHTS_ASSIGNMENTS},
    {"userWaiting", LOOK_UP, false, RIGHTS_WAITING},
    {"userErrors", LOOK_UP, false, RIGHTS_ERRORS},
    {"licenseDetails", LOOK_UP, true, RIGHTS_HELD},
    {"application", ENTRY, false, 0},
    {"token", POLL, false, 0},
    {"identity", MACHINE, false, IDENTITY_VM},
    {"identity", MACHINE, false, IDENTITY_ARC},
};

/* One answer a request; the last one goes on. */
static char *rules(const char *endpoint, const char *const *answer, size_t n)
{
    struct text t = TEXT_INIT(1 << 16);
    for (size_t i = 0; i < n; i++)
        text_addf(&t, "%s{\"path\":\"%s\",\"from\":%zu,%s\"do\":{%s}}", i ? "," : "", endpoint,
                  i + 1, i + 1 < n ? "\"times\":1," : "", answer[i]);
    return text_take(&t);
}

struct outcome {
    bool done, believed;
    struct failure failure;
};

static void on_rights(void *userdata, struct rights *rights, const struct lookup_report *report)
{
    struct outcome *o = userdata;
    o->done = true;
    for (int s = 0; s < RIGHTS_SECTIONS_; s++) {
        o->believed = o->believed || rights->section[s] == SECTION_COMPLETE;
        if (report->failure[s].text[0])
            o->failure = report->failure[s];
    }
    rights_free(rights);
}

static void on_entry(void *userdata, usec_t ends_at, const struct failure *why)
{
    struct outcome *o = userdata;
    *o = (struct outcome){.done = true, .believed = ends_at != 0, .failure = *why};
}

static struct outcome polled(const struct graph_fixture *w, const struct endpoint *e)
{
    const struct snapshot *s = w->snapshot;
    struct outcome o = {true, w->report.complete, w->report.failure};
    if (strcmp(e->name, "waitingMembers") == 0) {
        o.believed = pool(w, "p")->waiting.section != SECTION_UNKNOWN;
    } else if (strcmp(e->name, "assignmentErrors") == 0) {
        o.believed = s->errors != SECTION_UNKNOWN;
    } else if (strcmp(e->name, "subscriptions") == 0) { /* costs the dates only, which is noted */
        o.believed = s->n_allotments != 1 || s->allotment[0].subscriptions_known;
        (void)failure_set(&o.failure, FAILURE_PROTOCOL, EBADMSG, "%s", w->report.note);
        w->graph->service.subscriptions_refused = false; /* the warning is logged once per transition */
    } else {
        o.believed = s->allotments != SECTION_UNKNOWN;
    }
    return o;
}

static struct outcome ask(struct graph_fixture *w, const struct endpoint *e)
{
    const struct lookup_request rq = {.who = USER, .shown = "user x", .sections = 1U << e->which};
    struct outcome o = {0};
    struct failure why = {0};
    int r = 0;
    if (e->how == LOOK_UP)
        r = graph_lookup(w->graph, &rq, 10 * USEC_PER_SEC, on_rights, &o, &why);
    else if (e->how == ENTRY)
        r = graph_ask_entry(w->graph, on_entry, &o, &why);
    else
        fixture_poll(w);
    if (r < 0)
        fail_msg("%s: %s", e->name, why.text);
    if (e->how == POLL || e->how == MACHINE)
        return polled(w, e);
    while (!o.done)
        assert_true(sd_event_run(w->event, UINT64_MAX) >= 0);
    return o;
}

static void begin(struct graph_fixture *w, const struct endpoint *e, const char *const *answer,
                  size_t n)
{
    CLEANUP(free) char *faults = rules(e->name, answer, n);
    fixture_begin(w, (struct setup){.tenant = TENANT_HAS,
                                    .faults = faults,
                                    .source = e->fallback ? SOURCE_OPTION_SUBSCRIBED_SKUS
                                                          : SOURCE_OPTION_CLOUD_LICENSING});
    w->graph->backoff = 100;
    if (e->how == MACHINE) {
        w->graph->o.auth = AUTH_MANAGED_IDENTITY;
        w->graph->o.identity_host = (enum identity_host)e->which;
        free(TAKE(w->graph->o.client_id)); /* the machine's own one */
    }
    if (e->how == LOOK_UP && e->fallback)
        graph_set_answered(w->graph, SOURCE_SUBSCRIBED_SKUS);
    if (e->how == ENTRY)
        fixture_poll(w); /* for the token */
}

static void other_2xx_statuses_are_failures(void **state)
{
    static const int STATUSES[] = {201, 202, 203, 204, 205, 206, 226, 299};
    char answer[N_ELEMENTS(STATUSES)][32];
    const char *answers[N_ELEMENTS(STATUSES)];
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(STATUSES); i++) {
        (void)snprintf(answer[i], sizeof answer[i], "\"status\":%d", STATUSES[i]);
        answers[i] = answer[i];
    }
    for (size_t k = 0; k < N_ELEMENTS(ENDPOINTS); k++) {
        struct graph_fixture w;
        begin(&w, &ENDPOINTS[k], answers, N_ELEMENTS(answers));
        for (size_t i = 0; i < N_ELEMENTS(STATUSES); i++) {
            char words[16];
            struct outcome o = ask(&w, &ENDPOINTS[k]);
            (void)snprintf(words, sizeof words, "HTTP %d", STATUSES[i]);
            if (o.believed || o.failure.kind != FAILURE_PROTOCOL || !strstr(o.failure.text, words))
                fail_msg("%s, %s: believed %d, %s: %s", ENDPOINTS[k].name, words, o.believed,
                         failure_kind_name(o.failure.kind), o.failure.text);
        }
        fixture_end(&w);
    }
}

static void foreign_200_bodies_are_failures(void **state)
{
    static const char *const ANSWERS[] = {
        "\"status\":200,\"garbage\":\"html\"",
        "\"status\":200,\"garbage\":\"empty\"",
        "\"status\":200,\"garbage\":\"truncated_json\"",
        "\"status\":200,\"garbage\":\"bad_utf8\"",
        "\"status\":200,\"garbage\":\"trailing\"",
        "\"status\":200,\"garbage\":\"deep\"",
        "\"status\":200,\"garbage\":\"null\"",
        "\"status\":200,\"garbage\":\"array\"",
        "\"status\":200,\"garbage\":\"no_value\"",
        "\"status\":200,\"garbage\":\"value_null\"",
        "\"status\":200,\"garbage\":\"value_object\"",
        "\"status\":200,\"garbage\":\"error_in_200\"",
        "\"status\":200,\"garbage\":\"not_gzip\"",
    };
    (void)state;
    for (size_t k = 0; k < N_ELEMENTS(ENDPOINTS); k++) {
        struct graph_fixture w;
        begin(&w, &ENDPOINTS[k], ANSWERS, N_ELEMENTS(ANSWERS));
        while (asked(&w, ENDPOINTS[k].name) < (int)N_ELEMENTS(ANSWERS)) {
            struct outcome o = ask(&w, &ENDPOINTS[k]);
            if (o.believed || !o.failure.text[0] || o.failure.kind == FAILURE_AUTH ||
                o.failure.kind == FAILURE_PERMISSION)
                fail_msg("%s, after %d answers: believed %d, %s: %s", ENDPOINTS[k].name,
                         asked(&w, ENDPOINTS[k].name), o.believed,
                         failure_kind_name(o.failure.kind), o.failure.text);
        }
        fixture_end(&w);
    }
}

/* Otherwise the above would prove nothing. */
static void genuine_answers_are_accepted(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_ELEMENTS(ENDPOINTS); k++) {
        struct graph_fixture w;
        if (ENDPOINTS[k].how == MACHINE && ENDPOINTS[k].which == IDENTITY_ARC)
            continue; /* needs a key file: test_sign_in.c */
        begin(&w, &ENDPOINTS[k], NULL, 0);
        struct outcome o = ask(&w, &ENDPOINTS[k]);
        if (!o.believed)
            fail_msg("%s: %s", ENDPOINTS[k].name, o.failure.text);
        fixture_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_2xx_statuses_are_failures),
        cmocka_unit_test(foreign_200_bodies_are_failures),
        cmocka_unit_test(genuine_answers_are_accepted),
    };
    if (http_global_init(NULL) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
