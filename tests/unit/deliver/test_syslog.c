/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_syslog.c: alerts as syslog lines on a local datagram socket. */
#include "deliver/receiver.h"
#include "options.h"
#include "sink.h"

#include <regex.h>

static const struct receiver_class *const SYSLOG = &syslog_class;

static struct receiver_options options(const char *facility, const char *identifier,
                                       const char *path)
{
    struct receiver_options o = some_receiver("syslog", &syslog_class);
    some_set(&o, "facility", facility);
    some_set(&o, "identifier", identifier);
    some_set(&o, "socket", path);
    return o;
}

static char *rendered(const struct receiver_options *o, const struct notification *n,
                      const struct digest *d, size_t *ret_len)
{
    char *line = NULL;
    const struct message m = {n, d, false, n ? n->at : d->at};
    assert_int_equal(SYSLOG->render(o, &m, &line, ret_len), 0);
    return line;
}

static void the_line_says_what_a_person_needs_when_it_is_all_there_is(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    const struct receiver_options o = options("", "", "");
    size_t len;
    CLEANUP(free) char *line = rendered(&o, n, NULL, &len);
    assert_string_equal(
        line,
        "<26>critical alert.firing: contoso: Microsoft 365 E5 (CSP pool) is full, 26 waiting since "
        "02:00: 26 units needed; Order 26 units now; 166 end this alert. [event=" SOME_EVENT
        " rule=waiting value=26 threshold=25 unit=members tenant=contoso sku=SPE_E5 "
        "allotment=551f1755-0184-9e51-0bc7-f32bae5a1afb allotted=1000 consumed=1000 waiting=26 "
        "alert=5f0c2a9e41d7b836 episode=7 seq=41]");
}

