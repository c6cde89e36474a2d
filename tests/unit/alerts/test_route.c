/* SPDX-License-Identifier: MIT */
/* Routing of alerts to receivers. */
#include "alerts/route.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOON (UINT64_C(1795348800) * USEC_PER_SEC) /* 2026-11-22T12:00:00Z, a Sunday */

static struct receiver_traits RECEIVERS[] = {{.name = (char *)"journal", .wants_reminders = true},
                                             {.name = (char *)"chat", .wants_reminders = true},
                                             {.name = (char *)"pager", .pager = true}};
enum { JOURNAL = 1, CHAT = 2, PAGER = 4 };

static struct label GOLD[] = {{.key = (char *)"group", .value = (char *)"gold"}};
static char *TO_CHAT[] = {(char *)"chat"}, *TO_PAGER[] = {(char *)"pager"},
            *TO_JOURNAL[] = {(char *)"journal"}, *TO_NOBODY[] = {(char *)"nobody"};

static struct alert_context CONTEXT_ROWS = {.tenant_name = (char *)"contoso",
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

static void without_routes_all_receivers_are_notified(void **state)
{
    struct route_options o = with(NULL, 0);
    (void)state;
    assert_int_equal(
        route_for(&o, KIND_CAPACITY, RULE_USAGE, LEVEL_WARNING, &CONTEXT_ROWS, NOON).now,
        JOURNAL | CHAT | PAGER);
    struct receiver_traits two[] = {{.name = (char *)"beat", .heartbeat = true}, RECEIVERS[0]};
    o.receiver = two;
    o.n_receivers = 2;
    assert_int_equal(
        route_for(&o, KIND_CAPACITY, RULE_USAGE, LEVEL_WARNING, &CONTEXT_ROWS, NOON).now, 2);
    struct receiver_traits many[RECEIVERS_MAX] = {0};
    o.receiver = many;
    o.n_receivers = RECEIVERS_MAX;
    assert_true(route_for(&o, KIND_CAPACITY, RULE_USAGE, LEVEL_WARNING, &CONTEXT_ROWS, NOON).now ==
                UINT64_MAX);
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
        receiver_set got =
            route_for(&o, KIND_CAPACITY, RULE_WAITING, LEVEL_CRITICAL, &CONTEXT_ROWS, NOON).now;
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
    assert_int_equal(route_for(&o, KIND_POLL, RULE_POLL, LEVEL_CRITICAL, &CONTEXT_ROWS, NOON).now,
                     PAGER | CHAT);
    assert_int_equal(route_for(&o, KIND_POLL, RULE_POLL, LEVEL_WARNING, &CONTEXT_ROWS, NOON).now,
                     CHAT);
}

static void severity_info_takes_only_routes_that_name_it(void **state)
{
    static struct receiver_traits traits[] = {{.name = (char *)"journal", .info = INFO_ALWAYS},
                                              {.name = (char *)"chat"},
                                              {.name = (char *)"pager", .pager = true, .info = INFO_NEVER}};
    static const struct {
        const char *why;
        struct match match;
        bool want;
    } CASES[] = {
        {"everything", {0}, false},
        {"a tenant", {.tenant = (char *)"contoso"}, false},
        {"the severity", {.severity = (char *)"info"}, true},
        {"any severity", {.severity = (char *)"*"}, true},
        {"other severities", {.severity = (char *)"critical"}, false},
        {"the rule", {.rule = (char *)"inventory"}, true},
        {"other rules", {.rule = (char *)"usage"}, false},
        {"another tenant", {.severity = (char *)"info", .tenant = (char *)"fabrikam"}, false},
        {"this SKU", {.severity = (char *)"info", .sku = (char *)"SPE_*"}, true},
    };
    (void)state;
    struct route_options o = with(NULL, 0);
    o.receiver = traits;
    assert_int_equal(route_info(&o, RULE_INVENTORY, &CONTEXT_ROWS), JOURNAL);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct route route = {.match = CASES[i].match, .to = TO_CHAT, .n_to = 1};
        o.route = &route;
        o.n_routes = 1;
        receiver_set got = route_info(&o, RULE_INVENTORY, &CONTEXT_ROWS);
        if (got != (CASES[i].want ? CHAT | JOURNAL : JOURNAL))
            fail_msg("%s: %d", CASES[i].why, (int)got);
    }
}

