/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_notification_json.c: notifications survive being JSON, and the public
 * object has the documented names, in their order. */
#include "deliver/context_json.h"
#include "deliver/notification_put.h"
#include "some.h"

#define EXACT(member) assert_true(back->member == n->member)
#define SAME(member) same(#member, back->member, n->member)

static void same(const char *what, const char *got, const char *want)
{
    if (!text_equal(got, want))
        fail_msg("%s: %s, want %s", what, got ? got : "NULL", want ? want : "NULL");
}

static void assert_same(const struct notification *back, const struct notification *n)
{
    SAME(event_id), SAME(alert_id), SAME(title), SAME(summary), SAME(description);
    SAME(next_step), SAME(reason);
    SAME(acknowledged.author), SAME(acknowledged.comment);
    EXACT(acknowledged.until_at), EXACT(silenced);
    EXACT(type), EXACT(kind), EXACT(state), EXACT(level);
    EXACT(previous), EXACT(value), EXACT(threshold), EXACT(started_at);
    EXACT(observed_at), EXACT(at), EXACT(stale_since_at);
    if (n->type != EVENT_TEST)
        EXACT(rule), EXACT(notified_rule), EXACT(unit);
    if (n->type != EVENT_TEST && n->type != EVENT_INFO)
        EXACT(episode), EXACT(seq);
    for (int i = 0; i < RULE_COUNT_; i++)
        EXACT(finding[i]);
    assert_true((back->context == NULL) == (n->context == NULL));
    if (n->context)
        same("tenant", back->context->tenant_name, n->context->tenant_name);
}

static void same_after_a_round(const struct notification *n)
{
    CLEANUP(free) char *bytes = NULL;
    CLEANUP(notification_free) struct notification *back = NULL;
    size_t len;
    assert_int_equal(notification_json_pack(n, &bytes, &len), 0);
    assert_int_equal(notification_json_unpack(bytes, len, &back), 0);
    assert_same(back, n);
}

static void a_notification_is_the_same_after_packing_and_unpacking(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    for (enum event_type t = 0; t < EVENT_TYPE_COUNT_; t++) {
        if (t == EVENT_DIGEST)
            continue; /* is no single notification */
        n->type = t;
        same_after_a_round(n);
    }
    n->type = EVENT_RESOLVED;
    n->state = ALERT_OK;
    n->reason = "rule_removed";
    n->previous = LEVEL_WARNING;
    n->stale_since_at = n->at - 1;
    for (enum rule r = 0; r < RULE_COUNT_; r++) {
        n->rule = r;
        n->notified_rule = (r + 1) % RULE_COUNT_;
        n->finding[r] = !n->finding[r];
        same_after_a_round(n);
    }
    for (enum unit u = UNIT_PERCENT; u < UNIT_COUNT_; u++) {
        n->unit = u;
        n->value = 9649;
        n->threshold = -1;
        same_after_a_round(n);
    }
    for (enum kind k = 0; k < KIND_COUNT_; k++) {
        n->kind = k;
        same_after_a_round(n);
    }
}

static void an_event_of_severity_info_has_no_alert(void **state)
{
    static const char *const MEMBERS[] = {
        "\"alert_id\":null,\"episode\":null,\"seq\":null,\"state\":null,\"severity\":\"info\",",
        "\"previous_severity\":null,\"rule\":\"inventory\"",
        "\"value\":100,\"threshold\":null,\"unit\":\"units\"",
        "\"findings\":[]",
        "\"detail\":{\"change\":\"capacity_rose\",\"former_units\":900}",
    };
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_info();
    CLEANUP(free) char *bytes = NULL;
    size_t len;
    same_after_a_round(n);
    assert_int_equal(notification_json_pack(n, &bytes, &len), 0);
    for (size_t i = 0; i < N_ELEMENTS(MEMBERS); i++)
        if (!strstr(bytes, MEMBERS[i]))
            fail_msg("%s is missing in %s", MEMBERS[i], bytes);
}

