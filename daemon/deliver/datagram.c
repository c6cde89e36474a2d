/* SPDX-License-Identifier: MIT */
/* deliver/datagram.c: sends messages to local datagram sockets (syslog, journald) without blocking.
 */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "deliver/receiver.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define FRAME_MAX (16 * 1024) /* the longest line, and what is put before it */

struct receiver_handle {
    const struct receiver_options *options;
    int fd;   /* -1: not connected */
    bool met; /* the socket has existed: from now on its absence is an outage */
};

int socket_path_check(const char *text, struct failure *ret_failure)
{
    if (!*text || (*text == '/' && strlen(text) < sizeof((struct sockaddr_un *)NULL)->sun_path))
        return 0;
    return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "%s",
                       "not the path of a socket; write an absolute path of at most 107 bytes");
}

static void datagram_close(struct receiver_handle *h)
{
    if (!h)
        return;
    close_at(&h->fd);
    alloc_release(h);
}

static int datagram_open(const struct receiver_options *o, struct http *http,
                         struct receiver_handle **ret, struct failure *ret_failure)
{
    (void)http;
    struct receiver_handle *h = alloc_zero(1, sizeof *h);
    if (!h)
        return failure_oom(ret_failure);
    h->options = o;
    h->fd = -1;
    *ret = h;
    return 0;
}

static int ensure_connected(struct receiver_handle *h)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (h->fd >= 0)
        return 0;
    const char *path = h->options->class->datagram.path(h->options);
    size_t len = strlen(path);
    if (len >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, len + 1);
    CLEANUP(close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        return -errno;
    h->fd = TAKE_FD(fd);
    return 0;
}

static int send_bytes(int fd, const struct text *bytes)
{
    ssize_t n;
    do
        n = send(fd, bytes->data, bytes->len, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

static int send_once(struct receiver_handle *h, const struct text *bytes)
{
    int (*oversize)(int, const struct text *) = h->options->class->datagram.oversize;
    int r = ensure_connected(h);
    if (r < 0)
        return r;
    r = send_bytes(h->fd, bytes);
    if (oversize && (r == -EMSGSIZE || r == -ENOBUFS))
        r = oversize(h->fd, bytes);
    /* A restarted daemon has a new socket behind the same path. */
    if (r < 0 && r != -EAGAIN && r != -ENOBUFS)
        (void)close(TAKE_FD(h->fd));
    return r;
}

/* The bytes of this attempt are borrowed from the payload, or framed into `t`. */
static int frame(const struct receiver_handle *h, const struct payload *p, struct text *t,
                 struct text *ret)
{
    const struct receiver_class *class = h->options->class;
    *ret = (struct text){.data = (char *)p->body, .len = p->len, .max = p->len};
    if (!class->datagram.frame)
        return 0;
    int r = class->datagram.frame(h->options, p, t);
    *ret = *t;
    return r < 0 ? r : t->error;
}

static int datagram_send(struct receiver_handle *h, const struct payload *p, struct answer *ret,
                         handle_done *done, void *userdata)
{
    CLEANUP(text_free) struct text framed = TEXT_INIT(FRAME_MAX);
    struct text bytes;
    (void)done;
    (void)userdata;
    int r = frame(h, p, &framed, &bytes);
    if (r == -EBADMSG) {
        answer_set(ret, ANSWER_PERMANENT, "the stored message has an unknown format");
        return 1;
    }
    bool fresh = h->fd < 0;
    if (r >= 0)
        r = send_once(h, &bytes);
    if (r < 0 && !fresh && h->fd < 0)
        r = send_once(h, &bytes);
    h->met = h->met || r >= 0 || r == -EAGAIN || r == -ECONNREFUSED;
    h->options->class->datagram.classify(h->options, p, r, h->met, ret);
    return 1;
}

const struct transport datagram = {
    .open = datagram_open,
    .close = datagram_close,
    .send = datagram_send,
};
