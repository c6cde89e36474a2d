/* SPDX-License-Identifier: MIT */
/* Limits held against each other, and overrides against what they are for. */
#include "unit/config/fixture.h"

static void the_warning_must_come_before_the_critical_level(void **state)
{
    static const struct {
        const char *text;
        int line; /* 0: fine */
    } CASES[] = {
        {"thresholds: { usage = { warning = \"90%\";\n critical = \"89.99%\"; }; };", 3},
        {"thresholds: { usage = { warning = \"90%\"; critical = \"90%\"; }; };", 0},
        {"thresholds: { usage = { critical = \"80%\"; }; };", 2},
        {"thresholds: { usage = { warning = \"off\"; critical = \"80%\"; }; };", 0},
        {"thresholds: { remaining = {\n warning = -5; }; };", 3},
        {"thresholds: { remaining = { warning = -5; critical = -10; }; };", 0},
        {"thresholds: { remaining = { warning = 5; critical = 6; }; };", 2},
        {"thresholds: { waiting = { warning = 26; }; };", 2},
        {"thresholds: { waiting_age = { warning = \"2d\"; }; };", 2},
        {"thresholds: { waiting_age = { warning = \"24h\"; }; };", 0},
        {"thresholds: { assignment_errors = { warning = 10; critical = 5; }; };", 2},
        {"thresholds: { subscription = { warning = \"6d\"; }; };", 2},
        {"thresholds: { subscription = { warning = \"7d\"; }; };", 0},
        {"thresholds: { credential = { warning = \"6d\"; }; };", 2},
        {"thresholds: { credential = { warning = \"14d\"; critical = \"1d\"; }; };", 0},
        {"thresholds: { credential = \"off\"; };", 0},
        {"overrides = ( { match: { tenant = \"contoso\"; }; credential = { warning = \"60d\"; }; } );", 0},
        {"thresholds: { poll = { warning = \"7h\"; }; };", 2},
        {"thresholds: { poll = { warning = \"5 polls\"; critical = \"4 polls\"; }; };", 2},
        {"thresholds: { poll = { warning = \"73 polls\"; }; };",
         2}, /* of 5 minutes each: 365 minutes */
        {"thresholds: { poll = { warning = \"72 polls\"; }; };", 0},
        {"overrides = ( { match: { sku = \"A\"; };\n usage = { warning = \"95%\"; critical = "
         "\"90%\"; }; } );",
         3},
        {"overrides = ( { match: { sku = \"A\"; };\n waiting = { warning = 30; }; } );", 3},
        {"overrides = ( { match: { sku = \"A\"; }; waiting = { warning = 30; critical = \"off\"; "
         "}; } );",
         0},
        {"thresholds: { waiting = \"off\"; };\noverrides = ( { match: { sku = \"A\"; };\n waiting "
         "= { warning = 30; }; } );",
         4},
        {"overrides = ( { match: { sku = \"A\"; }; waiting = \"off\"; } );", 0},
        {"thresholds: { usage = { warning = \"5%\"; critical = \"off\"; clear_margin = \"5%\"; }; "
         "};",
         2},
        {"thresholds: { usage = { warning = \"5%\"; clear_margin = \"4.99%\"; }; };", 0},
        {"overrides = ( { match: { sku = \"A\"; }; usage = { clear_margin = \"90%\"; }; } );", 2},
        {"alerts: { repeat: { critical = \"4h\"; warning = \"1d\"; cap = \"23h\"; }; };", 2},
        {"alerts: { repeat: { critical = \"4h\"; warning = \"off\"; cap = \"4h\"; }; };", 0},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *text = text_printf("%s%s\n", GOOD_TENANT, CASES[i].text);
        fixture_load(&w, text);
        if (CASES[i].line)
            fixture_expect_one(&w, CASES[i].text, CASES[i].line, "");
        else
            fixture_expect_clean(&w, CASES[i].text);
    }
}

