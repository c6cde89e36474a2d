/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_resend.c: which open alerts are repeated, how long what has ended is, and
 * what a refusal does. */
#include "deliver/resend.h"
#include "http_type.h"

#define ALERTS_MAX 70
#define WATCHDOG "SeatwatchWatchdog"
#define NAME(c) "\"alert_id\":\"" c "f0c2a9e41d7b836\""

struct house {
    struct hook hook;
    struct receiver_options receiver[2];
    struct resends *resends;
    struct alert alert[ALERTS_MAX];
    enum level level;
    size_t n_alerts;
    bool confirmed, deferred, stuck;
    unsigned rounds;
};

static const char *alive(void *userdata)
{
    struct house *h = userdata;
    return h->stuck ? "a test" : NULL;
}

static int list(void *userdata, const char *receiver, struct repeated *to)
{
    struct house *h = userdata;
    assert_string_equal(receiver, "am");
    h->rounds++;
    for (size_t i = 0; i < h->n_alerts; i++) {
        const struct open_alert a = {.alert = &h->alert[i],
                                     .rule = RULE_WAITING,
                                     .level = h->level,
                                     .deferred = h->deferred,
                                     .confirmed_mono = h->confirmed ? clock_now().mono : 1};
        int r = repeated_add(to, &a);
        if (r < 0)
            return r;
    }
    return 0;
}

static void house_open(struct house *h, const char *const *answers, size_t n)
{
    static char url[256];
    static char *urls[] = {url};
    *h = (struct house){.level = LEVEL_WARNING, .n_alerts = 1, .confirmed = true};
    hook_new(&h->hook, answers, n);
    (void)snprintf(url, sizeof url, "%s", hook_address(&h->hook, ""));
    h->receiver[0] = some_receiver("journal", &journal_class);
    h->receiver[1] = some_receiver("am", &alertmanager_class);
    *(char ***)some_option(&h->receiver[1], "urls") = urls;
    ((size_t *)some_option(&h->receiver[1], "urls"))[1] = 1;
    *(usec_t *)some_option(&h->receiver[1], "resend") = 20000;
    h->receiver[1].confirms_within = USEC_PER_HOUR;
    for (size_t i = 0; i < ALERTS_MAX; i++) {
        struct alert *a = &h->alert[i];
        *a = (struct alert){.kind = KIND_CAPACITY,
                            .state = ALERT_FIRING,
                            .level = LEVEL_WARNING,
                            .rule = RULE_WAITING,
                            .value = 26,
                            .threshold = 25,
                            .context = some_context(),
                            .started = {some_time(SOME_AT), 1, 1}};
        memcpy(a->id, "0f0c2a9e41d7b836", ALERT_ID_TEXT);
        a->id[0] = "0123456789abcdef"[i % 16];
        a->id[1] = "f0123456789abcde"[i / 16];
    }
    const struct dispatcher_options o = {.receiver = h->receiver, .n_receivers = 2};
    assert_int_equal(resends_new(&o, h->hook.http, list, alive, h, &h->resends, NULL), 0);
}

static void house_close(struct house *h)
{
    for (size_t i = 0; i < ALERTS_MAX; i++)
        context_free(h->alert[i].context);
    resends_free(h->resends);
    hook_free(&h->hook);
}

/* The body of the first request from number `from` on that has this part. */
static const char *heard(struct house *h, size_t from, const char *part)
{
    for (;; hook_turn(&h->hook))
        for (; from < h->hook.n_requests; from++)
            if (strstr(h->hook.request[from].body, part))
                return h->hook.request[from].body;
}

/* Runs so many rounds more; the requests of all but the last have arrived. */
static void rounds(struct house *h, unsigned n)
{
    for (unsigned until = h->rounds + n; h->rounds < until;)
        hook_turn(&h->hook);
}

static bool any(const struct house *h, size_t from, const char *part)
{
    for (; from < h->hook.n_requests; from++)
        if (strstr(h->hook.request[from].body, part))
            return true;
    return false;
}

static void what_polls_confirm_is_repeated_and_nothing_else(void **state)
{
    static const char *const ANSWERS[] = {STATUS("200 OK")};
    (void)state;
    struct house h;
    house_open(&h, ANSWERS, 1);
    const char *body = heard(&h, 0, NAME("0"));
    assert_non_null(strstr(body, "\"severity\":\"warning\""));
    assert_non_null(strstr(body, "\"startsAt\":\"" SOME_AT "\",\"endsAt\":\"2"));
    heard(&h, h.hook.n_requests, NAME("0")); /* and again */
    h.confirmed = false;
    rounds(&h, 2);
    size_t from = h.hook.n_requests;
    heard(&h, from, WATCHDOG);
    rounds(&h, 3);
    assert_false(any(&h, from, NAME("0")));
    house_close(&h);
}

