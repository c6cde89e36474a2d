/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_slack.c: messages for Slack, its limits, and what its answers mean.
 */
#include "http_type.h"
#include "deliver/markup.h"

static void each_kind_of_message_has_its_bytes(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    CLEANUP(free) char *firing = type_render(&slack_class, n, NULL);
    assert_golden("slack_firing.json", firing);
    n->type = EVENT_RESOLVED;
    CLEANUP(free) char *resolved = type_render(&slack_class, n, NULL);
    assert_golden("slack_resolved.json", resolved);
    CLEANUP(digest_free) struct digest *d = some_digest(DIGEST_LINES);
    d->notification[1]->level = LEVEL_WARNING;
    CLEANUP(free) char *digest = type_render(&slack_class, NULL, d);
    assert_golden("slack_digest.json", digest);
    CLEANUP(notification_free) struct notification *test = NULL;
    assert_int_equal(test_notification("chat", some_time(SOME_AT), &test), 0);
    CLEANUP(free) char *sent = type_render(&slack_class, test, NULL);
    assert_golden("slack_test.json", sent);
}

static void names_are_text_and_nobody_is_mentioned(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_hostile();
    CLEANUP(free) char *body = type_render(&slack_class, n, NULL);
    assert_golden("slack_hostile.json", body);
}

/* Characters of a text object. */
static size_t units(const struct json *text, size_t max)
{
    const char *s = NULL;
    if (json_get_string(text, "text", &s) != JSON_OK)
        fail_msg("a block without text");
    size_t n = markup_units(s);
    if (n == 0 || n > max || !s[strspn(s, " \n")])
        fail_msg("a text has %zu: %s", n, s);
    return n;
}

static size_t sum_of(const struct json *list, size_t max)
{
    size_t sum = 0;
    assert_true(!list || json_count(list) <= 10);
    for (const struct json *text = json_first(list); text; text = json_next(text))
        sum += units(text, max);
    return sum;
}

static void assert_limits(const char *body)
{
    CLEANUP(json_free) struct json *root = NULL;
    const struct json *attachments, *blocks;
    size_t sum = 0;
    assert_int_equal(json_parse(body, strlen(body), &root, NULL), 0);
    units(root, 4000);
    assert_int_equal(json_get_array(root, "attachments", &attachments), JSON_OK);
    assert_int_equal(json_get_array(json_first(attachments), "blocks", &blocks), JSON_OK);
    assert_true(json_count(blocks) <= 50);
    for (const struct json *block = json_first(blocks); block; block = json_next(block)) {
        const struct json *text = json_get(block, "text"), *fields = json_get(block, "fields"),
                          *elements = json_get(block, "elements");
        assert_true(text || fields || elements);
        sum += text ? units(text, 3000) : 0;
        sum += fields ? sum_of(fields, 2000) : 0;
        sum += elements ? sum_of(elements, 2000) : 0;
    }
    if (sum > 12000)
        fail_msg("the blocks have %zu characters", sum);
}

static void no_message_exceeds_a_limit(void **state)
{
    (void)state;
    type_swollen(&slack_class, assert_limits);
}

static void set_up(struct hook *h, struct receiver_options *o)
{
    *o = some_receiver("chat", &slack_class);
    some_set(o, "url_file", h->url_file);
}

