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
#define QUIET_LEVEL (-1)

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
    while ((a = book_next(f.app.book, &cursor)))
        n += a->kind == kind && a->said > LEVEL_NONE;
    return n;
}

static size_t unread(void)
{
    size_t n = 0;
    for (size_t i = 0; i < f.n; i++)
        n += f.app.watch[i].health.failing || f.app.watch[i].health.emptied;
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
        usec_t interval;
        const char *words;
    } CASES[] = {
        {"nobody listens", ANSWER_REFUSED, MINUTES(5), "at graph.microsoft.com"},
        {"503", ANSWER_503, MINUTES(15), "Graph keeps telling us to wait"},
        {"503 and wait", ANSWER_503_WAIT, MINUTES(15), "Graph keeps telling us to wait"},
        {"hangs", ANSWER_HANGS, MINUTES(15), "Graph cannot be reached"},
        {"login is dead, tokens last", ANSWER_LOGIN_DEAD, MINUTES(15), "at login.microsoftonline.com"},
        {"each sees another face of it", ANSWER_MIXED, MINUTES(15), "300 of 300"},
        {"the secret of all has ended", ANSWER_SECRET_ENDED, MINUTES(15), "sign-in was refused"},
        {"all lists are empty", ANSWER_EMPTY, MINUTES(15), "300"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        print_message("%s\n", CASES[i].why);
        begin(300, CASES[i].interval);
        usec_t down_at = fleet_now();
        fleet_answer(&f, 0, 300, CASES[i].answer);
        fleet_live(&f, HOURS(3));
        CHECK(told(down_at, EVENT_FIRING, KIND_SERVICE) == 1);
        CHECK(fleet_count(&f, down_at, -1, -1, -1) == 1);
        CHECK(fleet_count(&f, down_at, -1, -1, LEVEL_CRITICAL) <= 2);
        CHECK(strstr(f.heard[f.n_heard - 1].description, CASES[i].words));
        all_is_back_within_two_polls(CASES[i].interval);
        fleet_end(&f);
    }
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
    };
    digest_init();
    json_init();
    http_global_init();
    store_global_init();
    log_level(LOG_ERR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
