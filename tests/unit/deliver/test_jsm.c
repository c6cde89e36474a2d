/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_jsm.c: requests for Jira Service Management, and what its answers mean. */
#include "http_type.h"

#define KEY "5a1e0000-jsm-key-0000-7d2b"
#define CLOSE_PATH "/v2/alerts/seatwatch%3A5f0c2a9e41d7b836/close?identifierType=alias"
#define TWO CLOSE_PATH " {\"note\":\"b\"}\n{\"message\":\"a\"}"
#define TAKEN ANSWER("202 Accepted", "{\"result\":\"Request will be processed\"}")

static char *render(const struct notification *n, const struct digest *d)
{
    static char *tags[] = {(char *)"licences", (char *)"seatwatchd"};
    struct receiver_options o = some_receiver("jsm", &jsm_class);
    *(char ***)some_option(&o, "tags") = tags;
    for (size_t i = 0; i < jsm_class.options.n; i++)
        if (strcmp(jsm_class.options.key[i].name, "tags") == 0)
            *(size_t *)((char *)o.own + jsm_class.options.key[i].n_at) = N_ELEMENTS(tags);
    return options_render(&o, n, d);
}

static void an_alert_is_created_and_closed_under_one_alias(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    CLEANUP(free) char *create = render(n, NULL);
    assert_golden("jsm_firing.json", create);
    n->type = EVENT_RESOLVED;
    CLEANUP(free) char *close = render(n, NULL);
    assert_golden("jsm_resolved.txt", close);
    n->type = EVENT_ACKNOWLEDGED;
    CLEANUP(free) char *acknowledge = render(n, NULL);
    static const char PATH[] = "/v2/alerts/seatwatch%3A5f0c2a9e41d7b836/acknowledge?identifierType=alias {";
    assert_int_equal(strncmp(acknowledge, PATH, sizeof PATH - 1), 0);
    assert_null(strchr(acknowledge, '\n'));
    CLEANUP(digest_free) struct digest *d = some_digest(20);
    CLEANUP(free) char *digest = render(NULL, d);
    assert_golden("jsm_digest.json", digest);
}

/* The service does not update an open alert. */
static void what_is_worse_is_a_close_and_a_create(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    n->type = EVENT_ESCALATED;
    n->previous = LEVEL_WARNING;
    CLEANUP(free) char *both = render(n, NULL);
    assert_golden("jsm_escalated.txt", both);
    n->type = EVENT_UPDATED;
    CLEANUP(free) char *updated = render(n, NULL);
    assert_int_equal(strncmp(updated, CLOSE_PATH " {", sizeof CLOSE_PATH + 1), 0);
    assert_non_null(strstr(updated, "\n{\"message\":"));
}

/* In characters; the service answers 422 beyond them. */
static void check_limits(const char *body)
{
    static const struct {
        const char *name;
        size_t max;
    } LIMITS[] = {{"message", 130}, {"description", 15000}, {"source", 100}, {"alias", 512}};
    CLEANUP(json_free) struct json *root = NULL;
    assert_int_equal(json_parse(body, strlen(body), &root, NULL), 0);
    for (size_t i = 0; i < N_ELEMENTS(LIMITS); i++) {
        const char *text;
        size_t chars = 0;
        assert_int_equal(json_get_string(root, LIMITS[i].name, &text), JSON_OK);
        for (; *text; text++)
            chars += ((unsigned char)*text & 0xC0) != 0x80;
        if (chars > LIMITS[i].max)
            fail_msg("%s has %zu characters", LIMITS[i].name, chars);
    }
}

static void the_largest_texts_stay_below_the_limits_of_the_service(void **state)
{
    (void)state;
    type_swollen(&jsm_class, check_limits);
}

static void names_are_text(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_hostile();
    CLEANUP(free) char *body = render(n, NULL);
    assert_golden("jsm_hostile.json", body);
}

static void set_up(struct hook *h, struct receiver_options *o)
{
    *o = some_receiver("jsm", &jsm_class);
    some_set(o, "url", hook_address(h, "/jsm/"));
    some_set(o, "api_key_file", h->key_file);
    some_write(h->key_file, KEY "\n");
}

static void each_answer_has_its_class_and_shows_no_key(void **state)
{
    static const struct answer_case CASES[] = {
        {TAKEN, ANSWER_OK, 0, "HTTP 202"},
        {ANSWER("200 OK", "<html>please sign in"), ANSWER_RETRY, 0, "please sign in"},
        {STATUS("302 Found\r\nLocation: https://login.example/"), ANSWER_RETRY, 0, "not followed"},
        {STATUS("400 Bad Request"), ANSWER_PERMANENT, 0, "HTTP 400"},
        {ANSWER("401 Unauthorized", "{\"message\":\"" KEY " is no key\"}"), ANSWER_PERMANENT, 0,
         "[redacted] is no key"},
        {STATUS("403 Forbidden"), ANSWER_PERMANENT, 0, "HTTP 403"},
        {STATUS("404 Not Found"), ANSWER_PERMANENT, 0, "HTTP 404"},
        {STATUS("422 Unprocessable"), ANSWER_PERMANENT, 0, "HTTP 422"},
        {STATUS("429 Too Many Requests\r\nRetry-After: 60"), ANSWER_THROTTLED, USEC_PER_MINUTE,
         "HTTP 429"},
        {STATUS("503 Busy"), ANSWER_RETRY, 0, "HTTP 503"},
        {CLOSE, ANSWER_RETRY, 0, "127.0.0.1"},
    };
    (void)state;
    type_answers(set_up, CASES, N_ELEMENTS(CASES), KEY);
}

