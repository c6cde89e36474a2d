/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_slack_bot.c: one message per alert in Slack, its thread, and what the answers
 * of the Web API mean. */
#include "deliver/markup.h"
#include "http_type.h"

#define CHANNEL "C024BE91L"
#define REF CHANNEL " 1503435956.000247"
#define BODY "{\"text\":\"main\"}\n{\"text\":\"reply\"}"
#define DONE(members) ANSWER("200 OK", "{\"ok\":true" members "}")
#define POSTED DONE(",\"channel\":\"" CHANNEL "\",\"ts\":\"1503435957.000100\"")
#define REFUSED(word) ANSWER("200 OK", "{\"ok\":false,\"error\":\"" word "\"}")

static struct receiver_options some_bot(void)
{
    struct receiver_options o = some_receiver("chat", &slack_class);
    some_set_bool(&o, "mode", true);
    some_set(&o, "channel", CHANNEL);
    return o;
}

static void set_up(struct hook *h, struct receiver_options *o)
{
    *o = some_bot();
    some_set(o, "url", hook_address(h, "/api"));
    some_set(o, "token_file", h->key_file);
    some_write(h->key_file, "xoxb-s-e-c-r-e-t\n");
}

/* ---- messages ---- */

static void each_kind_of_message_has_its_bytes(void **state)
{
    (void)state;
    struct receiver_options o = some_bot();
    CLEANUP(notification_free) struct notification *n = some_notification();
    CLEANUP(free) char *firing = options_render(&o, n, NULL);
    assert_golden("slackbot_firing.jsonl", firing);
    n->type = EVENT_ESCALATED;
    n->previous = LEVEL_WARNING;
    CLEANUP(free) char *escalated = options_render(&o, n, NULL);
    assert_golden("slackbot_escalated.jsonl", escalated);
    n->type = EVENT_RESOLVED;
    CLEANUP(free) char *resolved = options_render(&o, n, NULL);
    assert_golden("slackbot_resolved.jsonl", resolved);
    CLEANUP(digest_free) struct digest *d = some_digest(DIGEST_LINES);
    CLEANUP(free) char *digest = options_render(&o, NULL, d);
    assert_golden("slackbot_digest.jsonl", digest);
    CLEANUP(notification_free) struct notification *hostile = some_hostile();
    CLEANUP(free) char *names = options_render(&o, hostile, NULL);
    assert_golden("slackbot_hostile.jsonl", names);
}

static size_t characters_of(const struct json *blocks)
{
    size_t sum = 0;
    for (const struct json *block = json_first(blocks); block; block = json_next(block)) {
        const struct json *lists[] = {json_get(block, "fields"), json_get(block, "elements")};
        const char *s = NULL;
        if (json_get_string(json_get(block, "text"), "text", &s) == JSON_OK) {
            assert_in_range(markup_units(s), 1, 3000);
            sum += markup_units(s);
        }
        for (size_t i = 0; i < N_ELEMENTS(lists); i++)
            for (const struct json *text = json_first(lists[i]); text; text = json_next(text)) {
                assert_int_equal(json_get_string(text, "text", &s), JSON_OK);
                sum += markup_units(s);
            }
    }
    return sum;
}

static void assert_limits(const char *body)
{
    for (const char *line = body; *line;) {
        size_t len = strcspn(line, "\n");
        CLEANUP(json_free) struct json *root = NULL;
        assert_int_equal(json_parse(line, len, &root, NULL), 0);
        size_t sum = characters_of(json_get(root, "blocks")) +
                     characters_of(json_get(json_first(json_get(root, "attachments")), "blocks"));
        if (sum > 12000)
            fail_msg("the blocks have %zu characters", sum);
        line += len + (line[len] == '\n');
    }
}

static void no_message_exceeds_a_limit(void **state)
{
    struct receiver_options o = some_bot();
    (void)state;
    options_swollen(&o, assert_limits);
}

