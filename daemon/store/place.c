/* SPDX-License-Identifier: MIT */
/* store/place.c: checks and locks the state directory, and replaces a damaged database in it. */
#include "store/place.h"

#include "base/cleanup.h"
#include "base/date.h"
#include "base/text.h"
#include "store/store.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#define ASIDE STORE_FILE ".damaged-"

/* From linux/magic.h and the sources of the file systems. */
static const struct {
    unsigned long type;
    const char *name;
} NETWORK[] = {
    {0x6969, "NFS"},    {0xff534d42, "CIFS"}, {0xfe534d42, "SMB2"},   {0x517b, "SMB"},
    {0x01021997, "9P"}, {0x5346414f, "AFS"},  {0x6b414653, "AFS"},    {0x73757245, "Coda"},
    {0x564c, "NCP"},    {0x00c36400, "Ceph"}, {0x0bd00bd0, "Lustre"},
};

const char *place_network_name(unsigned long type)
{
    for (size_t i = 0; i < N_ELEMENTS(NETWORK); i++)
        if (NETWORK[i].type == type)
            return NETWORK[i].name;
    return NULL;
}

static int refuse(struct failure *f, int code, const char *path, const char *doing)
{
    return failure_set(f, FAILURE_LOCAL, code, "state directory %s: cannot %s: %s; %s", path, doing,
                       strerror(code),
                       code == ENOENT   ? "create the directory above it"
                       : code == ENOSPC ? "free some space on its file system"
                       : code == EROFS  ? "its file system must be mounted read-write"
                                        : "check its owner, its mode and those of the path to it");
}

static int check_ours(int fd, const char *path, struct failure *f)
{
    struct stat st;
    struct statfs fs;
    if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
        return refuse(f, errno, path, "examine it");
    if (st.st_uid != geteuid())
        return failure_set(f, FAILURE_LOCAL, EPERM,
                           "state directory %s: owned by uid %u, mode %04o, but seatwatchd runs as uid "
                           "%u; run it as the owner, or: chown %u %s",
                           path, st.st_uid, st.st_mode & 07777, geteuid(), geteuid(), path);
    if (st.st_mode & 027)
        return failure_set(f, FAILURE_LOCAL, EPERM,
                           "state directory %s: uid %u, mode %04o: others could read or change it; "
                           "chmod 0700 %s",
                           path, st.st_uid, st.st_mode & 07777, path);
    const char *network = place_network_name((unsigned long)fs.f_type & 0xffffffffUL);
    if (network)
        return failure_set(f, FAILURE_LOCAL, ENOTSUP,
                           "state directory %s: on a network file system (%s), where file locks are "
                           "unreliable; choose a local directory",
                           path, network);
    return 0;
}

int place_open(const char *directory, bool create, char **ret_path, int *ret_fd, struct failure *f)
{
    if (create && mkdir(directory, 0700) < 0 && errno != EEXIST)
        return refuse(f, errno, directory, "create it");
    CLEANUP(free) char *path = realpath(directory, NULL);
    if (!path && errno == ENOENT && !create)
        return -ENOENT;
    if (!path)
        return refuse(f, errno, directory, "resolve it");
    CLEANUP(close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return refuse(f, errno, path, "open it");
    int r = create ? check_ours(fd, path, f) : 0;
    if (r < 0)
        return r;
    *ret_path = TAKE(path);
    *ret_fd = TAKE_FD(fd);
    return 0;
}

/* The directory would be created at the start. */
static int check_parent(const char *directory, struct failure *f)
{
    size_t len = strlen(directory);
    while (len > 1 && directory[len - 1] == '/')
        len--;
    while (len > 0 && directory[len - 1] != '/')
        len--;
    CLEANUP(free) char *parent = len ? strndup(directory, len) : strdup(".");
    if (!parent)
        return failure_oom(f);
    return faccessat(AT_FDCWD, parent, W_OK | X_OK, AT_EACCESS) < 0 ? refuse(f, errno, directory, "create it") : 0;
}

int store_check_directory(const char *directory, struct failure *ret_failure)
{
    CLEANUP(free) char *path = NULL;
    CLEANUP(close) int fd = -1;
    int r = place_open(directory, false, &path, &fd, ret_failure);
    if (r == -ENOENT)
        return check_parent(directory, ret_failure);
    return r < 0 ? r : check_ours(fd, path, ret_failure);
}

static void read_holder(int fd, char *holder, size_t size)
{
    char raw[128];
    ssize_t n = pread(fd, raw, sizeof raw, 0);
    size_t len = n > 0 ? strnlen(raw, (size_t)n) : 0;
    while (len > 0 && raw[len - 1] == '\n')
        len--;
    if (len > 0)
        (void)text_clean(holder, size, raw, len);
    else
        (void)text_clean(holder, size, "an unknown process", 18);
}

int place_lock(int directory_fd, const char *path, struct instant now, char *holder, size_t size,
               int *ret_fd, struct failure *f)
{
    CLEANUP(close)
    int fd = openat(directory_fd, STORE_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return refuse(f, errno, path, "create " STORE_LOCK " in it");
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK)
            return refuse(f, errno, path, "lock " STORE_LOCK " in it");
        read_holder(fd, holder, size);
        return failure_set(f, FAILURE_LOCAL, EBUSY,
                           "state directory %s: in use by %s; stop that process, or use another "
                           "directory with --state-dir",
                           path, holder);
    }
    char host[HOST_NAME_MAX + 1] = "", since[RFC3339_MAX], line[192];
    (void)gethostname(host, sizeof host - 1); /* on failure the name stays empty */
    int len = snprintf(line, sizeof line, "pid %d on %s since %s\n", (int)getpid(), host,
                       rfc3339_print(now.at, since));
    if (ftruncate(fd, 0) < 0 || pwrite(fd, line, (size_t)len, 0) != len)
        return refuse(f, errno ? errno : EIO, path, "write " STORE_LOCK " in it");
    *ret_fd = TAKE_FD(fd);
    return 0;
}