static void severity_info_reaches_no_pager_and_stops_at_the_first_match(void **state)
{
    static struct receiver_traits traits[] = {{.name = (char *)"journal"},
                                              {.name = (char *)"chat"},
                                              {.name = (char *)"pager", .pager = true, .info = INFO_NEVER}};
    struct route routes[] = {
        {.match = {.severity = (char *)"*"}, .to = TO_PAGER, .n_to = 1, .go_on = true},
        {.match = {.severity = (char *)"info"}, .to = TO_CHAT, .n_to = 1},
        {.match = {.severity = (char *)"info"}, .to = TO_JOURNAL, .n_to = 1},
    };
    struct route_options o = with(routes, 3);
    (void)state;
    o.receiver = traits;
    assert_int_equal(route_info(&o, RULE_INVENTORY, &CONTEXT_ROWS), CHAT);
}

static void empty_route_is_accepted(void **state)
{
    struct route route = {.n_to = 0};
    const struct route_options o = with(&route, 1);
    (void)state;
    assert_int_equal(route_for(&o, KIND_POLL, RULE_POLL, LEVEL_WARNING, &CONTEXT_ROWS, NOON).now,
                     0);
}

static void an_alert_about_a_receiver_never_goes_to_it(void **state)
{
    struct route all = {.to = TO_CHAT, .n_to = 1};
    struct route_options o = with(&all, 1);
    struct alert_context about = {.receiver = (char *)"chat"};
    (void)state;
    assert_int_equal(route_for(&o, KIND_DELIVERY, RULE_DELIVERY, LEVEL_WARNING, &about, NOON).now,
                     JOURNAL);
    about.receiver = (char *)"journal"; /* the fallback itself: then all others */
    assert_int_equal(route_for(&o, KIND_DELIVERY, RULE_DELIVERY, LEVEL_WARNING, &about, NOON).now,
                     CHAT | PAGER);
    o.fallback = TO_NOBODY; /* a fallback that does not exist */
    about.receiver = (char *)"pager";
    assert_int_equal(route_for(&o, KIND_DELIVERY, RULE_DELIVERY, LEVEL_WARNING, &about, NOON).now,
                     JOURNAL | CHAT);
}

static void a_storm_is_told_to_its_pager_and_nobody_else(void **state)
{
    struct route all = {.to = TO_CHAT, .n_to = 1};
    struct route_options o = with(&all, 1);
    struct alert_context about = {.receiver = (char *)"pager"};
    (void)state;
    assert_int_equal(route_for(&o, KIND_STORM, RULE_DELIVERY, LEVEL_CRITICAL, &about, NOON).now, PAGER);
    about.receiver = (char *)"gone";
    assert_int_equal(route_for(&o, KIND_STORM, RULE_DELIVERY, LEVEL_CRITICAL, &about, NOON).now, 0);
}

static void unmatched_alerts_go_to_the_fallback(void **state)
{
    struct route route = {.match = {.tenant = (char *)"fabrikam"}, .to = TO_CHAT, .n_to = 1};
    struct route_options o = with(&route, 1);
    (void)state;
    assert_int_equal(route_for(&o, KIND_POLL, RULE_POLL, LEVEL_WARNING, &CONTEXT_ROWS, NOON).now,
                     JOURNAL);
    o.n_fallback = 0;
    assert_int_equal(route_for(&o, KIND_POLL, RULE_POLL, LEVEL_WARNING, &CONTEXT_ROWS, NOON).now,
                     JOURNAL | CHAT | PAGER);
}

static void route_outside_its_hours_defers(void **state)
{
    static const struct {
        const char *why, *first, *second; /* hours of a route to the chat, and of one behind it */
        bool go_on;
        char *const *to; /* of the second one */
        receiver_set now, later;
    } CASES[] = {
        {"no hours are always open", NULL, NULL, false, TO_JOURNAL, CHAT, 0},
        {"open", "Sun 12:00-13:00", NULL, false, TO_JOURNAL, CHAT, 0},
        {"closed, and no other route is asked", "Mon-Sat 12:00-13:00", NULL, false, TO_JOURNAL, 0,
         CHAT},
        {"closed, and the next one is asked too", "Mon 12:00-13:00", NULL, true, TO_JOURNAL,
         JOURNAL, CHAT},
        {"an open route to the same receiver wins", "Mon 12:00-13:00", NULL, true, TO_CHAT, CHAT,
         0},
        {"first or last", NULL, "Mon 12:00-13:00", true, TO_CHAT, CHAT, 0},
        {"both closed", "Mon 12:00-13:00", "Tue 12:00-13:00", true, TO_PAGER, 0, CHAT | PAGER},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct route routes[] = {{.to = TO_CHAT, .n_to = 1, .go_on = CASES[i].go_on},
                                 {.to = (char **)CASES[i].to, .n_to = 1}};
        if (CASES[i].first)
            assert_int_equal(hours_parse(CASES[i].first, &routes[0].hours, NULL), 0);
        if (CASES[i].second)
            assert_int_equal(hours_parse(CASES[i].second, &routes[1].hours, NULL), 0);
        const struct route_options o = with(routes, 2);
        struct reach got = route_for(&o, KIND_POLL, RULE_POLL, LEVEL_CRITICAL, &CONTEXT_ROWS, NOON);
        if (got.now != CASES[i].now || got.later != CASES[i].later)
            fail_msg("%s: now %d, later %d", CASES[i].why, (int)got.now, (int)got.later);
    }
}

