/* SPDX-License-Identifier: MIT */
/* Receivers, routes and the fallback. */
#include "unit/config/fixture.h"

#define HOOK                                                                              \
    "{ name = \"hook\"; type = \"webhook\"; url_file = \"hook.url\"; signing_key_file = " \
    "\"hook.key\"; }"
#define MAIL                                                                              \
    "{ name = \"m\"; type = \"email\"; server = \"smtps://m.example:465\"; from = \"a@b.c\"; "
#define GRAPH_MAIL                                                                        \
    "{ name = \"m\"; type = \"graph_mail\"; tenant_id = \"t\"; from = \"a@b.c\"; to = [ \"d@e.f\" ]; "
#define JOURNAL "{ name = \"journal\"; type = \"journal\"; }"

static void receivers_and_routes_are_refused_with_their_place(void **state)
{
    static const struct {
        const char *why, *text;
        int line;
        const char *words;
    } CASES[] = {
        {"no type", "receivers = ( { name = \"x\"; } );", 2, "no 'type'"},
        {"no name", "receivers = ( { type = \"journal\"; } );", 2, "no 'name'"},
        {"unknown type", "receivers = ( { name = \"x\"; type = \"webhok\"; } );", 2,
         "did you mean \"webhook\"?"},
        {"bad name", "receivers = ( { name = \"a b\"; type = \"journal\"; } );", 2,
         "not a receiver's name"},
        {"names that differ in case only",
         "receivers = ( " JOURNAL ",\n{ name = \"Journal\"; type = \"syslog\"; } );", 3,
         "already that of the receiver in line 2"},
        {"key of another type",
         "receivers = ( { name = \"x\"; type = \"journal\";\n facility = \"user\"; } );", 3,
         "a receiver of type journal has no such key"},
        {"no URL",
         "receivers = ( { name = \"x\"; type = \"webhook\"; signing_key_file = \"hook.key\"; } );",
         2, "needs this file; add for example: url_file = \"hook.url\""},
        {"no key",
         "receivers = ( { name = \"x\"; type = \"webhook\"; url_file = \"hook.url\"; } );", 2,
         "receivers.signing_key_file"},
        {"a key that nothing uses",
         "receivers = ( { name = \"x\"; type = \"webhook\"; url_file = \"hook.url\"; signing = "
         "\"off\";\n signing_key_file = \"hook.key\"; } );",
         3, "leaves it without an effect"},
        {"a topic is needed, a token is not",
         "receivers = ( { name = \"x\"; type = \"ntfy\"; url = \"https://ntfy.example\"; } );", 2,
         "receivers.topic_file: a receiver of type ntfy needs this file"},
        {"no address where one is required",
         "receivers = ( { name = \"x\"; type = \"ntfy\"; topic_file = \"contoso.secret\"; } );", 2,
         "no 'url'"},
        {"an ntfy server with a topic in its address",
         "receivers = ( { name = \"x\"; type = \"ntfy\"; topic_file = \"contoso.secret\";\n url = "
         "\"https://ntfy.example/seats\"; } );",
         3, "not the root of a server"},
        {"a pace that can have no effect",
         "receivers = ( { name = \"journal\"; type = \"journal\";\n rate = 2; } );", 3,
         "receivers.rate: a receiver of type journal gets each message at once; remove it"},
        {"reminders of a heartbeat",
         "receivers = ( " JOURNAL ", { name = \"b\"; type = \"heartbeat\"; url_file = \"hook.url\";\n"
         "reminders = true; } );", 3, "receivers.reminders: a heartbeat gets no alerts; remove it"},
        {"a burst that can have no effect",
         "receivers = ( { name = \"journal\"; type = \"journal\";\n burst = 2; } );", 3,
         "receivers.burst: a receiver of type journal gets each message at once; remove it"},
        {"values without a template",
         "receivers = ( { name = \"x\"; type = \"webhook\"; signing = \"off\"; url_file = "
         "\"hook.url\"; values = [ \"severity.critical = 1\" ]; } );",
         2, "no template_file"},
        {"a template that is not there",
         "receivers = ( { name = \"x\"; type = \"webhook\"; signing = \"off\"; url_file = "
         "\"hook.url\";\n template_file = \"absent.json\"; } );",
         3, "there is no file absent.json"},
        {"URL file that is not there",
         "receivers = ( { name = \"x\"; type = \"webhook\"; signing_key_file = \"hook.key\";\n "
         "url_file = \"absent.url\"; } );",
         3, "there is no file"},
        {"the URL itself",
         "receivers = ( { name = \"x\"; type = \"webhook\"; signing_key_file = \"hook.key\";\n "
         "url_file = \"https://hook.example/x\"; } );",
         3, "looks like the secret itself"},
        {"a key that is none",
         "receivers = ( { name = \"x\"; type = \"webhook\"; signing_key_file = \"contoso.secret\"; "
         "url_file = \"hook.url\"; } );",
         2, "receiver \"x\": "},
        {"facility", "receivers = ( { name = \"x\"; type = \"syslog\"; facility = \"demon\"; } );",
         2, "not a syslog facility"},
        {"socket", "receivers = ( { name = \"x\"; type = \"syslog\"; socket = \"log\"; } );", 2,
         "absolute path"},
        {"a server without a name for the data",
         "receivers = ( { name = \"x\"; type = \"syslog\"; server = \"tls://siem:6514\"; } );", 2,
         "receiver \"x\": a syslog server needs sd_id"},
        {"a socket beside a server",
         "receivers = ( { name = \"x\"; type = \"syslog\"; server = \"tls://siem:6514\"; sd_id = "
         "\"a@1\"; socket = \"/dev/log\"; } );",
         2, "socket has no effect with a server; remove"},
        {"a malformed server, and nothing about the rest", "receivers = ( { name = \"x\"; type = "
         "\"syslog\"; sd_id = \"a@1\";\n server = \"siem:514\"; } );",
         3, "not a syslog server; write \"tls://HOST:6514\""},
        {"no server", "receivers = ( { name = \"x\"; type = \"syslog\";\n server = \"siem:514\"; } );",
         3, "not a syslog server; write \"tls://HOST:6514\""},
        {"mail to nobody", "receivers = ( " MAIL "} );", 2, "to holds 0 addresses"},
        {"mail by an application that watches",
         "receivers = ( " GRAPH_MAIL "client_secret_file = \"contoso.secret\"; "
         "client_id = \"99999999-AAAA-4bbb-8ccc-000000000001\"; } );",
         2, "its client_id also watches tenant contoso; register an application"},
        {"a mail server that wants a token of an application that watches",
         "receivers = ( " MAIL "to = [ \"d@e.f\" ]; auth = \"xoauth2\"; user = \"a@b.c\"; tenant_id = \"t\"; "
         "client_secret_file = \"contoso.secret\"; "
         "client_id = \"99999999-aaaa-4bbb-8ccc-000000000001\"; } );",
         2, "its client_id also watches tenant contoso; register an application"},
        {"a bot of Slack with the URL of a webhook",
         "receivers = ( { name = \"c\"; type = \"slack\"; mode = \"bot\"; channel = \"C024BE91L\"; "
         "token_file = \"hook.key\"; url_file = \"hook.url\"; } );",
         2, "receivers.url_file: mode = \"bot\" leaves it without an effect"},
        {"a channel by its name",
         "receivers = ( { name = \"c\"; type = \"slack\"; mode = \"bot\"; channel = \"#ops\"; "
         "token_file = \"hook.key\"; } );",
         2, "not the id of a channel"},
        {"mail by an application without a secret",
         "receivers = ( " GRAPH_MAIL "client_id = \"x\"; } );", 2, "needs client_secret_file"},
        {"a secret that is not there",
         "receivers = ( " GRAPH_MAIL "client_id = \"x\";\n client_secret_file = \"absent\"; } );", 3,
         "there is no file"},
        {"nothing but a heartbeat",
         "receivers = ( { name = \"b\"; type = \"heartbeat\"; url_file = \"hook.url\"; } );", 2,
         "there is no other receiver; add"},
        {"route to a heartbeat",
         "receivers = ( " JOURNAL ", { name = \"b\"; type = \"heartbeat\"; url_file = \"hook.url\"; } "
         ");\nroutes = ( { to = [ \"b\" ]; } );",
         3, "\"b\" is a heartbeat, which gets no alerts; name another"},
        {"route to nobody", "routes = ( { to = [ ]; } );", 2, "leads to nobody"},
        {"route without receivers", "routes = ( { match: { severity = \"critical\"; }; } );", 2,
         "routes has no 'to'"},
        {"route to a stranger", "routes = ( { to = [ \"journal\", \"jurnal\" ]; } );", 2,
         "did you mean \"journal\"?"},
        {"route to one twice", "routes = ( { to = [ \"journal\", \"journal\" ]; } );", 2,
         "named twice"},
        {"a name instead of names", "routes = ( { to = \"journal\"; } );", 2,
         "write for example: to = [ \"journal\" ]"},
        {"unknown severity",
         "routes = ( { match: { severity = \"crit\"; }; to = [ \"journal\" ]; } );", 2,
         "there is no severity \"crit\""},
        {"unknown tenant",
         "routes = ( { match: { tenant = \"contosso\"; }; to = [ \"journal\" ]; } );", 2,
         "did you mean \"contoso\"?"},
        {"fallback to a stranger", "fallback = [ \"x\" ];", 2, "there is no receiver \"x\""},
        {"no fallback", "fallback = [ ];", 2, "somebody must hear"},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *text = text_printf("%s%s\n", GOOD_TENANT, CASES[i].text);
        fixture_load(&w, text);
        fixture_expect_one(&w, CASES[i].why, CASES[i].line, CASES[i].words);
    }
}

