/* SPDX-License-Identifier: MIT */
/* rules/rule.c: names as they stand in configuration and messages. */
#include "rules/rule.h"
#include "base/cleanup.h"
#include <assert.h>
#include <errno.h>
#include <string.h>

static const char *const RULES[RULE_COUNT_] = {
    [RULE_WAITING_AGE] = "waiting_age",
    [RULE_WAITING] = "waiting",
    [RULE_USAGE] = "usage",
    [RULE_REMAINING] = "remaining",
    [RULE_CAPACITY_DROP] = "capacity_drop",
    [RULE_ALLOTMENT_GONE] = "allotment_gone",
    [RULE_SUBSCRIPTION] = "subscription",
    [RULE_ASSIGNMENT_ERRORS] = "assignment_errors",
    [RULE_POLL] = "poll",
    [RULE_DELIVERY] = "delivery",
    [RULE_USAGE_RIGHT] = "usage_right",
    [RULE_SERVICE] = "service",
    [RULE_CREDENTIAL] = "credential",
};
static const char *const LEVELS[LEVEL_COUNT_] = {"none", "warning", "critical"};
static const char *const UNITS[UNIT_COUNT_] = {
    [UNIT_PERCENT] = "percent", [UNIT_UNITS] = "units",   [UNIT_MEMBERS] = "members",
    [UNIT_SECONDS] = "seconds", [UNIT_ERRORS] = "errors", [UNIT_DAYS] = "days",
    [UNIT_ENTRIES] = "entries", [UNIT_TENANTS] = "tenants",
};

const char *rule_name(enum rule r)
{
    assert((unsigned)r < N_ELEMENTS(RULES));
    return RULES[r];
}

int rule_parse(const char *name)
{
    for (size_t i = 0; i < N_ELEMENTS(RULES); i++)
        if (strcmp(name, RULES[i]) == 0)
            return (int)i;
    return -EINVAL;
}

const char *level_name(enum level l)
{
    assert((unsigned)l < N_ELEMENTS(LEVELS));
    return LEVELS[l];
}

const char *unit_name(enum unit u)
{
    assert((unsigned)u < N_ELEMENTS(UNITS));
    return UNITS[u];
}
