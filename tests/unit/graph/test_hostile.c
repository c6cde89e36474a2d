/* SPDX-License-Identifier: MIT */
/* A body that ends too soon, at every byte, in every way that a body can end: the list it belongs
 * to stays unknown, and no other. */
#include "unit/graph/fixture.h"

#include "json/json.h"

#define RULES 250 /* the simulator takes a few more */

static const struct list_case {
    const char *endpoint, *body;
} LISTS[] = {
    {"allotments",
     "{\"value\":[{\"id\":\"p1\",\"skuId\":null,\"allottedUnits\":10,\"consumedUnits\":1,"
     "\"waitingMembers\":[{\"id\":\"m\",\"waitingSinceDateTime\":\"2026-11-01T00:00:00Z\"}]},"
     "{\"id\":\"p2\",\"allottedUnits\":10,\"consumedUnits\":0,\"waitingMembers\":[]}]}"},
    {"waitingMembers",
     "{\"value\":[{\"id\":\"m1\",\"waitingSinceDateTime\":\"2026-11-01T00:00:00Z\"},"
     "{\"id\":\"m2\",\"waitingSinceDateTime\":null}]}"},
    {"assignmentErrors",
     "{\"value\":[{\"id\":\"e1\",\"code\":\"MissingDependency\",\"skuId\":null},"
     "{\"id\":\"e2\",\"code\":\"\\u0058\"}]}"},
};

/* What happens to the body after `n` bytes. */
enum cut { CUT_CLOSED, CUT_CLOSED_CHUNKED, CUT_WHOLE, CUT_COUNT_ };
static const char *const CUT_NAMES[] = {"connection closed", "closed between chunks",
                                        "as if whole"};

static void put_do(struct json_writer *w, enum cut cut, const char *body, size_t n)
{
    CLEANUP(free) char *half = strndup(body, n);
    json_open_object(w, "do");
    json_put_string(w, "body", cut == CUT_WHOLE ? half : body);
    if (cut != CUT_WHOLE)
        json_put_int(w, "cut_after", (int64_t)n);
    json_put_bool(w, "chunked", cut == CUT_CLOSED_CHUNKED);
    json_open_object(w, "headers");
    json_put_string(w, "Content-Type", "application/json");
    json_close_object(w);
    json_close_object(w);
}

/* One rule a request: it is answered with `from` bytes, the next one with a byte more. The last one
 * stays, so that a poll that begins before it ends with it. */
static char *cuts(const struct list_case *l, enum cut cut, size_t from, size_t to)
{
    char *text = NULL;
    size_t len;
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(1 << 20);
    assert_non_null(w);
    json_open_array(w, NULL);
    for (size_t n = from; n < to; n++) {
        json_open_object(w, NULL);
        json_put_string(w, "path", l->endpoint);
        json_put_int(w, "from", (int64_t)(n - from + 1));
        if (n + 1 < to)
            json_put_int(w, "times", 1);
        put_do(w, cut, l->body, n);
        json_close_object(w);
    }
    json_close_array(w);
    assert_int_equal(json_write_take(w, &text, &len), 0);
    text[len - 1] = '\0'; /* without the brackets, which fixture_begin puts */
    memmove(text, text + 1, len - 1);
    return text;
}

static void check(const struct graph_fixture *w, const struct list_case *l, const char *how)
{
    enum section allotments = w->snapshot->allotments, errors = w->snapshot->errors;
    bool right = !w->report.complete;
    if (strcmp(l->endpoint, "allotments") == 0)
        right = right && allotments == SECTION_UNKNOWN && w->snapshot->n_allotments == 0 &&
                errors == SECTION_COMPLETE;
    else if (strcmp(l->endpoint, "waitingMembers") == 0)
        right = right && allotments == SECTION_COMPLETE && errors == SECTION_COMPLETE &&
                pool(w, "p")->waiting.section == SECTION_UNKNOWN;
    else
        right = right && allotments == SECTION_COMPLETE && errors == SECTION_UNKNOWN &&
                w->snapshot->n_error_groups == 0;
    if (!right)
        fail_msg("%s, %s, in one of the %d requests so far: %s", l->endpoint, how,
                 asked(w, l->endpoint), w->report.failure.text);
}

static void run(const struct list_case *l, enum cut cut, size_t from, size_t to)
{
    struct graph_fixture w;
    CLEANUP(free) char *faults = cuts(l, cut, from, to);
    fixture_begin(&w,
                  (struct setup){.top = "\"gzip\":false,",
                                 .tenant = "\"inline\":\"omit\",\"allotments\":[{\"id\":\"p\","
                                           "\"allottedUnits\":5,\"consumedUnits\":5,"
                                           "\"waiting\":{\"count\":2}}],\"errors\":[{\"count\":2}]",
                                 .faults = faults,
                                 .source = SOURCE_OPTION_CLOUD_LICENSING});
    w.graph->backoff = 100;
    while (asked(&w, l->endpoint) < (int)(to - from)) {
        fixture_poll(&w);
        check(&w, l, CUT_NAMES[cut]);
    }
    fixture_end(&w);
}

static void a_body_cut_at_any_byte_leaves_its_list_unknown(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(LISTS); i++)
        for (enum cut cut = 0; cut < CUT_COUNT_; cut++) {
            size_t len = strlen(LISTS[i].body);
            for (size_t from = 0; from < len; from += RULES)
                run(&LISTS[i], cut, from, from + RULES < len ? from + RULES : len);
        }
}

/* Otherwise the above would prove nothing. */
static void the_same_bodies_uncut_are_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(LISTS); i++) {
        struct graph_fixture w;
        size_t len = strlen(LISTS[i].body);
        CLEANUP(free) char *faults = cuts(&LISTS[i], CUT_WHOLE, len, len + 1);
        fixture_begin(&w,
                      (struct setup){.tenant = "\"inline\":\"omit\",\"allotments\":[{\"id\":\"p\","
                                               "\"allottedUnits\":5,\"consumedUnits\":5}]",
                                     .faults = faults});
        fixture_poll(&w);
        if (!w.report.complete)
            fail_msg("%s: %s", LISTS[i].endpoint, w.report.failure.text);
        fixture_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_cut_at_any_byte_leaves_its_list_unknown),
        cmocka_unit_test(the_same_bodies_uncut_are_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