static void only_what_needs_attention_appears_in_the_channel_again(void **state)
{
    static const struct {
        enum event_type type;
        bool broadcast;
    } CASES[] = {{EVENT_FIRING, false},   {EVENT_ESCALATED, true},    {EVENT_UPDATED, true},
                 {EVENT_REMINDER, true},  {EVENT_DEESCALATED, false}, {EVENT_RESOLVED, false}};
    struct receiver_options o = some_bot();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(notification_free) struct notification *n = some_notification();
        n->type = CASES[i].type;
        n->previous = LEVEL_WARNING;
        CLEANUP(free) char *body = options_render(&o, n, NULL);
        const char *reply = strchr(body, '\n');
        assert_non_null(reply);
        assert_int_equal(strstr(reply, "\"reply_broadcast\":true") != NULL, CASES[i].broadcast);
        *(char *)(uintptr_t)reply = '\0';
        assert_null(strstr(body, "reply_broadcast"));
    }
}

/* ---- requests ---- */

static void assert_request(const struct hook_request *r, const char *method, const char *body)
{
    CLEANUP(free) char *line = text_printf("POST /api/%s HTTP/1.1\r\n", method);
    CLEANUP(free) char *authorization = hook_header(r, "authorization");
    assert_ptr_equal(strstr(r->head, line), r->head);
    assert_string_equal(authorization, "Bearer xoxb-s-e-c-r-e-t");
    assert_string_equal(r->body, body);
}

static void the_first_message_of_an_alert_is_posted_and_its_reference_kept(void **state)
{
    static const char *const ANSWERS[] = {POSTED};
    static const char *const REFS[] = {NULL, "", "C0OTHER 1503435956.000247"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(REFS); i++) {
        struct hook h;
        hook_new(&h, ANSWERS, 1);
        struct answer a = type_send_ref(&h, set_up, BODY, REFS[i]);
        assert_int_equal(a.class, ANSWER_OK);
        assert_string_equal(a.ref, CHANNEL " 1503435957.000100");
        assert_int_equal(h.n_requests, 1);
        assert_request(&h.request[0], "chat.postMessage",
                       "{\"channel\":\"" CHANNEL "\",\"text\":\"main\"}");
        hook_free(&h);
    }
}

static void a_later_one_updates_that_message_and_replies_in_its_thread(void **state)
{
    static const char *const ANSWERS[] = {DONE(""), POSTED};
    (void)state;
    struct hook h;
    hook_new(&h, ANSWERS, 2);
    struct answer a = type_send_ref(&h, set_up, BODY, REF);
    assert_int_equal(a.class, ANSWER_OK);
    assert_string_equal(a.ref, "");
    assert_int_equal(h.n_requests, 2);
    assert_request(&h.request[0], "chat.update",
                   "{\"channel\":\"" CHANNEL "\",\"ts\":\"1503435956.000247\",\"text\":\"main\"}");
    assert_request(&h.request[1], "chat.postMessage",
                   "{\"channel\":\"" CHANNEL
                   "\",\"thread_ts\":\"1503435956.000247\",\"text\":\"reply\"}");
    hook_free(&h);
}

static void a_message_that_is_gone_is_posted_anew(void **state)
{
    static const char *const WORDS[] = {REFUSED("message_not_found"), REFUSED("cant_update_message"),
                                        REFUSED("edit_window_closed")};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(WORDS); i++) {
        const char *const answers[] = {WORDS[i], POSTED};
        struct hook h;
        hook_new(&h, answers, 2);
        struct answer a = type_send_ref(&h, set_up, BODY, REF);
        assert_int_equal(a.class, ANSWER_OK);
        assert_string_equal(a.ref, CHANNEL " 1503435957.000100");
        assert_request(&h.request[1], "chat.postMessage",
                       "{\"channel\":\"" CHANNEL "\",\"text\":\"main\"}");
        hook_free(&h);
    }
}

static void a_failure_on_the_way_keeps_the_old_reference(void **state)
{
    static const char *const ANSWERS[] = {REFUSED("message_not_found"), STATUS("503 Busy")};
    (void)state;
    struct hook h;
    hook_new(&h, ANSWERS, 2);
    struct answer a = type_send_ref(&h, set_up, BODY, REF);
    assert_int_equal(a.class, ANSWER_RETRY);
    assert_string_equal(a.ref, "");
    hook_free(&h);
}

