/* SPDX-License-Identifier: MIT */
/* Many tenants that fail alike: when the alert fires, which poll alerts it withholds, and its context. */
#include "base/text.h"
#include "unit/rules/fixture.h"

#define MANY 300
#define MINUTES(n) ((usec_t)(n) * USEC_PER_MINUTE)
#define HOURS(n) ((usec_t)(n) * USEC_PER_HOUR)
#define T0 (DAY_0 * USEC_PER_DAY + HOURS(4))
#define NOW_MONO HOURS(100)
static const struct instant NOW = {.at = T0, .mono = NOW_MONO, .boot = 7};
static const struct service_alert QUIET;

struct fleet {
    struct service_tenant tenant[MANY];
    struct tenant_health health[MANY];
    size_t n;
};

/* All are read, and were asked a moment ago. */
static void fleet_of(struct fleet *f, size_t n)
{
    *f = (struct fleet){.n = n};
    for (size_t i = 0; i < n; i++)
        f->tenant[i] = (struct service_tenant){.health = &f->health[i], .asked_mono = NOW_MONO - MINUTES(1)};
}

/* Those from `first` on: since an hour, and by now it is at this level. */
static void ail(struct fleet *f, size_t first, size_t n, enum cause cause, enum level level)
{
    static const struct {
        enum cause cause;
        enum failure_kind kind;
    } KINDS[] = {{CAUSE_AUTH, FAILURE_AUTH}, {CAUSE_THROTTLED, FAILURE_THROTTLED}, {CAUSE_PERMISSION, FAILURE_PERMISSION}};
    for (size_t i = first; i < first + n; i++) {
        f->tenant[i].state = (struct poll_state){.cause = cause,
                                                 .failure_group = cause_row(cause)->failure_group,
                                                 .level = level,
                                                 .age = HOURS(1)};
        f->tenant[i].host = "graph.example";
        f->tenant[i].began_mono = NOW_MONO - HOURS(1);
        f->health[i] = (struct tenant_health){.failing = true, .kind = FAILURE_TRANSIENT, .text = "no answer"};
        for (size_t k = 0; k < N_ELEMENTS(KINDS); k++)
            if (KINDS[k].cause == cause)
                f->health[i].kind = KINDS[k].kind;
    }
}

static struct observation judged(const struct fleet *f)
{
    struct observation s = {0};
    struct service_tally tally;
    service_count(f->tenant, f->n, &tally);
    assert_int_equal(judge_service(f->tenant, f->n, &tally, MINUTES(5), &NOW, &s, NULL), 0);
    assert_int_equal(s.kind, KIND_SERVICE);
    assert_string_equal(s.subject, "");
    assert_int_equal(s.n_findings, 1);
    return s;
}

static bool holds(const struct fleet *f, size_t which, const struct service_alert *alert, usec_t now_mono)
{
    struct service_tally tally;
    service_count(f->tenant, f->n, &tally);
    return service_holds(f->tenant, f->n, which, &tally, alert, now_mono);
}

static void service_alert_needs_half_of_the_tenants_and_three(void **state)
{
    static const struct {
        size_t tenants, failing;
        enum level raise, keep;
    } CASES[] = {
        {1, 1, LEVEL_NONE, LEVEL_NONE},         {2, 2, LEVEL_NONE, LEVEL_NONE},
        {3, 2, LEVEL_NONE, LEVEL_CRITICAL},     {3, 3, LEVEL_WARNING, LEVEL_CRITICAL},
        {4, 2, LEVEL_NONE, LEVEL_CRITICAL},     {5, 2, LEVEL_NONE, LEVEL_CRITICAL},
        {5, 3, LEVEL_WARNING, LEVEL_CRITICAL},  {6, 3, LEVEL_WARNING, LEVEL_CRITICAL},
        {7, 3, LEVEL_NONE, LEVEL_CRITICAL},     {7, 4, LEVEL_WARNING, LEVEL_CRITICAL},
        {300, 149, LEVEL_NONE, LEVEL_CRITICAL}, {300, 150, LEVEL_WARNING, LEVEL_CRITICAL},
        {300, 75, LEVEL_NONE, LEVEL_CRITICAL},  {300, 74, LEVEL_NONE, LEVEL_NONE},
        {300, 300, LEVEL_WARNING, LEVEL_CRITICAL},
    };
    static struct fleet f;
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        fleet_of(&f, CASES[i].tenants);
        ail(&f, 0, CASES[i].failing, CAUSE_NETWORK, LEVEL_WARNING);
        CLEANUP(observation_clear) struct observation s = judged(&f);
        if (s.finding[0].raise != CASES[i].raise || s.finding[0].keep != CASES[i].keep)
            fail_msg("%zu of %zu: raises %s, keeps %s", CASES[i].failing, CASES[i].tenants,
                     level_name(s.finding[0].raise), level_name(s.finding[0].keep));
        assert_int_equal(s.finding[0].value, CASES[i].failing);
    }
}

