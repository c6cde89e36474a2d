/* SPDX-License-Identifier: MIT */
/* What is dumped loads again and means the same. */
#include "unit/config/fixture.h"

static char *dump_of(const struct config_fixture *w)
{
    char *text = NULL;
    if (w->r != 0)
        fixture_print(w);
    assert_int_equal(w->r, 0);
    assert_int_equal(options_dump(w->options, &text), 0);
    return text;
}

/* dump(load(x)) == dump(load(dump(load(x)))) */
static void expect_stable(struct config_fixture *w, const char *why, const char *text)
{
    fixture_load(w, text);
    fixture_expect_clean(w, why);
    CLEANUP(free) char *first = dump_of(w);
    fixture_load(w, first);
    fixture_expect_clean(w, why);
    CLEANUP(free) char *second = dump_of(w);
    assert_string_equal(first, second);
}

static void dumps_load_again_and_say_the_same(void **state)
{
    static const char *const TEXTS[] = {
        GOOD_TENANT,
        GOOD_TENANT
        "thresholds: { usage = \"off\"; remaining = { warning = -3; critical = \"off\"; };\n"
        " waiting = { for = \"90s\"; min_samples = 7; }; poll = { warning = \"3 polls\"; critical "
        "= \"100m\"; }; };",
        GOOD_TENANT
        "alerts: { for = \"3m\"; min_samples = 1; keep_firing_for = \"0s\"; first_run = \"each\";\n"
        " repeat: { critical = \"off\"; growth = 1; }; };",
        GOOD_TENANT
        "overrides = ( { match: { sku = \"A\\\"B\"; labels = { group = \"g*\"; }; }; ignore = "
        "\"nothing\"; usage = { critical = \"99.99%\"; }; },\n"
        " { match: { rule = \"waiting\"; tenant = \"contoso\"; }; ignore = \"all\"; waiting = "
        "\"off\"; },\n"
        " { match: { allotment = \"x\"; }; subscription = { renewal = \"manual\"; }; } );",
        GOOD_TENANT "names = ( { allotment = \"551f\"; name = \"ü \\\\ \\\"x\\\"\"; } ); scope = "
                    "\"sku\"; free_skus = \"watch\"; dates_at = \"23:05\";",
        GOOD_TENANT
        "receivers = ( { name = \"s\"; type = \"syslog\"; facility = \"local0\"; }, { name = "
        "\"h\"; type = \"webhook\"; url_file = \"hook.url\";\n"
        " signing_key_file = \"hook.key\"; allow_http = true; }, { name = \"j\"; type = "
        "\"journal\"; socket = \"/x\"; } );\n"
        "routes = ( { match: { severity = \"critical\"; rule = \"*\"; }; to = [ \"h\", \"s\" ]; "
        "continue = true; hours = \"Mon-Fri,Sun 22:00-06:00,12:00-24:00\"; }, { to = [ \"j\" ]; } "
        ");\n"
        "fallback = [ \"j\", \"s\" ]; log: { level = \"debug\"; }; history: { keep = \"90d\"; };",
        "tenant_defaults = { client_secret_file = \"contoso.secret\"; timezone = \"\"; labels = "
        "{ a = \"1\"; }; };\n"
        "tenants = ( { name = \"a\"; tenant_id = \"11111111-2222-4333-8444-000000000001\"; client_id = \"99999999-aaaa-4bbb-8ccc-000000000002\"; enabled = false; "
        "interval = \"1h\"; source = \"subscribed_skus\"; },\n"
        " { name = \"b\"; tenant_id = \"11111111-2222-4333-8444-000000000002\"; client_id = \"99999999-aaaa-4bbb-8ccc-000000000002\"; cloud = \"usgov_l5\"; graph_url = "
        "\"https://g.example\"; login_url = \"http://127.0.0.1:81\"; api_version = \"v1.0\"; } );",
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(TEXTS); i++)
        expect_stable(&w, TEXTS[i], TEXTS[i]);
}

static void dump_has_file_names_and_no_secrets(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    char path[128];
    (void)state;
    fixture_load(&w, GOOD_TENANT "receivers = ( { name = \"h\"; type = \"webhook\"; url_file = "
                                 "\"hook.url\"; signing_key_file = \"hook.key\"; } );");
    CLEANUP(free) char *dump = dump_of(&w);
    (void)snprintf(path, sizeof path, "client_secret_file = \"%s/contoso.secret\"", w.dir);
    assert_non_null(strstr(dump, path));
    assert_null(strstr(dump, "canary"));
    assert_null(strstr(dump, "whsec_"));
}

static void a_tenant_whose_name_is_not_known_is_left_out(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_directory(&w, "tenants.d");
    fixture_file(&w, "tenants.d/x.conf", 0644, "tenants = (");
    fixture_load(&w, GOOD_TENANT);
    CLEANUP(free) char *dump = dump_of(&w);
    assert_null(strstr(dump, "x.conf"));
    assert_non_null(strstr(dump, "contoso"));
}

static void a_dump_loads_beside_the_tenants_d_that_it_came_with(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_directory(&w, "tenants.d");
    fixture_file(
        &w, "tenants.d/b.conf", 0644,
        "tenants = ( { name = \"b\"; tenant_id = \"b.example\"; client_id = "
        "\"99999999-aaaa-4bbb-8ccc-000000000001\"; client_secret_file = \"contoso.secret\"; } );");
    fixture_load(&w, GOOD_TENANT);
    CLEANUP(free) char *first = dump_of(&w);
    assert_non_null(strstr(first, "# of tenants.d/b.conf:"));
    assert_non_null(strstr(first, "tenant_id = \"b.example\";"));
    fixture_load(&w, first);
    fixture_expect_clean(&w, "the dump");
    assert_int_equal(w.options->n_tenants, 2);
    CLEANUP(free) char *second = dump_of(&w);
    assert_string_equal(first, second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dumps_load_again_and_say_the_same),
        cmocka_unit_test(dump_has_file_names_and_no_secrets),
        cmocka_unit_test(a_dump_loads_beside_the_tenants_d_that_it_came_with),
        cmocka_unit_test(a_tenant_whose_name_is_not_known_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
