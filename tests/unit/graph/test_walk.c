/* SPDX-License-Identifier: MIT */
/* Faults on the way: the tables "Transport" and "Pages" of tests/README.md against the
 * simulator. What was not obtained stays unknown; what is repeated is repeated within bounds. */
#include "unit/graph/fixture.h"
#include "unit/http/peer.h"

#include "base/alloc.h"
#include "json/json.h"

static void temporary_failures_are_retried(void **state)
{
    static const struct {
        const char *why, *when, *fault; /* of the first page of allotments */
        int requests;                   /* for allotments, in the end */
    } CASES[] = {
        {"server error", "\"at\":1", "\"status\":500", 2},
        {"four of them", "\"times\":4", "\"status\":502", 5},
        {"gateway time-out", "\"at\":1", "\"status\":504", 2},
        {"request time-out", "\"at\":1", "\"status\":408", 2},
        {"too early", "\"at\":1", "\"status\":425", 2},
        {"throttled without a time", "\"times\":2", "\"status\":429", 3},
        {"overloaded without a time", "\"times\":2", "\"status\":503", 3},
        {"bandwidth", "\"at\":1", "\"status\":509", 2},
        {"closed", "\"times\":2", "\"close\":true", 3},
        {"reset", "\"times\":2", "\"reset\":true", 3},
        {"cut", "\"times\":2", "\"cut_after\":100", 3},
        {"cut without a length", "\"at\":1", "\"cut_after\":100,\"chunked\":true", 2},
        {"a page of HTML", "\"times\":3", "\"garbage\":\"html\"", 4},
        {"an empty body", "\"at\":1", "\"garbage\":\"empty\"", 2},
        {"half a JSON text", "\"at\":1", "\"garbage\":\"truncated_json\"", 2},
        {"an error object in a 200", "\"at\":1", "\"garbage\":\"error_in_200\"", 2},
        {"not gzip", "\"at\":1", "\"garbage\":\"not_gzip\"", 2},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        CLEANUP(free)
        char *faults = text_printf("{\"match\":{\"path\":\"allotments\"},%s,\"do\":{%s}}",
                                   CASES[i].when, CASES[i].fault);
        fixture_begin(&w, (struct setup){.faults = faults});
        fixture_poll(&w);
        if (!w.report.complete || w.snapshot->n_allotments != 2)
            fail_msg("%s: %s", CASES[i].why, w.report.failure.text);
        if (asked(&w, "allotments") != CASES[i].requests)
            fail_msg("%s: %d requests", CASES[i].why, asked(&w, "allotments"));
        fixture_end(&w);
    }
}

