/* SPDX-License-Identifier: MIT */
/* Where a URL may go, and where it may not. */
#include "base/cleanup.h"
#include "http/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void an_origin_is_read_in_its_canonical_form(void **state)
{
    static const struct {
        const char *url, *text;
        unsigned port;
    } CASES[] = {
        {"https://graph.microsoft.com", "https://graph.microsoft.com", 443},
        {"https://graph.microsoft.com/", "https://graph.microsoft.com", 443},
        {"HTTPS://Graph.Microsoft.COM:443", "https://graph.microsoft.com", 443},
        {"https://graph.microsoft.com:/x", "https://graph.microsoft.com", 443},
        {"https://h:8443/hook?key=value", "https://h:8443", 8443},
        {"https://h?key=value", "https://h", 443},
        {"http://localhost:80", "http://localhost", 80},
        {"http://127.0.0.1:8080", "http://127.0.0.1:8080", 8080},
        {"http://127.255.0.9", "http://127.255.0.9", 80},
        {"http://127.1:1", "http://127.0.0.1:1", 1},
        {"http://[::1]:9", "http://[::1]:9", 9},
        {"http://[0:0:0:0:0:0:0:1]:9", "http://[::1]:9", 9},
        {"https://[2001:DB8::1]", "https://[2001:db8::1]", 443},
        {"https://xn--bcher-kva.example", "https://xn--bcher-kva.example", 443},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct origin o;
        struct failure why = {0};
        if (origin_parse(CASES[i].url, false, &o, &why) < 0)
            fail_msg("%s: %s", CASES[i].url, why.text);
        if (strcmp(o.text, CASES[i].text) != 0 || o.port != CASES[i].port || o.prefix[0])
            fail_msg("%s became %s port %u", CASES[i].url, o.text, o.port);
    }
}

static void what_parsers_disagree_about_is_no_origin(void **state)
{
    static const char *const CASES[] = {
        "",
        "graph.microsoft.com",
        "//graph.microsoft.com",
        "ftp://graph.microsoft.com",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https:graph.microsoft.com",
        "https:/graph.microsoft.com",
        "https://",
        "https:///graph.microsoft.com",
        "https://?x",
        "https://:443",
        "https://user@graph.microsoft.com",
        "https://user:pass@graph.microsoft.com",
        "https://@graph.microsoft.com",
        "https://graph.microsoft.com@evil.example",
        "https://graph.microsoft.com\\@evil.example",
        "https://graph.microsoft.com\\.evil.example",
        "https://graph.microsoft.com%2eevil.example",
        "https://graph.microsoft.com%00.evil.example",
        "https://graph.microsoft.com#@evil.example",
        "https://graph.microsoft.com/#x",
        "https://graph micro.com",
        " https://graph.microsoft.com",
        "https://graph.microsoft.com ",
        "https://graph.microsoft.com\n",
        "https://graph.microsoft.com/\tx",
        "https://\xc3\xbc.example",
        "https://graph.microsoft.com/\xff",
        "https://h:0",
        "https://h:65536",
        "https://h:99999999999",
        "https://h:443x",
        "https://h:-1",
        "https://[::1",
        "https://::1",
        "https://[::1%25eth0]",
        "https://[vf.x]",
        "https://h[::1]",
        "https://a*b",
        "http://graph.microsoft.com",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://128.0.0.1",
        "http://[::2]",
        "http://[::ffff:127.0.0.1]",
        "http://169.254.169.254",
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct origin o = {.port = 7};
        struct failure why = {0};
        if (origin_parse(CASES[i], false, &o, &why) >= 0)
            fail_msg("'%s' was taken as %s", CASES[i], o.text);
        assert_int_equal(o.port, 7); /* written on success only */
        assert_int_equal(why.kind, FAILURE_CONFIG);
    }
}

static void plain_http_beyond_loopback_needs_permission(void **state)
{
    struct origin o;
    (void)state;
    assert_true(origin_parse("http://hooks.example/x", false, &o, NULL) < 0);
    assert_int_equal(origin_parse("http://hooks.example/x", true, &o, NULL), 0);
    assert_string_equal(o.text, "http://hooks.example");
    assert_false(origin_is_loopback(&o));
}

