/* SPDX-License-Identifier: MIT */
/* rules/rule.h: names of rules, levels, units and limits. Pure. */
#pragma once
#include "base/clock.h"
#include <stdbool.h>
#include <stdint.h>

enum level { LEVEL_NONE, LEVEL_WARNING, LEVEL_CRITICAL, LEVEL_COUNT_ };

/* The order of the first ones decides ties: the deciding rule of a pool (spec.md section 3). */
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
