/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/hook.h: a webhook receiver in the same event loop as its sender: it writes
 * down what arrives and answers with the bytes a test gives it. */
#pragma once
#include "http/http.h"
#include "sink.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#define HOOK_REQUESTS 64
#define HOOK_PATH "/services/T0SECRET/path-that-is-a-credential?key=q-u-e-r-y"
#define HOOK_KEY "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define HOOK_KEY_OLD "whsec_//79/Pv6+fj39vX08/Lx8O/u7ezr6uno"
#define HANG NULL /* an answer that does not come */
#define CLOSE ""  /* the connection ends without one */
#define STATUS(line) "HTTP/1.1 " line "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

struct hook_request {
    char *head, *body; /* head: request line and headers */
    usec_t mono;
};
struct hook_connection {
    struct hook *hook;
    int fd;
    sd_event_source *source;
    struct text bytes;
};
struct hook {
    sd_event *event;
    struct http *http;
    struct sink dir;
    int fd;
    sd_event_source *source;
    unsigned port;
    const char *const *answers; /* one per request; after the last the last one again */
    size_t n_answers;
    struct hook_request request[HOOK_REQUESTS];
    size_t n_requests;
    struct hook_connection connection[HOOK_REQUESTS];
    size_t n_connections;
    char url_file[96], key_file[96], address[256];
};

static inline void hook_close(struct hook_connection *c)
{
    (void)sd_event_source_disable_unref(TAKE(c->source));
    if (c->fd >= 0)
        (void)close(TAKE_FD(c->fd));
    text_free(&c->bytes);
}

static inline void hook_record(struct hook *h, const char *bytes, size_t head_len)
{
    assert_true(h->n_requests < HOOK_REQUESTS);
    struct hook_request *r = &h->request[h->n_requests++];
    r->head = strndup(bytes, head_len);
    r->body = some_text(bytes + head_len);
    r->mono = clock_now().mono;
}

static inline void hook_reply(struct hook_connection *c)
{
    struct hook *h = c->hook;
    size_t i = h->n_requests - 1 < h->n_answers ? h->n_requests - 1 : h->n_answers - 1;
    const char *answer = h->answers[i];
    if (!answer)
        return; /* the connection stays open */
    (void)send(c->fd, answer, strlen(answer), MSG_NOSIGNAL | MSG_DONTWAIT); /* a cut is fine too */
    hook_close(c);
}

static inline int on_hook_bytes(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
    struct hook_connection *c = userdata;
    char buf[65536];
    (void)s, (void)revents;
    ssize_t n = recv(fd, buf, sizeof buf, MSG_DONTWAIT);
    if (n <= 0) {
        hook_close(c);
        return 0;
    }
    text_add_bytes(&c->bytes, buf, (size_t)n);
    const char *end = strstr(c->bytes.data, "\r\n\r\n");
    const char *length = strcasestr(c->bytes.data, "\r\ncontent-length: ");
    if (!end || !length)
        return 0;
    size_t head = (size_t)(end + 4 - c->bytes.data);
    if (c->bytes.len < head + strtoul(length + strlen("\r\ncontent-length: "), NULL, 10))
        return 0;
    hook_record(c->hook, c->bytes.data, head);
    hook_reply(c);
    return 0;
}

static inline int on_hook_connection(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
    struct hook *h = userdata;
    (void)s, (void)revents;
    assert_true(h->n_connections < HOOK_REQUESTS);
    struct hook_connection *c = &h->connection[h->n_connections++];
    *c = (struct hook_connection){.hook = h, .bytes = TEXT_INIT(1 << 20)};
    c->fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    assert_true(c->fd >= 0);
    assert_true(sd_event_add_io(h->event, &c->source, c->fd, EPOLLIN, on_hook_bytes, c) >= 0);
    return 0;
}

/* "http://127.0.0.1:PORT/PATH", until the hook is freed; one at a time. */
static inline const char *hook_address(struct hook *h, const char *path)
{
    (void)snprintf(h->address, sizeof h->address, "http://127.0.0.1:%u%s", h->port, path);
    return h->address;
}

static inline void hook_url(struct hook *h, const char *path)
{
    CLEANUP(free) char *url = text_printf("http://127.0.0.1:%u%s\n", h->port, path);
    some_write(h->url_file, url);
}

static inline void hook_new(struct hook *h, const char *const *answers, size_t n_answers)
{
    static const struct http_options HTTP = {.user_agent = "for Graph"};
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    *h = (struct hook){.answers = answers, .n_answers = n_answers, .dir = sink_new(false)};
    assert_true(sd_event_new(&h->event) >= 0);
    assert_int_equal(http_new(h->event, &HTTP, &h->http, NULL), 0);
    h->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(h->fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(h->fd, 16), 0);
    assert_int_equal(getsockname(h->fd, (struct sockaddr *)&a, &len), 0);
    h->port = ntohs(a.sin_port);
    assert_true(sd_event_add_io(h->event, &h->source, h->fd, EPOLLIN, on_hook_connection, h) >= 0);
    (void)snprintf(h->url_file, sizeof h->url_file, "%s/hook.url", h->dir.dir);
    (void)snprintf(h->key_file, sizeof h->key_file, "%s/hook.key", h->dir.dir);
    hook_url(h, HOOK_PATH);
    some_write(h->key_file, HOOK_KEY "\n");
}

static inline void hook_free(struct hook *h)
{
    http_free(h->http);
    for (size_t i = 0; i < h->n_connections; i++)
        hook_close(&h->connection[i]);
    for (size_t i = 0; i < h->n_requests; i++) {
        free(h->request[i].head);
        free(h->request[i].body);
    }
    (void)sd_event_source_disable_unref(h->source);
    (void)close(h->fd);
    (void)sd_event_unref(h->event);
    sink_free(&h->dir);
}

/* The value of a header, for the caller to free; NULL if there is none. */
static inline char *hook_header(const struct hook_request *r, const char *name)
{
    CLEANUP(free) char *lead = text_printf("\r\n%s: ", name);
    const char *at = strcasestr(r->head, lead);
    return at ? strndup(at + strlen(lead), strcspn(at + strlen(lead), "\r")) : NULL;
}

static inline void hook_turn(struct hook *h)
{
    assert_true(sd_event_run(h->event, UINT64_MAX) >= 0); /* alarm() ends a loop without events */
}