/* An error, but the tenant is watched: its alerts reach other receivers. */
static void a_tenant_without_the_label_of_its_mail_address_is_watched(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_load(&w, GOOD_TENANT "receivers = ( " MAIL "to = [ \"{labels.mail}\" ]; } );\n");
    const struct problem *p = fixture_find(&w, "seatwatchd.conf", 2, "tenant contoso needs the label mail");
    assert_int_equal(w.r, 0);
    assert_true(p && !p->fatal && !p->warning);
    assert_null(w.options->tenant[0].broken);
    assert_null(w.options->receiver[0].broken);
}

static void the_fallback_is_the_journal_or_else_the_first_receiver(void **state)
{
    static const struct {
        const char *text, *want;
    } CASES[] = {
        {"", "journal"},
        {"receivers = ( " HOOK ", " JOURNAL " );", "journal"},
        {"receivers = ( " HOOK ", { name = \"s\"; type = \"syslog\"; } );", "hook"},
        {"receivers = ( " HOOK ", { name = \"s\"; type = \"syslog\"; } ); fallback = [ \"s\" ];",
         "s"},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *text = text_printf("%s%s\n", GOOD_TENANT, CASES[i].text);
        fixture_load(&w, text);
        fixture_expect_clean(&w, CASES[i].text);
        assert_int_equal(w.options->routes.n_fallback, 1);
        assert_string_equal(w.options->routes.fallback[0], CASES[i].want);
    }
}

