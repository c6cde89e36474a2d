/* SPDX-License-Identifier: MIT */
/* probe: tries what a service may and may not do, and prints for each attempt "ok", the name of the
 * error, or the signal that ended it. test_sandbox.py runs it in the place of seatwatchd, in the
 * sandbox of the unit, and once more outside, where everything must succeed.
 *
 * Each attempt is made by a child of its own, so that none spoils the next. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCRATCH_SIZE 4096

/* A result of the usual kind, -1 and errno, as an exit status. */
static int outcome(long r)
{
    return r < 0 ? errno : 0;
}

/* ---- what must be refused ---- */

static int try_open(const char *path, int flags)
{
    return outcome(open(path, flags | O_CLOEXEC, 0600));
}

static int write_etc(void)
{
    return try_open("/etc/seatwatch-probe", O_WRONLY | O_CREAT);
}
static int write_usr(void)
{
    return try_open("/usr/seatwatch-probe", O_WRONLY | O_CREAT);
}
static int write_var(void)
{
    return try_open("/var/lib/seatwatch-probe", O_WRONLY | O_CREAT);
}
static int make_cgroup(void)
{
    static const char AT[] = "/sys/fs/cgroup/seatwatch-probe";
    int r = outcome(mkdir(AT, 0700));
    return r != 0 ? r : outcome(rmdir(AT));
}
static int read_home(void)
{
    return try_open("/home", O_RDONLY | O_DIRECTORY);
}
static int read_root_home(void)
{
    return try_open("/root", O_RDONLY | O_DIRECTORY);
}
static int read_secrets_at_rest(void)
{
    return try_open("/etc/seatwatchd/secrets", O_RDONLY | O_DIRECTORY);
}
static int read_other_process(void)
{
    return try_open("/proc/1/environ", O_RDONLY);
}
static int read_kernel_settings(void)
{
    return try_open("/proc/sys/kernel/osrelease", O_RDONLY);
}
/* The test makes this device, which is /dev/null under another name. */
static int open_foreign_device(void)
{
    return try_open("/dev/seatwatch-probe", O_RDWR);
}
static int make_device(void)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/device", getenv("STATE_DIRECTORY"));
    return outcome(mknod(path, S_IFCHR | 0600, 0x103));
}
static int make_suid_file(void)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/suid", getenv("STATE_DIRECTORY"));
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return fd < 0 ? errno : outcome(fchmod(fd, 04755));
}

