/* SPDX-License-Identifier: MIT */
/* base/secret.c: keeps secrets in separate locked pages, and reads them from files. */
#include "base/secret.h"

#include "base/cleanup.h"
#include "base/text.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* The whole object, with its audience, is in the locked pages. Guard pages on both sides turn an
 * overrun into a fault. */
struct secret {
    size_t map_size; /* guards included */
    size_t page;
    size_t len;
    const char *audience;
    char bytes[];
};

static size_t round_up(size_t n, size_t page)
{
    return (n + page - 1) / page * page;
}

/* Room for `len` bytes, a NUL and the audience; all zero. */
static int secret_map(size_t len, const char *audience, struct secret **ret,
                      struct failure *ret_failure)
{
    assert(len <= 1 << 20);
    size_t page = (size_t)sysconf(_SC_PAGESIZE), extra = audience ? strlen(audience) + 1 : 0;
    size_t inner = round_up(sizeof(struct secret) + len + 1 + extra, page);
    size_t size = inner + 2 * page;
    char *map = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return failure_oom(ret_failure);
    struct secret *s = (struct secret *)(void *)(map + page);
    if (mprotect(s, inner, PROT_READ | PROT_WRITE) < 0) {
        (void)munmap(map, size);
        return failure_oom(ret_failure);
    }
    if (madvise(s, inner, MADV_DONTDUMP) < 0) {
        int code = errno;
        (void)munmap(map, size);
        return failure_set(ret_failure, FAILURE_LOCAL, code,
                           "cannot keep a secret out of core dumps: %s", strerror(code));
    }
    /* May be refused (RLIMIT_MEMLOCK is 64 KiB on older systems). Then the secret may be swapped out, which
     * is acceptable. */
    (void)mlock(s, inner);
    s->map_size = size;
    s->page = page;
    s->len = len;
    if (audience)
        s->audience = memcpy(s->bytes + len + 1, audience, extra);
    *ret = s;
    return 0;
}

int secret_new(const void *bytes, size_t len, const char *audience, struct secret **ret,
               struct failure *ret_failure)
{
    struct secret *s = NULL;
    int r = secret_map(len, audience, &s, ret_failure);
    if (r < 0)
        return r;
    if (len)
        memcpy(s->bytes, bytes, len);
    *ret = s;
    return 0;
}

void secret_free(struct secret *s)
{
    if (!s)
        return;
    size_t size = s->map_size, page = s->page;
    explicit_bzero(s, size - 2 * page);
    (void)munmap((char *)s - page, size);
}

const char *secret_bytes(const struct secret *s)
{
    return s->bytes;
}
size_t secret_len(const struct secret *s)
{
    return s->len;
}
const char *secret_audience(const struct secret *s)
{
    return s->audience;
}

/* ---- files ---- */

enum openness { PRIVATE, PUBLIC, HANDED };
static const char *const WHAT[] = {
    [PRIVATE] = "secret file", [PUBLIC] = "file", [HANDED] = "key file"};

/* At most 0600: the owner does not matter, because we could open it only as owner or root. 0640 is the
 * mode of a packaged root:seatwatchd file; 0440 is what systemd's credentials show when an ACL grants
 * us access. */
static bool mode_is_private(const struct stat *st)
{
    mode_t mode = st->st_mode & 07777;
    return (mode & ~0600u) == 0 || ((mode & ~0640u) == 0 && st->st_uid == 0);
}

static int open_secret(const char *path, enum openness openness, struct failure *ret_failure)
{
    /* O_NONBLOCK: opening a FIFO must not wait for a writer. */
    int fd = open(path, O_RDONLY | (openness == PUBLIC ? 0 : O_NOFOLLOW) | O_CLOEXEC | O_NONBLOCK |
                            O_NOCTTY);
    if (fd >= 0)
        return fd;
    if (errno == ELOOP && openness != PUBLIC)
        return failure_set(ret_failure, FAILURE_CONFIG, ELOOP,
                           "%s %s is a symbolic link; name the file itself", WHAT[openness], path);
    if (errno == EACCES || errno == EPERM)
        return failure_set(
            ret_failure, FAILURE_CONFIG, EACCES,
            "cannot read %s %s: permission denied; grant read access to the user that runs "
            "seatwatchd%s",
            WHAT[openness], path, openness == PRIVATE ? ", with mode 0600" : "");
    int code = errno;
    enum failure_kind kind = code == EMFILE || code == ENFILE || code == ENOMEM || code == EIO
                                 ? FAILURE_LOCAL
                                 : FAILURE_CONFIG;
    return failure_set(ret_failure, kind, code, "cannot open %s %s: %s", WHAT[openness], path,
                       strerror(code));
}

