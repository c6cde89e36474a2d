/* SPDX-License-Identifier: MIT */
/* 300 tenants and three hours without Graph, with the configuration as shipped: one alert, nothing
 * resolved that is not over, nothing lost, and everything back within two polls. */
#include "outage/fleet.h"

#include "base/alloc.h"
#include "base/digest.h"
#include "base/log.h"
#include "http/http.h"
#include "json/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>

#define MINUTES(n) ((usec_t)(n) * USEC_PER_MINUTE)
#define HOURS(n) ((usec_t)(n) * USEC_PER_HOUR)
#define FEW 40 /* where their number makes no difference */
#define INTERVAL MINUTES(5)

static struct fleet f;

#define CHECK(condition)           \
    do {                           \
        if (!(condition))          \
            fleet_fail(&f, #condition); \
    } while (0)

static size_t told(usec_t since, enum event_type type, enum kind kind)
{
    return fleet_count(&f, since, (int)type, (int)kind, -1);
}

static size_t open_alerts(enum kind kind)
{
    const struct alert *a;
    size_t n = 0, cursor = 0;
    while ((a = registry_next(f.app.registry, &cursor)))
        n += a->kind == kind && a->notified > LEVEL_NONE;
    return n;
}

static size_t unread(void)
{
    size_t n = 0;
    for (size_t i = 0; i < f.n; i++)
        n += f.app.tenant[i].health.failing || f.app.tenant[i].health.emptied;
    return n;
}

/* All are read; then five pools fill up, and that is told. */
static void begin(size_t n, usec_t interval)
{
    fleet_start(&f, n, interval, NULL);
    fleet_live(&f, 2 * interval);
    for (size_t i = 0; i < 5; i++)
        f.full[i * n / 5] = true;
    fleet_live(&f, 3 * interval);
    CHECK(f.n_heard == 5 && open_alerts(KIND_CAPACITY) == 5);
}

/* Graph is well again: the pools that were full still are, one more is, and everything is known. */
static void all_is_back_within_two_polls(usec_t interval)
{
    usec_t back_at = fleet_now();
    fleet_answer(&f, 0, f.n, ANSWER_WELL);
    f.full[1] = true;
    fleet_live(&f, 2 * interval + MINUTES(1));
    CHECK(unread() == 0);
    CHECK(open_alerts(KIND_POLL) == 0 && open_alerts(KIND_SERVICE) == 0);
    CHECK(told(back_at, EVENT_RESOLVED, KIND_SERVICE) == 1);
    CHECK(fleet_count(&f, back_at, EVENT_RESOLVED, -1, -1) == 1);
    CHECK(told(back_at, EVENT_FIRING, KIND_CAPACITY) == 1 && open_alerts(KIND_CAPACITY) == 6);
    CHECK(fleet_count(&f, back_at, -1, -1, -1) == 2);
}

static void three_hours_of_any_outage_are_one_alert(void **state)
{
    static const struct {
        const char *why;
        enum answer answer;
        size_t tenants;
        usec_t interval;
        const char *words;
    } CASES[] = {
        {"nobody listens", ANSWER_REFUSED, 300, MINUTES(5), "at graph.microsoft.com"},
        {"each sees another face of it", ANSWER_MIXED, 300, MINUTES(15), "300 of 300 tenants"},
        {"503", ANSWER_503, FEW, MINUTES(5), "Graph throttles the requests"},
        {"503 and wait", ANSWER_503_WAIT, FEW, MINUTES(5), "Graph throttles the requests"},
        {"hangs", ANSWER_HANGS, FEW, MINUTES(5), "Graph cannot be reached"},
        {"login is dead, tokens last", ANSWER_LOGIN_DEAD, FEW, MINUTES(5), "at login.microsoftonline.com"},
        {"the secret of all has ended", ANSWER_SECRET_ENDED, FEW, MINUTES(5), "sign-in was refused"},
        {"all lists are empty", ANSWER_EMPTY, FEW, MINUTES(5), "no licences"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        print_message("%s\n", CASES[i].why);
        begin(CASES[i].tenants, CASES[i].interval);
        usec_t down_at = fleet_now();
        fleet_answer(&f, 0, f.n, CASES[i].answer);
        fleet_live(&f, HOURS(3));
        CHECK(told(down_at, EVENT_FIRING, KIND_SERVICE) == 1);
        CHECK(fleet_count(&f, down_at, -1, -1, -1) == 1);
        CHECK(fleet_count(&f, down_at, -1, -1, LEVEL_CRITICAL) <= 2);
        CHECK(strstr(f.heard[f.n_heard - 1].description, CASES[i].words));
        all_is_back_within_two_polls(CASES[i].interval);
        fleet_end(&f);
    }
}

/* The alert is up for a quarter of an hour; `restart`s may be anywhere. */
static usec_t go_down(size_t failing, enum answer answer)
{
    begin(FEW, INTERVAL);
    usec_t down_at = fleet_now();
    fleet_answer(&f, 0, failing, answer);
    fleet_live(&f, MINUTES(75));
    return down_at;
}

static void a_short_outage_is_nobodys_business(void **state)
{
    (void)state;
    begin(FEW, INTERVAL);
    usec_t down_at = fleet_now();
    fleet_answer(&f, 0, FEW, ANSWER_MIXED);
    fleet_live(&f, MINUTES(35)); /* some are told to wait for another 20 */
    fleet_answer(&f, 0, FEW, ANSWER_WELL);
    fleet_live(&f, HOURS(2));
    CHECK(fleet_count(&f, down_at, -1, -1, -1) == 0);
    fleet_end(&f);
}

static void those_who_come_back_first_end_nothing_and_the_others_are_no_news(void **state)
{
    (void)state;
    usec_t down_at = go_down(FEW, ANSWER_REFUSED);
    fleet_answer(&f, 0, FEW / 2, ANSWER_WELL);
    fleet_live(&f, HOURS(1));
    CHECK(fleet_count(&f, down_at, -1, -1, -1) == 1 && unread() == FEW / 2);
    all_is_back_within_two_polls(INTERVAL);
    fleet_end(&f);
}

static void a_number_around_half_does_not_flap(void **state)
{
    (void)state;
    usec_t down_at = go_down(FEW, ANSWER_REFUSED);
    for (size_t i = 0; i < 12; i++) {
        fleet_answer(&f, 0, FEW, ANSWER_WELL);
        fleet_answer(&f, 0, i % 2 ? FEW / 2 + 1 : FEW / 4, ANSWER_REFUSED);
        fleet_live(&f, MINUTES(20));
    }
    CHECK(fleet_count(&f, down_at, -1, -1, -1) == 1);
    fleet_end(&f);
}

static void who_still_fails_when_it_is_over_is_told_by_itself(void **state)
{
    (void)state;
    (void)go_down(FEW, ANSWER_REFUSED);
    usec_t back_at = fleet_now();
    fleet_answer(&f, 3, FEW - 3, ANSWER_WELL);
    fleet_live(&f, 2 * INTERVAL + MINUTES(1));
    CHECK(told(back_at, EVENT_RESOLVED, KIND_SERVICE) == 1);
    CHECK(strstr(f.heard[5].title, "40 of 40 tenants"));
    fleet_live(&f, INTERVAL);
    CHECK(told(back_at, EVENT_FIRING, KIND_POLL) == 3 && fleet_count(&f, back_at, -1, -1, -1) == 4);
    fleet_answer(&f, 0, 3, ANSWER_WELL);
    fleet_live(&f, MINUTES(25));
    CHECK(told(back_at, EVENT_RESOLVED, KIND_POLL) == 3 && open_alerts(KIND_POLL) == 0);
    fleet_end(&f);
}

static void less_than_half_is_a_matter_of_each(void **state)
{
    (void)state;
    usec_t down_at = go_down(FEW / 2 - 1, ANSWER_REFUSED);
    CHECK(told(down_at, EVENT_FIRING, KIND_POLL) == FEW / 2 - 1 && told(down_at, EVENT_FIRING, KIND_SERVICE) == 0);
    /* When the others follow, it is one message more, and the first ones stay as they are. */
    usec_t more_at = fleet_now();
    fleet_answer(&f, 0, FEW, ANSWER_REFUSED);
    fleet_live(&f, HOURS(3));
    CHECK(told(more_at, EVENT_FIRING, KIND_SERVICE) == 1 && fleet_count(&f, more_at, -1, -1, -1) == 1);
    usec_t back_at = fleet_now();
    fleet_answer(&f, 0, FEW, ANSWER_WELL);
    fleet_live(&f, MINUTES(25));
    CHECK(told(back_at, EVENT_RESOLVED, KIND_SERVICE) == 1);
    CHECK(told(back_at, EVENT_RESOLVED, KIND_POLL) == FEW / 2 - 1 && open_alerts(KIND_POLL) == 0);
    fleet_end(&f);
}

static void who_has_a_trouble_of_its_own_is_told_meanwhile(void **state)
{
    (void)state;
    (void)go_down(FEW, ANSWER_REFUSED);
    usec_t then = fleet_now();
    f.answer[7] = ANSWER_SECRET_ENDED;
    fleet_live(&f, 3 * INTERVAL);
    CHECK(fleet_count(&f, then, -1, -1, -1) == 1 && told(then, EVENT_FIRING, KIND_POLL) == 1);
    CHECK(strcmp(f.heard[f.n_heard - 1].tenant, "t7") == 0);
    fleet_end(&f);
}

static void a_single_secret_that_ends_is_told_within_a_poll(void **state)
{
    (void)state;
    begin(FEW, INTERVAL);
    usec_t then = fleet_now();
    f.answer[FEW - 1] = ANSWER_SECRET_ENDED; /* the last in the round: the others are asked after it */
    fleet_live(&f, 2 * INTERVAL + MINUTES(1));
    CHECK(fleet_count(&f, then, EVENT_FIRING, KIND_POLL, -1) == 1 && fleet_count(&f, then, -1, -1, -1) == 1);
    fleet_end(&f);
}

static void a_restart_in_the_middle_changes_nothing(void **state)
{
    (void)state;
    begin(FEW, INTERVAL);
    usec_t down_at = fleet_now();
    fleet_answer(&f, 0, FEW, ANSWER_MIXED);
    for (size_t i = 0; i < 9; i++) { /* before it is told, and after */
        fleet_live(&f, MINUTES(20));
        f.boot += i % 3 == 2;
        fleet_restart(&f);
    }
    CHECK(told(down_at, EVENT_FIRING, KIND_SERVICE) == 1 && fleet_count(&f, down_at, -1, -1, -1) == 1);
    all_is_back_within_two_polls(INTERVAL);
    fleet_restart(&f);
    usec_t after = fleet_now();
    fleet_live(&f, MINUTES(30));
    CHECK(fleet_count(&f, after, -1, -1, -1) == 0);
    fleet_end(&f);
}

static void a_restart_after_the_outage_does_not_tell_of_it(void **state)
{
    (void)state;
    begin(FEW, INTERVAL);
    usec_t down_at = fleet_now();
    fleet_answer(&f, 0, FEW, ANSWER_REFUSED);
    fleet_live(&f, MINUTES(50));
    fleet_sleep(&f, HOURS(8)); /* the daemon is stopped; Graph is back long before it starts */
    fleet_restart(&f);
    fleet_answer(&f, 0, FEW, ANSWER_WELL);
    tick_now(&f.app);
    fleet_live(&f, MINUTES(30));
    CHECK(fleet_count(&f, down_at, -1, -1, -1) == 0);
    fleet_end(&f);
}

static void a_long_one_becomes_critical_once(void **state)
{
    (void)state;
    fleet_start(&f, FEW, INTERVAL, "thresholds: { poll = { warning = \"30m\"; critical = \"2h\"; }; };");
    fleet_live(&f, 3 * INTERVAL);
    fleet_answer(&f, 0, FEW, ANSWER_MIXED);
    fleet_live(&f, HOURS(3));
    CHECK(f.n_heard == 2 && f.heard[1].type == EVENT_ESCALATED && f.heard[1].kind == KIND_SERVICE);
    fleet_end(&f);
}

/* Thousands of readings: less is kept of each allocation, and fewer of those that are free. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "malloc_context_size=3:quarantine_size_mb=8";
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_hours_of_any_outage_are_one_alert),
        cmocka_unit_test(a_short_outage_is_nobodys_business),
        cmocka_unit_test(those_who_come_back_first_end_nothing_and_the_others_are_no_news),
        cmocka_unit_test(a_number_around_half_does_not_flap),
        cmocka_unit_test(who_still_fails_when_it_is_over_is_told_by_itself),
        cmocka_unit_test(less_than_half_is_a_matter_of_each),
        cmocka_unit_test(who_has_a_trouble_of_its_own_is_told_meanwhile),
        cmocka_unit_test(a_single_secret_that_ends_is_told_within_a_poll),
        cmocka_unit_test(a_restart_in_the_middle_changes_nothing),
        cmocka_unit_test(a_restart_after_the_outage_does_not_tell_of_it),
        cmocka_unit_test(a_long_one_becomes_critical_once),
    };
    digest_init();
    json_init();
    if (http_global_init(NULL) < 0)
        return 1;
    store_global_init();
    log_level(LOG_ERR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
