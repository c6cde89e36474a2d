/* SPDX-License-Identifier: MIT */
/* Asking for the application's entry, against the simulator; and what is known of a sign-in. */
#include "unit/graph/fixture.h"

#include "graph/app_entry.h"

#define ENTRY                                                                                    \
    "\"application\":{\"passwordCredentials\":[{\"hint\":\"zzz\",\"endDateTime\":\"@now+5d\"},{" \
    "\"hint\":\"s3c\","                                                                          \
    "\"endDateTime\":\"@now+40d\"}]}"

struct asker {
    struct graph_fixture w;
    int n_done;
    usec_t ends_at;
    struct failure why;
};

static void on_entry(void *userdata, usec_t ends_at, const struct failure *why)
{
    struct asker *a = userdata;
    a->n_done++;
    a->ends_at = ends_at;
    a->why = *why;
}

static void begin(struct asker *a, const char *tenant, const char *faults)
{
    CLEANUP(free) char *members = text_printf(TWO_POOLS "%s%s", *tenant ? "," : "", tenant);
    *a = (struct asker){0};
    fixture_begin(&a->w, (struct setup){.tenant = members, .faults = faults});
}

static void ask(struct asker *a)
{
    struct failure why = {0};
    int before = a->n_done;
    if (graph_ask_entry(a->w.graph, on_entry, a, &why) < 0)
        fail_msg("%s", why.text);
    assert_int_equal(a->n_done, before); /* never from inside */
    while (a->n_done == before)
        assert_true(sd_event_run(a->w.event, UINT64_MAX) >= 0);
}

static void the_entry_is_one_request_with_the_token_that_there_is(void **state)
{
    struct asker a;
    (void)state;
    begin(&a, ENTRY, "");
    fixture_poll(&a.w);
    ask(&a);
    usec_t left = a.ends_at - clock_now().at;
    if (left > 40 * USEC_PER_DAY || left < 39 * USEC_PER_DAY)
        fail_msg("%s", a.why.text);
    assert_int_equal(asked(&a.w, "application"), 1);
    assert_int_equal(asked(&a.w, "token"), 1);
    fixture_end(&a.w);
}

static void without_a_token_nothing_is_sent(void **state)
{
    struct asker a;
    struct failure why = {0};
    (void)state;
    begin(&a, ENTRY, "");
    assert_int_equal(graph_ask_entry(a.w.graph, on_entry, &a, &why), -EAGAIN);
    assert_int_equal(sim_count(&a.w.sim, "endpoint", NULL), 0);
    fixture_end(&a.w);
}

static void request_is_not_begun_twice_and_ends_with_its_tenant(void **state)
{
    struct asker a;
    struct failure why = {0};
    (void)state;
    begin(&a, ENTRY, "");
    fixture_poll(&a.w);
    assert_int_equal(graph_ask_entry(a.w.graph, on_entry, &a, &why), 0);
    assert_int_equal(graph_ask_entry(a.w.graph, on_entry, &a, &why), -EBUSY);
    fixture_end(&a.w);
    assert_int_equal(a.n_done, 0);
}

static void each_refusal_names_the_fix(void **state)
{
    static const struct {
        const char *tenant, *faults;
        enum failure_kind kind;
        const char *words;
    } CASES[] = {
        {"\"deny\":[\"application\"]", "", FAILURE_PERMISSION,
         "HTTP 403 Authorization_RequestDenied: grant the application permission "
         "Application.Read.All"},
        {"", "", FAILURE_ABSENT,
         "HTTP 404 Request_ResourceNotFound: the application is not registered in this tenant"},
        {ENTRY, "{\"path\":\"application\",\"do\":{\"status\":503}}", FAILURE_UNAVAILABLE,
         "HTTP 503"},
        {ENTRY, "{\"path\":\"application\",\"do\":{\"status\":500}}", FAILURE_UNAVAILABLE,
         "HTTP 500"},
        {ENTRY, "{\"path\":\"application\",\"do\":{\"body\":\"{\\\"value\\\":7}\"}}",
         FAILURE_PROTOCOL, "no object"},
        {ENTRY,
         "{\"path\":\"application\",\"do\":{\"body\":\"<html>\",\"headers\":{\"Content-Type\":"
         "\"text/html\"}}}",
         FAILURE_TRANSIENT, "text/html instead of JSON"},
        {"", "{\"path\":\"application\",\"do\":{\"status\":404,\"garbage\":\"html\"}}",
         FAILURE_TRANSIENT, "HTTP 404 with text/html instead of JSON"},
        {"\"application\":{\"passwordCredentials\":[]}", "", FAILURE_CONFIG,
         "of the 0 client secrets"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct asker a;
        begin(&a, CASES[i].tenant, CASES[i].faults);
        fixture_poll(&a.w);
        ask(&a);
        if (a.ends_at != 0 || a.why.kind != CASES[i].kind || !strstr(a.why.text, CASES[i].words) ||
            strncmp(a.why.text, APP_ENTRY_CALL, sizeof APP_ENTRY_CALL - 1) != 0)
            fail_msg("case %zu: %s", i, a.why.text);
        fixture_end(&a.w);
    }
}

static void unreadable_secret_sends_no_request(void **state)
{
    struct asker a;
    struct failure why = {0};
    (void)state;
    begin(&a, ENTRY, "");
    fixture_poll(&a.w);
    sim_write(&a.w.sim, "secret", "ab", 0600);
    assert_int_equal(graph_ask_entry(a.w.graph, on_entry, &a, &why), -EINVAL);
    assert_non_null(strstr(why.text, "too short to be a client secret"));
    assert_int_equal(unlink(a.w.secret_file), 0);
    assert_true(graph_ask_entry(a.w.graph, on_entry, &a, &why) < 0);
    assert_int_equal(asked(&a.w, "application"), 0);
    fixture_end(&a.w);
}

/* A renewed secret is proven by the next poll; if it is refused the old token goes on. */
static void a_changed_credential_is_signed_in_with_at_once_and_the_old_token_is_kept(void **state)
{
    struct asker a;
    (void)state;
    begin(&a, "", "");
    assert_int_equal(graph_signed_in_mono(a.w.graph), 0);
    fixture_poll(&a.w);
    usec_t first = graph_signed_in_mono(a.w.graph);
    assert_true(first > 0 && first <= clock_now().mono);
    fixture_poll(&a.w);
    assert_int_equal(asked(&a.w, "token"), 1);

    graph_sign_in_again(a.w.graph);
    fixture_poll(&a.w);
    assert_int_equal(asked(&a.w, "token"), 2);
    assert_true(graph_signed_in_mono(a.w.graph) > first);

    usec_t second = graph_signed_in_mono(a.w.graph);
    sim_write(&a.w.sim, "secret", "wrong", 0600);
    graph_sign_in_again(a.w.graph);
    fixture_poll(&a.w);
    assert_true(a.w.report.complete);
    assert_int_equal(a.w.report.renewal.kind, FAILURE_AUTH);
    assert_int_equal(graph_signed_in_mono(a.w.graph), second);
    fixture_end(&a.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_entry_is_one_request_with_the_token_that_there_is),
        cmocka_unit_test(without_a_token_nothing_is_sent),
        cmocka_unit_test(request_is_not_begun_twice_and_ends_with_its_tenant),
        cmocka_unit_test(each_refusal_names_the_fix),
        cmocka_unit_test(unreadable_secret_sends_no_request),
        cmocka_unit_test(a_changed_credential_is_signed_in_with_at_once_and_the_old_token_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
