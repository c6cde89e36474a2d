/* SPDX-License-Identifier: MIT */
/* An ordinary company, watched for a month with the configuration as shipped: one digest at the
 * beginning, hardly a word after it, and nothing that wakes anybody. And what is really wrong at the
 * same company is told in time, and once.
 *
 * Every word of it is in month.txt and incidents.txt beside this file, for reading. When words change
 * on purpose, read the new ones in BUILD/ordinary-*.txt and copy them over. */
#include "ordinary/service.h"

#include "base/alloc.h"
#include "base/date.h"
#include "base/digest.h"
#include "base/log.h"
#include "http/http.h"
#include "json/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define START_AT (UINT64_C(1793001600) * USEC_PER_SEC) /* Monday, 2026-10-26 08:00 UTC */
#define INTERVAL (5 * USEC_PER_MINUTE)                 /* poll.interval as shipped */
#define MESSAGES_MAX 3                                 /* a month, after the digest */

/* ---- what happens ---- */

enum deed {
    BUY,     /* n units more, or fewer */
    FILL,    /* all of its units are in use from now on */
    WAIT,    /* n members in the waiting room */
    REPLACE, /* the pool has another id from now on */
    UNLIST,  /* n = 1: the pool is not in the list; 0: it is again */
    STATE,   /* of its subscription; `word` */
    DATE,    /* of its subscription: n days from now */
    ERRORS,  /* the error group of the SKU has n errors from now on */
    GRAPH_DOWN,
    ERRORS_DOWN,
    SECRET_EXPIRED, /* n = 1: begins, 0: ends */
    RESTART,
    REBOOT,
};
struct event_of_day {
    unsigned day, hour, minute;
    enum deed deed;
    const char *part;
    unsigned which; /* of the SKU's pools */
    int64_t n;
    const char *word;
};
#define STORY_MAX 32
struct life {
    struct simulated_tenant tenant;
    struct service service;
    const struct event_of_day *story;
    bool done[STORY_MAX];
    uint64_t boot;
};

static void errors_become(struct simulated_tenant *t, const char *part, int64_t n)
{
    for (size_t i = 0; i < ERROR_GROUPS; i++)
        if (text_equal(t->errors[i].part, part))
            t->errors[i].count = t->errors[i].usual = n;
}

static void happen(struct life *l, const struct event_of_day *e)
{
    usec_t now_at = service_clock();
    struct pool *p = e->part ? tenant_pool(&l->tenant, e->part, e->which) : NULL;
    switch (e->deed) {
    case BUY: p->allotted += e->n; break;
    case FILL: p->consumed = p->allotted, p->habit = HABIT_STILL; break;
    case WAIT: pool_wait(p, e->n, now_at); break;
    case REPLACE: pool_replace(p); break;
    case UNLIST: p->unlisted = e->n; break;
    case STATE: p->state = e->word; break;
    case DATE: p->next_date = (int32_t)(now_at / USEC_PER_DAY) + (int32_t)e->n; break;
    case ERRORS: errors_become(&l->tenant, e->part, e->n); break;
    case GRAPH_DOWN: l->tenant.graph_down = e->n; break;
    case ERRORS_DOWN: l->tenant.errors_down = e->n; break;
    case SECRET_EXPIRED: l->tenant.secret_expired = e->n; break;
    case REBOOT: l->boot++; /* fall through */
    case RESTART:
        service_set_clock(now_at, l->boot);
        service_restart(&l->service);
        break;
    }
}

static usec_t moment(unsigned day, unsigned hour, unsigned minute) /* the first day is 1 */
{
    return START_AT / USEC_PER_DAY * USEC_PER_DAY + (day - 1) * USEC_PER_DAY + hour * USEC_PER_HOUR +
           minute * USEC_PER_MINUTE;
}

