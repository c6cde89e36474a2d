/* SPDX-License-Identifier: MIT */
/* config/keys.c: the key table, but for the keys of tenants (keys_tenant.c). What a row means stands in keys.h. */
#include "config/keys.h"

#include "config/forms.h"

/* A row is a few lines, not one line for each of its members. */
/* clang-format off */
#define AT CONF_AT
#define COUNTED CONF_COUNTED
#define SECTION CONF_SECTION
#define WORDS CONF_WORDS

/* ---- thresholds: the same rows for every rule, but for units and meaning ---- */

#define LIMIT(level_, LEVEL_, below_, kind_, lowest, highest, default_, help_)                     \
    {                                                                                              \
        .name = level_, .type = CONF_LIMIT, AT(threshold, limit[LEVEL_]), .limit = kind_,          \
        .smaller_is_worse = below_, .min = lowest, .max = highest, .def = default_,                \
        .off_ok = true, .set = LEVEL_ == LEVEL_WARNING ? SET_WARNING : SET_CRITICAL, .help = help_ \
    }
#define WARNING(...) LIMIT("warning", LEVEL_WARNING, false, __VA_ARGS__)
#define CRITICAL(...) LIMIT("critical", LEVEL_CRITICAL, false, __VA_ARGS__)
#define WARNING_BELOW(...) LIMIT("warning", LEVEL_WARNING, true, __VA_ARGS__)
#define CRITICAL_BELOW(...) LIMIT("critical", LEVEL_CRITICAL, true, __VA_ARGS__)

#define FOR_MAX "30d"
#define FOR(default_, shown)                                                                       \
    {.name = "for", .type = CONF_DURATION, AT(threshold, hold_for), .min = "0s", .max = FOR_MAX,   \
     .def = default_, .shown_def = shown, .set = SET_FOR, .example = "15m",                        \
     .help = "Time for which the limit must be reached before the rule fires."}
#define ENDING                                                                                     \
    {.name = "keep_firing_for", .type = CONF_DURATION, AT(threshold, keep_firing_for),             \
     .min = "0s", .max = FOR_MAX, .shown_def = "that of alerts", .set = SET_KEEP_FIRING_FOR,       \
     .example = "30m", .help = "Time for which the rule must be clear before its alert "           \
                               "resolves."},                                                       \
    {.name = "min_samples", .type = CONF_COUNT, AT(threshold, min_samples), .min = "1",            \
     .max = "100", .shown_def = "that of alerts", .set = SET_MIN_SAMPLES, .example = "3",          \
     .help = "Consecutive complete polls needed to fire and to resolve."}
#define TIMING(...) FOR(__VA_ARGS__), ENDING
#define FOR_OF_ALERTS NULL, "that of alerts"

