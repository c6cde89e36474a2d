/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_http_post.c: one webhook request, and what becomes of each answer. */
#include "deliver/receiver.h"
#include "hook.h"
#include "options.h"

static const struct receiver_class *const WEBHOOK = &webhook_class;

static struct receiver_options options(struct hook *h)
{
    struct receiver_options o = some_receiver("hook", &webhook_class);
    some_set(&o, "url_file", h->url_file);
    some_set(&o, "signing_key_file", h->key_file);
    return o;
}

struct got {
    bool done;
    struct answer answer;
};
static void on_done(void *userdata, const struct answer *a)
{
    struct got *got = userdata;
    got->done = true;
    got->answer = *a;
}

static struct answer sent_at(struct hook *h, struct receiver_handle *handle, usec_t at)
{
    struct got got = {0};
    const struct payload l = {.event_id = SOME_EVENT, .body = "{\"type\":\"x\"}", .len = 12, .now.at = at};
    if (WEBHOOK->transport->send(handle, &l, &got.answer, on_done, &got) == 1)
        return got.answer;
    while (!got.done)
        hook_turn(h);
    return got.answer;
}

static struct receiver_handle *opened(struct hook *h, struct receiver_options *o)
{
    struct receiver_handle *handle = NULL;
    *o = options(h);
    assert_int_equal(WEBHOOK->transport->open(o, h->http, &handle, NULL), 0);
    return handle;
}

static void assert_header(const struct hook_request *r, const char *name, const char *want)
{
    CLEANUP(free) char *got = hook_header(r, name);
    if (!text_equal(got, want))
        fail_msg("%s: %s, want %s", name, got ? got : "(none)", want ? want : "(none)");
}

static void the_request_is_what_standard_webhooks_asks_for(void **state)
{
    static const char *const ANSWERS[] = {STATUS("204 No Content")};
    (void)state;
    struct hook h;
    struct receiver_options o;
    hook_new(&h, ANSWERS, 1);
    struct receiver_handle *handle = opened(&h, &o);
    assert_int_equal(sent_at(&h, handle, 1674087231 * USEC_PER_SEC + 999999).class, ANSWER_OK);
    const struct hook_request *r = &h.request[0];
    assert_ptr_equal(strstr(r->head, "POST " HOOK_PATH " HTTP/1.1\r\n"), r->head);
    assert_header(r, "content-type", "application/json");
    CLEANUP(free) char *agent = hook_header(r, "user-agent");
    assert_ptr_equal(strstr(agent, "seatwatchd/"), agent);
    assert_null(strstr(r->head, "for Graph")); /* and it is the only one */
    assert_header(r, "webhook-id", SOME_EVENT);
    assert_header(r, "webhook-timestamp", "1674087231");
    /* printf '%s' ID.TIMESTAMP.BODY | openssl dgst -sha256 -mac hmac -macopt hexkey:0001..1f
     * -binary */
    assert_header(r, "webhook-signature", "v1,WknsjRh775xjIsUEt4Myq8IauCP7OWOoh1pGROWe9Sw=");
    assert_header(r, "authorization", NULL);
    assert_string_equal(r->body, "{\"type\":\"x\"}");
    WEBHOOK->transport->close(handle);
    hook_free(&h);
}

static void without_a_key_nothing_is_signed_and_that_has_to_be_said(void **state)
{
    static const char *const ANSWERS[] = {STATUS("204 No Content")};
    (void)state;
    struct hook h;
    struct failure why = {0};
    hook_new(&h, ANSWERS, 1);
    struct receiver_options o = options(&h);
    struct receiver_handle *handle = NULL;
    some_set(&o, "signing_key_file", "");
    assert_true(WEBHOOK->check(&o, &why) < 0);
    assert_non_null(strstr(why.text, "signing = \"off\""));
    some_set_bool(&o, "signing", true);
    assert_int_equal(WEBHOOK->check(&o, &why), 0);
    assert_int_equal(WEBHOOK->transport->open(&o, h.http, &handle, NULL), 0);
    assert_int_equal(sent_at(&h, handle, some_time(SOME_AT)).class, ANSWER_OK);
    assert_header(&h.request[0], "webhook-id", SOME_EVENT);
    assert_header(&h.request[0], "webhook-signature", NULL);
    WEBHOOK->transport->close(handle);
    hook_free(&h);
}

