/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#define POOL(...) {.id = "a", .sku = E5, __VA_ARGS__}
#define HAS(n) POOL(.allotted = (n), .consumed = 40)

static const struct finding *drop_of(const struct rules_fixture *w, const char *pool)
{
    return finding_of(w, pool, RULE_CAPACITY_DROP);
}

static int64_t reference_of(const struct rules_fixture *w, const char *pool)
{
    return observation_of(w, KIND_CAPACITY, pool)->context->reference;
}

/* What one poll after another shows, an hour apart, and what comes of the last. */
static void a_loss_is_measured_against_the_most_of_the_last_day(void **state)
{
    static const struct {
        const char *why;
        int64_t has[6]; /* 0 ends */
        const char *verdict;
        int64_t value;
    } CASES[] = {
        {"the first poll has no past", {50}, "none", 0},
        {"nothing happens", {100, 100}, "none", 0},
        {"a tenth is lost", {100, 90}, "warning", 1000},
        {"a little less than a tenth", {1000, 901}, "none", 990},
        {"more is bought", {100, 200, 200}, "none", 0},
        {"and some of it given back", {100, 200, 100}, "warning", 5000},
        {"half of a small pool", {8, 4}, "none", 5000},
        {"five units are enough to count", {8, 3}, "warning", 6250},
        {"bit by bit", {100, 96, 93, 90}, "warning", 1000},
        {"all of it", {100, 0}, "warning", 10000},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        fixture_init(&w);
        for (size_t k = 0; CASES[i].has[k] || (k == 1 && CASES[i].value == 10000); k++) {
            POLL(&w, POOL(.allotted = CASES[i].has[k], .consumed = 0));
            pass(&w, USEC_PER_HOUR);
        }
        if (strcmp(verdict(drop_of(&w, "a")), CASES[i].verdict) != 0 ||
            drop_of(&w, "a")->value != CASES[i].value)
            fail_msg("%s: %s %lld", CASES[i].why, verdict(drop_of(&w, "a")),
                     (long long)drop_of(&w, "a")->value);
    }
}

static void it_is_critical_where_more_is_used_than_is_left(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, POOL(.allotted = 100, .consumed = 80));
    POLL(&w, POOL(.allotted = 80, .consumed = 80));
    assert_verdict(drop_of(&w, "a"), "warning");
    POLL(&w, POOL(.allotted = 79, .consumed = 80));
    assert_verdict(drop_of(&w, "a"), "critical");
    assert_int_equal(reference_of(&w, "a"), 100);
    assert_int_equal(drop_of(&w, "a")->threshold[LEVEL_CRITICAL], 1000);
}

static void a_small_loss_is_forgotten_after_a_day_and_a_drop_is_not(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, HAS(100));
    POLL(&w, HAS(95));
    pass(&w, 25 * USEC_PER_HOUR);
    POLL(&w, HAS(88)); /* 12 % of what was there yesterday, 7 % of what was there today */
    assert_verdict(drop_of(&w, "a"), "none");
    POLL(&w, HAS(85));
    assert_verdict(drop_of(&w, "a"), "warning");
    assert_int_equal(reference_of(&w, "a"), 95);
    pass(&w, 3 * USEC_PER_DAY);
    POLL(&w, HAS(85));
    assert_verdict(drop_of(&w, "a"), "warning");
    POLL(&w, HAS(94)); /* better, but not all of it */
    assert_verdict(drop_of(&w, "a"), "none");
    assert_int_equal(drop_of(&w, "a")->keep, LEVEL_WARNING);
    POLL(&w, HAS(95));
    assert_int_equal(drop_of(&w, "a")->keep, LEVEL_NONE);
    assert_false(drop_of(&w, "a")->accepted);
    assert_int_equal(w.memory->n_drops, 0);
}

static void after_a_week_without_another_loss_it_is_the_new_normal(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, HAS(100));
    POLL(&w, HAS(80));
    pass(&w, 6 * USEC_PER_DAY);
    POLL(&w, HAS(60)); /* the week begins anew */
    pass(&w, 6 * USEC_PER_DAY);
    POLL(&w, HAS(60));
    assert_verdict(drop_of(&w, "a"), "warning");
    assert_int_equal(drop_of(&w, "a")->value, 4000);
    pass(&w, USEC_PER_DAY);
    POLL(&w, HAS(60));
    assert_true(drop_of(&w, "a")->accepted);
    assert_int_equal(drop_of(&w, "a")->keep, LEVEL_NONE);
    POLL(&w, HAS(60));
    assert_false(drop_of(&w, "a")->accepted);
    assert_int_equal(reference_of(&w, "a"), NUMBER_UNKNOWN);
    POLL(&w, HAS(54));
    assert_int_equal(reference_of(&w, "a"), 60);
}

static bool acknowledged_at_1(const void *userdata, const char *subject, const struct instant *since)
{
    assert_string_equal(subject, "a");
    return since->at <= *(const usec_t *)userdata;
}

static void acknowledged_loss_is_the_new_normal_at_the_next_poll(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    usec_t acknowledged = 0;
    (void)state;
    fixture_init(&w);
    w.ctx.drop_acknowledged = acknowledged_at_1;
    w.ctx.userdata = &acknowledged;
    POLL(&w, HAS(100));
    POLL(&w, HAS(80));
    assert_verdict(drop_of(&w, "a"), "warning");
    acknowledged = w.now.at;
    pass(&w, USEC_PER_HOUR);
    POLL(&w, HAS(60)); /* lost after that */
    assert_verdict(drop_of(&w, "a"), "warning");
    acknowledged = w.now.at;
    POLL(&w, HAS(60));
    assert_true(drop_of(&w, "a")->accepted);
    POLL(&w, HAS(60));
    assert_false(drop_of(&w, "a")->accepted);
    assert_int_equal(reference_of(&w, "a"), NUMBER_UNKNOWN);
}

