/* SPDX-License-Identifier: MIT */
/* tests/unit/graph/test_signed_in.c: requests by an application of its own: the simulator signs in, a server
 * of a few lines is Graph. */
#include "graph/signed_in.h"
#include "unit/graph/fixture.h"
#include "unit/http/peer.h"

struct post {
    struct graph_fixture w;
    struct peer graph;
    struct signed_in *s;
    bool close; /* in `done` */
    int n, status;
    struct failure failure;
};

static void on_posted(void *userdata, const struct http_answer *a)
{
    struct post *p = userdata;
    p->n++;
    p->status = a->status;
    p->failure = a->failure;
    if (p->close)
        graph_signed_in.close(TAKE(p->s));
}

static void begin_for(struct post *p, const char *answer, struct setup setup, const char *resource)
{
    struct failure why = {0};
    *p = (struct post){0};
    fixture_begin(&p->w, setup);
    peer_start(&p->graph, (struct peer_script){.bytes = answer, .end = PEER_CLOSE});
    const struct signed_in_options o = {.tenant_id = TENANT,
                                        .client_id = CLIENT,
                                        .client_secret_file = p->w.secret_file,
                                        .graph_url = p->graph.url,
                                        .login_url = p->w.sim.http,
                                        .resource = resource};
    if (graph_signed_in.open(&o, p->w.http, &p->s, &why) < 0)
        fail_msg("%s", why.text);
}

static void begin(struct post *p, const char *answer, const char *secret)
{
    begin_for(p, answer, (struct setup){.secret = secret}, NULL);
}

static void post(struct post *p)
{
    const struct signed_in_post call = {.path = "users/a/sendMail", .content_type = "application/json",
                                        .body = "{}", .len = 2, .timeout = 20 * USEC_PER_SEC,
                                        .max_body = 4096};
    int before = p->n;
    struct failure why = {0};
    if (graph_signed_in.post(p->s, &call, on_posted, p, &why) < 0)
        fail_msg("%s", why.text);
    assert_int_equal(p->n, before); /* never from inside */
    while (p->n == before)
        assert_true(sd_event_run(p->w.event, UINT64_MAX) >= 0);
}

static int tokens(struct post *p)
{
    return sim_count(&p->w.sim, "\"endpoint\":\"token\"", NULL);
}

static void end_post(struct post *p)
{
    graph_signed_in.close(p->s);
    peer_stop(&p->graph);
    fixture_end(&p->w);
}

