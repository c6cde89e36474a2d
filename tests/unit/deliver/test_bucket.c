/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/test_bucket.c: the pace of a receiver. */
#include "deliver/bucket.h"

#include "unit/deliver/some.h"

#define SECOND USEC_PER_SEC
#define START (100 * SECOND)

static void a_burst_goes_at_once_and_the_rest_at_the_rate(void **state)
{
    static const struct {
        const char *why;
        struct pace pace;
        uint32_t taken;
        usec_t later; /* after the last one was taken */
        uint32_t tokens;
        usec_t wait;
    } CASES[] = {
        {"a new bucket is full", {10, 1}, 0, 0, 10, 0},
        {"each message takes one token", {10, 1}, 3, 0, 7, 0},
        {"the burst is used up", {10, 1}, 10, 0, 0, SECOND},
        {"a part of the interval has passed", {10, 1}, 10, SECOND / 4, 0, SECOND * 3 / 4},
        {"one interval gives one token", {10, 1}, 10, SECOND, 1, 0},
        {"it is full after all intervals", {10, 1}, 10, 10 * SECOND, 10, 0},
        {"it never holds more than the burst", {10, 1}, 10, 3600 * SECOND, 10, 0},
        {"a faster rate has shorter intervals", {2, 4}, 2, 0, 0, SECOND / 4},
        {"a burst of one", {1, 1}, 1, SECOND / 2, 0, SECOND / 2},
        {"rate 0 sets no limit", {10, 0}, 1000, 0, UINT32_MAX, 0},
        {"taking more than there is delays the next one", {2, 1}, 4, 0, 0, 3 * SECOND},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(CASES); i++) {
        struct bucket b = {0};
        for (uint32_t n = 0; n < CASES[i].taken; n++)
            bucket_take(&b, &CASES[i].pace, START);
        usec_t now = START + CASES[i].later;
        if (bucket_tokens(&b, &CASES[i].pace, now) != CASES[i].tokens)
            fail_msg("%s: %u tokens", CASES[i].why, bucket_tokens(&b, &CASES[i].pace, now));
        if (bucket_wait(&b, &CASES[i].pace, now) != CASES[i].wait)
            fail_msg("%s: wait", CASES[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_goes_at_once_and_the_rest_at_the_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
