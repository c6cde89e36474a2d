/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_alertmanager.c: alerts for Alertmanager, what its answers mean, and which
 * of several servers get them. */
#include "http_type.h"

#define TOKEN "canary-bearer-token"
#define FIRES "\"startsAt\":\"2026-11-22T00:31:00Z\",\"endsAt\":\"\""
#define ENDED "\"startsAt\":\"2026-11-22T00:31:00Z\",\"endsAt\":\"2026-11-22T01:02:03Z\""

static void bodies_are_the_ones_of_api_v2(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    CLEANUP(free) char *firing = type_render(&alertmanager_class, n, NULL);
    assert_golden("alertmanager_firing.json", firing);
    n->type = EVENT_RESOLVED;
    CLEANUP(free) char *resolved = type_render(&alertmanager_class, n, NULL);
    assert_golden("alertmanager_resolved.json", resolved);
    n->type = EVENT_ESCALATED;
    n->previous = LEVEL_WARNING;
    CLEANUP(free) char *escalated = type_render(&alertmanager_class, n, NULL);
    assert_golden("alertmanager_escalated.json", escalated);
    CLEANUP(digest_free) struct digest *d = some_digest(20);
    CLEANUP(free) char *digest = type_render(&alertmanager_class, NULL, d);
    assert_golden("alertmanager_digest.json", digest);
    CLEANUP(notification_free) struct notification *hostile = some_hostile();
    CLEANUP(free) char *body = type_render(&alertmanager_class, hostile, NULL);
    assert_golden("alertmanager_hostile.json", body);
}

static size_t count(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
        n++;
    return n;
}

/* Labels identify an alert: if any of them changes, the label set notified before must be ended. */
static void another_severity_or_rule_ends_the_alert_before(void **state)
{
    static const struct {
        enum event_type type;
        enum level previous;
        enum rule before;
        size_t fire, end;
    } CASES[] = {
        {EVENT_FIRING, LEVEL_NONE, RULE_WAITING, 1, 0},
        {EVENT_ESCALATED, LEVEL_WARNING, RULE_WAITING, 1, 1},
        {EVENT_ESCALATED, LEVEL_WARNING, RULE_USAGE, 1, 1},
        {EVENT_DEESCALATED, LEVEL_CRITICAL, RULE_USAGE, 1, 1},
        {EVENT_UPDATED, LEVEL_NONE, RULE_WAITING, 1, 0},
        {EVENT_UPDATED, LEVEL_NONE, RULE_REMAINING, 1, 1},
        {EVENT_REMINDER, LEVEL_NONE, RULE_REMAINING, 1, 0},
        {EVENT_RESOLVED, LEVEL_NONE, RULE_REMAINING, 0, 1},
        {EVENT_TEST, LEVEL_NONE, RULE_WAITING, 0, 0}, /* ends soon, see below */
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(notification_free) struct notification *n = some_notification();
        n->type = CASES[i].type;
        n->previous = CASES[i].previous;
        n->notified_rule = CASES[i].before;
        CLEANUP(free) char *body = type_render(&alertmanager_class, n, NULL);
        if (count(body, FIRES) != CASES[i].fire || count(body, ENDED) != CASES[i].end)
            fail_msg("case %zu: %s", i, body);
    }
}

static void a_test_message_ends_by_itself_after_five_minutes(void **state)
{
    CLEANUP(notification_free) struct notification *n = NULL;
    (void)state;
    assert_int_equal(test_notification("am", some_time(SOME_AT), &n), 0);
    CLEANUP(free) char *body = type_render(&alertmanager_class, n, NULL);
    assert_non_null(
        strstr(body, "{\"alertname\":\"SeatwatchTest\",\"severity\":\"info\",\"rule\":\"test\"}"));
    assert_non_null(
        strstr(body, "\"startsAt\":\"2026-11-22T01:02:03Z\",\"endsAt\":\"+300\""));
}

static void a_resolved_alert_has_the_labels_it_was_notified_with(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    n->type = EVENT_RESOLVED;
    n->rule = RULE_USAGE; /* cleared last; the notification was about waiting members */
    CLEANUP(free) char *body = type_render(&alertmanager_class, n, NULL);
    assert_non_null(strstr(body, "\"alertname\":\"SeatwatchWaiting\""));
    assert_null(strstr(body, "SeatwatchUsage"));
}

