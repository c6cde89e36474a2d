/* SPDX-License-Identifier: MIT */
/* tests/unit/base/test_redact.c: no form of a secret passes, and little else is touched. */
#include "base/redact.h"

#include "base/digest.h"
#include "base/text.h"
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECRET "Zq8~Q.canary_secret-0123456789/Abc+d"

static const char *cleaned(const char *text, const char *secret, char ret[static 512])
{
    struct redact r = {0};
    redact_add(&r, secret, strlen(secret));
    return redact_clean(ret, 512, text, strlen(text), &r);
}

static void the_whole_and_every_part_of_eight_is_taken_out(void **state)
{
    static const struct {
        const char *text, *want;
    } CASES[] = {
        {"secret is " SECRET " ok", "secret is [redacted] ok"},
        {SECRET, "[redacted]"},
        {"cut: Zq8~Q.ca, end", "cut: [redacted], end"},
        {"cut: Zq8~Q.c, end", "cut: Zq8~Q.c, end"},
        {"from the middle: secret-0123", "from the middle: [redacted]"},
        {"UPPER: ZQ8~Q.CANARY_SECRET-0123456789/ABC+D!", "UPPER: [redacted]!"},
        {"lower: zq8~q.canary_secret-0123456789/abc+d!", "lower: [redacted]!"},
        {"percent: Zq8%7EQ%2Ecanary%5Fsecret%2D0123456789%2FAbc%2Bd!", "percent: [redacted]!"},
        {"percent: zq8%7eq%2ecanary%5fsecret%2d!", "percent: [redacted]!"},
        {"all of it: %5A%71%38%7E%51%2E%63%61%6E!", "all of it: [redacted]!"},
        {"twice " SECRET " and " SECRET, "twice [redacted] and [redacted]"},
        {"\x1b[31m" SECRET "\n", "\\u{1b}[31m[redacted]\\u{a}"},
        {"nothing to see", "nothing to see"},
        {"", ""},
        {"%", "%"},
        {"100%2", "100%2"},
    };
    (void)state;
    char got[512];
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        if (strcmp(cleaned(CASES[i].text, SECRET, got), CASES[i].want) != 0)
            fail_msg("%s: %s", CASES[i].text, got);
}

static void a_form_s_value_is_found_as_it_was_before_it_was_encoded(void **state)
{
    (void)state;
    char got[512], base64[128];
    const char *encoded = "Zq8%7EQ.canary%2Bx%2Fy";
    assert_string_equal(cleaned("a Zq8~Q.canary+x/y b", encoded, got), "a [redacted] b");
    assert_string_equal(cleaned("a Zq8%7EQ.canary%2Bx%2Fy b", encoded, got), "a [redacted] b");
    (void)base64_encode("Zq8~Q.canary+x/y", 16, base64);
    (void)cleaned(base64, encoded, got);
    assert_ptr_equal(strstr(got, "[redacted]"), got);
}

/* Behind 0 to 2 other bytes, in both alphabets: at most the characters at the edges are left. */
static void base64_of_it_is_taken_out_wherever_it_begins(void **state)
{
    (void)state;
    char plain[128], base64[256], got[512];
    for (size_t before = 0; before < 7; before++)
        for (size_t after = 0; after < 3; after++)
            for (int url = 0; url < 2; url++)
                for (int upper = 0; upper < 2; upper++) {
                    size_t len = (size_t)snprintf(plain, sizeof plain, "%.*s%s%.*s", (int)before,
                                                  "user-x:", SECRET, (int)after, "!?");
                    if (url)
                        (void)base64url_encode(plain, len, base64);
                    else
                        (void)base64_encode(plain, len, base64);
                    if (upper)
                        for (char *c = base64; *c; c++)
                            *c = (char)toupper((unsigned char)*c);
                    (void)cleaned(base64, SECRET, got);
                    const char *mark = strstr(got, "[redacted]");
                    size_t room = before / 3 * 4 + 3;
                    if (!mark || (size_t)(mark - got) > room ||
                        strlen(mark) > strlen("[redacted]") + 3 + 4)
                        fail_msg("%s: %s", base64, got);
                }
}

static void no_window_of_a_secret_survives_in_any_text(void **state)
{
    (void)state;
    uint64_t dice = 42;
    for (int round = 0; round < 2000; round++) {
        char text[300], got[4096];
        size_t len = 0;
        while (len < 250) {
            dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407u;
            size_t from = (dice >> 33) % (sizeof SECRET - 1), n = (dice >> 45) % 20;
            if (n > sizeof SECRET - 1 - from)
                n = sizeof SECRET - 1 - from;
            memcpy(text + len, &SECRET[from], n);
            len += n;
            if (dice >> 60 < 8)
                text[len++] = (char)('!' + (dice >> 50) % 90);
        }
        struct redact r = {0};
        redact_add(&r, SECRET, sizeof SECRET - 1);
        (void)redact_clean(got, sizeof got, text, len, &r);
        for (size_t i = 0; i + REDACT_PART <= sizeof SECRET - 1; i++)
            if (memmem(got, strlen(got), &SECRET[i], REDACT_PART))
                fail_msg("round %d: %s", round, got);
    }
}

