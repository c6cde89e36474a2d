/* SPDX-License-Identifier: MIT */
/* The cycle against the simulator: what is read, in how many requests, and what stays unknown. */
#include "unit/graph/fixture.h"

static void a_poll_reads_every_section_in_two_requests_and_a_token(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(&w, (struct setup){0});
    assert_int_equal(graph_source(w.graph), SOURCE_NONE);
    fixture_poll(&w);
    assert_true(w.report.complete);
    assert_int_equal(w.report.requests, 3);
    assert_int_equal(sim_count(&w.sim, NULL, NULL), 3);
    assert_true(w.report.bytes > 500);
    assert_true(w.report.skew_known && w.report.skew_seconds <= 2 && w.report.skew_seconds >= -2);
    assert_string_equal(w.report.note, "");
    assert_int_equal(w.snapshot->source, SOURCE_CLOUD_LICENSING);
    assert_int_equal(graph_source(w.graph), SOURCE_CLOUD_LICENSING);
    assert_int_equal(w.snapshot->n_allotments, 2);
    assert_int_equal(pool(&w, "p1")->consumed, 95);
    assert_int_equal(pool(&w, "p1")->waiting.section, SECTION_COMPLETE);
    assert_int_equal(pool(&w, "p1")->waiting.count, 0);
    assert_int_equal(pool(&w, "p2")->waiting.count, 4);
    assert_true(pool(&w, "p2")->waiting.oldest_at > 0);
    assert_int_equal(w.snapshot->n_error_groups, 1);
    assert_int_equal(w.snapshot->error_group[0].count, 3);

    fixture_poll(&w); /* the token is kept */
    assert_int_equal(w.report.requests, 2);
    assert_int_equal(asked(&w, "token"), 1);
    fixture_end(&w);
}

static void absurd_or_contradictory_dates_are_ignored(void **state)
{
    static const struct {
        const char *path, *date;
        bool known;
    } CASES[] = {
        {"allotments", "Fri, 31 Dec 2032 23:59:59 GMT", false},
        {"assignmentErrors", "Fri, 31 Dec 2032 23:59:59 GMT", false},
        {"allotments", "Fri, 31 Dec 9999 23:59:59 GMT", true}, /* the others tell the time */
        {"*", "Fri, 31 Dec 2032 23:59:59 GMT", true}, /* then it is our clock that is wrong */
        {"*", "Fri, 31 Dec 9999 23:59:59 GMT", false},
        {"*", "Thu, 01 Jan 1970 00:00:01 GMT", false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        CLEANUP(free)
        char *fault = text_printf("{\"match\":{\"path\":\"%s\"},\"do\":{\"headers\":{\"Date\":"
                                  "\"%s\"}}}",
                                  CASES[i].path, CASES[i].date);
        fixture_begin(&w, (struct setup){.faults = fault});
        fixture_poll(&w);
        if (!w.report.complete || w.report.skew_known != CASES[i].known)
            fail_msg("%s: %s", CASES[i].path, CASES[i].date);
        fixture_end(&w);
    }
}

static void every_request_carries_the_documented_headers(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(&w, (struct setup){0});
    fixture_poll(&w);
    assert_int_equal(sim_count(&w.sim, "\"prefer\":\"include-unknown-enum-members\"", NULL), 2);
    assert_int_equal(sim_count(&w.sim, "\"user_agent\":\"seatwatchd/test\"", NULL), 3);
    assert_int_equal(sim_count(&w.sim, "\"accept_encoding\":\"gzip\"", NULL), 3);
    assert_int_equal(sim_count(&w.sim, "\"client_request_id\":\"", NULL), 3);
    assert_int_equal(sim_count(&w.sim, "\"encoding\":\"gzip\"", "\"endpoint\":\"allotments\""), 1);
    fixture_end(&w);
}

static void continuations_are_followed_to_the_end_of_each_list(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(
        &w,
        (struct setup){
            .tenant = "\"generate\":{\"allotments\":25,\"waiting\":300,\"errors\":50,\"seed\":7},"
                      "\"page_size\":4,\"inline_limit\":5"});
    fixture_poll(&w);
    if (!w.report.complete)
        fail_msg("%s", w.report.failure.text);
    struct snapshot_totals t;
    snapshot_totals(w.snapshot, &t);
    assert_int_equal(t.allotments, 25);
    assert_int_equal(t.waiting, 300);
    assert_int_equal(t.errors, 50);
    assert_int_equal(asked(&w, "allotments"), 7);
    assert_int_equal(asked(&w, "assignmentErrors"), 13);
    assert_int_equal(w.report.requests, sim_count(&w.sim, NULL, NULL));
    assert_int_equal(sim_count(&w.sim, "\"status\":200", NULL), sim_count(&w.sim, NULL, NULL));
    fixture_end(&w);
}

static void an_empty_page_with_a_link_is_no_end(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(&w, (struct setup){.faults =
                                         "{\"match\":{\"path\":\"allotments\"},\"at\":1,\"do\":{"
                                         "\"fixture\":\"synthetic/allotments-page1.json\"}},"
                                         "{\"match\":{\"path\":\"allotments\"},\"at\":2,\"do\":{"
                                         "\"fixture\":\"synthetic/allotments-page2-empty.json\"}},"
                                         "{\"match\":{\"path\":\"allotments\"},\"at\":3,\"do\":{"
                                         "\"fixture\":\"synthetic/allotments-page3-last.json\"}}"});
    fixture_poll(&w);
    assert_int_equal(w.snapshot->allotments, SECTION_COMPLETE);
    assert_int_equal(asked(&w, "allotments"), 3);
    assert_true(w.snapshot->n_allotments >= 3);
    fixture_end(&w);
}

static void no_more_requests_are_in_flight_than_allowed(void **state)
{
    static const uint32_t LIMITS[] = {1, 3, 8};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(LIMITS); i++) {
        struct graph_fixture w;
        char over[32];
        fixture_begin(
            &w, (struct setup){
                    .tenant =
                        "\"generate\":{\"allotments\":40,\"waiting\":400,\"errors\":20,\"seed\":1},"
                        "\"page_size\":10,\"inline\":\"omit\",\"inline_limit\":0",
                    .requests = LIMITS[i]});
        fixture_poll(&w);
        assert_true(w.report.complete);
        (void)snprintf(over, sizeof over, "\"in_flight\":%u,", LIMITS[i] + 1);
        assert_int_equal(sim_count(&w.sim, over, NULL), 0);
        fixture_end(&w);
    }
}

