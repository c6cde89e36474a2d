/* SPDX-License-Identifier: MIT */
/* runtime/control.c: opens the control sockets and logs what is changed through them. */
#include "runtime/control.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/message_ids.h"
#include "runtime/app.h"
#include "runtime/commands.h"

#define OVERFLOW_UID 65534 /* what PrivateUsers= shows of users other than root and the service's own */

enum { N_SOCKETS = 2 };
static const struct {
    const char *name; /* FileDescriptorName= of the socket unit */
    const char *key;
    enum control_access access;
} SOCKETS[N_SOCKETS] = {{"control", "control.socket", CONTROL_WRITE}, {"read", "control.read_socket", CONTROL_READ}};

struct control_sockets {
    struct control *server[N_SOCKETS]; /* NULL: none */
    char *path[N_SOCKETS];             /* of a socket that we have made; NULL */
};

/* A user is logged as alerts show one. NULL: none, or no memory. */
static char *shown_id(const struct app *app, const struct control_call *call)
{
    const struct right_need about = {.user = (char *)(uintptr_t)call->id};
    char *shown = NULL;
    if (!call->id || strncmp(call->command->path, "/v1/users/", 10) != 0)
        return call->id ? strdup(call->id) : NULL;
    return right_principal(&app->options->rules, &about, &shown) < 0 ? NULL : shown;
}

static void on_changed(void *userdata, const struct control_call *call, unsigned status)
{
    char user[32] = "user not known";
    CLEANUP(free) char *id = shown_id(userdata, call);
    if (call->uid != (uid_t)-1 && call->uid != OVERFLOW_UID)
        (void)snprintf(user, sizeof user, "user %u", (unsigned)call->uid);
    log_event(LOG_NOTICE, MESSAGE_CONTROL_CHANGE, NULL, "control socket: %s %s%s%s: status %u, for process %d, %s",
              call->command->method, call->command->path, id ? " id " : "", id ? id : "", status,
              (int)call->pid, user);
}

/* Takes `fd`. */
static void serve(struct app *app, struct control_sockets *s, size_t i, int fd)
{
    struct control_options o = {.access = SOCKETS[i].access, .changed = on_changed, .userdata = app};
    struct failure why = {0};
    o.command = commands_table(&o.n_commands);
    if (control_new(app->event, fd, &o, &s->server[i], &why) < 0)
        log_failure(LOG_WARNING, &why, SOCKETS[i].key, "running without it");
}

/* SOCKETS' index by name; N_SOCKETS: none of ours. */
static size_t index_of(const char *name)
{
    size_t i = 0;
    while (i < N_SOCKETS && strcmp(SOCKETS[i].name, name) != 0)
        i++;
    return i;
}

static void serve_passed(struct app *app, struct control_sockets *s)
{
    char **names = NULL;
    int n = sd_listen_fds_with_names(true, &names);
    for (int k = 0; k < n; k++) {
        int fd = SD_LISTEN_FDS_START + k;
        size_t i = index_of(names[k]);
        if (strcmp(names[k], "status") == 0 && app->status_fd < 0 && sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) > 0 &&
            fcntl(fd, F_SETFL, O_NONBLOCK) == 0) {
            app->status_fd = fd;
        } else if (i < N_SOCKETS && !s->server[i] && sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) > 0 &&
            fcntl(fd, F_SETFL, O_NONBLOCK) == 0) {
            serve(app, s, i, fd);
        } else {
            log_say(LOG_WARNING, "systemd has passed a socket named \"%s\", which is not used; sockets of seatwatchd are "
                    "UNIX streams with FileDescriptorName=control or read, and streams with status", names[k]);
            (void)close(fd);
        }
        free(names[k]);
    }
    free(names);
}

static void serve_path(struct app *app, struct control_sockets *s, size_t i, const char *path)
{
    struct failure why = {0};
    int fd = -1;
    if (strcmp(path, "off") == 0)
        return;
    if (control_listen(path, &fd, &why) < 0) {
        log_failure(LOG_WARNING, &why, SOCKETS[i].key, "running without it");
        return;
    }
    s->path[i] = strdup(path); /* without memory, the next start finds it stale */
    serve(app, s, i, fd);
}

struct control_sockets *control_sockets_open(struct app *app)
{
    const char *const PATHS[N_SOCKETS] = {app->options->control_socket, app->options->control_read_socket};
    struct control_sockets *s = calloc(1, sizeof *s);
    if (!s) {
        log_say(LOG_WARNING, "out of memory: running without control sockets");
        return NULL;
    }
    serve_passed(app, s);
    for (size_t i = 0; i < N_SOCKETS; i++)
        if (!s->server[i])
            serve_path(app, s, i, PATHS[i]);
    return s;
}

/* Removed while it still listens: nobody else can have replaced it. */
void control_sockets_close(struct control_sockets *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < N_SOCKETS; i++) {
        if (s->path[i])
            (void)unlink(s->path[i]);
        control_free(s->server[i]);
        free(s->path[i]);
    }
    free(s);
}
