/* SPDX-License-Identifier: MIT */
/* tests/unit/base/test_clean.c: what may stand in one line of output. */
#include "base/cleanup.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BAD "\xEF\xBF\xBD"

static void cleaner_leaves_nothing_that_ends_hides_or_reorders_a_line(void **state)
{
    static const struct {
        const char *why, *raw, *want;
    } CASES[] = {
        {"plain text stays", "Contoso: 96 of 100", "Contoso: 96 of 100"},
        {"letters of the world stay", "B\xC3\xBCro \xE6\x9D\xB1\xE4\xBA\xAC \xF0\x9F\x94\xA5",
         "B\xC3\xBCro \xE6\x9D\xB1\xE4\xBA\xAC \xF0\x9F\x94\xA5"},
        {"newline", "a\nb", "a\\u{a}b"},
        {"escape sequence", "\x1B[31m", "\\u{1b}[31m"},
        {"DEL", "\x7F", "\\u{7f}"},
        {"C1 as UTF-8", "\xC2\x9B", "\\u{9b}"},
        {"C1 as a raw byte", "\x9B", BAD},
        {"line separator", "\xE2\x80\xA8", "\\u{2028}"},
        {"right-to-left override",
         "\xE2\x80\xAE"
         "cod.exe",
         "\\u{202e}cod.exe"},
        {"isolate", "\xE2\x81\xA6", "\\u{2066}"},
        {"arabic letter mark", "\xD8\x9C", "\\u{61c}"},
        {"zero width space",
         "a\xE2\x80\x8B"
         "b",
         "a\\u{200b}b"},
        {"byte order mark", "\xEF\xBB\xBF", "\\u{feff}"},
        {"soft hyphen", "\xC2\xAD", "\\u{ad}"},
        {"tag character", "\xF3\xA0\x81\x81", "\\u{e0041}"},
        {"overlong slash", "\xC0\xAF", BAD BAD},
        {"surrogate", "\xED\xA0\x80", BAD BAD BAD},
        {"beyond the last plane", "\xF4\x90\x80\x80", BAD BAD BAD BAD},
        {"one broken character is one replacement",
         "\xE2\x82"
         "x",
         BAD "x"},
        {"cut off at the end", "x\xF0\x9F\x94", "x" BAD},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char got[TEXT_CLEAN_MAX];
        assert_ptr_equal(text_clean(got, sizeof got, CASES[i].raw, strlen(CASES[i].raw)), got);
        if (strcmp(got, CASES[i].want) != 0)
            fail_msg("%s: got \"%s\"", CASES[i].why, got);
    }
}

/* Plain text is taken eight bytes at a time: what is not plain is seen wherever it stands. */
static void every_byte_is_told_apart_at_every_offset(void **state)
{
    (void)state;
    for (size_t at = 0; at < 20; at++)
        for (int c = 1; c < 0x100; c++) {
            char text[21], clean[64];
            memset(text, 'x', 20);
            text[20] = '\0';
            text[at] = (char)c;
            (void)text_clean(clean, sizeof clean, text, 20);
            bool same = strcmp(clean, text) == 0;
            if (same != (c >= 0x20 && c < 0x7F))
                fail_msg("byte %#x at %zu became %s", (unsigned)c, at, clean);
        }
}

static void cleaner_sees_a_nul_byte(void **state)
{
    (void)state;
    char got[32];
    assert_string_equal(text_clean(got, sizeof got, "a\0b", 3), "a\\u{0}b");
    assert_string_equal(text_clean(got, sizeof got, "a", 0), "");
}

static void cleaned_text_is_cut_on_a_boundary_and_says_so(void **state)
{
    static const struct {
        size_t size;
        const char *raw, *want;
    } CASES[] = {
        {7, "123456", "123456"},
        {7, "1234567", "123..."},
        {7, "12345\n", "123..."},
        {7, "123\xE2\x82\xAC", "123\xE2\x82\xAC"},
        {7, "1234\xE2\x82\xAC", "123..."},
        {8,
         "12\xE2\x82\xAC"
         "456",
         "12..."},
        {5, "\n", "..."},
        {4, "1234", "..."},
        {3, "1234", ".."},
        {1, "1", ""},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char got[16];
        memset(got, '#', sizeof got);
        text_clean(got, CASES[i].size, CASES[i].raw, strlen(CASES[i].raw));

        if (strcmp(got, CASES[i].want) != 0)
            fail_msg("case %zu: got \"%s\"", i, got);
        assert_int_equal(got[CASES[i].size], '#');
    }
}

