/* SPDX-License-Identifier: MIT */
/* The reasons why an alert is, or is not, notified. */
#include "alerts/why.h"
#include "fixtures/observations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct receiver_traits CHAT = {.name = (char *)"chat", .wants_reminders = true};

struct desk { /* what explains, beside the engine */
    struct engine_fixture d;
    struct threshold threshold[RULE_COUNT_];
    struct rule_options rules;
    enum ignore ignore;
    struct why reasons, next;
};

static int setup(void **state)
{
    static struct desk k;
    k = (struct desk){0};
    engine_open(&k.d);
    k.d.routes.receiver = &CHAT;
    k.d.routes.n_receivers = 1;
    k.d.options.repeat.every[LEVEL_CRITICAL] = HOURS(4);
    k.d.options.repeat.growth = 2;
    k.d.options.repeat.cap = 7 * USEC_PER_DAY;
    k.threshold[RULE_USAGE].limit[LEVEL_WARNING] = (struct limit){.on = true, .value = 9000, .line = 12};
    k.threshold[RULE_USAGE].min_units = 25;
    k.threshold[RULE_REMAINING].limit[LEVEL_WARNING] = (struct limit){.on = true};
    k.threshold[RULE_WAITING].line = 30;
    *state = &k;
    return 0;
}

static int teardown(void **state)
{
    struct desk *k = *state;
    why_clear(&k->reasons);
    why_clear(&k->next);
    engine_close(&k->d);
    return 0;
}

/* Explains `s`, the last observation of pool-a, which is freed. */
static void explain(struct desk *k, struct observation *s)
{
    const struct plan_context ctx = engine_context(&k->d);
    const struct why_case c = {.ctx = &ctx,
                               .registry = k->d.registry,
                               .rules = &k->rules,
                               .threshold = k->threshold,
                               .ignore = k->ignore,
                               .ignore_line = k->ignore ? 77 : 0,
                               .observation = s,
                               .alert = engine_alert(&k->d, KIND_CAPACITY, "pool-a")};
    why_clear(&k->reasons);
    why_clear(&k->next);
    assert_int_equal(why_reasons(&c, &k->reasons), 0);
    assert_int_equal(why_next(&c, &k->next), 0);
    if (s)
        observation_clear(s);
}

static const struct why_reason *find(const struct why *w, const char *word, const char *part)
{
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(why_name(w->reason[i].word), word) == 0 && strstr(w->reason[i].text, part))
            return &w->reason[i];
    return NULL;
}

static void expect(const struct why *w, const char *word, const char *part, int line)
{
    const struct why_reason *found = find(w, word, part);
    for (size_t i = 0; !found && i < w->n; i++)
        print_message("%s: %s\n", why_name(w->reason[i].word), w->reason[i].text);
    if (!found)
        fail_msg("there is no reason %s with \"%s\"", word, part);
    if (found->line != line)
        fail_msg("%s: line %d, not %d", found->text, found->line, line);
}

/* A poll five minutes later, whose observation is then explained. */
static void poll_and_explain(struct desk *k, const struct pool_spec *p)
{
    struct observation s = a_pool(p);
    engine_pass(&k->d, MINUTES(5));
    (void)POLL(&k->d, a_pool(p));
    explain(k, &s);
}

static void a_pool_below_its_limits_has_value_and_limit_of_each_rule(void **state)
{
    struct desk *k = *state;
    poll_and_explain(k, &(struct pool_spec){.allotted = 100, .consumed = 50});
    expect(&k->reasons, "limit", "usage: 50 %; warning from 90 %", 12);
    expect(&k->reasons, "limit", "remaining: 50 units; warning at 0 units or less", 0);
    expect(&k->reasons, "limit", "waiting: 0 members", 30);
}

static void a_rule_that_is_off_or_does_not_apply_says_so(void **state)
{
    struct desk *k = *state;
    poll_and_explain(k, &(struct pool_spec){.allotted = 10, .consumed = 9, .no_usage = true});
    expect(&k->reasons, "min_units", "the pool has 10 units, fewer than min_units = 25", 0);
    k->threshold[RULE_USAGE] = (struct threshold){.off = true, .line = 14};
    poll_and_explain(k, &(struct pool_spec){.allotted = 10, .consumed = 9, .no_usage = true});
    expect(&k->reasons, "off", "usage", 14);
}

static void a_limit_that_was_not_reached_for_long_enough_says_how_long(void **state)
{
    struct desk *k = *state;
    const struct pool_spec p = {.allotted = 100, .consumed = 95, .hold_for = MINUTES(15), .min_samples = 2};
    k->threshold[RULE_USAGE].line = 11;
    poll_and_explain(k, &p);
    poll_and_explain(k, &p);
    expect(&k->reasons, "for", "usage: 95 % reaches the limit of severity warning, for 5 min of 15 min (for) and in 2 of 2 polls", 11);
    expect(&k->next, "fires", "usage warning fires when it stays beyond the limit for 10 min more", 11);
    poll_and_explain(k, &(struct pool_spec){.allotted = 100, .consumed = 50});
    poll_and_explain(k, &(struct pool_spec){.allotted = 100, .consumed = 95, .min_samples = 3});
    expect(&k->reasons, "min_samples", "1 of 3 polls", 11);
}

