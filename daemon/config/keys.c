/* SPDX-License-Identifier: MIT */
/* config/keys.c: the key table itself. What a row means stands in keys.h. */
#include "config/keys.h"

#include "config/forms.h"
#include <stddef.h>

/* A row is a few lines, not one line for each of its members. */
/* clang-format off */
#define AT(type, member)                                                                           \
    .at = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)
#define COUNTED(type, member, n_member)                                                            \
    AT(type, member), .n_at = offsetof(struct type, n_member),                                     \
        .element = sizeof(*((struct type *)0)->member)
#define SECTION(rows) {rows, N_ELEMENTS(rows)}
#define WORDS(...) (const char *const[]) { __VA_ARGS__, NULL }

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
     .help = "How long the limit must be reached before this rule speaks."}
#define ENDING                                                                                     \
    {.name = "keep_firing_for", .type = CONF_DURATION, AT(threshold, keep_firing_for),             \
     .min = "0s", .max = FOR_MAX, .shown_def = "that of alerts", .set = SET_KEEP_FIRING_FOR,       \
     .example = "30m", .help = "How long this rule must be clear before it is resolved."},         \
    {.name = "min_samples", .type = CONF_COUNT, AT(threshold, min_samples), .min = "1",            \
     .max = "100", .shown_def = "that of alerts", .set = SET_MIN_SAMPLES, .example = "3",          \
     .help = "Complete polls in a row that must agree, both to raise and to resolve."}
#define TIMING(...) FOR(__VA_ARGS__), ENDING
#define FOR_OF_ALERTS NULL, "that of alerts"

static const struct conf_key USAGE[] = {
    WARNING(LIMIT_SHARE, "0.01%", "1000%", "90%",
            "Warning when consumed units are at or above this share of the allotted ones."),
    CRITICAL(LIMIT_SHARE, "0.01%", "1000%", "off",
             "Critical at or above this share; not below the one of the warning."),
    {.name = "clear_margin", .type = CONF_SHARE, AT(threshold, clear_margin_bp), .min = "0%",
     .max = "100%", .def = "2%", .set = SET_CLEAR_MARGIN,
     .help = "Percentage points that usage must fall below a limit before its level ends."},
    {.name = "min_units", .type = CONF_COUNT, AT(threshold, min_units), .min = "0",
     .max = "2147483647", .def = "25", .set = SET_MIN_UNITS,
     .help = "Pools with fewer allotted units have no usage level: one of ten is 10 %."},
    TIMING(FOR_OF_ALERTS),
};
static const struct conf_key REMAINING[] = {
    WARNING_BELOW(LIMIT_UNITS, "-2147483648", "2147483647", "0",
                  "Warning when allotted minus consumed units are at or below this number."),
    CRITICAL_BELOW(LIMIT_UNITS, "-2147483648", "2147483647", "-1",
                   "Critical at or below this number; not above the one of the warning."),
    TIMING(FOR_OF_ALERTS),
};
static const struct conf_key WAITING[] = {
    WARNING(LIMIT_COUNT, "1", "2147483647", "1",
            "Warning when at least so many members are in the waiting room of a pool."),
    CRITICAL(LIMIT_COUNT, "1", "2147483647", "25", "Critical when at least so many members wait."),
    TIMING("15m", NULL),
};
static const struct conf_key WAITING_AGE[] = {
    WARNING(LIMIT_AGE, "1s", "3650d", "off",
            "Warning when the member that came first has been waiting for so long."),
    CRITICAL(LIMIT_AGE, "1s", "3650d", "1d", "Critical when the first member has waited so long."),
    TIMING(FOR_OF_ALERTS),
};
static const struct conf_key CAPACITY_DROP[] = {
    WARNING(LIMIT_SHARE, "0.01%", "100%", "10%",
            "Warning when a pool has lost at least this share of the units that it had within the "
            "last 24 hours."),
    {.name = "min_units", .type = CONF_COUNT, AT(threshold, min_units), .min = "0",
     .max = "2147483647", .def = "5", .set = SET_MIN_UNITS,
     .help = "Losses of fewer units are none, whatever their share."},
    TIMING(FOR_OF_ALERTS),
};
static const struct conf_key ASSIGNMENT_ERRORS[] = {
    WARNING(LIMIT_COUNT, "1", "2147483647", "5",
            "Warning when a SKU has at least so many assignment errors with one code."),
    CRITICAL(LIMIT_COUNT, "1", "2147483647", "off", "Critical at so many errors with one code."),
    TIMING("1h", NULL),
};
static const struct conf_key SUBSCRIPTION[] = {
    WARNING_BELOW(LIMIT_DAYS, "0d", "3650d", "30d",
                  "Warning so many whole days before a subscription ends that does not renew by "
                  "itself."),
    CRITICAL_BELOW(LIMIT_DAYS, "0d", "3650d", "7d",
                   "Critical so many days before the end, or before a lapsed one is suspended."),
    {.name = "renewal", .type = CONF_WORD, AT(threshold, manual_renewal),
     .words = WORDS("auto", "manual"), .def = "auto", .set = SET_RENEWAL,
     .help = "Whether active subscriptions renew by themselves; with manual their end is told in "
             "advance."},
    TIMING(FOR_OF_ALERTS),
};
static const struct conf_key POLL_RULE[] = {
    WARNING(LIMIT_POLLS, "1s", "3650d", "1h",
            "Warning when a section of a tenant was not read completely for so long, or for so "
            "many polls."),
    CRITICAL(LIMIT_POLLS, "1s", "3650d", "6h", "Critical when it was not read for so long."),
    {.name = "for", .type = CONF_LATER,
     .what = "has no effect here, because the limits of this rule are times themselves; write warning = "
             "\"2h\" to hear later"},
    ENDING,
};

