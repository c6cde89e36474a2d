/* SPDX-License-Identifier: MIT */
/* The sample, the same with every '#' taken away, and the examples load as they stand. */
#include "deliver/receiver.h"
#include "unit/config/pair.h"

static char *read_conf(const char *name)
{
    CLEANUP(free) char *path = text_printf("%s/conf/%s", SOURCE_ROOT, name);
    char *text;
    size_t len;
    struct failure why;
    if (source_read_file(path, 1 << 20, &text, &len, &why) < 0)
        fail_msg("%s: %s", path, why.text);
    return text;
}

/* As tests/lint/keys/check.py does it: a '#' directly before a setting, or at the beginning of a
 * line of a block. */
static char *uncomment(const char *text)
{
    struct text out = TEXT_INIT(1 << 20);
    while (*text) {
        size_t len = strcspn(text, "\n"), blanks = strspn(text, " ");
        const char *mark = text + blanks;
        bool setting = *mark == '#' && (mark[1] != ' ' || (blanks == 0 && mark[2] == ' '));
        text_add_bytes(&out, text, setting ? blanks : len);
        if (setting)
            text_add_bytes(&out, mark + 1, len - blanks - 1);
        text_add(&out, "\n");
        text += len + (text[len] == '\n');
    }
    return text_take(&out);
}

static char *dump_of(const struct config_fixture *w)
{
    char *text = NULL;
    assert_int_equal(options_dump(w->options, &text), 0);
    return text;
}

static void the_sample_loads_as_it_stands_and_changes_no_default(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    CLEANUP(free) char *sample = read_conf("seatwatchd.conf");
    CLEANUP(free) char *minimal = read_conf("examples/minimal.conf");
    (void)state;
    fixture_load(&w, minimal);
    fixture_expect_clean(&w, "minimal.conf");
    CLEANUP(free) char *want = dump_of(&w);
    fixture_load(&w, sample);
    fixture_expect_clean(&w, "sample");
    CLEANUP(free) char *got = dump_of(&w);
    assert_string_equal(got, want);
}

/* Everything between "NAME = (" and the line that ends the list, of a dump. */
static void cut_list(char *dump, const char *name)
{
    CLEANUP(free) char *head = text_printf("\n%s = (", name);
    char *from = strstr(dump, head);
    assert_non_null(from);
    char *to = strstr(from, ");\n");
    assert_non_null(to);
    memmove(from, to, strlen(to) + 1);
}

/* The secrets that the receivers of the sample name. */
static void write_secrets(struct config_fixture *w)
{
    static const struct {
        const char *name, *content;
    } FILES[] = {
        {"beat.url", "https://beat.example/ping/canary"},
        {"pager.key", "0123456789abcdef0123456789abcdef"},
        {"discord.url", "https://discord.com/api/webhooks/1/token"},
        {"slack.url", "https://hooks.slack.com/services/T/B/token"},
        {"teams.url", "https://e.environment.api.powerplatform.com:443/workflows/1?sig=s"},
        {"events.url", "https://events.example/seats"},
        {"ntfy.topic", "seats-5Qx9"},
        {"sender.secret", "canary~of.a.sender"},
        {"jsm.key", "5a1e0000-0000-0000-0000-7d2b00000000"},
    };
    for (size_t i = 0; i < N_ELEMENTS(FILES); i++)
        fixture_file(w, FILES[i].name, 0600, FILES[i].content);
}

static bool has_type(const struct options *o, const struct receiver_class *class)
{
    for (size_t i = 0; i < o->n_receivers; i++)
        if (o->receiver[i].class == class)
            return true;
    return false;
}