static const struct conf_key USAGE[] = {
    WARNING(LIMIT_SHARE, "0.01%", "1000%", "90%",
            "Warning if consumed units are at or above this percentage of the allotted units."),
    CRITICAL(LIMIT_SHARE, "0.01%", "1000%", "off",
             "Critical at or above this percentage; it must not be below the warning limit."),
    {.name = "clear_margin", .type = CONF_SHARE, AT(threshold, clear_margin_bp), .min = "0%",
     .max = "100%", .def = "2%", .set = SET_CLEAR_MARGIN,
     .help = "Percentage points by which usage must fall below a limit before that severity ends."},
    {.name = "min_units", .type = CONF_COUNT, AT(threshold, min_units), .min = "0",
     .max = "2147483647", .def = "25", .set = SET_MIN_UNITS,
     .help = "Pools with fewer allotted units are exempt: in a pool of ten, one unit is 10 %."},
    TIMING(FOR_OF_ALERTS),
};
static const struct conf_key REMAINING[] = {
    WARNING_BELOW(LIMIT_UNITS, "-2147483648", "2147483647", "0",
                  "Warning if allotted minus consumed units are at or below this number."),
    CRITICAL_BELOW(LIMIT_UNITS, "-2147483648", "2147483647", "-1",
                   "Critical at or below this number; it must not be above the warning limit."),
    TIMING(FOR_OF_ALERTS),
};
static const struct conf_key WAITING[] = {
    WARNING(LIMIT_COUNT, "1", "2147483647", "1",
            "Warning if a pool has at least this number of waiting members."),
    CRITICAL(LIMIT_COUNT, "1", "2147483647", "25", "Critical if at least this number of members "
                                                   "waits."),
    TIMING("15m", NULL),
};
static const struct conf_key WAITING_AGE[] = {
    WARNING(LIMIT_AGE, "1s", "3650d", "off",
            "Warning if the oldest waiting member has waited for this time."),
    CRITICAL(LIMIT_AGE, "1s", "3650d", "1d", "Critical if the oldest waiting member has waited "
                                             "for this time."),
    TIMING(FOR_OF_ALERTS),
};
static const struct conf_key CAPACITY_DROP[] = {
    WARNING(LIMIT_SHARE, "0.01%", "100%", "10%",
            "Warning if a pool has lost at least this percentage of its highest number of units "
            "in the last 24 hours."),
    {.name = "min_units", .type = CONF_COUNT, AT(threshold, min_units), .min = "0",
     .max = "2147483647", .def = "5", .set = SET_MIN_UNITS,
     .help = "Losses of fewer units are ignored, whatever their percentage."},
    TIMING(FOR_OF_ALERTS),
};
static const struct conf_key FORECAST[] = {
    WARNING_BELOW(LIMIT_DAYS, "0d", "1095d", "14d",
                  "Warning if a pool will run out in this number of days, at the pace of the last 8 weeks."),
    CRITICAL_BELOW(LIMIT_DAYS, "0d", "1095d", "off", "Critical if it will run out in this number of days."),
    TIMING(FOR_OF_ALERTS),
};
static const struct conf_key ASSIGNMENT_ERRORS[] = {
    WARNING(LIMIT_COUNT, "1", "2147483647", "5",
            "Warning if a SKU has at least this number of assignment errors with one code."),
    CRITICAL(LIMIT_COUNT, "1", "2147483647", "off", "Critical if it has at least this number of "
                                                    "errors with one code."),
    TIMING("1h", NULL),
};
static const struct conf_key SUBSCRIPTION[] = {
    WARNING_BELOW(LIMIT_DAYS, "0d", "3650d", "30d",
                  "Warning this number of days before a subscription ends that does not renew "
                  "automatically."),
    CRITICAL_BELOW(LIMIT_DAYS, "0d", "3650d", "7d",
                   "Critical this number of days before the end, or before an expired "
                   "subscription is suspended."),
    {.name = "renewal", .type = CONF_WORD, AT(threshold, manual_renewal),
     .words = WORDS("auto", "manual"), .def = "auto", .set = SET_RENEWAL,
     .help = "Whether active subscriptions renew automatically; with manual, an alert fires "
             "before their end."},
    TIMING(FOR_OF_ALERTS),
};
static const struct conf_key POLL_RULE[] = {
    WARNING(LIMIT_POLLS, "1s", "3650d", "1h",
            "Warning if a section of a tenant has not been polled completely for this time or "
            "number of polls."),
    CRITICAL(LIMIT_POLLS, "1s", "3650d", "6h", "Critical if it has not been polled completely for "
                                               "this time or number of polls."),
    {.name = "for", .type = CONF_REFUSED,
     .what = "has no effect here, because the limits of this rule are times themselves; write warning = "
             "\"2h\" to hear later"},
    ENDING,
};

static const struct conf_key CREDENTIAL[] = {
    WARNING_BELOW(LIMIT_DAYS, "0d", "3650d", "30d",
                  "Warning this number of days before a certificate or client secret expires."),
    CRITICAL_BELOW(LIMIT_DAYS, "0d", "3650d", "7d", "Critical this number of days before it "
                                                    "expires."),
    TIMING(FOR_OF_ALERTS),
};

static const struct conf_key INVENTORY[] = {
    {.name = "info", .type = CONF_WORD, AT(threshold, info), .words = WORDS("off", "on"),
     .def = "on", .set = SET_INFO, .help = "Whether these changes are reported."},
};

static const struct conf_key UNUSED[] = {
    {.name = "info", .type = CONF_WORD, AT(threshold, info), .words = WORDS("off", "on"),
     .def = "off", .set = SET_INFO, .help = "Whether unused units are reported."},
    {.name = "before", .type = CONF_DURATION, AT(threshold, before), .min = "1d", .max = "365d",
     .def = "30d", .set = SET_BEFORE,
     .help = "They are reported this long before the next date of their subscription."},
    {.name = "idle", .type = CONF_DURATION, AT(threshold, idle), .min = "1d", .max = "365d",
     .def = "30d", .set = SET_IDLE,
     .help = "Units are unused if nobody has used them, or waited for them, for this time."},
};