static void each_answer_has_its_class_and_shows_no_url(void **state)
{
    static const struct answer_case CASES[] = {
        {ANSWER("200 OK", "ok"), ANSWER_OK, 0, "HTTP 200"},
        {ANSWER("200 OK", "ok\n"), ANSWER_OK, 0, "HTTP 200"},
        {ANSWER("200 OK", "okay"), ANSWER_RETRY, 0, "okay"},
        {ANSWER("200 OK", "<html>please sign in"), ANSWER_RETRY, 0, "please sign in"},
        {STATUS("204 No Content"), ANSWER_RETRY, 0, "HTTP 204"},
        {STATUS("302 Found\r\nLocation: https://login.example/"), ANSWER_RETRY, 0, "not followed"},
        {ANSWER("400 X", "invalid_payload"), ANSWER_PERMANENT, 0, "invalid_payload"},
        {ANSWER("400 X", "invalid_blocks"), ANSWER_PERMANENT, 0, "invalid_blocks"},
        {ANSWER("400 X", "no_text"), ANSWER_PERMANENT, 0, "no_text"},
        {ANSWER("400 X", "too_many_attachments"), ANSWER_PERMANENT, 0, "too_many_attachments"},
        {ANSWER("400 X", "missing_text_or_fallback_or_attachments"), ANSWER_PERMANENT, 0,
         "missing_text_or_fallback_or_attachments"},
        {ANSWER("400 X", "user_not_found"), ANSWER_PERMANENT, 0, "user_not_found"},
        {ANSWER("400 X", "channel_is_archived"), ANSWER_GONE, 0, "channel_is_archived"},
        {ANSWER("400 X", "something_new"), ANSWER_PERMANENT, 0, "something_new"},
        {ANSWER("403 X", "action_prohibited"), ANSWER_PERMANENT, 0, "action_prohibited"},
        {ANSWER("403 X", "invalid_token"), ANSWER_PERMANENT, 0, "invalid_token"},
        {ANSWER("403 X", "posting_to_general_channel_denied"), ANSWER_PERMANENT, 0,
         "posting_to_general_channel_denied"},
        {ANSWER("403 X", "team_disabled"), ANSWER_PERMANENT, 0, "team_disabled"},
        {ANSWER("403 X", "something_new"), ANSWER_PERMANENT, 0, "something_new"},
        {ANSWER("404 X", "no_service"), ANSWER_GONE, 0, "no_service"},
        {ANSWER("404 X", "no_active_hooks"), ANSWER_GONE, 0, "no_active_hooks"},
        {ANSWER("404 X", "no_service_id"), ANSWER_GONE, 0, "no_service_id"},
        {ANSWER("404 X", "no_team"), ANSWER_GONE, 0, "no_team"},
        {ANSWER("404 X", "channel_not_found"), ANSWER_GONE, 0, "channel_not_found"},
        {ANSWER("404 X", "something_new"), ANSWER_GONE, 0, "something_new"},
        {ANSWER("410 X", "channel_is_archived"), ANSWER_GONE, 0, "channel_is_archived"},
        {ANSWER("410 X", "something_new"), ANSWER_GONE, 0, "something_new"},
        {ANSWER("500 X", "rollup_error"), ANSWER_RETRY, 0, "rollup_error"},
        {ANSWER("500 X", "something_new"), ANSWER_RETRY, 0, "something_new"},
        {ANSWER("200 X", "no_service"), ANSWER_GONE, 0, "no_service"},
        {ANSWER("404 X", "<html>no such proxy"), ANSWER_RETRY, 0, "no such proxy"},
        {ANSWER("403 X", "no T0SECRET here"), ANSWER_PERMANENT, 0, "[redacted]"},
        {ANSWER("429 X\r\nRetry-After: 1", "{\"retry_after\":1,\"ok\":false}"), ANSWER_THROTTLED,
         USEC_PER_SEC, "HTTP 429"},
        {STATUS("500 Oops"), ANSWER_RETRY, 0, "HTTP 500"},
        {CLOSE, ANSWER_RETRY, 0, "127.0.0.1"},
    };
    (void)state;
    type_answers(set_up, CASES, N_ELEMENTS(CASES), "T0SECRET");
}

/* Another character would end the link. */
static void a_link_ends_where_it_should(void **state)
{
    static const struct {
        const char *url, *want; /* NULL: no link */
    } CASES[] = {
        {"https://wiki.example/a?b=1&c=2", "<https://wiki.example/a?b=1&amp;c=2|Runbook>"},
        {"https://wiki.example/a|b>c<d", "<https://wiki.example/a%7Cb%3Ec%3Cd|Runbook>"},
        {NULL, NULL},
    };
    CLEANUP(free) char *flood = some_flood("&", 300);
    CLEANUP(free) char *longer = text_printf("https://wiki.example/%s", flood);
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        const char *url = CASES[i].url ? CASES[i].url : longer;
        const struct links links = {.runbook_url = (char *)url};
        CLEANUP(notification_free) struct notification *n = some_notification();
        const struct message m = {.notification = n, .now_at = n->at};
        struct receiver_options o = some_receiver("chat", &slack_class);
        CLEANUP(free) char *body = NULL;
        size_t len;
        o.links = &links;
        assert_int_equal(receiver_render(&o, &m, &body, &len), 0);
        bool right =
            CASES[i].want ? strstr(body, CASES[i].want) != NULL : !strstr(body, "mrkdwn\",");
        if (!right)
            fail_msg("%s", body);
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
    some_write(h.url_file, "http://hooks.slack.example/services/T/B/token\n");
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
        cmocka_unit_test(a_link_ends_where_it_should),
        cmocka_unit_test(a_wrong_url_is_found_before_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
