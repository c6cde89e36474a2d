/* SPDX-License-Identifier: MIT */
/* The finding forecast of pools and SKUs; test_trend.c is about the trend itself. */
#include "fixture.h"

#define CLEAN_FIXTURE CLEANUP(fixture_clear)

/* The history of a tenant: each pool rises by `slope` units a day and has `last` on the last day. */
struct past {
    const char *id;
    int64_t last, slope;
    size_t days;
};
static struct past past[3];
static unsigned reads;

static size_t past_demand(const void *userdata, const char *allotment_id, int64_t today,
                          struct trend_day ret[static TREND_DAYS])
{
    size_t n = 0;
    (void)userdata;
    reads++;
    for (size_t i = 0; i < N_ELEMENTS(past); i++)
        for (int64_t ago = past[i].id && strcmp(past[i].id, allotment_id) == 0 ? (int64_t)past[i].days : 0; ago > 0; ago--)
            ret[n++] = (struct trend_day){today - ago, past[i].last - past[i].slope * (ago - 1)};
    return n;
}

static void start(struct rules_fixture *w, struct past a, struct past b)
{
    fixture_init(w);
    w->ctx.past_demand = past_demand;
    w->options.threshold[RULE_FORECAST].limit[LEVEL_WARNING] = at(14);
    past[0] = a;
    past[1] = b;
    reads = 0;
}

static void a_pool_that_runs_out_within_the_limit_has_the_finding(void **state)
{
    static const struct {
        const char *why;
        int64_t allotted, consumed, last, slope;
        size_t days;
        const char *want;
        int64_t value;
    } CASES[] = {
        {"seven days left", 1000, 860, 860, 20, 56, "warning", 6},
        {"20 days left", 1000, 600, 600, 20, 56, "none", 19},
        {"nothing rises", 1000, 860, 860, 0, 56, "none", FORECAST_DAYS_MAX},
        {"too little history", 1000, 860, 860, 20, 20, "unknown", NUMBER_UNKNOWN},
        {"no history", 1000, 860, 860, 20, 0, "unknown", NUMBER_UNKNOWN},
        {"unknown units", UNKNOWN, 0, 860, 20, 56, "unknown", NUMBER_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEAN_FIXTURE struct rules_fixture w;
        start(&w, (struct past){"a", CASES[i].last, CASES[i].slope, CASES[i].days}, (struct past){0});
        POLL(&w, {.id = "a", .sku = E3, .allotted = CASES[i].allotted, .consumed = CASES[i].consumed});
        const struct finding *f = finding_of(&w, "a", RULE_FORECAST);
        if (strcmp(verdict(f), CASES[i].want) != 0 || f->value != CASES[i].value)
            fail_msg("%s: %s, %lld days", CASES[i].why, verdict(f), (long long)f->value);
    }
}

/* Buys what is advised, and one less. */
static void units_to_buy_end_a_forecast(void **state)
{
    CLEAN_FIXTURE struct rules_fixture w;
    (void)state;
    start(&w, (struct past){"a", 860, 20, 56}, (struct past){0});
    POLL(&w, {.id = "a", .sku = E3, .allotted = 1000, .consumed = 860});
    int64_t n = observation_of(&w, KIND_CAPACITY, "a")->context->units_to_buy;
    assert_true(n > 0);
    POLL(&w, {.id = "a", .sku = E3, .allotted = 1000 + n - 1, .consumed = 860});
    assert_true(finding_of(&w, "a", RULE_FORECAST)->keep > LEVEL_NONE);
    POLL(&w, {.id = "a", .sku = E3, .allotted = 1000 + n, .consumed = 860});
    const struct observation *s = observation_of(&w, KIND_CAPACITY, "a");
    for (size_t i = 0; i < s->n_findings; i++)
        assert_int_equal(s->finding[i].keep, LEVEL_NONE);
    assert_int_equal(s->context->units_to_buy, 0);
}

static void the_history_is_read_once_a_day(void **state)
{
    CLEAN_FIXTURE struct rules_fixture w;
    (void)state;
    start(&w, (struct past){"a", 860, 20, 56}, (struct past){0});
    for (int i = 0; i < 10; i++) {
        POLL(&w, {.id = "a", .sku = E3, .allotted = 1000, .consumed = 860});
        pass(&w, USEC_PER_HOUR);
    }
    assert_int_equal(reads, 1);
    pass(&w, 10 * USEC_PER_HOUR);
    past[0].slope = 0;
    POLL(&w, {.id = "a", .sku = E3, .allotted = 1000, .consumed = 860});
    assert_int_equal(reads, 2);
    assert_verdict(finding_of(&w, "a", RULE_FORECAST), "none");
}

static void a_history_that_could_not_be_read_is_read_again(void **state)
{
    CLEAN_FIXTURE struct rules_fixture w;
    (void)state;
    start(&w, (struct past){"a", 860, 20, 0}, (struct past){0});
    POLL(&w, {.id = "a", .sku = E3, .allotted = 1000, .consumed = 860});
    assert_verdict(finding_of(&w, "a", RULE_FORECAST), "unknown");
    past[0].days = 56;
    POLL(&w, {.id = "a", .sku = E3, .allotted = 1000, .consumed = 860});
    assert_verdict(finding_of(&w, "a", RULE_FORECAST), "warning");
}

/* With scope = "auto", "a" alone would be full in a week. */
static void free_units_of_other_pools_of_the_sku_count(void **state)
{
    (void)state;
    for (int64_t free = 50; free <= 1000; free += 950) {
        CLEAN_FIXTURE struct rules_fixture w;
        start(&w, (struct past){"a", 860, 20, 56}, (struct past){"b", 100, 0, 56});
        POLL(&w, {.id = "a", .sku = E3, .allotted = 1000, .consumed = 860, .sub = {{"s", "active"}}},
             {.id = "b", .sku = E3, .allotted = 100 + free, .consumed = 100, .sub = {{"s", "active"}}});
        assert_verdict(finding_of(&w, "a", RULE_FORECAST), free > 50 ? "none" : "warning");
    }
}

static void the_pools_of_a_sku_run_out_together(void **state)
{
    CLEAN_FIXTURE struct rules_fixture w;
    (void)state;
    start(&w, (struct past){"a", 400, 10, 56}, (struct past){"b", 460, 10, 40});
    w.options.scope = SCOPE_SKU;
    POLL(&w, {.id = "a", .sku = E3, .allotted = 500, .consumed = 400},
         {.id = "b", .sku = E3, .allotted = 500, .consumed = 460});
    const struct finding *f = finding_of(&w, E3, RULE_FORECAST);
    assert_verdict(f, "warning");
    assert_int_equal(f->value, 6);
    assert_int_equal(observation_of(&w, KIND_CAPACITY, E3)->context->forecast_likely, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool_that_runs_out_within_the_limit_has_the_finding),
        cmocka_unit_test(units_to_buy_end_a_forecast),
        cmocka_unit_test(the_history_is_read_once_a_day),
        cmocka_unit_test(a_history_that_could_not_be_read_is_read_again),
        cmocka_unit_test(free_units_of_other_pools_of_the_sku_count),
        cmocka_unit_test(the_pools_of_a_sku_run_out_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
