/* SPDX-License-Identifier: MIT */
/* Signing in: when a token is asked for, how often, and what a refusal says. See "Identity"
 * in tests/README.md. */
#include "unit/graph/fixture.h"
#include "unit/http/peer.h"

static void a_token_is_renewed_before_it_ends(void **state)
{
    static const struct {
        usec_t lifetime, after;
    } CASES[] = {
        {60 * USEC_PER_SEC, 30 * USEC_PER_SEC}, /* too short for five minutes */
        {10 * USEC_PER_MINUTE, 5 * USEC_PER_MINUTE},
        {11 * USEC_PER_MINUTE, 6 * USEC_PER_MINUTE},
        {3599 * USEC_PER_SEC, 3299 * USEC_PER_SEC},
        {2 * USEC_PER_HOUR, 115 * USEC_PER_MINUTE},
        {2 * USEC_PER_HOUR + USEC_PER_SEC, USEC_PER_HOUR + USEC_PER_SEC / 2},
        {24 * USEC_PER_HOUR, 12 * USEC_PER_HOUR},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        assert_int_equal(token_renew_after(CASES[i].lifetime), CASES[i].after);
}

static void the_form_says_what_the_flow_page_asks_for(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(&w, (struct setup){0}); /* the secret has characters that must be encoded */
    fixture_poll(&w);
    assert_int_equal(sim_count(&w.sim, "\"endpoint\":\"token\"", "\"secret\":\"right\""), 1);
    assert_int_equal(sim_count(&w.sim, "\"grant_type\":\"client_credentials\"",
                               "\"scope\":\"https://graph.microsoft.com/.default\""),
                     1);
    CLEANUP(free) char *ledger = sim_ledger(&w.sim);
    assert_null(strstr(ledger, "s3cr&t"));
    fixture_end(&w);
}

/* The status outranks every word of the body, and a 200 may hold Entra's word for "later". */
static void a_passing_fault_of_the_sign_in_passes_whatever_its_body_says(void **state)
{
    static const char *const ANSWERS[] = {
        "\"status\":503,\"body\":{\"error\":\"server_error\",\"error_codes\":[50087]}",
        "\"status\":500,\"body\":{\"error\":\"invalid_client\",\"error_codes\":[7000215]}",
        "\"status\":408,\"body\":{\"error\":\"invalid_client\"}",
        "\"status\":429,\"body\":{\"error\":\"invalid_request\",\"error_codes\":[90002]}",
        "\"status\":501,\"body\":{\"error\":\"unauthorized_client\"}",
        "\"status\":200,\"body\":{\"error\":\"temporarily_unavailable\"}",
        "\"status\":401,\"garbage\":\"html\"",
        "\"status\":503,\"garbage\":\"html\"",
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(ANSWERS); i++) {
        struct graph_fixture w;
        CLEANUP(free)
        char *faults = text_printf("{\"path\":\"token\",\"at\":1,\"do\":{%s}}", ANSWERS[i]);
        fixture_begin(&w, (struct setup){.faults = faults});
        fixture_poll(&w);
        if (!w.report.complete || asked(&w, "token") != 2)
            fail_msg("%s: %d requests, %s", ANSWERS[i], asked(&w, "token"), w.report.failure.text);
        fixture_end(&w);
    }
}

static void a_refused_sign_in_is_asked_for_once_and_says_what_to_do(void **state)
{
    static const struct {
        const char *why;
        struct setup setup;
        enum failure_kind kind;
        const char *words;
        int requests;
    } CASES[] = {
        {"wrong secret", {.secret = "wr0ng"}, FAILURE_AUTH, "AADSTS7000215", 1},
        {"unknown application",
         {.client_id = "77777777-7777-4777-8777-777777777777"},
         FAILURE_AUTH,
         "AADSTS700016",
         1},
        {"expired secret",
         {.tenant = TWO_POOLS ",\"sign_in\":7000222"},
         FAILURE_AUTH,
         "AADSTS7000222",
         1},
        {"no consent", {.tenant = TWO_POOLS ",\"sign_in\":65001"}, FAILURE_AUTH, "AADSTS65001", 1},
        {"transient",
         {.tenant = TWO_POOLS ",\"sign_in\":90033"},
         FAILURE_UNAVAILABLE,
         "AADSTS90033",
         5},
        {"no file", {.secret = ""}, FAILURE_CONFIG, "secret", 0},
        {"an empty file", {.secret = "\n"}, FAILURE_CONFIG, "secret", 0},
        {"HTML",
         {.faults = "{\"match\":{\"path\":\"token\"},\"do\":{\"garbage\":\"html\"}}"},
         FAILURE_TRANSIENT,
         "HTTP 200 with text/html instead of JSON (a proxy or filter?)",
         5},
        {"HTML with a status",
         {.faults =
              "{\"match\":{\"path\":\"token\"},\"do\":{\"status\":403,\"garbage\":\"html\"}}"},
         FAILURE_TRANSIENT,
         "HTTP 403 with text/html instead of JSON (a proxy or filter?): <!DOCTYPE html>",
         5},
        {"a number that nobody knows",
         {.faults = "{\"match\":{\"path\":\"token\"},\"do\":{\"status\":400,\"body\":{\"error\":"
                    "\"invalid_grant\",\"error_codes\":[50087],\"error_description\":"
                    "\"AADSTS50087: It rains.\\r\\nTrace ID: x\"}}}"},
         FAILURE_AUTH,
         "invalid_grant (AADSTS50087); Entra says: AADSTS50087: It rains.",
         1},
        {"a token with a line break",
         {.faults = "{\"match\":{\"path\":\"token\"},\"do\":{\"body\":{\"token_type\":\"Bearer\","
                    "\"expires_in\":3599,\"access_token\":\"a\\nb\"}}}"},
         FAILURE_PROTOCOL,
         "not a token",
         1},
        {"an absent endpoint",
         {.faults = "{\"match\":{\"path\":\"token\"},\"do\":{\"status\":404,\"body\":\"\"}}"},
         FAILURE_TRANSIENT,
         "HTTP 404 with an empty body instead of JSON",
         5},
        {"server errors",
         {.faults = "{\"match\":{\"path\":\"token\"},\"do\":{\"status\":500,\"body\":\"\"}}"},
         FAILURE_TRANSIENT,
         "HTTP 500",
         5},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        fixture_begin(&w, CASES[i].setup);
        fixture_poll(&w);
        if (w.report.failure.kind != CASES[i].kind ||
            !strstr(w.report.failure.text, CASES[i].words) ||
            !strstr(w.report.failure.text, CASES[i].requests ? "sign-in" : ""))
            fail_msg("%s: %s: %s", CASES[i].why, failure_kind_name(w.report.failure.kind),
                     w.report.failure.text);
        assert_true(w.report.at_sign_in);
        assert_int_equal(asked(&w, "token"), CASES[i].requests);
        assert_int_equal(sim_count(&w.sim, NULL, NULL), CASES[i].requests);
        assert_int_equal(w.report.requests, CASES[i].requests);
        assert_int_equal(w.snapshot->allotments, SECTION_UNKNOWN);
        assert_int_equal(w.snapshot->errors, SECTION_UNKNOWN);
        assert_null(strstr(w.report.failure.text, "s3cr&t"));
        assert_null(strstr(w.report.failure.text, "wr0ng"));
        fixture_end(&w);
    }
}

static void a_repaired_secret_is_read_at_the_next_poll(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(&w, (struct setup){.secret = "wr0ng"});
    fixture_poll(&w);
    assert_int_equal(w.report.failure.kind, FAILURE_AUTH);
    sim_write(&w.sim, "secret", "s3cr&t=%\n", 0600);
    fixture_poll(&w);
    assert_true(w.report.complete);
    fixture_end(&w);
}

static void a_401_renews_the_token_once_and_repeats_the_page_once(void **state)
{
    static const struct {
        const char *why, *tenant, *faults;
    } CASES[] = {
        {"one page", NULL,
         "{\"match\":{\"path\":\"allotments\"},\"at\":1,\"do\":{\"status\":401}}"},
        {"taken back while pages are in flight",
         "\"generate\":{\"allotments\":30,\"waiting\":60,\"errors\":9,\"seed\":3},\"inline\":"
         "\"omit\"",
         "{\"match\":{\"path\":\"waitingMembers\"},\"at\":4,\"do\":{\"revoke\":true,\"status\":401}"
         "}"},
        {"a challenge that leads elsewhere", NULL,
         "{\"match\":{\"path\":\"allotments\"},\"at\":1,\"do\":{\"status\":401,\"headers\":{\"WWW-"
         "Authenticate\":"
         "\"Bearer authorization_uri=\\\"https://evil.example/token\\\"\"}}}"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        fixture_begin(&w, (struct setup){.tenant = CASES[i].tenant, .faults = CASES[i].faults});
        fixture_poll(&w);
        if (!w.report.complete)
            fail_msg("%s: %s", CASES[i].why, w.report.failure.text);
        assert_int_equal(asked(&w, "token"), 2);
        fixture_end(&w);
    }
}

static void a_second_401_fails_the_poll(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(
        &w,
        (struct setup){.faults = "{\"match\":{\"path\":\"allotments\"},\"do\":{\"status\":401}}"});
    fixture_poll(&w);
    assert_false(w.report.complete);
    assert_int_equal(w.report.failure.kind, FAILURE_AUTH);
    assert_non_null(strstr(w.report.failure.text, "HTTP 401"));
    assert_false(w.report.at_sign_in); /* the token was there; the call refused it */
    assert_int_equal(asked(&w, "token"), 2);
    assert_int_equal(asked(&w, "allotments"), 2);
    assert_int_equal(w.snapshot->allotments, SECTION_UNKNOWN);
    fixture_poll(&w); /* begins with a token of its own */
    assert_int_equal(asked(&w, "token"), 4);
    fixture_end(&w);
}

static void claims_of_a_challenge_go_with_the_renewal(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(
        &w, (struct setup){.faults = "{\"match\":{\"path\":\"allotments\"},\"at\":1,\"do\":{"
                                     "\"status\":401,\"headers\":{\"WWW-Authenticate\":"
                                     "\"Bearer realm=\\\"\\\", error=\\\"insufficient_claims\\\", "
                                     "claims=\\\"eyJhIjoxfQ==\\\"\"}}}"});
    fixture_poll(&w);
    assert_true(w.report.complete);
    assert_int_equal(asked(&w, "token"), 2);
    assert_int_equal(sim_count(&w.sim, "\"endpoint\":\"token\"", "\"claims\""), 1);
    fixture_end(&w);
}

static void an_early_renewal_that_fails_leaves_the_old_token_in_use(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(
        &w, (struct setup){
                .faults = "{\"match\":{\"path\":\"token\"},\"from\":2,\"do\":{\"status\":500}}"});
    fixture_poll(&w);
    assert_true(w.report.complete);
    w.graph->token.renew_mono = 0; /* it is time */
    fixture_poll(&w);
    assert_true(w.report.complete);
    assert_int_equal(asked(&w, "token"), 2);
    fixture_poll(&w); /* not again at once */
    assert_true(w.report.complete);
    assert_int_equal(asked(&w, "token"), 2);
    fixture_end(&w);
}

static void a_token_that_has_ended_is_not_sent(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(&w, (struct setup){0});
    fixture_poll(&w);
    w.graph->token.expires_mono = 0;
    fixture_poll(&w);
    assert_true(w.report.complete);
    assert_int_equal(asked(&w, "token"), 2);
    assert_int_equal(sim_count(&w.sim, "\"status\":401", NULL), 0);
    token_forget(w.graph);
    fixture_poll(&w);
    assert_int_equal(asked(&w, "token"), 3);
    fixture_end(&w);
}

/* A reload makes every tenant anew. */
static void token_is_inherited_only_by_equal_options(void **state)
{
    static const struct {
        const char *why;
        bool same_secret, inherits;
        int sign_ins;
        char *client_id, *file;
        uint32_t requests;
    } CASES[] = {
        {"nothing has changed", true, true, 1, NULL, NULL, 0},
        {"the secret on disk has", false, true, 2, NULL, NULL, 0},
        {"another application", true, false, 2, (char *)TENANT, NULL, 0},
        {"a file that is not used", true, false, 2, NULL, (char *)"/nowhere", 0},
        {"how much at once", true, false, 2, NULL, NULL, 9},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        struct failure why = {0};
        fixture_begin(&w, (struct setup){0});
        fixture_poll(&w);
        pace_throttled(&w.graph->pace, 1);
        struct graph *before = w.graph;
        struct graph_options o = before->o;
        o.client_id = CASES[i].client_id ? CASES[i].client_id : o.client_id;
        o.certificate_file = CASES[i].file ? CASES[i].file : o.certificate_file;
        o.requests = CASES[i].requests ? CASES[i].requests : o.requests;
        w.graph = NULL;
        if (graph_new(&o, w.http, w.event, &w.graph, &why) < 0)
            fail_msg("%s: %s", CASES[i].why, why.text);
        if (graph_inherit(w.graph, before, CASES[i].same_secret) != CASES[i].inherits)
            fail_msg("%s", CASES[i].why);
        assert_int_equal(w.graph->pace.limit == 1, CASES[i].inherits);
        assert_int_equal(graph_source(w.graph) == SOURCE_CLOUD_LICENSING, CASES[i].inherits);
        graph_free(before);
        fixture_poll(&w);
        if (asked(&w, "token") != CASES[i].sign_ins)
            fail_msg("%s: %d sign-ins", CASES[i].why, asked(&w, "token"));
        fixture_end(&w);
    }
}

static void a_throttled_sign_in_waits_as_long_as_it_is_told(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(&w,
                  (struct setup){.faults = "{\"match\":{\"path\":\"token\"},\"at\":1,\"do\":{"
                                           "\"status\":429,\"headers\":{\"Retry-After\":\"1\"}}}"});
    fixture_poll(&w);
    assert_true(w.report.complete);
    assert_true(w.report.took >= USEC_PER_SEC);
    fixture_end(&w);

    fixture_begin(&w, (struct setup){.faults = "{\"match\":{\"path\":\"token\"},\"do\":{\"status\":"
                                               "429,\"headers\":{\"Retry-After\":\"600\"}}}"});
    usec_t began = clock_now().mono;
    fixture_poll(&w);
    assert_int_equal(w.report.failure.kind, FAILURE_THROTTLED);
    assert_in_range(w.report.resume_at_mono, began + 600 * USEC_PER_SEC,
                    began + 605 * USEC_PER_SEC);
    assert_int_equal(asked(&w, "token"), 1);
    fixture_end(&w);
}

static void the_token_goes_to_graph_only(void **state)
{
    /* A login service that shows what it is sent: the form, and no bearer. */
    struct graph_fixture w;
    struct peer login;
    (void)state;
    static const char ANSWER[] =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 72\r\n\r\n"
        "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"some.tok.en01\"}";
    peer_start(&login, (struct peer_script){.bytes = ANSWER});
    fixture_begin(&w, (struct setup){.login_url = login.url});
    fixture_poll(&w);
    fixture_end(&w);
    peer_stop(&login);
    assert_non_null(strstr(login.seen, "client_secret=s3cr%26t%3D%25"));
    assert_non_null(strstr(login.seen, "POST /" TENANT "/oauth2/v2.0/token HTTP/1.1"));
    assert_null(strstr(login.seen, "Authorization"));
    assert_null(strstr(login.seen, "some.tok"));
    assert_int_equal(w.report.failure.kind,
                     FAILURE_AUTH); /* the simulator does not know that token */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_renewed_before_it_ends),
        cmocka_unit_test(the_form_says_what_the_flow_page_asks_for),
        cmocka_unit_test(a_refused_sign_in_is_asked_for_once_and_says_what_to_do),
        cmocka_unit_test(a_passing_fault_of_the_sign_in_passes_whatever_its_body_says),
        cmocka_unit_test(a_repaired_secret_is_read_at_the_next_poll),
        cmocka_unit_test(a_401_renews_the_token_once_and_repeats_the_page_once),
        cmocka_unit_test(a_second_401_fails_the_poll),
        cmocka_unit_test(claims_of_a_challenge_go_with_the_renewal),
        cmocka_unit_test(an_early_renewal_that_fails_leaves_the_old_token_in_use),
        cmocka_unit_test(a_token_that_has_ended_is_not_sent),
        cmocka_unit_test(token_is_inherited_only_by_equal_options),
        cmocka_unit_test(a_throttled_sign_in_waits_as_long_as_it_is_told),
        cmocka_unit_test(the_token_goes_to_graph_only),
    };
    if (http_global_init(NULL) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
