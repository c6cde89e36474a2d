/* SPDX-License-Identifier: MIT */
/* tests/unit/http/test_mail.c: an SMTP dialogue, and which reply decides it. The server is in the event
 * loop of the client: if the client waited for it anywhere, neither would go on. TLS is in
 * scenarios/test_mail.py. */
#include "base/alloc.h"
#include "base/text.h"
#include "http/http.h"
#include "http/mail.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define LINES 64
#define SILENCE NULL /* no reply */
#define CLOSE ""     /* the connection ends without one */

struct server {
    sd_event *event;
    struct http *http;
    int fd, connection;
    unsigned port;
    sd_event_source *accepting, *reading;
    const char *const *reply; /* the greeting, then one for each line, but in the message for its end only */
    size_t n_replies, next;
    bool in_message, hung_up;
    char *line[LINES];
    size_t n_lines;
    struct text bytes;
    struct http_mail *mail;
    bool done;
    struct http_mail_answer answer;
};

static void server_close(struct server *s)
{
    s->reading = sd_event_source_disable_unref(s->reading);
    if (s->connection >= 0)
        (void)close(TAKE_FD(s->connection));
    s->hung_up = true;
}

static void server_reply(struct server *s)
{
    const char *text = s->next < s->n_replies ? s->reply[s->next++] : SILENCE;
    if (text && !*text)
        server_close(s);
    else if (text)
        (void)send(s->connection, text, strlen(text), MSG_NOSIGNAL);
    if (text && strncmp(text, "354", 3) == 0)
        s->in_message = true;
}

static void server_line(struct server *s, const char *line)
{
    assert_true(s->n_lines < LINES);
    assert_non_null(s->line[s->n_lines++] = strdup(line));
    if (s->in_message && strcmp(line, ".") != 0)
        return;
    s->in_message = false;
    server_reply(s);
}

static int on_bytes(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    struct server *s = userdata;
    char buf[65536];
    (void)source, (void)revents;
    ssize_t n = recv(fd, buf, sizeof buf, MSG_DONTWAIT);
    if (n <= 0) {
        server_close(s);
        return 0;
    }
    text_add_bytes(&s->bytes, buf, (size_t)n);
    char *at = s->bytes.data, *end;
    for (; s->connection >= 0 && (end = strstr(at, "\r\n")); at = end + 2) {
        *end = '\0';
        server_line(s, at);
    }
    CLEANUP(free) char *rest = strdup(at);
    text_free(&s->bytes);
    text_add(&s->bytes, rest);
    return 0;
}

static int on_connection(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    struct server *s = userdata;
    (void)source, (void)revents;
    s->connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    assert_true(s->connection >= 0);
    assert_true(sd_event_add_io(s->event, &s->reading, s->connection, EPOLLIN, on_bytes, s) >= 0);
    server_reply(s);
    return 0;
}

static void server_new(struct server *s, const char *const *reply, size_t n_replies)
{
    static const struct http_options HTTP = {0};
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    *s = (struct server){
        .connection = -1, .reply = reply, .n_replies = n_replies, .bytes = TEXT_INIT(1 << 20)};
    assert_true(sd_event_new(&s->event) >= 0);
    assert_int_equal(http_new(s->event, &HTTP, &s->http, NULL), 0);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(s->fd, 4), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &len), 0);
    s->port = ntohs(a.sin_port);
    assert_true(sd_event_add_io(s->event, &s->accepting, s->fd, EPOLLIN, on_connection, s) >= 0);
}

static void server_free(struct server *s)
{
    http_free(s->http);
    server_close(s);
    (void)sd_event_source_disable_unref(s->accepting);
    (void)close(s->fd);
    (void)sd_event_unref(s->event);
    for (size_t i = 0; i < s->n_lines; i++)
        free(s->line[i]);
    text_free(&s->bytes);
}

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
    return (struct http_mail_call){.host = "127.0.0.1", .port = s->port, .security = MAIL_PLAIN,
                                   .from = "seats@example.com", .to = TO, .n_to = 2,
                                   .bytes = MESSAGE, .len = sizeof MESSAGE - 1,
                                   .timeout = 20 * USEC_PER_SEC};
}

