/* SPDX-License-Identifier: MIT */
/* base/journal.c: sends entries in journald's native protocol without blocking. */
#include "base/journal.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/write_all.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

/* ---- entries ---- */

static bool name_ok(const char *name) __attribute__((unused)); /* with NDEBUG */
static bool name_ok(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= 64 && name[0] >= 'A' && name[0] <= 'Z' &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == len;
}

/* A value with a newline needs the binary form: NAME, newline, 64 bits of little-endian length. */
void journal_add(struct text *entry, const char *name, const char *value, size_t len)
{
    assert(name_ok(name));
    text_add(entry, name);
    if (len && memchr(value, '\n', len)) {
        char size[8];
        for (size_t i = 0; i < sizeof size; i++)
            size[i] = (char)(unsigned char)((uint64_t)len >> 8 * i);
        text_add_bytes(entry, "\n", 1);
        text_add_bytes(entry, size, sizeof size);
    } else {
        text_add_bytes(entry, "=", 1);
    }
    text_add_bytes(entry, value, len);
    text_add_bytes(entry, "\n", 1);
}

void journal_addf(struct text *entry, const char *name, const char *fmt, ...)
{
    CLEANUP(text_free) struct text value = TEXT_INIT(entry->max);
    va_list ap;
    va_start(ap, fmt);
    text_vaddf(&value, fmt, ap);
    va_end(ap);
    if (!value.error)
        journal_add(entry, name, value.data ? value.data : "", value.len);
    else if (!entry->error) {
        text_free(entry);
        entry->error = value.error;
    }
}

/* ---- the socket ---- */

struct journal {
    struct sockaddr_un address;
    socklen_t address_len;
    int fd; /* -1: not connected */
};

int journal_new(const char *socket_path, struct journal **ret)
{
    size_t len = strlen(socket_path);
    struct journal *j = alloc_zero(1, sizeof *j);
    if (!j)
        return -ENOMEM;
    assert(len < sizeof j->address.sun_path);
    j->fd = -1;
    j->address.sun_family = AF_UNIX;
    memcpy(j->address.sun_path, socket_path, len + 1);
    j->address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
    *ret = j;
    return 0;
}

static void disconnect(struct journal *j)
{
    if (j->fd >= 0)
        (void)close(TAKE_FD(j->fd));
}

void journal_free(struct journal *j)
{
    if (!j)
        return;
    disconnect(j);
    alloc_release(j);
}

static int ensure_connected(struct journal *j)
{
    if (j->fd >= 0)
        return 0;
    CLEANUP(close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&j->address, j->address_len) < 0)
        return -errno;
    j->fd = TAKE_FD(fd);
    return 0;
}

static int send_message(int fd, const struct msghdr *message)
{
    ssize_t n;
    do
        n = sendmsg(fd, message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

static int send_bytes(int fd, const struct text *entry)
{
    struct iovec part = {entry->data, entry->len};
    return send_message(fd, &(struct msghdr){.msg_iov = &part, .msg_iovlen = 1});
}

/* journald accepts a descriptor instead of bytes if the file is sealed. */
int journal_send_file(int fd, const struct text *entry)
{
    CLEANUP(close) int file = memfd_create("seatwatchd-journal", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0)
        return -errno;
    int r = write_all(file, entry->data, entry->len);
    if (r < 0)
        return r;
    if (fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
        return -errno;
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {.msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(rights), &file, sizeof file);
    return send_message(fd, &message);
}

static int send_once(struct journal *j, const struct text *entry)
{
    int r = ensure_connected(j);
    if (r < 0)
        return r;
    r = send_bytes(j->fd, entry);
    if (r == -EMSGSIZE || r == -ENOBUFS)
        r = journal_send_file(j->fd, entry);
    /* Any error except a full queue may mean that the socket was replaced: reconnect. */
    if (r < 0 && r != -EAGAIN)
        disconnect(j);
    return r;
}

int journal_send(struct journal *j, const struct text *entry)
{
    if (entry->error)
        return entry->error;
    assert(entry->len > 0);
    bool fresh = j->fd < 0;
    int r = send_once(j, entry);
    if (r < 0 && r != -EAGAIN && !fresh)
        r = send_once(j, entry);
    return r;
}
