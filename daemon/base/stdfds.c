/* SPDX-License-Identifier: MIT */
/* base/stdfds.c: opens closed standard descriptors, and writes to stderr without blocking.
 *
 * stderr may be a pipe that nobody reads or a stopped terminal. O_NONBLOCK on the inherited descriptor
 * would affect every process that shares it, so a pipe or terminal is opened again through /proc: the
 * new open file description has its own flags. */
#include "base/stdfds.h"

#include "base/cleanup.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int own_stderr = -1; /* non-blocking; -1: use descriptor 2 */

int stdfds_ensure_open(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        /* open returns `fd`: all below it are open. */
        if (open("/dev/null", O_RDWR | O_NOCTTY) < 0)
            return -errno;
    }
    return 0;
}

void stdfds_stderr_open(void)
{
    struct stat st;
    stdfds_stderr_close();
    /* A regular file never blocks, and a second description would have its own offset. */
    if (fstat(STDERR_FILENO, &st) < 0 || !(S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
        return;
    /* Fails if the pipe or terminal belongs to another user: then poll() is the fallback. */
    own_stderr = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void stdfds_stderr_close(void)
{
    if (own_stderr >= 0)
        (void)close(TAKE_FD(own_stderr));
}

/* A pipe with POLLOUT has room for PIPE_BUF bytes, unless another writer fills it first. */
static bool is_ready(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    return poll(&p, 1, 0) == 1 && !(p.revents & (POLLERR | POLLNVAL)) && (p.revents & POLLOUT);
}

bool stdfds_write(const char *bytes, size_t len)
{
    assert(len <= STDFDS_WRITE_MAX);
    ssize_t n = send(STDERR_FILENO, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == ENOTSOCK) {
        int fd = own_stderr >= 0 ? own_stderr : STDERR_FILENO;
        if (!is_ready(fd))
            return false;
        do
            n = write(fd, bytes, len);
        while (n < 0 && errno == EINTR);
    }
    return n == (ssize_t)len;
}
