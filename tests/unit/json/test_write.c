/* SPDX-License-Identifier: MIT */
/* tests/unit/json/test_write.c: whatever goes in, JSON comes out. */
#include "json/json.h"

#include "base/alloc.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* What the writer holds, checked to be JSON by our own strict reader. */
static void expect(struct json_writer *w, const char *want)
{
    char *text = NULL;
    size_t len = 0;
    struct failure f = {0};
    CLEANUP(json_free) struct json *back = NULL;
    assert_int_equal(json_write_take(w, &text, &len), 0);
    assert_int_equal(len, strlen(text));
    if (json_parse(text, len, &back, &f) != 0)
        fail_msg("%s: %s", text, f.text);
    assert_string_equal(text, want);
    free(text);
}

static void members_come_out_in_the_order_of_the_calls(void **state)
{
    (void)state;
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(10000);
    json_open_object(w, NULL);
    json_put_string(w, "b", "x");
    json_put_int(w, "a", -5);
    json_put_null(w, "n");
    json_put_string(w, "s", NULL);
    json_put_bool(w, "t", true);
    json_put_bool(w, "f", false);
    json_open_array(w, "list");
    json_put_int(w, NULL, INT64_MIN);
    json_put_int(w, NULL, INT64_MAX);
    json_open_object(w, NULL);
    json_close_object(w);
    json_open_array(w, NULL);
    json_close_array(w);
    json_close_array(w);
    json_put_raw(w, "raw", "{\"x\":[1]}");
    json_open_object(w, "map");
    json_put_int(w, "z", 0);
    json_close_object(w);
    json_close_object(w);
    expect(w, "{\"b\":\"x\",\"a\":-5,\"n\":null,\"s\":null,\"t\":true,\"f\":false,"
              "\"list\":[-9223372036854775808,9223372036854775807,{},[]],"
              "\"raw\":{\"x\":[1]},\"map\":{\"z\":0}}");
}

static void a_scalar_can_be_the_root(void **state)
{
    (void)state;
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(100);
    json_put_string(w, NULL, "x");
    expect(w, "\"x\"");
}

static void decimals_are_exact(void **state)
{
    static const struct {
        int64_t value;
        unsigned decimals;
        const char *want;
    } CASES[] = {
        {9640, 2, "96.4"},
        {9500, 2, "95.0"},
        {9641, 2, "96.41"},
        {26, 0, "26"},
        {0, 0, "0"},
        {0, 2, "0.0"},
        {5, 2, "0.05"},
        {50, 2, "0.5"},
        {-5, 2, "-0.05"},
        {-1, 1, "-0.1"},
        {-9500, 2, "-95.0"},
        {100, 1, "10.0"},
        {1000000, 6, "1.0"},
        {1000001, 6, "1.000001"},
        {INT64_MIN, 18, "-9.223372036854775808"},
        {INT64_MAX, 1, "922337203685477580.7"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(100);
        json_put_decimal(w, NULL, CASES[i].value, CASES[i].decimals);
        expect(w, CASES[i].want);
    }
}

static void strings_are_escaped_and_mended(void **state)
{
    static const struct {
        const char *raw, *want;
    } CASES[] = {
        {"", "\"\""},
        {"a\"b\\c/d", "\"a\\\"b\\\\c/d\""},
        {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
        {"\x01\x1F\x7F", "\"\\u0001\\u001f\x7F\""},
        {"\xC3\xA4\xF0\x9F\x94\xA5", "\"\xC3\xA4\xF0\x9F\x94\xA5\""},
        {"a\xFF\xC3z", "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\""},
        {"</script>", "\"</script>\""},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(100);
        json_put_string(w, NULL, CASES[i].raw);
        expect(w, CASES[i].want);
    }
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(100);
    json_open_object(w, NULL);
    json_put_int(w, "a\"\n", 1);
    json_close_object(w);
    expect(w, "{\"a\\\"\\n\":1}");
}

static void a_clean_document_shows_what_would_hide_or_move_text(void **state)
{
    (void)state;
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(1000);
    json_writer_clean(w);
    json_open_object(w, NULL);
    json_put_string(w, "k\xe2\x80\x8b", "csi \xc2\x9b bidi \xe2\x80\xae nul \x7f esc \x1b two\nlines \xc3\xa9 \\");
    json_close_object(w);
    expect(w, "{\"k\\\\u{200b}\":\"csi \\\\u{9b} bidi \\\\u{202e} nul \\\\u{7f} esc \\\\u{1b} two\\nlines \xc3\xa9 \\\\\"}");
}

static void any_string_comes_back_as_it_was(void **state)
{
    (void)state;
    char raw[1000];
    uint32_t seed = 1;
    for (int round = 0; round < 500; round++) {
        size_t len = (size_t)round;
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1664525 + 1013904223;
            raw[i] = (char)(unsigned char)(1 + (seed >> 16) % 127);
        }
        raw[len] = '\0';
        CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(100000);
        char *text = NULL;
        CLEANUP(json_free) struct json *back = NULL;
        json_put_string(w, NULL, raw);
        assert_int_equal(json_write_take(w, &text, &len), 0);
        assert_int_equal(json_parse(text, len, &back, NULL), 0);
        assert_string_equal(json_text(back), raw);
        free(text);
    }
}

static void the_ceiling_holds_and_the_error_sticks(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 7;
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(9);
    json_open_array(w, NULL);
    json_put_string(w, NULL, "12345");
    json_close_array(w);
    assert_int_equal(json_write_take(w, &text, &len), 0);
    assert_string_equal(text, "[\"12345\"]");
    free(TAKE(text));
    CLEANUP(json_writer_free) struct json_writer *small = json_writer_new(8);
    json_open_array(small, NULL);
    json_put_string(small, NULL, "12345");
    json_put_int(small, NULL, 1);
    json_close_array(small);
    len = 7;
    assert_int_equal(json_write_take(small, &text, &len), -E2BIG);
    assert_null(text);
    assert_int_equal(len, 7);
}

static void missing_memory_is_told_at_the_end(void **state)
{
    (void)state;
    size_t n = 0;
    int r = -ENOMEM;
    while (r == -ENOMEM) {
        char *text = NULL;
        size_t len;
        (void)alloc_fail_at(++n, false);
        CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(10000);
        if (w) {
            json_open_array(w, NULL);
            for (int i = 0; i < 200; i++)
                json_put_int(w, NULL, i);
            json_close_array(w);
            r = json_write_take(w, &text, &len);
        }
        (void)alloc_fail_at(0, false);
        free(text);
    }
    assert_int_equal(r, 0);
    assert_true(n > 3);
    json_writer_free(NULL);
}

static void a_value_that_its_caller_had_no_memory_for_spoils_the_text(void **state)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(100);
    char *text = NULL;
    size_t len;
    (void)state;
    json_open_object(w, NULL);
    json_write_oom(w);
    json_put_string(w, "a", NULL);
    json_close_object(w);
    assert_int_equal(json_write_take(w, &text, &len), -ENOMEM);
    assert_null(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_come_out_in_the_order_of_the_calls),
        cmocka_unit_test(a_scalar_can_be_the_root),
        cmocka_unit_test(decimals_are_exact),
        cmocka_unit_test(strings_are_escaped_and_mended),
        cmocka_unit_test(a_clean_document_shows_what_would_hide_or_move_text),
        cmocka_unit_test(any_string_comes_back_as_it_was),
        cmocka_unit_test(the_ceiling_holds_and_the_error_sticks),
        cmocka_unit_test(missing_memory_is_told_at_the_end),
        cmocka_unit_test(a_value_that_its_caller_had_no_memory_for_spoils_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