static void one_token_serves_several_requests(void **state)
{
    struct post p;
    (void)state;
    begin(&p, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", NULL);
    post(&p);
    post(&p);
    assert_int_equal(p.status, 202);
    assert_int_equal(tokens(&p), 1);
    p.close = true; /* the owner may */
    post(&p);
    end_post(&p);
    assert_non_null(strstr(p.graph.seen, "POST /v1.0/users/a/sendMail HTTP/1.1\r\n"));
    assert_non_null(strstr(p.graph.seen, "\r\nAuthorization: Bearer "));
}

static void a_401_is_answered_with_one_new_token(void **state)
{
    struct post p;
    (void)state;
    begin(&p, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", NULL);
    post(&p);
    assert_int_equal(p.status, 401);
    assert_int_equal(tokens(&p), 2);
    assert_int_equal(atomic_load(&p.graph.requests), 2);
    end_post(&p);
}

static void a_refused_sign_in_is_an_answer_without_a_status(void **state)
{
    struct post p;
    (void)state;
    begin(&p, "", "mistaken-one");
    post(&p);
    assert_int_equal(p.status, 0);
    if (!strstr(p.failure.text, "the client secret is wrong"))
        fail_msg("%s", p.failure.text);
    assert_int_equal(atomic_load(&p.graph.requests), 0);
    end_post(&p);
}

static void on_token(void *userdata, const struct secret *token, const struct failure *why)
{
    struct post *p = userdata;
    p->n++;
    p->status = token && strcmp(secret_audience(token), "smtp://mx:587") == 0 && secret_len(token) > 0;
    if (why)
        p->failure = *why;
}

static int give(struct post *p, const struct secret **ret)
{
    struct failure why = {0};
    int before = p->n;
    int r = graph_signed_in.token(p->s, "smtp://mx:587", 20 * USEC_PER_SEC, ret, on_token, p, &why);
    if (r < 0)
        fail_msg("%s", why.text);
    while (r == 0 && p->n == before)
        assert_true(sd_event_run(p->w.event, UINT64_MAX) >= 0);
    return r;
}

static void a_token_is_handed_out_for_another_origin_until_it_is_refused(void **state)
{
    struct post p;
    const struct secret *token = NULL;
    (void)state;
    begin(&p, "", NULL);
    assert_int_equal(give(&p, &token), 0);
    assert_int_equal(p.status, 1);
    assert_int_equal(give(&p, &token), 1);
    assert_string_equal(secret_audience(token), "smtp://mx:587");
    assert_int_equal(tokens(&p), 1);
    graph_signed_in.refused(p.s);
    assert_int_equal(give(&p, &token), 0);
    assert_int_equal(p.status, 1);
    assert_int_equal(tokens(&p), 2);
    end_post(&p);
    begin(&p, "", "mistaken-one");
    assert_int_equal(give(&p, &token), 0);
    assert_int_equal(p.status, 0);
    assert_non_null(strstr(p.failure.text, "the client secret is wrong"));
    end_post(&p);
}

/* Entra makes the audience of the token from the scope, and a workflow compares it with its slash. */
static void the_scope_keeps_the_slash_of_an_audience(void **state)
{
    struct post p;
    const struct secret *token = NULL;
    (void)state;
    begin_for(&p, "",
              (struct setup){.tenant = "\"scope\":\"https://service.flow.microsoft.com//.default\"," TWO_POOLS},
              "https://service.flow.microsoft.com/");
    assert_int_equal(give(&p, &token), 0);
    if (p.status != 1)
        fail_msg("%s", p.failure.text);
    end_post(&p);
}

/* The cloud of Graph does not matter for other resources. */
static void another_resource_may_belong_to_any_cloud(void **state)
{
    struct graph_fixture w;
    struct signed_in *s = NULL;
    struct failure why = {0};
    (void)state;
    fixture_begin(&w, (struct setup){0});
    const struct signed_in_options o = {.tenant_id = TENANT,
                                        .client_id = CLIENT,
                                        .client_secret_file = w.secret_file,
                                        .login_url = "https://login.microsoftonline.us",
                                        .resource = "https://gov.service.flow.microsoft.us/"};
    if (graph_signed_in.open(&o, NULL, &s, &why) < 0)
        fail_msg("%s", why.text);
    graph_signed_in.close(s);
    fixture_end(&w);
}

static void a_missing_secret_is_found_before_the_start(void **state)
{
    const struct signed_in_options o = {
        .tenant_id = TENANT, .client_id = CLIENT, .client_secret_file = "/none/mail.secret"};
    struct signed_in *s = NULL;
    struct failure why = {0};
    (void)state;
    assert_true(graph_signed_in.open(&o, NULL, &s, &why) < 0);
    assert_non_null(strstr(why.text, "/none/mail.secret"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_token_serves_several_requests),
        cmocka_unit_test(a_401_is_answered_with_one_new_token),
        cmocka_unit_test(a_refused_sign_in_is_an_answer_without_a_status),
        cmocka_unit_test(a_token_is_handed_out_for_another_origin_until_it_is_refused),
        cmocka_unit_test(the_scope_keeps_the_slash_of_an_audience),
        cmocka_unit_test(another_resource_may_belong_to_any_cloud),
        cmocka_unit_test(a_missing_secret_is_found_before_the_start),
    };
    (void)alarm(120);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