#define PLATFORM_TOKEN "/var/run/secrets/azure/tokens/azure-identity-token"
static void the_sample_with_every_mark_taken_away_loads_and_shows_the_defaults(void **state)
{
    static const char *const EXAMPLES[] = {"maintenance", "names",   "overrides",   "receivers",
                                           "routes",      "tenants", "usage_rights"};
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    CLEANUP(free) char *sample = read_conf("seatwatchd.conf");
    CLEANUP(free) char *open = uncomment(sample);
    CLEANUP(free) char *token = text_printf("%s/token", w.dir);
    (void)state;
    write_pair(&w, "fabrikam.crt", "fabrikam.key", 86400);
    write_secrets(&w);
    fixture_file(&w, "token", 0644, "eyJ.x.y");
    assert_non_null(strstr(open, PLATFORM_TOKEN)); /* which is not there on this machine */
    size_t behind = strlen(PLATFORM_TOKEN), at = (size_t)(strstr(open, PLATFORM_TOKEN) - open);
    CLEANUP(free) char *mine = text_printf("%.*s%s%s", (int)at, open, token, open + at + behind);
    fixture_load(&w, sample);
    CLEANUP(free) char *want = dump_of(&w);
    fixture_load(&w, mine);
    fixture_expect_clean(&w, "without marks");
    assert_int_equal(w.options->n_tenants, 4);
    assert_int_equal(w.options->rules.n_overrides, 5);
    assert_int_equal(w.options->rules.n_rights, 2);
    assert_int_equal(w.options->routes.n_routes, 5);
    assert_int_equal(w.options->n_maintenance, 2);
    for (size_t i = 0; receiver_types[i]; i++)
        assert_true(has_type(w.options, receiver_types[i]));
    CLEANUP(free) char *got = dump_of(&w);
    for (size_t i = 0; i < N_ELEMENTS(EXAMPLES); i++) {
        cut_list(want, EXAMPLES[i]);
        cut_list(got, EXAMPLES[i]);
    }
    assert_string_equal(got, want);
}

static void the_example_of_a_provider_loads(void **state)
{
    static const char *const SECRETS[] = {"fabrikam.secret", "tailspin.secret"};
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    CLEANUP(free) char *text = read_conf("examples/msp-overrides.conf");
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(SECRETS); i++)
        fixture_file(&w, SECRETS[i], 0600, "s\n");
    for (size_t i = 0; i < 2; i++) {
        fixture_file(&w, i ? "gold.url" : "desk.url", 0600, "https://hook.example/x\n");
        fixture_file(&w, i ? "gold.key" : "desk.key", 0600,
                     "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=\n");
    }
    fixture_load(&w, text);
    fixture_expect_clean(&w, "msp-overrides.conf");
    assert_int_equal(w.options->n_tenants, 3);
    assert_int_equal(w.options->rules.n_overrides, 5);
}