/* Of version 0.1.0. */
static void in_a_row_without_it_the_rule_notified_before_is_the_present_one(void **state)
{
    static const char MEMBER[] = "\"notified_rule\":\"usage\",";
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification(), *back = NULL;
    CLEANUP(free) char *bytes = NULL;
    size_t len;
    n->notified_rule = RULE_USAGE;
    assert_int_equal(notification_json_pack(n, &bytes, &len), 0);
    char *at = strstr(bytes, MEMBER);
    assert_non_null(at);
    memmove(at, at + strlen(MEMBER), strlen(at + strlen(MEMBER)) + 1);
    assert_int_equal(notification_json_unpack(bytes, strlen(bytes), &back), 0);
    assert_int_equal(back->notified_rule, RULE_WAITING);
}

static void acknowledgement_survives_and_older_rows_have_none(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification(), *back = NULL;
    CLEANUP(free) char *bytes = NULL;
    size_t len;
    static const char MEMBERS[] = "\"acknowledged\":null,\"silenced\":false,";
    assert_int_equal(notification_json_pack(n, &bytes, &len), 0);
    char *at = strstr(bytes, MEMBERS);
    assert_non_null(at);
    memmove(at, at + strlen(MEMBERS), strlen(at + strlen(MEMBERS)) + 1);
    assert_int_equal(notification_json_unpack(bytes, strlen(bytes), &back), 0);
    assert_null(back->acknowledged.author);
    assert_false(back->silenced);
    some_replace(&n->acknowledged.author, "ann");
    some_replace(&n->acknowledged.comment, "200 units are ordered");
    n->acknowledged.until_at = n->at + USEC_PER_HOUR;
    n->silenced = true;
    same_after_a_round(n);
}

static void a_notification_without_facts_and_numbers_survives_too(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = alloc_zero(1, sizeof *n);
    n->type = EVENT_TEST;
    n->value = n->threshold = NUMBER_UNKNOWN;
    same_after_a_round(n);
}

static void the_reasons_that_are_used_come_back_as_literals(void **state)
{
    (void)state;
    assert_ptr_equal(reason_literal("rule_removed"), reason_literal("rule_removed"));
    assert_string_equal(reason_literal("first_run"), "first_run");
    assert_null(reason_literal("because"));
    assert_string_equal(reason_literal("storm"), "storm");
    assert_null(reason_literal(NULL));
}

static char *object_of(const struct notification *n)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(1 << 20);
    char *out = NULL;
    size_t len;
    notification_put(w, NULL, n, NULL, NULL, false);
    assert_int_equal(json_write_take(w, &out, &len), 0);
    return out;
}

static void assert_has(const struct notification *n, const char *want)
{
    CLEANUP(free) char *out = object_of(n);
    if (!strstr(out, want))
        fail_msg("%s\nnot in\n%s", want, out);
}

static void percentages_are_told_as_percent_and_truncated(void **state)
{
    static const struct {
        int64_t value;
        const char *json, *plain;
    } CASES[] = {
        {9640, "\"value\":96.4,", "96.4"},       {9500, "\"value\":95.0,", "95.0"},
        {9499, "\"value\":94.99,", "94.99"},     {10000, "\"value\":100.0,", "100.0"},
        {7, "\"value\":0.07,", "0.07"},          {0, "\"value\":0.0,", "0.0"},
        {NUMBER_UNKNOWN, "\"value\":null,", ""},
    };
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    n->unit = UNIT_PERCENT;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char number[NUMBER_TEXT];
        n->value = CASES[i].value;
        assert_has(n, CASES[i].json);
        assert_string_equal(notification_number(CASES[i].value, UNIT_PERCENT, number),
                            CASES[i].plain);
    }
}

static void what_does_not_apply_is_null(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    context_free(n->context);
    assert_int_equal(context_new(&n->context), 0);
    n->level = LEVEL_WARNING;
    n->value = n->threshold = NUMBER_UNKNOWN;
    assert_has(n, "\"tenant\":null,\"allotment\":null,\"sku\":null,\"subscriptions\":[],"
                  "\"value\":null,\"threshold\":null,");
    assert_has(n, "\"units_to_unblock\":null,\"units_to_buy\":null,");
    assert_has(n, "\"detail\":null,");
}

static void an_unknown_number_of_waiting_members_is_null_and_never_0(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    n->context->waiting = NUMBER_UNKNOWN;
    n->context->oldest_at = 0;
    assert_has(n, "\"waiting_members\":null,\"oldest_waiting_since\":null}");
}

