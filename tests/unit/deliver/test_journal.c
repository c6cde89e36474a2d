/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_journal.c: alerts as journal entries, read back by a parser of the native
 * protocol that shares nothing with the writer. */
#include "base/log.h"
#include "base/message_ids.h"
#include "deliver/receiver.h"
#include "options.h"
#include "sink.h"

static const struct receiver_class *const JOURNAL = &journal_class;

/* systemd.io/JOURNAL_NATIVE_PROTOCOL: the value of `name` (first one), NULL if it is not there. */
static char *field(const char *entry, size_t len, const char *name)
{
    const char *at = entry, *end = entry + len;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        assert_non_null(stop);
        const char *equals = memchr(at, '=', (size_t)(stop - at));
        const char *value = equals ? equals + 1 : stop + 1 + 8;
        size_t name_len = (size_t)((equals ? equals : stop) - at), size = 0;
        if (equals)
            size = (size_t)(stop - value);
        else
            for (int i = 0; i < 8; i++)
                size |= (size_t)(unsigned char)stop[1 + i] << 8 * i;
        assert_true(value + size < end);
        assert_true(value[size] == '\n');
        if (name_len == strlen(name) && memcmp(at, name, name_len) == 0)
            return strndup(value, size);
        at = value + size + 1;
    }
    return NULL;
}

static void assert_field(const char *entry, size_t len, const char *name, const char *want)
{
    CLEANUP(free) char *got = field(entry, len, name);
    if (!text_equal(got, want))
        fail_msg("%s: %s, want %s", name, got ? got : "(none)", want ? want : "(none)");
}

static char *rendered(const struct notification *n, const struct digest *d, bool combined,
                      size_t *ret_len)
{
    char *entry = NULL;
    const struct receiver_options o = some_receiver("journal", &journal_class);
    const struct message m = {n, d, combined, n ? n->at : d->at};
    assert_int_equal(JOURNAL->render(&o, &m, &entry, ret_len), 0);
    return entry;
}

static void an_alert_has_every_field_of_the_specification(void **state)
{
    static const struct {
        const char *name, *want;
    } CASES[] = {
        {"MESSAGE",
         "critical firing: contoso: Microsoft 365 E5 (CSP pool) is full, 26 waiting since 02:00: 26 units "
         "needed\nAll 1000 units are used.\n26 members wait, the first since 02:00.\n"
         "Order 26 units now; 166 end this alert."},
        {"PRIORITY", "2"},
        {"MESSAGE_ID", MESSAGE_ALERT_FIRING},
        {"SYSLOG_IDENTIFIER", "seatwatchd"},
        {"SYSLOG_FACILITY", "3"},
        {"SEATWATCH_EVENT", "alert.firing"},
        {"SEATWATCH_EVENT_ID", SOME_EVENT},
        {"SEATWATCH_SEQ", "41"},
        {"SEATWATCH_ALERT_ID", "5f0c2a9e41d7b836"},
        {"SEATWATCH_EPISODE", "7"},
        {"SEATWATCH_RULE", "waiting"},
        {"SEATWATCH_STATE", "firing"},
        {"SEATWATCH_SEVERITY", "critical"},
        {"SEATWATCH_TENANT", "contoso"},
        {"SEATWATCH_TENANT_ID", SOME_TENANT_ID},
        {"SEATWATCH_SKU", "SPE_E5"},
        {"SEATWATCH_ALLOTMENT_ID", "551f1755-0184-9e51-0bc7-f32bae5a1afb"},
        {"SEATWATCH_VALUE", "26"},
        {"SEATWATCH_THRESHOLD", "25"},
        {"SEATWATCH_ALLOTTED_UNITS", "1000"},
        {"SEATWATCH_CONSUMED_UNITS", "1000"},
        {"SEATWATCH_WAITING_MEMBERS", "26"},
        {"SEATWATCH_RECEIVER", NULL},
    };
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    size_t len;
    CLEANUP(free) char *entry = rendered(n, NULL, false, &len);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        assert_field(entry, len, CASES[i].name, CASES[i].want);
}

