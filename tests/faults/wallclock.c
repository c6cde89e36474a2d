/* SPDX-License-Identifier: MIT */
/* faults/wallclock.c: a library to preload that moves CLOCK_REALTIME and no other clock.
 *
 * WALLCLOCK_FILE names a file with the offset in seconds, eight bytes in the machine's order; it is
 * mapped, so that whoever writes it moves the clock at once. (libfaketime moves the absolute timers
 * of CLOCK_BOOTTIME along and so breaks what is to be tested.) */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t offset(void)
{
    static const volatile int64_t *shared;
    if (!shared) {
        const char *path = getenv("WALLCLOCK_FILE");
        int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *shared, PROT_READ, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED)
            abort();
        (void)close(fd);
        shared = map;
    }
    return *shared;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    long r = syscall(SYS_clock_gettime, id, t);
    if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        t->tv_sec += offset();
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
