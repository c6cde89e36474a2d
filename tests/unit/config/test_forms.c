/* SPDX-License-Identifier: MIT */
/* Texts of single keys: what is taken, and what is not. */
#include "config/forms.h"
#include "unit/config/fixture.h"

static void forms_take_what_is_meant_and_refuse_the_rest_with_advice(void **state)
{
    static const char LONG[] =
        "0123456789012345678901234567890123456789012345678901234567890123456789"
        "0123456789012345678901234567890";
    static const struct {
        int (*form)(const char *, struct failure *);
        const char *text;
        bool ok;
    } CASES[] = {
        {form_name, "Contoso GmbH & Co", true},
        {form_name, "", false},
        {form_name, "a*", false},
        {form_name, "a\nb", false},
        {form_name, LONG, false},
        {form_receiver, "hook-1.a_B", true},
        {form_receiver, "hook 1", false},
        {form_receiver, LONG, false},
        {form_tenant_id, "11111111-2222-4333-8444-555555555555", true},
        {form_tenant_id, "contoso.onmicrosoft.com", true},
        {form_tenant_id, "contoso.de", true},
        {form_tenant_id, "Organizations", false},
        {form_tenant_id, "a/b", false},
        {form_tenant_id, "..", false},
        {form_tenant_id, "", false},
        {form_tenant_id, "contoso", false},
        {form_tenant_id, "10.0.0.1", false},
        {form_tenant_id, "00000000-0000-0000-0000-000000000000", false},
        {form_client_id, "99999999-aaaa-4bbb-8ccc-dddddddddddd", true},
        {form_client_id, "00000000-0000-0000-0000-000000000000", false},
        {form_client_id, "contoso.onmicrosoft.com", false},
        {form_client_id, "99999999-aaaa-4bbb-8ccc-ddddddddddd", false},
        {form_client_id, "99999999aaaa4bbb8cccdddddddddddd", false},
        {form_client_id, "{99999999-aaaa-4bbb-8ccc-dddddddddddd}", false},
        {form_client_id, " 99999999-aaaa-4bbb-8ccc-dddddddddddd", false},
        {form_principal, "oncall@contoso.com", true},
        {form_principal, "first.last_foo.com#EXT#@contoso.onmicrosoft.com", true},
        {form_principal, "sean.o'brien@contoso.com", true},
        {form_principal, "j\xC3\xBCrgen@contoso.com", true},
        {form_principal, "a!b^c~d-e_f@contoso.com", true},
        {form_principal, "d8ee6ba1-2b90-4e77-90e8-3e52a09bc35a", true},
        {form_principal, "00000000-0000-0000-0000-000000000000", false},
        {form_principal, "first%23EXT%23@contoso.com", false},
        {form_principal, "a b@contoso.com", false},
        {form_principal, " a@contoso.com", false},
        {form_principal, "a/b", false},
        {form_principal, "a?b", false},
        {form_listen, "", true},
        {form_listen, "127.0.0.1:9877", true},
        {form_listen, "[::1]:0", true},
        {form_listen, "0.0.0.0:65535", true},
        {form_listen, "localhost:9877", false},
        {form_listen, "::1:9877", false},
        {form_listen, "127.0.0.1", false},
        {form_listen, "127.0.0.1:", false},
        {form_listen, "127.0.0.1:65536", false},
        {form_listen, "127.0.0.1:+1", false},
        {form_listen, "127.0.0.1:1 ", false},
        {form_listen, ":9877", false},
        {form_listen, "[127.0.0.1]:1", false},
        {form_own_socket, "", true},
        {form_own_socket, "/run/x.sock", true},
        {form_own_socket, "off", false},
        {form_host, "status.example", true},
        {form_host, "status.example:80", false},
        {form_host, "http://status.example", false},
        {form_sku, "SPE_E5", true},
        {form_sku, "Microsoft_365_E3_(no_Teams)", true},
        {form_sku, "SPE_*", false},
        {form_glob, "FLOW_*", true},
        {form_glob, "00000000-0000-0000-0000-000000000000", false},
        {form_version, "beta", true},
        {form_version, "v1.0", true},
        {form_version, "../v1.0", false},
        {form_version, ".", false},
        {form_socket, "off", true},
        {form_socket, "/run/seatwatchd/control.sock", true},
        {form_socket, "", false},
        {form_socket, "control.sock", false},
        {form_socket, "/run/a\nb", false},
        {form_socket, "/run/a-path-that-is-longer-than-what-a-socket-can-have-as-its-name/which-is-107-bytes/and-this-is-one-more.sock", false},
        {form_zone, "UTC", true},
        {form_zone, "Mars/Base", false},
        {form_zone, "../../etc/passwd", false},
        {form_root, "", true},
        {form_root, "https://graph.example", true},
        {form_root, "https://graph.example/", true},
        {form_root, "https://graph.example:8443", true},
        {form_root, "https://graph.example/beta", false},
        {form_root, "https://graph.example?x", false},
        {form_root, "https://user:pass@graph.example", false},
        {form_root, "http://graph.example", false},
        {form_root, "http://127.0.0.1:8080", true},
        {form_root, "http://[::1]:8080", true},
        {form_root, "graph.example", false},
        {form_proxy, "http://proxy.example:3128", true},
        {form_proxy, "https://[2001:db8::1]:3128", true},
        {form_proxy, "", true},
        {form_proxy, "http://proxy.example", false},
        {form_proxy, "http://[2001:db8::1]", false},
        {form_proxy, "http://user:pass@proxy.example:3128", false},
        {form_proxy, "socks5://proxy.example:1080", false},
        {form_resource, "", true},
        {form_resource, "https://graph.microsoft.com", true},
        {form_resource, "https://graph.microsoft.com/.default", false},
        {form_resource, "a b", false},
        {form_rule_glob, "wait*", true},
        {form_rule_glob, "delivery", true},
        {form_rule_glob, "weight*", false},
        {form_severity_glob, "crit*", true},
        {form_severity_glob, "none", false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure why = {0};
        int r = CASES[i].form(CASES[i].text, &why);
        if ((r >= 0) != CASES[i].ok || (r < 0 && !strstr(why.text, "; ")))
            fail_msg("\"%s\": %d %s", CASES[i].text, r, why.text);
        if (strstr(CASES[i].text, "pass@"))
            assert_null(strstr(why.text, "pass@"));
    }
}

static void a_message_says_what_is_wrong_with_the_value(void **state)
{
    static const struct {
        int (*form)(const char *, struct failure *);
        const char *text, *words;
    } CASES[] = {
        {form_principal, "a b@contoso.com", "a blank in it"},
        {form_principal, "a@contoso.com ", "a blank at its begin or end"},
        {form_principal, "a/b@contoso.com", "a '/' in it"},
        {form_principal, "a%23@contoso.com", "not as in an address"},
        {form_sku, "SPE_*", "one SKU must be named"},
        {form_tenant_id, "contoso", "neither an id (a GUID) nor a domain"},
        {form_tenant_id, "00000000-0000-0000-0000-000000000000", "a placeholder"},
        {form_tenant_id, "11111111-2222-4333-8444-55555555555", "31 hexadecimal digits"},
        {form_client_id, "11111111-2222-4333-8444-5555555555555", "33 hexadecimal digits"},
        {form_client_id, "11111111222243338444555555555555", "8-4-4-4-12"},
        {form_client_id, "my-app", "Application (client) ID"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure why = {0};
        int r = CASES[i].form(CASES[i].text, &why);
        if (r != -EINVAL || !strstr(why.text, CASES[i].words))
            fail_msg("\"%s\": %d %s", CASES[i].text, r, why.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_take_what_is_meant_and_refuse_the_rest_with_advice),
        cmocka_unit_test(a_message_says_what_is_wrong_with_the_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
