/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_heartbeat.c: heartbeats arrive at their interval, and not while the daemon
 * could not alert. */
#include "deliver/heartbeat.h"
#include "http_type.h"

#define INTERVAL 20000 /* microseconds */

struct house {
    struct hook hook;
    struct receiver_options receiver[2];
    struct heartbeats *heartbeats;
    unsigned asked;
    bool stuck;
};

static const char *alive(void *userdata)
{
    struct house *h = userdata;
    h->asked++;
    return h->stuck ? "a test" : NULL;
}

static void house_open(struct house *h, const char *const *answers, size_t n, bool get)
{
    *h = (struct house){0};
    hook_new(&h->hook, answers, n);
    h->receiver[0] = some_receiver("journal", &journal_class);
    h->receiver[1] = some_receiver("beat", &heartbeat_class);
    some_set(&h->receiver[1], "url_file", h->hook.url_file);
    some_set_bool(&h->receiver[1], "method", get);
    *(usec_t *)some_option(&h->receiver[1], "interval") = INTERVAL;
    const struct dispatcher_options o = {.receiver = h->receiver, .n_receivers = 2};
    assert_int_equal(heartbeats_new(&o, h->hook.http, alive, h, &h->heartbeats, NULL), 0);
}

static void house_close(struct house *h)
{
    heartbeats_free(h->heartbeats);
    hook_free(&h->hook);
}

static void a_heartbeat_is_sent_at_once_and_then_at_its_interval(void **state)
{
    static const char *const ANSWERS[] = {STATUS("200 OK"), STATUS("500 Oops"), STATUS("204 OK")};
    (void)state;
    struct house h;
    usec_t begun_mono = clock_now().mono;
    house_open(&h, ANSWERS, 3, false);
    while (h.hook.n_requests < 4) /* a failure ends nothing */
        hook_turn(&h.hook);
    const struct hook_request *r = h.hook.request;
    assert_ptr_equal(strstr(r[0].head, "POST " HOOK_PATH), r[0].head);
    assert_non_null(strstr(r[0].body, "{\"type\":\"daemon.heartbeat\",\"timestamp\":\""));
    assert_non_null(strstr(r[0].body, "\"data\":{\"schema\":1,\"version\":\""));
    for (size_t i = 1; i < 4; i++) /* none before its time, however late the one before it arrived */
        assert_true(r[i].mono >= begun_mono + i * INTERVAL);
    house_close(&h);
}

static void a_get_has_no_body(void **state)
{
    static const char *const ANSWERS[] = {STATUS("200 OK")};
    (void)state;
    struct house h;
    house_open(&h, ANSWERS, 1, true);
    while (h.hook.n_requests < 1 && h.asked < 50) /* the hook counts requests with a body only */
        hook_turn(&h.hook);
    assert_int_equal(h.hook.n_requests, 0);
    assert_true(h.hook.n_connections > 0);
    assert_ptr_equal(strstr(h.hook.connection[0].bytes.data, "GET " HOOK_PATH " HTTP/1.1\r\n"),
                     h.hook.connection[0].bytes.data);
    assert_null(strcasestr(h.hook.connection[0].bytes.data, "content-length"));
    house_close(&h);
}

static void a_daemon_that_cannot_alert_sends_none(void **state)
{
    static const char *const ANSWERS[] = {STATUS("200 OK")};
    (void)state;
    struct house h;
    house_open(&h, ANSWERS, 1, false);
    h.stuck = true;
    while (h.asked < 5)
        hook_turn(&h.hook);
    assert_int_equal(h.hook.n_requests, 0);
    h.stuck = false;
    while (h.hook.n_requests < 1)
        hook_turn(&h.hook);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_heartbeat_is_sent_at_once_and_then_at_its_interval),
        cmocka_unit_test(a_get_has_no_body),
        cmocka_unit_test(a_daemon_that_cannot_alert_sends_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
