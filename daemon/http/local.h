/* SPDX-License-Identifier: MIT */
/* http/local.h: one request over a UNIX socket of this machine. Blocks: for programs without an event loop. */
#pragma once
#include "base/failure.h"
#include <stddef.h>

#define LOCAL_ANSWER_MAX ((size_t)64 << 20) /* bytes of a body */

struct local_request {
    const char *socket; /* path */
    const char *method, *target; /* "GET", "/v1/status"; the target is used byte for byte */
    const char *body;   /* JSON; NULL: none */
    usec_t timeout;
};
struct local_answer {
    unsigned status;
    char *body; /* the caller frees it; NUL-terminated */
    size_t len;
};
/* kind ABSENT: nobody listens there; PERMISSION: this user must not connect; TRANSIENT: no whole answer in time;
 * PROTOCOL: the body is too large. Any status is a success. */
int local_ask(const struct local_request *r, struct local_answer *ret, struct failure *ret_failure);
