/* SPDX-License-Identifier: MIT */
#include "store/history_detail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define N(a) (sizeof(a) / sizeof *(a))

static void samples_are_read_as_they_were_put(void **state)
{
    static const struct history_sample SAMPLES[] = {
        {0, 0, 0, -1},          {1, 127, 128, 0},      {299, 24001, 25000, 300},
        {3599, INT32_MAX, 1, 5}, {3599, INT64_MAX, 0, INT64_MAX - 1},
    };
    uint8_t bytes[N(SAMPLES) * HISTORY_SAMPLE_MAX];
    size_t n = 0, i = 0;
    struct history_sample s;
    (void)state;
    for (size_t k = 0; k < N(SAMPLES); k++)
        n += history_detail_put(&SAMPLES[k], bytes + n);
    const uint8_t *at = bytes;
    for (; history_detail_next(&at, bytes + n, &s); i++)
        if (memcmp(&s, &SAMPLES[i], sizeof s) != 0)
            fail_msg("sample %zu differs", i);
    assert_int_equal(i, N(SAMPLES));
    assert_ptr_equal(at, bytes + n);
}

static void a_usual_sample_takes_few_bytes(void **state)
{
    uint8_t bytes[HISTORY_SAMPLE_MAX];
    (void)state;
    assert_true(history_detail_put(&(struct history_sample){3300, 24001, 25000, 300}, bytes) <= 10);
    assert_true(history_detail_put(&(struct history_sample){3300, 96, 100, 0}, bytes) <= 5);
}

static void damaged_bytes_end_the_samples(void **state)
{
    static const struct {
        const char *why;
        size_t n;
        uint8_t bytes[16];
    } CASES[] = {
        {"nothing", 0, {0}},
        {"a number without an end", 2, {0x80, 0x80}},
        {"a number of more than 63 bits", 16, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0}},
        {"three numbers", 3, {1, 2, 3}},
        {"a second beyond the hour", 5, {0x90, 0x1c, 1, 1, 1}},
    };
    struct history_sample s;
    (void)state;
    for (size_t i = 0; i < N(CASES); i++) {
        const uint8_t *at = CASES[i].bytes;
        if (history_detail_next(&at, CASES[i].bytes + CASES[i].n, &s) != 0)
            fail_msg("%s is a sample", CASES[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_read_as_they_were_put),
        cmocka_unit_test(a_usual_sample_takes_few_bytes),
        cmocka_unit_test(damaged_bytes_end_the_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