#define RULE_GROUP(word, RULE_, ROWS, struct_, help_)                                              \
    {.name = word, .type = CONF_RULE, AT(struct_, threshold[RULE_]), .off_ok = true,               \
     .section = &(const struct conf_section)SECTION(ROWS), .help = help_}
#define RULE_GROUPS(struct_)                                                                       \
    RULE_GROUP("usage", RULE_USAGE, USAGE, struct_,                                                \
               "Consumed units as a percentage of the allotted units."),                           \
    RULE_GROUP("remaining", RULE_REMAINING, REMAINING, struct_,                                    \
               "Allotted minus consumed units."),                                                  \
    RULE_GROUP("waiting", RULE_WAITING, WAITING, struct_,                                          \
               "Waiting members of a pool."),                                                      \
    RULE_GROUP("waiting_age", RULE_WAITING_AGE, WAITING_AGE, struct_,                              \
               "Longest time that a waiting member of a pool has waited."),                        \
    RULE_GROUP("capacity_drop", RULE_CAPACITY_DROP, CAPACITY_DROP, struct_,                        \
               "Units that a pool has lost in the last 24 hours."),                                \
    RULE_GROUP("forecast", RULE_FORECAST, FORECAST, struct_,                                       \
               "Days until a pool runs out, if demand rises as in the last weeks."),               \
    RULE_GROUP("assignment_errors", RULE_ASSIGNMENT_ERRORS, ASSIGNMENT_ERRORS, struct_,            \
               "Assignment errors of a tenant, by SKU and code; notified again when their "        \
               "number doubles."),                                                                 \
    RULE_GROUP("subscription", RULE_SUBSCRIPTION, SUBSCRIPTION, struct_,                           \
               "State and end date of a subscription."),                                           \
    RULE_GROUP("poll", RULE_POLL, POLL_RULE, struct_,                                              \
               "Time since the last complete poll of a tenant."),                                  \
    RULE_GROUP("credential", RULE_CREDENTIAL, CREDENTIAL, struct_,                                 \
               "Expiry of a certificate or client secret that tenants sign in with."),             \
    RULE_GROUP("inventory", RULE_INVENTORY, INVENTORY, struct_,                                    \
               "New SKUs and pools, trials that began, capacity that rose: events of severity "    \
               "info."),                                                                           \
    RULE_GROUP("unused", RULE_UNUSED, UNUSED, struct_,                                             \
               "Paid units that nobody uses, before the next date of their subscription: events "  \
               "of severity info.")

/* Offsets are from the rule_options that lie inside the options. */
static const struct conf_key THRESHOLDS[] = {RULE_GROUPS(rule_options)};

/* ---- overrides and routes ---- */

#define MATCH_ROWS                                                                                 \
    {.name = "tenant", .type = CONF_TEXT, AT(match, tenant), .what = "a glob", .check = form_glob, \
     .example = "contoso*", .help = "Name or id of the tenant."},                                  \
    {.name = "sku", .type = CONF_TEXT, AT(match, sku), .what = "a glob", .check = form_glob,       \
     .example = "SPE_E5", .help = "Part number or id of the SKU."},                                \
    {.name = "allotment", .type = CONF_TEXT, AT(match, allotment), .what = "a glob",               \
     .check = form_glob, .example = "551f1755-0184-9e51-0bc7-f32bae5a1afb",                        \
     .help = "Id of the allotment."},                                                              \
    {.name = "rule", .type = CONF_TEXT, AT(match, rule), .what = "a glob",                         \
     .check = form_rule_glob, .example = "waiting*", .help = "Name of the rule."},                 \
    {.name = "labels", .type = CONF_LABELS, COUNTED(match, label, n_labels),                       \
     .example = "{ group = \"gold\"; }", .help = "Labels of the tenant; all of them must match."}

static const struct conf_key MATCH_OVERRIDE[] = {MATCH_ROWS};
static const struct conf_key MATCH_ROUTE[] = {
    MATCH_ROWS,
    {.name = "severity", .type = CONF_TEXT, AT(match, severity), .what = "a glob",
     .check = form_severity_glob, .example = "critical", .help = "Severity of the alert: critical, warning or info."},
};
static const struct conf_section OVERRIDE_MATCH_SECTION = SECTION(MATCH_OVERRIDE);
static const struct conf_section ROUTE_MATCH_SECTION = SECTION(MATCH_ROUTE);

