/* SPDX-License-Identifier: MIT */
/* tests/unit/json/test_check.c: what is JSON, and what only looks like it. */
#include "json/check.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "json/json.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* A copy without a byte to spare, so that the address sanitizer sees a read behind the end. */
static int check_exactly(const char *text, size_t len, struct failure *f)
{
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    int r = json_check(len ? copy : copy + 1, len, NULL, f);
    free(copy);
    return r;
}

static void json_is_taken(void **state)
{
    static const char *const CASES[] = {
        "{}",
        "[]",
        " \t\r\n{ } \n",
        "null",
        "true",
        "false",
        "\"\"",
        "0",
        "-0",
        "-0.0e-0",
        "1E+2",
        "123456789012345678901234567890",
        "[1,-2.5,3e8,\"x\",null,true,false,{},[]]",
        "{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":2}]}",
        "\"\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u00e4 \\uD83D\\udd25 \\u001b\"",
        "\"plain ascii that is longer than a word of eight bytes\"",
        "\"\x7F\"",
        "\"\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x94\xA5 \xE2\x80\xAE\"",
        "{\"\":1,\" \":2}",
        "\xEF\xBB\xBF{}",
        "{\"a\":1,\"A\":2}",
        "{\"a\":1,\"\\u0062\":2}",
        "1.0000000000000000000000000000000000000000000000000000000000001",
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure f = {0};
        if (check_exactly(CASES[i], strlen(CASES[i]), &f) != 0)
            fail_msg("%s: %s", CASES[i], f.text);
    }
}

static void what_is_not_json_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *text, *words;
    } CASES[] = {
        {"", "byte 0: the text ends where a value"},
        {"  ", "byte 2: the text ends where a value"},
        {"\xEF\xBB\xBF", "byte 3: the text ends where a value"},
        {"\xEF\xBB\xBF\xEF\xBB\xBF{}", "byte 3: this does not start a value"},
        {" \xEF\xBB\xBF{}", "byte 1: this does not start a value"},
        {"\xEF\xBB{}", "byte 0: this does not start a value"},
        {"<html>", "byte 0: this does not start a value"},
        {"nul", "does not start a value"},
        {"True", "does not start a value"},
        {"NaN", "does not start a value"},
        {"Infinity", "does not start a value"},
        {"'a'", "does not start a value"},
        {"{} {}", "byte 3: text after the value"},
        {"{}x", "after the value"},
        {"truex", "byte 4: text after"},
        {"[1,]", "byte 3: this does not start a value"},
        {"[,1]", "does not start a value"},
        {"[1 2]", "byte 3: a comma is missing"},
        {"[1", "ends inside an array"},
        {"[1}", "a comma is missing"},
        {"[", "ends where a value"},
        {"]", "does not start a value"},
        {"{", "byte 1: the text ends inside an object"},
        {"{\"a\"", "a colon is missing"},
        {"{\"a\" 1}", "byte 5: a colon"},
        {"{\"a\":}", "does not start a value"},
        {"{\"a\":1", "ends inside an object"},
        {"{\"a\":1,}", "byte 7: a key is missing"},
        {"{\"a\":1 \"b\":2}", "a comma is missing"},
        {"{a:1}", "a key is missing"},
        {"{1:1}", "a key is missing"},
        {"{,}", "a key is missing"},
        {"{\"a\":1]", "a comma is missing"},
        {"/* */{}", "does not start a value"},
        {"-", "without digits"},
        {"+1", "does not start a value"},
        {".5", "does not start a value"},
        {"01", "after the value"},
        {"-01", "after the value"},
        {"1.", "ends with its decimal point"},
        {"1.e5", "ends with its decimal point"},
        {"1e", "exponent without digits"},
        {"1e+", "exponent without digits"},
        {"0x10", "after the value"},
        {"1e-400", "too small"},
        {"-0.05E-399", "too small"},
        {"--1", "without digits"},
        {"1111111111111111111111111111111111111111111111111111111111111111", "too many digits"},
        {"\"abc", "byte 4: the text ends inside a string"},
        {"\"abcdefghijklmnop", "ends inside a string"},
        {"\"abc\\", "unknown escape"},
        {"\"abc\\\"", "ends inside a string"},
        {"\"\\a\"", "byte 1: unknown escape"},
        {"\"\\'\"", "unknown escape"},
        {"\"\\U0041\"", "unknown escape"},
        {"\"\\u12\"", "unknown escape"},
        {"\"\\u12", "unknown escape"},
        {"\"\\u12g4\"", "unknown escape"},
        {"\"\\u0000\"", "\\u0000"},
        {"{\"\\u0000\":1}", "\\u0000"},
        {"\"\\ud800\"", "lone surrogate"},
        {"\"\\ud800x\"", "lone surrogate"},
        {"\"\\ud800\\n\"", "lone surrogate"},
        {"\"\\ud800\\ud800\"", "lone surrogate"},
        {"\"\\udc00\\ud800\"", "lone surrogate"},
        {"\"\\ud800\\u12\"", "lone surrogate"},
        {"\"a\nb\"", "byte 2: raw control character"},
        {"\"0123456\tb\"", "byte 8: raw control character"},
        {"\"01234567\x1F\"", "byte 9: raw control character"},
        {"\"\x80\"", "bad UTF-8"},
        {"\"0123456\xC3\"", "byte 8: bad UTF-8"},
        {"\"\xC0\x80\"", "bad UTF-8"},
        {"\"\xED\xA0\x80\"", "bad UTF-8"},
        {"\"\xF4\x90\x80\x80\"", "bad UTF-8"},
        {"[\"\xE2\x82\"]", "bad UTF-8"},
        {"{\"\xFF\":1}", "bad UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure f = {0};
        int r = check_exactly(CASES[i].text, strlen(CASES[i].text), &f);
        if (r != -EBADMSG || f.kind != FAILURE_PROTOCOL || !strstr(f.text, CASES[i].words))
            fail_msg("%s: %d %s", CASES[i].text, r, f.text);
    }
    assert_int_equal(json_check("{\"a\":\"\0\"}", 9, NULL, NULL), -EBADMSG);
    assert_int_equal(json_check("{}\0", 3, NULL, NULL), -EBADMSG);
}