static void permanent_failures_leave_the_section_unknown(void **state)
{
    static const struct {
        const char *why, *fault;
        enum failure_kind kind;
        const char *words;
        int requests; /* for allotments */
    } CASES[] = {
        {"server errors", "\"status\":500", FAILURE_UNAVAILABLE, "HTTP 500", 5},
        {"overloaded", "\"status\":503", FAILURE_UNAVAILABLE, "HTTP 503", 5},
        {"throttled without a time", "\"status\":429", FAILURE_THROTTLED, "HTTP 429", 5},
        {"closed", "\"close\":true", FAILURE_TRANSIENT, "broke", 5},
        {"reset", "\"reset\":true", FAILURE_TRANSIENT, "broke", 5},
        {"cut", "\"cut_after\":100", FAILURE_TRANSIENT, "broke", 5},
        {"HTML", "\"garbage\":\"html\"", FAILURE_TRANSIENT, "text/html instead of JSON", 5},
        {"HTML with a status", "\"status\":403,\"garbage\":\"html\"", FAILURE_TRANSIENT,
         "HTTP 403 with text/html instead of JSON (a proxy or filter?): <!DOCTYPE html>", 5},
        {"a 401 of a proxy", "\"status\":401,\"garbage\":\"html\"", FAILURE_TRANSIENT,
         "HTTP 401 with text/html instead of JSON", 5},
        {"empty", "\"garbage\":\"empty\"", FAILURE_PROTOCOL, "", 5},
        {"half", "\"garbage\":\"truncated_json\"", FAILURE_PROTOCOL, "", 5},
        {"bad UTF-8", "\"garbage\":\"bad_utf8\"", FAILURE_PROTOCOL, "", 5},
        {"trailing", "\"garbage\":\"trailing\"", FAILURE_PROTOCOL, "", 5},
        {"duplicate key", "\"garbage\":\"duplicate_key\"", FAILURE_PROTOCOL, "", 5},
        {"deep", "\"garbage\":\"deep\"", FAILURE_PROTOCOL, "", 5},
        {"null", "\"garbage\":\"null\"", FAILURE_PROTOCOL, "", 5},
        {"an array", "\"garbage\":\"array\"", FAILURE_PROTOCOL, "", 5},
        {"no value", "\"garbage\":\"no_value\"", FAILURE_PROTOCOL, "", 5},
        {"value null", "\"garbage\":\"value_null\"", FAILURE_PROTOCOL, "", 5},
        {"value an object", "\"garbage\":\"value_object\"", FAILURE_PROTOCOL, "", 5},
        {"error in a 200", "\"garbage\":\"error_in_200\"", FAILURE_PROTOCOL, "", 5},
        {"not gzip", "\"garbage\":\"not_gzip\"", FAILURE_TRANSIENT, "", 5},
        {"a bomb", "\"garbage\":\"bomb\"", FAILURE_PROTOCOL, "larger than 8388608 bytes", 1},
        {"an endless body", "\"garbage\":\"endless\"", FAILURE_PROTOCOL,
         "larger than 8388608 bytes", 1},
        {"white space without end", "\"endless\":true", FAILURE_PROTOCOL,
         "larger than 8388608 bytes", 1},
        {"no content", "\"status\":204,\"body\":\"\"", FAILURE_PROTOCOL, "HTTP 204", 1},
        {"moved", "\"status\":301,\"headers\":{\"Location\":\"/beta/x\"}", FAILURE_SECURITY,
         "redirect", 1},
        {"a strange refusal", "\"status\":418", FAILURE_REQUEST, "HTTP 418", 1},
        {"payment", "\"status\":402", FAILURE_PERMISSION, "HTTP 402", 1},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        CLEANUP(free)
        char *faults =
            text_printf("{\"match\":{\"path\":\"allotments\"},\"do\":{%s}}", CASES[i].fault);
        /* uncompressed: what follows a gzip stream is, depending on how it falls into reads,
         * ignored, counted, or taken for a broken one */
        bool plain = strncmp(CASES[i].why, "white", 5) == 0;
        fixture_begin(&w, (struct setup){.top = plain ? "\"gzip\":false," : "",
                                         .faults = faults,
                                         .source = SOURCE_OPTION_CLOUD_LICENSING});
        fixture_poll(&w);
        if (w.report.complete || w.report.failure.kind != CASES[i].kind ||
            !strstr(w.report.failure.text, CASES[i].words))
            fail_msg("%s: %s: %s", CASES[i].why, failure_kind_name(w.report.failure.kind),
                     w.report.failure.text);
        /* More where libcurl finds a kept connection dead and by itself takes the next one: here
         * the token's and the errors'. */
        int n = asked(&w, "allotments"), more = strstr("closed reset", CASES[i].why) ? 2 : 0;
        if (n < CASES[i].requests || n > CASES[i].requests + more)
            fail_msg("%s: %d requests", CASES[i].why, n);
        assert_int_equal(w.snapshot->allotments, SECTION_UNKNOWN);
        assert_int_equal(w.snapshot->errors, SECTION_COMPLETE); /* its own section */
        assert_false(w.snapshot->schema_changed);
        fixture_end(&w);
    }
}

static void a_later_page_that_fails_spoils_the_whole_list(void **state)
{
    static const char *const FAULTS[] = {"\"status\":500",   "\"garbage\":\"html\"",
                                         "\"cut_after\":50", "\"status\":404",
                                         "\"status\":400",   "\"status\":403"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(FAULTS); i++) {
        struct graph_fixture w;
        CLEANUP(free)
        char *faults = text_printf("{\"match\":{\"path\":\"allotments\",\"query_has\":"
                                   "\"skiptoken\"},\"from\":2,\"do\":{%s}}",
                                   FAULTS[i]);
        fixture_begin(
            &w,
            (struct setup){
                .tenant = "\"generate\":{\"allotments\":9,\"waiting\":0,\"errors\":9,\"seed\":3},"
                          "\"page_size\":3",
                .faults = faults});
        fixture_poll(&w);
        assert_false(w.report.complete);
        assert_int_equal(w.snapshot->allotments, SECTION_UNKNOWN);
        assert_int_equal(w.snapshot->n_allotments, 0);
        assert_int_equal(w.snapshot->errors, SECTION_COMPLETE);
        assert_int_equal(asked(&w, "subscribedSkus"), 0); /* it has answered: no reason to switch */
        fixture_end(&w);
    }
}