static const struct conf_key OVERRIDE[] = {
    {.name = "match", .type = CONF_GROUP, AT(override, match), .section = &OVERRIDE_MATCH_SECTION,
     .required = true, .help = "Pools that the override applies to; every given key must match."},
    {.name = "ignore", .type = CONF_WORD, AT(override, ignore),
     .words = WORDS("nothing", "alerts", "all"), .shown_def = "what a less specific override says",
     .example = "alerts",
     .help = "With alerts, matching pools are counted and shown, but send no notifications; with "
             "all, they are left out entirely."},
    RULE_GROUPS(override),
};
static const struct conf_section OVERRIDE_SECTION = SECTION(OVERRIDE);

static const struct conf_key ROUTE[] = {
    {.name = "match", .type = CONF_GROUP, AT(route, match), .section = &ROUTE_MATCH_SECTION,
     .help = "Alerts that take this route; without it, all alerts do."},
    {.name = "to", .type = CONF_NAMES, COUNTED(route, to, n_to), .required = true,
     .example = "[ \"journal\" ]", .help = "Names of the receivers."},
    {.name = "continue", .type = CONF_BOOL, AT(route, go_on), .def = "false",
     .help = "Whether later routes are evaluated too."},
    {.name = "hours", .type = CONF_HOURS, AT(route, hours), .shown_def = "always",
     .example = "Mon-Fri 07:00-19:00",
     .help = "Days and times of the tenant at which notifications are sent; at other times they "
             "are deferred and sent as one digest."},
};
static const struct conf_section ROUTE_SECTION = SECTION(ROUTE);

static const struct conf_key MAINTENANCE[] = {
    {.name = "name", .type = CONF_TEXT, AT(silence, id), .required = true, .what = "a name",
     .check = form_receiver, .example = "move", .help = "Name of the window in lists; unique."},
    {.name = "match", .type = CONF_GROUP, AT(silence, match), .section = &ROUTE_MATCH_SECTION,
     .required = true, .help = "Alerts that the window silences; every given key must match."},
    {.name = "weekly", .type = CONF_HOURS, AT(silence, weekly), .shown_def = "not weekly",
     .example = "Sun 01:00-04:00", .help = "Days and times of every week."},
    {.name = "timezone", .type = CONF_TEXT, AT(silence, zone), .def = "", .what = "a time zone, or empty",
     .check = form_zone, .example = "Europe/Berlin",
     .help = "Time zone of weekly; empty: the zone of this machine."},
    {.name = "from", .type = CONF_INSTANT, AT(silence, start_at), .shown_def = "not once",
     .example = "2026-12-05T22:00:00+01:00", .help = "Begin of a window that happens once."},
    {.name = "until", .type = CONF_INSTANT, AT(silence, end_at), .shown_def = "not once",
     .example = "2026-12-06T02:00:00+01:00",
     .help = "End of a window that happens once, at most a year after from."},
    {.name = "hold", .type = CONF_BOOL, AT(silence, hold), .def = "false",
     .help = "Whether alerts that get worse are silenced, too."},
    {.name = "comment", .type = CONF_TEXT, AT(silence, comment), .shown_def = "none", .what = "a text",
     .check = form_line, .example = "migration of the tenant", .help = "Why there is this window."},
};
static const struct conf_section MAINTENANCE_SECTION = SECTION(MAINTENANCE);

/* ---- usage rights ---- */

static const struct conf_key USAGE_RIGHT[] = {
    {.name = "tenant", .type = CONF_TEXT, AT(right_need, tenant), .required = true,
     .what = "a tenant", .check = form_line, .example = "contoso",
     .help = "Name or id of the tenant of the user or group."},
    {.name = "user", .type = CONF_TEXT, AT(right_need, user),
     .letters = CASE_GUID, .what = "a user", .shown_def = "none",
     .check = form_principal, .example = "oncall@contoso.com",
     .help = "Principal name or object id of a user; give either this or group."},
    {.name = "group", .type = CONF_TEXT, AT(right_need, group),
     .letters = CASE_GUID, .what = "a group", .shown_def = "none",
     .check = form_principal, .example = "d8ee6ba1-2b90-4e77-90e8-3e52a09bc35a",
     .help = "Object id of a group; give either this or user."},
    {.name = "sku", .type = CONF_TEXT, AT(right_need, sku), .letters = CASE_GUID,
     .required = true, .what = "a SKU",
     .check = form_sku, .example = "SPE_E5",
     .help = "Part number or id of the required SKU."},
    {.name = "plans", .type = CONF_NAMES, COUNTED(right_need, plan, n_plans),
     .letters = CASE_GUID,
     .shown_def = "none in particular", .example = "[ \"EXCHANGE_S_ENTERPRISE\" ]",
     .help = "Names or ids of required service plans of the SKU, at most 20."},
    {.name = "severity", .type = CONF_WORD, AT(right_need, critical),
     .words = WORDS("warning", "critical"), .def = "critical",
     .help = "Severity of the alert."},
};
static const struct conf_section USAGE_RIGHT_SECTION = SECTION(USAGE_RIGHT);