/* In the order of the table, each as soon as its time has come. */
static void catch_up(struct life *l)
{
    for (size_t i = 0; i < STORY_MAX && l->story[i].day; i++) {
        const struct event_of_day *e = &l->story[i];
        if (l->done[i] || service_clock() < moment(e->day, e->hour, e->minute))
            continue;
        l->done[i] = true;
        happen(l, e);
    }
}

/* A reading every five minutes, or every few of them, and then the daemon's own look at the clock. */
static void live(struct life *l, uint64_t seed, const struct event_of_day *story, unsigned days, unsigned every)
{
    *l = (struct life){.story = story, .boot = 1};
    service_set_clock(START_AT, l->boot);
    tenant_found(&l->tenant, seed, START_AT);
    service_make(&l->service);
    unsigned n = 0;
    for (usec_t at = START_AT; at < START_AT + days * USEC_PER_DAY; at += INTERVAL) {
        service_set_clock(at, l->boot);
        catch_up(l);
        tenant_live(&l->tenant, at);
        if (n++ % every)
            continue;
        service_poll(&l->service, &l->tenant);
        service_set_clock(at + USEC_PER_MINUTE, l->boot);
        service_tick(&l->service);
    }
}

/* ---- what was told ---- */

static const char *read_whole(const char *path, char *buf, size_t size)
{
    FILE *f = fopen(path, "re");
    buf[f ? fread(buf, 1, size - 1, f) : 0] = '\0';
    if (f)
        (void)fclose(f);
    return buf;
}

/* BUILD/ordinary-NAME is what was told, NAME beside this file what was read and approved. */
static void check_registry(const struct service *s, const char *name)
{
    static char want[1u << 20], got[1u << 20];
    char fresh[512], golden[512];
    (void)snprintf(fresh, sizeof fresh, BINARY_ROOT "/ordinary-%s", name);
    (void)snprintf(golden, sizeof golden, SOURCE_ROOT "/tests/ordinary/%s", name);
    FILE *f = fopen(fresh, "we");
    assert_non_null(f);
    for (size_t i = 0; i < s->n_told; i++)
        assert_true(fprintf(f, "%s== %s", i ? "\n" : "", s->told[i].text) > 0);
    assert_int_equal(fclose(f), 0);
    if (strcmp(read_whole(golden, want, sizeof want), read_whole(fresh, got, sizeof got)) != 0)
        fail_msg("what is told has changed: compare %s with %s", fresh, golden);
}

static size_t count_told(const struct service *s, enum event_type type)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_told; i++)
        n += s->told[i].type == type;
    return n;
}

static void assert_quiet(const struct service *s, const char *what)
{
    bool calm = count_told(s, EVENT_DIGEST) == 1 && s->n_told <= 1 + MESSAGES_MAX;
    for (size_t i = 0; i < s->n_told; i++)
        calm &= s->told[i].level < LEVEL_CRITICAL;
    if (calm && s->told[0].type == EVENT_DIGEST)
        return;
    for (size_t i = 0; i < s->n_told; i++)
        print_error("%s\n", s->told[i].text);
    fail_msg("%s: %zu messages, %zu digests", what, s->n_told, count_told(s, EVENT_DIGEST));
}

/* ---- the ordinary month ---- */