static void only_equal_failure_groups_are_counted_together(void **state)
{
    static const struct {
        const char *why;
        enum cause one, other;
        bool alike;
    } CASES[] = {
        {"an outage has many faces", CAUSE_NETWORK, CAUSE_THROTTLED, true},
        {"a login page, and no answer", CAUSE_PROTOCOL, CAUSE_STALE, true},
        {"a refused sign-in is no outage", CAUSE_NETWORK, CAUSE_AUTH, false},
        {"nor is a missing permission a refused sign-in", CAUSE_AUTH, CAUSE_PERMISSION, false},
        {"lists that are empty all at once", CAUSE_EMPTIED, CAUSE_EMPTIED, true},
    };
    static struct fleet f;
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        fleet_of(&f, 10);
        ail(&f, 0, 3, CASES[i].one, LEVEL_WARNING);
        ail(&f, 3, 3, CASES[i].other, LEVEL_WARNING);
        CLEANUP(observation_clear) struct observation s = judged(&f);
        if ((s.finding[0].raise > LEVEL_NONE) != CASES[i].alike ||
            (cause_row(CASES[i].one)->failure_group == cause_row(CASES[i].other)->failure_group) !=
                CASES[i].alike)
            fail_msg("%s", CASES[i].why);
    }
}

/* Every word that a poll alert can have is one that this rule can count. */
static void every_poll_cause_has_a_failure_group(void **state)
{
    (void)state;
    for (int kind = 0; kind < FAILURE_KIND_COUNT_; kind++) {
        struct rules_fixture w;
        fixture_init(&w);
        struct tenant_health h = {.first_poll = w.now, .failing = true, .kind = (enum failure_kind)kind};
        struct poll_state s;
        poll_state_of(&w.ctx, &h, &w.now, &s);
        assert_int_not_equal(s.cause, CAUSE_NONE);
        assert_int_equal(s.failure_group, cause_row(s.cause)->failure_group);
        assert_int_not_equal(s.failure_group, CAUSE_NONE);
    }
}

static void tenant_with_a_notified_alert_is_not_counted(void **state)
{
    static struct fleet f;
    (void)state;
    fleet_of(&f, 5);
    ail(&f, 0, 3, CAUSE_AUTH, LEVEL_WARNING);
    f.tenant[0].notified = f.tenant[1].notified =
        LEVEL_WARNING; /* two consents that lapsed long ago */
    CLEANUP(observation_clear) struct observation s = judged(&f);
    assert_int_equal(s.finding[0].raise, LEVEL_NONE);
    assert_int_equal(s.finding[0].value, 1);
    assert_int_equal(s.context->tenants, 3);
    assert_false(holds(&f, 2, &QUIET, NOW_MONO));
}

static void level_is_the_worst_of_the_withheld_alerts(void **state)
{
    static struct fleet f;
    (void)state;
    fleet_of(&f, 10);
    ail(&f, 0, 8, CAUSE_NETWORK, LEVEL_NONE); /* a few minutes of it are nothing */
    CLEANUP(observation_clear) struct observation quiet = judged(&f);
    assert_int_equal(quiet.finding[0].raise, LEVEL_NONE);
    f.tenant[3].state.level = LEVEL_CRITICAL;
    CLEANUP(observation_clear) struct observation loud = judged(&f);
    assert_int_equal(loud.finding[0].raise, LEVEL_CRITICAL);
    f.tenant[3].asked_mono = 0; /* that is from before the start: not news of today */
    CLEANUP(observation_clear) struct observation old = judged(&f);
    assert_int_equal(old.finding[0].raise, LEVEL_NONE);
    assert_int_equal(old.finding[0].keep, LEVEL_CRITICAL);
}

static void the_facts_name_how_many_since_when_how_and_where(void **state)
{
    static struct fleet f;
    (void)state;
    fleet_of(&f, 10);
    ail(&f, 0, 2, CAUSE_THROTTLED, LEVEL_WARNING);
    ail(&f, 2, 5, CAUSE_NETWORK, LEVEL_WARNING);
    f.tenant[0].state.age = HOURS(70); /* one that has been away for longer does not date the others */
    for (size_t i = 2; i < 7; i++)
        f.tenant[i].state.age = HOURS(1) - 1; /* told in whole seconds */
    f.tenant[6].state.age = MINUTES(61);
    f.tenant[9].asked_mono = NOW_MONO - HOURS(2);
    CLEANUP(observation_clear) struct observation s = judged(&f);
    assert_int_equal(s.context->tenants, 10);
    assert_int_equal(s.context->tenants_failing, 7);
    assert_int_equal(s.context->tenants_read, 2);
    assert_int_equal(s.context->failing_since_at, T0 - HOURS(1));
    assert_int_equal(s.context->cause, CAUSE_NETWORK);
    assert_string_equal(s.context->host, "graph.example");
    assert_non_null(strstr(s.context->hint, "no answer"));
    assert_null(s.context->tenant_name);
    f.tenant[4].host = "login.example";
    CLEANUP(observation_clear) struct observation two = judged(&f);
    assert_string_equal(two.context->host, "graph.example and other hosts");
}

