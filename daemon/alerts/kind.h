/* SPDX-License-Identifier: MIT */
/* alerts/kind.h: one row a kind of alert with all that depends on the kind alone. Pure.
 *
 * Where a change goes. A new kind of alert needs:
 *   1. its constant in enum kind (rules/judge.h), and a file in rules/ that makes its observations;
 *   2. a words_... function in this room (texts.h), and its row in kind.c;
 *   3. whoever calls alerts_plan() with its observations (runtime/), and, if it is configured by
 *      something else than a tenant, its line in the table of runtime/reconcile.c;
 *   4. the manuals and tests.
 * What depends on the rule stands in the rows of rules/rule.c. */
#pragma once
#include "rules/judge.h"

struct notification;
struct message_text;

/* How a member of `detail` is written. deliver/ knows how long each may be in a shortened body. */
enum detail_as {
    DETAIL_WORD,    /* char *: a word of ours, never shortened */
    DETAIL_ID,      /* char *: whole or not at all */
    DETAIL_NAME,    /* char *: a short text of others */
    DETAIL_TEXT,    /* char *: a sentence */
    DETAIL_WORDS,   /* char *: an array of names with a blank between them */
    DETAIL_LINES,   /* char *: an array of names, a line each */
    DETAIL_CAUSE,   /* enum cause, CAUSE_NONE: null */
    DETAIL_NUMBER,  /* int64_t, NUMBER_UNKNOWN: null */
    DETAIL_INSTANT, /* usec_t, 0: null */
    DETAIL_DATE,    /* int32_t, DATE_UNKNOWN: null */
};
struct detail_field {
    const char *name; /* of the member */
    enum detail_as as;
    bool of_subscription; /* `at` is in the first of context.subscription; without one it is left
                             out */
    size_t at;            /* offset of the value, in struct alert_context */
    unsigned rules;       /* bits 1 << RULE_...: a number that is left out unless it is known, and one
                           * of these rules holds the alert or a reason stands beside it; 0: always */
};

#define DETAIL_MAX 8
struct kind_row {
    const char *name;  /* "capacity"; part of alert_id, of messages and of the database */
    bool listed;       /* a complete poll has a observation of every one that exists: one without a
                        * observation       freezes, and is archived when judging has forgotten its subject */
    bool explains;     /* planned first; may explain alerts of other kinds
                          (observation.subscription_explains) */
    bool cause; /* context.cause says why; another cause is an update, unless it passes by itself */
    bool of_receiver;  /* about context.receiver: told to the fallback, never to that receiver */
    bool of_tenants;   /* about many tenants: those who would be told of one are told, too */
    void (*words)(const struct notification *n, struct message_text *w); /* see texts.h */
    struct detail_field detail[DETAIL_MAX]; /* of the webhook's object; a name of NULL ends. Without
                                             * anything to say the whole object is null */
};
const struct kind_row *kind_row(enum kind k);
const char *kind_name(enum kind k);
int kind_parse(const char *name); /* -EINVAL */
