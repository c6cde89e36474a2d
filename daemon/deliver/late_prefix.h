/* SPDX-License-Identifier: MIT */
/* deliver/late_prefix.h: texts of late and combined notifications begin with the delay. Pure. */
#pragma once
#include "alerts/notification.h"

#define LATE_AFTER (12 * USEC_PER_HOUR)

/* 1: `*ret` is a copy of `n` whose texts begin with the delay: `combined`, that the firing message was
 * not delivered; older than LATE_AFTER at `now_at`, its age. 0: it is on time; `*ret` is not written.
 * -ENOMEM. */
int late_prefix(const struct notification *n, bool combined, usec_t now_at,
                struct notification **ret);
/* "13 h late", or "" if it is on time. */
const char *lateness(usec_t at, usec_t now_at, char *buf, size_t size);
