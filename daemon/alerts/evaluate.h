/* SPDX-License-Identifier: MIT */
/* alerts/evaluate.h: what one observation makes of one alert, before anybody is told. Private to
 * the room.
 */
#pragma once
#include "alerts/alerts.h"

struct evaluation {
    struct instant now;
    usec_t outage_tolerance;
    bool baseline; /* what is at a level goes up at once and is muted */
    bool again;    /* the reading was evaluated before, by other limits */
    bool lost;     /* what is at a level goes up at once */
};
struct outcome {
    bool muted_now;     /* the baseline raised and muted something */
    bool raised_lost;   /* something went up because state was lost */
    bool accepted;      /* the episode ended, and what was wrong is the new normal */
    bool rule_removed;  /* the episode ended, and only because its rules are off */
    bool source_changed; /* ... and the present source says that its SKU is clear */
    bool expired;       /* ... and what held it up has not been listed for MEMORY_KEPT */
    bool waiting_began; /* the finding "waiting" came up with this observation */
    bool stale;         /* what the alert stands on could not be read */
};
/* The finding of this rule in a observation; NULL: it has none. */
const struct finding *observation_finding(const struct observation *s, enum rule rule);
/* What a finding says to the latch of level l. */
enum latch_input finding_input(const struct finding *f, enum level l);
/* The level that this rule holds the alert at: its worst latch that is FIRING or RECOVERING. */
enum level alert_rule_level(const struct alert *a, enum rule rule);
/* No level of this rule is up, but one is breached and not held long enough yet. */
bool alert_rule_pending(const struct alert *a, enum rule rule);
/* This observation itself is at or beyond the limit of level l. */
bool observation_breaches(const struct observation *s, enum rule rule, enum level l);
/* Steps the latches and derives state, level, deciding rule, numbers, episode and context; said_*
 * only where the observation ends what they speak of. -ENOMEM leaves *a half done. */
int evaluate(struct alert *a, const struct observation *s, const struct evaluation *e,
             struct outcome *ret);
