/* SPDX-License-Identifier: MIT */
/* deliver/header_lines.c: headers of a file. */
#include "deliver/header_lines.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_BYTES 64
/* RFC 9110 section 5.6.2, "tchar" */
#define TOKEN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~"

/* A name, or the beginning of names if it ends with '-'. */
static const char *const RESERVED[] = {
    "host",   "content-", "webhook-", "user-agent",        "connection", "keep-alive",
    "expect", "te",       "trailer",  "transfer-encoding", "upgrade",    "proxy-",
};

static bool is_reserved(const char *name, size_t len)
{
    for (size_t i = 0; i < N_ELEMENTS(RESERVED); i++) {
        size_t n = strlen(RESERVED[i]);
        bool begins = RESERVED[i][n - 1] == '-';
        if ((begins ? len >= n : len == n) && strncasecmp(name, RESERVED[i], n) == 0)
            return true;
    }
    return false;
}

static bool is_there(const struct request *r, const char *name, size_t len)
{
    for (size_t i = 0; i < r->n_headers; i++)
        if (strlen(r->header[i].name) == len && strncasecmp(r->header[i].name, name, len) == 0)
            return true;
    return false;
}

static bool has_control(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] < ' ' || (unsigned char)s[i] >= 0x7f)
            return true;
    return false;
}

static const char *wrong(const struct request *r, const char *line, size_t len, size_t name)
{
    size_t value = name + 1 + strspn(line + name + (line[name] == ':'), " ");
    if (has_control(line, len))
        return "there is a control character or one beyond ASCII; lines end with a line feed alone";
    if (name == 0 || name > NAME_MAX_BYTES || line[name] != ':' || value >= len)
        return "a header is written as \"Name: value\"";
    if (is_reserved(line, name))
        return "this header is set by seatwatchd itself; remove the line";
    if (is_there(r, line, name))
        return "this header is there already; remove one of the two";
    return NULL;
}

static int add(struct request *r, const char *line, size_t len, size_t n, const char *path,
               struct failure *ret_failure)
{
    size_t name = strspn(line, TOKEN);
    const char *what = wrong(r, line, len, name);
    if (what)
        return failure_set(ret_failure, FAILURE_CONFIG, EINVAL, "%s:%zu: %s", path, n, what);
    size_t skip = name + 1 + strspn(line + name + 1, " ");
    CLEANUP(free) char *copy = strndup(line, name);
    if (!copy)
        return failure_oom(ret_failure);
    return request_header(r, copy, text_printf("%.*s", (int)(len - skip), line + skip), true,
                          ret_failure);
}

int request_header_lines(struct request *r, const struct secret *lines, const char *path,
                         struct failure *ret_failure)
{
    size_t n = 1, n_headers = 0;
    for (const char *at = lines ? secret_bytes(lines) : ""; *at; n++) {
        size_t len = strcspn(at, "\n");
        if (len > 0 && ++n_headers > HEADER_LINES_MAX)
            return failure_set(ret_failure, FAILURE_CONFIG, EINVAL,
                               "%s:%zu: there are more than %d headers; remove some", path, n,
                               HEADER_LINES_MAX);
        int e = len > 0 ? add(r, at, len, n, path, ret_failure) : 0;
        if (e < 0)
            return e;
        at += len + (at[len] == '\n');
    }
    return 0;
}