static void hours_are_those_of_the_tenant_and_the_fallback_keeps_none(void **state)
{
    struct route route = {.match = {.tenant = (char *)"contoso"}, .to = TO_JOURNAL, .n_to = 1};
    const struct route_options o = with(&route, 1);
    struct alert_context there = CONTEXT_ROWS;
    (void)state;
    assert_int_equal(hours_parse("Sun 14:00-15:00", &route.hours, NULL), 0);
    there.utc_offset = 2 * 3600;
    assert_int_equal(route_for(&o, KIND_POLL, RULE_POLL, LEVEL_WARNING, &there, NOON).now, JOURNAL);
    there.utc_offset = 0;
    assert_int_equal(route_for(&o, KIND_POLL, RULE_POLL, LEVEL_WARNING, &there, NOON).now, 0);
    there.tenant_name = (char *)"fabrikam";
    there.tenant_id = (char *)"other";
    assert_int_equal(route_for(&o, KIND_POLL, RULE_POLL, LEVEL_WARNING, &there, NOON).now, JOURNAL);
}

static void what_stops_receivers_reaches_somebody_else(void **state)
{
    static const struct {
        const char *receivers;
        char **to, **fallback;
        receiver_set want;
    } CASES[] = {
        {NULL, TO_CHAT, TO_JOURNAL, CHAT},
        {"chat", TO_CHAT, TO_JOURNAL, CHAT | JOURNAL},
        {"chat", TO_PAGER, TO_JOURNAL, PAGER},
        {"mail\nchat", TO_CHAT, TO_JOURNAL, CHAT | JOURNAL},
        {"chats", TO_CHAT, TO_JOURNAL, CHAT},
        {"chat", TO_CHAT, TO_CHAT, CHAT | JOURNAL | PAGER}, /* the fallback stops, too */
        {"chat\njournal\npager", TO_CHAT, TO_JOURNAL, CHAT}, /* there is nobody else */
    };
    struct alert_context f = {0};
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct route route = {.to = CASES[i].to, .n_to = 1};
        struct route_options o = with(&route, 1);
        o.fallback = CASES[i].fallback;
        f.receivers = (char *)CASES[i].receivers;
        receiver_set now = route_for(&o, KIND_CREDENTIAL, RULE_CREDENTIAL, LEVEL_WARNING, &f, NOON).now;
        if (now != CASES[i].want)
            fail_msg("case %zu: %llx", i, (unsigned long long)now);
    }
    struct route only = {.to = TO_CHAT, .n_to = 1};
    const struct route_options o = with(&only, 1);
    assert_int_equal(hours_parse("Mon 07:00-19:00", &only.hours, NULL), 0); /* NOON is a Sunday */
    f.receivers = (char *)"chat";
    struct reach reach = route_for(&o, KIND_CREDENTIAL, RULE_CREDENTIAL, LEVEL_WARNING, &f, NOON);
    assert_true(reach.now == JOURNAL && reach.later == CHAT);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(a_receiver_is_known_by_its_name),
        cmocka_unit_test(without_routes_all_receivers_are_notified),
        cmocka_unit_test(a_route_matches_by_every_key),
        cmocka_unit_test(the_first_match_ends_the_search_unless_it_goes_on),
        cmocka_unit_test(severity_info_takes_only_routes_that_name_it),
        cmocka_unit_test(severity_info_reaches_no_pager_and_stops_at_the_first_match),
        cmocka_unit_test(empty_route_is_accepted),
        cmocka_unit_test(an_alert_about_a_receiver_never_goes_to_it),
        cmocka_unit_test(what_stops_receivers_reaches_somebody_else),
        cmocka_unit_test(a_storm_is_told_to_its_pager_and_nobody_else),
        cmocka_unit_test(unmatched_alerts_go_to_the_fallback),
        cmocka_unit_test(route_outside_its_hours_defers),
        cmocka_unit_test(hours_are_those_of_the_tenant_and_the_fallback_keeps_none),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