/* A quote, backslash, control or foreign character must be seen wherever in a word it stands. */
static void every_special_byte_is_seen_at_every_offset(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++)
        for (size_t at = 0; at < 20; at++) {
            char text[24];
            memset(text, 'x', sizeof text);
            text[0] = text[23] = '"';
            text[1 + at] = (char)(unsigned char)c;
            bool plain = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
            if ((check_exactly(text, sizeof text, NULL) == 0) != plain)
                fail_msg("byte 0x%02x at %zu", (unsigned)c, at);
        }
}

static void nesting_ends_at_its_limit(void **state)
{
    (void)state;
    char text[2 * JSON_DEPTH_MAX + 2];
    struct failure f;
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    assert_int_equal(check_exactly(text, 2 * JSON_DEPTH_MAX, &f), 0);
    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    assert_int_equal(check_exactly(text, sizeof text, &f), -EBADMSG);
    assert_non_null(strstr(f.text, "nested too deeply"));
    char *endless = malloc(1000000);
    memset(endless, '[', 1000000);
    assert_int_equal(json_check(endless, 1000000, NULL, &f), -EBADMSG);
    free(endless);
}

static void a_key_twice_in_one_object_is_refused(void **state)
{
    static const char *const CASES[] = {
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"b\":2,\"a\":3}",
        "{\"a\":{\"b\":1},\"c\":[{\"d\":1,\"d\":2}]}",
        "{\"a\":{\"b\":1},\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"\\u0061\":1,\"\\u0061\":2}",
        "{\"\xC3\xA4\":1,\"\\u00e4\":2}",
        "{\"\xE2\x82\xAC\":1,\"\\u20AC\":2}",
        "{\"\xF0\x9F\x94\xA5\":1,\"\\ud83d\\udd25\":2}",
        "{\"a/b\":1,\"a\\/b\":2}",
        "{\"\":1,\"\":2}",
        "{\"consumedUnits\":1,\"allottedUnits\":2,\"consumedUnits\":3}",
        "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"a\":1}",
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure f = {0};
        if (check_exactly(CASES[i], strlen(CASES[i]), &f) != -EBADMSG || !strstr(f.text, "twice"))
            fail_msg("%s: %s", CASES[i], f.text);
    }
}