/* ---- waiting lists ---- */

static void a_list_that_its_row_does_not_hold_is_read_by_itself(void **state)
{
    static const struct {
        const char *why, *members;
        int waiting_requests;
    } CASES[] = {
        {"a nested link", "\"inline_limit\":100", 2},
        {"no member at all", "\"inline\":\"omit\"", 2},
        {"an option refused", "\"refuse\":[\"$expand\"]", 2},
        {"cut without a word", "\"inline\":\"truncate\",\"inline_limit\":20", 1},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        CLEANUP(free)
        char *tenant = text_printf(
            "\"allotments\":[{\"id\":\"p1\",\"skuPartNumber\":\"SPE_E5\",\"allottedUnits\":1,"
            "\"consumedUnits\":1,\"waiting\":{\"count\":250,\"since\":\"@now-2h\"}},{\"id\":\"p2\","
            "\"skuPartNumber\":\"SPE_E3\",\"allottedUnits\":10,\"consumedUnits\":1}],%s",
            CASES[i].members);
        fixture_begin(&w, (struct setup){.tenant = tenant});
        fixture_poll(&w);
        if (!w.report.complete || pool(&w, "p1")->waiting.count != 250 ||
            pool(&w, "p2")->waiting.section != SECTION_COMPLETE)
            fail_msg("%s: %lld waiting, %s", CASES[i].why, (long long)pool(&w, "p1")->waiting.count,
                     w.report.failure.text);
        if (asked(&w, "waitingMembers") != CASES[i].waiting_requests)
            fail_msg("%s: %d requests", CASES[i].why, asked(&w, "waitingMembers"));
        fixture_end(&w);
    }
}

