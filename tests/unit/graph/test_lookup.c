/* SPDX-License-Identifier: MIT */
/* Look-ups against the simulator: which call each section is, and what a failed one leaves. */
#include "unit/graph/fixture.h"

#include "graph/lookup.h"

#define SKU_1 "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
#define SKU_2 "c7df2760-2c81-4ef7-b578-5b5392b571df"
#define PLAN "efb87545-963c-4e0d-99df-69c6916d9eb0"
#define POOL                                                                    \
    "{\"id\":\"p1\",\"allottedUnits\":5,\"consumedUnits\":4,\"skuId\":\"" SKU_1 \
    "\",\"skuPartNumber\":\"SPE_E5\"}"
#define GROUP "{\"@odata.type\":\"#microsoft.graph.group\",\"id\":\"g1\"}"
#define RIGHT_1                                                                                  \
    "{\"id\":\"r 1\",\"skuId\":\"" SKU_1                                                         \
    "\",\"skuPartNumber\":\"SPE_E5\",\"services\":[{\"planId\":"                                 \
    "\"" PLAN "\",\"planName\":\"MAIL\"}],\"assignments\":[{\"id\":\"a1\",\"assignedTo\":" GROUP \
    "}],\"allotments\":[" POOL "]}"
#define RIGHT_2 "{\"id\":\"r2\",\"skuId\":\"" SKU_2 "\",\"skuPartNumber\":\"E3\",\"services\":[]}"
#define PEOPLE                                                                                \
    "\"people\":{\"users\":{\"a+b@contoso.com\":{\"usageRights\":[" RIGHT_1 "," RIGHT_2       \
    "],\"assignments\":[{\"id\":\"a1\",\"disabledServicePlanIds\":[],\"allotment\":" POOL     \
    ",\"assignedTo\":" GROUP "}],\"waitingMembers\":[{\"id\":\"w\",\"waitingSinceDateTime\":" \
    "\"@now-2h\",\"allotment\":" POOL "}],\"assignmentErrors\":[{\"id\":\"e\",\"code\":"      \
    "\"MissingDependency\",\"skuId\":\"" SKU_2 "\"}],\"licenseDetails\":[{\"id\":\"l\","      \
    "\"skuId\":\"" SKU_1 "\",\"skuPartNumber\":\"SPE_E5\",\"servicePlans\":[]}]}},"           \
    "\"groups\":{\"g1\":{\"usageRights\":[" RIGHT_1                                           \
    "]}},\"devices\":{\"d1\":{\"usageRights\":[" RIGHT_2                                      \
    "],\"waitingMembers\":[{\"id\":\"w\",\"allotment\":" POOL "}]}}}"
#define ALL \
    (1U << RIGHTS_HELD | 1U << RIGHTS_ASSIGNMENTS | 1U << RIGHTS_WAITING | 1U << RIGHTS_ERRORS)

struct seeker {
    struct graph_fixture w;
    struct rights *rights;
    struct lookup_report report;
    int n_done;
};

static void on_done(void *userdata, struct rights *rights, const struct lookup_report *report)
{
    struct seeker *s = userdata;
    s->n_done++;
    rights_free(s->rights);
    s->rights = rights;
    s->report = *report;
}

static void begin(struct seeker *s, const char *more, const char *faults)
{
    CLEANUP(free) char *tenant = text_printf("%s%s", PEOPLE, more);
    *s = (struct seeker){0};
    fixture_begin(&s->w, (struct setup){.tenant = tenant, .faults = faults});
}

static void end(struct seeker *s)
{
    rights_free(s->rights);
    fixture_end(&s->w);
}

