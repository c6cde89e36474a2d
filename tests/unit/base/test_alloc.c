/* SPDX-License-Identifier: MIT */
/* tests/unit/base/test_alloc.c: wiping, and failing on demand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The allocator is compiled into this test, with a free() that looks at the bytes before they go:
 * afterwards nobody may read them. */
static void *spied;
static size_t spied_size, n_left;

static void spying_free(void *p)
{
    if (p == spied)
        for (size_t i = 0; i < spied_size; i++)
            n_left += ((unsigned char *)p)[i] != 0;
    free(p);
}
#define free spying_free
#include "base/alloc.c"
#undef free

static char *a_secret(size_t size)
{
    char *p = alloc_get(size);
    assert_non_null(p);
    memset(p, 's', size);
    spied = p;
    spied_size = size;
    n_left = 0;
    return p;
}

static void released_memory_is_wiped_first(void **state)
{
    (void)state;
    alloc_release(a_secret(300));
    assert_int_equal(n_left, 0);
    alloc_release(NULL);
}

static void growing_leaves_no_copy_behind(void **state)
{
    (void)state;
    char *p = alloc_resize(a_secret(300), 100000);
    assert_int_equal(n_left, 0);
    assert_ptr_not_equal(p, spied);
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(p[i], 's');
    char *less = alloc_resize(p, 10);
    assert_memory_equal(less, "ssssssssss", 10);
    assert_null(alloc_resize(less, 0));
    less = alloc_resize(NULL, 5);
    assert_non_null(less);
    assert_true(alloc_size(less) >= 5);
    assert_int_equal(alloc_size(NULL), 0);
    alloc_release(less);
}

static void nothing_is_still_something(void **state)
{
    (void)state;
    void *p = alloc_get(0), *q = alloc_zero(0, 8);
    assert_non_null(p);
    assert_non_null(q);
    alloc_release(p);
    alloc_release(q);
    unsigned char *zero = alloc_zero(10, 10);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(zero[i], 0);
    alloc_release(zero);
    char *copy = alloc_strdup("abc");
    assert_string_equal(copy, "abc");
    alloc_release(copy);
}

static void the_chosen_allocation_fails_and_a_failed_resize_keeps_the_old(void **state)
{
    (void)state;
    char *p = alloc_get(10);
    memset(p, 'x', 10);
    (void)alloc_fail_at(2, false);
    void *first = alloc_get(1), *second = alloc_resize(p, 1000), *third = alloc_zero(1, 1);
    assert_int_equal(alloc_fail_at(0, false), 3);
    assert_non_null(first);
    assert_null(second);
    assert_non_null(third);
    assert_memory_equal(p, "xxxxxxxxxx", 10);
    alloc_release(first);
    alloc_release(third);
    alloc_release(p);
}

static void from_then_on_means_for_good(void **state)
{
    (void)state;
    (void)alloc_fail_at(2, true);
    void *first = alloc_get(1);
    assert_null(alloc_zero(1, 1));
    assert_null(alloc_strdup("x"));
    assert_null(alloc_resize(NULL, 1));
    assert_int_equal(alloc_fail_at(0, false), 4);
    assert_non_null(first);
    alloc_release(first);
    first = alloc_get(1);
    assert_non_null(first);
    alloc_release(first);
    assert_int_equal(alloc_fail_at(0, false), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(released_memory_is_wiped_first),
        cmocka_unit_test(growing_leaves_no_copy_behind),
        cmocka_unit_test(nothing_is_still_something),
        cmocka_unit_test(the_chosen_allocation_fails_and_a_failed_resize_keeps_the_old),
        cmocka_unit_test(from_then_on_means_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
