/* SPDX-License-Identifier: MIT */
/* Tenants of the main file and of tenants.d: one tenant's trouble stays its own. */
#include "unit/config/fixture.h"

#define TENANT(name, more)                          \
    "{ name = \"" name "\"; tenant_id = \"id-" name \
    ".example\"; client_id = \"99999999-aaaa-4bbb-8ccc-000000000002\"; client_secret_file = \"contoso.secret\"; " more " }"

static const struct tenant_options *tenant(const struct config_fixture *w, const char *name)
{
    for (size_t i = 0; i < w->options->n_tenants; i++)
        if (strcmp(w->options->tenant[i].identity.name, name) == 0)
            return &w->options->tenant[i];
    fixture_print(w);
    fail_msg("no tenant %s", name);
    return NULL;
}

static void expect_broken(const struct config_fixture *w, const char *name, const char *words)
{
    const struct tenant_options *t = tenant(w, name);
    if (!t->broken || !strstr(t->broken, words))
        fail_msg("%s: %s", name, t->broken ? t->broken : "not broken");
}

static void defaults_hold_for_tenants_that_say_nothing_themselves(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_load(
        &w, "tenant_defaults = { client_id = \"99999999-aaaa-4bbb-8ccc-000000000004\"; interval = "
            "\"15m\"; cloud = "
            "\"china\"; timezone = \"UTC\";\n"
            " client_secret_file = \"contoso.secret\"; labels = { group = \"gold\"; owner = "
            "\"us\"; }; };\n"
            "tenants = ( { name = \"a\"; tenant_id = \"11111111-2222-4333-8444-000000000001\"; },\n"
            " { name = \"b\"; tenant_id = \"11111111-2222-4333-8444-000000000002\"; client_id = "
            "\"99999999-aaaa-4bbb-8ccc-000000000003\"; cloud = \"global\"; "
            "interval = \"5m\"; labels = { group = \"tin\"; }; } );");
    fixture_expect_clean(&w, "defaults");
    const struct tenant_options *a = tenant(&w, "a"), *b = tenant(&w, "b");
    assert_string_equal(a->graph.client_id, "99999999-aaaa-4bbb-8ccc-000000000004");
    assert_int_equal(a->identity.interval, 15 * USEC_PER_MINUTE);
    assert_int_equal(a->graph.cloud, CLOUD_CHINA);
    assert_int_equal(a->identity.n_labels, 2);
    assert_string_equal(b->graph.client_id, "99999999-aaaa-4bbb-8ccc-000000000003");
    assert_int_equal(b->graph.cloud, CLOUD_GLOBAL);
    assert_int_equal(b->identity.interval, 5 * USEC_PER_MINUTE);
    assert_int_equal(b->identity.n_labels, 2);
    assert_string_equal(b->identity.label[0].value, "tin");
    assert_string_equal(b->identity.label[1].value, "us");
}

static void mistake_in_the_defaults_is_reported_once(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_load(&w, "tenant_defaults = {\n clod = \"china\"; };\ntenants = ( " TENANT(
                         "a", "") ", " TENANT("b", "") " );");
    fixture_expect_one(&w, "defaults", 2,
                       "unknown key 'clod' in tenant_defaults; did you mean 'cloud'?");
}

static void files_of_tenants_d_are_read_in_the_order_of_their_names(void **state)
{
    static const char *const WANT[] = {"main", "ten", "two", "three"};
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_directory(&w, "tenants.d");
    fixture_file(&w, "tenants.d/2.conf", 0644,
                 "tenants = ( " TENANT("two", "") ", " TENANT("three", "") " );");
    fixture_file(&w, "tenants.d/10.conf", 0644, "tenants = ( " TENANT("ten", "") " );");
    fixture_file(&w, "tenants.d/3.conf~", 0644, "nonsense");
    fixture_file(&w, "tenants.d/.hidden.conf", 0644, "nonsense");
    fixture_load(&w, "tenants = ( " TENANT("main", "") " );");
    fixture_expect_clean(&w, "order");
    assert_int_equal(w.options->n_tenants, N_ELEMENTS(WANT));
    for (size_t i = 0; i < N_ELEMENTS(WANT); i++)
        assert_string_equal(w.options->tenant[i].identity.name, WANT[i]);
}

static void tenants_of_files_alone_are_enough(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_directory(&w, "tenants.d");
    fixture_file(&w, "tenants.d/a.conf", 0644, "tenants = ( " TENANT("a", "") " );");
    fixture_load(&w, "scope = \"sku\";");
    fixture_expect_clean(&w, "files alone");
    fixture_load(&w, "tenants = ();");
    fixture_expect_clean(&w, "an empty list");
}