static const void *receiver_option(const struct options *o, size_t i, const char *key)
{
    const struct receiver_options *r = &o->receiver[i];
    const struct conf_key *k = conf_key_find(&r->class->options, key);
    assert_non_null(k);
    return (const char *)r->own + k->at;
}

static const char *receiver_text(const struct options *o, size_t i, const char *key)
{
    return *(char *const *)receiver_option(o, i, key);
}

static void receivers_keep_their_order_and_get_traits(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    char path[128];
    (void)state;
    fixture_load(
        &w, GOOD_TENANT
        "receivers = ( { name = \"s\"; type = \"syslog\"; facility = \"local3\"; identifier "
        "= \"sw\"; socket = \"/x/log\"; },\n" HOOK
        ");\nroutes = ( { match: { severity = \"critical\"; labels = { group = \"g*\"; }; "
        "}; to = ( \"hook\" ); continue = true; }, { to = [ \"s\" ]; } );");
    fixture_expect_clean(&w, "order");
    const struct options *o = w.options;
    assert_int_equal(o->n_receivers, 2);
    assert_int_equal(o->routes.n_receivers, 2);
    assert_int_equal(receiver_index(&o->routes, "hook"), 1);
    assert_false(o->routes.receiver[1].pager);
    assert_true(o->routes.receiver[1].wants_deescalations);
    assert_string_equal(receiver_text(o, 0, "facility"), "local3");
    assert_string_equal(receiver_text(o, 0, "identifier"), "sw");
    assert_string_equal(receiver_text(o, 0, "socket"), "/x/log");
    (void)snprintf(path, sizeof path, "%s/hook.key", w.dir);
    assert_string_equal(receiver_text(o, 1, "signing_key_file"), path);
    assert_false(*(const bool *)receiver_option(o, 1, "allow_http"));
    assert_int_equal(o->routes.n_routes, 2);
    assert_true(o->routes.route[0].go_on);
    assert_string_equal(o->routes.route[0].match.severity, "critical");
    assert_string_equal(o->routes.route[0].to[0], "hook");
    assert_false(o->routes.route[1].go_on);
}

