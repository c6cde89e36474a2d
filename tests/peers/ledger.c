/* SPDX-License-Identifier: MIT */
/* peers/ledger.c: the file of requests, one line each. */
#include "peers/ledger.h"
#include "base/clock.h"
#include "base/text.h"
#include <errno.h>
#include <fcntl.h>

#define LINE_MAX_BYTES ((size_t)16 << 20)

struct ledger {
    int fd;
};

int ledger_open(const char *path, struct ledger **ret, struct failure *ret_failure)
{
    CLEANUP(close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return failure_set(ret_failure, FAILURE_LOCAL, errno, "%s: %m", path);
    struct ledger *l = malloc(sizeof *l);
    if (!l)
        return failure_oom(ret_failure);
    l->fd = TAKE_FD(fd);
    *ret = l;
    return 0;
}

void ledger_close(struct ledger *l)
{
    if (!l)
        return;
    (void)close(l->fd);
    free(l);
}

struct json_writer *ledger_line(const char *event)
{
    struct json_writer *line = json_writer_new(LINE_MAX_BYTES);
    if (!line)
        abort();
    json_open_object(line, NULL);
    json_put_string(line, "event", event);
    json_put_int(line, "time_us", (int64_t)clock_now().at);
    return line;
}

void ledger_append(struct ledger *l, struct json_writer *line)
{
    CLEANUP(free) char *json = NULL;
    size_t len;
    json_close_object(line);
    if (json_write_take(line, &json, &len) < 0)
        abort();
    json_writer_free(line);
    CLEANUP(text_free) struct text text = TEXT_INIT(LINE_MAX_BYTES + 1);
    text_add_bytes(&text, json, len);
    text_add(&text, "\n");
    ssize_t written;
    do
        written = write(l->fd, text.data, text.len);
    while (written < 0 && errno == EINTR);
    if (text.error || written != (ssize_t)text.len)
        abort();
}
