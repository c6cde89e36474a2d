/* SPDX-License-Identifier: MIT */
/* faults/wallclock.c: a library to preload that moves a program's clocks: the wall clock alone, or as
 * a machine that has slept.
 *
 * WALLCLOCK_FILE names a file with two numbers of eight bytes in the machine's order, in seconds: by
 * how much CLOCK_REALTIME is wrong, and how long the machine has slept, which CLOCK_REALTIME and
 * CLOCK_BOOTTIME count and CLOCK_MONOTONIC does not. (What the file does not have is 0.) It is
 * mapped, so that whoever writes it moves the clocks at once; a sleep is to be played on a program
 * that is stopped, as it would be.
 *
 * The kernel's timers on CLOCK_BOOTTIME know nothing of that sleep. So those of timerfd_settime() are
 * set that much earlier, and set again when the program comes back: epoll_wait() returns at a
 * SIGCONT. (libfaketime moves these timers along with the wall clock and so breaks what is to be
 * tested; a time namespace takes its offset only before its first process.) */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define TIMERS 8 /* an event loop has one on each clock */

struct clocks {
    int64_t wrong, slept;
};

static const volatile struct clocks *clocks(void)
{
    static const volatile struct clocks *shared;
    if (!shared) {
        const char *path = getenv("WALLCLOCK_FILE");
        int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *shared, PROT_READ, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED)
            abort();
        (void)close(fd);
        shared = map;
    }
    return shared;
}

/* ---- reading ---- */

int clock_gettime(clockid_t id, struct timespec *t)
{
    long r = syscall(SYS_clock_gettime, id, t);
    if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        t->tv_sec += clocks()->wrong + clocks()->slept;
    if (r == 0 && id == CLOCK_BOOTTIME)
        t->tv_sec += clocks()->slept;
    return (int)r;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    int r = clock_gettime(CLOCK_REALTIME, &now);
    t->tv_sec = now.tv_sec;
    t->tv_usec = now.tv_nsec / 1000;
    return r;
}

time_t time(time_t *ret)
{
    struct timespec now;
    time_t t = clock_gettime(CLOCK_REALTIME, &now) < 0 ? (time_t)-1 : now.tv_sec;
    if (ret)
        *ret = t;
    return t;
}

/* ---- timers ---- */

static struct timer {
    int fd_plus_1; /* 0: free */
    struct itimerspec want;
} timers[TIMERS];
static int64_t slept_when_set;

static int set(const struct timer *t, struct itimerspec *before)
{
    struct itimerspec real = t->want;
    if (real.it_value.tv_sec || real.it_value.tv_nsec) { /* 0 is off */
        real.it_value.tv_sec -= clocks()->slept;
        if (real.it_value.tv_sec < 0)
            real.it_value = (struct timespec){.tv_nsec = 1};
    }
    return (int)syscall(SYS_timerfd_settime, t->fd_plus_1 - 1, TFD_TIMER_ABSTIME, &real, before);
}

int timerfd_create(clockid_t id, int flags)
{
    int fd = (int)syscall(SYS_timerfd_create, id, flags);
    for (size_t i = 0; fd >= 0 && id == CLOCK_BOOTTIME; i++) {
        if (i == TIMERS)
            abort();
        if (timers[i].fd_plus_1 == 0 || timers[i].fd_plus_1 == fd + 1) {
            timers[i] = (struct timer){.fd_plus_1 = fd + 1};
            break;
        }
    }
    return fd;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *want, struct itimerspec *before)
{
    for (size_t i = 0; flags & TFD_TIMER_ABSTIME && i < TIMERS; i++) {
        if (timers[i].fd_plus_1 != fd + 1)
            continue;
        timers[i].want = *want;
        return set(&timers[i], before);
    }
    return (int)syscall(SYS_timerfd_settime, fd, flags, want, before);
}

static void set_again(void)
{
    int64_t slept = clocks()->slept;
    int before = errno;
    if (slept == slept_when_set)
        return;
    for (size_t i = 0; i < TIMERS && timers[i].fd_plus_1; i++)
        (void)set(&timers[i], NULL);
    slept_when_set = slept;
    errno = before;
}

int epoll_wait(int fd, struct epoll_event *events, int room, int timeout)
{
    set_again();
    int n = (int)syscall(SYS_epoll_pwait, fd, events, room, timeout, NULL, (size_t)8);
    set_again();
    return n;
}
