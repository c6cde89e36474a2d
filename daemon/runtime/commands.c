/* SPDX-License-Identifier: MIT */
/* runtime/commands.c: the commands of the control sockets. A new command is a row of the table. */
#include "runtime/commands.h"

#include <string.h>

#include "runtime/app.h"
#include "runtime/app_status.h"
#include "runtime/command_answer.h"
#include "runtime/commands_compare.h"
#include "runtime/commands_deliveries.h"
#include "runtime/commands_graph.h"
#include "runtime/commands_history.h"
#include "runtime/commands_permissions.h"
#include "runtime/commands_query.h"
#include "runtime/commands_receivers.h"
#include "runtime/commands_room.h"
#include "runtime/commands_routes.h"
#include "runtime/commands_silence.h"
#include "runtime/commands_why.h"
#include "runtime/find.h"
#include "runtime/poller.h"
#include "runtime/reload.h"
#include "runtime/tenant.h"

/* ---- what there is ---- */

static void get_status(void *userdata, struct control_call *call)
{
    CLEANUP(status_clear) struct status s = {0};
    char *json = NULL;
    if (app_status(userdata, 0, &s) >= 0)
        (void)status_json_daemon(&s, &json); /* fails without memory only, and leaves NULL */
    control_answer(call, 200, json);
}

/* Fills in all tenants, or the one that the call names. False: the call was answered with an error. */
static bool fill(struct app *app, struct control_call *call, unsigned arrays, struct status *s)
{
    struct tenant *t;
    if (!find_named_tenant(app, call, &t))
        return false;
    if (app_status(app, arrays, s) < 0) {
        control_answer(call, 500, NULL);
        return false;
    }
    if (t)
        status_keep_tenant(s, t->options->identity.name);
    return true;
}

static void get_tenants(void *userdata, struct control_call *call)
{
    CLEANUP(status_clear) struct status s = {0};
    char *json = NULL;
    if (!fill(userdata, call, 0, &s))
        return;
    (void)status_json_tenants(&s, &json); /* fails without memory only, and leaves NULL */
    control_answer(call, 200, json);
}

static void get_alerts(void *userdata, struct control_call *call)
{
    CLEANUP(status_clear) struct status s = {0};
    char *json = NULL;
    if (!fill(userdata, call, STATUS_ALERTS, &s))
        return;
    (void)status_json_alerts(&s, target_param(&call->target, "all"), &json);
    control_answer(call, 200, json);
}

static void get_metrics(void *userdata, struct control_call *call)
{
    CLEANUP(status_clear) struct status s = {0};
    bool openmetrics = status_metrics_preferred(call->accept);
    char *text = NULL;
    if (app_status(userdata, STATUS_POOLS | STATUS_ALERTS | STATUS_RECEIVERS, &s) >= 0)
        (void)status_metrics(&s, openmetrics, &text);
    control_answer_as(call, 200, openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                             : "text/plain; version=0.0.4; charset=utf-8", text);
}

static void get_allotments(void *userdata, struct control_call *call)
{
    struct app *app = userdata;
    CLEANUP(status_clear) struct status s = {0};
    struct tenant *t;
    char *json = NULL;
    if (!find_named_tenant(app, call, &t))
        return;
    if (app_status(app, STATUS_POOLS, &s) >= 0)
        (void)status_json_allotments(&s, t ? t->options->identity.name : NULL, target_param(&call->target, "sku"), &json);
    control_answer(call, 200, json);
}

/* ---- polls ---- */

static void poll_tenant(struct app *app, struct control_call *call, const char *name)
{
    struct tenant *t = find_tenant(app, call, name);
    if (!t || !check_polled(t, call))
        return;
    (void)poller_poll_tenant(t); /* false: one was requested already */
    command_answer_count(call, 202, "tenants", 1);
}

static void post_poll(void *userdata, struct control_call *call)
{
    struct app *app = userdata;
    const char *name = target_param(&call->target, "tenant");
    size_t n = 0;
    if (name) {
        poll_tenant(app, call, name);
        return;
    }
    for (size_t i = 0; i < app->n_tenants; i++)
        n += app->tenant[i].graph != NULL;
    (void)poller_poll_now(app);
    command_answer_count(call, 202, "tenants", n);
}

/* ---- reload ---- */

static void on_reloaded(void *userdata, int code, const char *reason)
{
    struct control_call *call = userdata;
    if (code == EXIT_OK)
        control_answer(call, 200, strdup("{\"reloaded\":true}"));
    else
        control_error(call, code == EXIT_CONFIGURATION ? 422 : 500, "the old configuration stays active", "%s", reason);
}

static void post_reload(void *userdata, struct control_call *call)
{
    struct app *app = userdata;
    if (app->stopping || app->reloading)
        control_error(call, 409, "try again when that has ended", "the daemon is %s", app->stopping ? "stopping" : "reloading");
    else
        reload_begin(app, on_reloaded, call);
}

