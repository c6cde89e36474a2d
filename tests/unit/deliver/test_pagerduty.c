/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_pagerduty.c: events for PagerDuty, and what its answers mean. */
#include "http_type.h"

#define KEY "0123456789abcdef0123456789abcdef"

static void a_firing_alert_is_a_trigger_and_its_end_resolves_the_same_key(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    CLEANUP(free) char *trigger = type_render(&pagerduty_class, n, NULL);
    assert_golden("pagerduty_firing.json", trigger);
    n->type = EVENT_RESOLVED;
    CLEANUP(free) char *resolve = type_render(&pagerduty_class, n, NULL);
    assert_string_equal(resolve, "{\"event_action\":\"resolve\","
                                 "\"dedup_key\":\"seatwatch:5f0c2a9e41d7b836\"}");
    n->type = EVENT_ACKNOWLEDGED;
    CLEANUP(free) char *acknowledge = type_render(&pagerduty_class, n, NULL);
    assert_string_equal(acknowledge, "{\"event_action\":\"acknowledge\","
                                     "\"dedup_key\":\"seatwatch:5f0c2a9e41d7b836\"}");
    CLEANUP(digest_free) struct digest *d = some_digest(20);
    CLEANUP(free) char *digest = type_render(&pagerduty_class, NULL, d);
    assert_golden("pagerduty_digest.json", digest);
}

/* PagerDuty refuses a summary beyond 1024 characters with 400. */
static void a_long_summary_is_cut_between_characters(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    CLEANUP(free) char *flood = some_flood("\xc3\xa4", 2000);
    some_replace(&n->title, flood);
    CLEANUP(free) char *body = type_render(&pagerduty_class, n, NULL);
    CLEANUP(json_free) struct json *root = NULL;
    const struct json *payload;
    const char *summary;
    assert_int_equal(json_parse(body, strlen(body), &root, NULL), 0);
    assert_int_equal(json_get_object(root, "payload", &payload), JSON_OK);
    assert_int_equal(json_get_string(payload, "summary", &summary), JSON_OK);
    assert_int_equal(strlen(summary), 2 * 1021 + 3);
}

static void set_up(struct hook *h, struct receiver_options *o)
{
    *o = some_receiver("pager", &pagerduty_class);
    some_set(o, "url", hook_address(h, "/v2/enqueue"));
    some_set(o, "routing_key_file", h->key_file);
    some_write(h->key_file, KEY "\n");
}

static void each_answer_has_its_class_and_shows_no_key(void **state)
{
    static const struct answer_case CASES[] = {
        {ANSWER("202 Accepted", "{\"status\":\"success\",\"message\":\"Event processed\"}"),
         ANSWER_OK, 0, "HTTP 202"},
        {ANSWER("200 OK", "<html>please sign in"), ANSWER_RETRY, 0, "please sign in"},
        {ANSWER("204 No Content", ""), ANSWER_RETRY, 0, "HTTP 204"},
        {STATUS("302 Found\r\nLocation: https://login.example/"), ANSWER_RETRY, 0, "not followed"},
        {ANSWER("400 Bad Request", "{\"errors\":[\"'routing_key' " KEY " is invalid\"]}"),
         ANSWER_PERMANENT, 0, "[redacted] is invalid"},
        {STATUS("413 Too Large"), ANSWER_PERMANENT, 0, "HTTP 413"},
        {STATUS("429 Too Many Requests\r\nRetry-After: 60"), ANSWER_THROTTLED, USEC_PER_MINUTE,
         "HTTP 429"},
        {STATUS("500 Oops"), ANSWER_RETRY, 0, "HTTP 500"},
        {STATUS("410 Gone"), ANSWER_GONE, 0, "HTTP 410"},
        {CLOSE, ANSWER_RETRY, 0, "127.0.0.1"},
    };
    (void)state;
    type_answers(set_up, CASES, N_ELEMENTS(CASES), KEY);
}

static void the_key_is_in_the_request_and_not_in_the_stored_bytes(void **state)
{
    static const char *const ANSWERS[] = {STATUS("202 Accepted")};
    (void)state;
    struct hook h;
    hook_new(&h, ANSWERS, 1);
    assert_int_equal(type_send(&h, set_up, "{\"a\":1}").class, ANSWER_OK);
    assert_string_equal(h.request[0].body, "{\"routing_key\":\"" KEY "\",\"a\":1}");
    hook_free(&h);
}

static void a_wrong_key_is_found_before_the_start(void **state)
{
    static const char *const ANSWERS[] = {STATUS("202 Accepted")};
    (void)state;
    struct hook h;
    struct failure why = {0};
    hook_new(&h, ANSWERS, 1);
    struct receiver_options o = some_receiver("pager", &pagerduty_class);
    some_set(&o, "routing_key_file", h.key_file);
    some_write(h.key_file, "0123456789abcdef\n");
    assert_true(deliver_check(&o, &why) < 0);
    assert_non_null(strstr(why.text, "32 characters, this one has 16"));
    some_write(h.key_file, KEY "\n");
    assert_int_equal(deliver_check(&o, &why), 0);
    hook_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_firing_alert_is_a_trigger_and_its_end_resolves_the_same_key),
        cmocka_unit_test(a_long_summary_is_cut_between_characters),
        cmocka_unit_test(each_answer_has_its_class_and_shows_no_key),
        cmocka_unit_test(the_key_is_in_the_request_and_not_in_the_stored_bytes),
        cmocka_unit_test(a_wrong_key_is_found_before_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
