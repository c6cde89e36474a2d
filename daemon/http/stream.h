/* SPDX-License-Identifier: MIT */
/* http/stream.h: a byte stream over TCP or TLS to a configured server, through libcurl, which resolves
 * names without blocking and verifies certificates. No proxy is used. Nothing blocks. */
#pragma once
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/failure.h"
#include <stdbool.h>
#include <stddef.h>

struct http;
struct http_stream_call {
    const char *host; /* a name or an address; IPv6 in brackets */
    unsigned port;
    bool tls;            /* TLS 1.2 or newer; certificate and name are verified */
    const char *ca_file; /* instead of the default CAs; NULL or "" */
    const char *certificate_file, *private_key_file; /* of our own, in PEM; NULL or "": none */
    usec_t timeout; /* until the connection is made */
};
/* `why` is NULL: connected. Called once from the event loop when the connection is made or has failed,
 * and again, with a failure, if libcurl gives a made one up; never from inside the functions below. */
typedef void http_stream_done(void *userdata, const struct failure *why);
struct http_stream; /* freeing it closes the connection, with close_notify over TLS */
int http_stream_open(struct http *h, const struct http_stream_call *call, http_stream_done *done,
                     void *userdata, struct http_stream **ret, struct failure *ret_failure);
void http_stream_free(struct http_stream *s);
DEFINE_CLEANUP(struct http_stream *, http_stream_free)

/* These need a connection that was made. Sends as much as the socket takes, at least one byte: >= 0.
 * -EAGAIN: wait until the socket is writable, then send the same bytes again. Others: it is broken. */
long http_stream_send(struct http_stream *s, const void *bytes, size_t len);
/* What has arrived: > 0 bytes. -EAGAIN: nothing yet. -EPIPE: it is broken, or the server has closed it. */
long http_stream_recv(struct http_stream *s, void *bytes, size_t size);
/* 0: open. -EPIPE: the server has closed it. What the server sends is dropped. */
int http_stream_check(struct http_stream *s);
int http_stream_fd(const struct http_stream *s); /* for sd_event_add_io; -1: broken */
/* Bytes that the server's machine has not acknowledged; 0: none. */
size_t http_stream_unacknowledged(const struct http_stream *s);
