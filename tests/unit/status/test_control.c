/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "status/control.h"
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* The clock of the server runs ahead by this. */
static usec_t ahead;
struct instant __real_clock_now(void);
struct instant __wrap_clock_now(void);
struct instant __wrap_clock_now(void)
{
    struct instant now = __real_clock_now();
    now.mono += ahead;
    return now;
}

struct world {
    char directory[32], path[64];
    sd_event *event;
    struct control *control;
    struct control_call *waiting; /* the call that is answered later */
    char changed[128];            /* what the log was told last */
};

static void get_echo(void *userdata, struct control_call *call)
{
    const char *all = target_param(&call->target, "all");
    (void)userdata;
    control_answer(call, 200, text_printf("{\"id\":\"%s\",\"all\":\"%s\"}", call->id ? call->id : "", all ? all : "-"));
}

static void post_echo(void *userdata, struct control_call *call)
{
    const char *word = NULL;
    (void)userdata;
    if (call->body && json_get_string(call->body, "word", &word) != JSON_OK)
        control_error(call, 422, "say a word", "no word in %s", "it");
    else
        control_answer(call, 201, text_printf("{\"word\":\"%s\"}", word ? word : ""));
}

static void get_large(void *userdata, struct control_call *call)
{
    (void)userdata;
    control_answer_as(call, 200, "text/plain", text_printf("%0*d%s", atoi(target_param(&call->target, "len")), 0, call->accept ? call->accept : ""));
}

static void post_later(void *userdata, struct control_call *call)
{
    struct world *w = userdata;
    w->waiting = call;
}

static const struct control_command COMMANDS[] = {
    {"GET", "/v1/things", CONTROL_READ, {"all", "tenant"}, false, get_echo, "lists"},
    {"GET", "/v1/things/{id}/part", CONTROL_READ, {NULL}, false, get_echo, "shows"},
    {"POST", "/v1/things", CONTROL_WRITE, {NULL}, true, post_echo, "adds"},
    {"DELETE", "/v1/things/{id}", CONTROL_WRITE, {NULL}, false, post_echo, "removes"},
    {"GET", "/v1/large", CONTROL_READ, {"len"}, false, get_large, "is large"},
    {"POST", "/v1/later", CONTROL_WRITE, {NULL}, false, post_later, "waits"},
};

static void on_changed(void *userdata, const struct control_call *call, unsigned status)
{
    struct world *w = userdata;
    (void)snprintf(w->changed, sizeof w->changed, "%s %s %s %u %s", call->command->method, call->command->path,
                   call->id ? call->id : "-", status, call->pid == getpid() && call->uid == getuid() ? "me" : "?");
}

static bool (*admitter)(void *userdata, const struct control_command *command, const struct control_headers *headers,
                        struct control_refusal *ret);

static void serve(struct world *w, enum control_access access)
{
    const struct control_options o = {.command = COMMANDS, .n_commands = N_ELEMENTS(COMMANDS), .access = access,
                                      .changed = on_changed, .admit = admitter, .userdata = w};
    struct failure why = {0};
    int fd = -1;
    assert_int_equal(control_listen(w->path, &fd, &why), 0);
    assert_int_equal(control_new(w->event, fd, &o, &w->control, &why), 0);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)snprintf(w->directory, sizeof w->directory, "/tmp/control-XXXXXX");
    assert_non_null(mkdtemp(w->directory));
    (void)snprintf(w->path, sizeof w->path, "%s/sock", w->directory);
    assert_true(sd_event_new(&w->event) >= 0);
    ahead = 0;
    admitter = NULL;
    serve(w, CONTROL_WRITE);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    control_free(w->control);
    sd_event_unref(w->event);
    (void)unlink(w->path);
    assert_int_equal(rmdir(w->directory), 0);
    free(w);
    return 0;
}

static void turn(struct world *w)
{
    assert_true(sd_event_run(w->event, 1000) >= 0);
}

