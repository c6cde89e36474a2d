/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_webhook.c: webhook bodies, byte for byte, and within their limit. */
#include "deliver/receiver.h"
#include "deliver/late_prefix.h"
#include "deliver/links.h"
#include "deliver/webhook.h"
#include "some.h"
#include "json/json.h"

#define GOLDEN FIXTURES "/golden/"
static const struct links LINKS = {.status_url = (char *)"https://status.example/{alert_id}",
                                   .runbook_url = (char *)"https://wiki.example/seats"};

static void assert_golden(const char *file, const char *body, size_t len)
{
    CLEANUP(free) char *path = text_printf(GOLDEN "%s", file);
    if (getenv("GOLDEN_WRITE")) /* then read the difference before committing it */
        some_write(path, body);
    CLEANUP(free) char *want = some_file(path);
    assert_int_equal(strlen(body), len);
    assert_string_equal(body, want);
}

/* As long as a configuration may make them. */
static const struct links *long_links(void)
{
    static char url[4096];
    memset(url, 'x', sizeof url - 1);
    memcpy(url, "https://s.example/{alert_id}/", strlen("https://s.example/{alert_id}/"));
    static const struct links LONG = {.status_url = url, .runbook_url = url, .silence_url = url};
    return &LONG;
}
static const struct links *links = &LINKS; /* of the bodies below */

/* `combined`: a resolved message whose firing message was not delivered. */
static int alert_body(const struct notification *n, bool combined, char **ret, size_t *ret_len)
{
    const struct message m = {.notification = n, .combined = combined, .now_at = n->at};
    return webhook_body(&m, links, ret, ret_len);
}

static int digest_body(const struct digest *d, char **ret, size_t *ret_len)
{
    const struct message m = {.digest = d, .now_at = d->at};
    return webhook_body(&m, links, ret, ret_len);
}

static void assert_notification_golden(const char *file, const struct notification *n,
                                       bool combined)
{
    CLEANUP(free) char *body = NULL;
    size_t len;
    assert_int_equal(alert_body(n, combined, &body, &len), 0);
    assert_golden(file, body, len);
}

static void the_alert_of_the_specification_has_its_bytes(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    assert_notification_golden("alert-firing.json", n, false);
}

static struct notification *resolved_usage(void)
{
    struct notification *n = some_notification();
    n->type = EVENT_RESOLVED;
    n->state = ALERT_OK;
    n->level = n->previous = LEVEL_WARNING;
    n->rule = RULE_USAGE;
    n->unit = UNIT_PERCENT;
    n->value = 8712;
    n->threshold = 9000;
    memset(n->finding, 0, sizeof n->finding);
    n->context->consumed = 871;
    n->context->waiting = n->context->units_to_unblock = n->context->units_to_buy = 0;
    n->context->oldest_at = 0;
    some_replace(&n->title, "contoso: resolved after 31 min: Microsoft 365 E5 (CSP pool)");
    return n;
}

static void an_event_of_severity_info_has_its_bytes(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_info();
    assert_notification_golden("alert-info.json", n, false);
}

static void the_end_of_an_alert_has_its_bytes(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = resolved_usage();
    assert_notification_golden("alert-resolved.json", n, false);
    assert_notification_golden("alert-resolved-combined.json", n, true);
}

static void an_alert_about_the_tenant_has_nulls_and_its_detail(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    struct alert_context *f = NULL;
    assert_int_equal(context_new(&f), 0);
    f->tenant_name = some_text("contoso");
    f->tenant_id = some_text(SOME_TENANT_ID);
    f->cause = CAUSE_PERMISSION;
    f->hint = some_text("Grant Directory.Read.All to the application.");
    f->source = some_text("cloud_licensing");
    context_free(n->context);
    n->context = f;
    n->kind = KIND_POLL;
    n->rule = RULE_POLL;
    n->level = LEVEL_WARNING;
    n->value = 3720;
    n->threshold = 3600;
    n->unit = UNIT_SECONDS;
    memset(n->finding, 0, sizeof n->finding);
    n->finding[RULE_POLL] = true;
    assert_notification_golden("alert-poll.json", n, false);
}

