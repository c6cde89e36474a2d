/* SPDX-License-Identifier: MIT */
/* status/control_listen.c: makes a listening UNIX socket, where systemd has passed none. */
#include "status/control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define BACKLOG 128
#define MODE 0660

static int stream_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd < 0 ? -errno : fd;
}

/* Without blocking: a full backlog is EAGAIN, and somebody listens. */
static bool is_stale(const struct sockaddr_un *address)
{
    CLEANUP(close) int fd = stream_socket();
    return fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 && errno == ECONNREFUSED;
}

static int remove_stale(const struct sockaddr_un *address, struct failure *why)
{
    const char *path = address->sun_path;
    struct stat st;
    if (lstat(path, &st) < 0)
        return 0; /* bind() says what is wrong */
    if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid())
        return failure_set(why, FAILURE_CONFIG, EADDRINUSE, "%s exists and is no socket of this user", path);
    if (!is_stale(address))
        return failure_set(why, FAILURE_CONFIG, EADDRINUSE, "another program listens on %s", path);
    return unlink(path) < 0 && errno != ENOENT ? failure_set(why, FAILURE_LOCAL, errno, "cannot remove %s: %m", path) : 0;
}

int control_listen(const char *path, int *ret_fd, struct failure *ret_failure)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return failure_set(ret_failure, FAILURE_CONFIG, ENAMETOOLONG, "%s is longer than the %zu bytes of a socket's path",
                           path, sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, strlen(path));
    int r = remove_stale(&address, ret_failure);
    if (r < 0)
        return r;
    CLEANUP(close) int fd = stream_socket();
    if (fd < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, -fd, "cannot make a socket: %s", strerror(-fd));
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, errno, "cannot make the socket %s: %m", path);
    if (chmod(path, MODE) < 0 || listen(fd, BACKLOG) < 0) /* the umask has made it 0700 */
        return failure_set(ret_failure, FAILURE_LOCAL, errno, "cannot listen on %s: %m", path);
    *ret_fd = TAKE_FD(fd);
    return 0;
}
