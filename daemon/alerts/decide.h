/* SPDX-License-Identifier: MIT */
/* alerts/decide.h: compares an alert with the last notification of it. Internal to alerts/. */
#pragma once
#include "alerts/evaluate.h"

#define NO_EVENT (-1)
/* The event that is due after an observation, before silences are applied; NO_EVENT: none. */
int alert_next_event(const struct alert *a, const struct observation *s, const struct outcome *o);
/* The cause that the last notification named, a loss of capacity, is over, and no other rule names one.
 * The alert may be firing for other findings. */
bool alert_cause_ended(const struct alert *a);
/* This event of an alert that flaps waits for the quiet time: its end, a lower level, or the end of a
 * cause. */
bool alert_flapping_withholds(const struct alert *a, enum event_type type);
/* It got worse since it was silenced: a higher level, the first waiting member, twice as many of them,
 * or twice the value of a rule that counts a doubling. */
bool alert_is_worse(const struct alert *a, const struct observation *s);
/* Nobody was notified of it, which is firing, but by the digest of the first poll: it is muted until it gets worse. */
bool alert_is_baseline(const struct alert *a);
/* The event that is due by the last evaluation, for an alert that is no longer silenced. */
int alert_unsilenced_event(const struct alert *a);
/* Records in the alert that this notification was sent, and schedules the reminders. A reminder
 * records only the section that it named. */
void alert_record_notification(struct alert *a, enum event_type type, const struct alert_options *o,
                 usec_t now_at);
/* Schedules the next reminder from now on if there is none, or removes it where reminders are off,
 * muted, or nobody was notified. */
void alert_schedule_reminder(struct alert *a, bool muted, const struct alert_options *o, usec_t now_at);
/* The wait before reminder number a->reminders + 1; 0: none at this level. */
usec_t reminder_interval(const struct alert *a, const struct alert_options *o);
