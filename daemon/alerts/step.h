/* SPDX-License-Identifier: MIT */
/* alerts/step.h: the state machine of one level of one finding, as a table. Pure.
 *
 * A finding has one latch per level. A latch is OK, PENDING (breached, not held long enough),
 * FIRING, or RECOVERING (cleared, not held long enough). An alert takes its level from the worst
 * latch that is FIRING or RECOVERING. */
#pragma once
#include "alerts/notification.h"

enum latch_input {
    LATCH_UNKNOWN, /* no data: the state stays, timers freeze */
    LATCH_CLEAR,   /* below the clear limit */
    LATCH_BAND,    /* between the clear and raise limits: hysteresis */
    LATCH_BREACH,  /* at or beyond the limit */
    LATCH_REMOVED, /* the rule is off or no longer applies */
    LATCH_INPUT_COUNT_
};
enum latch_act {
    LATCH_STAY,   /* keep state and timer */
    LATCH_FREEZE, /* keep state, stop the clock */
    LATCH_START,  /* enter a timed state with this observation as the first */
    LATCH_COUNT,  /* one more observation; move on after the hold time */
    LATCH_ENTER,  /* enter an untimed state */
};
struct latch_step {
    enum alert_state next; /* for COUNT: after the hold time */
    enum latch_act act;
};
extern const struct latch_step LATCH_STEPS[ALERT_STATE_COUNT_][LATCH_INPUT_COUNT_];

struct latch {
    enum alert_state state;
    usec_t elapsed; /* in the present timed state, without frozen gaps */
    uint32_t observations;
    struct instant last; /* the last observation that counted; boot 0: frozen since */
};
struct hold { /* how long a breach, and a recovery, must last */
    usec_t hold_for, keep_firing_for;
    uint32_t min_samples;
    bool again; /* the same poll with other limits: satisfies min_samples, adds no time */
    usec_t outage_tolerance; /* a longer gap between observations restarts PENDING and does not
                                count for RECOVERING */
};
/* Applies one observation. Returns the new state. */
enum alert_state latch_step(struct latch *l, enum latch_input input, const struct hold *hold,
                            const struct instant *now);