static const struct conf_key CREDENTIAL[] = {
    WARNING_BELOW(LIMIT_DAYS, "0d", "3650d", "30d",
                  "Warning so many whole days before a certificate or client secret ends."),
    CRITICAL_BELOW(LIMIT_DAYS, "0d", "3650d", "7d", "Critical so many days before it ends."),
    TIMING(FOR_OF_ALERTS),
};

#define RULE_GROUP(word, RULE_, ROWS, struct_, help_)                                              \
    {.name = word, .type = CONF_RULE, AT(struct_, threshold[RULE_]), .off_ok = true,               \
     .section = &(const struct conf_section)SECTION(ROWS), .help = help_}
#define LATER_KEY(word, harmless, what_)                                                           \
    {.name = word, .type = CONF_LATER, .def = harmless, .later = what_}
#define RULE_GROUPS(struct_)                                                                       \
    RULE_GROUP("usage", RULE_USAGE, USAGE, struct_,                                                \
               "Consumed units as a share of the allotted ones."),                                 \
    RULE_GROUP("remaining", RULE_REMAINING, REMAINING, struct_,                                    \
               "Allotted minus consumed units."),                                                  \
    RULE_GROUP("waiting", RULE_WAITING, WAITING, struct_,                                          \
               "Members in the waiting room of a pool."),                                          \
    RULE_GROUP("waiting_age", RULE_WAITING_AGE, WAITING_AGE, struct_,                              \
               "The longest wait in a waiting room."),                                             \
    RULE_GROUP("capacity_drop", RULE_CAPACITY_DROP, CAPACITY_DROP, struct_,                        \
               "Units that a pool had within the last 24 hours and has no longer."),               \
    RULE_GROUP("assignment_errors", RULE_ASSIGNMENT_ERRORS, ASSIGNMENT_ERRORS, struct_,            \
               "Assignment errors of a tenant, by SKU and code; told again when doubled."),        \
    RULE_GROUP("subscription", RULE_SUBSCRIPTION, SUBSCRIPTION, struct_,                           \
               "State and end of a subscription."),                                                \
    RULE_GROUP("poll", RULE_POLL, POLL_RULE, struct_,                                              \
               "How long a tenant could not be read completely."),                                 \
    RULE_GROUP("credential", RULE_CREDENTIAL, CREDENTIAL, struct_,                                 \
               "End of a certificate or client secret that tenants sign in with."),                \
    LATER_KEY("forecast", "off", "the rule forecast")

