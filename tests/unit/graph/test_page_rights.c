/* SPDX-License-Identifier: MIT */
/* Answers about one user, group or device, as documented and otherwise. */
#include "graph/page_rights.h"
#include "json/json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

typedef int decoder(const char *bytes, size_t len, struct rights *into, struct page *ret,
                    struct failure *ret_failure);

static struct rights *nothing(void)
{
    struct rights *r = NULL;
    assert_int_equal(rights_new(SOURCE_CLOUD_LICENSING, &r), 0);
    return r;
}

static void read_bytes(decoder *decode, const char *text, struct rights *into, struct page *page)
{
    struct failure f = {0};
    if (decode(text, strlen(text), into, page, &f) < 0)
        fail_msg("%s: %s", text, f.text);
}

/* An example of the documentation, into a fresh value. */
static struct rights *example(decoder *decode, const char *name)
{
    CLEANUP(fclose) FILE *f = NULL;
    char path[512], bytes[16384] = "";
    struct rights *r = nothing();
    struct page page = {0};
    (void)snprintf(path, sizeof path, FIXTURES "/graph/examples/%s", name);
    f = fopen(path, "re");
    if (!f)
        fail_msg("%s", path);
    bytes[fread(bytes, 1, sizeof bytes - 1, f)] = '\0';
    read_bytes(decode, bytes, r, &page);
    assert_false(page.spoiled);
    assert_null(page.next_link);
    return r;
}

static void documented_rights_are_read_of_users_groups_and_devices(void **state)
{
    static const struct {
        const char *file, *sku, *plan;
        size_t n_plans;
    } CASES[] = {
        {"user-list-usagerights.json", "Microsoft_365_Copilot",
         "COPILOT_STUDIO_IN_COPILOT_FOR_M365", 1},
        {"user-list-usagerights-filter-plan.json", "Copilot_Pro", "EXCHANGE_S_FOUNDATION", 1},
        {"group-list-usagerights.json", "Microsoft_365_Copilot",
         "COPILOT_STUDIO_IN_COPILOT_FOR_M365", 1},
        {"device-list-usagerights.json", "FABRIKAM_DEVICE", "FABRIKAM_DESKTOP", 3},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(rights_free) struct rights *r = example(page_usage_rights, CASES[i].file);
        assert_int_equal(r->n_rights, 1);
        const struct right *right = &r->right[0];
        assert_true(right_names_sku(CASES[i].sku, right->sku_id, right->sku_part_number));
        assert_true(right->plans_known);
        assert_int_equal(right->n_plans, CASES[i].n_plans);
        assert_string_equal(right->plan[0].name, CASES[i].plan);
        assert_int_equal(right->plan[0].state, PLAN_ON);
        assert_false(right->assignments_known || right->pools_known);
    }
}

static void one_right_comes_bare_or_wrapped_with_what_was_expanded(void **state)
{
    (void)state;
    static const char *const BARE[] = {"user-usageright-get.json", "group-usageright-get.json",
                                       "assignmenterror-get-usageright.json"};
    for (size_t i = 0; i < N_ELEMENTS(BARE); i++) {
        CLEANUP(rights_free) struct rights *r = example(page_usage_right_single, BARE[i]);
        assert_int_equal(r->n_rights, 1);
    }
    CLEANUP(rights_free)
    struct rights *a =
        example(page_usage_right_single, "user-usageright-get-expand-assignments.json");
    assert_true(a->right[0].assignments_known);
    assert_int_equal(a->right[0].n_assignments, 1);
    assert_false(a->right[0].pools_known);
    CLEANUP(rights_free)
    struct rights *p =
        example(page_usage_right_single, "user-usageright-get-expand-allotments.json");
    assert_int_equal(p->right[0].n_pools, 1);
    assert_true(p->right[0].pool[0].units_known);
    assert_int_equal(p->right[0].pool[0].consumed, 50);
    CLEANUP(rights_free) struct rights *w = nothing();
    struct page page = {0};
    read_bytes(page_usage_right_single, "{\"value\":{\"id\":\"r\",\"skuPartNumber\":\"S\"}}", w,
               &page);
    assert_string_equal(w->right[0].sku_part_number, "S");
    assert_false(w->right[0].plans_known);
}

static void assignments_tell_their_way_and_what_they_leave_out(void **state)
{
    CLEANUP(rights_free)
    struct rights *r = example(page_assignments, "me-usageright-list-assignments-expand.json");
    (void)state;
    assert_int_equal(r->n_assignments, 2);
    assert_true(r->assignment[0].assignee_known);
    assert_null(r->assignment[0].group_id);
    assert_string_equal(r->assignment[0].sku_part_number, "FABRIKAM_USER");
    assert_string_equal(r->assignment[0].disabled_plan[0], "f446866a-4b4c-492e-907a-998b3fde5a81");
    assert_string_equal(r->assignment[1].group_id, "d8ee6ba1-2b90-4e77-90e8-3e52a09bc35a");
    CLEANUP(rights_free) struct rights *plain = example(page_assignments, "assignments-list.json");
    assert_true(plain->n_assignments > 0);
    assert_false(plain->assignment[0].assignee_known);
    assert_null(plain->assignment[0].sku_id);
}

static void waits_and_errors_name_their_pool_their_time_and_their_sku(void **state)
{
    static const char *const WAITS[] = {"user-list-waitingmembers.json",
                                        "device-list-waitingmembers.json"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(WAITS); i++) {
        CLEANUP(rights_free) struct rights *r = example(page_principal_waits, WAITS[i]);
        assert_int_equal(r->n_waits, 1);
        assert_string_equal(r->wait[0].sku_part_number, "EXCHANGESTANDARD");
        assert_string_equal(r->wait[0].allotment_id, "551f1755-0184-9e51-0bc7-f32bae5a1afb");
        assert_int_equal(r->wait[0].since_at / USEC_PER_SEC, 1732295470);
    }
    CLEANUP(rights_free)
    struct rights *e = example(page_principal_errors, "assignmenterrors-list.json");
    assert_string_equal(e->error[0].code, "MissingDependency");
    assert_string_equal(e->error[0].sku_id, "f48db87f-583c-486e-a6de-096155d8fb8f");
    assert_true(e->error[0].message && e->error[0].occurred_at);
}