static void link_to_another_origin_is_never_followed(void **state)
{
    static const struct {
        const char *link, *words;
        enum failure_kind kind;
    } CASES[] = {
        {"FOREIGN", "leaves", FAILURE_SECURITY},
        {"foreign", "leaves", FAILURE_SECURITY},
        {"http", "leaves", FAILURE_SECURITY},
        {"off_prefix", "path leaves /beta/", FAILURE_SECURITY},
        {"dots", "path leaves /beta/", FAILURE_SECURITY},
        {"userinfo", "user name", FAILURE_SECURITY},
        {"host_as_userinfo", "user name", FAILURE_SECURITY},
        {"relative", "does not begin with", FAILURE_SECURITY},
        {"repeat", "came twice", FAILURE_PROTOCOL},
        {"empty", "", FAILURE_PROTOCOL},
        {"number", "", FAILURE_PROTOCOL},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        struct peer foreign;
        peer_start(&foreign,
                   (struct peer_script){
                       .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"value\":[]}"});
        bool mine = strcmp(CASES[i].link, "FOREIGN") == 0;
        CLEANUP(free)
        char *faults =
            text_printf("{\"match\":{\"path\":\"allotments\"},\"do\":{\"next_link\":\"%s%s\"}}",
                        mine ? foreign.url : CASES[i].link, mine ? "/beta/admin/x" : "");
        fixture_begin(&w, (struct setup){.faults = faults});
        fixture_poll(&w);
        peer_stop(&foreign);
        if (w.report.complete || w.report.failure.kind != CASES[i].kind ||
            !strstr(w.report.failure.text, CASES[i].words))
            fail_msg("%s: %s: %s", CASES[i].link, failure_kind_name(w.report.failure.kind),
                     w.report.failure.text);
        assert_int_equal(atomic_load(&foreign.connections), 0);
        assert_int_equal(w.snapshot->allotments, SECTION_UNKNOWN);
        assert_int_equal(w.snapshot->errors, SECTION_COMPLETE);
        assert_null(strstr(w.report.failure.text, "admin/x")); /* scheme and host only */
        fixture_end(&w);
    }
}

static void a_cycle_of_links_ends(void **state)
{
    struct graph_fixture w;
    (void)state;
    /* page 3 leads back to page 2 */
    fixture_begin(
        &w, (struct setup){.tenant = "\"generate\":{\"allotments\":30,\"waiting\":0,\"errors\":0,"
                                     "\"seed\":3},\"page_size\":3",
                           .faults = "{\"match\":{\"path\":\"allotments\",\"query_has\":"
                                     "\"skiptoken\"},\"at\":2,\"do\":{\"next_link\":\"repeat\"}}"});
    fixture_poll(&w);
    assert_false(w.report.complete);
    assert_int_equal(w.report.failure.kind, FAILURE_PROTOCOL);
    assert_int_equal(asked(&w, "allotments"), 3);
    fixture_end(&w);
}

