/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_teams.c: cards for Teams within 20,000 bytes, and what the answers of a
 * workflow mean. */
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
         ANSWER_PERMANENT, 0, "DirectApiAuthorizationRequired"},
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
        {"https://e.environment.api.powerplatform.com:443/x-secret", NULL},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_message_has_its_bytes),
        cmocka_unit_test(names_are_in_runs_that_interpret_nothing),
        cmocka_unit_test(no_card_exceeds_the_limit),
        cmocka_unit_test(each_answer_has_its_class_and_shows_no_url),
        cmocka_unit_test(the_url_is_used_byte_for_byte),
        cmocka_unit_test(a_wrong_url_is_found_before_the_start),
        cmocka_unit_test(urls_that_microsoft_switched_off_are_named_by_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
