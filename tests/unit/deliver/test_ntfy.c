/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_ntfy.c: messages for a server of ntfy, and what its answers mean. */
#include "http_type.h"

#define TOPIC "seats-5Qx9_secret"
#define PUBLISHED "{\"id\":\"a\",\"time\":1,\"event\":\"message\",\"topic\":\"" TOPIC "\"}"

static void each_message_has_its_title_priority_and_tag(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    CLEANUP(free) char *firing = type_render(&ntfy_class, n, NULL);
    assert_golden("ntfy_firing.json", firing);
    n->type = EVENT_RESOLVED;
    CLEANUP(free) char *resolved = type_render(&ntfy_class, n, NULL);
    assert_golden("ntfy_resolved.json", resolved);
    CLEANUP(digest_free) struct digest *d = some_digest(20);
    CLEANUP(free) char *digest = type_render(&ntfy_class, NULL, d);
    assert_golden("ntfy_digest.json", digest);
}

/* A server replaces a message of the same sequence without a sound. */
static void what_is_worse_is_a_message_of_its_own(void **state)
{
    static const struct {
        enum event_type type;
        bool updates;
    } CASES[] = {
        {EVENT_FIRING, true},     {EVENT_DEESCALATED, true}, {EVENT_REMINDER, true},
        {EVENT_RESOLVED, true},   {EVENT_ESCALATED, false},  {EVENT_UPDATED, false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(notification_free) struct notification *n = some_notification();
        n->type = CASES[i].type;
        CLEANUP(free) char *body = type_render(&ntfy_class, n, NULL);
        bool updates = strstr(body, "\"sequence_id\":\"seatwatch-5f0c2a9e41d7b836\"");
        if (updates != CASES[i].updates)
            fail_msg("%s", event_type_name(n->type));
    }
}

/* A message beyond 4096 bytes becomes a file, a body beyond 8192 is refused. */
static void check_limits(const char *body)
{
    CLEANUP(json_free) struct json *root = NULL;
    const char *message;
    assert_int_equal(json_parse(body, strlen(body), &root, NULL), 0);
    assert_int_equal(json_get_string(root, "message", &message), JSON_OK);
    assert_true(strlen(message) <= 4096);
    assert_true(strlen(body) + strlen("\"topic\":\"\",") + 64 <= 8192);
}

static void the_largest_texts_stay_below_the_limits_of_the_server(void **state)
{
    (void)state;
    type_swollen(&ntfy_class, check_limits);
}

static void names_are_text(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_hostile();
    CLEANUP(free) char *body = type_render(&ntfy_class, n, NULL);
    assert_golden("ntfy_hostile.json", body);
}

static void set_up(struct hook *h, struct receiver_options *o)
{
    *o = some_receiver("phone", &ntfy_class);
    some_set(o, "url", hook_address(h, "/"));
    some_set(o, "topic_file", h->key_file);
    some_write(h->key_file, TOPIC "\n");
}

static void each_answer_has_its_class_and_shows_no_topic(void **state)
{
    static const struct answer_case CASES[] = {
        {ANSWER("200 OK", PUBLISHED), ANSWER_OK, 0, "[redacted]"},
        {ANSWER("200 OK", "<html>please sign in"), ANSWER_RETRY, 0, "please sign in"},
        {ANSWER("200 OK", "{\"event\":\"open\"}"), ANSWER_RETRY, 0, "open"},
        {STATUS("204 No Content"), ANSWER_RETRY, 0, "HTTP 204"},
        {STATUS("302 Found\r\nLocation: https://login.example/"), ANSWER_RETRY, 0, "not followed"},
        {ANSWER("400 Bad Request", "{\"code\":40009}"), ANSWER_PERMANENT, 0, "40009"},
        {STATUS("401 Unauthorized"), ANSWER_PERMANENT, 0, "HTTP 401"},
        {ANSWER("403 Forbidden", "no access to " TOPIC), ANSWER_PERMANENT, 0, "[redacted]"},
        {STATUS("404 Not Found"), ANSWER_RETRY, 0, "HTTP 404"},
        {STATUS("413 Too Large"), ANSWER_PERMANENT, 0, "HTTP 413"},
        {STATUS("429 Too Many Requests\r\nRetry-After: 60"), ANSWER_THROTTLED, USEC_PER_MINUTE,
         "HTTP 429"},
        {STATUS("500 Oops"), ANSWER_RETRY, 0, "HTTP 500"},
        {CLOSE, ANSWER_RETRY, 0, "127.0.0.1"},
    };
    (void)state;
    type_answers(set_up, CASES, N_ELEMENTS(CASES), TOPIC);
}

static void set_up_with_token(struct hook *h, struct receiver_options *o)
{
    set_up(h, o);
    some_set(o, "token_file", h->url_file);
    some_write(h->url_file, "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2\n");
}

static void topic_and_token_are_in_the_request_only(void **state)
{
    static const char *const ANSWERS[] = {ANSWER("200 OK", PUBLISHED)};
    (void)state;
    struct hook h;
    hook_new(&h, ANSWERS, 1);
    assert_int_equal(type_send(&h, set_up, "{\"a\":1}").class, ANSWER_OK);
    assert_int_equal(type_send(&h, set_up_with_token, "{\"a\":1}").class, ANSWER_OK);
    CLEANUP(free) char *none = hook_header(&h.request[0], "authorization");
    CLEANUP(free) char *token = hook_header(&h.request[1], "authorization");
    assert_int_equal(strncmp(h.request[0].head, "POST / HTTP/1.1\r\n", 17), 0);
    assert_string_equal(h.request[0].body, "{\"topic\":\"" TOPIC "\",\"a\":1}");
    assert_null(none);
    assert_string_equal(token, "Bearer tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2");
    hook_free(&h);
}

static void a_wrong_topic_token_or_address_is_found_before_the_start(void **state)
{
    static const struct {
        const char *topic, *token, *says;
    } CASES[] = {
        {"https://ntfy.sh/x\n", "tk_1\n", "must be a topic"},
        {"two words\n", "tk_1\n", "must be a topic"},
        {TOPIC "\n", "Bearer tk_1\n", "without blanks"},
        {TOPIC "\n", "tk\x01\n", "without blanks"},
        {TOPIC "\n", "tk_1\r\n", NULL},
    };
    static const struct {
        const char *url;
        bool good;
    } URLS[] = {
        {"https://ntfy.sh", true},        {"https://ntfy.example:8443/", true},
        {"https://ntfy.sh/topic", false}, {"https://ntfy.sh?x", false},
        {"ntfy.sh", false},               {"", false},
    };
    static const char *const ANSWERS[] = {STATUS("200 OK")};
    (void)state;
    struct hook h;
    struct receiver_options o;
    hook_new(&h, ANSWERS, 1);
    set_up_with_token(&h, &o);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure why = {0};
        some_write(h.key_file, CASES[i].topic);
        some_write(h.url_file, CASES[i].token);
        int r = deliver_check(&o, &why);
        if ((r >= 0) != !CASES[i].says || (CASES[i].says && !strstr(why.text, CASES[i].says)))
            fail_msg("case %zu: %s", i, why.text);
    }
    for (size_t i = 0; i < ntfy_class.options.n; i++)
        for (size_t j = 0; j < N_ELEMENTS(URLS); j++)
            if (strcmp(ntfy_class.options.key[i].name, "url") == 0 &&
                (ntfy_class.options.key[i].check(URLS[j].url, NULL) >= 0) != URLS[j].good)
                fail_msg("%s", URLS[j].url);
    hook_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_has_its_title_priority_and_tag),
        cmocka_unit_test(what_is_worse_is_a_message_of_its_own),
        cmocka_unit_test(the_largest_texts_stay_below_the_limits_of_the_server),
        cmocka_unit_test(names_are_text),
        cmocka_unit_test(each_answer_has_its_class_and_shows_no_topic),
        cmocka_unit_test(topic_and_token_are_in_the_request_only),
        cmocka_unit_test(a_wrong_topic_token_or_address_is_found_before_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
