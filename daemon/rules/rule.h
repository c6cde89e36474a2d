/* SPDX-License-Identifier: MIT */
/* rules/rule.h: the table of rules with their properties, and thresholds. Pure.
 *
 * A new rule needs:
 *   1. its constant in enum rule here, and its row in rule.c;
 *   2. the file in rules/ that makes its finding;
 *   3. if its limits can be set, its keys and its line in RULE_GROUPS in config/keys.c;
 *   4. entries in the manuals and the sample configuration, and tests.
 * If no existing kind of alert has such findings, add a kind: see alerts/kind.h. */
#pragma once
#include "base/clock.h"
#include "rules/cause.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In ascending order of severity: levels are compared. */
enum level { LEVEL_NONE, LEVEL_WARNING, LEVEL_CRITICAL, LEVEL_COUNT_ };

/* In no particular order; orders are columns of struct rule_row. */
enum rule {
    RULE_WAITING_AGE,
    RULE_WAITING,
    RULE_USAGE,
    RULE_REMAINING,
    RULE_FORECAST,
    RULE_CAPACITY_DROP,
    RULE_ALLOTMENT_GONE,
    RULE_SUBSCRIPTION,
    RULE_ASSIGNMENT_ERRORS,
    RULE_POLL,
    RULE_DELIVERY,
    RULE_USAGE_RIGHT,
    RULE_SERVICE,
    RULE_CREDENTIAL,
    RULE_INVENTORY,
    RULE_UNUSED,
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

/* Which changes of a raised finding make an update while its level stays the same. */
enum rule_update {
    UPDATE_NEVER,
    UPDATE_WAITING,       /* the first member waits; twice as many as notified wait; or all members
                           * notified of are served and others wait */
    UPDATE_DOUBLED,       /* the value is at least twice the notified one (or that of the first-run
                           * digest) */
    UPDATE_DOUBLED_CAUSE, /* the same, if this rule decided the level then and now */
    UPDATE_DAYS,          /* the value falls to 30, 14, 7 or 1 days */
    UPDATE_SECTION,       /* a more important section than the notified one is unreadable */
};
/* What tells whether a finding is about a date that is near, or about something that has happened. */
enum rule_date {
    DATE_NONE,            /* it is about no date */
    DATE_OF_SUBSCRIPTION, /* the subscription is in force, or in its grace period */
    DATE_WITHOUT_CAUSE,   /* the context has no cause */
};
/* Whether texts show the value. */
enum rule_shows {
    SHOWS_VALUE,
    SHOWS_VALUE_WHILE_OPEN,      /* not in the resolved message, where it means nothing */
    SHOWS_VALUE_IF_NOT_NEGATIVE, /* negative days: the date has passed */
    SHOWS_NO_VALUE,              /* the text names what is wrong; the number adds nothing */
};
/* Context that a raised finding needs; it is kept while it cannot be read. */
enum {
    RESTS_ON_UNITS = 1 << 0,
    RESTS_ON_WAITING = 1 << 1,
    RESTS_ON_REFERENCE = 1 << 2,
};
/* The subject that selects the thresholds: an override that matches a finer one has no effect. */
enum rule_scope { RULE_BY_POOL, RULE_BY_SKU, RULE_BY_TENANT };

struct rule_row {
    const char *name; /* as in configuration, messages and the database */
    enum unit unit;
    int tie; /* order of findings with the same level: the lowest comes first; unique */
    /* thresholds */
    enum rule_scope scope;
    const char *scope_what; /* "errors are", for configuration errors; NULL for RULE_BY_POOL */
    bool informs;     /* makes events of severity info, and no alerts */
    bool limits_only; /* compares with limits only: without a limit, a level is off. Other rules may
                       * raise a level that has no limit */
    bool falls;       /* raised at or below its limits, not at or above them */
    /* life cycle of the alert */
    bool needed_to_clear; /* while it is unknown, no other finding of the alert clears */
    bool absence;         /* its subject is missing: an observation without this finding clears it;
                           * when the subject is forgotten, the alert is archived without an end */
    bool people_wait;     /* members wait: no other alert suppresses it */
    bool baseline;        /* on the first complete poll it goes into the digest */
    bool reminders;       /* has reminders as a warning; critical alerts always have them */
    enum rule_update update;
    enum rule_date date;
    enum cause cause; /* cause of an alert with this finding, before that of the context; or NONE */
    int cause_rank;   /* among several such findings the lowest rank decides */
    unsigned rests_on; /* RESTS_ON_ bits */
    /* texts */
    const char *suffix; /* after the value: " in use"; NULL: none */
    const char *unknown; /* why it may be unknown although its sections were read; NULL: it is not */
    enum rule_shows shows;
};
const struct rule_row *rule_row(enum rule r);
/* The rules in the order of `tie`: i from 0 to RULE_COUNT_ - 1. */
enum rule rule_by_tie(size_t i);

const char *rule_name(enum rule r);   /* "waiting_age"; as in configuration and messages */
int rule_parse(const char *name);     /* -EINVAL */
const char *level_name(enum level l); /* "none", "warning", "critical" */
/* As messages and routes name it: "info" is the severity of events without an alert, which have no level. */
const char *severity_name(enum level l);
const char *unit_name(enum unit u);   /* "percent", ... */

/* A limit. The unit of `value` depends on the rule. usage: basis points (9000 = 90 %).
 * capacity_drop: basis points of the former capacity. remaining: units, may be negative. waiting:
 * members. waiting_age: seconds. assignment_errors: errors. subscription, credential, forecast: days. poll:
 * seconds, or polls if `polls`. */
struct limit {
    bool on; /* false: "off" */
    bool polls;
    int64_t value;
    int line; /* in the configuration; 0: the built-in default */
};

/* The settings of one rule. In an override, only the members named in `set` count. */
struct threshold {
    bool off;                         /* the whole rule: usage = "off" */
    struct limit limit[LEVEL_COUNT_]; /* [LEVEL_WARNING], [LEVEL_CRITICAL] */
    int64_t clear_margin_bp;          /* usage only: basis points, 200 = 2 percentage points */
    int64_t min_units;                /* usage: smaller pools have no usage level; capacity_drop:
                                       * smaller losses are ignored */
    usec_t hold_for, keep_firing_for; /* least time before it is raised; before it is resolved */
    uint32_t min_samples; /* complete polls in a row before it is raised or resolved; >= 1 */
    bool manual_renewal;  /* subscription only: renewal = "manual" */
    bool info;            /* rules that report events of severity info: whether they do */
    usec_t before, idle;  /* unused only: so long before the date; so long nobody used the units */
    unsigned set;         /* SET_ bits below */
    int line;             /* in the configuration, of the last group that sets one of them; 0: none */
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
    SET_INFO = 1 << 9,
    SET_BEFORE = 1 << 10,
    SET_IDLE = 1 << 11,
};