static void a_link_stays_on_its_origin(void **state)
{
    static const struct {
        const char *why, *url;
        bool ok;
    } CASES[] = {
        {"a page", "https://graph.microsoft.com/beta/admin?$skiptoken=a%2Fb", true},
        {"the default port said aloud", "https://graph.microsoft.com:443/beta/x", true},
        {"case of scheme and host", "HTTPS://GRAPH.microsoft.com/beta/x", true},
        {"an encoded slash in the query is text", "https://graph.microsoft.com/beta/x?a=%2F..",
         true},
        {"dots within a name", "https://graph.microsoft.com/beta/a..b/.c/d...", true},
        {"three dots are a name", "https://graph.microsoft.com/beta/.../x", true},
        {"another host", "https://evil.example/beta/x", false},
        {"a host that begins alike", "https://graph.microsoft.com.evil.example/beta/x", false},
        {"a host that ends alike", "https://evilgraph.microsoft.com/beta/x", false},
        {"a trailing dot is another name", "https://graph.microsoft.com./beta/x", false},
        {"another port", "https://graph.microsoft.com:444/beta/x", false},
        {"another scheme", "http://graph.microsoft.com/beta/x", false},
        {"userinfo", "https://graph.microsoft.com@evil.example/beta/x", false},
        {"userinfo on the right host", "https://u:p@graph.microsoft.com/beta/x", false},
        {"another version", "https://graph.microsoft.com/v1.0/x", false},
        {"a prefix that only begins alike", "https://graph.microsoft.com/beta2/x", false},
        {"no path", "https://graph.microsoft.com", false},
        {"the prefix without its slash", "https://graph.microsoft.com/beta", false},
        {"case of a path counts", "https://graph.microsoft.com/Beta/x", false},
        {"climbing", "https://graph.microsoft.com/beta/../v1.0/x", false},
        {"climbing at the end", "https://graph.microsoft.com/beta/..", false},
        {"climbing, encoded", "https://graph.microsoft.com/beta/%2e%2E/v1.0/x", false},
        {"climbing, half encoded", "https://graph.microsoft.com/beta/.%2e/v1.0/x", false},
        {"a single dot", "https://graph.microsoft.com/beta/./x", false},
        {"an encoded slash", "https://graph.microsoft.com/beta/..%2fv1.0/x", false},
        {"an encoded backslash", "https://graph.microsoft.com/beta/a%5Cb", false},
        {"a backslash", "https://graph.microsoft.com/beta\\..\\x", false},
        {"a fragment", "https://graph.microsoft.com/beta/x#y", false},
        {"relative", "/beta/x", false},
        {"nothing", "", false},
    };
    struct origin o;
    (void)state;
    assert_int_equal(origin_parse("https://graph.microsoft.com", false, &o, NULL), 0);
    strcpy(o.prefix, "/beta/");
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure why = {0};
        int r = origin_check(&o, CASES[i].url, &why);
        if ((r >= 0) != CASES[i].ok)
            fail_msg("%s: %s", CASES[i].why, why.text);
        if (r < 0)
            assert_int_equal(why.kind, FAILURE_SECURITY);
    }
}

static void a_prefix_without_a_slash_ends_at_one(void **state)
{
    struct origin o;
    (void)state;
    assert_int_equal(origin_parse("http://[::1]:8080", false, &o, NULL), 0);
    strcpy(o.prefix, "/beta");
    assert_int_equal(origin_check(&o, "http://[::1]:8080/beta", NULL), 0);
    assert_int_equal(origin_check(&o, "http://[0::1]:8080/beta/x", NULL), 0);
    assert_true(origin_check(&o, "http://[::1]:8080/beta2", NULL) < 0);
    assert_true(origin_check(&o, "http://[::1]/beta", NULL) < 0);
}

static void a_refusal_names_scheme_and_host_only(void **state)
{
    struct origin o;
    struct failure why = {0};
    (void)state;
    assert_int_equal(origin_parse("https://graph.microsoft.com", false, &o, NULL), 0);
    assert_true(origin_check(&o, "https://evil.example/secret-path?secret-query", &why) < 0);
    assert_non_null(strstr(why.text, "https://evil.example"));
    assert_null(strstr(why.text, "secret"));
    assert_true(origin_parse("http://hooks.example/secret-path", false, &o, &why) < 0);
    assert_non_null(strstr(why.text, "http://hooks.example"));
    assert_null(strstr(why.text, "secret"));
}

static void a_url_has_a_ceiling(void **state)
{
    static char url[URL_MAX + 32] = "https://h/";
    struct origin o;
    (void)state;
    memset(url + 10, 'a', URL_MAX - 10);
    assert_int_equal(origin_parse(url, false, &o, NULL), 0);
    url[URL_MAX] = 'a';
    assert_true(origin_parse(url, false, &o, NULL) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_origin_is_read_in_its_canonical_form),
        cmocka_unit_test(what_parsers_disagree_about_is_no_origin),
        cmocka_unit_test(plain_http_beyond_loopback_needs_permission),
        cmocka_unit_test(a_link_stays_on_its_origin),
        cmocka_unit_test(a_prefix_without_a_slash_ends_at_one),
        cmocka_unit_test(a_refusal_names_scheme_and_host_only),
        cmocka_unit_test(a_url_has_a_ceiling),
    };
    if (http_global_init(NULL) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
