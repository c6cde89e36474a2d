/* SPDX-License-Identifier: MIT */
/* A receiver that the tenant addresses, as mail to {labels.mail}: no digest has alerts of two customers, whatever the
 * reason of the digest is, and each customer gets all of his own. */
#include "fixtures/observations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CUSTOMERS 3
#define POOLS 2 /* of each */
enum { CHAT = 1, MAIL = 2 };
static const char *const IDS[CUSTOMERS] = {"bbbbbbbb-0000-4000-8000-000000000002", TENANT,
                                           "cccccccc-0000-4000-8000-000000000003"};
static struct receiver_traits RECEIVERS[] = {{.name = (char *)"chat"},
                                             {.name = (char *)"mail", .by_tenant = true}};
static char *TO_BOTH[] = {(char *)"chat", (char *)"mail"};
static struct route IN_HOURS[1];

static int setup(void **state)
{
    static struct engine_fixture d;
    engine_open(&d);
    d.routes.receiver = RECEIVERS;
    d.routes.n_receivers = 2;
    IN_HOURS[0] = (struct route){.to = TO_BOTH, .n_to = 2};
    assert_int_equal(hours_parse("Sun 07:00-19:00", &IN_HOURS[0].hours, NULL), 0); /* T0 is a Sunday, 02:00 */
    *state = &d;
    return 0;
}
static int teardown(void **state)
{
    engine_close(*state);
    return 0;
}

/* Every pool of every customer is nearly full. Pools of the same customer do not follow each other. */
static void poll_all(struct engine_fixture *d)
{
    for (size_t c = 0; c < CUSTOMERS; c++) {
        struct observation s[POOLS];
        for (size_t i = 0; i < POOLS; i++) {
            char id[16];
            (void)snprintf(id, sizeof id, "%zu-%zu", i, c);
            s[i] = A_POOL(.id = id, .allotted = 100, .consumed = 95);
            free(s[i].context->tenant_id);
            s[i].context->tenant_id = strdup(IDS[c]);
            assert_non_null(s[i].context->tenant_id);
        }
        d->tenant_id = IDS[c];
        (void)engine_poll(d, s, POOLS);
    }
}

static const struct alert *of(const struct engine_fixture *d, size_t c, size_t pool)
{
    char id[16];
    (void)snprintf(id, sizeof id, "%zu-%zu", pool, c);
    return registry_find(d->registry, KIND_CAPACITY, IDS[c], id);
}

#define ALL (CUSTOMERS * POOLS)

static void make_deferred(const struct engine_fixture *d, struct deferred *ret)
{
    for (size_t i = 0; i < ALL; i++)
        for (size_t k = 0; k < 2; k++) {
            struct deferred *h = &ret[2 * i + k];
            *h = (struct deferred){.episode = of(d, i % CUSTOMERS, i / CUSTOMERS)->episode};
            memcpy(h->alert_id, of(d, i % CUSTOMERS, i / CUSTOMERS)->id, sizeof h->alert_id);
            (void)snprintf(h->receiver, sizeof h->receiver, "%s", RECEIVERS[k].name);
        }
}

static void make_records(const struct engine_fixture *d, const char *receiver, enum record_kind kind,
                         struct delivery_record *ret)
{
    for (size_t i = 0; i < ALL; i++) {
        ret[i] = (struct delivery_record){.kind = kind, .seq = 1};
        memcpy(ret[i].alert_id, of(d, i % CUSTOMERS, i / CUSTOMERS)->id, sizeof ret[i].alert_id);
        (void)snprintf(ret[i].receiver, sizeof ret[i].receiver, "%s", receiver);
    }
}

/* ---- how the digests come about ---- */

static void first_run(struct engine_fixture *d)
{
    struct deferred deferred[2 * ALL];
    d->first_run = true;
    d->first_digest = FIRST_WAITS;
    poll_all(d);
    make_deferred(d, deferred);
    d->first_run = false;
    d->first_digest = FIRST_DUE;
    (void)engine_deferred(d, deferred, N_ELEMENTS(deferred));
}

static void held(struct engine_fixture *d)
{
    struct deferred deferred[2 * ALL];
    d->routes.route = IN_HOURS;
    d->routes.n_routes = 1;
    poll_all(d);
    make_deferred(d, deferred);
    engine_pass(d, HOURS(6));
    (void)engine_deferred(d, deferred, N_ELEMENTS(deferred));
}

static void unsilenced(struct engine_fixture *d)
{
    struct silence s = {.created = d->now, .start_at = d->now.at, .end_at = d->now.at + HOURS(1)};
    d->silences = (struct silences){&s, 1};
    engine_pass(d, MINUTES(5));
    poll_all(d);
    engine_pass(d, HOURS(1));
    (void)engine_unsilenced(d);
    d->silences = (struct silences){0};
}

static void state_lost(struct engine_fixture *d)
{
    struct delivery_record records[ALL];
    poll_all(d);
    make_records(d, "", RECORD_LAST_EVENT, records);
    (void)engine_lost(d, records, ALL, NULL);
}

static void receiver_removed(struct engine_fixture *d)
{
    struct delivery_record records[ALL];
    poll_all(d);
    make_records(d, "old", RECORD_UNDELIVERED, records);
    (void)engine_receiver_removed(d, records, ALL);
}

/* ---- what each receiver gets ---- */

static size_t lines_to(const struct engine_fixture *d, receiver_set to, const char *tenant)
{
    size_t n = 0;
    for (size_t i = 0; i < d->last->n_events; i++) {
        const struct event *e = &d->last->event[i];
        for (size_t k = 0; e->to & to && k < e->digest->n_notifications; k++)
            n += strcmp(e->digest->notification[k]->context->tenant_id, tenant) == 0;
    }
    return n;
}

static void check_mail_has_one_tenant(const struct engine_fixture *d, const char *reason)
{
    for (size_t i = 0; i < d->last->n_events; i++) {
        const struct event *e = &d->last->event[i];
        assert_non_null(e->digest);
        assert_string_equal(e->digest->reason, reason);
        if (!(e->to & MAIL))
            continue;
        if (!e->digest->tenant_id)
            fail_msg("%s: a mail has alerts of several customers", reason);
        for (size_t k = 0; k < e->digest->n_notifications; k++)
            assert_string_equal(e->digest->notification[k]->context->tenant_id, e->digest->tenant_id);
        for (size_t k = 0; k < e->digest->n_counts; k++)
            assert_int_equal(e->digest->count[k].count, POOLS);
    }
}

static void each_customer_gets_all_of_his_own_alerts_and_nobody_elses(void **state)
{
    static const struct {
        const char *reason;
        void (*come)(struct engine_fixture *d);
    } CASES[] = {{"first_run", first_run},
                 {"held", held},
                 {"unsilenced", unsilenced},
                 {"state_lost", state_lost},
                 {"receiver_removed", receiver_removed}};
    struct engine_fixture *d = *state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CASES[i].come(d);
        check_mail_has_one_tenant(d, CASES[i].reason);
        for (size_t c = 0; c < CUSTOMERS; c++) {
            assert_int_equal(lines_to(d, MAIL, IDS[c]), POOLS);
            assert_int_equal(lines_to(d, CHAT, IDS[c]), POOLS);
        }
        assert_int_equal(d->last->n_events, 1 + CUSTOMERS); /* one digest for the chat */
        teardown(state);
        setup(state);
    }
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test_setup_teardown(each_customer_gets_all_of_his_own_alerts_and_nobody_elses, setup, teardown),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
