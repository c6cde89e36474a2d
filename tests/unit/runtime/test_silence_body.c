/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/silence_body.h"

#define AT_NOON UINT64_C(1798113600000000) /* 2026-12-24T12:00:00Z */

static struct json *parse(const char *text)
{
    struct json *root = NULL;
    assert_int_equal(json_parse(text, strlen(text), &root, NULL), 0);
    return root;
}

static void every_member_of_a_silence_is_read(void **state)
{
    CLEANUP(json_free)
    struct json *body = parse("{\"match\":{\"tenant\":\"t*\",\"sku\":\"s\",\"allotment\":\"a\",\"rule\":\"r\",\"severity\":\"c\","
                              "\"labels\":{\"group\":\"gold\",\"x\":\"y\"}},\"for\":\"2h\",\"from\":\"2026-12-24T12:00:00Z\","
                              "\"until\":\"2026-12-24T13:00:00+01:00\",\"weekly\":\"Sun 01:00-04:00\","
                              "\"timezone\":\"Europe/Berlin\",\"comment\":\"why\",\"author\":\"who\",\"hold\":true}");
    struct silence_request r = {0};
    (void)state;
    assert_int_equal(silence_body_parse(body, &r, NULL), 0);
    assert_string_equal(r.match.tenant, "t*");
    assert_string_equal(r.match.sku, "s");
    assert_string_equal(r.match.allotment, "a");
    assert_string_equal(r.match.rule, "r");
    assert_string_equal(r.match.severity, "c");
    assert_int_equal(r.match.n_labels, 2);
    assert_string_equal(r.match.label[0].key, "group");
    assert_string_equal(r.match.label[1].value, "y");
    assert_true(r.lasts == 2 * USEC_PER_HOUR && r.start_at == AT_NOON && r.end_at == AT_NOON && r.hold);
    assert_string_equal(r.weekly, "Sun 01:00-04:00");
    assert_string_equal(r.zone, "Europe/Berlin");
    assert_string_equal(r.comment, "why");
    assert_string_equal(r.author, "who");
    match_clear(&r.match);
}

static void null_is_like_missing(void **state)
{
    CLEANUP(json_free)
    struct json *body = parse("{\"match\":{\"tenant\":\"t\",\"sku\":null,\"labels\":null},\"for\":null,\"hold\":null}");
    struct silence_request r = {0};
    (void)state;
    assert_int_equal(silence_body_parse(body, &r, NULL), 0);
    assert_true(!r.match.sku && !r.match.n_labels && !r.lasts && !r.hold && !r.comment);
    match_clear(&r.match);
}

static void wrong_members_are_named(void **state)
{
    static const struct {
        const char *body, *words;
    } CASES[] = {
        {"{}", "\"match\" is missing"},
        {"{\"match\":[]}", "\"match\" is missing or not an object"},
        {"{\"match\":{},\"untill\":1}", "no member \"untill\" here; did you mean \"until\"?"},
        {"{\"match\":{\"tenannt\":\"x\"}}", "did you mean \"tenant\"?"},
        {"{\"match\":{\"tenant\":5}}", "\"tenant\" is not a text"},
        {"{\"match\":{\"labels\":[]}}", "\"labels\" is not an object"},
        {"{\"match\":{\"labels\":{\"a\":1}}}", "\"a\" is a label"},
        {"{\"match\":{},\"for\":\"soon\"}", "\"soon\" is not a duration"},
        {"{\"match\":{},\"for\":\"0s\"}", "\"for\" is no time at all"},
        {"{\"match\":{},\"until\":\"tomorrow\"}", "\"until\" is not a time"},
        {"{\"match\":{},\"hold\":1}", "\"hold\" is not true or false"},
        {"{\"match\":{},\"comment\":{}}", "\"comment\" is not a text"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(json_free) struct json *body = parse(CASES[i].body);
        struct silence_request r = {0};
        struct failure why = {0};
        if (silence_body_parse(body, &r, &why) >= 0 || why.kind != FAILURE_CONFIG || !strstr(why.text, CASES[i].words))
            fail_msg("%s -> %s", CASES[i].body, why.text);
    }
}

static void an_acknowledgement_has_its_own_members(void **state)
{
    CLEANUP(json_free)
    struct json *good = parse("{\"author\":\"a\",\"comment\":\"c\",\"until\":\"2026-12-24T12:00:00Z\",\"hold\":true}");
    CLEANUP(json_free) struct json *bad = parse("{\"author\":\"a\",\"comment\":\"c\",\"match\":{}}");
    struct silence_request r = {0};
    struct failure why = {0};
    (void)state;
    assert_int_equal(silence_body_parse_acknowledgement(good, &r, &why), 0);
    assert_true(r.end_at == AT_NOON && r.hold);
    assert_true(silence_body_parse_acknowledgement(bad, &r, &why) < 0);
    assert_non_null(strstr(why.text, "no member \"match\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_of_a_silence_is_read),
        cmocka_unit_test(null_is_like_missing),
        cmocka_unit_test(wrong_members_are_named),
        cmocka_unit_test(an_acknowledgement_has_its_own_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
