/* SPDX-License-Identifier: MIT */
/* The observation of a pool: scope, siblings, names, silence, and the context behind it. */
#include "unit/rules/fixture.h"

static void a_full_pool_is_quiet_while_another_of_its_sku_has_room(void **state)
{
    static const struct {
        const char *why;
        struct row full, other;
        enum scope scope;
        const char *want; /* remaining of the full one */
    } CASES[] = {
        {"room next door",
         {.id = "a", .sku = E3, .allotted = 100, .consumed = 100},
         {.id = "b", .sku = E3, .allotted = 100, .consumed = 10, .sub = {{"s", "active"}}},
         SCOPE_AUTO,
         "none"},
        {"room next door, scope allotment",
         {.id = "a", .sku = E3, .allotted = 100, .consumed = 100},
         {.id = "b", .sku = E3, .allotted = 100, .consumed = 10, .sub = {{"s", "active"}}},
         SCOPE_ALLOTMENT,
         "warning"},
        {"the same SKU in other letters",
         {.id = "a", .sku = "AB-CD", .allotted = 100, .consumed = 100},
         {.id = "b", .sku = "ab-cd", .allotted = 100, .consumed = 10, .sub = {{"s", "active"}}},
         SCOPE_AUTO,
         "none"},
        {"room, but of another SKU",
         {.id = "a", .sku = E3, .allotted = 100, .consumed = 100},
         {.id = "b", .sku = E5, .allotted = 100, .consumed = 10, .sub = {{"s", "active"}}},
         SCOPE_AUTO,
         "warning"},
        {"somebody waits: it is not quiet",
         {.id = "a", .sku = E3, .allotted = 100, .consumed = 100, .waiting = 1, .oldest_at = 1},
         {.id = "b", .sku = E3, .allotted = 100, .consumed = 10, .sub = {{"s", "active"}}},
         SCOPE_AUTO,
         "warning"},
        {"nobody knows who waits",
         {.id = "a", .sku = E3, .allotted = 100, .consumed = 100, .waiting = UNKNOWN},
         {.id = "b", .sku = E3, .allotted = 100, .consumed = 10, .sub = {{"s", "active"}}},
         SCOPE_AUTO,
         "warning"},
        {"the other is nearly full itself",
         {.id = "a", .sku = E3, .allotted = 100, .consumed = 100},
         {.id = "b", .sku = E3, .allotted = 100, .consumed = 95, .sub = {{"s", "active"}}},
         SCOPE_AUTO,
         "warning"},
        {"the other is full",
         {.id = "a", .sku = E3, .allotted = 100, .consumed = 100},
         {.id = "b", .sku = E3, .allotted = 100, .consumed = 100, .sub = {{"s", "active"}}},
         SCOPE_AUTO,
         "warning"},
        {"the other's units are not known",
         {.id = "a", .sku = E3, .allotted = 100, .consumed = 100},
         {.id = "b", .sku = E3, .allotted = UNKNOWN, .sub = {{"s", "active"}}},
         SCOPE_AUTO,
         "warning"},
        {"the other's units are dead",
         {.id = "a", .sku = E3, .allotted = 100, .consumed = 100},
         {.id = "b", .sku = E3, .allotted = 100, .consumed = 10, .sub = {{"s", "suspended"}}},
         SCOPE_AUTO,
         "warning"},
        {"the other is backed by nothing",
         {.id = "a", .sku = E3, .allotted = 100, .consumed = 100},
         {.id = "b", .sku = E3, .allotted = 100, .consumed = 10},
         SCOPE_AUTO,
         "warning"},
        {"one of its subscriptions lives",
         {.id = "a", .sku = E3, .allotted = 100, .consumed = 100},
         {.id = "b",
          .sku = E3,
          .allotted = 100,
          .consumed = 10,
          .sub = {{"s", "deleted"}, {"t", "warning"}}},
         SCOPE_AUTO,
         "none"},
        {"the other's subscriptions are not known",
         {.id = "a", .sku = E3, .allotted = 100, .consumed = 100},
         {.id = "b", .sku = E3, .allotted = 100, .consumed = 10, .subscriptions_unknown = true},
         SCOPE_AUTO,
         "none"},
        {"the other's room is spoken for",
         {.id = "a", .sku = E3, .allotted = 100, .consumed = 100},
         {.id = "b",
          .sku = E3,
          .allotted = 100,
          .consumed = 10,
          .waiting = 90,
          .sub = {{"s", "active"}}},
         SCOPE_AUTO,
         "warning"},
        {"the other takes devices only",
         {.id = "a", .sku = E3, .allotted = 100, .consumed = 100, .assignable_to = ASSIGNABLE_USER},
         {.id = "b",
          .sku = E3,
          .allotted = 100,
          .consumed = 10,
          .sub = {{"s", "active"}},
          .assignable_to = ASSIGNABLE_DEVICE},
         SCOPE_AUTO,
         "warning"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        fixture_init(&w);
        w.options.scope = CASES[i].scope;
        POLL(&w, CASES[i].full, CASES[i].other);
        const struct finding *f = finding_of(&w, "a", RULE_REMAINING);
        if (strcmp(verdict(f), CASES[i].want) != 0 || f->keep != f->raise ||
            strcmp(verdict(finding_of(&w, "a", RULE_USAGE)), CASES[i].want) != 0)
            fail_msg("%s: %s", CASES[i].why, verdict(f));
        assert_int_equal(f->value, 0);
    }
}

/* Two or three pools of E3 over some polls: a full one with its siblings; what `a` raises. */
static void quiet_begins_on_the_clear_side_and_ends_on_the_raise_side(void **state)
{
#define A(in_use, ...) {.id = "a", .sku = E3, .allotted = 100, .consumed = (in_use), .sub = {{"r", "active"}}, __VA_ARGS__}
#define B(units, in_use, ...) \
    {.id = "b", .sku = E3, .allotted = (units), .consumed = (in_use), .sub = {{"s", "active"}}, __VA_ARGS__}
#define ELSEWHERE {.id = "x", .sku = E5, .allotted = 100}
    static const struct {
        const char *why;
        struct row poll[3][2];
        const char *want[3];
    } CASES[] = {
        {"begins at once on the clear side, stays in the band, ends at the limit",
         {{A(100), B(100, 75)}, {A(100), B(100, 78)}, {A(100), B(100, 80)}},
         {"none", "none", "warning"}},
        {"does not begin in the band",
         {{A(100), B(100, 80)}, {A(100), B(100, 76)}, {A(100), B(100, 75)}},
         {"warning", "warning", "none"}},
        {"the first reading in the band",
         {{A(100), B(100, 77)}, {A(100), B(100, 77)}, {A(100), B(100, 77)}},
         {"warning", "warning", "warning"}},
        {"one unit of room is not enough",
         {{A(100), B(100, 100)}, {A(100), B(100, 99)}, {A(100), B(101, 99)}},
         {"warning", "warning", "warning"}},
        {"over-consumed is never quiet",
         {{A(100), B(1000, 10)}, {A(101), B(1000, 10)}, {A(150), B(1000, 10)}},
         {"none", "critical", "critical"}},
        {"an unknown sibling leaves it quiet",
         {{A(100), B(100, 10)}, {A(100), B(UNKNOWN, 0)}, {A(100), B(100, 100)}},
         {"none", "none", "warning"}},
        {"an unknown sibling leaves it loud",
         {{A(85), B(100, 100)}, {A(100), B(UNKNOWN, 0)}, {A(100), B(100, 10)}},
         {"none", "warning", "none"}},
        {"a sibling whose waiting members are not known",
         {{A(100), B(100, 10, .waiting = 90)},
          {A(100), B(100, 10, .waiting = UNKNOWN)},
          {A(100), B(100, 10)}},
         {"warning", "warning", "none"}},
        {"a sibling that is missing for a poll",
         {{A(100), B(100, 10)}, {A(100), ELSEWHERE}, {A(100), B(100, 10)}},
         {"none", "none", "none"}},
        {"waiting members that are not known are never quiet",
         {{A(100), B(100, 10)}, {A(100, .waiting = UNKNOWN), B(100, 10)}, {A(100), B(100, 10)}},
         {"none", "warning", "none"}},
        {"a source without waiting rooms",
         {{A(100, .waiting = -2), B(100, 10)},
          {A(100, .waiting = -2), B(100, 10)},
          {A(100), B(100, 10)}},
         {"warning", "warning", "none"}},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        fixture_init(&w);
        for (size_t k = 0; k < N_ELEMENTS(CASES[i].poll); k++) {
            poll_rows(&w, CASES[i].poll[k], N_ELEMENTS(CASES[i].poll[k]));
            const struct observation *s = observation_of(&w, KIND_CAPACITY, "a");
            const char *got = verdict(finding_of(&w, "a", RULE_REMAINING));
            if (strcmp(got, CASES[i].want[k]) != 0)
                fail_msg("%s, poll %zu: %s", CASES[i].why, k + 1, got);
            bool quiet = strcmp(got, "none") == 0 && s->context->consumed == 100;
            if (quiet != (s->context->siblings_free != NUMBER_UNKNOWN))
                fail_msg("%s, poll %zu: %lld free", CASES[i].why, k + 1,
                         (long long)s->context->siblings_free);
        }
    }
#undef A
#undef B
#undef ELSEWHERE
}

static void quiet_looks_at_the_sums_of_all_siblings_by_the_own_limits(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    struct override o[] = {{.match = {.allotment = "d"}, .set_ignore = true, .ignore = IGNORE_ALL}};
    (void)state;
    fixture_init(&w);
#define SMALL(name, units, in_use) \
    {.id = (name), .sku = E3, .allotted = (units), .consumed = (in_use), .sub = {{"s", "active"}}}
    /* none of them alone is below its limits, all together have no room: 97 of 100 */
    POLL(&w, SMALL("a", 30, 30), SMALL("b", 30, 28), SMALL("c", 40, 39));
    assert_verdict(finding_of(&w, "a", RULE_REMAINING), "warning");
    /* with d it is enough, and all free units are counted */
    POLL(&w, SMALL("a", 30, 30), SMALL("b", 30, 28), SMALL("c", 40, 39), SMALL("d", 100, 20));
    assert_verdict(finding_of(&w, "a", RULE_REMAINING), "none");
    assert_verdict(finding_of(&w, "c", RULE_USAGE), "none");
    assert_int_equal(observation_of(&w, KIND_CAPACITY, "a")->context->siblings_free, 83);
    assert_int_equal(observation_of(&w, KIND_CAPACITY, "c")->context->siblings_free, 82);
    assert_int_equal(observation_of(&w, KIND_CAPACITY, "d")->context->siblings_free,
                     NUMBER_UNKNOWN);
    /* ignore = "all" leaves its units out, and nobody is sent there */
    w.options.override = o;
    w.options.n_overrides = 1;
    POLL(&w, SMALL("a", 30, 30), SMALL("b", 30, 28), SMALL("c", 40, 39), SMALL("d", 100, 20));
    assert_verdict(finding_of(&w, "a", RULE_REMAINING), "warning");
    assert_int_equal(observation_of(&w, KIND_CAPACITY, "a")->context->sibling_free, 2);
#undef SMALL
}

static void the_sibling_with_the_most_room_is_named_whatever_the_scope(void **state)
{
    static const enum scope SCOPES[] = {SCOPE_AUTO, SCOPE_ALLOTMENT};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(SCOPES); i++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        fixture_init(&w);
        w.options.scope = SCOPES[i];
        POLL(
            &w,
            {.id = "a", .sku = E3, .allotted = 100, .consumed = 100, .waiting = 4, .oldest_at = 1},
            {.id = "b", .sku = E3, .allotted = 50, .consumed = 40, .sub = {{"s", "active", 20000}}},
            {.id = "c",
             .sku = E3,
             .allotted = 90,
             .consumed = 40,
             .sub = {{"t", "active", 20454}}});
        const struct alert_context *f = observation_of(&w, KIND_CAPACITY, "a")->context;
        assert_string_equal(f->sibling_name, "pool 2 of 3, 90 units, since 2026-01-01");
        assert_int_equal(f->sibling_free, 50);
        assert_int_equal(f->units_to_unblock, 4);
        f = observation_of(&w, KIND_CAPACITY, "c")->context;
        assert_int_equal(f->sibling_free, 10);
    }
}