static int dial(struct world *w)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    memcpy(address.sun_path, w->path, strlen(w->path));
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* What the server lets through at once; the rest is lost, as after its end of the connection. */
static void say(int fd, const char *bytes, size_t len)
{
    (void)send(fd, bytes, len, MSG_NOSIGNAL);
}

/* Reads until the server ends the connection, and closes it. */
static void hear(struct world *w, int fd, struct text *ret)
{
    char part[4096];
    ssize_t n;
    while ((n = recv(fd, part, sizeof part, 0)) != 0) {
        if (n > 0)
            text_add_bytes(ret, part, (size_t)n);
        else if (errno == EAGAIN)
            turn(w);
        else
            break; /* a reset */
    }
    text_add(ret, "");
    (void)close(fd);
}

static void ask(struct world *w, const char *request, struct text *ret)
{
    int fd = dial(w);
    say(fd, request, strlen(request));
    hear(w, fd, ret);
}

/* The status line of the answer begins with `status`, and the answer holds `words`. */
static void expect(struct world *w, const char *request, const char *status, const char *words)
{
    CLEANUP(text_free) struct text answer = TEXT_INIT(1 << 20);
    ask(w, request, &answer);
    if (strncmp(answer.data, "HTTP/1.1 ", 9) != 0 || strncmp(answer.data + 9, status, strlen(status)) != 0 || !strstr(answer.data, words))
        fail_msg("%.100s\n-> %s\nexpected %s, %s", request, answer.data, status, words);
}

#define HOST " HTTP/1.1\r\nHost: localhost\r\n\r\n"

static void a_request_is_answered_by_the_command_of_its_row(void **state)
{
    struct world *w = *state;
    expect(w, "GET /v1/things?all" HOST, "200", "{\"id\":\"\",\"all\":\"\"}");
    expect(w, "GET /v1/things/a%20b/part" HOST, "200", "{\"id\":\"a b\",\"all\":\"-\"}");
    expect(w, "GET /v1/things HTTP/1.0\r\n\r\n", "200", "Content-Type: application/json");
    expect(w, "GET /v1/things" HOST, "200", "Connection: close");
    expect(w, "GET /v1/things" HOST, "200", "X-Content-Type-Options: nosniff");
    expect(w, "GET /v1/things" HOST, "200", "Content-Security-Policy: default-src 'none';");
    assert_string_equal(w->changed, "");
    expect(w, "POST /v1/things HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n{\"word\":\"a\"}", "201", "{\"word\":\"a\"}");
    assert_string_equal(w->changed, "POST /v1/things - 201 me");
    expect(w, "DELETE /v1/things/x9" HOST, "201", "{\"word\":\"\"}");
    assert_string_equal(w->changed, "DELETE /v1/things/{id} x9 201 me");
}

static void head_is_get_without_the_body(void **state)
{
    struct world *w = *state;
    CLEANUP(text_free) struct text answer = TEXT_INIT(1 << 20);
    ask(w, "HEAD /v1/things" HOST, &answer);
    assert_non_null(strstr(answer.data, "HTTP/1.1 200 "));
    assert_non_null(strstr(answer.data, "Content-Length: 19\r\n"));
    assert_string_equal(strstr(answer.data, "\r\n\r\n"), "\r\n\r\n");
}

static bool admit(void *userdata, const struct control_command *command, const struct control_headers *headers,
                  struct control_refusal *ret)
{
    (void)userdata, (void)command;
    *ret = (struct control_refusal){401, "who is there", "say it"};
    return text_equal(headers->authorization, "Bearer x") && text_equal(headers->host, "here");
}

static void a_request_that_is_not_admitted_reaches_no_command(void **state)
{
    struct world *w = *state;
    control_free(TAKE(w->control));
    admitter = admit;
    serve(w, CONTROL_WRITE);
    expect(w, "DELETE /v1/things/x HTTP/1.1\r\nHost: here\r\n\r\n", "401", "{\"error\":\"who is there\",\"hint\":\"say it\"}");
    expect(w, "DELETE /v1/things/x HTTP/1.1\r\nHost: there\r\nAuthorization: Bearer x\r\n\r\n", "401", "WWW-Authenticate: Bearer\r\n");
    assert_string_equal(w->changed, "");
    expect(w, "DELETE /v1/things/x HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer x\r\n\r\n", "201", "{");
}

