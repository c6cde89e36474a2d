/* SPDX-License-Identifier: MIT */
/* What a status means when nothing better is known. */
#include "base/cleanup.h"
#include "http/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void every_status_has_a_kind_that_a_caller_can_act_on(void **state)
{
    static const struct {
        int status;
        enum failure_kind kind;
    } CASES[] = {
        {100, FAILURE_PROTOCOL},    {200, FAILURE_PROTOCOL},    {204, FAILURE_PROTOCOL},
        {299, FAILURE_PROTOCOL},    {300, FAILURE_SECURITY},    {302, FAILURE_SECURITY},
        {304, FAILURE_SECURITY},    {307, FAILURE_SECURITY},    {400, FAILURE_REQUEST},
        {401, FAILURE_AUTH},        {402, FAILURE_PERMISSION},  {403, FAILURE_PERMISSION},
        {404, FAILURE_ABSENT},      {405, FAILURE_REQUEST},     {407, FAILURE_CONFIG},
        {408, FAILURE_TRANSIENT},   {410, FAILURE_ABSENT},      {413, FAILURE_REQUEST},
        {425, FAILURE_TRANSIENT},   {429, FAILURE_THROTTLED},   {499, FAILURE_REQUEST},
        {500, FAILURE_UNAVAILABLE}, {501, FAILURE_ABSENT},      {502, FAILURE_UNAVAILABLE},
        {503, FAILURE_UNAVAILABLE}, {504, FAILURE_UNAVAILABLE}, {507, FAILURE_UNAVAILABLE},
        {509, FAILURE_THROTTLED},   {599, FAILURE_UNAVAILABLE}, {600, FAILURE_PROTOCOL},
        {999, FAILURE_PROTOCOL},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure why = {0};
        http_status_failure(&(struct http_answer){.status = CASES[i].status, .retry_after = 7},
                            &why);
        if (why.kind != CASES[i].kind)
            fail_msg("%d is %s", CASES[i].status, failure_kind_name(why.kind));
        bool waits = why.kind == FAILURE_THROTTLED || why.kind == FAILURE_UNAVAILABLE;
        assert_int_equal(why.retry_after, waits ? 7 : 0);
        char number[8];
        (void)snprintf(number, sizeof number, "%d", CASES[i].status);
        assert_non_null(strstr(why.text, number));
    }
}

static void without_an_answer_the_reason_is_kept(void **state)
{
    struct failure why = {0};
    (void)state;
    http_status_failure(
        &(struct http_answer){.failure = {.kind = FAILURE_TRANSIENT, .text = "no connection"}},
        &why);
    assert_int_equal(why.kind, FAILURE_TRANSIENT);
    assert_string_equal(why.text, "no connection");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_kind_that_a_caller_can_act_on),
        cmocka_unit_test(without_an_answer_the_reason_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