static const struct event_of_day MONTH[STORY_MAX] = {
    {4, 14, 10, GRAPH_DOWN, NULL, 0, 1, NULL}, /* 40 minutes */
    {4, 14, 50, GRAPH_DOWN, NULL, 0, 0, NULL},
    /* the first of November, a Sunday: renewals, one under a new id */
    {7, 0, 20, BUY, "SPB", 0, 20, NULL},
    {7, 0, 20, BUY, "AAD_PREMIUM", 0, -15, NULL}, /* fewer, by less than a tenth */
    {7, 0, 20, REPLACE, "SPE_F1", 0, 0, NULL},
    {7, 0, 20, REPLACE, "VISIOCLIENT", 0, 0, NULL},
    {8, 3, 0, RESTART, NULL, 0, 0, NULL},
    {10, 2, 0, ERRORS_DOWN, NULL, 0, 1, NULL}, /* 2 hours, of the error list alone */
    {10, 4, 0, ERRORS_DOWN, NULL, 0, 0, NULL},
    {12, 10, 0, WAIT, "VISIOCLIENT", 0, 2, NULL}, /* 10 minutes, and it heals by itself */
    {12, 10, 10, WAIT, "VISIOCLIENT", 0, 0, NULL},
    {13, 0, 5, STATE, "Microsoft_365_Copilot", 0, 0, "warning"}, /* the end of a trial */
    {15, 3, 0, REBOOT, NULL, 0, 0, NULL},
    {20, 0, 5, STATE, "Microsoft_365_Copilot", 0, 0, "suspended"},
    {22, 3, 0, RESTART, NULL, 0, 0, NULL},
    {25, 0, 5, UNLIST, "Microsoft_365_Copilot", 0, 1, NULL},
    {29, 3, 0, RESTART, NULL, 0, 0, NULL},
};

static void an_ordinary_month_has_one_digest_and_hardly_a_word_more(void **state)
{
    static struct life l;
    (void)state;
    live(&l, 1, MONTH, 30, 1);
    assert_quiet(&l.service, "an ordinary month");
    check_registry(&l.service, "month.txt");
    service_end(&l.service);
}

/* What chance brings may differ, how much is said of it may not. Read less often, for time's sake. */
static void other_companies_are_as_quiet(void **state)
{
    static struct life l;
    (void)state;
    for (uint64_t seed = 2; seed < 6; seed++) {
        char what[32];
        (void)snprintf(what, sizeof what, "company %u", (unsigned)seed);
        live(&l, seed, MONTH, 14, 3);
        assert_quiet(&l.service, what);
        service_end(&l.service);
    }
}

/* ---- what is really wrong ---- */

static const struct event_of_day INCIDENTS[STORY_MAX] = {
    {2, 2, 0, FILL, "ENTERPRISEPACK", 0, 0, NULL}, /* four people wait for more than a day */
    {2, 2, 0, WAIT, "ENTERPRISEPACK", 0, 4, NULL},
    {3, 15, 0, BUY, "ENTERPRISEPACK", 0, 25, NULL},
    {3, 15, 0, WAIT, "ENTERPRISEPACK", 0, 0, NULL},
    {4, 10, 0, SECRET_EXPIRED, NULL, 0, 1, NULL},
    {4, 12, 0, SECRET_EXPIRED, NULL, 0, 0, NULL},
    {5, 0, 20, BUY, "SPE_E3", 0, -200, NULL}, /* a mistake; the pool was almost full before */
    {5, 9, 0, BUY, "SPE_E3", 0, 200, NULL},
    {6, 0, 5, DATE, "EXCHANGEDESKLESS", 0, 12, NULL}, /* the bill was not paid */
    {6, 0, 5, STATE, "EXCHANGEDESKLESS", 0, 0, "warning"},
    {8, 0, 5, STATE, "EXCHANGEDESKLESS", 0, 0, "suspended"},
    {8, 11, 0, STATE, "EXCHANGEDESKLESS", 0, 0, "active"},
    {9, 10, 0, ERRORS, "POWER_BI_PRO", 0, 14, NULL},
    {9, 16, 0, ERRORS, "POWER_BI_PRO", 0, 1, NULL},
    {10, 10, 0, UNLIST, "ENTERPRISEPREMIUM", 0, 1, NULL}, /* with 66 people in it */
    {10, 14, 0, UNLIST, "ENTERPRISEPREMIUM", 0, 0, NULL},
    {11, 2, 0, GRAPH_DOWN, NULL, 0, 1, NULL},
    {11, 10, 0, GRAPH_DOWN, NULL, 0, 0, NULL},
    {12, 0, 20, BUY, "AAD_PREMIUM", 0, -30, NULL}, /* nobody lacks one, but a tenth is gone overnight */
    {12, 8, 0, BUY, "AAD_PREMIUM", 0, 30, NULL},
    {12, 9, 0, FILL, "POWER_BI_PRO", 1, 0, NULL}, /* the other pool of a product whose first is full */
    {12, 15, 0, BUY, "POWER_BI_PRO", 1, 20, NULL},
    {13, 9, 0, FILL, "VISIOONLINE_PLAN1", 0, 0, NULL}, /* five seats, and one who asks for the sixth */
    {13, 9, 0, WAIT, "VISIOONLINE_PLAN1", 0, 1, NULL},
    {13, 11, 0, WAIT, "VISIOONLINE_PLAN1", 0, 0, NULL},
    {13, 11, 0, BUY, "VISIOONLINE_PLAN1", 0, 2, NULL},
    {14, 2, 0, GRAPH_DOWN, NULL, 0, 1, NULL}, /* three hours */
    {14, 5, 0, GRAPH_DOWN, NULL, 0, 0, NULL},
};