static void what_is_over_says_how_many_still_fail(void **state)
{
    static struct fleet f;
    (void)state;
    fleet_of(&f, 100);
    ail(&f, 0, 3, CAUSE_NETWORK, LEVEL_WARNING);
    ail(&f, 5, 2, CAUSE_AUTH, LEVEL_WARNING);
    CLEANUP(observation_clear) struct observation s = judged(&f);
    assert_int_equal(s.finding[0].keep, LEVEL_NONE);
    assert_int_equal(s.context->tenants_failing, 5);
    assert_int_equal(s.context->cause, CAUSE_NONE);
}

/* ---- withheld poll alerts ---- */

static void open_service_alert_withholds_alerts_of_its_group_only(void **state)
{
    const struct service_alert UP = {.failure_group = CAUSE_NETWORK};
    static struct fleet f;
    (void)state;
    fleet_of(&f, 100);
    ail(&f, 0, 60, CAUSE_NETWORK, LEVEL_WARNING);
    ail(&f, 60, 3, CAUSE_AUTH, LEVEL_WARNING);
    assert_true(holds(&f, 0, &UP, NOW_MONO));
    assert_false(holds(&f, 60, &UP, NOW_MONO)); /* its own secret has expired */
    assert_false(holds(&f, 99, &UP, NOW_MONO)); /* is read */
    ail(&f, 60, 30, CAUSE_AUTH, LEVEL_WARNING);
    assert_true(holds(&f, 60, &UP, NOW_MONO)); /* no matter of single ones either */
    f.tenant[0].notified = LEVEL_WARNING;
    assert_true(holds(&f, 0, &UP, NOW_MONO)); /* does not get worse beside it */
}

static void first_failures_are_withheld_until_others_are_polled(void **state)
{
    static const struct {
        const char *why;
        size_t failing, unasked; /* of 10, all since the same moment */
        usec_t ago;
        bool held;
    } CASES[] = {
        {"nobody else has been asked", 1, 9, 0, true},
        {"half may yet fail", 1, 4, MINUTES(1), true},
        {"it cannot become half any more", 1, 3, MINUTES(1), false},
        {"half do, and the alert comes", 5, 0, MINUTES(1), true},
        {"nobody waits for ever", 1, 9, MINUTES(11), false},
    };
    static struct fleet f;
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        fleet_of(&f, 10);
        ail(&f, 0, CASES[i].failing, CAUSE_AUTH, LEVEL_WARNING);
        for (size_t k = 0; k < 10; k++) {
            f.tenant[k].began_mono = k < CASES[i].failing ? NOW_MONO - CASES[i].ago : 0;
            bool unasked = k >= CASES[i].failing && k < CASES[i].failing + CASES[i].unasked;
            f.tenant[k].asked_mono = unasked ? NOW_MONO - MINUTES(20) : NOW_MONO;
        }
        if (holds(&f, 0, &QUIET, NOW_MONO) != CASES[i].held)
            fail_msg("%s", CASES[i].why);
    }
}

static void two_tenants_are_never_withheld(void **state)
{
    static struct fleet f;
    (void)state;
    fleet_of(&f, 2);
    ail(&f, 0, 1, CAUSE_AUTH, LEVEL_WARNING);
    f.tenant[0].began_mono = NOW_MONO;
    assert_false(holds(&f, 0, &QUIET, NOW_MONO));
}

static void after_its_end_tenants_alert_after_their_next_poll(void **state)
{
    static const struct service_alert OVER = {.fell_mono = NOW_MONO - MINUTES(2)};
    static struct fleet f;
    (void)state;
    fleet_of(&f, 10);
    ail(&f, 0, 2, CAUSE_NETWORK, LEVEL_WARNING);
    f.tenant[0].asked_mono = NOW_MONO - MINUTES(3);
    assert_true(holds(&f, 0, &OVER, NOW_MONO));
    assert_false(holds(&f, 1, &OVER, NOW_MONO));
    assert_false(holds(&f, 0, &OVER, NOW_MONO + MINUTES(9)));
}

static void stored_failures_are_withheld_after_a_restart(void **state)
{
    static struct fleet f;
    (void)state;
    fleet_of(&f, 1);
    ail(&f, 0, 1, CAUSE_NETWORK, LEVEL_CRITICAL);
    f.tenant[0].asked_mono = 0;
    assert_true(holds(&f, 0, &QUIET, NOW_MONO));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(service_alert_needs_half_of_the_tenants_and_three),
        cmocka_unit_test(only_equal_failure_groups_are_counted_together),
        cmocka_unit_test(every_poll_cause_has_a_failure_group),
        cmocka_unit_test(tenant_with_a_notified_alert_is_not_counted),
        cmocka_unit_test(level_is_the_worst_of_the_withheld_alerts),
        cmocka_unit_test(the_facts_name_how_many_since_when_how_and_where),
        cmocka_unit_test(what_is_over_says_how_many_still_fail),
        cmocka_unit_test(open_service_alert_withholds_alerts_of_its_group_only),
        cmocka_unit_test(first_failures_are_withheld_until_others_are_polled),
        cmocka_unit_test(two_tenants_are_never_withheld),
        cmocka_unit_test(after_its_end_tenants_alert_after_their_next_poll),
        cmocka_unit_test(stored_failures_are_withheld_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