static void a_reference_that_is_none_is_not_kept(void **state)
{
    static const char *const ANSWERS[] = {
        DONE(""), DONE(",\"channel\":\"C0OTHER\",\"ts\":\"1.2\""),
        DONE(",\"channel\":\"" CHANNEL "\",\"ts\":\"1\\\" x\""),
        DONE(",\"channel\":\"" CHANNEL "\",\"ts\":\"111111111111111111111111111111111\"")};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(ANSWERS); i++) {
        struct hook h;
        hook_new(&h, &ANSWERS[i], 1);
        struct answer a = type_send(&h, set_up, BODY);
        assert_int_equal(a.class, ANSWER_OK);
        assert_string_equal(a.ref, "");
        hook_free(&h);
    }
}

/* Slack repeats the message in its answer. */
static void a_long_answer_is_read_to_its_end(void **state)
{
    CLEANUP(free) char *flood = some_flood("x", 100000);
    CLEANUP(free)
    char *answer = text_printf(ANSWER("200 OK", "{\"ok\":true,\"message\":{\"text\":\"%s\"},\"channel\":\"" CHANNEL
                                                "\",\"ts\":\"1503435957.000100\"}"), flood);
    const char *const answers[] = {answer};
    (void)state;
    struct hook h;
    hook_new(&h, answers, 1);
    struct answer a = type_send(&h, set_up, BODY);
    assert_int_equal(a.class, ANSWER_OK);
    assert_string_equal(a.ref, CHANNEL " 1503435957.000100");
    hook_free(&h);
}

static void each_answer_has_its_class_and_shows_no_token(void **state)
{
    static const struct answer_case CASES[] = {
        {POSTED, ANSWER_OK, 0, "HTTP 200"},
        {ANSWER("200 OK", "ok"), ANSWER_RETRY, 0, "ok"},
        {ANSWER("200 OK", "{}"), ANSWER_RETRY, 0, "HTTP 200"},
        {ANSWER("200 OK", "<html>please sign in"), ANSWER_RETRY, 0, "please sign in"},
        {ANSWER("200 OK", "{\"ok\":true"), ANSWER_RETRY, 0, "HTTP 200"},
        {STATUS("204 No Content"), ANSWER_RETRY, 0, "HTTP 204"},
        {STATUS("302 Found\r\nLocation: https://login.example/"), ANSWER_RETRY, 0, "not followed"},
        {STATUS("404 Not Found"), ANSWER_RETRY, 0, "HTTP 404"},
        {ANSWER("429 X\r\nRetry-After: 30", "{\"ok\":false,\"error\":\"ratelimited\"}"), ANSWER_THROTTLED,
         30 * USEC_PER_SEC, "ratelimited"},
        {STATUS("429 X\r\nRetry-After: 30"), ANSWER_THROTTLED, 30 * USEC_PER_SEC, "HTTP 429"},
        {REFUSED("ratelimited"), ANSWER_THROTTLED, 0, "ratelimited"},
        {REFUSED("message_limit_exceeded"), ANSWER_THROTTLED, 0, "message_limit_exceeded"},
        {REFUSED("invalid_auth"), ANSWER_GONE, 0, "put its bot token into the file"},
        {REFUSED("token_revoked"), ANSWER_GONE, 0, "token_revoked"},
        {REFUSED("account_inactive"), ANSWER_GONE, 0, "account_inactive"},
        {REFUSED("not_authed"), ANSWER_GONE, 0, "not_authed"},
        {REFUSED("channel_not_found"), ANSWER_PERMANENT, 0, "invite the bot"},
        {REFUSED("not_in_channel"), ANSWER_PERMANENT, 0, "invite the bot"},
        {REFUSED("is_archived"), ANSWER_PERMANENT, 0, "out of the archive"},
        {REFUSED("restricted_action"), ANSWER_PERMANENT, 0, "an administrator"},
        {REFUSED("missing_scope"), ANSWER_PERMANENT, 0, "chat:write"},
        {REFUSED("msg_too_long"), ANSWER_PERMANENT, 0, "msg_too_long"},
        {REFUSED("msg_blocks_too_long"), ANSWER_PERMANENT, 0, "msg_blocks_too_long"},
        {REFUSED("no_text"), ANSWER_PERMANENT, 0, "no_text"},
        {REFUSED("invalid_blocks"), ANSWER_PERMANENT, 0, "invalid_blocks"},
        {REFUSED("too_many_attachments"), ANSWER_PERMANENT, 0, "too_many_attachments"},
        {REFUSED("internal_error"), ANSWER_RETRY, 0, "internal_error"},
        {REFUSED("something_new"), ANSWER_RETRY, 0, "HTTP 200: something_new"},
        {REFUSED("xoxb-s-e-c-r-e-t"), ANSWER_RETRY, 0, "ok is false"},
        {ANSWER("503 Busy", "{\"ok\":false,\"error\":\"service_unavailable\"}"), ANSWER_RETRY, 0,
         "HTTP 503: service_unavailable"},
        {STATUS("500 Oops"), ANSWER_RETRY, 0, "HTTP 500"},
        {CLOSE, ANSWER_RETRY, 0, "127.0.0.1"},
    };
    (void)state;
    type_answers(set_up, CASES, N_ELEMENTS(CASES), "s-e-c-r-e-t");
}

