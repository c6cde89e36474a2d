/* SPDX-License-Identifier: MIT */
/* status/control_route.c: finds the command of a request. */
#include "status/control_route.h"

#include <string.h>

#define ERROR_JSON_MAX 8192
#define NAMES_MAX 64 /* commands that are compared for "did you mean" */

/* *ret_id: the segment in place of "{id}", if the path has one. */
static bool path_matches(const char *path, const struct target *t, const char **ret_id)
{
    size_t i = 0;
    *ret_id = NULL;
    if (strcmp(path, "/") == 0)
        return t->n_segments == 0;
    for (const char *at = path; *at == '/'; i++) {
        size_t len = strcspn(++at, "/");
        if (i == t->n_segments)
            return false;
        if (len == 4 && memcmp(at, "{id}", 4) == 0)
            *ret_id = t->segment[i];
        else if (strlen(t->segment[i]) != len || memcmp(at, t->segment[i], len) != 0)
            return false;
        at += len;
    }
    return i == t->n_segments;
}

static void join(const struct target *t, char *ret, size_t size)
{
    size_t used = 0;
    *ret = '\0';
    for (size_t i = 0; i < t->n_segments && used < size; i++)
        used += (size_t)snprintf(ret + used, size - used, "/%s", t->segment[i]);
}

static bool refuse_path(const struct control_options *o, const struct control_call *call, struct route_refusal *ret)
{
    const char *paths[NAMES_MAX], *near;
    char path[128], clean[128];
    size_t n = o->n_commands < NAMES_MAX ? o->n_commands : NAMES_MAX;
    for (size_t i = 0; i < n; i++)
        paths[i] = o->command[i].path;
    join(&call->target, path, sizeof path);
    near = text_nearest(path, paths, n);
    ret->status = 404;
    (void)snprintf(ret->error, sizeof ret->error, "there is no %s", text_clean(clean, sizeof clean, path, strlen(path)));
    (void)snprintf(ret->hint, sizeof ret->hint, "%s%s%s", near ? "did you mean " : "control.openapi.json lists the paths",
                   near ? near : "", near ? "?" : "");
    return false;
}

static bool refuse_method(const char *allow, struct route_refusal *ret)
{
    ret->status = 405;
    (void)snprintf(ret->error, sizeof ret->error, "this path does not have that method");
    (void)snprintf(ret->hint, sizeof ret->hint, "use %s", allow);
    (void)snprintf(ret->allow, sizeof ret->allow, "%s", allow);
    return false;
}

static bool params_are_known(const struct control_call *call, struct route_refusal *ret)
{
    const char *const *known = call->command->param;
    size_t n_known = 0;
    while (n_known < N_ELEMENTS(call->command->param) && known[n_known])
        n_known++;
    for (size_t i = 0; i < call->target.n_params; i++) {
        const char *name = call->target.param[i].name, *near;
        char clean[64];
        size_t k = 0;
        while (k < n_known && strcmp(known[k], name) != 0)
            k++;
        if (k < n_known)
            continue;
        near = text_nearest(name, known, n_known);
        ret->status = 400;
        (void)snprintf(ret->error, sizeof ret->error, "there is no parameter \"%s\" here",
                       text_clean(clean, sizeof clean, name, strlen(name)));
        (void)snprintf(ret->hint, sizeof ret->hint, "%s%s%s", near ? "did you mean \"" : n_known ? "the first one is \"" : "",
                       near ? near : n_known ? known[0] : "leave it out", near || n_known ? "\"" : "");
        return false;
    }
    return true;
}

bool control_route(const struct control_options *o, const char *method, struct control_call *call,
                   struct route_refusal *ret_refusal)
{
    char allow[sizeof ret_refusal->allow] = "";
    *ret_refusal = (struct route_refusal){0};
    for (size_t i = 0; i < o->n_commands; i++) {
        const struct control_command *command = &o->command[i];
        const char *id;
        if (!path_matches(command->path, &call->target, &id))
            continue;
        bool head = strcmp(method, "HEAD") == 0 && strcmp(command->method, "GET") == 0;
        if (head || strcmp(command->method, method) == 0) {
            call->command = command;
            call->id = id;
            break;
        }
        size_t used = strlen(allow);
        (void)snprintf(allow + used, sizeof allow - used, "%s%s", used ? ", " : "", command->method);
    }
    if (!call->command)
        return *allow ? refuse_method(allow, ret_refusal) : refuse_path(o, call, ret_refusal);
    if (call->command->access > o->access) {
        ret_refusal->status = 403;
        (void)snprintf(ret_refusal->error, sizeof ret_refusal->error, "this socket is read-only");
        (void)snprintf(ret_refusal->hint, sizeof ret_refusal->hint, "use the socket of control.socket (control.sock)");
        return false;
    }
    return params_are_known(call, ret_refusal);
}

char *control_error_json(const char *error, const char *hint)
{
    CLEANUP(json_writer_free) struct json_writer *w = json_writer_new(ERROR_JSON_MAX);
    char *json = NULL;
    size_t len;
    if (!w)
        return NULL;
    json_writer_clean(w);
    json_open_object(w, NULL);
    json_put_string(w, "error", error);
    json_put_string(w, "hint", hint);
    json_close_object(w);
    return json_write_take(w, &json, &len) < 0 ? NULL : json;
}
