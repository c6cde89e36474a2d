/* SPDX-License-Identifier: MIT */
/* bench/meter.c: what a program costs from its fork to its end.
 *
 * A small program of its own because the kernel counts the memory of whoever forks into the peak of
 * the child: measured from Python, every client would seem to need Python's 15 MB. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what)
{
    fprintf(stderr, "meter: %s: %s\n", what, strerror(errno));
    exit(70);
}

static double seconds_since(const struct timespec *from)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - from->tv_sec) + (double)(now.tv_nsec - from->tv_nsec) / 1e9;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* One core for the program, so that it does not wander; the servers have the others. */
static void pin(const char *cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)strtoul(cpu, NULL, 10), &set);
    if (sched_setaffinity(0, sizeof set, &set) < 0)
        fail("sched_setaffinity");
}

int main(int argc, char **argv)
{
    struct timespec began;
    struct rusage used;
    int status;
    if (argc < 4) {
        (void)fputs("usage: meter RESULT CPU PROGRAM [ARGUMENT ...]\n", stderr);
        return 64;
    }
    pin(argv[2]);
    (void)clock_gettime(CLOCK_MONOTONIC, &began);
    pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0) {
        execv(argv[3], argv + 3);
        fprintf(stderr, "meter: %s: %s\n", argv[3], strerror(errno));
        _exit(127);
    }
    if (wait4(child, &status, 0, &used) < 0)
        fail("wait4");
    double wall = seconds_since(&began);
    FILE *out = fopen(argv[1], "we");
    if (!out)
        fail(argv[1]);
    fprintf(out,
            "{\"user\": %.6f, \"system\": %.6f, \"wall\": %.6f, \"peak_kib\": %ld, \"code\": %d}\n",
            seconds(used.ru_utime), seconds(used.ru_stime), wall, used.ru_maxrss,
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return fclose(out) == 0 ? 0 : 70;
}
