/* SPDX-License-Identifier: MIT */
/* Who has asked to be left alone, and how much of that is left for the next process. */
#include "fixture.h"

#define MINUTE USEC_PER_MINUTE

static struct instant moment(usec_t at, usec_t mono, uint64_t boot)
{
    return (struct instant){at, mono, boot};
}

static void backoff_survives_restart(void **state)
{
    static const struct {
        const char *why;
        const char *who;
        int64_t mark;
        struct instant now;
        usec_t want;
    } CASES[] = {
        {"at once", "receiver hook", INT64_MIN, {1000 * MINUTE, 100 * MINUTE, 7}, 10 * MINUTE},
        {"later", "receiver hook", INT64_MIN, {1004 * MINUTE, 104 * MINUTE, 7}, 6 * MINUTE},
        {"the wall clock jumped",
         "receiver hook",
         INT64_MIN,
         {9 * MINUTE, 104 * MINUTE, 7},
         6 * MINUTE},
        {"after another boot the wall counts",
         "receiver hook",
         INT64_MIN,
         {1007 * MINUTE, 1, 8},
         3 * MINUTE},
        {"and if it was set back, all of it",
         "receiver hook",
         INT64_MIN,
         {7 * MINUTE, 1, 8},
         10 * MINUTE},
        {"it is over", "receiver hook", INT64_MIN, {1010 * MINUTE, 110 * MINUTE, 7}, 0},
        {"long ago", "receiver hook", INT64_MIN, {9999999 * MINUTE, 1, 8}, 0},
        {"another address", "receiver hook", 1, {1000 * MINUTE, 100 * MINUTE, 7}, 0},
        {"somebody else", "receiver chat", INT64_MIN, {1000 * MINUTE, 100 * MINUTE, 7}, 0},
        {"never so long", "tenant t", 0, {1000 * MINUTE, 100 * MINUTE, 7}, STORE_BACKOFF_MAX},
    };
    struct failure f = {0};
    struct instant then = moment(1000 * MINUTE, 100 * MINUTE, 7);
    struct store *s = open_in(*state);
    ok(store_backoff_until(s, "receiver hook", 5, then, 50 * MINUTE, &f),
       &f); /* the last one counts */
    ok(store_backoff_until(s, "receiver hook", INT64_MIN, then, 10 * MINUTE, &f), &f);
    ok(store_backoff_until(s, "tenant t", 0, then, USEC_INFINITY, &f), &f);
    store_close(s);
    s = open_in(*state);
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++)
        if (store_backoff_left(s, CASES[i].who, CASES[i].mark, CASES[i].now) != CASES[i].want)
            fail_msg("%s", CASES[i].why);
    store_close(s);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test_setup_teardown(backoff_survives_restart,
                                        dir_make, dir_remove),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
