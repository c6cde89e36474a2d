/* SPDX-License-Identifier: MIT */
/* base/failure.c: fills a failure without allocating. */
#include "base/failure.h"

#include "base/text.h"
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const NAMES[FAILURE_KIND_COUNT_] = {
    [FAILURE_LOCAL] = "local",         [FAILURE_CONFIG] = "config",
    [FAILURE_AUTH] = "auth",           [FAILURE_PERMISSION] = "permission",
    [FAILURE_ABSENT] = "absent",       [FAILURE_REQUEST] = "request",
    [FAILURE_THROTTLED] = "throttled", [FAILURE_TRANSIENT] = "transient",
    [FAILURE_PERMANENT] = "permanent", [FAILURE_PROTOCOL] = "protocol",
    [FAILURE_SECURITY] = "security",   [FAILURE_CANCELLED] = "cancelled",
    [FAILURE_UNAVAILABLE] = "unavailable",
};

/* Larger than the text, so that text_clean and not printf cuts it. */
#define DRAFT_MAX 1024

static size_t draft(char buf[static DRAFT_MAX], const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
static size_t draft(char buf[static DRAFT_MAX], const char *fmt, va_list ap)
{
    int n = vsnprintf(buf, DRAFT_MAX, fmt, ap);
    if (n < 0)
        return 0;
    return n < DRAFT_MAX ? (size_t)n : DRAFT_MAX - 1;
}

int failure_set(struct failure *f, enum failure_kind kind, int code, const char *fmt, ...)
{
    assert(code > 0);
    if (f) {
        char buf[DRAFT_MAX];
        va_list ap;
        va_start(ap, fmt);
        size_t len = draft(buf, fmt, ap);
        va_end(ap);
        f->kind = kind;
        f->retry_after = 0;
        text_clean(f->text, sizeof f->text, buf, len);
    }
    return -code;
}

int failure_oom(struct failure *f)
{
    return failure_set(f, FAILURE_LOCAL, ENOMEM, "out of memory");
}

int failure_prefix(struct failure *f, int r, const char *fmt, ...)
{
    if (f) {
        char buf[DRAFT_MAX + sizeof f->text + 2];
        va_list ap;
        va_start(ap, fmt);
        size_t len = draft(buf, fmt, ap);
        va_end(ap);
        memcpy(buf + len, ": ", 2);
        size_t old = strnlen(f->text, sizeof f->text - 1);
        memcpy(buf + len + 2, f->text, old);
        text_clean(f->text, sizeof f->text, buf, len + 2 + old);
    }
    return r;
}

const char *failure_kind_name(enum failure_kind kind)
{
    return (unsigned)kind < FAILURE_KIND_COUNT_ ? NAMES[kind] : "unknown";
}
