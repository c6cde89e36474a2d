/* SPDX-License-Identifier: MIT */
/* tests/unit/http/test_mail.c: an SMTP dialogue, and which reply decides it. TLS is in
 * scenarios/test_mail.py. */
#include "smtp.h"

#include <errno.h>

struct server {
    struct smtp smtp;
    struct http_mail *mail;
    bool done;
    struct http_mail_answer answer;
};

static void on_done(void *userdata, const struct http_mail_answer *a)
{
    struct server *s = userdata;
    s->done = true;
    s->answer = *a;
    http_mail_free(TAKE(s->mail)); /* as the owner may */
}

static const char *const TO[] = {"a@example.com", "b@example.com"};
#define MESSAGE "Subject: x\r\n\r\none\r\n.two\r\n"

static struct http_mail_call call_to(const struct server *s)
{
    return (struct http_mail_call){.host = "127.0.0.1", .port = s->smtp.port, .security = MAIL_PLAIN,
                                   .from = "seats@example.com", .to = TO, .n_to = 2,
                                   .bytes = MESSAGE, .len = sizeof MESSAGE - 1,
                                   .timeout = 20 * USEC_PER_SEC};
}

/* ... until the answer is there, and the connection is closed on both sides. */
static void deliver_to(struct server *s, const struct http_mail_call *call)
{
    struct failure why = {0};
    if (http_mail_start(s->smtp.http, call, on_done, s, &s->mail, &why) < 0)
        fail_msg("%s", why.text);
    assert_false(s->done); /* never from inside */
    while (!s->done || !s->smtp.hung_up)
        smtp_turn(&s->smtp);
}

static void the_message_arrives_with_its_envelope_and_is_followed_by_quit(void **state)
{
    static const char *const SCRIPT[] = {"220 mx\r\n", "250-mx\r\n250 SIZE 100000\r\n", "250 ok\r\n", "250 ok\r\n",
                                         "251 forwarded\r\n", "354 go\r\n", "250 2.0.0 queued as 7\r\n",
                                         SMTP_SILENCE};
    static const char *const WANT[] = {"RCPT TO:<a@example.com>", "RCPT TO:<b@example.com>", "DATA",
                                       "Subject: x", "", "one", "..two", ".", "QUIT"};
    (void)state;
    struct server s = {0};
    smtp_new(&s.smtp, SCRIPT, N_ELEMENTS(SCRIPT));
    const struct http_mail_call call = call_to(&s);
    deliver_to(&s, &call);
    assert_int_equal(s.answer.status, 250);
    assert_string_equal(s.answer.reply, "250 2.0.0 queued as 7");
    assert_int_equal(s.answer.n_refused, 0);
    assert_int_equal(strncmp(s.smtp.line[0], "EHLO ", 5), 0);
    assert_int_equal(strncmp(s.smtp.line[1], "MAIL FROM:<seats@example.com>", 29), 0);
    assert_int_equal(s.smtp.n_lines, 2 + N_ELEMENTS(WANT));
    for (size_t i = 0; i < N_ELEMENTS(WANT); i++)
        assert_string_equal(s.smtp.line[2 + i], WANT[i]);
    smtp_free(&s.smtp);
}

