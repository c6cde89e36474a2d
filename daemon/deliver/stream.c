/* SPDX-License-Identifier: MIT */
/* deliver/stream.c: sends messages over a connection that is kept (TCP, TLS), or as UDP datagrams.
 *
 * These protocols have no answers. A message counts as delivered when the machine of the server has
 * acknowledged all of its bytes: what dies with a connection before is sent again, under the same
 * id. The server may not have read what its machine had acknowledged, so what is younger than a few
 * seconds when the server closes is sent once more. UDP promises nothing. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "deliver/receiver.h"
#include "http/http.h"
#include "http/stream.h"
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME_MAX (64 * 1024)
#define TIMEOUT (15 * USEC_PER_SEC)
#define ACK_FIRST 500                /* until the first look whether all bytes are acknowledged, */
#define ACK_MAX (USEC_PER_SEC / 10) /* ... doubled up to this */
#define RECENT (5 * USEC_PER_SEC) /* a server that runs has read what is older */
#define RECENT_MAX (256 * 1024)
#define AGAIN_AFTER (30 * USEC_PER_SEC) /* a resend that failed */

struct receiver_handle {
    const struct receiver_options *options;
    struct http *http;
    struct stream_target target;
    struct http_stream *connection;
    bool connected;
    int udp;
    sd_event_source *timer, *io;
    struct text frame; /* of the attempt under way */
    size_t sent;
    struct text recent; /* acknowledged frames that the server may not have read */
    usec_t recent_mono; /* when the last of them was acknowledged */
    bool owed;          /* they have to be sent again */
    bool again;         /* the frame under way begins with them */
    bool closed;        /* by the server, while an attempt is under way */
    usec_t deadline_mono, ack_wait;
    handle_done *done; /* NULL: no attempt is under way */
    void *userdata;
};

static const char *name_of(const struct receiver_handle *h, char *buf, size_t size)
{
    static const char *const SCHEMES[] = {
        [STREAM_TLS] = "tls", [STREAM_TCP] = "tcp", [STREAM_UDP] = "udp"};
    bool six = strchr(h->target.host, ':');
    (void)snprintf(buf, size, "%s://%s%s%s:%u", SCHEMES[h->target.kind], six ? "[" : "",
                   h->target.host, six ? "]" : "", h->target.port);
    return buf;
}
#define NAME_BYTES 300

/* ---- the end of an attempt ---- */

static void disconnect(struct receiver_handle *h)
{
    h->io = sd_event_source_disable_unref(h->io);
    http_stream_free(TAKE(h->connection));
    h->connected = h->closed = false;
}

static void timer_arm(struct receiver_handle *h, usec_t delay)
{
    (void)sd_event_source_set_time_relative(h->timer, delay); /* fails on a bad argument only */
    (void)sd_event_source_set_enabled(h->timer, SD_EVENT_ONESHOT);
}

/* The server has closed the connection. */
static void closed_by_server(struct receiver_handle *h)
{
    disconnect(h);
    h->owed |= h->recent.len > 0 && clock_now().mono - h->recent_mono < RECENT;
}

static void idle_ended(struct receiver_handle *h)
{
    closed_by_server(h);
    if (h->owed)
        timer_arm(h, 0);
}

/* What was sent again is not kept: a server that closes after each message gets it twice at most. */
static void keep_recent(struct receiver_handle *h)
{
    usec_t now_mono = clock_now().mono;
    size_t old = h->again ? h->recent.len : 0;
    if (h->again || now_mono - h->recent_mono >= RECENT ||
        h->recent.len + h->frame.len > RECENT_MAX)
        text_free(&h->recent);
    text_add_bytes(&h->recent, h->frame.data + old, h->frame.len - old);
    if (h->recent.error)
        text_free(&h->recent);
    h->recent_mono = now_mono;
}

static void end_with(struct receiver_handle *h, const struct answer *a)
{
    handle_done *done = TAKE(h->done);
    (void)sd_event_source_set_enabled(h->timer, SD_EVENT_OFF);
    if (a->class == ANSWER_OK)
        keep_recent(h);
    else
        h->owed |= h->again;
    h->again = false;
    text_free(&h->frame);
    if (a->class != ANSWER_OK)
        disconnect(h);
    else if (h->closed)
        closed_by_server(h);
    if (h->owed)
        timer_arm(h, a->class == ANSWER_OK ? 0 : AGAIN_AFTER);
    if (done)
        done(h->userdata, a);
}

static void end(struct receiver_handle *h, enum answer_class class, const char *what)
{
    struct answer a = {0};
    char name[NAME_BYTES];
    answer_set(&a, class, "%s: %s", name_of(h, name, sizeof name), what);
    end_with(h, &a);
}

