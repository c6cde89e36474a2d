/* SPDX-License-Identifier: MIT */
/* After a change of source: alerts about pools that only the other one lists. */
#include "fixtures/observations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define OLD "sku:" SKU_E5 /* of the older source */

static int setup(void **state)
{
    static struct engine_fixture d;
    engine_open(&d);
    *state = &d;
    return 0;
}
static int teardown(void **state)
{
    engine_close(*state);
    return 0;
}

static const struct alert *old_alert(const struct engine_fixture *d)
{
    return engine_alert(d, KIND_CAPACITY, OLD);
}

static void former_alert_ends_when_its_sku_is_clear(void **state)
{
    struct engine_fixture *d = *state;
    d->options.repeat.every[LEVEL_CRITICAL] = HOURS(1);
    assert_string_equal(POLL(d, A_POOL(.id = OLD, .allotted = 100, .consumed = 101, .waiting = HIDDEN,
                                       .not_offered = true, .keep_firing_for = MINUTES(10), .min_samples = 1)),
                        "firing critical remaining");
    engine_pass(d, MINUTES(5));
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 50),
                             A_POOL(.id = OLD, .former = true, .allotted = 100, .consumed = 50,
                                    .keep_firing_for = MINUTES(10), .min_samples = 2)),
                        "resolved critical remaining");
    const struct notification *n = engine_notification(d, 0);
    assert_string_equal(n->reason, "source_changed");
    assert_string_equal(n->title, "contoso: no longer reported after 5 min: Microsoft 365 E5 is within the "
                                  "limits according to the current source");
    assert_non_null(strstr(n->description, "101 of 100 units were in use"));
    assert_non_null(strstr(n->description, "now polled through another source"));
    assert_int_equal(old_alert(d)->state, ALERT_OK);
    assert_int_equal(old_alert(d)->level, LEVEL_NONE);
}

static void former_alert_stays_while_one_rule_is_raised(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.id = OLD, .allotted = 100, .consumed = 101));
    d->first_run = true;
    (void)POLL(d, A_POOL(.id = OLD, .former = true, .allotted = 100, .consumed = 95));
    assert_int_equal(old_alert(d)->level, LEVEL_CRITICAL);
    assert_int_equal(old_alert(d)->value, -1);
    assert_string_equal(POLL(d, A_POOL(.id = OLD, .former = true, .allotted = HIDDEN, .consumed = HIDDEN)), "");
    assert_string_equal(POLL(d, A_POOL(.id = OLD, .former = true, .allotted = 100, .consumed = 10, .waiting = HIDDEN)), "");
    assert_string_equal(POLL(d, A_POOL(.id = OLD, .former = true, .allotted = 100, .consumed = 10)),
                        "resolved critical remaining");
}

static void unknown_former_alert_ends_after_a_week(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 50, .waiting = 3));
    assert_string_equal(POLL(d, A_POOL(.former = true, .allotted = 100, .consumed = 50, .waiting = HIDDEN, .not_offered = true)), "");
    assert_string_equal(POLL(d, A_POOL(.former = true, .expired = true, .allotted = 100, .consumed = 95,
                                       .waiting = HIDDEN, .not_offered = true)),
                        "resolved warning waiting");
    assert_string_equal(engine_notification(d, 0)->reason, "gone_for_good");
}

static void raised_former_alert_stays_after_a_week(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.allotted = 100, .consumed = 95));
    assert_string_equal(POLL(d, A_POOL(.former = true, .expired = true, .allotted = 100, .consumed = 95)), "");
    assert_int_equal(engine_alert(d, KIND_CAPACITY, "pool-a")->state, ALERT_FIRING);
}

static void former_alert_has_no_reminders(void **state)
{
    struct engine_fixture *d = *state;
    d->options.repeat.every[LEVEL_CRITICAL] = HOURS(1);
    d->options.repeat.growth = 1;
    static struct receiver_traits chat = {.name = (char *)"chat", .wants_reminders = true};
    d->routes = (struct route_options){.receiver = &chat, .n_receivers = 1};
    assert_string_equal(POLL(d, A_POOL(.id = OLD, .allotted = 100, .consumed = 101)), "firing critical remaining");
    engine_pass(d, HOURS(2));
    assert_string_equal(engine_remind(d), "reminder critical remaining");
    (void)POLL(d, A_POOL(.id = OLD, .former = true, .allotted = 100, .consumed = 101));
    for (int i = 0; i < 3; i++) {
        engine_pass(d, HOURS(2));
        assert_string_equal(engine_remind(d), "");
        (void)POLL(d, A_POOL(.id = OLD, .former = true, .allotted = HIDDEN, .consumed = HIDDEN, .waiting = HIDDEN));
    }
    (void)POLL(d, A_POOL(.id = OLD, .allotted = 100, .consumed = 101));
    engine_pass(d, HOURS(2));
    assert_int_equal(old_alert(d)->state, ALERT_FIRING);
    assert_int_not_equal(old_alert(d)->reminder_at, 0);
}

/* Both pools have the SKU E5. */
static void successor_of_notified_alert_is_notified(void **state)
{
    struct engine_fixture *d = *state;
    (void)POLL(d, A_POOL(.id = OLD, .allotted = 100, .consumed = 95));
    d->first_run = true;
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 95),
                             A_POOL(.id = OLD, .former = true, .allotted = 100, .consumed = 95)),
                        "firing warning usage");
    assert_string_equal(engine_notification(d, 0)->context->allotment_id, "pool-a");
    d->first_run = false;
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 10),
                             A_POOL(.id = OLD, .former = true, .allotted = 100, .consumed = 10)),
                        "resolved warning usage; resolved warning usage");
}

static void successor_of_digest_alert_fires(void **state)
{
    struct engine_fixture *d = *state;
    d->first_run = true;
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 95)), "digest 1");
    d->first_run = false;
    (void)POLL(d, A_POOL(.id = OLD, .allotted = 100, .consumed = 95));
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 95),
                             A_POOL(.id = OLD, .former = true, .allotted = 100, .consumed = 95)),
                        "firing warning usage");
}

static void unnotified_alert_stays_in_the_digest(void **state)
{
    struct engine_fixture *d = *state;
    d->first_run = true;
    assert_string_equal(POLL(d, A_POOL(.id = OLD, .allotted = 100, .consumed = 95)), "digest 1");
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 95),
                             A_POOL(.id = OLD, .former = true, .allotted = 100, .consumed = 95)),
                        "digest 1");
    d->first_run = false;
    assert_string_equal(POLL(d, A_POOL(.allotted = 100, .consumed = 10),
                             A_POOL(.id = OLD, .former = true, .allotted = 100, .consumed = 10)),
                        "");
    assert_int_equal(old_alert(d)->state, ALERT_OK);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        TEST(former_alert_ends_when_its_sku_is_clear),
        TEST(former_alert_stays_while_one_rule_is_raised),
        TEST(unknown_former_alert_ends_after_a_week),
        TEST(raised_former_alert_stays_after_a_week),
        TEST(former_alert_has_no_reminders),
        TEST(successor_of_notified_alert_is_notified),
        TEST(successor_of_digest_alert_fires),
        TEST(unnotified_alert_stays_in_the_digest),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
