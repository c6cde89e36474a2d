/* SPDX-License-Identifier: MIT */
/* What must be seen in a text before libconfig gets it. */
#include "unit/config/world.h"

static void a_text_that_libconfig_would_misread_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *why, *text;
        int line;
        const char *words;
    } CASES[] = {
        {"an include would read another file", "a = 1;\n  @include \"x\"\n", 2, "tenants.d"},
        {"an open string", "a = 1;\nb = \"x;\nc = 2;\n", 2, "never ends"},
        {"an escaped quote does not end a string", "a = \"x\\\";\n", 1, "never ends"},
        {"half a character", "a = 1;\nb = \"\\x82\";\n", 2, "in UTF-8"},
        {"half a character in capitals", "a = \"\\XfF\";\n", 1, "in UTF-8"},
        {"an escaped NUL", "a = \"b\\x00c\";\n", 1, "in UTF-8"},
        {"an open comment", "a = 1; /* b\n\n", 1, "never ends"},
        {"an open group", "a = {\nb = 1;\n", 1, "'{' of this line is never closed"},
        {"the innermost open one is named", "a = {\nb = (\n\n", 2, "'('"},
        {"a bracket too many", "a = 1;\n}\n", 2, "closes nothing"},
        {"the wrong bracket", "a = {\nb = 1; )\n", 2, "does not close the '{' of line 1"},
        {"bad UTF-8", "a = 1;\n\nb = \"\xff\";\n", 3, "UTF-8"},
        {"seventeen levels", "((((((((((((((((( )))))))))))))))))", 1, "too many brackets"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct scan scan;
        struct failure why = {0};
        int line = 0;
        int r = scan_text(CASES[i].text, strlen(CASES[i].text), &scan, &line, &why);
        if (r != -EINVAL || line != CASES[i].line || !strstr(why.text, CASES[i].words))
            fail_msg("%s: %d, line %d, %s", CASES[i].why, r, line, why.text);
    }
}

static void a_nul_does_not_end_the_text_silently(void **state)
{
    static const char TEXT[] = "a = 1;\n\0b = 2;\n";
    struct scan scan;
    struct failure why = {0};
    int line = 0;
    (void)state;
    assert_int_equal(scan_text(TEXT, sizeof TEXT - 1, &scan, &line, &why), -EINVAL);
    assert_int_equal(line, 2);
    assert_non_null(strstr(why.text, "NUL"));
}

static void strings_and_comments_are_not_looked_into(void **state)
{
    static const char TEXT[] = "a = \"@include 99999999999 }\"; # @include }\n"
                               "// 99999999999 \"\n/* @include\n{ \" */ b = \"\\\\\";\n";
    struct scan scan;
    struct failure why = {0};
    int line;
    (void)state;
    assert_int_equal(scan_text(TEXT, sizeof TEXT - 1, &scan, &line, &why), 0);
    assert_int_equal(scan.n_wide, 0);
}

static void integers_that_would_wrap_are_found(void **state)
{
    static const struct {
        const char *why, *text;
        size_t n;
    } CASES[] = {
        {"the largest of 32 bits", "a = 2147483647;", 0},
        {"one more", "a = 2147483648;", 1},
        {"the smallest", "a = -2147483648;", 0},
        {"one less", "a = -2147483649;", 1},
        {"64 bits are asked for", "a = 2147483648L;", 0},
        {"more than 64 bits", "a = 9223372036854775808L;", 1},
        {"more than any number", "a = 99999999999999999999999999;", 1},
        {"hexadecimal", "a = 0xFFFFFFFFF;", 1},
        {"a small hexadecimal one", "a = 0xFF;", 0},
        {"a float is no integer", "a = 99999999999.5;", 0},
        {"digits in a name", "a99999999999 = 1;", 0},
        {"two of them", "a = [ 2147483648, 1, -2147483649 ];", 2},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct scan scan;
        int line;
        assert_int_equal(scan_text(CASES[i].text, strlen(CASES[i].text), &scan, &line, NULL), 0);
        if (scan.n_wide != CASES[i].n)
            fail_msg("%s: %zu", CASES[i].why, scan.n_wide);
        if (CASES[i].n && (strcmp(scan.wide[0].key, "a") != 0 || !scan_is_wide(&scan, 1) ||
                           scan_is_wide(&scan, 2)))
            fail_msg("%s: key %s", CASES[i].why, scan.wide[0].key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_that_libconfig_would_misread_is_refused_with_its_line),
        cmocka_unit_test(a_nul_does_not_end_the_text_silently),
        cmocka_unit_test(strings_and_comments_are_not_looked_into),
        cmocka_unit_test(integers_that_would_wrap_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