static void labels_are_legal_and_name_neither_numbers_nor_this_host(void **state)
{
    static const struct {
        const char *key, *value;
        bool kept;
    } CASES[] = {
        {"owner", "desk", true},  {"_x9", "y", true},        {"bad-name", "x", false},
        {"9x", "x", false},       {"empty", "", false},      {"severity", "none", false},
        {"__name__", "x", false}, {"", "x", false},          {"\xc3\xa4", "x", false},
        {"endsAt", "", false},    {"alertname", "x", false},
    };
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        some_replace(&n->context->label[0].key, CASES[i].key);
        some_replace(&n->context->label[0].value, CASES[i].value);
        CLEANUP(free) char *label = text_printf("\"%s\":\"%s\"", CASES[i].key, CASES[i].value);
        CLEANUP(free) char *body = type_render(&alertmanager_class, n, NULL);
        if (strcmp(CASES[i].key, "endsAt") != 0 && (strstr(body, label) != NULL) != CASES[i].kept)
            fail_msg("%s: %s", label, body);
        assert_int_equal(count(body, "\"endsAt\":\"\""), 1);
    }
    CLEANUP(free) char *first = type_render(&alertmanager_class, n, NULL);
    n->context->waiting = 27;
    n->context->consumed = 990;
    n->seq++;
    n->value = 27;
    CLEANUP(free) char *second = type_render(&alertmanager_class, n, NULL);
    size_t labels = strcspn(first, "}");
    assert_memory_equal(first, second, labels);
}

static void assert_bounded(const char *body)
{
    assert_true(strlen(body) < 2 << 20);
    CLEANUP(json_free) struct json *root = NULL;
    assert_int_equal(json_parse(body, strlen(body), &root, NULL), 0);
}

static void long_texts_are_cut(void **state)
{
    (void)state;
    type_swollen(&alertmanager_class, assert_bounded);
}

/* ---- the requests ---- */

static size_t n_members = 1;

static void set_up(struct hook *h, struct receiver_options *o)
{
    static char first[256], second[256];
    static char *urls[] = {first, second};
    (void)snprintf(first, sizeof first, "%s", hook_address(h, "/one/"));
    (void)snprintf(second, sizeof second, "%s", hook_address(h, "/two"));
    *o = some_receiver("am", &alertmanager_class);
    o->confirms_within = USEC_PER_HOUR;
    *(char ***)some_option(o, "urls") = urls;
    ((size_t *)some_option(o, "urls"))[1] = n_members;
    some_set(o, "headers_file", h->key_file);
    some_write(h->key_file, "Authorization: Bearer " TOKEN "\n");
}

static void each_attempt_has_times_of_its_own_and_none_of_them_is_yet_to_begin(void **state)
{
    static const char *const ANSWERS[] = {STATUS("200 OK")};
    (void)state;
    struct hook h;
    hook_new(&h, ANSWERS, 1);
    n_members = 1;
#define ALERT(start, end) "{\"labels\":{\"x\":\",\\\"startsAt\\\":\\\"\"},\"startsAt\":\"" start "\",\"endsAt\":\"" end "\"}"
    /* Sent at 01:02:03; times after that are those of a clock that was set back since. */
    assert_int_equal(type_send(&h, set_up,
                               "[" ALERT("2026-11-22T00:31:00Z", "") "," ALERT("2026-11-22T00:31:00Z", "+300") ","
                               ALERT("2026-11-22T04:31:00Z", "") "," ALERT("2026-11-22T04:31:00Z", "2026-11-22T04:40:00Z") ","
                               ALERT("2026-11-22T00:31:00Z", "2026-11-22T04:40:00Z") "," ALERT("2026-11-22T00:31:00Z", "2026-11-22T00:40:00Z") "]")
                         .class,
                     ANSWER_OK);
    assert_string_equal(h.request[0].body,
                        "[" ALERT("2026-11-22T00:31:00Z", "2026-11-22T02:02:03Z") "," ALERT("2026-11-22T00:31:00Z", "2026-11-22T01:07:03Z") ","
                        ALERT("2026-11-22T01:02:03Z", "2026-11-22T02:02:03Z") "," ALERT("2026-11-22T01:02:03Z", "2026-11-22T01:02:03Z") ","
                        ALERT("2026-11-22T00:31:00Z", "2026-11-22T01:02:03Z") "," ALERT("2026-11-22T00:31:00Z", "2026-11-22T00:40:00Z") "]");
    assert_ptr_equal(strstr(h.request[0].head, "POST /one/api/v2/alerts HTTP/1.1\r\n"),
                     h.request[0].head);
    assert_non_null(strcasestr(h.request[0].head, "\r\ncontent-type: application/json\r\n"));
    assert_non_null(strcasestr(h.request[0].head, "\r\nauthorization: Bearer " TOKEN "\r\n"));
    hook_free(&h);
}