/* Many tenants may sign in with it: then it is none's in particular. */
static void a_credential_that_ends_has_its_days_and_no_tenant(void **state)
{
    static const struct {
        const char *name, *want;
    } CASES[] = {
        {"SEATWATCH_RULE", "credential"}, {"SEATWATCH_VALUE", "6"},    {"SEATWATCH_THRESHOLD", "7"},
        {"SEATWATCH_TENANT", NULL},       {"SEATWATCH_TENANT_ID", NULL}, {"SEATWATCH_SKU", NULL},
        {"SEATWATCH_ALLOTTED_UNITS", NULL}, {"PRIORITY", "2"},
    };
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    context_free(n->context);
    assert_int_equal(context_new(&n->context), 0);
    n->kind = KIND_CREDENTIAL;
    n->rule = RULE_CREDENTIAL;
    n->value = 6;
    n->threshold = 7;
    n->unit = UNIT_DAYS;
    n->context->credential = some_text("certificate");
    n->context->client_id = some_text("99999999-aaaa-4bbb-8ccc-dddddddddddd");
    n->context->file = some_text("/etc/seatwatchd/partner.crt");
    n->context->used_by = some_text("contoso\nfabrikam");
    n->context->n_used_by = 2;
    n->context->expires_at = some_time("2026-11-28T22:15:00Z");
    assert_int_equal(notification_write_texts(n), 0);
    size_t len;
    CLEANUP(free) char *entry = rendered(n, NULL, false, &len);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        assert_field(entry, len, CASES[i].name, CASES[i].want);
    CLEANUP(free) char *message = field(entry, len, "MESSAGE");
    assert_non_null(strstr(message, "certificate partner.crt (2 tenants) expires in 6 days, on 2026-11-28 22:15 UTC\n"));
}

static void priority_and_message_id_follow_the_kind_of_message(void **state)
{
    static const struct {
        enum event_type type;
        enum level level;
        const char *priority, *id, *word, *begins;
    } CASES[] = {
        {EVENT_FIRING, LEVEL_WARNING, "4", MESSAGE_ALERT_FIRING, "firing", "warning firing: contoso: "},
        {EVENT_ESCALATED, LEVEL_CRITICAL, "2", MESSAGE_ALERT_ESCALATED, "firing", "critical escalated: contoso: "},
        {EVENT_DEESCALATED, LEVEL_WARNING, "4", MESSAGE_ALERT_DEESCALATED, "firing", "warning deescalated: contoso: "},
        {EVENT_UPDATED, LEVEL_CRITICAL, "2", MESSAGE_ALERT_UPDATED, "firing", "critical updated: contoso: "},
        {EVENT_REMINDER, LEVEL_WARNING, "4", MESSAGE_ALERT_REMINDER, "firing", "warning reminder: contoso: "},
        {EVENT_ACKNOWLEDGED, LEVEL_WARNING, "4", MESSAGE_ALERT_ACKNOWLEDGED, "firing",
         "warning acknowledged: contoso: "},
        {EVENT_RESOLVED, LEVEL_CRITICAL, "5", MESSAGE_ALERT_RESOLVED, "resolved", "resolved: contoso: "},
        {EVENT_TEST, LEVEL_NONE, "5", MESSAGE_RECEIVER_TEST, NULL, "test: contoso: "},
        {EVENT_INFO, LEVEL_NONE, "6", MESSAGE_ALERT_INFO, NULL, "info: contoso: "},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(notification_free) struct notification *n = some_notification();
        size_t len;
        n->type = CASES[i].type;
        n->level = CASES[i].level;
        CLEANUP(free) char *entry = rendered(n, NULL, false, &len);
        assert_field(entry, len, "PRIORITY", CASES[i].priority);
        assert_field(entry, len, "MESSAGE_ID", CASES[i].id);
        assert_field(entry, len, "SEATWATCH_STATE", CASES[i].word);
        CLEANUP(free) char *message = field(entry, len, "MESSAGE");
        assert_ptr_equal(strstr(message, CASES[i].begins), message);
    }
}

static void an_event_of_severity_info_has_no_fields_of_an_alert(void **state)
{
    static const struct {
        const char *name, *want;
    } CASES[] = {
        {"SEATWATCH_EVENT", "alert.info"},   {"SEATWATCH_EVENT_ID", SOME_EVENT},
        {"SEATWATCH_SEVERITY", "info"},      {"SEATWATCH_RULE", "inventory"},
        {"SEATWATCH_VALUE", "100"},          {"SEATWATCH_ALLOTTED_UNITS", "1000"},
        {"SEATWATCH_ALERT_ID", NULL},        {"SEATWATCH_SEQ", NULL},
        {"SEATWATCH_EPISODE", NULL},         {"SEATWATCH_STATE", NULL},
        {"SEATWATCH_THRESHOLD", NULL},
    };
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_info();
    size_t len;
    CLEANUP(free) char *entry = rendered(n, NULL, false, &len);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        assert_field(entry, len, CASES[i].name, CASES[i].want);
}