static void a_receiver_has_its_own_pace_or_that_of_storm_and_the_record_has_none(void **state)
{
    static const struct {
        const char *receivers;
        struct pace want;
    } CASES[] = {
        {"{ name = \"s\"; type = \"webhook\"; signing = \"off\"; url_file = \"hook.url\"; }", {4, 2}},
        {"{ name = \"s\"; type = \"webhook\"; signing = \"off\"; url_file = \"hook.url\"; rate = 7; }", {4, 7}},
        {"{ name = \"s\"; type = \"webhook\"; signing = \"off\"; url_file = \"hook.url\"; burst = 3; rate = 0; }",
         {3, 0}},
        {JOURNAL, {4, 0}},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *text = text_printf("%sstorm = { burst = 4; rate = 2; }; receivers = ( %s );\n",
                                               GOOD_TENANT, CASES[i].receivers);
        CLEANUP(free) char *dump = NULL;
        fixture_load(&w, text);
        fixture_expect_clean(&w, text);
        assert_int_equal(w.options->receiver[0].pace.burst, CASES[i].want.burst);
        assert_int_equal(w.options->receiver[0].pace.rate, CASES[i].want.rate);
        assert_int_equal(options_dump(w.options, &dump), 0);
        fixture_load(&w, dump);
        fixture_expect_clean(&w, dump);
        assert_int_equal(w.options->receiver[0].pace.rate, CASES[i].want.rate);
    }
}

static void the_type_decides_about_reminders_and_de_escalations_unless_the_keys_do(void **state)
{
#define PAGER "{ name = \"s\"; type = \"pagerduty\"; routing_key_file = \"pager.key\"; "
#define CHAT "{ name = \"s\"; type = \"discord\"; url_file = \"hook.url\"; "
    static const struct {
        const char *receiver;
        bool reminders, deescalated;
    } CASES[] = {
        {PAGER "}", false, false},
        {PAGER "reminders = true; deescalated = true; }", true, true},
        {CHAT "}", true, false},
        {CHAT "reminders = false; deescalated = true; }", false, true},
        {JOURNAL, true, true},
        {"{ name = \"s\"; type = \"journal\"; deescalated = false; }", true, false},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_file(&w, "pager.key", 0600, "0123456789abcdef0123456789abcdef");
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *text = text_printf("%sreceivers = ( %s );\n", GOOD_TENANT, CASES[i].receiver);
        CLEANUP(free) char *dump = NULL;
        fixture_load(&w, text);
        for (int again = 0; again < 2; again++) {
            fixture_expect_clean(&w, text);
            const struct receiver_traits *t = &w.options->routes.receiver[0];
            if (t->wants_reminders != CASES[i].reminders || t->wants_deescalations != CASES[i].deescalated)
                fail_msg("%s: %d, %d", text, t->wants_reminders, t->wants_deescalations);
            free(TAKE(dump));
            assert_int_equal(options_dump(w.options, &dump), 0);
            fixture_load(&w, dump);
        }
    }
}

