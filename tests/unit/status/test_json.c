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
    assert_int_equal(status_json(s, &text), 0);
    assert_string_equal(text, want);
}

static void every_member_is_written_from_its_value(void **state)
{
    struct example e;
    (void)state;
    example_fill(&e);
    e.status.n_tenants = 2; /* the second is disabled */
    e.status.n_alerts = 1;
    e.status.pending = 5;
    e.status.parked = 1;
    expect(
        &e.status,
        "{\"version\":\"1.2.3\",\"started_at\":\"2026-11-22T01:00:00Z\",\"duration_ms\":812,"
        "\"tenants\":[{\"name\":\"contoso\",\"source\":\"cloud_licensing\",\"complete\":true,"
        "\"error\":null,"
        "\"allotments\":3,\"allotted_units\":550,\"consumed_units\":481,\"waiting_members\":4,"
        "\"oldest_waiting_since\":\"2026-11-21T01:00:00Z\",\"assignment_errors\":2,\"skus\":2,"
        "\"requests\":3,"
        "\"bytes_received\":18234,\"duration_ms\":790}],"
        "\"pools\":[{\"tenant\":\"contoso\",\"allotment_id\":\"p1\",\"name\":\"CSP "
        "pool\",\"sku_id\":\"06eb\","
        "\"sku_part_number\":\"SPE_E5\",\"sku_name\":\"Microsoft 365 E5\",\"allotted_units\":100,"
        "\"consumed_units\":96,\"free_units\":4,\"waiting_members\":26,"
        "\"oldest_waiting_since\":\"2026-11-22T01:00:00Z\",\"level\":\"critical\"}],"
        "\"alerts\":[{\"alert_id\":\"a1\",\"episode\":7,\"state\":\"firing\",\"severity\":"
        "\"critical\","
        "\"rule\":\"usage\",\"tenant\":\"contoso\",\"sku_part_number\":\"SPE_E5\",\"allotment_id\":"
        "\"p1\","
        "\"value\":96.4,\"threshold\":95.0,\"unit\":\"percent\",\"since\":\"2026-11-22T01:00:00Z\","
        "\"summary\":\"a summary\",\"next_step\":\"Order 5 units.\",\"notified\":true}],"
        "\"deliveries\":{\"delivered\":2,\"pending\":5,\"failed\":1}}");
}

static void unknown_is_null_and_never_0(void **state)
{
    struct status_tenant tenant = {
        .name = "t", .enabled = true, .error = "no answer", .totals = NOTHING_KNOWN};
    struct status_pool pool = {"t",
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
    struct status_alert alert = {.id = "a",
                                 .value = NUMBER_UNKNOWN,
                                 .threshold = NUMBER_UNKNOWN,
                                 .level = LEVEL_WARNING,
                                 .rule = RULE_WAITING,
                                 .unit = UNIT_MEMBERS};
    (void)state;
    expect(
        &(struct status){.pending = NUMBER_UNKNOWN,
                         .parked = NUMBER_UNKNOWN,
                         .tenant = &tenant,
                         .n_tenants = 1,
                         .pool = &pool,
                         .n_pools = 1,
                         .alert = &alert,
                         .n_alerts = 1},
        "{\"version\":null,\"started_at\":null,\"duration_ms\":0,"
        "\"tenants\":[{\"name\":\"t\",\"source\":null,\"complete\":false,\"error\":\"no answer\","
        "\"allotments\":null,\"allotted_units\":null,\"consumed_units\":null,\"waiting_members\":"
        "null,"
        "\"oldest_waiting_since\":null,\"assignment_errors\":null,\"skus\":null,\"requests\":0,"
        "\"bytes_received\":0,\"duration_ms\":0}],"
        "\"pools\":[{\"tenant\":\"t\",\"allotment_id\":\"p\",\"name\":null,\"sku_id\":null,"
        "\"sku_part_number\":null,\"sku_name\":null,\"allotted_units\":null,\"consumed_units\":"
        "null,"
        "\"free_units\":null,\"waiting_members\":null,\"oldest_waiting_since\":null,\"level\":null}"
        "],"
        "\"alerts\":[{\"alert_id\":\"a\",\"episode\":0,\"state\":\"pending\",\"severity\":"
        "\"warning\","
        "\"rule\":\"waiting\",\"tenant\":null,\"sku_part_number\":null,\"allotment_id\":null,"
        "\"value\":null,"
        "\"threshold\":null,\"unit\":\"members\",\"since\":null,\"summary\":null,\"next_step\":"
        "null,"
        "\"notified\":false}],"
        "\"deliveries\":{\"delivered\":0,\"pending\":null,\"failed\":null}}");
}

static void foreign_text_is_cleaned(void **state)
{
    struct status_tenant tenant = {.name = "a\xe2\x80\xae"
                                           "b\n",
                                   .enabled = true,
                                   .totals = NOTHING_KNOWN};
    CLEANUP(free) char *text = NULL;
    (void)state;
    assert_int_equal(status_json(&(struct status){.tenant = &tenant, .n_tenants = 1}, &text), 0);
    assert_non_null(strstr(text, "\"name\":\"a\\\\u{202e}b\\n\""));
}

static void pending_firing_and_resolved_alerts_are_listed(void **state)
{
    static const char *const WANT[] = {"\"state\":\"firing\"", "\"state\":\"pending\"",
                                       "\"state\":\"resolved\""};
    struct example e;
    CLEANUP(free) char *text = NULL;
    (void)state;
    example_fill(&e);
    assert_int_equal(status_json(&e.status, &text), 0);
    for (size_t i = 0; i < N_ELEMENTS(WANT); i++)
        assert_non_null(strstr(text, WANT[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_is_written_from_its_value),
        cmocka_unit_test(unknown_is_null_and_never_0),
        cmocka_unit_test(foreign_text_is_cleaned),
        cmocka_unit_test(pending_firing_and_resolved_alerts_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
