/* SPDX-License-Identifier: MIT */
/* From a file to options: defaults, and everything that is refused, with its place and its cure. */
#include "unit/config/fixture.h"
#include <syslog.h>

static void one_tenant_is_enough_and_the_rest_has_the_documented_defaults(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_load(&w, GOOD_TENANT);
    fixture_expect_clean(&w, "defaults");
    const struct options *o = w.options;
    assert_int_equal(o->poll_interval, 5 * USEC_PER_MINUTE);
    assert_int_equal(o->poll_jitter_bp, 1000);
    assert_int_equal(o->poll_timeout, 2 * USEC_PER_MINUTE);
    assert_int_equal(o->poll_concurrency, 8);
    assert_int_equal(o->poll_requests, 6);
    assert_string_equal(o->ca_file, "");
    assert_string_equal(o->proxy, "");
    assert_int_equal(o->rules.scope, SCOPE_AUTO);
    assert_false(o->rules.watch_free_skus);
    assert_int_equal(o->rules.dates_at, 9 * USEC_PER_HOUR);
    assert_int_equal(o->rules.absence, 30 * USEC_PER_MINUTE);
    assert_false(o->alerts.first_run_each);
    assert_int_equal(o->alerts.repeat.every[LEVEL_CRITICAL], 4 * USEC_PER_HOUR);
    assert_int_equal(o->alerts.repeat.every[LEVEL_WARNING], USEC_PER_DAY);
    assert_int_equal(o->alerts.repeat.growth, 2);
    assert_int_equal(o->alerts.repeat.cap, 7 * USEC_PER_DAY);
    assert_int_equal(o->history_keep, 400 * USEC_PER_DAY);
    assert_int_equal(o->log_level, LOG_INFO);
    assert_int_equal(o->n_receivers, 1);
    assert_string_equal(o->receiver[0].name, "journal");
    assert_ptr_equal(o->receiver[0].class, &journal_class);
    assert_int_equal(o->routes.n_receivers, 1);
    assert_true(o->routes.receiver[0].wants_deescalations);
    assert_int_equal(o->routes.n_routes, 0);
    assert_int_equal(o->routes.n_fallback, 1);
    assert_string_equal(o->routes.fallback[0], "journal");
    assert_int_equal(o->path[0], '/');
    assert_false(o->tenants_incomplete);
}

static bool same_limit(const struct limit *a, const struct limit *b)
{
    return a->on == b->on && a->polls == b->polls && a->value == b->value;
}

static void every_rule_has_its_default_limits_and_times(void **state)
{
    static const struct {
        enum rule rule;
        struct limit warning, critical;
        usec_t hold_for;
    } CASES[] = {
        {RULE_USAGE, {.on = true, .value = 9000}, {.on = false, .value = 0}, 0},
        {RULE_REMAINING, {.on = true, .value = 0}, {.on = true, .value = -1}, 0},
        {RULE_WAITING, {.on = true, .value = 1}, {.on = true, .value = 25}, 15 * USEC_PER_MINUTE},
        {RULE_WAITING_AGE, {.on = false, .value = 0}, {.on = true, .value = 86400}, 0},
        {RULE_ASSIGNMENT_ERRORS, {.on = true, .value = 5}, {.on = false, .value = 0}, USEC_PER_HOUR},
        {RULE_SUBSCRIPTION, {.on = true, .value = 30}, {.on = true, .value = 7}, 0},
        {RULE_POLL, {.on = true, .value = 3600}, {.on = true, .value = 21600}, 0},
        {RULE_ALLOTMENT_GONE, {.on = false, .value = 0}, {.on = false, .value = 0}, 0},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_load(&w, GOOD_TENANT);
    fixture_expect_clean(&w, "defaults");
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        const struct threshold *t = &w.options->rules.threshold[CASES[i].rule];
        if (t->off ||
            !same_limit(&t->limit[LEVEL_WARNING], &CASES[i].warning) ||
            !same_limit(&t->limit[LEVEL_CRITICAL], &CASES[i].critical) ||
            t->hold_for != CASES[i].hold_for || t->keep_firing_for != 10 * USEC_PER_MINUTE ||
            t->min_samples != 2)
            fail_msg("%s", rule_name(CASES[i].rule));
    }
    assert_int_equal(w.options->rules.threshold[RULE_USAGE].clear_margin_bp, 200);
    assert_int_equal(w.options->rules.threshold[RULE_USAGE].min_units, 25);
    assert_false(w.options->rules.threshold[RULE_SUBSCRIPTION].manual_renewal);
}

