/* SPDX-License-Identifier: MIT */
/* tests/unit/base/test_text.c: growing strings, globs and spelling. */
#include "base/text.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void text_grows_and_hands_over_what_was_added(void **state)
{
    (void)state;
    CLEANUP(text_free) struct text t = TEXT_INIT(100000);
    text_add(&t, "a");
    for (int i = 0; i < 10000; i++)
        text_addf(&t, "%d,", i % 10);
    text_add_bytes(&t, "\0z", 2);
    assert_int_equal(t.len, 1 + 20000 + 2);
    CLEANUP(free) char *s = text_take(&t);
    assert_non_null(s);
    assert_memory_equal(s, "a0,1,2,", 7);
    assert_memory_equal(s + 20001, "\0z", 3);
    assert_null(t.data);
    assert_int_equal(t.len, 0);
    assert_int_equal(t.max, 100000);
}

static void text_of_nothing_is_the_empty_string(void **state)
{
    (void)state;
    struct text t = TEXT_INIT(0);
    text_add(&t, "");
    CLEANUP(free) char *s = text_take(&t);
    assert_string_equal(s, "");
}

static void text_fills_its_ceiling_exactly_and_fails_for_good_beyond(void **state)
{
    (void)state;
    struct text t = TEXT_INIT(100);
    text_addf(&t, "%099d", 0);
    text_add(&t, "x");
    assert_int_equal(t.error, 0);
    assert_int_equal(t.len, 100);
    text_add(&t, "y");
    assert_int_equal(t.error, -E2BIG);
    assert_null(t.data);
    assert_int_equal(t.len, 0);
    text_add(&t, "z");
    text_addf(&t, "%d", 1);
    assert_int_equal(t.error, -E2BIG);
    assert_null(text_take(&t));
    text_free(&t);
    assert_int_equal(t.error, 0);
    text_add(&t, "again");
    assert_string_equal(t.data, "again");
    text_free(&t);
}

static void text_remembers_that_there_was_no_memory(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 2; n++) {
        struct text t = TEXT_INIT(1000);
        (void)alloc_fail_at(n, false);
        text_add(&t, "0123456789012345678901234567890123456789012345678901234567890");
        text_addf(&t, "%s", "0123456789");
        (void)alloc_fail_at(0, false);
        assert_int_equal(t.error, -ENOMEM);
        assert_null(text_take(&t));
    }
}

static void printing_and_copying_report_missing_memory(void **state)
{
    (void)state;
    char *s = NULL;
    (void)alloc_fail_at(1, true);
    char *printed = text_printf("%d", 1);
    int copied = text_copy("x", &s);
    (void)alloc_fail_at(0, false);
    assert_null(printed);
    assert_int_equal(copied, -ENOMEM);
    assert_null(s);
    assert_int_equal(text_copy(NULL, &s), 0);
    assert_null(s);
    assert_int_equal(text_copy("abc", &s), 0);
    assert_string_equal(s, "abc");
    free(s);
    s = text_printf("%s-%d", "abc", 7);
    assert_string_equal(s, "abc-7");
    free(s);
}

static void comparing_takes_null_for_a_value_of_its_own(void **state)
{
    (void)state;
    assert_true(text_equal(NULL, NULL));
    assert_false(text_equal(NULL, ""));
    assert_false(text_equal("a", "A"));
    assert_true(text_equal("a", "a"));
    assert_true(text_equal_nocase(NULL, NULL));
    assert_false(text_equal_nocase("", NULL));
    assert_true(text_equal_nocase("05E9A617-0261", "05e9a617-0261"));
    assert_false(text_equal_nocase("abc", "abcd"));
    assert_false(text_equal_nocase("abcd", "abc"));
    assert_false(text_equal_nocase("[", "{"));
}

static void glob_matches_runs_and_single_characters(void **state)
{
    static const struct {
        const char *glob, *text;
        bool want;
    } CASES[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "anything", true},
        {"*", NULL, true},
        {"**", NULL, false},
        {"", NULL, false},
        {"SPE_*", "SPE_E5", true},
        {"spe_e?", "SPE_E5", true},
        {"SPE_E?", "SPE_E", false},
        {"*E5", "SPE_E5", true},
        {"*E5", "SPE_E5_X", false},
        {"*_E*_*", "A_E5_DEV", true},
        {"a*b*c", "aXbXbXc", true},
        {"a*b*c", "aXbXbX", false},
        {"a?c",
         "a\xC3\xA4"
         "c",
         true},
        {"a??c",
         "a\xC3\xA4"
         "c",
         false},
        {"*?", "\xC3\xA4", true},
        {"*?z", "\xC3\xA4z", true},
        {"*??zq", "\xF0\x9F\x94\xA5zq", false}, /* a star does not split a character */
        {"?", "\xFF", true},
        {"a*\xB6z", "ax\xB6z", true}, /* no UTF-8, and yet equal */
        {"[a]", "a", false},
        {"\\*", "*", false},
        {"\\*", "\\x", true},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        if (text_glob(CASES[i].glob, CASES[i].text) != CASES[i].want)
            fail_msg("glob \"%s\" on \"%s\"", CASES[i].glob,
                     CASES[i].text ? CASES[i].text : "NULL");
}

static void glob_of_many_stars_costs_no_more_than_both_lengths(void **state)
{
    (void)state;
    char glob[2001], text[20001];
    for (size_t i = 0; i < 2000; i += 2)
        memcpy(glob + i, "*a", 2);
    memcpy(glob + 2000, "", 1);
    memset(text, 'a', 20000);
    memcpy(text + 19999, "b", 2);
    assert_false(text_glob(glob, text)); /* exponential matchers do not come back from this */
}

static void nearest_word_is_found_within_a_few_mistakes(void **state)
{
    static const char *const WORDS[] = {"interval", "jitter", "timeout", "concurrency", "to"};
    static const struct {
        const char *word, *want;
    } CASES[] = {
        {"intervall", "interval"},
        {"inetrval", "interval"},
        {"Interval", "interval"},
        {"jiter", "jitter"},
        {"timeouts", "timeout"},
        {"concurency", "concurrency"},
        {"tx", NULL},
        {"t", NULL},
        {"", NULL},
        {"something", NULL},
        {"concurxxxx", NULL},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        const char *got = text_nearest(CASES[i].word, WORDS, N_ELEMENTS(WORDS));
        if (!text_equal(got, CASES[i].want))
            fail_msg("\"%s\" gives %s", CASES[i].word, got ? got : "nothing");
    }
    char endless[2000];
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_null(text_nearest(endless, WORDS, N_ELEMENTS(WORDS)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_grows_and_hands_over_what_was_added),
        cmocka_unit_test(text_of_nothing_is_the_empty_string),
        cmocka_unit_test(text_fills_its_ceiling_exactly_and_fails_for_good_beyond),
        cmocka_unit_test(text_remembers_that_there_was_no_memory),
        cmocka_unit_test(printing_and_copying_report_missing_memory),
        cmocka_unit_test(comparing_takes_null_for_a_value_of_its_own),
        cmocka_unit_test(glob_matches_runs_and_single_characters),
        cmocka_unit_test(glob_of_many_stars_costs_no_more_than_both_lengths),
        cmocka_unit_test(nearest_word_is_found_within_a_few_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
