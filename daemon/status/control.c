/* SPDX-License-Identifier: MIT */
/* status/control.c: libmicrohttpd on the event loop.
 *
 * libmicrohttpd runs without threads: its epoll descriptor is one event source, and one timer carries its time-outs
 * and ours. A request is an exchange, from its first line until its connection has ended with it. */
#include "status/control.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include "status/control_route.h"

#define MEMORY_MAX ((size_t)16 << 10) /* of a connection, for its request line and headers */
#define BACKLOG 128U

/* A connection. libmicrohttpd's own limit holds time between two bytes; ours holds the sum. */
struct link {
    bool open, cut;
    int fd; /* borrowed */
    usec_t until_mono;
    pid_t pid;
    uid_t uid;
    struct exchange *exchange; /* its request; NULL */
};

struct exchange {
    struct control_call call; /* what the handler sees */
    struct control *control;
    struct MHD_Connection *connection;
    struct failure target_failure;
    int target_error; /* of target_parse() */
    bool begun, suspended, answered;
    struct text body;
    struct json *json;
    unsigned status; /* answered: what is sent */
    const char *type;
    char *answer, allow[64];
    size_t held; /* bytes that libmicrohttpd has for the client */
};

struct control {
    struct control_options options;
    struct MHD_Daemon *daemon;
    sd_event_source *io, *timer;
    bool freed; /* a link, during this turn */
    size_t held; /* sum over the exchanges */
    struct link link[CONTROL_CONNECTIONS_MAX];
};

/* ---- the event loop ---- */

static usec_t next_timeout(const struct control *c)
{
    usec_t next = USEC_INFINITY, now = clock_now().mono;
    MHD_UNSIGNED_LONG_LONG ms;
    if (MHD_get_timeout(c->daemon, &ms) == MHD_YES)
        next = (usec_t)ms * 1000;
    for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
        const struct link *l = &c->link[i];
        usec_t left = !l->open || l->cut ? USEC_INFINITY : l->until_mono > now ? l->until_mono - now : 0;
        next = left < next ? left : next;
    }
    return next;
}