static void receivers_that_leave_somebody_unheard_are_warned_of(void **state)
{
#define LOCAL_SYSLOG "{ name = \"s\"; type = \"syslog\"; }"
#define WORKFLOW "{ name = \"t\"; type = \"teams\"; url_file = \"flow.url\"; }"
#define RECORDS "only the logs of this machine hear of critical alerts"
#define DOUBLES "journald then shows twice"
#define DEPENDS "depends on Microsoft 365"
    static const struct {
        const char *text, *says; /* NULL: no warning */
    } CASES[] = {
        {"", RECORDS},
        {"receivers = ( " JOURNAL " );", RECORDS},
        {"receivers = ( " LOCAL_SYSLOG " );", RECORDS},
        {"receivers = ( " HOOK " );", NULL},
        {"receivers = ( " JOURNAL ", { name = \"s\"; type = \"syslog\"; socket = \"/run/other\"; } );", RECORDS},
        {"receivers = ( " JOURNAL ", { name = \"b\"; type = \"heartbeat\"; url_file = \"hook.url\"; } );", RECORDS},
        {"receivers = ( " JOURNAL ", " HOOK " );", NULL},
        {"receivers = ( " JOURNAL ", " HOOK " ); routes = ( { match = { severity = \"critical\"; }; to = [ "
         "\"journal\" ]; }, { to = [ \"hook\" ]; } );", RECORDS},
        {"receivers = ( " JOURNAL ", " HOOK " ); routes = ( { match = { severity = \"critical\"; tenant = "
         "\"contoso\"; }; to = [ \"journal\" ]; }, { to = [ \"hook\" ]; } );", NULL},
        {"receivers = ( " JOURNAL ", " LOCAL_SYSLOG ", " HOOK " );", DOUBLES},
        {"receivers = ( " JOURNAL ", " LOCAL_SYSLOG ", " HOOK " ); routes = ( { match = { severity = "
         "\"critical\"; }; to = [ \"journal\", \"hook\" ]; }, { to = [ \"s\" ]; } );", NULL},
        {"receivers = ( " JOURNAL ", { name = \"s\"; type = \"syslog\"; server = \"udp://127.0.0.1:514\"; sd_id = "
         "\"a@64000\"; } );", NULL},
        {"receivers = ( " WORKFLOW " );", DEPENDS},
        {"receivers = ( " WORKFLOW ", { name = \"m\"; type = \"email\"; server = \"smtp://mx.contoso.mail.protection."
         "outlook.com:25\"; from = \"a@b.c\"; to = [ \"d@e.f\" ]; } );", DEPENDS},
        {"receivers = ( " WORKFLOW ", { name = \"m\"; type = \"email\"; server = \"smtp://mx.example:25\"; from = "
         "\"a@b.c\"; to = [ \"d@e.f\" ]; } );", NULL},
        {"receivers = ( { name = \"m\"; type = \"graph_mail\"; tenant_id = \"22222222-2222-4333-8444-555555555555\"; "
         "client_id = \"c\"; client_secret_file = \"contoso.secret\"; from = \"a@b.c\"; to = [ \"d@e.f\" ]; } );", NULL},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    w.only_logs = true;
    fixture_file(&w, "flow.url", 0600, "https://e.environment.api.powerplatform.com:443/x?sig=s\n");
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *text = text_printf("%s%s\n", GOOD_TENANT, CASES[i].text);
        fixture_load(&w, text);
        if (!CASES[i].says) {
            fixture_expect_clean(&w, CASES[i].text);
            continue;
        }
        const struct problem *p = fixture_find(&w, "seatwatchd.conf", *CASES[i].text ? 2 : 1, CASES[i].says);
        if (w.r != 0 || w.problems.n != 1 || !p || !p->warning)
            fail_msg("%s: %zu problems", CASES[i].text, w.problems.n);
    }
}

static void the_expiry_of_a_receivers_secret_is_a_day(void **state)
{
#define SENDER                                                                                                    \
    "{ name = \"m\"; type = \"graph_mail\"; tenant_id = \"22222222-2222-4333-8444-555555555555\"; client_id = "     \
    "\"c\"; from = \"a@b.c\"; to = [ \"d@e.f\" ]; "
#define SECRET "client_secret_file = \"contoso.secret\"; "
#define FLOW "{ name = \"t\"; type = \"teams\"; url_file = \"oauth.url\"; "
    static const struct {
        const char *receiver, *says; /* NULL: nothing */
        bool warning;
    } CASES[] = {
        {SENDER SECRET "client_secret_expires = \"2126-03-01\"; }", NULL, false},
        {SENDER SECRET "client_secret_expires = \"2026-03-01\"; }", "the secret expired on 2026-03-01", true},
        {SENDER SECRET "client_secret_expires = \"auto\"; }", "may not read its own registration", false},
        {SENDER SECRET "client_secret_expires = \"March\"; }", "write the last day of the secret", false},
        {SENDER "certificate_file = \"c.crt\"; private_key_file = \"c.key\"; client_secret_expires = "
                "\"2126-03-01\"; }", "has no use with a certificate", false},
        {FLOW "auth_tenant = \"contoso.com\"; client_id = \"c\"; " SECRET "client_secret_expires = \"2026-03-01\"; }",
         "the secret expired on 2026-03-01", true},
        {FLOW "client_secret_expires = \"2126-03-01\"; }", "client_secret_expires", false},
        {"{ name = \"m\"; type = \"email\"; server = \"smtps://m.example:465\"; from = \"a@b.c\"; to = [ \"d@e.f\" ]; "
         "client_secret_expires = \"2126-03-01\"; }", "client_secret_expires", false},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_file(&w, "oauth.url", 0600, "https://e.environment.api.powerplatform.com:443/x\n");
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *text = text_printf("%sreceivers = ( %s, " HOOK " );\n", GOOD_TENANT, CASES[i].receiver);
        fixture_load(&w, text);
        const struct problem *p = CASES[i].says ? fixture_find(&w, "seatwatchd.conf", 2, CASES[i].says) : NULL;
        if (CASES[i].says ? !p || p->warning != CASES[i].warning : w.problems.n > 0) {
            fixture_print(&w);
            fail_msg("%s", CASES[i].receiver);
        }
    }
}

