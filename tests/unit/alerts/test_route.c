/* SPDX-License-Identifier: MIT */
/* Who is told. */
#include "alerts/route.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct receiver_traits RECEIVERS[] = {{.name = (char *)"journal"},
                                             {.name = (char *)"chat"},
                                             {.name = (char *)"pager", .pager = true}};
enum { JOURNAL = 1, CHAT = 2, PAGER = 4 };

static struct label GOLD[] = {{.key = (char *)"group", .value = (char *)"gold"}};
static char *TO_CHAT[] = {(char *)"chat"}, *TO_PAGER[] = {(char *)"pager"},
            *TO_JOURNAL[] = {(char *)"journal"}, *TO_NOBODY[] = {(char *)"nobody"};

static struct facts FACTS = {.tenant_name = (char *)"contoso",
                             .tenant_id = (char *)"tid",
                             .label = GOLD,
                             .n_labels = 1,
                             .sku_id = (char *)"guid",
                             .sku_part_number = (char *)"SPE_E5",
                             .allotment_id = (char *)"pool-a"};

static struct route_options with(struct route *route, size_t n)
{
    return (struct route_options){.receiver = RECEIVERS,
                                  .n_receivers = 3,
                                  .route = route,
                                  .n_routes = n,
                                  .fallback = TO_JOURNAL,
                                  .n_fallback = 1};
}

static void a_receiver_is_known_by_its_name(void **state)
{
    const struct route_options o = with(NULL, 0);
    (void)state;
    assert_int_equal(receiver_index(&o, "pager"), 2);
    assert_int_equal(receiver_index(&o, "Pager"), -ENOENT);
}

static void without_routes_everybody_is_told(void **state)
{
    struct route_options o = with(NULL, 0);
    (void)state;
    assert_int_equal(route_for(&o, KIND_CAPACITY, RULE_USAGE, LEVEL_WARNING, &FACTS),
                     JOURNAL | CHAT | PAGER);
    struct receiver_traits many[RECEIVERS_MAX] = {0};
    o.receiver = many;
    o.n_receivers = RECEIVERS_MAX;
    assert_true(route_for(&o, KIND_CAPACITY, RULE_USAGE, LEVEL_WARNING, &FACTS) == UINT64_MAX);
}

static void a_route_matches_by_every_key(void **state)
{
    static struct label silver[] = {{.key = (char *)"group", .value = (char *)"silver"}};
    static const struct {
        const char *why;
        struct match match;
        bool want;
    } CASES[] = {
        {"nothing asked", {0}, true},
        {"tenant", {.tenant = (char *)"con*"}, true},
        {"tenant id", {.tenant = (char *)"tid"}, true},
        {"other tenant", {.tenant = (char *)"fabrikam"}, false},
        {"part number", {.sku = (char *)"spe_*"}, true},
        {"sku id", {.sku = (char *)"guid"}, true},
        {"other sku", {.sku = (char *)"FLOW_*"}, false},
        {"pool", {.allotment = (char *)"pool-a"}, true},
        {"other pool", {.allotment = (char *)"pool-b"}, false},
        {"rule", {.rule = (char *)"waiting*"}, true},
        {"other rule", {.rule = (char *)"usage"}, false},
        {"severity", {.severity = (char *)"critical"}, true},
        {"other severity", {.severity = (char *)"warning"}, false},
        {"label", {.label = GOLD, .n_labels = 1}, true},
        {"other label", {.label = silver, .n_labels = 1}, false},
        {"all must hold", {.tenant = (char *)"contoso", .severity = (char *)"warning"}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct route route = {.match = CASES[i].match, .to = TO_CHAT, .n_to = 1};
        const struct route_options o = with(&route, 1);
        receiver_set got = route_for(&o, KIND_CAPACITY, RULE_WAITING, LEVEL_CRITICAL, &FACTS);
        if (got != (CASES[i].want ? CHAT : JOURNAL))
            fail_msg("%s: %d", CASES[i].why, (int)got);
    }
}

static void the_first_match_ends_the_search_unless_it_goes_on(void **state)
{
    struct route routes[] = {
        {.match = {.severity = (char *)"critical"}, .to = TO_PAGER, .n_to = 1, .go_on = true},
        {.to = TO_CHAT, .n_to = 1},
        {.to = TO_JOURNAL, .n_to = 1},
    };
    const struct route_options o = with(routes, 3);
    (void)state;
    assert_int_equal(route_for(&o, KIND_POLL, RULE_POLL, LEVEL_CRITICAL, &FACTS), PAGER | CHAT);
    assert_int_equal(route_for(&o, KIND_POLL, RULE_POLL, LEVEL_WARNING, &FACTS), CHAT);
}

static void a_route_to_nobody_is_meant_so(void **state)
{
    struct route route = {.n_to = 0};
    const struct route_options o = with(&route, 1);
    (void)state;
    assert_int_equal(route_for(&o, KIND_POLL, RULE_POLL, LEVEL_WARNING, &FACTS), 0);
}

static void an_alert_about_a_receiver_never_goes_to_it(void **state)
{
    struct route all = {.to = TO_CHAT, .n_to = 1};
    struct route_options o = with(&all, 1);
    struct facts about = {.receiver = (char *)"chat"};
    (void)state;
    assert_int_equal(route_for(&o, KIND_DELIVERY, RULE_DELIVERY, LEVEL_WARNING, &about), JOURNAL);
    about.receiver = (char *)"journal"; /* the fallback itself: then all others */
    assert_int_equal(route_for(&o, KIND_DELIVERY, RULE_DELIVERY, LEVEL_WARNING, &about),
                     CHAT | PAGER);
    o.fallback = TO_NOBODY; /* a fallback that does not exist */
    about.receiver = (char *)"pager";
    assert_int_equal(route_for(&o, KIND_DELIVERY, RULE_DELIVERY, LEVEL_WARNING, &about),
                     JOURNAL | CHAT);
}

static void what_no_route_matches_goes_to_the_fallback(void **state)
{
    struct route route = {.match = {.tenant = (char *)"fabrikam"}, .to = TO_CHAT, .n_to = 1};
    struct route_options o = with(&route, 1);
    (void)state;
    assert_int_equal(route_for(&o, KIND_POLL, RULE_POLL, LEVEL_WARNING, &FACTS), JOURNAL);
    o.n_fallback = 0;
    assert_int_equal(route_for(&o, KIND_POLL, RULE_POLL, LEVEL_WARNING, &FACTS),
                     JOURNAL | CHAT | PAGER);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(a_receiver_is_known_by_its_name),
        cmocka_unit_test(without_routes_everybody_is_told),
        cmocka_unit_test(a_route_matches_by_every_key),
        cmocka_unit_test(the_first_match_ends_the_search_unless_it_goes_on),
        cmocka_unit_test(a_route_to_nobody_is_meant_so),
        cmocka_unit_test(an_alert_about_a_receiver_never_goes_to_it),
        cmocka_unit_test(what_no_route_matches_goes_to_the_fallback),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