static void an_outage_belongs_to_no_tenant_and_counts_them(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    struct alert_context *f = NULL;
    assert_int_equal(context_new(&f), 0);
    f->cause = CAUSE_NETWORK;
    f->hint = some_text("Graph or the network path to it is failing");
    f->host = some_text("graph.microsoft.com");
    f->tenants = 300;
    f->tenants_failing = 290;
    f->tenants_read = 10;
    f->failing_since_at = n->at - USEC_PER_HOUR;
    context_free(n->context);
    n->context = f;
    n->kind = KIND_SERVICE;
    n->rule = RULE_SERVICE;
    n->level = LEVEL_WARNING;
    n->value = 290;
    n->threshold = 150;
    n->unit = UNIT_TENANTS;
    memset(n->finding, 0, sizeof n->finding);
    n->finding[RULE_SERVICE] = true;
    assert_int_equal(notification_write_texts(n), 0);
    assert_notification_golden("alert-service.json", n, false);
}

static void a_lost_right_names_its_principal_its_plans_and_where_it_waits(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    struct alert_context *f = n->context;
    some_replace(&f->allotment_name, NULL);
    f->allotted = f->consumed = f->waiting = NUMBER_UNKNOWN;
    f->units_to_unblock = f->units_to_buy = NUMBER_UNKNOWN;
    free(f->subscription[0].id);
    free(f->subscription[0].state);
    free(f->subscription[0].tags);
    f->n_subscriptions = 0;
    f->principal = some_text("user 7c00a6e3c1b6");
    f->missing_plans = some_text("EXCHANGE_S_ENTERPRISE TEAMS1");
    f->cause = CAUSE_WAITING;
    n->kind = KIND_RIGHT;
    n->rule = RULE_USAGE_RIGHT;
    n->value = 2;
    n->threshold = 1;
    n->unit = UNIT_ENTRIES;
    memset(n->finding, 0, sizeof n->finding);
    n->finding[RULE_USAGE_RIGHT] = true;
    assert_int_equal(notification_write_texts(n), 0);
    assert_notification_golden("alert-right.json", n, false);
}

static void a_credential_that_ends_says_when_whose_it_is_and_who_rests_on_it(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    context_free(n->context);
    assert_int_equal(context_new(&n->context), 0);
    struct alert_context *f = n->context;
    f->utc_offset = 3600;
    f->zone = some_text("CET");
    f->credential = some_text("client_secret");
    f->client_id = some_text("99999999-aaaa-4bbb-8ccc-dddddddddddd");
    f->file = some_text("/etc/seatwatchd/partner.secret");
    f->used_by = some_text("contoso\nfabrikam");
    f->n_used_by = 2;
    f->expires_at = some_time("2026-11-28T22:15:00Z");
    f->observed_at = some_time("2026-11-22T01:02:00Z");
    n->kind = KIND_CREDENTIAL;
    n->rule = RULE_CREDENTIAL;
    n->value = 6;
    n->threshold = 7;
    n->unit = UNIT_DAYS;
    memset(n->finding, 0, sizeof n->finding);
    n->finding[RULE_CREDENTIAL] = true;
    assert_int_equal(notification_write_texts(n), 0);
    assert_notification_golden("alert-credential.json", n, false);
}

static void a_digest_has_its_bytes(void **state)
{
    (void)state;
    CLEANUP(digest_free) struct digest *d = some_digest(2);
    CLEANUP(free) char *body = NULL;
    size_t len;
    assert_int_equal(digest_body(d, &body, &len), 0);
    assert_golden("alert-digest.json", body, len);
}

static void a_test_message_has_the_shape_of_an_alert(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = NULL;
    assert_int_equal(test_notification("hook", some_time(SOME_AT), &n), 0);
    assert_notification_golden("receiver-test.json", n, false);
}

