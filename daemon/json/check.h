/* SPDX-License-Identifier: MIT */
/* json/check.h: is this text JSON as RFC 8259 has it, and as careful as we need it? Private to
 * json/. */
#pragma once
#include "base/failure.h"
#include <stddef.h>

/* No longer than this: cJSON cuts numbers at 63 characters without a word. */
#define JSON_NUMBER_MAX 63

/* What is wanted of a text, and the text without the rest. */
struct json_sieve {
    const char *const *names; /* of members; NULL ends */
    char *text;               /* NULL: nothing was left out; otherwise for alloc_release() */
    size_t len;
};

/* 0 if `text` is one value that cJSON can be trusted with; otherwise -EBADMSG (kind PROTOCOL) or
 * -ENOMEM. One pass over the bytes; n members of one object cost n log n. With a sieve, members of
 * other names are checked like all, and left out of its text, which is written on success only. */
int json_check(const char *text, size_t len, struct json_sieve *sieve, struct failure *ret_failure);
