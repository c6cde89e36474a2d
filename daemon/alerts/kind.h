/* SPDX-License-Identifier: MIT */
/* alerts/kind.h: the table of alert kinds: names, texts, details. Pure.
 *
 * Where a change goes. A new kind of alert needs:
 *   1. its constant in enum kind (rules/judge.h), and a file in rules/ that makes its observations;
 *   2. a message_... function in alerts/ (texts.h), and its row in kind.c;
 *   3. a caller of alerts_plan() with its observations (runtime/), and a line in the table of
 *      runtime/reconcile.c if it is not configured per tenant;
 *   4. the manuals and tests.
 * Properties of rules are in rules/rule.c. */
#pragma once
#include "rules/judge.h"

struct notification;
struct message_text;

/* The JSON form of a member of `detail`. deliver/ limits its length in shortened bodies. */
enum detail_as {
    DETAIL_WORD,    /* char *: a word of our own, never shortened */
    DETAIL_ID,      /* char *: whole or not at all */
    DETAIL_NAME,    /* char *: a short foreign text */
    DETAIL_TEXT,    /* char *: a sentence */
    DETAIL_WORDS,   /* char *: names separated by blanks; a JSON array */
    DETAIL_LINES,   /* char *: names, one a line; a JSON array */
    DETAIL_CAUSE,   /* enum cause, CAUSE_NONE: null */
    DETAIL_NUMBER,  /* int64_t, NUMBER_UNKNOWN: null */
    DETAIL_INSTANT, /* usec_t, 0: null */
    DETAIL_DATE,    /* int32_t, DATE_UNKNOWN: null */
};
struct detail_field {
    const char *name; /* of the member */
    enum detail_as as;
    bool of_subscription; /* `at` is in context.subscription[0]; omitted if there is none */
    size_t at;            /* offset of the value, in struct alert_context */
    unsigned rules;       /* bits 1 << RULE_...: omitted unless the number is known and one of these rules
                           * is at a level, or the event has a reason; 0: never omitted */
};

#define DETAIL_MAX 8
struct kind_row {
    const char *name;  /* "capacity"; part of alert_id, of messages and of the database */
    bool listed;       /* a complete poll has an observation of each subject: an alert without one
                        * freezes, and is archived when rules/ has forgotten its subject */
    bool explains;     /* planned first; may explain alerts of other kinds
                          (observation.subscription_explains) */
    bool cause; /* has context.cause; a new cause that is not transient is an update */
    bool of_receiver;  /* about context.receiver: sent to the fallback, never to that receiver */
    bool to_receiver;  /* about context.receiver: sent to that receiver only */
    bool of_tenants;   /* about many tenants: also sent to the receivers of the single tenants */
    void (*words)(const struct notification *n, struct message_text *w); /* see texts.h */
    struct detail_field detail[DETAIL_MAX]; /* members of the JSON object; ends with a NULL name. The
                                             * object is null if all members are omitted */
};
const struct kind_row *kind_row(enum kind k);
const char *kind_name(enum kind k);
int kind_parse(const char *name); /* -EINVAL */
