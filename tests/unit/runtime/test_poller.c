/* SPDX-License-Identifier: MIT */
/* What the watchdog asks the poller: is everybody read when it is due? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "runtime/app.h"
#include "runtime/poller.h"
#include "runtime/tenant.h"

#define SLACK (10 * USEC_PER_MINUTE) /* a poll may take 9 minutes here, and a minute for nothing */

static void a_tenant_may_be_overdue_by_the_polls_before_its_own(void **state)
{
    static const struct {
        const char *why;
        size_t n_tenants;
        usec_t overdue;
        bool want;
    } CASES[] = {
        {"a poll is under way, within its deadline", 1, SLACK, true},
        {"it and the one before, at most", 1, 2 * SLACK, true},
        {"longer than polls may take", 1, 2 * SLACK + 1, false},
        {"of five tenants two are read at a time", 5, 4 * SLACK, true},
        {"and no more wait than that", 5, 4 * SLACK + 1, false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct tenant tenant[5] = {0};
        struct options options = {.poll_timeout = SLACK - USEC_PER_MINUTE, .poll_concurrency = 2};
        struct app app = {.options = &options, .tenant = tenant, .n_tenants = CASES[i].n_tenants};
        for (size_t k = 0; k < app.n_tenants; k++) {
            tenant[k].graph = (struct graph *)&app; /* it is only asked whether there is one */
            tenant[k].timer = (sd_event_source *)&app;
            tenant[k].due.mono = USEC_PER_DAY;
        }
        struct instant now = {.mono = USEC_PER_DAY + CASES[i].overdue};
        if (poller_on_time(&app, &now) != CASES[i].want)
            fail_msg("%s", CASES[i].why);
    }
}

static void a_tenant_that_cannot_be_read_at_all_is_never_late(void **state)
{
    struct options options = {.poll_timeout = USEC_PER_MINUTE, .poll_concurrency = 1};
    struct tenant broken = {0};
    struct app app = {.options = &options, .tenant = &broken, .n_tenants = 1};
    struct instant now = {.mono = 365 * USEC_PER_DAY};
    (void)state;
    assert_true(poller_on_time(&app, &now));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tenant_may_be_overdue_by_the_polls_before_its_own),
        cmocka_unit_test(a_tenant_that_cannot_be_read_at_all_is_never_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