static void pools_with_room_beside_them_say_so(void **state)
{
    struct desk *k = *state;
    struct observation s = A_POOL(.allotted = 100, .consumed = 50);
    s.context->siblings_free = 120;
    explain(k, &s);
    expect(&k->reasons, "scope", "usage: 50 %, but the other pools of the SKU have 120 units free", 0);
    k->rules.scope = SCOPE_SKU;
    s = A_POOL(.allotted = 100, .consumed = 50);
    free(s.context->allotment_id);
    s.context->allotment_id = NULL;
    explain(k, &s);
    expect(&k->reasons, "scope", "judged together", 0);
}

static void what_the_configuration_keeps_silent_says_so(void **state)
{
    struct desk *k = *state;
    struct observation s = A_POOL(.allotted = 100, .consumed = 100, .silent = true);
    explain(k, &s);
    expect(&k->reasons, "free", "its subscriptions are trials (watch_free_skus = false)", 0);
    s = A_POOL(.allotted = 100, .consumed = 100, .silent = true);
    free(s.context->sku_part_number);
    s.context->sku_part_number = strdup("FLOW_FREE");
    free(s.context->sku_id);
    s.context->sku_id = NULL;
    explain(k, &s);
    expect(&k->reasons, "free", "the product costs nothing", 0);
    k->ignore = IGNORE_ALERTS;
    s = A_POOL(.allotted = 100, .consumed = 100, .silent = true);
    explain(k, &s);
    expect(&k->reasons, "ignore", "ignore = \"alerts\"", 77);
    k->ignore = IGNORE_ALL;
    explain(k, NULL);
    expect(&k->reasons, "ignore", "ignore = \"all\"", 77);
    assert_int_equal(k->reasons.n, 1);
}

static void unknown_data_is_a_reason(void **state)
{
    struct desk *k = *state;
    explain(k, NULL);
    expect(&k->reasons, "unknown", "no usable list", 0);
    poll_and_explain(k, &(struct pool_spec){.allotted = HIDDEN, .consumed = HIDDEN});
    expect(&k->reasons, "unknown", "usage: the last poll did not read this", 0);
    poll_and_explain(k, &(struct pool_spec){.allotted = 100, .consumed = 5, .waiting = HIDDEN, .not_offered = true});
    expect(&k->reasons, "unknown", "waiting: the last poll has a source that does not offer this", 0);
}

static const struct pool_spec FULL = {.allotted = 100, .consumed = 101};

static void a_silence_and_an_acknowledgement_say_by_whom_and_until_when(void **state)
{
    struct desk *k = *state;
    struct silence s = {.id = (char *)"s-1",
                        .author = (char *)"al\x1b" "ice",
                        .comment = (char *)"move",
                        .match = {.tenant = (char *)"contoso"},
                        .created = k->d.now,
                        .start_at = k->d.now.at,
                        .end_at = k->d.now.at + HOURS(2)};
    k->d.silences = (struct silences){&s, 1};
    poll_and_explain(k, &FULL);
    expect(&k->reasons, "silence", "silence s-1 by al\\u{1b}ice: move, until 04:00 UTC", 0);
    expect(&k->next, "silence_ends", "the silence ends at 04:00 UTC", 0);
    const struct alert *a = engine_alert(&k->d, KIND_CAPACITY, "pool-a");
    s.alert_id = strdup(a->id);
    s.episode = a->episode;
    poll_and_explain(k, &FULL);
    expect(&k->reasons, "acknowledgement", "acknowledgement s-1", 0);
    free(s.alert_id);
    s.alert_id = NULL;
    s.created = (struct instant){0};
    k->d.silences.n = 0;
    k->d.maintenance = (struct silences){&s, 1};
    poll_and_explain(k, &FULL);
    expect(&k->reasons, "silence", "maintenance s-1", 0);
}

static void what_the_first_digest_has_says_so(void **state)
{
    struct desk *k = *state;
    k->d.first_run = true;
    poll_and_explain(k, &FULL);
    expect(&k->reasons, "baseline", "the digest of the first poll has it", 0);
    assert_null(find(&k->reasons, "notified", ""));
}

static void an_alert_that_was_notified_says_so_and_when_it_is_repeated(void **state)
{
    struct desk *k = *state;
    poll_and_explain(k, &FULL);
    expect(&k->reasons, "notified", "it was notified as critical (remaining)", 0);
    expect(&k->next, "reminder", "a reminder is due at 06:05 UTC", 0);
    assert_null(find(&k->reasons, "silence", ""));
    assert_null(find(&k->reasons, "route", ""));
}