/* Offsets are from the rule_options that lie inside the options. */
static const struct conf_key THRESHOLDS[] = {RULE_GROUPS(rule_options)};

/* ---- tenants ---- */

enum {
    SECRET = 1 << AUTH_CLIENT_SECRET,
    CERTIFICATE = 1 << AUTH_CERTIFICATE,
    WORKLOAD = 1 << AUTH_WORKLOAD_IDENTITY,
    IDENTITY = 1 << AUTH_MANAGED_IDENTITY,
    ALL_AUTHS = SECRET | CERTIFICATE | WORKLOAD | IDENTITY
};
static const char *const AUTH_WORDS[] = {"client_secret", "certificate", "workload_identity",
                                         "managed_identity", NULL};
const char *conf_auth_name(enum auth auth)
{
    return AUTH_WORDS[auth];
}

static const struct conf_key TENANT[] = {
    {.name = "name", .type = CONF_TEXT, AT(tenant_options, identity.name), .required = true,
     .what = "a name", .check = form_name, .example = "contoso",
     .help = "The label of the tenant in alerts and logs; unique."},
    {.name = "tenant_id", .type = CONF_TEXT, AT(tenant_options, identity.tenant_id),
     .letters = CASE_LOWER,
     .needed = ALL_AUTHS, .what = "an id", .check = form_tenant_id,
     .example = "11111111-2222-4333-8444-555555555555",
     .help = "The id of the tenant in Entra, or one of its verified domains; unique."},
    {.name = "client_id", .type = CONF_TEXT, AT(tenant_options, graph.client_id),
     .letters = CASE_LOWER,
     .needed = ALL_AUTHS & ~IDENTITY, .what = "an id", .check = form_client_id,
     .example = "99999999-aaaa-4bbb-8ccc-dddddddddddd",
     .help = "The id of the app registration that signs in, or of a user-assigned managed identity."},
    {.name = "auth", .type = CONF_WORD, AT(tenant_options, graph.auth), .words = AUTH_WORDS,
     .def = "client_secret", .help = "How the daemon signs in."},
    {.name = "client_secret_file", .type = CONF_FILE, AT(tenant_options, graph.client_secret_file),
     .file = FILE_CLIENT_SECRET, .auth = SECRET, .needed = SECRET, .example = "contoso.secret",
     .help = "The file with the client secret; the secret itself never stands in the "
             "configuration."},
    {.name = "client_secret_expires", .type = CONF_TEXT, AT(tenant_options, client_secret_expires),
     .auth = SECRET, .def = "", .shown_def = "not known", .what = "a day, auto, or empty",
     .check = form_secret_end, .example = "2027-03-01",
     .help = "The last day of the client secret, as the portal shows it; auto asks Graph."},
    {.name = "certificate_file", .type = CONF_FILE, AT(tenant_options, graph.certificate_file),
     .file = FILE_PUBLIC, .auth = CERTIFICATE, .needed = CERTIFICATE, .example = "contoso.crt",
     .help = "The certificate of the app registration in PEM; read at each sign-in, so a renewed "
             "pair of files needs no restart."},
    {.name = "private_key_file", .type = CONF_FILE, AT(tenant_options, graph.private_key_file),
     .file = FILE_SECRET, .auth = CERTIFICATE, .needed = CERTIFICATE, .example = "contoso.key",
     .help = "The private RSA key of the certificate in PEM."},
    {.name = "private_key_password_file", .type = CONF_FILE,
     AT(tenant_options, graph.private_key_password_file), .file = FILE_SECRET, .auth = CERTIFICATE,
     .def = "", .shown_def = "the key is not encrypted", .example = "contoso.key.password",
     .help = "The file with the password of an encrypted private key."},
    {.name = "assertion", .type = CONF_WORD, AT(tenant_options, graph.assertion),
     .auth = CERTIFICATE, .words = WORDS("PS256", "RS256"), .def = "PS256",
     .help = "How the certificate's statement is signed; RS256 with the SHA-1 thumbprint is for "
             "registrations of old."},
    {.name = "federated_token_file", .type = CONF_FILE,
     AT(tenant_options, graph.federated_token_file), .file = FILE_PUBLIC, .auth = WORKLOAD,
     .needed = WORKLOAD, .example = "/var/run/secrets/azure/tokens/azure-identity-token",
     .help = "The token of another issuer that the application trusts; read again for each sign-in."},
    {.name = "host", .type = CONF_WORD, AT(tenant_options, graph.identity_host), .auth = IDENTITY,
     .words = WORDS("vm", "arc"), .def = "vm",
     .help = "Where the managed identity comes from: the metadata service of an Azure virtual "
             "machine, or the Arc agent of this one."},
    {.name = "identity_object_id", .type = CONF_TEXT, AT(tenant_options, graph.identity_object_id),
     .letters = CASE_LOWER,
     .auth = IDENTITY, .def = "", .what = "an id, or empty", .check = form_identity,
     .example = "99999999-aaaa-4bbb-8ccc-dddddddddddd",
     .help = "The object id of a user-assigned managed identity, where client_id does not name it."},
    {.name = "identity_resource_id", .type = CONF_TEXT,
     AT(tenant_options, graph.identity_resource_id), .auth = IDENTITY, .def = "",
     .what = "a resource id, or empty", .check = form_identity,
     .example = "/subscriptions/99999999-aaaa-4bbb-8ccc-dddddddddddd/resourceGroups/watch/providers/"
                "Microsoft.ManagedIdentity/userAssignedIdentities/seatwatchd",
     .help = "The resource id of a user-assigned managed identity, where client_id does not name it."},
    {.name = "cloud", .type = CONF_WORD, AT(tenant_options, graph.cloud),
     .words = WORDS("global", "usgov_l4", "usgov_l5", "china"), .def = "global",
     .help = "The Microsoft cloud that the tenant lives in."},
    {.name = "graph_url", .type = CONF_TEXT, AT(tenant_options, graph.graph_url), .def = "",
     .what = "scheme://host[:port], or empty", .check = form_root,
     .example = "https://graph.example",
     .help = "Another root for Microsoft Graph, without version; empty means that of the cloud."},
    {.name = "login_url", .type = CONF_TEXT, AT(tenant_options, graph.login_url), .def = "",
     .what = "scheme://host[:port], or empty", .check = form_root,
     .example = "https://login.example",
     .help = "Another root for signing in; empty means that of the cloud, or the service that gives "
             "this machine its managed identity."},
    {.name = "resource", .type = CONF_TEXT, AT(tenant_options, graph.resource), .def = "",
     .what = "a resource, or empty", .check = form_resource,
     .example = "https://graph.microsoft.com",
     .help = "What the token is asked for; empty means the Graph root of the cloud."},
    {.name = "api_version", .type = CONF_TEXT, AT(tenant_options, graph.api_version), .def = "beta",
     .what = "a version", .check = form_version,
     .help = "The version in the paths of Microsoft Graph."},
    {.name = "source", .type = CONF_WORD, AT(tenant_options, graph.source),
     .words = WORDS("auto", "cloud_licensing", "subscribed_skus"), .def = "auto",
     .help = "Where numbers come from; auto takes the older list only where the licensing API is "
             "absent."},
    {.name = "labels", .type = CONF_LABELS, COUNTED(tenant_options, identity.label, identity.n_labels),
     .example = "{ customer = \"Contoso\"; group = \"gold\"; }",
     .help = "Words of your own; they are copied to alerts and can be used in matches and in names "
             "of files."},
    {.name = "timezone", .type = CONF_TEXT, AT(tenant_options, identity.timezone), .def = "",
     .what = "a time zone", .check = form_zone, .example = "Europe/Berlin",
     .help = "The time zone of dates, hours and texts about this tenant; empty is that of the machine. Times "
             "in texts carry their zone."},
    {.name = "interval", .type = CONF_DURATION, AT(tenant_options, identity.interval), .min = "1s",
     .max = "1d", .shown_def = "poll.interval", .example = "15m",
     .help = "Time between two readings of this tenant."},
    {.name = "enabled", .type = CONF_BOOL, AT(tenant_options, enabled), .def = "true",
     .help = "Whether the tenant is read at all."},
};

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
     .example = "{ group = \"gold\"; }", .help = "Labels of the tenant; each of them must match."}