/* ---- options ---- */

static void each_mode_has_its_keys(void **state)
{
    static const struct {
        bool bot;
        const char *token, *channel, *says; /* NULL: fine */
    } CASES[] = {
        {false, "", "", NULL},
        {true, "t", CHANNEL, NULL},
        {true, "", CHANNEL, "needs token_file"},
        {true, "t", "", "needs channel"},
        {false, "t", "", "token_file has no effect"},
        {false, "", CHANNEL, "channel has no effect"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure why = {0};
        struct receiver_options o = some_receiver("chat", &slack_class);
        some_set_bool(&o, "mode", CASES[i].bot);
        some_set(&o, "token_file", CASES[i].token);
        some_set(&o, "channel", CASES[i].channel);
        int r = slack_class.check(&o, &why);
        if ((r >= 0) != !CASES[i].says || (CASES[i].says && !strstr(why.text, CASES[i].says)))
            fail_msg("case %zu: %s", i, why.text);
    }
}

static void a_new_token_in_the_file_enables_the_receiver_again(void **state)
{
    static const char *const ANSWERS[] = {POSTED};
    (void)state;
    struct hook h;
    struct receiver_options o;
    struct receiver_handle *handle = NULL;
    hook_new(&h, ANSWERS, 1);
    set_up(&h, &o);
    assert_int_equal(http_post.open(&o, h.http, &handle, NULL), 0);
    int64_t before = http_post.address(handle);
    assert_false(http_post.renewed(handle));
    some_write(h.key_file, "xoxb-another-token\n");
    assert_true(http_post.renewed(handle));
    http_post.close(TAKE(handle));
    assert_int_equal(http_post.open(&o, h.http, &handle, NULL), 0);
    assert_true(http_post.address(handle) != before);
    http_post.close(handle);
    hook_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_message_has_its_bytes),
        cmocka_unit_test(no_message_exceeds_a_limit),
        cmocka_unit_test(only_what_needs_attention_appears_in_the_channel_again),
        cmocka_unit_test(the_first_message_of_an_alert_is_posted_and_its_reference_kept),
        cmocka_unit_test(a_later_one_updates_that_message_and_replies_in_its_thread),
        cmocka_unit_test(a_message_that_is_gone_is_posted_anew),
        cmocka_unit_test(a_failure_on_the_way_keeps_the_old_reference),
        cmocka_unit_test(a_reference_that_is_none_is_not_kept),
        cmocka_unit_test(a_long_answer_is_read_to_its_end),
        cmocka_unit_test(each_answer_has_its_class_and_shows_no_token),
        cmocka_unit_test(each_mode_has_its_keys),
        cmocka_unit_test(a_new_token_in_the_file_enables_the_receiver_again),
    };
    (void)alarm(120);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
