/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_stream.c: a connection that is kept, and what its end means. TLS is in
 * scenarios/test_sinks.py. */
#include "hook.h"
#include "options.h"
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>

/* A TCP server that accepts at its own pace, in the event loop of the sender. */
struct server {
    struct hook hook; /* for its event loop and http */
    int fd, connection;
    unsigned port;
    char name[64];
    struct receiver_options options;
    struct receiver_handle *handle;
    bool done;
    struct answer answer;
};

static void listen_on(struct server *s, unsigned port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons((uint16_t)port)};
    socklen_t len = sizeof a;
    int on = 1, small = 4096;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    assert_int_equal(setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(s->fd, 4), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &len), 0);
    s->port = ntohs(a.sin_port);
}

static void server_new(struct server *s)
{
    static const char *const ANSWERS[] = {STATUS("200 OK")};
    *s = (struct server){.connection = -1};
    hook_new(&s->hook, ANSWERS, 1);
    listen_on(s, 0);
    (void)snprintf(s->name, sizeof s->name, "tcp://127.0.0.1:%u", s->port);
    s->options = some_receiver("siem", &syslog_class);
    some_set(&s->options, "server", s->name);
    some_set(&s->options, "sd_id", "a@1");
    assert_int_equal(deliver_check(&s->options, NULL), 0);
    assert_ptr_equal(receiver_transport(&s->options), &stream);
    assert_int_equal(stream.open(&s->options, s->hook.http, &s->handle, NULL), 0);
}

static void server_free(struct server *s)
{
    stream.close(s->handle);
    (void)close(s->fd);
    if (s->connection >= 0)
        (void)close(s->connection);
    hook_free(&s->hook);
}

static void on_done(void *userdata, const struct answer *a)
{
    struct server *s = userdata;
    s->done = true;
    s->answer = *a;
}

static void begin(struct server *s, const char *body)
{
    const struct payload p = {.event_id = SOME_EVENT, .body = body, .len = strlen(body)};
    s->done = false;
    assert_int_equal(stream.send(s->handle, &p, &s->answer, on_done, s), 0);
    assert_false(s->done); /* never from inside */
}

static enum answer_class sent(struct server *s, const char *body)
{
    begin(s, body);
    while (!s->done)
        hook_turn(&s->hook);
    return s->answer.class;
}

static void assert_received(struct server *s, const char *want)
{
    char got[256] = "";
    if (s->connection < 0)
        s->connection = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
    assert_int_equal(recv(s->connection, got, strlen(want), MSG_WAITALL), strlen(want));
    assert_string_equal(got, want);
    assert_int_equal(recv(s->connection, got, sizeof got, MSG_DONTWAIT), -1);
}