static void the_reply_that_ends_the_dialogue_decides(void **state)
{
#define HELLO "220 mx\r\n", "250 mx\r\n"
    static const struct {
        const char *why, *script[8];
        int status;
        bool about_mail;
        size_t n_refused;
        const char *says;
    } CASES[] = {
        {"not welcome", {"554 no service\r\n"}, 554, false, 0, "554 no service"},
        {"too busy", {"421 later\r\n"}, 421, false, 0, "421 later"},
        {"gone at once", {SMTP_CLOSE}, 0, false, 0, "127.0.0.1"},
        {"sender", {HELLO, "550 5.7.1 not you\r\n"}, 550, true, 0, "550 5.7.1 not you"},
        {"sign in first", {HELLO, "530 5.7.0 sign in\r\n"}, 530, true, 0, "530 5.7.0"},
        {"greylisted", {HELLO, "250 ok\r\n", "450 wait\r\n", "450 4.2.0 wait\r\n"}, 450, true, 0, "450 4.2.0 wait"},
        {"nobody", {HELLO, "250 ok\r\n", "550 who\r\n", "550-5.1.1 b?\r\n550 no\r\n"}, 550, true, 0, "550-5.1.1 b?"},
        {"one waits, one is unknown", {HELLO, "250 ok\r\n", "451 wait\r\n", "550 who\r\n"}, 451, true, 0, "550 who"},
        {"one of two", {HELLO, "250 ok\r\n", "550 who\r\n", "250 ok\r\n", "354 go\r\n", "250 queued\r\n"},
         250, true, 1, "550 who"},
        {"gone after a refusal", {HELLO, "250 ok\r\n", "550 who\r\n", SMTP_CLOSE}, 0, true, 0, "127.0.0.1"},
        {"no data", {HELLO, "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "554 no\r\n"}, 554, true, 0, "554 no"},
        {"refused data", {HELLO, "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "552 large\r\n"},
         552, true, 0, "552 large"},
        {"not yet", {HELLO, "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "452 disk\r\n"},
         452, true, 0, "452 disk"},
        {"gone with the message", {HELLO, "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", SMTP_CLOSE},
         0, true, 0, "127.0.0.1"},
        {"gone before it", {HELLO, "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", SMTP_CLOSE}, 0, true, 0, "127.0.0.1"},
        {"250 to data", {HELLO, "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "250 ok\r\n"}, 0, true, 0, "127.0.0.1"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct server s = {0};
        smtp_new(&s.smtp, CASES[i].script, N_ELEMENTS(CASES[i].script)); /* and silence after QUIT */
        const struct http_mail_call call = call_to(&s);
        deliver_to(&s, &call);
        const char *text = s.answer.status ? s.answer.reply : s.answer.failure.text;
        if (s.answer.status != CASES[i].status || s.answer.about_mail != CASES[i].about_mail ||
            s.answer.n_refused != CASES[i].n_refused || !strstr(text, CASES[i].says))
            fail_msg("%s: %d, about the mail %d, %zu refused: %s", CASES[i].why, s.answer.status,
                     s.answer.about_mail, s.answer.n_refused, text);
        smtp_free(&s.smtp);
    }
}

static void without_starttls_nothing_is_sent(void **state)
{
    static const char *const SCRIPT[] = {HELLO};
    (void)state;
    struct server s = {0};
    smtp_new(&s.smtp, SCRIPT, N_ELEMENTS(SCRIPT));
    struct http_mail_call call = call_to(&s);
    call.security = MAIL_STARTTLS;
    deliver_to(&s, &call);
    assert_int_equal(s.answer.status, 0);
    assert_non_null(strstr(s.answer.failure.text, "offers no STARTTLS"));
    assert_int_equal(s.smtp.n_lines, 1);
    smtp_free(&s.smtp);
}

static struct secret *some_password(const struct http_mail_call *call)
{
    struct secret *password;
    char origin[MAIL_ORIGIN_MAX];
    assert_int_equal(secret_new("canary-7d2b-x", 13, http_mail_origin(call, origin), &password, NULL), 0);
    return password;
}

static void a_password_is_sent_and_no_reply_repeats_it(void **state)
{
    /* AUTH PLAIN with an empty first response; then the server repeats what it got. */
    static const char *const SCRIPT[] = {"220 mx\r\n", "250-mx\r\n250 AUTH PLAIN\r\n", "334 \r\n",
                                         "535 5.7.8 no canary-7d2b-x AHNlYXRzAGNhbmFyeS03ZDJiLXg=\r\n"};
    (void)state;
    struct server s = {0};
    smtp_new(&s.smtp, SCRIPT, N_ELEMENTS(SCRIPT));
    struct http_mail_call call = call_to(&s);
    CLEANUP(secret_free) struct secret *password = some_password(&call);
    call.user = "seats";
    call.password = password;
    deliver_to(&s, &call);
    assert_int_equal(s.answer.status, 535);
    assert_false(s.answer.about_mail);
    assert_string_equal(s.smtp.line[2], "AHNlYXRzAGNhbmFyeS03ZDJiLXg=");
    if (strstr(s.answer.reply, "canary") || strstr(s.answer.reply, "ZDJiL") || strstr(s.answer.reply, "bmFyeS03"))
        fail_msg("%s", s.answer.reply);
    smtp_free(&s.smtp);
}

static void an_access_token_signs_in_by_xoauth2(void **state)
{
    static const char *const SCRIPT[] = {"220 mx\r\n", "250-mx\r\n250 AUTH XOAUTH2 PLAIN\r\n", "334 \r\n",
                                         "235 ok\r\n", "250 ok\r\n", "250 ok\r\n", "250 ok\r\n",
                                         "354 go\r\n", "250 queued\r\n"};
    (void)state;
    struct server s = {0};
    smtp_new(&s.smtp, SCRIPT, N_ELEMENTS(SCRIPT));
    struct http_mail_call call = call_to(&s);
    CLEANUP(secret_free) struct secret *token = some_password(&call);
    call.user = "seats";
    call.password = token;
    call.xoauth2 = true;
    deliver_to(&s, &call);
    assert_int_equal(s.answer.status, 250);
    assert_string_equal(s.smtp.line[1], "AUTH XOAUTH2");
    /* user=seats^Aauth=Bearer canary-7d2b-x^A^A */
    assert_string_equal(s.smtp.line[2], "dXNlcj1zZWF0cwFhdXRoPUJlYXJlciBjYW5hcnktN2QyYi14AQE=");
    smtp_free(&s.smtp);
}

static void a_password_for_another_server_is_not_sent(void **state)
{
    static const char *const SCRIPT[] = {HELLO};
    (void)state;
    struct server s = {0};
    struct http_mail *m = NULL;
    struct failure why = {0};
    smtp_new(&s.smtp, SCRIPT, N_ELEMENTS(SCRIPT));
    struct http_mail_call call = call_to(&s);
    CLEANUP(secret_free) struct secret *password = some_password(&call);
    call.user = "seats";
    call.password = password;
    call.port++;
    assert_int_equal(http_mail_start(s.smtp.http, &call, on_done, &s, &m, &why), -EPERM);
    assert_int_equal(why.kind, FAILURE_SECURITY);
    smtp_free(&s.smtp);
}

static void a_mail_that_is_freed_never_calls_back(void **state)
{
    static const char *const SCRIPT[] = {HELLO, "250 ok\r\n"};
    (void)state;
    for (size_t lines = 0; lines <= 3; lines++) {
        struct server s = {0};
        struct http_mail *m = NULL;
        smtp_new(&s.smtp, SCRIPT, N_ELEMENTS(SCRIPT));
        const struct http_mail_call call = call_to(&s);
        assert_int_equal(http_mail_start(s.smtp.http, &call, on_done, &s, &m, NULL), 0);
        while (s.smtp.n_lines < lines)
            smtp_turn(&s.smtp);
        http_mail_free(m);
        while (lines > 0 && !s.smtp.hung_up)
            smtp_turn(&s.smtp);
        assert_false(s.done);
        smtp_free(&s.smtp);
    }
}

/* More than the buffers of both sockets hold. */
static void a_large_message_arrives_whole(void **state)
{
    static const char *const SCRIPT[] = {HELLO, "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n",
                                         "250 queued\r\n"};
    const size_t len = 900000;
    (void)state;
    struct server s = {0};
    smtp_new(&s.smtp, SCRIPT, N_ELEMENTS(SCRIPT));
    CLEANUP(free) char *bytes = alloc_get(len + 3);
    assert_non_null(bytes);
    memset(bytes, 'x', len);
    memcpy(bytes + len, "\r\n", 3);
    struct http_mail_call call = call_to(&s);
    call.bytes = bytes;
    call.len = len + 2;
    deliver_to(&s, &call);
    assert_int_equal(s.answer.status, 250);
    assert_int_equal(strlen(s.smtp.line[5]), len);
    assert_string_equal(s.smtp.line[6], ".");
    smtp_free(&s.smtp);
}

static void a_silent_server_is_given_up(void **state)
{
    static const struct {
        const char *script[3];
    } CASES[] = {{{SMTP_SILENCE}}, {{"220 mx\r\n", SMTP_SILENCE}}, {{HELLO, SMTP_SILENCE}}};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct server s = {0};
        smtp_new(&s.smtp, CASES[i].script, N_ELEMENTS(CASES[i].script));
        struct http_mail_call call = call_to(&s);
        call.timeout = USEC_PER_SEC;
        deliver_to(&s, &call);
        assert_int_equal(s.answer.status, 0);
        if (!strstr(s.answer.failure.text, "time-out"))
            fail_msg("case %zu: %s", i, s.answer.failure.text);
        smtp_free(&s.smtp);
    }
}

/* Each allocation fails once, until one run needs fewer. */
static void without_memory_a_mail_fails_and_is_never_half_sent(void **state)
{
    static const char *const SCRIPT[] = {HELLO, "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n",
                                         "250 queued\r\n"};
    (void)state;
    bool failed = true;
    for (size_t k = 1; failed; k++) {
        struct server s = {0};
        struct failure why = {0};
        smtp_new(&s.smtp, SCRIPT, N_ELEMENTS(SCRIPT));
        const struct http_mail_call call = call_to(&s);
        (void)alloc_fail_at(k, false);
        int r = http_mail_start(s.smtp.http, &call, on_done, &s, &s.mail, &why);
        while (r >= 0 && !s.done)
            smtp_turn(&s.smtp);
        failed = alloc_fail_at(0, false) >= k;
        assert_true(r == 0 || (r < 0 && why.text[0]));
        assert_true(r < 0 || s.answer.status == 250 || s.answer.failure.text[0]);
        assert_true(failed || s.answer.status == 250);
        assert_true(k < 5000);
        smtp_free(&s.smtp);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_message_arrives_with_its_envelope_and_is_followed_by_quit),
        cmocka_unit_test(the_reply_that_ends_the_dialogue_decides),
        cmocka_unit_test(without_starttls_nothing_is_sent),
        cmocka_unit_test(a_password_is_sent_and_no_reply_repeats_it),
        cmocka_unit_test(an_access_token_signs_in_by_xoauth2),
        cmocka_unit_test(a_password_for_another_server_is_not_sent),
        cmocka_unit_test(a_mail_that_is_freed_never_calls_back),
        cmocka_unit_test(a_large_message_arrives_whole),
        cmocka_unit_test(a_silent_server_is_given_up),
        cmocka_unit_test(without_memory_a_mail_fails_and_is_never_half_sent),
    };
    (void)alarm(60);
    if (http_global_init(NULL) < 0) /* libcurl takes memory from our allocator */
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