/* Status lines, what they mean, and that no answer makes us show the URL. */
static void each_answer_has_its_class_and_no_text_shows_the_url(void **state)
{
#define BODY(status, text) \
    "HTTP/1.1 " status "\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n" text
    static const struct {
        const char *answer;
        enum answer_class want;
        usec_t retry_after;
        const char *says;
    } CASES[] = {
        {STATUS("200 OK"), ANSWER_OK, 0, "HTTP 200"},
        {STATUS("202 Accepted"), ANSWER_OK, 0, "HTTP 202"},
        {BODY("302 Found\r\nLocation: http://127.0.0.1:1/login", ""), ANSWER_RETRY, 0,
         "a redirect to http://127.0.0.1:1, not followed"},
        {STATUS("302 Found"), ANSWER_RETRY, 0, "a redirect, not followed"},
        {"HTTP/1.1 200 OK\r\nContent-Encoding: utf-8\r\nContent-Length: 2\r\n\r\nok", ANSWER_OK, 0, "HTTP 200"},
        {BODY("200 OK\r\nContent-Encoding: gzip, aws-chunked", "ok"), ANSWER_OK, 0, "HTTP 200"},
        {BODY("200 OK\r\nContent-Encoding: gzip", "ok"), ANSWER_OK, 0, "HTTP 200"},
        {BODY("200 OK\r\nContent-Length: 9", "ok"), ANSWER_OK, 0, "HTTP 200"},
        {STATUS("307 Temporary Redirect\r\nLocation: /elsewhere"), ANSWER_RETRY, 0, "HTTP 307"},
        {STATUS("400 Bad Request"), ANSWER_RETRY, 0, "HTTP 400"},
        {BODY("404 Not Found", "Cannot POST /services/T0SECRET/path-that-is-a-credential"),
         ANSWER_RETRY, 0, ": Cannot POST [redacted]"},
        {BODY("404 Not Found", "no such key: q-u-e-r-y"), ANSWER_RETRY, 0,
         ": no such key: [redacted]"},
        {BODY("400 Bad Request", "T0SECRET%2Fpath-that; SERVICES/T0SECRET"), ANSWER_RETRY, 0,
         ": [redacted]; [redacted]"},
        {BODY("400 Bad Request", "L3NlcnZpY2VzL1QwU0VDUkVUL3BhdGg="), ANSWER_RETRY, 0,
         ": [redacted]"},
        {BODY("302 Found\r\nLocation: https://t0secret.example/", ""), ANSWER_RETRY, 0,
         "[redacted].example, not followed"},
        {BODY("403 Forbidden", "channel_is_archived\n\x1b[31m"), ANSWER_RETRY, 0,
         "channel_is_archived\\u{a}"},
        {STATUS("410 Gone"), ANSWER_GONE, 0, "HTTP 410"},
        {STATUS("429 Too Many Requests\r\nRetry-After: 7"), ANSWER_THROTTLED, 7 * USEC_PER_SEC,
         "HTTP 429"},
        {STATUS("429 Too Many Requests"), ANSWER_THROTTLED, 0, "HTTP 429"},
        {STATUS("503 Busy\r\nRetry-After: 999999"), ANSWER_THROTTLED, USEC_PER_HOUR,
         "(Retry-After limited to 1 s to 1 h)"},
        {STATUS("503 Busy\r\nRetry-After: soon"), ANSWER_RETRY, 0, "HTTP 503"},
        {STATUS("500 Oops"), ANSWER_RETRY, 0, "HTTP 500"},
        {STATUS("400 Bad Request\r\nDate: Sun, 22 Nov 2020 01:00:00 GMT"), ANSWER_RETRY, 0,
         "whose clock differs"},
        {CLOSE, ANSWER_RETRY, 0, "http://127.0.0.1:"},
        {"garbage\r\n\r\n", ANSWER_RETRY, 0, "http://127.0.0.1:"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct hook h;
        struct receiver_options o;
        hook_new(&h, &CASES[i].answer, 1);
        struct receiver_handle *handle = opened(&h, &o);
        struct answer a = sent_at(&h, handle, some_time(SOME_AT));
        if (a.class != CASES[i].want || a.retry_after != CASES[i].retry_after ||
            !strstr(a.text, CASES[i].says))
            fail_msg("case %zu: class %d, %s", i, a.class, a.text);
        if (strstr(a.text, "SECRET") || strstr(a.text, "credential") || strstr(a.text, "q-u-e"))
            fail_msg("case %zu leaks: %s", i, a.text);
        assert_int_equal(h.n_requests, 1); /* nothing was followed */
        WEBHOOK->transport->close(handle);
        hook_free(&h);
    }
}

static void a_long_answer_is_left_unread_and_its_status_counts(void **state)
{
    (void)state;
    CLEANUP(free) char *flood = some_flood("x", 60000);
    CLEANUP(free) char *ok = text_printf(BODY("200 OK", "%s"), flood);
    const char *const answers[] = {ok};
    struct hook h;
    struct receiver_options o;
    hook_new(&h, answers, 1);
    struct receiver_handle *handle = opened(&h, &o);
    struct answer a = sent_at(&h, handle, some_time(SOME_AT));
    assert_int_equal(a.class, ANSWER_OK);
    assert_int_equal(a.status, 200);
    WEBHOOK->transport->close(handle);
    hook_free(&h);
}

static void changed_files_are_read_again_before_the_next_attempt(void **state)
{
    static const char *const ANSWERS[] = {STATUS("200 OK")};
    (void)state;
    struct hook h;
    struct receiver_options o;
    hook_new(&h, ANSWERS, 1);
    struct receiver_handle *handle = opened(&h, &o);
    (void)sent_at(&h, handle, 0);
    assert_false(WEBHOOK->transport->renewed(handle));
    some_write(h.key_file, HOOK_KEY_OLD "\n" HOOK_KEY "\n");
    (void)sent_at(&h, handle, 0);
    hook_url(&h, "/new:443/%2Fa?sig=a%20b&c~\nnot part of it");
    assert_true(WEBHOOK->transport->renewed(handle));
    (void)sent_at(&h, handle, 0);
    CLEANUP(free) char *one = hook_header(&h.request[0], "webhook-signature");
    CLEANUP(free) char *two = hook_header(&h.request[1], "webhook-signature");
    const char *second = strchr(two, ' ');
    assert_non_null(second);
    assert_string_equal(second + 1, one); /* newest first, the old one behind it */
    assert_ptr_equal(strstr(h.request[2].head, "POST /new:443/%2Fa?sig=a%20b&c~ HTTP"),
                     h.request[2].head);
    WEBHOOK->transport->close(handle);
    hook_free(&h);
}

static void a_broken_file_sends_nothing_and_is_mended_without_a_restart(void **state)
{
    static const char *const ANSWERS[] = {STATUS("200 OK")};
    (void)state;
    struct hook h;
    struct receiver_options o;
    hook_new(&h, ANSWERS, 1);
    struct receiver_handle *handle = opened(&h, &o);
    some_write(h.key_file, "whsec_short\n");
    struct answer a = sent_at(&h, handle, 0);
    assert_int_equal(a.class, ANSWER_RETRY);
    assert_non_null(strstr(a.text, h.key_file));
    assert_int_equal(unlink(h.url_file), 0);
    some_write(h.key_file, HOOK_KEY "\n");
    assert_int_equal(sent_at(&h, handle, 0).class, ANSWER_RETRY);
    assert_int_equal(h.n_requests, 0);
    hook_url(&h, "/");
    assert_int_equal(sent_at(&h, handle, 0).class, ANSWER_OK);
    WEBHOOK->transport->close(handle);
    hook_free(&h);
}

static void closing_cancels_what_is_under_way_without_calling_back(void **state)
{
    static const char *const ANSWERS[] = {HANG};
    (void)state;
    struct hook h;
    struct receiver_options o;
    struct got got = {0};
    const struct payload l = {.event_id = SOME_EVENT, .body = "{}", .len = 2};
    hook_new(&h, ANSWERS, 1);
    struct receiver_handle *handle = opened(&h, &o);
    assert_int_equal(WEBHOOK->transport->send(handle, &l, &got.answer, on_done, &got), 0);
    while (h.n_requests == 0)
        hook_turn(&h);
    WEBHOOK->transport->close(handle);
    assert_false(got.done);
    hook_free(&h);
}

static void mistakes_of_the_configuration_are_found_before_the_start(void **state)
{
    static const char *const ANSWERS[] = {STATUS("200 OK")};
    static const struct {
        const char *why, *url, *keys;
        bool allow_http, good;
    } CASES[] = {
        {"all is well", "https://hooks.example/a", HOOK_KEY, false, true},
        {"two keys", "https://hooks.example/a", HOOK_KEY "\n" HOOK_KEY_OLD, false, true},
        {"plain http to loopback", "http://127.0.0.1:1/a", HOOK_KEY, false, true},
        {"plain http elsewhere", "http://hooks.example/a", HOOK_KEY, false, false},
        {"plain http elsewhere, allowed", "http://hooks.example/a", HOOK_KEY, true, true},
        {"userinfo", "https://me:secret@hooks.example/a", HOOK_KEY, false, false},
        {"another scheme", "file:///etc/passwd", HOOK_KEY, false, false},
        {"no URL", "hooks", HOOK_KEY, false, false},
        {"an empty first line", "\nhttps://hooks.example/a", HOOK_KEY, false, false},
        {"no key", "https://hooks.example/a", "secret", false, false},
        {"three keys", "https://hooks.example/a", HOOK_KEY "\n" HOOK_KEY "\n" HOOK_KEY, false,
         false},
    };
    (void)state;
    struct hook h;
    hook_new(&h, ANSWERS, 1);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct receiver_options o = options(&h);
        struct failure why = {0};
        some_set_bool(&o, "allow_http", CASES[i].allow_http);
        some_write(h.url_file, CASES[i].url);
        some_write(h.key_file, CASES[i].keys);
        int r = deliver_check(&o, &why);
        if ((r >= 0) != CASES[i].good || strstr(why.text, "secret@") || strstr(why.text, "AAECAw"))
            fail_msg("%s: %d %s", CASES[i].why, r, why.text);
    }
    struct receiver_options none = some_receiver("hook", &webhook_class);
    struct failure why = {0};
    assert_true(deliver_check(&none, &why) < 0);
    some_set(&none, "url_file", h.url_file);
    assert_true(deliver_check(&none, &why) < 0);
    assert_non_null(strstr(why.text, "signing_key_file"));
    assert_int_equal(chmod(h.key_file, 0644), 0);
    some_set(&none, "signing_key_file", h.key_file);
    assert_true(deliver_check(&none, &why) < 0);
    hook_free(&h);
}

