/* SPDX-License-Identifier: MIT */
/* graph/pace.c: limits requests in flight: reduces at once, increases step by step. */
#include "graph/pace.h"

#include <assert.h>

#define LOAD_HALF 80 /* Graph says nothing below */
#define LOAD_ONE 100

void pace_init(struct pace *p, unsigned most)
{
    assert(most > 0);
    *p = (struct pace){.most = most, .limit = most};
}

void pace_throttled(struct pace *p, usec_t until_mono)
{
    p->limit = 1;
    p->quiet = 0;
    if (until_mono > p->not_before_mono)
        p->not_before_mono = until_mono;
}

bool pace_answered(struct pace *p, unsigned percent)
{
    unsigned bound = percent >= LOAD_ONE ? 1 : percent >= LOAD_HALF ? (p->most + 1) / 2 : p->most;
    if (percent >= LOAD_HALF) {
        p->quiet = 0;
    } else if (p->limit < p->most && ++p->quiet >= PACE_STEP) {
        p->quiet = 0;
        p->limit++;
    }
    if (p->limit <= bound)
        return false;
    p->limit = bound;
    return true;
}
