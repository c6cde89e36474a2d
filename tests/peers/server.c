/* SPDX-License-Identifier: MIT */
/* peers/server.c: requests in, answers out, a line in the ledger for each before it leaves. */
#include "peers/server.h"
#include "base/clock.h"
#include "peers/outgo.h"
#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define N_LISTENERS 2

struct listener {
    struct server *server;
    const char *name;
    struct MHD_Daemon *daemon;
};

struct server {
    struct ledger *ledger;
    const struct server_place *place;
    answer_fn *answer;
    void *userdata;
    struct listener listeners[N_LISTENERS];
    size_t n_listeners;
    atomic_uint_least64_t requests, connections, in_flight;
    struct pause pause;
};

const char *request_header(const struct request *r, const char *name)
{
    return MHD_lookup_connection_value(r->transport, MHD_HEADER_KIND, name);
}

struct each {
    void (*fn)(void *userdata, const char *name, const char *value);
    void *userdata;
};

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    const struct each *each = cls;
    (void)kind;
    each->fn(each->userdata, name, value ? value : "");
    return MHD_YES;
}

void request_each_header(const struct request *r,
                         void (*each)(void *userdata, const char *name, const char *value),
                         void *userdata)
{
    struct each e = {each, userdata};
    (void)MHD_get_connection_values(r->transport, MHD_HEADER_KIND, on_header, &e);
}

static void request_free(struct request *r)
{
    text_free(&r->body);
    free(r->target);
    free(r->path);
    free(r);
}

/* Called with the request line as it was sent, before libmicrohttpd decodes and splits it; what we
 * return becomes the request's own pointer. */
static void *on_request_line(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct listener *l = cls;
    struct server *s = l->server;
    struct request *r = calloc(1, sizeof *r);
    const char *question = strchrnul(uri, '?');
    if (!r)
        abort();
    r->n = atomic_fetch_add(&s->requests, 1) + 1;
    r->in_flight = atomic_fetch_add(&s->in_flight, 1) + 1;
    r->listener = l->name;
    r->target = strdup(uri);
    r->path = strndup(uri, (size_t)(question - uri));
    if (!r->target || !r->path)
        abort();
    r->query = *question ? r->target + (question - uri) + 1 : "";
    r->body = TEXT_INIT(REQUEST_BODY_MAX);
    r->transport = connection;
    struct instant now = clock_now();
    r->at = now.at;
    r->mono = now.mono;
    return r;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct listener *l = cls;
    (void)connection;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        *socket_context = (void *)(uintptr_t)(atomic_fetch_add(&l->server->connections, 1) + 1);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
                         enum MHD_RequestTerminationCode code)
{
    (void)cls;
    (void)connection;
    (void)code;
    if (*con_cls)
        request_free(*con_cls);
    *con_cls = NULL;
}