static void pools_are_called_by_their_place_or_by_the_configured_name(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    struct label names[] = {{"b", "CSP pool"}};
    (void)state;
    fixture_init(&w);
    w.options.pool_name = names;
    w.options.n_pool_names = 1;
    POLL(&w, {.id = "a", .sku = E3, .allotted = UNKNOWN},
         {.id = "b", .sku = E3, .allotted = 10, .sub = {{"s", "active", 20454}}},
         {.id = "c",
          .sku = E3,
          .allotted = 50,
          .sub = {{"t", "active", 20800}, {"u", "active", 20453}}},
         {.id = "d", .sku = E3, .allotted = 7}, {.id = "e", .sku = E5, .allotted = 7},
         {.id = "f", .allotted = 7}, {.id = "g", .allotted = 7});
    static const struct {
        const char *id, *want;
    } CASES[] = {
        {"a", "pool 3 of 4"}, /* no date: behind those that have one, by id */
        {"b", "CSP pool"},
        {"c", "pool 1 of 4, 50 units, since 2025-12-31"},
        {"d", "pool 4 of 4, 7 units"},
        {"e", NULL}, /* the only one of its SKU */
        {"f", NULL}, /* no SKU: nothing in common with others */
        {"g", NULL},
    };
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        const char *got = observation_of(&w, KIND_CAPACITY, CASES[i].id)->context->allotment_name;
        if (!CASES[i].want ? got != NULL : !got || strcmp(got, CASES[i].want) != 0)
            fail_msg("%s: %s", CASES[i].id, got ? got : "NULL");
    }
}