static void lists_that_are_cut_silently_are_found_out_in_the_first_poll(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(&w, (struct setup){.tenant =
                                         "\"allotments\":["
                                         "{\"id\":\"a\",\"skuPartNumber\":\"A\",\"allottedUnits\":"
                                         "1,\"consumedUnits\":1,\"waiting\":{\"count\":26}},"
                                         "{\"id\":\"b\",\"skuPartNumber\":\"B\",\"allottedUnits\":"
                                         "1,\"consumedUnits\":1,\"waiting\":{\"count\":90}},"
                                         "{\"id\":\"c\",\"skuPartNumber\":\"C\",\"allottedUnits\":"
                                         "1,\"consumedUnits\":1,\"waiting\":{\"count\":19}}],"
                                         "\"inline\":\"truncate\",\"inline_limit\":20"});
    fixture_poll(&w);
    assert_true(w.report.complete);
    assert_int_equal(pool(&w, "a")->waiting.count, 26);
    assert_int_equal(pool(&w, "b")->waiting.count, 90);
    assert_int_equal(pool(&w, "c")->waiting.count, 19);
    assert_int_equal(asked(&w, "waitingMembers"), 2);
    assert_non_null(strstr(w.report.note, "cut"));
    fixture_poll(&w); /* remembered, and said once */
    assert_int_equal(pool(&w, "a")->waiting.count, 26);
    assert_int_equal(pool(&w, "b")->waiting.count, 90);
    assert_int_equal(asked(&w, "waitingMembers"), 4);
    assert_string_equal(w.report.note, "");
    fixture_end(&w);
}

static void whole_long_lists_are_compared_once_a_day(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(
        &w,
        (struct setup){
            .tenant = "\"allotments\":[{\"id\":\"a\",\"skuPartNumber\":\"A\",\"allottedUnits\":1,"
                      "\"consumedUnits\":1,\"waiting\":{\"count\":60}}]"});
    fixture_poll(&w);
    fixture_poll(&w);
    assert_int_equal(pool(&w, "a")->waiting.count, 60);
    assert_int_equal(asked(&w, "waitingMembers"), 1);
    w.graph->service.check_mono = 0; /* a day later */
    fixture_poll(&w);
    assert_int_equal(asked(&w, "waitingMembers"), 2);
    assert_int_equal(pool(&w, "a")->waiting.count, 60);
    fixture_end(&w);
}