static const struct conf_key MATCH_OVERRIDE[] = {MATCH_ROWS};
static const struct conf_key MATCH_ROUTE[] = {
    MATCH_ROWS,
    {.name = "severity", .type = CONF_TEXT, AT(match, severity), .what = "a glob",
     .check = form_severity_glob, .example = "critical", .help = "Severity of the alert."},
};
static const struct conf_section OVERRIDE_MATCH_SECTION = SECTION(MATCH_OVERRIDE);
static const struct conf_section ROUTE_MATCH_SECTION = SECTION(MATCH_ROUTE);

static const struct conf_key OVERRIDE[] = {
    {.name = "match", .type = CONF_GROUP, AT(override, match), .section = &OVERRIDE_MATCH_SECTION,
     .required = true, .help = "What the override is for; every key that is named must match."},
    {.name = "ignore", .type = CONF_WORD, AT(override, ignore),
     .words = WORDS("nothing", "alerts", "all"), .shown_def = "what a less specific override says",
     .example = "alerts",
     .help = "With alerts it is counted and shown but never told; with all it is left out "
             "entirely."},
    RULE_GROUPS(override),
};
static const struct conf_section OVERRIDE_SECTION = SECTION(OVERRIDE);

static const struct conf_key ROUTE[] = {
    {.name = "match", .type = CONF_GROUP, AT(route, match), .section = &ROUTE_MATCH_SECTION,
     .help = "Which alerts take this route; without it all of them."},
    {.name = "to", .type = CONF_NAMES, COUNTED(route, to, n_to), .required = true,
     .example = "[ \"journal\" ]", .help = "Names of the receivers that are told."},
    {.name = "continue", .type = CONF_BOOL, AT(route, go_on), .def = "false",
     .help = "Whether later routes are looked at too."},
    {.name = "hours", .type = CONF_HOURS, AT(route, hours), .shown_def = "always",
     .example = "Mon-Fri 07:00-19:00",
     .help = "Days and times of the tenant at which receivers are told; outside them messages wait "
             "and come as one digest."},
};
static const struct conf_section ROUTE_SECTION = SECTION(ROUTE);