static void cleaning_twice_changes_nothing(void **state)
{
    (void)state;
    char once[TEXT_CLEAN_MAX], twice[TEXT_CLEAN_MAX], raw[600];
    for (size_t i = 0; i < sizeof raw; i++)
        raw[i] = (char)(unsigned char)(i * 37);
    text_clean(once, sizeof once, raw, sizeof raw);
    text_clean(twice, sizeof twice, once, strlen(once));
    assert_string_equal(once, twice);
    assert_true(text_is_utf8(once, strlen(once)));
    assert_string_equal(once + strlen(once) - 3, "...");
}

static void utf8_is_checked_at_every_offset_of_a_word(void **state)
{
    (void)state;
    for (size_t at = 0; at < 40; at++) {
        char text[48];
        memset(text, 'x', sizeof text);
        assert_true(text_is_utf8(text, sizeof text));
        memcpy(text + at, "\xF0\x9F\x94\xA5", 4);
        assert_true(text_is_utf8(text, sizeof text));
        text[at + 3] = 'x';
        assert_false(text_is_utf8(text, sizeof text));
        assert_false(text_is_utf8(text, at + 3));
        assert_true(text_is_utf8(text, at));
    }
    assert_true(text_is_utf8("\xEE\x80\x80\xED\x9F\xBF\xF4\x8F\xBF\xBF", 10));
    assert_false(text_is_utf8("\xF5\x80\x80\x80", 4));
    assert_false(text_is_utf8("\xE0\x9F\xBF", 3));
    assert_false(text_is_utf8("\xF0\x8F\xBF\xBF", 4));
    assert_false(text_is_utf8("\xC1\x81", 2));
}

static void decoding_gives_the_code_point_or_the_length_of_the_damage(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        int want;
        uint32_t c;
    } CASES[] = {
        {"A", 1, 1, 'A'},
        {"\xC3\xA4", 2, 2, 0xE4},
        {"\xE2\x82\xAC", 3, 3, 0x20AC},
        {"\xF0\x9F\x94\xA5", 4, 4, 0x1F525},
        {"\xF0\x9F\x94\xA5", 3, -3, 0},
        {"\xF0\x9F\x94\xA5", 1, -1, 0},
        {"\xE2\x28\xA1", 3, -1, 0},
        {"\x80", 1, -1, 0},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        uint32_t c = 0;
        assert_int_equal(text_decode(CASES[i].bytes, CASES[i].len, &c), CASES[i].want);
        assert_int_equal(c, CASES[i].c);
    }
}

static void a_cut_never_splits_a_character(void **state)
{
    static const struct {
        const char *text;
        size_t max, want;
    } CASES[] = {
        {"abc", 5, 3},
        {"abc", 2, 2},
        {"a\xE2\x82\xAC", 4, 4},
        {"a\xE2\x82\xAC", 3, 1},
        {"a\xE2\x82\xAC", 2, 1},
        {"a\xE2\x82\xAC", 1, 1},
        {"\xF0\x9F\x94\xA5", 3, 0},
        {"\x80\x80\x80\x80\x80\x80", 5, 5}, /* noise is cut anywhere */
        {"abc", 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        assert_int_equal(text_cut(CASES[i].text, strlen(CASES[i].text), CASES[i].max),
                         CASES[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cleaner_leaves_nothing_that_ends_hides_or_reorders_a_line),
        cmocka_unit_test(every_byte_is_told_apart_at_every_offset),
        cmocka_unit_test(cleaner_sees_a_nul_byte),
        cmocka_unit_test(cleaned_text_is_cut_on_a_boundary_and_says_so),
        cmocka_unit_test(cleaning_twice_changes_nothing),
        cmocka_unit_test(utf8_is_checked_at_every_offset_of_a_word),
        cmocka_unit_test(decoding_gives_the_code_point_or_the_length_of_the_damage),
        cmocka_unit_test(a_cut_never_splits_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
