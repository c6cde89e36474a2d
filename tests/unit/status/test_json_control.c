/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/status/fixture.h"

static void the_daemon_has_counts_and_no_problem(void **state)
{
    struct example e;
    CLEANUP(free) char *json = NULL;
    (void)state;
    example_fill(&e);
    assert_int_equal(status_json_daemon(&e.status, &json), 0);
    assert_string_equal(json, "{\"version\":\"1.2.3\",\"at\":\"2026-11-22T01:00:01Z\",\"started_at\":\"2026-11-22T01:00:00Z\","
                              "\"tenants\":{\"total\":3,\"enabled\":2,\"failing\":1,\"last_complete_at\":\"2026-11-22T01:00:00Z\"},"
                              "\"alerts\":{\"critical\":1,\"warning\":2},"
                              "\"deliveries\":{\"delivered\":2,\"pending\":0,\"failed\":0},"
                              "\"credential_expires_at\":null,\"problems\":[]}");
}

static void every_problem_is_named_and_unknown_numbers_are_null(void **state)
{
    struct status s = {.version = "1", .config_refused = true, .store_failing = true, .clock_unset = true,
                       .pending = NUMBER_UNKNOWN, .parked = NUMBER_UNKNOWN, .outbox_failure = {.text = "the disk is gone"}};
    CLEANUP(free) char *json = NULL;
    (void)state;
    assert_int_equal(status_json_daemon(&s, &json), 0);
    assert_non_null(strstr(json, "\"pending\":null,\"failed\":null"));
    assert_non_null(strstr(json, "\"problems\":[\"the last reload was refused; the previous configuration is active\","
                                 "\"the state directory cannot be written\",\"the clock of this machine is not set\","
                                 "\"the disk is gone\"]"));
}

static void every_tenant_has_its_state(void **state)
{
    struct example e;
    CLEANUP(free) char *json = NULL;
    (void)state;
    example_fill(&e);
    assert_int_equal(status_json_tenants(&e.status, &json), 0);
    assert_non_null(strstr(json, "\"duration_ms\":790,\"state\":\"complete\",\"failing\":false,\"last_complete_at\":\"2026-11-22T01:00:00Z\"}"));
    assert_non_null(strstr(json, "{\"name\":\"off\","));
    assert_non_null(strstr(json, "\"state\":\"disabled\",\"failing\":false,\"last_complete_at\":null}"));
    assert_non_null(strstr(json, "\"error\":\"no answer\""));
    assert_non_null(strstr(json, "\"state\":\"incomplete\",\"failing\":true,\"last_complete_at\":\"2026-11-22T00:00:00Z\"}"));
}

static void a_tenant_that_was_not_polled_has_no_error(void **state)
{
    char nothing[] = "";
    struct status_tenant t = {.name = "t", .enabled = true, .error = nothing, .totals = NOTHING_KNOWN};
    struct status s = {.tenant = &t, .n_tenants = 1};
    CLEANUP(free) char *json = NULL;
    (void)state;
    assert_int_equal(status_json_tenants(&s, &json), 0);
    assert_non_null(strstr(json, "\"error\":null,\"allotments\":null"));
    assert_non_null(strstr(json, "\"state\":\"not_polled\""));
}

static void alerts_that_do_not_fire_are_left_out_unless_all_are_wanted(void **state)
{
    struct example e;
    CLEANUP(free) char *firing = NULL;
    CLEANUP(free) char *all = NULL;
    (void)state;
    example_fill(&e);
    assert_int_equal(status_json_alerts(&e.status, false, &firing), 0);
    assert_non_null(strstr(firing, "{\"alerts\":[{\"alert_id\":\"a1\","));
    assert_null(strstr(firing, "\"a2\""));
    assert_int_equal(status_json_alerts(&e.status, true, &all), 0);
    assert_non_null(strstr(all, "\"alert_id\":\"a2\",\"episode\":0,\"state\":\"pending\""));
}

static void an_alert_names_the_silence_that_is_in_force(void **state)
{
    struct example e;
    CLEANUP(free) char *json = NULL;
    (void)state;
    example_fill(&e);
    e.alert[0].silence.id = "s1";
    e.alert[0].silence.kind = "acknowledgement";
    e.alert[0].silence.author = "alice";
    assert_int_equal(status_json_alerts(&e.status, true, &json), 0);
    assert_non_null(strstr(json, "\"notified\":true,\"ignored\":false,\"silence\":{\"id\":\"s1\",\"kind\":\"acknowledgement\","
                                 "\"author\":\"alice\",\"comment\":null}}"));
    assert_non_null(strstr(json, "\"notified\":false,\"ignored\":false,\"silence\":null}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_daemon_has_counts_and_no_problem),
        cmocka_unit_test(every_problem_is_named_and_unknown_numbers_are_null),
        cmocka_unit_test(every_tenant_has_its_state),
        cmocka_unit_test(a_tenant_that_was_not_polled_has_no_error),
        cmocka_unit_test(alerts_that_do_not_fire_are_left_out_unless_all_are_wanted),
        cmocka_unit_test(an_alert_names_the_silence_that_is_in_force),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