static void a_list_and_a_poll_have_their_limits(void **state)
{
    static const struct {
        size_t pages;
        uint64_t bytes;
        bool complete;
        const char *words;
    } CASES[] = {
        {10, 1 << 20, true, ""},
        {9, 1 << 20, false, "more than 9 pages"},
        {10, 2000, false, "more than 2000 bytes"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        fixture_begin(&w, (struct setup){.tenant = "\"generate\":{\"allotments\":30,\"waiting\":0,"
                                                   "\"errors\":0,\"seed\":3},\"page_size\":3"});
        w.graph->pages_max = CASES[i].pages;
        w.graph->bytes_max = CASES[i].bytes;
        fixture_poll(&w);
        if (w.report.complete != CASES[i].complete ||
            !strstr(w.report.failure.text, CASES[i].words))
            fail_msg("%s: %s", CASES[i].words, w.report.failure.text);
        assert_int_equal(w.snapshot->allotments,
                         CASES[i].complete ? SECTION_COMPLETE : SECTION_UNKNOWN);
        fixture_end(&w);
    }
}

static void a_nested_link_that_leads_away_spoils_its_waiting_list_only(void **state)
{
    static const char *const LINKS[] = {"foreign",  "off_prefix", "http",
                                        "userinfo", "dots",       "relative"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(LINKS); i++) {
        struct graph_fixture w;
        CLEANUP(free)
        char *faults = text_printf(
            "{\"match\":{\"path\":\"allotments\"},\"do\":{\"nested_link\":\"%s\"}}", LINKS[i]);
        fixture_begin(&w,
                      (struct setup){.tenant = TWO_POOLS ",\"inline_limit\":2", .faults = faults});
        fixture_poll(&w);
        if (w.report.failure.kind != FAILURE_SECURITY)
            fail_msg("%s: %s", LINKS[i], w.report.failure.text);
        assert_int_equal(w.snapshot->allotments, SECTION_COMPLETE);
        assert_true(pool(&w, "p1")->units_known && pool(&w, "p2")->units_known);
        assert_int_equal(pool(&w, "p2")->waiting.section, SECTION_UNKNOWN);
        assert_int_equal(asked(&w, "waitingMembers"), 0);
        fixture_end(&w);
    }
}

static void a_member_that_came_along_and_comes_again_is_counted_once(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(&w, (struct setup){.tenant = TWO_POOLS ",\"inline_limit\":2",
                                     .faults = "{\"match\":{\"path\":\"allotments\"},"
                                               "\"do\":{\"nested_link\":\"back\"}}"});
    fixture_poll(&w);
    assert_true(w.report.complete);
    assert_int_equal(asked(&w, "waitingMembers"), 1);
    assert_int_equal(pool(&w, "p2")->waiting.count, 4);
    fixture_end(&w);
}

static void a_page_that_is_too_large_is_asked_for_in_parts_next_time(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(&w, (struct setup){.faults = "{\"match\":{\"path\":\"allotments\",\"query_has\":"
                                               "\"expand\"},\"do\":{\"garbage\":\"bomb\"}}"});
    fixture_poll(&w);
    assert_false(w.report.complete);
    assert_non_null(strstr(w.report.note, "too large"));
    fixture_poll(&w);
    assert_true(w.report.complete);
    assert_int_equal(asked(&w, "waitingMembers"), 2);
    assert_int_equal(pool(&w, "p2")->waiting.count, 4);
    fixture_end(&w);
}

/* ---- throttling ---- */

static uint64_t arrived(const char *line)
{
    const char *at = strstr(line, "\"started_us\":");
    return at ? strtoull(at + 13, NULL, 10) : 0;
}

static void retry_after_is_honoured_with_one_request_in_flight(void **state)
{
    static const struct {
        const char *status, *header;
        bool clamped;
    } CASES[] = {
        {"429", "1", false},
        {"503", "1", false},
        {"429", "0", true},
        {"503", "Thu, 01 Jan 1970 00:00:00 GMT", true},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        CLEANUP(free)
        char *faults =
            text_printf("{\"name\":\"slow down\",\"match\":{\"path\":\"waitingMembers\"},\"at\":1,"
                        "\"do\":{\"status\":%s,\"headers\":{\"Retry-After\":\"%s\"}}}",
                        CASES[i].status, CASES[i].header);
        fixture_begin(
            &w, (struct setup){
                    .tenant =
                        "\"generate\":{\"allotments\":80,\"waiting\":160,\"errors\":9,\"seed\":3},"
                        "\"inline\":\"omit\"",
                    .faults = faults});
        fixture_poll(&w);
        if (!w.report.complete)
            fail_msg("%s", w.report.failure.text);
        assert_int_equal(w.report.throttled, 1);
        assert_int_equal(strstr(w.report.note, "clamped") != NULL, CASES[i].clamped);
        assert_in_range(w.report.took, USEC_PER_SEC, 30 * USEC_PER_SEC);
        assert_int_equal(w.report.resume_at_mono, 0);
        CLEANUP(free) char *ledger = sim_ledger(&w.sim);
        char *after = strstr(ledger, "slow down"), *rest = strchr(after, '\n') + 1;
        while (after > ledger && after[-1] != '\n')
            after--;
        /* What had left before the answer was read may still arrive; then nothing for a second;
         * then most of the lists, one by one. */
        uint64_t told = arrived(after);
        int late = 0;
        for (char *line; (line = strsep(&rest, "\n")) && *line;) {
            if (arrived(line) < told + USEC_PER_SEC * 9 / 10)
                continue;
            if (late++ < PACE_STEP - 6) /* and only then a little faster */
                assert_non_null(strstr(line, "\"in_flight\":1,"));
        }
        assert_true(late >= 5);
        fixture_end(&w);
    }
}

static unsigned connection_of(const struct graph_fixture *w, const char *endpoint,
                              const char *status)
{
    CLEANUP(free) char *ledger = sim_ledger(&w->sim);
    char *rest = ledger;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (strstr(line, endpoint) && strstr(line, status))
            return (unsigned)strtoul(strstr(line, "\"connection\":") + 13, NULL, 10);
    return 0;
}

static void after_a_503_the_page_goes_over_a_new_connection(void **state)
{
    static const struct {
        const char *status;
        bool fresh;
    } CASES[] = {{"503", true}, {"429", false}};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        CLEANUP(free)
        char *faults =
            text_printf("{\"match\":{\"path\":\"allotments\"},\"at\":1,\"do\":{\"status\":%s}}",
                        CASES[i].status);
        CLEANUP(free) char *status = text_printf("\"status\":%s", CASES[i].status);
        fixture_begin(&w, (struct setup){.faults = faults, .requests = 1});
        fixture_poll(&w);
        assert_true(w.report.complete);
        unsigned refused = connection_of(&w, "\"endpoint\":\"allotments\"", status);
        unsigned answered = connection_of(&w, "\"endpoint\":\"allotments\"", "\"status\":200");
        assert_true(refused != 0 && answered != 0);
        assert_int_equal(refused != answered, CASES[i].fresh);
        fixture_end(&w);
    }
}

