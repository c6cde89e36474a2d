/* SPDX-License-Identifier: MIT */
/* rules/rule.c: the table of rules, and the names of rules, levels and units. */
#include "rules/rule.h"
#include "base/cleanup.h"
#include <assert.h>
#include <errno.h>
#include <string.h>

/* Rows of a few lines; clang-format would give each member a line. */
/* clang-format off */
static const struct rule_row RULES[RULE_COUNT_] = {
    [RULE_WAITING_AGE] = {.name = "waiting_age", .unit = UNIT_SECONDS, .tie = 0, .limits_only = true,
        .people_wait = true, .reminders = true, .rests_on = RESTS_ON_WAITING},
    [RULE_WAITING] = {.name = "waiting", .unit = UNIT_MEMBERS, .tie = 1, .limits_only = true,
        .needed_to_clear = true, .people_wait = true, .reminders = true, .update = UPDATE_WAITING,
        .rests_on = RESTS_ON_WAITING},
    [RULE_USAGE] = {.name = "usage", .unit = UNIT_PERCENT, .tie = 2, .limits_only = true,
        .needed_to_clear = true, .baseline = true, .rests_on = RESTS_ON_UNITS, .suffix = " in use"},
    [RULE_REMAINING] = {.name = "remaining", .unit = UNIT_UNITS, .tie = 3, .limits_only = true,
        .falls = true,
        .needed_to_clear = true, .baseline = true, .rests_on = RESTS_ON_UNITS, .suffix = " left"},
    [RULE_FORECAST] = {.name = "forecast", .unit = UNIT_DAYS, .tie = 4, .limits_only = true,
        .falls = true, .baseline = true, .rests_on = RESTS_ON_UNITS, .suffix = " left",
        .unknown = "there is too little history for a trend; an unknown forecast changes no alerts",
        .shows = SHOWS_VALUE_WHILE_OPEN},
    [RULE_CAPACITY_DROP] = {.name = "capacity_drop", .unit = UNIT_PERCENT, .tie = 5, .baseline = true,
        .update = UPDATE_DOUBLED_CAUSE, .cause = CAUSE_CAPACITY_DROP, .cause_rank = 2,
        .rests_on = RESTS_ON_UNITS | RESTS_ON_REFERENCE,
        .suffix = " lost", .shows = SHOWS_VALUE_WHILE_OPEN},
    [RULE_ALLOTMENT_GONE] = {.name = "allotment_gone", .unit = UNIT_UNITS, .tie = 6, .absence = true,
        .baseline = true, .reminders = true, .cause = CAUSE_ALLOTMENT_GONE, .cause_rank = 1,
        .rests_on = RESTS_ON_UNITS | RESTS_ON_WAITING,
        .suffix = " were in use", .shows = SHOWS_VALUE_WHILE_OPEN},
    [RULE_SUBSCRIPTION] = {.name = "subscription", .unit = UNIT_DAYS, .tie = 7, .falls = true,
        .baseline = true, .reminders = true, .date = DATE_OF_SUBSCRIPTION, .suffix = " left",
        .shows = SHOWS_VALUE_IF_NOT_NEGATIVE},
    [RULE_ASSIGNMENT_ERRORS] = {.name = "assignment_errors", .unit = UNIT_ERRORS, .tie = 8,
        .scope = RULE_BY_SKU, .scope_what = "errors are", .limits_only = true, .baseline = true,
        .update = UPDATE_DOUBLED},
    [RULE_POLL] = {.name = "poll", .unit = UNIT_SECONDS, .tie = 9, .scope = RULE_BY_TENANT,
        .scope_what = "reading is", .reminders = true,
        .update = UPDATE_SECTION,
        .suffix = " unread", .shows = SHOWS_VALUE_WHILE_OPEN},
    [RULE_DELIVERY] = {.name = "delivery", .unit = UNIT_ENTRIES, .tie = 10, .reminders = true,
        .suffix = " parked"},
    [RULE_USAGE_RIGHT] = {.name = "usage_right", .unit = UNIT_ENTRIES, .tie = 11, .baseline = true,
        .reminders = true, .shows = SHOWS_NO_VALUE},
    [RULE_SERVICE] = {.name = "service", .unit = UNIT_TENANTS, .tie = 12, .baseline = true,
        .reminders = true, .suffix = " alike", .shows = SHOWS_VALUE_WHILE_OPEN},
    [RULE_CREDENTIAL] = {.name = "credential", .unit = UNIT_DAYS, .tie = 13, .scope = RULE_BY_TENANT,
        .scope_what = "signing in is", .falls = true, .update = UPDATE_DAYS, .date = DATE_WITHOUT_CAUSE,
        .suffix = " left",
        .shows = SHOWS_VALUE_IF_NOT_NEGATIVE},
    [RULE_INVENTORY] = {.name = "inventory", .unit = UNIT_UNITS, .tie = 14, .informs = true},
    [RULE_UNUSED] = {.name = "unused", .unit = UNIT_UNITS, .tie = 15, .informs = true},
};
/* clang-format on */
static const char *const LEVELS[LEVEL_COUNT_] = {"none", "warning", "critical"};
static const char *const UNITS[UNIT_COUNT_] = {
    [UNIT_PERCENT] = "percent", [UNIT_UNITS] = "units",   [UNIT_MEMBERS] = "members",
    [UNIT_SECONDS] = "seconds", [UNIT_ERRORS] = "errors", [UNIT_DAYS] = "days",
    [UNIT_ENTRIES] = "entries", [UNIT_TENANTS] = "tenants",
};

const struct rule_row *rule_row(enum rule r)
{
    assert((unsigned)r < N_ELEMENTS(RULES));
    return &RULES[r];
}

enum rule rule_by_tie(size_t i)
{
    assert(i < N_ELEMENTS(RULES));
    size_t r = 0;
    while (RULES[r].tie != (int)i)
        r++;
    return (enum rule)r;
}

const char *rule_name(enum rule r)
{
    return rule_row(r)->name;
}

int rule_parse(const char *name)
{
    for (size_t i = 0; i < N_ELEMENTS(RULES); i++)
        if (strcmp(name, RULES[i].name) == 0)
            return (int)i;
    return -EINVAL;
}

const char *level_name(enum level l)
{
    assert((unsigned)l < N_ELEMENTS(LEVELS));
    return LEVELS[l];
}

const char *severity_name(enum level l)
{
    return l == LEVEL_NONE ? "info" : level_name(l);
}

const char *unit_name(enum unit u)
{
    assert((unsigned)u < N_ELEMENTS(UNITS));
    return UNITS[u];
}
