/* SPDX-License-Identifier: MIT */
/* runtime/endpoint_commands.c: the paths of the status endpoint. */
#include "runtime/endpoint_commands.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "runtime/alive.h"
#include "runtime/app.h"
#include "runtime/app_status.h"
#include "runtime/commands.h"
#include "status/page.h"

static void get_healthz(void *userdata, struct control_call *call)
{
    struct instant now = clock_now();
    bool ok = alive(userdata, &now);
    control_answer(call, ok ? 200 : 503, strdup(ok ? "{\"alive\":true}" : "{\"alive\":false,\"reasons\":[\"a poll or a delivery is overdue\"]}"));
}

/* Anybody may ask: no names of tenants. */
static void get_readyz(void *userdata, struct control_call *call)
{
    CLEANUP(status_clear) struct status s = {0};
    char *json = NULL;
    bool ready = false;
    if (app_status(userdata, 0, &s) >= 0)
        (void)status_json_ready(&s, &ready, &json); /* fails without memory only, and leaves NULL */
    control_answer(call, ready ? 200 : 503, json);
}

/* ---- pages ---- */

static void answer_page(struct app *app, struct control_call *call, const struct page_request *request)
{
    CLEANUP(status_clear) struct status s = {0};
    char *html = NULL;
    int r = app_status(app, STATUS_POOLS | STATUS_ALERTS | STATUS_RECEIVERS | STATUS_SILENCES, &s);
    if (r >= 0)
        r = status_page(&s, request, &html);
    control_answer_as(call, r == -ENOENT ? 404 : 200, "text/html; charset=utf-8", html);
}

/* A form writes a blank as "+". */
static void get_page(void *userdata, struct control_call *call)
{
    const char *q = target_param(&call->target, "q");
    CLEANUP(free) char *search = strdup(q ? q : "");
    for (char *at = search; at && (at = strchr(at, '+')); at++)
        *at = ' ';
    answer_page(userdata, call, &(struct page_request){.search = search, .refresh = target_param(&call->target, "refresh")});
}

static void get_tenant_page(void *userdata, struct control_call *call)
{
    answer_page(userdata, call, &(struct page_request){.tenant = call->id});
}

static void get_pool_page(void *userdata, struct control_call *call)
{
    const char *tenant = target_param(&call->target, "tenant");
    answer_page(userdata, call, &(struct page_request){.tenant = tenant ? tenant : "", .pool = call->id});
}

static void get_style(void *userdata, struct control_call *call)
{
    (void)userdata;
    control_answer_as(call, 200, "text/css; charset=utf-8", strdup(status_page_style));
}

/* ---- */

static const struct {
    const char *path;
    const char *like; /* the command of the control sockets that it is; NULL: `handle` */
    control_handler *handle;
    const char *help;
    const char *param[2];
} PATHS[] = {
    {"/", NULL, get_page, "A page for people.", {"q", "refresh"}},
    {"/tenants/{id}", NULL, get_tenant_page, "The page of a tenant.", {NULL}},
    {"/pools/{id}", NULL, get_pool_page, "The page of a pool.", {"tenant"}},
    {"/style.css", NULL, get_style, "Style of the pages.", {NULL}},
    {"/healthz", NULL, get_healthz, "Whether polls and deliveries make progress.", {NULL}},
    {"/readyz", NULL, get_readyz, "Whether every tenant was polled, and why not.", {NULL}},
    {"/metrics", "/v1/metrics", NULL, NULL, {NULL}},
    {"/api/v1/status", "/v1/status", NULL, NULL, {NULL}},
    {"/api/v1/tenants", "/v1/tenants", NULL, NULL, {NULL}},
    {"/api/v1/allotments", "/v1/allotments", NULL, NULL, {NULL}},
    {"/api/v1/alerts", "/v1/alerts", NULL, NULL, {NULL}},
    {"/api/v1/silences", "/v1/silences", NULL, NULL, {NULL}},
    {"/api/v1/deliveries", "/v1/deliveries", NULL, NULL, {NULL}},
};

static const struct control_command *find(const char *path)
{
    size_t n;
    const struct control_command *table = commands_table(&n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(table[i].path, path) == 0 && strcmp(table[i].method, "GET") == 0)
            return &table[i];
    return NULL;
}

const struct control_command *endpoint_commands(size_t *ret_n)
{
    static struct control_command table[N_ELEMENTS(PATHS)];
    for (size_t i = 0; i < N_ELEMENTS(PATHS); i++) {
        const struct control_command *like = PATHS[i].like ? find(PATHS[i].like) : NULL;
        table[i] = like ? *like : (struct control_command){.handle = PATHS[i].handle, .help = PATHS[i].help};
        for (size_t k = 0; !like && k < N_ELEMENTS(PATHS[i].param); k++)
            table[i].param[k] = PATHS[i].param[k];
        table[i].method = "GET";
        table[i].path = PATHS[i].path;
        table[i].access = CONTROL_READ;
    }
    *ret_n = N_ELEMENTS(PATHS);
    return table;
}