static void context_hold_what_a_message_needs(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    struct label labels[] = {{"group", "gold"}};
    (void)state;
    fixture_init(&w);
    w.tenant.label = labels;
    w.tenant.n_labels = 1;
    w.ctx.zone = (struct zone){3600, "CET"};
    POLL(&w, {.id = "a",
              .sku = E5,
              .part = "SPE_E5",
              .allotted = 1000,
              .consumed = 1000,
              .waiting = 26,
              .oldest_at = 77,
              .sub = {{"s", "active", 20000, 21000}}});
    const struct alert_context *f = observation_of(&w, KIND_CAPACITY, "a")->context;
    assert_string_equal(f->tenant_name, "contoso");
    assert_string_equal(f->tenant_id, "t-1");
    assert_string_equal(f->label[0].value, "gold");
    assert_int_equal(f->utc_offset, 3600);
    assert_string_equal(f->zone, "CET");
    assert_string_equal(f->allotment_id, "a");
    assert_string_equal(f->sku_id, E5);
    assert_string_equal(f->sku_part_number, "SPE_E5");
    assert_string_equal(f->sku_name, "Microsoft 365 E5");
    assert_int_equal(f->allotted, 1000);
    assert_int_equal(f->consumed, 1000);
    assert_int_equal(f->waiting, 26);
    assert_int_equal(f->oldest_at, 77);
    assert_int_equal(f->units_to_unblock, 26);
    assert_int_equal(f->units_to_buy, 166);
    assert_int_equal(f->n_subscriptions, 1);
    assert_string_equal(f->subscription[0].state, "active");
    assert_int_equal(f->subscription[0].next_lifecycle_date, 21000);
    assert_null(f->sibling_name);
    assert_int_equal(f->sibling_free, NUMBER_UNKNOWN);
    assert_int_equal(f->observed_at, w.now.at);
}