static int socket_packet(void)
{
    return outcome(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
}
static int socket_netlink(void)
{
    return outcome(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
}
static int socket_raw(void)
{
    return outcome(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
}
static int bind_low_port(void)
{
    const struct sockaddr_in low = {.sin_family = AF_INET, .sin_port = htons(80)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? errno : outcome(bind(fd, (const struct sockaddr *)&low, sizeof low));
}

static int trace(void)
{
    return outcome(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}
static int read_memory_of_process(void)
{
    char from = 1, to = 0;
    struct iovec local = {.iov_base = &to, .iov_len = 1}, remote = {.iov_base = &from, .iov_len = 1};
    return outcome(process_vm_readv(getpid(), &local, 1, &remote, 1, 0));
}
static int signal_init(void)
{
    return outcome(kill(1, 0));
}
static int run_program(void)
{
    (void)execl("/usr/bin/true", "true", (char *)NULL);
    return errno;
}
static int map_writable_code(void)
{
    void *at = mmap(NULL, SCRATCH_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? errno : 0;
}
static int make_code_of_data(void)
{
    void *at = mmap(NULL, SCRATCH_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? errno : outcome(mprotect(at, SCRATCH_SIZE, PROT_READ | PROT_EXEC));
}

static int become_other_user(void)
{
    return outcome(setuid(12345));
}
static int new_user_namespace(void)
{
    return outcome(unshare(CLONE_NEWUSER));
}
static int new_mount_namespace(void)
{
    return outcome(unshare(CLONE_NEWNS));
}
static int mount_something(void)
{
    int r = outcome(mount("probe", "/mnt", "tmpfs", 0, NULL));
    return r != 0 ? r : outcome(umount2("/mnt", MNT_DETACH));
}
static int change_root(void)
{
    return outcome(chroot("/"));
}
static int name_the_host(void)
{
    char name[HOST_NAME_MAX + 1];
    int r = outcome(gethostname(name, sizeof name));
    return r != 0 ? r : outcome(sethostname(name, strlen(name)));
}
static int be_realtime(void)
{
    const struct sched_param first = {.sched_priority = 1};
    return outcome(sched_setscheduler(0, SCHED_FIFO, &first));
}
static int change_personality(void)
{
    return outcome(personality(ADDR_NO_RANDOMIZE));
}

/* ---- what must work ---- */

static int listen_and_connect(int family, const struct sockaddr *any, socklen_t len)
{
    struct sockaddr_storage bound;
    socklen_t bound_len = sizeof bound;
    int server = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server < 0 || client < 0 || bind(server, any, len) < 0 || listen(server, 1) < 0 ||
        getsockname(server, (struct sockaddr *)&bound, &bound_len) < 0)
        return errno;
    return outcome(connect(client, (const struct sockaddr *)&bound, bound_len));
}
static int tcp4(void)
{
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    return listen_and_connect(AF_INET, (const struct sockaddr *)&any, sizeof any);
}
static int tcp6(void)
{
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    return listen_and_connect(AF_INET6, (const struct sockaddr *)&any, sizeof any);
}
static int talk_to_journald(void)
{
    const struct sockaddr_un journald = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};
    static const char ENTRY[] = "MESSAGE=a probe\nSYSLOG_IDENTIFIER=probe\n";
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? errno
                  : outcome(sendto(fd, ENTRY, sizeof ENTRY - 1, MSG_NOSIGNAL,
                                   (const struct sockaddr *)&journald, sizeof journald));
}
static int resolve(void)
{
    struct addrinfo *found = NULL;
    const struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_flags = AI_ADDRCONFIG};
    if (getaddrinfo("localhost", "443", &wanted, &found) != 0)
        return EHOSTUNREACH;
    freeaddrinfo(found);
    return 0;
}
static void *idle(void *userdata)
{
    return userdata;
}
static int start_thread(void)
{
    pthread_t thread;
    int r = pthread_create(&thread, NULL, idle, NULL);
    return r != 0 ? r : pthread_join(thread, NULL);
}
static int lock_memory(void)
{
    static char secret[16 * SCRATCH_SIZE];
    return outcome(mlock(secret, sizeof secret));
}

/* As SQLite does it: written, synced, renamed. */
static int keep(const char *directory)
{
    char path[PATH_MAX], final[PATH_MAX];
    if (!directory)
        return ENOENT;
    (void)snprintf(path, sizeof path, "%s/new", directory);
    (void)snprintf(final, sizeof final, "%s/kept", directory);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) < 0)
        return errno;
    return outcome(rename(path, final));
}
static int keep_state(void)
{
    return keep(getenv("STATE_DIRECTORY"));
}
static int keep_temporary(void)
{
    return keep("/tmp");
}
static int read_configuration(void)
{
    return try_open("/etc/seatwatchd/seatwatchd.conf", O_RDONLY);
}
static int read_certificates(void)
{
    return try_open("/etc/ssl/certs", O_RDONLY | O_DIRECTORY);
}
static int read_handed_secrets(void)
{
    const char *where = getenv("CREDENTIALS_DIRECTORY");
    return where ? try_open(where, O_RDONLY | O_DIRECTORY) : ENOENT;
}

#define ATTEMPT(name) {#name, name}
static const struct attempt {
    const char *name;
    int (*make)(void);
} ATTEMPTS[] = {
    ATTEMPT(write_etc), ATTEMPT(write_usr), ATTEMPT(write_var), ATTEMPT(make_cgroup), ATTEMPT(read_home),
    ATTEMPT(read_root_home), ATTEMPT(read_secrets_at_rest), ATTEMPT(read_other_process),
    ATTEMPT(read_kernel_settings), ATTEMPT(open_foreign_device), ATTEMPT(make_device),
    ATTEMPT(make_suid_file), ATTEMPT(socket_packet), ATTEMPT(socket_netlink), ATTEMPT(socket_raw),
    ATTEMPT(bind_low_port), ATTEMPT(trace), ATTEMPT(read_memory_of_process), ATTEMPT(signal_init),
    ATTEMPT(run_program), ATTEMPT(map_writable_code), ATTEMPT(make_code_of_data),
    ATTEMPT(become_other_user), ATTEMPT(new_user_namespace), ATTEMPT(new_mount_namespace),
    ATTEMPT(mount_something), ATTEMPT(change_root), ATTEMPT(name_the_host), ATTEMPT(be_realtime),
    ATTEMPT(change_personality), ATTEMPT(tcp4), ATTEMPT(tcp6), ATTEMPT(talk_to_journald), ATTEMPT(resolve),
    ATTEMPT(start_thread), ATTEMPT(lock_memory), ATTEMPT(keep_state), ATTEMPT(keep_temporary),
    ATTEMPT(read_configuration), ATTEMPT(read_certificates), ATTEMPT(read_handed_secrets),
};

static const char *name_of(int status)
{
    if (WIFSIGNALED(status))
        return sigabbrev_np(WTERMSIG(status));
    return WEXITSTATUS(status) == 0 ? "ok" : strerrorname_np(WEXITSTATUS(status));
}

int main(void)
{
    for (size_t i = 0; i < sizeof ATTEMPTS / sizeof *ATTEMPTS; i++) {
        int status;
        pid_t pid = fork();
        if (pid == 0)
            _exit(ATTEMPTS[i].make());
        if (pid < 0 || waitpid(pid, &status, 0) != pid) {
            perror("probe");
            return 1;
        }
        (void)printf("%s %s\n", ATTEMPTS[i].name, name_of(status));
    }
    return 0;
}
