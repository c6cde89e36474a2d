/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_teams.c: cards for Teams within 20,000 bytes, and what the answers of a
 * workflow mean. */
#include "http/signed_in.h"
#include "http_type.h"

static void each_kind_of_message_has_its_bytes(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    CLEANUP(free) char *firing = type_render(&teams_class, n, NULL);
    assert_golden("teams_firing.json", firing);
    n->type = EVENT_RESOLVED;
    CLEANUP(free) char *resolved = type_render(&teams_class, n, NULL);
    assert_golden("teams_resolved.json", resolved);
    CLEANUP(digest_free) struct digest *d = some_digest(DIGEST_LINES);
    d->notification[1]->level = LEVEL_WARNING;
    CLEANUP(free) char *digest = type_render(&teams_class, NULL, d);
    assert_golden("teams_digest.json", digest);
    CLEANUP(notification_free) struct notification *test = NULL;
    assert_int_equal(test_notification("chat", some_time(SOME_AT), &test), 0);
    CLEANUP(free) char *sent = type_render(&teams_class, test, NULL);
    assert_golden("teams_test.json", sent);
}

static void names_are_in_runs_that_interpret_nothing(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_hostile();
    CLEANUP(free) char *body = type_render(&teams_class, n, NULL);
    assert_golden("teams_hostile.json", body);
}

static void assert_limits(const char *body)
{
    CLEANUP(json_free) struct json *root = NULL;
    if (strlen(body) > 20000)
        fail_msg("%zu bytes", strlen(body));
    assert_int_equal(json_parse(body, strlen(body), &root, NULL), 0);
}

static void no_card_exceeds_the_limit(void **state)
{
    (void)state;
    type_swollen(&teams_class, assert_limits);
}

static void set_up(struct hook *h, struct receiver_options *o)
{
    *o = some_receiver("chat", &teams_class);
    some_set(o, "url_file", h->url_file);
}

static void each_answer_has_its_class_and_shows_no_url(void **state)
{
    static const struct answer_case CASES[] = {
        {STATUS("202 Accepted"), ANSWER_OK, 0, "HTTP 202"},
        {ANSWER("200 OK", "done"), ANSWER_OK, 0, "HTTP 200"},
        {ANSWER("200 OK", "<!DOCTYPE html><title>Sign in"), ANSWER_RETRY, 0, "Sign in"},
        {STATUS("302 Found\r\nLocation: https://login.example/"), ANSWER_RETRY, 0, "not followed"},
        {ANSWER("400 Bad Request", "{\"error\":{\"code\":\"InvalidRequestContent\"}}"),
         ANSWER_PERMANENT, 0, "InvalidRequestContent"},
        {ANSWER("401 Unauthorized", "{\"error\":{\"code\":\"DirectApiAuthorizationRequired\"}}"),
         ANSWER_PERMANENT, 0, "DirectApiAuthorizationRequired: the workflow wants a token"},
        {ANSWER("401 Unauthorized", "{\"sig\":\"q-u-e-r-y\"}"), ANSWER_PERMANENT, 0, "[redacted]"},
        {STATUS("403 Forbidden"), ANSWER_PERMANENT, 0, "HTTP 403"},
        {ANSWER("404 Not Found", "{\"error\":{\"code\":\"WorkflowNotFound\"}}"), ANSWER_PERMANENT,
         0, "WorkflowNotFound"},
        {ANSWER("404 Not Found", "<html>no such proxy"), ANSWER_RETRY, 0, "no such proxy"},
        {STATUS("410 Gone"), ANSWER_GONE, 0, "HTTP 410"},
        {STATUS("429 Too Many Requests\r\nRetry-After: 60"), ANSWER_THROTTLED, USEC_PER_MINUTE,
         "HTTP 429"},
        {STATUS("429 Too Many Requests"), ANSWER_THROTTLED, 0, "HTTP 429"},
        {STATUS("502 Bad Gateway"), ANSWER_RETRY, 0, "HTTP 502"},
        {CLOSE, ANSWER_RETRY, 0, "127.0.0.1"},
    };
    (void)state;
    type_answers(set_up, CASES, N_ELEMENTS(CASES), "q-u-e-r-y");
}

/* Another encoding of the URL would break its signature. */
static void the_url_is_used_byte_for_byte(void **state)
{
    static const char *const ANSWERS[] = {STATUS("202 Accepted")};
    static const char PATH[] =
        "/powerautomate/automations/direct/workflows/0a1b/triggers/manual/paths/invoke"
        "?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=a-b_c~d";
    (void)state;
    struct hook h;
    hook_new(&h, ANSWERS, 1);
    hook_url(&h, PATH);
    assert_int_equal(type_send(&h, set_up, "{\"a\":1}").class, ANSWER_OK);
    CLEANUP(free) char *want = text_printf("POST %s HTTP/1.1\r\n", PATH);
    assert_ptr_equal(strstr(h.request[0].head, want), h.request[0].head);
    assert_string_equal(h.request[0].body, "{\"a\":1}");
    hook_free(&h);
}