/* ---- receivers ---- */

#define BURST_MAX "1000"
#define RATE_MAX "1000"

/* The keys of all types. Those of one type are in its file in deliver/; they win over these. */
static const struct conf_key RECEIVER[] = {
    {.name = "name", .type = CONF_TEXT, AT(receiver_options, name), .required = true,
     .what = "a name", .check = form_receiver, .example = "hook",
     .help = "Name of the receiver in routes and messages; unique."},
    {.name = "type", .type = CONF_RECEIVER_TYPE, AT(receiver_options, class), .required = true,
     .example = "webhook",
     .help = "Type of the receiver."},
    {.name = "burst", .type = CONF_COUNT, AT(receiver_options, pace.burst), .min = "1",
     .max = BURST_MAX, .shown_def = "that of storm", .example = "3",
     .help = "Number of messages that this receiver gets at once."},
    {.name = "rate", .type = CONF_COUNT, AT(receiver_options, pace.rate), .min = "0",
     .max = RATE_MAX, .shown_def = "that of storm", .example = "5",
     .help = "Number of messages a second that this receiver gets after a burst; 0 sets no limit."},
    {.name = "reminders", .type = CONF_BOOL, AT(receiver_options, reminders),
     .shown_def = "false for pagerduty and jsm, else true", .example = "false",
     .help = "Whether this receiver gets reminders."},
    {.name = "deescalated", .type = CONF_BOOL, AT(receiver_options, deescalated),
     .shown_def = "true for receivers that programs read, else false", .example = "true",
     .help = "Whether this receiver hears that a critical alert has become a warning."},
};

/* ---- the main file ---- */

