/* SPDX-License-Identifier: MIT */
/* Pools that only the previous source lists, after a change of source. */
#include "unit/rules/fixture.h"

#define POOL(name, n)                                                \
    {                                                                \
        .id = (name), .sku = E3, .allotted = 100, .consumed = (n),   \
        .sub = {{"s", "active"}}                                     \
    }
#define OLDER(n)                                                                        \
    {                                                                                   \
        .id = "sku:" E3, .sku = E3, .allotted = 100, .consumed = (n), .waiting = -2     \
    }

static const struct observation *former(const struct rules_fixture *w, const char *pool)
{
    const struct observation *s = observation_of(w, KIND_CAPACITY, pool);
    assert_true(s->former);
    return s;
}

static enum level kept(const struct rules_fixture *w, const char *pool, enum rule rule)
{
    const struct finding *f = find_finding(former(w, pool), rule);
    assert_non_null(f);
    assert_int_equal(f->state, FINDING_KNOWN);
    assert_int_equal(f->raise, LEVEL_NONE); /* it raises nothing by itself */
    return f->keep;
}

static void former_pools_are_clear_when_their_sku_is(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    w.source = SOURCE_SUBSCRIBED_SKUS;
    POLL(&w, OLDER(95));
    assert_false(observation_of(&w, KIND_CAPACITY, "sku:" E3)->former);
    w.source = SOURCE_CLOUD_LICENSING;
    w.options.scope = SCOPE_ALLOTMENT;
    pass(&w, 5 * USEC_PER_MINUTE);
    POLL(&w, POOL("a", 50), POOL("b", 95));
    assert_int_equal(kept(&w, "sku:" E3, RULE_USAGE), LEVEL_CRITICAL);
    assert_int_equal(kept(&w, "sku:" E3, RULE_REMAINING), LEVEL_NONE);
    POLL(&w, POOL("a", 50), POOL("b", 89)); /* in the band: not clear yet */
    assert_int_equal(kept(&w, "sku:" E3, RULE_USAGE), LEVEL_CRITICAL);
    POLL(&w, POOL("a", 50), POOL("b", 60));
    assert_int_equal(kept(&w, "sku:" E3, RULE_USAGE), LEVEL_NONE);
    assert_int_equal(kept(&w, "sku:" E3, RULE_ALLOTMENT_GONE), LEVEL_NONE);
    assert_verdict(find_finding(former(&w, "sku:" E3), RULE_CAPACITY_DROP), "unknown");
    assert_false(former(&w, "sku:" E3)->expired);
}

static void a_pool_that_keeps_quiet_beside_its_siblings_is_clear(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    w.source = SOURCE_SUBSCRIBED_SKUS;
    POLL(&w, OLDER(95));
    w.source = SOURCE_CLOUD_LICENSING;
    POLL(&w, POOL("a", 20), POOL("b", 95));
    assert_int_equal(kept(&w, "sku:" E3, RULE_USAGE), LEVEL_NONE);
}

static void findings_that_the_present_source_lacks_are_unknown(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    POLL(&w, POOL("a", 95), {.id = "c", .sku = E5, .allotted = 100, .consumed = 95});
    w.source = SOURCE_SUBSCRIBED_SKUS;
    POLL(&w, OLDER(50));
    const struct finding *waiting = find_finding(former(&w, "a"), RULE_WAITING);
    assert_verdict(waiting, "unknown");
    assert_true(waiting->not_offered);
    assert_verdict(find_finding(former(&w, "c"), RULE_USAGE), "unknown"); /* its SKU is not listed */
    poll_rows(&w, NULL, 0);
    assert_verdict(find_finding(former(&w, "a"), RULE_USAGE), "unknown");
    POLL(&w, {.id = "sku:" E3, .sku = E3, .allotted = UNKNOWN, .waiting = -2});
    assert_verdict(find_finding(former(&w, "a"), RULE_USAGE), "unknown");
}

static void they_are_remembered_for_a_week_and_while_the_harm_goes_on(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    w.source = SOURCE_SUBSCRIBED_SKUS;
    POLL(&w, OLDER(95), {.id = "sku:" E5, .sku = E5, .allotted = 100, .consumed = 5, .waiting = -2});
    w.source = SOURCE_CLOUD_LICENSING;
    POLL(&w, POOL("a", 95));
    for (int i = 0; i < 3; i++) {
        pass(&w, 8 * USEC_PER_DAY);
        POLL(&w, POOL("a", 95));
        assert_true(former(&w, "sku:" E3)->expired);
        assert_null(
            find_observation(&w, KIND_CAPACITY, "sku:" E5)); /* nothing of that SKU is listed */
    }
    POLL(&w, POOL("a", 50));
    assert_int_equal(kept(&w, "sku:" E3, RULE_USAGE), LEVEL_NONE); /* the last word on it */
    POLL(&w, POOL("a", 95));
    assert_null(find_observation(&w, KIND_CAPACITY, "sku:" E3));
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(former_pools_are_clear_when_their_sku_is),
        cmocka_unit_test(a_pool_that_keeps_quiet_beside_its_siblings_is_clear),
        cmocka_unit_test(findings_that_the_present_source_lacks_are_unknown),
        cmocka_unit_test(they_are_remembered_for_a_week_and_while_the_harm_goes_on),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
