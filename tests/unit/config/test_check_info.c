/* SPDX-License-Identifier: MIT */
/* Routes that choose events of severity info. */
#include "unit/config/fixture.h"

#define ROUTE(rest) "routes = ( { match = { " rest " }, { to = [ \"journal\", \"chat\" ]; } );"
#define TO_CHAT " to = [ \"chat\" ];"

static void routes_of_severity_info_must_have_an_effect(void **state)
{
    static const char RECEIVERS[] =
        "receivers = ( { name = \"journal\"; type = \"journal\"; }, { name = \"chat\"; type = \"webhook\";"
        " url_file = \"hook.url\"; signing_key_file = \"hook.key\"; },"
        " { name = \"am\"; type = \"alertmanager\"; urls = [ \"https://am1:9093\" ]; } );";
    static const struct {
        const char *text, *words; /* NULL: fine */
    } CASES[] = {
        {ROUTE("severity = \"info\"; };" TO_CHAT), NULL},
        {ROUTE("rule = \"inventory\"; };" TO_CHAT), NULL},
        {ROUTE("rule = \"inventory\"; severity = \"info\"; };" TO_CHAT), NULL},
        {ROUTE("severity = \"*\"; };" TO_CHAT " hours = \"Mon-Fri 07:00-19:00\";"), NULL},
        {ROUTE("rule = \"usage\"; severity = \"info\"; };" TO_CHAT), "no such severity"},
        {ROUTE("rule = \"inventory\"; severity = \"critical\"; };" TO_CHAT), "no such severity"},
        {ROUTE("severity = \"info\"; };" TO_CHAT " hours = \"Mon-Fri 07:00-19:00\";"), "routes.hours: this has no effect"},
        {ROUTE("severity = \"info\"; }; to = [ \"chat\", \"am\" ];"), "\"am\" gets no events of severity info"},
        {"routes = ( { match = { severity = \"bad\"; };" TO_CHAT " } );",
         "write \"critical\", \"warning\" or \"info\""},
        {ROUTE("severity = \"*\"; }; to = [ \"chat\", \"am\" ];"), NULL},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free)
        char *text = text_printf("%s%s fallback = [ \"journal\", \"am\", \"chat\" ];\n%s\n", GOOD_TENANT, RECEIVERS,
                                 CASES[i].text);
        fixture_load(&w, text);
        if (CASES[i].words)
            fixture_expect_one(&w, CASES[i].text, 3, CASES[i].words);
        else
            fixture_expect_clean(&w, CASES[i].text);
    }
    assert_int_equal(w.options->routes.receiver[0].info, INFO_ALWAYS);
    assert_int_equal(w.options->routes.receiver[1].info, INFO_ROUTED);
    assert_int_equal(w.options->routes.receiver[2].info, INFO_NEVER);
}

static void inventory_is_on_unless_it_is_off(void **state)
{
    static const struct {
        const char *text;
        bool off, info;
    } CASES[] = {
        {"", false, true},
        {"thresholds = { inventory = \"off\"; };", true, true},
        {"thresholds = { inventory = { info = \"off\"; }; };", false, false},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *text = text_printf("%s%s\n", GOOD_TENANT, CASES[i].text);
        fixture_load(&w, text);
        fixture_expect_clean(&w, CASES[i].text);
        assert_int_equal(w.options->rules.threshold[RULE_INVENTORY].off, CASES[i].off);
        assert_int_equal(w.options->rules.threshold[RULE_INVENTORY].info, CASES[i].info);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routes_of_severity_info_must_have_an_effect),
        cmocka_unit_test(inventory_is_on_unless_it_is_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
