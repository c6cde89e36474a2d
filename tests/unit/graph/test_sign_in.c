/* SPDX-License-Identifier: MIT */
/* What a sign-in sends, where each of its secrets may go, and what happens when its files are half
 * of one thing and half of another. */
#include "unit/graph/fixture.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static char dir[] = "/tmp/seatwatch-sign-in-XXXXXX";
static EVP_PKEY *key[2];
static char *certificate[2]; /* PEM */

static char *in_dir(const char *name)
{
    char *path = text_printf("%s/%s", dir, name);
    assert_non_null(path);
    return path;
}

static void write_file(const char *name, const char *bytes, mode_t mode)
{
    CLEANUP(free) char *path = in_dir(name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(bytes, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void write_key(EVP_PKEY *k)
{
    CLEANUP(free) char *path = in_dir("app.key");
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(PEM_write_PKCS8PrivateKey(f, k, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static char *self_signed(EVP_PKEY *k)
{
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);
    char *data;
    BIO *bio = BIO_new(BIO_s_mem());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"app", -1, -1, 0);
    X509_set_issuer_name(x, name);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_set_pubkey(x, k);
    assert_true(X509_sign(x, k, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_X509(bio, x), 1);
    long len = BIO_get_mem_data(bio, &data);
    char *pem = strndup(data, (size_t)len);
    X509_free(x);
    BIO_free_all(bio);
    return pem;
}

static int begin(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    for (int i = 0; i < 2; i++) {
        key[i] = EVP_RSA_gen(2048);
        certificate[i] = self_signed(key[i]);
    }
    return 0;
}

static int end(void **state)
{
    static const char *const NAMES[] = {"app.crt", "app.key", "good.key", "long.key", "link.key",
                                        "x.txt"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(NAMES); i++) {
        CLEANUP(free) char *path = in_dir(NAMES[i]);
        (void)unlink(path);
    }
    for (int i = 0; i < 2; i++) {
        EVP_PKEY_free(key[i]);
        free(certificate[i]);
    }
    return rmdir(dir);
}

/* A tenant that signs in with the pair app.crt and app.key; both certificates are registered. */
static void begin_with_pair(struct graph_fixture *w)
{
    CLEANUP(text_free) struct text tenant = TEXT_INIT(16384);
    text_add(&tenant, TWO_POOLS ",\"certificates\":[");
    for (int i = 0; i < 2; i++) {
        text_add(&tenant, i ? ",\"" : "\"");
        for (const char *c = certificate[i]; *c; c++)
            text_add_bytes(&tenant, *c == '\n' ? "\\n" : c, *c == '\n' ? 2 : 1);
        text_add(&tenant, "\"");
    }
    text_add(&tenant, "]");
    write_file("app.crt", certificate[0], 0644);
    write_key(key[0]);
    fixture_begin(w, (struct setup){.tenant = tenant.data});
    w->graph->o.auth = AUTH_CERTIFICATE;
    w->graph->o.certificate_file = in_dir("app.crt");
    w->graph->o.private_key_file = in_dir("app.key");
}

static void begin_machine(struct graph_fixture *w, enum identity_host host, const char *faults)
{
    fixture_begin(w, (struct setup){.tenant = TWO_POOLS ",\"identity\":{}", .faults = faults});
    w->graph->o.auth = AUTH_MANAGED_IDENTITY;
    w->graph->o.identity_host = host;
    free(TAKE(w->graph->o.client_id)); /* the machine's own one */
}

static void a_half_replaced_pair_leaves_the_old_token_in_use_and_says_so(void **state)
{
    struct graph_fixture w;
    (void)state;
    begin_with_pair(&w);
    fixture_poll(&w);
    assert_true(w.report.complete);
    assert_string_equal(w.report.renewal.text, "");

    write_file("app.crt", certificate[1], 0644);
    w.graph->token.renew_mono = 0; /* it is time */
    fixture_poll(&w);
    assert_true(w.report.complete);
    assert_non_null(strstr(w.report.renewal.text, "replace both files"));
    assert_int_equal(asked(&w, "token"), 1);

    write_key(key[1]);
    w.graph->token.renew_mono = 0;
    fixture_poll(&w);
    assert_true(w.report.complete);
    assert_string_equal(w.report.renewal.text, "");
    assert_int_equal(asked(&w, "token"), 2);
    assert_int_equal(sim_count(&w.sim, "\"aadsts\"", NULL), 0);
    fixture_end(&w);
}

static void without_a_token_a_half_replaced_pair_fails_the_poll_until_it_is_whole(void **state)
{
    struct graph_fixture w;
    (void)state;
    begin_with_pair(&w);
    write_file("app.crt", certificate[1], 0644);
    fixture_poll(&w);
    assert_false(w.report.complete);
    assert_int_equal(w.report.failure.kind, FAILURE_CONFIG);
    assert_int_equal(asked(&w, "token"), 0);
    write_key(key[1]);
    fixture_poll(&w);
    assert_true(w.report.complete);
    fixture_end(&w);
}

static void each_secret_of_a_sign_in_is_for_one_address_only(void **state)
{
    struct graph_fixture w;
    struct sign_in s;
    struct failure why = {0};
    struct http_request *request = NULL;
    (void)state;
    begin_with_pair(&w);
    assert_int_equal(origin_parse("http://127.0.0.2:9", false, &w.graph->login, &why), 0);
    assert_int_equal(sign_in_make(w.graph, NULL, &s, &why), 0);
    assert_string_equal(secret_audience(s.form), "http://127.0.0.2:9");
    assert_null(s.basic);
    /* A form to Graph, though it is an allowed origin; a bearer to the login service. */
    CLEANUP(free) char *graph_url = text_printf("%s/beta/x", w.sim.http);
    struct http_call call = {
        .method = "POST", .url = graph_url, .allowed = &w.graph->api, .secret_body = s.form};
    assert_int_equal(http_start(w.http, &call, NULL, NULL, &request, &why), -EPERM);
    sign_in_clear(&s);
    CLEANUP(secret_free) struct secret *bearer = NULL;
    assert_int_equal(secret_new("tok", 3, w.graph->api.text, &bearer, &why), 0);
    call = (struct http_call){.method = "GET",
                              .url = "http://127.0.0.2:9/x",
                              .allowed = &w.graph->login,
                              .bearer = bearer};
    assert_int_equal(http_start(w.http, &call, NULL, NULL, &request, &why), -EPERM);
    assert_int_equal(why.kind, FAILURE_SECURITY);
    /* Arc's key, to anybody but the agent. */
    CLEANUP(secret_free) struct secret *arc = NULL;
    CLEANUP(free) char *tokens = text_printf("%s/", dir);
    CLEANUP(free) char *header = text_printf("Basic realm=%s/good.key", dir);
    write_file("good.key", "arc-key", 0440);
    w.graph->arc_directory = tokens;
    assert_int_equal(sign_in_arc_key(w.graph, header, &arc, &why), 0);
    assert_string_equal(secret_bytes(arc), "arc-key");
    call = (struct http_call){
        .method = "GET", .url = graph_url, .allowed = &w.graph->api, .basic = arc};
    assert_int_equal(http_start(w.http, &call, NULL, NULL, &request, &why), -EPERM);
    assert_null(request);
    fixture_end(&w);
}

static void only_one_plain_key_file_of_the_agent_is_read(void **state)
{
    static const struct {
        const char *before, *after; /* around the directory */
        enum failure_kind kind;
    } CASES[] = {
        {"Basic realm=", "good.txt", FAILURE_SECURITY},
        {"Basic realm=", ".key", FAILURE_SECURITY},
        {"Basic realm=", "../x.key", FAILURE_SECURITY},
        {"Basic realm=", "a/good.key", FAILURE_SECURITY},
        {"Basic realm=/x", "good.key", FAILURE_SECURITY},
        {"Basic realm=", "good.key, Basic realm=/etc/x.key", FAILURE_SECURITY},
        {"Bearer realm=", "good.key", FAILURE_SECURITY},
        {"Basic realm=", "link.key", FAILURE_SECURITY},
        {"Basic realm=", "long.key", FAILURE_SECURITY},
        {"Basic realm=", "absent.key", FAILURE_SECURITY},
    };
    struct graph_fixture w;
    char content[5001] = {0};
    CLEANUP(free) char *link = in_dir("link.key");
    CLEANUP(free) char *tokens = text_printf("%s/", dir);
    (void)state;
    memset(content, 'x', sizeof content - 1);
    write_file("good.key", "k", 0440);
    write_file("x.txt", "k", 0440);
    write_file("long.key", content, 0440);
    assert_int_equal(symlink("x.txt", link), 0);
    begin_machine(&w, IDENTITY_ARC, NULL);
    w.graph->arc_directory = tokens;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *header = text_printf("%s%s%s", CASES[i].before, tokens, CASES[i].after);
        struct secret *got = NULL;
        struct failure why = {0};
        if (sign_in_arc_key(w.graph, header, &got, &why) >= 0 || got || why.kind != CASES[i].kind)
            fail_msg("%s: %s", header, why.text);
    }
    static const char *const GOOD[][2] = {{"Basic realm=\"", "good.key\""},
                                          {"Negotiate, Basic realm=", "good.key"}};
    for (size_t i = 0; i < N_ELEMENTS(GOOD); i++) {
        CLEANUP(free) char *header = text_printf("%s%s%s", GOOD[i][0], tokens, GOOD[i][1]);
        CLEANUP(secret_free) struct secret *got = NULL;
        struct failure why = {0};
        if (sign_in_arc_key(w.graph, header, &got, &why) < 0)
            fail_msg("%s: %s", header, why.text);
    }
    fixture_end(&w);
}

static void an_update_of_the_metadata_service_is_outlasted(void **state)
{
    static const struct {
        const char *fault;
        usec_t least; /* of all waits together, in units of the shortened backoff */
        int asked;
    } CASES[] = {
        {"\"times\":4,\"do\":{\"status\":410}", 4 * 18, 5}, /* 72 s in earnest; it lasts 70 */
        {"\"times\":4,\"do\":{\"status\":500}", 4, 5},
        {"\"times\":4,\"do\":{\"status\":404}", 1, 5},
        {"\"times\":4,\"do\":{\"status\":429}", 1, 5},
        {"\"times\":4,\"do\":{\"reset\":true}", 1, 5},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        CLEANUP(free)
        char *fault = text_printf("{\"match\":{\"path\":\"identity\"},%s}", CASES[i].fault);
        begin_machine(&w, IDENTITY_VM, fault);
        fixture_poll(&w);
        if (!w.report.complete || asked(&w, "identity") != CASES[i].asked ||
            w.report.took < CASES[i].least * w.graph->backoff)
            fail_msg("%s: %s, %llu us", fault, w.report.failure.text,
                     (unsigned long long)w.report.took);
        fixture_end(&w);
    }
}

static void a_refusal_for_time_says_how_far_the_clock_is_off(void **state)
{
    static const struct {
        const char *date, *words;
    } CASES[] = {
        {"Wed, 21 Oct 2015 07:28:00 GMT", " days ahead of the sign-in service's"},
        {"Fri, 21 Oct 2095 07:28:00 GMT", " days behind the sign-in service's"},
        {NULL, "this machine's clock is right"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct graph_fixture w;
        CLEANUP(free)
        char *fault = text_printf(
            "{\"match\":{\"path\":\"token\"},\"do\":{\"status\":401%s%s%s,\"body\":{\"error\":"
            "\"invalid_client\",\"error_codes\":[700024]}}}",
            CASES[i].date ? ",\"headers\":{\"Date\":\"" : "", CASES[i].date ? CASES[i].date : "",
            CASES[i].date ? "\"}" : "");
        fixture_begin(&w, (struct setup){.faults = fault});
        fixture_poll(&w);
        if (!strstr(w.report.failure.text, CASES[i].words))
            fail_msg("%s", w.report.failure.text);
        fixture_end(&w);
    }
}

static void the_address_of_the_consent_is_encoded(void **state)
{
    struct graph_fixture w;
    CLEANUP(free) char *url = NULL;
    CLEANUP(free) char *want = NULL;
    (void)state;
    fixture_begin(&w, (struct setup){.client_id = "a b&c=d/\xc3\xbc"});
    want = text_printf("%s/" TENANT "/adminconsent?client_id=a%%20b%%26c%%3Dd%%2F%%C3%%BC",
                       w.sim.http);
    assert_int_equal(sign_in_consent_url(w.graph, &url), 0);
    assert_string_equal(url, want);
    fixture_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_half_replaced_pair_leaves_the_old_token_in_use_and_says_so),
        cmocka_unit_test(without_a_token_a_half_replaced_pair_fails_the_poll_until_it_is_whole),
        cmocka_unit_test(each_secret_of_a_sign_in_is_for_one_address_only),
        cmocka_unit_test(only_one_plain_key_file_of_the_agent_is_read),
        cmocka_unit_test(an_update_of_the_metadata_service_is_outlasted),
        cmocka_unit_test(a_refusal_for_time_says_how_far_the_clock_is_off),
        cmocka_unit_test(the_address_of_the_consent_is_encoded),
    };
    if (http_global_init(NULL) < 0)
        return 1;
    return cmocka_run_group_tests(tests, begin, end);
}
