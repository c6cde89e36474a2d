/* SPDX-License-Identifier: MIT */
/* http/retry.h: waiting times before a retry. Pure: clock and random bits are arguments. */
#pragma once
#include "base/clock.h"
#include <stdbool.h>

/* Retry-After (RFC 9110 10.2.3: seconds or HTTP-date) at `now_at`, clamped to 1 s .. 1 h.
 * -EINVAL: neither. */
int retry_after_parse(const char *value, usec_t now_at, usec_t *ret, bool *ret_clamped);
/* Used share of a limit in percent, from x-ms-throttle-limit-percentage: "0.85" is 85. 0:
 * malformed. */
unsigned retry_load_parse(const char *value);
/* min(cap, base * 2^n) with full jitter: uniform in [half of it, all of it]; `dice` is 32 random
 * bits. */
usec_t retry_backoff(unsigned n, usec_t base, usec_t cap, uint32_t dice);
/* 0, 5 s, 30 s, 2 min, 5 min, then 15 min, each times 0.8 .. 1.2: before attempt n (0 = first). */
usec_t retry_delivery_delay(unsigned n, uint32_t dice);
