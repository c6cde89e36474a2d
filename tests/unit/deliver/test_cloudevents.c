/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_cloudevents.c: events of CloudEvents 1.0, and what the answers mean. */
#include "http_type.h"

static struct receiver_options some_events(void)
{
    struct receiver_options o = some_receiver("events", &cloudevents_class);
    some_set(&o, "source", "urn:seatwatchd");
    return o;
}

/* The schema of the specification is checked by scenarios/test_receivers.py, for all goldens. */
static void each_message_is_one_structured_event(void **state)
{
    (void)state;
    struct receiver_options o = some_events();
    CLEANUP(notification_free) struct notification *n = some_notification();
    CLEANUP(free) char *firing = options_render(&o, n, NULL);
    assert_golden("cloudevents_firing.json", firing);
    n->type = EVENT_RESOLVED;
    n->state = ALERT_OK;
    CLEANUP(free) char *resolved = options_render(&o, n, NULL);
    assert_golden("cloudevents_resolved.json", resolved);
    CLEANUP(digest_free) struct digest *d = some_digest(2);
    CLEANUP(free) char *digest = options_render(&o, NULL, d);
    assert_golden("cloudevents_digest.json", digest);
}

/* An attribute is never empty: a test message belongs to no alert. */
static void a_test_message_has_no_subject(void **state)
{
    (void)state;
    struct receiver_options o = some_events();
    CLEANUP(notification_free) struct notification *n = NULL;
    assert_int_equal(test_notification("events", some_time(SOME_AT), &n), 0);
    memcpy(n->event_id, SOME_EVENT, sizeof SOME_EVENT);
    CLEANUP(free) char *body = options_render(&o, n, NULL);
    assert_golden("cloudevents_test.json", body);
}

static void hostile_names_and_floods_stay_within_the_limit(void **state)
{
    (void)state;
    struct receiver_options o = some_events();
    CLEANUP(notification_free) struct notification *n = some_notification();
    some_replace(&n->context->allotment_name, "<!channel> \"*pool*\" \xe2\x80\xae \\u0000 @all");
    CLEANUP(free) char *hostile = options_render(&o, n, NULL);
    assert_golden("cloudevents_hostile.json", hostile);
    CLEANUP(free) char *flood = some_flood("\"\xc3\xa4", 40000);
    some_replace(&n->description, flood);
    some_replace(&n->context->sku_name, flood);
    CLEANUP(free) char *long_one = options_render(&o, n, NULL);
    assert_true(strlen(long_one) <= 20 * 1024);
    CLEANUP(digest_free) struct digest *d = some_digest(20);
    for (size_t i = 0; i < d->n_notifications; i++)
        some_replace(&d->notification[i]->description, flood);
    CLEANUP(free) char *digest = options_render(&o, NULL, d);
    assert_true(strlen(digest) <= 20 * 1024);
}

static void set_up(struct hook *h, struct receiver_options *o)
{
    *o = some_events();
    some_set(o, "url_file", h->url_file);
}

static void each_answer_has_its_class_and_shows_no_url(void **state)
{
    static const struct answer_case CASES[] = {
        {STATUS("200 OK"), ANSWER_OK, 0, "HTTP 200"},
        {STATUS("202 Accepted"), ANSWER_OK, 0, "HTTP 202"},
        {STATUS("204 No Content"), ANSWER_OK, 0, "HTTP 204"},
        {STATUS("302 Found\r\nLocation: https://login.example/"), ANSWER_RETRY, 0, "not followed"},
        {ANSWER("400 Bad Request", "no path-that-is-a-credential"), ANSWER_RETRY, 0, "[redacted]"},
        {STATUS("410 Gone"), ANSWER_GONE, 0, "HTTP 410"},
        {STATUS("415 Unsupported Media Type"), ANSWER_PERMANENT, 0, "HTTP 415"},
        {STATUS("429 Too Many Requests\r\nRetry-After: 60"), ANSWER_THROTTLED, USEC_PER_MINUTE,
         "HTTP 429"},
        {STATUS("500 Oops"), ANSWER_RETRY, 0, "HTTP 500"},
        {CLOSE, ANSWER_RETRY, 0, "127.0.0.1"},
    };
    (void)state;
    type_answers(set_up, CASES, N_ELEMENTS(CASES), "path-that-is-a-credential");
}

static void set_up_signed(struct hook *h, struct receiver_options *o)
{
    set_up(h, o);
    some_set(o, "signing_key_file", h->key_file);
}

static void an_event_is_signed_if_there_is_a_key(void **state)
{
    static const char *const ANSWERS[] = {STATUS("202 Accepted")};
    (void)state;
    struct hook h;
    hook_new(&h, ANSWERS, 1);
    assert_int_equal(type_send(&h, set_up, "{}").class, ANSWER_OK);
    assert_int_equal(type_send(&h, set_up_signed, "{}").class, ANSWER_OK);
    CLEANUP(free) char *none = hook_header(&h.request[0], "webhook-signature");
    CLEANUP(free) char *some = hook_header(&h.request[1], "webhook-signature");
    CLEANUP(free) char *id = hook_header(&h.request[1], "webhook-id");
    CLEANUP(free) char *type = hook_header(&h.request[0], "content-type");
    assert_null(none);
    assert_non_null(some);
    assert_int_equal(strncmp(some, "v1,", 3), 0);
    assert_string_equal(id, SOME_EVENT);
    assert_string_equal(type, "application/cloudevents+json; charset=utf-8");
    hook_free(&h);
}

static void the_source_is_a_uri(void **state)
{
    static const char *const GOOD[] = {"urn:seatwatchd", "https://ops.example/a?b#c", "/seats"};
    static const char *const BAD[] = {"", "two words", "sm\xc3\xb8rrebr\xc3\xb8", "a\"b", "<x>"};
    const struct receiver_options o = some_events();
    const struct conf_key *key = NULL;
    (void)state;
    for (size_t i = 0; i < o.class->options.n; i++)
        if (strcmp(o.class->options.key[i].name, "source") == 0)
            key = &o.class->options.key[i];
    assert_non_null(key);
    for (size_t i = 0; i < N_ELEMENTS(GOOD); i++)
        assert_int_equal(key->check(GOOD[i], NULL), 0);
    for (size_t i = 0; i < N_ELEMENTS(BAD); i++)
        assert_true(key->check(BAD[i], NULL) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_is_one_structured_event),
        cmocka_unit_test(a_test_message_has_no_subject),
        cmocka_unit_test(hostile_names_and_floods_stay_within_the_limit),
        cmocka_unit_test(each_answer_has_its_class_and_shows_no_url),
        cmocka_unit_test(an_event_is_signed_if_there_is_a_key),
        cmocka_unit_test(the_source_is_a_uri),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
