/* SPDX-License-Identifier: MIT */
/* Counts the copies of a context between an observation, the stored alert and its notifications. */
#include "fixtures/observations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static size_t n_copies;
int __real_context_copy(const struct alert_context *src, struct alert_context **ret);
int __wrap_context_copy(const struct alert_context *src,
                      struct alert_context **ret); /* linked with --wrap */
int __wrap_context_copy(const struct alert_context *src, struct alert_context **ret)
{
    n_copies++;
    return __real_context_copy(src, ret);
}

static void expect(const char *notified, const char *want_said, size_t want_copies)
{
    assert_string_equal(notified, want_said);
    if (n_copies != want_copies)
        fail_msg("\"%s\": %zu copies, want %zu", notified, n_copies, want_copies);
    n_copies = 0;
}

static struct observation full(int64_t waiting)
{
    return A_POOL(.allotted = 100, .consumed = 100, .waiting = waiting, .oldest_at = T0);
}

/* Two receivers; only one of them gets warnings, so that their digests differ. */
static void open_engine(struct engine_fixture *d)
{
    static char *both[] = {(char *)"journal", (char *)"chat"};
    static struct receiver_traits receivers[] = {{.name = (char *)"journal", .wants_reminders = true},
                                                 {.name = (char *)"chat", .wants_reminders = true}};
    static struct route routes[] = {
        {.match = {.severity = (char *)"critical"}, .to = both, .n_to = 2},
        {.to = both, .n_to = 1}};
    engine_open(d);
    d->routes = (struct route_options){
        .receiver = receivers, .n_receivers = 2, .route = routes, .n_routes = 2};
    d->options.repeat.every[LEVEL_CRITICAL] = HOURS(1);
    d->options.repeat.growth = 1;
}

static void alert_and_notifications_share_the_facts_of_the_observation(void **state)
{
    struct engine_fixture d;
    (void)state;
    open_engine(&d);
    expect(POLL(&d, full(5)), "firing warning waiting", 0);
    expect(POLL(&d, full(30)), "escalated critical waiting", 0);
    expect(POLL(&d, full(30)), "", 0);
    engine_pass(&d, HOURS(1));
    expect(engine_remind(&d), "reminder critical waiting", 0);
    expect(POLL(&d, A_POOL(.allotted = 100)), "resolved critical waiting", 0);
    engine_close(&d);
}

/* Numbers that a level rests on are carried from the last context: they are written into a copy. */
static void context_that_lack_a_number_are_copied_once(void **state)
{
    struct engine_fixture d;
    (void)state;
    open_engine(&d);
    expect(POLL(&d, full(5)), "firing warning waiting", 0);
    expect(POLL(&d, full(HIDDEN)), "", 1);
    assert_int_equal(engine_alert(&d, KIND_CAPACITY, "pool-a")->context->waiting, 5);
    expect(POLL(&d, A_POLL(.level = LEVEL_WARNING, .cause = CAUSE_AUTH)), "firing warning poll", 0);
    expect(POLL(&d, A_POLL(.level = LEVEL_CRITICAL, .cause = CAUSE_AUTH)), "escalated critical poll", 0);
    engine_close(&d);
}

static void the_digests_of_two_receivers_share_the_context(void **state)
{
    struct engine_fixture d;
    (void)state;
    open_engine(&d);
    d.first_run = true;
    expect(POLL(&d, A_POOL(.id = "a", .allotted = 100, .consumed = 100),
                A_POOL(.id = "b", .allotted = 10, .consumed = 11)),
           "digest 2; digest 1", 0);
    engine_close(&d);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(alert_and_notifications_share_the_facts_of_the_observation),
        cmocka_unit_test(context_that_lack_a_number_are_copied_once),
        cmocka_unit_test(the_digests_of_two_receivers_share_the_context),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
