/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "ctl/silences.h"

static void times_are_rfc_3339_or_local(void **state)
{
    static const struct {
        const char *text, *want; /* want NULL: refused */
    } CASES[] = {
        {"2026-12-24T18:00:00Z", "2026-12-24T18:00:00Z"},
        {"2026-12-24T19:00:00+01:00", "2026-12-24T18:00:00Z"},
        {"2026-12-24 19:00", "2026-12-24T18:00:00Z"},
        {"2026-07-01 19:00", "2026-07-01T17:00:00Z"}, /* summer time */
        {"2026-12-24", "2026-12-23T23:00:00Z"},
        {"tomorrow", NULL},
        {"", NULL},
        {"2026-12-24 19:00 o'clock", NULL},
        {"2026-13-24", NULL},
        {"2026-11-31", NULL},
        {"2026-02-30 10:00", NULL},
        {"2026-12-24 24:00", NULL},
        {"19:00", NULL},
    };
    (void)state;
    assert_int_equal(setenv("TZ", "Europe/Berlin", 1), 0);
    tzset();
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        char at[RFC3339_MAX] = "";
        int r = silence_time(CASES[i].text, at);
        if ((r >= 0) != (CASES[i].want != NULL) || (CASES[i].want && strcmp(at, CASES[i].want) != 0))
            fail_msg("%s -> %d %s", CASES[i].text, r, at);
    }
}

static void words_and_options_become_one_object(void **state)
{
    char *words[] = {(char *)"tenant=con*", (char *)"labels.group=a=b", (char *)"sku=SPE_\"E5\""};
    const struct ctl c = {.arg = words,
                          .n_args = 3,
                          .option = {[OPTION_COMMENT] = "why", [OPTION_AUTHOR] = "who", [OPTION_FOR] = "2h", [OPTION_HOLD] = ""}};
    CLEANUP(free) char *json = silence_json(&c);
    (void)state;
    assert_string_equal(json, "{\"match\":{\"tenant\":\"con*\",\"sku\":\"SPE_\\\"E5\\\"\",\"labels\":{\"group\":\"a=b\"}},"
                              "\"author\":\"who\",\"comment\":\"why\",\"hold\":true,\"for\":\"2h\"}");
}

static void key_that_is_given_twice_is_refused(void **state)
{
    char *words[] = {(char *)"tenant=a", (char *)"tenant=b"}, *labels[] = {(char *)"labels.g=a", (char *)"labels.g=b"};
    struct ctl c = {.arg = words, .n_args = 2, .option = {[OPTION_COMMENT] = "why", [OPTION_AUTHOR] = "who"}};
    (void)state;
    assert_null(silence_json(&c));
    c.arg = labels;
    assert_null(silence_json(&c));
    c.n_args = 1;
    CLEANUP(free) char *json = silence_json(&c);
    assert_non_null(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_rfc_3339_or_local),
        cmocka_unit_test(key_that_is_given_twice_is_refused),
        cmocka_unit_test(words_and_options_become_one_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
