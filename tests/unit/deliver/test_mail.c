/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_mail.c: what the replies of a mail server mean, and who the recipients are. */
#include "hook.h"
#include "http/signed_in.h"
#include "options.h"
#include "unit/http/smtp.h"

#define MAIL "Subject: x\r\nTo: <a@example.com>,\r\n <b@example.com>\r\n\r\ntext\r\n"
#define HELLO "220 mx\r\n", "250-mx\r\n250 AUTH PLAIN\r\n"
#define SIGN_IN HELLO, "334 \r\n", "235 ok\r\n"

struct got {
    bool done;
    struct answer answer;
};

static void on_done(void *userdata, const struct answer *a)
{
    *(struct got *)userdata = (struct got){true, *a};
}

static struct receiver_options some_email(const struct smtp *s, const char *password_file)
{
    static char server[64];
    struct receiver_options o = some_receiver("mail", &email_class);
    (void)snprintf(server, sizeof server, "smtp://127.0.0.1:%u", s->port);
    some_set(&o, "server", server);
    some_set(&o, "from", "seats@example.com");
    some_set(&o, "user", password_file ? "seats" : "");
    some_set(&o, "password_file", password_file);
    some_set_bool(&o, "auth", password_file != NULL);
    return o;
}

static struct answer sent(struct smtp *s, struct receiver_handle *h, const char *bytes)
{
    const struct payload p = {.event_id = SOME_EVENT, .body = bytes, .len = strlen(bytes)};
    struct got got = {0};
    got.done = mail.send(h, &p, &got.answer, on_done, &got) == 1;
    while (!got.done)
        smtp_turn(s);
    return got.answer;
}

static void each_reply_has_its_class(void **state)
{
#define UNTIL_DATA "250 ok\r\n", "250 ok\r\n", "250 ok\r\n"
    static const struct {
        const char *script[8];
        enum answer_class want;
        const char *says;
    } CASES[] = {
        {{HELLO, UNTIL_DATA, "354 go\r\n", "250 queued\r\n"}, ANSWER_OK, ": 250 queued"},
        {{HELLO, "250 ok\r\n", "550 a?\r\n", "250 ok\r\n", "354 go\r\n", "250 queued\r\n"},
         ANSWER_OK, "not for 1 of 2 recipients: 550 a?"},
        {{"554 closed\r\n"}, ANSWER_RETRY, "554 closed"},
        {{HELLO, "530 sign in\r\n"}, ANSWER_RETRY, "530 sign in"},
        {{HELLO, "550 not you\r\n"}, ANSWER_PERMANENT, "550 not you"},
        {{HELLO, "250 ok\r\n", "550 a?\r\n", "551 b?\r\n"}, ANSWER_PERMANENT, "551 b?"},
        {{HELLO, "250 ok\r\n", "550 a?\r\n", "450 b?\r\n"}, ANSWER_RETRY, "450 b?"},
        {{HELLO, UNTIL_DATA, "354 go\r\n", "554 spam\r\n"}, ANSWER_PERMANENT, "554 spam"},
        {{HELLO, UNTIL_DATA, "354 go\r\n", "421 bye\r\n"}, ANSWER_RETRY, "421 bye"},
        {{HELLO, UNTIL_DATA, "354 go\r\n", SMTP_CLOSE}, ANSWER_RETRY, "the connection broke"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct smtp s;
        struct receiver_handle *h = NULL;
        smtp_new(&s, CASES[i].script, N_ELEMENTS(CASES[i].script));
        const struct receiver_options o = some_email(&s, NULL);
        assert_int_equal(mail.open(&o, s.http, &h, NULL), 0);
        struct answer a = sent(&s, h, MAIL);
        if (a.class != CASES[i].want || !strstr(a.text, CASES[i].says))
            fail_msg("case %zu: class %d: %s", i, a.class, a.text);
        mail.close(h);
        smtp_free(&s);
    }
}

static void bytes_that_are_not_ours_are_not_sent(void **state)
{
    static const char *const BYTES[] = {
        "",
        "Subject: x\r\n\r\nTo: <a@example.com>\r\n\r\n",
        "Subject: x\r\nTo: a@example.com\r\n\r\n",
        "Subject: x\r\nTo: <a b@example.com>\r\n\r\n",
        "Subject: x\r\nTo: <a@example.com>, <b@example.com>\r\n\r\n",
        "Subject: x\r\nTo: <a@example.com",
        "Subject: x\r\nTo: <>\r\n\r\n",
    };
    static const char *const SCRIPT[] = {HELLO};
    (void)state;
    struct smtp s;
    struct receiver_handle *h = NULL;
    smtp_new(&s, SCRIPT, N_ELEMENTS(SCRIPT));
    const struct receiver_options o = some_email(&s, NULL);
    assert_int_equal(mail.open(&o, s.http, &h, NULL), 0);
    for (size_t i = 0; i < N_ELEMENTS(BYTES); i++)
        assert_int_equal(sent(&s, h, BYTES[i]).class, ANSWER_PERMANENT);
    assert_int_equal(s.n_lines, 0);
    mail.close(h);
    smtp_free(&s);
}

/* Without a new time stamp, too: the refusal is reason enough to read it again. */
static void a_refused_password_is_read_again(void **state)
{
    static const char *const SCRIPT[] = {HELLO, "334 \r\n", "535 wrong\r\n", SIGN_IN, UNTIL_DATA,
                                         "354 go\r\n", "250 queued\r\n"};
    (void)state;
    struct smtp s;
    struct sink dir = sink_new(false);
    struct receiver_handle *h = NULL;
    CLEANUP(free) char *path = text_printf("%s/mail.pw", dir.dir);
    some_write(path, "wrong-one\n");
    smtp_new(&s, SCRIPT, N_ELEMENTS(SCRIPT));
    const struct receiver_options o = some_email(&s, path);
    assert_int_equal(mail.open(&o, s.http, &h, NULL), 0);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    struct answer a = sent(&s, h, MAIL);
    assert_int_equal(a.class, ANSWER_RETRY);
    assert_non_null(strstr(a.text, "535 wrong"));
    some_write(path, "right-one\n");
    assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]){st.st_atim, st.st_mtim}, 0), 0);
    assert_int_equal(sent(&s, h, MAIL).class, ANSWER_OK);
    assert_string_equal(s.line[2], "AHNlYXRzAHdyb25nLW9uZQ==");
    assert_string_equal(s.line[5], "AHNlYXRzAHJpZ2h0LW9uZQ==");
    mail.close(h);
    smtp_free(&s);
    sink_free(&dir);
}

