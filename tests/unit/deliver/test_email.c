/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_email.c: the text of mails, who gets them, and what is refused before the start.
 * Python's parser reads the golden mails in scenarios/test_mail.py. */
#include "http_type.h"

static char *to_list[4];

/* "to" is a list: its rows hold the place of a char ** and of its length. */
static void set_to(const struct receiver_options *o, const char *first, const char *second)
{
    const struct conf_section *s = &o->class->options;
    to_list[0] = (char *)first;
    to_list[1] = (char *)second;
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->key[i].name, "to") == 0) {
            *(char ***)(void *)((char *)o->own + s->key[i].at) = to_list;
            *(size_t *)(void *)((char *)o->own + s->key[i].n_at) = second ? 2 : first ? 1 : 0;
        }
}

static struct receiver_options some_email(void)
{
    struct receiver_options o = some_receiver("mail", &email_class);
    some_set(&o, "server", "smtps://mail.example:465");
    some_set(&o, "from", "seats@example.com");
    set_to(&o, "oncall@example.com", "team@example.com");
    return o;
}

static char *render(const struct notification *n, const struct digest *d)
{
    struct receiver_options o = some_email();
    return options_render(&o, n, d);
}

static void each_message_has_its_subject_thread_and_two_parts(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    CLEANUP(notification_free) struct notification *test = NULL;
    CLEANUP(digest_free) struct digest *d = some_digest(20);
    CLEANUP(free) char *firing = render(n, NULL);
    assert_golden("email_firing.eml", firing);
    n->type = EVENT_RESOLVED;
    CLEANUP(free) char *resolved = render(n, NULL);
    assert_golden("email_resolved.eml", resolved);
    CLEANUP(free) char *digest = render(NULL, d);
    assert_golden("email_digest.eml", digest);
    assert_int_equal(test_notification("mail", some_time(SOME_AT), &test), 0);
    memcpy(test->event_id, SOME_EVENT, sizeof SOME_EVENT);
    CLEANUP(free) char *probe = render(test, NULL);
    assert_golden("email_test.eml", probe);
}

/* Line breaks in names, too, which would begin a header of their own. */
static void names_are_text(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_hostile();
    some_replace(&n->title, "contoso\r\nBcc: all@example.com\r\n\r\n=?utf-8?q?x?= \xe4\xb8\xad <b>");
    CLEANUP(free) char *body = render(n, NULL);
    assert_golden("email_hostile.eml", body);
}

/* RFC 5321 section 4.5.3.1.6, RFC 2047 section 2: lines are short, and nothing but ASCII. */
static void check_limits(const char *body)
{
    for (const char *line = body; *line;) {
        size_t len = strcspn(line, "\r\n");
        assert_true(len <= 78);
        for (size_t i = 0; i < len; i++)
            assert_true(line[i] >= ' ' && line[i] < 0x7f);
        assert_int_equal(strncmp(line + len, "\r\n", 2), 0);
        line += len + 2;
    }
    assert_true(strlen(body) <= 512 * 1024);
}

static void the_largest_texts_are_short_lines_of_ascii(void **state)
{
    static const char *const UNITS[] = {"x", "=", "<", " ", ". ", "a\n", "\x01", "\xff", "\xf0\x9f\x98\x80"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(UNITS); i++)
        for (size_t times = 1; times <= 16384; times *= 8) {
            CLEANUP(notification_free) struct notification *n = some_notification();
            CLEANUP(digest_free) struct digest *d = some_digest(DIGEST_LINES);
            CLEANUP(free) char *flood = some_flood(UNITS[i], times);
            type_swell(n, UNITS[i], times);
            some_replace(&d->title, flood);
            some_replace(&d->summary, flood);
            for (size_t k = 0; k < d->n_notifications; k++)
                some_replace(&d->notification[k]->title, flood);
            CLEANUP(free) char *alert = render(n, NULL);
            CLEANUP(free) char *digest = render(NULL, d);
            check_limits(alert);
            check_limits(digest);
        }
}

/* ---- recipients ---- */

static void set_mail(struct notification *n, const char *address)
{
    some_replace(&n->context->label[0].key, "mail");
    some_replace(&n->context->label[0].value, address);
}

static void assert_to(const struct notification *n, const struct digest *d, const char *first,
                      const char *second, const char *want)
{
    struct receiver_options o = some_email();
    set_to(&o, first, second);
    CLEANUP(free) char *body = options_render(&o, n, d);
    CLEANUP(free) char *line = text_printf("\r\nTo: %s\r\nMessage-ID:", want);
    if (!strstr(body, line))
        fail_msg("%s: %.*s", want, 400, body);
}