static void what_is_not_known_has_no_field(void **state)
{
    static const char *const ABSENT[] = {"SEATWATCH_ALLOTTED_UNITS",  "SEATWATCH_CONSUMED_UNITS",
                                         "SEATWATCH_WAITING_MEMBERS", "SEATWATCH_SKU",
                                         "SEATWATCH_ALLOTMENT_ID",    "SEATWATCH_VALUE",
                                         "SEATWATCH_TENANT"};
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    size_t len;
    context_free(n->context);
    assert_int_equal(context_new(&n->context), 0);
    n->context->receiver = some_text("hook");
    n->value = NUMBER_UNKNOWN;
    CLEANUP(free) char *entry = rendered(n, NULL, false, &len);
    for (size_t i = 0; i < N_ELEMENTS(ABSENT); i++)
        assert_field(entry, len, ABSENT[i], NULL);
    assert_field(entry, len, "SEATWATCH_RECEIVER", "hook");
}

static void foreign_text_cannot_make_fields_or_colours(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    size_t len;
    some_replace(&n->context->tenant_name, "evil\nPRIORITY=7\nMESSAGE_ID=0");
    some_replace(&n->title, "red \x1b[31m alert");
    CLEANUP(free) char *entry = rendered(n, NULL, false, &len);
    assert_field(entry, len, "PRIORITY", "2");
    assert_field(entry, len, "MESSAGE_ID", MESSAGE_ALERT_FIRING);
    assert_field(entry, len, "SEATWATCH_TENANT", "evil\\u{a}PRIORITY=7\\u{a}MESSAGE_ID=0");
    assert_null(memchr(entry, '\x1b', len));
}

static void a_digest_is_one_entry_that_names_every_alert(void **state)
{
    (void)state;
    CLEANUP(digest_free) struct digest *d = some_digest(DIGEST_LINES);
    size_t len, lines = 0;
    some_replace(&d->title, "contoso: 40 alerts at the first poll, part 1 of 2");
    CLEANUP(free) char *entry = rendered(NULL, d, false, &len);
    CLEANUP(free) char *message = field(entry, len, "MESSAGE");
    for (const char *at = message; (at = strstr(at, "\n- critical: contoso: ")); at++)
        lines++;
    assert_int_equal(lines, DIGEST_LINES);
    const char *part = strstr(message, "part 1 of 2");
    assert_non_null(part);
    assert_null(strstr(part + 1, "part 1")); /* once is enough */
    assert_ptr_equal(strstr(message, "critical digest: contoso: "), message);
    assert_field(entry, len, "PRIORITY", "2");
    assert_field(entry, len, "MESSAGE_ID", MESSAGE_ALERT_DIGEST);
    assert_field(entry, len, "SEATWATCH_EVENT", "alert.digest");
    assert_field(entry, len, "SEATWATCH_EVENT_ID", SOME_EVENT);
    assert_field(entry, len, "SEATWATCH_TENANT", "contoso");
}

/* ---- the sink ---- */

static struct receiver_handle *opened(struct receiver_options *o, const struct sink *s)
{
    struct receiver_handle *handle = NULL;
    *o = some_receiver("journal", &journal_class);
    some_set(o, "socket", s->path);
    assert_int_equal(JOURNAL->transport->open(o, NULL, &handle, NULL), 0);
    return handle;
}

static enum answer_class sent(struct receiver_handle *handle, const char *entry, size_t len)
{
    struct answer a = {0};
    const struct payload l = {.event_id = SOME_EVENT, .body = entry, .len = len};
    assert_int_equal(JOURNAL->transport->send(handle, &l, &a, NULL, NULL), 1);
    assert_true(a.text[0]);
    return a.class;
}

static void the_entry_arrives_as_one_datagram(void **state)
{
    (void)state;
    struct sink s = sink_new(true);
    struct receiver_options o;
    struct receiver_handle *handle = opened(&o, &s);
    CLEANUP(notification_free) struct notification *n = some_notification();
    char got[8192];
    size_t len;
    CLEANUP(free) char *entry = rendered(n, NULL, false, &len);
    assert_int_equal(sent(handle, entry, len), ANSWER_OK);
    assert_int_equal(sink_take(&s, got, sizeof got), len);
    assert_memory_equal(got, entry, len);
    JOURNAL->transport->close(handle);
    sink_free(&s);
}

