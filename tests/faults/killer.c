/* SPDX-License-Identifier: MIT */
/* faults/killer.c: runs a program and kills it at its N-th system call stop, or counts them.
 *
 *     killer N PROGRAM ARGUMENT...
 *
 * A system call has two stops: killed at the first it has not happened, at the second it has. The
 * stops of all threads count. Counting begins at the program's entry point (AT_ENTRY), where the
 * loader and the constructors of the libraries, a sanitizer's among them, are done: they have
 * touched nothing yet. Whoever is killed takes the killer along, so that its parent sees the
 * signal; otherwise the exit code is the program's. With N = 0 nobody is killed, and the last line
 * on standard output is the number of stops. Needs no privilege: the program is our child. */
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIONS                                                                              \
    (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | \
     PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL)

static void check(bool good, const char *what)
{
    if (good)
        return;
    (void)fprintf(stderr, "killer: %s: %s\n", what, strerror(errno));
    exit(127);
}

/* PTRACE_CONT or PTRACE_SYSCALL; the thread may have been killed meanwhile. */
static void go_on(enum __ptrace_request how, pid_t tid, int signal)
{
    check(ptrace(how, tid, NULL, (void *)(intptr_t)signal) == 0 || errno == ESRCH, "go on");
}

static uintptr_t entry_point(pid_t pid)
{
    char path[64];
    Elf64_auxv_t pair = {0};
    (void)snprintf(path, sizeof path, "/proc/%d/auxv", (int)pid);
    FILE *in = fopen(path, "re");
    check(in != NULL, path);
    while (fread(&pair, sizeof pair, 1, in) == 1 && pair.a_type != AT_ENTRY)
        ;
    (void)fclose(in);
    check(pair.a_type == AT_ENTRY, "no entry point");
    return pair.a_un.a_val;
}

static void await_trap(pid_t pid, const char *what)
{
    int status;
    check(waitpid(pid, &status, 0) == pid, what);
    if (WIFEXITED(status))
        exit(WEXITSTATUS(status)); /* it has said why */
    check(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP, what);
}

#if defined(__x86_64__)
static const unsigned long TRAP = 0xcc, TRAP_BYTES = 0xff; /* int3, stops behind itself */
static void step_back(pid_t pid, uintptr_t entry)
{
    struct user_regs_struct registers;
    check(ptrace(PTRACE_GETREGS, pid, NULL, &registers) == 0, "read the registers");
    registers.rip = entry;
    check(ptrace(PTRACE_SETREGS, pid, NULL, &registers) == 0, "set the registers");
}
#elif defined(__aarch64__)
static const unsigned long TRAP = 0xd4200000, TRAP_BYTES = 0xffffffff; /* brk #0 */
static void step_back(pid_t pid, uintptr_t entry)
{
    (void)pid, (void)entry; /* it stops where it stands */
}
#else
#error "which instruction stops a program here?"
#endif

/* From the exec to the entry point, by way of a breakpoint. */
static void pass_the_loader(pid_t pid)
{
    uintptr_t entry = entry_point(pid);
    void *where = (void *)entry; /* in the other process */
    errno = 0;
    unsigned long code = (unsigned long)ptrace(PTRACE_PEEKTEXT, pid, where, NULL);
    check(errno == 0, "read the entry point");
    void *stop = (void *)((code & ~TRAP_BYTES) | TRAP);
    check(ptrace(PTRACE_POKETEXT, pid, where, stop) == 0, "set a breakpoint");
    go_on(PTRACE_CONT, pid, 0);
    await_trap(pid, "reach the entry point");
    check(ptrace(PTRACE_POKETEXT, pid, where, (void *)code) == 0, "take the breakpoint away");
    step_back(pid, entry);
}

static pid_t start(char **argv)
{
    int status;
    pid_t pid = fork();
    check(pid >= 0, "fork");
    if (pid == 0) {
        check(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0, "be traced");
        (void)raise(SIGSTOP);
        (void)execv(argv[0], argv);
        check(false, argv[0]);
    }
    check(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status), "start");
    check(ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(intptr_t)OPTIONS) == 0, "trace");
    go_on(PTRACE_CONT, pid, 0);
    await_trap(pid, "exec");
    pass_the_loader(pid);
    return pid;
}

/* To the end of the process; its status. */
static int follow(pid_t pid, unsigned long kill_at, unsigned long *ret_stops)
{
    int status;
    *ret_stops = 0;
    go_on(PTRACE_SYSCALL, pid, 0);
    for (;;) {
        pid_t tid = waitpid(-1, &status, __WALL);
        check(tid > 0, "wait");
        if (!WIFSTOPPED(status)) {
            if (tid == pid)
                return status;
            continue;
        }
        int signal = WSTOPSIG(status);
        if (signal == (SIGTRAP | 0x80) && ++*ret_stops == kill_at)
            check(kill(pid, SIGKILL) == 0, "kill");
        /* No signal of its own: a system call, an event, a new thread's first stop. */
        bool ours = signal == (SIGTRAP | 0x80) || status >> 16 != 0 || signal == SIGSTOP;
        go_on(PTRACE_SYSCALL, tid, ours ? 0 : signal);
    }
}

int main(int argc, char **argv)
{
    char *end = NULL;
    unsigned long stops, kill_at = argc > 2 ? strtoul(argv[1], &end, 10) : 0;
    if (argc < 3 || *end || end == argv[1]) {
        (void)fprintf(stderr, "usage: killer N PROGRAM ARGUMENT...\n");
        return 64;
    }
    int status = follow(start(argv + 2), kill_at, &stops);
    if (WIFSIGNALED(status)) {
        (void)signal(WTERMSIG(status), SIG_DFL);
        (void)raise(WTERMSIG(status));
    }
    if (kill_at == 0)
        (void)printf("%lu\n", stops);
    return WEXITSTATUS(status);
}
