/* SPDX-License-Identifier: MIT */
/* ctl/commands.c: the commands of seatwatchctl. A new command is a row of the table. */
#include "ctl/commands.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "ctl/ask.h"
#include "ctl/check.h"
#include "ctl/history.h"
#include "ctl/details.h"
#include "ctl/routes.h"
#include "ctl/show.h"
#include "ctl/silences.h"
#include "ctl/why.h"

/* Asks for a list and prints it; with --json it is printed already. */
static int print_list(const struct ctl *c, const char *target, bool (*show)(const struct json *root, usec_t now))
{
    CLEANUP(json_free) struct json *root = NULL;
    int code = ask_get(c, target, &root);
    return code != CTL_OK || !root || show(root, clock_now().at) ? code : CTL_INTERNAL;
}

/* "PATH" or "PATH?a=b&c=d": of options that were given. The caller frees; NULL: no memory. */
static char *target_of(const struct ctl *c, const char *path)
{
    static const struct {
        enum ctl_option option;
        const char *name;
    } PARAMS[] = {{OPTION_ALL, "all"}, {OPTION_TENANT, "tenant"}, {OPTION_SKU, "sku"}};
    CLEANUP(text_free) struct text t = TEXT_INIT(1 << 16);
    text_add(&t, path);
    for (size_t i = 0, n = 0; i < N_ELEMENTS(PARAMS); i++) {
        const char *value = c->option[PARAMS[i].option];
        if (!value)
            continue;
        text_addf(&t, "%s%s%s", n++ ? "&" : "?", PARAMS[i].name, *value ? "=" : "");
        text_add_encoded(&t, value);
    }
    return text_take(&t);
}

/* With the options of the command as parameters. */
static int print_selected(const struct ctl *c, const char *path, bool (*show)(const struct json *root, usec_t now))
{
    CLEANUP(free) char *target = target_of(c, path);
    return target ? print_list(c, target, show) : CTL_INTERNAL;
}

static int run_status(const struct ctl *c)
{
    CLEANUP(json_free) struct json *root = NULL;
    int code = ask_get(c, "/v1/status", &root);
    if (code != CTL_OK || !root)
        return code;
    show_status(root, clock_now().at);
    putchar('\n');
    code = print_selected(c, "/v1/tenants", show_tenants);
    putchar('\n');
    return code == CTL_OK ? print_selected(c, "/v1/alerts", show_alerts) : code;
}

static int run_alerts(const struct ctl *c)
{
    return print_selected(c, "/v1/alerts", show_alerts);
}

static int run_permissions(const struct ctl *c)
{
    return print_selected(c, "/v1/permissions", show_permissions);
}

static int run_allotments(const struct ctl *c)
{
    return print_selected(c, "/v1/allotments", show_allotments);
}

static int run_silence_list(const struct ctl *c)
{
    return print_list(c, "/v1/silences", show_silences);
}

static int run_deliveries(const struct ctl *c)
{
    return print_list(c, c->option[OPTION_FAILED] ? "/v1/deliveries?failed" : "/v1/deliveries", show_deliveries);
}

static const struct ask_list RETRY = {"/v1/deliveries", "deliveries", "id", "/v1/deliveries/", "/retry", true},
                             DROP = {"/v1/deliveries", "deliveries", "id", "/v1/deliveries/", "", true};

static int run_retry(const struct ctl *c)
{
    return ask_change_one(c, &RETRY, "POST", NULL, "queued again");
}

static int run_drop(const struct ctl *c)
{
    return ask_change_one(c, &DROP, "DELETE", NULL, "dropped");
}

static int run_poll(const struct ctl *c)
{
    CLEANUP(json_free) struct json *root = NULL;
    CLEANUP(free) char *target = c->n_args ? ask_target("/v1/poll", "tenant", c->arg[0]) : NULL;
    char n[SHOW_NUMBER_MAX];
    int code = ask_change(c, "POST", target ? target : "/v1/poll", NULL, &root, NULL);
    if (code == CTL_OK && root)
        printf("tenants that are polled now: %s\n", show_number(root, "tenants", n));
    return code;
}

static int run_reload(const struct ctl *c)
{
    CLEANUP(json_free) struct json *root = NULL;
    unsigned status = 0;
    int code = ask_change(c, "POST", "/v1/reload", NULL, &root, &status);
    if (code == CTL_OK && root)
        puts("the configuration was reloaded");
    return status == 422 ? CTL_CONFIGURATION : code;
}

static int run_metrics(const struct ctl *c)
{
    return ask_text(c, "/v1/metrics");
}

#define SILENCE_OPTIONS                                                                                                    \
    (OPTION_BIT(OPTION_FOR) | OPTION_BIT(OPTION_FROM) | OPTION_BIT(OPTION_UNTIL) | OPTION_BIT(OPTION_WEEKLY) |             \
     OPTION_BIT(OPTION_TIMEZONE) | ACK_OPTIONS)