static void a_text_has_the_type_that_its_command_says(void **state)
{
    struct world *w = *state;
    expect(w, "GET /v1/large?len=3" HOST, "200", "Content-Type: text/plain\r\n");
    expect(w, "GET /v1/large?len=3 HTTP/1.1\r\nHost: x\r\nAccept: a/b\r\n\r\n", "200", "\r\n\r\n000a/b");
}

static void answers_that_nobody_reads_have_a_bound_together(void **state)
{
    struct world *w = *state;
    int fd[3];
    for (size_t i = 0; i < N_ELEMENTS(fd); i++) {
        fd[i] = dial(w);
        say(fd[i], "GET /v1/large?len=20000000" HOST, strlen("GET /v1/large?len=20000000" HOST));
    }
    expect(w, "GET /v1/things" HOST, "200", "{");
    expect(w, "GET /v1/large?len=20000000" HOST, "503", "try again");
    for (size_t i = 0; i < N_ELEMENTS(fd); i++)
        (void)close(fd[i]);
    expect(w, "GET /v1/things" HOST, "200", "{");
    expect(w, "HEAD /v1/large?len=20000000" HOST, "200", "text/plain");
}

static void an_error_says_what_is_wrong_and_what_to_do(void **state)
{
    static const struct {
        const char *request, *status, *words;
    } CASES[] = {
        {"GET /v1/thinsg" HOST, "404", "{\"error\":\"there is no /v1/thinsg\",\"hint\":\"did you mean /v1/things?\"}"},
        {"GET /" HOST, "404", "control.openapi.json"},
        {"GET /v1/things/x/part/more" HOST, "404", "there is no"},
        {"GET /v1/things/x" HOST, "405", "use DELETE"},
        {"PUT /v1/things" HOST, "405", "Allow: GET, POST\r\n"},
        {"HEAD /v1/things/x" HOST, "405", ""},
        {"GET /v1/things?al" HOST, "400", "there is no parameter \\\"al\\\" here"},
        {"GET /v1/things?tenan=x" HOST, "400", "did you mean \\\"tenant\\\""},
        {"DELETE /v1/things/x?force" HOST, "400", "leave it out"},
        {"GET /v1/%00things" HOST, "400", "control character"},
        {"GET /v1/../v1/things" HOST, "400", "\\\"..\\\""},
        {"GET http://localhost/v1/things" HOST, "400", "begin with"},
        {"GET /v1/\x1b[2Jthings" HOST, "400", "control character"},
        {"GET /v1/%E2%80%AEx" HOST, "404", "there is no /v1/\\\\u{202e}x"},
        {"GET /v1/things HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", "400", "takes no body"},
        {"POST /v1/things" HOST, "400", "\"error\""},
        {"POST /v1/things HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n[]", "400", "not a JSON object"},
        {"POST /v1/things HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", "422", "{\"error\":\"no word in it\",\"hint\":\"say a word\"}"},
        {"POST /v1/things HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n", "413", "larger than 64 KiB"},
    };
    struct world *w = *state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        expect(w, CASES[i].request, CASES[i].status, CASES[i].words);
}

/* Also what libmicrohttpd answers by itself: the server goes on. */
static void hostile_bytes_end_their_connection_only(void **state)
{
    static const char *const CASES[] = {"\r\n\r\n", "\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET /v1/things HTTP/9.9\r\n\r\n",
        "GET /v1/things HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02", "POST /v1/things HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /v1/things HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        "POST /v1/things HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /v1/things HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"};
    struct world *w = *state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char answer[4096];
        int fd = dial(w);
        say(fd, CASES[i], strlen(CASES[i]) ? strlen(CASES[i]) : 8);
        expect(w, "GET /v1/things" HOST, "200", "{");
        ssize_t n = recv(fd, answer, sizeof answer - 1, 0); /* some wait for more bytes, until their time is over */
        answer[n > 0 ? n : 0] = '\0';
        assert_null(strstr(answer, "200 OK"));
        (void)close(fd);
    }
}

