/* SPDX-License-Identifier: MIT */
/* json/check.h: checks a text against RFC 8259 and stricter rules. Private to json/. */
#pragma once
#include "base/failure.h"
#include <stddef.h>

/* Characters; cJSON silently cuts longer numbers. */
#define JSON_NUMBER_MAX 63

/* Members to keep, and the text without the others. */
struct json_sieve {
    const char *const *names; /* of members; NULL ends */
    char *text;               /* NULL: nothing was left out; otherwise for alloc_release() */
    size_t len;
};

/* 0 if `text` is one value that cJSON can be trusted with; otherwise -EBADMSG (kind PROTOCOL) or
 * -ENOMEM. One pass over the bytes; n members of one object cost n log n. With a sieve, members of
 * other names are checked like all, and left out of its text, which is written on success only. */
int json_check(const char *text, size_t len, struct json_sieve *sieve, struct failure *ret_failure);
