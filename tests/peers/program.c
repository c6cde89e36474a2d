/* SPDX-License-Identifier: MIT */
/* peers/program.c: start and end of a peer. */
#include "peers/program.h"
#include "base/cleanup.h"
#include "base/text.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

static sigset_t awaited(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGHUP);
    return set;
}

void program_signals(void)
{
    sigset_t set = awaited();
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

int program_dir(const char *dir, char **ret, struct failure *ret_failure)
{
    const char *tmp = getenv("TMPDIR");
    CLEANUP(free)
    char *path = dir ? strdup(dir) : text_printf("%s/peer.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!path)
        return failure_oom(ret_failure);
    if (dir ? mkdir(path, 0700) < 0 && errno != EEXIST : !mkdtemp(path))
        return failure_set(ret_failure, FAILURE_LOCAL, errno, "%s: %m", path);
    char *absolute = realpath(path, NULL);
    if (!absolute)
        return failure_set(ret_failure, FAILURE_LOCAL, errno, "%s: %m", path);
    *ret = absolute;
    return 0;
}

char *program_path(const char *dir, const char *name)
{
    char *path = text_printf("%s/%s", dir, name);
    if (!path)
        abort();
    return path;
}

int program_write(const char *path, const char *content, struct failure *ret_failure)
{
    mode_t before = umask(0077);
    CLEANUP(fclose) FILE *file = fopen(path, "we");
    (void)umask(before);
    if (!file || fputs(content, file) < 0 || fflush(file) != 0)
        return failure_set(ret_failure, FAILURE_LOCAL, errno, "%s: %m", path);
    return 0;
}

void program_ready(struct json_writer *ready)
{
    CLEANUP(free) char *line = NULL;
    size_t len;
    if (json_write_take(ready, &line, &len) < 0)
        abort();
    json_writer_free(ready);
    (void)printf("%s\n", line);
    (void)fflush(stdout);
}

/* Whether standard input has ended; what arrives on it is thrown away. */
static bool input_ended(void)
{
    char buf[4096];
    ssize_t n = read(STDIN_FILENO, buf, sizeof buf);
    return n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
}

void program_run(bool until_eof, void (*on_signal)(void *userdata, int signal), void *userdata)
{
    sigset_t set = awaited();
    CLEANUP(close) int fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (fd < 0)
        abort();
    for (;;) {
        struct pollfd fds[2] = {{.fd = fd, .events = POLLIN},
                                {.fd = until_eof ? STDIN_FILENO : -1, .events = POLLIN}};
        if (poll(fds, 2, -1) < 0)
            continue;
        if (fds[1].revents && input_ended())
            return;
        struct signalfd_siginfo info;
        if (!fds[0].revents || read(fd, &info, sizeof info) != (ssize_t)sizeof info)
            continue;
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            return;
        on_signal(userdata, (int)info.ssi_signo);
    }
}

int program_fail(const char *program, const struct failure *failure)
{
    (void)fprintf(stderr, "%s: %s\n", program, failure->text);
    return 1;
}
