/* SPDX-License-Identifier: MIT */
/* alerts/step.c: the latch state table and its hold timers. */
#include "alerts/step.h"

#include <assert.h>

/* Row: state of the latch. Column: input from the observation. */
const struct latch_step LATCH_STEPS[ALERT_STATE_COUNT_][LATCH_INPUT_COUNT_] = {
    /* Only a breach leaves this state. The band matters for firing levels only. */
    [ALERT_OK] =
        {
            [LATCH_UNKNOWN] = {ALERT_OK, LATCH_FREEZE},
            [LATCH_CLEAR] = {ALERT_OK, LATCH_STAY},
            [LATCH_BAND] = {ALERT_OK, LATCH_STAY},
            [LATCH_BREACH] = {ALERT_PENDING, LATCH_START},
            [LATCH_REMOVED] = {ALERT_OK, LATCH_STAY},
        },
    /* Not fired yet: any value below the raise limit drops it. Hysteresis is for firing levels. */
    [ALERT_PENDING] =
        {
            [LATCH_UNKNOWN] = {ALERT_PENDING, LATCH_FREEZE},
            [LATCH_CLEAR] = {ALERT_OK, LATCH_ENTER},
            [LATCH_BAND] = {ALERT_OK, LATCH_ENTER},
            [LATCH_BREACH] = {ALERT_FIRING, LATCH_COUNT},
            [LATCH_REMOVED] = {ALERT_OK, LATCH_ENTER},
        },
    /* Recovery starts below the clear limit, not in the band. */
    [ALERT_FIRING] =
        {
            [LATCH_UNKNOWN] = {ALERT_FIRING, LATCH_FREEZE},
            [LATCH_CLEAR] = {ALERT_RECOVERING, LATCH_START},
            [LATCH_BAND] = {ALERT_FIRING, LATCH_STAY},
            [LATCH_BREACH] = {ALERT_FIRING, LATCH_STAY},
            [LATCH_REMOVED] = {ALERT_OK, LATCH_ENTER},
        },
    /* Only consecutive clear observations count. A return to the band or a breach continues the
     * same episode. */
    [ALERT_RECOVERING] =
        {
            [LATCH_UNKNOWN] = {ALERT_RECOVERING, LATCH_FREEZE},
            [LATCH_CLEAR] = {ALERT_OK, LATCH_COUNT},
            [LATCH_BAND] = {ALERT_FIRING, LATCH_ENTER},
            [LATCH_BREACH] = {ALERT_FIRING, LATCH_ENTER},
            [LATCH_REMOVED] = {ALERT_OK, LATCH_ENTER},
        },
};

static void latch_enter(struct latch *l, enum alert_state state)
{
    *l = (struct latch){.state = state};
}

static void latch_start(struct latch *l, enum alert_state state, const struct instant *now)
{
    *l = (struct latch){.state = state, .observations = 1, .last = *now};
}

/* A gap without polls is no evidence: PENDING restarts after it, and RECOVERING does not count it. */
static void latch_count(struct latch *l, const struct hold *hold, const struct instant *now)
{
    usec_t gap = instant_since(&l->last, now); /* 0 if frozen since */
    if (hold->again)
        return;
    if (gap > hold->outage_tolerance) {
        if (l->state == ALERT_PENDING) {
            latch_start(l, ALERT_PENDING, now);
            return;
        }
        gap = 0;
    }
    l->elapsed += gap;
    if (l->observations < UINT32_MAX)
        l->observations++;
    l->last = *now;
}

static bool latch_has_lasted(const struct latch *l, const struct hold *hold)
{
    usec_t enough = l->state == ALERT_PENDING ? hold->hold_for : hold->keep_firing_for;
    return l->elapsed >= enough && (hold->again || l->observations >= hold->min_samples);
}

enum alert_state latch_step(struct latch *l, enum latch_input input, const struct hold *hold,
                            const struct instant *now)
{
    assert((unsigned)l->state < ALERT_STATE_COUNT_ && (unsigned)input < LATCH_INPUT_COUNT_);
    const struct latch_step *step = &LATCH_STEPS[l->state][input];
    switch (step->act) {
    case LATCH_STAY:
        break;
    case LATCH_FREEZE:
        if (!hold->again)
            l->last.boot = 0;
        break;
    case LATCH_ENTER:
        latch_enter(l, step->next);
        break;
    case LATCH_START:
        latch_start(l, step->next, now);
        break;
    case LATCH_COUNT:
        latch_count(l, hold, now);
        break;
    }
    /* A hold time of 0 ends with its first observation. */
    if (step->act == LATCH_START || step->act == LATCH_COUNT)
        if (latch_has_lasted(l, hold))
            latch_enter(l, LATCH_STEPS[l->state][input].next);
    return l->state;
}
