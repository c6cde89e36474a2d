/* SPDX-License-Identifier: MIT */
/* store/history_detail.h: packs the raw samples of an hour into bytes. Pure. Internal to store/.
 *
 * A sample is four numbers, each as LEB128: seconds since the begin of the hour, consumed units, allotted
 * units, and waiting members + 1 (0: unknown). Samples follow one another. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct history_sample {
    int64_t second;             /* 0 .. 3599 */
    int64_t consumed, allotted; /* units */
    int64_t waiting;            /* members; -1: unknown */
};
#define HISTORY_SAMPLE_MAX 40 /* bytes of one */
/* Returns how many bytes it wrote. */
size_t history_detail_put(const struct history_sample *s, uint8_t ret[static HISTORY_SAMPLE_MAX]);
/* Reads the sample at *at and moves *at behind it. 1: a sample. 0: the end, or damaged bytes: what follows
 * them cannot be read. */
int history_detail_next(const uint8_t **at, const uint8_t *end, struct history_sample *ret);