static void a_missing_secret_breaks_its_tenant_only(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_load(
        &w, "tenants = ( " TENANT("a", "") ",\n{ name = \"b\"; tenant_id = "
                                           "\"11111111-2222-4333-8444-000000000002\"; client_id = "
                                           "\"99999999-aaaa-4bbb-8ccc-000000000002\";\n "
                                           "client_secret_file = \"b.secret\"; } );");
    assert_int_equal(w.r, 0);
    assert_int_equal(w.problems.n, 1);
    assert_false(w.problems.problem[0].fatal || w.problems.problem[0].warning);
    assert_non_null(fixture_find(&w, "seatwatchd.conf", 3, "there is no file"));
    assert_null(tenant(&w, "a")->broken);
    expect_broken(&w, "b", "b.secret");
    assert_false(tenant(&w, "b")->nameless);
    assert_false(w.options->tenants_incomplete);
}

static void a_missing_secret_of_the_only_tenant_is_no_reason_not_to_start(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_load(
        &w, "tenants = ( { name = \"b\"; tenant_id = \"11111111-2222-4333-8444-000000000002\"; "
            "client_id = \"99999999-aaaa-4bbb-8ccc-000000000002\"; "
            "client_secret_file = \"b.secret\"; } );");
    assert_int_equal(w.r, 0);
    expect_broken(&w, "b", "create it with mode 0600");
}

static void an_open_secret_breaks_its_tenant(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_file(&w, "open.secret", 0644, "s\n");
    fixture_load(
        &w, "tenants = ( { name = \"b\"; tenant_id = \"11111111-2222-4333-8444-000000000002\"; "
            "client_id = \"99999999-aaaa-4bbb-8ccc-000000000002\"; "
            "client_secret_file = \"open.secret\"; } );");
    assert_int_equal(w.r, 0);
    expect_broken(&w, "b", "chmod 0600");
}

static void a_tenant_that_is_off_needs_no_secret(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_load(
        &w, "tenants = ( { name = \"b\"; tenant_id = \"11111111-2222-4333-8444-000000000002\"; "
            "client_id = \"99999999-aaaa-4bbb-8ccc-000000000002\"; "
            "client_secret_file = \"b.secret\"; enabled = false; } );");
    fixture_expect_clean(&w, "off");
    assert_false(w.options->tenant[0].enabled);
}

