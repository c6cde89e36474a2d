/* SPDX-License-Identifier: MIT */
/* Graph's error bodies, and bodies that are none. */
#include "base/cleanup.h"
#include "graph/page.h"
#include "json/json.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void recorded_errors_give_code_inner_code_and_request_id(void **state)
{
    static const struct {
        const char *file, *code, *inner, *request_id;
    } CASES[] = {
        {"graph-error-429.json", "TooManyRequests", "429", "94fb3b52-452a-4535-a601-69e0a90e3aa2"},
        {"synthetic/graph-error-400.json", "BadRequest", "",
         "aaaaaaaa-0000-4000-8000-000000000001"},
        {"synthetic/graph-error-401.json", "InvalidAuthenticationToken", "",
         "aaaaaaaa-0000-4000-8000-000000000001"},
        {"synthetic/graph-error-403.json", "Authorization_RequestDenied", "",
         "aaaaaaaa-0000-4000-8000-000000000001"},
        {"synthetic/graph-error-404.json", "ResourceNotFound", "",
         "aaaaaaaa-0000-4000-8000-000000000001"},
        {"synthetic/graph-error-503.json", "serviceNotAvailable", "",
         "aaaaaaaa-0000-4000-8000-000000000001"},
        {"synthetic/graph-error-504.json", "GatewayTimeout", "",
         "aaaaaaaa-0000-4000-8000-000000000001"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char path[300], bytes[4096];
        (void)snprintf(path, sizeof path, "%s/graph/examples/%s", FIXTURES, CASES[i].file);
        CLEANUP(fclose) FILE *f = fopen(path, "re");
        assert_non_null(f);
        struct graph_error e;
        graph_error_parse(bytes, fread(bytes, 1, sizeof bytes, f), &e);
        assert_string_equal(e.code, CASES[i].code);
        assert_string_equal(e.inner_code, CASES[i].inner);
        assert_string_equal(e.request_id, CASES[i].request_id);
        assert_true(e.message[0] != 0);
    }
}

static void odd_bodies_never_fail(void **state)
{
    static const struct {
        const char *body, *code, *inner, *message;
    } CASES[] = {
        {"", "", "", ""},
        {"<html>\n<b>502</b>", "", "", "<html>\\u{a}<b>502</b>"},
        {"{\"error\":\"text\"}", "", "", "{\"error\":\"text\"}"},
        {"{\"error\":{}}", "", "", ""},
        {"{\"error\":{\"code\":\"\",\"message\":\"m\"}}", "", "", "m"},
        {"{\"error\":{\"code\":7,\"message\":null}}", "", "", ""},
        {"{\"error\":{\"code\":\"a\\u001bb\",\"message\":\"x\\ny\"}}", "", "", "x\\u{a}y"},
        {"{\"error\":{\"code\":\"a\",\"innererror\":{\"code\":\"b\",\"innerError\":{\"code\":\"c\"}"
         "}}}",
         "a", "c", ""},
        {"{\"error\":{\"code\":\"a\",\"innerError\":{\"code\":\"b\",\"innerError\":{\"code\":\"\"}}"
         "}}",
         "a", "b", ""},
        {"{\"error\":{\"code\":\"a\",\"innerError\":7}}", "a", "", ""},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_error e;
        graph_error_parse(CASES[i].body, strlen(CASES[i].body), &e);
        if (strcmp(e.code, CASES[i].code) != 0 || strcmp(e.inner_code, CASES[i].inner) != 0 ||
            strcmp(e.message, CASES[i].message) != 0)
            fail_msg("%s: %s, %s, %s", CASES[i].body, e.code, e.inner_code, e.message);
    }
}

static void a_long_body_is_cut(void **state)
{
    char body[5000];
    struct graph_error e;
    (void)state;
    memset(body, 'x', sizeof body);
    graph_error_parse(body, sizeof body, &e);
    assert_true(strlen(e.message) < sizeof e.message);
    assert_true(strlen(e.message) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_errors_give_code_inner_code_and_request_id),
        cmocka_unit_test(odd_bodies_never_fail),
        cmocka_unit_test(a_long_body_is_cut),
    };
    json_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
