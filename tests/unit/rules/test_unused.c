/* SPDX-License-Identifier: MIT */
/* The rule unused: paid units that nobody used, once before the date of their subscription. */
#include "fixture.h"

#define E5_POOL(...) {.sku = E5, .part = "SPE_E5", __VA_ARGS__}
#define SUB(date, ...) {.id = "s-1", .state = "active", .next = (date), __VA_ARGS__}
#define OTHER(date, ...) {.id = "s-2", .state = "active", .next = (date), __VA_ARGS__}
#define HAS(n, ...) E5_POOL(.id = "a", .allotted = (n), .consumed = 200, __VA_ARGS__)
#define SOON (DAY_0 + 20)

static struct {
    bool known;
    struct pool_past past;
    usec_t from_at;
    unsigned calls;
} history;

static bool pool_past(const void *userdata, const char *allotment_id, usec_t from_at, struct pool_past *ret)
{
    (void)userdata;
    history.calls++;
    history.from_at = from_at;
    *ret = history.past;
    if (strcmp(allotment_id, "b") == 0)
        ret->most_used = 290;
    return history.known;
}

static void begin(struct rules_fixture *w)
{
    fixture_init(w);
    struct threshold *t = &w->options.threshold[RULE_UNUSED];
    t->info = true;
    t->before = t->idle = 30 * USEC_PER_DAY;
    w->ctx.pool_past = pool_past;
    history.known = true;
    history.past = (struct pool_past){.most_used = 260, .least_allotted = 300};
    history.calls = 0;
}

/* Units that the last poll reports as unused; 0: none. */
static int64_t unused(const struct rules_fixture *w)
{
    for (size_t i = 0; i < w->observations->n_infos; i++)
        if (w->observations->info[i].rule == RULE_UNUSED)
            return w->observations->info[i].value;
    return 0;
}

static void unused_units_are_reported_once_before_each_date(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    begin(&w);
    POLL(&w, HAS(300, .sub = {SUB(DAY_0 + 31)}));
    assert_int_equal(unused(&w), 0);
    pass(&w, USEC_PER_DAY);
    POLL(&w, HAS(300, .sub = {SUB(DAY_0 + 31)}));
    assert_int_equal(unused(&w), 40);
    const struct info *info = &w.observations->info[0];
    assert_int_equal(info->kind, KIND_UNUSED);
    assert_int_equal(info->context->allotted, 300);
    assert_int_equal(info->context->reference, 260);
    assert_true(info->context->unused_since_at == w.now.at - 30 * USEC_PER_DAY);
    assert_true(history.from_at == info->context->unused_since_at);
    assert_int_equal(info->context->subscription[0].next_lifecycle_date, DAY_0 + 31);
    for (int i = 0; i < 3; i++, pass(&w, USEC_PER_DAY)) {
        POLL(&w, HAS(300, .sub = {SUB(DAY_0 + 31)}));
        assert_int_equal(unused(&w), 0);
    }
    POLL(&w, HAS(300, .sub = {SUB(DAY_0 + 33)})); /* another date */
    assert_int_equal(unused(&w), 40);
}

/* A pool is examined once a day, from dates_at on, because its history is read. */
static void pools_are_examined_once_a_day_at_the_hour(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    begin(&w);
    history.known = false;
    w.now.at = (usec_t)DAY_0 * USEC_PER_DAY + 8 * USEC_PER_HOUR;
    POLL(&w, HAS(300, .sub = {SUB(SOON)}));
    assert_int_equal(history.calls, 0);
    pass(&w, USEC_PER_HOUR);
    for (int i = 0; i < 4; i++, pass(&w, USEC_PER_HOUR))
        POLL(&w, HAS(300, .sub = {SUB(SOON)}));
    assert_int_equal(history.calls, 1);
    pass(&w, USEC_PER_DAY);
    history.known = true;
    POLL(&w, HAS(300, .sub = {SUB(SOON)}));
    assert_int_equal(unused(&w), 40);
}