static void what_is_no_longer_open_is_repeated_as_ended(void **state)
{
    static const char *const ANSWERS[] = {STATUS("200 OK")};
    (void)state;
    struct house h;
    house_open(&h, ANSWERS, 1);
    heard(&h, 0, NAME("0"));
    rounds(&h, 2);
    h.level = LEVEL_CRITICAL; /* other labels: the alert before has ended */
    size_t from = h.hook.n_requests;
    usec_t before_at = clock_now().at - USEC_PER_SEC;
    const char *body = heard(&h, from, "\"severity\":\"critical\"");
    const char *old = strstr(body, "\"severity\":\"warning\"");
    assert_non_null(old);
    usec_t ended_at = 0;
    const char *at = strstr(old, "\"endsAt\":\"") + strlen("\"endsAt\":\"");
    char text[RFC3339_MAX] = "";
    memcpy(text, at, strlen(SOME_AT));
    assert_int_equal(rfc3339_parse(text, &ended_at), 0);
    assert_true(ended_at >= before_at && ended_at <= clock_now().at);
    heard(&h, h.hook.n_requests, text); /* the same end again */
    h.level = LEVEL_WARNING;            /* it fires again */
    rounds(&h, 2);
    body = heard(&h, h.hook.n_requests, "\"severity\":\"warning\"");
    at = strstr(strstr(body, "\"severity\":\"warning\""), "\"endsAt\":\"");
    assert_true(strncmp(at + strlen("\"endsAt\":\""), text, strlen(text)) != 0);
    house_close(&h);
}

static void outside_the_hours_of_a_route_only_what_was_open_is_repeated(void **state)
{
    static const char *const ANSWERS[] = {STATUS("200 OK")};
    (void)state;
    struct house h;
    house_open(&h, ANSWERS, 1);
    h.deferred = true;
    heard(&h, 0, WATCHDOG);
    rounds(&h, 3);
    assert_false(any(&h, 0, NAME("0")));
    h.deferred = false;
    heard(&h, 0, NAME("0"));
    h.deferred = true;
    rounds(&h, 2);
    heard(&h, h.hook.n_requests, NAME("0"));
    house_close(&h);
}

static void a_daemon_that_cannot_alert_sends_no_watchdog(void **state)
{
    static const char *const ANSWERS[] = {STATUS("200 OK")};
    (void)state;
    struct house h;
    house_open(&h, ANSWERS, 1);
    h.stuck = true;
    heard(&h, 0, NAME("0"));
    rounds(&h, 3);
    assert_false(any(&h, 0, WATCHDOG));
    h.stuck = false;
    heard(&h, 0, WATCHDOG);
    house_close(&h);
}

static void many_alerts_go_in_several_requests(void **state)
{
    static const char *const ANSWERS[] = {STATUS("200 OK")};
    (void)state;
    struct house h;
    house_open(&h, ANSWERS, 1);
    h.n_alerts = ALERTS_MAX;
    while (h.hook.n_requests < 2)
        hook_turn(&h.hook);
    size_t n = 0;
    for (size_t i = 0; i < 2; i++)
        for (const char *at = h.hook.request[i].body; (at = strstr(at, "\"alert_id\"")); at++)
            n++;
    assert_int_equal(n, ALERTS_MAX);
    house_close(&h);
}

/* Alertmanager refuses the whole batch with 422: the other alerts must get through. */
static void after_a_refusal_each_alert_is_sent_alone(void **state)
{
    static const char *const ANSWERS[] = {STATUS("422 Unprocessable Entity"), STATUS("200 OK"),
                                          STATUS("200 OK"), STATUS("422 Unprocessable Entity"),
                                          STATUS("200 OK")};
    (void)state;
    struct house h;
    house_open(&h, ANSWERS, 5);
    h.n_alerts = 3;
    while (h.hook.n_requests < 5)
        hook_turn(&h.hook);
    assert_non_null(strstr(h.hook.request[1].body, WATCHDOG));
    assert_null(strstr(h.hook.request[1].body, "\"alert_id\""));
    for (size_t i = 2; i < 5; i++) {
        const char *first = strstr(h.hook.request[i].body, "\"alert_id\"");
        assert_non_null(first);
        assert_null(strstr(first + 1, "\"alert_id\""));
    }
    house_close(&h);
}

static void a_failure_ends_the_round_and_the_next_one_repeats_it(void **state)
{
    static const char *const ANSWERS[] = {STATUS("503 Busy"), CLOSE, STATUS("200 OK")};
    (void)state;
    struct house h;
    house_open(&h, ANSWERS, 3);
    h.n_alerts = ALERTS_MAX;
    while (h.hook.n_requests < 4)
        hook_turn(&h.hook);
    for (size_t i = 0; i < 3; i++)
        assert_non_null(strstr(h.hook.request[i].body, WATCHDOG));
    assert_null(strstr(h.hook.request[3].body, WATCHDOG));
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_polls_confirm_is_repeated_and_nothing_else),
        cmocka_unit_test(what_is_no_longer_open_is_repeated_as_ended),
        cmocka_unit_test(outside_the_hours_of_a_route_only_what_was_open_is_repeated),
        cmocka_unit_test(a_daemon_that_cannot_alert_sends_no_watchdog),
        cmocka_unit_test(many_alerts_go_in_several_requests),
        cmocka_unit_test(after_a_refusal_each_alert_is_sent_alone),
        cmocka_unit_test(a_failure_ends_the_round_and_the_next_one_repeats_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
