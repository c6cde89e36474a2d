/* SPDX-License-Identifier: MIT */
/* deliver/bucket.h: token bucket: how many messages a receiver may get now, and when the next one. Pure:
 * the boot-time clock is an argument. Each attempt takes a token, whatever its outcome. */
#pragma once
#include "base/clock.h"
#include <stdint.h>

struct pace {
    uint32_t burst; /* messages at once; at least 1 */
    uint32_t rate;  /* then messages per second; 0: no limit */
};
/* Zeros: full. */
struct bucket {
    usec_t full_mono; /* when all tokens are back */
};
uint32_t bucket_tokens(const struct bucket *b, const struct pace *p, usec_t now_mono); /* UINT32_MAX: no limit */
usec_t bucket_wait(const struct bucket *b, const struct pace *p, usec_t now_mono); /* for a token; 0: there is one */
void bucket_take(struct bucket *b, const struct pace *p, usec_t now_mono);