static void a_label_of_the_tenant_is_its_address(void **state)
{
    (void)state;
    CLEANUP(notification_free) struct notification *n = some_notification();
    set_mail(n, "help@contoso.example");
    assert_to(n, NULL, "{labels.mail}", NULL, "<help@contoso.example>");
    assert_to(n, NULL, "oncall@example.com", "{labels.mail}",
              "<oncall@example.com>,\r\n <help@contoso.example>");
    assert_to(n, NULL, "help@contoso.example", "{labels.mail}", "<help@contoso.example>");
    assert_to(n, NULL, "{labels.none}", NULL, "<seats@example.com>");
    set_mail(n, "x@y>\r\nBcc: <z@y");
    assert_to(n, NULL, "{labels.mail}", NULL, "<seats@example.com>");
}

static void a_digest_of_several_customers_goes_to_none_of_them(void **state)
{
    (void)state;
    CLEANUP(digest_free) struct digest *d = some_digest(2);
    for (size_t i = 0; i < 2; i++) {
        struct alert_context *f = some_context();
        context_free(d->notification[i]->context);
        d->notification[i]->context = f;
        set_mail(d->notification[i], "help@contoso.example");
    }
    assert_to(NULL, d, "{labels.mail}", "oncall@example.com", "<help@contoso.example>,\r\n <oncall@example.com>");
    set_mail(d->notification[1], "help@fabrikam.example");
    assert_to(NULL, d, "{labels.mail}", "oncall@example.com", "<oncall@example.com>");
    assert_to(NULL, d, "{labels.mail}", NULL, "<seats@example.com>");
}

static void a_tenant_without_the_label_is_reported(void **state)
{
    struct label label = {(char *)"mail", (char *)"help@contoso.example"};
    struct tenant_identity tenant = {.name = (char *)"contoso", .label = &label, .n_labels = 1};
    struct failure why = {0};
    struct receiver_options o = some_email();
    (void)state;
    set_to(&o, "{labels.mail}", NULL);
    assert_int_equal(email_class.check_tenant(&o, &tenant, &why), 0);
    label.value = (char *)"help desk";
    assert_true(email_class.check_tenant(&o, &tenant, &why) < 0);
    tenant.n_labels = 0;
    assert_true(email_class.check_tenant(&o, &tenant, &why) < 0);
    assert_non_null(strstr(why.text, "contoso needs the label mail"));
    assert_true(receiver_is_by_tenant(&o));
    set_to(&o, "a@example.com", NULL);
    assert_int_equal(email_class.check_tenant(&o, &tenant, &why), 0);
    assert_false(receiver_is_by_tenant(&o)); /* its digests combine customers */
}

/* ---- options ---- */