/* ---- --test-receiver ---- */

struct heard {
    bool done, accepted;
    unsigned messages;
    char text[256], events[128];
};
static void on_tested(void *userdata, const struct tested *result)
{
    struct heard *t = userdata;
    t->done = result->last;
    t->accepted = result->accepted;
    t->messages++;
    (void)snprintf(t->text, sizeof t->text, "%s", result->text ? result->text : "not sent");
    (void)strncat(strncat(t->events, result->event, 40), " ", 2);
}

static struct heard tested(struct hook *h, const struct receiver_options *o, bool life)
{
    struct heard t = {0};
    assert_int_equal(deliver_test(o, life, h->http, h->event, on_tested, &t, NULL, NULL), 0);
    assert_false(t.done); /* never from inside the call */
    while (!t.done)
        hook_turn(h);
    return t;
}

static void a_test_message_takes_the_same_way_and_says_what_was_answered(void **state)
{
    static const char *const ANSWERS[] = {STATUS("200 OK"), STATUS("500 Oops")};
    (void)state;
    struct hook h;
    hook_new(&h, ANSWERS, 2);
    struct receiver_options o = options(&h);
    struct heard t = tested(&h, &o, false);
    assert_true(t.accepted);
    assert_non_null(strstr(h.request[0].body, "{\"type\":\"receiver.test\","));
    CLEANUP(free) char *signature = hook_header(&h.request[0], "webhook-signature");
    assert_non_null(signature);
    t = tested(&h, &o, false);
    assert_false(t.accepted);
    assert_non_null(strstr(t.text, "HTTP 500 from http://127.0.0.1:"));

    struct sink s = sink_new(true);
    char got[8192];
    o = some_receiver("journal", &journal_class);
    some_set(&o, "socket", s.path);
    assert_true(tested(&h, &o, false).accepted);
    size_t len = sink_take(&s, got, sizeof got); /* with NUL bytes in it */
    static const char WANT[] = "\nSEATWATCH_EVENT=receiver.test\n";
    assert_non_null(memmem(got, len, WANT, sizeof WANT - 1));
    sink_free(&s);
    hook_free(&h);
}

