/* SPDX-License-Identifier: MIT */
/* http/stream.c: byte streams, by libcurl's CURLOPT_CONNECT_ONLY.
 *
 * libcurl makes the connection inside the multi handle; then the handle stays there, idle, and bytes
 * go through curl_easy_send() and curl_easy_recv(), which never block. */
#include "http/stream.h"

#include "http/internal.h"
#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <sys/ioctl.h>

int http_stream_open(struct http *h, const struct http_stream_call *call, http_stream_done *done,
                     void *userdata, struct http_stream **ret, struct failure *ret_failure)
{
    struct origin to = {.port = call->port};
    CLEANUP(http_stream_free) struct http_stream *s = calloc(1, sizeof *s);
    if (!s)
        return failure_oom(ret_failure);
    (void)snprintf(to.scheme, sizeof to.scheme, "%s", call->tls ? "https" : "http");
    (void)snprintf(to.host, sizeof to.host, "%s", call->host);
    (void)snprintf(to.text, sizeof to.text, "%s://%s:%u", call->tls ? "tls" : "tcp", to.host, to.port);
    int r = request_new(h, &to, call->ca_file, false, &s->request, ret_failure);
    if (r < 0)
        return r;
    s->request->stream_done = done;
    s->request->userdata = userdata;
    r = setup_stream(s->request, call, ret_failure);
    if (r >= 0)
        r = request_launch(s->request, ret_failure);
    if (r < 0) {
        request_abandon(s->request);
        return r;
    }
    *ret = TAKE(s);
    return 0;
}

void http_stream_free(struct http_stream *s)
{
    if (!s)
        return;
    http_request_free(s->request);
    free(s);
}

static CURL *easy_of(const struct http_stream *s)
{
    return s->request->slot ? s->request->slot->easy : NULL;
}

long http_stream_send(struct http_stream *s, const void *bytes, size_t len)
{
    CURL *easy = easy_of(s);
    size_t sent = 0;
    CURLcode code = easy ? curl_easy_send(easy, bytes, len, &sent) : CURLE_SEND_ERROR;
    return code == CURLE_OK ? (long)sent : code == CURLE_AGAIN ? -EAGAIN : -EPIPE;
}

long http_stream_recv(struct http_stream *s, void *bytes, size_t size)
{
    CURL *easy = easy_of(s);
    size_t n = 0;
    CURLcode code = easy ? curl_easy_recv(easy, bytes, size, &n) : CURLE_RECV_ERROR;
    return code == CURLE_OK && n > 0 ? (long)n : code == CURLE_AGAIN ? -EAGAIN : -EPIPE;
}

int http_stream_check(struct http_stream *s)
{
    char dropped[1024];
    long n;
    do
        n = http_stream_recv(s, dropped, sizeof dropped);
    while (n > 0);
    return n == -EAGAIN ? 0 : -EPIPE;
}

int http_stream_fd(const struct http_stream *s)
{
    CURL *easy = easy_of(s);
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (easy)
        (void)curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd);
    return fd;
}

size_t http_stream_unacknowledged(const struct http_stream *s)
{
    int fd = http_stream_fd(s), bytes = 0;
    return fd >= 0 && ioctl(fd, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}