static const struct conf_key POLL[] = {
    {.name = "interval", .type = CONF_DURATION, AT(options, poll_interval), .min = "1s",
     .max = "1d", .def = "5m", .help = "Time between two polls of a tenant."},
    {.name = "jitter", .type = CONF_SHARE, AT(options, poll_jitter_bp), .min = "0%", .max = "100%",
     .def = "10%",
     .help = "Part of the interval over which the polls of the tenants are spread; each tenant "
             "has a stable offset."},
    {.name = "timeout", .type = CONF_DURATION, AT(options, poll_timeout), .min = "1s", .max = "1h",
     .def = "2m", .help = "Maximum duration of one poll of a tenant."},
    {.name = "concurrency", .type = CONF_COUNT, AT(options, poll_concurrency), .min = "1",
     .max = "512", .def = "8", .help = "Number of tenants polled concurrently."},
    {.name = "requests", .type = CONF_COUNT, AT(options, poll_requests), .min = "1", .max = "64",
     .def = "6", .help = "Number of concurrent requests for one tenant."},
};
static const struct conf_key NETWORK[] = {
    {.name = "ca_file", .type = CONF_FILE, AT(options, ca_file), .file = FILE_CA, .def = "",
     .example = "/etc/seatwatchd/extra-ca.pem",
     .help = "Additional certificate authorities, in PEM."},
    {.name = "proxy", .type = CONF_TEXT, AT(options, proxy), .def = "",
     .what = "scheme://host:port, or empty", .check = form_proxy,
     .example = "http://proxy.example:3128",
     .help = "HTTP proxy for all connections to other hosts; environment variables are ignored."},
    {.name = "proxy_password_file", .type = CONF_FILE, AT(options, proxy_password_file),
     .file = FILE_SECRET, .def = "", .example = "proxy.secret",
     .help = "File with user:password for the proxy."},
};
static const struct conf_key REPEAT[] = {
    {.name = "critical", .type = CONF_DURATION, AT(options, alerts.repeat.every[LEVEL_CRITICAL]),
     .off_ok = true, .min = "1m", .max = "365d", .def = "4h",
     .help = "Time from a critical alert to its first reminder."},
    {.name = "warning", .type = CONF_DURATION, AT(options, alerts.repeat.every[LEVEL_WARNING]),
     .off_ok = true, .min = "1m", .max = "365d", .def = "1d",
     .help = "Time from a warning to its first reminder."},
    {.name = "growth", .type = CONF_COUNT, AT(options, alerts.repeat.growth), .min = "1",
     .max = "100", .def = "2",
     .help = "Factor by which the interval between reminders grows each time."},
    {.name = "cap", .type = CONF_DURATION, AT(options, alerts.repeat.cap), .min = "1m",
     .max = "365d", .def = "7d", .help = "Maximum interval between reminders."},
};
static const struct conf_section REPEAT_SECTION = SECTION(REPEAT);
static const struct conf_key FLAP[] = {
    {.name = "pairs", .type = CONF_COUNT, AT(options, alerts.flap.pairs), .min = "2", .max = "10",
     .def = "4", .help = "Number of notified ends after which an alert that fires again flaps."},
    {.name = "within", .type = CONF_DURATION, AT(options, alerts.flap.within), .min = "1m",
     .max = "30d", .def = "1d", .example = "12h", .help = "Time in which these ends count."},
    {.name = "quiet", .type = CONF_DURATION, AT(options, alerts.flap.quiet), .min = "1m",
     .max = "30d", .def = "6h", .help = "Time without a change after which an alert no longer flaps."},
};
static const struct conf_section FLAP_SECTION = SECTION(FLAP);
static const struct conf_key ALERTS[] = {
    {.name = "for", .type = CONF_DURATION, AT(options, alerts_for), .min = "0s", .max = FOR_MAX,
     .def = "0s",
     .help = "Time for which a limit must be reached before a rule fires, for rules without a "
             "value of their own."},
    {.name = "min_samples", .type = CONF_COUNT, AT(options, alerts_min_samples), .min = "1",
     .max = "100", .def = "2",
     .help = "Consecutive complete polls needed to fire and to resolve, for rules without a value "
             "of their own."},
    {.name = "keep_firing_for", .type = CONF_DURATION, AT(options, alerts_keep_firing_for),
     .min = "0s", .max = FOR_MAX, .def = "10m",
     .help = "Time for which a rule must be clear before its alert resolves, for rules without a "
             "value of their own."},
    {.name = "repeat", .type = CONF_GROUP, .section = &REPEAT_SECTION,
     .help = "Reminders of alerts that keep firing."},
    {.name = "flap", .type = CONF_GROUP, .section = &FLAP_SECTION,
     .help = "Alerts that fire and resolve again and again."},
    {.name = "first_run", .type = CONF_WORD, AT(options, alerts.first_run_each),
     .words = WORDS("baseline", "each"), .def = "baseline",
     .help = "Notification of the findings of the first poll of a tenant: one digest, or each "
             "alert by itself."},
    {.name = "absence", .type = CONF_DURATION, AT(options, rules.absence), .min = "0s",
     .max = "30d", .def = "30m",
     .help = "Time for which an allotment must be missing from complete polls before it counts as "
             "gone."},
};
static const struct conf_key HISTORY[] = {
    {.name = "keep", .type = CONF_DURATION, AT(options, history_keep), .min = "1d", .max = "3650d",
     .def = "400d", .help = "Time for which the numbers of past polls are kept."},
};
static const struct conf_key LOG[] = {
    {.name = "level", .type = CONF_LOG_LEVEL, AT(options, log_level),
     .words = WORDS("error", "warning", "notice", "info", "debug"), .def = "info",
     .help = "Minimum severity of the messages that the daemon logs."},
};
static const struct conf_key STORM[] = {
    {.name = "burst", .type = CONF_COUNT, AT(options, storm.pace.burst), .min = "1",
     .max = BURST_MAX, .def = "10",
     .help = "Number of messages that a receiver gets at once, for receivers without their own."},
    {.name = "rate", .type = CONF_COUNT, AT(options, storm.pace.rate), .min = "0",
     .max = RATE_MAX, .def = "1",
     .help = "Number of messages a second that a receiver gets after a burst, for receivers without "
             "their own; 0 sets no limit."},
    {.name = "lines", .type = CONF_COUNT, AT(options, storm.lines), .min = "1", .max = "20",
     .def = "20",
     .help = "Maximum number of alerts in one digest of messages that exceed these limits."},
    {.name = "max_new_incidents", .type = CONF_COUNT, AT(options, storm.max_new_incidents),
     .min = "1", .max = "1000", .def = "20",
     .help = "Maximum number of new incidents that a pager gets in a period."},
    {.name = "within", .type = CONF_DURATION, AT(options, storm.within), .min = "1m", .max = "1d",
     .def = "10m", .help = "Length of the period for max_new_incidents."},
};
static const struct conf_key LINKS[] = {
    {.name = "status_url", .type = CONF_TEXT, AT(options, links.status_url), .def = "",
     .what = "a URL, or empty", .check = link_check,
     .example = "https://status.example/alerts/{alert_id}",
     .help = "Page that shows the state of an alert."},
    {.name = "runbook_url", .type = CONF_TEXT, AT(options, links.runbook_url), .def = "",
     .what = "a URL, or empty", .check = link_check,
     .example = "https://wiki.example/licences/{rule}",
     .help = "Page that says what to do about an alert."},
    {.name = "silence_url", .type = CONF_TEXT, AT(options, links.silence_url), .def = "",
     .what = "a URL, or empty", .check = link_check,
     .example = "https://status.example/silence?alert={alert_id}",
     .help = "Page that shows how to silence an alert; it must not change anything when it is "
             "opened, because chats fetch links ahead."},
};
static const struct conf_key CONTROL[] = {
    {.name = "socket", .type = CONF_TEXT, AT(options, control_socket),
     .def = "/run/seatwatchd/control.sock", .what = "a path, or off", .check = form_socket,
     .help = "Socket of seatwatchctl for commands that read and that change something; off makes "
             "none."},
    {.name = "read_socket", .type = CONF_TEXT, AT(options, control_read_socket),
     .def = "/run/seatwatchd/read.sock", .what = "a path, or off", .check = form_socket,
     .help = "Socket for monitors, which refuses every command that changes something; off makes "
             "none."},
};
static const struct conf_key STATUS[] = {
    {.name = "listen", .type = CONF_TEXT, AT(options, status.listen), .def = "", .what = "an address and a port, or empty",
     .check = form_listen, .example = "127.0.0.1:9877",
     .help = "Address of the status endpoint: metrics, health and a page; read only."},
    {.name = "hosts", .type = CONF_NAMES, COUNTED(options, status.host, status.n_hosts), .shown_def = "none",
     .check = form_host, .example = "[ \"status.example\" ]",
     .help = "Names under which clients reach the endpoint, beside localhost and addresses."},
    {.name = "socket", .type = CONF_TEXT, AT(options, status.socket), .def = "", .what = "a path, or empty",
     .check = form_own_socket, .example = "/run/seatwatchd/status.sock",
     .help = "UNIX socket of the endpoint, for a proxy."},
    {.name = "token_file", .type = CONF_FILE, AT(options, status.token_file), .file = FILE_SECRET, .def = "",
     .example = "status.token",
     .help = "File with the bearer token that clients send; beyond loopback, without it only /healthz "
             "and /readyz are served."},
};