static void a_retry_after_beyond_the_poll_is_carried_over(void **state)
{
    static const struct {
        const char *header;
        usec_t wait;
        bool clamped;
    } CASES[] = {{"600", 600 * USEC_PER_SEC, false}, {"999999", USEC_PER_HOUR, true}};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        CLEANUP(free)
        char *faults = text_printf("{\"match\":{\"path\":\"assignmentErrors\"},\"do\":{\"status\":"
                                   "429,\"headers\":{\"Retry-After\":\"%s\"}}}",
                                   CASES[i].header);
        fixture_begin(&w, (struct setup){.faults = faults});
        usec_t began = clock_now().mono;
        fixture_poll(&w);
        assert_false(w.report.complete);
        assert_int_equal(w.report.failure.kind, FAILURE_THROTTLED);
        assert_in_range(w.report.resume_at_mono, began + CASES[i].wait,
                        began + CASES[i].wait + 30 * USEC_PER_SEC);
        assert_in_range(w.report.failure.retry_after, CASES[i].wait - 30 * USEC_PER_SEC,
                        CASES[i].wait);
        assert_int_equal(asked(&w, "assignmentErrors"), 1);
        assert_true(w.report.took < 30 * USEC_PER_SEC);
        assert_int_equal(strstr(w.report.note, "clamped") != NULL, CASES[i].clamped);
        fixture_end(&w);
    }
}

/* Each fifth request, from the first one on, is told to be silent for an hour. */
static char *every_fifth(void)
{
    CLEANUP(text_free) struct text at = TEXT_INIT(4096);
    for (int n = 5; n <= 200; n += 5)
        text_addf(&at, "%s%d", n > 5 ? "," : "", n);
    return text_printf("{\"match\":{\"path\":\"/beta/*\"},\"at\":[%s],\"do\":{\"status\":429,"
                       "\"headers\":{\"Retry-After\":\"3600\"}}}",
                       at.data);
}

/* A poll gets four answers at most: none is complete, but in a few of them each section is known
 * once. */
static void lists_that_did_not_fit_are_read_in_later_polls(void **state)
{
    static const struct {
        const char *why, *tenant;
        int pools; /* of the list; 0: it is longer than a poll usually gets */
        int polls; /* in which all has been known; two more than it takes in the usual order */
    } CASES[] = {
        {"errors fill a poll, then ten waiting lists",
         "\"generate\":{\"allotments\":10,\"waiting\":40,\"errors\":250,\"seed\":3},"
         "\"inline\":\"omit\",\"page_size\":100",
         10, 10},
        {"pools fill a poll, and so do errors",
         "\"generate\":{\"allotments\":60,\"waiting\":0,\"errors\":55,\"seed\":3},\"page_size\":20",
         60, 5},
        {"errors behind pools that never end",
         "\"generate\":{\"allotments\":60,\"waiting\":0,\"errors\":25,\"seed\":3},\"page_size\":10",
         0, 5},
        {"waiting lists behind errors that never end",
         "\"generate\":{\"allotments\":10,\"waiting\":40,\"errors\":950,\"seed\":3},"
         "\"inline\":\"omit\",\"page_size\":100",
         10, 11},
    };
    (void)state;
    CLEANUP(free) char *faults = every_fifth();
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        struct id_set known = {0};
        bool errors = strstr(CASES[i].why, "errors that never") != NULL;
        bool pools = CASES[i].pools == 0;
        fixture_begin(&w, (struct setup){.tenant = CASES[i].tenant, .faults = faults});
        for (int poll = 0; poll < CASES[i].polls; poll++) {
            w.graph->pace.not_before_mono = 0; /* the hour has gone by */
            fixture_poll(&w);
            assert_false(w.report.complete);
            errors = errors || w.snapshot->errors == SECTION_COMPLETE;
            pools = pools || w.snapshot->allotments == SECTION_COMPLETE;
            for (size_t k = 0; k < w.snapshot->n_allotments; k++)
                if (w.snapshot->allotment[k].waiting.section == SECTION_COMPLETE)
                    (void)id_set_add(&known, w.snapshot->allotment[k].id);
        }
        if (!errors || !pools || known.hashes.n < (size_t)CASES[i].pools)
            fail_msg("%s: errors %d, pools %d, waiting lists %zu", CASES[i].why, errors, pools,
                     known.hashes.n);
        assert_int_equal(w.graph->pace.limit, 1);
        id_set_free(&known);
        fixture_end(&w);
    }
}

