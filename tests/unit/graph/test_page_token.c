/* SPDX-License-Identifier: MIT */
/* What the sign-in answers. */
#include "base/clock.h"
#include "base/text.h"
#include "graph/page.h"
#include "json/json.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static size_t load(const char *name, char *bytes, size_t size)
{
    char path[300];
    (void)snprintf(path, sizeof path, "%s/graph/examples/%s", FIXTURES, name);
    CLEANUP(fclose) FILE *f = fopen(path, "re");
    assert_non_null(f);
    return fread(bytes, 1, size, f);
}

static void recorded_tokens_are_taken_with_their_lifetime(void **state)
{
    static const struct {
        const char *file, *begins;
        usec_t now_at, lifetime;
    } CASES[] = {
        {"token-success.json", "eyJ0eXAiOiJKV1Qi", 0, 3599 * USEC_PER_SEC},
        {"imds-token-success.json", "eyJ0eXAi...", 0, 3599 * USEC_PER_SEC}, /* numbers as strings */
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char bytes[4096];
        struct token_answer t;
        struct failure f = {0};
        size_t len = load(CASES[i].file, bytes, sizeof bytes);
        if (token_parse(bytes, len, "https://graph.example", CASES[i].now_at, &t, &f) < 0)
            fail_msg("%s: %s", CASES[i].file, f.text);
        assert_int_equal(strncmp(secret_bytes(t.token), CASES[i].begins, strlen(CASES[i].begins)),
                         0);
        assert_string_equal(secret_audience(t.token), "https://graph.example");
        assert_int_equal(t.lifetime, CASES[i].lifetime);
        secret_free(t.token);
    }
}

static void a_sample_whose_token_was_shortened_with_dots_is_no_token(void **state)
{
    char bytes[4096];
    struct token_answer t = {0};
    size_t len = load("appservice-token-success.json", bytes, sizeof bytes);
    (void)state;
    assert_int_equal(token_parse(bytes, len, NULL, 0, &t, NULL), -EBADMSG); /* U+2026 in it */
}

static void a_lifetime_is_clamped(void **state)
{
    static const struct {
        const char *members;
        usec_t want;
    } CASES[] = {
        {"\"expires_in\":3600", USEC_PER_HOUR},
        {"\"expires_in\":\"3600\"", USEC_PER_HOUR},
        {"\"expires_in\":59", USEC_PER_MINUTE},
        {"\"expires_in\":0", USEC_PER_MINUTE},
        {"\"expires_in\":-5", USEC_PER_MINUTE},
        {"\"expires_in\":86401", USEC_PER_DAY},
        {"\"expires_in\":9007199254740991", USEC_PER_DAY},
        {"\"expires_in\":\"999999999999999\"", USEC_PER_DAY},
        {"\"expires_on\":1600", 600 * USEC_PER_SEC},
        {"\"expires_on\":\"1600\"", 600 * USEC_PER_SEC},
        {"\"expires_on\":5", USEC_PER_MINUTE}, /* long over */
        {"\"expires_in\":\"soon\",\"expires_on\":1600", 600 * USEC_PER_SEC},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char body[256];
        struct token_answer t;
        (void)snprintf(body, sizeof body, "{\"token_type\":\"bearer\",\"access_token\":\"x\",%s}",
                       CASES[i].members);
        if (token_parse(body, strlen(body), NULL, 1000 * USEC_PER_SEC, &t, NULL) < 0)
            fail_msg("%s", CASES[i].members);
        if (t.lifetime != CASES[i].want)
            fail_msg("%s: %llu", CASES[i].members, (unsigned long long)t.lifetime);
        secret_free(t.token);
    }
}

static void an_odd_answer_is_refused_and_not_quoted(void **state)
{
    static const char *const CASES[] = {
        "",
        "{}",
        "[]",
        "<html>CANARY</html>",
        "\"CANARY\"",
        "CANARY",
        "{\"access_token\":\"CANARY\",\"expires_in\":3600}",
        "{\"token_type\":\"MAC\",\"access_token\":\"CANARY\",\"expires_in\":3600}",
        "{\"token_type\":\"Bearer\",\"expires_in\":3600}",
        "{\"token_type\":\"Bearer\",\"access_token\":\"\",\"expires_in\":3600}",
        "{\"token_type\":\"Bearer\",\"access_token\":\"CANARY \",\"expires_in\":3600}",
        "{\"token_type\":\"Bearer\",\"access_token\":\"CANARY\\n\",\"expires_in\":3600}",
        "{\"token_type\":\"Bearer\",\"access_token\":\"CANARY\\u00fc\",\"expires_in\":3600}",
        "{\"token_type\":\"Bearer\",\"access_token\":[\"CANARY\"],\"expires_in\":3600}",
        "{\"token_type\":\"Bearer\",\"access_token\":\"CANARY\"}",
        "{\"token_type\":\"Bearer\",\"access_token\":\"CANARY\",\"expires_in\":null}",
        "{\"token_type\":\"Bearer\",\"access_token\":\"CANARY\",\"expires_in\":\"-1\"}",
        "{\"token_type\":\"Bearer\",\"access_token\":\"CANARY\",\"access_token\":\"CANARY\"}",
        "{\"token_type\":\"Bearer\",\"access_token\":\"CANARY\",\"expires_in\":3600",
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct token_answer t = {0};
        struct failure f = {0};
        if (token_parse(CASES[i], strlen(CASES[i]), NULL, 0, &t, &f) != -EBADMSG ||
            f.kind != FAILURE_PROTOCOL || t.token)
            fail_msg("%s", CASES[i]);
        if (strstr(f.text, "CANARY"))
            fail_msg("quoted: %s", f.text);
    }
}