static const struct rights *look_up_within(struct seeker *s, struct lookup_request rq, usec_t timeout)
{
    struct failure why = {0};
    int before = s->n_done;
    rq.who = rq.who ? rq.who : "a+b@contoso.com";
    rq.shown = "user x";
    if (graph_lookup(s->w.graph, &rq, timeout, on_done, s, &why) < 0)
        fail_msg("%s", why.text);
    assert_int_equal(s->n_done, before); /* never from inside */
    while (s->n_done == before)
        assert_true(sd_event_run(s->w.event, UINT64_MAX) >= 0);
    return s->rights;
}

static const struct rights *look_up(struct seeker *s, struct lookup_request rq)
{
    return look_up_within(s, rq, 10 * USEC_PER_SEC);
}

static void every_section_of_a_user_is_one_request(void **state)
{
    struct seeker s;
    (void)state;
    begin(&s, "", "");
    const struct rights *r = look_up(&s, (struct lookup_request){.sections = ALL});
    for (int i = 0; i < RIGHTS_SECTIONS_; i++)
        if (r->section[i] != SECTION_COMPLETE)
            fail_msg("section %d: %s", i, s.report.failure[i].text);
    assert_int_equal(s.report.requests, 5); /* and a token */
    assert_int_equal(r->n_rights, 2);
    assert_string_equal(r->assignment[0].group_id, "g1");
    assert_string_equal(r->assignment[0].sku_part_number, "SPE_E5");
    assert_string_equal(r->wait[0].allotment_id, "p1");
    assert_true(r->wait[0].since_at > 0);
    assert_string_equal(r->error[0].code, "MissingDependency");
    end(&s);
}

static void groups_and_devices_are_asked_for_what_they_have(void **state)
{
    struct seeker s;
    (void)state;
    begin(&s, "", "");
    const struct rights *g =
        look_up(&s, (struct lookup_request){.kind = PRINCIPAL_GROUP, .who = "g1", .sections = ALL});
    assert_int_equal(g->section[RIGHTS_HELD], SECTION_COMPLETE);
    assert_int_equal(g->section[RIGHTS_WAITING], SECTION_NOT_OFFERED);
    assert_int_equal(g->section[RIGHTS_ERRORS], SECTION_NOT_OFFERED);
    const struct rights *d =
        look_up(&s, (struct lookup_request){.kind = PRINCIPAL_DEVICE, .who = "d1", .sections = ALL});
    assert_string_equal(d->right[0].sku_part_number, "E3");
    assert_int_equal(d->n_waits, 1);
    assert_int_equal(d->section[RIGHTS_ERRORS], SECTION_NOT_OFFERED);
    end(&s);
}

static void filters_choose_rights_by_sku_and_by_plan(void **state)
{
    static const struct {
        const char *sku, *plan;
        size_t n;
    } CASES[] = {{SKU_1, NULL, 1}, {NULL, PLAN, 1}, {SKU_1, PLAN, 1}, {SKU_2, PLAN, 0}};
    struct seeker s;
    (void)state;
    begin(&s, "", "");
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        const struct rights *r = look_up(&s, (struct lookup_request){.sections = 1U << RIGHTS_HELD,
                                                                     .sku_id = CASES[i].sku,
                                                                     .plan_id = CASES[i].plan});
        assert_int_equal(r->section[RIGHTS_HELD], SECTION_COMPLETE);
        assert_int_equal(r->n_rights, CASES[i].n);
    }
    end(&s);
}

static void one_right_is_read_with_its_assignments_or_its_pools(void **state)
{
    struct seeker s;
    struct lookup_request rq = {
        .sections = 1U << RIGHTS_HELD, .right_id = "r 1", .expand = LOOKUP_EXPAND_ASSIGNMENTS};
    (void)state;
    begin(&s, "", "");
    const struct rights *r = look_up(&s, rq);
    assert_int_equal(r->n_rights, 1);
    assert_int_equal(r->right[0].n_assignments, 1);
    assert_false(r->right[0].pools_known);
    rq.expand = LOOKUP_EXPAND_ALLOTMENTS;
    r = look_up(&s, rq);
    assert_int_equal(r->right[0].pool[0].allotted, 5);
    rq.sections = 1U << RIGHTS_ASSIGNMENTS;
    r = look_up(&s, rq);
    assert_int_equal(r->n_assignments, 1);
    assert_string_equal(r->assignment[0].group_id, "g1");
    end(&s);
}

