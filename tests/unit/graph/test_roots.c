/* SPDX-License-Identifier: MIT */
/* Hosts of a cloud, roots of one's own, and clouds that do not mix. */
#include "graph/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void a_cloud_means_two_hosts(void **state)
{
    static const struct {
        enum cloud cloud;
        char *graph_url, *login_url;
        const char *graph, *login;
    } CASES[] = {
        {CLOUD_GLOBAL, NULL, NULL, "https://graph.microsoft.com",
         "https://login.microsoftonline.com"},
        {CLOUD_GLOBAL, "", "", "https://graph.microsoft.com", "https://login.microsoftonline.com"},
        {CLOUD_USGOV_L4, "", "", "https://graph.microsoft.us", "https://login.microsoftonline.us"},
        {CLOUD_USGOV_L5, "", "", "https://dod-graph.microsoft.us",
         "https://login.microsoftonline.us"},
        {CLOUD_CHINA, "", "", "https://microsoftgraph.chinacloudapi.cn",
         "https://login.chinacloudapi.cn"},
        {CLOUD_CHINA, "", "https://login.partner.microsoftonline.cn/",
         "https://microsoftgraph.chinacloudapi.cn", "https://login.partner.microsoftonline.cn"},
        {CLOUD_GLOBAL, "http://127.0.0.1:8080", "http://[::1]:1/", "http://127.0.0.1:8080",
         "http://[::1]:1"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_options o = {.cloud = CASES[i].cloud,
                                  .graph_url = CASES[i].graph_url,
                                  .login_url = CASES[i].login_url};
        struct origin graph, login;
        assert_int_equal(graph_roots(&o, &graph, &login, NULL), 0);
        assert_string_equal(graph.text, CASES[i].graph);
        assert_string_equal(login.text, CASES[i].login);
    }
}

static void a_root_has_no_path_and_is_named_when_it_is_wrong(void **state)
{
    static const struct {
        char *graph_url, *login_url;
        const char *words;
    } CASES[] = {
        {"https://graph.microsoft.com/beta", "", "graph_url"},
        {"https://graph.microsoft.com?x", "", "graph_url"},
        {"http://graph.example", "", "graph_url"},
        {"graph.microsoft.com", "", "graph_url"},
        {"", "https://login.example/common", "login_url"},
        {"", "https://user:hunter2@login.example", "login_url"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_options o = {.graph_url = CASES[i].graph_url, .login_url = CASES[i].login_url};
        struct origin graph, login;
        struct failure why = {0};
        assert_true(graph_roots(&o, &graph, &login, &why) < 0);
        assert_int_equal(why.kind, FAILURE_CONFIG);
        assert_non_null(strstr(why.text, CASES[i].words));
        assert_null(strstr(why.text, "hunter2"));
    }
}

static void roots_of_two_clouds_are_refused(void **state)
{
    static const struct {
        enum cloud cloud;
        char *graph_url, *login_url, *resource;
        const char *cure; /* NULL: they go together */
    } CASES[] = {
        {CLOUD_GLOBAL, "https://graph.microsoft.us", "", "", "cloud = \"usgov_l4\""},
        {CLOUD_GLOBAL, "", "https://login.microsoftonline.us", "", "cloud = \"global\""},
        {CLOUD_GLOBAL, "https://graph.microsoft.us", "https://login.microsoftonline.us/", "",
         "cloud = \"usgov_l4\""},
        {CLOUD_GLOBAL, "https://graph.microsoft.us", "https://login.microsoftonline.us",
         "https://graph.microsoft.us/", NULL},
        {CLOUD_USGOV_L4, "https://dod-graph.microsoft.us", "", "", "cloud = \"usgov_l5\""},
        {CLOUD_USGOV_L5, "", "https://login.microsoftonline.us", "", NULL},
        {CLOUD_USGOV_L4, "", "", "https://dod-graph.microsoft.us", "cloud = \"usgov_l4\""},
        {CLOUD_CHINA, "", "https://login.partner.microsoftonline.cn", "", NULL},
        {CLOUD_CHINA, "", "https://LOGIN.microsoftonline.com:443", "", "cloud = \"china\""},
        {CLOUD_CHINA, "https://graph.example", "https://login.microsoftonline.com", "",
         "cloud = \"global\""},
        {CLOUD_CHINA, "https://graph.example", "https://login.example", "", NULL},
        {CLOUD_GLOBAL, "https://graph.microsoft.us.example", "", "", NULL},
        {CLOUD_CHINA, "", "", "00000003-0000-0000-c000-000000000000", NULL},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_options o = {.cloud = CASES[i].cloud,
                                  .graph_url = CASES[i].graph_url,
                                  .login_url = CASES[i].login_url,
                                  .resource = CASES[i].resource};
        struct origin graph, login;
        struct failure why = {0};
        int r = graph_roots(&o, &graph, &login, &why);
        if ((r >= 0) != !CASES[i].cure || (r < 0 && !strstr(why.text, CASES[i].cure)))
            fail_msg("case %zu: %d: %s", i, r, why.text);
    }
}

static void the_service_of_a_machine_gives_tokens_of_every_cloud(void **state)
{
    (void)state;
    for (enum cloud cloud = CLOUD_GLOBAL; cloud <= CLOUD_CHINA; cloud++) {
        struct graph_options o = {.cloud = cloud, .auth = AUTH_MANAGED_IDENTITY};
        struct origin graph, login;
        assert_int_equal(graph_roots(&o, &graph, &login, NULL), 0);
        assert_string_equal(login.text, "http://169.254.169.254");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cloud_means_two_hosts),
        cmocka_unit_test(a_root_has_no_path_and_is_named_when_it_is_wrong),
        cmocka_unit_test(roots_of_two_clouds_are_refused),
        cmocka_unit_test(the_service_of_a_machine_gives_tokens_of_every_cloud),
    };
    if (http_global_init(NULL) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
