/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_context_json.c: context survive being JSON. */
#include "deliver/context_json.h"
#include "fixtures/context.h"
#include "some.h"

static void same_after_a_round(const struct alert_context *f)
{
    CLEANUP(free) char *bytes = NULL;
    CLEANUP(context_free) struct alert_context *back = NULL;
    size_t len;
    assert_int_equal(context_json_pack(f, &bytes, &len), 0);
    assert_int_equal(strlen(bytes), len);
    assert_int_equal(context_json_unpack(bytes, len, &back), 0);
    assert_true(context_equal(back, f));
    assert_true(back->observed_at == f->observed_at);
}

static void each_field_alone_is_packed_and_unpacked(void **state)
{
    CLEANUP(context_free) struct alert_context *nothing = NULL;
    (void)state;
    assert_int_equal(context_new(&nothing), 0);
    same_after_a_round(nothing);
    CONTEXT_FIELDS (field, &CONTEXT_RECORD) {
        CLEANUP(context_free) struct alert_context *f = context_of(field);
        same_after_a_round(f);
    }
}

static void context_are_the_same_after_packing_and_unpacking(void **state)
{
    (void)state;
    CLEANUP(context_free) struct alert_context *f = some_context();
    same_after_a_round(f);
    f->oldest_at += 123456; /* what people read in whole seconds stays exact */
    f->hint = some_text("grant \"Directory.Read.All\"\n\x01 \xf0\x9f\x98\x80");
    f->utc_offset = -12600;
    f->allotted = 4000000000000;
    f->subscription[0].start_date = DATE_UNKNOWN;
    same_after_a_round(f);
}

static void a_number_that_json_cannot_carry_is_saturated_and_not_lost(void **state)
{
    (void)state;
    CLEANUP(context_free) struct alert_context *f = some_context(), *back = NULL;
    CLEANUP(free) char *bytes = NULL;
    size_t len;
    f->allotted = INT64_MAX;
    f->consumed = INT64_MIN + 1;
    assert_int_equal(context_json_pack(f, &bytes, &len), 0);
    assert_int_equal(context_json_unpack(bytes, len, &back), 0);
    assert_true(back->allotted == ((int64_t)1 << 53) - 1 && back->consumed == -back->allotted);
}

static void what_is_not_known_stays_not_known(void **state)
{
    (void)state;
    CLEANUP(context_free) struct alert_context *f = NULL;
    assert_int_equal(context_new(&f), 0);
    same_after_a_round(f);
    f->tenant_name = some_text("");
    f->consumed = 0;
    same_after_a_round(f);
}

static void a_second_label_of_a_name_does_not_make_the_row_unreadable(void **state)
{
    (void)state;
    CLEANUP(context_free) struct alert_context *f = some_context(), *back = NULL;
    CLEANUP(free) char *bytes = NULL;
    size_t len;
    free(f->label[0].key);
    free(f->label[0].value);
    free(f->label);
    f->label = alloc_zero(2, sizeof *f->label);
    for (f->n_labels = 0; f->n_labels < 2; f->n_labels++)
        f->label[f->n_labels] = (struct label){some_text("group"), some_text("gold")};
    assert_int_equal(context_json_pack(f, &bytes, &len), 0);
    assert_int_equal(context_json_unpack(bytes, len, &back), 0);
    assert_int_equal(back->n_labels, 1);
}

/* The database is hostile until decoded: wrong rows are refused, older ones are readable. */
static void a_row_that_is_not_ours_is_refused(void **state)
{
    static const struct {
        const char *why, *bytes;
        int want;
    } CASES[] = {
        {"only the schema: everything else is not known", "{\"schema\":1}", 0},
        {"nulls", "{\"schema\":1,\"tenant\":null,\"subscriptions\":[],\"_\":null}", 0},
        {"no schema", "{}", -EBADMSG},
        {"a newer schema", "{\"schema\":2}", -EBADMSG},
        {"no object", "[]", -EBADMSG},
        {"no JSON", "{\"schema\":1", -EBADMSG},
        {"a name that is a number", "{\"schema\":1,\"tenant\":{\"name\":1}}", -EBADMSG},
        {"a tenant that is a string", "{\"schema\":1,\"tenant\":\"contoso\"}", -EBADMSG},
        {"half a unit", "{\"schema\":1,\"allotment\":{\"allotted_units\":1.5}}", -EBADMSG},
        {"too many units", "{\"schema\":1,\"allotment\":{\"allotted_units\":1e300}}", -EBADMSG},
        {"a negative time", "{\"schema\":1,\"_\":{\"oldest_at\":-1}}", -EBADMSG},
        {"an offset of a week", "{\"schema\":1,\"_\":{\"utc_offset\":604800}}", -EBADMSG},
        {"no date", "{\"schema\":1,\"subscriptions\":[{\"start_date\":\"soon\"}]}", -EBADMSG},
        {"a subscription that is none", "{\"schema\":1,\"subscriptions\":[7]}", -EBADMSG},
        {"a label that is a list", "{\"schema\":1,\"tenant\":{\"labels\":{\"a\":[]}}}", -EBADMSG},
        {"21 subscriptions",
         "{\"schema\":1,\"subscriptions\":[{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}"
         ",{},{}]}",
         -EBADMSG},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(context_free) struct alert_context *f = NULL;
        int r = context_json_unpack(CASES[i].bytes, strlen(CASES[i].bytes), &f);
        if (r != CASES[i].want || (r < 0 && f))
            fail_msg("%s: %d", CASES[i].why, r);
    }
}