static void an_override_that_holds_for_nothing_is_refused(void **state)
{
    static const struct {
        const char *why, *text, *words;
    } CASES[] = {
        {"no match", "{ usage = \"off\"; }", "overrides has no 'match'"},
        {"empty match", "{ match: { }; usage = \"off\"; }", "names nothing"},
        {"match that is no group", "{ match = \"A\"; usage = \"off\"; }", "write match = { ... }"},
        {"nothing to change", "{ match: { sku = \"A\"; }; }", "changes nothing"},
        {"an empty rule", "{ match: { sku = \"A\"; }; usage = { }; }", "changes nothing"},
        {"unknown tenant", "{ match: { tenant = \"contosso\"; }; usage = \"off\"; }",
         "did you mean \"contoso\"?"},
        {"unknown tenant far away", "{ match: { tenant = \"x\"; }; usage = \"off\"; }",
         "name one that is configured"},
        {"severity", "{ match: { severity = \"critical\"; }; usage = \"off\"; }",
         "unknown key 'severity' in overrides.match"},
        {"unknown rule", "{ match: { rule = \"waitin\"; }; ignore = \"alerts\"; }",
         "did you mean \"waiting\"?"},
        {"rules that differ", "{ match: { rule = \"waiting\"; }; usage = \"off\"; }",
         "match.rule is for another rule"},
        {"reading by SKU", "{ match: { sku = \"A\"; }; poll = { warning = \"2h\"; }; }",
         "judged by tenant"},
        {"signing in by pool", "{ match: { allotment = \"A\"; }; credential = { warning = \"60d\"; }; }",
         "signing in is judged by tenant"},
        {"errors by pool", "{ match: { allotment = \"A\"; }; assignment_errors = \"off\"; }",
         "judged by tenant and SKU"},
        {"empty glob", "{ match: { sku = \"\"; }; usage = \"off\"; }", "empty"},
        {"unknown ignore", "{ match: { sku = \"A\"; }; ignore = \"alert\"; }",
         "did you mean \"alerts\"?"},
        {"label that is no string", "{ match: { labels = { group = 1; }; }; usage = \"off\"; }",
         "write a string in quotes"},
        {"a product's name", "{ match: { sku = \"Microsoft 365 E5\"; }; usage = \"off\"; }",
         "is the name of a product, and a SKU goes by its part number; write \"SPE_E5\""},
        {"a placeholder", "{ match: { allotment = \"00000000-0000-0000-0000-000000000000\"; }; usage = \"off\"; }",
         "placeholder"},
        {"rights that are ignored", "{ match: { rule = \"usage_right\"; }; ignore = \"alerts\"; }",
         "remove its entry there"},
        {"receivers that are ignored", "{ match: { rule = \"delivery\"; }; ignore = \"alerts\"; }",
         "judged by receiver"},
        {"all tenants ignored", "{ match: { rule = \"service\"; }; ignore = \"all\"; }", "for all tenants together"},
        {"credentials by SKU that are ignored",
         "{ match: { rule = \"cred*\"; sku = \"A\"; }; ignore = \"alerts\"; }", "signing in is judged by tenant"},
        {"a time that has no effect", "{ match: { tenant = \"contoso\"; }; poll = { for = \"2h\"; }; }",
         "overrides.poll.for: has no effect here, because the limits of this rule are times themselves"},
        {"unknown key", "{ match: { sku = \"A\"; }; usag = \"off\"; usage = \"off\"; }",
         "did you mean 'usage'?"},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free)
        char *text = text_printf("%soverrides = ( %s );\n", GOOD_TENANT, CASES[i].text);
        fixture_load(&w, text);
        fixture_expect_one(&w, CASES[i].why, 2, CASES[i].words);
    }
}