static void sums_of_a_sku_keep_their_numbers_without_one_pools_id(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    some_replace(&n->context->allotment_id, NULL);
    some_replace(&n->context->allotment_name, NULL);
    assert_has(n, "\"allotment\":{\"id\":null,\"name\":null,\"allotted_units\":1000,");
}

static void the_detail_holds_what_only_this_kind_has(void **state)
{
    static const struct {
        enum kind kind;
        enum event_type type;
        const char *reason, *want;
    } CASES[] = {
        {KIND_CAPACITY, EVENT_FIRING, NULL, "\"detail\":null,"},
        {KIND_CAPACITY, EVENT_FIRING, "first_run", "\"detail\":null,"},
        {KIND_CAPACITY, EVENT_RESOLVED, "rule_removed",
         "\"detail\":{\"reason\":\"rule_removed\"},"},
        {KIND_ERRORS, EVENT_FIRING, NULL, "\"detail\":{\"code\":\"CountViolation\",\"count\":12},"},
        {KIND_POLL, EVENT_FIRING, NULL,
         "\"detail\":{\"cause\":\"auth\",\"hint\":\"renew it\",\"source\":\"cloud_licensing\"},"},
        {KIND_SERVICE, EVENT_FIRING, NULL,
         "\"detail\":{\"cause\":\"auth\",\"hint\":\"renew "
         "it\",\"host\":\"login.example\",\"tenants\":300,"
         "\"tenants_failing\":299,\"failing_since\":\"2026-11-22T00:00:00Z\"},"},
        {KIND_DELIVERY, EVENT_FIRING, NULL, "\"detail\":{\"receiver\":\"hook\",\"parked\":3},"},
        {KIND_STORM, EVENT_FIRING, NULL, "\"detail\":{\"receiver\":\"hook\"},"},
        {KIND_RIGHT, EVENT_FIRING, NULL,
         "\"detail\":{\"principal\":\"user a\",\"missing_plans\":[\"P\",\"Q\"]},"},
        {KIND_CREDENTIAL, EVENT_FIRING, NULL,
         "\"detail\":{\"credential\":\"certificate\",\"expires_at\":\"2026-12-01T10:00:00Z\","
         "\"cause\":"
         "\"auth\",\"client_id\":\"99999999-aaaa\",\"file\":\"/etc/"
         "app.crt\",\"tenants\":[\"contoso\","
         "\"fabrikam\"],\"tenant_count\":2,\"receivers\":[\"exo\"]},"},
        {KIND_SUBSCRIPTION, EVENT_FIRING, NULL,
         "\"detail\":{\"subscription_id\":\"d1d1d1d1-0000-4000-8000-000000000001\",\"state\":"
         "\"active\",\"next_lifecycle_date\":\"2027-01-01\"},"},
    };
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    n->context->error_code = some_text("CountViolation");
    n->context->error_count = 12;
    n->context->cause = CAUSE_AUTH;
    n->context->hint = some_text("renew it");
    n->context->receiver = some_text("hook");
    n->context->parked = 3;
    n->context->source = some_text("cloud_licensing");
    n->context->host = some_text("login.example");
    n->context->tenants = 300;
    n->context->tenants_failing = 299;
    n->context->failing_since_at = UINT64_C(1795305600) * USEC_PER_SEC;
    n->context->principal = some_text("user a");
    n->context->missing_plans = some_text("P Q");
    n->context->credential = some_text("certificate");
    n->context->client_id = some_text("99999999-aaaa");
    n->context->file = some_text("/etc/app.crt");
    n->context->used_by = some_text("contoso\nfabrikam");
    n->context->n_used_by = 2;
    n->context->receivers = some_text("exo");
    n->context->expires_at = some_time("2026-12-01T10:00:00Z");
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        n->kind = CASES[i].kind;
        n->type = CASES[i].type;
        n->reason = CASES[i].reason;
        assert_has(n, CASES[i].want);
    }
}