static void a_frozen_journald_never_blocks_and_takes_the_entry_later(void **state)
{
    (void)state;
    struct sink s = sink_new(true);
    struct receiver_options o;
    struct receiver_handle *handle = opened(&o, &s);
    CLEANUP(notification_free) struct notification *n = some_notification();
    size_t len, sends = 0;
    char got[8192];
    CLEANUP(free) char *entry = rendered(n, NULL, false, &len);
    enum answer_class class;
    do
        class = sent(handle, entry, len);
    while (class == ANSWER_OK && ++sends < 100000);
    assert_int_equal(class, ANSWER_BUSY);
    while (sink_take(&s, got, sizeof got) > 0)
        ;
    assert_int_equal(sent(handle, entry, len), ANSWER_OK);
    JOURNAL->transport->close(handle);
    sink_free(&s);
}

static void a_restarted_journald_is_found_again(void **state)
{
    (void)state;
    struct sink s = sink_new(true);
    struct receiver_options o;
    struct receiver_handle *handle = opened(&o, &s);
    CLEANUP(notification_free) struct notification *n = some_notification();
    size_t len;
    char got[8192];
    CLEANUP(free) char *entry = rendered(n, NULL, false, &len);
    assert_int_equal(sent(handle, entry, len), ANSWER_OK);
    sink_stop(&s);
    assert_int_equal(unlink(s.path), 0);
    sink_listen(&s);
    assert_int_equal(sent(handle, entry, len), ANSWER_OK);
    assert_int_equal(sink_take(&s, got, sizeof got), len);
    JOURNAL->transport->close(handle);
    sink_free(&s);
}

