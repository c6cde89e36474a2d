/* SPDX-License-Identifier: MIT */
/* alerts/flap.h: alerts that fire and resolve again and again. Pure.
 *
 * An alert that fires again after `pairs` notified ends within `within` flaps: one notification says
 * so, and its end and a lower severity are withheld until its state has not changed for `quiet`. For
 * receivers its episode goes on until then. */
#pragma once
#include "base/clock.h"

#define FLAP_PAIRS_MAX 10

struct flap_options {
    uint32_t pairs; /* 0: alerts never flap; at most FLAP_PAIRS_MAX */
    usec_t within, quiet;
};
struct flap { /* of one alert */
    usec_t end_at[FLAP_PAIRS_MAX]; /* wall times of the last notified ends, oldest first */
    uint32_t n_ends;
    bool on;
    struct instant changed; /* while it flaps: when it last began or ceased to fire */
};
bool flap_equal(const struct flap *a, const struct flap *b);
/* An end was notified. */
void flap_count_end(struct flap *f, usec_t now_at);
/* An alert that fires now flaps from now on. False: it does not. */
bool flap_begin(struct flap *f, const struct flap_options *o, const struct instant *now);
/* After an evaluation: `changed`: the alert began or ceased to fire; `known`: by present data. True: it
 * still flaps. */
bool flap_follow(struct flap *f, const struct flap_options *o, bool changed, bool known,
                 const struct instant *now);