static void only_what_is_surely_unused_is_reported(void **state)
{
    static const struct {
        const char *why;
        struct row row[2];
        int64_t want;
    } CASES[] = {
        {"waiting members need units", {E5_POOL(.id = "a", .allotted = 300, .consumed = 255, .waiting = 15, .sub = {SUB(SOON)})}, 30},
        {"unknown waiting members", {HAS(300, .waiting = UNKNOWN, .sub = {SUB(SOON)})}, 0},
        {"a source without waiting rooms", {HAS(300, .waiting = -2, .sub = {SUB(SOON)})}, 40},
        {"unknown units", {HAS(UNKNOWN, .sub = {SUB(SOON)})}, 0},
        {"units that were bought since", {HAS(500, .sub = {SUB(SOON)})}, 40},
        {"all are used", {HAS(260, .sub = {SUB(SOON)})}, 0},
        {"a trial", {HAS(300, .sub = {SUB(SOON, .trial = true)})}, 0},
        {"suspended", {HAS(300, .sub = {{.id = "s-1", .state = "suspended", .next = SOON}})}, 0},
        {"in its grace period", {HAS(300, .sub = {{.id = "s-1", .state = "warning", .next = SOON}})}, 0},
        {"no date", {HAS(300, .sub = {SUB(0)})}, 0},
        {"the date is today", {HAS(300, .sub = {SUB(DAY_0)})}, 0},
        {"the date is far", {HAS(300, .sub = {SUB(DAY_0 + 31)})}, 0},
        {"two subscriptions: once, for the first date", {HAS(300, .sub = {SUB(SOON), OTHER(SOON + 3)})}, 40},
        {"two subscriptions with one date: once", {HAS(300, .sub = {SUB(SOON), OTHER(SOON)})}, 40},
        {"the units of a trial go away", {HAS(300, .sub = {SUB(SOON), OTHER(SOON + 3, .trial = true)})}, 0},
        {"those of another may go away",
         {HAS(300, .sub = {SUB(SOON), {.id = "s-2", .state = "warning", .next = SOON + 3}})},
         0},
        {"those of an ended one are gone already",
         {HAS(300, .sub = {SUB(SOON), {.id = "s-2", .state = "suspended", .next = SOON - 3}})},
         40},
        {"the pool of it with the fewest counts",
         {HAS(300, .sub = {SUB(SOON)}), E5_POOL(.id = "b", .allotted = 300, .consumed = 1, .sub = {SUB(SOON)})},
         10},
        {"a free product",
         {{.id = "a", .sku = "f30db892-07e9-47e9-837c-80727f46fd3d", .part = "FLOW_FREE", .allotted = 300,
           .consumed = 1, .sub = {SUB(SOON)}}},
         0},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        begin(&w);
        poll_rows(&w, CASES[i].row, CASES[i].row[1].id ? 2 : 1);
        if (unused(&w) != CASES[i].want || w.observations->n_infos > 1)
            fail_msg("%s: %lld", CASES[i].why, (long long)unused(&w));
    }
}

static void rule_off_unknown_history_or_an_ignored_pool_reports_nothing(void **state)
{
    enum { INFO_OFF, RULE_OFF, IGNORED, NO_HISTORY, NOT_ASKED, UNREAD, CASES_ };
    (void)state;
    for (int i = 0; i < CASES_; i++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        struct override o = {.match.allotment = (char *)"a", .set_ignore = true, .ignore = IGNORE_ALERTS};
        begin(&w);
        w.options.threshold[RULE_UNUSED].info = i != INFO_OFF;
        w.options.threshold[RULE_UNUSED].off = i == RULE_OFF;
        w.options.override = &o;
        w.options.n_overrides = i == IGNORED;
        history.known = i != NO_HISTORY;
        if (i == NOT_ASKED)
            w.ctx.pool_past = NULL;
        if (i == UNREAD)
            poll_rows(&w, NULL, 0);
        else
            POLL(&w, HAS(300, .sub = {SUB(SOON)}));
        if (w.observations->n_infos)
            fail_msg("case %d", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unused_units_are_reported_once_before_each_date),
        cmocka_unit_test(pools_are_examined_once_a_day_at_the_hour),
        cmocka_unit_test(only_what_is_surely_unused_is_reported),
        cmocka_unit_test(rule_off_unknown_history_or_an_ignored_pool_reports_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