/* ---- the files ---- */

static const char *kind_of_file(mode_t mode)
{
    return S_ISDIR(mode)    ? "a directory"
           : S_ISFIFO(mode) ? "a FIFO"
           : S_ISSOCK(mode) ? "a socket"
           : S_ISLNK(mode)  ? "a symbolic link"
                            : "a device";
}

int place_check_files(int directory_fd, const char *path, struct failure *f)
{
    static const char *const FILES[] = {STORE_LOCK,          STORE_FILE,         STORE_FILE "-wal",
                                        STORE_FILE "-shm",   STORE_FILE "-journal", STORE_BUILT,
                                        STORE_PART,          STORE_PART "-journal", STORE_COPY,
                                        STORE_COPY "-wal",   STORE_COPY "-shm"};
    for (size_t i = 0; i < N_ELEMENTS(FILES); i++) {
        struct stat st;
        if (fstatat(directory_fd, FILES[i], &st, AT_SYMLINK_NOFOLLOW) < 0) {
            if (errno != ENOENT)
                return refuse(f, errno, path, "examine the files in it");
        } else if (!S_ISREG(st.st_mode)) {
            return failure_set(f, FAILURE_LOCAL, EPERM,
                               "state file %s/%s: %s, not a regular file; move it away: mv %s/%s "
                               "/tmp/",
                               path, FILES[i], kind_of_file(st.st_mode), path, FILES[i]);
        }
    }
    return 0;
}

/* ---- replacing a damaged database ---- */

static bool exists(int directory_fd, const char *name)
{
    struct stat st;
    return fstatat(directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

void place_name_aside(int directory_fd, usec_t now_at, char *name, size_t size)
{
    char stamp[RFC3339_MAX];
    unsigned n = 0;
    (void)rfc3339_print(now_at, stamp);
    for (char *c = stamp; *c; c++)
        if (*c == ':')
            *c = '-';
    do { /* never overwrite one of the same second */
        (void)snprintf(name, size, ASIDE "%s.%u", stamp, n++);
    } while (exists(directory_fd, name));
}

static int put_aside(int directory_fd, const char *path, const char *name, struct failure *f)
{
    static const char *const SUFFIXES[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < N_ELEMENTS(SUFFIXES); i++) {
        char from[32], to[104];
        (void)snprintf(from, sizeof from, STORE_FILE "%s", SUFFIXES[i]);
        (void)snprintf(to, sizeof to, "%s%s", name, SUFFIXES[i]);
        if (renameat(directory_fd, from, directory_fd, to) < 0 && errno != ENOENT)
            return refuse(f, errno, path, "move the damaged database away");
    }
    return 0;
}

static int move_in(int directory_fd, const char *path, struct failure *f)
{
    if (renameat(directory_fd, STORE_BUILT, directory_fd, STORE_FILE) < 0 || fsync(directory_fd) < 0)
        return refuse(f, errno, path, "put the new database in place");
    return 0;
}

int place_exchange(int directory_fd, const char *path, const char *name, struct failure *f)
{
    if (renameat(directory_fd, STORE_PART, directory_fd, STORE_BUILT) < 0 || fsync(directory_fd) < 0)
        return refuse(f, errno, path, "put the new database in place");
    int r = put_aside(directory_fd, path, name, f);
    return r < 0 ? r : move_in(directory_fd, path, f);
}

void place_remove_parts(int directory_fd)
{
    static const char *const PARTS[] = {STORE_PART, STORE_PART "-journal", STORE_COPY,
                                        STORE_COPY "-wal", STORE_COPY "-shm", STORE_COPY "-journal"};
    for (size_t i = 0; i < N_ELEMENTS(PARTS); i++)
        (void)unlinkat(directory_fd, PARTS[i], 0); /* usually missing */
}

int place_finish_exchange(int directory_fd, const char *path, usec_t now_at, struct failure *f)
{
    char name[96];
    place_remove_parts(directory_fd);
    if (!exists(directory_fd, STORE_BUILT))
        return 0;
    place_name_aside(directory_fd, now_at, name, sizeof name);
    int r = put_aside(directory_fd, path, name, f);
    return r < 0 ? r : move_in(directory_fd, path, f);
}

static int is_aside(const struct dirent *e)
{
    size_t len = strlen(e->d_name);
    return strncmp(e->d_name, ASIDE, strlen(ASIDE)) == 0 &&
           !(len > 4 && (strcmp(e->d_name + len - 4, "-wal") == 0 || strcmp(e->d_name + len - 4, "-shm") == 0));
}

void place_limit_aside(int directory_fd)
{
    static const char *const SUFFIXES[] = {"", "-wal", "-shm"};
    struct dirent **list = NULL;
    int n = scandirat(directory_fd, ".", &list, is_aside, alphasort); /* sorted by time */
    for (int i = 0; i < n; i++) {
        for (size_t k = 0; i < n - PLACE_ASIDE_KEPT && k < N_ELEMENTS(SUFFIXES); k++) {
            char name[300];
            (void)snprintf(name, sizeof name, "%s%s", list[i]->d_name, SUFFIXES[k]);
            (void)unlinkat(directory_fd, name, 0);
        }
        free(list[i]);
    }
    free(list);
}