static void a_url_is_its_path_and_its_short_pieces_but_not_its_host(void **state)
{
    static const struct {
        const char *text, *want;
    } CASES[] = {
        {"Cannot POST /services/T0AB/B1CD/x?key=q-u-e", "Cannot POST [redacted]"},
        {"no team t0ab here", "no team [redacted] here"},
        {"key q-u-e is old", "key [redacted] is old"},
        {"hooks.example says no", "hooks.example says no"},
        {"x is short", "x is short"},
    };
    (void)state;
    struct secret *url = NULL;
    const char *text = "https://hooks.example/services/T0AB/B1CD/x?key=q-u-e";
    assert_int_equal(secret_new(text, strlen(text), NULL, &url, NULL), 0);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct redact r = {0};
        char got[512];
        redact_add_url(&r, url);
        (void)redact_clean(got, sizeof got, CASES[i].text, strlen(CASES[i].text), &r);
        if (strcmp(got, CASES[i].want) != 0)
            fail_msg("%s: %s", CASES[i].text, got);
    }
    secret_free(url);
}

static void short_secrets_are_found_whole(void **state)
{
    (void)state;
    char got[512];
    assert_string_equal(cleaned("a geheim b", "geheim", got), "a [redacted] b");
    assert_string_equal(cleaned("a gehei b", "geheim", got), "a gehei b");
    assert_string_equal(cleaned("a xyz b", "xyz", got), "a xyz b");
}

static void ids_and_codes_look_like_ids_and_codes(void **state)
{
    static const struct {
        const char *text, *want;
    } CASES[] = {
        {"Authorization_RequestDenied", "Authorization_RequestDenied"},
        {"11111111-2222-4333-8444-555555555555", "11111111-2222-4333-8444-555555555555"},
        {"canary_secret", "[redacted]"},
        {"x canary_secret", "[redacted]"},
        {"two words", ""},
        {"<b>", ""},
        {"", ""},
        {"a\nb", ""},
        {"0123456789012345678901234567890123456789012345678901234567890123", "[redacted]"},
        {"abababababababababababababababababababababababababababababababab",
         "abababababababababababababababababababababababababababababababab"},
        {"ababababababababababababababababababababababababababababababababa", ""},
    };
    (void)state;
    struct redact r = {0};
    redact_add(&r, SECRET, sizeof SECRET - 1);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char got[REDACT_WORD];
        (void)redact_word(got, sizeof got, CASES[i].text, strlen(CASES[i].text), &r);
        if (strcmp(got, CASES[i].want) != 0)
            fail_msg("%s: %s", CASES[i].text, got);
    }
}

static void nothing_to_look_for_is_a_clean_and_a_long_text_is_cut(void **state)
{
    (void)state;
    char got[512], text[REDACT_TEXT_MAX + 100], end[2 * REDACT_TEXT_MAX];
    assert_string_equal(redact_clean(got, sizeof got,
                                     "a\x1b"
                                     "b",
                                     3, NULL),
                        "a\\u{1b}b");
    assert_string_equal(redact_clean(got, sizeof got, NULL, 0, &(struct redact){0}), "");
    memset(text, 'x', sizeof text);
    memcpy(text + REDACT_TEXT_MAX - 20, SECRET, sizeof SECRET - 1);
    struct redact r = {0};
    redact_add(&r, SECRET, sizeof SECRET - 1);
    (void)redact_clean(end, sizeof end, text, sizeof text, &r);
    assert_int_equal(strlen(end), REDACT_TEXT_MAX - 20 + strlen("[redacted]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_and_every_part_of_eight_is_taken_out),
        cmocka_unit_test(a_form_s_value_is_found_as_it_was_before_it_was_encoded),
        cmocka_unit_test(base64_of_it_is_taken_out_wherever_it_begins),
        cmocka_unit_test(no_window_of_a_secret_survives_in_any_text),
        cmocka_unit_test(a_url_is_its_path_and_its_short_pieces_but_not_its_host),
        cmocka_unit_test(short_secrets_are_found_whole),
        cmocka_unit_test(ids_and_codes_look_like_ids_and_codes),
        cmocka_unit_test(nothing_to_look_for_is_a_clean_and_a_long_text_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