/* Every byte of it becomes six in JSON. */
static void swell(struct notification *n, const char *unit, size_t times)
{
    char *flood = some_flood(unit, times);
    char **const members[] = {&n->title,
                              &n->summary,
                              &n->description,
                              &n->next_step,
                              &n->context->tenant_name,
                              &n->context->tenant_id,
                              &n->context->allotment_id,
                              &n->context->allotment_name,
                              &n->context->sku_id,
                              &n->context->sku_part_number,
                              &n->context->sku_name,
                              &n->context->subscription[0].id,
                              &n->context->subscription[0].state,
                              &n->context->label[0].value};
    for (size_t i = 0; i < N_ELEMENTS(members); i++)
        some_replace(members[i], flood);
    free(flood);
}

static void subscribe(struct alert_context *f, size_t n)
{
    struct context_subscription first = f->subscription[0];
    free(f->subscription);
    f->subscription = alloc_zero(n, sizeof *f->subscription);
    f->subscription[0] = first;
    for (f->n_subscriptions = 1; f->n_subscriptions < n; f->n_subscriptions++)
        f->subscription[f->n_subscriptions] = (struct context_subscription){
            some_text(first.id), some_text(first.state), some_text("none"), 20454, 20819};
}

static void assert_bounded(const char *body, size_t len, const char *why)
{
    CLEANUP(json_free) struct json *root = NULL;
    if (len > WEBHOOK_BODY_MAX)
        fail_msg("%s: %zu bytes", why, len);
    assert_int_equal(json_parse(body, len, &root, NULL), 0);
    assert_non_null(json_get(root, "data"));
}

static void no_alert_makes_a_body_beyond_the_limit(void **state)
{
    static const char *const UNITS[] = {"x", "\x01", "\"", "\xf0\x9f\x98\x80", "\xff", "a\n"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(UNITS); i++)
        for (size_t times = 1; times <= 65536; times *= 4) {
            CLEANUP(notification_free) struct notification *n = some_notification();
            CLEANUP(free) char *body = NULL;
            size_t len;
            links = times % 16 ? &LINKS : long_links();
            subscribe(n->context, CONTEXT_SUBSCRIPTIONS_MAX);
            swell(n, UNITS[i], times);
            assert_int_equal(alert_body(n, times == 16, &body, &len), 0);
            assert_bounded(body, len, UNITS[i]);
        }
    links = &LINKS;
}

static void ids_with_invisible_characters_show_them(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    some_replace(&n->context->allotment_id, "a\xc2\x9b"
                                            "31m\xe2\x80\xae\xe2\x80\x8b");
    some_replace(&n->context->subscription[0].id, "s\xe2\x80\xaf\xe2\x80\xa8");
    CLEANUP(free) char *body = NULL;
    size_t len;
    assert_int_equal(alert_body(n, false, &body, &len), 0);
    assert_non_null(strstr(body, "\"id\":\"a\\\\u{9b}31m\\\\u{202e}\\\\u{200b}\""));
    assert_non_null(strstr(body, "\\\\u{2028}\""));
    assert_null(strstr(body, "\xc2\x9b"));
    assert_null(strstr(body, "\xe2\x80\xae"));
}

static void a_list_that_was_shortened_is_said_to_be(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    CLEANUP(free) char *body = NULL, *flood = some_flood("x", 3900), *id = some_flood("i", 500);
    size_t len;
    some_replace(&n->context->subscription[0].id, id);
    some_replace(&n->context->subscription[0].state, flood);
    some_replace(&n->summary, flood);
    subscribe(n->context, CONTEXT_SUBSCRIPTIONS_MAX);
    assert_int_equal(alert_body(n, false, &body, &len), 0);
    assert_bounded(body, len, "20 long subscriptions");
    assert_non_null(strstr(body, "(shortened: 5 of 20 subscriptions are listed) All 1000 units"));
    assert_non_null(strstr(body, "26 units needed")); /* what matters is still there */
}