static void free_and_ignored_pools_are_silent_but_evaluated(void **state)
{
    static const struct {
        const char *why;
        struct row row;
        bool watch, want;
    } CASES[] = {
        {"a paid SKU", {.id = "a", .sku = E5, .part = "SPE_E5"}, false, false},
        {"a free SKU", {.id = "a", .sku = "x", .part = "flow_free"}, false, true},
        {"a free SKU that is watched", {.id = "a", .part = "FLOW_FREE"}, true, false},
        {"all subscriptions are trials",
         {.id = "a",
          .sku = E5,
          .sub = {{"s", "active", .trial = true}, {"t", "active", .trial = true}}},
         false,
         true},
        {"one of them is not",
         {.id = "a", .sku = E5, .sub = {{"s", "active", .trial = true}, {"t", "active"}}},
         false,
         false},
        {"a trial that is watched",
         {.id = "a", .sku = E5, .sub = {{"s", "active", .trial = true}}},
         true,
         false},
        {"nobody knows the subscriptions",
         {.id = "a", .sku = E5, .subscriptions_unknown = true},
         false,
         false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        struct row row = CASES[i].row;
        fixture_init(&w);
        w.options.watch_free_skus = CASES[i].watch;
        row.allotted = row.consumed = 100;
        poll_rows(&w, &row, 1);
        if (observation_of(&w, KIND_CAPACITY, "a")->silent != CASES[i].want)
            fail_msg("%s", CASES[i].why);
        assert_verdict(finding_of(&w, "a", RULE_REMAINING), "warning");
    }
}

static void ignored_pools_are_silent_or_not_there(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    struct override o[] = {
        {.match = {.allotment = "a"}, .set_ignore = true, .ignore = IGNORE_ALL},
        {.match = {.allotment = "b"}, .set_ignore = true, .ignore = IGNORE_ALERTS}};
    (void)state;
    fixture_init(&w);
    w.options.override = o;
    w.options.n_overrides = 2;
    for (int i = 0; i < 2; i++) {
        POLL(&w, {.id = "a", .sku = E5, .allotted = 1, .sub = {{"s", "suspended"}}},
             {.id = "b", .sku = E3, .allotted = 1}, {.id = "c", .allotted = 1});
        assert_null(find_observation(&w, KIND_CAPACITY, "a"));
        assert_null(find_observation(&w, KIND_SUBSCRIPTION, "s"));
        assert_true(observation_of(&w, KIND_CAPACITY, "b")->silent);
        assert_false(observation_of(&w, KIND_CAPACITY, "c")->silent);
        assert_int_equal(w.memory->n_pools, 3); /* still known: nothing "appears" later */
        poll_rows(&w, NULL, 0);
        assert_null(find_observation(&w, KIND_CAPACITY, "a"));
    }
}

static void ended_subscriptions_explain_a_pool(void **state)
{
    static const struct {
        const char *why;
        struct row row;
        bool want;
    } CASES[] = {
        {"all dead", {.id = "a", .sub = {{"s", "suspended"}, {"t", "deleted"}}}, true},
        {"one in its grace period",
         {.id = "a", .sub = {{"s", "suspended"}, {"t", "warning"}}},
         false},
        {"one active", {.id = "a", .sub = {{"s", "active"}}}, false},
        {"a word that we do not know", {.id = "a", .sub = {{"s", "paused"}}}, false},
        {"no subscriptions", {.id = "a"}, false},
        {"not known", {.id = "a", .subscriptions_unknown = true}, false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        fixture_init(&w);
        poll_rows(&w, &CASES[i].row, 1);
        if (observation_of(&w, KIND_CAPACITY, "a")->subscription_explains != CASES[i].want)
            fail_msg("%s", CASES[i].why);
    }
}

/* ---- scope = "sku" ---- */

static void a_sku_is_the_sum_of_its_pools(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    w.options.scope = SCOPE_SKU;
    POLL(&w,
         {.id = "a",
          .sku = "AB-1",
          .part = "P",
          .allotted = 100,
          .consumed = 100,
          .waiting = 2,
          .oldest_at = 50,
          .sub = {{"s", "active"}}},
         {.id = "b",
          .sku = "ab-1",
          .part = "P",
          .allotted = 100,
          .consumed = 85,
          .waiting = 1,
          .oldest_at = 40},
         {.id = "c", .sku = "zz", .allotted = 10, .consumed = 1});
    assert_null(find_observation(&w, KIND_CAPACITY, "a"));
    const struct observation *s = observation_of(&w, KIND_CAPACITY, "ab-1");
    assert_null(s->context->allotment_id);
    assert_null(s->context->allotment_name);
    assert_int_equal(s->context->allotted, 200);
    assert_int_equal(s->context->consumed, 185);
    assert_int_equal(s->context->waiting, 3);
    assert_int_equal(s->context->oldest_at, 40);
    assert_int_equal(s->context->n_subscriptions, 1);
    assert_int_equal(finding_of(&w, "ab-1", RULE_USAGE)->value, 9250);
    assert_verdict(finding_of(&w, "ab-1", RULE_USAGE), "warning");
    assert_verdict(finding_of(&w, "ab-1", RULE_WAITING), "warning");
    assert_verdict(finding_of(&w, "zz", RULE_USAGE), "n/a");
}

static void a_sum_with_something_unknown_in_it_is_unknown(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    w.options.scope = SCOPE_SKU;
    POLL(&w, {.id = "a", .sku = E3, .allotted = 100, .consumed = 100},
         {.id = "b", .sku = E3, .allotted = UNKNOWN, .waiting = 5, .oldest_at = 1});
    assert_verdict(finding_of(&w, E3, RULE_USAGE), "unknown");
    assert_verdict(finding_of(&w, E3, RULE_WAITING), "warning");
    POLL(&w, {.id = "a", .sku = E3, .allotted = 100, .consumed = 100},
         {.id = "b", .sku = E3, .allotted = 1, .waiting = UNKNOWN});
    assert_verdict(finding_of(&w, E3, RULE_USAGE), "warning");
    assert_verdict(finding_of(&w, E3, RULE_WAITING), "unknown");
    assert_verdict(finding_of(&w, E3, RULE_WAITING_AGE), "unknown");
    poll_rows(&w, NULL, 0);
    assert_verdict(finding_of(&w, E3, RULE_USAGE), "unknown");
    assert_verdict(finding_of(&w, E3, RULE_REMAINING), "unknown");
}

static void a_sku_that_lost_a_pool_waits_and_then_says_so(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    w.options.scope = SCOPE_SKU;
    for (int i = 0; i < 2; i++)
        POLL(&w, {.id = "a", .sku = E3, .allotted = 100, .consumed = 50},
             {.id = "b", .sku = E3, .allotted = 100, .consumed = 70}, {.id = "x", .allotted = 1});
    pass(&w, USEC_PER_MINUTE);
    POLL(&w, {.id = "a", .sku = E3, .allotted = 100, .consumed = 50}, {.id = "x", .allotted = 1});
    assert_verdict(finding_of(&w, E3, RULE_USAGE), "unknown");
    assert_null(find_finding(observation_of(&w, KIND_CAPACITY, E3), RULE_ALLOTMENT_GONE));
    pass(&w, USEC_PER_HOUR);
    POLL(&w, {.id = "a", .sku = E3, .allotted = 100, .consumed = 50}, {.id = "x", .allotted = 1});
    assert_int_equal(finding_of(&w, E3, RULE_USAGE)->value, 5000);
    assert_verdict(finding_of(&w, E3, RULE_ALLOTMENT_GONE), "critical");
    assert_int_equal(finding_of(&w, E3, RULE_ALLOTMENT_GONE)->value, 70);
    POLL(&w, {.id = "a", .sku = E3, .allotted = 100, .consumed = 50},
         {.id = "b", .sku = E3, .allotted = 100, .consumed = 70}, {.id = "x", .allotted = 1});
    assert_verdict(finding_of(&w, E3, RULE_ALLOTMENT_GONE), "none");
}

static void a_sku_whose_pools_are_all_missing_is_unknown(void **state)
{
    CLEANUP(fixture_clear) struct rules_fixture w;
    (void)state;
    fixture_init(&w);
    w.options.scope = SCOPE_SKU;
    POLL(&w, {.id = "a", .sku = E3, .allotted = 1}, {.id = "b", .sku = E3, .allotted = 1},
         {.id = "c", .sku = E5, .allotted = 1}, {.id = "d", .allotted = 1});
    POLL(&w, {.id = "c", .sku = E5, .allotted = 1});
    assert_int_equal(w.observations->n, 3);
    assert_verdict(finding_of(&w, E3, RULE_REMAINING), "unknown");
    assert_verdict(finding_of(&w, "d", RULE_REMAINING), "unknown"); /* no SKU: by its own id */
    assert_verdict(finding_of(&w, E5, RULE_REMAINING), "none");
}

static void a_trial_stays_silent_while_its_subscriptions_are_unknown(void **state)
{
    struct row row = {
        .id = "a", .sku = E3, .allotted = 100, .consumed = 100, .sub = {{"s", "active", .trial = true}}};
    struct row unknown = {
        .id = "a", .sku = E3, .allotted = 100, .consumed = 100, .subscriptions_unknown = true};
    (void)state;
    for (int paid = 0; paid < 2; paid++) {
        CLEANUP(fixture_clear) struct rules_fixture w;
        fixture_init(&w);
        row.sub[0].trial = !paid;
        poll_rows(&w, &row, 1);
        poll_rows(&w, &unknown, 1);
        poll_rows(&w, &unknown, 1);
        assert_int_equal(observation_of(&w, KIND_CAPACITY, "a")->silent, !paid);
        row.sub[0].trial = paid;
        poll_rows(&w, &row, 1);
        assert_int_equal(observation_of(&w, KIND_CAPACITY, "a")->silent, paid);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_pool_is_quiet_while_another_of_its_sku_has_room),
        cmocka_unit_test(quiet_begins_on_the_clear_side_and_ends_on_the_raise_side),
        cmocka_unit_test(quiet_looks_at_the_sums_of_all_siblings_by_the_own_limits),
        cmocka_unit_test(the_sibling_with_the_most_room_is_named_whatever_the_scope),
        cmocka_unit_test(pools_are_called_by_their_place_or_by_the_configured_name),
        cmocka_unit_test(context_hold_what_a_message_needs),
        cmocka_unit_test(free_and_ignored_pools_are_silent_but_evaluated),
        cmocka_unit_test(ignored_pools_are_silent_or_not_there),
        cmocka_unit_test(ended_subscriptions_explain_a_pool),
        cmocka_unit_test(a_sku_is_the_sum_of_its_pools),
        cmocka_unit_test(a_sum_with_something_unknown_in_it_is_unknown),
        cmocka_unit_test(a_sku_that_lost_a_pool_waits_and_then_says_so),
        cmocka_unit_test(a_sku_whose_pools_are_all_missing_is_unknown),
        cmocka_unit_test(a_trial_stays_silent_while_its_subscriptions_are_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