static void long_lines_headers_and_bodies_are_refused(void **state)
{
    struct world *w = *state;
    CLEANUP(text_free) struct text path = TEXT_INIT(1 << 20), line = TEXT_INIT(1 << 20), headers = TEXT_INIT(1 << 20),
                                   body = TEXT_INIT(1 << 20);
    text_addf(&path, "GET /v1/%03000d" HOST, 0);
    expect(w, path.data, "414", "longer than 2048 bytes");
    text_addf(&line, "GET /v1/%030000d" HOST, 0);
    expect(w, line.data, "4", "");
    text_add(&headers, "GET /v1/things HTTP/1.1\r\nHost: x\r\n");
    for (unsigned i = 0; i < 2000; i++)
        text_addf(&headers, "X-%u: %050d\r\n", i, 0);
    text_add(&headers, "\r\n");
    expect(w, headers.data, "4", "");
    /* Of a body without a declared length, no more than the limit is kept. */
    text_add(&body, "POST /v1/things HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (unsigned i = 0; i < 20; i++)
        text_addf(&body, "1000\r\n%04096d\r\n", 0);
    text_add(&body, "0\r\n\r\n");
    expect(w, body.data, "413", "larger than 64 KiB");
}

static void a_connection_carries_one_request(void **state)
{
    struct world *w = *state;
    CLEANUP(text_free) struct text answer = TEXT_INIT(1 << 20);
    ask(w, "GET /v1/things" HOST "DELETE /v1/things/x" HOST "GET /v1/things" HOST, &answer);
    assert_non_null(strstr(answer.data, "200 OK"));
    assert_null(strstr(answer.data + 8, "HTTP/1.1"));
    assert_string_equal(w->changed, "");
}

static void the_read_socket_refuses_what_writes(void **state)
{
    struct world *w = *state;
    control_free(TAKE(w->control));
    serve(w, CONTROL_READ);
    expect(w, "GET /v1/things" HOST, "200", "{");
    expect(w, "POST /v1/things HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n{\"word\":\"a\"}", "403", "read-only");
    expect(w, "DELETE /v1/things/x" HOST, "403", "control.sock");
    assert_string_equal(w->changed, "");
}

static void an_answer_may_come_later_and_others_do_not_wait_for_it(void **state)
{
    struct world *w = *state;
    CLEANUP(text_free) struct text answer = TEXT_INIT(1 << 20);
    int fd = dial(w);
    say(fd, "POST /v1/later" HOST, strlen("POST /v1/later" HOST));
    while (!w->waiting)
        turn(w);
    expect(w, "GET /v1/things" HOST, "200", "{");
    assert_string_equal(w->changed, "");
    control_answer(w->waiting, 200, strdup("{\"late\":true}"));
    assert_string_equal(w->changed, "POST /v1/later - 200 me");
    hear(w, fd, &answer);
    assert_non_null(strstr(answer.data, "{\"late\":true}"));
}

static void the_client_may_be_gone_when_its_answer_comes(void **state)
{
    struct world *w = *state;
    int fd = dial(w);
    say(fd, "POST /v1/later" HOST, strlen("POST /v1/later" HOST));
    while (!w->waiting)
        turn(w);
    (void)close(fd);
    ahead = CONTROL_CONNECTION_MAX + 1;
    expect(w, "GET /v1/things" HOST, "200", "{");
    control_answer(w->waiting, 200, strdup("{}"));
    expect(w, "GET /v1/things" HOST, "200", "{");
}

static void a_server_that_ends_drops_calls_that_wait(void **state)
{
    struct world *w = *state;
    int fd = dial(w);
    say(fd, "POST /v1/later" HOST, strlen("POST /v1/later" HOST));
    while (!w->waiting)
        turn(w);
    control_free(TAKE(w->control));
    char byte;
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    (void)close(fd);
}

static void a_hundred_clients_at_once_are_all_answered(void **state)
{
    struct world *w = *state;
    int fd[100];
    for (size_t i = 0; i < N_ELEMENTS(fd); i++) {
        fd[i] = dial(w);
        say(fd[i], "GET /v1/things" HOST, strlen("GET /v1/things" HOST));
    }
    for (size_t i = 0; i < N_ELEMENTS(fd); i++) {
        CLEANUP(text_free) struct text answer = TEXT_INIT(1 << 20);
        hear(w, fd[N_ELEMENTS(fd) - 1 - i], &answer);
        assert_non_null(strstr(answer.data, "200 OK"));
    }
}

/* Bytes that trickle in reset the limit of libmicrohttpd, and not ours. */
static void slow_clients_give_their_places_back(void **state)
{
    struct world *w = *state;
    int fd[CONTROL_CONNECTIONS_MAX];
    for (size_t i = 0; i < N_ELEMENTS(fd); i++) {
        fd[i] = dial(w);
        say(fd[i], "GET /v1/thi", 11);
    }
    int other = dial(w); /* no place is free for it */
    say(other, "GET /v1/things" HOST, strlen("GET /v1/things" HOST));
    for (unsigned i = 0; i < 10; i++)
        turn(w);
    char byte;
    assert_int_equal(recv(other, &byte, 1, 0), -1);
    ahead = CONTROL_CONNECTION_MAX + 1;
    say(fd[0], "n", 1);
    CLEANUP(text_free) struct text answer = TEXT_INIT(1 << 20);
    hear(w, other, &answer);
    assert_non_null(strstr(answer.data, "200 OK"));
    for (size_t i = 0; i < N_ELEMENTS(fd); i++) {
        CLEANUP(text_free) struct text none = TEXT_INIT(1 << 20);
        hear(w, fd[i], &none);
        assert_null(strstr(none.data, "200 OK"));
    }
}

static void the_socket_is_for_owner_and_group(void **state)
{
    struct world *w = *state;
    struct stat st;
    assert_int_equal(stat(w->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0660);
}

static void only_a_stale_socket_is_replaced(void **state)
{
    struct world *w = *state;
    struct failure why = {0};
    int fd = -1;
    assert_int_equal(control_listen(w->path, &fd, &why), -EADDRINUSE);
    assert_non_null(strstr(why.text, "another program listens"));
    control_free(TAKE(w->control));
    assert_int_equal(control_listen(w->path, &fd, &why), 0);
    (void)close(fd);
    (void)unlink(w->path);
    FILE *f = fopen(w->path, "we");
    assert_non_null(f);
    (void)fclose(f);
    assert_int_equal(control_listen(w->path, &fd, &why), -EADDRINUSE);
    assert_non_null(strstr(why.text, "no socket of this user"));
    assert_int_equal(access(w->path, F_OK), 0);
    assert_int_equal(control_listen("/tmp/there/is/no/directory", &fd, &why), -ENOENT);
    assert_int_equal(control_listen("/tmp/a-path-that-is-longer-than-what-a-socket-of-this-system-can-have-as-its-name-"
                                    "which-is-108-bytes-with-its-NUL", &fd, &why), -ENAMETOOLONG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_is_answered_by_the_command_of_its_row),
        TEST(head_is_get_without_the_body),
        TEST(a_request_that_is_not_admitted_reaches_no_command),
        TEST(a_text_has_the_type_that_its_command_says),
        TEST(answers_that_nobody_reads_have_a_bound_together),
        TEST(an_error_says_what_is_wrong_and_what_to_do),
        TEST(hostile_bytes_end_their_connection_only),
        TEST(long_lines_headers_and_bodies_are_refused),
        TEST(a_connection_carries_one_request),
        TEST(the_read_socket_refuses_what_writes),
        TEST(an_answer_may_come_later_and_others_do_not_wait_for_it),
        TEST(the_client_may_be_gone_when_its_answer_comes),
        TEST(a_server_that_ends_drops_calls_that_wait),
        TEST(a_hundred_clients_at_once_are_all_answered),
        TEST(slow_clients_give_their_places_back),
        TEST(the_socket_is_for_owner_and_group),
        TEST(only_a_stale_socket_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