/* ---- usage rights ---- */

static const struct conf_key USAGE_RIGHT[] = {
    {.name = "tenant", .type = CONF_TEXT, AT(right_need, tenant), .required = true,
     .what = "a tenant", .check = form_line, .example = "contoso",
     .help = "Name or id of the tenant that the user or group belongs to."},
    {.name = "user", .type = CONF_TEXT, AT(right_need, user),
     .letters = CASE_GUID, .what = "a user", .shown_def = "none",
     .check = form_principal, .example = "oncall@contoso.com",
     .help = "The principal name or object id of a user; this, or group."},
    {.name = "group", .type = CONF_TEXT, AT(right_need, group),
     .letters = CASE_GUID, .what = "a group", .shown_def = "none",
     .check = form_principal, .example = "d8ee6ba1-2b90-4e77-90e8-3e52a09bc35a",
     .help = "The object id of a group; this, or user."},
    {.name = "sku", .type = CONF_TEXT, AT(right_need, sku), .letters = CASE_GUID,
     .required = true, .what = "a SKU",
     .check = form_sku, .example = "SPE_E5",
     .help = "Part number or id of the SKU that must be held."},
    {.name = "plans", .type = CONF_NAMES, COUNTED(right_need, plan, n_plans),
     .letters = CASE_GUID,
     .shown_def = "none in particular", .example = "[ \"EXCHANGE_S_ENTERPRISE\" ]",
     .help = "Names or ids of service plans that must be usable with it, at most 20."},
    {.name = "severity", .type = CONF_WORD, AT(right_need, critical),
     .words = WORDS("warning", "critical"), .def = "critical",
     .help = "The severity of the alert."},
};
static const struct conf_section USAGE_RIGHT_SECTION = SECTION(USAGE_RIGHT);

/* ---- receivers ---- */