static void the_older_source_knows_what_users_have_and_nothing_else(void **state)
{
    struct seeker s;
    (void)state;
    begin(&s, "", "");
    graph_set_answered(s.w.graph, SOURCE_SUBSCRIBED_SKUS);
    const struct rights *r = look_up(&s, (struct lookup_request){.sections = ALL});
    assert_int_equal(r->source, SOURCE_SUBSCRIBED_SKUS);
    assert_int_equal(r->n_rights, 1);
    assert_int_equal(r->section[RIGHTS_ASSIGNMENTS], SECTION_NOT_OFFERED);
    assert_int_equal(asked(&s.w, "licenseDetails"), 1);
    r = look_up(&s, (struct lookup_request){.kind = PRINCIPAL_GROUP, .who = "g1", .sections = ALL});
    assert_int_equal(r->section[RIGHTS_HELD], SECTION_NOT_OFFERED);
    end(&s);
}

static void a_section_that_fails_says_why_and_leaves_the_others(void **state)
{
    static const struct {
        const char *more, *faults, *who;
        enum failure_kind kind;
        const char *words;
        bool others;
    } CASES[] = {
        {",\"deny\":[\"usageRights\"]", "", NULL, FAILURE_PERMISSION, "User-UsageRight.Read.All",
         true},
        {"", "", "nobody@contoso.com", FAILURE_CONFIG, "has no such user", false},
        {"",
         "{\"path\":\"usageRights\",\"do\":{\"status\":404,\"body\":{\"error\":{\"code\":"
         "\"NotFound\"}}}}",
         NULL, FAILURE_ABSENT, "does not offer this call", true},
        {"", "{\"path\":\"usageRights\",\"do\":{\"status\":503}}", NULL, FAILURE_UNAVAILABLE,
         "HTTP 503", false},
        {"", "{\"path\":\"usageRights\",\"do\":{\"status\":500}}", NULL, FAILURE_UNAVAILABLE,
         "HTTP 500", true},
        {"", "{\"path\":\"usageRights\",\"do\":{\"body\":\"{\\\"value\\\":7}\"}}", NULL,
         FAILURE_PROTOCOL, "no array", true},
        {"",
         "{\"path\":\"usageRights\",\"do\":{\"body\":\"<html>\",\"headers\":{\"Content-Type\":"
         "\"text/html\"}}}",
         NULL, FAILURE_TRANSIENT, "text/html instead of JSON", true},
        {"", "{\"path\":\"usageRights\",\"do\":{\"status\":404,\"garbage\":\"html\"}}", NULL,
         FAILURE_TRANSIENT, "HTTP 404 with text/html instead of JSON", true},
        {"",
         "{\"path\":\"usageRights\",\"do\":{\"body\":\"{\\\"value\\\":[],\\\"@odata.nextLink\\\":"
         "\\\"https://evil.example/beta/x\\\"}\"}}",
         NULL, FAILURE_SECURITY, "", true},
        {"", "{\"path\":\"usageRights\",\"do\":{\"status\":401}}", NULL, FAILURE_AUTH, "HTTP 401",
         false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct seeker s;
        begin(&s, CASES[i].more, CASES[i].faults);
        const struct rights *r =
            look_up(&s, (struct lookup_request){.sections = ALL, .who = CASES[i].who});
        const struct failure *f = &s.report.failure[RIGHTS_HELD];
        if (r->section[RIGHTS_HELD] != SECTION_UNKNOWN || r->n_rights || f->kind != CASES[i].kind ||
            !strstr(f->text, CASES[i].words) || !strstr(f->text, "for user x"))
            fail_msg("case %zu: kind %s: %s", i, failure_kind_name(f->kind), f->text);
        assert_int_equal(r->section[RIGHTS_ERRORS],
                         CASES[i].others ? SECTION_COMPLETE : SECTION_UNKNOWN);
        assert_null(strstr(f->text, "contoso.com"));
        end(&s);
    }
}

static void a_refused_token_is_renewed_once_and_a_refused_option_left_out(void **state)
{
    struct seeker s;
    (void)state;
    begin(&s, ",\"refuse\":[]",
          "{\"path\":\"usageRights\",\"at\":1,\"do\":{\"status\":401}},"
          "{\"path\":\"usageRights\",\"at\":2,\"match\":{\"query_has\":\"select\"},\"do\":{"
          "\"status\":400}}");
    const struct rights *r = look_up(&s, (struct lookup_request){.sections = 1U << RIGHTS_HELD});
    if (r->section[RIGHTS_HELD] != SECTION_COMPLETE)
        fail_msg("%s", s.report.failure[RIGHTS_HELD].text);
    assert_int_equal(asked(&s.w, "token"), 2);
    assert_int_equal(asked(&s.w, "usageRights"), 3);
    end(&s);
}

static void one_look_up_at_a_time_and_no_callback_after_cancel(void **state)
{
    struct seeker s;
    struct failure why = {0};
    const struct lookup_request rq = {.who = "a", .shown = "a", .sections = 1U << RIGHTS_HELD};
    (void)state;
    begin(&s, "", "");
    assert_int_equal(graph_lookup(s.w.graph, &rq, USEC_PER_SEC, on_done, &s, &why), 0);
    assert_int_equal(graph_lookup(s.w.graph, &rq, USEC_PER_SEC, on_done, &s, &why), -EBUSY);
    assert_int_equal(graph_poll(s.w.graph, on_polled, &s.w, &why), -EBUSY);
    graph_lookup_cancel(s.w.graph);
    fixture_poll(&s.w);
    assert_int_equal(s.n_done, 0);
    const struct lookup_request bad = {.who = "../x", .shown = "a", .sections = 1U << RIGHTS_HELD};
    assert_int_equal(graph_lookup(s.w.graph, &bad, USEC_PER_SEC, on_done, &s, &why), -EINVAL);
    end(&s);
}

static void a_sign_in_that_outlasts_its_look_up_is_given_up_with_it(void **state)
{
    struct seeker s;
    (void)state;
    begin(&s, "", "{\"path\":\"token\",\"at\":1,\"do\":{\"delay_ms\":30000}}");
    const struct rights *r =
        look_up_within(&s, (struct lookup_request){.sections = 1U << RIGHTS_HELD}, USEC_PER_SEC / 5);
    assert_int_equal(r->section[RIGHTS_HELD], SECTION_UNKNOWN);
    fixture_poll(&s.w); /* signs in anew */
    assert_int_equal(look_up(&s, (struct lookup_request){.sections = 1U << RIGHTS_HELD})->section[RIGHTS_HELD],
                     SECTION_COMPLETE);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_section_of_a_user_is_one_request),
        cmocka_unit_test(groups_and_devices_are_asked_for_what_they_have),
        cmocka_unit_test(filters_choose_rights_by_sku_and_by_plan),
        cmocka_unit_test(one_right_is_read_with_its_assignments_or_its_pools),
        cmocka_unit_test(the_older_source_knows_what_users_have_and_nothing_else),
        cmocka_unit_test(a_section_that_fails_says_why_and_leaves_the_others),
        cmocka_unit_test(a_refused_token_is_renewed_once_and_a_refused_option_left_out),
        cmocka_unit_test(one_look_up_at_a_time_and_no_callback_after_cancel),
        cmocka_unit_test(a_sign_in_that_outlasts_its_look_up_is_given_up_with_it),
    };
    if (http_global_init(NULL) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
