/* SPDX-License-Identifier: MIT */
/* rules/rule.h: one row a rule with all that depends on the rule alone, and limits. Pure.
 *
 * Where a change goes. A new rule needs:
 *   1. here, its constant in enum rule; in rule.c, its row;
 *   2. in this room, the file that makes its finding;
 *   3. if its limits can be set, its keys and its line in RULE_GROUPS in config/keys.c;
 *   4. the manuals, the observation file and tests.
 * If no existing kind of alert has such findings, add a kind: see alerts/kind.h. */
#pragma once
#include "base/clock.h"
#include "rules/cause.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From good to bad: levels are compared. */
enum level { LEVEL_NONE, LEVEL_WARNING, LEVEL_CRITICAL, LEVEL_COUNT_ };

/* In no particular order: what an order is needed for has a column in struct rule_row. */
enum rule {
    RULE_WAITING_AGE,
    RULE_WAITING,
    RULE_USAGE,
    RULE_REMAINING,
    RULE_CAPACITY_DROP,
    RULE_ALLOTMENT_GONE,
    RULE_SUBSCRIPTION,
    RULE_ASSIGNMENT_ERRORS,
    RULE_POLL,
    RULE_DELIVERY,
    RULE_USAGE_RIGHT,
    RULE_SERVICE,
    RULE_CREDENTIAL,
    RULE_COUNT_
};
enum unit {
    UNIT_PERCENT,
    UNIT_UNITS,
    UNIT_MEMBERS,
    UNIT_SECONDS,
    UNIT_ERRORS,
    UNIT_DAYS,
    UNIT_ENTRIES,
    UNIT_TENANTS,
    UNIT_COUNT_
};

/* Which news about a raised finding make an update, while the level stays the same. */
enum rule_update {
    UPDATE_NEVER,
    UPDATE_WAITING,       /* somebody waits where nobody did; twice as many as told; others than those
                           * who were told of and wait no more */
    UPDATE_DOUBLED,       /* the value is at least twice what was told, or stood in the first-run digest */
    UPDATE_DOUBLED_CAUSE, /* ... if this rule decided then and decides now */
    UPDATE_DAYS,          /* 30, 14, 7 and 1 days are passed */
    UPDATE_SECTION,       /* a section is unreadable that more rests on than on the one told */
};
/* Whether texts show the value. */
enum rule_shows {
    SHOWS_VALUE,
    SHOWS_VALUE_WHILE_OPEN,      /* not at the end: it counts what is over */
    SHOWS_VALUE_IF_NOT_NEGATIVE, /* below 0 nothing is left to count */
    SHOWS_NO_VALUE,              /* what is wrong is named; its number says nothing more */
};
/* Facts that a raised finding rests on: they are carried along while they cannot be read. */
enum {
    RESTS_ON_UNITS = 1 << 0,
    RESTS_ON_WAITING = 1 << 1,
    RESTS_ON_REFERENCE = 1 << 2,
};
/* What its thresholds are chosen by: an override that matches anything finer holds for nothing. */
enum rule_scope { RULE_BY_POOL, RULE_BY_SKU, RULE_BY_TENANT };

struct rule_row {
    const char *name; /* as in configuration, messages and the database */
    enum unit unit;
    int tie; /* the order of findings at the same level: the lowest decides and stands first; unique */
    /* thresholds */
    enum rule_scope scope;
    const char *scope_what; /* "errors are": what is judged by that scope; NULL under RULE_BY_POOL */
    bool limits_only;       /* it only compares with limits: a level without a limit is off. Other
                             * rules may raise a level that has no number */
    bool falls;             /* its limits are met from above: at or below them it is raised */
    /* life of the alert */
    bool needed_to_clear;   /* while it is unknown, nothing else of the alert falls */
    bool absence;           /* its subject is missing: a observation that does not mention it is its
                             * all-clear, and its alert is archived without an end when the subject
                             * is forgotten */
    bool people_wait;       /* no other alert explains it away */
    bool baseline;          /* the first complete poll puts it into the digest instead of telling it */
    bool reminders;         /* while it is a warning; a critical alert always has them */
    enum rule_update update;
    enum cause cause; /* of an alert that it holds, whatever the context say; CAUSE_NONE: no such */
    int cause_rank;         /* among several such the lowest counts */
    unsigned rests_on;      /* RESTS_ON_ bits */
    /* texts */
    const char *suffix; /* behind the value: " in use"; NULL: nothing */
    enum rule_shows shows;
};
const struct rule_row *rule_row(enum rule r);
/* The rules in the order of `tie`: i from 0 to RULE_COUNT_ - 1. */
enum rule rule_by_tie(size_t i);

const char *rule_name(enum rule r);   /* "waiting_age"; as in configuration and messages */
int rule_parse(const char *name);     /* -EINVAL */
const char *level_name(enum level l); /* "none", "warning", "critical" */
const char *unit_name(enum unit u);   /* "percent", ... */

/* A limit. What `value` counts depends on the rule: usage basis points (9000 = 90 %); capacity_drop
 * basis points of what there was; remaining units (may be negative); waiting members; waiting_age seconds; errors; subscription and credential days;
 * poll seconds, or polls if `polls`. */
struct limit {
    bool on; /* false: "off" */
    bool polls;
    int64_t value;
};

/* Everything that can be said about one rule; `set_*` tell an override what it overrides. */
struct threshold {
    bool off;                         /* usage = "off": the whole rule */
    struct limit limit[LEVEL_COUNT_]; /* [LEVEL_WARNING], [LEVEL_CRITICAL] */
    int64_t clear_margin_bp;          /* usage only: percentage points, 200 = 2 % */
    int64_t min_units;                /* usage: pools smaller than this have no usage level;
                                       * capacity_drop: losses smaller than this are none */
    usec_t hold_for, keep_firing_for; /* before it is raised; before it is resolved */
    uint32_t min_samples;             /* complete polls in a row, both ways; >= 1 */
    bool manual_renewal;              /* subscription only: renewal = "manual" */
    unsigned set;                     /* SET_ bits below */
};
enum {
    SET_OFF = 1 << 0,
    SET_WARNING = 1 << 1,
    SET_CRITICAL = 1 << 2,
    SET_CLEAR_MARGIN = 1 << 3,
    SET_MIN_UNITS = 1 << 4,
    SET_FOR = 1 << 5,
    SET_KEEP_FIRING_FOR = 1 << 6,
    SET_MIN_SAMPLES = 1 << 7,
    SET_RENEWAL = 1 << 8,
};
