/* SPDX-License-Identifier: MIT */
/* peers/outgo.c: answers on their way out, and what a script does to them there. */
#include "peers/outgo.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include <string.h>
#include <sys/socket.h>
#include <zlib.h>

#define GZIP_LEVEL 4          /* a server that has many to serve does not squeeze */
#define GZIP_WINDOW (15 + 16) /* zlib's way to ask for the gzip wrapper */
#define CRAWL_PIECE 64
#define ENDLESS_PIECE 4096

void pause_init(struct pause *p)
{
    pthread_condattr_t attributes;
    if (pthread_mutex_init(&p->mutex, NULL) != 0 || pthread_condattr_init(&attributes) != 0 ||
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) != 0 ||
        pthread_cond_init(&p->wake, &attributes) != 0)
        abort();
    (void)pthread_condattr_destroy(&attributes);
    p->ended = false;
}

void pause_end(struct pause *p)
{
    (void)pthread_mutex_lock(&p->mutex);
    p->ended = true;
    (void)pthread_cond_broadcast(&p->wake);
    (void)pthread_mutex_unlock(&p->mutex);
}

bool pause_for(struct pause *p, usec_t duration)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    usec_t nsec = (usec_t)until.tv_nsec + duration % USEC_PER_SEC * 1000;
    until.tv_sec += (time_t)(duration / USEC_PER_SEC + nsec / 1000000000);
    until.tv_nsec = (long)(nsec % 1000000000);
    (void)pthread_mutex_lock(&p->mutex);
    int r = 0;
    while (duration > 0 && !p->ended && r == 0)
        r = pthread_cond_timedwait(&p->wake, &p->mutex, &until);
    bool going_on = !p->ended;
    (void)pthread_mutex_unlock(&p->mutex);
    return going_on;
}

void outgo_gzip(const void *bytes, size_t len, size_t times, struct text *ret)
{
    z_stream stream = {0};
    unsigned char out[16384];
    if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    for (size_t i = 0; i < times; i++) {
        stream.next_in = (unsigned char *)(uintptr_t)bytes;
        stream.avail_in = (uInt)len;
        do {
            stream.next_out = out;
            stream.avail_out = sizeof out;
            (void)deflate(&stream, i + 1 == times ? Z_FINISH : Z_NO_FLUSH);
            text_add_bytes(ret, out, sizeof out - stream.avail_out);
        } while (stream.avail_out == 0);
    }
    (void)deflateEnd(&stream);
    if (ret->error)
        abort();
}

void outgo_compress(struct answer *a)
{
    CLEANUP(text_free) struct text packed = TEXT_INIT(ANSWER_BODY_MAX);
    if (a->body.len > UINT32_MAX)
        abort();
    outgo_gzip(a->body.data, a->body.len, 1, &packed);
    text_free(&a->body);
    a->body = packed;
    packed = TEXT_INIT(0);
    answer_header(a, "Content-Encoding", "gzip");
    answer_header(a, "Vary", "Accept-Encoding");
}

/* A body that is produced piece by piece. */
struct stream {
    struct text body;
    struct pause *pause;
    usec_t crawl;
    uint64_t limit; /* bytes before the connection is closed; UINT64_MAX: no such thing */
    bool endless;
};

static void stream_free(void *cls)
{
    struct stream *stream = cls;
    text_free(&stream->body);
    free(stream);
}

static ssize_t stream_read(void *cls, uint64_t position, char *buf, size_t max)
{
    struct stream *stream = cls;
    if (stream->crawl)
        max = max < CRAWL_PIECE ? max : CRAWL_PIECE;
    if (position > 0 && !pause_for(stream->pause, stream->crawl))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (position >= stream->limit)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (max > stream->limit - position)
        max = (size_t)(stream->limit - position);
    if (position < stream->body.len) {
        size_t left = stream->body.len - (size_t)position;
        size_t n = left < max ? left : max;
        memcpy(buf, stream->body.data + position, n);
        return (ssize_t)n;
    }
    if (!stream->endless)
        return MHD_CONTENT_READER_END_OF_STREAM;
    size_t n = max < ENDLESS_PIECE ? max : ENDLESS_PIECE;
    memset(buf, ' ', n);
    return (ssize_t)n;
}

static struct MHD_Response *streamed(struct answer *a, struct pause *p)
{
    struct stream *stream = malloc(sizeof *stream);
    if (!stream)
        abort();
    bool counted = !a->chunked && !a->endless;
    *stream = (struct stream){.body = a->body,
                              .pause = p,
                              .crawl = a->crawl,
                              .limit = a->cut_after < 0 ? UINT64_MAX : (uint64_t)a->cut_after,
                              .endless = a->endless};
    uint64_t size = counted ? a->body.len : MHD_SIZE_UNKNOWN;
    a->body = TEXT_INIT(ANSWER_BODY_MAX);
    return MHD_create_response_from_callback(size, ENDLESS_PIECE, stream_read, stream, stream_free);
}

static struct MHD_Response *plain(struct answer *a)
{
    size_t len = a->body.len;
    char *body = text_take(&a->body);
    if (!body)
        abort();
    return MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
}

/* The connection is closed unanswered. With a lingering time of zero the kernel sends a reset. */
static enum MHD_Result drop(const struct answer *a, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    if (a->reset && info)
        (void)setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    return MHD_NO;
}

enum MHD_Result outgo_send(struct answer *a, struct MHD_Connection *connection, struct pause *p)
{
    if (a->close || a->reset)
        return drop(a, connection);
    bool stream = a->cut_after >= 0 || a->crawl || a->chunked || a->endless;
    struct MHD_Response *response = stream ? streamed(a, p) : plain(a);
    if (!response)
        abort();
    for (size_t i = 0; i < a->n_headers; i++)
        (void)MHD_add_response_header(response, a->headers[i].name, a->headers[i].value);
    enum MHD_Result r = MHD_queue_response(connection, a->status, response);
    MHD_destroy_response(response);
    return r;
}