/* In this order and, but for reminders, nothing else; each between its cause and the delay that the manual names. */
static const struct expected {
    unsigned day, hour, minute, within;
    enum event_type type;
    enum level level;
    enum rule rule;
    const char *sku;
} EXPECTED[] = {
    {1, 8, 0, 5, EVENT_DIGEST, LEVEL_WARNING, RULE_USAGE, NULL},
    {2, 2, 0, 10, EVENT_FIRING, LEVEL_WARNING, RULE_USAGE, "ENTERPRISEPACK"},
    {2, 2, 0, 20, EVENT_UPDATED, LEVEL_WARNING, RULE_WAITING, "ENTERPRISEPACK"}, /* for = "15m" */
    {3, 2, 0, 10, EVENT_ESCALATED, LEVEL_CRITICAL, RULE_WAITING_AGE, "ENTERPRISEPACK"},
    {3, 15, 0, 20, EVENT_RESOLVED, LEVEL_CRITICAL, RULE_WAITING_AGE, "ENTERPRISEPACK"},
    {4, 10, 0, 5, EVENT_FIRING, LEVEL_WARNING, RULE_POLL, ""},
    {4, 12, 0, 20, EVENT_RESOLVED, LEVEL_WARNING, RULE_POLL, ""},
    {5, 0, 20, 10, EVENT_FIRING, LEVEL_CRITICAL, RULE_REMAINING, "SPE_E3"},
    {5, 9, 0, 20, EVENT_UPDATED, LEVEL_WARNING, RULE_USAGE, "SPE_E3"}, /* as full as before */
    {6, 9, 0, 10, EVENT_FIRING, LEVEL_WARNING, RULE_SUBSCRIPTION, "EXCHANGEDESKLESS"}, /* dates_at */
    {8, 0, 5, 10, EVENT_ESCALATED, LEVEL_CRITICAL, RULE_SUBSCRIPTION, "EXCHANGEDESKLESS"},
    {8, 11, 0, 20, EVENT_RESOLVED, LEVEL_CRITICAL, RULE_SUBSCRIPTION, "EXCHANGEDESKLESS"},
    {9, 10, 0, 65, EVENT_FIRING, LEVEL_WARNING, RULE_ASSIGNMENT_ERRORS, "POWER_BI_PRO"},
    {9, 16, 0, 20, EVENT_RESOLVED, LEVEL_WARNING, RULE_ASSIGNMENT_ERRORS, "POWER_BI_PRO"},
    {10, 10, 0, 35, EVENT_FIRING, LEVEL_CRITICAL, RULE_ALLOTMENT_GONE, "ENTERPRISEPREMIUM"},
    {10, 14, 0, 5, EVENT_RESOLVED, LEVEL_CRITICAL, RULE_ALLOTMENT_GONE, "ENTERPRISEPREMIUM"},
    {11, 2, 0, 65, EVENT_FIRING, LEVEL_WARNING, RULE_POLL, ""},
    {11, 2, 0, 365, EVENT_ESCALATED, LEVEL_CRITICAL, RULE_POLL, ""},
    {11, 10, 0, 20, EVENT_RESOLVED, LEVEL_CRITICAL, RULE_POLL, ""},
    {12, 0, 20, 10, EVENT_FIRING, LEVEL_WARNING, RULE_CAPACITY_DROP, "AAD_PREMIUM"},
    {12, 8, 0, 20, EVENT_RESOLVED, LEVEL_WARNING, RULE_CAPACITY_DROP, "AAD_PREMIUM"},
    {12, 9, 0, 10, EVENT_FIRING, LEVEL_WARNING, RULE_USAGE, "POWER_BI_PRO"}, /* both pools */
    {12, 9, 0, 10, EVENT_FIRING, LEVEL_WARNING, RULE_USAGE, "POWER_BI_PRO"},
    {12, 15, 0, 20, EVENT_RESOLVED, LEVEL_WARNING, RULE_USAGE, "POWER_BI_PRO"},
    {12, 15, 0, 20, EVENT_RESOLVED, LEVEL_WARNING, RULE_USAGE, "POWER_BI_PRO"},
    {13, 9, 0, 10, EVENT_FIRING, LEVEL_WARNING, RULE_REMAINING, "VISIOONLINE_PLAN1"},
    {13, 9, 0, 20, EVENT_UPDATED, LEVEL_WARNING, RULE_WAITING, "VISIOONLINE_PLAN1"},
    {13, 11, 0, 20, EVENT_RESOLVED, LEVEL_WARNING, RULE_WAITING, "VISIOONLINE_PLAN1"},
    {14, 2, 0, 65, EVENT_FIRING, LEVEL_WARNING, RULE_POLL, ""},
    {14, 5, 0, 20, EVENT_RESOLVED, LEVEL_WARNING, RULE_POLL, ""},
};

