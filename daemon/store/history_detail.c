/* SPDX-License-Identifier: MIT */
/* store/history_detail.c: packs the raw samples of an hour into bytes. */
#include "store/history_detail.h"

#include "base/cleanup.h"
#include <stdbool.h>

#define NUMBER_BITS 63 /* all numbers are int64_t and not negative */

static size_t put_number(uint64_t value, uint8_t *ret)
{
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        ret[n++] = (uint8_t)(value | 0x80);
    ret[n++] = (uint8_t)value;
    return n;
}

size_t history_detail_put(const struct history_sample *s, uint8_t ret[static HISTORY_SAMPLE_MAX])
{
    const int64_t numbers[] = {s->second, s->consumed, s->allotted, s->waiting + 1};
    size_t n = 0;
    for (size_t i = 0; i < N_ELEMENTS(numbers); i++)
        n += put_number(numbers[i] > 0 ? (uint64_t)numbers[i] : 0, ret + n);
    return n;
}

static bool next_number(const uint8_t **at, const uint8_t *end, int64_t *ret)
{
    uint64_t value = 0;
    for (unsigned shift = 0; *at < end && shift < NUMBER_BITS; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *ret = (int64_t)value;
            return true;
        }
    }
    return false;
}

int history_detail_next(const uint8_t **at, const uint8_t *end, struct history_sample *ret)
{
    int64_t number[4];
    for (size_t i = 0; i < N_ELEMENTS(number); i++)
        if (!next_number(at, end, &number[i]))
            return 0;
    if (number[0] >= 3600)
        return 0;
    *ret = (struct history_sample){number[0], number[1], number[2], number[3] - 1};
    return 1;
}