/* Closes the connection when the other side has seen the end: it has acknowledged the FIN. */
static void server_close(struct server *s)
{
    struct tcp_info info = {0};
    assert_int_equal(shutdown(s->connection, SHUT_WR), 0);
    while (info.tcpi_state != TCP_FIN_WAIT2) {
        socklen_t len = sizeof info;
        assert_int_equal(getsockopt(s->connection, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
        (void)sched_yield();
    }
    (void)close(TAKE_FD(s->connection));
}

static void messages_follow_each_other_on_one_connection(void **state)
{
    (void)state;
    struct server s;
    server_new(&s);
    assert_int_equal(sent(&s, "<34>1 one"), ANSWER_OK);
    assert_non_null(strstr(s.answer.text, s.name));
    assert_int_equal(sent(&s, "<34>1 two"), ANSWER_OK);
    assert_received(&s, "9 <34>1 one9 <34>1 two");
    server_free(&s);
}

static void a_connection_that_the_server_has_closed_is_made_anew(void **state)
{
    (void)state;
    struct server s;
    server_new(&s);
    assert_int_equal(sent(&s, "one"), ANSWER_OK);
    assert_received(&s, "3 one");
    server_close(&s);
    assert_int_equal(sent(&s, "two"), ANSWER_OK);
    assert_received(&s, "3 one3 two"); /* it may not have read the first one */
    server_close(&s);
    assert_int_equal(sent(&s, "three"), ANSWER_OK);
    assert_received(&s, "3 two5 three"); /* which it does not get a third time */
    server_free(&s);
}

static bool is_readable(int fd, size_t n)
{
    char got[256];
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1 &&
           (n == 0 || recv(fd, got, n, MSG_PEEK | MSG_DONTWAIT) == (ssize_t)n);
}

static void what_the_server_may_not_have_read_is_sent_again_without_another_message(void **state)
{
    (void)state;
    struct server s;
    server_new(&s);
    assert_int_equal(sent(&s, "one"), ANSWER_OK);
    assert_received(&s, "3 one");
    server_close(&s);
    while (!is_readable(s.fd, 0))
        hook_turn(&s.hook);
    s.connection = accept4(s.fd, NULL, NULL, SOCK_CLOEXEC);
    while (!is_readable(s.connection, strlen("3 one")))
        hook_turn(&s.hook);
    assert_received(&s, "3 one");
    server_free(&s);
}

/* It is due again later; a message that comes before takes it along. */
static void a_resend_that_fails_is_made_up_for(void **state)
{
    (void)state;
    struct server s;
    server_new(&s);
    assert_int_equal(sent(&s, "one"), ANSWER_OK);
    assert_received(&s, "3 one");
    (void)close(TAKE_FD(s.fd));
    server_close(&s);
    assert_int_equal(sent(&s, "two"), ANSWER_RETRY);
    listen_on(&s, s.port);
    assert_int_equal(sent(&s, "two"), ANSWER_OK);
    assert_received(&s, "3 one3 two");
    server_free(&s);
}

static void a_server_that_is_away_is_tried_again_later(void **state)
{
    (void)state;
    struct server s;
    server_new(&s);
    (void)close(s.fd);
    assert_int_equal(sent(&s, "one"), ANSWER_RETRY);
    assert_non_null(strstr(s.answer.text, s.name));
    listen_on(&s, s.port);
    assert_int_equal(sent(&s, "one"), ANSWER_OK);
    assert_received(&s, "3 one");
    server_free(&s);
}

/* More than the buffers of both sides hold: a write that has succeeded is not a delivery. */
static void what_the_server_has_not_taken_is_not_delivered(void **state)
{
    (void)state;
    struct server s;
    server_new(&s);
    CLEANUP(free) char *flood = some_flood("x", 60000);
    assert_int_equal(sent(&s, "one"), ANSWER_OK);
    assert_received(&s, "3 one");
    begin(&s, flood);
    for (int i = 0; i < 8 && !s.done; i++)
        hook_turn(&s.hook);
    assert_false(s.done);
    (void)close(s.connection); /* with bytes unread: a reset */
    s.connection = -1;
    while (!s.done)
        hook_turn(&s.hook);
    assert_int_equal(s.answer.class, ANSWER_RETRY);
    server_free(&s);
}

static void closing_cancels_what_is_under_way(void **state)
{
    (void)state;
    struct server s;
    server_new(&s);
    begin(&s, "one");
    stream.close(TAKE(s.handle));
    assert_false(s.done);
    server_free(&s);
}

static void datagrams_go_as_they_are(void **state)
{
    (void)state;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    char got[64] = "", name[64];
    struct server s;
    server_new(&s);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    (void)snprintf(name, sizeof name, "udp://127.0.0.1:%u", ntohs(a.sin_port));
    some_set(&s.options, "server", name);
    stream.close(TAKE(s.handle));
    assert_int_equal(stream.open(&s.options, s.hook.http, &s.handle, NULL), 0);
    const struct payload p = {.event_id = SOME_EVENT, .body = "<34>1 one", .len = 9};
    assert_int_equal(stream.send(s.handle, &p, &s.answer, on_done, &s), 1);
    assert_int_equal(s.answer.class, ANSWER_OK);
    assert_int_equal(recv(fd, got, sizeof got, 0), 9);
    assert_string_equal(got, "<34>1 one");
    (void)close(fd);
    /* Nobody listens any more: one datagram is lost, the next one says so. */
    assert_int_equal(stream.send(s.handle, &p, &s.answer, on_done, &s), 1);
    assert_int_equal(stream.send(s.handle, &p, &s.answer, on_done, &s), 1);
    assert_int_equal(s.answer.class, ANSWER_RETRY);
    server_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_follow_each_other_on_one_connection),
        cmocka_unit_test(a_connection_that_the_server_has_closed_is_made_anew),
        cmocka_unit_test(what_the_server_may_not_have_read_is_sent_again_without_another_message),
        cmocka_unit_test(a_resend_that_fails_is_made_up_for),
        cmocka_unit_test(a_server_that_is_away_is_tried_again_later),
        cmocka_unit_test(what_the_server_has_not_taken_is_not_delivered),
        cmocka_unit_test(closing_cancels_what_is_under_way),
        cmocka_unit_test(datagrams_go_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