/* A failure of http/ names the server itself. */
static void not_connected(struct receiver_handle *h, const struct failure *why)
{
    struct answer a = {0};
    answer_set(&a, ANSWER_RETRY, "%s", why->text);
    end_with(h, &a);
}

/* ---- one attempt ---- */

static void await_acknowledgement(struct receiver_handle *h)
{
    usec_t now_mono = clock_now().mono;
    /* First the queue: a server may read everything, and close. */
    if (http_stream_unacknowledged(h->connection) == 0 && http_stream_fd(h->connection) >= 0) {
        end(h, ANSWER_OK, "acknowledged by the machine of the server");
    } else if (http_stream_check(h->connection) < 0) {
        end(h, ANSWER_RETRY, "the connection ended before all bytes were acknowledged");
    } else if (now_mono >= h->deadline_mono) {
        end(h, ANSWER_RETRY, "time-out: the server does not read");
    } else {
        timer_arm(h, h->ack_wait);
        h->ack_wait = 2 * h->ack_wait < ACK_MAX ? 2 * h->ack_wait : ACK_MAX;
    }
}

static int on_io(sd_event_source *s, int fd, uint32_t revents, void *userdata);

/* Watches for the end of the connection, and for room in the socket. */
static bool watch(struct receiver_handle *h, bool room)
{
    uint32_t events = EPOLLRDHUP | (room ? EPOLLOUT : 0);
    int fd = http_stream_fd(h->connection);
    if (h->io)
        return sd_event_source_set_io_events(h->io, events) >= 0;
    return fd >= 0 && sd_event_add_io(http_event(h->http), &h->io, fd, events, on_io, h) >= 0;
}

static bool await_writable(struct receiver_handle *h)
{
    usec_t now_mono = clock_now().mono;
    timer_arm(h, h->deadline_mono > now_mono ? h->deadline_mono - now_mono : 0);
    return watch(h, true);
}

static void push(struct receiver_handle *h)
{
    while (h->sent < h->frame.len) {
        long n = http_stream_send(h->connection, h->frame.data + h->sent, h->frame.len - h->sent);
        if (n == -EAGAIN) {
            if (!await_writable(h))
                end(h, ANSWER_RETRY, "the connection cannot be watched");
            return;
        }
        if (n < 0) {
            end(h, ANSWER_RETRY, "the connection is broken");
            return;
        }
        h->sent += (size_t)n;
    }
    await_acknowledgement(h);
}

static int on_io(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
    struct receiver_handle *h = userdata;
    (void)fd;
    if (revents & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        (void)sd_event_source_set_enabled(s, SD_EVENT_OFF);
        h->closed = true;
    } else {
        (void)watch(h, false);
    }
    if (h->frame.len == 0 && h->closed)
        idle_ended(h);
    else if (h->sent == 0 && h->closed)
        timer_arm(h, 0); /* nothing was sent: begins on another connection */
    else if (h->sent < h->frame.len)
        push(h);
    return 0;
}

static void on_connected(void *userdata, const struct failure *why)
{
    struct receiver_handle *h = userdata;
    h->connected = !why;
    if (why && h->frame.len == 0)
        idle_ended(h);
    else if (why)
        not_connected(h, why);
    else if (!watch(h, false))
        end(h, ANSWER_RETRY, "the connection cannot be watched");
    else
        push(h);
}

static void connect_and_push(struct receiver_handle *h)
{
    struct failure why = {0};
    char host[sizeof h->target.host + 2];
    bool six = strchr(h->target.host, ':');
    (void)snprintf(host, sizeof host, "%s%s%s", six ? "[" : "", h->target.host, six ? "]" : "");
    const struct http_stream_call call = {
        .host = host,
        .port = h->target.port,
        .tls = h->target.kind == STREAM_TLS,
        .ca_file = h->target.ca_file,
        .certificate_file = h->target.certificate_file,
        .private_key_file = h->target.private_key_file,
        .timeout = TIMEOUT,
    };
    if (http_stream_open(h->http, &call, on_connected, h, &h->connection, &why) < 0)
        not_connected(h, &why);
}

/* The frames that the server may not have read go before the one of the attempt, if there is one. */
static void send_again(struct receiver_handle *h)
{
    struct text whole = TEXT_INIT(RECENT_MAX + FRAME_MAX);
    text_add_bytes(&whole, h->recent.data, h->recent.len);
    text_add_bytes(&whole, h->frame.data, h->frame.len);
    if (whole.error) {
        text_free(&whole); /* at the next attempt */
        return;
    }
    if (h->frame.len == 0) {
        h->sent = 0;
        h->ack_wait = ACK_FIRST;
        h->deadline_mono = clock_now().mono + TIMEOUT;
    }
    text_free(&h->frame);
    h->frame = whole;
    h->owed = false;
    h->again = true;
}

