/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_template.c: placeholders, where they may stand, and what they become. */
#include "deliver/template.h"
#include "json/json.h"
#include "some.h"

#define VALUES                                                                                     \
    "{\"type\":\"alert.firing\",\"unix\":1795309323,\"data\":{\"severity\":\"critical\","          \
    "\"title\":\"a \\\"b\\\" \\\\ \xc3\xa4\xf0\x9f\x94\xb4 {{x}} \\n\",\"value\":96.4,\"ok\":true,"  \
    "\"sku\":null,\"list\":[{\"a\":1},\"]\"],\"tenant\":{\"labels\":{\"group\":\"gold\"}}}}"

static char *fill(const char *text, char *const *rules, size_t n, int want)
{
    const struct template_words words = {rules, n};
    char *got = NULL;
    size_t len;
    int r = template_fill(text, VALUES, &words, 4096, &got, &len);
    if (r != want)
        fail_msg("%s: %d", text, r);
    return got;
}

static void a_placeholder_becomes_its_member(void **state)
{
    static const struct {
        const char *why, *text, *want;
    } CASES[] = {
        {"text in a string", "{\"a\":\"<{{data.severity}}>\"}", "{\"a\":\"<critical>\"}"},
        {"escapes stay", "\"{{data.title}}\"",
         "\"a \\\"b\\\" \\\\ \xc3\xa4\xf0\x9f\x94\xb4 {{x}} \\n\""},
        {"a number in a string", "\"{{data.value}} %\"", "\"96.4 %\""},
        {"nothing of null", "\"<{{data.sku}}>\"", "\"<>\""},
        {"nothing of what is missing", "\"<{{data.sku.name}}>\"", "\"<>\""},
        {"an object in a string", "\"{{data.tenant.labels}}\"", "\"{\\\"group\\\":\\\"gold\\\"}\""},
        {"a string as a value", "[{{data.severity}}]", "[\"critical\"]"},
        {"a number as a value", "{\"t\": {{unix}} , \"v\":{{data.value}}}",
         "{\"t\": 1795309323 , \"v\":96.4}"},
        {"a boolean", "{{data.ok}}", "true"},
        {"null as a value", "[{{data.sku}},{{data.none}}]", "[null,null]"},
        {"a list as a value", "{{data.list}}", "[{\"a\":1},\"]\"]"},
        {"behind an escaped quote", "\"\\\"{{type}}\\\\{{type}}\"",
         "\"\\\"alert.firing\\\\alert.firing\""},
        {"cut", "\"{{data.severity:5}}\"", "\"cr...\""},
        {"not cut", "\"{{data.severity:8}}\"", "\"critical\""},
        {"cut between escapes", "\"{{data.title:6}}\"", "\"a \\\"...\""},
        {"cut between characters", "\"{{data.title:13}}\"",
         "\"a \\\"b\\\" \\\\ \xc3\xa4\xf0\x9f\x94\xb4...\""},
        {"a cut value", "{{data.severity:5}}", "\"cr...\""},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *got = fill(CASES[i].text, NULL, 0, 0);
        if (strcmp(got, CASES[i].want) != 0)
            fail_msg("%s: %s", CASES[i].why, got);
    }
}