static void the_example_of_departments_sends_each_its_own(void **state)
{
    static const char *const SECRETS[] = {"purchasing", "helpdesk", "operators"};
    static const struct {
        enum rule rule;
        enum level level;
        receiver_set want; /* by their place in the example */
    } CASES[] = {
        {RULE_SUBSCRIPTION, LEVEL_CRITICAL, 1 | 2}, {RULE_WAITING, LEVEL_WARNING, 1 | 4},
        {RULE_WAITING_AGE, LEVEL_CRITICAL, 1 | 4},  {RULE_ASSIGNMENT_ERRORS, LEVEL_WARNING, 1 | 4},
        {RULE_USAGE, LEVEL_WARNING, 1 | 8},         {RULE_POLL, LEVEL_CRITICAL, 1 | 8},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    CLEANUP(free) char *text = read_conf("examples/departments.conf");
    CLEANUP(context_free) struct alert_context *f = NULL;
    (void)state;
    fixture_file(&w, "contoso.secret", 0600, "s\n");
    for (size_t i = 0; i < N_ELEMENTS(SECRETS); i++) {
        CLEANUP(free) char *url = text_printf("%s.url", SECRETS[i]);
        CLEANUP(free) char *key = text_printf("%s.key", SECRETS[i]);
        fixture_file(&w, url, 0600, "https://hook.example/x\n");
        fixture_file(&w, key, 0600, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=\n");
    }
    fixture_load(&w, text);
    fixture_expect_clean(&w, "departments.conf");
    assert_int_equal(context_new(&f), 0);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct reach reach = route_for(&w.options->routes, KIND_CAPACITY, CASES[i].rule, CASES[i].level, f, 0);
        assert_int_equal(reach.now | reach.later, CASES[i].want);
    }
    assert_int_equal(route_info(&w.options->routes, RULE_INVENTORY, f), 1 | 2);
}

static void the_example_of_many_tenants_loads(void **state)
{
    static const char *const NAMES[] = {"contoso", "fabrikam", "fabrikam-usgov"};
    static const char *const FILES[] = {"contoso.conf", "fabrikam.conf"};
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    CLEANUP(free) char *text = read_conf("examples/many-tenants/seatwatchd.conf");
    (void)state;
    fixture_directory(&w, "tenants.d");
    for (size_t i = 0; i < N_ELEMENTS(FILES); i++) {
        CLEANUP(free) char *from = text_printf("examples/many-tenants/tenants.d/%s", FILES[i]);
        CLEANUP(free) char *to = text_printf("tenants.d/%s", FILES[i]);
        CLEANUP(free) char *tenants = read_conf(from);
        fixture_file(&w, to, 0644, tenants);
    }
    fixture_file(&w, "partner.secret", 0600, "s\n");
    fixture_file(&w, "fabrikam.secret", 0600, "s\n");
    fixture_file(&w, "fabrikam-usgov.secret", 0600, "s\n");
    fixture_load(&w, text);
    fixture_expect_clean(&w, "many-tenants");
    assert_int_equal(w.options->n_tenants, N_ELEMENTS(NAMES));
    for (size_t i = 0; i < N_ELEMENTS(NAMES); i++)
        assert_string_equal(w.options->tenant[i].identity.name, NAMES[i]);
    assert_int_equal(w.options->tenant[2].graph.cloud, CLOUD_USGOV_L4);
}

/* The templates are read, and their placeholders and words are known. */
static void the_example_of_templates_loads(void **state)
{
    static const char *const TEMPLATES[] = {"servicenow", "splunk-hec", "mattermost", "telegram"};
    static const struct {
        const char *name, *content;
    } SECRETS[] = {
        {"contoso.secret", "s\n"},
        {"servicenow.url", "https://example.service-now.com/api/global/em/jsonv2\n"},
        {"servicenow.headers", "Authorization: Basic c2VhdHdhdGNoZDpz\n"},
        {"splunk.url", "https://splunk.example:8088/services/collector/event\n"},
        {"splunk.headers", "Authorization: Splunk 5a1e0000-0000-0000-0000-7d2b00000000\n"},
        {"mattermost.url", "https://chat.example/hooks/key\n"},
        {"telegram.url", "https://api.telegram.org/bot1:key/sendMessage\n"},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    CLEANUP(free) char *text = read_conf("examples/webhooks.conf");
    int line = 1;
    for (const char *at = text; at < strstr(text, "\"telegram\""); at++)
        line += *at == '\n';
    (void)state;
    fixture_directory(&w, "webhooks");
    for (size_t i = 0; i < N_ELEMENTS(TEMPLATES); i++) {
        CLEANUP(free) char *from = text_printf("examples/webhooks/%s.json", TEMPLATES[i]);
        CLEANUP(free) char *to = text_printf("webhooks/%s.json", TEMPLATES[i]);
        CLEANUP(free) char *template = read_conf(from);
        fixture_file(&w, to, 0644, template);
    }
    for (size_t i = 0; i < N_ELEMENTS(SECRETS); i++)
        fixture_file(&w, SECRETS[i].name, 0600, SECRETS[i].content);
    fixture_load(&w, text);
    fixture_expect_clean(&w, "webhooks.conf");
    assert_int_equal(w.options->n_receivers, 5);
    CLEANUP(free) char *dump = dump_of(&w);
    assert_non_null(strstr(dump, "values = [ \"tone.critical = 1\""));
    fixture_file(&w, "webhooks/telegram.json", 0644, "{\n \"text\": {{data.titel}}\n}\n");
    fixture_load(&w, text);
    assert_int_equal(w.problems.n, 1);
    assert_non_null(fixture_find(&w, "seatwatchd.conf", line, "line 2: {{data.titel}} is unknown"));
    fixture_file(&w, "webhooks/telegram.json", 0644, "");
    fixture_load(&w, text);
    assert_non_null(fixture_find(&w, "seatwatchd.conf", line, "line 1: not valid JSON"));
}

/* All the keys a user may take from the documentation of the interface, those of later versions
 * left out. */
static void a_configuration_that_says_everything_loads(void **state)
{
    static const char TEXT[] =
        "poll: { interval = \"5m\"; jitter = \"10%\"; timeout = \"2m\"; concurrency = 8; requests "
        "= 6; };\n"
        "network: { ca_file = \"\"; proxy = \"\"; proxy_password_file = \"\"; };\n"
        "tenant_defaults: { };\n"
        "tenants = ( { name = \"contoso\"; tenant_id = \"11111111-2222-4333-8444-000000000009\"; client_id = \"99999999-aaaa-4bbb-8ccc-000000000002\"; auth = "
        "\"client_secret\"; client_secret_file = \"contoso.secret\";\n"
        "  client_secret_expires = \"2037-03-01\"; cloud = \"global\"; graph_url = \"\"; login_url = \"\"; resource = \"\"; api_version = "
        "\"beta\"; source = \"auto\";\n"
        "  labels = { customer = \"Contoso\"; group = \"gold\"; }; timezone = \"\"; enabled = "
        "true; } );\n"
        "thresholds: { usage = { warning = \"90%\"; critical = \"off\"; clear_margin = \"2%\"; "
        "min_units = 25; };\n"
        "  remaining = { warning = 0; critical = -1; }; waiting = { warning = 1; critical = 25; "
        "for = \"15m\"; };\n"
        "  waiting_age = { warning = \"off\"; critical = \"1d\"; }; assignment_errors = { warning "
        "= 5; critical = \"off\"; for = \"1h\"; };\n"
        "  subscription = { warning = \"30d\"; critical = \"7d\"; renewal = \"auto\"; }; "
        "capacity_drop = { warning = \"10%\"; min_units = 5; }; forecast = { warning = \"14d\"; critical = \"off\"; };\n"
        "  poll = { warning = \"1h\"; critical = \"6h\"; }; credential = { warning = "
        "\"30d\"; critical = \"7d\"; }; };\n"
        "scope = \"auto\"; free_skus = \"ignore\"; dates_at = \"09:00\"; names = { }; names_file = "
        "\"\"; privacy = \"hashed\";\n"
        "overrides = ( { match: { sku = \"SPE_E5\"; tenant = \"contoso\"; }; usage = { warning = "
        "\"95%\"; critical = \"98%\"; }; },\n"
        "  { match: { sku = \"FLOW_*\"; }; ignore = \"alerts\"; }, { match: { allotment = \"x\"; "
        "}; remaining = { warning = 50; critical = 20; }; },\n"
        "  { match: { labels = { group = \"gold\"; }; }; waiting = { warning = 1; critical = 5; }; "
        "} );\n"
        "alerts: { for = \"0s\"; min_samples = 2; keep_firing_for = \"10m\"; repeat: { critical = "
        "\"4h\"; warning = \"1d\"; growth = 2; cap = \"7d\"; };\n"
        "  first_run = \"baseline\"; absence = \"30m\"; };\n"
        "usage_rights = ( );\n"
        "receivers = ( { name = \"journal\"; type = \"journal\"; }, { name = \"syslog\"; type = "
        "\"syslog\"; facility = \"daemon\"; socket = \"/run/seats.socket\"; },\n"
        "  { name = \"hook\"; type = \"webhook\"; url_file = \"hook.url\"; signing_key_file = "
        "\"hook.key\"; } );\n"
        "routes = ( { match: { severity = \"critical\"; }; to = [\"hook\", \"syslog\", "
        "\"journal\"]; }, { match: { severity = \"warning\"; }; to = [\"journal\"]; },\n"
        "  { to = [\"journal\"]; } );\n"
        "fallback = [\"journal\"]; control: { socket = \"off\"; }; status: { listen = \"\"; hosts "
        "= []; }; history: { keep = \"400d\"; };\n"
        "log: { level = \"info\"; };\n";
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_load(&w, TEXT);
    fixture_expect_clean(&w, "everything");
    assert_int_equal(w.options->rules.n_overrides, 4);
    assert_int_equal(w.options->routes.n_routes, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_loads_as_it_stands_and_changes_no_default),
        cmocka_unit_test(the_sample_with_every_mark_taken_away_loads_and_shows_the_defaults),
        cmocka_unit_test(the_example_of_a_provider_loads),
        cmocka_unit_test(the_example_of_departments_sends_each_its_own),
        cmocka_unit_test(the_example_of_many_tenants_loads),
        cmocka_unit_test(the_example_of_templates_loads),
        cmocka_unit_test(a_configuration_that_says_everything_loads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