static void plain_http_is_for_loopback_or_for_who_says_so(void **state)
{
    static const struct {
        const char *url, *more;
        bool ok;
    } CASES[] = {
        {"http://127.0.0.1:8080/x\n", "", true},
        {"http://hook.example/x\n", "", false},
        {"http://hook.example/x\n", "allow_http = true;", true},
        {"https://hook.example/x\n", "", true},
        {"ftp://hook.example/x\n", "allow_http = true;", false},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        fixture_file(&w, "hook.url", 0600, CASES[i].url);
        CLEANUP(free)
        char *text =
            text_printf(GOOD_TENANT "receivers = ( { name = \"hook\"; type = \"webhook\"; url_file "
                                    "= \"hook.url\"; signing_key_file = \"hook.key\"; %s } );",
                        CASES[i].more);
        fixture_load(&w, text);
        if ((w.r == 0) != CASES[i].ok) {
            fixture_print(&w);
            fail_msg("%s", CASES[i].url);
        }
        for (size_t p = 0; p < w.problems.n; p++)
            assert_null(strstr(w.problems.problem[p].text, "/x"));
    }
}

static void a_receivers_broken_file_switches_off_that_receiver_only(void **state)
{
    static const struct {
        const char *more, *says;
    } CASES[] = {
        {"url_file = \"absent.url\"; signing_key_file = \"hook.key\";", "there is no file absent.url"},
        {"url_file = \"bad.url\"; signing_key_file = \"hook.key\";", "receiver \"hook\""},
        {"url_file = \"hook.url\"; signing_key_file = \"hook.key\"; ca_file = \"absent.pem\";",
         "there is no file absent.pem"},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_file(&w, "bad.url", 0600, "nonsense\n");
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free)
        char *hook = text_printf("{ name = \"hook\"; type = \"webhook\"; %s }", CASES[i].more);
        CLEANUP(free) char *beside = text_printf("%sreceivers = ( %s, " JOURNAL " );\n", GOOD_TENANT, hook);
        CLEANUP(free) char *alone = text_printf("%sreceivers = ( %s );\n", GOOD_TENANT, hook);
        fixture_load(&w, beside);
        assert_int_equal(w.r, 0);
        assert_int_equal(w.problems.n, 1);
        assert_false(w.problems.problem[0].fatal || w.problems.problem[0].warning);
        assert_non_null(strstr(w.options->receiver[0].broken, CASES[i].says));
        assert_null(w.options->receiver[1].broken);
        fixture_load(&w, alone);
        fixture_expect_one(&w, "nobody is left", 2, CASES[i].says);
    }
}

static void more_receivers_than_fit_are_refused(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    struct text t = TEXT_INIT(100000);
    (void)state;
    text_add(&t, GOOD_TENANT "receivers = (");
    for (int i = 0; i <= RECEIVERS_MAX; i++)
        text_addf(&t, "%s\n{ name = \"r%d\"; type = \"journal\"; }", i ? "," : "", i);
    text_add(&t, ");\n");
    CLEANUP(free) char *text = text_take(&t);
    fixture_load(&w, text);
    fixture_expect_one(&w, "too many", 3 + RECEIVERS_MAX, "more than 64");
}