static void words_become_other_words_or_numbers(void **state)
{
    static char *const RULES[] = {(char *)"severity.critical = 1", (char *)"sku.null=none",
                                  (char *)"type.alert.firing = say \"x\\y\"",
                                  (char *)"group.gold=[1]"};
    static const struct {
        const char *text, *want;
    } CASES[] = {
        {"[{{data.severity}},\"{{data.severity}}\"]", "[1,\"1\"]"},
        {"[{{data.sku}},\"{{data.sku}}\"]", "[\"none\",\"none\"]"},
        {"[{{type}},\"{{type}}\"]", "[\"say \\\"x\\\\y\\\"\",\"say \\\"x\\\\y\\\"\"]"},
        {"[{{data.tenant.labels.group}}]", "[\"[1]\"]"},
        {"[{{data.value}}]", "[96.4]"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *got = fill(CASES[i].text, RULES, N_ELEMENTS(RULES), 0);
        if (strcmp(got, CASES[i].want) != 0)
            fail_msg("%s: %s", CASES[i].text, got);
    }
}

static void what_is_no_json_or_too_long_is_not_sent(void **state)
{
    (void)state;
    assert_null(fill("{{type}} {{type}}", NULL, 0, -EBADMSG));
    assert_null(fill("", NULL, 0, -EBADMSG));
    CLEANUP(free) char *flood = some_flood("{{data.list}},", 400);
    assert_null(fill(flood, NULL, 0, -E2BIG));
}

static bool in_values(void *userdata, const char *path, size_t len)
{
    size_t unused;
    (void)userdata;
    return template_member(VALUES, path, len, &unused);
}

static void a_broken_template_is_found_with_its_line(void **state)
{
    static const struct {
        const char *text, *says; /* NULL: it is sound */
    } CASES[] = {
        {"{\"a\": {{unix}},\n \"b\": \"{{data.severity:4}} {{type}}\"}", NULL},
        {"{\n\"a\": {{type}\n}", "2: a placeholder is"},
        {"{\n\"a\": \"{{type\"\n}", "2: a placeholder is"},
        {"\n\n{{ type }}", "3: a placeholder is"},
        {"{{type:3}}", "1: a placeholder is"},
        {"{{type:99999}}", "1: a placeholder is"},
        {"{{type:}}", "1: a placeholder is"},
        {"{{}}", "1: a placeholder is"},
        {"{\"a\":1,\n\"b\":{{data.sevrity}}}", "2: {{data.sevrity}} is unknown"},
        {"{\"{{type}}\"\n: 1}", "1: {{type}} is in the name of a member"},
        {"[2{{unix}}]", "line 1: not valid JSON"},
        {"[{{unix}}2]", "line 1: not valid JSON"},
        {"{ {{type}}: 1}", "line 1: not valid JSON"},
        {"{\"a\": 1,\n \"b\": 2,\n}\n", "3: not valid JSON"},
        {"{\"a\": 1\n \"b\": 2}", "2: not valid JSON"},
        {"{\"a\": \"x}\n", "1: not valid JSON"},
        {"{{type}} {{type}}", "1: not valid JSON"},
        {"{\"a\":1,\n\"a\":2}", "2: not valid JSON"},
        {"", "line 1: not valid JSON"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure why = {0};
        int r = template_check(CASES[i].text, in_values, NULL, &why);
        if ((r >= 0) != !CASES[i].says || (CASES[i].says && !strstr(why.text, CASES[i].says)))
            fail_msg("case %zu: %s", i, why.text);
    }
    CLEANUP(free) char *many = some_flood(",{{type}}", 33);
    CLEANUP(free) char *list = text_printf("[0%s]", many);
    struct failure why = {0};
    assert_true(template_check(list, in_values, NULL, &why) < 0);
    assert_non_null(strstr(why.text, "more than 32 placeholders"));
    CLEANUP(free) char *blanks = some_flood(" ", 17000);
    assert_true(template_check(blanks, in_values, NULL, &why) < 0);
    assert_non_null(strstr(why.text, "17000 bytes"));
}

static void a_word_that_could_change_nothing_is_refused(void **state)
{
    static const struct {
        const char *rule, *says;
    } CASES[] = {
        {"severity.critical=1", NULL},
        {"severity.critical = ", NULL},
        {"severity=1", "entry 1 is not of the form"},
        {"severity.critical", "entry 1 is not of the form"},
        {".critical=1", "entry 1 is not of the form"},
        {"severity.=1", "entry 1 is not of the form"},
        {"state.firing=New", "no placeholder named state"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char *rule = (char *)CASES[i].rule;
        const struct template_words words = {&rule, 1};
        struct failure why = {0};
        int r = template_check_words("[{{data.severity}}]", &words, &why);
        if ((r >= 0) != !CASES[i].says || (CASES[i].says && !strstr(why.text, CASES[i].says)))
            fail_msg("%s: %s", CASES[i].rule, why.text);
    }
}

/* Whatever stands in a member, it cannot leave the string around it. */
static void nothing_in_a_value_ends_its_string(void **state)
{
    static const char *const HOSTILE[] = {"\",\"x\":\"", "\\", "\\\"", "{{data.severity}}", "\n\t\x01",
                                          "\xff\xfe", "\xe2\x80\xae", "}}", "\"}"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(HOSTILE); i++)
        for (size_t max = 3; max < 12; max++) {
            CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(4096);
            CLEANUP(free) char *values = NULL;
            CLEANUP(free) char *got = NULL;
            CLEANUP(free) char *text = NULL;
            CLEANUP(json_free) struct json *root = NULL;
            size_t len;
            json_open_object(w, NULL);
            json_put_string(w, "v", HOSTILE[i]);
            json_open_object(w, "o");
            json_put_string(w, HOSTILE[i], HOSTILE[i]);
            json_close_object(w);
            json_close_object(w);
            assert_int_equal(json_write_take(w, &values, &len), 0);
            text = max == 3 ? text_printf("{\"a\":\"{{v}}{{o}}\",\"b\":{{o}},\"c\":{{v}}}")
                            : text_printf("{\"a\":\"{{v:%zu}}{{o:%zu}}\",\"b\":{{o}},\"c\":{{v}}}",
                                          max, max);
            const struct template_words none = {0};
            assert_int_equal(template_fill(text, values, &none, 4096, &got, &len), 0);
            assert_int_equal(json_parse(got, len, &root, NULL), 0);
            size_t n = 0;
            for (const struct json *j = json_first(root); j; j = json_next(j))
                n++;
            assert_int_equal(n, 3);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_placeholder_becomes_its_member),
        cmocka_unit_test(words_become_other_words_or_numbers),
        cmocka_unit_test(what_is_no_json_or_too_long_is_not_sent),
        cmocka_unit_test(a_broken_template_is_found_with_its_line),
        cmocka_unit_test(a_word_that_could_change_nothing_is_refused),
        cmocka_unit_test(nothing_in_a_value_ends_its_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