static void a_create_goes_to_its_address_with_the_key(void **state)
{
    static const char *const ANSWERS[] = {TAKEN};
    (void)state;
    struct hook h;
    hook_new(&h, ANSWERS, 1);
    assert_int_equal(type_send(&h, set_up, "{\"a\":1}").class, ANSWER_OK);
    assert_int_equal(h.n_requests, 1);
    CLEANUP(free) char *key = hook_header(&h.request[0], "authorization");
    assert_string_equal(key, "GenieKey " KEY);
    assert_int_equal(strncmp(h.request[0].head, "POST /jsm/v2/alerts HTTP/1.1\r\n", 30), 0);
    assert_string_equal(h.request[0].body, "{\"a\":1}");
    hook_free(&h);
}

/* The create follows the close, in one attempt that succeeds with the create. */
static void a_close_is_followed_by_its_create_until_that_is_accepted(void **state)
{
    static const struct {
        const char *why, *answers[2];
        size_t n_requests;
        enum answer_class want;
    } CASES[] = {
        {"both are accepted", {TAKEN, TAKEN}, 2, ANSWER_OK},
        {"nothing was open", {STATUS("404 Not Found"), TAKEN}, 2, ANSWER_OK},
        {"the close fails", {STATUS("500 Oops"), TAKEN}, 1, ANSWER_RETRY},
        {"the close is no answer of the service", {STATUS("200 OK"), TAKEN}, 1, ANSWER_RETRY},
        {"the create fails", {TAKEN, STATUS("500 Oops")}, 2, ANSWER_RETRY},
        {"the create is throttled", {TAKEN, STATUS("429 Slow")}, 2, ANSWER_THROTTLED},
        {"the create is refused", {TAKEN, STATUS("422 Wrong")}, 2, ANSWER_PERMANENT},
        {"the create has no answer", {TAKEN, CLOSE}, 2, ANSWER_RETRY},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct hook h;
        hook_new(&h, CASES[i].answers, 2);
        struct answer a = type_send(&h, set_up, TWO);
        if (a.class != CASES[i].want || h.n_requests != CASES[i].n_requests)
            fail_msg("%s: class %d after %zu requests", CASES[i].why, a.class, h.n_requests);
        assert_int_equal(strncmp(h.request[0].head, "POST /jsm" CLOSE_PATH " ",
                                 sizeof "POST /jsm" CLOSE_PATH),
                         0);
        assert_string_equal(h.request[0].body, "{\"note\":\"b\"}");
        if (h.n_requests == 2)
            assert_string_equal(h.request[1].body, "{\"message\":\"a\"}");
        hook_free(&h);
    }
}

static void tags_beyond_the_limits_are_found_before_the_start(void **state)
{
    static const char *const ANSWERS[] = {STATUS("202 Accepted")};
    char *tags[21], longer[52];
    size_t n_at = 0;
    (void)state;
    struct hook h;
    struct receiver_options o;
    struct failure why = {0};
    hook_new(&h, ANSWERS, 1);
    set_up(&h, &o);
    for (size_t i = 0; i < jsm_class.options.n; i++)
        if (strcmp(jsm_class.options.key[i].name, "tags") == 0)
            n_at = jsm_class.options.key[i].n_at;
    for (size_t i = 0; i < N_ELEMENTS(tags); i++)
        tags[i] = (char *)"t";
    *(char ***)some_option(&o, "tags") = tags;
    *(size_t *)((char *)o.own + n_at) = 20;
    assert_int_equal(deliver_check(&o, &why), 0);
    *(size_t *)((char *)o.own + n_at) = 21;
    assert_true(deliver_check(&o, &why) < 0);
    assert_non_null(strstr(why.text, "21 tags"));
    memset(longer, 't', sizeof longer);
    longer[51] = '\0';
    tags[0] = longer;
    *(size_t *)((char *)o.own + n_at) = 1;
    assert_true(deliver_check(&o, &why) < 0);
    assert_non_null(strstr(why.text, "tag 1 has more than 50 characters"));
    hook_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_is_created_and_closed_under_one_alias),
        cmocka_unit_test(what_is_worse_is_a_close_and_a_create),
        cmocka_unit_test(the_largest_texts_stay_below_the_limits_of_the_service),
        cmocka_unit_test(names_are_text),
        cmocka_unit_test(each_answer_has_its_class_and_shows_no_key),
        cmocka_unit_test(a_create_goes_to_its_address_with_the_key),
        cmocka_unit_test(a_close_is_followed_by_its_create_until_that_is_accepted),
        cmocka_unit_test(tags_beyond_the_limits_are_found_before_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