static void early_poll_obeys_the_retry_after(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(
        &w,
        (struct setup){.faults = "{\"match\":{\"path\":\"allotments\"},\"at\":1,\"do\":{\"status\":"
                                 "429,\"headers\":{\"Retry-After\":\"600\"}}}"});
    fixture_poll(&w);
    usec_t resume = w.report.resume_at_mono;
    int sent = (int)w.report.requests; /* one that was under way is written down a little later */
    fixture_poll(&w);
    assert_false(w.report.complete);
    assert_int_equal(w.report.failure.kind, FAILURE_THROTTLED);
    assert_int_equal(w.report.resume_at_mono, resume);
    assert_int_equal(w.report.requests, 0);
    assert_true(sim_count(&w.sim, "\"n\":", NULL) <= sent);
    w.graph->pace.not_before_mono = 0;
    fixture_poll(&w);
    assert_true(w.report.complete);
    fixture_end(&w);
}

static int most_in_flight(const struct graph_fixture *w, int from)
{
    CLEANUP(free) char *ledger = sim_ledger(&w->sim);
    char *rest = ledger;
    int most = 0, n = 0;
    for (char *line; (line = strsep(&rest, "\n")) && *line;) {
        int one = atoi(strstr(line, "\"in_flight\":") + 12);
        if (n++ >= from && one > most)
            most = one;
    }
    return most;
}

static void load_report_halves_requests_in_flight(void **state)
{
    static const struct {
        const char *load;
        int least, most; /* in flight after that */
    } CASES[] = {{"0.85", 2, 3}, {"1.2", 1, 1}, {"80", 4, 6}, {"0.5", 4, 6}};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        CLEANUP(free)
        char *faults =
            text_printf("{\"match\":{\"path\":\"/beta/*\"},\"at\":1,\"do\":{\"headers\":{"
                        "\"x-ms-throttle-limit-percentage\":\"%s\"}}}",
                        CASES[i].load);
        fixture_begin(
            &w,
            (struct setup){.tenant = "\"generate\":{\"allotments\":40,\"waiting\":90,\"errors\":0,"
                                     "\"seed\":3},\"inline\":\"omit\"",
                           .top = "\"latency_ms\":10,",
                           .faults = faults});
        fixture_poll(&w);
        assert_true(w.report.complete);
        assert_int_equal(w.report.throttled, 0);
        assert_int_equal(strstr(w.report.note, "of a limit are used") != NULL, CASES[i].most < 6);
        /* In the next poll; in this one much may have been on its way when the word came. */
        int before = sim_count(&w.sim, "\"n\":", NULL);
        w.graph->pace.quiet = 0;
        fixture_poll(&w);
        int n = most_in_flight(&w, before);
        if (n < CASES[i].least || n > CASES[i].most)
            fail_msg("%s: %d in flight", CASES[i].load, n);
        fixture_end(&w);
    }
}

/* ---- time and network ---- */

