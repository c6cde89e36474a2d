/* SPDX-License-Identifier: MIT */
/* unit/http/peer.h: a server of a few lines that misbehaves byte by byte, and a loop that fetches.
 *
 * The server answers every request with the same bytes and remembers what it was sent. It knows no
 * HTTP beyond where a request ends, so that it can answer things that no HTTP library would. */
#pragma once
#include "base/alloc.h"
#include "base/cleanup.h"
#include "http/http.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum peer_end {
    PEER_KEEP,  /* wait for the next request */
    PEER_CLOSE, /* orderly */
    PEER_RESET, /* with a RST */
    PEER_HOLD,  /* say nothing until the other side gives up */
};
struct peer_script {
    int first_ms;      /* silence before the answer; it is the behaviour under test */
    const char *bytes; /* the answer */
    size_t len;        /* 0: strlen */
    const char *again; /* then this without end, until the other side has had enough */
    int pause_ms;      /* between two of these; it is the behaviour under test */
    enum peer_end end;
};
struct peer {
    int fd, stop[2];
    unsigned port;
    char url[64]; /* "http://127.0.0.1:PORT" */
    pthread_t thread;
    struct peer_script script;
    atomic_int connections, requests;
    char seen[64 * 1024]; /* all requests, one behind the other; read after peer_stop */
    size_t seen_len;
};

/* -1: the other side has gone. 0: told to stop. */
static int peer_wait(struct peer *p, int fd, int ms)
{
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = p->stop[0], .events = POLLIN}};
    int n = poll(fds, 2, ms);
    if (n > 0 && fds[1].revents)
        return 0;
    return n == 0 ? 2 : fds[0].revents ? 1 : -1;
}

static bool peer_read_request(struct peer *p, int fd)
{
    char buf[8192];
    size_t len = 0;
    for (;;) {
        if (peer_wait(p, fd, -1) != 1)
            return false;
        ssize_t n = read(fd, buf + len, sizeof buf - 1 - len);
        if (n <= 0)
            return false;
        len += (size_t)n;
        buf[len] = '\0';
        const char *end = strstr(buf, "\r\n\r\n");
        const char *length = strcasestr(buf, "content-length:");
        size_t body = length && length < end ? strtoul(length + 15, NULL, 10) : 0;
        if (end && len >= (size_t)(end + 4 - buf) + body)
            break;
    }
    if (p->seen_len + len < sizeof p->seen) {
        memcpy(p->seen + p->seen_len, buf, len);
        p->seen_len += len;
    }
    atomic_fetch_add(&p->requests, 1);
    return true;
}

static bool peer_send(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static void peer_serve(struct peer *p, int fd)
{
    const struct peer_script *s = &p->script;
    while (peer_read_request(p, fd)) {
        if (s->first_ms && peer_wait(p, fd, s->first_ms) != 2)
            return;
        if (s->bytes && !peer_send(fd, s->bytes, s->len ? s->len : strlen(s->bytes)))
            return;
        while (s->again) {
            if (s->pause_ms && peer_wait(p, fd, s->pause_ms) != 2)
                return;
            if (!peer_send(fd, s->again, strlen(s->again)))
                return;
        }
        if (s->end == PEER_HOLD)
            (void)peer_wait(p, fd, -1);
        if (s->end == PEER_RESET)
            (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0},
                             sizeof(struct linger));
        if (s->end != PEER_KEEP)
            return;
    }
}

static void *peer_main(void *arg)
{
    struct peer *p = arg;
    while (peer_wait(p, p->fd, -1) == 1) {
        CLEANUP(close) int fd = accept4(p->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            break;
        atomic_fetch_add(&p->connections, 1);
        peer_serve(p, fd);
    }
    return NULL;
}

static inline void peer_start(struct peer *p, struct peer_script script)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof a;
    *p = (struct peer){.script = script};
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int r = bind(p->fd, (struct sockaddr *)&a, size);
    r |= listen(p->fd, 16);
    r |= getsockname(p->fd, (struct sockaddr *)&a, &size);
    r |= pipe(p->stop);
    p->port = ntohs(a.sin_port);
    (void)snprintf(p->url, sizeof p->url, "http://127.0.0.1:%u", p->port);
    r |= pthread_create(&p->thread, NULL, peer_main, p);
    assert(r == 0);
    (void)r;
}