static void a_stored_notification_that_is_not_ours_is_refused(void **state)
{
#define PUBLIC "\"schema\":1,\"rule\":\"usage\",\"unit\":\"percent\""
#define INNER "\"type\":\"alert.firing\",\"kind\":\"capacity\",\"state\":\"firing\""
    static const struct {
        const char *why, *bytes;
        int want;
    } CASES[] = {
        {"the least there is", "{" PUBLIC ",\"_\":{" INNER "}}", 0},
        {"no type", "{" PUBLIC ",\"_\":{\"kind\":\"poll\",\"state\":\"ok\"}}", -EBADMSG},
        {"a digest, which is no single notice",
         "{" PUBLIC ",\"_\":{\"type\":\"alert.digest\",\"kind\":\"poll\",\"state\":\"ok\"}}",
         -EBADMSG},
        {"an unknown kind", "{" PUBLIC ",\"_\":{" INNER ",\"kind\":\"x\"}}", -EBADMSG},
        {"a rule that is none", "{\"schema\":1,\"rule\":\"luck\",\"_\":{" INNER "}}", -EBADMSG},
        {"an alert id that is too long",
         "{" PUBLIC ",\"alert_id\":\"5f0c2a9e41d7b8360\",\"_\":{" INNER "}}", -EBADMSG},
        {"an alert id with other characters",
         "{" PUBLIC ",\"alert_id\":\"5f0c2a9e41d7b83.\",\"_\":{" INNER "}}", -EBADMSG},
        {"an event id that could end a header",
         "{" PUBLIC ",\"_\":{" INNER ",\"event_id\":\"019ab5d1-1a2b-7c3d-8e4f-5a6b7c8d\\r\\nx:\"}}",
         -EBADMSG},
        {"a negative seq", "{" PUBLIC ",\"seq\":-1,\"_\":{" INNER "}}", -EBADMSG},
        {"an episode beyond its type", "{" PUBLIC ",\"episode\":4294967296,\"_\":{" INNER "}}",
         -EBADMSG},
        {"findings that are no rules", "{" PUBLIC ",\"findings\":[\"x\"],\"_\":{" INNER "}}",
         -EBADMSG},
        {"a title that is a number", "{" PUBLIC ",\"title\":1,\"_\":{" INNER "}}", -EBADMSG},
        {"nothing", "{}", -EBADMSG},
        {"no object", "7", -EBADMSG},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(notification_free) struct notification *n = NULL;
        int r = notification_json_unpack(CASES[i].bytes, strlen(CASES[i].bytes), &n);
        if (r != CASES[i].want || (r < 0 && n))
            fail_msg("%s: %d", CASES[i].why, r);
    }
}

static void no_allocation_may_fail_with_more_than_a_code(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    CLEANUP(free) char *bytes = NULL;
    size_t len;
    assert_int_equal(notification_json_pack(n, &bytes, &len), 0);
    int r = -ENOMEM;
    for (size_t i = 1; r == -ENOMEM; i++) {
        CLEANUP(notification_free) struct notification *back = NULL;
        alloc_fail_at(i, false);
        r = notification_json_unpack(bytes, len, &back);
        alloc_fail_at(0, false);
        assert_true(r == 0 || r == -ENOMEM);
        assert_true(i < 1000);
    }
    assert_int_equal(r, 0);
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_of_severity_info_has_no_alert),
        cmocka_unit_test(a_notification_is_the_same_after_packing_and_unpacking),
        cmocka_unit_test(in_a_row_without_it_the_rule_notified_before_is_the_present_one),
        cmocka_unit_test(a_notification_without_facts_and_numbers_survives_too),
        cmocka_unit_test(acknowledgement_survives_and_older_rows_have_none),
        cmocka_unit_test(the_reasons_that_are_used_come_back_as_literals),
        cmocka_unit_test(percentages_are_told_as_percent_and_truncated),
        cmocka_unit_test(what_does_not_apply_is_null),
        cmocka_unit_test(an_unknown_number_of_waiting_members_is_null_and_never_0),
        cmocka_unit_test(sums_of_a_sku_keep_their_numbers_without_one_pools_id),
        cmocka_unit_test(the_detail_holds_what_only_this_kind_has),
        cmocka_unit_test(a_stored_notification_that_is_not_ours_is_refused),
        cmocka_unit_test(no_allocation_may_fail_with_more_than_a_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