static void an_alert_that_clears_says_when_it_ends(void **state)
{
    struct desk *k = *state;
    const struct pool_spec clear = {.allotted = 100, .consumed = 1, .keep_firing_for = MINUTES(10), .min_samples = 2};
    poll_and_explain(k, &FULL);
    poll_and_explain(k, &clear);
    expect(&k->next, "resolves", "remaining critical ends when it stays clear for 10 min more", 0);
}

static void an_alert_that_flaps_says_so(void **state)
{
    struct desk *k = *state;
    k->d.options.flap = (struct flap_options){.pairs = 2, .within = HOURS(6), .quiet = HOURS(1)};
    for (int i = 0; i < 3; i++) {
        poll_and_explain(k, &(struct pool_spec){.allotted = 100, .consumed = 1});
        poll_and_explain(k, &FULL);
    }
    expect(&k->reasons, "flapping", "has not changed for 1 h", 0);
}

static void alerts_without_a_receiver_say_so(void **state)
{
    struct desk *k = *state;
    k->d.routes.n_receivers = 0;
    poll_and_explain(k, &FULL);
    expect(&k->reasons, "route", "no receiver gets it", 0);
}

static void a_route_outside_its_hours_says_when_they_begin(void **state)
{
    struct desk *k = *state;
    char *to[] = {(char *)"chat"};
    struct route route = {.to = to, .n_to = 1, .line = 40};
    assert_int_equal(hours_parse("Mon-Fri 07:00-19:00", &route.hours, NULL), 0);
    k->d.routes.route = &route;
    k->d.routes.n_routes = 1;
    poll_and_explain(k, &FULL); /* on a Sunday */
    expect(&k->reasons, "hours", "chat: outside the hours of its route (Mon-Fri 07:00-19:00), which begin at 2026-11-23 07:00 UTC", 40);
}

static void an_alert_that_its_subscription_explains_says_so(void **state)
{
    struct desk *k = *state;
    const struct pool_spec ended = {.allotted = 100, .consumed = 101, .explained = true, .subscription = "sub-1"};
    struct observation s = a_pool(&ended);
    engine_pass(&k->d, MINUTES(5));
    (void)POLL(&k->d, A_SUBSCRIPTION(.subject = "sub-1", .level = LEVEL_CRITICAL, .keep = LEVEL_CRITICAL, .value = -1,
                                     .state = "suspended"),
               a_pool(&ended));
    explain(k, &s);
    expect(&k->reasons, "explained", "no subscription of the pool is in force", 0);
}

static void a_pool_that_only_another_source_lists_says_so(void **state)
{
    struct desk *k = *state;
    poll_and_explain(k, &FULL);
    poll_and_explain(k, &(struct pool_spec){.allotted = 100, .consumed = 101, .former = true});
    expect(&k->reasons, "former", "only another source lists the pool", 0);
}

static void the_next_opening_of_hours_is_found(void **state)
{
    static const struct {
        const char *hours;
        int32_t offset;
        usec_t after; /* T0, a Sunday at 02:00 UTC */
    } CASES[] = {
        {"Mon-Sun 00:00-24:00", 0, 0},
        {"Sun 02:30-03:00", 0, MINUTES(30)},
        {"Mon 07:00-19:00", 0, HOURS(29)},
        {"Mon 07:00-19:00", 3600, HOURS(28)},
        {"Sun 01:00-02:00", 0, HOURS(167)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct hours h;
        assert_int_equal(hours_parse(CASES[i].hours, &h, NULL), 0);
        if (hours_opening(&h, T0, CASES[i].offset) != T0 + CASES[i].after)
            fail_msg("%s", CASES[i].hours);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pool_below_its_limits_has_value_and_limit_of_each_rule),
        TEST(a_rule_that_is_off_or_does_not_apply_says_so),
        TEST(a_limit_that_was_not_reached_for_long_enough_says_how_long),
        TEST(pools_with_room_beside_them_say_so),
        TEST(what_the_configuration_keeps_silent_says_so),
        TEST(unknown_data_is_a_reason),
        TEST(a_silence_and_an_acknowledgement_say_by_whom_and_until_when),
        TEST(what_the_first_digest_has_says_so),
        TEST(an_alert_that_was_notified_says_so_and_when_it_is_repeated),
        TEST(an_alert_that_clears_says_when_it_ends),
        TEST(an_alert_that_flaps_says_so),
        TEST(alerts_without_a_receiver_say_so),
        TEST(a_route_outside_its_hours_says_when_they_begin),
        TEST(an_alert_that_its_subscription_explains_says_so),
        TEST(a_pool_that_only_another_source_lists_says_so),
        cmocka_unit_test(the_next_opening_of_hours_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
