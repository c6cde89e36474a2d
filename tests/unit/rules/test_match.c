/* SPDX-License-Identifier: MIT */
/* Overrides: which pools they match, and their order. */
#include "rules/options.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct label GOLD[] = {{"group", "gold"}, {"customer", "Contoso"}};
static const struct tenant_identity CONTOSO = {.name = "contoso",
                                               .tenant_id = "8d3c0000-0000-0000-0000-000000000001",
                                               .label = GOLD,
                                               .n_labels = 2};

static void every_key_of_a_match_must_fit(void **state)
{
    static struct label gold = {"group", "g*"}, silver = {"group", "silver"},
                        none = {"region", "*"};
    static const struct {
        const char *why;
        struct match m;
        bool want;
    } CASES[] = {
        {"nothing asked", {0}, true},
        {"part number, any case", {.sku = "spe_e5"}, true},
        {"glob", {.sku = "SPE_?5"}, true},
        {"SKU id, any case", {.sku = "06EBC4EE-*"}, true},
        {"another SKU", {.sku = "SPE_E3"}, false},
        {"tenant by name", {.tenant = "con*"}, true},
        {"tenant by id", {.tenant = "8d3c*"}, true},
        {"another tenant", {.tenant = "fabrikam"}, false},
        {"allotment", {.allotment = "pool-1"}, true},
        {"another allotment", {.allotment = "pool-2"}, false},
        {"label", {.label = &gold, .n_labels = 1}, true},
        {"another value of the label", {.label = &silver, .n_labels = 1}, false},
        {"a label that the tenant does not have", {.label = &none, .n_labels = 1}, false},
        {"one key fits, the other does not", {.sku = "SPE_E5", .tenant = "fabrikam"}, false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        if (match_applies(&CASES[i].m, &CONTOSO, "06ebc4ee-1bb5-47dd-8120-11324bc54e06", "SPE_E5",
                          "pool-1") != CASES[i].want)
            fail_msg("%s", CASES[i].why);
    assert_false(match_applies(&(struct match){.allotment = "pool-1"}, &CONTOSO, NULL, NULL, NULL));
    assert_false(match_applies(&(struct match){.sku = "SPE_E5"}, &CONTOSO, NULL, NULL, NULL));
}

static struct override warn_at(struct match m, int64_t bp)
{
    struct override o = {.match = m};
    o.threshold[RULE_USAGE].set = SET_WARNING;
    o.threshold[RULE_USAGE].limit[LEVEL_WARNING] = (struct limit){.on = true, .value = bp};
    return o;
}

static void the_more_specific_override_wins_and_the_later_of_equals(void **state)
{
    static struct label gold = {"group", "gold"};
    const struct match LABELS = {.label = &gold, .n_labels = 1}, TENANT = {.tenant = "contoso"},
                       GLOB = {.sku = "SPE_*"}, EXACT = {.sku = "SPE_E5"},
                       POOL = {.allotment = "pool-1"},
                       GLOB_OF_TENANT = {.sku = "SPE_*", .tenant = "contoso"};
    const struct {
        const char *why;
        struct override o[3];
        size_t n;
        int64_t want;
    } CASES[] = {
        {"none: the default", {{.line = 0}}, 0, 9000},
        {"allotment over exact SKU, whatever the order",
         {warn_at(POOL, 1), warn_at(EXACT, 2)},
         2,
         1},
        {"exact over glob", {warn_at(EXACT, 1), warn_at(GLOB, 2)}, 2, 1},
        {"exact over glob and tenant", {warn_at(EXACT, 1), warn_at(GLOB_OF_TENANT, 2)}, 2, 1},
        {"glob over tenant", {warn_at(GLOB, 1), warn_at(TENANT, 2)}, 2, 1},
        {"glob of this tenant over glob", {warn_at(GLOB_OF_TENANT, 1), warn_at(GLOB, 2)}, 2, 1},
        {"tenant over labels", {warn_at(TENANT, 1), warn_at(LABELS, 2)}, 2, 1},
        {"labels over the default", {warn_at(LABELS, 1)}, 1, 1},
        {"the later of equals", {warn_at(EXACT, 1), warn_at(EXACT, 2), warn_at(LABELS, 3)}, 3, 2},
        {"one that does not match", {warn_at((struct match){.sku = "SPE_E3"}, 1)}, 1, 9000},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct rule_options o = {.override = (struct override *)CASES[i].o,
                                 .n_overrides = CASES[i].n};
        struct threshold t[RULE_COUNT_];
        o.threshold[RULE_USAGE].limit[LEVEL_WARNING] = (struct limit){.on = true, .value = 9000};
        (void)rules_for(&o, &CONTOSO, "id", "SPE_E5", "pool-1", t);
        if (t[RULE_USAGE].limit[LEVEL_WARNING].value != CASES[i].want)
            fail_msg("%s: %lld", CASES[i].why, (long long)t[RULE_USAGE].limit[LEVEL_WARNING].value);
    }
}

static void only_the_members_that_an_override_names_change(void **state)
{
    struct override two[2] = {{.match = {.sku = "*"}}, {.match = {.sku = "SPE_E5"}}};
    struct rule_options o = {.override = two, .n_overrides = 2};
    struct threshold t[RULE_COUNT_];
    (void)state;
    o.threshold[RULE_WAITING] =
        (struct threshold){.limit = {{0}, {.on = true, .value = 1}, {.on = true, .value = 25}},
                           .hold_for = 900,
                           .min_samples = 2};
    two[0].threshold[RULE_WAITING] = (struct threshold){.set = SET_FOR, .hold_for = 60};
    two[1].threshold[RULE_WAITING] =
        (struct threshold){.set = SET_CRITICAL | SET_MIN_SAMPLES,
                           .limit = {[LEVEL_CRITICAL] = {.on = true, .value = 5}},
                           .min_samples = 3};
    (void)rules_for(&o, &CONTOSO, NULL, "SPE_E5", NULL, t);
    assert_int_equal(t[RULE_WAITING].limit[LEVEL_WARNING].value, 1);
    assert_int_equal(t[RULE_WAITING].limit[LEVEL_CRITICAL].value, 5);
    assert_int_equal(t[RULE_WAITING].hold_for, 60);
    assert_int_equal(t[RULE_WAITING].min_samples, 3);
}

static void a_limit_for_some_pools_switches_the_rule_on_there(void **state)
{
    struct override o1 = warn_at((struct match){.sku = "SPE_E5"}, 9500);
    struct rule_options o = {.override = &o1, .n_overrides = 1};
    struct threshold t[RULE_COUNT_];
    (void)state;
    o.threshold[RULE_USAGE].off = true;
    (void)rules_for(&o, &CONTOSO, NULL, "SPE_E5", NULL, t);
    assert_false(t[RULE_USAGE].off);
    (void)rules_for(&o, &CONTOSO, NULL, "SPE_E3", NULL, t);
    assert_true(t[RULE_USAGE].off);
    o1.threshold[RULE_USAGE].set |= SET_OFF;
    o1.threshold[RULE_USAGE].off = true;
    (void)rules_for(&o, &CONTOSO, NULL, "SPE_E5", NULL, t);
    assert_true(t[RULE_USAGE].off);
}

static void ignoring_is_overridden_like_anything_else(void **state)
{
    struct override two[2] = {
        {.match = {.sku = "SPE_*"}, .set_ignore = true, .ignore = IGNORE_ALL},
        {.match = {.sku = "SPE_E5"}, .set_ignore = true, .ignore = IGNORE_NOTHING}};
    struct rule_options o = {.override = two, .n_overrides = 2};
    struct threshold t[RULE_COUNT_];
    (void)state;
    assert_int_equal(rules_for(&o, &CONTOSO, NULL, "SPE_E3", NULL, t), IGNORE_ALL);
    assert_int_equal(rules_for(&o, &CONTOSO, NULL, "SPE_E5", NULL, t), IGNORE_NOTHING);
    assert_int_equal(rules_for(&o, &CONTOSO, NULL, "OTHER", NULL, t), IGNORE_NOTHING);
}

static void ignoring_one_rule_switches_that_rule_off_and_no_other(void **state)
{
    struct override one = {
        .match = {.sku = "SPE_E5", .rule = "usage"}, .set_ignore = true, .ignore = IGNORE_ALERTS};
    struct rule_options o = {.override = &one, .n_overrides = 1};
    struct threshold t[RULE_COUNT_];
    (void)state;
    assert_int_equal(rules_for(&o, &CONTOSO, NULL, "SPE_E5", NULL, t), IGNORE_NOTHING);
    assert_true(t[RULE_USAGE].off);
    assert_false(t[RULE_WAITING].off);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_of_a_match_must_fit),
        cmocka_unit_test(the_more_specific_override_wins_and_the_later_of_equals),
        cmocka_unit_test(only_the_members_that_an_override_names_change),
        cmocka_unit_test(a_limit_for_some_pools_switches_the_rule_on_there),
        cmocka_unit_test(ignoring_is_overridden_like_anything_else),
        cmocka_unit_test(ignoring_one_rule_switches_that_rule_off_and_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
