/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_discord.c: messages for Discord, its limits, and what its answers mean.
 */
#include "http_type.h"
#include "deliver/markup.h"

static void each_kind_of_message_has_its_bytes(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    CLEANUP(free) char *firing = type_render(&discord_class, n, NULL);
    assert_golden("discord_firing.json", firing);
    n->type = EVENT_RESOLVED;
    CLEANUP(free) char *resolved = type_render(&discord_class, n, NULL);
    assert_golden("discord_resolved.json", resolved);
    CLEANUP(digest_free) struct digest *d = some_digest(DIGEST_LINES);
    d->notification[1]->level = LEVEL_WARNING;
    CLEANUP(free) char *digest = type_render(&discord_class, NULL, d);
    assert_golden("discord_digest.json", digest);
    CLEANUP(notification_free) struct notification *test = NULL;
    assert_int_equal(test_notification("chat", some_time(SOME_AT), &test), 0);
    CLEANUP(free) char *sent = type_render(&discord_class, test, NULL);
    assert_golden("discord_test.json", sent);
}

static void names_are_text_and_nobody_is_mentioned(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_hostile();
    CLEANUP(free) char *body = type_render(&discord_class, n, NULL);
    assert_golden("discord_hostile.json", body);
}

/* Units of this member. */
static size_t units(const struct json *o, const char *name, size_t max)
{
    const char *text = NULL;
    if (json_get_string(o, name, &text) != JSON_OK)
        fail_msg("no text in %s", name);
    size_t n = markup_units(text);
    if (n > max)
        fail_msg("%s has %zu: %s", name, n, text);
    return n;
}

/* Discord refuses a value of blanks. */
static void assert_not_blank(const struct json *o, const char *name)
{
    const char *text = "";
    (void)json_get_string(o, name, &text);
    assert_true(text[strspn(text, " ")] != '\0');
}

static void assert_limits(const char *body)
{
    CLEANUP(json_free) struct json *root = NULL;
    const struct json *embeds, *fields, *footer;
    assert_int_equal(json_parse(body, strlen(body), &root, NULL), 0);
    units(root, "content", 2000);
    assert_int_equal(json_get_array(root, "embeds", &embeds), JSON_OK);
    const struct json *embed = json_first(embeds);
    assert_int_equal(json_get_array(embed, "fields", &fields), JSON_OK);
    assert_int_equal(json_get_object(embed, "footer", &footer), JSON_OK);
    size_t sum = units(embed, "description", 4096) + units(footer, "text", 2048);
    assert_true(json_count(fields) <= 25);
    assert_not_blank(root, "content");
    for (const struct json *f = json_first(fields); f; f = json_next(f)) {
        assert_not_blank(f, "value");
        sum += units(f, "name", 256) + units(f, "value", 1024);
    }
    if (sum > 6000)
        fail_msg("the embed has %zu characters", sum);
}

static void no_message_exceeds_a_limit(void **state)
{
    (void)state;
    type_swollen(&discord_class, assert_limits);
}

static void set_up(struct hook *h, struct receiver_options *o)
{
    *o = some_receiver("chat", &discord_class);
    some_set(o, "url_file", h->url_file);
}

static void each_answer_has_its_class_and_shows_no_url(void **state)
{
    static const struct answer_case CASES[] = {
        {ANSWER("200 OK", "{\"id\":\"1\",\"type\":0}"), ANSWER_OK, 0, "HTTP 200"},
        {STATUS("204 No Content"), ANSWER_OK, 0, "HTTP 204"},
        {ANSWER("200 OK", "<html>please sign in"), ANSWER_RETRY, 0, "please sign in"},
        {ANSWER("200 OK", ""), ANSWER_RETRY, 0, "HTTP 200"},
        {STATUS("302 Found\r\nLocation: https://login.example/"), ANSWER_RETRY, 0, "not followed"},
        {ANSWER("400 Bad Request", "{\"embeds\":[\"0\"]}"), ANSWER_PERMANENT, 0, "embeds"},
        {ANSWER("401 Unauthorized", "{\"message\":\"Invalid Webhook Token\",\"code\":50027}"),
         ANSWER_PERMANENT, 0, "Invalid Webhook Token"},
        {ANSWER("404 Not Found", "{\"message\":\"Unknown Webhook\",\"code\":10015}"),
         ANSWER_PERMANENT, 0, "Unknown Webhook"},
        {ANSWER("404 Not Found", "{\"path\":\"" HOOK_PATH "\"}"), ANSWER_PERMANENT, 0,
         "[redacted]"},
        {ANSWER("404 Not Found", "<html>no such proxy"), ANSWER_RETRY, 0, "no such proxy"},
        {ANSWER("429 Too Many Requests", "{\"message\":\"You are being rate "
                                         "limited.\",\"retry_after\": 64.57,\"global\":false}"),
         ANSWER_THROTTLED, 65 * USEC_PER_SEC, "rate limited"},
        {ANSWER("429 Too Many Requests", "{\"retry_after\":0.3}"), ANSWER_THROTTLED, USEC_PER_SEC,
         "HTTP 429"},
        {ANSWER("429 Too Many Requests", "{\"retry_after\":99999999999999999999}"),
         ANSWER_THROTTLED, USEC_PER_HOUR, "HTTP 429"},
        {ANSWER("429 Too Many Requests", "{\"retry_after\":\"soon\"}"), ANSWER_THROTTLED, 0,
         "HTTP 429"},
        {STATUS("429 Too Many Requests\r\nRetry-After: 60"), ANSWER_THROTTLED, USEC_PER_MINUTE,
         "HTTP 429"},
        {STATUS("500 Oops"), ANSWER_RETRY, 0, "HTTP 500"},
        {CLOSE, ANSWER_RETRY, 0, "127.0.0.1"},
    };
    (void)state;
    type_answers(set_up, CASES, N_ELEMENTS(CASES), "T0SECRET");
}

static void the_answer_waits_until_the_message_is_stored(void **state)
{
    static const char *const ANSWERS[] = {STATUS("204 No Content")};
    static const struct {
        const char *path, *want;
    } CASES[] = {
        {"/api/webhooks/1/t", "POST /api/webhooks/1/t?wait=true HTTP"},
        {"/api/webhooks/1/t?thread_id=2", "POST /api/webhooks/1/t?thread_id=2&wait=true HTTP"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct hook h;
        hook_new(&h, ANSWERS, 1);
        hook_url(&h, CASES[i].path);
        assert_int_equal(type_send(&h, set_up, "{\"a\":1}").class, ANSWER_OK);
        if (strncmp(h.request[0].head, CASES[i].want, strlen(CASES[i].want)) != 0)
            fail_msg("%s", h.request[0].head);
        hook_free(&h);
    }
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
    some_write(h.url_file, "http://discord.example/api/webhooks/1/token\n");
    assert_true(deliver_check(&o, &why) < 0);
    assert_non_null(strstr(why.text, h.url_file));
    assert_null(strstr(why.text, "token"));
    hook_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_message_has_its_bytes),
        cmocka_unit_test(names_are_text_and_nobody_is_mentioned),
        cmocka_unit_test(no_message_exceeds_a_limit),
        cmocka_unit_test(each_answer_has_its_class_and_shows_no_url),
        cmocka_unit_test(the_answer_waits_until_the_message_is_stored),
        cmocka_unit_test(a_wrong_url_is_found_before_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
