/* SPDX-License-Identifier: MIT */
/* runtime/ask.c: --reload sends SIGHUP and exits with the code that the daemon answers.
 *
 * Only the daemon can check: systemd 252 hides the secrets from the first command of ExecReload=. The answer is
 * one byte to an abstract socket named after the sender's process id; the kernel vouches for who sent it. */
#include "runtime/ask.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "runtime/cli.h"
#include "store/store.h"

#define ANSWER_WITHIN (30 * USEC_PER_SEC) /* a reload waits 5 s for deliveries in flight */

static socklen_t address_of(pid_t asker, struct sockaddr_un *ret)
{
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    int len = snprintf(ret->sun_path + 1, sizeof ret->sun_path - 1, "seatwatchd-reload-%d", (int)asker);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
}

/* After a plain kill(1) nobody listens: no failure. */
void reload_answer(pid_t asker, int code)
{
    struct sockaddr_un to;
    socklen_t len = address_of(asker, &to);
    unsigned char byte = (unsigned char)code;
    CLEANUP(close) int fd = asker > 0 ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
    if (fd >= 0)
        (void)sendto(fd, &byte, sizeof byte, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&to, len);
}

static int listen_for_answer(void)
{
    struct sockaddr_un me;
    socklen_t len = address_of(getpid(), &me);
    const int on = 1;
    CLEANUP(close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0 ||
        bind(fd, (struct sockaddr *)&me, len) < 0)
        return -errno;
    return TAKE_FD(fd);
}

/* The exit code, or -EAGAIN: nothing yet, or not from this daemon. */
static int read_answer(int fd, pid_t daemon)
{
    unsigned char byte = 0;
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(struct ucred))];
    } control = {0};
    struct iovec part = {&byte, sizeof byte};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(fd, &m, 0);
    struct cmsghdr *c = n == 1 ? CMSG_FIRSTHDR(&m) : NULL;
    struct ucred sender;
    if (!c || c->cmsg_type != SCM_CREDENTIALS || c->cmsg_len != CMSG_LEN(sizeof sender))
        return -EAGAIN;
    memcpy(&sender, CMSG_DATA(c), sizeof sender);
    return sender.pid == daemon ? byte : -EAGAIN;
}

static int wait_for_answer(int fd, pid_t daemon)
{
    usec_t end = clock_now().mono + ANSWER_WITHIN, now;
    while ((now = clock_now().mono) < end) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        (void)poll(&p, 1, (int)((end - now) / 1000) + 1); /* interrupted or not: the clock decides */
        int code = read_answer(fd, daemon);
        if (code >= 0)
            return code;
    }
    return -ETIMEDOUT;
}

/* SIGHUP ends most programs, so it is sent only to the process that holds the state directory. A pidfd, opened
 * first, keeps its meaning if the process id is reused. */
static int send_hangup(const struct cli *cli, int *ret_code)
{
    struct failure why = {0};
    pid_t holder = 0;
    CLEANUP(close) int process = pidfd_open(cli->reload_pid, 0);
    *ret_code = EXIT_INTERNAL;
    if (process < 0)
        return -errno;
    int r = store_holder(cli->state_dir, &holder, &why);
    if (r < 0 || holder != cli->reload_pid) {
        fprintf(stderr, "seatwatchd: process %d is not the seatwatchd of %s (%s): no signal sent; name its state "
                "directory with --state-dir\n", (int)cli->reload_pid, cli->state_dir,
                r < 0 ? why.text : "another process holds it");
        *ret_code = EXIT_USAGE_ERROR;
        return -EPERM;
    }
    return pidfd_send_signal(process, SIGHUP, NULL, 0) < 0 ? -errno : 0;
}

int reload_ask(const struct cli *cli)
{
    CLEANUP(close) int fd = listen_for_answer();
    int refusal = EXIT_INTERNAL, r = fd < 0 ? fd : send_hangup(cli, &refusal);
    if (r < 0) {
        if (refusal == EXIT_INTERNAL)
            fprintf(stderr, "seatwatchd: cannot ask process %d to reload: %s\n", (int)cli->reload_pid, strerror(-r));
        return refusal;
    }
    int code = wait_for_answer(fd, cli->reload_pid);
    if (code < 0) {
        fprintf(stderr, "seatwatchd: process %d got the request to reload, but does not answer\n", (int)cli->reload_pid);
        return EXIT_INTERNAL;
    }
    if (code != EXIT_OK)
        fputs("seatwatchd: the new configuration is refused, the old one stays active; the log of the daemon has the reason\n", stderr);
    return code;
}
