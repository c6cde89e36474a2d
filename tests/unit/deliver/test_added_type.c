/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_added_type.c: a receiver type is added with one file and one row: the
 * daemon's own code renders, sends and classifies for a type that it does not know. */
#include "gong.h"
#include "hook.h"
#include "options.h"

#define KEY "strike-while-hot"
#define BODY(text) "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n" text

struct house {
    struct hook hook;
    struct receiver_options gong;
    struct receiver_traits traits;
    struct store *store;
    struct dispatcher *dispatcher;
    uint64_t seq;
    unsigned heard[OUTBOX_SUPERSEDED + 1];
    bool idle;
};

static void on_heard(void *userdata, const char *receiver, enum outbox_state state)
{
    struct house *h = userdata;
    assert_string_equal(receiver, "gong");
    h->heard[state]++;
}

static void on_idle(void *userdata)
{
    ((struct house *)userdata)->idle = true;
}

static void house_open(struct house *h, const char *const *answers, size_t n)
{
    static char name[] = "gong";
    *h = (struct house){.traits = {.name = name, .pager = true}};
    hook_new(&h->hook, answers, n);
    some_write(h->hook.key_file, KEY "\n");
    h->gong = some_receiver("gong", receiver_type_find("gong"));
    some_set(&h->gong, "url_file", h->hook.url_file);
    some_set(&h->gong, "key_file", h->hook.key_file);
    *(uint32_t *)some_option(&h->gong, "strikes") = 5;
}

static void house_close(struct house *h)
{
    dispatcher_free(h->dispatcher);
    store_close(h->store);
    hook_free(&h->hook);
}

static void open_dispatcher(struct house *h)
{
    const struct store_options store = {.directory = h->hook.dir.dir,
                                        .history_keep = USEC_PER_DAY,
                                        .outbox_max_rows = 10000,
                                        .outbox_max_bytes = 64 << 20};
    const struct dispatcher_options o = {
        .receiver = &h->gong, .n_receivers = 1, .storm = {.max_new_incidents = 2, .within = USEC_PER_HOUR}};
    struct store_report report = {0};
    assert_int_equal(
        store_open(&store, &deliver_codec, STORE_NORMAL, clock_now(), &h->store, &report, NULL), 0);
    assert_int_equal(dispatcher_new(&o, h->store, h->hook.http, h->hook.event, on_heard, h,
                                    &h->dispatcher, NULL),
                     0);
}

static void post_event(struct house *h, char alert, enum event_type type, const char *title)
{
    struct instant now = clock_now();
    CLEANUP(notification_free) struct notification *n = some_notification();
    n->alert_id[0] = alert;
    n->type = type;
    n->state = type == EVENT_RESOLVED ? ALERT_OK : ALERT_FIRING;
    n->seq = ++h->seq;
    n->at = now.at;
    some_replace(&n->title, title);
    assert_int_equal(uuid_v7(now.at, n->event_id), 0);
    struct event e = {.notification = n, .to = 1};
    struct changes changes = {.event = &e, .n_events = 1};
    const struct route_options routes = {.receiver = &h->traits, .n_receivers = 1};
    const struct commit c = {.changes = &changes, .routes = &routes, .now = now};
    assert_int_equal(store_commit(h->store, &c, 1, NULL), 0);
}

static void post(struct house *h, char alert, const char *title)
{
    post_event(h, alert, EVENT_FIRING, title);
}

static void drain(struct house *h)
{
    h->idle = false;
    assert_int_equal(dispatcher_drain(h->dispatcher, on_idle, h), 0);
    while (!h->idle)
        hook_turn(&h->hook);
}

static void assert_header(const struct hook_request *r, const char *name, const char *want)
{
    CLEANUP(free) char *got = hook_header(r, name);
    if (!text_equal(got, want))
        fail_msg("%s: %s, want %s", name, got ? got : "(none)", want);
}

/* "gong" is a pager. */
static void a_pager_gets_so_many_new_incidents_and_what_belongs_to_them(void **state)
{
    static const char *const ANSWERS[] = {BODY("bong")};
    (void)state;
    struct house h;
    struct instant now = clock_now();
    int64_t held = 0;
    house_open(&h, ANSWERS, 1);
    open_dispatcher(&h);
    for (char alert = 'a'; alert <= 'e'; alert++)
        post(&h, alert, "fires");
    drain(&h);
    assert_int_equal(h.hook.n_requests, 2);
    assert_int_equal(dispatcher_held(h.dispatcher, "gong", &now, &held, NULL), 1);
    assert_int_equal(held, 3);
    post_event(&h, 'e', EVENT_RESOLVED, "ends"); /* it was opened */
    post_event(&h, 'a', EVENT_RESOLVED, "ends"); /* it was not: nothing is sent */
    drain(&h);
    assert_int_equal(h.hook.n_requests, 3);
    assert_int_equal(dispatcher_held(h.dispatcher, "gong", &now, &held, NULL), 1);
    assert_int_equal(held, 2);
    dispatcher_free(TAKE(h.dispatcher));
    store_close(TAKE(h.store));
    open_dispatcher(&h); /* a restart does not begin a new period */
    drain(&h);
    assert_int_equal(h.hook.n_requests, 3);
    house_close(&h);
}

