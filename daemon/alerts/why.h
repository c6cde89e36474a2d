/* SPDX-License-Identifier: MIT */
/* alerts/why.h: explains to people why an alert is, or is not, notified, and what happens next. Pure.
 *
 * The predicates are those of the planner: this file decides nothing itself. Texts are one line, without the foreign
 * bytes that text_clean() escapes. */
#pragma once
#include "alerts/alerts.h"

enum why_word {
    WHY_UNKNOWN,      /* no usable data */
    WHY_OFF,          /* the rule is off */
    WHY_LIMIT,        /* no limit is reached */
    WHY_MIN_UNITS,    /* the pool is smaller than min_units */
    WHY_SCOPE,        /* other pools of the SKU have room, or all are judged together */
    WHY_FOR,          /* the limit has not been reached for long enough */
    WHY_MIN_SAMPLES,  /* ... in enough polls */
    WHY_FREE,         /* a product that costs nothing */
    WHY_IGNORE,       /* an override */
    WHY_EXPLAINED,    /* the alert about its subscription covers it */
    WHY_FORMER,       /* only another source lists the pool */
    WHY_SILENCE,      /* a silence or a maintenance window */
    WHY_ACKNOWLEDGED, /* somebody has acknowledged it */
    WHY_BASELINE,     /* in the digest of the first poll */
    WHY_FLAPPING,
    WHY_NOTIFIED,     /* and nothing has changed since */
    WHY_ROUTE,        /* no receiver */
    WHY_HOURS,        /* deferred until the hours of a route */
    /* about single messages, which the store knows */
    WHY_QUEUED,
    WHY_PARKED,
    WHY_FOLDED,       /* into a digest */
    /* what happens next */
    WHY_FIRES,
    WHY_RESOLVES,
    WHY_REMINDER,
    WHY_ENDS,         /* a silence */
    WHY_WORD_COUNT_
};
const char *why_name(enum why_word word); /* "min_units" */

struct why_reason {
    enum why_word word;
    char *text;
    int line; /* of the main configuration file; 0: none */
};
struct why { /* zeroed at first; owned */
    struct why_reason *reason;
    size_t n;
};
void why_clear(struct why *w);
DEFINE_CLEANUP_IN_PLACE(struct why, why_clear)
/* Appends a reason. -ENOMEM */
int why_add(struct why *w, enum why_word word, int line, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

struct why_case { /* all borrowed */
    const struct plan_context *ctx; /* as for a plan now, of the tenant */
    const struct alert_registry *registry;
    const struct rule_options *rules;
    const struct threshold *threshold;     /* by rule, of this subject; NULL: unknown */
    enum ignore ignore;                    /* of this subject */
    int ignore_line;
    const struct observation *observation; /* of the last poll, evaluated by the present options; NULL: there is none */
    const struct alert *alert;             /* NULL: never reached a limit */
};
/* What keeps this subject from causing a message now. */
int why_reasons(const struct why_case *c, struct why *ret);
/* What happens next, if nothing changes. */
int why_next(const struct why_case *c, struct why *ret);
/* A value in its unit, for people: "96.4 %"; NULL if it is unknown, or without memory. For free(). */
char *why_measure(int64_t value, enum unit unit);
