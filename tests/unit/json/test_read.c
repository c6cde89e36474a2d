/* SPDX-License-Identifier: MIT */
/* tests/unit/json/test_read.c: getters tell missing, null, wrong type and out of range apart. */
#include "json/json.h"

#include "base/alloc.h"
#include "base/text.h"
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct json *parsed(const char *text)
{
    struct json *j = NULL;
    struct failure f = {0};
    if (json_parse(text, strlen(text), &j, &f) != 0)
        fail_msg("%s: %s", text, f.text);
    return j;
}

static void whole_numbers_are_read_within_their_limits(void **state)
{
    static const struct {
        const char *text;
        int64_t min, max;
        enum json_is want;
        int64_t value;
    } CASES[] = {
        {"25", 0, 100, JSON_OK, 25},
        {"0", 0, 100, JSON_OK, 0},
        {"-0", 0, 100, JSON_OK, 0},
        {"100", 0, 100, JSON_OK, 100},
        {"101", 0, 100, JSON_OUT_OF_RANGE, 0},
        {"-1", 0, 100, JSON_OUT_OF_RANGE, 0},
        {"25.0", 0, 100, JSON_OK, 25},
        {"2.5e1", 0, 100, JSON_OK, 25},
        {"2.5", 0, 100, JSON_WRONG_TYPE, 0},
        {"-0.5", 0, 100, JSON_WRONG_TYPE, 0},
        {"\"25\"", 0, 100, JSON_WRONG_TYPE, 0},
        {"true", 0, 100, JSON_WRONG_TYPE, 0},
        {"[25]", 0, 100, JSON_WRONG_TYPE, 0},
        {"{}", 0, 100, JSON_WRONG_TYPE, 0},
        {"null", 0, 100, JSON_NULL, 0},
        {"2147483648", 0, INT64_MAX, JSON_OK, 2147483648}, /* cJSON's own int stops before */
        {"2147483648", 0, INT32_MAX, JSON_OUT_OF_RANGE, 0},
        {"9007199254740991", INT64_MIN, INT64_MAX, JSON_OK, 9007199254740991},
        {"-9007199254740991", INT64_MIN, INT64_MAX, JSON_OK, -9007199254740991},
        {"9007199254740992", INT64_MIN, INT64_MAX, JSON_OUT_OF_RANGE, 0},
        {"9007199254740993", INT64_MIN, INT64_MAX, JSON_OUT_OF_RANGE, 0},
        {"9223372036854775808", INT64_MIN, INT64_MAX, JSON_OUT_OF_RANGE, 0},
        {"1e300", INT64_MIN, INT64_MAX, JSON_OUT_OF_RANGE, 0},
        {"0e-999", 0, 100, JSON_OK, 0},
        {"1e-300", 0, 100, JSON_WRONG_TYPE, 0},
        {"1e999", INT64_MIN, INT64_MAX, JSON_OUT_OF_RANGE, 0},
        {"-1e999", INT64_MIN, INT64_MAX, JSON_OUT_OF_RANGE, 0},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "{\"n\":%s}", CASES[i].text);
        CLEANUP(json_free) struct json *j = parsed(text);
        int64_t got = 42;
        enum json_is is = json_get_int(j, "n", CASES[i].min, CASES[i].max, &got);
        if (is != CASES[i].want || got != (is == JSON_OK ? CASES[i].value : 42))
            fail_msg("%s: %d", CASES[i].text, (int)is);
    }
}

static void each_getter_tells_what_is_wrong(void **state)
{
    (void)state;
    CLEANUP(json_free)
    struct json *j =
        parsed("{\"null\":null,\"text\":\"x\",\"yes\":true,\"no\":false,\"list\":[1],\"map\":{}}");
    const char *text = NULL;
    const struct json *inner = NULL;
    bool flag = false;
    int64_t n = 0;
    assert_int_equal(json_get_string(j, "text", &text), JSON_OK);
    assert_string_equal(text, "x");
    assert_int_equal(json_get_string(j, "none", &text), JSON_MISSING);
    assert_int_equal(json_get_string(j, "null", &text), JSON_NULL);
    assert_int_equal(json_get_string(j, "list", &text), JSON_WRONG_TYPE);
    assert_int_equal(json_get_bool(j, "yes", &flag), JSON_OK);
    assert_true(flag);
    assert_int_equal(json_get_bool(j, "no", &flag), JSON_OK);
    assert_false(flag);
    assert_int_equal(json_get_bool(j, "text", &flag), JSON_WRONG_TYPE);
    assert_int_equal(json_get_bool(j, "null", &flag), JSON_NULL);
    assert_int_equal(json_get_bool(j, "none", &flag), JSON_MISSING);
    assert_int_equal(json_get_array(j, "list", &inner), JSON_OK);
    assert_int_equal(json_count(inner), 1);
    assert_int_equal(json_get_array(j, "map", &inner), JSON_WRONG_TYPE);
    assert_int_equal(json_get_array(j, "null", &inner), JSON_NULL);
    assert_int_equal(json_get_array(j, "none", &inner), JSON_MISSING);
    assert_int_equal(json_get_object(j, "map", &inner), JSON_OK);
    assert_true(json_is_object(inner));
    assert_int_equal(json_get_object(j, "list", &inner), JSON_WRONG_TYPE);
    assert_int_equal(json_get_object(j, "null", &inner), JSON_NULL);
    assert_int_equal(json_get_object(j, "none", &inner), JSON_MISSING);
    assert_int_equal(json_get_int(j, "none", 0, 1, &n), JSON_MISSING);
    assert_true(json_is_object(inner)); /* failures write nothing */
    assert_int_equal(json_get_string(NULL, "x", &text), JSON_MISSING);
    assert_int_equal(json_get_string(json_get(j, "list"), "x", &text), JSON_MISSING);
}

