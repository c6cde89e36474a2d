/* SPDX-License-Identifier: MIT */
/* Which open alerts are repeated to a receiver, and what confirms them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "runtime/app.h"
#include "runtime/open_alerts.h"
#include "runtime/tenant.h"

#define TENANT "11111111-2222-4333-8444-555555555555"
#define OTHER "11111111-2222-4333-8444-666666666666"

struct open_fixture {
    struct options options;
    struct tenant_options tenant_options;
    struct tenant tenant;
    struct app app;
    struct receiver_options receiver;
    struct repeated repeated;
    struct receiver_traits traits[2];
    struct route route;
    char *to[1];
};

static int make(void **state)
{
    static struct open_fixture w;
    w = (struct open_fixture){.traits = {{.name = (char *)"am"}, {.name = (char *)"hook"}}};
    w.options.routes.receiver = w.traits;
    w.options.routes.n_receivers = 2;
    w.tenant_options.identity.tenant_id = (char *)TENANT;
    w.tenant.options = &w.tenant_options;
    w.app = (struct app){.options = &w.options, .tenant = &w.tenant, .n_tenants = 1};
    assert_int_equal(registry_new(&w.app.registry), 0);
    *state = &w;
    return 0;
}

static int end(void **state)
{
    struct open_fixture *w = *state;
    repeated_clear(&w->repeated);
    registry_free(w->app.registry);
    return 0;
}

/* A firing warning of which receivers were notified. It stays in the registry until the end of the test. */
static struct alert *add(struct open_fixture *w, enum kind kind, enum rule rule, const char *tenant_id)
{
    struct alert *a = calloc(1, sizeof *a);
    assert_non_null(a);
    a->kind = kind;
    a->rule = a->notified_rule = rule;
    a->state = ALERT_FIRING;
    a->level = a->notified = LEVEL_WARNING;
    assert_int_equal(text_copy(tenant_id, &a->tenant_id), 0);
    assert_int_equal(text_copy("a", &a->subject), 0);
    assert_int_equal(alert_id(kind, tenant_id, "a", a->id), 0);
    assert_int_equal(context_new(&a->context), 0);
    assert_int_equal(registry_put(w->app.registry, a), 0);
    return a;
}

/* The number of alerts for this receiver. Those that are confirmed now are due. */
static size_t list(struct open_fixture *w, const char *receiver, size_t *ret_due)
{
    repeated_clear(&w->repeated);
    w->repeated = (struct repeated){.options = &w->receiver, .since_mono = 1};
    assert_int_equal(open_alerts_list(&w->app, receiver, &w->repeated), 0);
    assert_int_equal(repeated_round(&w->repeated, clock_now()), 0);
    *ret_due = 0;
    for (size_t i = 0; i < w->repeated.n; i++)
        *ret_due += w->repeated.alert[i].due;
    return w->repeated.n;
}

