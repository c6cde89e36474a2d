/* SPDX-License-Identifier: MIT */
/* Options of a request: certificates, proxies, and an environment that has no say. */
#include "unit/http/peer.h"
#include "unit/http/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define SCENARIO \
    "{\"tenants\":[{\"id\":\"11111111-2222-4333-8444-555555555555\",\"client_id\":\"c\"}]}"

static void a_certificate_that_does_not_pass_is_named_by_its_fault(void **state)
{
    static const struct {
        const char *certificate;
        bool ca, ok;
        const char *words;
    } CASES[] = {
        {"sound", true, true, ""},
        {"sound", false, false, "unknown issuer"},
        {"unknown-issuer", true, false, "unknown issuer"},
        {"expired", true, false, "expired"},
        {"wrong-name", true, false, "another name"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct sim s;
        char url[128];
        sim_start(&s, SCENARIO, CASES[i].certificate);
        (void)snprintf(url, sizeof url, "%s/beta/admin/cloudLicensing/allotments", s.https);
        /* once as the room's own file, once as the call's */
        struct got g = fetch_with(&(struct http_options){.ca_file = CASES[i].ca ? s.ca_file : NULL},
                                  (struct http_call){.url = url});
        struct got h =
            fetch((struct http_call){.url = url, .ca_file = CASES[i].ca ? s.ca_file : NULL});
        int reached = sim_count(&s, NULL, NULL);
        sim_stop(&s);
        if ((g.status == 401) != CASES[i].ok || (h.status == 401) != CASES[i].ok ||
            !strstr(g.failure.text, CASES[i].words))
            fail_msg("%s: HTTP %d and %d: %s", CASES[i].certificate, g.status, h.status,
                     g.failure.text);
        if (!CASES[i].ok) {
            assert_int_equal(g.failure.kind, FAILURE_SECURITY);
            assert_int_equal(h.failure.kind, FAILURE_SECURITY);
            assert_int_equal(reached, 0);
        }
    }
}

static void a_handle_serves_one_place_and_its_certificates_only(void **state)
{
    struct sim s;
    struct peer p;
    struct origin here, there;
    CLEANUP(secret_free) struct secret *near = NULL;
    CLEANUP(secret_free) struct secret *far = NULL;
    (void)state;
    sim_start(&s, SCENARIO, "sound");
    peer_start(&p, (struct peer_script){.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
    assert_int_equal(origin_parse(p.url, false, &here, NULL), 0);
    assert_int_equal(origin_parse(s.https, false, &there, NULL), 0);
    assert_int_equal(secret_new("near", 4, here.text, &near, NULL), 0);
    assert_int_equal(secret_new("far", 3, there.text, &far, NULL), 0);
    /* In pairs, because a handle is idle again when the request after its own has begun. */
    enum {
        LOCAL,
        TRUSTED,
        UNKNOWN
    } order[] = {LOCAL, LOCAL, TRUSTED, TRUSTED, UNKNOWN, UNKNOWN, TRUSTED, LOCAL};
    static const int WANT[] = {[LOCAL] = 200, [TRUSTED] = 401, [UNKNOWN] = 0};
    struct http_call calls[N_ELEMENTS(order)];
    for (size_t i = 0; i < N_ELEMENTS(order); i++)
        calls[i] = (struct http_call){
            .method = "GET",
            .url = order[i] == LOCAL ? p.url : s.https,
            .bearer = order[i] == LOCAL ? near : far,
            .ca_file = order[i] == UNKNOWN ? NULL : s.ca_file,
            .max_body = 9999,
            .timeout = 10 * USEC_PER_SEC,
        };
    struct row r = fetch_row(&(struct http_options){0}, calls, N_ELEMENTS(calls), 0);
    sim_stop(&s);
    peer_stop(&p);
    for (size_t i = 0; i < N_ELEMENTS(order); i++)
        if (r.status[i] != WANT[order[i]])
            fail_msg("request %zu: HTTP %d", i, r.status[i]);
    assert_null(strstr(p.seen, "far"));
}

static void a_ca_file_that_cannot_be_used_is_found_at_the_start(void **state)
{
    static const char *const CASES[] = {"/nonexistent/ca.pem", "/dev/null", "/",
                                        "/proc/self/cmdline"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct got g = fetch_with(&(struct http_options){.ca_file = CASES[i]},
                                  (struct http_call){.url = "https://127.0.0.1:1"});
        assert_int_equal(g.n, 0);
        assert_int_equal(g.failure.kind, FAILURE_CONFIG);
        assert_non_null(strstr(g.failure.text, CASES[i]));
    }
}

static void a_proxy_sees_no_token_and_is_named_when_it_fails(void **state)
{
    struct peer proxy;
    struct origin origin;
    CLEANUP(secret_free) struct secret *token = NULL;
    CLEANUP(secret_free) struct secret *password = NULL;
    (void)state;
    peer_start(
        &proxy,
        (struct peer_script){
            .bytes = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"});
    assert_int_equal(origin_parse("https://graph.example", false, &origin, NULL), 0);
    assert_int_equal(secret_new("t0ken", 5, origin.text, &token, NULL), 0);
    assert_int_equal(secret_new("user:pr0xypass", 14, NULL, &password, NULL), 0);
    struct http_call call = {.url = "https://graph.example/secret-path", .bearer = token};
    struct got g =
        fetch_with(&(struct http_options){.proxy = proxy.url, .proxy_password = password}, call);
    struct got other = fetch_with(&(struct http_options){.proxy = "http://127.0.0.1:1"}, call);
    peer_stop(&proxy);
    assert_int_equal(g.failure.kind, FAILURE_CONFIG);
    assert_non_null(strstr(g.failure.text, proxy.url));
    assert_non_null(strstr(g.failure.text, "407"));
    assert_null(strstr(g.failure.text, "pr0xypass"));
    assert_non_null(strstr(proxy.seen, "CONNECT graph.example:443"));
    assert_non_null(strstr(proxy.seen, "Proxy-Authorization: Basic dXNlcjpwcjB4eXBhc3M="));
    assert_null(strstr(proxy.seen, "t0ken"));
    assert_null(strstr(proxy.seen, "secret-path"));
    assert_int_equal(other.failure.kind, FAILURE_TRANSIENT);
    assert_non_null(strstr(other.failure.text, "http://127.0.0.1:1"));
    assert_null(strstr(other.failure.text, "secret-path"));
}

static void a_proxy_that_lets_nobody_through_is_transient(void **state)
{
    struct peer proxy;
    (void)state;
    peer_start(&proxy, (struct peer_script){
                           .bytes = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"});
    struct got g = fetch_with(&(struct http_options){.proxy = proxy.url},
                              (struct http_call){.url = "https://graph.example/"});
    peer_stop(&proxy);
    assert_int_equal(g.failure.kind, FAILURE_TRANSIENT);
    assert_non_null(strstr(g.failure.text, "HTTP 502"));
}

static void whatever_fails_behind_a_proxy_names_it(void **state)
{
    static const struct {
        const char *bytes;
        bool password;
        enum failure_kind kind;
        const char *words;
    } CASES[] = {
        {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", true, FAILURE_CONFIG,
         "requires different credentials (HTTP 401)"},
        {"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", false,
         FAILURE_CONFIG, "requires credentials (HTTP 407)"},
        {"HTTP/1.1 302 Found\r\nLocation: https://portal.example/\r\nContent-Length: 0\r\n\r\n",
         true, FAILURE_TRANSIENT, "refused the connection to https://graph.example: HTTP 302"},
        {"HTTP/1.1 200 OK\r\n\r\n<html>", true, FAILURE_TRANSIENT, "the TLS handshake failed"},
        {"220 mail.example ESMTP\r\n\r\n", true, FAILURE_TRANSIENT, "https://graph.example"},
        {"", true, FAILURE_TRANSIENT, "https://graph.example"},
    };
    CLEANUP(secret_free) struct secret *password = NULL;
    (void)state;
    assert_int_equal(secret_new("user:pr0xypass", 14, NULL, &password, NULL), 0);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct peer proxy;
        peer_start(&proxy, (struct peer_script){.bytes = CASES[i].bytes, .end = PEER_CLOSE});
        struct got g =
            fetch_with(&(struct http_options){.proxy = proxy.url,
                                              .proxy_password = CASES[i].password ? password : NULL},
                       (struct http_call){.url = "https://graph.example/secret-path"});
        if (g.status != 0 || g.failure.kind != CASES[i].kind ||
            !strstr(g.failure.text, CASES[i].words) || !strstr(g.failure.text, proxy.url) ||
            strstr(g.failure.text, "portal") || strstr(g.failure.text, "secret-path"))
            fail_msg("%s: %d: %s", CASES[i].bytes, g.status, g.failure.text);
        peer_stop(&proxy);
    }
}

static void a_proxy_is_host_and_port_without_credentials(void **state)
{
    static const char *const CASES[] = {
        "proxy.example:3128",     "http://user:pass@proxy.example:3128",
        "ftp://proxy.example:21", "http://",
        "http://proxy.example",   "http://@proxy.example:1"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct got g = fetch_with(&(struct http_options){.proxy = CASES[i]},
                                  (struct http_call){.url = "https://127.0.0.1:1"});
        if (g.n != 0 || g.failure.kind != FAILURE_CONFIG || strstr(g.failure.text, "pass@"))
            fail_msg("%s: %s", CASES[i], g.failure.text);
    }
}

static void the_environment_and_a_proxy_have_no_say_on_loopback(void **state)
{
    static const char *const NAMES[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY",
                                        "all_proxy"};
    struct peer p, proxy;
    (void)state;
    peer_start(&p,
               (struct peer_script){.bytes = "HTTP/1.1 204 No Content\r\n\r\n", .end = PEER_CLOSE});
    peer_start(&proxy,
               (struct peer_script){.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
    for (size_t i = 0; i < N_ELEMENTS(NAMES); i++)
        (void)setenv(NAMES[i], proxy.url, 1);
    struct got g = fetch((struct http_call){.url = p.url});
    struct got h =
        fetch_with(&(struct http_options){.proxy = proxy.url}, (struct http_call){.url = p.url});
    /* A label of 64 bytes is no name: the resolver says so without asking anybody. */
    struct got i = fetch((struct http_call){
        .url =
            "https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example/"});
    for (size_t n = 0; n < N_ELEMENTS(NAMES); n++)
        (void)unsetenv(NAMES[n]);
    peer_stop(&p);
    peer_stop(&proxy);
    assert_int_equal(g.status, 204);
    assert_int_equal(h.status, 204);
    assert_int_equal(i.status, 0);
    assert_int_equal(i.failure.kind, FAILURE_TRANSIENT);
    assert_non_null(strstr(i.failure.text, "name resolution"));
    assert_int_equal(atomic_load(&proxy.connections), 0);
}

static void a_refused_connection_says_so(void **state)
{
    struct peer p;
    (void)state;
    peer_start(&p, (struct peer_script){0});
    peer_stop(&p); /* its port is free again */
    struct got g = fetch((struct http_call){.url = p.url});
    assert_int_equal(g.failure.kind, FAILURE_TRANSIENT);
    assert_non_null(strstr(g.failure.text, "Connection refused"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_that_does_not_pass_is_named_by_its_fault),
        cmocka_unit_test(a_handle_serves_one_place_and_its_certificates_only),
        cmocka_unit_test(a_ca_file_that_cannot_be_used_is_found_at_the_start),
        cmocka_unit_test(a_proxy_sees_no_token_and_is_named_when_it_fails),
        cmocka_unit_test(a_proxy_that_lets_nobody_through_is_transient),
        cmocka_unit_test(whatever_fails_behind_a_proxy_names_it),
        cmocka_unit_test(a_proxy_is_host_and_port_without_credentials),
        cmocka_unit_test(the_environment_and_a_proxy_have_no_say_on_loopback),
        cmocka_unit_test(a_refused_connection_says_so),
    };
    if (http_global_init(NULL) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