static void names_are_compared_byte_for_byte(void **state)
{
    (void)state;
    CLEANUP(json_free) struct json *j = parsed("{\"SkuId\":1,\"skuId\":2}");
    int64_t n;
    assert_int_equal(json_get_int(j, "skuId", 0, 9, &n), JSON_OK);
    assert_int_equal(n, 2);
    assert_null(json_get(j, "SKUID"));
    assert_null(json_get(j, "skuI"));
}

static void containers_are_walked_in_their_order(void **state)
{
    (void)state;
    CLEANUP(json_free) struct json *j = parsed("{\"b\":[3,1,true],\"a\":\"t\"}");
    const struct json *member = json_first(j);
    int64_t n;
    bool flag;
    assert_string_equal(json_name(member), "b");
    const struct json *element = json_first(member);
    assert_int_equal(json_count(member), 3);
    assert_int_equal(json_int(element, 0, 9, &n), JSON_OK);
    assert_int_equal(n, 3);
    element = json_next(element);
    assert_int_equal(json_int(element, 0, 9, &n), JSON_OK);
    assert_int_equal(n, 1);
    element = json_next(element);
    assert_int_equal(json_int(element, 0, 9, &n), JSON_WRONG_TYPE);
    assert_int_equal(json_bool(element, &flag), JSON_OK);
    assert_true(flag);
    assert_null(json_next(element));
    member = json_next(member);
    assert_string_equal(json_name(member), "a");
    assert_string_equal(json_text(member), "t");
    assert_null(json_first(member));
    assert_null(json_next(member));
    assert_int_equal(json_count(member), 0);
    assert_int_equal(json_count(j), 0);
    assert_null(json_first(NULL));
    assert_null(json_text(j));
    assert_null(json_text(NULL));
}

static void strings_come_out_unescaped(void **state)
{
    (void)state;
    CLEANUP(json_free)
    struct json *j = parsed("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\u20AC\\ud83d\\udd25\\u001b\"]");
    assert_string_equal(json_text(json_first(j)),
                        "\"\\/\b\f\n\r\t\xC3\xA4\xE2\x82\xAC\xF0\x9F\x94\xA5\x1b");
}

static void a_byte_order_mark_is_skipped(void **state)
{
    static const char *const CASES[] = {"\xEF\xBB\xBF{\"a\":1}", "\xEF\xBB\xBF{\"a\":1,\"x\":2}"};
    static const char *const WANTED[] = {"a", NULL};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(json_free) struct json *whole = NULL;
        CLEANUP(json_free) struct json *sieved = NULL;
        int64_t n = 0;
        assert_int_equal(json_parse(CASES[i], strlen(CASES[i]), &whole, NULL), 0);
        assert_int_equal(json_get_int(whole, "a", 1, 1, &n), JSON_OK);
        assert_int_equal(json_parse_only(CASES[i], strlen(CASES[i]), WANTED, &sieved, NULL), 0);
        assert_int_equal(json_get_int(sieved, "a", 1, 1, &n), JSON_OK);
        assert_null(json_get(sieved, "x"));
    }
}

static void a_text_without_a_nul_behind_it_is_read_to_its_length(void **state)
{
    (void)state;
    /* The last one is the longest number that the check lets through. */
    static const char *const CASES[] = {
        "12",
        "[1,2]",
        "\"ab\"",
        "true",
        "{\"a\":1}",
        "-1.5e3",
        "1.0000000000000000000000000000000000000000000000000000000000001"};
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        size_t len = strlen(CASES[i]);
        char *copy = malloc(len);
        memcpy(copy, CASES[i], len);
        struct json *j = NULL;
        assert_int_equal(json_parse(copy, len, &j, NULL), 0);
        free(copy);
        json_free(j);
    }
    json_free(NULL);
}

