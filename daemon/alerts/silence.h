/* SPDX-License-Identifier: MIT */
/* alerts/silence.h: what suppresses notifications of an alert, and which. Pure.
 *
 * A silence never changes the state of an alert: it is evaluated, stored and shown as usual. The
 * planner asks once per alert, before it looks for receivers. Nothing suppresses a resolved
 * notification: receivers of the alert must see its end. */
#pragma once
#include "alerts/alerts.h"

enum { /* bits of a set of silences */
    SILENCE_IGNORED = 1,   /* ignore = "alerts", or a free SKU */
    SILENCE_EXPLAINED = 2, /* the alert of its subscription covers it, and no members wait */
    SILENCE_FORMER = 4,    /* only another source lists the pool: its numbers do not change */
    SILENCE_ACTIVE = 8,    /* a silence, acknowledgement or maintenance window: see silences.h */
};
/* `parent`: the notified level of the alert that may explain this one; LEVEL_NONE: there is none. */
unsigned silences_of(const struct alert *a, const struct observation *s, enum level parent);
bool silence_mutes(unsigned silences, enum event_type type);