static void a_waiting_list_that_fails_is_unknown_alone(void **state)
{
    static const struct {
        const char *why, *fault;
    } CASES[] = {
        {"gone", "\"do\":{\"status\":404}"},
        {"server error", "\"do\":{\"status\":500}"},
        {"garbage", "\"do\":{\"garbage\":\"truncated_json\"}"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        CLEANUP(free)
        char *faults =
            text_printf("{\"match\":{\"path\":\"*/p2/waitingMembers\"},%s}", CASES[i].fault);
        fixture_begin(&w,
                      (struct setup){.tenant = TWO_POOLS ",\"inline\":\"omit\",\"inline_limit\":0",
                                     .faults = faults});
        fixture_poll(&w);
        assert_false(w.report.complete);
        assert_int_equal(w.snapshot->allotments, SECTION_COMPLETE);
        assert_int_equal(w.snapshot->errors, SECTION_COMPLETE);
        assert_int_equal(pool(&w, "p1")->waiting.section, SECTION_COMPLETE);
        if (pool(&w, "p2")->waiting.section != SECTION_UNKNOWN)
            fail_msg("%s", CASES[i].why);
        fixture_end(&w);
    }
}

static void a_pool_that_comes_twice_has_its_list_read_by_itself(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(&w, (struct setup){.tenant =
                                         "\"allotments\":["
                                         "{\"id\":\"a\",\"skuPartNumber\":\"A\",\"allottedUnits\":"
                                         "1,\"consumedUnits\":1,\"waiting\":{\"count\":2}},"
                                         "{\"id\":\"a\",\"skuPartNumber\":\"A\",\"allottedUnits\":"
                                         "1,\"consumedUnits\":1,\"waiting\":{\"count\":3}}]"});
    fixture_poll(&w);
    assert_int_equal(w.snapshot->n_allotments, 1);
    assert_true(pool(&w, "a")->units_known);
    assert_int_equal(asked(&w, "waitingMembers"), 1);
    assert_int_equal(pool(&w, "a")->waiting.section, SECTION_COMPLETE);
    fixture_end(&w);
}

/* ---- what the service refuses ---- */

static void a_refused_option_is_left_out_and_remembered(void **state)
{
    static const struct {
        const char *refuse, *note;
        int first, second; /* requests for allotments in the first poll and in the second */
    } CASES[] = {
        {"\"$top\"", "$top", 2, 1},
        {"\"$expand\"", "$expand", 3, 1},
        {"\"$select\"", "$select", 4, 1},
        {"\"$top\",\"$expand\"", "$top and $expand", 5, 1},
        {"\"$top\",\"$expand\",\"$select\"", "$top, $expand and $select", 8, 1},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        CLEANUP(free) char *tenant = text_printf(TWO_POOLS ",\"refuse\":[%s]", CASES[i].refuse);
        fixture_begin(&w, (struct setup){.tenant = tenant});
        fixture_poll(&w);
        if (!w.report.complete)
            fail_msg("%s: %s", CASES[i].refuse, w.report.failure.text);
        assert_non_null(strstr(w.report.note, CASES[i].note));
        assert_int_equal(asked(&w, "allotments"), CASES[i].first);
        assert_int_equal(pool(&w, "p2")->waiting.count, 4);
        int refused = sim_count(&w.sim, "\"status\":400", NULL);
        fixture_poll(&w);
        assert_true(w.report.complete);
        assert_string_equal(w.report.note, "");
        assert_int_equal(asked(&w, "allotments"), CASES[i].first + CASES[i].second);
        assert_int_equal(sim_count(&w.sim, "\"status\":400", NULL), refused);
        fixture_end(&w);
    }
}

static void tenant_without_the_api_uses_the_subscribed_skus_fallback(void **state)
{
    static const int STATUSES[] = {400, 404, 501};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(STATUSES); i++) {
        struct graph_fixture w;
        CLEANUP(free) char *tenant = text_printf(TWO_POOLS ",\"absent\":%d", STATUSES[i]);
        fixture_begin(&w, (struct setup){.tenant = tenant});
        fixture_poll(&w);
        if (!w.report.complete)
            fail_msg("%s", w.report.failure.text);
        assert_int_equal(w.snapshot->source, SOURCE_SUBSCRIBED_SKUS);
        assert_int_equal(graph_source(w.graph), SOURCE_SUBSCRIBED_SKUS);
        if (STATUSES[i] != 501) /* which may mean an option: asked for again without any */
            assert_int_equal(asked(&w, "allotments"), 1);
        assert_int_equal(w.snapshot->errors, SECTION_NOT_OFFERED);
        assert_int_equal(w.snapshot->n_allotments, 2);
        assert_int_equal(w.snapshot->allotment[0].waiting.section, SECTION_NOT_OFFERED);
        assert_non_null(strstr(w.report.note, "/subscribedSkus is read instead"));
        int before = asked(&w, "allotments");
        fixture_poll(&w); /* two requests, and not a word more */
        assert_true(w.report.complete);
        assert_int_equal(w.report.requests, 2);
        assert_int_equal(asked(&w, "allotments"), before);
        assert_string_equal(w.report.note, "");
        w.graph->service.probe_mono = 0; /* a day later the API is looked for again */
        fixture_poll(&w);
        assert_true(asked(&w, "allotments") > before);
        assert_true(w.report.complete);
        fixture_end(&w);
    }
}

/* A filter or a captive portal is not Graph, whatever its status says. */
static void foreign_page_never_switches_the_source(void **state)
{
    static const int STATUSES[] = {400, 403, 404, 501};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(STATUSES); i++) {
        struct graph_fixture w;
        CLEANUP(free)
        char *faults = text_printf("{\"path\":\"allotments\",\"do\":{\"status\":%d,\"garbage\":"
                                   "\"html\"}}",
                                   STATUSES[i]);
        fixture_begin(&w, (struct setup){.faults = faults});
        w.graph->backoff = 100;
        for (int n = 1; n <= 3; n++) {
            fixture_poll(&w);
            assert_int_equal(w.report.failure.kind, FAILURE_TRANSIENT);
            assert_non_null(strstr(w.report.failure.text, "(a proxy or filter?)"));
            assert_int_equal(asked(&w, "allotments"), 5 * n);
        }
        assert_int_equal(asked(&w, "subscribedSkus"), 0);
        assert_int_equal(graph_source(w.graph), SOURCE_NONE);
        fixture_end(&w);
    }
}

