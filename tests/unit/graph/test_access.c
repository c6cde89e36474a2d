/* SPDX-License-Identifier: MIT */
/* --check-access against the simulator. */
#include "unit/graph/fixture.h"

struct seen_checks {
    char text[4096]; /* one line a check: "ok|no|FAIL STATUS CALL: TEXT" */
    size_t n;
    bool done, usable;
};

static void on_checked(void *userdata, const struct graph_check *checks, size_t n, bool usable)
{
    struct seen_checks *s = userdata;
    s->done = true;
    s->usable = usable;
    s->n = n;
    for (size_t i = 0; i < n; i++) {
        const struct graph_check *c = &checks[i];
        size_t used = strlen(s->text);
        (void)snprintf(s->text + used, sizeof s->text - used, "%s %d %s: %s\n",
                       c->ok       ? "ok"
                       : c->needed ? "FAIL"
                                   : "no",
                       c->status, c->call, c->text);
        assert_true(c->what_for[0]);
        assert_non_null(c->permission);
    }
}

static struct seen_checks check(struct setup setup)
{
    struct graph_fixture w;
    struct seen_checks s = {0};
    struct failure why = {0};
    fixture_begin(&w, setup);
    assert_int_equal(graph_check_access(w.graph, on_checked, &s, &why), 0);
    assert_int_equal(graph_poll(w.graph, on_polled, &w, &why), -EBUSY);
    while (!s.done)
        if (sd_event_run(w.event, UINT64_MAX) < 0)
            break;
    fixture_poll(&w); /* works afterwards */
    fixture_end(&w);
    return s;
}

static void every_call_is_tried_and_named(void **state)
{
    static const struct {
        const char *why;
        struct setup setup;
        bool usable;
        size_t n;
        const char *words[3];
    } CASES[] = {
        {"all is well",
         {0},
         true,
         5,
         {"ok 200 sign-in: ok\n", "ok 200 GET /admin/cloudLicensing/allotments: ok\n",
          "ok 200 GET /v1.0/subscribedSkus: ok\n"}},
        {"only the better source",
         {.source = SOURCE_OPTION_CLOUD_LICENSING},
         true,
         4,
         {"ok 200 GET /admin/cloudLicensing/allotments/{id}/waitingMembers: ok\n"}},
        {"only the older source",
         {.source = SOURCE_OPTION_SUBSCRIBED_SKUS},
         true,
         3,
         {"ok 200 GET /v1.0/subscribedSkus: ok\n",
          "ok 200 GET /v1.0/directory/subscriptions: ok\n"}},
        {"no dates",
         {.source = SOURCE_OPTION_SUBSCRIBED_SKUS,
          .tenant = TWO_POOLS ",\"deny\":[\"subscriptions\"]"},
         true,
         3,
         {"no 403 GET /v1.0/directory/subscriptions: HTTP 403", "Organization.Read.All"}},
        {"a wrong secret",
         {.secret = "wr0ng"},
         false,
         1,
         {"FAIL 401 sign-in: sign-in was refused", "AADSTS7000215"}},
        {"no secret", {.secret = ""}, false, 1, {"FAIL 0 sign-in: "}},
        {"no permission",
         {.tenant = TWO_POOLS ",\"deny\":[\"allotments\",\"assignmentErrors\",\"subscribedSkus\"]"},
         false,
         4,
         {"FAIL 403 GET /admin/cloudLicensing/allotments", "Directory.Read.All", "request id"}},
        {"permission for the older source only",
         {.tenant = TWO_POOLS ",\"deny\":[\"allotments\",\"assignmentErrors\"]"},
         false,
         4,
         {"FAIL 403 GET /admin/cloudLicensing/allotments: HTTP 403",
          "ok 200 GET /v1.0/subscribedSkus"}},
        {"no errors",
         {.tenant = TWO_POOLS ",\"deny\":[\"assignmentErrors\"]"},
         false,
         5,
         {"FAIL 403 GET /admin/cloudLicensing/assignmentErrors"}},
        {"no waiting lists",
         {.tenant = TWO_POOLS ",\"deny\":[\"waitingMembers\"]"},
         true,
         5,
         {"no 403 GET /admin/cloudLicensing/allotments/{id}/waitingMembers"}},
        {"no API",
         {.tenant = TWO_POOLS ",\"absent\":404"},
         true,
         5,
         {"FAIL 404 GET /admin/cloudLicensing/allotments", "ok 200 GET /v1.0/subscribedSkus",
          "ok 200 GET /v1.0/directory/subscriptions"}},
        {"an option refused",
         {.tenant = TWO_POOLS ",\"refuse\":[\"$expand\"]"},
         true,
         5,
         {"ok without $expand"}},
        {"an empty tenant",
         {.tenant = "\"allotments\":[]"},
         true,
         4,
         {"ok, but the list is empty"}},
        {"a page of HTML",
         {.faults =
              "{\"match\":{\"path\":\"allotments\"},\"times\":1,\"do\":{\"garbage\":\"html\"}}",
          .source = SOURCE_OPTION_CLOUD_LICENSING},
         false,
         3,
         {"text/html instead of JSON"}},
        {"garbage",
         {.faults =
              "{\"match\":{\"path\":\"allotments\"},\"times\":1,\"do\":{\"garbage\":\"array\"}}",
          .source = SOURCE_OPTION_CLOUD_LICENSING},
         false,
         3,
         {"FAIL 200 GET /admin/cloudLicensing/allotments"}},
        {"a redirect",
         {.faults = "{\"match\":{\"path\":\"allotments\"},\"times\":1,\"do\":{\"redirect\":\"http:/"
                    "/127.0.0.1:1/\"}}",
          .source = SOURCE_OPTION_CLOUD_LICENSING},
         false,
         3,
         {"FAIL 302"}},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct seen_checks s = check(CASES[i].setup);
        bool words = true;
        for (size_t k = 0; k < 3 && CASES[i].words[k]; k++)
            words = words && strstr(s.text, CASES[i].words[k]);
        if (s.usable != CASES[i].usable || s.n != CASES[i].n || !words)
            fail_msg("%s: usable %d, %zu checks\n%s", CASES[i].why, s.usable, s.n, s.text);
        assert_null(strstr(s.text, "wr0ng"));
    }
}

static void a_check_goes_with_its_tenant_without_calling_back(void **state)
{
    struct graph_fixture w;
    struct seen_checks s = {0};
    (void)state;
    fixture_begin(&w, (struct setup){0});
    assert_int_equal(graph_check_access(w.graph, on_checked, &s, NULL), 0);
    for (int i = 0; i < 3; i++)
        (void)sd_event_run(w.event, 20000);
    fixture_end(&w);
    assert_false(s.done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_is_tried_and_named),
        cmocka_unit_test(a_check_goes_with_its_tenant_without_calling_back),
    };
    if (http_global_init(NULL) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
