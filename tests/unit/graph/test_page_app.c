/* SPDX-License-Identifier: MIT */
/* Which of an application's secrets is meant, and when it ends. */
#include "graph/app_entry.h"

#include "base/date.h"
#include "base/text.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define CLIENT "99999999-aaaa-4bbb-8ccc-dddddddddddd"
#define ENTRY(secrets) "{\"appId\":\"" CLIENT "\",\"passwordCredentials\":[" secrets "]}"
#define SECRET(hint, end) "{\"keyId\":\"k\",\"hint\":\"" hint "\",\"endDateTime\":\"" end "\"}"
#define SOON "2026-12-01T10:00:00Z"
#define LATER "2027-12-01T10:00:00Z"
#define PAST "2025-12-01T10:00:00Z"

static int read_end(const char *body, usec_t *ret_at, struct failure *why)
{
    return page_secret_end(body, strlen(body), CLIENT, "abc", ret_at, why);
}

static void secret_is_found_by_its_first_bytes(void **state)
{
    static const struct {
        const char *why, *body, *want;
    } CASES[] = {
        {"the only one", ENTRY(SECRET("abc", SOON)), SOON},
        {"one of several",
         ENTRY(SECRET("abd", PAST) "," SECRET("abc", SOON) "," SECRET("ABC", LATER)), SOON},
        {"of two alike the one that ends first",
         ENTRY(SECRET("abc", LATER) "," SECRET("abc", SOON)), SOON},
        {"even if that is over", ENTRY(SECRET("abc", LATER) "," SECRET("abc", PAST)), PAST},
        {"one of old, without a hint, if there is no other",
         ENTRY("{\"hint\":null,\"endDateTime\":\"" SOON "\"}"), SOON},
        {"the same without the member", ENTRY("{\"endDateTime\":\"" SOON "\"}"), SOON},
        {"a hint counts more than none",
         ENTRY("{\"endDateTime\":\"" PAST "\"}," SECRET("abc", SOON)), SOON},
        {"wrapped", "{\"value\":" ENTRY(SECRET("abc", SOON)) "}", SOON},
        {"the id in other letters",
         "{\"appId\":\"99999999-AAAA-4BBB-8CCC-DDDDDDDDDDDD\",\"passwordCredentials\":[" SECRET(
             "abc", SOON) "]}",
         SOON},
        {"with seven digits of a second, as Graph writes it",
         ENTRY(SECRET("abc", "2026-12-01T10:00:00.1234567Z")), SOON},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure why = {0};
        usec_t want = 0, at = 0;
        assert_int_equal(rfc3339_parse(CASES[i].want, &want), 0);
        if (read_end(CASES[i].body, &at, &why) < 0 || at / USEC_PER_SEC != want / USEC_PER_SEC)
            fail_msg("%s: %s", CASES[i].why, why.text);
    }
}

/* Nothing known is no all-clear, and no alarm either. */
static void ambiguous_secret_is_unknown(void **state)
{
    static const struct {
        const char *why, *body, *words;
    } CASES[] = {
        {"no secret at all", ENTRY(""), "of the 0 client secrets"},
        {"all begin otherwise", ENTRY(SECRET("xyz", SOON) "," SECRET("ab", SOON)),
         "of the 2 client secrets"},
        {"a single one that begins otherwise", ENTRY(SECRET("xyz", SOON)),
         "of the 1 client secrets"},
        {"two without a hint",
         ENTRY("{\"endDateTime\":\"" SOON "\"},{\"endDateTime\":\"" SOON "\"}"),
         "none can be identified"},
        {"ours has no end", ENTRY("{\"hint\":\"abc\",\"endDateTime\":null}"), "does not say when"},
        {"one of two alike has no end", ENTRY(SECRET("abc", LATER) ",{\"hint\":\"abc\"}"),
         "does not say when"},
        {"an end in no words that we know", ENTRY(SECRET("abc", "tomorrow")), "does not say when"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct failure why = {0};
        usec_t at = 77;
        if (read_end(CASES[i].body, &at, &why) != -ENOENT || why.kind != FAILURE_CONFIG ||
            !strstr(why.text, CASES[i].words) || !strstr(why.text, "client_secret_expires") ||
            at != 77)
            fail_msg("%s: %s", CASES[i].why, why.text);
    }
}

static void what_is_not_this_applications_entry_is_refused(void **state)
{
    static const char *const BODIES[] = {
        "",
        "null",
        "[]",
        "{}",
        "{\"appId\":\"" CLIENT "\"}",
        "{\"appId\":\"other\",\"passwordCredentials\":[" SECRET("abc", SOON) "]}",
        "{\"passwordCredentials\":[" SECRET("abc", SOON) "]}",
        "{\"appId\":\"" CLIENT "\",\"passwordCredentials\":null}",
        "{\"appId\":\"" CLIENT "\",\"passwordCredentials\":{}}",
        "{\"error\":{\"code\":\"x\",\"message\":\"y\"}}",
        "{\"value\":[" ENTRY(SECRET("abc", SOON)) "]}",
        ENTRY(SECRET("abc", SOON)) "x",
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(BODIES); i++) {
        struct failure why = {0};
        usec_t at = 77;
        if (read_end(BODIES[i], &at, &why) != -EBADMSG || why.kind != FAILURE_PROTOCOL || at != 77)
            fail_msg("%s: %s", BODIES[i], why.text);
    }
}

/* Any of them might be ours and end first. */
static void a_row_that_is_no_secret_refuses_the_entry(void **state)
{
    static const char *const ROWS[] = {"3", "\"abc\"", "null", "[1]", "{\"hint\":7}"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(ROWS); i++) {
        struct failure why = {0};
        usec_t at = 77;
        char body[512];
        (void)snprintf(body, sizeof body, ENTRY("%s," SECRET("abc", SOON)), ROWS[i]);
        if (read_end(body, &at, &why) != -EBADMSG || at != 77)
            fail_msg("%s beside ours", ROWS[i]);
        (void)snprintf(body, sizeof body, ENTRY("%s"), ROWS[i]);
        if (read_end(body, &at, &why) != -EBADMSG || at != 77)
            fail_msg("%s alone", ROWS[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secret_is_found_by_its_first_bytes),
        cmocka_unit_test(ambiguous_secret_is_unknown),
        cmocka_unit_test(what_is_not_this_applications_entry_is_refused),
        cmocka_unit_test(a_row_that_is_no_secret_refuses_the_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
