/* SPDX-License-Identifier: MIT */
/* Messages that are too many for a receiver become digests, and nothing is lost. */
#include "fixture.h"

#define TO(receiver) ((receiver_set)1 << (receiver))
#define FOLD(...) (&(const struct fold){.receiver = "hook", .due_at = T0 + USEC_PER_DAY, __VA_ARGS__})

static void post(struct store *s, enum event_type type, unsigned n, enum level level, const char *tenant, usec_t when)
{
    static uint64_t seq;
    CLEANUP(changes_free) struct changes *c = no_changes();
    struct failure f = {0};
    struct notification *e = a_notification(type, n, 1, ++seq);
    e->level = level;
    e->context->tenant_name = strdup(tenant);
    free(e->title);
    e->title = text_printf("alert %u %s", n, event_type_name(type));
    add_event(c, e, TO(HOOK) | TO(CHAT));
    ok(try_commit(s, c, at(when), &f), &f);
}

static int fold(struct store *s, const struct fold *how)
{
    struct failure f = {0};
    int r = store_outbox_fold(s, how, at(USEC_PER_HOUR), &f);
    ok(r, &f);
    return r;
}

/* Delivers everything; returns one line for each message: "+" before the titles of a digest. */
static char *hear_all(struct store *s, const char *receiver)
{
    struct text t = TEXT_INIT(1 << 16);
    for (;;) {
        CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, receiver, T0 + 2 * USEC_PER_HOUR);
        if (!e)
            return text_take(&t);
        if (e->notification)
            text_addf(&t, "%s\n", e->notification->title);
        for (size_t i = 0; e->digest && i < e->digest->n_notifications; i++)
            text_addf(&t, "+ %u/%u %s\n", e->digest->part, e->digest->parts, e->digest->notification[i]->title);
        begin(s, e->id, e->body ? NULL : "body", at(2 * USEC_PER_HOUR));
        end(s, e->id, OUTBOX_DELIVERED, 0, at(2 * USEC_PER_HOUR));
    }
}

static void expect(struct store *s, const char *want)
{
    CLEANUP(free) char *heard = hear_all(s, "hook");
    assert_string_equal(heard, want);
}

static void the_worst_and_newest_stay_single_and_the_rest_is_combined_worst_first(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    for (unsigned n = 1; n <= 6; n++)
        post(s, EVENT_FIRING, n, n % 2 ? LEVEL_WARNING : LEVEL_CRITICAL, "a", n);
    assert_int_equal(fold(s, FOLD(.keep = 2, .lines = 3)), 1);
    assert_int_equal(fold(s, FOLD(.keep = 2, .lines = 3)), 0);
    expect(s, "alert 6 alert.firing\nalert 4 alert.firing\n"
              "+ 1/2 alert 2 alert.firing\n+ 1/2 alert 5 alert.firing\n+ 1/2 alert 3 alert.firing\n"
              "+ 2/2 alert 1 alert.firing\n");
    assert_int_equal(ask(*state, "SELECT count(*) FROM outbox WHERE state = 4"), 4);
    assert_int_equal(ask(*state, "SELECT count(*) FROM event WHERE folded_into IS NOT NULL"), 4);
    CLEANUP(free) char *other = hear_all(s, "chat");
    assert_null(strchr(other, '+'));
}

static void what_fits_or_is_alone_is_not_combined(void **state)
{
    static const struct {
        const char *why;
        unsigned n;
        uint32_t keep;
        int want;
    } CASES[] = {
        {"no limit", 9, UINT32_MAX, 0}, {"all have a token", 3, 3, 0},  {"one has to wait", 4, 3, 0},
        {"two have to wait", 5, 3, 1},  {"a single one waits", 1, 0, 0}, {"two, and no token", 2, 0, 1},
    };
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        void *dir;
        (void)dir_make(&dir);
        struct store *s = open_in(dir);
        for (unsigned n = 0; n < CASES[i].n; n++)
            post(s, EVENT_FIRING, n, LEVEL_WARNING, "a", n);
        if (fold(s, FOLD(.lines = 20, .keep = CASES[i].keep)) != CASES[i].want)
            fail_msg("%s", CASES[i].why);
        store_close(s);
        (void)dir_remove(&dir);
    }
    (void)state;
}

