/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "status/target.h"
#include <errno.h>

/* "seg|seg?name=value&name=value" */
static void print(const struct target *t, struct text *out)
{
    for (size_t i = 0; i < t->n_segments; i++)
        text_addf(out, "%s%s", i ? "|" : "", t->segment[i]);
    for (size_t i = 0; i < t->n_params; i++)
        text_addf(out, "%s%s=%s", i ? "&" : "?", t->param[i].name, t->param[i].value);
    text_add(out, "");
}

static void path_and_parameters_are_split_and_decoded(void **state)
{
    static const struct {
        const char *raw, *want;
    } CASES[] = {
        {"/", ""},
        {"/v1/status", "v1|status"},
        {"/v1/alerts?all", "v1|alerts?all="},
        {"/v1/alerts?", "v1|alerts"},
        {"/v1/poll?tenant=contoso", "v1|poll?tenant=contoso"},
        {"/v1/poll?tenant=a%20b%26c&x=1=2", "v1|poll?tenant=a b&c&x=1=2"},
        {"/v1/alerts/a%2Fb/acknowledgement", "v1|alerts|a/b|acknowledgement"},
        {"/v1/alerts/%C3%bc+", "v1|alerts|\xc3\xbc+"},
        {"/v1/x?y=/../", "v1|x?y=/../"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct target t;
        CLEANUP(text_free) struct text out = TEXT_INIT(TARGET_MAX * 2);
        assert_int_equal(target_parse(CASES[i].raw, &t, NULL), 0);
        print(&t, &out);
        assert_string_equal(out.data, CASES[i].want);
    }
}

static void hostile_targets_are_refused(void **state)
{
    static const char *const CASES[] = {
        "",          "*",           "v1/status",  "http://h/v1",  "//v1",         "/v1/",          "/v1//status",
        "/./v1",     "/v1/../v1",   "/v1/%2e%2E", "/v1/%",        "/v1/%4",       "/v1/%g0",       "/v1/%0g",      "/v1/%4\x10",
        "/v1/%00",   "/v1/a%00b",   "/v1/%0a",    "/v1/%7f",      "/v1/\x01",     "/v1/\xff",      "/v1/%ff",
        "/v1/%c0%af", "/v1?=x",     "/v1?a&a",    "/v1?a=1&%61=2", "/v1?&",       "/v1?a&",        "/v1?a=%",
        "/v1/%ed%a0%80", "/1/2/3/4/5/6/7/8/9", "/v1?1&2&3&4&5&6&7&8&9",
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct target t;
        struct failure why = {0};
        if (target_parse(CASES[i], &t, &why) != -EBADMSG || why.kind != FAILURE_REQUEST || !why.text[0])
            fail_msg("accepted: %s", CASES[i]);
    }
}

static void a_target_has_a_longest_length(void **state)
{
    char raw[TARGET_MAX + 2];
    struct target t;
    (void)state;
    memset(raw, 'a', sizeof raw);
    raw[0] = '/';
    raw[TARGET_MAX + 1] = '\0';
    assert_int_equal(target_parse(raw, &t, NULL), -E2BIG);
    raw[TARGET_MAX] = '\0';
    assert_int_equal(target_parse(raw, &t, NULL), 0);
}

static void a_parameter_that_is_not_given_is_null(void **state)
{
    struct target t;
    (void)state;
    assert_int_equal(target_parse("/v1/alerts?all&x=1", &t, NULL), 0);
    assert_string_equal(target_param(&t, "all"), "");
    assert_string_equal(target_param(&t, "x"), "1");
    assert_null(target_param(&t, "tenant"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_and_parameters_are_split_and_decoded),
        cmocka_unit_test(hostile_targets_are_refused),
        cmocka_unit_test(a_target_has_a_longest_length),
        cmocka_unit_test(a_parameter_that_is_not_given_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
