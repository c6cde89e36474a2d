/* SPDX-License-Identifier: MIT */
/* The rule inventory: what a tenant gained, once, and only against a list that it can be compared with. */
#include "fixture.h"

#define E5_POOL(...) {.sku = E5, .part = "SPE_E5", __VA_ARGS__}
#define E3_POOL(...) {.sku = E3, .part = "SPE_E3", __VA_ARGS__}
#define HAS(n) E5_POOL(.id = "a", .allotted = (n), .consumed = 40)
#define TRIAL(...) .sub = {{.id = "s-trial", .state = "active", .trial = true, __VA_ARGS__}}

static void begin(struct rules_fixture *w)
{
    fixture_init(w);
    w->options.threshold[RULE_INVENTORY].info = true;
}

/* The events of the last poll: "pool_new b 50; capacity_rose a 20 from 100". */
static const char *told(const struct rules_fixture *w)
{
    static char buf[512];
    size_t len = 0;
    buf[0] = '\0';
    for (size_t i = 0; i < w->observations->n_infos; i++) {
        const struct info *info = &w->observations->info[i];
        assert_int_equal(info->kind, KIND_INVENTORY);
        assert_int_equal(info->rule, RULE_INVENTORY);
        assert_string_equal(info->context->tenant_id, "t-1");
        len += (size_t)snprintf(buf + len, sizeof buf - len, "%s%s %s", i ? "; " : "",
                                cause_word(info->context->cause), info->context->allotment_id);
        if (info->value != NUMBER_UNKNOWN)
            len += (size_t)snprintf(buf + len, sizeof buf - len, " %lld", (long long)info->value);
        if (info->context->reference != NUMBER_UNKNOWN)
            len += (size_t)snprintf(buf + len, sizeof buf - len, " from %lld",
                                    (long long)info->context->reference);
    }
    return buf;
}
#define assert_told(w, want) assert_string_equal(told(w), want)

static void the_first_poll_has_nothing_to_compare_with(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    begin(&w);
    POLL(&w, HAS(100));
    assert_told(&w, "");
}

static void new_skus_and_pools_are_reported_once(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    begin(&w);
    POLL(&w, HAS(100));
    POLL(&w, HAS(100), E5_POOL(.id = "b", .allotted = 50), E3_POOL(.id = "c", .allotted = 7),
         E3_POOL(.id = "d", .allotted = UNKNOWN));
    assert_told(&w, "sku_new c 7; pool_new d; pool_new b 50");
    POLL(&w, HAS(100), E5_POOL(.id = "b", .allotted = 50), E3_POOL(.id = "c", .allotted = 7),
         E3_POOL(.id = "d", .allotted = 9));
    assert_told(&w, ""); /* the number of d is known now, but did not grow */
}

static void capacity_that_rose_says_by_how_much(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    begin(&w);
    POLL(&w, HAS(100));
    POLL(&w, HAS(120));
    assert_told(&w, "capacity_rose a 20 from 100");
    assert_int_equal(w.observations->info[0].context->allotted, 120);
    POLL(&w, HAS(120));
    assert_told(&w, "");
    POLL(&w, HAS(UNKNOWN));
    POLL(&w, HAS(121)); /* compared with the last known number */
    assert_told(&w, "capacity_rose a 1 from 120");
}

static void units_that_come_back_are_no_gain(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    begin(&w);
    POLL(&w, HAS(100));
    POLL(&w, HAS(98)); /* too small a loss for an alert */
    POLL(&w, HAS(100));
    assert_told(&w, "");
    POLL(&w, HAS(50)); /* an open drop lasts for a week */
    pass(&w, 3 * USEC_PER_DAY);
    POLL(&w, HAS(50));
    POLL(&w, HAS(100));
    assert_told(&w, "");
    POLL(&w, HAS(50));
    POLL(&w, HAS(101));
    assert_told(&w, "capacity_rose a 51 from 50");
}

