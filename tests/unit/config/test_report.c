/* SPDX-License-Identifier: MIT */
/* Problems come out in the order of files and lines, each one line. */
#include "unit/config/fixture.h"

static void problems_are_sorted_by_file_and_line_and_keep_their_order_within(void **state)
{
    static const char *const WANT[] = {"a:2: x; y", "a:9: first; y", "a:9: second; y", "b:1: z; y"};
    CLEANUP(source_free) struct conf_source *a = NULL;
    CLEANUP(source_free) struct conf_source *b = NULL;
    struct report r = {0};
    struct problems p = {0};
    (void)state;
    assert_int_equal(source_new("a", 0, &a), 0);
    assert_int_equal(source_new("b", 1, &b), 0);
    report_add(&r, CONF_TENANT, (struct conf_where){b, 1}, "z; y");
    report_add(&r, CONF_FATAL, (struct conf_where){a, 9}, "first; y");
    report_add(&r, CONF_WARNING, (struct conf_where){a, 2}, "x; y");
    report_add(&r, CONF_FATAL, (struct conf_where){a, 9}, "second; y");
    assert_true(report_has(&r, CONF_FATAL));
    assert_false(report_has(&r, CONF_MISTAKE));
    assert_int_equal(report_finish(&r, &p), 0);
    assert_int_equal(p.n, N_ELEMENTS(WANT));
    for (size_t i = 0; i < p.n; i++)
        assert_string_equal(p.problem[i].text, WANT[i]);
    assert_true(p.problem[0].warning && !p.problem[0].fatal);
    assert_true(p.problem[1].fatal && !p.problem[1].warning);
    assert_true(!p.problem[3].fatal && !p.problem[3].warning);
    problems_free(&p);
}

static void foreign_text_in_a_problem_stays_on_its_line(void **state)
{
    CLEANUP(source_free) struct conf_source *a = NULL;
    struct report r = {0};
    struct problems p = {0};
    (void)state;
    assert_int_equal(source_new("a", 0, &a), 0);
    report_add(&r, CONF_FATAL, (struct conf_where){a, 1}, "unknown '%s'; remove it",
               "x\n\x1b[31mb:1: forged");
    assert_int_equal(report_finish(&r, &p), 0);
    assert_null(strpbrk(p.problem[0].text, "\n\x1b"));
    problems_free(&p);
}

static void problems_beyond_the_bound_still_count(void **state)
{
    CLEANUP(source_free) struct conf_source *a = NULL;
    struct report r = {0};
    (void)state;
    assert_int_equal(source_new("a", 0, &a), 0);
    for (int i = 0; i < REPORT_MAX; i++)
        report_add(&r, CONF_WARNING, (struct conf_where){a, 1}, "w; y");
    assert_false(report_has(&r, CONF_FATAL));
    report_add(&r, CONF_FATAL, (struct conf_where){a, 1}, "f; y");
    assert_true(report_has(&r, CONF_FATAL));
    assert_int_equal(r.n_seen, 1); /* warnings are no problems */
    report_clear(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(problems_are_sorted_by_file_and_line_and_keep_their_order_within),
        cmocka_unit_test(foreign_text_in_a_problem_stays_on_its_line),
        cmocka_unit_test(problems_beyond_the_bound_still_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
