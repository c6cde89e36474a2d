/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/status/fixture.h"

static void pools_are_selected_and_unknown_tenants_named(void **state)
{
    static const struct {
        const char *tenant, *sku;
        bool pool, unknown;
    } CASES[] = {
        {NULL, NULL, true, true},          {"contoso", NULL, true, false},   {"fabrikam", NULL, false, true},
        {NULL, "spe_", true, true},        {NULL, "06EB", true, true},       {NULL, "microsoft 365", true, true},
        {NULL, "p1", true, true},          {NULL, "SPE_F1", false, true},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct example e;
        CLEANUP(free) char *json = NULL;
        example_fill(&e);
        assert_int_equal(status_json_allotments(&e.status, CASES[i].tenant, CASES[i].sku, &json), 0);
        bool pool = strstr(json, "\"allotments\":[{\"tenant\":\"contoso\",\"allotment_id\":\"p1\"") != NULL;
        bool unknown = strstr(json, "\"unknown_tenants\":[\"fabrikam\"]") != NULL;
        if (pool != CASES[i].pool || unknown != CASES[i].unknown)
            fail_msg("case %zu: %s", i, json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pools_are_selected_and_unknown_tenants_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