/* Each poll of --once is a process of its own. */
static void refusals_of_an_earlier_process_count(void **state)
{
    struct graph_fixture w;
    (void)state;
    for (uint32_t before = 0; before < 2; before++) {
        fixture_begin(&w, (struct setup){.tenant = TWO_POOLS ",\"deny\":[\"allotments\"]"});
        graph_set_refusals(w.graph, before);
        fixture_poll(&w);
        assert_int_equal(w.report.refusals, before + 1);
        assert_int_equal(w.report.complete, before == 1);
        assert_int_equal(graph_source(w.graph), before ? SOURCE_SUBSCRIBED_SKUS : SOURCE_NONE);
        fixture_end(&w);
    }
}

static void a_missing_permission_is_named_first_and_believed_the_second_time(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(
        &w, (struct setup){.tenant = TWO_POOLS
                           ",\"deny\":[\"allotments\",\"assignmentErrors\",\"waitingMembers\"]"});
    fixture_poll(&w);
    assert_false(w.report.complete);
    assert_int_equal(w.report.failure.kind, FAILURE_PERMISSION);
    assert_non_null(
        strstr(w.report.failure.text,
               "GET /admin/cloudLicensing/allotments: HTTP 403 Authorization_RequestDenied"));
    assert_non_null(strstr(w.report.failure.text, "Directory.Read.All"));
    assert_non_null(strstr(w.report.failure.text, "CloudLicensing.Read.All"));
    assert_non_null(strstr(w.report.failure.text, "request id "));
    assert_int_equal(w.snapshot->allotments, SECTION_UNKNOWN);
    fixture_poll(&w);
    assert_true(w.report.complete);
    assert_int_equal(w.snapshot->source, SOURCE_SUBSCRIBED_SKUS);
    fixture_end(&w);
}

static void without_any_permission_the_better_one_is_asked_for(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(
        &w, (struct setup){.tenant = TWO_POOLS
                           ",\"deny\":[\"allotments\",\"assignmentErrors\",\"subscribedSkus\"]"});
    fixture_poll(&w);
    char first[sizeof w.report.failure.text];
    memcpy(first, w.report.failure.text, sizeof first);
    for (int i = 0; i < 3; i++) {
        fixture_poll(&w);
        assert_false(w.report.complete);
        assert_int_equal(w.report.failure.kind, FAILURE_PERMISSION);
        assert_string_equal(w.report.failure.text, first); /* a failure that goes on reads alike */
        assert_int_equal(w.snapshot->source, SOURCE_CLOUD_LICENSING);
        assert_int_equal(w.snapshot->allotments, SECTION_UNKNOWN);
    }
    fixture_end(&w);
}

static void once_the_api_has_answered_a_refusal_is_no_reason_to_switch(void **state)
{
    static const char *const REFUSALS[] = {"\"deny\":[\"allotments\",\"assignmentErrors\"]",
                                           "\"absent\":404", "\"absent\":501"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(REFUSALS); i++)
        for (int from_store = 0; from_store < 2; from_store++) {
            struct graph_fixture w;
            CLEANUP(free)
            char *tenant =
                text_printf("\"states\":[{" TWO_POOLS "},{\"when\":{\"poll\":2},%s}]", REFUSALS[i]);
            CLEANUP(free) char *refused = text_printf(TWO_POOLS ",%s", REFUSALS[i]);
            fixture_begin(&w, (struct setup){.tenant = from_store ? refused : tenant});
            if (from_store) {
                graph_set_answered(w.graph, SOURCE_CLOUD_LICENSING);
            } else {
                fixture_poll(&w);
                assert_true(w.report.complete);
            }
            for (int n = 0; n < 3; n++) {
                fixture_poll(&w);
                assert_false(w.report.complete);
                assert_int_equal(w.snapshot->source, SOURCE_CLOUD_LICENSING);
                assert_int_equal(w.snapshot->allotments, SECTION_UNKNOWN);
            }
            assert_int_equal(asked(&w, "subscribedSkus"), 0);
            fixture_end(&w);
        }
}

