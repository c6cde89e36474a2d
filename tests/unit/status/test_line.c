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
    CLEANUP(text_free) struct text t = TEXT_INIT(512);
    status_line(s, &t);
    assert_string_equal(t.data, want);
}

static void it_counts_tenants_and_alerts_and_names_the_latest_complete_poll(void **state)
{
    struct example e;
    (void)state;
    example_fill(&e);
    expect(
        &e.status,
        "3 tenants (1 not polled completely) (1 from subscribedSkus), last poll 2026-11-22T01:00Z, "
        "3 alerts (1 critical)");
}

static void before_the_first_poll_there_is_no_time(void **state)
{
    struct status_tenant tenant = {.totals = NOTHING_KNOWN};
    (void)state;
    expect(&(struct status){.tenant = &tenant, .n_tenants = 1, .n_firing = {[LEVEL_WARNING] = 1}},
           "1 tenant, not polled yet, 1 alert");
}

static void alerts_that_do_not_fire_are_not_counted(void **state)
{
    (void)state;
    expect(&(struct status){.n_firing = {[LEVEL_NONE] = 9}}, "0 tenants, not polled yet, 0 alerts");
}

static void each_condition_has_its_words(void **state)
{
    static const struct {
        struct status status;
        const char *want;
    } CASES[] = {
        {{.at = AT, .credential_ends_at = AT + 1},
         ", credentials valid until 2026-11-22, 0 alerts"},
        {{.at = AT, .credential_ends_at = AT}, ", a credential expired on 2026-11-22, 0 alerts"},
        {{.pending = 3}, ", 0 alerts, 3 to deliver"},
        {{.parked = 1}, ", 0 alerts, 1 undeliverable"},
        {{.pending = NUMBER_UNKNOWN, .parked = NUMBER_UNKNOWN, .store_failing = true},
         ", 0 alerts; the state directory cannot be written"},
        {{.config_refused = true}, ", 0 alerts; the last reload was refused"},
        {{.clock_unset = true}, ", 0 alerts; the clock of this machine is not set"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *want = text_printf("0 tenants, not polled yet%s", CASES[i].want);
        expect(&CASES[i].status, want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_counts_tenants_and_alerts_and_names_the_latest_complete_poll),
        cmocka_unit_test(before_the_first_poll_there_is_no_time),
        cmocka_unit_test(alerts_that_do_not_fire_are_not_counted),
        cmocka_unit_test(each_condition_has_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
