/* SPDX-License-Identifier: MIT */
/* tests/unit/http/smtp.h: an SMTP server that says what a test gives it. It is in the event loop of the
 * client: if the client waited for it anywhere, neither would go on. */
#pragma once
#include "base/alloc.h"
#include "base/text.h"
#include "http/http.h"
#include "http/mail.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define SMTP_LINES 64
#define SMTP_SILENCE NULL /* no reply */
#define SMTP_CLOSE ""     /* the connection ends without one */

struct smtp {
    sd_event *event;
    struct http *http;
    int fd, connection;
    unsigned port;
    sd_event_source *accepting, *reading;
    const char *const *reply; /* the greeting, then one for each line, but in the message for its end only */
    size_t n_replies, next;
    bool in_message, hung_up;
    char *line[SMTP_LINES];
    size_t n_lines;
    char *bytes; /* from malloc(): tests let our own allocator fail */
    size_t len;
};

static inline void smtp_close(struct smtp *s)
{
    s->reading = sd_event_source_disable_unref(s->reading);
    if (s->connection < 0)
        return;
    (void)close(TAKE_FD(s->connection));
    s->hung_up = true;
}

static inline void smtp_reply(struct smtp *s)
{
    const char *text = s->next < s->n_replies ? s->reply[s->next++] : SMTP_SILENCE;
    if (text && !*text)
        smtp_close(s);
    else if (text)
        (void)send(s->connection, text, strlen(text), MSG_NOSIGNAL);
    if (text && strncmp(text, "354", 3) == 0)
        s->in_message = true;
}

static inline void smtp_line(struct smtp *s, const char *line)
{
    assert_true(s->n_lines < SMTP_LINES);
    assert_non_null(s->line[s->n_lines++] = strdup(line));
    if (s->in_message && strcmp(line, ".") != 0)
        return;
    s->in_message = false;
    smtp_reply(s);
}

static inline int on_smtp_bytes(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    struct smtp *s = userdata;
    char buf[65536];
    (void)source, (void)revents;
    ssize_t n = recv(fd, buf, sizeof buf, MSG_DONTWAIT);
    if (n <= 0) {
        smtp_close(s);
        return 0;
    }
    assert_non_null(s->bytes = realloc(s->bytes, s->len + (size_t)n + 1));
    memcpy(s->bytes + s->len, buf, (size_t)n);
    s->len += (size_t)n;
    s->bytes[s->len] = '\0';
    char *at = s->bytes, *end;
    for (; s->connection >= 0 && (end = strstr(at, "\r\n")); at = end + 2) {
        *end = '\0';
        smtp_line(s, at);
    }
    s->len = strlen(at);
    memmove(s->bytes, at, s->len);
    return 0;
}

static inline int on_smtp_connection(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    struct smtp *s = userdata;
    (void)source, (void)revents;
    smtp_close(s); /* an earlier one, whose end was not seen yet */
    s->connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    assert_true(s->connection >= 0);
    assert_true(sd_event_add_io(s->event, &s->reading, s->connection, EPOLLIN, on_smtp_bytes, s) >= 0);
    smtp_reply(s);
    return 0;
}

static inline void smtp_new(struct smtp *s, const char *const *reply, size_t n_replies)
{
    static const struct http_options HTTP = {0};
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    *s = (struct smtp){
        .connection = -1, .reply = reply, .n_replies = n_replies};
    assert_true(sd_event_new(&s->event) >= 0);
    assert_int_equal(http_new(s->event, &HTTP, &s->http, NULL), 0);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(s->fd, 4), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &len), 0);
    s->port = ntohs(a.sin_port);
    assert_true(sd_event_add_io(s->event, &s->accepting, s->fd, EPOLLIN, on_smtp_connection, s) >= 0);
}

static inline void smtp_free(struct smtp *s)
{
    http_free(s->http);
    smtp_close(s);
    (void)sd_event_source_disable_unref(s->accepting);
    (void)close(s->fd);
    (void)sd_event_unref(s->event);
    for (size_t i = 0; i < s->n_lines; i++)
        free(s->line[i]);
    free(s->bytes);
}

static inline void smtp_turn(struct smtp *s)
{
    assert_true(sd_event_run(s->event, UINT64_MAX) >= 0); /* alarm() ends a loop without events */
}