static void the_outbox_is_delivered_in_the_format_and_at_the_pace_of_the_type(void **state)
{
    static const char *const ANSWERS[] = {BODY("bong")};
    (void)state;
    struct house h;
    house_open(&h, ANSWERS, 1);
    open_dispatcher(&h);
    post(&h, 'a', "first");
    post(&h, 'b', "second");
    drain(&h);
    assert_int_equal(h.heard[OUTBOX_DELIVERED], 2);
    assert_int_equal(h.hook.n_requests, 2);
    const struct hook_request *r = h.hook.request;
    assert_ptr_equal(strstr(r[0].head, "POST " HOOK_PATH " HTTP/1.1\r\n"), r[0].head);
    assert_header(&r[0], "content-type", "text/plain");
    assert_header(&r[0], "x-gong-key", KEY);
    assert_header(&r[0], "webhook-id", NULL);
    assert_string_equal(r[0].body, "5: second"); /* the newest */
    assert_string_equal(r[1].body, "5: first");
    assert_true(r[1].mono - r[0].mono >= GONG_SPACING);
    house_close(&h);
}

static void a_message_above_the_limit_of_the_type_is_parked(void **state)
{
    static const char *const ANSWERS[] = {BODY("bong")};
    (void)state;
    struct house h;
    CLEANUP(free) char *title = some_flood("x", GONG_BODY_MAX);
    house_open(&h, ANSWERS, 1);
    open_dispatcher(&h);
    post(&h, 'a', title);
    drain(&h);
    assert_int_equal(h.heard[OUTBOX_PARKED], 1);
    assert_int_equal(h.hook.n_requests, 0);
    house_close(&h);
}

struct got {
    bool done;
    struct answer answer;
};
static void on_done(void *userdata, const struct answer *a)
{
    *(struct got *)userdata = (struct got){true, *a};
}

static void answers_mean_what_the_type_says_and_never_show_its_key(void **state)
{
    static const struct {
        const char *answer;
        enum answer_class want;
        usec_t retry_after;
        const char *says;
    } CASES[] = {
        {BODY("bong"), ANSWER_OK, 0, "HTTP 200"},
        {BODY("hoarse"), ANSWER_THROTTLED, USEC_PER_MINUTE, ": hoarse"},
        {BODY("no gong"), ANSWER_PERMANENT, 0, ": no gong"},
        {BODY("bad key " KEY), ANSWER_OK, 0, ": bad key [redacted]"},
        {STATUS("500 Oops"), ANSWER_RETRY, 0, "HTTP 500"},
    };
    static const struct payload PAYLOAD = {.event_id = SOME_EVENT, .body = "3: x", .len = 4};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct house h;
        struct receiver_handle *handle = NULL;
        struct got got = {0};
        house_open(&h, &CASES[i].answer, 1);
        assert_int_equal(http_post.open(&h.gong, h.hook.http, &handle, NULL), 0);
        assert_int_equal(http_post.send(handle, &PAYLOAD, &got.answer, on_done, &got), 0);
        while (!got.done)
            hook_turn(&h.hook);
        if (got.answer.class != CASES[i].want || got.answer.retry_after != CASES[i].retry_after ||
            !strstr(got.answer.text, CASES[i].says) || strstr(got.answer.text, KEY))
            fail_msg("case %zu: class %d, %s", i, got.answer.class, got.answer.text);
        http_post.close(handle);
        house_close(&h);
    }
}

/* The bytes in the store hold no secret: it is put into the request. */
static void an_attempt_may_take_several_requests_and_a_body_may_hold_the_key(void **state)
{
    static const struct payload PAYLOAD = {
        .event_id = SOME_EVENT, .body = "{\"strikes\":3}", .len = 13};
    static const char *const ANSWERS[] = {BODY("louder"), BODY("heard " KEY)};
    (void)state;
    struct house h;
    struct receiver_handle *handle = NULL;
    struct got got = {0};
    house_open(&h, ANSWERS, 2);
    some_write(h.hook.key_file, KEY "\"\n");
    assert_int_equal(http_post.open(&h.gong, h.hook.http, &handle, NULL), 0);
    assert_int_equal(http_post.send(handle, &PAYLOAD, &got.answer, on_done, &got), 0);
    while (!got.done)
        hook_turn(&h.hook);
    assert_int_equal(got.answer.class, ANSWER_OK);
    assert_non_null(strstr(got.answer.text, ": heard [redacted]"));
    assert_int_equal(h.hook.n_requests, 2);
    assert_ptr_equal(strstr(h.hook.request[0].head, "POST "), h.hook.request[0].head);
    assert_string_equal(h.hook.request[0].body, "{\"strikes\":3}");
    assert_ptr_equal(strstr(h.hook.request[1].head, "PUT "), h.hook.request[1].head);
    assert_string_equal(h.hook.request[1].body, "{\"key\":\"" KEY "\\\"\",\"strikes\":3}");
    http_post.close(handle);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pager_gets_so_many_new_incidents_and_what_belongs_to_them),
        cmocka_unit_test(the_outbox_is_delivered_in_the_format_and_at_the_pace_of_the_type),
        cmocka_unit_test(a_message_above_the_limit_of_the_type_is_parked),
        cmocka_unit_test(answers_mean_what_the_type_says_and_never_show_its_key),
        cmocka_unit_test(an_attempt_may_take_several_requests_and_a_body_may_hold_the_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
