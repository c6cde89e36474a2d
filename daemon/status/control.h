/* SPDX-License-Identifier: MIT */
/* status/control.h: a small HTTP server: the control sockets, for people and scripts on this machine, and the status
 * endpoint.
 *
 * One server for each listening socket, on the caller's event loop. A connection carries one request. Clients are
 * hostile: connections, sizes and times have limits, and a client that hangs is disconnected.
 * The caller has a table of commands; a request that matches a row is passed to its handler, which answers now or
 * later. GET includes HEAD. Errors are {"error": what, "hint": what to do}. */
#pragma once
#include "base/clock.h"
#include "json/json.h"
#include "status/target.h"
#include <systemd/sd-event.h>

#define CONTROL_CONNECTIONS_MAX 64                 /* of one socket; more wait in its backlog */
#define CONTROL_BODY_MAX 65536                     /* bytes of a request */
#define CONTROL_HELD_MAX ((size_t)64 << 20)        /* bytes of all answers that clients have not read yet: then 503 */
#define CONTROL_IDLE_MAX (10 * USEC_PER_SEC)       /* without a byte in either direction */
#define CONTROL_CONNECTION_MAX (30 * USEC_PER_SEC) /* until the answer was read, however it trickles */

enum control_access { CONTROL_READ, CONTROL_WRITE };

/* A request that its handler answers exactly once, with one of the functions below. Valid until then, or until
 * control_free(). */
struct control_call {
    const struct control_command *command;
    const char *id;           /* in place of "{id}" of the path; NULL: it has none */
    const struct json *body;  /* an object; NULL: the command takes none */
    pid_t pid;                /* who connected; 0: not known */
    uid_t uid;
    const char *accept;       /* header; NULL: not sent */
    struct target target;     /* with the parameters, which the command knows */
};
typedef void control_handler(void *userdata, struct control_call *call);

struct control_command {
    const char *method, *path; /* "POST", "/v1/alerts/{id}/acknowledgement" */
    enum control_access access;
    const char *param[6];      /* names of its parameters, NULL at the end */
    bool takes_body;
    control_handler *handle;
    const char *help;          /* one line */
};

/* Headers that decide whether a request is admitted; NULL: not sent. */
struct control_headers {
    const char *host, *authorization;
};
struct control_refusal {
    unsigned status; /* of HTTP; 401 is sent with WWW-Authenticate: Bearer */
    const char *error, *hint;
};

struct control_options {
    const struct control_command *command;
    size_t n_commands;
    enum control_access access; /* CONTROL_READ: commands that write are refused */
    /* False: refused. NULL: every request for a command is admitted. */
    bool (*admit)(void *userdata, const struct control_command *command, const struct control_headers *headers,
                  struct control_refusal *ret);
    void *admit_userdata;
    /* Called when a command that writes was answered, for the log. */
    void (*changed)(void *userdata, const struct control_call *call, unsigned status);
    void *userdata; /* of the handlers, too */
};

struct control;
/* Takes `fd`, a listening stream socket, also on failure. Borrows `o->command`. */
int control_new(sd_event *event, int fd, const struct control_options *o, struct control **ret,
                struct failure *ret_failure);
void control_free(struct control *c); /* closes all connections; calls that wait for an answer are gone */
DEFINE_CLEANUP(struct control *, control_free)

/* `json` is taken, and was allocated by malloc(); NULL: out of memory (500). */
void control_answer(struct control_call *call, unsigned status, char *json);
/* The same with another media type, which is a literal. */
void control_answer_as(struct control_call *call, unsigned status, const char *type, char *body);
void control_error(struct control_call *call, unsigned status, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Makes a listening socket at `path`, mode 0660, and removes one there that nobody listens on any more and that is
 * ours. -EADDRINUSE: somebody listens there, or it is no socket of ours; -ENOENT: its directory is missing. */
int control_listen(const char *path, int *ret_fd, struct failure *ret_failure);