/* What a send says while stderr is `fd`; what was written there is for the caller to read. */
static enum answer_class sent_with_stderr(struct receiver_handle *handle, const char *entry,
                                          size_t len, int fd)
{
    int saved = dup(STDERR_FILENO);
    assert_true(saved >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    enum answer_class class = sent(handle, entry, len);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    assert_int_equal(close(saved), 0);
    return class;
}

static void without_journald_the_message_goes_to_stderr_and_counts(void **state)
{
    static const char *const TITLES[] = {NULL, "one line only"};
    (void)state;
    struct sink s = sink_new(false);
    struct receiver_options o;
    struct receiver_handle *handle = opened(&o, &s);
    for (size_t i = 0; i < N_ELEMENTS(TITLES); i++) {
        CLEANUP(notification_free) struct notification *n = some_notification();
        char got[8192];
        int pipes[2];
        size_t len;
        if (TITLES[i]) {
            some_replace(&n->title, TITLES[i]);
            some_replace(&n->description, NULL);
            some_replace(&n->next_step, NULL);
        }
        CLEANUP(free) char *entry = rendered(n, NULL, false, &len);
        CLEANUP(free) char *message = field(entry, len, "MESSAGE");
        assert_int_equal(pipe2(pipes, O_CLOEXEC | O_NONBLOCK), 0);
        assert_int_equal(sent_with_stderr(handle, entry, len, pipes[1]), ANSWER_OK);
        ssize_t size = read(pipes[0], got, sizeof got - 1);
        assert_int_equal(size, strlen(message) + 1);
        assert_memory_equal(got, message, strlen(message));
        assert_true(got[size - 1] == '\n');
        assert_int_equal(close(pipes[0]) | close(pipes[1]), 0);
    }
    JOURNAL->transport->close(handle);
    sink_free(&s);
}

/* Once it was there, stderr is no place that anybody looks at for alerts. */
static void a_journald_that_goes_away_gets_the_entry_when_it_is_back(void **state)
{
    static const struct {
        const char *why;
        bool met, leaves_socket;
    } CASES[] = {
        {"it went and took its socket along", true, false},
        {"it died and left its socket", true, true},
        {"it had died before we came", false, true},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct sink s = sink_new(true);
        struct receiver_options o;
        struct receiver_handle *handle = opened(&o, &s);
        CLEANUP(notification_free) struct notification *n = some_notification();
        char got[8192];
        int pipes[2];
        size_t len;
        CLEANUP(free) char *entry = rendered(n, NULL, false, &len);
        if (CASES[i].met)
            assert_int_equal(sent(handle, entry, len), ANSWER_OK);
        sink_stop(&s);
        if (!CASES[i].leaves_socket)
            assert_int_equal(unlink(s.path), 0);
        assert_int_equal(pipe2(pipes, O_CLOEXEC | O_NONBLOCK), 0);
        for (int attempt = 0; attempt < 3; attempt++)
            if (sent_with_stderr(handle, entry, len, pipes[1]) != ANSWER_BUSY)
                fail_msg("%s", CASES[i].why);
        assert_int_equal(read(pipes[0], got, sizeof got), -1);
        if (CASES[i].leaves_socket)
            assert_int_equal(unlink(s.path), 0);
        sink_listen(&s);
        assert_int_equal(sent(handle, entry, len), ANSWER_OK);
        assert_int_equal(sink_take(&s, got, sizeof got), len);
        assert_int_equal(close(pipes[0]) | close(pipes[1]), 0);
        JOURNAL->transport->close(handle);
        sink_free(&s);
    }
}

/* systemd.exec(5), JOURNAL_STREAM: stderr leads to the very journald that is missing. */
static void under_systemd_a_journald_is_never_taken_for_absent(void **state)
{
    (void)state;
    struct sink s = sink_new(false);
    struct receiver_options o;
    struct receiver_handle *handle = opened(&o, &s);
    CLEANUP(notification_free) struct notification *n = some_notification();
    struct stat st;
    char inode[64];
    int saved = dup(STDERR_FILENO), pipes[2];
    size_t len;
    CLEANUP(free) char *entry = rendered(n, NULL, false, &len);
    assert_int_equal(pipe2(pipes, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(fstat(pipes[1], &st), 0);
    (void)snprintf(inode, sizeof inode, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    assert_int_equal(setenv("JOURNAL_STREAM", inode, 1), 0);
    assert_true(dup2(pipes[1], STDERR_FILENO) >= 0);
    log_open();
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    enum answer_class class = sent_with_stderr(handle, entry, len, pipes[1]);
    log_close();
    assert_int_equal(class, ANSWER_BUSY);
    assert_int_equal(sent_with_stderr(handle, entry, len, pipes[1]), ANSWER_OK);
    assert_int_equal(close(saved) | close(pipes[0]) | close(pipes[1]), 0);
    JOURNAL->transport->close(handle);
    sink_free(&s);
}

static void with_neither_journald_nor_stderr_the_entry_stays_queued(void **state)
{
    (void)state;
    struct sink s = sink_new(false);
    struct receiver_options o;
    struct receiver_handle *handle = opened(&o, &s);
    CLEANUP(notification_free) struct notification *n = some_notification();
    char zeros[4096] = {0};
    int pipes[2], full[2];
    size_t len;
    CLEANUP(free) char *entry = rendered(n, NULL, false, &len);
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    assert_int_equal(close(pipes[0]), 0); /* whoever read it has gone */
    assert_int_equal(sent_with_stderr(handle, entry, len, pipes[1]), ANSWER_BUSY);
    assert_int_equal(pipe2(full, O_CLOEXEC), 0); /* whoever reads it is frozen */
    assert_int_equal(fcntl(full[1], F_SETFL, O_NONBLOCK), 0);
    while (write(full[1], zeros, sizeof zeros) > 0)
        ;
    assert_int_equal(fcntl(full[1], F_SETFL, 0), 0);
    assert_int_equal(sent_with_stderr(handle, entry, len, full[1]), ANSWER_BUSY);
    assert_int_equal(close(pipes[1]) | close(full[0]) | close(full[1]), 0);
    JOURNAL->transport->close(handle);
    sink_free(&s);
}

static void a_socket_path_that_is_too_long_is_a_mistake_of_the_configuration(void **state)
{
    (void)state;
    CLEANUP(free) char *path = some_flood("/x", 60);
    const struct receiver_options o = some_receiver("journal", &journal_class);
    some_set(&o, "socket", path);
    struct failure why = {0};
    assert_true(deliver_check(&o, &why) < 0);
    assert_int_equal(why.kind, FAILURE_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_has_every_field_of_the_specification),
        cmocka_unit_test(a_credential_that_ends_has_its_days_and_no_tenant),
        cmocka_unit_test(priority_and_message_id_follow_the_kind_of_message),
        cmocka_unit_test(an_event_of_severity_info_has_no_fields_of_an_alert),
        cmocka_unit_test(what_is_not_known_has_no_field),
        cmocka_unit_test(foreign_text_cannot_make_fields_or_colours),
        cmocka_unit_test(a_digest_is_one_entry_that_names_every_alert),
        cmocka_unit_test(the_entry_arrives_as_one_datagram),
        cmocka_unit_test(a_frozen_journald_never_blocks_and_takes_the_entry_later),
        cmocka_unit_test(a_restarted_journald_is_found_again),
        cmocka_unit_test(without_journald_the_message_goes_to_stderr_and_counts),
        cmocka_unit_test(a_journald_that_goes_away_gets_the_entry_when_it_is_back),
        cmocka_unit_test(under_systemd_a_journald_is_never_taken_for_absent),
        cmocka_unit_test(with_neither_journald_nor_stderr_the_entry_stays_queued),
        cmocka_unit_test(a_socket_path_that_is_too_long_is_a_mistake_of_the_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