static void a_tenant_has_the_documented_defaults(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    char secret[128];
    (void)state;
    fixture_load(&w, GOOD_TENANT "poll: { interval = \"7m\"; timeout = \"50s\"; requests = 3; };");
    fixture_expect_clean(&w, "tenant");
    const struct tenant_options *t = &w.options->tenant[0];
    assert_int_equal(w.options->n_tenants, 1);
    assert_true(t->enabled);
    assert_null(t->broken);
    assert_string_equal(t->identity.name, "contoso");
    assert_string_equal(t->graph.name, "contoso");
    assert_string_equal(t->identity.tenant_id, "11111111-2222-4333-8444-000000000001");
    assert_string_equal(t->graph.tenant_id, "11111111-2222-4333-8444-000000000001");
    assert_string_equal(t->graph.client_id, "99999999-aaaa-4bbb-8ccc-000000000001");
    (void)snprintf(secret, sizeof secret, "%s/contoso.secret", w.dir);
    assert_string_equal(t->graph.client_secret_file, secret);
    assert_int_equal(t->graph.cloud, CLOUD_GLOBAL);
    assert_int_equal(t->graph.source, SOURCE_OPTION_AUTO);
    assert_string_equal(t->graph.graph_url, "");
    assert_string_equal(t->graph.api_version, "beta");
    assert_string_equal(t->identity.timezone, "");
    assert_int_equal(t->identity.interval, 7 * USEC_PER_MINUTE);
    assert_int_equal(t->graph.timeout, 50 * USEC_PER_SEC);
    assert_int_equal(t->graph.requests, 3);
    assert_int_equal(t->identity.n_labels, 1);
    assert_string_equal(t->identity.label[0].value, "gold");
}