static const struct control_command COMMANDS[] = {
    {"GET", "/v1/status", CONTROL_READ, {NULL}, false, get_status, "Health of the daemon, with counts of tenants, alerts and deliveries."},
    {"GET", "/v1/tenants", CONTROL_READ, {"tenant"}, false, get_tenants, "Tenants with the result of their last poll."},
    {"GET", "/v1/alerts", CONTROL_READ, {"all", "tenant"}, false, get_alerts, "Alerts that fire."},
    {"GET", "/v1/metrics", CONTROL_READ, {NULL}, false, get_metrics, "Metrics for Prometheus."},
    {"GET", "/v1/alerts/{id}/why", CONTROL_READ, {NULL}, false, command_get_why, "Explains an alert: findings, reasons, messages, what happens next."},
    {"GET", "/v1/allotments", CONTROL_READ, {"tenant", "sku"}, false, get_allotments, "Pools with their units and waiting members, of the last polls."},
    {"GET", "/v1/permissions", CONTROL_READ, {"tenant"}, false, command_get_permissions, "Permissions that the configuration needs."},
    {"GET", "/v1/room", CONTROL_READ, {"sku", "n", "tenant"}, false, command_get_room, "Whether there is room for more members in the pools of a SKU."},
    {"GET", "/v1/routes", CONTROL_READ, {"tenant", "rule", "severity", "at", "sku"}, false, command_get_routes, "Who would be notified of an alert, and when."},
    {"GET", "/v1/why", CONTROL_READ, {"tenant", "sku"}, false, command_get_why_not, "Explains the pools of a SKU, above all why nothing was notified."},
    {"POST", "/v1/poll", CONTROL_WRITE, {"tenant"}, false, post_poll, "Polls all tenants, or one, now."},
    {"POST", "/v1/receivers/{id}/test", CONTROL_WRITE, {"life", "dry-run"}, false, command_post_receiver_test, "Sends a test message, or the messages of a made-up alert, to a receiver."},
    {"POST", "/v1/reload", CONTROL_WRITE, {NULL}, false, post_reload, "Loads the configuration again."},
    {"GET", "/v1/silences", CONTROL_READ, {NULL}, false, command_get_silences, "Silences, acknowledgements and maintenance windows."},
    {"POST", "/v1/silences", CONTROL_WRITE, {NULL}, true, command_post_silence, "Adds a silence."},
    {"DELETE", "/v1/silences/{id}", CONTROL_WRITE, {NULL}, false, command_delete_silence, "Ends a silence or an acknowledgement."},
    {"POST", "/v1/alerts/{id}/acknowledgement", CONTROL_WRITE, {NULL}, true, command_post_acknowledgement, "Acknowledges an alert that fires."},
    {"DELETE", "/v1/alerts/{id}/acknowledgement", CONTROL_WRITE, {NULL}, false, command_delete_acknowledgement, "Takes an acknowledgement back."},
    {"GET", "/v1/allotments/{id}", CONTROL_WRITE, {"tenant", "names"}, false, command_get_allotment, "Asks Graph about one allotment: subscriptions, services, assignments, who waits."},
    {"GET", "/v1/graph", CONTROL_WRITE, {"path", "all", "tenant"}, false, command_get_graph, "Passes a read-only query on to Graph, and its JSON back."},
    {"GET", "/v1/comparison", CONTROL_WRITE, {"tenant"}, false, command_get_comparison, "Asks Graph where the Cloud Licensing API and subscribedSkus disagree."},
    {"GET", "/v1/users/{id}", CONTROL_WRITE, {"tenant"}, false, command_get_user, "Asks Graph about one user: usage rights, assignments, waiting rooms, errors."},
    {"GET", "/v1/groups/{id}", CONTROL_WRITE, {"tenant"}, false, command_get_group, "Asks Graph about one group: usage rights, assignments."},
    {"GET", "/v1/devices/{id}", CONTROL_WRITE, {"tenant"}, false, command_get_device, "Asks Graph about one device: usage rights, assignments, waiting rooms."},
    {"GET", "/v1/deliveries", CONTROL_READ, {"failed"}, false, command_get_deliveries, "Messages that are queued or parked."},
    {"POST", "/v1/deliveries/{id}/retry", CONTROL_WRITE, {NULL}, false, command_post_delivery_retry, "Sends a parked or queued message now, and ends the backoff of its receiver."},
    {"DELETE", "/v1/deliveries/{id}", CONTROL_WRITE, {NULL}, false, command_delete_delivery, "Gives up a queued or parked message."},
    {"GET", "/v1/history", CONTROL_READ, {"allotment", "days", "resolution"}, false, command_get_history, "Stored numbers of one allotment over time."},
    {"GET", "/v1/forecast", CONTROL_READ, {"tenant"}, false, command_get_forecast, "When each pool runs out."},
};

const struct control_command *commands_table(size_t *ret_n)
{
    *ret_n = N_ELEMENTS(COMMANDS);
    return COMMANDS;
}