static void a_trial_that_began_is_named_as_such(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    begin(&w);
    POLL(&w, HAS(100));
    POLL(&w, HAS(100), E3_POOL(.id = "t", .allotted = 25, TRIAL()));
    assert_told(&w, "trial_began t 25");
    POLL(&w, HAS(100), E3_POOL(.id = "t", .allotted = 30, TRIAL()));
    assert_told(&w, "capacity_rose t 5 from 25");
    /* In the subscribedSkus fallback a trial joins the pool that its SKU has. */
    POLL(&w, E5_POOL(.id = "a", .allotted = 125, .sub = {{.id = "s-more", .state = "active", .trial = true}}),
         E3_POOL(.id = "t", .allotted = 30, TRIAL()));
    assert_told(&w, "trial_began a 25 from 100");
    POLL(&w, HAS(125), E3_POOL(.id = "t", .allotted = 30, TRIAL()),
         {.id = "over", .sku = "x", .allotted = 25,
          .sub = {{.id = "s-old", .state = "suspended", .trial = true}}});
    assert_told(&w, "sku_new over 25"); /* it began and ended before it was listed */
}

static void a_pool_that_replaces_another_is_not_new(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    begin(&w);
    POLL(&w, HAS(100));
    POLL(&w, E5_POOL(.id = "renewed", .allotted = 150, .consumed = 40));
    assert_told(&w, "");
    POLL(&w, E5_POOL(.id = "renewed", .allotted = 151, .consumed = 40));
    assert_told(&w, "capacity_rose renewed 1 from 150");
}

static void what_is_unknown_reports_nothing_and_loses_nothing(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    begin(&w);
    POLL(&w, HAS(100), E3_POOL(.id = "c", .allotted = 7));
    poll_rows(&w, NULL, 0);
    assert_told(&w, "");
    POLL(&w, HAS(100)); /* c is missing for a poll */
    const struct row none[1] = {{0}};
    poll_rows(&w, none, 0); /* an emptied list */
    assert_told(&w, "");
    POLL(&w, HAS(100), E3_POOL(.id = "c", .allotted = 7), E5_POOL(.id = "b", .allotted = 5));
    assert_told(&w, "pool_new b 5");
}

static void another_source_lists_other_pools_and_none_of_them_is_new(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    begin(&w);
    POLL(&w, HAS(100));
    w.source = SOURCE_SUBSCRIBED_SKUS;
    POLL(&w, E5_POOL(.id = "sku:e5", .allotted = 120, .waiting = -2));
    assert_told(&w, "");
    POLL(&w, E5_POOL(.id = "sku:e5", .allotted = 130, .waiting = -2));
    assert_told(&w, "capacity_rose sku:e5 10 from 120");
}

static void a_rule_that_is_off_and_ignored_pools_report_nothing(void **state)
{
    static const struct {
        const char *why;
        bool off, no_info;
        enum ignore ignore;
        const char *part;
        const char *want;
    } CASES[] = {
        {"on", false, false, IGNORE_NOTHING, "SPE_E3", "sku_new c 7"},
        {"inventory = off", true, false, IGNORE_NOTHING, "SPE_E3", ""},
        {"info = off", false, true, IGNORE_NOTHING, "SPE_E3", ""},
        {"ignore = alerts", false, false, IGNORE_ALERTS, "SPE_E3", ""},
        {"ignore = all", false, false, IGNORE_ALL, "SPE_E3", ""},
        {"a free product", false, false, IGNORE_NOTHING, "FLOW_FREE", ""},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        struct override o = {.match = {.allotment = (char *)"c"},
                             .ignore = CASES[i].ignore,
                             .set_ignore = CASES[i].ignore != IGNORE_NOTHING};
        begin(&w);
        w.options.override = &o;
        w.options.n_overrides = 1;
        w.options.threshold[RULE_INVENTORY].off = CASES[i].off;
        w.options.threshold[RULE_INVENTORY].info = !CASES[i].no_info;
        POLL(&w, HAS(100));
        POLL(&w, HAS(100), {.id = "c", .sku = "s-c", .part = CASES[i].part, .allotted = 7});
        if (strcmp(told(&w), CASES[i].want) != 0)
            fail_msg("%s: %s", CASES[i].why, told(&w));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_poll_has_nothing_to_compare_with),
        cmocka_unit_test(new_skus_and_pools_are_reported_once),
        cmocka_unit_test(capacity_that_rose_says_by_how_much),
        cmocka_unit_test(units_that_come_back_are_no_gain),
        cmocka_unit_test(a_trial_that_began_is_named_as_such),
        cmocka_unit_test(a_pool_that_replaces_another_is_not_new),
        cmocka_unit_test(what_is_unknown_reports_nothing_and_loses_nothing),
        cmocka_unit_test(another_source_lists_other_pools_and_none_of_them_is_new),
        cmocka_unit_test(a_rule_that_is_off_and_ignored_pools_report_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