static void a_mistake_in_an_entry_breaks_its_tenant_while_another_is_right(void **state)
{
    static const struct {
        const char *why, *entry, *name, *words;
        bool nameless;
    } CASES[] = {
        {"unknown key",
         "{ name = \"b\"; tenant_id = \"11111111-2222-4333-8444-000000000002\"; client_id = \"99999999-aaaa-4bbb-8ccc-000000000002\"; client_secret_file = "
         "\"contoso.secret\"; clod = \"x\"; }",
         "b", "did you mean 'cloud'?", false},
        {"missing key",
         "{ name = \"b\"; tenant_id = \"11111111-2222-4333-8444-000000000002\"; client_secret_file = \"contoso.secret\"; }", "b",
         "no 'client_id'", false},
        {"no secret", "{ name = \"b\"; tenant_id = \"11111111-2222-4333-8444-000000000002\"; client_id = \"99999999-aaaa-4bbb-8ccc-000000000002\"; }", "b",
         "no 'client_secret_file'", false},
        {"bad URL",
         "{ name = \"b\"; tenant_id = \"11111111-2222-4333-8444-000000000002\"; client_id = \"99999999-aaaa-4bbb-8ccc-000000000002\"; client_secret_file = "
         "\"contoso.secret\"; login_url = \"http://example.com\"; }",
         "b", "not encrypted", false},
        {"no id", "{ name = \"b\"; client_id = \"99999999-aaaa-4bbb-8ccc-000000000002\"; client_secret_file = \"contoso.secret\"; }",
         "seatwatchd.conf:2", "no 'tenant_id'", true},
        {"no id to make a file's name of",
         "{ name = \"b\"; client_id = \"99999999-aaaa-4bbb-8ccc-000000000002\"; client_secret_file = "
         "\"{tenant_id}.secret\"; }",
         "seatwatchd.conf:2", "no 'tenant_id'", true},
        {"no name",
         "{ tenant_id = \"11111111-2222-4333-8444-000000000002\"; client_id = \"99999999-aaaa-4bbb-8ccc-000000000002\"; client_secret_file = \"contoso.secret\"; }",
         "seatwatchd.conf:2", "no 'name'", true},
        {"a name that is taken",
         "{ name = \"A\"; tenant_id = \"11111111-2222-4333-8444-000000000002\"; client_id = \"99999999-aaaa-4bbb-8ccc-000000000002\"; client_secret_file = "
         "\"contoso.secret\"; }",
         "seatwatchd.conf:2", "already that of the tenant in", true},
        {"an id that is taken",
         "{ name = \"b\"; tenant_id = \"ID-A.EXAMPLE\"; client_id = \"99999999-aaaa-4bbb-8ccc-000000000002\"; client_secret_file = "
         "\"contoso.secret\"; }",
         "seatwatchd.conf:2", "watch a tenant once", true},
        {"an id for all tenants",
         "{ name = \"b\"; tenant_id = \"common\"; client_id = \"99999999-aaaa-4bbb-8ccc-000000000002\"; client_secret_file = "
         "\"contoso.secret\"; }",
         "seatwatchd.conf:2", "one tenant only", true},
        {"no group", "\"b\"", "seatwatchd.conf:2", "no group", true},
        {"a key of another sign-in",
         "{ name = \"b\"; tenant_id = \"11111111-2222-4333-8444-000000000002\"; client_id = \"99999999-aaaa-4bbb-8ccc-000000000002\"; client_secret_file = "
         "\"contoso.secret\"; certificate_file = \"x\"; }",
         "b", "write auth = \"certificate\"", false},
        {"no day",
         "{ name = \"b\"; tenant_id = \"11111111-2222-4333-8444-000000000002\"; client_id = \"99999999-aaaa-4bbb-8ccc-000000000002\"; client_secret_file = "
         "\"contoso.secret\"; client_secret_expires = \"1.3.2027\"; }",
         "b", "not a date; write the day that the portal shows as \"2027-03-01\"", false},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free)
        char *text = text_printf("tenants = ( %s,\n%s );\n", TENANT("a", ""), CASES[i].entry);
        fixture_load(&w, text);
        if (w.r != 0 || w.problems.n != 1 || w.problems.problem[0].fatal ||
            w.problems.problem[0].warning) {
            fixture_print(&w);
            fail_msg("%s: %d", CASES[i].why, w.r);
        }
        assert_null(tenant(&w, "a")->broken);
        expect_broken(&w, CASES[i].name, CASES[i].words);
        assert_int_equal(tenant(&w, CASES[i].name)->nameless, CASES[i].nameless);
        assert_int_equal(w.options->tenants_incomplete, CASES[i].nameless);
        /* ... and in a first configuration it is refused at once. */
        if (strstr(CASES[i].why, "taken"))
            continue;
        CLEANUP(free) char *alone = text_printf("tenants = (\n%s );\n", CASES[i].entry);
        fixture_load(&w, alone);
        fixture_expect_one(&w, CASES[i].why, 2, CASES[i].words);
    }
}

static void a_broken_file_of_tenants_d_stands_for_a_tenant_that_is_not_watched(void **state)
{
    static const struct {
        const char *why, *text, *name, *words;
    } CASES[] = {
        {"syntax", "tenants = ( {\n name \"x\"; } );", "tenants.d/b.conf:1", "no '=' after 'name'"},
        {"open bracket", "tenants = ( {", "tenants.d/b.conf:1", "never closed"},
        {"no tenants", "", "tenants.d/b.conf:1", "no tenants in this file"},
        {"misspelt tenants", "tenant = ( " TENANT("b", "") " );", "tenants.d/b.conf:1",
         "unknown key 'tenant'"},
        {"no list", "tenants = { };", "tenants.d/b.conf:1", "no list"},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_directory(&w, "tenants.d");
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        fixture_file(&w, "tenants.d/b.conf", 0644, CASES[i].text);
        fixture_load(&w, "tenants = ( " TENANT("a", "") " );");
        if (w.r != 0) {
            fixture_print(&w);
            fail_msg("%s", CASES[i].why);
        }
        for (size_t p = 0; p < w.problems.n; p++)
            assert_false(w.problems.problem[p].fatal || w.problems.problem[p].warning);
        assert_null(tenant(&w, "a")->broken);
        expect_broken(&w, CASES[i].name, CASES[i].words);
        assert_true(tenant(&w, CASES[i].name)->nameless);
        assert_true(w.options->tenants_incomplete);
        /* Alone it does not keep the daemon from starting: that is how it comes to be told. */
        fixture_load(&w, "scope = \"auto\";");
        assert_int_equal(w.r, 0);
    }
}

