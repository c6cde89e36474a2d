/* SPDX-License-Identifier: MIT */
/* Requests against a server that misbehaves. */
#include "unit/http/peer.h"

#include "base/alloc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define OK OK_HEAD "Content-Length: 2\r\n\r\n{}"

static void an_answer_arrives_with_the_headers_that_matter(void **state)
{
    struct peer p;
    (void)state;
    peer_start(&p, (struct peer_script){.bytes = "HTTP/1.1 100 Continue\r\nRetry-After: 9\r\n\r\n"
                                                 "HTTP/1.1 401 Unauthorized\r\n"
                                                 "Content-Type: Application/JSON; charset=utf-8\r\n"
                                                 "REQUEST-ID:  r-1 \r\n"
                                                 "Date: Sun, 22 Nov 2026 01:00:00 GMT\r\n"
                                                 "Retry-After: Sun, 22 Nov 2026 01:00:07 GMT\r\n"
                                                 "WWW-Authenticate: Bearer realm=\"\"\r\n"
                                                 "WWW-Authenticate: Basic x\r\n"
                                                 "Content-Length: 5\r\n\r\nhello"});
    struct got g = fetch((struct http_call){.url = p.url});
    peer_stop(&p);
    assert_int_equal(g.status, 401);
    assert_string_equal(g.body, "hello");
    assert_string_equal(g.content_type, "application/json");
    assert_string_equal(g.request_id, "r-1");
    assert_string_equal(g.www_authenticate, "Bearer realm=\"\", Basic x");
    assert_int_equal(g.retry_after, 7 * USEC_PER_SEC); /* counted from the server's own clock */
    assert_int_equal(g.date_at, UINT64_C(1795309200) * USEC_PER_SEC);
    assert_in_range(g.wire_bytes, 200, 400);
}