static void a_wrong_url_is_found_before_the_start(void **state)
{
    static const char *const ANSWERS[] = {STATUS("204 No Content")};
    (void)state;
    struct hook h;
    struct receiver_options o;
    struct failure why = {0};
    hook_new(&h, ANSWERS, 1);
    set_up(&h, &o);
    some_write(h.url_file, "http://teams.example/workflows/1/token\n");
    assert_true(deliver_check(&o, &why) < 0);
    assert_non_null(strstr(why.text, h.url_file));
    assert_null(strstr(why.text, "token"));
    hook_free(&h);
}

static void urls_that_microsoft_switched_off_are_named_by_host(void **state)
{
    static const char *const ANSWERS[] = {STATUS("202 Accepted")};
    static const struct {
        const char *url, *says; /* NULL: no warning */
    } CASES[] = {
        {"https://contoso.webhook.office.com/webhookb2/x-secret",
         "contoso.webhook.office.com in May 2026"},
        {"https://outlook.office.com/webhook/x-secret", "outlook.office.com in May 2026"},
        {"https://prod-01.westeurope.LOGIC.azure.com:443/workflows/x-secret",
         "on 30 November 2025"},
        {"https://e.environment.api.powerplatform.com:443/x-secret?sp=1&sig=s", NULL},
        {"https://e.environment.api.powerplatform.com:443/x-secret?design=1",
         "the URL has no signature (sig=), so e.environment.api.powerplatform.com will refuse it"},
        {"https://logic.azure.com.relay.example/x-secret", NULL},
        {"https://notlogic.azure.com/x-secret", NULL},
    };
    (void)state;
    struct hook h;
    struct receiver_options o;
    hook_new(&h, ANSWERS, 1);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure why = {0};
        set_up(&h, &o);
        some_write(h.url_file, CASES[i].url);
        bool warned = deliver_warn(&o, &why) < 0;
        if (warned != (CASES[i].says != NULL) || (warned && !strstr(why.text, CASES[i].says)) ||
            strstr(why.text, "x-secret"))
            fail_msg("%s: %s", CASES[i].url, why.text);
    }
    hook_free(&h);
}

/* ---- workflows that only signed-in callers may start ---- */

static struct {
    const char *refusal; /* of the sign-in; NULL: it succeeds */
    char resource[64], audience[64];
    unsigned opened, closed, refused;
    struct secret *token;
} fake;

static int fake_open(const struct signed_in_options *o, struct http *http, struct signed_in **ret,
                     struct failure *ret_failure)
{
    (void)http, (void)ret_failure;
    assert_string_equal(o->tenant_id, SOME_TENANT_ID);
    assert_string_equal(o->client_id, "c1");
    (void)snprintf(fake.resource, sizeof fake.resource, "%s", o->resource);
    fake.opened++;
    *ret = (struct signed_in *)(void *)&fake;
    return 0;
}

static void fake_close(struct signed_in *s)
{
    fake.closed += s != NULL;
    secret_free(TAKE(fake.token));
}

static int fake_token(struct signed_in *s, const char *audience, usec_t timeout,
                      const struct secret **ret, signed_in_token *done, void *userdata,
                      struct failure *ret_failure)
{
    (void)s, (void)timeout, (void)done, (void)userdata;
    if (fake.refusal)
        return failure_set(ret_failure, FAILURE_AUTH, EACCES, "%s", fake.refusal);
    (void)snprintf(fake.audience, sizeof fake.audience, "%s", audience);
    secret_free(TAKE(fake.token));
    int r = secret_new("t-o-k-e-n", 9, audience, &fake.token, ret_failure);
    *ret = fake.token;
    return r < 0 ? r : 1;
}

static void fake_refused(struct signed_in *s)
{
    (void)s;
    fake.refused++;
}
static const struct signed_in_functions FAKE = {fake_open, fake_close, NULL, fake_token,
                                                fake_refused, NULL};

static void set_up_signed_in(struct hook *h, struct receiver_options *o)
{
    set_up(h, o);
    hook_url(h, "/workflows/1/triggers/manual/paths/invoke?api-version=1&design=2");
    o->signed_in = &FAKE;
    some_set(o, "auth_tenant", SOME_TENANT_ID);
    some_set(o, "client_id", "c1");
    some_set(o, "client_secret_file", "teams.secret");
}

static void a_restricted_workflow_gets_a_token_for_its_origin(void **state)
{
    static const char *const ANSWERS[] = {STATUS("202 Accepted")};
    (void)state;
    struct hook h;
    hook_new(&h, ANSWERS, 1);
    memset(&fake, 0, sizeof fake);
    assert_int_equal(type_send(&h, set_up_signed_in, "{\"a\":1}").class, ANSWER_OK);
    CLEANUP(free) char *authorization = hook_header(&h.request[0], "authorization");
    assert_string_equal(authorization, "Bearer t-o-k-e-n");
    assert_string_equal(fake.resource, "https://service.flow.microsoft.com/");
    CLEANUP(free) char *origin = text_printf("http://127.0.0.1:%u", h.port);
    assert_string_equal(fake.audience, origin);
    assert_int_equal(fake.opened, fake.closed);
    hook_free(&h);
}

