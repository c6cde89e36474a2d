/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_cut.c: bounded strings in JSON. */
#include "deliver/cut.h"
#include "some.h"

static char *written(const char *s, size_t max, bool whole)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(4096);
    char *out = NULL;
    size_t len;
    json_writer_clean(w);
    json_open_array(w, NULL);
    if (whole)
        json_put_whole(w, NULL, s, max);
    else
        json_put_cut(w, NULL, s, max);
    json_close_array(w);
    assert_int_equal(json_write_take(w, &out, &len), 0);
    return out;
}

static void the_cost_is_what_the_serializer_writes(void **state)
{
    static const char *const CASES[] = {"",
                                        "plain",
                                        "quote \" and \\",
                                        "line\nbreak\ttab\b\f\r",
                                        "\x01\x02\x1f\x7f",
                                        "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
                                        "broken \xff\xc3 \xe2\x82 end",
                                        "csi \xc2\x9b, bidi \xe2\x80\xae, tag \xf3\xa0\x81\x81",
                                        "\xed\xa0\x80"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *out = written(CASES[i], SIZE_MAX, false);
        if (json_cost(CASES[i]) + strlen("[\"\"]") != strlen(out))
            fail_msg("case %zu: %zu for %s", i, json_cost(CASES[i]), out);
    }
}

static void a_long_string_is_cut_on_a_boundary_and_says_so(void **state)
{
    static const struct {
        const char *in;
        size_t max;
        const char *want;
    } CASES[] = {
        {"123456789", 9, "[\"123456789\"]"},
        {"1234567890", 9, "[\"123456...\"]"},
        {"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 10,
         "[\"\xe2\x82\xac\xe2\x82\xac...\"]"},
        {"\n\n\n\n\n\n\n\n", 9, "[\"\\n\\n\\n...\"]"},
        {"\x01\x01\x01", 11, "[\"\\\\u{1}...\"]"},
        {"anything", 0, "[null]"},
        {NULL, 9, "[null]"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *out = written(CASES[i].in, CASES[i].max, false);
        assert_string_equal(out, CASES[i].want);
    }
}

static void an_id_is_whole_or_not_there(void **state)
{
    (void)state;
    CLEANUP(free) char *fits = written("abcd", 4, true);
    CLEANUP(free) char *does_not = written("abcde", 4, true);
    assert_string_equal(fits, "[\"abcd\"]");
    assert_string_equal(does_not, "[null]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cost_is_what_the_serializer_writes),
        cmocka_unit_test(a_long_string_is_cut_on_a_boundary_and_says_so),
        cmocka_unit_test(an_id_is_whole_or_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