#define ACK_OPTIONS                                                                                                        \
    (OPTION_BIT(OPTION_UNTIL) | OPTION_BIT(OPTION_COMMENT) | OPTION_BIT(OPTION_AUTHOR) | OPTION_BIT(OPTION_HOLD))

static const struct ctl_command COMMANDS[] = {
    {"status", "", 0, 0, OPTION_BIT(OPTION_TENANT), run_status, "health of the daemon, its tenants and the alerts that fire"},
    {"alerts", "[--all]", 0, 0, OPTION_BIT(OPTION_ALL) | OPTION_BIT(OPTION_TENANT), run_alerts, "alerts that fire"},
    {"allotments", "[--sku S]", 0, 0, OPTION_BIT(OPTION_SKU) | OPTION_BIT(OPTION_TENANT), run_allotments, "pools with their units and waiting members"},
    {"room", "SKU [N]", 1, 2, OPTION_BIT(OPTION_TENANT) | COMMAND_CHECKS, run_room, "is there room for N more members? exit 0, 1, or 3: unknown"},
    {"check", "", 0, 0, OPTION_BIT(OPTION_TENANT) | COMMAND_CHECKS, run_check, "plugin for Nagios and Icinga: exit 0 to 3"},
    {"history", "ALLOTMENT", 1, 1, OPTION_BIT(OPTION_DAYS) | OPTION_BIT(OPTION_CSV), run_history, "numbers of a pool over time"},
    {"forecast", "", 0, 0, OPTION_BIT(OPTION_TENANT), run_forecast, "when pools run out, at the pace of the last weeks"},
    {"why", "ALERT | --not TENANT SKU", 1, 2, OPTION_BIT(OPTION_NOT), run_why, "explain an alert, or why nothing was notified"},
    {"poll", "[TENANT]", 0, 1, 0, run_poll, "poll all tenants, or one, now"},
    {"silence add", "KEY=GLOB...", 1, 64, SILENCE_OPTIONS, run_silence_add, "send nothing about alerts that match"},
    {"silence list", "", 0, 0, 0, run_silence_list, "silences, acknowledgements and maintenance windows"},
    {"silence end", "ID", 1, 1, 0, run_silence_end, "end a silence or an acknowledgement"},
    {"ack", "ALERT", 1, 1, ACK_OPTIONS, run_ack, "send nothing about this alert until it is worse or over"},
    {"unack", "ALERT", 1, 1, 0, run_unack, "take an acknowledgement back"},
    {"allotment", "ID [--names]", 1, 1, OPTION_BIT(OPTION_TENANT) | OPTION_BIT(OPTION_NAMES), run_allotment,
     "ask Graph about an allotment: subscriptions, assignments, who waits"},
    {"user", "ID|UPN", 1, 1, OPTION_BIT(OPTION_TENANT), run_user, "ask Graph what a user may use, from where, what is missing and why"},
    {"group", "ID", 1, 1, OPTION_BIT(OPTION_TENANT), run_group, "the same of a group"},
    {"device", "ID", 1, 1, OPTION_BIT(OPTION_TENANT), run_device, "the same of a device"},
    {"compare", "[TENANT]", 0, 1, OPTION_BIT(OPTION_TENANT), run_compare, "ask Graph where its two sources of units disagree"},
    {"get", "PATH [--all]", 1, 1, OPTION_BIT(OPTION_TENANT) | OPTION_BIT(OPTION_ALL), run_get, "pass a read-only query on to Graph, as in Graph Explorer"},
    {"deliveries", "[--failed]", 0, 0, OPTION_BIT(OPTION_FAILED), run_deliveries, "messages that are queued or parked"},
    {"deliveries retry", "ID", 1, 1, 0, run_retry, "send a message now"},
    {"deliveries drop", "ID", 1, 1, 0, run_drop, "give a message up"},
    {"metrics", "", 0, 0, 0, run_metrics, "metrics for the textfile collector of node_exporter"},
    {"permissions", "", 0, 0, OPTION_BIT(OPTION_TENANT), run_permissions, "permissions in Graph that the configuration needs"},
    {"routes test", "TENANT RULE", 2, 2, OPTION_BIT(OPTION_SEVERITY) | OPTION_BIT(OPTION_AT) | OPTION_BIT(OPTION_SKU), run_routes_test, "who would be notified, and when"},
    {"receivers test", "NAME", 1, 1, OPTION_BIT(OPTION_LIFE) | OPTION_BIT(OPTION_DRY_RUN), run_receivers_test, "send a test message to a receiver"},
    {"reload", "", 0, 0, 0, run_reload, "load the configuration again"},
};

const struct ctl_command *ctl_commands(size_t *ret_n)
{
    *ret_n = N_ELEMENTS(COMMANDS);
    return COMMANDS;
}
