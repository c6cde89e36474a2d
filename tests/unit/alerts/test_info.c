/* SPDX-License-Identifier: MIT */
/* Events of severity info: their texts and receivers, and that they leave no alert behind. */
#include "alerts/alerts.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define NOW (UINT64_C(1795348800) * USEC_PER_SEC) /* 2026-11-22T12:00:00Z */

static char *text_of(const char *s)
{
    char *copy = NULL;
    assert_int_equal(text_copy(s, &copy), 0);
    return copy;
}

static void add_info(struct observations *o, enum cause cause, int64_t value, int64_t former)
{
    struct info *grown = reallocarray(o->info, o->n_infos + 1, sizeof *grown);
    assert_non_null(grown);
    o->info = grown;
    struct info *info = &o->info[o->n_infos++];
    *info = (struct info){.kind = KIND_INVENTORY, .rule = RULE_INVENTORY, .value = value};
    assert_int_equal(context_new(&info->context), 0);
    struct alert_context *f = info->context;
    f->observed_at = NOW - USEC_PER_SEC;
    f->tenant_name = text_of("contoso");
    f->tenant_id = text_of("tid");
    f->sku_name = text_of("Visio Plan 2");
    f->allotment_id = text_of("pool-b");
    f->allotment_name = text_of("pool 2 of 2, 50 units, since 2026-11-22");
    f->cause = cause;
    f->reference = former;
    f->allotted = former != NUMBER_UNKNOWN ? former + value : value;
    f->consumed = value != NUMBER_UNKNOWN ? 3 : NUMBER_UNKNOWN;
}

static struct changes *planned(const struct observations *o, bool state_lost)
{
    static struct receiver_traits receivers[] = {{.name = (char *)"journal", .info = INFO_ALWAYS},
                                                 {.name = (char *)"chat"}};
    static const struct route_options routes = {.receiver = receivers, .n_receivers = 2};
    static const struct alert_options options = {0};
    const struct plan_context ctx = {.options = &options,
                                     .routes = &routes,
                                     .now = {NOW, USEC_PER_HOUR, 1},
                                     .outage_tolerance = USEC_PER_HOUR,
                                     .tenant_id = "tid",
                                     .tenant_name = "contoso",
                                     .state_lost = state_lost,
                                     .complete_list = true};
    CLEANUP(registry_free) struct alert_registry *registry = NULL;
    struct changes *c = NULL;
    assert_int_equal(registry_new(&registry), 0);
    assert_int_equal(alerts_plan(&ctx, registry, o, &c, NULL), 0);
    return c;
}

static void each_change_has_its_words(void **state)
{
    static const struct {
        enum cause cause;
        int64_t value, former;
        const char *title;
    } CASES[] = {
        {CAUSE_SKU_NEW, 50, NUMBER_UNKNOWN, "contoso: Visio Plan 2 (pool 2 of 2): new product, 50 units"},
        {CAUSE_POOL_NEW, 1, NUMBER_UNKNOWN, "contoso: Visio Plan 2 (pool 2 of 2): new pool, 1 unit"},
        {CAUSE_POOL_NEW, NUMBER_UNKNOWN, NUMBER_UNKNOWN, "contoso: Visio Plan 2 (pool 2 of 2): new pool"},
        {CAUSE_TRIAL_BEGAN, 25, NUMBER_UNKNOWN, "contoso: Visio Plan 2 (pool 2 of 2): a trial began, 25 units"},
        {CAUSE_TRIAL_BEGAN, 25, 100,
         "contoso: Visio Plan 2 (pool 2 of 2): a trial began, 25 more units, from 100 to 125"},
        {CAUSE_CAPACITY_ROSE, 20, 100,
         "contoso: Visio Plan 2 (pool 2 of 2): capacity rose by 20 units, from 100 to 120"},
    };
    CLEANUP(observations_free) struct observations *o = calloc(1, sizeof *o);
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        add_info(o, CASES[i].cause, CASES[i].value, CASES[i].former);
    CLEANUP(changes_free) struct changes *c = planned(o, false);
    assert_int_equal(c->n_events, N_ELEMENTS(CASES));
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        assert_string_equal(c->event[i].notification->title, CASES[i].title);
    const struct notification *n = c->event[5].notification;
    assert_string_equal(n->summary, "contoso: Visio Plan 2 (pool 2 of 2): capacity rose by 20 units, from 100 to 120 "
                                    "(inventory: 20 units)");
    assert_string_equal(n->description, "3 of 120 units are in use.\nRule inventory: 20 units.");
}

static void unused_units_are_named_with_the_date(void **state)
{
    CLEANUP(observations_free) struct observations *o = calloc(1, sizeof *o);
    (void)state;
    add_info(o, CAUSE_NONE, 40, 260);
    struct alert_context *f = o->info[0].context;
    o->info[0].kind = KIND_UNUSED;
    o->info[0].rule = RULE_UNUSED;
    f->unused_since_at = NOW - 30 * USEC_PER_DAY;
    f->subscription = calloc(1, sizeof *f->subscription);
    assert_non_null(f->subscription);
    f->n_subscriptions = 1;
    f->subscription[0] = (struct context_subscription){
        .id = text_of("s-1"), .start_date = DATE_UNKNOWN, .next_lifecycle_date = 20889}; /* 2027-03-12 */
    CLEANUP(changes_free) struct changes *c = planned(o, false);
    const struct notification *n = c->event[0].notification;
    assert_string_equal(n->title, "contoso: Visio Plan 2 (pool 2 of 2): cut 40 of 300 before 12 March");
    assert_string_equal(n->description,
                        "Since 2026-10-23 12:00 UTC, no more than 260 units were in use at the same time, waiting "
                        "members included.\nThe next date of the subscription is 2027-03-12.\n"
                        "Rule unused: 40 units.");
}

static void an_event_has_an_id_and_no_alert(void **state)
{
    CLEANUP(observations_free) struct observations *o = calloc(1, sizeof *o);
    (void)state;
    add_info(o, CAUSE_POOL_NEW, 50, NUMBER_UNKNOWN);
    CLEANUP(changes_free) struct changes *c = planned(o, false);
    assert_int_equal(c->n_events, 1);
    assert_int_equal(c->n_alerts, 0);
    assert_int_equal(c->event[0].to, 1);
    const struct notification *n = c->event[0].notification;
    assert_int_equal(n->type, EVENT_INFO);
    assert_int_equal(strlen(n->event_id), UUID_TEXT - 1);
    assert_string_equal(n->alert_id, "");
    assert_int_equal(n->level, LEVEL_NONE);
    assert_int_equal(n->started_at, 0);
    assert_int_equal(n->at, NOW);
    assert_int_equal(n->observed_at, NOW - USEC_PER_SEC);
}

/* The pools in the memory that is left may be a part of those that were known. */
static void after_a_loss_of_state_nothing_is_new(void **state)
{
    CLEANUP(observations_free) struct observations *o = calloc(1, sizeof *o);
    (void)state;
    add_info(o, CAUSE_POOL_NEW, 50, NUMBER_UNKNOWN);
    CLEANUP(changes_free) struct changes *c = planned(o, true);
    assert_int_equal(c->n_events, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_has_its_words),
        cmocka_unit_test(unused_units_are_named_with_the_date),
        cmocka_unit_test(an_event_has_an_id_and_no_alert),
        cmocka_unit_test(after_a_loss_of_state_nothing_is_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