static void a_poll_confirms_what_its_sections_show(void **state)
{
    static const struct {
        enum kind kind;
        enum rule rule;
        enum health_section section; /* HEALTH_SECTIONS_: none is needed */
    } CASES[] = {
        {KIND_CAPACITY, RULE_WAITING, HEALTH_WAITING},
        {KIND_CAPACITY, RULE_WAITING_AGE, HEALTH_WAITING},
        {KIND_CAPACITY, RULE_USAGE, HEALTH_UNITS},
        {KIND_CAPACITY, RULE_REMAINING, HEALTH_UNITS},
        {KIND_CAPACITY, RULE_CAPACITY_DROP, HEALTH_UNITS},
        {KIND_CAPACITY, RULE_ALLOTMENT_GONE, HEALTH_ALLOTMENTS},
        {KIND_SUBSCRIPTION, RULE_SUBSCRIPTION, HEALTH_ALLOTMENTS},
        {KIND_ERRORS, RULE_ASSIGNMENT_ERRORS, HEALTH_ERRORS},
        {KIND_RIGHT, RULE_USAGE_RIGHT, HEALTH_RIGHTS},
        {KIND_POLL, RULE_POLL, HEALTH_SECTIONS_},
        {KIND_CREDENTIAL, RULE_CREDENTIAL, HEALTH_SECTIONS_},
    };
    struct open_fixture *w = *state;
    struct section_health *section = w->tenant.health.section;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        size_t due;
        (void)add(w, CASES[i].kind, CASES[i].rule, TENANT);
        for (size_t s = 0; s < HEALTH_SECTIONS_; s++) {
            memset(section, 0, sizeof w->tenant.health.section);
            section[s].last_complete = clock_now();
            assert_true(list(w, "am", &due) > 0);
            bool confirms = s == CASES[i].section || CASES[i].section == HEALTH_SECTIONS_;
            if (due != confirms)
                fail_msg("case %zu, section %zu", i, s);
        }
        struct changes gone = {.removed = calloc(1, sizeof *gone.removed), .n_removed = 1};
        assert_int_equal(alert_id(CASES[i].kind, TENANT, "a", gone.removed->id), 0);
        alerts_apply(w->app.registry, &gone);
        free(gone.removed);
    }
}

static void a_clear_poll_confirms_no_alert(void **state)
{
    struct open_fixture *w = *state;
    struct alert *a = add(w, KIND_CAPACITY, RULE_WAITING, TENANT);
    size_t due;
    w->tenant.health.section[HEALTH_WAITING].last_complete = clock_now();
    a->state = ALERT_RECOVERING;
    assert_int_equal(list(w, "am", &due), 1);
    assert_int_equal(due, 0);
}

static void only_alerts_that_were_notified_are_repeated(void **state)
{
    struct open_fixture *w = *state;
    struct alert *a = add(w, KIND_CAPACITY, RULE_USAGE, TENANT);
    size_t due;
    assert_int_equal(list(w, "am", &due), 1);
    a->notified = LEVEL_NONE;
    assert_int_equal(list(w, "am", &due), 0);
    a->muted[RULE_USAGE] = LEVEL_WARNING; /* the first digest of the tenant named it */
    assert_int_equal(list(w, "am", &due), 1);
    a->state = ALERT_OK;
    assert_int_equal(list(w, "am", &due), 0);
    a->state = ALERT_PENDING;
    assert_int_equal(list(w, "am", &due), 0);
}

static void alerts_of_no_tenant_are_repeated_and_those_of_others_are_not(void **state)
{
    struct open_fixture *w = *state;
    size_t due;
    (void)add(w, KIND_SERVICE, RULE_SERVICE, "");
    (void)add(w, KIND_CAPACITY, RULE_USAGE, OTHER); /* is not configured any more */
    assert_int_equal(list(w, "am", &due), 1);
    assert_int_equal(due, 1);
}

static void the_route_decides_who_gets_repetitions(void **state)
{
    struct open_fixture *w = *state;
    size_t due;
    (void)add(w, KIND_POLL, RULE_POLL, TENANT);
    w->route = (struct route){.to = w->to, .n_to = 1};
    w->to[0] = (char *)"hook";
    w->options.routes.route = &w->route;
    w->options.routes.n_routes = 1;
    assert_int_equal(list(w, "am", &due), 0);
    assert_int_equal(list(w, "hook", &due), 1);
    assert_int_equal(list(w, "absent", &due), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_poll_confirms_what_its_sections_show, make, end),
        cmocka_unit_test_setup_teardown(a_clear_poll_confirms_no_alert, make, end),
        cmocka_unit_test_setup_teardown(only_alerts_that_were_notified_are_repeated, make, end),
        cmocka_unit_test_setup_teardown(alerts_of_no_tenant_are_repeated_and_those_of_others_are_not, make, end),
        cmocka_unit_test_setup_teardown(the_route_decides_who_gets_repetitions, make, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
