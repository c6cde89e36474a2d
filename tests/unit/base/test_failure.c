/* SPDX-License-Identifier: MIT */
/* tests/unit/base/test_failure.c: a kind for the program, a sentence for the operator. */
#include "base/failure.h"

#include "base/cleanup.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_failure_is_one_statement_and_one_clean_line(void **state)
{
    (void)state;
    struct failure f = {.retry_after = 7};
    int r = failure_set(&f, FAILURE_PROTOCOL, EBADMSG, "page %d of \"%s\" is cut", 3, "a\nb");
    assert_int_equal(r, -EBADMSG);
    assert_int_equal(f.kind, FAILURE_PROTOCOL);
    assert_int_equal(f.retry_after, 0);
    assert_string_equal(f.text, "page 3 of \"a\\u{a}b\" is cut");
    assert_int_equal(failure_set(NULL, FAILURE_LOCAL, EIO, "x"), -EIO);
}

static void a_long_text_is_cut_visibly(void **state)
{
    (void)state;
    char longest[3000];
    struct failure f;
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    (void)failure_set(&f, FAILURE_LOCAL, EIO, "%s", longest);
    assert_int_equal(strlen(f.text), sizeof f.text - 1);
    assert_string_equal(f.text + sizeof f.text - 4, "...");
    (void)failure_prefix(&f, -EIO, "tenant %s", longest);
    assert_memory_equal(f.text, "tenant xxx", 10);
    assert_int_equal(strlen(f.text), sizeof f.text - 1);
}

static void a_prefix_says_where_and_keeps_the_rest(void **state)
{
    (void)state;
    struct failure f;
    (void)failure_set(&f, FAILURE_THROTTLED, EAGAIN, "too many requests");
    f.retry_after = 5;
    assert_int_equal(failure_prefix(&f, -EAGAIN, "tenant %s", "contoso"), -EAGAIN);
    assert_string_equal(f.text, "tenant contoso: too many requests");
    assert_int_equal(f.kind, FAILURE_THROTTLED);
    assert_int_equal(f.retry_after, 5);
    assert_int_equal(failure_prefix(NULL, -EIO, "x"), -EIO);
}

static void missing_memory_needs_no_words(void **state)
{
    (void)state;
    struct failure f;
    assert_int_equal(failure_oom(&f), -ENOMEM);
    assert_int_equal(f.kind, FAILURE_LOCAL);
    assert_string_equal(f.text, "out of memory");
}

static void every_kind_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < FAILURE_KIND_COUNT_; i++) {
        assert_non_null(failure_kind_name((enum failure_kind)i));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(failure_kind_name((enum failure_kind)i),
                                    failure_kind_name((enum failure_kind)j));
    }
    assert_string_equal(failure_kind_name(FAILURE_KIND_COUNT_), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_is_one_statement_and_one_clean_line),
        cmocka_unit_test(a_long_text_is_cut_visibly),
        cmocka_unit_test(a_prefix_says_where_and_keeps_the_rest),
        cmocka_unit_test(missing_memory_needs_no_words),
        cmocka_unit_test(every_kind_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