static void a_life_fires_gets_worse_and_ends_as_one_alert(void **state)
{
    static const char *const ANSWERS[] = {STATUS("200 OK"), STATUS("200 OK"), STATUS("200 OK"),
                                          STATUS("200 OK"), STATUS("500 Oops")};
    static const char *const WANT[] = {
        "\"type\":\"alert.firing\"", "\"type\":\"alert.escalated\"", "\"type\":\"alert.resolved\""};
    (void)state;
    struct hook h;
    hook_new(&h, ANSWERS, 5);
    struct receiver_options o = options(&h);
    struct heard t = tested(&h, &o, true);
    assert_true(t.accepted);
    assert_string_equal(t.events, "alert.firing alert.escalated alert.resolved ");
    assert_int_equal(h.n_requests, 3);
    const char *id = strstr(h.request[0].body, "\"alert_id\":\"");
    CLEANUP(free) char *alert = strndup(id, strlen("\"alert_id\":\"") + 16);
    for (size_t i = 0; i < 3; i++) {
        assert_non_null(strstr(h.request[i].body, WANT[i]));
        assert_non_null(strstr(h.request[i].body, alert));
        assert_non_null(strstr(h.request[i].body, "This is a test: no licence is missing."));
    }
    t = tested(&h, &o, true); /* the second message is not accepted */
    assert_false(t.accepted);
    assert_int_equal(t.messages, 2);
    assert_null(strstr(h.request[3].body, alert)); /* another alert */
    hook_free(&h);
}

int main(void)
{
    if (http_global_init(NULL) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_is_what_standard_webhooks_asks_for),
        cmocka_unit_test(without_a_key_nothing_is_signed_and_that_has_to_be_said),
        cmocka_unit_test(each_answer_has_its_class_and_no_text_shows_the_url),
        cmocka_unit_test(a_long_answer_is_left_unread_and_its_status_counts),
        cmocka_unit_test(changed_files_are_read_again_before_the_next_attempt),
        cmocka_unit_test(a_broken_file_sends_nothing_and_is_mended_without_a_restart),
        cmocka_unit_test(closing_cancels_what_is_under_way_without_calling_back),
        cmocka_unit_test(mistakes_of_the_configuration_are_found_before_the_start),
        cmocka_unit_test(a_test_message_takes_the_same_way_and_says_what_was_answered),
        cmocka_unit_test(a_life_fires_gets_worse_and_ends_as_one_alert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
