/* SPDX-License-Identifier: MIT */
/* deliver/late_prefix.h: a notification that comes late says so first. Pure. */
#pragma once
#include "alerts/notification.h"

#define LATE_AFTER (12 * USEC_PER_HOUR) /* alert life cycle, section 7, "Backoff" */

/* 1: `*ret` is a copy of `n` whose texts begin with what the delay means to the reader: `combined`,
 * that nothing was told of the beginning; older than LATE_AFTER at `now_at`, how old it is.
 * 0: it is on time, and `*ret` is left alone: `n` itself is the message. -ENOMEM. */
int late_prefix(const struct notification *n, bool combined, usec_t now_at,
                struct notification **ret);
/* "13 h late", or "" if it is not. */
const char *lateness(usec_t at, usec_t now_at, char *buf, size_t size);
