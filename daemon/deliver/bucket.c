/* SPDX-License-Identifier: MIT */
/* deliver/bucket.c: token bucket, kept as the time at which it is full again. */
#include "deliver/bucket.h"

/* Time until the bucket is full: each missing token takes one interval. */
static usec_t missing(const struct bucket *b, usec_t now_mono)
{
    return b->full_mono > now_mono ? b->full_mono - now_mono : 0;
}

uint32_t bucket_tokens(const struct bucket *b, const struct pace *p, usec_t now_mono)
{
    if (p->rate == 0)
        return UINT32_MAX;
    usec_t interval = USEC_PER_SEC / p->rate;
    usec_t taken = (missing(b, now_mono) + interval - 1) / interval;
    return taken < p->burst ? p->burst - (uint32_t)taken : 0;
}

usec_t bucket_wait(const struct bucket *b, const struct pace *p, usec_t now_mono)
{
    if (bucket_tokens(b, p, now_mono) > 0)
        return 0;
    return missing(b, now_mono) - (p->burst - 1) * (USEC_PER_SEC / p->rate);
}

void bucket_take(struct bucket *b, const struct pace *p, usec_t now_mono)
{
    if (p->rate > 0)
        b->full_mono = now_mono + missing(b, now_mono) + USEC_PER_SEC / p->rate;
}