static void unreachable_receivers_and_routes_are_warned_about(void **state)
{
    static const struct {
        const char *text;
        int line;
        const char *words;
    } CASES[] = {
        {"receivers = ( " JOURNAL ",\n" HOOK ", { name = \"d\"; type = \"discord\"; url_file = \"hook.url\"; } ); "
         "routes = ( { to = [ \"journal\", \"d\" ]; } );", 3,
         "leads to \"hook\""},
        {"routes = ( { to = [ \"journal\" ]; },\n{ match: { sku = \"A\"; }; to = [ \"journal\" ]; "
         "} );",
         3, "the route in line 2 takes everything"},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *text = text_printf("%s%s\n", GOOD_TENANT, CASES[i].text);
        fixture_load(&w, text);
        const struct problem *p =
            fixture_find(&w, "seatwatchd.conf", CASES[i].line, CASES[i].words);
        if (w.r != 0 || w.problems.n != 1 || !p || !p->warning) {
            fixture_print(&w);
            fail_msg("%s", CASES[i].text);
        }
    }
}

/* The service still starts; --check-config prints the warning. */
static void urls_that_vendors_switched_off_are_warned_about(void **state)
{
    static const char TEAMS[] =
        GOOD_TENANT "receivers = ( { name = \"chat\"; type = \"teams\"; url_file = \"teams.url\"; }, "
                    "{ name = \"d\"; type = \"discord\"; url_file = \"hook.url\"; } );\n";
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_file(&w, "teams.url", 0600, "https://contoso.webhook.office.com/webhookb2/a-secret\n");
    fixture_load(&w, TEAMS);
    assert_int_equal(w.r, 0);
    assert_int_equal(w.problems.n, 1);
    const struct problem *p = fixture_find(&w, "seatwatchd.conf", 2, "contoso.webhook.office.com");
    assert_true(p && p->warning);
    assert_non_null(strstr(p->text, "receiver \"chat\""));
    assert_null(strstr(p->text, "a-secret"));
    assert_null(w.options->receiver[0].broken);
    fixture_file(&w, "teams.url", 0600, "https://e.environment.api.powerplatform.com:443/workflows/1?sig=s\n");
    fixture_load(&w, TEAMS);
    fixture_expect_clean(&w, "a workflow");
}

/* Until then an alert that no poll confirms keeps firing at a receiver that forgets what is not repeated. */
static void alerts_outlast_failing_polls_and_recovery(void **state)
{
    static const struct {
        const char *text;
        usec_t minutes;
    } CASES[] = {
        {"", 15 + 60},
        {"poll: { interval = \"1h\"; };", 180 + 60},
        {"thresholds: { poll = { warning = \"10m\"; }; };", 15 + 10},
        {"thresholds: { poll = { warning = \"4 polls\"; }; };", 15 + 20},
        {"thresholds: { poll = { warning = \"10m\"; }; usage = { keep_firing_for = \"2h\"; }; };", 15 + 120},
        {"alerts: { keep_firing_for = \"3h\"; };", 15 + 180},
        {"overrides = ( { match = { sku = \"X\"; }; usage = { keep_firing_for = \"5h\"; }; } );", 15 + 300},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *text = text_printf("%s%s\n", GOOD_TENANT, CASES[i].text);
        fixture_load(&w, text);
        assert_non_null(w.options);
        if (w.options->receiver[0].confirms_within != CASES[i].minutes * USEC_PER_MINUTE)
            fail_msg("%s: %llu min", CASES[i].text,
                     (unsigned long long)(w.options->receiver[0].confirms_within / USEC_PER_MINUTE));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receivers_and_routes_are_refused_with_their_place),
        cmocka_unit_test(a_tenant_without_the_label_of_its_mail_address_is_watched),
        cmocka_unit_test(the_fallback_is_the_journal_or_else_the_first_receiver),
        cmocka_unit_test(receivers_keep_their_order_and_get_traits),
        cmocka_unit_test(a_receiver_has_its_own_pace_or_that_of_storm_and_the_record_has_none),
        cmocka_unit_test(the_type_decides_about_reminders_and_de_escalations_unless_the_keys_do),
        cmocka_unit_test(receivers_that_leave_somebody_unheard_are_warned_of),
        cmocka_unit_test(the_expiry_of_a_receivers_secret_is_a_day),
        cmocka_unit_test(plain_http_is_for_loopback_or_for_who_says_so),
        cmocka_unit_test(a_receivers_broken_file_switches_off_that_receiver_only),
        cmocka_unit_test(more_receivers_than_fit_are_refused),
        cmocka_unit_test(unreachable_receivers_and_routes_are_warned_about),
        cmocka_unit_test(urls_that_vendors_switched_off_are_warned_about),
        cmocka_unit_test(alerts_outlast_failing_polls_and_recovery),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
