/* SPDX-License-Identifier: MIT */
/* status/target.h: parses the target of an HTTP request ("/v1/alerts/3f00?all"), strictly.
 *
 * Segments and parameters are percent-decoded UTF-8 without control characters; otherwise they are hostile
 * text. "+" means itself. Pure. */
#pragma once
#include "base/failure.h"
#include <stddef.h>

#define TARGET_MAX 2048 /* bytes; the longest parameter is the name of a tenant, with each byte escaped */
#define TARGET_SEGMENTS_MAX 8
#define TARGET_PARAMS_MAX 8

struct target {
    const char *segment[TARGET_SEGMENTS_MAX];
    size_t n_segments;
    struct target_param {
        const char *name, *value; /* value "": none was given */
    } param[TARGET_PARAMS_MAX];
    size_t n_params;
    char text[TARGET_MAX + 1]; /* what the pointers above point into: do not copy the struct */
};

/* kind REQUEST: -E2BIG beyond TARGET_MAX; otherwise -EBADMSG: not a path from "/", an empty or dot segment, a
 * broken escape, bad UTF-8, a control character, too many parts, a parameter that is given twice. */
int target_parse(const char *raw, struct target *ret, struct failure *ret_failure);
/* The value of a parameter; NULL: not given. */
const char *target_param(const struct target *t, const char *name);