static void an_override_keeps_what_it_says_and_only_that(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_load(
        &w, GOOD_TENANT
        "overrides = (\n"
        "{ match: { sku = \"SPE_E5\"; tenant = \"CONTOSO\"; }; usage = { warning = \"95%\"; "
        "critical = \"98%\"; }; },\n"
        "{ match: { sku = \"FLOW_*\"; }; ignore = \"alerts\"; },\n"
        "{ match: { allotment = \"551f\"; tenant = \"11111111-2222-4333-8444-000000000001\"; }; "
        "remaining = { warning = 50; for = "
        "\"5m\"; }; waiting = \"off\"; },\n"
        "{ match: { labels = { group = \"gold\"; }; rule = \"wait*\"; }; ignore = \"all\"; } );");
    fixture_expect_clean(&w, "overrides");
    const struct override *o = w.options->rules.override;
    assert_int_equal(w.options->rules.n_overrides, 4);
    assert_int_equal(o[0].line, 3);
    assert_int_equal(o[0].threshold[RULE_USAGE].set, SET_WARNING | SET_CRITICAL);
    assert_int_equal(o[0].threshold[RULE_USAGE].limit[LEVEL_CRITICAL].value, 9800);
    assert_int_equal(o[0].threshold[RULE_WAITING].set, 0);
    assert_false(o[0].set_ignore);
    assert_true(o[1].set_ignore);
    assert_int_equal(o[1].ignore, IGNORE_ALERTS);
    assert_string_equal(o[1].match.sku, "FLOW_*");
    assert_int_equal(o[2].threshold[RULE_REMAINING].set, SET_WARNING | SET_FOR);
    assert_int_equal(o[2].threshold[RULE_REMAINING].hold_for, 5 * USEC_PER_MINUTE);
    assert_int_equal(o[2].threshold[RULE_WAITING].set, SET_OFF);
    assert_true(o[2].threshold[RULE_WAITING].off);
    assert_string_equal(o[3].match.label[0].key, "group");
    assert_string_equal(o[3].match.rule, "wait*");

    /* ... as the rules room understands it. */
    struct threshold t[RULE_COUNT_];
    enum ignore ignore =
        rules_for(&w.options->rules, &w.options->tenant[0].identity, "x", "SPE_E5", "551f", t);
    assert_int_equal(ignore, IGNORE_NOTHING);
    assert_int_equal(t[RULE_USAGE].limit[LEVEL_WARNING].value, 9500);
    assert_int_equal(t[RULE_USAGE].min_units, 25);
    assert_int_equal(t[RULE_REMAINING].limit[LEVEL_WARNING].value, 50);
    assert_int_equal(t[RULE_REMAINING].limit[LEVEL_CRITICAL].value, -1);
    assert_true(t[RULE_WAITING].off);
    assert_true(t[RULE_WAITING_AGE].off);
}

static void a_rule_that_an_override_reaches_can_be_ignored(void **state)
{
    static const char *const MATCHES[] = {
        "rule = \"credential\"; tenant = \"contoso\"", "rule = \"poll\"; labels = { group = \"gold\"; }",
        "rule = \"usage*\"", "rule = \"allotment_gone\"; sku = \"A\"", "rule = \"*\"; sku = \"A\""};
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(MATCHES); i++) {
        CLEANUP(free)
        char *text = text_printf("%soverrides = ( { match = { %s; }; ignore = \"alerts\"; } );\n", GOOD_TENANT,
                                 MATCHES[i]);
        fixture_load(&w, text);
        fixture_expect_clean(&w, MATCHES[i]);
    }
}

static void a_time_that_has_no_effect_is_refused(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_load(&w, GOOD_TENANT "thresholds = { poll = { for = \"1h\"; }; };\n");
    fixture_expect_one(&w, "poll.for", 2, "thresholds.poll.for: has no effect here");
}

static void a_products_name_of_the_names_file_is_refused_too(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_file(&w, "names.csv", 0644,
                 "Product_Display_Name,String_Id,GUID\nOur Suite,OUR_PART,g-1\n");
    fixture_load(&w, GOOD_TENANT
                 "names_file = \"names.csv\";\noverrides = ( { match = {\n sku = \"our suite\"; }; "
                 "ignore = \"all\"; } );\n");
    fixture_expect_one(&w, "name", 4, "write \"OUR_PART\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_warning_must_come_before_the_critical_level),
        cmocka_unit_test(an_override_that_holds_for_nothing_is_refused),
        cmocka_unit_test(a_rule_that_an_override_reaches_can_be_ignored),
        cmocka_unit_test(a_time_that_has_no_effect_is_refused),
        cmocka_unit_test(a_products_name_of_the_names_file_is_refused_too),
        cmocka_unit_test(an_override_keeps_what_it_says_and_only_that),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