/* Reads all of `path`; the caller frees. */
static char *slurp(const char *path, size_t *ret_len)
{
    CLEANUP(fclose) FILE *file = fopen(path, "re");
    CLEANUP(text_free) struct text t = TEXT_INIT(1 << 20);
    char buf[4096];
    size_t n;
    assert_non_null(file);
    while ((n = fread(buf, 1, sizeof buf, file)) > 0)
        text_add_bytes(&t, buf, n);
    *ret_len = t.len;
    return text_take(&t);
}

static size_t parse_directory(const char *path)
{
    size_t n = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        size_t len = strlen(e->d_name);
        if (len < 5 || strcmp(e->d_name + len - 5, ".json") != 0)
            continue;
        char file[1024];
        (void)snprintf(file, sizeof file, "%s/%s", path, e->d_name);
        CLEANUP(free) char *text = slurp(file, &len);
        CLEANUP(json_free) struct json *j = NULL;
        struct failure f = {0};
        if (json_parse(text, len, &j, &f) != 0)
            fail_msg("%s: %s", file, f.text);
        n++;
    }
    (void)closedir(dir);
    return n;
}

static void every_recorded_body_is_json(void **state)
{
    (void)state;
    assert_true(parse_directory(FIXTURES "/graph/examples") >= 30);
    assert_true(parse_directory(FIXTURES "/graph/examples/synthetic") >= 20);
}

/* Larger than any block that documents are kept in. */
static void a_long_document_is_read_whole(void **state)
{
    (void)state;
    struct text t = TEXT_INIT(16 << 20);
    text_add(&t, "[");
    for (int i = 0; i < 20000; i++)
        text_addf(&t, "{\"id\":\"%d\",\"n\":%d},", i, i);
    text_addf(&t, "{\"id\":\"%0200000d\",\"n\":20000}]", 7);
    CLEANUP(json_free) struct json *j = NULL;
    assert_int_equal(json_parse(t.data, t.len, &j, NULL), 0);
    text_free(&t);
    assert_int_equal(json_count(j), 20001);
    int64_t n, want = 0;
    const char *id = NULL;
    for (const struct json *item = json_first(j); item; item = json_next(item), want++) {
        assert_int_equal(json_get_int(item, "n", 0, 20000, &n), JSON_OK);
        assert_int_equal(n, want);
        assert_int_equal(json_get_string(item, "id", &id), JSON_OK);
    }
    assert_int_equal(strlen(id), 200000);
}

static void only_members_that_are_wanted_are_read(void **state)
{
    static const char TEXT[] =
        "{\"services\":[{\"id\":\"no\"}],\"value\":[{\"id\":\"x\",\"n\":1}]}";
    static const char *const NAMES[] = {"value", "id", NULL}, *const NOTHING[] = {NULL};
    (void)state;
    CLEANUP(json_free) struct json *j = NULL, *empty = NULL;
    const char *id = NULL;
    assert_int_equal(json_parse_only(TEXT, sizeof TEXT - 1, NAMES, &j, NULL), 0);
    assert_null(json_get(j, "services"));
    const struct json *row = json_first(json_get(j, "value"));
    assert_int_equal(json_get_string(row, "id", &id), JSON_OK);
    assert_string_equal(id, "x");
    assert_null(json_get(row, "n"));
    assert_int_equal(json_parse_only(TEXT, sizeof TEXT - 1, NOTHING, &empty, NULL), 0);
    assert_true(json_is_object(empty));
    assert_null(json_first(empty));
}

static void each_failing_allocation_is_an_error_and_leaks_nothing(void **state)
{
    static const char TEXT[] = "{\"value\":[{\"id\":\"x\",\"n\":1},{\"\\u0061\":null}],\"b\":{}}";
    static const char *const NAMES[] = {"value", "n", NULL};
    (void)state;
    size_t n = 0;
    int r;
    do {
        struct json *j = NULL;
        struct failure f = {0};
        (void)alloc_fail_at(++n, false);
        r = json_parse_only(TEXT, sizeof TEXT - 1, NAMES, &j, &f);
        (void)alloc_fail_at(0, false);
        if (r < 0) {
            assert_int_equal(r, -ENOMEM);
            assert_null(j);
        }
        json_free(j);
    } while (r < 0);
    assert_true(n > 3);
}

static int give_cjson_our_allocator(void **state)
{
    (void)state;
    json_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_read_within_their_limits),
        cmocka_unit_test(each_getter_tells_what_is_wrong),
        cmocka_unit_test(names_are_compared_byte_for_byte),
        cmocka_unit_test(containers_are_walked_in_their_order),
        cmocka_unit_test(strings_come_out_unescaped),
        cmocka_unit_test(a_byte_order_mark_is_skipped),
        cmocka_unit_test(a_text_without_a_nul_behind_it_is_read_to_its_length),
        cmocka_unit_test(every_recorded_body_is_json),
        cmocka_unit_test(a_long_document_is_read_whole),
        cmocka_unit_test(only_members_that_are_wanted_are_read),
        cmocka_unit_test(each_failing_allocation_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, give_cjson_our_allocator, NULL);
}