static void a_source_that_is_configured_is_the_only_one(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(&w, (struct setup){.source = SOURCE_OPTION_SUBSCRIBED_SKUS});
    fixture_poll(&w);
    assert_true(w.report.complete);
    assert_int_equal(w.report.requests, 3);
    assert_int_equal(asked(&w, "allotments"), 0);
    fixture_end(&w);

    fixture_begin(&w, (struct setup){.source = SOURCE_OPTION_CLOUD_LICENSING,
                                     .tenant = TWO_POOLS ",\"absent\":404"});
    fixture_poll(&w);
    fixture_poll(&w);
    assert_false(w.report.complete);
    assert_int_equal(w.report.failure.kind, FAILURE_ABSENT);
    assert_int_equal(asked(&w, "subscribedSkus"), 0);
    fixture_end(&w);
}

static void sections_fail_each_on_their_own(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(&w, (struct setup){.tenant = TWO_POOLS ",\"deny\":[\"assignmentErrors\"]"});
    fixture_poll(&w);
    assert_int_equal(w.snapshot->allotments, SECTION_COMPLETE);
    assert_int_equal(w.snapshot->errors, SECTION_UNKNOWN);
    assert_int_equal(w.report.failure.kind, FAILURE_PERMISSION);
    fixture_end(&w);

    fixture_begin(&w, (struct setup){.tenant = TWO_POOLS ",\"deny\":[\"allotments\"]",
                                     .source = SOURCE_OPTION_CLOUD_LICENSING});
    fixture_poll(&w);
    assert_int_equal(w.snapshot->allotments, SECTION_UNKNOWN);
    assert_int_equal(w.snapshot->errors, SECTION_COMPLETE);
    fixture_end(&w);
}