static inline void peer_stop(struct peer *p)
{
    (void)!write(p->stop[1], "x", 1);
    (void)pthread_join(p->thread, NULL);
    (void)close(p->stop[0]);
    (void)close(p->stop[1]);
    (void)close(p->fd);
    p->seen[p->seen_len] = '\0';
}

/* ---- the near end ---- */

struct got {
    int n; /* how often `done` came */
    int status;
    char body[4096], quoted[256]; /* quoted: without the secrets that were sent */
    size_t body_len, wire_bytes;
    char content_type[80], request_id[80], www_authenticate[256], redirect[ORIGIN_MAX];
    usec_t retry_after, date_at;
    bool retry_after_clamped;
    struct failure failure;
    sd_event *event;
};

static inline void on_got(void *userdata, const struct http_answer *a)
{
    struct got *g = userdata;
    g->n++;
    g->status = a->status;
    g->body_len = a->body_len;
    g->wire_bytes = a->wire_bytes;
    assert(a->body[a->body_len] == '\0');
    (void)snprintf(g->body, sizeof g->body, "%s", a->body);
    redact_clean(g->quoted, sizeof g->quoted, a->body, a->body_len, a->sent);
    (void)snprintf(g->content_type, sizeof g->content_type, "%s", a->content_type);
    (void)snprintf(g->request_id, sizeof g->request_id, "%s", a->request_id);
    (void)snprintf(g->www_authenticate, sizeof g->www_authenticate, "%s", a->www_authenticate);
    (void)snprintf(g->redirect, sizeof g->redirect, "%s", a->redirect);
    g->retry_after = a->retry_after;
    g->retry_after_clamped = a->retry_after_clamped;
    g->date_at = a->date_at;
    g->failure = a->failure;
    (void)sd_event_exit(g->event, 0);
}

static inline void loop_until_got(struct got *g)
{
    while (g->n == 0) /* sd_event_exit ends a loop for good, so every fetch has a loop of its own */
        if (sd_event_run(g->event, 20 * USEC_PER_SEC) <= 0)
            break;
}

/* One request with a room of its own, to its end. */
static inline struct got fetch_with(const struct http_options *o, struct http_call call)
{
    struct got g = {0};
    struct http *http = NULL;
    struct http_request *request = NULL;
    if (!call.method)
        call.method = "GET";
    if (!call.max_body)
        call.max_body = 100000;
    if (!call.timeout)
        call.timeout = 10 * USEC_PER_SEC;
    int r = sd_event_new(&g.event);
    assert(r >= 0);
    r = http_new(g.event, o, &http, &g.failure);
    if (r >= 0)
        r = http_start(http, &call, on_got, &g, &request, &g.failure);
    if (r >= 0)
        loop_until_got(&g);
    http_request_free(request);
    http_free(http);
    sd_event_unref(g.event);
    g.event = NULL;
    return g;
}

static inline struct got fetch(struct http_call call)
{
    return fetch_with(&(struct http_options){.user_agent = "seatwatchd/test"}, call);
}

/* Calls one after the other in one room: a request begins when the one before has been answered. */
struct row {
    struct got got;
    struct http *http;
    const struct http_call *calls;
    struct http_request *request;
    size_t n, at, n_allocations;
    int status[8];
};

static inline void row_next(struct row *r);

static inline void on_row(void *userdata, const struct http_answer *a)
{
    struct row *r = userdata;
    r->status[r->at++] = a->status;
    http_request_free(TAKE(r->request));
    if (r->at < r->n)
        row_next(r);
    else
        on_got(&r->got, a);
}

static inline void row_next(struct row *r)
{
    while (http_start(r->http, &r->calls[r->at], on_row, r, &r->request, &r->got.failure) < 0) {
        r->status[r->at++] = -1;
        if (r->at < r->n)
            continue;
        r->got.n++; /* the last one never began */
        return;
    }
}

/* The allocation number `fail_at` that they make fails; 0: none. */
static inline struct row fetch_row(const struct http_options *o, const struct http_call *calls,
                                   size_t n, size_t fail_at)
{
    struct row r = {.calls = calls, .n = n};
    assert(n <= N_ELEMENTS(r.status));
    int got = sd_event_new(&r.got.event);
    assert(got >= 0);
    got = http_new(r.got.event, o, &r.http, NULL);
    assert(got >= 0);
    (void)alloc_fail_at(fail_at, false);
    row_next(&r);
    loop_until_got(&r.got);
    r.n_allocations = alloc_fail_at(0, false);
    http_free(r.http);
    sd_event_unref(r.got.event);
    return r;
}