/* Who asks, and for whom, as far as the connection tells. */
static void put_ends(struct json_writer *line, const struct request *r)
{
    const union MHD_ConnectionInfo *info;
    char text[256] = "";
    size_t size = sizeof text;
    unsigned type;
    info = MHD_get_connection_info(r->transport, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info)
        (void)getnameinfo(info->client_addr, sizeof(struct sockaddr_in6), text, sizeof text, NULL, 0,
                          NI_NUMERICHOST);
    json_put_string(line, "peer", text);
    json_put_string(line, "host", request_header(r, "Host"));
    info = MHD_get_connection_info(r->transport, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (info && gnutls_server_name_get(info->tls_session, text, &size, &type, 0) >= 0)
        json_put_string(line, "sni", text);
}

static void put_header_name(void *userdata, const char *name, const char *value)
{
    (void)value;
    json_put_string(userdata, NULL, name);
}

static void line_open(struct answer *answer, const struct request *r)
{
    struct json_writer *line = ledger_line("request");
    json_put_int(line, "n", (int64_t)r->n);
    json_put_string(line, "listener", r->listener);
    json_put_int(line, "connection", (int64_t)r->connection);
    json_put_string(line, "method", r->method);
    json_put_string(line, "path", r->path);
    json_put_string(line, "raw_query", r->query);
    json_put_string(line, "client_request_id", request_header(r, "client-request-id"));
    json_put_string(line, "user_agent", request_header(r, "User-Agent"));
    put_ends(line, r);
    json_open_array(line, "headers");
    request_each_header(r, put_header_name, line);
    json_close_array(line);
    json_put_int(line, "in_flight", (int64_t)r->in_flight);
    json_put_int(line, "started_us", (int64_t)r->at);
    answer->line = line;
}

static void line_close(struct server *s, const struct answer *answer, size_t n_body)
{
    bool silent = answer->close || answer->reset;
    json_put_int(answer->line, "status", silent ? 0 : answer->status);
    json_put_string(answer->line, "fault", answer->fault);
    json_put_int(answer->line, "bytes", (int64_t)n_body);
    json_put_int(answer->line, "bytes_sent", silent ? 0 : (int64_t)answer->body.len);
    json_put_string(answer->line, "encoding", answer_get_header(answer, "Content-Encoding"));
    json_put_int(answer->line, "ended_us", (int64_t)clock_now().at);
    ledger_append(s->ledger, answer->line);
}

/* The whole request is here. Its line is in the ledger, and it no longer counts as being in flight,
 * before the first byte leaves: a client that has its answer finds both so. */
static enum MHD_Result respond(struct server *s, struct request *r,
                               struct MHD_Connection *connection)
{
    CLEANUP(answer_free) struct answer answer;
    answer_init(&answer);
    line_open(&answer, r);
    if (r->body.error)
        answer.status = 413;
    else
        s->answer(s->userdata, r, &answer);
    size_t n_body = answer.body.len;
    const char *accepts = request_header(r, "Accept-Encoding");
    if (answer.compress && n_body > 0 && accepts && strstr(accepts, "gzip"))
        outgo_compress(&answer);
    (void)pause_for(&s->pause, answer.delay);
    line_close(s, &answer, n_body);
    (void)atomic_fetch_sub(&s->in_flight, 1);
    return outgo_send(&answer, connection, &s->pause);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **con_cls)
{
    struct listener *l = cls;
    struct request *r = *con_cls;
    (void)url;
    (void)version;
    if (!r->method) { /* the first call brings the headers only */
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
        r->method = method;
        r->connection = info ? (uint64_t)(uintptr_t)info->socket_context : 0;
        return MHD_YES;
    }
    if (*upload_size > 0) {
        text_add_bytes(&r->body, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    return respond(l->server, r, connection);
}

int server_new(struct ledger *ledger, const struct server_place *place, answer_fn *answer,
               void *userdata, struct server **ret)
{
    struct server *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    s->ledger = ledger;
    s->place = place;
    s->answer = answer;
    s->userdata = userdata;
    pause_init(&s->pause);
    *ret = s;
    return 0;
}

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool parse_address(const char *text, unsigned port, union address *ret)
{
    *ret = (union address){.v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)}};
    if (inet_pton(AF_INET6, text, &ret->v6.sin6_addr) == 1)
        return true;
    *ret = (union address){.v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)}};
    return inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1;
}

bool server_place_has(const struct server_place *p, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = p->names; at && len > 0; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncasecmp(at, name, len) == 0 && (at[len] == ',' || !at[len]))
            return true;
    }
    return false;
}

void server_place_url(const struct server_place *p, const char *scheme, uint16_t port,
                      char ret[static SERVER_URL_MAX])
{
    bool v6 = strchr(p->address, ':');
    int n = p->names ? snprintf(ret, SERVER_URL_MAX, "%s://%.*s", scheme,
                                (int)strcspn(p->names, ","), p->names)
                     : snprintf(ret, SERVER_URL_MAX, "%s://%s%s%s:%u", scheme, v6 ? "[" : "",
                                p->address, v6 ? "]" : "", port);
    if (n < 0 || n >= SERVER_URL_MAX)
        abort();
}

int server_listen(struct server *s, const char *certificate, const char *key, uint16_t *ret_port,
                  struct failure *ret_failure)
{
    union address address;
    unsigned usual_port = certificate ? 443 : 80;
    if (!parse_address(s->place->address, s->place->names ? usual_port : 0, &address))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "%s is no address",
                           s->place->address);
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
                     MHD_USE_POLL | (certificate ? MHD_USE_TLS : 0) |
                     (address.any.sa_family == AF_INET6 ? MHD_USE_IPv6 : 0);
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)certificate},
                                   {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key},
                                   {MHD_OPTION_END, 0, NULL}};
    if (s->n_listeners == N_LISTENERS)
        return failure_set(ret_failure, FAILURE_LOCAL, ENOSPC, "too many listeners");
    struct listener *l = &s->listeners[s->n_listeners];
    *l = (struct listener){.server = s, .name = certificate ? "https" : "http"};
    l->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, l, MHD_OPTION_SOCK_ADDR, &address.any,
        MHD_OPTION_URI_LOG_CALLBACK, on_request_line, l, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        l, MHD_OPTION_NOTIFY_CONNECTION, on_connection, l, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)256 << 10, MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024U, MHD_OPTION_ARRAY,
        certificate ? tls : &tls[N_ELEMENTS(tls) - 1], MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        l->daemon ? MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    if (!info)
        return failure_set(ret_failure, FAILURE_LOCAL, errno ? errno : EIO,
                           "no %s listener on %s: %m", l->name,
                           s->place->address);
    s->n_listeners++;
    *ret_port = info->port;
    return 0;
}

void server_free(struct server *s)
{
    if (!s)
        return;
    pause_end(&s->pause);
    for (size_t i = 0; i < s->n_listeners; i++)
        MHD_stop_daemon(s->listeners[i].daemon);
    free(s);
}
