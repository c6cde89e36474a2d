/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/status/fixture.h"

struct metered {
    struct example e;
    struct status_errors errors[2];
    struct status_subscription subscription[2];
    struct status_receiver receiver[2];
};

static struct status *metered_fill(struct metered *m)
{
    example_fill(&m->e);
    m->e.tenant[0].polls_total = 12;
    m->e.tenant[0].requests_total = 40;
    m->e.tenant[0].throttled_total = 1;
    m->e.tenant[0].credential_ends_at = AT + USEC_PER_DAY;
    m->e.tenant[2].polls_total = 2;
    m->e.tenant[2].failures_total = 2;
    m->errors[0] = (struct status_errors){"contoso", "06eb", "CountViolation", 7};
    m->errors[1] = (struct status_errors){"contoso", NULL, "(other kinds)", 1};
    m->subscription[0] = (struct status_subscription){"contoso", "s1", "06eb", "SPE_E5", 20800};
    m->subscription[1] = (struct status_subscription){"contoso", "s2", "06eb", "SPE_E5", DATE_UNKNOWN};
    m->receiver[0] = (struct status_receiver){"hook", 2, 1, AT - USEC_PER_MINUTE, {9, 3, 1, 0}};
    m->receiver[1] = (struct status_receiver){"lost", NUMBER_UNKNOWN, NUMBER_UNKNOWN, 0, {0, 0, 0, 0}};
    m->e.status.errors = m->errors;
    m->e.status.subscription = m->subscription;
    m->e.status.receiver = m->receiver;
    m->e.status.n_errors = m->e.status.n_subscriptions = m->e.status.n_receivers = 2;
    return &m->e.status;
}

static void expect_lines(const char *text, const char *const *lines, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        CLEANUP(free) char *line = text_printf("\n%s\n", lines[i]);
        if (!strstr(text, line))
            fail_msg("no line %s in\n%s", lines[i], text);
    }
}

static void every_known_number_has_a_sample(void **state)
{
    static const char *const LINES[] = {
        "seatwatch_build_info{version=\"1.2.3\"} 1",
        "seatwatch_allotment_allotted_units{tenant=\"contoso\",sku=\"SPE_E5\",sku_id=\"06eb\",allotment=\"p1\"} 100",
        "seatwatch_allotment_consumed_units{tenant=\"contoso\",sku=\"SPE_E5\",sku_id=\"06eb\",allotment=\"p1\"} 96",
        "seatwatch_allotment_waiting_members{tenant=\"contoso\",sku=\"SPE_E5\",sku_id=\"06eb\",allotment=\"p1\"} 26",
        "seatwatch_allotment_oldest_waiting_seconds{tenant=\"contoso\",sku=\"SPE_E5\",sku_id=\"06eb\",allotment=\"p1\"} 1.000000",
        "seatwatch_allotment_info{tenant=\"contoso\",sku=\"SPE_E5\",sku_id=\"06eb\",allotment=\"p1\",allotment_name=\"CSP pool\",sku_name=\"Microsoft 365 E5\"} 1",
        "seatwatch_assignment_errors{tenant=\"contoso\",sku_id=\"06eb\",code=\"CountViolation\"} 7",
        "seatwatch_assignment_errors{tenant=\"contoso\",code=\"(other kinds)\"} 1",
        "seatwatch_subscription_next_lifecycle_timestamp_seconds{tenant=\"contoso\",sku=\"SPE_E5\",sku_id=\"06eb\",subscription=\"s1\"} 1797120000.000000",
        "seatwatch_alert_active{tenant=\"contoso\",sku=\"SPE_E5\",allotment=\"p1\",rule=\"usage\",severity=\"critical\",alert_id=\"a1\"} 1",
        "seatwatch_poll_last_complete_timestamp_seconds{tenant=\"fabrikam\"} 1795305600.000000",
        "seatwatch_poll_duration_seconds{tenant=\"contoso\"} 0.790999",
        "seatwatch_poll_failures_total{tenant=\"fabrikam\"} 2",
        "seatwatch_graph_requests_total{tenant=\"contoso\"} 40",
        "seatwatch_graph_throttled_total{tenant=\"contoso\"} 1",
        "seatwatch_credential_expiry_timestamp_seconds{tenant=\"contoso\"} 1795395600.000000",
        "seatwatch_outbox_entries{receiver=\"hook\",state=\"pending\"} 2",
        "seatwatch_outbox_entries{receiver=\"hook\",state=\"parked\"} 1",
        "seatwatch_outbox_oldest_seconds{receiver=\"hook\"} 61.000000",
        "seatwatch_deliveries_total{receiver=\"hook\",outcome=\"delivered\"} 9",
        "seatwatch_deliveries_total{receiver=\"hook\",outcome=\"retried\"} 3",
        "seatwatch_deliveries_total{receiver=\"hook\",outcome=\"parked\"} 1",
        "seatwatch_deliveries_total{receiver=\"lost\",outcome=\"superseded\"} 0",
        "# TYPE seatwatch_deliveries_total counter",
        "# TYPE seatwatch_build_info gauge",
    };
    struct metered m;
    CLEANUP(free) char *text = NULL;
    (void)state;
    assert_int_equal(status_metrics(metered_fill(&m), false, &text), 0);
    expect_lines(text, LINES, N_ELEMENTS(LINES));
    assert_null(strstr(text, "# EOF"));
    assert_null(strstr(text, "# UNIT"));
}

