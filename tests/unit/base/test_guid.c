/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "base/guid.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_guid_is_lower_case_and_nothing_else_is_changed(void **state)
{
    static const struct {
        const char *text, *want;
        bool guid;
    } CASES[] = {
        {"ABCDEF12-3456-7890-ABCD-EF1234567890", "abcdef12-3456-7890-abcd-ef1234567890", true},
        {"abcdef12-3456-7890-abcd-ef1234567890", "abcdef12-3456-7890-abcd-ef1234567890", true},
        {"ABCDEF12-3456-7890-ABCD-EF123456789", "ABCDEF12-3456-7890-ABCD-EF123456789", false},
        {"ABCDEF12-3456-7890-ABCD-EF12345678901", "ABCDEF12-3456-7890-ABCD-EF12345678901", false},
        {"ABCDEF12-3456-7890-ABCD-EF123456789G", "ABCDEF12-3456-7890-ABCD-EF123456789G", false},
        {"ABCDEF12034560789000ABCD0EF1234567890", "ABCDEF12034560789000ABCD0EF1234567890", false},
        {"-BCDEF12-3456-7890-ABCD-EF1234567890", "-BCDEF12-3456-7890-ABCD-EF1234567890", false},
        {"SPE_E5", "SPE_E5", false},
        {"", "", false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *text = strdup(CASES[i].text);
        assert_int_equal(guid_is(text), CASES[i].guid);
        guid_lower(text);
        assert_string_equal(text, CASES[i].want);
    }
    guid_lower(NULL);
    ascii_lower(NULL);
    char domain[] = "Contoso.COM";
    ascii_lower(domain);
    assert_string_equal(domain, "contoso.com");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guid_is_lower_case_and_nothing_else_is_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