#define JOURNAL (1U << RECEIVER_JOURNAL)
#define SYSLOG (1U << RECEIVER_SYSLOG)
#define WEBHOOK (1U << RECEIVER_WEBHOOK)
static const struct conf_key RECEIVER[] = {
    {.name = "name", .type = CONF_TEXT, AT(receiver_options, name), .required = true,
     .what = "a name", .check = form_receiver, .example = "hook",
     .help = "What routes and messages call it; unique."},
    {.name = "type", .type = CONF_WORD, AT(receiver_options, type), .required = true,
     .words = WORDS("journal", "syslog", "webhook"),
     .later_words = WORDS("pagerduty", "teams", "slack", "jsm", "ntfy", "email", "cloudevents",
                          "alertmanager", "heartbeat"), .example = "webhook",
     .help = "How it is told."},
    {.name = "facility", .type = CONF_TEXT, AT(receiver_options, facility), .def = "daemon",
     .only = SYSLOG, .what = "a facility", .check = form_facility,
     .help = "The syslog facility."},
    {.name = "identifier", .type = CONF_TEXT, AT(receiver_options, identifier), .def = "seatwatchd",
     .only = SYSLOG, .what = "an identifier", .check = form_identifier,
     .help = "The name before the colon of a syslog line."},
    {.name = "socket", .type = CONF_TEXT, AT(receiver_options, socket), .def = "",
     .only = JOURNAL | SYSLOG, .what = "a path, or empty", .check = form_socket,
     .example = "/dev/log",
     .help = "The local socket to write to; empty means the usual one of the system."},
    {.name = "url_file", .type = CONF_FILE, AT(receiver_options, url_file), .def = "",
     .shown_def = "required", .file = FILE_RECEIVER, .only = WEBHOOK, .example = "hook.url",
     .help = "The file with the address of the webhook, which counts as a secret."},
    {.name = "signing_key_file", .type = CONF_FILE, AT(receiver_options, signing_key_file),
     .def = "", .shown_def = "required", .file = FILE_RECEIVER, .only = WEBHOOK,
     .example = "hook.key",
     .help = "The file with one whsec_ key a line, the newest first, at most two."},
    {.name = "signing", .type = CONF_WORD, AT(receiver_options, unsigned_messages),
     .words = WORDS("on", "off"), .def = "on", .only = WEBHOOK, .example = "off",
     .help = "Whether messages are signed; off needs no signing_key_file."},
    {.name = "ca_file", .type = CONF_FILE, AT(receiver_options, ca_file), .def = "",
     .file = FILE_CA, .only = WEBHOOK, .example = "/etc/seatwatchd/hook-ca.pem",
     .help = "Certificates in PEM that may have signed the certificate of this receiver."},
    {.name = "allow_http", .type = CONF_BOOL, AT(receiver_options, allow_http), .def = "false",
     .only = WEBHOOK, .help = "Whether the address may be plain http:// beyond this machine."},
    LATER_KEY("server", NULL, "syslog over the network"),
    LATER_KEY("sd_id", NULL, "syslog over the network"),
    LATER_KEY("routing_key_file", NULL, "receivers of type pagerduty"),
    LATER_KEY("urls", NULL, "receivers of type alertmanager"),
    LATER_KEY("interval", NULL, "receivers of type heartbeat"),
};

/* ---- the main file ---- */

