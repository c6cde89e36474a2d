/* SPDX-License-Identifier: MIT */
/* deliver/repeated.h: the open alerts that are repeated to one receiver, and those that have ended
 * since: which of them are due. Pure.
 *
 * An open alert is due after each poll that confirms it, but no more often than `interval`; one
 * that is no longer open for 15 minutes, as ended. For a day it is remembered, without texts, because its end has to
 * be repeated if the clock is set to before it. */
#pragma once
#include "alerts/alerts.h"
#include "deliver/alertmanager.h"

struct repeated_alert {
    struct alertmanager_alert alert; /* `about` is NULL until it is due for the first time */
    usec_t sent_mono;                /* when it was last accepted; 0: never */
    usec_t gone_mono;                /* since when it is no longer open; 0: it is */
    bool due;
    bool refused; /* it was logged that the receiver refuses it */
};
struct open_alert {            /* for repeated_add() */
    const struct alert *alert; /* borrowed until repeated_round(); its context is not NULL */
    enum rule rule;            /* as notified: the identity of the alert */
    enum level level;
    usec_t confirmed_mono; /* end of the last poll that shows it; 0: none */
    bool deferred;         /* outside the hours of its route: repeated only if it was before */
};
struct repeated {
    const struct receiver_options *options;
    usec_t interval;
    usec_t since_mono; /* older polls confirm nothing: another daemon may have seen more since */
    struct repeated_alert *alert; /* sorted by labels */
    size_t n;
    struct repeated_found *found; /* added for the next round */
    size_t n_found;
};
int repeated_add(struct repeated *r, const struct open_alert *a); /* -ENOMEM */
/* Replaces the alerts by those that were added, and those that have ended; marks what is due, with
 * texts of this moment. -ENOMEM: nothing has changed but that what was added is dropped. */
int repeated_round(struct repeated *r, struct instant now);
/* Drops what was added. */
void repeated_drop(struct repeated *r);
void repeated_clear(struct repeated *r);