static void unknown_units_are_no_loss_and_no_recovery(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, HAS(100));
    POLL(&w, HAS(UNKNOWN));
    assert_verdict(drop_of(&w, "a"), "unknown");
    poll_rows(&w, NULL, 0);
    assert_verdict(drop_of(&w, "a"), "unknown");
    poll_rows(&w, (struct row[]){HAS(1)}, 0); /* suddenly no pool at all */
    assert_verdict(drop_of(&w, "a"), "unknown");
    POLL(&w, HAS(80));
    assert_verdict(drop_of(&w, "a"), "warning");
    w.source = SOURCE_SUBSCRIBED_SKUS;
    POLL(&w, {.id = "sku:x", .sku = E5, .allotted = 20, .consumed = 1, .waiting = -2});
    assert_verdict(drop_of(&w, "a"), "unknown");
    assert_verdict(drop_of(&w, "sku:x"), "none");
    w.source = SOURCE_CLOUD_LICENSING;
    pass(&w, 2 * USEC_PER_DAY);
    POLL(&w, HAS(80));
    assert_verdict(drop_of(&w, "a"), "warning");
    assert_int_equal(reference_of(&w, "a"), 100);
}

static void units_that_moved_within_a_poll_are_not_lost(void **state)
{
    (void)state;
    { /* to another pool of the SKU */
        CLEANUP(fixture_clear) struct rules_fixture w;
        fixture_init(&w);
        POLL(&w, HAS(100), {.id = "b", .sku = E5, .allotted = 10});
        POLL(&w, HAS(40), {.id = "b", .sku = E5, .allotted = 70});
        assert_verdict(drop_of(&w, "a"), "none");
        POLL(&w, HAS(20), {.id = "b", .sku = E5, .allotted = 80}); /* half of it did not arrive */
        assert_verdict(drop_of(&w, "a"), "critical");
        assert_int_equal(reference_of(&w, "a"), 30);
    }
    { /* to a pool of another product: that is a loss */
        CLEANUP(fixture_clear) struct rules_fixture w;
        fixture_init(&w);
        POLL(&w, HAS(100), {.id = "b", .sku = E3, .allotted = 10});
        POLL(&w, HAS(40), {.id = "b", .sku = E3, .allotted = 70});
        assert_verdict(drop_of(&w, "a"), "warning");
    }
    { /* a renewal: the old pool goes, two new ones come */
        CLEANUP(fixture_clear) struct rules_fixture w;
        fixture_init(&w);
        POLL(&w, HAS(100));
        POLL(&w, {.id = "c", .sku = E5, .allotted = 30}, {.id = "d", .sku = E5, .allotted = 70});
        assert_verdict(drop_of(&w, "c"), "none");
        assert_verdict(drop_of(&w, "d"), "none");
        assert_int_equal(w.memory->n_drops, 0);
    }
    { /* a drop that goes on follows to the new id */
        CLEANUP(fixture_clear) struct rules_fixture w;
        fixture_init(&w);
        POLL(&w, HAS(100));
        POLL(&w, HAS(50));
        POLL(&w, {.id = "e", .sku = E5, .allotted = 50});
        assert_verdict(drop_of(&w, "e"), "warning");
        POLL(&w, {.id = "e", .sku = E5, .allotted = 100});
        assert_int_equal(drop_of(&w, "e")->keep, LEVEL_NONE);
    }
}

static void under_one_scope_for_a_sku_its_pools_are_one(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    w.options.scope = SCOPE_SKU;
    POLL(&w, HAS(900), {.id = "b", .sku = E5, .allotted = 100});
    POLL(&w, HAS(900), {.id = "b", .sku = E5, .allotted = 10});
    assert_verdict(drop_of(&w, E5), "none"); /* 9 % of the product */
    POLL(&w, HAS(890), {.id = "b", .sku = E5, .allotted = 10});
    assert_verdict(drop_of(&w, E5), "warning");
    assert_int_equal(reference_of(&w, E5), 1000);
    pass(&w, 7 * USEC_PER_DAY);
    POLL(&w, HAS(890), {.id = "b", .sku = E5, .allotted = 10});
    assert_true(drop_of(&w, E5)->accepted);
}

static void disabled_rule_has_no_finding_and_no_memory(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, HAS(100));
    POLL(&w, HAS(80));
    w.options.threshold[RULE_CAPACITY_DROP].limit[LEVEL_WARNING].on = false;
    POLL(&w, HAS(80));
    assert_verdict(drop_of(&w, "a"), "n/a");
    assert_int_equal(drop_of(&w, "a")->threshold[LEVEL_WARNING], NUMBER_UNKNOWN);
    assert_int_equal(reference_of(&w, "a"), NUMBER_UNKNOWN);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(a_loss_is_measured_against_the_most_of_the_last_day),
        cmocka_unit_test(it_is_critical_where_more_is_used_than_is_left),
        cmocka_unit_test(a_small_loss_is_forgotten_after_a_day_and_a_drop_is_not),
        cmocka_unit_test(after_a_week_without_another_loss_it_is_the_new_normal),
        cmocka_unit_test(acknowledged_loss_is_the_new_normal_at_the_next_poll),
        cmocka_unit_test(unknown_units_are_no_loss_and_no_recovery),
        cmocka_unit_test(units_that_moved_within_a_poll_are_not_lost),
        cmocka_unit_test(under_one_scope_for_a_sku_its_pools_are_one),
        cmocka_unit_test(disabled_rule_has_no_finding_and_no_memory),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