static const struct conf_key POLL[] = {
    {.name = "interval", .type = CONF_DURATION, AT(options, poll_interval), .min = "1s",
     .max = "1d", .def = "5m", .help = "Time between two readings of a tenant."},
    {.name = "jitter", .type = CONF_SHARE, AT(options, poll_jitter_bp), .min = "0%", .max = "100%",
     .def = "10%",
     .help = "Tenants are spread over this part of the interval, each at a stable place."},
    {.name = "timeout", .type = CONF_DURATION, AT(options, poll_timeout), .min = "1s", .max = "1h",
     .def = "2m", .help = "The longest that one reading of a tenant may take."},
    {.name = "concurrency", .type = CONF_COUNT, AT(options, poll_concurrency), .min = "1",
     .max = "512", .def = "8", .help = "Tenants that are read at the same time."},
    {.name = "requests", .type = CONF_COUNT, AT(options, poll_requests), .min = "1", .max = "64",
     .def = "6", .help = "Requests that are under way at the same time for one tenant."},
};
static const struct conf_key NETWORK[] = {
    {.name = "ca_file", .type = CONF_FILE, AT(options, ca_file), .file = FILE_CA, .def = "",
     .example = "/etc/seatwatchd/extra-ca.pem",
     .help = "More certificate authorities in PEM, beside those of the system."},
    {.name = "proxy", .type = CONF_TEXT, AT(options, proxy), .def = "",
     .what = "scheme://host:port, or empty", .check = form_proxy,
     .example = "http://proxy.example:3128",
     .help = "The HTTP proxy for everything beyond this machine; variables of the environment are "
             "not read."},
    {.name = "proxy_password_file", .type = CONF_FILE, AT(options, proxy_password_file),
     .file = FILE_SECRET, .def = "", .example = "proxy.secret",
     .help = "The file with user:password for the proxy."},
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
     .help = "Each interval between reminders is so many times the one before."},
    {.name = "cap", .type = CONF_DURATION, AT(options, alerts.repeat.cap), .min = "1m",
     .max = "365d", .def = "7d", .help = "The longest interval between reminders."},
};
static const struct conf_section REPEAT_SECTION = SECTION(REPEAT);
static const struct conf_key ALERTS[] = {
    {.name = "for", .type = CONF_DURATION, AT(options, alerts_for), .min = "0s", .max = FOR_MAX,
     .def = "0s",
     .help = "How long a limit must be reached before a rule speaks that has no time of its own."},
    {.name = "min_samples", .type = CONF_COUNT, AT(options, alerts_min_samples), .min = "1",
     .max = "100", .def = "2",
     .help = "Complete polls in a row that must agree, for rules without a number of their own."},
    {.name = "keep_firing_for", .type = CONF_DURATION, AT(options, alerts_keep_firing_for),
     .min = "0s", .max = FOR_MAX, .def = "10m",
     .help = "How long a rule must be clear before it is resolved, for rules without a time of "
             "their own."},
    {.name = "repeat", .type = CONF_GROUP, .section = &REPEAT_SECTION,
     .help = "Reminders of alerts that go on."},
    {.name = "first_run", .type = CONF_WORD, AT(options, alerts.first_run_each),
     .words = WORDS("baseline", "each"), .def = "baseline",
     .help = "What is already so at the first poll of a tenant: one digest, or each alert by "
             "itself."},
    {.name = "absence", .type = CONF_DURATION, AT(options, rules.absence), .min = "0s",
     .max = "30d", .def = "30m",
     .help = "How long an allotment must be missing from complete polls before it is gone."},
};
static const struct conf_key HISTORY[] = {
    {.name = "keep", .type = CONF_DURATION, AT(options, history_keep), .min = "1d", .max = "3650d",
     .def = "400d", .help = "How long the numbers of past polls are kept."},
};
static const struct conf_key LOG[] = {
    {.name = "level", .type = CONF_LOG_LEVEL, AT(options, log_level),
     .words = WORDS("error", "warning", "notice", "info", "debug"), .def = "info",
     .help = "The least important messages that the daemon logs about itself."},
};
static const struct conf_key CONTROL[] = {LATER_KEY("socket", "off", "the control socket")};
static const struct conf_key STATUS[] = {LATER_KEY("listen", "", "the status page"),
                                         LATER_KEY("hosts", "", "the status page")};

static const struct conf_section POLL_SECTION = SECTION(POLL), NETWORK_SECTION = SECTION(NETWORK),
                                 THRESHOLDS_SECTION = SECTION(THRESHOLDS),
                                 ALERTS_SECTION = SECTION(ALERTS),
                                 HISTORY_SECTION = SECTION(HISTORY),
                                 LOG_SECTION = SECTION(LOG), CONTROL_SECTION = SECTION(CONTROL),
                                 STATUS_SECTION = SECTION(STATUS);
const struct conf_section conf_tenant = SECTION(TENANT), conf_receiver = SECTION(RECEIVER);