static void a_strange_key_in_a_file_breaks_the_tenants_of_that_file(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_directory(&w, "tenants.d");
    fixture_file(&w, "tenants.d/b.conf", 0644,
                 "tenants = ( " TENANT("b", "") " );\npoll: { interval = \"1m\"; };");
    fixture_load(&w, "tenants = ( " TENANT("a", "") " );");
    assert_int_equal(w.r, 0);
    expect_broken(&w, "b", "unknown key 'poll'");
    assert_null(tenant(&w, "a")->broken);
    assert_non_null(fixture_find(&w, "tenants.d/b.conf", 2, "and nothing else"));
}

static void a_name_that_may_be_in_the_unread_file_does_not_stop_the_start(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_load(
        &w, "tenants = ( " TENANT(
                "a", "") " ); overrides = ( { match: { tenant = \"b\"; }; usage = \"off\"; } );");
    assert_int_equal(w.r, -EINVAL);
    fixture_directory(&w, "tenants.d");
    fixture_file(&w, "tenants.d/b.conf", 0644, "tenants = ( {");
    fixture_load(
        &w, "tenants = ( " TENANT(
                "a", "") " ); overrides = ( { match: { tenant = \"b\"; }; usage = \"off\"; } );");
    assert_int_equal(w.r, 0);
    assert_int_equal(w.problems.n, 2);
}

static void configuration_without_tenants_is_refused(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_load(&w, "scope = \"auto\";\n");
    fixture_expect_one(&w, "none", 1, "no tenant is configured; add tenants =");
    fixture_load(&w, "");
    fixture_expect_one(&w, "an empty file", 1, "no tenant is configured");
    fixture_load(&w, "\ntenants = { };");
    assert_int_equal(w.r, -EINVAL);
    assert_non_null(fixture_find(&w, "seatwatchd.conf", 2, "write tenants = ("));
}

static void a_secret_in_the_configuration_is_refused_and_not_repeated(void **state)
{
    static const char *const VALUES[] = {
        "client_secret_file = \"Zq8Q~canary-secret.value\"",
        "client_secret_file = \"0123456789abcdefcanary0123456789ab\"",
        "client_secret_file = \"whsec_canary\"",
        "client_secret_file = \"https://x.example/canary\"",
        "client_secret = \"canary\"",
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(VALUES); i++) {
        CLEANUP(free)
        char *text = text_printf(
            "tenants = ( %s, { name = \"b\"; tenant_id = \"11111111-2222-4333-8444-000000000002\"; client_id = \"99999999-aaaa-4bbb-8ccc-000000000002\"; %s; } );\n",
            TENANT("a", ""), VALUES[i]);
        CLEANUP(free) char *dump = NULL;
        fixture_load(&w, text);
        assert_int_equal(w.r, 0);
        assert_true(w.problems.n > 0);
        for (size_t p = 0; p < w.problems.n; p++)
            assert_null(strstr(w.problems.problem[p].text, "canary"));
        assert_null(strstr(tenant(&w, "b")->broken, "canary"));
        assert_int_equal(options_dump(w.options, &dump), 0);
        assert_null(strstr(dump, "canary"));
    }
}

static void a_quick_tenant_is_warned_about(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_load(&w, "tenants = (\n" TENANT("a", "interval = \"5s\";") " );");
    assert_int_equal(w.r, 0);
    assert_int_equal(w.problems.n, 1);
    assert_true(w.problems.problem[0].warning);
    assert_null(tenant(&w, "a")->broken);
    assert_int_equal(tenant(&w, "a")->identity.interval, 5 * USEC_PER_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_hold_for_tenants_that_say_nothing_themselves),
        cmocka_unit_test(mistake_in_the_defaults_is_reported_once),
        cmocka_unit_test(files_of_tenants_d_are_read_in_the_order_of_their_names),
        cmocka_unit_test(tenants_of_files_alone_are_enough),
        cmocka_unit_test(a_missing_secret_breaks_its_tenant_only),
        cmocka_unit_test(a_missing_secret_of_the_only_tenant_is_no_reason_not_to_start),
        cmocka_unit_test(an_open_secret_breaks_its_tenant),
        cmocka_unit_test(a_tenant_that_is_off_needs_no_secret),
        cmocka_unit_test(a_mistake_in_an_entry_breaks_its_tenant_while_another_is_right),
        cmocka_unit_test(a_broken_file_of_tenants_d_stands_for_a_tenant_that_is_not_watched),
        cmocka_unit_test(a_strange_key_in_a_file_breaks_the_tenants_of_that_file),
        cmocka_unit_test(a_name_that_may_be_in_the_unread_file_does_not_stop_the_start),
        cmocka_unit_test(configuration_without_tenants_is_refused),
        cmocka_unit_test(a_secret_in_the_configuration_is_refused_and_not_repeated),
        cmocka_unit_test(a_quick_tenant_is_warned_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