/* {"k0":0,"k1":0,...}; the last key is `last`, if there is one. */
static char *many_keys(size_t n, const char *last)
{
    struct text t = TEXT_INIT(64 << 20);
    for (size_t i = 0; i < n; i++)
        text_addf(&t, "%s\"k%zu\":0", i ? "," : "{", i);
    if (last)
        text_addf(&t, ",\"%s\":0", last);
    text_add(&t, "}");
    return text_take(&t);
}

static void one_duplicate_among_many_keys_is_found_and_fast(void **state)
{
    (void)state;
    clock_t start = clock();
    CLEANUP(free)
    char *good = many_keys(300000, NULL), *bad = many_keys(300000, "k77777"),
         *escaped = many_keys(300000, "\\u006b77777");
    assert_int_equal(json_check(good, strlen(good), NULL, NULL), 0);
    assert_int_equal(json_check(bad, strlen(bad), NULL, NULL), -EBADMSG);
    assert_int_equal(json_check(escaped, strlen(escaped), NULL, NULL), -EBADMSG);
    /* Comparing each with each would take minutes. */
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 20);
}

static void keys_of_inner_objects_do_not_disturb_the_outer_ones(void **state)
{
    (void)state;
    struct text t = TEXT_INIT(1 << 20);
    text_add(&t, "{\"outer\":0");
    for (int i = 0; i < 200; i++)
        text_addf(&t, ",\"o%d\":{\"outer\":1,\"o%d\":{\"x\":[{\"x\":1},{\"x\":2}]}}", i, i);
    size_t len = t.len;
    text_add(&t, "}");
    assert_int_equal(json_check(t.data, t.len, NULL, NULL), 0);
    t.len = len;
    text_add(&t, ",\"outer\":2}");
    assert_int_equal(json_check(t.data, t.len, NULL, NULL), -EBADMSG);
    text_free(&t);
}

static void missing_memory_is_not_blamed_on_the_text(void **state)
{
    (void)state;
    CLEANUP(free) char *many = many_keys(1000, "\\u006b");
    int r;
    size_t n = 0;
    do {
        struct failure f = {0};
        (void)alloc_fail_at(++n, false);
        r = json_check(many, strlen(many), NULL, &f);
        (void)alloc_fail_at(0, false);
        if (r < 0) {
            assert_int_equal(r, -ENOMEM);
            assert_int_equal(f.kind, FAILURE_LOCAL);
        }
    } while (r < 0);
    assert_true(n > 3);
}

/* Cut at every byte, a document is never a document. */
static void a_text_that_is_cut_anywhere_is_refused(void **state)
{
    static const char TEXT[] = "{\"value\":[{\"id\":\"\\u00e4\xC3\xA4\",\"n\":-1.5e3,\"t\":true}]}";
    (void)state;
    assert_int_equal(check_exactly(TEXT, sizeof TEXT - 1, NULL), 0);
    for (size_t len = 0; len < sizeof TEXT - 1; len++)
        assert_int_equal(check_exactly(TEXT, len, NULL), -EBADMSG);
}

static const char *const WANTED[] = {"a", "b", "next.link", NULL};

