/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_syslog_5424.c: messages for a syslog server. rsyslog reads them in
 * scenarios/test_sinks.py. */
#include "deliver/syslog.h"
#include "options.h"
#include "some.h"
#include <inttypes.h>
#include <unistd.h>

static struct receiver_options options(const char *server)
{
    struct receiver_options o = some_receiver("siem", &syslog_class);
    some_set(&o, "server", server);
    some_set(&o, "sd_id", "seatwatch@64000");
    some_set(&o, "facility", "local0");
    return o;
}

static char *rendered(const char *server, const struct notification *n, const struct digest *d,
                      size_t *ret_len)
{
    const struct receiver_options o = options(server);
    const struct message m = {.notification = n, .digest = d, .now_at = n ? n->at : d->at};
    char *body = NULL;
    assert_int_equal(receiver_render(&o, &m, &body, ret_len), 0);
    assert_int_equal(strlen(body), *ret_len);
    return body;
}

static void a_message_has_the_time_of_the_event_and_structured_data(void **state)
{
    (void)state;
    size_t len;
    char host[256];
    CLEANUP(notification_free) struct notification *n = some_notification();
    CLEANUP(free) char *got = rendered("tls://siem.example:6514", n, NULL, &len);
    assert_int_equal(gethostname(host, sizeof host), 0);
    const char *version = strstr(got, "swVersion=\"") + strlen("swVersion=\"");
    CLEANUP(free)
    char *want = text_printf(
        "<130>1 2026-11-22T01:02:03.456789Z %s seatwatchd %d alert.firing [seatwatch@64000 "
        "event_id=\"" SOME_EVENT "\" alert_id=\"5f0c2a9e41d7b836\" episode=\"7\" seq=\"41\" "
        "state=\"firing\" severity=\"critical\" rule=\"waiting\" value=\"26\" threshold=\"25\" "
        "unit=\"members\" tenant=\"contoso\" tenant_id=\"" SOME_TENANT_ID "\" sku=\"SPE_E5\" "
        "allotment_id=\"551f1755-0184-9e51-0bc7-f32bae5a1afb\" allotment=\"CSP pool\" "
        "allotted_units=\"1000\" consumed_units=\"1000\" waiting_members=\"26\" "
        "units_to_unblock=\"26\" units_to_buy=\"166\"]"
        "[origin software=\"seatwatchd\" swVersion=\"%.*s\"] \xef\xbb\xbf"
        "contoso: Microsoft 365 E5 (CSP pool) is full, 26 waiting since 02:00: 26 units needed; "
        "Order 26 units now; 166 end this alert.",
        host, (int)getpid(), (int)strcspn(version, "\""), version);
    assert_string_equal(got, want);
}

static void values_are_escaped_as_the_standard_says_and_nothing_breaks_the_line(void **state)
{
    (void)state;
    size_t len;
    CLEANUP(notification_free) struct notification *n = some_notification();
    some_replace(&n->context->allotment_name, "a\"b\\c]d\ne\xe2\x80\xae");
    some_replace(&n->title, "one\r\ntwo");
    CLEANUP(free) char *got = rendered("tcp://127.0.0.1:601", n, NULL, &len);
    assert_non_null(strstr(got, " allotment=\"a\\\"b\\\\c\\]d\\\\u{a}e\\\\u{202e}\""));
    assert_null(strpbrk(got, "\r\n"));
}

static void an_event_of_severity_info_names_no_alert(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_info();
    size_t len;
    CLEANUP(free) char *got = rendered("tcp://127.0.0.1:601", n, NULL, &len);
    assert_non_null(strstr(got, " event_id=\"" SOME_EVENT "\" severity=\"info\" rule=\"inventory\" value=\"100\""));
    assert_null(strstr(got, "alert_id="));
}

/* Structured data stays whole; the text is cut on a code point boundary. */
static void a_message_stays_below_the_limit_of_its_transport(void **state)
{
    (void)state;
    static const struct {
        const char *server;
        size_t min, max;
    } CASES[] = {{"tls://siem.example:6514", 5000, 8192}, {"udp://192.0.2.1:514", 2044, 2048}};
    CLEANUP(digest_free) struct digest *d = some_digest(20);
    CLEANUP(free) char *flood = some_flood("\xc3\xa4", 3000);
    for (size_t i = 0; i < d->n_notifications; i++)
        some_replace(&d->notification[i]->title, flood);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        size_t len;
        CLEANUP(free) char *got = rendered(CASES[i].server, NULL, d, &len);
        assert_true(len <= CASES[i].max && len > CASES[i].min);
        assert_true(text_is_utf8(got, len));
        assert_non_null(strstr(got, " digest_id=\"" SOME_DIGEST "\" part=\"1\" parts=\"2\""));
    }
}

static void mistakes_in_the_options_say_what_to_write(void **state)
{
    static const struct {
        const char *server, *sd_id, *certificate, *says;
    } CASES[] = {
        {"tls://siem.example:6514", "seatwatch@64000", "", NULL},
        {"tcp://[::1]:601", "seatwatch@64000.1", "", NULL},
        {"udp://192.0.2.1:514", "a@1", "", NULL},
        {"udp://siem.example:514", "a@1", "", "needs the address"},
        {"https://siem.example:514", "a@1", "", "not a syslog server"},
        {"tls://siem.example", "a@1", "", "not a syslog server"},
        {"tls://siem.example:0", "a@1", "", "not a syslog server"},
        {"tls://siem.example:65536", "a@1", "", "not a syslog server"},
        {"tls://siem.example:6514/", "a@1", "", "not a syslog server"},
        {"tls://user@siem.example:6514", "a@1", "", "not a syslog server"},
        {"tls://::1:6514", "a@1", "", "not a syslog server"},
        {"tls://siem.example:6514", "", "", "needs sd_id"},
        {"tls://siem.example:6514", "origin", "", "NAME@NUMBER"},
        {"tls://siem.example:6514", "a b@1", "", "NAME@NUMBER"},
        {"tls://siem.example:6514", "a@", "", "NAME@NUMBER"},
        {"tls://siem.example:6514", "a@1", "siem.crt", "add private_key_file"},
        {"", "a@1", "", "no effect without a server"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure why = {0};
        struct receiver_options o = options(CASES[i].server);
        some_set(&o, "sd_id", CASES[i].sd_id);
        some_set(&o, "certificate_file", CASES[i].certificate);
        int r = deliver_check(&o, &why);
        if ((r < 0) != (CASES[i].says != NULL) || (r < 0 && !strstr(why.text, CASES[i].says)))
            fail_msg("case %zu: %s", i, why.text);
    }
}

static void a_frame_begins_with_its_octets(void **state)
{
    (void)state;
    struct text t = TEXT_INIT(100);
    syslog_frame_octets(&(struct payload){.body = "<34>1 - - - - - -", .len = 17}, &t);
    assert_string_equal(t.data, "17 <34>1 - - - - - -"); /* RFC 6587's own example */
    text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_has_the_time_of_the_event_and_structured_data),
        cmocka_unit_test(values_are_escaped_as_the_standard_says_and_nothing_breaks_the_line),
        cmocka_unit_test(an_event_of_severity_info_names_no_alert),
        cmocka_unit_test(a_message_stays_below_the_limit_of_its_transport),
        cmocka_unit_test(mistakes_in_the_options_say_what_to_write),
        cmocka_unit_test(a_frame_begins_with_its_octets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