static void a_refused_token_is_forgotten_and_the_message_tried_again(void **state)
{
    static const struct answer_case CASES[] = {
        {ANSWER("401 Unauthorized", "{\"error\":{\"code\":\"MisMatchingOAuthClaims\"}}"),
         ANSWER_RETRY, 0, "the workflow does not accept this application"},
        {ANSWER("401 Unauthorized", "Bearer t-o-k-e-n is old"), ANSWER_RETRY, 0, "HTTP 401"},
        {ANSWER("403 Forbidden", "{}"), ANSWER_PERMANENT, 0, "HTTP 403"},
    };
    (void)state;
    memset(&fake, 0, sizeof fake);
    type_answers(set_up_signed_in, CASES, N_ELEMENTS(CASES), "t-o-k-e-n");
    assert_int_equal(fake.refused, 2);
}

static void a_failed_sign_in_is_tried_again(void **state)
{
    static const char *const ANSWERS[] = {STATUS("202 Accepted")};
    (void)state;
    struct hook h;
    hook_new(&h, ANSWERS, 1);
    memset(&fake, 0, sizeof fake);
    fake.refusal = "sign-in was refused";
    struct answer a = type_send(&h, set_up_signed_in, "{\"a\":1}");
    assert_int_equal(a.class, ANSWER_RETRY);
    assert_string_equal(a.text, "sign-in was refused");
    assert_int_equal(h.n_requests, 0);
    hook_free(&h);
}

static void a_signature_and_a_token_together_are_refused(void **state)
{
    static const char *const ANSWERS[] = {STATUS("202 Accepted")};
    static const char *const SIGNED[] = {"?sig=x", "?sp=1&sig=x"}, *const UNSIGNED[] = {"", "?design=x"};
    (void)state;
    struct hook h;
    struct receiver_options o;
    hook_new(&h, ANSWERS, 1);
    set_up_signed_in(&h, &o);
    for (size_t i = 0; i < 2; i++) {
        struct failure why = {0};
        hook_url(&h, SIGNED[i]);
        assert_true(deliver_check(&o, &why) < 0);
        if (!strstr(why.text, "refuses together with a token") || !strstr(why.text, h.url_file))
            fail_msg("%s", why.text);
        hook_url(&h, UNSIGNED[i]);
        if (deliver_check(&o, &why) < 0 || deliver_warn(&o, &why) < 0)
            fail_msg("%s", why.text);
    }
    hook_free(&h);
}

static void the_keys_of_a_sign_in_are_complete_or_absent(void **state)
{
    static const struct {
        const char *tenant, *client, *secret, *resource, *says; /* NULL: fine */
    } CASES[] = {
        {"", "", "", "", NULL},
        {"t", "c", "s", "", NULL},
        {"t", "c", "s", "https://gov.service.flow.microsoft.us/", NULL},
        {"t", "", "s", "", "auth_tenant needs client_id"},
        {"t", "c", "", "", "auth_tenant needs client_secret_file"},
        {"", "c", "", "", "client_id has no effect without auth_tenant"},
        {"", "", "s", "", "client_secret_file has no effect without auth_tenant"},
        {"", "", "", "https://x/", "resource has no effect without auth_tenant"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure why = {0};
        struct receiver_options o = some_receiver("chat", &teams_class);
        some_set(&o, "auth_tenant", CASES[i].tenant);
        some_set(&o, "client_id", CASES[i].client);
        some_set(&o, "client_secret_file", CASES[i].secret);
        some_set(&o, "resource", CASES[i].resource);
        int r = teams_class.check(&o, &why);
        if ((r >= 0) != !CASES[i].says || (CASES[i].says && !strstr(why.text, CASES[i].says)))
            fail_msg("case %zu: %s", i, why.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_message_has_its_bytes),
        cmocka_unit_test(names_are_in_runs_that_interpret_nothing),
        cmocka_unit_test(no_card_exceeds_the_limit),
        cmocka_unit_test(a_restricted_workflow_gets_a_token_for_its_origin),
        cmocka_unit_test(a_refused_token_is_forgotten_and_the_message_tried_again),
        cmocka_unit_test(a_failed_sign_in_is_tried_again),
        cmocka_unit_test(a_signature_and_a_token_together_are_refused),
        cmocka_unit_test(the_keys_of_a_sign_in_are_complete_or_absent),
        cmocka_unit_test(each_answer_has_its_class_and_shows_no_url),
        cmocka_unit_test(the_url_is_used_byte_for_byte),
        cmocka_unit_test(a_wrong_url_is_found_before_the_start),
        cmocka_unit_test(urls_that_microsoft_switched_off_are_named_by_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
