/* SPDX-License-Identifier: MIT */
/* Texts of single keys: what is taken, and what is not. */
#include "config/forms.h"
#include "unit/config/world.h"

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
        {form_id, "11111111-2222-4333-8444-555555555555", true},
        {form_id, "contoso.onmicrosoft.com", true},
        {form_id, "Organizations", false},
        {form_id, "a/b", false},
        {form_id, "..", false},
        {form_id, "", false},
        {form_version, "beta", true},
        {form_version, "v1.0", true},
        {form_version, "../v1.0", false},
        {form_version, ".", false},
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
        {form_facility, "local7", true},
        {form_facility, "local8", false},
        {form_identifier, "seatwatchd", true},
        {form_identifier, "a b", false},
        {form_identifier, "", false},
        {form_socket, "", true},
        {form_socket, "/dev/log", true},
        {form_socket, "dev/log", false},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_take_what_is_meant_and_refuse_the_rest_with_advice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