static void members_that_nobody_wants_are_left_out(void **state)
{
    static const struct {
        const char *text, *kept; /* NULL: the text as it is */
    } CASES[] = {
        {"{\"a\":1,\"b\":{\"a\":[]}}", NULL},
        {"[1,\"x\",{}]", NULL},
        {"{\"a\":1,\"x\":2,\"b\":3}", "{\"a\":1,\"b\":3}"},
        {"{\"x\":1,\"a\":2}", "{\"a\":2}"},
        {"{\"a\":1,\"x\":2}", "{\"a\":1}"},
        {"{\"x\":1}", "{}"},
        {"{\"x\":1,\"y\":2}", "{}"},
        {"{\"a\":1,\"x\":2,\"y\":3}", "{\"a\":1}"},
        {"{\"x\":1,\"a\":2,\"y\":3,\"b\":4,\"z\":5}", "{\"a\":2,\"b\":4}"},
        {"{ \"x\" : 1 ,\n\"y\" : 2 }\n", "{}\n"},
        {"{ \"a\" : \",\" ,\t\"x\" : \"}\" } ", "{ \"a\" : \",\" } "},
        {"{\"x\":{\"a\":[{\"b\":1},2]},\"a\":2}", "{\"a\":2}"},
        {"{\"a\":{\"x\":1},\"b\":[{\"x\":1},{\"a\":1,\"x\":[{\"a\":1}]}]}",
         "{\"a\":{},\"b\":[{},{\"a\":1}]}"},
        {"{\"\":1,\"aa\":2,\"next\":3,\"next.link\":4,\"next.links\":5}", "{\"next.link\":4}"},
        {"{\"\\u0061\":1,\"\\u0078\":2}", "{\"\\u0061\":1}"},
        {"\xEF\xBB\xBF{\"a\":1,\"x\":2}", "{\"a\":1}"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct json_sieve sieve = {.names = WANTED};
        struct failure f = {0};
        const char *text = CASES[i].text, *want = CASES[i].kept;
        if (json_check(text, strlen(text), &sieve, &f) < 0)
            fail_msg("%s: %s", text, f.text);
        if (!want != !sieve.text ||
            (want && (strlen(want) != sieve.len || memcmp(want, sieve.text, sieve.len) != 0)))
            fail_msg("%s became %.*s", text, sieve.text ? (int)sieve.len : 0,
                     sieve.text ? sieve.text : "");
        alloc_release(sieve.text);
    }
}

static void what_nobody_wants_is_checked_like_all(void **state)
{
    static const char *const CASES[] = {
        "{\"x\":1,\"x\":2}",   "{\"a\":1,\"x\":{\"y\":1,\"\\u0079\":2}}",
        "{\"x\":\"\\ud800\"}", "{\"x\":\"\x80\"}",
        "{\"x\":01}",          "{\"x\":[1,]}",
        "{\"x\":1,}",          "{\"x\":1]",
        "{\"a\":1,\"x\":2",
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct json_sieve sieve = {.names = WANTED};
        if (json_check(CASES[i], strlen(CASES[i]), &sieve, NULL) != -EBADMSG)
            fail_msg("taken: %s", CASES[i]);
        assert_null(sieve.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_taken),
        cmocka_unit_test(what_is_not_json_is_refused_with_its_place),
        cmocka_unit_test(every_special_byte_is_seen_at_every_offset),
        cmocka_unit_test(nesting_ends_at_its_limit),
        cmocka_unit_test(a_key_twice_in_one_object_is_refused),
        cmocka_unit_test(one_duplicate_among_many_keys_is_found_and_fast),
        cmocka_unit_test(keys_of_inner_objects_do_not_disturb_the_outer_ones),
        cmocka_unit_test(members_that_nobody_wants_are_left_out),
        cmocka_unit_test(what_nobody_wants_is_checked_like_all),
        cmocka_unit_test(missing_memory_is_not_blamed_on_the_text),
        cmocka_unit_test(a_text_that_is_cut_anywhere_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
