/* SPDX-License-Identifier: MIT */
/* A set of links. */
#include "graph/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void a_link_is_new_once(void **state)
{
    struct id_set s = {0};
    char link[64];
    (void)state;
    assert_false(id_set_has(&s, "https://g/beta/0"));
    for (int i = 0; i < LIST_PAGES_MAX; i++) {
        (void)snprintf(link, sizeof link, "https://g/beta/%d", i);
        assert_int_equal(id_set_add(&s, link), 0);
    }
    for (int i = 0; i < LIST_PAGES_MAX; i++) {
        (void)snprintf(link, sizeof link, "https://g/beta/%d", i);
        assert_int_equal(id_set_add(&s, link), 1);
        assert_true(id_set_has(&s, link));
    }
    assert_false(id_set_has(&s, "https://g/beta/-1"));
    assert_int_equal(id_set_add(&s, ""), 0);
    assert_int_equal(id_set_add(&s, ""), 1);
    id_set_free(&s);
    assert_false(id_set_has(&s, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_link_is_new_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
