/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_links.c: links of the configuration, checked and filled. */
#include "deliver/links.h"
#include "json/json.h"
#include "some.h"

static void links_are_absolute_urls_with_known_placeholders(void **state)
{
    static const struct {
        const char *text;
        bool good;
        const char *says;
    } CASES[] = {
        {"", true, NULL},
        {"https://status.example/a", true, NULL},
        {"http://intranet.example/{alert_id}/{rule}?t={tenant}&s={sku}", true, NULL},
        {"https://status.example/{alert}", false, "write {alert_id}"},
        {"https://status.example/{alert_id", false, "unclosed"},
        {"status.example/{alert_id}", false, NULL},
        {"javascript:alert(1)", false, NULL},
        {"https://user:pw@status.example/", false, NULL},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure why = {0};
        if ((link_check(CASES[i].text, &why) >= 0) != CASES[i].good)
            fail_msg("%s: %s", CASES[i].text, why.text);
        if (CASES[i].says && !strstr(why.text, CASES[i].says))
            fail_msg("%s: %s", CASES[i].text, why.text);
    }
}

static void assert_filled(const char *text, const struct notification *n, const char *want)
{
    CLEANUP(free) char *url = NULL;
    assert_int_equal(link_fill(text, n, &url), 0);
    if (!text_equal(url, want))
        fail_msg("%s: %s, want %s", text, url ? url : "(none)", want ? want : "(none)");
}

static void values_are_percent_encoded_and_missing_ones_are_empty(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    assert_filled("https://s.example/{alert_id}/{rule}/{tenant}/{sku}#x", n,
                  "https://s.example/5f0c2a9e41d7b836/waiting/contoso/SPE_E5#x");
    some_replace(&n->context->tenant_name, "M\xc3\xbcller & Co/..?");
    some_replace(&n->context->sku_part_number, NULL);
    assert_filled("https://s.example/?t={tenant}&s={sku}", n,
                  "https://s.example/?t=M%C3%BCller%20%26%20Co%2F..%3F&s="
                  "06ebc4ee-1bb5-47dd-8120-11324bc54e06");
    n->alert_id[0] = '\0'; /* an event of severity info: a link to its alert would lead nowhere */
    assert_filled("https://s.example/{alert_id}", n, NULL);
    assert_filled("https://s.example/{rule}", n, "https://s.example/waiting");
    context_free(TAKE(n->context));
    assert_filled("https://s.example/{alert_id}", n, NULL); /* a test message */
    assert_filled("https://s.example/", n, "https://s.example/");
    assert_filled("", n, NULL);
    assert_filled(NULL, n, NULL);
}

static void a_digest_has_only_links_without_placeholders(void **state)
{
    (void)state;
    assert_filled("https://s.example/", NULL, "https://s.example/");
    assert_filled("https://s.example/{alert_id}", NULL, NULL);
}

static void the_member_links_has_each_link_or_null(void **state)
{
    static const struct links NONE, ONE = {.status_url = (char *)"https://s.example/{alert_id}", .runbook_url = (char *)""};
    static const struct {
        const struct links *links;
        bool alert;
        size_t max;
        const char *want;
    } CASES[] = {
        {NULL, true, 100, "{\"links\":null}"},
        {&NONE, true, 100, "{\"links\":null}"},
        {&ONE, true, 100,
         "{\"links\":{\"status_url\":\"https://s.example/5f0c2a9e41d7b836\",\"runbook_url\":null,\"silence_url\":null}}"},
        {&ONE, true, 10, "{\"links\":{\"status_url\":null,\"runbook_url\":null,\"silence_url\":null}}"},
        {&ONE, false, 100, "{\"links\":{\"status_url\":null,\"runbook_url\":null,\"silence_url\":null}}"},
    };
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(1000);
        CLEANUP(free) char *body = NULL;
        size_t len;
        json_open_object(w, NULL);
        links_put(w, CASES[i].links, CASES[i].alert ? n : NULL, CASES[i].max);
        json_close_object(w);
        assert_int_equal(json_write_take(w, &body, &len), 0);
        assert_string_equal(body, CASES[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_are_absolute_urls_with_known_placeholders),
        cmocka_unit_test(values_are_percent_encoded_and_missing_ones_are_empty),
        cmocka_unit_test(a_digest_has_only_links_without_placeholders),
        cmocka_unit_test(the_member_links_has_each_link_or_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
