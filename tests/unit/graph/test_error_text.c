/* SPDX-License-Identifier: MIT */
/* Failures in words, and which of two is told. */
#include "graph/error_text.h"
#include "graph/query.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BODY(code) \
    "{\"error\":{\"code\":\"" code "\",\"message\":\"m\",\"innerError\":{\"code\":\"inner\"}}}"

static void a_refusal_names_call_status_code_and_what_to_do(void **state)
{
    static const struct {
        enum list list;
        int status;
        const char *body;
        enum failure_kind kind;
        const char *text;
    } CASES[] = {
        {LIST_ALLOTMENTS, 403, BODY("Authorization_RequestDenied"), FAILURE_PERMISSION,
         "GET /admin/cloudLicensing/allotments: HTTP 403 Authorization_RequestDenied/inner: grant "
         "the "
         "application permission Directory.Read.All (or CloudLicensing.Read.All where the tenant "
         "offers "
         "it) with admin consent"},
        {LIST_SKUS, 403, "{\"error\":{}}", FAILURE_PERMISSION,
         "GET /v1.0/subscribedSkus: HTTP 403: grant the application permission "
         "LicenseAssignment.Read.All (or Directory.Read.All) with admin consent"},
        {LIST_ERRORS, 404, "{\"error\":{}}", FAILURE_ABSENT,
         "GET /admin/cloudLicensing/assignmentErrors: HTTP 404 (not found); this tenant or cloud "
         "does not "
         "offer the Cloud Licensing API"},
        {LIST_WAITING, 404, "{\"error\":{\"code\":\"NotFound\",\"message\":\"\"}}", FAILURE_ABSENT,
         "GET /admin/cloudLicensing/allotments/{id}/waitingMembers: HTTP 404 (not found) NotFound"},
        {LIST_ALLOTMENTS, 302, "", FAILURE_SECURITY,
         "GET /admin/cloudLicensing/allotments: HTTP 302 (a redirect, which is never followed); "
         "check "
         "graph_url"},
        {LIST_ALLOTMENTS, 500, "{\"error\":{}}", FAILURE_UNAVAILABLE,
         "GET /admin/cloudLicensing/allotments: HTTP 500 (server error)"},
        {LIST_ALLOTMENTS, 400,
         "{\"error\":{\"code\":\"BadRequest\",\"message\":\"Resource not found for the segment "
         "'cloudLicensing'.\"}}",
         FAILURE_ABSENT,
         "GET /admin/cloudLicensing/allotments: HTTP 400 (the request was refused) BadRequest; "
         "this "
         "tenant or cloud does not offer the Cloud Licensing API"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct http_answer a = {.status = CASES[i].status,
                                .body = CASES[i].body,
                                .body_len = strlen(CASES[i].body),
                                .content_type = "",
                                .request_id = "",
                                .www_authenticate = ""};
        const struct fetch_ask ask = query_for(CASES[i].list);
        struct fetch_failed why;
        error_text_of_answer(&ask, &a, &why);
        assert_string_equal(why.failure.text, CASES[i].text);
        assert_int_equal(why.failure.kind, CASES[i].kind);
        assert_int_equal(why.status, CASES[i].status);
    }
}

static void status_without_error_body_counts_as_foreign(void **state)
{
    static const char *const BODIES[] = {"",
                                         "<html>blocked</html>",
                                         "{}",
                                         "[]",
                                         "null",
                                         "{\"error\":\"invalid_client\"}",
                                         "{\"error\":[]}",
                                         "{\"error\":{}"};
    (void)state;
    for (int status = 400; status <= 599; status++)
        for (size_t i = 0; i < N_ELEMENTS(BODIES) && status != 407; i++) {
            const struct http_answer a = {.status = status,
                                          .body = BODIES[i],
                                          .body_len = strlen(BODIES[i]),
                                          .content_type = "text/html",
                                          .request_id = "",
                                          .www_authenticate = ""};
            const struct fetch_ask ask = query_for(LIST_ALLOTMENTS);
            struct fetch_failed why;
            error_text_of_answer(&ask, &a, &why);
            if (why.failure.kind != FAILURE_TRANSIENT || error_text_api_is_absent(&why) ||
                !strstr(why.failure.text, "instead of JSON (a proxy or filter?)") ||
                strstr(why.failure.text, "grant the application"))
                fail_msg("%d %s: %s", status, BODIES[i], why.failure.text);
        }
}

static void foreign_bytes_in_a_failure_are_few_and_clean(void **state)
{
    static char html[5000] = "<html>\r\n\x1b[31mSign in\x07 ";
    (void)state;
    memset(html + strlen(html), 'x', sizeof html - strlen(html) - 1);
    struct http_answer a = {.status = 200,
                            .body = html,
                            .body_len = sizeof html - 1,
                            .content_type = "text/html",
                            .request_id = "",
                            .www_authenticate = ""};
    const struct fetch_ask ask = query_for(LIST_ERRORS);
    struct fetch_failed why = {0};
    assert_int_equal(error_text_expect_json(&ask, &a, &why), -EBADMSG);
    assert_int_equal(why.failure.kind, FAILURE_TRANSIENT);
    assert_non_null(strstr(why.failure.text, "text/html instead of JSON"));
    assert_non_null(strstr(why.failure.text, "Sign in"));
    for (const char *c = why.failure.text; *c; c++)
        assert_true((unsigned char)*c >= ' ' && *c != 0x7f);
}

static void json_goes_by_several_names(void **state)
{
    static const struct {
        const char *type;
        bool json;
    } CASES[] = {
        {"application/json", true},   {"", true},           {"application/problem+json", true},
        {"text/json", true},          {"text/html", false}, {"+json", false},
        {"application/jsonx", false}, {"text/plain", false}};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        if (error_text_is_json(CASES[i].type) != CASES[i].json)
            fail_msg("%s", CASES[i].type);
}

static void failures_that_need_a_person_are_reported_first(void **state)
{
    static const struct {
        enum failure_kind a, b;
        bool a_is_worse;
    } CASES[] = {
        {FAILURE_AUTH, FAILURE_TRANSIENT, true},    {FAILURE_TRANSIENT, FAILURE_AUTH, false},
        {FAILURE_PERMISSION, FAILURE_ABSENT, true}, {FAILURE_THROTTLED, FAILURE_TRANSIENT, true},
        {FAILURE_SECURITY, FAILURE_PROTOCOL, true}, {FAILURE_PROTOCOL, FAILURE_PROTOCOL, false},
    };
    struct failure none = {0};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure a = {.kind = CASES[i].a, .text = "a"}, b = {.kind = CASES[i].b, .text = "b"};
        assert_int_equal(error_text_worse(&a, &b), CASES[i].a_is_worse);
        assert_true(error_text_worse(&a, &none));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_names_call_status_code_and_what_to_do),
        cmocka_unit_test(status_without_error_body_counts_as_foreign),
        cmocka_unit_test(foreign_bytes_in_a_failure_are_few_and_clean),
        cmocka_unit_test(json_goes_by_several_names),
        cmocka_unit_test(failures_that_need_a_person_are_reported_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