/* Neither call fails for a timer that exists. */
static void arm(struct control *c, usec_t delay)
{
    if (delay != USEC_INFINITY)
        (void)sd_event_source_set_time_relative(c->timer, delay);
    (void)sd_event_source_set_enabled(c->timer, delay == USEC_INFINITY ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

/* libmicrohttpd sees the end of a connection that we shut down like one that the client has closed. At its limit of
 * connections it stops to listen; it notices a free place only when it runs again. */
static void turn(struct control *c)
{
    usec_t now = clock_now().mono;
    for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
        struct link *l = &c->link[i];
        if (!l->open || l->cut || l->until_mono > now)
            continue;
        (void)shutdown(l->fd, SHUT_RDWR);
        l->cut = true;
    }
    c->freed = false;
    (void)MHD_run(c->daemon); /* its failures end single connections */
    arm(c, c->freed ? 0 : next_timeout(c));
}

static int on_io(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
    (void)s, (void)fd, (void)revents;
    turn(userdata);
    return 0;
}

static int on_time(sd_event_source *s, uint64_t due, void *userdata)
{
    (void)s, (void)due;
    turn(userdata);
    return 0;
}

/* ---- answers ---- */

/* Of every answer: no script runs, nothing is loaded from elsewhere, no page may frame it. */
#define POLICY                                                                                                             \
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
static const char *const HEADERS[][2] = {{"Cache-Control", "no-store"},
                                         {"Connection", "close"},
                                         {"Content-Security-Policy", POLICY},
                                         {"X-Content-Type-Options", "nosniff"},
                                         {"Referrer-Policy", "no-referrer"}};

static enum MHD_Result queue_answer(struct exchange *x, unsigned status, struct MHD_Response *r)
{
    const char *const OWN[][2] = {{"Content-Type", x->type}, {"Allow", x->allow}, {"WWW-Authenticate", status == 401 ? "Bearer" : ""}};
    enum MHD_Result ok = MHD_YES;
    for (size_t i = 0; i < N_ELEMENTS(HEADERS) && ok == MHD_YES; i++)
        ok = MHD_add_response_header(r, HEADERS[i][0], HEADERS[i][1]);
    for (size_t i = 0; i < N_ELEMENTS(OWN) && ok == MHD_YES; i++)
        if (*OWN[i][1])
            ok = MHD_add_response_header(r, OWN[i][0], OWN[i][1]);
    return ok == MHD_YES ? MHD_queue_response(x->connection, status, r) : ok;
}

/* Clients that read slowly, or not at all, hold their answers in memory. */
static bool holds_too_much(const struct control *c, size_t len)
{
    return c->held > 0 && len > CONTROL_HELD_MAX - c->held;
}

static enum MHD_Result send_answer(struct exchange *x)
{
    static char NO_MEMORY[] = "{\"error\":\"out of memory\",\"hint\":\"give the daemon more memory\"}",
                BUSY[] = "{\"error\":\"other clients have not read their answers\",\"hint\":\"try again in a few seconds\"}";
    bool busy = x->answer && holds_too_much(x->control, strlen(x->answer)), lost = !x->answer || busy;
    char *body = busy ? BUSY : lost ? NO_MEMORY : TAKE(x->answer);
    x->type = x->type && !lost ? x->type : "application/json";
    struct MHD_Response *r = MHD_create_response_from_buffer(strlen(body), body, lost ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE);
    if (!r) {
        free(lost ? NULL : body);
        return MHD_NO;
    }
    x->held = lost ? 0 : strlen(body);
    x->control->held += x->held;
    enum MHD_Result ok = queue_answer(x, busy ? 503 : lost ? 500 : x->status, r);
    MHD_destroy_response(r); /* the queue has its own reference */
    return ok;
}

void control_answer(struct control_call *call, unsigned status, char *json)
{
    control_answer_as(call, status, "application/json", json);
}

void control_answer_as(struct control_call *call, unsigned status, const char *type, char *body)
{
    struct exchange *x = (struct exchange *)call; /* its first member */
    struct control *c = x->control;
    x->answered = true;
    x->status = body ? status : 500;
    x->type = type;
    x->answer = body;
    if (call->command && call->command->access == CONTROL_WRITE && c->options.changed)
        c->options.changed(c->options.userdata, call, x->status);
    if (!x->suspended)
        return;
    x->suspended = false;
    MHD_resume_connection(x->connection);
    arm(c, 0);
}

void control_error(struct control_call *call, unsigned status, const char *hint, const char *fmt, ...)
{
    CLEANUP(text_free) struct text error = TEXT_INIT(4096);
    va_list ap;
    va_start(ap, fmt);
    text_vaddf(&error, fmt, ap);
    va_end(ap);
    control_answer(call, status, error.error ? NULL : control_error_json(error.data, hint));
}

/* ---- requests ---- */

static enum MHD_Result refuse(struct exchange *x, unsigned status, const char *error, const char *hint)
{
    x->status = status;
    x->answer = control_error_json(error, hint);
    return send_answer(x);
}

static const char *header(const struct exchange *x, const char *name)
{
    return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

static bool declares_too_much(const struct exchange *x)
{
    const char *length = header(x, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length && strtoull(length, NULL, 10) > CONTROL_BODY_MAX;
}

static bool is_admitted(const struct exchange *x, struct control_refusal *ret)
{
    const struct control_options *o = &x->control->options;
    const struct control_headers headers = {header(x, MHD_HTTP_HEADER_HOST), header(x, MHD_HTTP_HEADER_AUTHORIZATION)};
    return !o->admit || o->admit(o->admit_userdata, x->call.command, &headers, ret);
}

/* The headers are complete. Refused before the body is read, if that is possible. */
static enum MHD_Result begin(struct exchange *x, const char *method)
{
    struct route_refusal no;
    struct control_refusal refusal;
    x->begun = true;
    x->call.accept = header(x, MHD_HTTP_HEADER_ACCEPT);
    if (x->target_error < 0)
        return refuse(x, x->target_error == -E2BIG ? 414 : 400, x->target_failure.text, "write a path such as /v1/status");
    if (!control_route(&x->control->options, method, &x->call, &no)) {
        (void)snprintf(x->allow, sizeof x->allow, "%s", no.allow);
        return refuse(x, no.status, no.error, no.hint);
    }
    if (!is_admitted(x, &refusal))
        return refuse(x, refusal.status, refusal.error, refusal.hint);
    if (declares_too_much(x))
        return refuse(x, 413, "the body is larger than 64 KiB", "send less");
    return MHD_YES;
}

/* 0: x->call.body is what the command takes. */
static unsigned check_body(struct exchange *x, struct failure *why)
{
    const char *text = x->body.data ? x->body.data : "";
    int r = 0;
    if (x->body.error)
        (void)failure_set(why, FAILURE_REQUEST, E2BIG, "%s", x->body.error == -ENOMEM ? "out of memory" : "the body is larger than 64 KiB");
    else if (!x->call.command->takes_body && x->body.len > 0)
        r = failure_set(why, FAILURE_REQUEST, EBADMSG, "this command takes no body");
    else if (x->call.command->takes_body)
        r = json_parse(text, x->body.len, &x->json, why);
    if (x->body.error || r == -ENOMEM)
        return x->body.error == -E2BIG ? 413 : 500;
    if (r >= 0 && x->json && !json_is_object(x->json))
        r = failure_set(why, FAILURE_REQUEST, EBADMSG, "the body is not a JSON object");
    x->call.body = x->json;
    return r < 0 ? 400 : 0;
}

static enum MHD_Result handle(struct exchange *x)
{
    struct failure why = {0};
    unsigned refusal = check_body(x, &why);
    if (refusal)
        return refuse(x, refusal, why.text, "control.openapi.json describes the body");
    x->call.command->handle(x->control->options.userdata, &x->call);
    if (x->answered)
        return send_answer(x);
    x->suspended = true;
    MHD_suspend_connection(x->connection);
    return MHD_YES;
}

/* Called with the headers, with each part of the body, at its end, and when a suspended connection was resumed. */
static enum MHD_Result on_request(void *userdata, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **request)
{
    struct exchange *x = *request;
    (void)userdata, (void)connection, (void)url, (void)version;
    if (!x)
        return MHD_NO; /* out of memory, or no link */
    if (!x->begun)
        return begin(x, method);
    if (*upload_size > 0) {
        text_add_bytes(&x->body, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    return x->answered ? send_answer(x) : handle(x);
}

static struct link *link_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* Called with the request line before libmicrohttpd decodes it: its own decoder accepts NUL bytes. The result becomes
 * the request's pointer. */
static void *on_request_line(void *userdata, const char *raw, struct MHD_Connection *connection)
{
    struct link *l = link_of(connection);
    struct exchange *x = l && !l->exchange ? calloc(1, sizeof *x) : NULL;
    if (!x)
        return NULL;
    x->control = userdata;
    x->connection = connection;
    x->call.pid = l->pid;
    x->call.uid = l->uid;
    x->body = TEXT_INIT(CONTROL_BODY_MAX);
    x->target_error = target_parse(raw, &x->call.target, &x->target_failure);
    l->exchange = x;
    return x;
}

static void on_completed(void *userdata, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode code)
{
    struct exchange *x = *request;
    struct link *l = link_of(connection);
    (void)userdata, (void)code;
    if (!x)
        return;
    if (l)
        l->exchange = NULL;
    x->control->held -= x->held;
    text_free(&x->body);
    json_free(x->json);
    free(x->answer);
    free(x);
    *request = NULL;
}

/* ---- connections ---- */

static void open_link(struct link *l, int fd)
{
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    bool known = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
    *l = (struct link){.open = true,
                       .fd = fd,
                       .until_mono = clock_now().mono + CONTROL_CONNECTION_MAX,
                       .pid = known ? peer.pid : 0,
                       .uid = known ? peer.uid : (uid_t)-1};
}

static void on_connection(void *userdata, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct control *c = userdata;
    struct link *l = *socket_context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (l)
            *l = (struct link){0};
        c->freed = true;
        return;
    }
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX && info; i++)
        if (!c->link[i].open) {
            open_link(&c->link[i], info->connect_fd);
            *socket_context = &c->link[i];
            return;
        }
}

/* ---- */

static int start(struct control *c, sd_event *event, int fd)
{
    c->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, c, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_URI_LOG_CALLBACK, on_request_line, c, MHD_OPTION_NOTIFY_COMPLETED, on_completed, c,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, c, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONTROL_CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)(CONTROL_IDLE_MAX / USEC_PER_SEC), MHD_OPTION_LISTEN_BACKLOG_SIZE, BACKLOG, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_END);
    const union MHD_DaemonInfo *info = c->daemon ? MHD_get_daemon_info(c->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!info)
        return -EIO;
    int r = sd_event_add_io(event, &c->io, info->epoll_fd, EPOLLIN, on_io, c);
    if (r >= 0)
        r = sd_event_add_time_relative(event, &c->timer, CLOCK_BOOTTIME, 0, USEC_PER_SEC / 10, on_time, c);
    if (r >= 0)
        r = sd_event_source_set_description(c->io, "control");
    return r;
}

int control_new(sd_event *event, int fd, const struct control_options *o, struct control **ret,
                struct failure *ret_failure)
{
    CLEANUP(control_free) struct control *c = calloc(1, sizeof *c);
    if (!c) {
        (void)close(fd);
        return failure_oom(ret_failure);
    }
    c->options = *o;
    int r = start(c, event, fd);
    if (r < 0) {
        if (!c->daemon) /* which would own it */
            (void)close(fd);
        return failure_set(ret_failure, FAILURE_LOCAL, -r, "cannot serve the socket: %s", strerror(-r));
    }
    *ret = TAKE(c);
    return 0;
}

/* libmicrohttpd does not stop while a connection is suspended. */
void control_free(struct control *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++)
        if (c->link[i].exchange && c->link[i].exchange->suspended)
            MHD_resume_connection(c->link[i].exchange->connection);
    sd_event_source_disable_unref(c->io);
    sd_event_source_disable_unref(c->timer);
    if (c->daemon)
        MHD_stop_daemon(c->daemon);
    free(c);
}
