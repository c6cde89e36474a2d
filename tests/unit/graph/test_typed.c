/* SPDX-License-Identifier: MIT */
/* Paths that operators type: what is sent for them, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "graph/typed.h"

static void what_is_typed_is_escaped_as_graph_needs_it(void **state)
{
    static const struct {
        const char *typed, *want;
        bool older;
    } CASES[] = {
        {"/subscribedSkus", "subscribedSkus", false},
        {"subscribedSkus", "subscribedSkus", false},
        {"/beta/subscribedSkus", "subscribedSkus", false},
        {"/v1.0/subscribedSkus", "subscribedSkus", true},
        {"/V1.0/subscribedSkus", "subscribedSkus", true},
        {"/v2.0/subscribedSkus", "v2.0/subscribedSkus", false}, /* below the version: Graph has no such thing */
        {"/users/a b#EXT#@x.com", "users/a%20b%23EXT%23@x.com", false},
        {"/users/\xc3\xa4", "users/%C3%A4", false},
        {"/applications(appId='x')/$count", "applications(appId='x')/$count", false},
        {"/a?$filter=skuId eq 1&$select=id,x", "a?$filter=skuId%20eq%201&$select=id,x", false},
        {"/a?$filter=n eq 'R&D ''x'' #1+?'&$top=5", "a?$filter=n%20eq%20'R%26D%20''x''%20%231%2B%3F'&$top=5", false},
        {"/a?$expand=b($select=id,c)", "a?$expand=b($select=id,c)", false},
        {"/a?$filter=u eq 'https://x/../y'", "a?$filter=u%20eq%20'https://x/../y'", false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *target = NULL;
        struct failure why = {0};
        bool older = false;
        if (graph_typed(CASES[i].typed, "beta", &target, &older, &why) < 0)
            fail_msg("%s: %s", CASES[i].typed, why.text);
        assert_string_equal(target, CASES[i].want);
        assert_int_equal(older, CASES[i].older);
    }
}

static void what_could_lead_elsewhere_is_refused(void **state)
{
    static const char *const CASES[] = {
        "",
        "/",
        "//evil.example/x",
        "https://graph.microsoft.com/beta/users",
        "/https://evil.example",
        "/users/../admin",
        "/beta/../v1.0/users",
        "/./users",
        "/users//x",
        "/users/",
        "/%2e%2e/users",
        "/users?$filter=a%20eq%20b",
        "\\users",
        "/users\\..\\x",
        "/$batch",
        "/v1.0/$BATCH",
        "/beta/$batch?x=1",
        "/users\r\nHost: evil",
        "/users?$top=1\t",
        "/users?",
        "/users?$top",
        "/users?=1",
        "/users?$top=1&",
        "/users?$top=1&&$select=id",
        "/beta/",
        "/v1.0/",
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char *target = NULL;
        struct failure why = {0};
        bool older = false;
        if (graph_typed(CASES[i], "beta", &target, &older, &why) >= 0)
            fail_msg("%s became %s", CASES[i], target);
        assert_int_equal(why.kind, FAILURE_CONFIG);
        assert_non_null(strstr(why.text, "; "));
    }
}

static void a_path_has_a_limit(void **state)
{
    static char typed[20000] = "/";
    char *target = NULL;
    struct failure why = {0};
    bool older = false;
    (void)state;
    memset(typed + 1, 'x', sizeof typed - 2);
    assert_true(graph_typed(typed, "beta", &target, &older, &why) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_typed_is_escaped_as_graph_needs_it),
        cmocka_unit_test(what_could_lead_elsewhere_is_refused),
        cmocka_unit_test(a_path_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
