/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_webhook_sign.c: Standard Webhooks signatures against vectors that
 * independent implementations computed (OpenSSL through Node, and the specification's own). */
#include "deliver/webhook.h"
#include "some.h"

#define ID "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
#define TIMESTAMP 1674087231
#define BODY                                                                                    \
    "{\"type\":\"alert.firing\",\"timestamp\":\"2023-01-19T00:13:51Z\",\"data\":{\"alert_id\":" \
    "\"a1\"}}"
#define KEY_A "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY_B "whsec_//79/Pv6+fj39vX08/Lx8O/u7ezr6uno"
#define SIGNED_A "v1,QzbYh6yPbe7ETH6FEYcAW7BoTM4GJiyghprZdgjWLCU="
#define SIGNED_B "v1,Kf7RmdbSk7LVNPKgD2TH9xkWb69TUgDVTpu8AtgXmHQ="

static int signature(const char *keys, const char *id, int64_t at, const char *body, char **ret,
                     struct failure *why)
{
    struct secret *secret = NULL;
    assert_int_equal(secret_new(keys, strlen(keys), NULL, &secret, NULL), 0);
    int r = webhook_signature(secret, id, at, body, strlen(body), ret, why);
    secret_free(secret);
    return r;
}

static void signatures_are_those_of_independent_implementations(void **state)
{
    static const struct {
        const char *why, *keys, *id;
        int64_t at;
        const char *body, *want;
    } CASES[] = {
        {"a key of 32 bytes", KEY_A, ID, TIMESTAMP, BODY, SIGNED_A},
        {"a key of 24 bytes", KEY_B, ID, TIMESTAMP, BODY, SIGNED_B},
        {"the specification's own example", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
         "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}",
         "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"new and old key during a rotation", KEY_A "\n" KEY_B, ID, TIMESTAMP, BODY,
         SIGNED_A " " SIGNED_B},
        {"newest first, as the file has them", KEY_B "\n" KEY_A "\n", ID, TIMESTAMP, BODY,
         SIGNED_B " " SIGNED_A},
        {"a file from Windows", KEY_A "\r\n" KEY_B "\r\n\r\n", ID, TIMESTAMP, BODY,
         SIGNED_A " " SIGNED_B},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *got = NULL;
        struct failure why = {0};
        int r = signature(CASES[i].keys, CASES[i].id, CASES[i].at, CASES[i].body, &got, &why);
        if (r < 0 || strcmp(got, CASES[i].want) != 0)
            fail_msg("%s: %s%s", CASES[i].why, got ? got : "", why.text);
    }
}

static void the_signature_depends_on_id_time_and_body(void **state)
{
    (void)state;
    CLEANUP(free) char *id = NULL, *at = NULL, *body = NULL;
    assert_int_equal(signature(KEY_A, "msg_x", TIMESTAMP, BODY, &id, NULL), 0);
    assert_int_equal(signature(KEY_A, ID, TIMESTAMP + 1, BODY, &at, NULL), 0);
    assert_int_equal(signature(KEY_A, ID, TIMESTAMP, BODY " ", &body, NULL), 0);
    assert_string_not_equal(id, SIGNED_A);
    assert_string_not_equal(at, SIGNED_A);
    assert_string_not_equal(body, SIGNED_A);
}

static void a_bad_key_is_a_mistake_of_the_configuration_and_is_not_quoted(void **state)
{
    static const struct {
        const char *why, *keys;
    } CASES[] = {
        {"no prefix", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},
        {"an asymmetric key", "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},
        {"23 bytes", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY="},
        {"65 bytes", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v"
                     "MDEyMzQ1Njc4OTo7PD0+P0A="},
        {"no base64", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8!"},
        {"no padding", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"},
        {"three keys", KEY_A "\n" KEY_B "\n" KEY_A},
        {"one good, one bad", KEY_A "\nwhsec_short"},
        {"blank lines only", "\n\n"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        CLEANUP(free) char *got = NULL;
        struct failure why = {0};
        int r = signature(CASES[i].keys, ID, TIMESTAMP, BODY, &got, &why);
        if (r >= 0 || got || why.kind != FAILURE_CONFIG || strstr(why.text, "AAECAwQF"))
            fail_msg("%s: %d %s", CASES[i].why, r, why.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_are_those_of_independent_implementations),
        cmocka_unit_test(the_signature_depends_on_id_time_and_body),
        cmocka_unit_test(a_bad_key_is_a_mistake_of_the_configuration_and_is_not_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