static void a_poll_ends_at_its_deadline_whatever_hangs(void **state)
{
    static const struct {
        const char *why, *fault, *words;
    } CASES[] = {
        {"a hanging answer", "\"delay_ms\":30000", "did not end within 3 s"},
        {"a crawling body", "\"crawl_ms\":400", "did not end within 3 s"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        CLEANUP(free)
        char *faults =
            text_printf("{\"match\":{\"path\":\"allotments\"},\"do\":{%s}}", CASES[i].fault);
        fixture_begin(&w, (struct setup){.faults = faults, .timeout = 3 * USEC_PER_SEC});
        fixture_poll(&w);
        assert_false(w.report.complete);
        assert_int_equal(w.report.failure.kind, FAILURE_TRANSIENT);
        if (!strstr(w.report.failure.text, CASES[i].words) &&
            !strstr(w.report.failure.text, "time-out"))
            fail_msg("%s: %s", CASES[i].why, w.report.failure.text);
        assert_in_range(w.report.took, USEC_PER_SEC * 29 / 10, 12 * USEC_PER_SEC);
        assert_int_equal(w.snapshot->errors, SECTION_COMPLETE);
        fixture_end(&w);
    }
}

static void a_hanging_sign_in_ends_with_the_poll_too(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(
        &w, (struct setup){.faults = "{\"match\":{\"path\":\"token\"},\"do\":{\"delay_ms\":30000}}",
                           .timeout = USEC_PER_SEC});
    fixture_poll(&w);
    assert_in_range(w.report.took, USEC_PER_SEC * 9 / 10, 10 * USEC_PER_SEC);
    assert_int_equal(w.report.failure.kind, FAILURE_TRANSIENT);
    fixture_end(&w);
}

static void a_poll_cut_short_says_what_was_wrong_before_and_is_not_over(void **state)
{
    static const char FAILS[] =
        "{\"match\":{\"path\":\"token\"},\"at\":1,\"do\":{\"status\":500}},";
    static const struct {
        const char *hangs, *words;
        bool expected;
    } CASES[] = {
        {"{\"match\":{\"path\":\"token\"},\"from\":2,\"do\":{\"delay_ms\":30000}}", "AADSTS90033",
         true},
        {"{\"match\":{\"path\":\"allotments\"},\"do\":{\"delay_ms\":30000}}", "AADSTS90033", false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        CLEANUP(free) char *faults = text_printf("%s%s", FAILS, CASES[i].hangs);
        fixture_begin(&w, (struct setup){.faults = faults, .timeout = 8 * USEC_PER_SEC});
        fixture_poll(&w);
        if (w.report.complete ||
            !strstr(w.report.failure.text, CASES[i].words) == CASES[i].expected)
            fail_msg("case %zu: %s", i, w.report.failure.text);
        fixture_end(&w);
    }
}

static void a_network_that_does_not_lead_there_says_why(void **state)
{
    struct peer gone;
    (void)state;
    peer_start(&gone, (struct peer_script){0});
    peer_stop(&gone);
    char closed[64];
    memcpy(closed, gone.url, sizeof closed);
    const struct {
        const char *why;
        struct setup setup;
        enum failure_kind kind;
        const char *words;
    } CASES[] = {
        {"a dead address", {.graph_url = closed}, FAILURE_TRANSIENT, "Connection refused"},
        {"a dead login", {.login_url = closed}, FAILURE_TRANSIENT, "sign-in: http://127.0.0.1"},
        {"a name that is none",
         {.login_url =
              "https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example"},
         FAILURE_TRANSIENT,
         "name resolution failed"},
        {"a dead proxy",
         {.login_url = "https://login.example", .proxy = closed},
         FAILURE_TRANSIENT,
         "the proxy http://127.0.0.1"},
        {"an expired certificate", {.certificate = "expired"}, FAILURE_SECURITY, "expired"},
        {"a wrong name", {.certificate = "wrong-name"}, FAILURE_SECURITY, "another name"},
        {"an unknown issuer", {.certificate = "unknown-issuer"}, FAILURE_SECURITY, "issuer"},
    };
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        fixture_begin(&w, CASES[i].setup);
        fixture_poll(&w);
        if (w.report.failure.kind != CASES[i].kind ||
            !strstr(w.report.failure.text, CASES[i].words))
            fail_msg("%s: %s: %s", CASES[i].why, failure_kind_name(w.report.failure.kind),
                     w.report.failure.text);
        assert_int_equal(w.snapshot->allotments, SECTION_UNKNOWN);
        assert_int_equal(w.snapshot->errors, SECTION_UNKNOWN);
        fixture_end(&w);
    }
}

static void over_tls_everything_is_read_as_well(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(&w, (struct setup){.certificate = "sound"});
    fixture_poll(&w);
    if (!w.report.complete)
        fail_msg("%s", w.report.failure.text);
    assert_int_equal(sim_count(&w.sim, "\"listener\":\"https\"", NULL), 3);
    fixture_end(&w);
}

static void redirects_lead_nowhere(void **state)
{
    static const char *const PATHS[] = {"allotments", "token", "waitingMembers"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(PATHS); i++) {
        struct graph_fixture w;
        struct peer foreign;
        peer_start(&foreign,
                   (struct peer_script){
                       .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"value\":[]}"});
        CLEANUP(free)
        char *faults = text_printf(
            "{\"match\":{\"path\":\"%s\"},\"do\":{\"status\":307,\"redirect\":\"%s/x\"}}", PATHS[i],
            foreign.url);
        fixture_begin(&w,
                      (struct setup){.tenant = TWO_POOLS ",\"inline\":\"omit\"", .faults = faults});
        fixture_poll(&w);
        peer_stop(&foreign);
        assert_int_equal(w.report.failure.kind, FAILURE_SECURITY);
        assert_int_equal(atomic_load(&foreign.connections), 0);
        fixture_end(&w);
    }
}

/* Every allocation of libcurl and of the rooms above, once and for good. What is known afterwards
 * is the truth: with less care, libcurl asks for the first page instead of the second when it has
 * no memory for the query, and waits for a connection that has gone. */
static void a_failing_allocation_fails_one_poll_only(void **state)
{
    struct graph_fixture w;
    (void)state;
    fixture_begin(&w, (struct setup){.tenant = TWO_POOLS ",\"page_size\":1,\"inline_limit\":2"});
    fixture_poll(&w); /* what is kept between polls is there */
    (void)alloc_fail_at(0, false);
    fixture_poll(&w);
    size_t n_allocations = alloc_fail_at(0, false);
    assert_true(n_allocations > 100);
    int incomplete = 0;
    for (size_t n = 1; n <= n_allocations; n++)
        for (int for_good = 0; for_good < 2; for_good++) {
            struct failure why = {0};
            (void)alloc_fail_at(n, for_good);
            int before = w.n_done, r = graph_poll(w.graph, on_polled, &w, &why);
            while (r >= 0 && w.n_done == before)
                (void)sd_event_run(w.event, UINT64_MAX);
            (void)alloc_fail_at(0, false);
            if (r < 0) {
                assert_int_equal(r, -ENOMEM);
                continue;
            }
            assert_non_null(w.snapshot);
            incomplete += !w.report.complete;
            const struct allotment *a = snapshot_find(w.snapshot, "p2"); /* the truth, or nothing */
            if (w.snapshot->allotments == SECTION_COMPLETE)
                assert_true(w.snapshot->n_allotments == 2 && a && a->consumed == 10);
            if (a && a->waiting.section == SECTION_COMPLETE)
                assert_int_equal(a->waiting.count, 4);
            if (w.snapshot->errors == SECTION_COMPLETE)
                assert_int_equal(w.snapshot->error_group[0].count, 3);
            if (w.report.took > 10 * USEC_PER_SEC)
                fail_msg("allocation %zu: the poll hung: %s", n, w.report.failure.text);
        }
    assert_true(incomplete > 200);
    fixture_poll(&w);
    if (!w.report.complete)
        fail_msg("%s", w.report.failure.text);
    fixture_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(temporary_failures_are_retried),
        cmocka_unit_test(permanent_failures_leave_the_section_unknown),
        cmocka_unit_test(a_later_page_that_fails_spoils_the_whole_list),
        cmocka_unit_test(link_to_another_origin_is_never_followed),
        cmocka_unit_test(a_cycle_of_links_ends),
        cmocka_unit_test(a_list_and_a_poll_have_their_limits),
        cmocka_unit_test(a_nested_link_that_leads_away_spoils_its_waiting_list_only),
        cmocka_unit_test(a_member_that_came_along_and_comes_again_is_counted_once),
        cmocka_unit_test(a_page_that_is_too_large_is_asked_for_in_parts_next_time),
        cmocka_unit_test(retry_after_is_honoured_with_one_request_in_flight),
        cmocka_unit_test(after_a_503_the_page_goes_over_a_new_connection),
        cmocka_unit_test(a_retry_after_beyond_the_poll_is_carried_over),
        cmocka_unit_test(lists_that_did_not_fit_are_read_in_later_polls),
        cmocka_unit_test(early_poll_obeys_the_retry_after),
        cmocka_unit_test(load_report_halves_requests_in_flight),
        cmocka_unit_test(a_poll_ends_at_its_deadline_whatever_hangs),
        cmocka_unit_test(a_hanging_sign_in_ends_with_the_poll_too),
        cmocka_unit_test(a_poll_cut_short_says_what_was_wrong_before_and_is_not_over),
        cmocka_unit_test(a_network_that_does_not_lead_there_says_why),
        cmocka_unit_test(over_tls_everything_is_read_as_well),
        cmocka_unit_test(redirects_lead_nowhere),
        cmocka_unit_test(a_failing_allocation_fails_one_poll_only),
    };
    if (http_global_init(NULL) < 0)
        return 1;
    json_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