static void every_mistake_is_reported_with_line_key_and_fix(void **state)
{
    static const struct {
        const char *why, *text;
        int line;
        const char *words;
    } CASES[] = {
        {"misspelt group", "\npol: { };", 3, "unknown key 'pol'; did you mean 'poll'?"},
        {"misspelt key", "poll: {\n intervall = \"5m\"; };", 3,
         "unknown key 'intervall' in poll; did you mean 'interval'?"},
        {"misspelt key of a receiver", "receivers = ( { name = \"x\"; type = \"journal\"; sockt = \"\"; } );", 2,
         "unknown key 'sockt' in receivers; did you mean 'socket'?"},
        {"a key that no receiver has", "receivers = ( { name = \"x\"; xqzqq = 1; type = \"journal\"; } );", 2, "known here are: name"},
        {"key of another group", "poll: { keep = \"5d\"; };", 2, "it belongs into 'history'"},
        {"group of the top level", "poll: { overrides = (); };", 2, "it belongs to the top level"},
        {"a key that nobody knows", "log: { colour = true; };", 2, "known here are: level"},
        {"integer for a duration", "poll: { interval = 300; };", 2,
         "poll.interval: this is an integer, but should be: duration; write for example: interval "
         "= \"5m\""},
        {"string for a count", "poll: { concurrency = \"8\"; };", 2, "concurrency = 8"},
        {"float for a count", "poll: { concurrency = 8.5; };", 2, "a number with a point"},
        {"bare word of yes or no", "alerts: { first_run = true; };", 2, "this is true or false"},
        {"group for a scalar", "scope = { };", 2, "this is a group"},
        {"scalar for a group", "poll = \"5m\";", 2, "write poll = { ... }"},
        {"scalar for a list", "routes = \"journal\";", 2, "should be: list of groups"},
        {"element that is no group", "routes = ( \"journal\" );", 2, "write a group"},
        {"unit", "poll: { interval = \"5x\"; };", 2, "is not a duration"},
        {"too short", "poll: { interval = \"0s\"; };", 2, "write 1s to 1d"},
        {"too long", "poll: { interval = \"2d\"; };", 2, "out of range"},
        {"share without its sign", "poll: { jitter = \"10\"; };", 2, "is not a share"},
        {"share beyond its bound", "thresholds: { usage = { warning = \"1000.01%\"; }; };", 2,
         "write 0.01% to 1000%"},
        {"count that wraps", "poll: { concurrency = 4294967304; };", 2,
         "concurrency: 4294967304 is too large for a count"},
        {"count that wraps, in a limit",
         "thresholds: { waiting = {\n warning = 1; critical = 99999999999; }; };", 3,
         "too large for a count"},
        {"count with L", "poll: { concurrency = 99999999999L; };", 2, "write 1 to 512"},
        {"word", "scope = \"skus\";", 2, "did you mean \"sku\"?"},
        {"log level", "log: { level = \"infos\"; };", 2, "did you mean \"info\"?"},
        {"time of day", "dates_at = \"9\";", 2, "write hours and minutes"},
        {"hours", "routes = ( { to = [ \"journal\" ];\nhours = \"Mon-Fri 7-19\"; } );", 3,
         "routes.hours: \"Mon-Fri 7-19\" is not days and times; write such as"},
        {"hours without quotes", "routes = ( { to = [ \"journal\" ]; hours = 7; } );", 2,
         "hours = \"Mon-Fri 07:00-19:00\""},
        {"rule that is neither", "thresholds: { usage = \"on\"; };", 2,
         "write usage = { ... } or usage = \"off\""},
        {"limit that is no share", "thresholds: { usage = { warning = 90; }; };", 2,
         "thresholds.usage.warning: this is an integer"},
        {"days", "thresholds: { subscription = { warning = \"36h\"; }; };", 2, "whole days"},
        {"min_samples", "alerts: { min_samples = 0; };", 2, "write 1 to 100"},
        {"proxy with a path", "network: { proxy = \"http://p.example:3128/x\"; };", 2,
         "path after the host"},
        {"CA file that is not there", "network: { ca_file = \"/nowhere/ca.pem\"; };", 2,
         "there is no file /nowhere/ca.pem"},
        {"CA file without certificates", "network: { ca_file = \"contoso.secret\"; };", 2,
         "contains no certificate"},
        {"names file that is no table", "names_file = \"contoso.secret\";", 2,
         "that Microsoft publishes"},
        {"name without an id", "names = ( { name = \"x\"; } );", 2, "allotment = \"ID\""},
        {"a pool named twice",
         "names = ( { allotment = \"1\"; name = \"x\"; },\n { allotment = \"1\"; name = \"y\"; } "
         ");",
         3, "has a name already"},
        {"no include", "@include \"other.conf\"", 2, "tenants.d"},
        {"duplicate key", "scope = \"sku\";\nscope = \"auto\";", 3, "there already"},
        {"duplicate key of a group", "poll: { interval = \"5m\";\n\ninterval = \"6m\"; };", 4,
         "there already"},
        {"syntax", "poll: { interval 5; };", 2, "no '=' after 'interval'"},
        {"open bracket", "poll: {\n interval = \"5m\";\n", 2, "never closed"},
    };
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *text = text_printf("%s%s\n", GOOD_TENANT, CASES[i].text);
        fixture_load(&w, text);
        fixture_expect_one(&w, CASES[i].why, CASES[i].line, CASES[i].words);
    }
}

