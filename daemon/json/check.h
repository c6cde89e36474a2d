/* SPDX-License-Identifier: MIT */
/* json/check.h: is this text JSON as RFC 8259 has it, and as careful as we need it? Private to
 * json/. */
#pragma once
#include "base/failure.h"
#include <stddef.h>

/* No longer than this: cJSON cuts numbers at 63 characters without a word. */
#define JSON_NUMBER_MAX 63

/* 0 if `text` is one value that cJSON can be trusted with; otherwise -EBADMSG (kind PROTOCOL) or
 * -ENOMEM. One pass over the bytes; n members of one object cost n log n. */
int json_check(const char *text, size_t len, struct failure *ret_failure);