static void a_row_without_an_id_spoils_its_section(void **state)
{
    static const struct {
        const char *tenant;
        enum section allotments, errors;
    } CASES[] = {
        {TWO_POOLS, SECTION_COMPLETE, SECTION_COMPLETE},
        {"\"allotments\":[{\"id\":\"p1\",\"skuPartNumber\":\"A\"},{\"id\":\"p2\",\"skuPartNumber\":"
         "\"B\",\"json\":{\"id\":\"\"}}]",
         SECTION_UNKNOWN, SECTION_COMPLETE},
        {"\"allotments\":[{\"id\":\"p1\",\"skuPartNumber\":\"A\"},{\"id\":\"p2\",\"skuPartNumber\":"
         "\"B\",\"json\":{\"id\":\"17\"}}]",
         SECTION_UNKNOWN, SECTION_COMPLETE},
        /* all rows of the list, but not of the pools */
        {"\"allotments\":[{\"id\":\"p1\",\"skuPartNumber\":\"A\",\"allottedUnits\":9,\"consumedUnits\":1}],"
         "\"errors\":[{\"id\":\"e\",\"code\":17}]",
         SECTION_COMPLETE, SECTION_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        fixture_begin(&w, (struct setup){.tenant = CASES[i].tenant});
        fixture_poll(&w);
        assert_int_equal(w.snapshot->allotments, CASES[i].allotments);
        assert_int_equal(w.snapshot->errors, CASES[i].errors);
        if (CASES[i].allotments == SECTION_COMPLETE)
            assert_false(w.snapshot->schema_changed);
        if (CASES[i].allotments == SECTION_UNKNOWN)
            assert_non_null(strstr(w.report.failure.text, "a row whose id or key cannot be read"));
        fixture_end(&w);
    }
}

static void a_changed_schema_is_said(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(&w, (struct setup){.tenant = "\"allotments\":[{\"id\":\"a\",\"skuPartNumber\":"
                                               "\"A\",\"json\":{\"allottedUnits\":\"\"}},"
                                               "{\"id\":\"b\",\"skuPartNumber\":\"A\",\"json\":{"
                                               "\"allottedUnits\":\"\\\"12\\\"\"}}]"});
    fixture_poll(&w);
    assert_true(w.snapshot->schema_changed);
    fixture_end(&w);
}

/* ---- life cycle ---- */

static void a_second_poll_at_once_is_refused(void **state)
{
    struct graph_fixture w;
    struct failure why = {0};
    (void)state;
    fixture_begin(&w, (struct setup){0});
    assert_int_equal(graph_poll(w.graph, on_polled, &w, &why), 0);
    assert_true(graph_polling(w.graph));
    assert_true(graph_poll(w.graph, on_polled, &w, &why) < 0);
    assert_true(graph_check_access(w.graph, NULL, NULL, &why) < 0);
    fixture_end(&w); /* takes the poll with it, without calling back */
    assert_int_equal(w.n_done, 0);
}

static void a_cancelled_poll_never_calls_back_and_the_next_one_works(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(&w, (struct setup){.tenant = "\"generate\":{\"allotments\":25,\"waiting\":100,"
                                               "\"errors\":50,\"seed\":7},\"page_size\":4"});
    for (int n = 1; n < 12; n++) { /* at many points of its way */
        assert_int_equal(graph_poll(w.graph, on_polled, &w, NULL), 0);
        int before = sim_count(&w.sim, NULL, NULL);
        while (sim_count(&w.sim, NULL, NULL) < before + n && w.n_done == 0)
            (void)sd_event_run(w.event, 1000);
        graph_cancel(w.graph);
        assert_int_equal(w.n_done, 0);
    }
    fixture_poll(&w);
    assert_true(w.report.complete);
    assert_int_equal(w.snapshot->n_allotments, 25);
    fixture_end(&w);
}

static void on_done_free(void *userdata, struct snapshot *snapshot,
                         const struct graph_report *report)
{
    struct graph_fixture *w = userdata;
    (void)report;
    snapshot_free(snapshot);
    w->n_done++;
    graph_free(TAKE(w->graph));
}

static void tenant_may_be_freed_in_the_poll_callback(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(&w, (struct setup){0});
    assert_int_equal(graph_poll(w.graph, on_done_free, &w, NULL), 0);
    while (w.n_done == 0)
        (void)sd_event_run(w.event, UINT64_MAX);
    fixture_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_poll_reads_every_section_in_two_requests_and_a_token),
        cmocka_unit_test(absurd_or_contradictory_dates_are_ignored),
        cmocka_unit_test(every_request_carries_the_documented_headers),
        cmocka_unit_test(continuations_are_followed_to_the_end_of_each_list),
        cmocka_unit_test(an_empty_page_with_a_link_is_no_end),
        cmocka_unit_test(no_more_requests_are_in_flight_than_allowed),
        cmocka_unit_test(a_list_that_its_row_does_not_hold_is_read_by_itself),
        cmocka_unit_test(lists_that_are_cut_silently_are_found_out_in_the_first_poll),
        cmocka_unit_test(whole_long_lists_are_compared_once_a_day),
        cmocka_unit_test(a_waiting_list_that_fails_is_unknown_alone),
        cmocka_unit_test(a_pool_that_comes_twice_has_its_list_read_by_itself),
        cmocka_unit_test(a_refused_option_is_left_out_and_remembered),
        cmocka_unit_test(tenant_without_the_api_uses_the_subscribed_skus_fallback),
        cmocka_unit_test(foreign_page_never_switches_the_source),
        cmocka_unit_test(refusals_of_an_earlier_process_count),
        cmocka_unit_test(a_missing_permission_is_named_first_and_believed_the_second_time),
        cmocka_unit_test(without_any_permission_the_better_one_is_asked_for),
        cmocka_unit_test(once_the_api_has_answered_a_refusal_is_no_reason_to_switch),
        cmocka_unit_test(a_source_that_is_configured_is_the_only_one),
        cmocka_unit_test(sections_fail_each_on_their_own),
        cmocka_unit_test(a_row_without_an_id_spoils_its_section),
        cmocka_unit_test(a_changed_schema_is_said),
        cmocka_unit_test(a_second_poll_at_once_is_refused),
        cmocka_unit_test(a_cancelled_poll_never_calls_back_and_the_next_one_works),
        cmocka_unit_test(tenant_may_be_freed_in_the_poll_callback),
    };
    if (http_global_init(NULL) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
