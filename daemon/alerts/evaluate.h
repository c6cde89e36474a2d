/* SPDX-License-Identifier: MIT */
/* alerts/evaluate.h: applies one observation to one alert. Internal to alerts/. */
#pragma once
#include "alerts/alerts.h"

struct evaluation {
    struct instant now;
    usec_t outage_tolerance;
    bool baseline; /* breaches fire at once and are muted */
    bool again;    /* this poll was evaluated before, with other limits */
    bool lost;     /* breaches fire at once */
};
struct outcome {
    bool muted_now;     /* the baseline muted a finding */
    bool raised_lost;   /* a finding fired because state was lost */
    bool accepted;      /* the episode ended: the new value is accepted as normal */
    /* A finding that named a cause ended, and the episode goes on: its value is accepted as normal, or
     * its rule is off. */
    bool cause_accepted, cause_removed;
    bool rule_removed;  /* the episode ended only because its rules are off */
    bool source_changed; /* the episode ended: the SKU is clear in the present source */
    bool expired;       /* the episode ended: its pool has not been listed for MEMORY_RETENTION */
    bool waiting_began; /* the finding "waiting" fired with this observation */
    bool stale;         /* the deciding finding is unknown */
};
/* The input of a finding for the latch of level l. */
enum latch_input finding_input(const struct finding *f, enum level l);
/* The worst level of this rule that is FIRING or RECOVERING. */
enum level alert_rule_level(const struct alert *a, enum rule rule);
/* No level of this rule is FIRING or RECOVERING, but one is PENDING. */
bool alert_rule_pending(const struct alert *a, enum rule rule);
/* This observation itself is at or beyond the limit of level l. */
bool observation_breaches(const struct observation *s, enum rule rule, enum level l);
/* Steps the latches and derives state, level, deciding rule, numbers, episode and context. -ENOMEM
 * leaves *a half updated. */
int evaluate(struct alert *a, const struct observation *s, const struct evaluation *e,
             struct outcome *ret);
