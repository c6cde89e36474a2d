/* SPDX-License-Identifier: MIT */
/* Alert ids. The wanted ids were computed with sha256sum over the same bytes. */
#include "alerts/notification.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void an_id_is_the_hash_of_kind_tenant_and_subject_with_their_lengths(void **state)
{
    static const struct {
        enum kind kind;
        const char *tenant, *subject, *want;
    } CASES[] = {
        /* 8:capacity36:aaaaaaaa-...4:p\303\251x */
        {KIND_CAPACITY, "aaaaaaaa-0000-4000-8000-000000000001", "p\303\251x", "58acd08b7fddca33"},
        {KIND_POLL, "aaaaaaaa-0000-4000-8000-000000000001", "", "a1e354db2d393c02"},
        {KIND_DELIVERY, "", "hook", "4e1a8869da9bce4b"},
        {KIND_SERVICE, "", "", "71394e087217525e"},
        {KIND_STORM, NULL, "pager", "f5c9b76f907332d0"},
        {KIND_DELIVERY, NULL, "hook", "4e1a8869da9bce4b"},
        {KIND_CAPACITY, "ab", "c", "d28d013123fbb961"},
        {KIND_CAPACITY, "a", "bc", "a369911bad814275"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char id[ALERT_ID_TEXT];
        assert_int_equal(alert_id(CASES[i].kind, CASES[i].tenant, CASES[i].subject, id), 0);
        assert_string_equal(id, CASES[i].want);
        assert_int_equal(strlen(id), ALERT_ID_TEXT - 1);
    }
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(an_id_is_the_hash_of_kind_tenant_and_subject_with_their_lengths),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