static void what_is_unknown_has_no_sample_and_is_never_zero(void **state)
{
    struct metered m;
    struct status *s = metered_fill(&m);
    CLEANUP(free) char *text = NULL;
    (void)state;
    m.e.pool[0].allotted = m.e.pool[0].consumed = m.e.pool[0].waiting = NUMBER_UNKNOWN;
    m.e.tenant[2].last_complete_at = 0;
    m.e.tenant[2].polls_total = 0;
    assert_int_equal(status_metrics(s, false, &text), 0);
    static const char *const ABSENT[] = {
        "seatwatch_allotment_allotted_units{", "seatwatch_allotment_consumed_units{", "seatwatch_allotment_waiting_members{",
        "seatwatch_allotment_oldest_waiting_seconds{", "subscription=\"s2\"", "alert_id=\"a2\"", "alert_id=\"a3\"",
        "seatwatch_poll_last_complete_timestamp_seconds{tenant=\"fabrikam\"}", "seatwatch_poll_duration_seconds{tenant=\"fabrikam\"}",
        "seatwatch_poll_failures_total{tenant=\"off\"}", "seatwatch_credential_expiry_timestamp_seconds{tenant=\"fabrikam\"}",
        "seatwatch_outbox_entries{receiver=\"lost\"", "seatwatch_outbox_oldest_seconds{receiver=\"lost\""};
    for (size_t i = 0; i < N_ELEMENTS(ABSENT); i++)
        if (strstr(text, ABSENT[i]))
            fail_msg("%s is in\n%s", ABSENT[i], text);
}

static void a_pool_where_nobody_waits_has_an_age_of_zero_and_one_without_dates_has_none(void **state)
{
    struct metered m;
    struct status *s = metered_fill(&m);
    CLEANUP(free) char *nobody = NULL;
    CLEANUP(free) char *undated = NULL;
    (void)state;
    m.e.pool[0].oldest_at = 0;
    assert_int_equal(status_metrics(s, false, &undated), 0);
    assert_null(strstr(undated, "oldest_waiting_seconds{"));
    m.e.pool[0].waiting = 0;
    assert_int_equal(status_metrics(s, false, &nobody), 0);
    assert_non_null(strstr(nobody, "allotment=\"p1\"} 0.000000\n"));
}

static void openmetrics_has_units_names_without_suffixes_and_an_end(void **state)
{
    static const char *const LINES[] = {"# TYPE seatwatch_deliveries counter", "# TYPE seatwatch_build info",
                                        "# UNIT seatwatch_allotment_allotted_units units", "# UNIT seatwatch_poll_duration_seconds seconds",
                                        "seatwatch_deliveries_total{receiver=\"hook\",outcome=\"delivered\"} 9",
                                        "seatwatch_build_info{version=\"1.2.3\"} 1"};
    struct metered m;
    CLEANUP(free) char *text = NULL;
    (void)state;
    assert_int_equal(status_metrics(metered_fill(&m), true, &text), 0);
    expect_lines(text, LINES, N_ELEMENTS(LINES));
    assert_string_equal(text + strlen(text) - strlen("\n# EOF\n"), "\n# EOF\n");
}

static void a_hostile_name_stays_in_its_label(void **state)
{
    struct metered m;
    struct status *s = metered_fill(&m);
    CLEANUP(free) char *text = NULL;
    (void)state;
    m.e.pool[0].sku_part_number = "a\"} 1\nx\\\x1b\xff";
    assert_int_equal(status_metrics(s, false, &text), 0);
    assert_non_null(strstr(text, ",sku=\"a\\\"} 1\\\\u{a}x\\\\\\\\u{1b}\xef\xbf\xbd\",sku_id="));
}

static void openmetrics_is_sent_to_who_prefers_it(void **state)
{
    static const struct {
        const char *accept;
        bool want;
    } CASES[] = {
        {NULL, false},
        {"", false},
        {"*/*", false},
        {"text/plain", false},
        {"application/openmetrics-text", true},
        {"application/openmetrics-text;q=0", false},
        {"APPLICATION/OpenMetrics-Text; version=1.0.0", true},
        {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", true},
        {"text/plain;version=0.0.4;q=0.5, application/openmetrics-text;q=0.4", false},
        {"text/plain;q=0.123,application/openmetrics-text;q=0.12", false},
        {"application/openmetrics-textual", false},
        {"application/openmetrics-text;q=", true},
        {";;,,;q=0.,", false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        if (status_metrics_preferred(CASES[i].accept) != CASES[i].want)
            fail_msg("%s", CASES[i].accept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_known_number_has_a_sample),
        cmocka_unit_test(what_is_unknown_has_no_sample_and_is_never_zero),
        cmocka_unit_test(a_pool_where_nobody_waits_has_an_age_of_zero_and_one_without_dates_has_none),
        cmocka_unit_test(openmetrics_has_units_names_without_suffixes_and_an_end),
        cmocka_unit_test(a_hostile_name_stays_in_its_label),
        cmocka_unit_test(openmetrics_is_sent_to_who_prefers_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