static void what_cannot_work_is_refused_before_the_start(void **state)
{
    static const struct {
        const char *server, *from, *to, *user, *password, *ca;
        bool auth, allow_http;
        const char *says;
    } CASES[] = {
        {"smtps://m.example:465", "a@b.c", "d@e.f", "", "", "", false, false, NULL},
        {"smtp://m.example:587", "a@b.c", "{labels.mail}", "u", "PW", "", true, false, NULL},
        {"smtp://[::1]:25", "a@b.c", "d@e.f", "u", "PW", "", true, false, NULL},
        {"smtp://relay:25", "a@b.c", "d@e.f", "", "", "", false, true, NULL},
        {"m.example:465", "a@b.c", "d@e.f", "", "", "", false, false, "not a mail server"},
        {"smtps://m.example", "a@b.c", "d@e.f", "", "", "", false, false, "not a mail server"},
        {"smtps://u@m.example:465", "a@b.c", "d@e.f", "", "", "", false, false, "not a mail server"},
        {"smtps://m.example:465/x", "a@b.c", "d@e.f", "", "", "", false, false, "not a mail server"},
        {"smtps://m.example:465", "Seats <a@b.c>", "d@e.f", "", "", "", false, false, "not a mail address"},
        {"smtps://m.example:465", "a@b.c", "d@e.f\r\nx", "", "", "", false, false, "entry 1"},
        {"smtps://m.example:465", "a@b.c", "labels.mail", "", "", "", false, false, "not a mail address"},
        {"smtps://m.example:465", "a@b.c", NULL, "", "", "", false, false, "write 1 to 20"},
        {"smtps://m.example:465", "a@b.c", "d@e.f", "u", "", "", false, false, "user has no effect"},
        {"smtps://m.example:465", "a@b.c", "d@e.f", "u", "", "", true, false, "needs password_file"},
        {"smtps://m.example:465", "a@b.c", "d@e.f", "", "PW", "", true, false, "needs user"},
        {"smtps://m.example:465", "a@b.c", "d@e.f", "", "", "", false, true, "allow_http = true has no effect"},
        {"smtp://relay:25", "a@b.c", "d@e.f", "", "", "CA", false, true, "without an effect"},
        {"smtp://relay:25", "a@b.c", "d@e.f", "u", "PW", "", true, true, "not sent without TLS"},
        {"smtps://m.example:465", "a@b.c", "d@e.f", "", "", "/none", false, false, "cannot read ca_file /none"},
    };
    (void)state;
    struct sink dir = sink_new(false);
    CLEANUP(free) char *password = text_printf("%s/mail.pw", dir.dir);
    some_write(password, "canary\n");
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure why = {0};
        struct receiver_options o = some_email();
        some_set(&o, "server", CASES[i].server);
        some_set(&o, "from", CASES[i].from);
        some_set(&o, "user", CASES[i].user);
        some_set(&o, "password_file", CASES[i].password[0] ? password : "");
        some_set(&o, "ca_file", strcmp(CASES[i].ca, "CA") == 0 ? password : CASES[i].ca);
        some_set_bool(&o, "auth", CASES[i].auth);
        some_set_bool(&o, "allow_http", CASES[i].allow_http);
        set_to(&o, CASES[i].to, NULL);
        int r = deliver_check(&o, &why);
        if ((r >= 0) != !CASES[i].says || (CASES[i].says && !strstr(why.text, CASES[i].says)))
            fail_msg("case %zu: %s", i, why.text);
    }
    sink_free(&dir);
}

static void each_kind_of_sign_in_has_its_keys(void **state)
{
    static const struct {
        unsigned auth;
        const char *user, *password, *client, *says;
    } CASES[] = {
        {0, "", "", "", NULL},
        {0, "u", "", "", "user has no effect with auth = \"none\""},
        {0, "", "", "c", "client_id has no effect with auth = \"none\""},
        {1, "u", "p", "c", "client_id has no effect with auth = \"password\""},
        {2, "u", "p", "c", "password_file has no effect with auth = \"xoauth2\""},
        {2, "", "", "c", "needs user"},
        {2, "u", "", "", "needs client_id"},
        {2, "u", "", "c", NULL},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure why = {0};
        struct receiver_options o = some_email();
        *(unsigned *)some_option(&o, "auth") = CASES[i].auth;
        some_set(&o, "user", CASES[i].user);
        some_set(&o, "password_file", CASES[i].password);
        some_set(&o, "client_id", CASES[i].client);
        some_set(&o, "tenant_id", CASES[i].auth == 2 ? "t" : "");
        some_set(&o, "client_secret_file", CASES[i].auth == 2 ? "s" : "");
        int r = email_class.check(&o, &why);
        if ((r >= 0) != !CASES[i].says || (CASES[i].says && !strstr(why.text, CASES[i].says)))
            fail_msg("case %zu: %s", i, why.text);
    }
}

static void exchange_online_with_a_password_is_warned_of(void **state)
{
    struct failure why = {0};
    struct receiver_options o = some_email();
    (void)state;
    some_set(&o, "server", "smtp://smtp.Office365.com:587");
    assert_int_equal(deliver_warn(&o, &why), 0);
    some_set_bool(&o, "auth", true);
    assert_true(deliver_warn(&o, &why) < 0);
    assert_non_null(strstr(why.text, "December 2026"));
    some_set(&o, "server", "smtp://mail.example:587");
    assert_int_equal(deliver_warn(&o, &why), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_has_its_subject_thread_and_two_parts),
        cmocka_unit_test(names_are_text),
        cmocka_unit_test(the_largest_texts_are_short_lines_of_ascii),
        cmocka_unit_test(a_label_of_the_tenant_is_its_address),
        cmocka_unit_test(a_digest_of_several_customers_goes_to_none_of_them),
        cmocka_unit_test(a_tenant_without_the_label_is_reported),
        cmocka_unit_test(what_cannot_work_is_refused_before_the_start),
        cmocka_unit_test(each_kind_of_sign_in_has_its_keys),
        cmocka_unit_test(exchange_online_with_a_password_is_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
