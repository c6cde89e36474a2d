/* SPDX-License-Identifier: MIT */
/* alerts/digest.h: many notifications in parts of DIGEST_LINES. Private to the room. */
#pragma once
#include "alerts/notification.h"

/* What is told elsewhere stands in the counts of a digest only. */
struct digest_counts {
    uint32_t n[RULE_COUNT_][LEVEL_COUNT_];
};
/* Copies the notifications, worst first, into numbered parts with texts. The parts are the
 * caller's, the array is for free(). `more`: NULL if nothing else is counted. -ENOMEM, -EIO. */
int digest_parts(const struct notification *const *notification, size_t n,
                 const struct digest_counts *more, const char *reason, usec_t at,
                 struct digest ***ret, size_t *ret_n);
/* A message about this daemon itself: a digest of no alerts, a warning. */
int digest_story(const char *title, const char *story, const char *reason, usec_t at,
                 struct digest **ret);
