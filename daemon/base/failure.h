/* SPDX-License-Identifier: MIT */
/* base/failure.h: describes a failure: a kind for the program, one sentence for the operator.
 *
 * Functions that can fail return 0 or more on success and -Exxx on failure, and take a
 * `struct failure *ret_failure` last; it may be NULL and is written on failure only. Retry policies
 * switch on `kind`; nothing ever parses `text`. The shell logs a failure once. */
#pragma once
#include <stdint.h>

typedef uint64_t usec_t; /* microseconds: a duration, or an instant as the name says (_at, _mono) */

enum failure_kind {
    FAILURE_LOCAL,      /* this machine: memory, disk, descriptors */
    FAILURE_CONFIG,     /* a person has to change the configuration or a file it names */
    FAILURE_AUTH,       /* sign-in refused: secret, certificate, application, consent */
    FAILURE_PERMISSION, /* signed in, but the call is refused (403) */
    FAILURE_ABSENT,     /* the other side does not have this API or object (404, 501) */
    FAILURE_REQUEST,    /* the other side refuses the request as such (400, other 4xx) */
    FAILURE_THROTTLED,  /* asked to wait: see retry_after */
    FAILURE_TRANSIENT,  /* may work later: network, time-out, a proxy that answers instead */
    FAILURE_PERMANENT,  /* will not work later either */
    FAILURE_PROTOCOL,   /* a malformed response */
    FAILURE_SECURITY,   /* refused by us: foreign origin, wrong audience, redirect, bad certificate */
    FAILURE_CANCELLED,  /* stopped by us */
    FAILURE_UNAVAILABLE, /* the service reports that it is unavailable (5xx) */
    FAILURE_KIND_COUNT_
};

struct failure {
    enum failure_kind kind;
    usec_t retry_after; /* least wait that the server asks for: THROTTLED, UNAVAILABLE; else 0 */
    char text[384];     /* one cleaned line without secrets */
};

/* Fills *f (may be NULL) and returns -code, so that a failing path is one statement. Never
 * allocates; the text is cleaned (text_clean) and cut. `code` is a positive errno value. */
int failure_set(struct failure *f, enum failure_kind kind, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* LOCAL, ENOMEM, "out of memory". */
int failure_oom(struct failure *f);
/* Prepends "WHERE: " to the text, for callers with more context. Returns r. */
int failure_prefix(struct failure *f, int r, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
const char *failure_kind_name(enum failure_kind kind); /* "auth", "throttled", ...; never NULL */
