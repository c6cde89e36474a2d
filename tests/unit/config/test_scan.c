/* SPDX-License-Identifier: MIT */
/* What must be seen in a text before libconfig gets it. */
#include "unit/config/fixture.h"

static void a_text_that_libconfig_would_misread_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *why, *text;
        int line;
        const char *words;
    } CASES[] = {
        {"an include would read another file", "a = 1;\n  @include \"x\"\n", 2, "tenants.d"},
        {"an open string", "a = 1;\nb = \"x;\nc = 2;\n", 2, "opened in this line"},
        {"an open string before others", "a = 1;\nb = \"x;\nc = \"2\";\n", 2, "opened in this line"},
        {"an escaped quote does not end a string", "a = \"x\\\";\n", 1, "does not end in it"},
        {"half a character", "a = 1;\nb = \"\\x82\";\n", 2, "in UTF-8"},
        {"half a character in capitals", "a = \"\\XfF\";\n", 1, "in UTF-8"},
        {"an escaped NUL", "a = \"b\\x00c\";\n", 1, "in UTF-8"},
        {"an open comment", "a = 1; /* b\n\n", 1, "never ends"},
        {"an open group", "a = {\nb = 1;\n", 1, "'{' of this line is never closed"},
        {"the innermost open one is named", "a = {\nb = (\n\n", 2, "'('"},
        {"a bracket too many", "a = 1;\n}\n", 2, "closes nothing"},
        {"the wrong bracket", "a = {\nb = 1; )\n", 2, "does not close the '{' of line 1"},
        {"bad UTF-8", "a = 1;\n\nb = \"\xff\";\n", 3, "not valid UTF-8"},
        {"seventeen levels", "a = ((((((((((((((((( )))))))))))))))))", 1, "too many brackets"},
        {"UTF-16, big end first", "\xFE\xFF", 1, "UTF-16"},
        {"UTF-16, little end first", "\xFF\xFEx", 1, "UTF-16"},
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

/* One message, at the line of the mistake, that names it and says what to write. */
static void the_usual_mistakes_are_named(void **state)
{
    static const struct {
        const char *why, *text;
        int line;
        const char *words;
    } CASES[] = {
        {"a comma behind the last element", "a = (\n {b = 1;},\n\n);", 2, "remove the ',' before ')'"},
        {"the same in an array", "a = [ \"x\", ];", 1, "remove the ',' before ']'"},
        {"single quotes", "a = 1;\nb = 'x';", 2, "single quotes"},
        {"backquotes", "a = `x`;", 1, "single quotes"},
        {"curly quotes", "a = \xE2\x80\x9Cx\xE2\x80\x9D;", 1, "U+201C"},
        {"low quotes", "a = \xE2\x80\x9Ex\";", 1, "U+201E"},
        {"angle quotes", "a = \xC2\xABx\xC2\xBB;", 1, "U+00AB"},
        {"a no-break space", "a = 1;\nb =\xC2\xA0\"x\";", 2, "ordinary blank"},
        {"a zero width space", "a = 1;\n\xE2\x80\x8B b = 1;", 2, "U+200B"},
        {"a mark inside", "a = 1;\n\xEF\xBB\xBF b = 1;", 2, "byte order mark inside"},
        {"a word", "a = {\n b = auto;\n};", 2, "value of 'b' stands without quotes"},
        {"a duration", "b = 5m;", 1, "value of 'b' stands without quotes"},
        {"a share", "b = 90%;", 1, "value of 'b' stands without quotes"},
        {"an id", "b = 11111111-2222-4333-8444-555555555555;", 1, "value of 'b' stands without quotes"},
        {"an id that begins with a letter", "b = c1111111-2222-4333-8444-555555555555;", 1, "without quotes"},
        {"a path", "b = /etc/x;", 1, "value of 'b' stands without quotes"},
        {"words in an array", "a = 1;\nb = [ x, y ];", 2, "a word without quotes in the '[' of line 2"},
        {"a list of keys", "a = (\n b = 1;\n);", 2, "( { key = value; } )"},
        {"a group without a key", "a = {\n { b = 1; } };", 2, "( { ... }, { ... } )"},
        {"a section", "[poll]\nb = 1;", 1, "name = { ... };"},
        {"JSON", "a = {\n \"b\": 1 };", 2, "quotes around the value only"},
        {"no sign", "a = 1;\nb \"x\";", 2, "no '=' after 'b'"},
        {"no sign before the next line", "a = 1;\nb\nc = 1;", 2, "no '=' after 'b'"},
        {"two signs", "b == 1;", 1, "two signs"},
        {"Go's sign", "b := 1;", 1, "two signs"},
        {"no value", "b = ;", 1, "'b' has no value"},
        {"no value, and the next key", "b =\nc = 1;", 1, "'b' has no value"},
        {"no value at the end", "b =\n\n", 1, "'b' has no value"},
        {"a dotted key", "poll.interval = 1;", 1, "write poll = {"},
        {"two separators", "a = 1;;", 1, "nothing in front of this ';'"},
        {"two numbers", "a = 1 2;", 1, "after the value of 'a'"},
        {"a second number that is none", "a = 1 2x;", 1, "after the value of 'a'"},
        {"no comma between groups", "a = ( { b = 1; }\n\n { b = 2; } );", 1, "a ',' is missing"},
        {"a semicolon between groups", "a = ( { b = 1; };\n { b = 2; } );", 1, "there is a ';' in the '(' of line 1"},
        {"a comma too many", "a = ( , );", 1, "no element in front"},
        {"groups in an array", "a = [ { b = 1; } ];", 1, "plain values only"},
        {"a stray sign", "a = 1;\n= 2;", 2, "no key in front"},
        {"a stray number", "a = 1;\n2 = 2;", 2, "begins with a letter"},
        {"true as a key", "a = 1;\ntrue = 2;", 2, "neither true nor false"},
        {"a second truth", "a = true false;", 1, "after the value of 'a'"},
        {"a stray character", "a = 1;\n$b = 2;", 2, "'$' has no meaning here"},
        {"a stray letter", "a = 1;\n\xC3\xA4 = 2;", 2, "U+00E4"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct scan scan;
        struct failure why = {0};
        int line = 0;
        int r = scan_text(CASES[i].text, strlen(CASES[i].text), &scan, &line, &why);
        if (r != -EINVAL || line != CASES[i].line || !strstr(why.text, CASES[i].words) ||
            !strstr(why.text, "; "))
            fail_msg("%s: %d, line %d, %s", CASES[i].why, r, line, why.text);
    }
}

/* What we accept and libconfig refuses would be an error without a name, and the other way round a
 * file that loads today and is refused tomorrow. */
static void libconfig_agrees_about_what_is_right(void **state)
{
    static const char *const CASES[] = {
        "", "\n# x\n", "a = 1", "a : 1;", "a = 1,", "a = 1 b = 2", "a = { } b = ( ) c = [ ]",
        "a = { b = 1 };", "a = ( { b = 1; }, { c = [ 1, 2 ]; } );", "a = ( 1, \"x\", ( ), [ ] );",
        "a = \"x\" \"y\";", "a = [ \"x\" \"y\", \"z\" ];", "a = tRuE; b = false", "a = 0x1F; b = 12L; c = -3;",
        "a = 1.5; b = 1.5e3; c = +1;", "a-b_c* = 1; *d = 2;", "a = 1; // x\n/* y\n */ b = 2; # z\n", "a\n=\n1\n;",
        "a = \"\xC2\xA0\";",
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct scan scan;
        struct failure why = {0};
        config_t config;
        int line = 0;
        int r = scan_text(CASES[i], strlen(CASES[i]), &scan, &line, &why);
        config_init(&config);
        int read = config_read_string(&config, CASES[i]);
        config_destroy(&config);
        if (r != 0 || read != CONFIG_TRUE)
            fail_msg("%s: ours %d %s, libconfig %d", CASES[i], r, why.text, read);
    }
}

static void a_byte_order_mark_in_front_is_skipped(void **state)
{
    static const char TEXT[] = "\xEF\xBB\xBF" "a = 1;\n";
    struct scan scan;
    struct failure why = {0};
    int line = 0;
    (void)state;
    assert_int_equal(scan_text(TEXT, sizeof TEXT - 1, &scan, &line, &why), 0);
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
        cmocka_unit_test(the_usual_mistakes_are_named),
        cmocka_unit_test(libconfig_agrees_about_what_is_right),
        cmocka_unit_test(a_byte_order_mark_in_front_is_skipped),
        cmocka_unit_test(a_nul_does_not_end_the_text_silently),
        cmocka_unit_test(strings_and_comments_are_not_looked_into),
        cmocka_unit_test(integers_that_would_wrap_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
