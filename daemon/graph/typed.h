/* SPDX-License-Identifier: MIT */
/* graph/typed.h: paths that people type, as for Graph Explorer. Pure. */
#pragma once
#include "base/failure.h"
#include <stdbool.h>

/* A path with its query as people type it: "/users?$filter=startswith(displayName, 'R&D')". Escapes what has to be, and
 * refuses what could lead elsewhere: another version than `version` or v1.0, a host, "..", "%", $batch. kind CONFIG,
 * -EINVAL: the reason, and behind "; " what to do. *ret is for free(). */
int graph_typed(const char *typed, const char *version, char **ret, bool *ret_older, struct failure *ret_failure);