static void an_alert_keeps_its_order_before_in_and_after_a_digest(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    post(s, EVENT_FIRING, 1, LEVEL_WARNING, "a", 1);
    post(s, EVENT_ESCALATED, 1, LEVEL_CRITICAL, "a", 2);
    post(s, EVENT_FIRING, 2, LEVEL_WARNING, "a", 3);
    assert_int_equal(fold(s, FOLD(.lines = 20, .keep = 0)), 1);
    post(s, EVENT_RESOLVED, 1, LEVEL_CRITICAL, "a", 4);
    post(s, EVENT_RESOLVED, 2, LEVEL_WARNING, "a", 5);
    assert_int_equal(fold(s, FOLD(.lines = 20, .keep = 0)), 0); /* they follow the digest */
    assert_true(deliver_one(s, "hook", at(USEC_PER_HOUR)));
    assert_int_equal(ask(*state, "SELECT count(*) FROM outbox WHERE combined"), 2); /* of the chat */
    assert_int_equal(fold(s, FOLD(.lines = 20, .keep = 0)), 1);
    expect(s, "+ 1/1 alert 2 alert.resolved\n+ 1/1 alert 1 alert.resolved\n");
    assert_int_equal(ask(*state, "SELECT count(*) FROM event WHERE folded_into IS NOT NULL"), 5);
}

static void what_was_attempted_stays_single(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    post(s, EVENT_FIRING, 1, LEVEL_WARNING, "a", 1);
    CLEANUP(outbox_entry_free) struct outbox_entry *e = next(s, "hook", T0 + 1);
    begin(s, e->id, "body", at(1));
    end(s, e->id, OUTBOX_QUEUED, T0 + 2, at(1));
    post(s, EVENT_ESCALATED, 1, LEVEL_CRITICAL, "a", 2);
    post(s, EVENT_FIRING, 2, LEVEL_WARNING, "a", 3);
    assert_int_equal(fold(s, FOLD(.lines = 20, .keep = 0)), 0);
    post(s, EVENT_FIRING, 3, LEVEL_WARNING, "a", 4);
    assert_int_equal(fold(s, FOLD(.lines = 20, .keep = 0)), 1);
    expect(s, "+ 1/1 alert 3 alert.firing\n+ 1/1 alert 2 alert.firing\n"
              "alert 1 alert.firing\nalert 1 alert.escalated\n");
}

static void a_digest_has_one_tenant_where_the_receiver_wants_that(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    for (unsigned n = 1; n <= 5; n++)
        post(s, EVENT_FIRING, n, LEVEL_WARNING, n == 5 ? "c" : n % 2 ? "a" : "b", n);
    assert_int_equal(fold(s, FOLD(.lines = 20, .keep = 0, .by_tenant = true)), 1);
    expect(s, "alert 5 alert.firing\n"
              "+ 1/1 alert 4 alert.firing\n+ 1/1 alert 2 alert.firing\n"
              "+ 1/1 alert 3 alert.firing\n+ 1/1 alert 1 alert.firing\n");
}

static void a_full_outbox_is_combined_whatever_the_pace_is(void **state)
{
    const struct store_options o = {.directory = *state, .outbox_max_rows = 10};
    CLEANUP(store_close) struct store *s = NULL;
    struct store_report report;
    struct failure f = {0};
    ok(store_open(&o, &CODEC, STORE_NORMAL, at(0), &s, &report, &f), &f);
    for (unsigned n = 1; n <= 8; n++) /* two rows each */
        post(s, EVENT_FIRING, n, LEVEL_WARNING, "a", n);
    assert_int_equal(fold(s, FOLD(.lines = 20, .keep = UINT32_MAX)), 1);
    assert_int_equal(fold(s, FOLD(.lines = 20, .keep = UINT32_MAX)), 0);
    assert_int_equal(stats_of(s, "hook").queued, 1);
    assert_int_equal(stats_of(s, NULL).dropped, 0);
}

static void five_thousand_alerts_are_all_named_once(void **state)
{
    CLEANUP(store_close) struct store *s = open_in(*state);
    CLEANUP(changes_free) struct changes *c = no_changes();
    struct failure f = {0};
    for (unsigned i = 0; i < 5000; i++)
        add_event(c, a_notification(EVENT_FIRING, i, 1, 1), TO(HOOK));
    ok(try_commit(s, c, at(0), &f), &f);
    int n = 0;
    while (fold(s, FOLD(.lines = 20, .keep = 10)) > 0)
        n++;
    assert_int_equal(n, 5); /* transactions */
    assert_int_equal(stats_of(s, "hook").queued, 10 + 4 * 50 + 50);
    assert_int_equal(ask(*state, "SELECT count(DISTINCT event_id) FROM event WHERE folded_into IS NOT NULL"), 4990);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, dir_make, dir_remove)
    const struct CMUnitTest tests[] = {
        TEST(the_worst_and_newest_stay_single_and_the_rest_is_combined_worst_first),
        TEST(what_fits_or_is_alone_is_not_combined),
        TEST(an_alert_keeps_its_order_before_in_and_after_a_digest),
        TEST(what_was_attempted_stays_single),
        TEST(a_digest_has_one_tenant_where_the_receiver_wants_that),
        TEST(a_full_outbox_is_combined_whatever_the_pace_is),
        TEST(five_thousand_alerts_are_all_named_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
