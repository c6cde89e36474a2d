/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "runtime/commands.h"

#define DESCRIPTION SOURCE_ROOT "/conf/control.openapi.json"

static struct json *read_description(void)
{
    static char text[1 << 20];
    struct failure why = {0};
    struct json *root = NULL;
    FILE *f = fopen(DESCRIPTION, "re");
    assert_non_null(f);
    size_t len = fread(text, 1, sizeof text, f);
    (void)fclose(f);
    if (json_parse(text, len, &root, &why) < 0)
        fail_msg(DESCRIPTION ": %s", why.text);
    return root;
}

static void expect_text(const struct control_command *c, const struct json *operation, const char *member, const char *want)
{
    const char *text = NULL;
    (void)json_get_string(operation, member, &text);
    if (!text_equal(text, want))
        fail_msg("%s %s: %s is \"%s\", the table says \"%s\"", c->method, c->path, member, text ? text : "", want);
}

static bool has_param(const struct control_command *c, const char *name)
{
    for (size_t i = 0; i < N_ELEMENTS(c->param) && c->param[i]; i++)
        if (strcmp(c->param[i], name) == 0)
            return true;
    return false;
}

static void check_params(const struct control_command *c, const struct json *operation)
{
    size_t n = 0, n_known = 0, n_ids = 0;
    const struct json *list = NULL;
    (void)json_get_array(operation, "parameters", &list);
    while (n_known < N_ELEMENTS(c->param) && c->param[n_known])
        n_known++;
    for (const struct json *p = list ? json_first(list) : NULL; p; p = json_next(p)) {
        const char *name = "", *in = "", *ref = "";
        (void)json_get_string(p, "$ref", &ref);
        n_ids += strcmp(ref, "#/components/parameters/id") == 0;
        (void)json_get_string(p, "name", &name);
        (void)json_get_string(p, "in", &in);
        n += strcmp(in, "query") == 0 && has_param(c, name);
    }
    if (n != n_known || n_ids != (strstr(c->path, "{id}") != NULL) || n + n_ids != (list ? json_count(list) : 0))
        fail_msg("%s %s: other parameters than in the table", c->method, c->path);
}

static void check_operation(const struct control_command *c, const struct json *operation)
{
    const struct json *tags = NULL, *body = NULL;
    expect_text(c, operation, "summary", c->help);
    (void)json_get_array(operation, "tags", &tags);
    const char *tag = tags && json_first(tags) ? json_text(json_first(tags)) : NULL;
    bool asks = c->access == CONTROL_WRITE && strcmp(c->method, "GET") == 0;
    if (!text_equal(tag, asks ? "ask" : c->access == CONTROL_WRITE ? "change" : "read"))
        fail_msg("%s %s: another tag than in the table", c->method, c->path);
    if ((json_get_object(operation, "requestBody", &body) == JSON_OK) != c->takes_body)
        fail_msg("%s %s: takes a body, or does not", c->method, c->path);
    check_params(c, operation);
}

static void the_description_has_the_commands_of_the_table_and_no_others(void **state)
{
    CLEANUP(json_free) struct json *root = read_description();
    size_t n = 0, n_described = 0;
    const struct control_command *table = commands_table(&n);
    const struct json *paths = NULL;
    (void)state;
    assert_int_equal(json_get_object(root, "paths", &paths), JSON_OK);
    for (const struct json *p = json_first(paths); p; p = json_next(p))
        for (const struct json *o = json_first(p); o; o = json_next(o))
            n_described++;
    for (size_t i = 0; i < n; i++) {
        const struct json *path = json_get(paths, table[i].path);
        char method[16] = "";
        for (size_t k = 0; table[i].method[k]; k++)
            method[k] = (char)(table[i].method[k] | 0x20);
        const struct json *operation = path ? json_get(path, method) : NULL;
        if (!operation)
            fail_msg(DESCRIPTION " lacks %s %s", table[i].method, table[i].path);
        check_operation(&table[i], operation);
    }
    assert_int_equal(n_described, n);
}

static void only_commands_that_write_use_other_methods_than_get(void **state)
{
    size_t n = 0;
    const struct control_command *table = commands_table(&n);
    (void)state;
    for (size_t i = 0; i < n; i++)
        if (strcmp(table[i].method, "GET") != 0 && table[i].access != CONTROL_WRITE)
            fail_msg("%s %s is open to the read socket", table[i].method, table[i].path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_description_has_the_commands_of_the_table_and_no_others),
        cmocka_unit_test(only_commands_that_write_use_other_methods_than_get),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