static void license_details_tell_what_is_on_off_or_on_its_way(void **state)
{
    CLEANUP(rights_free)
    struct rights *r = example(page_license_details, "user-licensedetails-list.json");
    (void)state;
    assert_int_equal(r->n_rights, 2);
    assert_int_equal(r->right[0].plan[0].state, PLAN_PENDING);
    assert_int_equal(r->right[0].plan[1].state, PLAN_ON);
    CLEANUP(rights_free) struct rights *off = nothing();
    struct page page = {0};
    read_bytes(
        page_license_details,
        "{\"value\":[{\"skuId\":\"s\",\"servicePlans\":[{\"servicePlanId\":\"p\","
        "\"provisioningStatus\":\"Disabled\"},{\"servicePlanId\":\"q\",\"provisioningStatus\":"
        "\"Error\"},{\"servicePlanId\":\"r\",\"provisioningStatus\":\"NewWord\"},"
        "{\"servicePlanId\":\"s\",\"provisioningStatus\":7},{\"servicePlanId\":\"t\","
        "\"provisioningStatus\":\"pendinginput\"}]}]}",
        off, &page);
    assert_int_equal(off->right[0].plan[0].state, PLAN_OFF);
    assert_int_equal(off->right[0].plan[1].state, PLAN_OFF);
    assert_int_equal(off->right[0].plan[2].state, PLAN_UNCLEAR);
    assert_int_equal(off->right[0].plan[3].state, PLAN_UNCLEAR);
    assert_int_equal(off->right[0].plan[4].state, PLAN_PENDING);
}

/* What is left out looks as if it were gone. */
static void a_row_that_cannot_be_told_apart_spoils_its_section(void **state)
{
    static const struct {
        decoder *decode;
        const char *text;
    } CASES[] = {
        {page_usage_rights, "{\"value\":[{\"id\":\"r\",\"services\":[]}]}"},
        {page_usage_rights, "{\"value\":[7]}"},
        {page_usage_rights, "{\"value\":[{\"skuId\":7,\"skuPartNumber\":\"SPE_E5\"}]}"},
        {page_usage_rights, "{\"value\":[{\"skuId\":\"s\",\"skuPartNumber\":[]}]}"},
        {page_assignments, "{\"value\":[{\"disabledServicePlanIds\":[]}]}"},
        {page_principal_waits, "{\"value\":[null]}"},
        {page_principal_errors, "{\"value\":[{\"skuId\":\"s\"}]}"},
        {page_license_details, "{\"value\":[{\"servicePlans\":[]}]}"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(rights_free) struct rights *r = nothing();
        struct page page = {0};
        read_bytes(CASES[i].decode, CASES[i].text, r, &page);
        if (!page.spoiled)
            fail_msg("%s", CASES[i].text);
    }
}

static void plans_with_one_that_is_none_are_not_known(void **state)
{
    static const char *const CASES[] = {
        "{\"value\":[{\"skuId\":\"s\"}]}",
        "{\"value\":[{\"skuId\":\"s\",\"services\":null}]}",
        "{\"value\":[{\"skuId\":\"s\",\"services\":[{\"planId\":\"p\"},{}]}]}",
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(rights_free) struct rights *r = nothing();
        struct page page = {0};
        read_bytes(page_usage_rights, CASES[i], r, &page);
        assert_false(page.spoiled || r->right[0].plans_known);
    }
}

static void what_is_no_page_is_refused_and_what_has_no_end_too(void **state)
{
    static const char *const CASES[] = {
        "{}",
        "[]",
        "{\"value\":null}",
        "{\"value\":{}}",
        "{\"value\":[],\"@odata.nextLink\":7}",
        "{\"error\":{\"code\":\"x\"}}",
        "{\"value\":[{\"skuId\":\"a\",\"skuId\":\"b\"}]}",
    };
    CLEANUP(rights_free) struct rights *r = nothing();
    struct page page = {0};
    struct failure f;
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        f = (struct failure){0};
        assert_int_equal(page_usage_rights(CASES[i], strlen(CASES[i]), r, &page, &f), -EBADMSG);
        assert_int_equal(f.kind, FAILURE_PROTOCOL);
    }
    static const char ROW[] = "{\"value\":[{\"id\":\"a\"}]}";
    for (size_t i = 0; i < RIGHTS_ROWS_MAX; i++)
        assert_int_equal(page_assignments(ROW, strlen(ROW), r, &page, &f), 0);
    assert_int_equal(page_assignments(ROW, strlen(ROW), r, &page, &f), -E2BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documented_rights_are_read_of_users_groups_and_devices),
        cmocka_unit_test(one_right_comes_bare_or_wrapped_with_what_was_expanded),
        cmocka_unit_test(assignments_tell_their_way_and_what_they_leave_out),
        cmocka_unit_test(waits_and_errors_name_their_pool_their_time_and_their_sku),
        cmocka_unit_test(license_details_tell_what_is_on_off_or_on_its_way),
        cmocka_unit_test(a_row_that_cannot_be_told_apart_spoils_its_section),
        cmocka_unit_test(plans_with_one_that_is_none_are_not_known),
        cmocka_unit_test(what_is_no_page_is_refused_and_what_has_no_end_too),
    };
    json_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
