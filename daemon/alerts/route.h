/* SPDX-License-Identifier: MIT */
/* alerts/route.h: routes alerts to receivers. First match wins unless the route has `continue`. Pure. */
#pragma once
#include "alerts/hours.h"
#include "rules/judge.h"

/* The properties of a receiver that planning needs; deliver/ has the others. */
struct receiver_traits {
    char *name;
    bool pager; /* wakes people */
    bool by_tenant; /* its messages are addressed by the tenant: no digest of theirs has alerts of two */
    bool wants_reminders, wants_deescalations;
    bool heartbeat;           /* no destination at all */
    enum { INFO_ROUTED, INFO_ALWAYS, INFO_NEVER } info; /* whether it gets events of severity info */
};
struct route {
    struct match match;
    char **to; /* receiver names, checked by config */
    size_t n_to;
    bool go_on;         /* continue = true */
    struct hours hours; /* in the tenant's zone; outside them notifications are deferred */
    int line;           /* in the configuration */
};
struct route_options {
    struct receiver_traits *receiver;
    size_t n_receivers; /* at most RECEIVERS_MAX */
    struct route *route;
    size_t n_routes; /* 0: everything to everyone */
    char **fallback;
    size_t n_fallback;
};
#define RECEIVERS_MAX 64
typedef uint64_t receiver_set; /* bit i = receiver i of the options */

/* Whether a match of routes or silences applies to an alert. */
bool match_alert(const struct match *m, enum rule rule, enum level level,
                 const struct alert_context *f);

struct reach {
    receiver_set now;
    receiver_set later; /* every route to them is outside its hours; none of them is in `now` */
};
/* The routes that apply, in their order: start with *cursor 0; NULL ends. Hours do not matter here. */
const struct route *route_next(const struct route_options *o, enum rule rule, enum level level,
                               const struct alert_context *f, size_t *cursor);
/* Receivers of an event about `f` at `level` for `rule`, sent at `at`. Unmatched alerts and alerts
 * about a receiver go to the fallback, but never to that receiver; alerts about a credential, too, if only
 * receivers that sign in with it would get them. The fallback has no hours. */
struct reach route_for(const struct route_options *o, enum kind kind, enum rule rule,
                       enum level level, const struct alert_context *f, usec_t at);
/* Receivers of an event of severity info: journals, and what the first matching route leads to that names
 * the severity or the rule. Never the fallback. Hours do not delay it. */
receiver_set route_info(const struct route_options *o, enum rule rule, const struct alert_context *f);
/* Receivers of messages about the daemon itself: the fallback, or all if there is none. */
receiver_set route_fallback(const struct route_options *o);
int receiver_index(const struct route_options *o, const char *name); /* -ENOENT */