static void each_answer_has_its_class_and_shows_no_secret(void **state)
{
    static const struct answer_case CASES[] = {
        {STATUS("200 OK"), ANSWER_OK, 0, "HTTP 200"},
        {STATUS("200 OK\r\nContent-Type: text/html; charset=utf-8"), ANSWER_RETRY, 0, "with HTML"},
        {STATUS("204 No Content"), ANSWER_RETRY, 0, "HTTP 204"},
        {STATUS("302 Found\r\nLocation: https://login.example/"), ANSWER_RETRY, 0, "not followed"},
        {ANSWER("400 Bad Request", "\"start time must be before end time " TOKEN "\""),
         ANSWER_PERMANENT, 0, "start time"},
        {STATUS("415 Unsupported Media Type"), ANSWER_PERMANENT, 0, "HTTP 415"},
        {ANSWER("422 Unprocessable Entity", "{\"code\":601}"), ANSWER_PERMANENT, 0, "601"},
        {STATUS("401 Unauthorized"), ANSWER_RETRY, 0, "HTTP 401"},
        {STATUS("404 Not Found"), ANSWER_RETRY, 0, "HTTP 404"},
        {STATUS("410 Gone"), ANSWER_RETRY, 0, "HTTP 410"},
        {STATUS("429 Slow Down\r\nRetry-After: 60"), ANSWER_THROTTLED, USEC_PER_MINUTE, "HTTP 429"},
        {STATUS("503 Busy"), ANSWER_RETRY, 0, "HTTP 503"},
        {CLOSE, ANSWER_RETRY, 0, "127.0.0.1"},
    };
    (void)state;
    n_members = 1;
    type_answers(set_up, CASES, N_ELEMENTS(CASES), TOKEN);
}

static void every_member_gets_the_same_bytes_and_one_is_enough(void **state)
{
    static const struct {
        const char *answer[2];
        enum answer_class want;
        unsigned n_refused;
        const char *says;
    } CASES[] = {
        {{STATUS("200 OK"), STATUS("200 OK")}, ANSWER_OK, 0, "HTTP 200"},
        {{STATUS("503 Busy"), STATUS("200 OK")}, ANSWER_OK, 1, "HTTP 200"},
        {{STATUS("200 OK"), STATUS("503 Busy")}, ANSWER_OK, 1, "not by all servers: HTTP 503"},
        {{STATUS("200 OK"), CLOSE}, ANSWER_OK, 1, "not by all servers"},
        {{CLOSE, STATUS("400 Bad")}, ANSWER_RETRY, 2, "127.0.0.1"},
        {{STATUS("400 Bad"), STATUS("503 Busy")}, ANSWER_RETRY, 2, "HTTP 503"},
        {{STATUS("400 Bad"), STATUS("400 Bad")}, ANSWER_PERMANENT, 2, "HTTP 400"},
    };
    (void)state;
    n_members = 2;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct hook h;
        hook_new(&h, CASES[i].answer, 2);
        struct answer a = type_send(&h, set_up, "[{\"endsAt\":\"\"}]");
        if (a.class != CASES[i].want || a.n_refused != CASES[i].n_refused ||
            !strstr(a.text, CASES[i].says))
            fail_msg("case %zu: class %d, %u refused, %s", i, a.class, a.n_refused, a.text);
        assert_int_equal(h.n_requests, 2);
        assert_string_equal(h.request[0].body, h.request[1].body);
        assert_non_null(strstr(h.request[0].head, "/one/api/v2/alerts"));
        assert_non_null(strstr(h.request[1].head, "/two/api/v2/alerts"));
        hook_free(&h);
    }
}

static void wrong_urls_are_found_before_the_start(void **state)
{
    static char plain[] = "http://am.example:9093", good[] = "https://am1.example",
                bad[] = "am:9093";
    static const struct {
        char *url[2];
        size_t n;
        usec_t timeout;
        const char *says;
    } CASES[] = {
        {{good, good}, 2, 22 * USEC_PER_SEC, NULL},
        {{good, good}, 0, USEC_PER_SEC, "no urls"},
        {{good, bad}, 2, USEC_PER_SEC, "entry 2"},
        {{plain, good}, 2, USEC_PER_SEC, "entry 1"},
        {{good, good}, 2, 23 * USEC_PER_SEC, "timeout = \"22s\""},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure why = {0};
        char *urls[] = {CASES[i].url[0], CASES[i].url[1]};
        struct receiver_options o = some_receiver("am", &alertmanager_class);
        *(char ***)some_option(&o, "urls") = urls;
        ((size_t *)some_option(&o, "urls"))[1] = CASES[i].n;
        *(usec_t *)some_option(&o, "timeout") = CASES[i].timeout;
        int r = o.class->check(&o, &why);
        if ((r < 0) != (CASES[i].says != NULL) || (r < 0 && !strstr(why.text, CASES[i].says)))
            fail_msg("case %zu: %s", i, why.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_the_ones_of_api_v2),
        cmocka_unit_test(another_severity_or_rule_ends_the_alert_before),
        cmocka_unit_test(a_test_message_ends_by_itself_after_five_minutes),
        cmocka_unit_test(a_resolved_alert_has_the_labels_it_was_notified_with),
        cmocka_unit_test(labels_are_legal_and_name_neither_numbers_nor_this_host),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(each_attempt_has_times_of_its_own_and_none_of_them_is_yet_to_begin),
        cmocka_unit_test(each_answer_has_its_class_and_shows_no_secret),
        cmocka_unit_test(every_member_gets_the_same_bytes_and_one_is_enough),
        cmocka_unit_test(wrong_urls_are_found_before_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