static void a_token_is_as_long_as_it_may_be_and_no_longer(void **state)
{
    (void)state;
    for (size_t len = TOKEN_MAX; len <= TOKEN_MAX + 1; len++) {
        CLEANUP(free) char *token = malloc(len + 1);
        memset(token, 'x', len);
        token[len] = 0;
        CLEANUP(free)
        char *body = text_printf(
            "{\"token_type\":\"Bearer\",\"access_token\":\"%s\",\"expires_in\":3600}", token);
        struct token_answer t = {0};
        int r = token_parse(body, strlen(body), NULL, 0, &t, NULL);
        assert_int_equal(r, len <= TOKEN_MAX ? 0 : -EBADMSG);
        secret_free(t.token);
    }
}

static void recorded_refusals_say_what_to_do(void **state)
{
    static const struct {
        const char *file, *error;
        int64_t code;
        enum failure_kind kind;
        const char *hint;
    } CASES[] = {
        {"token-error-invalid-scope.json", "invalid_scope", 70011, FAILURE_AUTH, "scope"},
        {"synthetic/token-error-bad-secret.json", "invalid_client", 7000215, FAILURE_AUTH,
         "secret is wrong"},
        {"synthetic/token-error-expired-secret.json", "invalid_client", 7000222, FAILURE_AUTH,
         "has expired"},
        {"synthetic/token-error-bad-assertion.json", "invalid_client", 700027, FAILURE_AUTH,
         "certificate"},
        {"synthetic/token-error-unknown-app.json", "unauthorized_client", 700016, FAILURE_AUTH,
         "client_id"},
        {"synthetic/token-error-unknown-tenant.json", "invalid_request", 90002, FAILURE_AUTH,
         "tenant_id"},
        {"synthetic/token-error-transient.json", "temporarily_unavailable", 90024,
         FAILURE_TRANSIENT, "again"},
        {"synthetic/imds-error-identity-not-found.json", "invalid_request", 0, FAILURE_AUTH,
         "--check-access"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char bytes[4096];
        struct token_error e;
        size_t len = load(CASES[i].file, bytes, sizeof bytes);
        assert_int_equal(token_error_parse(bytes, len, &e), 0);
        assert_string_equal(e.error, CASES[i].error);
        assert_int_equal(e.n_codes, CASES[i].code ? 1 : 0);
        assert_int_equal(e.codes[0], CASES[i].code);
        assert_int_equal(e.kind, CASES[i].kind);
        if (!strstr(e.hint, CASES[i].hint))
            fail_msg("%s: %s", CASES[i].file, e.hint);
    }
}

static void odd_refusals(void **state)
{
    static const struct {
        const char *body;
        int r;
        size_t n_codes;
        enum failure_kind kind;
    } CASES[] = {
        {"", -EBADMSG, 0, 0},
        {"<html>", -EBADMSG, 0, 0},
        {"{}", -EBADMSG, 0, 0},
        {"{\"error\":{\"code\":\"x\"}}", -EBADMSG, 0, 0},
        {"{\"error\":\"\"}", -EBADMSG, 0, 0},
        {"{\"error\":\"x\"}", 0, 0, FAILURE_AUTH},
        {"{\"error\":\"x\",\"error_codes\":7}", 0, 0, FAILURE_AUTH},
        {"{\"error\":\"x\",\"error_codes\":[\"7\",null,90024]}", 0, 1, FAILURE_TRANSIENT},
        {"{\"error\":\"x\",\"error_codes\":[1,90055]}", 0, 2, FAILURE_THROTTLED},
        {"{\"error\":\"x\",\"error_codes\":[1,2,3,4,5,6,7,8,9,10]}", 0, 8, FAILURE_AUTH},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct token_error e = {0};
        int r = token_error_parse(CASES[i].body, strlen(CASES[i].body), &e);
        if (r != CASES[i].r || e.n_codes != CASES[i].n_codes || e.kind != CASES[i].kind)
            fail_msg("%s", CASES[i].body);
        if (r == 0)
            assert_non_null(e.hint);
    }
}

static void text_that_is_no_code_or_id_is_not_quoted(void **state)
{
    static const char BODY[] = "{\"error\":\"a\\u001bb\",\"correlation_id\":\"x\\ny\"}";
    struct token_error e;
    (void)state;
    assert_int_equal(token_error_parse(BODY, strlen(BODY), &e), 0);
    assert_string_equal(e.error, "an unreadable error code");
    assert_string_equal(e.correlation_id, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_tokens_are_taken_with_their_lifetime),
        cmocka_unit_test(a_sample_whose_token_was_shortened_with_dots_is_no_token),
        cmocka_unit_test(a_lifetime_is_clamped),
        cmocka_unit_test(an_odd_answer_is_refused_and_not_quoted),
        cmocka_unit_test(a_token_is_as_long_as_it_may_be_and_no_longer),
        cmocka_unit_test(recorded_refusals_say_what_to_do),
        cmocka_unit_test(odd_refusals),
        cmocka_unit_test(text_that_is_no_code_or_id_is_not_quoted),
    };
    json_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