static void ten_mistakes_are_ten_messages_in_the_order_of_their_lines(void **state)
{
    static const char TEXT[] = GOOD_TENANT
        "poll: { intervall = \"5m\"; timeout = 5;\n"                                 /* 2, 2 */
        "  jitter = \"200%\"; concurrency = 99999999999; };\n"                       /* 3, 3 */
        "scope = \"pools\";\n"                                                       /* 4 */
        "thresholds: { usage = { warning = \"95%\"; critical = \"90%\"; };\n"        /* 5 */
        "  remaining = { warning = 5; critical = 50; }; };\n"                        /* 6 */
        "overrides = ( { match: { tenant = \"contosso\"; }; usage = \"off\"; } );\n" /* 7 */
        "routes = ( { to = [ \"chat\" ]; } );\n"                                     /* 8 */
        "fallback = [ \"jurnal\" ];\n";                                              /* 9 */
    static const int LINES[] = {2, 2, 3, 3, 4, 5, 6, 7, 8, 9};
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    char place[128];
    (void)state;
    fixture_load(&w, TEXT);
    if (w.r != -EINVAL || w.problems.n != N_ELEMENTS(LINES)) {
        fixture_print(&w);
        fail_msg("%d, %zu problems", w.r, w.problems.n);
    }
    for (size_t i = 0; i < N_ELEMENTS(LINES); i++) {
        (void)snprintf(place, sizeof place, "%s/seatwatchd.conf:%d: ", w.dir, LINES[i]);
        assert_memory_equal(w.problems.problem[i].text, place, strlen(place));
        assert_true(w.problems.problem[i].fatal);
        assert_non_null(strstr(w.problems.problem[i].text, "; "));
        assert_null(strchr(w.problems.problem[i].text, '\n'));
    }
}

static void a_flood_of_mistakes_is_cut_but_still_refused(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    struct text t = TEXT_INIT(100000);
    (void)state;
    text_add(&t, GOOD_TENANT);
    for (int i = 0; i < 2 * REPORT_MAX; i++)
        text_addf(&t, "key%d = 1;\n", i);
    CLEANUP(free) char *text = text_take(&t);
    fixture_load(&w, text);
    assert_int_equal(w.r, -EINVAL);
    assert_int_equal(w.problems.n, REPORT_MAX + 1);
}

static void files_that_cannot_be_read_say_so(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    struct options *o;
    char path[128];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/absent.conf", w.dir);
    assert_int_equal(options_load(path, &o, &w.problems), -EINVAL);
    assert_non_null(fixture_find(&w, "absent.conf", 1, "No such file or directory"));
    problems_free(&w.problems);
    assert_int_equal(options_load(w.dir, &o, &w.problems), -EINVAL);
    assert_int_equal(w.problems.n, 1);
    assert_non_null(strstr(w.problems.problem[0].text, "regular file"));
}

static void short_intervals_are_warned_about_and_nothing_more(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_load(&w, GOOD_TENANT "poll: { interval = \"29s\"; };");
    assert_int_equal(w.r, 0);
    assert_int_equal(w.problems.n, 1);
    const struct problem *p = fixture_find(&w, "seatwatchd.conf", 2, "throttle");
    assert_non_null(p);
    assert_true(p->warning && !p->fatal);
    fixture_load(&w, GOOD_TENANT "poll: { interval = \"30s\"; };");
    fixture_expect_clean(&w, "30s");
}

static void levels_and_rules_can_be_off_and_times_of_alerts_are_inherited(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_load(
        &w, GOOD_TENANT
        "thresholds: { usage = \"off\"; remaining = { critical = \"off\"; for = \"2m\"; };\n"
        " waiting = { min_samples = 1; keep_firing_for = \"0s\"; }; poll = { warning = \"3 "
        "polls\"; }; };\n"
        "alerts: { for = \"5m\"; min_samples = 4; keep_firing_for = \"1h\"; repeat: { "
        "warning = \"off\"; }; };");
    fixture_expect_clean(&w, "off");
    const struct threshold *t = w.options->rules.threshold;
    assert_true(t[RULE_USAGE].off);
    assert_false(t[RULE_REMAINING].limit[LEVEL_CRITICAL].on);
    assert_true(t[RULE_REMAINING].limit[LEVEL_WARNING].on);
    assert_int_equal(t[RULE_REMAINING].hold_for, 2 * USEC_PER_MINUTE);
    assert_int_equal(t[RULE_REMAINING].min_samples, 4);
    assert_int_equal(t[RULE_WAITING].hold_for, 15 * USEC_PER_MINUTE);
    assert_int_equal(t[RULE_WAITING].min_samples, 1);
    assert_int_equal(t[RULE_WAITING].keep_firing_for, 0);
    assert_int_equal(t[RULE_WAITING_AGE].hold_for, 5 * USEC_PER_MINUTE);
    assert_int_equal(t[RULE_ALLOTMENT_GONE].keep_firing_for, USEC_PER_HOUR);
    assert_true(t[RULE_POLL].limit[LEVEL_WARNING].polls);
    assert_int_equal(w.options->alerts.repeat.every[LEVEL_WARNING], 0);
}