/* The beginning of an attempt, a deadline, or another look at the queue of the socket. */
static int on_timer(sd_event_source *s, uint64_t due, void *userdata)
{
    struct receiver_handle *h = userdata;
    bool begins = h->sent == 0 || h->frame.len == 0;
    (void)s, (void)due;
    if (begins && h->connected && http_stream_check(h->connection) < 0)
        closed_by_server(h);
    if (begins && h->owed && (!h->connection || h->connected))
        send_again(h);
    if (h->frame.len == 0 || (h->connection && !h->connected))
        return 0;
    if (h->sent == 0 && !h->connection)
        connect_and_push(h);
    else if (h->sent < h->frame.len && clock_now().mono >= h->deadline_mono)
        end(h, ANSWER_RETRY, "time-out: the server does not read");
    else
        push(h);
    return 0;
}

/* ---- UDP ---- */

static int udp_connect(struct receiver_handle *h)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)h->target.port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)h->target.port)};
    bool is_four = inet_pton(AF_INET, h->target.host, &four.sin_addr) == 1;
    if (!is_four && inet_pton(AF_INET6, h->target.host, &six.sin6_addr) != 1)
        return -EINVAL;
    CLEANUP(close)
    int fd = socket(is_four ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, is_four ? (struct sockaddr *)&four : (struct sockaddr *)&six,
                          is_four ? sizeof four : sizeof six) < 0)
        return -errno;
    h->udp = TAKE_FD(fd);
    return 0;
}

/* A refusal that an earlier datagram met is reported by the next one. */
static int udp_send(struct receiver_handle *h, const struct payload *p, struct answer *ret)
{
    char name[NAME_BYTES];
    int r = h->udp >= 0 ? 0 : udp_connect(h);
    if (r >= 0 && send(h->udp, p->body, p->len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        r = -errno;
    (void)name_of(h, name, sizeof name);
    if (r >= 0)
        answer_set(ret, ANSWER_OK, "%s: sent; UDP does not say whether it arrived", name);
    else
        answer_set(ret, r == -EMSGSIZE ? ANSWER_PERMANENT : ANSWER_RETRY, "%s: %s", name,
                   strerror(-r));
    return 1;
}

/* ---- the transport ---- */

static int stream_check(const struct receiver_options *o, struct failure *ret_failure)
{
    struct stream_target target;
    return o->class->stream.target(o, &target, ret_failure);
}

static void stream_close(struct receiver_handle *h)
{
    if (!h)
        return;
    disconnect(h);
    (void)sd_event_source_disable_unref(h->timer);
    text_free(&h->frame);
    text_free(&h->recent);
    close_at(&h->udp);
    alloc_release(h);
}
DEFINE_CLEANUP(struct receiver_handle *, stream_close)

static int stream_open(const struct receiver_options *o, struct http *http,
                       struct receiver_handle **ret, struct failure *ret_failure)
{
    CLEANUP(stream_close) struct receiver_handle *h = alloc_zero(1, sizeof *h);
    if (!h)
        return failure_oom(ret_failure);
    h->options = o;
    h->http = http;
    h->udp = -1;
    h->frame = TEXT_INIT(FRAME_MAX);
    h->recent = TEXT_INIT(RECENT_MAX);
    int r = o->class->stream.target(o, &h->target, ret_failure);
    if (r < 0)
        return r;
    if (sd_event_add_time(http_event(http), &h->timer, CLOCK_BOOTTIME, 0, 100, on_timer, h) < 0 ||
        sd_event_source_set_enabled(h->timer, SD_EVENT_OFF) < 0)
        return failure_oom(ret_failure);
    *ret = TAKE(h);
    return 0;
}

static int stream_send(struct receiver_handle *h, const struct payload *p, struct answer *ret,
                       handle_done *done, void *userdata)
{
    assert(!h->done);
    if (h->target.kind == STREAM_UDP)
        return udp_send(h, p, ret);
    bool resending = h->frame.len > 0;
    h->options->class->stream.frame(p, &h->frame);
    if (h->frame.error) {
        if (resending)
            disconnect(h);
        h->owed |= h->again;
        h->again = false;
        text_free(&h->frame);
        answer_set(ret, ANSWER_RETRY, "out of memory");
        return 1;
    }
    h->sent = resending ? h->sent : 0;
    h->ack_wait = ACK_FIRST;
    h->deadline_mono = clock_now().mono + TIMEOUT;
    h->done = done;
    h->userdata = userdata;
    timer_arm(h, 0); /* `done` must not be called from here */
    return 0;
}

const struct transport stream = {
    .check = stream_check,
    .open = stream_open,
    .close = stream_close,
    .send = stream_send,
};
