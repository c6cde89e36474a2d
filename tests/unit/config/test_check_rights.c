/* SPDX-License-Identifier: MIT */
/* Entries of usage_rights: what they become, and which of them are refused. */
#include "unit/config/fixture.h"

#define ENTRY(content) GOOD_TENANT "usage_rights = ( { tenant = \"contoso\"; " content " } );\n"

static void an_entry_is_taken_as_it_stands_and_critical_unless_it_says_otherwise(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_load(
        &w, GOOD_TENANT
        "usage_rights = ( { tenant = \"CONTOSO\"; user = \"a@contoso.com\"; sku = \"SPE_E5\"; "
        "plans = [ \"TEAMS1\", \"EXCHANGE_S_ENTERPRISE\" ]; }, { tenant = \"contoso\"; "
        "group = \"g-1\"; sku = \"SPE_E5\"; severity = \"warning\"; } );\n");
    fixture_expect_clean(&w, "two entries");
    const struct rule_options *o = &w.options->rules;
    assert_int_equal(o->n_rights, 2);
    assert_string_equal(o->right[0].user, "a@contoso.com");
    assert_null(o->right[0].group);
    assert_int_equal(o->right[0].n_plans, 2);
    assert_true(o->right[0].critical);
    assert_string_equal(o->right[1].group, "g-1");
    assert_false(o->right[1].critical);
    assert_false(o->names);
}

static void the_times_of_alerts_hold_for_it(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_load(&w,
                 GOOD_TENANT "alerts = { for = \"3m\"; min_samples = 4; };\nprivacy = \"names\";");
    fixture_expect_clean(&w, "alerts");
    assert_int_equal(w.options->rules.threshold[RULE_USAGE_RIGHT].hold_for, 3 * USEC_PER_MINUTE);
    assert_int_equal(w.options->rules.threshold[RULE_USAGE_RIGHT].min_samples, 4);
    assert_true(w.options->rules.names);
}

static void every_mistake_in_an_entry_is_reported_with_its_fix(void **state)
{
    static const struct {
        const char *text, *words;
    } CASES[] = {
        {ENTRY("sku = \"S\";"), "neither user nor group is named; add one"},
        {ENTRY("user = \"a\"; group = \"b\"; sku = \"S\";"), "a user or a group"},
        {ENTRY("user = \"a b\"; sku = \"S\";"), "there is a blank in it"},
        {ENTRY("user = \"a/b\"; sku = \"S\";"), "there is a '/' in it"},
        {ENTRY("user = \"a\"; sku = \"S*\";"), "one SKU must be named"},
        {ENTRY("user = \"a\"; sku = \"Office 365 E3\";"), "the name of a product"},
        {ENTRY("user = \"a\";"), "sku"},
        {ENTRY("user = \"a\"; sku = \"S\"; plans = [ \"A B\" ];"), "no name of a service plan"},
        {ENTRY("user = \"a\"; sku = \"S\"; severity = \"high\";"), "severity"},
        {GOOD_TENANT "usage_rights = ( { tenant = \"contosso\"; user = \"a\"; sku = \"S\"; } );",
         "usage_rights.tenant: there is no tenant \"contosso\"; did you mean \"contoso\"?"},
        {GOOD_TENANT "usage_rights = ( { tenant = \"contoso\"; user = \"a\"; sku = \"S\"; }, { "
                     "tenant = \"contoso\"; user = \"A\"; sku = \"s\"; } );",
         "has an entry for this SKU already"},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        fixture_load(&w, CASES[i].text);
        fixture_expect_one(&w, CASES[i].text, 2, CASES[i].words);
    }
}

static void more_plans_than_a_message_can_name_are_refused(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    CLEANUP(text_free) struct text t = TEXT_INIT(4096);
    (void)state;
    text_add(&t, GOOD_TENANT
             "usage_rights = ( { tenant = \"contoso\"; user = \"a\"; sku = \"S\"; plans = [ ");
    for (int i = 0; i < 21; i++)
        text_addf(&t, "%s\"P%d\"", i ? ", " : "", i);
    text_add(&t, " ]; } );\n");
    fixture_load(&w, t.data);
    fixture_expect_one(&w, "plans", 2, "21 plans; at most 20 can be named");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_taken_as_it_stands_and_critical_unless_it_says_otherwise),
        cmocka_unit_test(the_times_of_alerts_hold_for_it),
        cmocka_unit_test(every_mistake_in_an_entry_is_reported_with_its_fix),
        cmocka_unit_test(more_plans_than_a_message_can_name_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
