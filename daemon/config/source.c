/* SPDX-License-Identifier: MIT */
/* config/source.c: one configuration file: its path, its place in the order of files, its bytes. */
#include "config/source.h"

#include "base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

const char *source_path(const struct conf_source *s)
{
    return s->path;
}

unsigned source_order(const struct conf_source *s)
{
    return s->order;
}

int source_new(const char *path, unsigned order, struct conf_source **ret)
{
    CLEANUP(source_free) struct conf_source *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    config_init(&s->config);
    s->order = order;
    if (text_copy(path, &s->path) < 0)
        return -ENOMEM;
    *ret = TAKE(s);
    return 0;
}

void source_free(struct conf_source *s)
{
    if (!s)
        return;
    config_destroy(&s->config);
    free(s->path);
    free(s);
}

int source_read_file(const char *path, size_t max, char **ret, size_t *ret_len,
                     struct failure *ret_failure)
{
    struct stat st;
    CLEANUP(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0) {
        int code = errno;
        bool local = code == EMFILE || code == ENFILE || code == ENOMEM || code == EIO;
        return failure_set(ret_failure, local ? FAILURE_LOCAL : FAILURE_CONFIG, code,
                           "cannot be read: %s; %s", strerror(code),
                           local            ? "out of resources, or an I/O error; try again"
                           : code == ENOENT ? "create it, or name another file"
                           : code == EACCES ? "make it readable by the daemon's user"
                                            : "check the path");
    }
    if (!S_ISREG(st.st_mode))
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                           "is not a regular file; name a file with this content");
    CLEANUP(free) char *bytes = malloc(max + 1);
    if (!bytes)
        return failure_oom(ret_failure);
    size_t len = 0;
    for (;;) {
        ssize_t n = read(fd, bytes + len, max + 1 - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failure_set(ret_failure, FAILURE_LOCAL, errno,
                               "cannot be read: %s; check the disk", strerror(errno));
        if (n == 0)
            break;
        len += (size_t)n;
        if (len > max)
            return failure_set(ret_failure, FAILURE_CONFIG, EFBIG,
                               "is larger than %zu bytes; is it the right file?", max);
    }
    bytes[len] = 0;
    *ret = TAKE(bytes);
    *ret_len = len;
    return 0;
}