static bool is_expected(const struct expected *want, const struct told *got)
{
    usec_t from = moment(want->day, want->hour, want->minute);
    return got->type == want->type && got->level == want->level && got->rule == want->rule &&
           (!want->sku || strcmp(got->sku, want->sku) == 0) && got->at >= from &&
           got->at <= from + want->within * USEC_PER_MINUTE;
}

static void what_is_really_wrong_is_told_in_time_and_once(void **state)
{
    static struct life l;
    (void)state;
    live(&l, 1, INCIDENTS, 14, 1);
    size_t n = 0;
    for (size_t i = 0; i < l.service.n_told; i++) {
        const struct told *got = &l.service.told[i];
        if (got->type == EVENT_REMINDER)
            continue;
        if (n == N_ELEMENTS(EXPECTED) || !is_expected(&EXPECTED[n], got))
            fail_msg("not as expected, number %zu: %s", n + 1, got->text);
        n++;
    }
    assert_int_equal(n, N_ELEMENTS(EXPECTED));
    check_registry(&l.service, "incidents.txt");
    service_end(&l.service);
}

/* Thousands of readings: less is kept of each allocation, and fewer of those that are free. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "malloc_context_size=3:quarantine_size_mb=8";
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        {"month: one digest and hardly a word more", an_ordinary_month_has_one_digest_and_hardly_a_word_more,
         NULL, NULL, NULL},
        {"others: they are as quiet", other_companies_are_as_quiet, NULL, NULL, NULL},
        {"incidents: told in time and once", what_is_really_wrong_is_told_in_time_and_once, NULL, NULL, NULL},
    };
    digest_init();
    json_init();
    if (http_global_init(NULL) < 0)
        return 1;
    store_global_init();
    log_level(LOG_ERR);
    char part[32]; /* month, others, incidents: all three take minutes */
    (void)snprintf(part, sizeof part, "%s*", argc > 1 ? argv[1] : "");
    cmocka_set_test_filter(part);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