/* I8: the parts of a digest name every event, whatever the names in it are. */
static void a_full_digest_names_every_alert_within_the_limit(void **state)
{
    static const char *const UNITS[] = {"x", "\x01", "\xff"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(UNITS); i++)
        for (size_t times = 1; times <= 4096; times *= 8) {
            CLEANUP(digest_free) struct digest *d = some_digest(DIGEST_LINES);
            CLEANUP(free) char *body = NULL;
            size_t len;
            links = times % 64 ? &LINKS : long_links();
            for (size_t k = 0; k < d->n_notifications; k++)
                swell(d->notification[k], UNITS[i], times);
            assert_int_equal(digest_body(d, &body, &len), 0);
            assert_bounded(body, len, UNITS[i]);
            for (size_t k = 0; k < d->n_notifications; k++)
                assert_non_null(strstr(body, d->notification[k]->alert_id));
        }
    links = &LINKS;
}

static void an_ordinary_full_digest_keeps_titles_and_next_steps(void **state)
{
    (void)state;
    CLEANUP(digest_free) struct digest *d = some_digest(DIGEST_LINES);
    CLEANUP(free) char *body = NULL;
    size_t len, titles = 0;
    assert_int_equal(digest_body(d, &body, &len), 0);
    assert_bounded(body, len, "20 ordinary alerts");
    for (const char *at = body; (at = strstr(at, "26 units needed\"")); at++)
        titles++;
    assert_int_equal(titles, DIGEST_LINES);
}

static void a_message_that_comes_late_says_so_first(void **state)
{
    (void)state;
    CLEANUP(notification_free)
    struct notification *n = some_notification(),
                        *on_time = NULL, *late = NULL;
    assert_int_equal(late_prefix(n, false, n->at + LATE_AFTER, &on_time), 0);
    assert_null(on_time); /* no copy */
    assert_int_equal(late_prefix(n, false, n->at + LATE_AFTER + USEC_PER_HOUR, &late), 1);
    assert_ptr_equal(strstr(late->title, "(13 h late) contoso: "), late->title);
    assert_ptr_equal(strstr(late->description,
                            "13 h late: this message is from 2026-11-22T01:02:03Z.\nAll 1000"),
                     late->description);
    /* A clock that was set back makes nothing late. */
    CLEANUP(notification_free) struct notification *back = NULL;
    assert_int_equal(late_prefix(n, false, 0, &back), 0);
    assert_null(back);
}

static void a_combined_message_tells_when_it_fired_and_when_it_ended(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = resolved_usage(), *told = NULL;
    assert_int_equal(late_prefix(n, true, n->at, &told), 1);
    assert_ptr_equal(strstr(told->title, "(delayed) contoso: resolved"), told->title);
    assert_ptr_equal(strstr(told->summary, "Fired 01:31 CET, resolved 02:02 CET (delayed"), told->summary);
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_alert_of_the_specification_has_its_bytes),
        cmocka_unit_test(an_event_of_severity_info_has_its_bytes),
        cmocka_unit_test(the_end_of_an_alert_has_its_bytes),
        cmocka_unit_test(an_alert_about_the_tenant_has_nulls_and_its_detail),
        cmocka_unit_test(an_outage_belongs_to_no_tenant_and_counts_them),
        cmocka_unit_test(a_lost_right_names_its_principal_its_plans_and_where_it_waits),
        cmocka_unit_test(a_credential_that_ends_says_when_whose_it_is_and_who_rests_on_it),
        cmocka_unit_test(a_digest_has_its_bytes),
        cmocka_unit_test(a_test_message_has_the_shape_of_an_alert),
        cmocka_unit_test(no_alert_makes_a_body_beyond_the_limit),
        cmocka_unit_test(ids_with_invisible_characters_show_them),
        cmocka_unit_test(a_list_that_was_shortened_is_said_to_be),
        cmocka_unit_test(a_full_digest_names_every_alert_within_the_limit),
        cmocka_unit_test(an_ordinary_full_digest_keeps_titles_and_next_steps),
        cmocka_unit_test(a_message_that_comes_late_says_so_first),
        cmocka_unit_test(a_combined_message_tells_when_it_fired_and_when_it_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
