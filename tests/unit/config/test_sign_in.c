/* SPDX-License-Identifier: MIT */
/* Which keys each kind of sign-in needs, which it has no use for, and what a platform's environment
 * may tell. */
#include "unit/config/pair.h"

#include "base/clock.h"
#include "base/date.h"

#define IDS "name = \"a\"; tenant_id = \"11111111-2222-4333-8444-000000000001\"; "
#define APP IDS "client_id = \"99999999-aaaa-4bbb-8ccc-000000000001\"; "
#define PAIR APP "auth = \"certificate\"; certificate_file = \"a.crt\"; private_key_file = "

static void each_kind_says_what_it_lacks_and_what_it_has_no_use_for(void **state)
{
    static const struct {
        const char *entry, *says; /* NULL: right */
    } CASES[] = {
        {APP "client_secret_file = \"contoso.secret\";", NULL},
        {APP, "no 'client_secret_file'"},
        {IDS "client_id = \"11111111-2222-4333-8444-000000000001\"; client_secret_file = \"contoso.secret\";",
         "this is the tenant's id"},
        {IDS "client_secret_file = \"contoso.secret\";", "no 'client_id'"},
        {APP "client_secret_file = \"contoso.secret\"; client_secret_expires = \"2037-03-01\";", NULL},
        {APP "client_secret_file = \"contoso.secret\"; client_secret_expires = \"auto\";", NULL},
        {APP "client_secret_file = \"contoso.secret\"; client_secret_expires = \"\";", NULL},
        {APP "client_secret_file = \"contoso.secret\"; client_secret_expires = \"2037-02-30\";",
         "not a date; write the day that the portal shows"},
        {APP "client_secret_file = \"contoso.secret\"; client_secret_expires = \"2037-03-01T10:00:00Z\";",
         "not a date"},
        {APP "client_secret_file = \"contoso.secret\"; client_secret_expires = \"Auto\";", "not a date"},
        {PAIR "\"a.key\"; client_secret_expires = \"auto\";",
         "auth = \"certificate\" does not use it; remove it, or write auth = \"client_secret\""},
        {PAIR "\"a.key\";", NULL},
        {PAIR "\"a.key\"; assertion = \"RS256\";", NULL},
        {PAIR "\"a.key\"; client_secret_file = \"contoso.secret\";",
         "auth = \"certificate\" does not use it; remove it, or write auth = \"client_secret\""},
        {PAIR "\"other.key\";", "does not belong to the certificate"},
        {PAIR "\"missing.key\";", "there is no file"},
        {APP "auth = \"certificate\"; private_key_file = \"a.key\";",
         "no 'certificate_file', which auth = \"certificate\" needs"},
        {APP "auth = \"workload_identity\"; federated_token_file = \"token\";", NULL},
        {APP "auth = \"workload_identity\";", "or set AZURE_FEDERATED_TOKEN_FILE"},
        {IDS "auth = \"managed_identity\";", NULL},
        {APP "auth = \"managed_identity\"; host = \"arc\";", NULL},
        {IDS "auth = \"managed_identity\"; identity_object_id = \"o-1\";", NULL},
        {APP "auth = \"managed_identity\"; identity_object_id = \"o-1\";", "keep one of them"},
        {APP "auth = \"managed_identity\"; federated_token_file = \"token\";", "does not use it"},
        {APP "client_secret_file = \"contoso.secret\"; cloud = \"china\";", NULL},
        {APP "client_secret_file = \"contoso.secret\"; cloud = \"china\"; login_url = "
             "\"https://login.microsoftonline.com\";",
         "of another cloud; write cloud = \"china\" and leave graph_url, login_url"},
        {APP "client_secret_file = \"contoso.secret\"; host = \"arc\";",
         "auth = \"managed_identity\""},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    write_pair(&w, "a.crt", "a.key", 86400);
    write_pair(&w, "other.crt", "other.key", 86400);
    fixture_file(&w, "token", 0644, "eyJ.x.y\n");
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *text = text_printf("tenants = ( { %s } );\n", CASES[i].entry);
        fixture_load(&w, text);
        const char *problem = w.problems.n ? w.problems.problem[0].text : NULL;
        if (!CASES[i].says != !problem || (problem && !strstr(problem, CASES[i].says)))
            fail_msg("%s: %s", CASES[i].entry, problem ? problem : "nothing is wrong with it");
    }
}

static void a_certificate_that_has_ended_is_warned_about(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    write_pair(&w, "a.crt", "a.key", -86400);
    fixture_load(&w, "tenants = ( { " PAIR "\"a.key\"; } );\n");
    assert_int_equal(w.r, 0);
    assert_int_equal(w.problems.n, 1);
    assert_true(w.problems.problem[0].warning);
    assert_non_null(strstr(w.problems.problem[0].text, "the certificate ended on 20"));
    assert_null(w.options->tenant[0].broken);
}

static void a_secret_whose_last_day_is_over_is_warned_about(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    char today[RFC3339_MAX];
    (void)state;
    fixture_load(&w, "tenants = ( { " APP
                     "client_secret_file = \"contoso.secret\"; client_secret_expires = "
                     "\"2026-01-02\"; } );\n");
    assert_int_equal(w.r, 0);
    assert_int_equal(w.problems.n, 1);
    assert_true(w.problems.problem[0].warning);
    assert_non_null(strstr(w.problems.problem[0].text, "expired on 2026-01-02"));
    assert_null(w.options->tenant[0].broken);
    CLEANUP(free)
    char *text = text_printf("tenants = ( { " APP "client_secret_file = \"contoso.secret\"; "
                             "client_secret_expires = \"%s\"; } );\n",
                             date_print((int32_t)(clock_now().at / USEC_PER_DAY), today));
    fixture_load(&w, text);
    fixture_expect_clean(&w, "its last day is a good one");
}

