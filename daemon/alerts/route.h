/* SPDX-License-Identifier: MIT */
/* alerts/route.h: who is told. First match wins unless the route says `continue`. Pure. */
#pragma once
#include "alerts/hours.h"
#include "rules/judge.h"

/* What the engine must know of a receiver; the rest is deliver/'s business. */
struct receiver_traits {
    char *name;
    bool pager;               /* no reminders, no de-escalations */
    bool wants_deescalations; /* machines yes, chats no */
};
struct route {
    struct match match;
    char **to; /* receiver names, checked by config */
    size_t n_to;
    bool go_on;         /* continue = true */
    struct hours hours; /* of the alert's tenant; outside them its receivers are told later */
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

struct reach {
    receiver_set now;
    receiver_set later; /* every route to them is outside its hours; none of them is in `now` */
};
/* Receivers of an event about `f` at `level` for `rule`, told at `at`. What no route matches goes
 * to the fallback; an alert about a receiver goes to the fallback, never to that
 * receiver. The fallback keeps no hours. */
struct reach route_for(const struct route_options *o, enum kind kind, enum rule rule,
                       enum level level, const struct alert_context *f, usec_t at);
/* Who hears of this daemon itself: the fallback, or everybody where there is none. */
receiver_set route_fallback(const struct route_options *o);
int receiver_index(const struct route_options *o, const char *name); /* -ENOENT */