/* As rows of earlier versions are: each name here is in somebody's database. */
static void a_stored_row_keeps_its_names_and_their_order(void **state)
{
    static const char ROW[] =
        "{\"schema\":1,"
        "\"tenant\":{\"name\":\"contoso\",\"id\":\"t-1\",\"labels\":{\"group\":\"gold\"}},"
        "\"allotment\":{\"id\":\"a-1\",\"name\":\"CSP\",\"allotted_units\":1,\"consumed_units\":2,"
        "\"waiting_members\":3,\"oldest_waiting_since\":\"2026-11-22T01:00:00Z\"},"
        "\"sku\":{\"id\":\"s-1\",\"part_number\":\"SPE_E5\",\"name\":\"E5\"},"
        "\"subscriptions\":[{\"id\":\"d-1\",\"state\":\"active\",\"start_date\":\"2026-01-01\","
        "\"next_lifecycle_date\":\"2027-01-01\",\"tags\":\"none\"}],"
        "\"units_to_unblock\":4,\"units_to_buy\":5,"
        "\"_\":{\"forecast_early\":20,\"forecast_likely\":21,\"forecast_late\":22,\"ends_below_bp\":18,\"utc_offset\":3600,\"zone\":\"CET\",\"oldest_at\":"
        "1795309200000001,\"reference\":6,"
        "\"sibling_name\":\"CSP "
        "2\",\"sibling_free\":7,\"siblings_free\":19,\"error_code\":\"MissingDependency\","
        "\"error_count\":8,\"errors_since_at\":9,\"cause\":\"auth\",\"hint\":\"renew\","
        "\"section\":\"errors\",\"receiver\":\"hook\",\"parked\":10,\"principal\":\"user a\","
        "\"missing_plans\":\"P Q\",\"source\":\"cloud_licensing\",\"host\":\"login.example\","
        "\"tenants\":11,\"tenants_failing\":12,\"tenants_read\":13,\"failing_since_at\":14,"
        "\"credential\":\"certificate\",\"client_id\":\"c-1\",\"file\":\"/app.crt\","
        "\"used_by\":\"contoso\",\"n_used_by\":15,\"receivers\":\"exo\",\"expires_at\":16,\"expires_by_day\":true,"
        "\"unused_since_at\":20,\"facts_at\":17}}";
    CLEANUP(context_free) struct alert_context *f = NULL;
    CLEANUP(free) char *bytes = NULL;
    size_t len;
    (void)state;
    assert_int_equal(context_json_unpack(ROW, strlen(ROW), &f), 0);
    assert_int_equal(context_json_pack(f, &bytes, &len), 0);
    assert_string_equal(bytes, ROW);
}

static void no_allocation_may_fail_with_more_than_a_code(void **state)
{
    (void)state;
    CLEANUP(context_free) struct alert_context *f = some_context();
    CLEANUP(free) char *bytes = NULL;
    size_t len;
    assert_int_equal(context_json_pack(f, &bytes, &len), 0);
    int r = -ENOMEM;
    for (size_t n = 1; r == -ENOMEM; n++) {
        CLEANUP(context_free) struct alert_context *back = NULL;
        CLEANUP(free) char *again = NULL;
        size_t again_len;
        alloc_fail_at(n, false);
        r = context_json_unpack(bytes, len, &back);
        if (r >= 0)
            r = context_json_pack(back, &again, &again_len);
        alloc_fail_at(0, false);
        if (r >= 0)
            assert_string_equal(again, bytes);
        assert_true(r == 0 || r == -ENOMEM);
        assert_true(n < 1000);
    }
    assert_int_equal(r, 0);
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field_alone_is_packed_and_unpacked),
        cmocka_unit_test(context_are_the_same_after_packing_and_unpacking),
        cmocka_unit_test(a_number_that_json_cannot_carry_is_saturated_and_not_lost),
        cmocka_unit_test(what_is_not_known_stays_not_known),
        cmocka_unit_test(a_second_label_of_a_name_does_not_make_the_row_unreadable),
        cmocka_unit_test(a_row_that_is_not_ours_is_refused),
        cmocka_unit_test(a_stored_row_keeps_its_names_and_their_order),
        cmocka_unit_test(no_allocation_may_fail_with_more_than_a_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
