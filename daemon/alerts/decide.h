/* SPDX-License-Identifier: MIT */
/* alerts/decide.h: does an alert differ from what was last told? Private to the room. */
#pragma once
#include "alerts/evaluate.h"

#define NO_EVENT (-1)
/* The event that this alert owes after a observation, or NO_EVENT. `parent` is the level at which
 * the alert that explains this one stands and has been told; LEVEL_NONE if there is none. */
int decide(const struct alert *a, const struct observation *s, const struct outcome *o,
           enum level parent);
/* Notes in the alert that this has been told; plans the reminders. Of a reminder, only which
 * section it named. */
void decide_note(struct alert *a, enum event_type type, const struct alert_options *o,
                 usec_t now_at);
/* Reminders follow the options: none where they are off, silent or nothing is open; planned from
 * now where they are missing. */
void decide_reminder(struct alert *a, bool silent, const struct alert_options *o, usec_t now_at);
/* The wait before reminder number a->reminders + 1; 0: none at this level. */
usec_t reminder_interval(const struct alert *a, const struct alert_options *o);
