/* SPDX-License-Identifier: MIT */
/* A libcurl that cannot begin (its TLS library or resolver does not work here) ends the start in words. */
#include "http/http.h"

#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The one of this program, in the place of libcurl's. */
CURLcode curl_global_init_mem(long flags, curl_malloc_callback m, curl_free_callback f,
                              curl_realloc_callback r, curl_strdup_callback s, curl_calloc_callback c)
{
    (void)flags, (void)m, (void)f, (void)r, (void)s, (void)c;
    return CURLE_FAILED_INIT;
}

static void a_library_that_cannot_begin_is_a_failure(void **state)
{
    struct failure why = {0};
    (void)state;
    assert_true(http_global_init(&why) < 0);
    assert_int_equal(why.kind, FAILURE_LOCAL);
    assert_string_equal(why.text, "libcurl cannot be initialised: Failed initialization");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_library_that_cannot_begin_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