static void what_is_no_complete_answer_has_status_zero_and_a_reason(void **state)
{
    static char many[70000], line[120000];
    (void)state;
    size_t n = (size_t)snprintf(many, sizeof many, OK_HEAD);
    while (n < sizeof many - 100)
        n += (size_t)snprintf(many + n, sizeof many - n, "X-Filler-%zu: %060d\r\n", n, 0);
    n = (size_t)snprintf(line, sizeof line, OK_HEAD "X-Long: ");
    memset(line + n, 'a', sizeof line - n - 1);
    const struct {
        const char *why;
        struct peer_script script;
        enum failure_kind kind;
        const char *words;
    } CASES[] = {
        {"cut in the middle",
         {.bytes = OK_HEAD "Content-Length: 100\r\n\r\n{\"value\":[", .end = PEER_CLOSE},
         FAILURE_TRANSIENT,
         "broke"},
        {"cut between chunks",
         {.bytes = OK_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", .end = PEER_CLOSE},
         FAILURE_TRANSIENT,
         "broke"},
        {"reset in the middle",
         {.bytes = OK_HEAD "Content-Length: 100\r\n\r\n{\"value\":[", .end = PEER_RESET},
         FAILURE_TRANSIENT,
         "broke"},
        {"closed without an answer", {.end = PEER_CLOSE}, FAILURE_TRANSIENT, "broke"},
        {"not HTTP", {.bytes = "SSH-2.0-OpenSSH\r\n", .end = PEER_CLOSE}, FAILURE_TRANSIENT, ""},
        {"HTTP/0.9", {.bytes = "<html>hello</html>", .end = PEER_CLOSE}, FAILURE_TRANSIENT, ""},
        {"a bad chunk",
         {.bytes = OK_HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\n", .end = PEER_CLOSE},
         FAILURE_TRANSIENT,
         ""},
        {"a body that is no gzip",
         {.bytes = OK_HEAD "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"},
         FAILURE_TRANSIENT,
         ""},
        {"many headers", {.bytes = many, .len = strlen(many)}, FAILURE_PROTOCOL, "headers"},
        {"headers without end",
         {.bytes = OK_HEAD, .again = "X-A: b\r\n"},
         FAILURE_PROTOCOL,
         "headers"},
        {"a header line is too long",
         {.bytes = line, .len = strlen(line), .again = "a"},
         FAILURE_PROTOCOL,
         "header"},
        {"a body that says it is too large",
         {.bytes = OK_HEAD "Content-Length: 1001\r\n\r\n", .again = "0123456789"},
         FAILURE_PROTOCOL,
         "larger than 1000 bytes"},
        {"a body without end",
         {.bytes = OK_HEAD "\r\n", .again = "0123456789"},
         FAILURE_PROTOCOL,
         "larger than 1000 bytes"},
        {"silence", {.bytes = OK_HEAD, .end = PEER_HOLD}, FAILURE_TRANSIENT, "time-out"},
    };
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct peer p;
        peer_start(&p, CASES[i].script);
        struct got g =
            fetch((struct http_call){.url = p.url, .max_body = 1000, .timeout = USEC_PER_SEC / 2});
        peer_stop(&p);
        if (g.n != 1 || g.status != 0 || g.failure.kind != CASES[i].kind ||
            !strstr(g.failure.text, CASES[i].words))
            fail_msg("%s: done %d, HTTP %d, %s: %s", CASES[i].why, g.n, g.status,
                     failure_kind_name(g.failure.kind), g.failure.text);
        assert_null(strstr(g.failure.text, "secret"));
    }
}

static void a_compressed_bomb_is_counted_as_it_unfolds(void **state)
{
    /* gzip: one megabyte of blanks in about a kilobyte */
    CLEANUP(free) char *bomb = NULL;
    size_t size = 0;
    (void)state;
    FILE *gzip = popen("head -c 1000000 /dev/zero | gzip -9n", "r");
    FILE *out = open_memstream(&bomb, &size);
    static const char HEAD[] = OK_HEAD "Content-Encoding: gzip\r\nConnection: close\r\n\r\n";
    (void)fputs(HEAD, out);
    for (int c; (c = getc(gzip)) != EOF;)
        (void)putc(c, out);
    (void)fclose(out);
    assert_int_equal(pclose(gzip), 0);
    assert_true(size < 2000);

    struct peer p;
    peer_start(&p, (struct peer_script){.bytes = bomb, .len = size, .end = PEER_CLOSE});
    struct got small = fetch((struct http_call){.url = p.url, .max_body = 999999});
    struct got large = fetch((struct http_call){.url = p.url, .max_body = 1000000});
    peer_stop(&p);
    assert_int_equal(small.status, 0);
    assert_int_equal(small.failure.kind, FAILURE_PROTOCOL);
    assert_int_equal(large.status, 200);
    assert_int_equal(large.body_len, 1000000);
    assert_true(large.wire_bytes < 2000);
}

static void a_crawling_body_is_given_up_before_the_time_is_over(void **state)
{
    struct peer p;
    (void)state;
    peer_start(&p, (struct peer_script){.bytes = OK_HEAD "Content-Length: 100000\r\n\r\n",
                                        .again = "x",
                                        .pause_ms = 50});
    struct got g = fetch(
        (struct http_call){.url = p.url, .timeout = 60 * USEC_PER_SEC, .crawl = USEC_PER_SEC});
    peer_stop(&p);
    assert_int_equal(g.status, 0);
    assert_int_equal(g.failure.kind, FAILURE_TRANSIENT);
    assert_non_null(strstr(g.failure.text, "below minimum speed"));
}

static void a_late_first_byte_is_bounded_by_the_deadline_alone(void **state)
{
    struct peer p;
    (void)state;
    peer_start(&p, (struct peer_script){.first_ms = 3000, .bytes = OK});
    struct got g = fetch(
        (struct http_call){.url = p.url, .timeout = 60 * USEC_PER_SEC, .crawl = USEC_PER_SEC});
    struct got late = fetch((struct http_call){.url = p.url, .timeout = USEC_PER_SEC / 10});
    peer_stop(&p);
    assert_int_equal(g.status, 200);
    assert_string_equal(g.body, "{}");
    assert_int_equal(late.status, 0);
    assert_non_null(strstr(late.failure.text, "time-out: no "));
}

/* What a webhook receiver answers: it has the message once it says so. */
static void a_final_status_line_is_an_answer_whatever_the_body_is(void **state)
{
    static const struct {
        const char *why;
        struct peer_script script;
        int status;
    } CASES[] = {
        {"a charset for an encoding",
         {.bytes = "HTTP/1.1 200 OK\r\nContent-Encoding: utf-8\r\nContent-Length: 2\r\n\r\nok"},
         200},
        {"an encoding of a storage service",
         {.bytes = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, aws-chunked\r\n"
                   "Content-Length: 2\r\n\r\nok"},
         200},
        {"a plain body that is announced as gzip",
         {.bytes = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok"},
         200},
        {"a body cut short",
         {.bytes = "HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\nok", .end = PEER_CLOSE},
         202},
        {"a reset in the body",
         {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", .end = PEER_RESET},
         200},
        {"a bad chunk",
         {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
          .end = PEER_CLOSE},
         200},
        {"an unknown transfer encoding",
         {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: br\r\n\r\nok", .end = PEER_CLOSE},
         200},
        {"a length that is none",
         {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nok", .end = PEER_CLOSE},
         200},
        {"headers cut short", {.bytes = "HTTP/1.1 201 Created\r\nX-A: b\r\n", .end = PEER_CLOSE}, 201},
        {"headers without end", {.bytes = OK_HEAD, .again = "X-A: b\r\n"}, 200},
        {"a body without end", {.bytes = OK_HEAD "\r\n", .again = "0123456789"}, 200},
        {"silence behind the headers",
         {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", .end = PEER_HOLD},
         200},
        {"an error cut short",
         {.bytes = "HTTP/1.1 410 Gone\r\nContent-Length: 9\r\n\r\nno", .end = PEER_CLOSE},
         410},
        {"no answer behind an announcement",
         {.bytes = "HTTP/1.1 103 Early Hints\r\n\r\n", .end = PEER_CLOSE},
         0},
        {"half a status line", {.bytes = "HTTP/1.1 20", .end = PEER_CLOSE}, 0},
        {"no status line", {.bytes = "200 OK\r\n\r\n", .end = PEER_CLOSE}, 0},
        {"nothing", {.end = PEER_CLOSE}, 0},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct peer p;
        peer_start(&p, CASES[i].script);
        struct got g = fetch((struct http_call){.method = "POST",
                                                .url = p.url,
                                                .max_body = 1000,
                                                .timeout = USEC_PER_SEC,
                                                .status_only = true});
        peer_stop(&p);
        if (g.n != 1 || g.status != CASES[i].status)
            fail_msg("%s: done %d, HTTP %d: %s", CASES[i].why, g.n, g.status, g.failure.text);
        assert_null(strstr(p.seen, "Accept-Encoding"));
    }
}

static void a_redirect_says_where_it_leads_to(void **state)
{
    static const struct {
        const char *location, *want;
    } CASES[] = {
        {"https://Login.Example/path?t=secret", "https://login.example"},
        {"http://login.example:8080", "http://login.example:8080"},
        {"//login.example/x", "http://login.example"},
        {"/elsewhere", "HERE"},
        {"https://user:secret@login.example/", ""},
        {"mailto:secret", ""},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct peer p;
        char answer[256];
        (void)snprintf(answer, sizeof answer,
                       "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
                       CASES[i].location);
        peer_start(&p, (struct peer_script){.bytes = answer});
        struct got g = fetch((struct http_call){.url = p.url});
        peer_stop(&p);
        const char *want = strcmp(CASES[i].want, "HERE") == 0 ? p.url : CASES[i].want;
        if (g.status != 302 || strcmp(g.redirect, want) != 0)
            fail_msg("%s: %d to \"%s\"", CASES[i].location, g.status, g.redirect);
        struct failure why;
        http_status_failure(&(struct http_answer){.status = g.status, .redirect = g.redirect}, &why);
        assert_null(strstr(why.text, "secret"));
        assert_true(!*want || strstr(why.text, want));
    }
}

static void a_redirect_is_an_answer_and_never_followed(void **state)
{
    struct peer target, p;
    char answer[256];
    (void)state;
    peer_start(&target, (struct peer_script){.bytes = OK});
    (void)snprintf(answer, sizeof answer,
                   "HTTP/1.1 307 Temporary Redirect\r\nLocation: %s/\r\nContent-Length: 0\r\n\r\n",
                   target.url);
    peer_start(&p, (struct peer_script){.bytes = answer});
    struct got g = fetch((struct http_call){
        .method = "POST", .url = p.url, .body = "client_secret=1", .body_len = 15});
    peer_stop(&p);
    peer_stop(&target);
    assert_int_equal(g.status, 307);
    assert_int_equal(atomic_load(&target.connections), 0);
    struct failure why;
    http_status_failure(&(struct http_answer){.status = g.status}, &why);
    assert_int_equal(why.kind, FAILURE_SECURITY);
}

static void nothing_leaves_for_a_place_that_is_not_allowed(void **state)
{
    struct peer p;
    struct origin graph, here;
    CLEANUP(secret_free) struct secret *token = NULL;
    (void)state;
    peer_start(&p, (struct peer_script){.bytes = OK});
    assert_int_equal(origin_parse("https://graph.microsoft.com", false, &graph, NULL), 0);
    assert_int_equal(origin_parse(p.url, false, &here, NULL), 0);
    assert_int_equal(secret_new("t0ken", 5, graph.text, &token, NULL), 0);
    char elsewhere[100];
    (void)snprintf(elsewhere, sizeof elsewhere, "%s/path", p.url);
    const struct {
        const char *why;
        struct http_call call;
    } CASES[] = {
        {"a foreign origin", {.url = elsewhere, .allowed = &graph}},
        {"a bearer for somebody else", {.url = elsewhere, .bearer = token}},
        {"a form for somebody else", {.method = "POST", .url = elsewhere, .secret_body = token}},
        {"userinfo", {.url = "http://u:p@127.0.0.1/"}},
        {"plain http to the world", {.url = "http://192.0.2.1/"}},
        {"another scheme", {.url = "file:///etc/passwd"}},
        {"no URL", {.url = ""}},
    };
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct got g = fetch(CASES[i].call);
        if (g.n != 0 || g.failure.kind != FAILURE_SECURITY)
            fail_msg("%s: done %d, %s", CASES[i].why, g.n, g.failure.text);
    }
    peer_stop(&p);
    assert_int_equal(atomic_load(&p.connections), 0);
}

static void a_request_carries_its_headers_its_token_and_its_form(void **state)
{
    struct peer p;
    struct origin here;
    CLEANUP(secret_free) struct secret *token = NULL;
    CLEANUP(secret_free) struct secret *form = NULL;
    (void)state;
    peer_start(&p, (struct peer_script){.bytes = OK, .end = PEER_CLOSE});
    assert_int_equal(origin_parse(p.url, false, &here, NULL), 0);
    assert_int_equal(secret_new("t0ken", 5, here.text, &token, NULL), 0);
    assert_int_equal(secret_new("client_secret=a%26b", 19, here.text, &form, NULL), 0);
    static const struct http_header HEADERS[] = {{"Prefer", "include-unknown-enum-members"},
                                                 {"X-Empty", ""}};
    char url[128];
    (void)snprintf(url, sizeof url, "%s/beta/x?$select=a,b&$expand=c($select=d)", p.url);
    struct got g = fetch((struct http_call){
        .url = url, .allowed = &here, .headers = HEADERS, .n_headers = 2, .bearer = token});
    struct got posted =
        fetch((struct http_call){.method = "POST", .url = url, .secret_body = form});
    peer_stop(&p);
    assert_int_equal(g.status, 200);
    assert_int_equal(posted.status, 200);
    assert_non_null(strstr(p.seen, "GET /beta/x?$select=a,b&$expand=c($select=d) HTTP/1.1\r\n"));
    assert_non_null(strstr(p.seen, "Authorization: Bearer t0ken\r\n"));
    assert_non_null(strstr(p.seen, "Prefer: include-unknown-enum-members\r\n"));
    assert_non_null(strstr(p.seen, "X-Empty:"));
    assert_non_null(strstr(p.seen, "User-Agent: seatwatchd/test\r\n"));
    assert_non_null(strstr(p.seen, "Accept-Encoding: gzip\r\n"));
    assert_non_null(strstr(p.seen, "\r\n\r\nclient_secret=a%26b"));
    assert_null(strstr(p.seen, "Expect"));
}

static struct got echoed(const char *headers, const char *token, const char *form)
{
    struct peer p;
    struct origin here;
    CLEANUP(secret_free) struct secret *bearer = NULL;
    CLEANUP(secret_free) struct secret *body = NULL;
    char answer[512];
    (void)snprintf(answer, sizeof answer,
                   "HTTP/1.1 400 Bad Request\r\n%sContent-Length: 0\r\n\r\n", headers);
    peer_start(&p, (struct peer_script){.bytes = answer});
    assert_int_equal(origin_parse(p.url, false, &here, NULL), 0);
    assert_int_equal(secret_new(token, strlen(token), here.text, &bearer, NULL), 0);
    if (form)
        assert_int_equal(secret_new(form, strlen(form), here.text, &body, NULL), 0);
    struct got g = fetch((struct http_call){.method = form ? "POST" : "GET",
                                            .url = p.url,
                                            .bearer = bearer,
                                            .secret_body = body,
                                            .secret_from = form ? strlen("id=public-name&s=") : 0});
    peer_stop(&p);
    return g;
}

static void headers_that_echo_a_secret_come_without_it(void **state)
{
    (void)state;
    struct got g = echoed("request-id: eyJ0canary.token\r\nContent-Type: text/EYJ0CANARY\r\n",
                          "eyJ0canary.token", NULL);
    assert_string_equal(g.request_id, "[redacted]");
    assert_string_equal(g.content_type, "text/[redacted]");
    g = echoed("request-id: a%7Eb-canary\r\nContent-Type: text/a~b-canary\r\n", "other-token",
               "id=public-name&s=a%7Eb-canary&t=x");
    assert_string_equal(g.request_id, "[redacted]");
    assert_string_equal(g.content_type, "text/[redacted]");
    g = echoed("request-id: public-name\r\nContent-Type: text/public-name\r\n", "other-token",
               "id=public-name&s=a%7Eb-canary&t=x");
    assert_string_equal(g.request_id, "public-name");
    assert_string_equal(g.content_type, "text/public-name");
    g = echoed("request-id: no id at all\r\n", "other-token", NULL);
    assert_string_equal(g.request_id, "");
}

/* Many a `done` frees its request first. */
static void what_was_sent_is_known_until_done_returns(void **state)
{
    static const struct http_options OPTIONS = {0};
    struct peer p;
    struct origin here;
    CLEANUP(secret_free) struct secret *bearer = NULL;
    CLEANUP(secret_free) struct secret *form = NULL;
    (void)state;
    peer_start(&p, (struct peer_script){
                       .bytes = "HTTP/1.1 403 Forbidden\r\nContent-Length: 36\r\n\r\n"
                                "eyJ0canary.token and b-canary-secret"});
    assert_int_equal(origin_parse(p.url, false, &here, NULL), 0);
    assert_int_equal(secret_new("eyJ0canary.token", 16, here.text, &bearer, NULL), 0);
    assert_int_equal(secret_new("s=b-canary-secret", 17, here.text, &form, NULL), 0);
    const struct http_call call = {.method = "POST",
                                   .url = p.url,
                                   .bearer = bearer,
                                   .secret_body = form,
                                   .secret_from = 2,
                                   .max_body = 100};
    struct row r = fetch_row(&OPTIONS, &call, 1, 0);
    peer_stop(&p);
    assert_int_equal(r.got.status, 403);
    assert_string_equal(r.got.quoted, "[redacted] and [redacted]");
}

static void a_header_cannot_smuggle_another(void **state)
{
    (void)state;
    static const struct http_header BAD[] = {{"X-Name", "a\r\nAuthorization: Bearer x"}};
    struct got g =
        fetch((struct http_call){.url = "http://127.0.0.1:1", .headers = BAD, .n_headers = 1});
    assert_int_equal(g.n, 0);
    assert_non_null(strstr(g.failure.text, "control character"));
}

struct two {
    struct got got;
    struct http *http;
    struct http_call call;
    struct http_request *request;
    int left;
};

static void on_one(void *userdata, const struct http_answer *a)
{
    struct two *t = userdata;
    http_request_free(TAKE(t->request));
    if (t->left-- > 0) {
        int r = http_start(t->http, &t->call, on_one, t, &t->request, NULL);
        assert_int_equal(r, 0);
        t->call.fresh_connection = true; /* from the third on */
        return;
    }
    on_got(&t->got, a); /* its body is still there although its request has gone */
}

static void a_done_may_free_its_request_and_start_another(void **state)
{
    struct peer p;
    struct two t = {.left = 2};
    (void)state;
    peer_start(&p,
               (struct peer_script){
                   .bytes = "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\n{}"});
    t.call = (struct http_call){
        .method = "GET", .url = p.url, .max_body = 100, .timeout = USEC_PER_SEC / 4};
    assert_true(sd_event_new(&t.got.event) >= 0);
    assert_int_equal(http_new(t.got.event, &(struct http_options){0}, &t.http, NULL), 0);
    assert_int_equal(http_start(t.http, &t.call, on_one, &t, &t.request, NULL), 0);
    loop_until_got(&t.got);
    int answered = atomic_load(&p.requests);
    http_free(t.http);
    sd_event_unref(t.got.event);
    peer_stop(&p);
    assert_int_equal(t.got.n, 1);
    /* The first two shared a connection; the third wanted its own, which this server, being busy
     * with the first, does not pick up in time. */
    assert_int_equal(answered, 2);
    assert_int_equal(t.got.status, 0);
    assert_null(strstr(p.seen, "Cookie"));
}

static int on_too_late(sd_event_source *s, uint64_t due, void *userdata)
{
    (void)due;
    (void)userdata;
    return sd_event_exit(sd_event_source_get_event(s), 0);
}

static void a_freed_request_never_calls_back(void **state)
{
    struct peer p;
    struct got g = {0};
    struct http *http = NULL;
    struct http_request *request = NULL;
    (void)state;
    peer_start(&p, (struct peer_script){.bytes = OK});
    struct http_call call = {.method = "GET", .url = p.url, .max_body = 100};
    assert_true(sd_event_new(&g.event) >= 0);
    assert_int_equal(http_new(g.event, &(struct http_options){0}, &http, NULL), 0);
    assert_int_equal(http_start(http, &call, on_got, &g, &request, NULL), 0);
    while (atomic_load(&p.requests) == 0) /* it has left; the answer is on its way */
        (void)sd_event_run(g.event, 10000);
    http_request_free(request);
    (void)sd_event_add_time_relative(g.event, NULL, CLOCK_MONOTONIC, 50000, 1000, on_too_late,
                                     NULL);
    (void)sd_event_loop(g.event);
    http_free(http);
    sd_event_unref(g.event);
    peer_stop(&p);
    assert_int_equal(g.n, 0);
}

static void a_room_may_go_before_its_requests(void **state)
{
    struct got g = {0};
    struct http *http = NULL;
    struct http_request *request = NULL;
    (void)state;
    struct http_call call = {.method = "GET", .url = "http://127.0.0.1:1", .max_body = 100};
    assert_true(sd_event_new(&g.event) >= 0);
    assert_int_equal(http_new(g.event, &(struct http_options){0}, &http, NULL), 0);
    assert_int_equal(http_start(http, &call, on_got, &g, &request, NULL), 0);
    http_free(http);
    http_request_free(request);
    sd_event_unref(g.event);
    assert_int_equal(g.n, 0);
}

static int occurrences(const char *text, const char *what)
{
    int n = 0;
    while ((text = strstr(text, what)) != NULL) {
        n++;
        text++;
    }
    return n;
}

static void a_request_has_nothing_of_the_one_before(void **state)
{
    struct peer p;
    struct origin here;
    CLEANUP(secret_free) struct secret *first = NULL;
    CLEANUP(secret_free) struct secret *second = NULL;
    CLEANUP(secret_free) struct secret *form = NULL;
    (void)state;
    peer_start(&p, (struct peer_script){.bytes = OK});
    assert_int_equal(origin_parse(p.url, false, &here, NULL), 0);
    assert_int_equal(secret_new("first", 5, here.text, &first, NULL), 0);
    assert_int_equal(secret_new("second", 6, here.text, &second, NULL), 0);
    assert_int_equal(secret_new("a=b", 3, here.text, &form, NULL), 0);
    static const struct http_header HEADERS[] = {{"X-Once", "1"}};
    char url[2][96];
    (void)snprintf(url[0], sizeof url[0], "%s/long/way?$skiptoken=a", p.url);
    (void)snprintf(url[1], sizeof url[1], "%s/b", p.url);
    const usec_t timeout = 10 * USEC_PER_SEC;
    const struct http_call calls[] = {
        {"GET", url[0], .headers = HEADERS, .n_headers = 1, .bearer = first, .max_body = 100,
         .timeout = timeout},
        {"GET", url[1], .bearer = second, .max_body = 1, .timeout = timeout},
        {"GET", url[1], .bearer = second, .max_body = 100, .timeout = timeout},
        {"POST", url[1], .secret_body = form, .max_body = 100, .timeout = timeout},
        {"GET", url[1], .max_body = 100, .timeout = timeout},
        {"GET", url[1], .bearer = second, .max_body = 100, .timeout = timeout},
    };
    struct row r = fetch_row(&(struct http_options){0}, calls, N_ELEMENTS(calls), 0);
    peer_stop(&p);
    static const int WANT[] = {200, 0, 200, 200, 200, 200};
    for (size_t i = 0; i < N_ELEMENTS(WANT); i++)
        if (r.status[i] != WANT[i])
            fail_msg("request %zu: HTTP %d", i, r.status[i]);
    assert_int_equal(occurrences(p.seen, "GET /long/way?$skiptoken=a HTTP/1.1\r\n"), 1);
    assert_int_equal(occurrences(p.seen, "GET /b HTTP/1.1\r\n"), 4);
    assert_int_equal(occurrences(p.seen, "POST /b HTTP/1.1\r\n"), 1);
    assert_int_equal(occurrences(p.seen, "X-Once"), 1);
    assert_int_equal(occurrences(p.seen, "Bearer first\r\n"), 1);
    assert_int_equal(occurrences(p.seen, "Bearer second\r\n"), 3);
    assert_int_equal(occurrences(p.seen, "a=b"), 1);
    assert_int_equal(occurrences(p.seen, "Content-Length"), 1);
}

/* What has run out of memory may take those with it that begin before it is over, but what leaves
 * is what was asked for, and what began before or begins later is answered. */
static void no_request_is_taken_for_another_when_memory_runs_out(void **state)
{
    (void)state;
    size_t n_allocations = 1, lost = 0, later = 0;
    for (size_t n = 0; n <= n_allocations; n++) {
        struct peer p;
        struct origin here;
        CLEANUP(secret_free) struct secret *token = NULL;
        struct http_call calls[4];
        char url[N_ELEMENTS(calls)][96], line[96];
        peer_start(&p, (struct peer_script){.bytes = OK});
        assert_int_equal(origin_parse(p.url, false, &here, NULL), 0);
        assert_int_equal(secret_new("t0ken", 5, here.text, &token, NULL), 0);
        for (size_t i = 0; i < N_ELEMENTS(calls); i++) {
            (void)snprintf(url[i], sizeof url[i], "%s/%zu?page=%zu", p.url, i, i);
            calls[i] = (struct http_call){"GET", url[i], .bearer = token, .max_body = 100,
                                          .timeout = 5 * USEC_PER_SEC};
        }
        struct row r = fetch_row(&(struct http_options){0}, calls, N_ELEMENTS(calls), n);
        peer_stop(&p);
        if (n == 0)
            n_allocations = r.n_allocations;
        int answered = 0;
        for (size_t i = 0; i < N_ELEMENTS(calls); i++) {
            (void)snprintf(line, sizeof line, "GET /%zu?page=%zu HTTP/1.1\r\n", i, i);
            int sent = occurrences(p.seen, line);
            if (sent > 1 || (r.status[i] == 200 && sent != 1))
                fail_msg("allocation %zu: request %zu left %d times", n, i, sent);
            answered += r.status[i] == 200;
            later += i > 0 && r.status[i - 1] != 200 && r.status[i] == 200;
        }
        assert_int_equal(occurrences(p.seen, "Bearer t0ken\r\n"), occurrences(p.seen, "GET /"));
        assert_true(n > 0 || answered == (int)N_ELEMENTS(calls));
        lost += answered < (int)N_ELEMENTS(calls);
    }
    assert_true(lost > 10);
    assert_true(later > 10);
}

static void a_failing_allocation_fails_one_request_only(void **state)
{
    struct peer p;
    (void)state;
    peer_start(&p, (struct peer_script){.bytes = OK, .end = PEER_CLOSE});
    (void)alloc_fail_at(0, false);
    struct got g = fetch((struct http_call){.url = p.url});
    size_t n_allocations = alloc_fail_at(0, false);
    assert_int_equal(g.status, 200);
    assert_true(n_allocations > 10);
    size_t failed = 0;
    for (size_t n = 1; n <= n_allocations; n++) {
        (void)alloc_fail_at(n, false);
        g = fetch((struct http_call){.url = p.url, .timeout = USEC_PER_SEC});
        (void)alloc_fail_at(0, false);
        failed += g.status == 0;
        if (g.n > 1 || (g.status == 0 && !g.failure.text[0]))
            fail_msg("allocation %zu: done %d, '%s'", n, g.n, g.failure.text);
    }
    assert_true(failed > 5);
    g = fetch((struct http_call){.url = p.url});
    peer_stop(&p);
    assert_int_equal(g.status, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_arrives_with_the_headers_that_matter),
        cmocka_unit_test(what_is_no_complete_answer_has_status_zero_and_a_reason),
        cmocka_unit_test(a_compressed_bomb_is_counted_as_it_unfolds),
        cmocka_unit_test(a_crawling_body_is_given_up_before_the_time_is_over),
        cmocka_unit_test(a_late_first_byte_is_bounded_by_the_deadline_alone),
        cmocka_unit_test(a_final_status_line_is_an_answer_whatever_the_body_is),
        cmocka_unit_test(a_redirect_says_where_it_leads_to),
        cmocka_unit_test(a_redirect_is_an_answer_and_never_followed),
        cmocka_unit_test(nothing_leaves_for_a_place_that_is_not_allowed),
        cmocka_unit_test(a_request_carries_its_headers_its_token_and_its_form),
        cmocka_unit_test(headers_that_echo_a_secret_come_without_it),
        cmocka_unit_test(what_was_sent_is_known_until_done_returns),
        cmocka_unit_test(a_header_cannot_smuggle_another),
        cmocka_unit_test(a_done_may_free_its_request_and_start_another),
        cmocka_unit_test(a_freed_request_never_calls_back),
        cmocka_unit_test(a_room_may_go_before_its_requests),
        cmocka_unit_test(a_request_has_nothing_of_the_one_before),
        cmocka_unit_test(no_request_is_taken_for_another_when_memory_runs_out),
        cmocka_unit_test(a_failing_allocation_fails_one_request_only),
    };
    if (http_global_init(NULL) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