static int check_file(int fd, const char *path, enum openness openness, struct failure *ret_failure)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, errno, "cannot examine %s %s: %s",
                           WHAT[openness], path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "%s %s is not a regular file; put the content into a plain file",
                           WHAT[openness], path);
    if (openness == PRIVATE && !mode_is_private(&st))
        return failure_set(ret_failure, FAILURE_CONFIG, EPERM,
                           "secret file %s has mode %04o, so others may read or change it; run: "
                           "chmod 0600 %s",
                           path, (unsigned)st.st_mode & 07777u, path);
    return 0;
}

/* Reads to the end of the file or buffer; sets s->len. */
static int read_all(int fd, const char *path, struct secret *s, struct failure *ret_failure)
{
    size_t room = s->len, have = 0;
    while (have < room) {
        ssize_t n = read(fd, s->bytes + have, room - have);
        if (n == 0)
            break;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failure_set(ret_failure, FAILURE_LOCAL, errno, "cannot read secret file %s: %s",
                               path, strerror(errno));
        have += (size_t)n;
    }
    s->len = have;
    return 0;
}

static size_t without_newline(const char *bytes, size_t len)
{
    if (len > 0 && bytes[len - 1] == '\n')
        len -= len > 1 && bytes[len - 2] == '\r' ? 2 : 1; /* CR LF of Windows */
    return len;
}

static int read_file(const char *path, enum openness openness, const char *audience,
                     struct secret **ret, struct failure *ret_failure)
{
    CLEANUP(close) int fd = open_secret(path, openness, ret_failure);
    if (fd < 0)
        return fd;
    int r = check_file(fd, path, openness, ret_failure);
    if (r < 0)
        return r;
    /* Reads directly into protected pages; one byte more than the maximum detects a long file. */
    CLEANUP(secret_free) struct secret *draft = NULL;
    r = secret_map(SECRET_FILE_MAX + 1, NULL, &draft, ret_failure);
    if (r >= 0)
        r = read_all(fd, path, draft, ret_failure);
    if (r < 0)
        return r;
    if (draft->len > SECRET_FILE_MAX)
        return failure_set(ret_failure, FAILURE_CONFIG, EFBIG,
                           "%s %s is longer than %d bytes; is it the right file?", WHAT[openness],
                           path, SECRET_FILE_MAX);
    size_t bom = text_bom(draft->bytes, draft->len);
    if (text_is_utf16(draft->bytes, draft->len))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "%s %s is UTF-16, which Windows calls Unicode; save it as UTF-8",
                           WHAT[openness], path);
    if (memchr(draft->bytes, '\0', draft->len))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "%s %s contains a NUL byte; it must be plain text", WHAT[openness], path);
    size_t len = without_newline(draft->bytes + bom, draft->len - bom);
    if (len == 0)
        return failure_set(ret_failure, FAILURE_CONFIG, ENODATA,
                           "%s %s is empty; write the content into it", WHAT[openness], path);
    return secret_new(draft->bytes + bom, len, audience, ret, ret_failure);
}

int secret_read(const char *path, const char *audience, struct secret **ret,
                struct failure *ret_failure)
{
    return read_file(path, PRIVATE, audience, ret, ret_failure);
}

int secret_read_public(const char *path, const char *audience, struct secret **ret,
                       struct failure *ret_failure)
{
    return read_file(path, PUBLIC, audience, ret, ret_failure);
}

int secret_read_handed(const char *path, const char *audience, struct secret **ret,
                       struct failure *ret_failure)
{
    return read_file(path, HANDED, audience, ret, ret_failure);
}

int secret_protect_process(struct failure *ret_failure)
{
    static const struct rlimit NO_CORE = {0, 0};
    if (prctl(PR_SET_DUMPABLE, 0) < 0 || setrlimit(RLIMIT_CORE, &NO_CORE) < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, errno,
                           "cannot protect the process from core dumps: %s", strerror(errno));
    return 0;
}