/* ---- access tokens ---- */

static struct {
    unsigned refused;
    struct secret *token;
} fake;

static int fake_open(const struct signed_in_options *o, struct http *http, struct signed_in **ret,
                     struct failure *ret_failure)
{
    (void)http, (void)ret_failure;
    assert_string_equal(o->client_id, "c1");
    *ret = NULL;
    return 0;
}

static void fake_close(struct signed_in *s)
{
    (void)s;
    secret_free(TAKE(fake.token));
}

static int fake_token(struct signed_in *s, const char *audience, usec_t timeout, const struct secret **ret,
                      signed_in_token *done, void *userdata, struct failure *ret_failure)
{
    (void)s, (void)timeout, (void)done, (void)userdata;
    secret_free(TAKE(fake.token));
    int r = secret_new(fake.refused ? "new" : "old", 3, audience, &fake.token, ret_failure);
    *ret = fake.token;
    return r < 0 ? r : 1;
}

static void fake_refused(struct signed_in *s)
{
    (void)s;
    fake.refused++;
}
static const struct signed_in_functions FAKE = {fake_open, fake_close, NULL, fake_token, fake_refused, NULL};

static void a_refused_token_is_replaced(void **state)
{
    static const char *const SCRIPT[] = {"220 mx\r\n", "250-mx\r\n250 AUTH XOAUTH2\r\n", "334 \r\n", "334 e30=\r\n",
                                         "220 mx\r\n", "250-mx\r\n250 AUTH XOAUTH2\r\n",
                                         "334 \r\n", "235 ok\r\n", UNTIL_DATA, "354 go\r\n", "250 queued\r\n"};
    (void)state;
    struct smtp s;
    struct receiver_handle *h = NULL;
    smtp_new(&s, SCRIPT, N_ELEMENTS(SCRIPT));
    struct receiver_options o = some_email(&s, NULL);
    o.signed_in = &FAKE;
    some_set(&o, "user", "seats");
    some_set(&o, "client_id", "c1");
    *(unsigned *)some_option(&o, "auth") = 2;
    assert_int_equal(mail.open(&o, s.http, &h, NULL), 0);
    struct answer a = sent(&s, h, MAIL);
    if (a.class != ANSWER_RETRY || fake.refused != 1 || !strstr(a.text, "refuses the sign-in"))
        fail_msg("class %d, refused %u: %s", a.class, fake.refused, a.text);
    a = sent(&s, h, MAIL);
    if (a.class != ANSWER_OK)
        fail_msg("%s", a.text);
    mail.close(h);
    smtp_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reply_has_its_class),
        cmocka_unit_test(bytes_that_are_not_ours_are_not_sent),
        cmocka_unit_test(a_refused_token_is_replaced),
        cmocka_unit_test(a_refused_password_is_read_again),
    };
    (void)alarm(60);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