static void environment_is_read_for_workload_identity_only(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    char token[256];
    (void)state;
    fixture_file(&w, "token", 0644, "eyJ.x.y\n");
    (void)snprintf(token, sizeof token, "%s/token", w.dir);
    assert_int_equal(setenv("AZURE_TENANT_ID", "11111111-2222-4333-8444-000000000009", 1), 0);
    assert_int_equal(setenv("AZURE_CLIENT_ID", "99999999-aaaa-4bbb-8ccc-000000000009", 1), 0);
    assert_int_equal(setenv("AZURE_FEDERATED_TOKEN_FILE", token, 1), 0);
    assert_int_equal(setenv("AZURE_AUTHORITY_HOST", "https://login.example/", 1), 0);
    fixture_load(&w, "tenants = ( { name = \"a\"; auth = \"workload_identity\"; } );\n");
    fixture_expect_clean(&w, "all from the environment");
    assert_string_equal(w.options->tenant[0].identity.tenant_id,
                        "11111111-2222-4333-8444-000000000009");
    assert_string_equal(w.options->tenant[0].graph.tenant_id, "11111111-2222-4333-8444-000000000009");
    assert_string_equal(w.options->tenant[0].graph.client_id, "99999999-aaaa-4bbb-8ccc-000000000009");
    assert_string_equal(w.options->tenant[0].graph.federated_token_file, token);
    assert_string_equal(w.options->tenant[0].graph.login_url, "https://login.example/");

    fixture_load(&w, "tenants = ( { " APP "auth = \"workload_identity\"; } );\n");
    fixture_expect_clean(&w, "what is said comes first");
    assert_string_equal(w.options->tenant[0].graph.tenant_id, "11111111-2222-4333-8444-000000000001");
    assert_string_equal(w.options->tenant[0].graph.client_id, "99999999-aaaa-4bbb-8ccc-000000000001");

    fixture_load(&w, "tenants = ( { " APP "client_secret_file = \"contoso.secret\"; } );\n");
    fixture_expect_clean(&w, "another kind");
    assert_string_equal(w.options->tenant[0].graph.login_url, "");

    assert_int_equal(setenv("AZURE_AUTHORITY_HOST", "http://login.example/", 1), 0);
    fixture_load(&w, "tenants = ( { " APP "auth = \"workload_identity\"; } );\n");
    assert_int_equal(w.problems.n, 1);
    assert_non_null(strstr(w.problems.problem[0].text, "AZURE_AUTHORITY_HOST of the environment"));
    assert_int_equal(setenv("AZURE_AUTHORITY_HOST", "https://login.example/", 1), 0);
    assert_int_equal(setenv("AZURE_CLIENT_ID", "c-9", 1), 0);
    fixture_load(&w, "tenants = ( { name = \"a\"; auth = \"workload_identity\"; } );\n");
    fixture_expect_one(&w, "a wrong id is not a missing one", 1,
                       "AZURE_CLIENT_ID of the environment");
    assert_int_equal(unsetenv("AZURE_TENANT_ID"), 0);
    assert_int_equal(unsetenv("AZURE_CLIENT_ID"), 0);
    assert_int_equal(unsetenv("AZURE_FEDERATED_TOKEN_FILE"), 0);
    assert_int_equal(unsetenv("AZURE_AUTHORITY_HOST"), 0);
}

static void every_kind_of_sign_in_is_dumped_so_that_it_loads_again(void **state)
{
    static const char *const ENTRIES[] = {
        PAIR "\"a.key\"; assertion = \"RS256\";",
        APP "auth = \"workload_identity\"; federated_token_file = \"token\";",
        IDS "auth = \"managed_identity\"; host = \"arc\"; identity_resource_id = \"/a/b\";",
        APP "client_secret_file = \"contoso.secret\"; client_secret_expires = \"2037-03-01\";",
        APP "client_secret_file = \"contoso.secret\"; client_secret_expires = \"auto\";",
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    write_pair(&w, "a.crt", "a.key", 86400);
    fixture_file(&w, "token", 0644, "eyJ.x.y\n");
    for (size_t i = 0; i < N_ELEMENTS(ENTRIES); i++) {
        CLEANUP(free) char *text = text_printf("tenants = ( { %s } );\n", ENTRIES[i]);
        CLEANUP(free) char *first = NULL;
        CLEANUP(free) char *second = NULL;
        fixture_load(&w, text);
        assert_int_equal(options_dump(w.options, &first), 0);
        fixture_load(&w, first);
        fixture_expect_clean(&w, ENTRIES[i]);
        assert_int_equal(options_dump(w.options, &second), 0);
        assert_string_equal(first, second);
        assert_int_equal(strstr(first, "client_secret_") != NULL, strstr(ENTRIES[i], "client_secret_") != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_says_what_it_lacks_and_what_it_has_no_use_for),
        cmocka_unit_test(a_certificate_that_has_ended_is_warned_about),
        cmocka_unit_test(a_secret_whose_last_day_is_over_is_warned_about),
        cmocka_unit_test(environment_is_read_for_workload_identity_only),
        cmocka_unit_test(every_kind_of_sign_in_is_dumped_so_that_it_loads_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