static void names_of_pools_come_as_a_list_or_as_a_group(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_load(&w, GOOD_TENANT
                 "names = ( { allotment = \"551f1755-0184\"; name = \"CSP pool\"; } );");
    fixture_expect_clean(&w, "list");
    assert_int_equal(w.options->rules.n_pool_names, 1);
    assert_string_equal(w.options->rules.pool_name[0].key, "551f1755-0184");
    assert_string_equal(w.options->rules.pool_name[0].value, "CSP pool");
    fixture_load(&w, GOOD_TENANT "names = { ab1f1755-0184 = \"CSP pool\"; };");
    fixture_expect_clean(&w, "group");
    assert_string_equal(w.options->rules.pool_name[0].key, "ab1f1755-0184");
}

static void a_table_of_product_names_is_read(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_file(&w, "products.csv", 0644,
                 "Product_Display_Name,String_Id,GUID\nOur "
                 "E5,SPE_E5,06ebc4ee-1bb5-47dd-8120-11324bc54e06\n");
    fixture_load(&w, GOOD_TENANT "names_file = \"products.csv\";");
    fixture_expect_clean(&w, "names_file");
    assert_ptr_equal(w.options->rules.products, w.options->products);
    assert_string_equal(product_name(w.options->products, NULL, "SPE_E5"), "Our E5");
}

static void a_byte_order_mark_is_no_part_of_a_file(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_directory(&w, "tenants.d");
    fixture_file(&w, "tenants.d/b.conf", 0600,
                 "\xEF\xBB\xBFtenants = ( { name = \"b\"; tenant_id = "
                 "\"11111111-2222-4333-8444-000000000002\"; client_id = "
                 "\"99999999-aaaa-4bbb-8ccc-000000000001\"; "
                 "client_secret_file = \"contoso.secret\"; } );\n");
    fixture_load(&w, "\xEF\xBB\xBF" GOOD_TENANT);
    fixture_expect_clean(&w, "marks in front");
    fixture_load(&w, "\xEF\xBB\xBF" GOOD_TENANT "# no line feed behind this");
    fixture_expect_clean(&w, "a remark at the end");
    assert_int_equal(w.options->n_tenants, 2);
}

static void a_file_in_utf_16_is_named_as_such(void **state)
{
    CLEANUP(fixture_free) struct config_fixture w = fixture_new();
    (void)state;
    fixture_load(&w, "\xFF\xFEt");
    fixture_expect_one(&w, "UTF-16", 1, "UTF-16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_tenant_is_enough_and_the_rest_has_the_documented_defaults),
        cmocka_unit_test(every_rule_has_its_default_limits_and_times),
        cmocka_unit_test(a_tenant_has_the_documented_defaults),
        cmocka_unit_test(every_mistake_is_reported_with_line_key_and_fix),
        cmocka_unit_test(ten_mistakes_are_ten_messages_in_the_order_of_their_lines),
        cmocka_unit_test(a_flood_of_mistakes_is_cut_but_still_refused),
        cmocka_unit_test(files_that_cannot_be_read_say_so),
        cmocka_unit_test(short_intervals_are_warned_about_and_nothing_more),
        cmocka_unit_test(levels_and_rules_can_be_off_and_times_of_alerts_are_inherited),
        cmocka_unit_test(names_of_pools_come_as_a_list_or_as_a_group),
        cmocka_unit_test(a_table_of_product_names_is_read),
        cmocka_unit_test(a_byte_order_mark_is_no_part_of_a_file),
        cmocka_unit_test(a_file_in_utf_16_is_named_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
