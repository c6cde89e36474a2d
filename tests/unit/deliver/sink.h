/* SPDX-License-Identifier: MIT */
/* tests/unit/deliver/sink.h: a temporary directory, and a local datagram socket in it that is read
 * when the test wants to, or never. */
#pragma once
#include "some.h"

#include <ftw.h>
#include <sys/socket.h>
#include <sys/un.h>

struct sink {
    char dir[64], path[96];
    int fd; /* -1: nobody listens */
};

static inline void sink_listen(struct sink *s)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    assert_true(strlen(s->path) < sizeof a.sun_path);
    memcpy(a.sun_path, s->path, strlen(s->path) + 1);
    s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof a), 0);
}

static inline void sink_stop(struct sink *s)
{
    assert_int_equal(close(s->fd), 0);
    s->fd = -1;
}

/* Ends with SIGALRM instead of hanging the suite should a sender ever block. */
static inline struct sink sink_new(bool listening)
{
    struct sink s = {.dir = "/tmp/seatwatch-sink-XXXXXX", .fd = -1};
    assert_non_null(mkdtemp(s.dir));
    (void)snprintf(s.path, sizeof s.path, "%s/socket", s.dir);
    (void)alarm(30);
    if (listening)
        sink_listen(&s);
    return s;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *f)
{
    (void)st, (void)flag, (void)f;
    return remove(path);
}

static inline void remove_tree(const char *dir)
{
    assert_int_equal(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static inline void sink_free(struct sink *s)
{
    if (s->fd >= 0)
        sink_stop(s);
    remove_tree(s->dir);
    (void)alarm(0);
}

/* The next datagram; empty if there is none. */
static inline size_t sink_take(struct sink *s, char *buf, size_t size)
{
    ssize_t n = recv(s->fd, buf, size - 1, 0);
    size_t len = n > 0 ? (size_t)n : 0;
    buf[len] = '\0';
    return len;
}
