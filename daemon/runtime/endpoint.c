/* SPDX-License-Identifier: MIT */
/* runtime/endpoint.c: the listeners of the status endpoint, and who may use it. */
#include "runtime/endpoint.h"

#include <netinet/in.h>
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/listen.h"
#include "base/log.h"
#include "base/secret.h"
#include "runtime/app.h"
#include "status/access.h"

enum which { TCP, SOCKET, PASSED, N_LISTENERS };
static const char *const KEYS[] = {[TCP] = "status.listen", [SOCKET] = "status.socket", [PASSED] = "status endpoint"};

struct listener {
    struct endpoint *endpoint;
    struct control *server; /* NULL: none */
    char *where;            /* the value of its key that it is open for; NULL: none */
    bool is_socket, is_far; /* a UNIX socket; other machines may reach it */
};

struct endpoint {
    struct app *app;
    const struct control_command *command;
    size_t n_commands;
    struct secret *token; /* NULL: none, or unreadable */
    struct listener listener[N_LISTENERS];
};

/* ---- who may use it ---- */

static bool is_health(const struct control_command *c)
{
    return strcmp(c->path, "/healthz") == 0 || strcmp(c->path, "/readyz") == 0;
}

/* Who may connect to a UNIX socket is decided by its mode; a proxy before it has a sign-in of its own. */
static bool admit(void *userdata, const struct control_command *command, const struct control_headers *headers,
                  struct control_refusal *ret)
{
    const struct listener *l = userdata;
    const struct endpoint *e = l->endpoint;
    const struct options *o = e->app->options;
    bool wants_token = *o->status.token_file || l->is_far;
    if (!access_host(headers->host, o->status.host, o->status.n_hosts)) {
        *ret = (struct control_refusal){421, "this server is not known by that name", "add the name to status.hosts"};
        return false;
    }
    if (is_health(command) || l->is_socket || !wants_token)
        return true;
    if (e->token && access_token(headers->authorization, secret_bytes(e->token), secret_len(e->token)))
        return true;
    *ret = *o->status.token_file
               ? (struct control_refusal){401, "the bearer token is missing or wrong", "send the token of status.token_file"}
               : (struct control_refusal){401, "beyond loopback only /healthz and /readyz are served without a token", "set status.token_file"};
    return false;
}

static void read_token(struct endpoint *e)
{
    const char *path = e->app->options->status.token_file;
    struct failure why = {0};
    secret_free(TAKE(e->token));
    if (*path && secret_read(path, NULL, &e->token, &why) < 0)
        log_failure(LOG_WARNING, &why, "status.token_file", "only /healthz and /readyz are served");
}

/* ---- listeners ---- */

static void log_address(const struct listener *l, const struct sockaddr_storage *at)
{
    char host[INET6_ADDRSTRLEN] = "";
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    memcpy(&v4, at, sizeof v4);
    memcpy(&v6, at, sizeof v6);
    bool six = at->ss_family == AF_INET6;
    (void)inet_ntop(at->ss_family, six ? (const void *)&v6.sin6_addr : &v4.sin_addr, host, sizeof host);
    log_say(LOG_INFO, "status endpoint: listening on %s%s%s:%u%s", six ? "[" : "", host, six ? "]" : "",
            ntohs(six ? v6.sin6_port : v4.sin_port),
            l->is_far && !*l->endpoint->app->options->status.token_file ? "; without status.token_file it serves /healthz and /readyz only" : "");
}

/* Takes `fd`. */
static void serve(struct listener *l, int fd, const char *key)
{
    const struct endpoint *e = l->endpoint;
    const struct control_options o = {.command = e->command, .n_commands = e->n_commands, .access = CONTROL_READ, .admit = admit,
                                      .admit_userdata = l, .userdata = e->app};
    struct sockaddr_storage at = {0};
    socklen_t len = sizeof at;
    struct failure why = {0};
    l->is_far = getsockname(fd, (struct sockaddr *)&at, &len) < 0 || !listen_is_local((const struct sockaddr *)&at);
    l->is_socket = at.ss_family == AF_UNIX;
    if (control_new(e->app->event, fd, &o, &l->server, &why) < 0)
        log_failure(LOG_WARNING, &why, key, "running without it");
    else if (!l->is_socket)
        log_address(l, &at);
}

static void close_listener(struct listener *l, enum which which)
{
    if (which == SOCKET && l->server && l->where)
        (void)unlink(l->where); /* while it still listens: nobody else can have replaced it */
    control_free(TAKE(l->server));
    free(l->where);
    l->where = NULL;
}

/* One that could not be opened is tried again at each reload. */
static void follow(struct endpoint *e, enum which which, const char *where)
{
    struct listener *l = &e->listener[which];
    struct failure why = {0};
    int fd = -1;
    if (l->server && l->where && strcmp(l->where, where) == 0)
        return;
    close_listener(l, which);
    if (!*where)
        return;
    int r = which == TCP ? access_listen(where, &fd, &why) : control_listen(where, &fd, &why);
    if (r < 0) {
        log_failure(LOG_WARNING, &why, KEYS[which], "running without it");
        return;
    }
    l->where = strdup(where); /* without memory, it is opened again at the next reload */
    serve(l, fd, KEYS[which]);
}

void endpoint_follow(struct endpoint *e)
{
    if (!e)
        return;
    read_token(e);
    follow(e, TCP, e->app->options->status.listen);
    follow(e, SOCKET, e->app->options->status.socket);
}

struct endpoint *endpoint_open(struct app *app, const struct control_command *command, size_t n_commands)
{
    struct endpoint *e = calloc(1, sizeof *e);
    if (!e) {
        log_say(LOG_WARNING, "out of memory: running without the status endpoint");
        return NULL;
    }
    *e = (struct endpoint){.app = app, .command = command, .n_commands = n_commands};
    for (size_t i = 0; i < N_LISTENERS; i++)
        e->listener[i].endpoint = e;
    if (app->status_fd >= 0)
        serve(&e->listener[PASSED], TAKE_FD(app->status_fd), KEYS[PASSED]);
    endpoint_follow(e);
    return e;
}

void endpoint_close(struct endpoint *e)
{
    if (!e)
        return;
    for (enum which i = TCP; i < N_LISTENERS; i++)
        close_listener(&e->listener[i], i);
    secret_free(e->token);
    free(e);
}
