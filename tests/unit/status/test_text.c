/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/status/fixture.h"

static void expect(const struct status *s, const char *want)
{
    CLEANUP(free) char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    status_text(s, out);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, want);
}

static void tenants_pools_firing_alerts_and_events_are_written(void **state)
{
    struct example e;
    (void)state;
    example_fill(&e);
    e.status.dry_run = true;
    expect(
        &e.status,
        "contoso: 3 pools, 481 of 550 units consumed, 4 waiting, 2 assignment errors\n"
        "fabrikam: not polled completely: no answer\n"
        "pools:\n"
        "  contoso: p1, CSP pool, Microsoft 365 E5 (SPE_E5): 96 of 100 units consumed, 4 free, 26 "
        "waiting, critical\n"
        "open alerts:\n"
        "  critical: 96 % in use\n    Order 5 units.\n"
        "events:\n"
        "alert.resolved: resolved\n"
        "alert.digest: 2 alerts\n"
        "  96 % in use\n"
        "dry run: nothing was stored or sent\n");
}

static void unknown_numbers_are_left_out_and_never_0(void **state)
{
    struct status_tenant tenant[] = {
        {.name = "a",
         .enabled = true,
         .complete = true,
         .error = "disk full",
         .totals = NOTHING_KNOWN},
        {.name = "b", .enabled = true, .error = "no answer", .totals = NOTHING_KNOWN}};
    struct status_pool pool = {"a",
                               "p",
                               NULL,
                               NULL,
                               NULL,
                               NULL,
                               NUMBER_UNKNOWN,
                               NUMBER_UNKNOWN,
                               NUMBER_UNKNOWN,
                               NUMBER_UNKNOWN,
                               0,
                               NULL, 0, 0};
    (void)state;
    tenant[0].totals.allotments = 2;
    expect(&(struct status){.tenant = tenant, .n_tenants = 2, .pool = &pool, .n_pools = 1},
           "a: polled, but not recorded: disk full\n"
           "a: 2 pools\n"
           "b: not polled completely: no answer\n"
           "pools:\n"
           "  a: p, unknown product: units unknown, unknown\n"
           "open alerts:\n");
}

static void a_firing_alert_without_receiver_is_marked(void **state)
{
    struct status_alert alert = {.state = STATUS_FIRING,
                                 .level = LEVEL_WARNING,
                                 .title = "free product",
                                 .next_step = "None."};
    (void)state;
    expect(&(struct status){.alert = &alert, .n_alerts = 1},
           "pools:\nopen alerts:\n  warning: free product (not notified)\n    None.\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tenants_pools_firing_alerts_and_events_are_written),
        cmocka_unit_test(unknown_numbers_are_left_out_and_never_0),
        cmocka_unit_test(a_firing_alert_without_receiver_is_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