static const struct conf_section POLL_SECTION = SECTION(POLL), NETWORK_SECTION = SECTION(NETWORK),
                                 THRESHOLDS_SECTION = SECTION(THRESHOLDS),
                                 ALERTS_SECTION = SECTION(ALERTS),
                                 HISTORY_SECTION = SECTION(HISTORY),
                                 STORM_SECTION = SECTION(STORM), LINKS_SECTION = SECTION(LINKS), LOG_SECTION = SECTION(LOG),
                                 CONTROL_SECTION = SECTION(CONTROL),
                                 STATUS_SECTION = SECTION(STATUS);
const struct conf_section conf_receiver = SECTION(RECEIVER);

static const struct conf_key ROOT[] = {
    {.name = "poll", .type = CONF_GROUP, .section = &POLL_SECTION,
     .help = "Schedule and concurrency of the polls."},
    {.name = "network", .type = CONF_GROUP, .section = &NETWORK_SECTION,
     .help = "Connections to Microsoft and to webhooks."},
    {.name = "tenant_defaults", .type = CONF_TENANTS, .section = &conf_tenant,
     .help = "Default values for the keys of all tenants."},
    {.name = "tenants", .type = CONF_TENANTS, COUNTED(options, tenant, n_tenants),
     .section = &conf_tenant,
     .help = "Tenants to monitor; at least one, here or in a file in tenants.d."},
    {.name = "thresholds", .type = CONF_GROUP, AT(options, rules), .section = &THRESHOLDS_SECTION,
     .help = "Limits of the rules, for every allotment of every tenant."},
    {.name = "scope", .type = CONF_WORD, AT(options, rules.scope),
     .words = WORDS("auto", "allotment", "sku"), .def = "auto",
     .help = "Whether the pools of one SKU are evaluated with regard to free units in the other "
             "pools, one by one, or together."},
    {.name = "free_skus", .type = CONF_WORD, AT(options, rules.watch_free_skus),
     .words = WORDS("ignore", "watch"), .def = "ignore",
     .help = "Whether free and trial SKUs raise alerts."},
    {.name = "dates_at", .type = CONF_CLOCK, AT(options, rules.dates_at), .def = "09:00",
     .help = "Local time of the tenant at which a day begins for rules about dates, and at which "
             "they notify."},
    {.name = "names", .type = CONF_POOL_NAMES,
     COUNTED(options, rules.pool_name, rules.n_pool_names),
     .example = "( { allotment = \"551f1755-0184-9e51-0bc7-f32bae5a1afb\"; name = \"CSP pool\"; } "
                ")", .help = "Names for allotments; an allotment without a name gets a "
                             "description."},
    {.name = "names_file", .type = CONF_FILE, AT(options, names_file), .file = FILE_NAMES,
     .def = "", .example = "/etc/seatwatchd/products.csv",
     .help = "File with product names, in the column layout of the CSV file that Microsoft "
             "publishes."},
    {.name = "overrides", .type = CONF_LIST, COUNTED(options, rules.override, rules.n_overrides),
     .section = &OVERRIDE_SECTION,
     .help = "Other limits for selected pools; the more specific match wins."},
    {.name = "alerts", .type = CONF_GROUP, .section = &ALERTS_SECTION,
     .help = "Timing and repetition of alerts."},
    {.name = "receivers", .type = CONF_RECEIVERS, COUNTED(options, receiver, n_receivers),
     .section = &conf_receiver, .help = "Destinations of notifications; without any, the journal "
                                        "is the only one."},
    {.name = "routes", .type = CONF_LIST, COUNTED(options, routes.route, routes.n_routes),
     .section = &ROUTE_SECTION,
     .help = "Receivers of each alert; without any route, every alert goes to every receiver."},
    {.name = "fallback", .type = CONF_NAMES, COUNTED(options, routes.fallback, routes.n_fallback),
     .shown_def = "the receiver named journal, else the first one", .example = "[ \"journal\" ]",
     .help = "Receivers of delivery alerts, and of alerts that no route matches."},
    {.name = "storm", .type = CONF_GROUP, .section = &STORM_SECTION,
     .help = "Limits for many messages at once."},
    {.name = "maintenance", .type = CONF_LIST, COUNTED(options, maintenance, n_maintenance),
     .section = &MAINTENANCE_SECTION,
     .help = "Times at which matching alerts are not notified, unless they get worse."},
    {.name = "links", .type = CONF_GROUP, .section = &LINKS_SECTION,
     .help = "Links in messages."},
    {.name = "history", .type = CONF_GROUP, .section = &HISTORY_SECTION,
     .help = "Storage of the numbers that were polled."},
    {.name = "log", .type = CONF_GROUP, .section = &LOG_SECTION,
     .help = "What the daemon logs."},
    {.name = "privacy", .type = CONF_WORD, AT(options, rules.names),
     .words = WORDS("hashed", "names"), .def = "hashed",
     .help = "Whether alerts show users by their configured name or by a hash of it."},
    {.name = "usage_rights", .type = CONF_LIST, COUNTED(options, rules.right, rules.n_rights),
     .section = &USAGE_RIGHT_SECTION,
     .help = "Users and groups that must have a licence; an alert fires if one does not."},
    {.name = "control", .type = CONF_GROUP, .section = &CONTROL_SECTION,
     .help = "UNIX sockets through which people and scripts on this machine use the daemon."},
    {.name = "status", .type = CONF_GROUP, .section = &STATUS_SECTION,
     .help = "HTTP endpoint with metrics, health and a page."},
};
const struct conf_section conf_root = SECTION(ROOT);