static void the_priority_is_facility_and_severity(void **state)
{
    static const struct {
        const char *facility;
        enum event_type type;
        enum level level;
        const char *want;
    } CASES[] = {
        {"daemon", EVENT_FIRING, LEVEL_CRITICAL, "<26>"},
        {"daemon", EVENT_FIRING, LEVEL_WARNING, "<28>"},
        {"daemon", EVENT_RESOLVED, LEVEL_CRITICAL, "<29>"},
        {"user", EVENT_FIRING, LEVEL_WARNING, "<12>"},
        {"local0", EVENT_REMINDER, LEVEL_WARNING, "<132>"},
        {"local7", EVENT_ESCALATED, LEVEL_CRITICAL, "<186>"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(notification_free) struct notification *n = some_notification();
        const struct receiver_options o = options(CASES[i].facility, "", "");
        size_t len;
        n->type = CASES[i].type;
        n->level = CASES[i].level;
        CLEANUP(free) char *line = rendered(&o, n, NULL, &len);
        if (strncmp(line, CASES[i].want, strlen(CASES[i].want)) != 0)
            fail_msg("%s: %s", CASES[i].want, line);
    }
}

static void an_event_of_severity_info_names_no_alert(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_info();
    const struct receiver_options o = options("", "", "");
    size_t len;
    CLEANUP(free) char *line = rendered(&o, n, NULL, &len);
    assert_ptr_equal(strstr(line, "<30>info alert.info: contoso: "), line);
    assert_non_null(strstr(line, " rule=inventory value=100 unit=units tenant=contoso"));
    assert_null(strstr(line, " alert="));
    assert_null(strstr(line, " seq="));
}

static void foreign_text_stays_on_one_line_and_inside_its_quotes(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    const struct receiver_options o = options("", "", "");
    size_t len;
    some_replace(&n->context->tenant_name, "two\nlines\" severity=none");
    some_replace(&n->title, "first\r\n<0>second");
    CLEANUP(free) char *line = rendered(&o, n, NULL, &len);
    assert_null(strpbrk(line, "\r\n"));
    assert_non_null(strstr(line, "tenant=\"two\\u{a}lines' severity=none\""));
}

static void a_digest_is_one_line_that_names_every_alert(void **state)
{
    (void)state;
    static const char *const UNITS[] = {"x", "\x01", "\xf0\x9f\x98\x80"};
    for (size_t i = 0; i < N_ELEMENTS(UNITS); i++) {
        CLEANUP(digest_free) struct digest *d = some_digest(DIGEST_LINES);
        CLEANUP(free) char *flood = some_flood(UNITS[i], 2000);
        const struct receiver_options o = options("", "", "");
        size_t len;
        for (size_t k = 0; k < d->n_notifications; k++)
            some_replace(&d->notification[k]->title, flood);
        some_replace(&d->title, flood);
        CLEANUP(free) char *line = rendered(&o, NULL, d, &len);
        assert_true(len <= 8192);
        for (size_t k = 0; k < d->n_notifications; k++)
            assert_non_null(strstr(line, d->notification[k]->alert_id));
    }
}

/* ---- the socket ---- */

static struct receiver_handle *opened(const struct receiver_options *o)
{
    struct receiver_handle *handle = NULL;
    assert_int_equal(SYSLOG->transport->open(o, NULL, &handle, NULL), 0);
    return handle;
}

static enum answer_class sent(struct receiver_handle *handle, const char *line)
{
    struct answer a = {0};
    const struct payload l = {.event_id = SOME_EVENT,
                              .body = line,
                              .len = strlen(line),
                              .now.at = some_time("2026-11-02T01:02:03Z")};
    assert_int_equal(SYSLOG->transport->send(handle, &l, &a, NULL, NULL), 1);
    assert_true(a.text[0]);
    return a.class;
}

static void the_datagram_has_the_old_format_that_local_daemons_read(void **state)
{
    (void)state;
    struct sink s = sink_new(true);
    const struct receiver_options o = options("local3", "seats", s.path);
    struct receiver_handle *handle = opened(&o);
    char got[1024], want[128];
    regex_t re;
    assert_int_equal(sent(handle, "<154>critical: text"), ANSWER_OK);
    assert_true(sink_take(&s, got, sizeof got) > 0);
    (void)snprintf(want, sizeof want,
                   "^<154>Nov  [123] [0-9]{2}:[0-9]{2}:03 seats\\[%d\\]: critical: text$",
                   (int)getpid());
    assert_int_equal(regcomp(&re, want, REG_EXTENDED | REG_NOSUB), 0);
    if (regexec(&re, got, 0, NULL, 0) != 0)
        fail_msg("%s does not match %s", got, want);
    regfree(&re);
    SYSLOG->transport->close(handle);
    sink_free(&s);
}

static void a_frozen_daemon_never_blocks_and_takes_the_line_later(void **state)
{
    (void)state;
    struct sink s = sink_new(true);
    const struct receiver_options o = options("", "", s.path);
    struct receiver_handle *handle = opened(&o);
    char got[1024];
    size_t sends = 0;
    enum answer_class class;
    do
        class = sent(handle, "<26>text");
    while (class == ANSWER_OK && ++sends < 100000);
    assert_int_equal(class, ANSWER_BUSY);
    while (sink_take(&s, got, sizeof got) > 0)
        ;
    assert_int_equal(sent(handle, "<26>text"), ANSWER_OK);
    SYSLOG->transport->close(handle);
    sink_free(&s);
}

static void a_missing_daemon_is_seen_and_a_restarted_one_is_found(void **state)
{
    (void)state;
    struct sink s = sink_new(false);
    const struct receiver_options o = options("", "", s.path);
    struct receiver_handle *handle = opened(&o);
    char got[1024];
    assert_int_equal(sent(handle, "<26>no socket"), ANSWER_BUSY);
    sink_listen(&s);
    assert_int_equal(sent(handle, "<26>first"), ANSWER_OK);
    assert_true(sink_take(&s, got, sizeof got) > 0);
    sink_stop(&s);
    assert_int_equal(sent(handle, "<26>nobody listens"), ANSWER_BUSY);
    assert_int_equal(unlink(s.path), 0);
    sink_listen(&s);
    assert_int_equal(sent(handle, "<26>second"), ANSWER_OK);
    assert_true(sink_take(&s, got, sizeof got) > 0);
    assert_non_null(strstr(got, "second"));
    SYSLOG->transport->close(handle);
    sink_free(&s);
}

static void a_stored_line_that_is_not_ours_is_never_sent(void **state)
{
    static const char *const LINES[] = {"", "x", "<26", "text", "<1234567>"};
    (void)state;
    struct sink s = sink_new(true);
    const struct receiver_options o = options("", "", s.path);
    struct receiver_handle *handle = opened(&o);
    char got[64];
    for (size_t i = 0; i < N_ELEMENTS(LINES); i++)
        assert_int_equal(sent(handle, LINES[i]), ANSWER_PERMANENT);
    assert_int_equal(sink_take(&s, got, sizeof got), 0);
    SYSLOG->transport->close(handle);
    sink_free(&s);
}

static void mistakes_of_the_configuration_are_found_before_the_start(void **state)
{
    (void)state;
    CLEANUP(free) char *path = some_flood("/x", 60), *name = some_flood("n", 49);
    const struct {
        const char *why;
        struct receiver_options o;
        bool good;
    } CASES[] = {
        {"nothing given", options(NULL, NULL, NULL), true},
        {"all given", options("local5", "seats-prod", "/run/log"), true},
        {"an unknown facility", options("demon", "", ""), false},
        {"the kernel's facility", options("kern", "", ""), false},
        {"an identifier with a blank", options("", "my seats", ""), false},
        {"an identifier with a bracket", options("", "seats[1]", ""), false},
        {"an identifier with a newline", options("", "a\nb", ""), false},
        {"a long identifier", options("", name, ""), false},
        {"a long path", options("", "", path), false},
    };
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure why = {0};
        int r = deliver_check(&CASES[i].o, &why);
        if ((r >= 0) != CASES[i].good || (r < 0 && why.kind != FAILURE_CONFIG))
            fail_msg("%s: %s", CASES[i].why, why.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_says_what_a_person_needs_when_it_is_all_there_is),
        cmocka_unit_test(the_priority_is_facility_and_severity),
        cmocka_unit_test(an_event_of_severity_info_names_no_alert),
        cmocka_unit_test(foreign_text_stays_on_one_line_and_inside_its_quotes),
        cmocka_unit_test(a_digest_is_one_line_that_names_every_alert),
        cmocka_unit_test(the_datagram_has_the_old_format_that_local_daemons_read),
        cmocka_unit_test(a_frozen_daemon_never_blocks_and_takes_the_line_later),
        cmocka_unit_test(a_missing_daemon_is_seen_and_a_restarted_one_is_found),
        cmocka_unit_test(a_stored_line_that_is_not_ours_is_never_sent),
        cmocka_unit_test(mistakes_of_the_configuration_are_found_before_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