static const struct conf_key ROOT[] = {
    {.name = "poll", .type = CONF_GROUP, .section = &POLL_SECTION,
     .help = "When and how tenants are read."},
    {.name = "network", .type = CONF_GROUP, .section = &NETWORK_SECTION,
     .help = "The way to Microsoft and to webhooks."},
    {.name = "tenant_defaults", .type = CONF_TENANTS, .section = &conf_tenant,
     .help = "Any key of a tenant, for all tenants that do not say it themselves."},
    {.name = "tenants", .type = CONF_TENANTS, COUNTED(options, tenant, n_tenants),
     .section = &conf_tenant,
     .help = "The tenants that are watched; at least one, here or in a file of tenants.d."},
    {.name = "thresholds", .type = CONF_GROUP, AT(options, rules), .section = &THRESHOLDS_SECTION,
     .help = "The limits of the rules, for every allotment of every tenant."},
    {.name = "scope", .type = CONF_WORD, AT(options, rules.scope),
     .words = WORDS("auto", "allotment", "sku"), .def = "auto",
     .help = "Whether pools of one SKU are judged one by one, together, or so that room in another "
             "pool keeps a full one quiet."},
    {.name = "free_skus", .type = CONF_WORD, AT(options, rules.watch_free_skus),
     .words = WORDS("ignore", "watch"), .def = "ignore",
     .help = "Whether free and trial SKUs raise alerts."},
    {.name = "dates_at", .type = CONF_CLOCK, AT(options, rules.dates_at), .def = "09:00",
     .help = "The hour of the tenant at which rules on dates speak."},
    {.name = "names", .type = CONF_POOL_NAMES,
     COUNTED(options, rules.pool_name, rules.n_pool_names),
     .example = "( { allotment = \"551f1755-0184-9e51-0bc7-f32bae5a1afb\"; name = \"CSP pool\"; } "
                ")", .help = "What your people call an allotment; without a name it is described."},
    {.name = "names_file", .type = CONF_FILE, AT(options, names_file), .file = FILE_NAMES,
     .def = "", .example = "/etc/seatwatchd/products.csv",
     .help = "Names of products, in the column layout of the CSV file that Microsoft publishes."},
    {.name = "overrides", .type = CONF_LIST, COUNTED(options, rules.override, rules.n_overrides),
     .section = &OVERRIDE_SECTION,
     .help = "Other limits for some pools; the more specific match wins."},
    {.name = "alerts", .type = CONF_GROUP, .section = &ALERTS_SECTION,
     .help = "How long, how often and when alerts speak."},
    {.name = "receivers", .type = CONF_LIST, COUNTED(options, receiver, n_receivers),
     .section = &conf_receiver, .help = "Who can be told; without any the journal is."},
    {.name = "routes", .type = CONF_LIST, COUNTED(options, routes.route, routes.n_routes),
     .section = &ROUTE_SECTION,
     .help = "Who is told what; without any, everything goes to every receiver."},
    {.name = "fallback", .type = CONF_NAMES, COUNTED(options, routes.fallback, routes.n_fallback),
     .shown_def = "the receiver named journal, else the first one", .example = "[ \"journal\" ]",
     .help = "Who is told when a receiver has given up, and what no route matches."},
    {.name = "history", .type = CONF_GROUP, .section = &HISTORY_SECTION,
     .help = "Numbers of past polls."},
    {.name = "log", .type = CONF_GROUP, .section = &LOG_SECTION,
     .help = "What the daemon says about itself."},
    {.name = "privacy", .type = CONF_WORD, AT(options, rules.names),
     .words = WORDS("hashed", "names"), .def = "hashed",
     .help = "Whether people stand in alerts as they are configured, or by a hash of their name."},
    {.name = "usage_rights", .type = CONF_LIST, COUNTED(options, rules.right, rules.n_rights),
     .section = &USAGE_RIGHT_SECTION,
     .help = "People and groups that must hold a licence; an alert comes when one of them does not."},
    {.name = "control", .type = CONF_GROUP, .section = &CONTROL_SECTION,
     .later = "the control socket"},
    {.name = "status", .type = CONF_GROUP, .section = &STATUS_SECTION, .later = "the status page"},
};
const struct conf_section conf_root = SECTION(ROOT);