static void turn(struct server *s)
{
    assert_true(sd_event_run(s->event, UINT64_MAX) >= 0); /* alarm() ends a loop without events */
}

/* ... until the answer is there, and the connection is closed on both sides. */
static void deliver_to(struct server *s, const struct http_mail_call *call)
{
    struct failure why = {0};
    if (http_mail_start(s->http, call, on_done, s, &s->mail, &why) < 0)
        fail_msg("%s", why.text);
    assert_false(s->done); /* never from inside */
    while (!s->done || !s->hung_up)
        turn(s);
}

static void the_message_arrives_with_its_envelope_and_is_followed_by_quit(void **state)
{
    static const char *const SCRIPT[] = {"220 mx\r\n", "250-mx\r\n250 SIZE 100000\r\n", "250 ok\r\n", "250 ok\r\n",
                                         "251 forwarded\r\n", "354 go\r\n", "250 2.0.0 queued as 7\r\n",
                                         SILENCE};
    static const char *const WANT[] = {"RCPT TO:<a@example.com>", "RCPT TO:<b@example.com>", "DATA",
                                       "Subject: x", "", "one", "..two", ".", "QUIT"};
    (void)state;
    struct server s;
    server_new(&s, SCRIPT, N_ELEMENTS(SCRIPT));
    const struct http_mail_call call = call_to(&s);
    deliver_to(&s, &call);
    assert_int_equal(s.answer.status, 250);
    assert_string_equal(s.answer.reply, "250 2.0.0 queued as 7");
    assert_int_equal(s.answer.n_refused, 0);
    assert_int_equal(strncmp(s.line[0], "EHLO ", 5), 0);
    assert_int_equal(strncmp(s.line[1], "MAIL FROM:<seats@example.com>", 29), 0);
    assert_int_equal(s.n_lines, 2 + N_ELEMENTS(WANT));
    for (size_t i = 0; i < N_ELEMENTS(WANT); i++)
        assert_string_equal(s.line[2 + i], WANT[i]);
    server_free(&s);
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
        {"gone at once", {CLOSE}, 0, false, 0, "127.0.0.1"},
        {"sender", {HELLO, "550 5.7.1 not you\r\n"}, 550, true, 0, "550 5.7.1 not you"},
        {"sign in first", {HELLO, "530 5.7.0 sign in\r\n"}, 530, true, 0, "530 5.7.0"},
        {"greylisted", {HELLO, "250 ok\r\n", "450 wait\r\n", "450 4.2.0 wait\r\n"}, 450, true, 0, "450 4.2.0 wait"},
        {"nobody", {HELLO, "250 ok\r\n", "550 who\r\n", "550-5.1.1 b?\r\n550 no\r\n"}, 550, true, 0, "550-5.1.1 b?"},
        {"one waits, one is unknown", {HELLO, "250 ok\r\n", "451 wait\r\n", "550 who\r\n"}, 451, true, 0, "550 who"},
        {"one of two", {HELLO, "250 ok\r\n", "550 who\r\n", "250 ok\r\n", "354 go\r\n", "250 queued\r\n"},
         250, true, 1, "550 who"},
        {"gone after a refusal", {HELLO, "250 ok\r\n", "550 who\r\n", CLOSE}, 0, true, 0, "127.0.0.1"},
        {"no data", {HELLO, "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "554 no\r\n"}, 554, true, 0, "554 no"},
        {"refused data", {HELLO, "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "552 large\r\n"},
         552, true, 0, "552 large"},
        {"not yet", {HELLO, "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "452 disk\r\n"},
         452, true, 0, "452 disk"},
        {"gone with the message", {HELLO, "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", CLOSE},
         0, true, 0, "127.0.0.1"},
        {"gone before it", {HELLO, "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", CLOSE}, 0, true, 0, "127.0.0.1"},
        {"250 to data", {HELLO, "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "250 ok\r\n"}, 0, true, 0, "127.0.0.1"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct server s;
        server_new(&s, CASES[i].script, N_ELEMENTS(CASES[i].script)); /* and silence after QUIT */
        const struct http_mail_call call = call_to(&s);
        deliver_to(&s, &call);
        const char *text = s.answer.status ? s.answer.reply : s.answer.failure.text;
        if (s.answer.status != CASES[i].status || s.answer.about_mail != CASES[i].about_mail ||
            s.answer.n_refused != CASES[i].n_refused || !strstr(text, CASES[i].says))
            fail_msg("%s: %d, about the mail %d, %zu refused: %s", CASES[i].why, s.answer.status,
                     s.answer.about_mail, s.answer.n_refused, text);
        server_free(&s);
    }
}

static void without_starttls_nothing_is_sent(void **state)
{
    static const char *const SCRIPT[] = {HELLO};
    (void)state;
    struct server s;
    server_new(&s, SCRIPT, N_ELEMENTS(SCRIPT));
    struct http_mail_call call = call_to(&s);
    call.security = MAIL_STARTTLS;
    deliver_to(&s, &call);
    assert_int_equal(s.answer.status, 0);
    assert_non_null(strstr(s.answer.failure.text, "offers no STARTTLS"));
    assert_int_equal(s.n_lines, 1);
    server_free(&s);
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
    struct server s;
    server_new(&s, SCRIPT, N_ELEMENTS(SCRIPT));
    struct http_mail_call call = call_to(&s);
    CLEANUP(secret_free) struct secret *password = some_password(&call);
    call.user = "seats";
    call.password = password;
    deliver_to(&s, &call);
    assert_int_equal(s.answer.status, 535);
    assert_false(s.answer.about_mail);
    assert_string_equal(s.line[2], "AHNlYXRzAGNhbmFyeS03ZDJiLXg=");
    if (strstr(s.answer.reply, "canary") || strstr(s.answer.reply, "ZDJiL") || strstr(s.answer.reply, "bmFyeS03"))
        fail_msg("%s", s.answer.reply);
    server_free(&s);
}

static void a_password_for_another_server_is_not_sent(void **state)
{
    static const char *const SCRIPT[] = {HELLO};
    (void)state;
    struct server s;
    struct http_mail *m = NULL;
    struct failure why = {0};
    server_new(&s, SCRIPT, N_ELEMENTS(SCRIPT));
    struct http_mail_call call = call_to(&s);
    CLEANUP(secret_free) struct secret *password = some_password(&call);
    call.user = "seats";
    call.password = password;
    call.port++;
    assert_int_equal(http_mail_start(s.http, &call, on_done, &s, &m, &why), -EPERM);
    assert_int_equal(why.kind, FAILURE_SECURITY);
    server_free(&s);
}

static void a_mail_that_is_freed_never_calls_back(void **state)
{
    static const char *const SCRIPT[] = {HELLO, "250 ok\r\n"};
    (void)state;
    for (size_t lines = 0; lines <= 3; lines++) {
        struct server s;
        struct http_mail *m = NULL;
        server_new(&s, SCRIPT, N_ELEMENTS(SCRIPT));
        const struct http_mail_call call = call_to(&s);
        assert_int_equal(http_mail_start(s.http, &call, on_done, &s, &m, NULL), 0);
        while (s.n_lines < lines)
            turn(&s);
        http_mail_free(m);
        while (lines > 0 && !s.hung_up)
            turn(&s);
        assert_false(s.done);
        server_free(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_message_arrives_with_its_envelope_and_is_followed_by_quit),
        cmocka_unit_test(the_reply_that_ends_the_dialogue_decides),
        cmocka_unit_test(without_starttls_nothing_is_sent),
        cmocka_unit_test(a_password_is_sent_and_no_reply_repeats_it),
        cmocka_unit_test(a_password_for_another_server_is_not_sent),
        cmocka_unit_test(a_mail_that_is_freed_never_calls_back),
    };
    alarm(60);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
